/**
 * HTML as it was written: tokens that know where in the source they stand, and the elements they make.
 * What browsers do (WHATWG HTML, section 13.2.5) as far as mail needs it; one pass, and nothing is an error.
 */

/**
 * @typedef {object} Token
 * @property {"text" | "open" | "close" | "void" | "other"} kind other: comments, scripts, styles, stray ends
 * @property {number} start
 * @property {number} end
 * @property {string} name "" of what has none
 * @property {Map<string, string>} attributes
 * @property {Box} inside the innermost element that is open before the token
 * @property {Box | null} element that an "open" or a "close" belongs to
 */
/**
 * @typedef {object} Box an element
 * @property {string} name "" of the root, which holds all
 * @property {Map<string, string>} attributes
 * @property {number} open index of its token
 * @property {number} close index of its token, which has no length when the end goes without saying
 * @property {Box | null} parent
 * @property {boolean} pre whether white space counts
 */

const words = (/** @type {string} */ names) => new Set(names.split(" "));

export const BLOCKS = words(
  "address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
  + "header hr html legend li main menu nav ol p pre section summary table tbody tfoot thead tr td th ul",
);
const PARAGRAPH = words("p");
const VOID = words("area base br col embed hr img input link meta param source track wbr");
const RAW = words("script style xmp iframe noembed noframes title textarea");
// An end tag does not reach over these to an element opened outside.
const CONTAINERS = words("body html div blockquote table tbody thead tfoot tr td th section article ul ol");
const CLOSES_P = words(
  "address article aside blockquote center details dir div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr "
  + "main menu nav ol p pre section summary table ul",
);
/** What an opening tag ends without saying so, and what it does not look beyond. @type {Record<string, [Set<string>, Set<string>]>} */
const ENDS = {
  li: [words("li"), words("ul ol")],
  dd: [words("dd dt"), words("dl")],
  dt: [words("dd dt"), words("dl")],
  td: [words("td th"), words("tr table")],
  th: [words("td th"), words("tr table")],
  tr: [words("tr"), words("table tbody thead tfoot")],
};
/** How deep an end tag is looked for: what is nested deeper is broken. */
const DEEPEST = 400;
const PRESERVED = /white-space\s*:\s*(?:pre|break-spaces)/iu;
const COLLAPSED = /white-space\s*:\s*(?:normal|nowrap)/iu;

const NAME = /[a-z][^\s/>]*/iuy;
const GAP = /[\s/]*/uy;
const KEY = /=?[^\s/>=]*/uy;
const EQUALS = /\s*=\s*/uy;
const BARE = /[^\s>]*/uy;
const REFERENCE = /&(?:#[0-9]+;?|#x[0-9a-f]+;?|[a-z][a-z0-9]{1,31};?)/iuy;

/**
 * @param {RegExp} pattern sticky
 * @param {string} source
 * @param {number} at
 */
function matched(pattern, source, at) {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? null;
}

/** @type {Map<string, string>} */
const known = new Map();

/**
 * Text with its character references read.
 * @param {string} text
 */
function read(text) {
  let plain = known.get(text);
  if (plain === undefined) {
    // The browser knows all two thousand names. In a `textarea` nothing is markup.
    const page = new DOMParser().parseFromString(`<!doctype html><textarea>${text.replace(/</gu, "&lt;")}</textarea>`, "text/html");
    plain = page.querySelector("textarea")?.value ?? text;
    if (known.size < 5000) known.set(text, plain);
  }
  return plain;
}

/**
 * The character reference at a place: what it stands for and where it ends; null for a plain "&".
 * @param {string} source
 * @param {number} at
 * @param {number} end
 * @returns {{plain: string, end: number} | null}
 */
export function referenceAt(source, at, end) {
  const found = matched(REFERENCE, source, at)?.slice(0, end - at);
  if (!found) return null;
  for (let length = found.length; length > 2; length -= 1) {
    const part = found.slice(0, length);
    const plain = read(part);
    if (plain !== part && plain !== read(part.slice(0, -1)) + part.at(-1)) return { plain, end: at + length };
    if (part[1] === "#") return plain === part ? null : { plain, end: at + length };
  }
  return null;
}

/** @param {string} value of an attribute, as written */
const valueOf = (value) => (value.includes("&") ? read(value) : value);

/**
 * The tag at a place that begins with "<" and a letter, or "</" and one.
 * @param {string} source
 * @param {number} at
 * @param {number} after where its name begins
 */
function tagAt(source, at, after) {
  const name = (matched(NAME, source, after) ?? "").toLowerCase();
  /** @type {Map<string, string>} */
  const attributes = new Map();
  let place = after + name.length;
  for (;;) {
    place += matched(GAP, source, place)?.length ?? 0;
    if (place >= source.length) return { name: "", end: source.length, attributes };
    if (source[place] === ">") return { name, end: place + 1, attributes };
    const key = matched(KEY, source, place) ?? "";
    place += key.length;
    const equals = matched(EQUALS, source, place);
    let value = "";
    if (equals !== null) {
      place += equals.length;
      const quote = source[place];
      if (quote === '"' || quote === "'") {
        const closing = source.indexOf(quote, place + 1);
        if (closing < 0) return { name: "", end: source.length, attributes };
        value = source.slice(place + 1, closing);
        place = closing + 1;
      } else {
        value = matched(BARE, source, place) ?? "";
        place += value.length;
      }
    }
    if (!attributes.has(key.toLowerCase())) attributes.set(key.toLowerCase(), valueOf(value));
  }
}

/**
 * Where what begins with "<!", "<?" or "</" and no letter ends.
 * @param {string} source
 * @param {number} at
 */
function commentEnd(source, at) {
  const short = /<!---?>/uy;
  short.lastIndex = at;
  if (short.test(source)) return short.lastIndex;
  const closing = source.startsWith("<!--", at) ? /--!?>/gu : />/gu;
  closing.lastIndex = at + (source.startsWith("<!--", at) ? 4 : 2);
  return closing.test(source) ? closing.lastIndex : source.length;
}

/** @type {Map<string, string>} */
const NONE = new Map();

/**
 * The source cut into tokens that cover it in order and without gaps.
 * @param {string} source
 * @returns {{tokens: Token[], root: Box, elements: Box[]}} elements in the order in which they open
 */
export function parse(source) {
  /** @type {Box} */
  const root = { name: "", attributes: NONE, open: -1, close: -1, parent: null, pre: false };
  /** @type {Token[]} */
  const tokens = [];
  /** @type {Box[]} */
  const elements = [];
  let top = root;

  const put = (/** @type {Token["kind"]} */ kind, /** @type {number} */ start, /** @type {number} */ end, name = "", attributes = NONE) => {
    if (end > start) tokens.push({ kind, start, end, name, attributes, inside: top, element: null });
  };
  /** @param {number} start @param {number} end of the closing tag; an end that goes without saying has a token without length */
  const pop = (start, end) => {
    tokens.push({ kind: "close", start, end, name: top.name, attributes: NONE, inside: top, element: top });
    top.close = tokens.length - 1;
    top = top.parent ?? root;
  };
  /** Pop up to and with the nearest of `names`, if none of `bounds` is nearer. */
  const implied = (/** @type {Set<string>} */ names, /** @type {Set<string>} */ bounds, /** @type {number} */ place) => {
    let depth = 0;
    for (let at = top; at !== root && depth < DEEPEST; at = at.parent ?? root) {
      depth += 1;
      if (names.has(at.name)) {
        for (; depth > 0; depth -= 1) pop(place, place);
        return;
      }
      if (bounds.has(at.name)) return;
    }
  };
  const close = (/** @type {string} */ name, /** @type {number} */ start, /** @type {number} */ end) => {
    let depth = 1;
    let at = top;
    const reaches = CONTAINERS.has(name);
    while (at !== root && at.name !== name && (reaches ? depth < DEEPEST : !CONTAINERS.has(at.name))) {
      at = at.parent ?? root;
      depth += 1;
    }
    if (at.name !== name || at === root) {
      put("other", start, end, name);
      return;
    }
    for (; depth > 1; depth -= 1) pop(start, start);
    pop(start, end);
  };
  const open = (/** @type {string} */ name, /** @type {number} */ start, /** @type {number} */ end, /** @type {Map<string, string>} */ attributes) => {
    if (CLOSES_P.has(name)) implied(PARAGRAPH, CONTAINERS, start);
    if (ENDS[name]) implied(...ENDS[name], start);
    if (VOID.has(name) || (name.includes(":") && source[end - 2] === "/")) {
      put("void", start, end, name, attributes);
      return;
    }
    put("open", start, end, name, attributes);
    const style = attributes.get("style") ?? "";
    const pre = name === "pre" || PRESERVED.test(style) || (top.pre && !COLLAPSED.test(style));
    top = { name, attributes, open: tokens.length - 1, close: -1, parent: top, pre };
    tokens[tokens.length - 1].element = top;
    elements.push(top);
  };

  let at = 0;
  let from = 0;
  while (at < source.length) {
    const bracket = source.indexOf("<", at);
    const next = source[bracket + 1] ?? "";
    const ending = next === "/";
    const letter = /[a-z]/iu.test(ending ? (source[bracket + 2] ?? "") : next);
    if (bracket < 0) break;
    if (!letter && next !== "!" && next !== "?" && !(ending && bracket + 2 < source.length)) {
      at = bracket + 1;
      continue;
    }
    put("text", from, bracket);
    if (!letter) {
      at = commentEnd(source, bracket);
      put("other", bracket, at);
    } else {
      const { name, end, attributes } = tagAt(source, bracket, bracket + (ending ? 2 : 1));
      at = end;
      if (name === "") put("other", bracket, end);
      else if (ending) close(name, bracket, end);
      else if (RAW.has(name)) {
        const closing = new RegExp(`</${name}(?=[\\s/>])[^>]*>?`, "giu");
        closing.lastIndex = end;
        at = closing.test(source) ? closing.lastIndex : source.length;
        put("other", bracket, at, name);
      } else open(name, bracket, end, attributes);
    }
    from = at;
  }
  put("text", from, source.length);
  while (top !== root) pop(source.length, source.length);
  return { tokens, root, elements };
}

/**
 * Words as markup; what would not be seen as it is is spelled out.
 * @param {string} text without line breaks
 */
export function escaped(text) {
  return text.replace(/&/gu, "&amp;").replace(/</gu, "&lt;").replace(/>/gu, "&gt;").replace(/\u00a0/gu, "&nbsp;");
}
