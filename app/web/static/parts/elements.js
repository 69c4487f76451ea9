/** What the mail should do: what it lacks, with a sentence to add, and what it does already. */

import { button, cited, h, icon, quoted, section } from "./dom.js";
import { changeCard } from "./finding.js";

/**
 * @typedef {import("../types.js").Element} Element
 * @typedef {import("../types.js").Change} Change
 * @typedef {import("../types.js").Words} Words
 */

/**
 * @param {Element} element
 * @param {Words} words
 */
function missingCard(element, words) {
  const { say } = words;
  const title = `missing-${element.guideline}`;
  const { insert } = element;
  return h(
    "article",
    {
      class: "card missing",
      tabindex: -1,
      "aria-labelledby": title,
      data: { element: element.guideline, key: `element:${element.guideline}` },
    },
    h(
      "header",
      { class: "card-head" },
      h("span", { class: "chip" }, icon("plus"), say("missing")),
      h("h3", { id: title }, element.title),
    ),
    h("p", { class: "why" }, element.message),
    insert &&
      h(
        "div",
        { class: "swap" },
        quoted(insert.text.trim(), "p", "quoted better"),
        button(
          say("insert"),
          { action: "insert", element },
          { kind: "main", key: `insert:${element.guideline}`, name: `${say("insert")}: ${insert.text.trim()}` },
        ),
      ),
    h("footer", { class: "card-foot" }, cited(element.sources, words, element.guideline)),
  );
}

/**
 * @param {Element} element
 * @param {Words} words
 */
function presentRow(element, words) {
  const { evidence } = element;
  return h(
    "li",
    { data: { element: element.guideline } },
    icon("check"),
    h(
      "div",
      {},
      h(
        "a",
        { class: "row-title", href: `/guidelines/${encodeURIComponent(element.guideline)}?lang=${words.language}` },
        element.title,
      ),
      evidence && quoted(evidence.quote),
    ),
  );
}

/**
 * Events: insert {element}, undo {change}.
 * @param {Element[]} elements
 * @param {Change[]} changes of kind "insert"
 * @param {Words} words
 */
export function elementsPart(elements, changes, words) {
  const missing = elements.filter((element) => element.status === "missing");
  const present = elements.filter((element) => element.status === "present");
  const list =
    present.length > 0
      ? h(
          "div",
          { class: "card" },
          h("h3", { class: "label" }, words.say("present")),
          h("ul", { class: "rows present" }, ...present.map((element) => presentRow(element, words))),
        )
      : null;
  return section("elements", words.say("elements"), [
    ...changes.map((change) => changeCard(change, words)),
    ...missing.map((element) => missingCard(element, words)),
    list,
  ]);
}
