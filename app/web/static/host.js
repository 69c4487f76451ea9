/**
 * The plain page as a host of the review: a text area with a layer of marks under it. Another host (a
 * mail client's pane) offers the same methods: see Host in types.js.
 */

import { difference } from "./ledger.js";
import { marked } from "./parts/marks.js";
import { rewritten } from "./rewrites.js";

/** @typedef {import("./ledger.js").Edit} Edit @typedef {import("./parts/marks.js").Mark} Mark */

export class PageHost {
  /** @type {((text: string, edit: Edit) => void)[]} */
  #listeners = [];
  /** @type {Edit | null} an edit of our own, known exactly */
  #own = null;
  #text;

  /**
   * @param {HTMLTextAreaElement} field
   * @param {HTMLElement} layer lies under the field, with the same type and measure
   */
  constructor(field, layer) {
    this.field = field;
    this.layer = layer;
    this.#text = field.value;
    field.addEventListener("input", () => this.#changed());
  }

  #changed() {
    const text = this.field.value;
    const edit = this.#own ?? difference(this.#text, text);
    this.#own = null;
    this.#text = text;
    if (edit) for (const listener of this.#listeners) listener(text, edit);
  }

  text() {
    return this.field.value;
  }

  /** @param {(text: string, edit: Edit) => void} listener */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /**
   * All in one step of the browser's own undo.
   * @param {import("./types.js").Rewrite[]} rewrites
   * @param {string} expected
   */
  async write(rewrites, expected) {
    if (this.#text !== expected) return false;
    if (rewrites.length === 0) return true;
    const [start, end] = [rewrites[0].start, rewrites[rewrites.length - 1].end];
    const inside = rewrites.map((step) => ({ ...step, start: step.start - start, end: step.end - start }));
    this.replace(start, end, rewritten(expected.slice(start, end), inside));
    return true;
  }

  focus() {
    this.field.focus();
  }

  /**
   * Put words in place of a stretch. The browser's own undo keeps working.
   * @param {number} start
   * @param {number} end
   * @param {string} words
   */
  replace(start, end, words) {
    const wanted = this.#text.slice(0, start) + words + this.#text.slice(end);
    if (wanted === this.#text) return;
    this.#own = { start, end, length: words.length };
    this.field.focus({ preventScroll: true });
    this.field.setSelectionRange(start, end);
    // The only way to edit that a text area's undo history hears of; not every browser has it.
    document.execCommand(words === "" ? "delete" : "insertText", false, words);
    if (this.field.value !== wanted) {
      this.#own = { start: 0, end: this.#text.length, length: wanted.length };
      this.field.value = wanted;
    }
    if (this.#text !== wanted) this.#changed();
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  select(start, end) {
    this.field.focus({ preventScroll: true });
    this.field.setSelectionRange(start, end);
    this.reveal(start);
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  show(start, end) {
    this.select(start, end);
  }

  /** @returns {number} where the cursor is, -1 when it is not in the text */
  cursor() {
    return document.activeElement === this.field ? this.field.selectionStart : -1;
  }

  /**
   * Scroll to a place of the text: the layer knows where its words stand, the field does not tell.
   * @param {number} at
   */
  reveal(at) {
    let left = at;
    const walker = document.createTreeWalker(this.layer, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const { length } = /** @type {Text} */ (node);
      if (left <= length) {
        node.parentElement?.closest("mark, .slot")?.scrollIntoView({ block: "nearest" });
        return;
      }
      left -= length;
    }
  }

  /**
   * @param {Mark[]} marks
   * @param {string | null} active
   */
  mark(marks, active) {
    // The closing blank gives a last empty line its height, as in the field.
    this.layer.replaceChildren(...marked(this.#text, marks, active), "\u200b");
  }
}
