/** Advice on the whole exchange, the dates that were named, and what the review left out. */

import { button, cited, h, section } from "./dom.js";

/** @typedef {import("../types.js").Review} Review @typedef {import("../types.js").Words} Words */

/**
 * @param {Review["advice"]} advice
 * @param {Words} words
 */
export function advicePart(advice, words) {
  return section(
    "advice",
    words.say("advice"),
    advice.map((item) =>
      h(
        "article",
        { class: "card" },
        h("h3", {}, item.title),
        h("p", { class: "why" }, item.message),
        cited(item.sources, words, null),
      ),
    ),
  );
}

/**
 * Promises of a draft, or requests of the client. Event: show {start, end}.
 * @param {Review} review
 * @param {Words} words
 */
export function datesPart(review, words) {
  const mentions = review.direction === "incoming" ? review.deadlines : review.commitments;
  if (mentions.length === 0) return null;
  return section("dates", words.say(`dates-${review.direction}`), [
    h(
      "ul",
      { class: "card rows" },
      ...mentions.map((mention) =>
        h(
          "li",
          {},
          h(
            "div",
            {},
            h("span", { class: "row-title" }, words.day(mention)),
            h("q", { class: "quoted", dir: "auto" }, mention.quote),
          ),
          button(
            words.say("show"),
            { action: "show", start: mention.start, end: mention.end },
            { key: `date:${mention.quote}`, name: `${words.say("show")}: ${mention.quote}` },
          ),
        ),
      ),
    ),
  ]);
}

/**
 * @param {Review["notes"]} notes
 * @param {Words} words
 */
export function notesPart(notes, words) {
  if (notes.length === 0) return null;
  return section("notes", words.say("notes"), [
    h("ul", { class: "plain-list" }, ...notes.map((note) => h("li", { data: { note: note.code } }, note.message))),
  ]);
}
