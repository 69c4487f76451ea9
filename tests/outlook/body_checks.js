/**
 * What must hold of `Body` for any mail and any rewrites, checked in the browser; test_body.py serves this
 * module beside those of the pane and calls it. Each check gives what went wrong, in words; none: [].
 */

import { Body, same } from "./body.js";
import { parse } from "./markup.js";

/** @typedef {import("./body.js").Rewrite} Rewrite */
/** @typedef {"html" | "text"} Type */

const WORDS = [
  "", "", "", "later", "we will send it", "a < b & c > d &amp; &eacute; <i>x</i>", "première ligne\ndeuxième", "one\n\ntwo",
  " spaced ", "مرحباً بكم", "çok güzel ışık", "👩‍👩‍👧 😀", "x\n\ny\nz", "e\u0301", "\n", "\n\n", "tail\n\n", "\n\nhead", "«\u00a0oui\u00a0»",
];

/** @param {number} seed @returns {() => number} in [0, 1); the same numbers for the same seed */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Rewrites of a text, sorted and disjoint: of words, of letters, over lines, insertions.
 * @param {string} text @param {() => number} next
 * @returns {Rewrite[]}
 */
function drawn(text, next) {
  const upTo = (/** @type {number} */ limit) => Math.floor(next() * (limit + 1));
  const halves = (/** @type {number} */ at) => /[\udc00-\udfff]/u.test(text.charAt(at)) && at > 0;
  const at = () => {
    let place = upTo(text.length);
    if (next() < 0.5) while (place > 0 && /\S/u.test(text[place - 1])) place -= 1;
    else if (next() < 0.3) while (place < text.length && text[place] !== "\n") place += 1;
    while (/[\udc00-\udfff]/u.test(text.charAt(place))) place -= 1;
    // All of what is between two lines, or nothing of it.
    while (place < text.length && /\n\s*$/u.test(text.slice(0, place)) && /\s/u.test(text[place])) place += 1;
    return place;
  };
  const places = Array.from({ length: 2 * (1 + upTo(3)) }, at).sort((a, b) => a - b);
  /** @type {Rewrite[]} */
  const made = [];
  for (let pair = 0; pair < places.length; pair += 2) {
    let [start, end] = [places[pair], places[pair + 1]];
    if (next() < 0.5 && !/\n/u.test(text.slice(start, start + 14))) end = Math.min(end, start + 12);
    while (halves(end)) end += 1;
    if (next() < 0.2) end = start;
    const last = made.at(-1);
    // Of what touches, only the text as a whole is defined.
    if (last && text.slice(last.end, start).trim() === "") continue;
    made.push({ start, end, words: WORDS[upTo(WORDS.length - 1)] });
  }
  return made;
}

/** @param {string} text blanks and empty lines as a mail shows them */
const shown = (text) => text.replace(/\r\n?/gu, "\n").replace(/[^\S\n]+/gu, " ").replace(/ ?\n ?/gu, "\n").replace(/\n{3,}/gu, "\n\n").trim();

/**
 * What a text must be after rewrites: a line left without words goes with the smaller of the gaps around it.
 * @param {string} text @param {Rewrite[]} rewrites
 */
function applied(text, rewrites) {
  const GONE = "\u0001";
  let out = "";
  let at = 0;
  for (const { start, end, words } of rewrites) {
    out += text.slice(at, start) + (words.trim() === "" && !words.includes("\n") && end > start ? words + GONE : words);
    at = end;
  }
  out = shown(out + text.slice(at));
  const lines = (/** @type {string} */ gap) => gap.split("\n").length - 1;
  out = out.replace(/(^|\n+)[\u0001 ]*\u0001[\u0001 ]*(?=(\n+|$))(\n*)/gu, (_, above, __, below) => {
    if (above === "" || below === "") return "";
    return "\n".repeat(Math.max(lines(above), lines(below)));
  });
  return shown(out.replaceAll(GONE, ""));
}

/** @param {string} html how many ends are missing or too many */
function broken(html) {
  const { tokens } = parse(html);
  return tokens.filter(({ kind, start, end, name }) => (kind === "close" && start === end) || (kind === "other" && name !== "" && html.startsWith("</", start))).length;
}

/** @param {string} html all that is seen or hidden in it, without white space and Word's bullets, as the browser reads it */
const letters = (html) => (new DOMParser().parseFromString(html, "text/html").body.textContent ?? "").replace(/[\s\u200b\ufeff·]/gu, "");

/** @param {Body} body @param {number} at of the last unit before that is not white space: where it ends in the content */
function solidBefore(body, at) {
  const own = ownOf(body);
  while (at > 0 && /\s/u.test(body.text[at - 1])) at -= 1;
  return at > 0 ? own.to[at - 1] : 0;
}

/** @param {Body} body @param {number} at */
function solidAfter(body, at) {
  const own = ownOf(body);
  while (at < body.text.length && /\s/u.test(body.text[at])) at += 1;
  return at < body.text.length ? own.from[at] : null;
}

/** @param {Body} body @returns {{from: number[], to: number[], wall?: boolean[]}} */
const ownOf = (body) => ("own" in body.read ? body.read.own : body.read);

/**
 * @param {string} content @param {Type} type @param {Rewrite[]} rewrites
 * @param {boolean} mixed whether there are paragraphs with and without space between them: how far apart joined lines
 *   stand from the next ones is then a matter of which kind they became
 * @returns {string[]}
 */
export function faults(content, type, rewrites, mixed) {
  const body = new Body(content, type);
  const result = body.rewritten(rewrites);
  const again = new Body(result, type);
  const wanted = applied(body.text, rewrites);
  /** @type {string[]} */
  const found = [];
  const wrong = (/** @type {string} */ what, /** @type {unknown} */ is, /** @type {unknown} */ should) => {
    if (is !== should) found.push(`${what}: ${JSON.stringify(is)} for ${JSON.stringify(should)}; ${JSON.stringify(rewrites)}; ${JSON.stringify(result)}`);
  };
  const { wall } = ownOf(body);
  // Across a quote or the edge of a cell lines are not joined.
  const walled = type === "text" ? />/u.test(content) : rewrites.some(({ start, end }) => wall?.slice(Math.max(0, start - 2), end + 2).some(Boolean));
  const joins = mixed && rewrites.some(({ start, end }) => body.text.slice(start, end).includes("\n"));
  const view = (/** @type {string} */ text) => (walled ? text.replace(/\s+/gu, "") : joins ? shown(text).replace(/\n+/gu, "\n") : shown(text));
  wrong("text", view(again.text), view(wanted));
  wrong("history", JSON.stringify(again.history), JSON.stringify(body.history));
  const first = rewrites.find(({ start, end, words }) => body.text.slice(start, end) !== words);
  if (first && body.text !== "") {
    const head = content.slice(0, solidBefore(body, first.start));
    wrong("head", result.slice(0, head.length), head);
    const last = rewrites[rewrites.length - 1];
    const from = solidAfter(body, last.end);
    const across = rewrites.some(({ start, end }) => /\n/u.test(body.text.slice(Math.max(0, start - 1), end + 1)));
    if (from !== null && !across) wrong("tail", result.slice(result.length - content.length + from), content.slice(from));
  }
  if (type === "html") {
    if (broken(result) > broken(content)) wrong("ends", broken(result), broken(content));
    const empty = body.text === "" ? letters(content) : "";
    const rest = letters(content).length - body.text.replace(/\s/gu, "").length;
    if (!empty) wrong("letters", letters(result).length - again.text.replace(/\s/gu, "").length, rest);
  }
  return found;
}

/**
 * @param {string} content @param {Type} type @param {number} seed @param {number} times @param {boolean} mixed
 * @returns {string[]}
 */
export function manyFaults(content, type, seed, times, mixed) {
  const next = random(seed);
  const { text } = new Body(content, type);
  /** @type {string[]} */
  const found = [];
  for (let time = 0; time < times; time += 1) {
    const rewrites = drawn(text, next);
    try {
      found.push(...faults(content, type, rewrites, mixed));
    } catch (error) {
      found.push(`${error instanceof Error ? error.stack : error}; ${JSON.stringify(rewrites)}`);
    }
  }
  return found;
}

/**
 * Words changed and changed back, where they are all of one kind.
 * @param {string} content @param {Type} type @param {number} seed @param {number} times
 * @returns {string[]}
 */
export function undoFaults(content, type, seed, times) {
  const next = random(seed);
  const body = new Body(content, type);
  /** @type {string[]} */
  const found = [];
  const own = ownOf(body);
  const lines = [...body.text.matchAll(/[^\s]+(?: [^\s]+)*/gu)];
  for (let time = 0; time < times && lines.length > 0; time += 1) {
    const line = lines[Math.floor(next() * lines.length)];
    const words = [...line[0].matchAll(/\S+/gu)];
    const [one, two] = [words[Math.floor(next() * words.length)], words[Math.floor(next() * words.length)]];
    const start = line.index + Math.min(one.index, two.index);
    const end = line.index + Math.max(one.index + one[0].length, two.index + two[0].length);
    const source = content.slice(own.from[start], own.to[end - 1]);
    if (type === "html" && source.includes("<")) continue;
    const changed = body.rewritten([{ start, end, words: "entirely other words" }]);
    const after = new Body(changed, type);
    const back = after.rewritten([{ start, end: end + after.text.length - body.text.length, words: body.text.slice(start, end) }]);
    if (new Body(back, type).text !== body.text) found.push(`text: ${JSON.stringify(back)}`);
    if (!same(back, content, type)) found.push(`not the same: ${JSON.stringify(source)} in ${JSON.stringify(back)}`);
    if (same(changed, content, type)) found.push(`the same: ${JSON.stringify(changed)}`);
  }
  return found;
}

/**
 * @param {string} content any markup @param {number} seed
 * @returns {string[]}
 */
export function soupFaults(content, seed) {
  /** @type {string[]} */
  const found = [];
  for (const type of /** @type {Type[]} */ (["html", "text"])) {
    const body = new Body(content, type);
    if (body.rewritten([]) !== content) found.push(`${type}: changed by nothing`);
    if (!same(content, content, type)) found.push(`${type}: not like itself`);
    if (typeof body.history.text !== "string" || typeof body.history.from !== "string") found.push(`${type}: history`);
    if (type === "html" && /\n{3}|^[ \n]|[ \n]$/u.test(body.text) && !/<pre|white-space/iu.test(content)) found.push(`blanks: ${JSON.stringify(body.text)}`);
    const { from, to } = ownOf(body);
    if (from.length !== body.text.length || to.length !== body.text.length) found.push(`${type}: map`);
    for (let at = 0; at < from.length; at += 1) {
      const moves = at === 0 || from[at] >= to[at - 1] || (from[at] === from[at - 1] && to[at] === to[at - 1]);
      if (from[at] > to[at] || to[at] > content.length || !moves) found.push(`${type}: map at ${at}`);
    }
    const next = random(seed);
    for (let time = 0; time < 3; time += 1) {
      const rewrites = drawn(body.text, next);
      new Body(body.rewritten(rewrites), type);
    }
  }
  return found;
}

export { Body, same };
