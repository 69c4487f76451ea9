/** One text turned into another by few and small rewrites, so that what stays is not touched. */

import { words as compare } from "./differ.js";

/**
 * @param {string} before
 * @param {string} after
 * @param {number} [from] where `before` begins
 * @returns {import("./types.js").Rewrite[]} in order, apart from each other
 */
export function rewrites(before, after, from = 0) {
  /** @type {import("./types.js").Rewrite[]} */
  const made = [];
  let at = from;
  for (const { kind, text } of compare(before, after)) {
    const last = made.at(-1);
    if (kind === "same") {
      at += text.length;
    } else if (kind === "del") {
      made.push({ start: at, end: at + text.length, words: "" });
      at += text.length;
    } else if (last?.end === at) {
      last.words += text;
    } else {
      made.push({ start: at, end: at, words: text });
    }
  }
  return made;
}

/**
 * The text with the rewrites made.
 * @param {string} text
 * @param {import("./types.js").Rewrite[]} made
 */
export function rewritten(text, made) {
  let out = "";
  let at = 0;
  for (const { start, end, words } of made) {
    out += text.slice(at, start) + words;
    at = end;
  }
  return out + text.slice(at);
}
