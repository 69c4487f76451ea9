/** Proposed entries for the calendar. Events: hold {hold}, holds {holds}. */

import { button, cited, h, icon, section } from "./dom.js";

/** @typedef {import("../types.js").Hold} Hold @typedef {import("../types.js").Words} Words */

/**
 * @param {Hold} hold
 * @param {Words} words
 */
function row(hold, words) {
  return h(
    "li",
    { data: { kind: hold.kind } },
    icon("calendar"),
    h(
      "div",
      {},
      h("span", { class: "row-title" }, hold.title),
      h("time", { class: "when", datetime: hold.start }, words.when(hold)),
      hold.reason && h("p", { class: "why" }, hold.reason),
      cited(hold.sources, words, null),
    ),
    button(
      words.say("download"),
      { action: "hold", hold },
      { key: `hold:${hold.id}`, name: `${words.say("download")}: ${hold.title}` },
    ),
  );
}

/**
 * @param {Hold[]} holds
 * @param {Words} words
 */
export function holdsPart(holds, words) {
  if (holds.length === 0) return null;
  const all =
    holds.length > 1 ? button(words.say("download-all"), { action: "holds", holds }, { key: "holds" }) : null;
  return section(
    "holds",
    words.say("holds"),
    [h("ul", { class: "card rows" }, ...holds.map((hold) => row(hold, words)))],
    all,
  );
}
