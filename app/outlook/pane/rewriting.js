/** Rewrites of what a person reads, made in the source of an HTML mail. What they do not cover stays as it is, letter by letter. */

import { BLOCKS, escaped, referenceAt } from "./markup.js";
import { Parts } from "./parts.js";
import { Places } from "./places.js";
import { plan } from "./plan.js";
import { linesOf } from "./projection.js";

/** @typedef {import("./markup.js").Box} Box */
/** @typedef {import("./plan.js").Rewrite} Rewrite */
/** @typedef {{start: number, end: number, markup: string}} Edit of the source */
/** @typedef {{markup: string, kind: "open" | "close" | "", box: Box | null, kept: boolean}} Piece */

const UNSPLIT = new Set("body html td th li dd dt blockquote center pre table tr ul ol".split(" "));
const CELLS = new Set("table tbody thead tfoot tr td th".split(" "));
const EMPTY_LINE = /^<(\w+)[^>]*>(?:\s|&nbsp;|\u00a0|<br\b[^>]*>|<\/?(?:span|o:p|font|b|i)\b[^>]*>)*<\/\1\s*>$/iu;

/** @param {string} name */
const isBlock = (name) => BLOCKS.has(name);

export class Page extends Places {
  /** @param {string} source */
  constructor(source) {
    super(source);
    this.parts = new Parts(source, this);
    this.own = this.parts.own;
  }

  /**
   * Words as markup for a place, with what breaks their lines there.
   * @param {string} words
   * @param {Box} inside
   */
  #markup(words, inside) {
    return words.split(/(\n+)/u).map((part) => (part.startsWith("\n") ? this.#breaks(part.length, inside) : escaped(part))).join("");
  }

  /**
   * @param {number} lines 1: a new line, 2: a new paragraph
   * @param {Box} inside
   */
  #breaks(lines, inside) {
    const plain = "<br>".repeat(lines);
    /** @type {Box[]} */
    const inline = [];
    /** @type {Box | null} */
    let block = inside;
    for (; block && !isBlock(block.name); block = block.parent) if (block.name !== "") inline.push(block);
    if (!block || UNSPLIT.has(block.name) || this.#holdsLines(block)) return plain;
    const spaced = linesOf(block) > 1;
    if (lines === 1 && spaced) return plain;
    const closing = `${inline.map(({ name }) => `</${name}>`).join("")}</${block.name}>`;
    const opening = this.tag(block) + inline.reverse().map((box) => this.tag(box)).join("");
    return closing + (lines > 1 && !spaced ? this.#emptyLine(block) : "") + opening;
  }

  /**
   * Whether lines or blocks stand inside a block, so that it is not itself a line or a paragraph.
   * @param {Box} block
   */
  #holdsLines(block) {
    for (let index = block.open + 1; index < block.close; index += 1) {
      if (this.tokens[index].kind === "open" && isBlock(this.tokens[index].name)) return true;
    }
    const { from, to, text } = this.own;
    const end = this.tokens[block.close].start;
    for (let at = 0; at < text.length; at += 1) {
      if (text[at] === "\n" && from[at] > this.tokens[block.open].start && to[at] < end) return true;
    }
    return false;
  }

  /**
   * An empty line as this mail has them, before one of its blocks.
   * @param {Box} block
   */
  #emptyLine(block) {
    for (const { name, open, close } of this.elements) {
      if (name !== block.name || this.tokens[close].end > this.parts.limit || close - open > 8) continue;
      const markup = this.source.slice(this.tokens[open].start, this.tokens[close].end);
      if (EMPTY_LINE.test(markup) && !/\s(?:id|name)\s*=/iu.test(markup) && /<br|&nbsp;|\u00a0/iu.test(markup)) return markup;
    }
    return `${this.tag(block)}${this.#nothing(block.name)}</${block.name}>`;
  }

  /** @param {string} name of a block: what keeps it a line high */
  #nothing(name) {
    if (name !== "p") return "<br>";
    return /<o:p\b/iu.test(this.source) ? "<o:p>&nbsp;</o:p>" : "&nbsp;";
  }

  /**
   * Where new words go: behind the word before, or before the word behind; never into a link.
   * @param {number} at a place in the text
   * @returns {{place: number, inside: Box}}
   */
  #insertion(at) {
    const { text, from, to } = this.own;
    const behind = at > 0 && text[at - 1] !== "\n";
    let place = behind ? to[at - 1] : from[at];
    let inside = behind ? this.after(place) : this.tokens[this.at(place)].inside;
    /** @type {Box | null} */
    let link = null;
    for (let box = /** @type {Box | null} */ (inside); box && !isBlock(box.name); box = box.parent) if (box.name === "a") link = box;
    if (!link) return { place, inside };
    let index = this.at(behind ? place - 1 : place);
    const tokens = this.tokens;
    if (behind) {
      if (tokens[index].end > place) return { place, inside };
      while (tokens[index + 1]?.kind === "close" && index < link.close) index += 1;
      if (index === link.close) [place, inside] = [tokens[index].end, link.parent ?? inside];
    } else {
      if (tokens[index].start < place) return { place, inside };
      while (tokens[index - 1]?.kind === "open" && index > link.open) index -= 1;
      if (index === link.open) [place, inside] = [tokens[index].start, link.parent ?? inside];
    }
    return { place, inside };
  }

  /**
   * What is left of a stretch of the source without its words: elements that are only half in it, and what
   * is not words.
   * @param {number} from
   * @param {number} to
   * @param {boolean} lines whether the line breaks in it go too
   * @returns {Piece[]}
   */
  #residue(from, to, lines) {
    const { source, tokens } = this;
    const { skipAt, omitted } = this.parts;
    /** @type {Piece[]} */
    const pieces = [];
    for (let index = this.behind(from); index < tokens.length && tokens[index].start < to; index += 1) {
      const { kind, name, start, end, element } = tokens[index];
      const skip = skipAt.get(index);
      if (skip) {
        index = skip.last - 1;
        const markup = source.slice(start, tokens[index].end);
        if (skip.kind !== "bullet" || !lines) pieces.push({ markup, kind: "", box: null, kept: true });
      } else if (kind === "text") {
        for (const range of omitted) {
          const markup = source.slice(Math.max(start, range.start, from), Math.min(end, range.end, to));
          if (markup !== "" && range.end > start && range.start < end) pieces.push({ markup, kind: "", box: null, kept: true });
        }
      } else if (kind === "open" || kind === "close") {
        const opened = kind === "close" ? pieces.findIndex((piece) => piece.kind === "open" && piece.box === element) : -1;
        if (opened >= 0 && !pieces.slice(opened).some(({ kept }) => kept)) pieces.length = opened;
        else if (opened >= 0) {
          pieces[opened].kind = "";
          pieces.push({ markup: source.slice(start, end), kind: "", box: element, kept: true });
        } else pieces.push({ markup: source.slice(start, end), kind, box: element, kept: false });
      } else if (!(lines && (name === "br" || source.startsWith("<![", start)))) {
        pieces.push({ markup: source.slice(start, end), kind: "", box: null, kept: kind === "void" && name !== "br" });
      }
    }
    return pieces;
  }

  /**
   * A change of the text as a change of the source.
   * @param {Rewrite} rewrite
   * @returns {Edit}
   */
  edit({ start, end, words }) {
    const { text, from, to, wall } = this.own;
    if (text === "") return this.#first(words);
    if (start === end) {
      const { place, inside } = this.#insertion(start);
      return { start: place, end: place, markup: this.#markup(words, inside) };
    }
    const old = text.slice(start, end);
    const walled = wall.slice(start, end).some(Boolean);
    const lines = old.includes("\n");
    const stretch = { from: from[start], to: to[end - 1] };
    const gap = start > 0 && /\s/u.test(old[0]);
    const inside = gap ? this.after(from[start]) : this.tokens[this.at(from[start])].inside;
    const pieces = this.#residue(stretch.from, stretch.to, lines && !walled);
    const all = start === 0 && end === text.length;
    let markup = this.#markup(words, inside);
    if (words === "" && all) {
      let block = /** @type {Box | null} */ (inside);
      while (block && !isBlock(block.name)) block = block.parent;
      markup = this.#nothing(block?.name ?? "");
    }
    const startsLine = start === 0 || text[start - 1] === "\n";
    const endsLine = end === text.length || text[end] === "\n";
    const entire = words === "" && !all && lines && ((startsLine && old.endsWith("\n")) || (endsLine && old.startsWith("\n")));
    if (words === "" && !all) this.#widenLeft(stretch, pieces, entire, text[start - 1] === " ");
    const apart = !lines || walled || entire || all;
    this.#widenRight(stretch, pieces, lines && (entire || all || endsLine), text[end] === " ", apart);
    if (apart) {
      return { start: stretch.from, end: stretch.to, markup: markup + pieces.map((piece) => piece.markup).join("") };
    }
    return this.#join(stretch, pieces, markup);
  }

  /** @param {Box | null} box @param {boolean} blocks whether a block may go */
  #mayGo(box, blocks) {
    return box !== null && (!isBlock(box.name) || (blocks && !CELLS.has(box.name) && box.name !== "body" && box.name !== "html"));
  }

  /**
   * Elements that are empty now go.
   * @param {{from: number, to: number}} stretch
   * @param {Piece[]} pieces
   * @param {boolean} blocks whether blocks go too
   * @param {boolean} blank whether a blank stands before the stretch
   */
  #widenLeft(stretch, pieces, blocks, blank) {
    for (;;) {
      const [piece] = pieces;
      const index = this.beside(stretch.from, -1, blank);
      if (piece?.kind !== "close" || index < 0 || piece.box?.open !== index || !this.#mayGo(piece.box, blocks)) return;
      stretch.from = this.tokens[index].start;
      pieces.shift();
    }
  }

  /**
   * @param {{from: number, to: number}} stretch
   * @param {Piece[]} pieces
   * @param {boolean} blocks
   * @param {boolean} blank whether a blank stands behind the stretch
   * @param {boolean} last whether nothing more is read behind it, so that ends without a tag can go
   */
  #widenRight(stretch, pieces, blocks, blank, last) {
    let least = 0;
    for (;;) {
      const piece = pieces.at(-1);
      const index = this.beside(stretch.to, 1, blank, least);
      if (piece?.kind !== "open" || index < 0 || piece.box?.close !== index || !this.#mayGo(piece.box, blocks)) return;
      const { start, end } = this.tokens[index];
      if (start === end && !last) return;
      stretch.to = end;
      least = index + 1;
      pieces.pop();
    }
  }

  /**
   * Two lines become one: the rest of the lower line moves up to the words.
   * @param {{from: number, to: number}} stretch
   * @param {Piece[]} pieces
   * @param {string} markup
   * @returns {Edit}
   */
  #join(stretch, pieces, markup) {
    const { tokens, source } = this;
    const text = (/** @type {Piece[]} */ some) => some.map((piece) => piece.markup).join("");
    const closes = pieces.filter(({ kind }) => kind === "close");
    const opens = pieces.filter(({ kind }) => kind === "open");
    // What is no word, a picture above all, goes along; a block around it would break the line.
    const kept = text(pieces.filter(({ kind, box }) => kind === "" && !(box && isBlock(box.name))));
    const blocks = (/** @type {Piece[]} */ some) => some.map(({ box }) => box !== null && isBlock(box.name));
    const firstBlock = blocks(closes).indexOf(true);
    const lastBlock = blocks(opens).lastIndexOf(true);
    if (firstBlock < 0 && lastBlock < 0) {
      return { start: stretch.from, end: stretch.to, markup: markup + kept + text(closes) + text(opens) };
    }
    const inlineCloses = firstBlock < 0 ? closes : closes.slice(0, firstBlock);
    const blockCloses = firstBlock < 0 ? [] : closes.slice(firstBlock);
    const blockOpens = opens.slice(0, lastBlock + 1);
    const inlineOpens = opens.slice(lastBlock + 1);

    // The lines of a paragraph stay together: apart, an empty line would come between them.
    const lower = lastBlock < 0 ? null : opens[lastBlock].box;
    const together = lower !== null && linesOf(lower) > 1;
    const open = inlineOpens.flatMap(({ box }) => box ?? []);
    let end = Math.min(source.length, this.parts.limit);
    let broken = false;
    for (let index = this.behind(stretch.to); index < tokens.length && tokens[index].start < this.parts.limit; index += 1) {
      const token = tokens[index];
      if (token.kind === "text" || token.kind === "other") continue;
      const skip = this.parts.skipAt.has(index);
      if (!skip && together && token.name === "br") continue;
      const stop = skip || token.name === "br" || isBlock(token.name)
        || (token.kind === "close" && token.element !== open.at(-1));
      if (stop) {
        end = Math.max(token.start, stretch.to);
        broken = token.name === "br" && !skip;
        break;
      }
      if (token.kind === "open" && token.element) open.push(token.element);
      if (token.kind === "close") open.pop();
    }
    const moved = text(inlineOpens) + source.slice(stretch.to, end) + [...open].reverse().map(({ name }) => `</${name}>`).join("");
    const rest = { from: stretch.from, to: end };
    if (broken) rest.to = tokens[this.at(end)].end;
    const again = /** @type {Piece[]} */ (open.map((box) => ({ markup: this.tag(box), kind: "open", box, kept: false })));
    const left = [...blockOpens, ...again];
    this.#widenRight(rest, left, true, false, true);
    return { start: stretch.from, end: rest.to, markup: markup + kept + text(inlineCloses) + moved + text(blockCloses) + text(left) };
  }

  /**
   * The first words of a mail without any.
   * @param {string} words
   * @returns {Edit}
   */
  #first(words) {
    const { blank } = this.own;
    if (blank) {
      const { inside } = this.tokens[this.at(blank.start)];
      return { start: blank.start, end: blank.end, markup: this.#markup(words, inside) };
    }
    const { tokens } = this;
    const { limit, skipAt } = this.parts;
    const body = tokens.findIndex(({ kind, name }) => kind === "open" && name === "body");
    let place = body < 0 ? 0 : tokens[body].end;
    let inside = body < 0 ? null : tokens[body].element;
    for (let index = body + 1; index < tokens.length && tokens[index].start < limit; index += 1) {
      const { kind, name, element, start, end } = tokens[index];
      const skip = skipAt.get(index);
      if (skip?.kind === "hidden" && body < 0) {
        index = skip.last - 1;
        place = tokens[index].end;
      } else if (skip) break;
      else if (kind === "open" && (name === "html" || name === "div" || name === "p" || !isBlock(name))) [place, inside] = [end, element];
      else if (kind === "other" && body < 0 && inside === null) place = end;
      else if (!(kind === "text" && this.source.slice(start, end).trim() === "")) break;
    }
    let block = inside;
    while (block && !isBlock(block.name)) block = block.parent;
    const line = block && !UNSPLIT.has(block.name);
    const markup = line && inside ? this.#markup(words, inside) : escaped(words).replace(/\n/gu, "<br>");
    place = Math.min(place, limit);
    return { start: place, end: place, markup: line ? markup : `<div>${markup}</div>` };
  }
}

/**
 * @param {string} source
 * @param {Edit[]} edits from the last to the first
 */
function edited(source, edits) {
  for (const { start, end, markup } of edits) {
    const behind = markup + source.slice(end);
    source = kept(source.slice(0, start), behind) + behind;
  }
  return source;
}

/**
 * Source before an edit. A bare "<" or "&" at its end could mean something else with other letters behind it.
 * @param {string} source
 * @param {string} behind what comes behind it now
 */
function kept(source, behind) {
  if (source.endsWith("<")) return /^[a-z/!?]/iu.test(behind) ? `${source.slice(0, -1)}&lt;` : source;
  const open = /&[#\w]{0,40}$/u.exec(source.slice(-42))?.[0];
  if (open === undefined) return source;
  const at = source.length - open.length;
  const end = referenceAt(source, at, source.length)?.end ?? at;
  const joined = open + behind.slice(0, 42);
  if ((referenceAt(joined, 0, joined.length)?.end ?? 0) === end - at) return source;
  return end === at ? `${source.slice(0, at)}&amp;${source.slice(at + 1)}` : `${source.slice(0, end)};${source.slice(end)}`;
}

/**
 * The source with the rewrites made.
 * @param {Page} page
 * @param {Rewrite[]} rewrites of its own text; sorted, disjoint
 */
export function rewrittenHtml(page, rewrites) {
  let source = page.source;
  /** @type {Edit[]} */
  let waiting = [];
  // From the last to the first: what is still to do keeps its place.
  for (const rewrite of plan(page.own, rewrites).reverse()) {
    const simple = page.own.text !== "" && !rewrite.words.includes("\n") && !page.own.text.slice(rewrite.start, rewrite.end).includes("\n");
    if (!simple && waiting.length > 0) {
      source = edited(source, waiting);
      waiting = [];
      page = new Page(source);
    }
    waiting.push(page.edit(rewrite));
    if (!simple) {
      source = edited(source, waiting);
      waiting = [];
      page = new Page(source);
    }
  }
  return edited(source, waiting);
}
