/** One finding as a card, and one change that was made as a card. */

import { button, cited, h, icon, quoted } from "./dom.js";

/** @typedef {import("../types.js").Finding} Finding @typedef {import("../types.js").Words} Words */

/**
 * The rest of a word that a finding ends in: shown, though not part of it, so that no card ends in half a word.
 * @param {Finding} finding
 * @param {string} text that the finding stands in
 */
function rest(finding, text) {
  const inWord = /[\p{L}\p{M}\p{N}]$/u.test(finding.quote);
  return (inWord && /^[\p{L}\p{M}\p{N}]+/u.exec(text.slice(finding.end, finding.end + 60))?.[0]) || "";
}

/**
 * A suggestion with its button.
 * @param {Finding} finding
 * @param {number} index
 * @param {string} after the rest of its last word
 * @param {Words} words
 */
function suggestion(finding, index, after, words) {
  const { say } = words;
  const given = finding.replacements[index];
  const text = after && given ? `${given}${after} …` : given;
  return h(
    "div",
    { class: "swap" },
    h("span", { class: "label" }, say(index === 0 ? "instead" : "or")),
    text === "" ? h("p", { class: "leave-out" }, say("leave-out")) : quoted(text, "p", "quoted better"),
    button(
      say("apply"),
      { action: "apply", finding, index },
      {
        kind: index === 0 ? "main" : "plain",
        key: `apply:${finding.id}:${index}`,
        name: `${say("apply")}: ${text === "" ? say("leave-out") : text}`,
      },
    ),
  );
}

/**
 * What is wrong with some words, why, and what could stand there. Events: apply {finding, index},
 * show {start, end}, dismiss {finding}.
 * @param {Finding} finding
 * @param {string} text that the finding stands in
 * @param {Words} words
 */
export function findingCard(finding, text, words) {
  const { say } = words;
  const after = rest(finding, text);
  const title = `title-${finding.id}`;
  return h(
    "article",
    {
      class: "card finding",
      id: `finding-${finding.id}`,
      tabindex: -1,
      "aria-labelledby": title,
      data: { severity: finding.severity, finding: finding.id, key: `finding:${finding.id}` },
    },
    h(
      "header",
      { class: "card-head" },
      h("span", { class: "chip" }, icon(finding.severity), say(`word.severity.${finding.severity}`)),
      h("h3", { id: title }, finding.title),
    ),
    h("blockquote", { class: "words", dir: "auto" }, h("span", { class: "underlined" }, finding.quote), after),
    h("p", { class: "why" }, finding.message),
    ...finding.replacements.map((_, index) => suggestion(finding, index, after, words)),
    h(
      "footer",
      { class: "card-foot" },
      cited(finding.sources, words, finding.guideline),
      h(
        "div",
        { class: "actions" },
        button(
          say("show"),
          { action: "show", start: finding.start, end: finding.end },
          { key: `show:${finding.id}` },
        ),
        button(
          say("dismiss"),
          { action: "dismiss", finding },
          { key: `dismiss:${finding.id}`, name: `${say("dismiss")}: ${finding.quote}` },
        ),
      ),
    ),
  );
}

/**
 * A change that can be undone. Event: undo {change}.
 * @param {import("../types.js").Change} change
 * @param {Words} words
 */
export function changeCard(change, words) {
  const { say } = words;
  const kind = change.kind === "insert" ? "added" : change.after === "" ? "left-out" : "changed";
  return h(
    "article",
    { class: "card change", data: { key: `change:${change.id}` } },
    h("span", { class: "chip done" }, icon("check"), say(change.kind === "revise" ? "used" : kind)),
    change.kind !== "revise" &&
      h(
        "p",
        { class: "swap-line" },
        change.before && h("del", { dir: "auto" }, change.before),
        " ",
        change.after && h("ins", { dir: "auto" }, change.after.trim()),
      ),
    button(
      say("undo"),
      { action: "undo", change },
      { key: `undo:${change.id}`, name: change.title ? `${say("undo")}: ${change.title}` : undefined },
    ),
  );
}
