/** What a person reads of HTML, letter by letter, with the place in the source that each stands for. */

import { BLOCKS, referenceAt } from "./markup.js";

/** @typedef {import("./markup.js").Token} Token */
/** @typedef {import("./markup.js").Box} Box */
/** @typedef {{first: number, last: number, kind: "quote" | "above" | "signature" | "hidden" | "bullet"}} Skip tokens first..last-1 */
/**
 * @typedef {object} Projection
 * @property {string} text lines without blanks at their ends, at most one empty line between two, none around it
 * @property {number[]} from where in the source what stands for a UTF-16 unit of `text` begins
 * @property {number[]} to ... and ends. Units with the same range stand or fall together: a character reference, the
 *   white space that is one blank, all that lies between two lines
 * @property {boolean[]} wall whether something that is not the writer's to lose lies in there: a quote, a signature, a cell's edge
 * @property {number[]} seen for each of the skips, how long `text` was when it came
 * @property {{start: number, end: number} | null} blank the first line without words, where there are no words at all
 */

const SPACED = new Set("p h1 h2 h3 h4 h5 h6 ul ol dl blockquote".split(" "));
const CELLS = new Set(["td", "th"]);
const TABLE = new Set("table tbody thead tfoot tr td th".split(" "));
const SPACE = /[ \t\n\r\f\u00a0]/u;
// Editors leave these about; they are not seen and mean nothing.
const NOTHING = /[\u200b\ufeff]/u;
const ZERO = /^-?0(?:\.0*)?[a-z%]*$/iu;
const MSO = /(?:^|\s)(?:x_)*Mso(?:Normal|ListParagraph|PlainText|NoSpacing|Header|Footer)/u;

/** @param {string} style */
function tight(style) {
  /** @type {Record<string, string>} */
  const said = {};
  for (const part of style.split(";")) {
    const [name, value = ""] = part.split(":").map((word) => word.trim().toLowerCase());
    if (name === "margin") {
      const sides = value.split(/\s+/u);
      said["margin-top"] = sides[0];
      said["margin-bottom"] = sides[2] ?? sides[0];
    } else if (name.startsWith("margin")) said[name] = value;
  }
  return ZERO.test(said["margin-top"] ?? "") && ZERO.test(said["margin-bottom"] ?? "");
}

/**
 * How many line breaks an element's edges make: 2 set it apart by an empty line.
 * @param {Box} box
 */
export function linesOf({ name, attributes, parent }) {
  if (!BLOCKS.has(name) || CELLS.has(name)) return 0;
  if (!SPACED.has(name)) return 1;
  // Outlook gives each line a paragraph of its own and no space between them.
  if (MSO.test(attributes.get("class") ?? "") || tight(attributes.get("style") ?? "")) return 1;
  if (name === "ul" || name === "ol") {
    for (let box = parent; box; box = box.parent) if (box.name === "li") return 1;
  }
  return 2;
}

class Reader {
  /**
   * @param {string} source
   * @param {{start: number, end: number}[]} omitted in order
   */
  constructor(source, omitted) {
    this.source = source;
    this.omitted = omitted;
    this.next = 0; // of the omitted parts
    /** @type {string[]} */
    this.text = [];
    /** @type {number[]} */
    this.from = [];
    /** @type {number[]} */
    this.to = [];
    /** @type {boolean[]} */
    this.wall = [];
    /** @type {{start: number, end: number} | null} */
    this.blank = null;
    // What was read and waits for a word behind it.
    this.breaks = 0;
    this.standing = false; // a line without words that takes room, by a hard blank or a picture
    this.blocked = false;
    this.cell = false;
    /** @type {{start: number, end: number} | null} */
    this.space = null;
    /** @type {{start: number, end: number}[]} */
    this.kept = [];
  }

  get #fresh() {
    return this.breaks > 0 || this.text.length === 0;
  }

  /** @param {string} unit @param {number} start @param {number} end @param {boolean} [wall] */
  #push(unit, start, end, wall = false) {
    this.text.push(unit);
    this.from.push(start);
    this.to.push(end);
    this.wall.push(wall);
  }

  /** @param {string} plain @param {number} start @param {number} end */
  word(plain, start, end) {
    const last = this.to.at(-1);
    if (last !== undefined) {
      for (let line = 0; line < Math.min(this.breaks, 2); line += 1) this.#push("\n", last, this.kept[0]?.start ?? start, this.blocked);
      if (this.breaks === 0 && this.cell) this.#push(" ", last, start, true);
      else if (this.breaks === 0 && this.space) this.#push(" ", this.space.start, this.space.end, this.blocked);
    }
    for (const blank of this.kept) this.#push(" ", blank.start, blank.end);
    this.breaks = 0;
    this.standing = this.blocked = this.cell = false;
    this.space = null;
    this.kept = [];
    for (let unit = 0; unit < plain.length; unit += 1) this.#push(plain[unit], start, end);
  }

  /** @param {number} start @param {number} end @param {boolean} hard */
  white(start, end, hard) {
    if (hard && this.#fresh) this.stand(start, end);
    if (this.space) this.space.end = end;
    else this.space = { start, end };
  }

  /** @param {number} start @param {number} end */
  stand(start, end) {
    this.standing ||= this.#fresh;
    if (this.text.length === 0) this.blank ??= { start, end };
  }

  /** @param {number} start */
  line(start) {
    if (this.text.length === 0) this.blank ??= { start, end: start };
    this.breaks += 1;
    this.standing = false;
    this.space = null;
    this.kept = [];
  }

  /** @param {number} lines */
  edge(lines) {
    if (this.standing) this.breaks += 1;
    this.standing = false;
    this.breaks = Math.max(this.breaks, lines);
    this.space = null;
    this.kept = [];
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {boolean} pre
   */
  words(start, end, pre) {
    let at = start;
    while (at < end) {
      while (this.omitted[this.next]?.end <= at) this.next += 1;
      const omit = this.omitted[this.next];
      if (omit?.start <= at) {
        this.blocked = true;
        this.edge(1);
        at = Math.min(omit.end, end);
        continue;
      }
      const reference = this.source[at] === "&" ? referenceAt(this.source, at, end) : null;
      const literal = String.fromCodePoint(this.source.codePointAt(at) ?? 0);
      const plain = reference?.plain ?? literal;
      const next = Math.min(reference?.end ?? at + literal.length, end);
      if (SPACE.test(plain) && plain.length === 1) {
        if (pre && plain === "\n") this.line(at);
        else if (!pre) this.white(at, next, plain === "\u00a0");
        else if (plain !== "\r") this.kept.push({ start: at, end: next });
      } else if (!NOTHING.test(plain)) this.word(plain, at, next);
      at = next;
    }
  }
}

/**
 * @param {string} source
 * @param {Token[]} tokens
 * @param {object} [what]
 * @param {number} [what.first] index of a token
 * @param {number} [what.last] index of the token after the last one
 * @param {Skip[]} [what.skips] in order, apart
 * @param {{start: number, end: number}[]} [what.omitted] parts of the source that are not read
 * @param {number} [what.limit] where in the source to stop
 * @returns {Projection}
 */
export function project(source, tokens, { first = 0, last = tokens.length, skips = [], omitted = [], limit = source.length } = {}) {
  const reader = new Reader(source, [...omitted].sort((a, b) => a.start - b.start));
  /** @type {number[]} */
  const seen = [];
  let next = 0;
  for (let index = first; index < last && tokens[index].start < limit; index += 1) {
    while (next < skips.length && skips[next].first < index) next += 1;
    if (skips[next]?.first === index) {
      const { kind, last: after } = skips[next];
      seen[next] = reader.text.length;
      if (kind !== "bullet") reader.blocked = true;
      if (kind !== "bullet" && kind !== "hidden") reader.edge(2);
      index = after - 1;
      continue;
    }
    const { kind, start, end, name, inside, element } = tokens[index];
    if (kind === "text") {
      const lost = inside.name === "pre" && tokens[index - 1]?.element === inside ? (/^\r?\n/u.exec(source.slice(start, start + 2))?.[0].length ?? 0) : 0;
      reader.words(start + lost, Math.min(end, limit), inside.pre);
    } else if (name === "br") reader.line(start);
    else if (name === "img") reader.stand(start, start);
    else if (name === "hr") {
      reader.edge(1);
      reader.stand(start, start);
      reader.edge(1);
    } else if (element) {
      if (TABLE.has(name)) reader.blocked = true;
      if (CELLS.has(name) && kind === "open") reader.cell = true;
      const lines = linesOf(element);
      if (lines > 0) reader.edge(lines);
    } else if (name === "p") reader.edge(2);
  }
  const { text, from, to, wall, blank } = reader;
  return { text: text.join(""), from, to, wall, seen, blank: text.length === 0 ? blank : null };
}
