/** The findings in the order of the text, with the changes already made among them; and those put aside. */

import { button, h, quoted, section } from "./dom.js";
import { changeCard, findingCard } from "./finding.js";

/**
 * @typedef {import("../types.js").Finding} Finding
 * @typedef {import("../types.js").Change} Change
 * @typedef {import("../types.js").Words} Words
 */

/**
 * @param {Finding[]} findings that are not dismissed
 * @param {Change[]} changes of kind "replace" and "revise"
 * @param {string} text that they stand in
 * @param {Words} words
 * @param {string} [name] of the part, and of its title
 */
export function findingsPart(findings, changes, text, words, name = "findings") {
  const cards = [
    ...findings.map((finding) => ({ at: finding.start, card: findingCard(finding, text, words) })),
    ...changes.map((change) => ({
      at: change.kind === "revise" ? -1 : change.start,
      card: changeCard(change, words),
    })),
  ].sort((a, b) => a.at - b.at);
  const count = h("span", { class: "count" }, words.number(findings.length));
  const none = findings.length === 0 ? h("p", { class: "none" }, words.say("findings-none")) : null;
  return section(name, words.say(name), [none, ...cards.map(({ card }) => card)], count);
}

/**
 * Findings that the reader does not want to see. Event: restore {finding}.
 * @param {Finding[]} findings
 * @param {Words} words
 */
export function dismissedPart(findings, words) {
  if (findings.length === 0) return null;
  const { say } = words;
  return h(
    "details",
    { class: "part dismissed", data: { key: "dismissed" } },
    h(
      "summary",
      {},
      h("h2", {}, say("dismissed")),
      h("span", { class: "count" }, words.number(findings.length)),
    ),
    h("p", { class: "hint" }, say("dismissed-hint")),
    h(
      "ul",
      { class: "card rows" },
      ...findings.map((finding) =>
        h(
          "li",
          {},
          h("div", {}, h("span", { class: "row-title" }, finding.title), quoted(finding.quote)),
          button(
            say("restore"),
            { action: "restore", finding },
            { key: `restore:${finding.id}`, name: `${say("restore")}: ${finding.quote}` },
          ),
        ),
      ),
    ),
  );
}
