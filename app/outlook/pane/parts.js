/** What in an HTML mail is not the writer's: signatures, quotations, what is hidden; by the marks of mail programs. */

import { attributionAt, cutAt, isAttribution, isCertain, isHeadAt, latest } from "./history.js";
import { project } from "./projection.js";

/** @typedef {import("./markup.js").Token} Token */
/** @typedef {import("./markup.js").Box} Box */
/** @typedef {import("./projection.js").Skip} Skip */
/** @typedef {import("./projection.js").Projection} Projection */

const words = (/** @type {string} */ names) => new Set(names.split(" "));

const UNSEEN = words("head template svg math select audio video canvas object map datalist");
const STOPS = words("divrplyfwdmsg appendonsend mail-editor-reference-message-container zwchr outlookmessageheader ms-outlook-mobile-reference-message");
const QUOTES = words("yahoo_quoted protonmail_quote moz-forward-container ymail_quoted");
const ABOVE = words("gmail_attr moz-cite-prefix");
const SIGNATURES = words(
  "signature ms-outlook-mobile-signature applemailsignature gmail_signature moz-signature "
  + "protonmail_signature_block ms-outlook-mobile-body-separator-line",
);
const HIDDEN = /display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all/iu;
const BULLET = /mso-list\s*:\s*ignore/iu;
const TOP_BORDER = /border-top\s*:\s*solid|border-top-style\s*:\s*solid|border-style\s*:\s*solid\s+none\s+none/iu;
const SIDE_BORDER = /border-(?:left|right)(?:-style)?\s*:[^;]*\b(?:solid|dashed|dotted|double|ridge)/iu;
/** A signature by its "--" is short; words behind more lines than these are not part of one. */
const SIGNED_LINES = 15;

/** In so many tokens around where a quotation begins stands what announces it. */
const LOOK_ROUND = 80;
/** ... and in so many letters before it. */
const LOOK_BACK = 1500;

/** @param {string} name of an id or a class; Outlook puts x_ before those of what it quotes */
const bare = (name) => name.toLowerCase().replace(/^(?:x_)+/u, "");

/** @param {Box} box */
const after = (box) => box.close + 1;

export class Parts {
  /**
   * @param {string} source
   * @param {{tokens: Token[], elements: Box[]}} parsed
   */
  constructor(source, { tokens, elements }) {
    this.source = source;
    this.tokens = tokens;
    /** Where in the source the writer's part ends. */
    this.limit = source.length;
    /** @type {Skip[]} */
    this.skips = [];
    /** @type {Map<number, Skip>} by the token with which they begin */
    this.skipAt = new Map();
    /** @type {{start: number, end: number}[]} */
    this.omitted = [];
    this.#marks(elements);
    /** @type {Projection} */
    this.own = this.#read();
    this.above = "";
    /** @type {import("./history.js").Quoted | null} */
    this.quoted = null;
    this.#attributions();
    this.#heads();
    this.#signature(elements);
  }

  #read() {
    const { source, tokens, skips, omitted, limit } = this;
    return project(source, tokens, { skips, omitted, limit });
  }

  /** @param {Box} box the lines with which it begins */
  #beginningOf(box) {
    const last = Math.min(after(box), box.open + LOOK_ROUND);
    return project(this.source, this.tokens, { first: box.open, last }).text.split("\n");
  }

  /** @param {Box[]} elements */
  #marks(elements) {
    let reach = -1;
    for (const box of elements) {
      if (box.open < reach) continue;
      const role = this.#role(box);
      if (role === "stop") {
        this.limit = this.tokens[box.open].start;
        break;
      }
      if (role === "") continue;
      this.skips.push({ first: box.open, last: after(box), kind: role });
      reach = after(box);
    }
    this.#apple();
    for (const skip of this.skips) this.skipAt.set(skip.first, skip);
  }

  /** Apple's programs mark where a signature begins, and not where it ends: with the next element. */
  #apple() {
    const { tokens, skips } = this;
    const first = tokens.findIndex(({ name, attributes }) => name === "br" && attributes.get("id") === "lineBreakAtBeginningOfSignature");
    if (first < 0 || skips.some((skip) => skip.first <= first && first < skip.last)) return;
    const { inside } = tokens[first];
    const next = tokens.findIndex((token, index) => index > first && token.kind === "open" && token.inside === inside);
    const box = next < 0 ? null : tokens[next].element;
    const last = box ? after(box) : first + 1;
    if (skips.some((skip) => skip.first < last && skip.last > first)) return;
    skips.push({ first, last, kind: "signature" });
    skips.sort((a, b) => a.first - b.first);
  }

  /**
   * @param {Box} box
   * @returns {Skip["kind"] | "stop" | ""}
   */
  #role(box) {
    const { name, attributes } = box;
    if (UNSEEN.has(name)) return "hidden";
    if (attributes.size === 0) return name === "blockquote" ? this.#blockquote(box, new Set()) : "";
    const style = attributes.get("style") ?? "";
    if (BULLET.test(style)) return "bullet";
    if (attributes.has("hidden") || HIDDEN.test(style)) return "hidden";
    if (name === "a" && /^_MailOriginal$/iu.test(attributes.get("name") ?? "")) return "stop";
    const names = new Set([attributes.get("id") ?? "", ...(attributes.get("class") ?? "").split(/\s+/u)].map(bare));
    const has = (/** @type {Set<string>} */ set) => [...names].some((one) => set.has(one));
    if (has(STOPS) || attributes.get("data-marker") === "__HEADERS__") return "stop";
    if (has(SIGNATURES)) return "signature";
    if (has(ABOVE)) return "above";
    if (name === "blockquote") return this.#blockquote(box, names);
    if (names.has("gmail_quote") || names.has("gmail_quote_container")) {
      // The writer may have answered between the quotations inside.
      const inside = this.tokens.slice(box.open + 1, after(box));
      return inside.some((token) => token.kind === "open" && token.name === "blockquote") ? "" : "quote";
    }
    if (has(QUOTES) || [...names].some((one) => one.startsWith("yahoo_quoted"))) return "quote";
    if (name === "div" && TOP_BORDER.test(style) && isHeadAt(this.#beginningOf(box), 0)) return "stop";
    return "";
  }

  /**
   * A `blockquote` without a mark may be the writer's own words, indented.
   * @param {Box} box
   * @param {Set<string>} names
   * @returns {Skip["kind"] | ""}
   */
  #blockquote(box, names) {
    const { attributes, open } = box;
    const type = (attributes.get("type") ?? "").toLowerCase();
    if (type === "cite" || attributes.has("cite") || names.has("gmail_quote") || names.has("protonmail_quote")) return "quote";
    if (SIDE_BORDER.test(attributes.get("style") ?? "")) return "quote";
    const { source, tokens, skips } = this;
    const first = Math.max(0, open - LOOK_ROUND);
    const before = project(source, tokens, { first, last: open, skips: skips.slice(-LOOK_ROUND) }).text;
    return isAttribution(before.split("\n").slice(-1)[0] ?? "") || isHeadAt(this.#beginningOf(box), 0) ? "quote" : "";
  }

  /** The line over a quotation, which only its words tell. */
  #attributions() {
    const { skips, own } = this;
    own.seen.forEach((length, index) => {
      if (skips[index].kind !== "quote") return;
      const before = own.text.slice(Math.max(0, length - LOOK_BACK), length);
      const lines = before.trimEnd().split("\n");
      for (let count = 1; count <= 3 && count <= lines.length; count += 1) {
        const over = lines.slice(-count);
        if (attributionAt(over, 0) !== count) continue;
        const text = over.join("\n");
        const start = length - before.length + before.lastIndexOf(text);
        this.above ||= text;
        this.omitted.push({ start: own.from[start], end: own.to[start + text.length - 1] });
        return;
      }
    });
    if (this.omitted.length > 0) this.own = this.#read();
  }

  /** @param {number} line of the writer's text @returns {number} where it begins in the source */
  #place(line) {
    const at = this.own.text.split("\n").slice(0, line).join("\n").length;
    return this.own.from[line > 0 ? at + 1 : at];
  }

  /** A typed head of a quoted message, or a line over one that nothing else tells of: the writer's part ends there. */
  #heads() {
    const lines = this.own.text.split("\n");
    const cut = cutAt(lines);
    const at = cut >= 0 ? cut : lines.findIndex((_, index) => {
      const count = attributionAt(lines, index);
      const below = (lines[index + count] || lines[index + count + 1]) ?? "";
      return count > 0 && (below === "" || below.startsWith(">") || isCertain(lines.slice(index, index + count).join(" ")));
    });
    if (at < 0) return;
    this.limit = this.#place(at);
    this.own = this.#read();
  }

  /** A signature that Word set a bookmark to, or a typed "--": all up to the end. @param {Box[]} elements */
  #signature(elements) {
    const marked = elements.find((box) => box.name === "a" && /^_MailAutoSig$/iu.test(box.attributes.get("name") ?? ""));
    const lines = this.own.text.split("\n");
    const typed = lines.lastIndexOf("--");
    let start = this.limit;
    if (marked) start = this.tokens[marked.open].start;
    else if (typed >= 0 && lines.length - typed <= SIGNED_LINES) start = this.#place(typed);
    if (start >= this.limit) return;
    this.omitted.push({ start, end: this.limit });
    this.own = this.#read();
  }

  /** The quoted message, without what it quotes itself. */
  get history() {
    this.quoted ??= this.#history();
    return this.quoted;
  }

  #history() {
    const { source, tokens, skips, limit } = this;
    if (limit < source.length) {
      const first = Math.max(0, tokens.findIndex((token) => token.end > limit));
      const inner = [...quotesIn(tokens, first)];
      const from = (/** @type {Skip[]} */ without) => latest(project(source, tokens, {
        first, skips: without, omitted: [{ start: 0, end: limit }],
      }).text);
      const found = from(inner);
      return found.text === "" ? { ...from([]), from: found.from || from([]).from } : found;
    }
    let above = this.above;
    /** @type {string[]} */
    const texts = [];
    for (const { first, last, kind } of skips) {
      if (kind === "above") above ||= project(source, tokens, { first, last }).text;
      if (kind !== "quote") continue;
      texts.push(project(source, tokens, { first, last, skips: quotesIn(tokens, first + 1, last) }).text);
    }
    return latest(texts.filter((text) => text !== "").join("\n\n"), above);
  }
}

/**
 * The quotations among tokens, outermost only.
 * @param {Token[]} tokens
 * @param {number} first
 * @param {number} [last]
 */
function quotesIn(tokens, first, last = tokens.length) {
  /** @type {Skip[]} */
  const found = [];
  for (let index = first; index < last; index += 1) {
    const { kind, name, element, attributes } = tokens[index];
    if (kind !== "open" || !element) continue;
    if (UNSEEN.has(name)) {
      found.push({ first: index, last: after(element), kind: "hidden" });
      index = after(element) - 1;
      continue;
    }
    const style = attributes.get("style") ?? "";
    if (name !== "blockquote" || !(attributes.size === 0 || attributes.get("type") === "cite" || attributes.has("cite") || /gmail_quote/u.test(attributes.get("class") ?? "") || SIDE_BORDER.test(style))) continue;
    found.push({ first: index, last: after(element), kind: "quote" });
    index = after(element) - 1;
  }
  return found;
}
