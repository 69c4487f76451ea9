/** The revised text as a word diff. Events: use, copy {text}. */

import { words as compare } from "../differ.js";
import { button, h, section, slotted } from "./dom.js";

/** @typedef {import("../types.js").Words} Words */

/**
 * @param {string} before
 * @param {string} after
 */
export function diff(before, after) {
  return h(
    "div",
    { class: "diff letter", dir: "auto" },
    ...compare(before, after).map(({ kind, text }) =>
      h(kind === "same" ? "span" : kind, {}, ...(kind === "del" ? [text] : slotted(text))),
    ),
  );
}

/**
 * @param {string} text that was reviewed
 * @param {string | null} revised
 * @param {Words} words
 */
export function revisedPart(text, revised, words) {
  if (revised === null || revised === text) return null;
  const { say } = words;
  return section("revised", say("revised"), [
    h("p", { class: "hint" }, say("revised-hint")),
    h(
      "div",
      { class: "card" },
      diff(text, revised),
      h(
        "div",
        { class: "actions" },
        button(say("use"), { action: "use" }, { kind: "main", key: "use" }),
        button(
          say("copy"),
          { action: "copy", text: revised },
          { key: "copy:revised", name: `${say("copy")}: ${say("revised")}` },
        ),
      ),
    ),
  ]);
}
