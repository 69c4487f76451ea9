/** A plain text mail: the writer's own lines, with the place in the content that each letter stands for. */

import { attributionAt, cutAt, latest } from "./history.js";
import { plan } from "./plan.js";

/** @typedef {import("./plan.js").Rewrite} Rewrite */

/** A signature by its "--" is short; words behind more lines than these are not part of one. */
const SIGNED_LINES = 15;

export class PlainMail {
  /** @param {string} content */
  constructor(content) {
    this.source = content;
    this.text = "";
    /** @type {number[]} */
    this.from = [];
    /** @type {number[]} */
    this.to = [];
    /** Where the writer's part ends. */
    this.limit = content.length;
    /** @type {{text: string, start: number}[]} */
    const lines = [];
    for (const found of content.matchAll(/([^\r\n]*)(?:\r\n|\r|\n|$)/gu)) lines.push({ text: found[1], start: found.index });
    const texts = lines.map(({ text }) => text);
    this.history = this.#read(lines, texts);
  }

  /**
   * @param {{text: string, start: number}[]} lines
   * @param {string[]} texts
   */
  #read(lines, texts) {
    let end = cutAt(texts);
    if (end < 0) end = texts.length;
    const quoted = texts.map((text) => text.startsWith(">"));
    /** @type {string[]} */
    const quotes = [];
    let above = "";
    const mine = quoted.map((isQuoted) => !isQuoted);
    for (let at = 0; at < end; at += 1) {
      const count = quoted[at] ? 0 : attributionAt(texts, at);
      if (count === 0) continue;
      const below = quoted[at + count] || (texts[at + count]?.trim() === "" && quoted[at + count + 1]);
      if (!below) {
        end = at;
        break;
      }
      above ||= texts.slice(at, at + count).join(" ");
      mine.fill(false, at, at + count);
    }
    for (let at = 0; at < end; at += 1) if (quoted[at] && !/^>\s*>/u.test(texts[at])) quotes.push(texts[at].replace(/^> ?/u, ""));
    const rest = end;
    if (end < texts.length) this.limit = lines[end].start;
    let signed = end - 1;
    while (signed >= 0 && !(mine[signed] && /^--[ \u00a0]?$/u.test(texts[signed]))) signed -= 1;
    if (signed >= 0 && end - signed <= SIGNED_LINES) end = signed;
    if (end < texts.length) this.limit = Math.min(this.limit, lines[end].start);
    this.#take(lines.slice(0, end), mine);
    if (rest < texts.length) {
      const below = texts.slice(rest);
      const unquoted = below.filter((text) => !text.startsWith(">"));
      const found = latest(unquoted.join("\n"));
      return found.text === "" ? latest(below.map((text) => text.replace(/^> ?/u, "")).join("\n")) : found;
    }
    return latest(quotes.join("\n"), above);
  }

  /**
   * @param {{text: string, start: number}[]} lines
   * @param {boolean[]} mine
   */
  #take(lines, mine) {
    /** @type {string[]} */
    const units = [];
    let hole = false;
    let last = -1; // the last line with words
    lines.forEach(({ text, start }, index) => {
      if (!mine[index]) hole = true;
      if (!mine[index] || text.trim() === "") return;
      const before = last < 0 ? 0 : lines[last].start + lines[last].text.length;
      if (last >= 0 && hole) {
        // What others wrote lies between: both stand or fall with it.
        for (const unit of ["\n", "\n"]) this.#push(units, unit, before, start);
      } else if (last >= 0) {
        for (let line = last; line < index; line += 1) this.#push(units, "\n", lines[line].start + lines[line].text.length, lines[line + 1].start);
      }
      hole = false;
      last = index;
      const shown = index === lines.length - 1 ? text : text.trimEnd();
      for (let at = 0; at < shown.length; at += 1) this.#push(units, shown[at], start + at, start + at + 1);
    });
    while (units.length > 0 && /\s/u.test(units[units.length - 1])) {
      units.pop();
      this.from.pop();
      this.to.pop();
    }
    this.text = units.join("");
  }

  /** @param {string[]} units @param {string} unit @param {number} from @param {number} to */
  #push(units, unit, from, to) {
    units.push(unit);
    this.from.push(from);
    this.to.push(to);
  }

  /** @param {Rewrite[]} rewrites */
  rewritten(rewrites) {
    let source = this.source;
    const end = source.includes("\r\n") ? "\r\n" : "\n";
    for (const rewrite of plan(this, rewrites).reverse()) {
      const words = rewrite.words.replace(/\n/gu, end);
      let [from, to] = [0, 0];
      let kept = "";
      if (this.text === "") {
        const rest = source.slice(0, this.limit);
        from = to = /^\s*/u.exec(rest)?.[0].length === rest.length ? 0 : rest.length;
        if (/^[^\r\n]/u.test(source.slice(to))) kept = end;
      } else if (rewrite.start === rewrite.end) {
        from = to = rewrite.start > 0 ? this.to[rewrite.start - 1] : this.from[0];
      } else {
        from = this.from[rewrite.start];
        to = this.to[rewrite.end - 1];
        // What others wrote in between stays, behind the new words.
        for (let at = rewrite.start; at < rewrite.end; at += 1) {
          const hole = source.slice(this.from[at], this.to[at]);
          if (this.text[at] === "\n" && hole.trim() !== "" && this.from[at] !== this.from[at - 1]) kept += hole;
        }
      }
      source = source.slice(0, from) + words + kept + source.slice(to);
    }
    return source;
  }
}
