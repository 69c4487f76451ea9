/** The source of an HTML mail, and what stands where in it. */

import { parse } from "./markup.js";

/** @typedef {import("./markup.js").Box} Box */

export class Places {
  /** @param {string} source */
  constructor(source) {
    const { tokens, elements } = parse(source);
    this.source = source;
    this.tokens = tokens;
    this.elements = elements;
  }

  /**
   * The token that holds a unit of the source.
   * @param {number} place
   */
  at(place) {
    let [low, high] = [0, this.tokens.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tokens[middle].start <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * The first token that ends behind a place, or has no length and stands there.
   * @param {number} place
   */
  behind(place) {
    let index = this.at(place);
    while (index > 0 && this.tokens[index - 1].start === place) index -= 1;
    return index < this.tokens.length && this.tokens[index].end <= place && this.tokens[index].start < place ? index + 1 : index;
  }

  /** @param {number} place @returns {Box} what is open behind the unit before it */
  after(place) {
    const { kind, element, inside } = this.tokens[this.at(place - 1)];
    if (element && kind === "open") return element;
    return (element && kind === "close" ? element.parent : null) ?? inside;
  }

  /** @param {Box} box the tag that opens it, as written, to be used again */
  tag(box) {
    const { start, end } = this.tokens[box.open];
    return this.source.slice(start, end).replace(/\s(?:id|name)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)/iu, "");
  }

  /**
   * The index of the token beside a place; -1 for none.
   * @param {number} place
   * @param {-1 | 1} step
   * @param {boolean} seen whether the white space between them is
   * @param {number} [least] the index of the first one that counts
   */
  beside(place, step, seen, least = 0) {
    if (step < 0 && place <= 0) return -1;
    let index = step < 0 ? this.at(place - 1) : Math.max(this.behind(place), least);
    for (; index >= 0 && index < this.tokens.length; index += step) {
      const { kind, start, end } = this.tokens[index];
      const between = step < 0 ? this.source.slice(start, Math.min(end, place)) : this.source.slice(Math.max(start, place), end);
      if (kind !== "text" || (seen && between !== "") || /[^ \t\r\n\f]/u.test(between)) return index;
    }
    return -1;
  }
}
