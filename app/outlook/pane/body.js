/**
 * The body of a mail as the writer's own words, and rewrites of these made in the body.
 *
 * HTML is read and rewritten as source, not as a document. A document forgets how it was written: quotes and
 * order of attributes, `&eacute;`, Word's `<![if !supportLists]>` and `<o:p>`, line ends. Outlook would get all
 * of that back changed for one word. In the source, what no rewrite covers stays as it is by construction.
 */

import { parse } from "./markup.js";
import { PlainMail } from "./plain.js";
import { project } from "./projection.js";
import { Page, rewrittenHtml } from "./rewriting.js";

/** @typedef {{start: number, end: number, words: string}} Rewrite UTF-16 offsets into `text`; half-open; words may hold "\n" */

export class Body {
  /**
   * @param {string} content as body.getAsync gave it
   * @param {"html" | "text"} type
   */
  constructor(content, type) {
    this.content = content;
    this.read = type === "html" ? new Page(content) : new PlainMail(content);
    /**
     * The writer's own words: one "\n" between lines, an empty line between paragraphs; without signature and
     * without quoted history.
     */
    this.text = this.read instanceof Page ? this.read.own.text : this.read.text;
  }

  /**
   * The latest quoted message and its sender's address, "" where unknown.
   * @returns {{text: string, from: string}}
   */
  get history() {
    return this.read instanceof Page ? this.read.parts.history : this.read.history;
  }

  /**
   * The content with the rewrites made. Everything outside their spans is kept as it is. A line that is left
   * without words goes, and so does a blank that would stand beside another one.
   * @param {Rewrite[]} rewrites sorted, disjoint
   */
  rewritten(rewrites) {
    if (rewrites.length === 0) return this.content;
    return this.read instanceof Page ? rewrittenHtml(this.read, rewrites) : this.read.rewritten(rewrites);
  }
}

/** @type {Record<string, string>} how a word may look, by elements that make it so */
const LOOKS = { b: "b", strong: "b", i: "i", em: "i", u: "u", s: "s", strike: "s", del: "s", sub: "sub", sup: "sup" };

/**
 * What is the same in a mail however Outlook writes it: all words in their lines, how they look, links and pictures.
 * @param {string} html
 */
function essence(html) {
  const { tokens, elements } = parse(html);
  const skips = elements
    .filter(({ name }) => name === "head" || name === "template")
    .map((box) => ({ first: box.open, last: box.close + 1, kind: /** @type {const} */ ("hidden") }));
  const { text, from } = project(html, tokens, { skips });
  /** @type {string[]} */
  const pictures = [];
  for (const { name, attributes } of tokens) if (name === "img") pictures.push(attributes.get("src") ?? "");
  /** @type {string[]} */
  const out = [];
  let token = 0;
  let looked = -1;
  let look = "";
  for (let at = 0; at < text.length; at += 1) {
    if (/\s/u.test(text[at])) {
      out.push(text[at]);
      continue;
    }
    while (token + 1 < tokens.length && tokens[token + 1].start <= from[at]) token += 1;
    if (token !== looked) {
      looked = token;
      const looks = new Set();
      for (let box = /** @type {import("./markup.js").Box | null} */ (tokens[token].inside); box; box = box.parent) {
        if (LOOKS[box.name]) looks.add(LOOKS[box.name]);
        if (box.name === "a" && box.attributes.has("href")) looks.add(box.attributes.get("href"));
      }
      const next = [...looks].sort().join(" ");
      if (next !== look) out.push(`<${next}>`);
      look = next;
    }
    out.push(text[at]);
  }
  return `${out.join("")}\n${pictures.join("\n")}`;
}

/**
 * Whether two contents are the same mail, what Outlook rewrites aside: its way to write markup, classes and
 * ids, wrappers, entities, white space that is not seen.
 * @param {string} a
 * @param {string} b
 * @param {"html" | "text"} type
 */
export function same(a, b, type) {
  if (a === b) return true;
  if (type === "html") return essence(a) === essence(b);
  const plain = (/** @type {string} */ text) => text.replace(/\r\n?/gu, "\n").replace(/[^\S\n]+$/gmu, "").replace(/\u00a0/gu, " ").trim();
  return plain(a) === plain(b);
}
