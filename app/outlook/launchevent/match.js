/** Finds patterns in folded text as Python's `regex` does: the leftmost, and of those the one tried first. */

/**
 * @typedef {(at: number) => number} Then where the rest of a match ends, -1 when it fails
 * @typedef {(at: number, then: Then) => number} Matcher
 */

/** Steps and milliseconds for all searches of one text: a mail is answered, however odd it is, on whatever machine. */
const STEPS = 24000000;
const SEARCHING = 1500;
/** The clock is looked at once in so many steps. */
const WATCHED = 50000;
/** How far back a pattern looks that sets no limit of its own. */
const BACK = 24;

let subject = "";
let stepsLeft = 0;
let watchAt = 0;
let until = 0;
class Spent extends Error {}

/** @param {number} steps */
function spend(steps) {
  stepsLeft -= steps;
  if (stepsLeft > watchAt) return;
  if (stepsLeft < 0 || Date.now() > until) throw new Spent();
  watchAt = stepsLeft - WATCHED;
}

/** @type {Matcher[]} */
const sharedMatchers = [];
/** @type {number[]} what kind a letter is: 1 of words, 2 a digit */
const kinds = [];

/** @param {number} code */
function kindOf(code) {
  if (typeof kinds[code] === "number") return kinds[code];
  let kind = 0;
  if (code < DATA.known) {
    if (within(DATA.letters, code)) kind = 1;
    if (within(DATA.digits, code)) kind += 2;
  } else if (code < 0x2000 || (code > 0x2bff && code < 0xd800 && (code < 0x3000 || code > 0x303f))) {
    kind = 1;
  }
  kinds[code] = kind;
  return kind;
}

/** @param {number} at */
const isWordAt = (at) => at >= 0 && at < subject.length && kindOf(subject.charCodeAt(at)) % 2 === 1;

/** @param {number} at */
const isEdge = (at) => isWordAt(at - 1) !== isWordAt(at);

/** @param {number} code @param {string} kind */
function isOf(code, kind) {
  if (kind === "s") return code === 32;
  if (kind === "d") return kindOf(code) >= 2;
  if (kind === "w") return kindOf(code) % 2 === 1;
  return kindOf(code) === 1 && code !== 95;
}

/** @param {any[]} node @returns {(at: number) => boolean} whether one character of the set stands there */
function setOf(node) {
  /** @type {number[]} */
  const pairs = [];
  for (let at = 0; at < node[2].length; at += 1) pairs.push(node[2].charCodeAt(at));
  /** @type {boolean[]} */
  const known = [];
  /** @param {number} code */
  const tell = (code) => {
    let found = false;
    for (let at = 0; at < pairs.length && !found; at += 2) found = code >= pairs[at] && code <= pairs[at + 1];
    for (let at = 0; at < node[3].length && !found; at += 1) found = isOf(code, node[3][at]);
    return found !== Boolean(node[1]);
  };
  return (at) => {
    if (at >= subject.length) return false;
    const code = subject.charCodeAt(at);
    if (typeof known[code] !== "boolean") known[code] = tell(code);
    return known[code];
  };
}

/** @param {string} words @returns {Matcher} */
const literal = (words) => (at, then) => {
  spend(1);
  if (subject.startsWith(words, at)) return then(at + words.length);
  return -1;
};

/** @param {Matcher[]} parts @returns {Matcher} */
function sequence(parts) {
  return parts.reduceRight((rest, part) => (at, then) => part(at, (next) => rest(next, then)));
}

/**
 * What a match can begin with: letters by their codes; null for anything.
 * @typedef {Record<number, boolean> | null} Firsts
 */

/** @param {Firsts[]} all @returns {Firsts} */
function union(all) {
  /** @type {Record<number, boolean>} */
  const found = {};
  for (const one of all) {
    if (one === null) return null;
    Object.assign(found, one);
  }
  return found;
}

/** @param {Pattern} node @param {() => Firsts} rest what a match goes on with @returns {Firsts} */
function firstsOf(node, rest) {
  if (typeof node === "number") return firstsOf(DATA.shared[node], rest);
  if (typeof node === "string") {
    if (node === "") return rest();
    return { [node.charCodeAt(0)]: true };
  }
  const kind = node[0];
  if (kind === "&") return node.slice(1).reduceRight((after, part) => () => firstsOf(part, after), rest)();
  if (kind === "|") return union(node.slice(1).map((/** @type {Pattern} */ part) => firstsOf(part, rest)));
  if (kind === "/") return union(node[1].split("|").map((/** @type {string} */ word) => firstsOf(word, rest)));
  if (kind === "?" || (kind === "*" && node[2] === 0)) return union([firstsOf(node[1], rest), rest()]);
  if (kind === "*") return firstsOf(node[1], rest);
  if (kind !== "[") return rest();
  if (node[1] === 1 || node[3] !== "") return null;
  /** @type {Record<number, boolean>} */
  const found = {};
  for (let at = 0; at < node[2].length; at += 2) {
    for (let code = node[2].charCodeAt(at); code <= node[2].charCodeAt(at + 1); code += 1) found[code] = true;
  }
  return found;
}

/** @param {Pattern} node @returns {Firsts} */
const beginnings = (node) => firstsOf(node, () => null);

/** @param {Pattern[]} nodes @returns {Matcher} */
function either(nodes) {
  const parts = nodes.map((node) => ({ matcher: matcherOf(node), firsts: beginnings(node) }));
  /** @type {Matcher[][]} the parts that can match before a letter, by its code */
  const before = [];
  return (at, then) => {
    spend(1);
    let code = 0;
    if (at < subject.length) code = subject.charCodeAt(at);
    if (!before[code]) before[code] = parts.filter((part) => part.firsts === null || part.firsts[code]).map((part) => part.matcher);
    for (const matcher of before[code]) {
      const end = matcher(at, then);
      if (end >= 0) return end;
    }
    return -1;
  };
}

/** @param {Matcher} part @param {number} least @param {number} most @param {boolean} lazy @returns {Matcher} */
function repeated(part, least, most, lazy) {
  return (start, then) => {
    /** @param {number} at @param {number} count @returns {number} */
    const go = (at, count) => {
      const more = () => {
        if (count >= most) return -1;
        return part(at, (next) => {
          // A round that took nothing would go on for ever.
          if (next === at && count >= least) return then(next);
          return go(next, count + 1);
        });
      };
      if (count < least) return more();
      let end = -1;
      if (lazy) {
        end = then(at);
        if (end < 0) end = more();
        return end;
      }
      end = more();
      if (end < 0) end = then(at);
      return end;
    };
    return go(start, 0);
  };
}

/** The same for single characters, which takes no stack. @param {(at: number) => boolean} fits @param {number} least @param {number} most @param {boolean} lazy @returns {Matcher} */
function run(fits, least, most, lazy) {
  return (start, then) => {
    let at = start;
    while (at - start < least) {
      if (!fits(at)) return -1;
      at += 1;
    }
    if (lazy) {
      for (;;) {
        const end = then(at);
        if (end >= 0 || at - start >= most || !fits(at)) return end;
        spend(1);
        at += 1;
      }
    }
    while (at - start < most && fits(at)) at += 1;
    spend(at - start + 1);
    for (; at - start >= least; at -= 1) {
      const end = then(at);
      if (end >= 0) return end;
    }
    return -1;
  };
}

/** @param {Matcher} part @param {boolean} negated @param {number} least @param {number} most @returns {Matcher} */
function preceded(part, negated, least, most) {
  return (at, then) => {
    let found = false;
    for (let back = least; back <= most && back <= at && !found; back += 1) {
      found = part(at - back, (end) => { if (end === at) return end; return -1; }) >= 0;
    }
    if (found === negated) return -1;
    return then(at);
  };
}

/** @type {Record<string, (at: number) => boolean>} */
const PLACES = {
  "^": (at) => at === 0,
  $: (at) => at === subject.length,
  b: isEdge,
  B: (at) => !isEdge(at),
};

/** @param {Pattern} node @returns {Matcher} */
function matcherOf(node) {
  if (typeof node === "string") return literal(node);
  if (typeof node === "number") {
    if (!sharedMatchers[node]) sharedMatchers[node] = matcherOf(DATA.shared[node]);
    return sharedMatchers[node];
  }
  const kind = node[0];
  if (PLACES[kind]) return (at, then) => { if (PLACES[kind](at)) return then(at); return -1; };
  if (kind === "&") return sequence(node.slice(1).map(matcherOf));
  if (kind === "|") return either(node.slice(1));
  if (kind === "/") return either(node[1].split("|"));
  if (kind === "?") return repetition(node[1], 0, 1, false);
  if (kind === "*") return repetition(node[1], node[2], node[3], node[4] === 1);
  if (kind === "<") {
    let most = node[4];
    if (most < 0) most = BACK;
    return preceded(matcherOf(node[1]), node[2] === 1, node[3], most);
  }
  if (kind === "[") {
    const fits = setOf(node);
    return (at, then) => { if (fits(at)) return then(at + 1); return -1; };
  }
  const inner = matcherOf(node[1]);
  /** @param {number} at */
  const holds = (at) => (inner(at, (end) => end) >= 0) === (kind === "=");
  if (kind !== "=" && kind !== "!") throw new Error("an unknown pattern");
  return (at, then) => { if (holds(at)) return then(at); return -1; };
}

/** @param {Pattern} node @param {number} least @param {number} most @param {boolean} lazy @returns {Matcher} */
function repetition(node, least, most, lazy) {
  let limit = most;
  if (limit < 0) limit = Infinity;
  let inner = node;
  if (typeof inner === "number") inner = DATA.shared[inner];
  if (Array.isArray(inner) && inner[0] === "[") return run(setOf(inner), least, limit, lazy);
  return repeated(matcherOf(node), least, limit, lazy);
}

/** A new text is searched. @param {string} text folded */
function look(text) {
  subject = text;
  stepsLeft = STEPS;
  watchAt = STEPS - WATCHED;
  until = Date.now() + SEARCHING;
}

/** @param {Matcher} matcher @param {Firsts} firsts of the same pattern @param {number} from @returns {{start: number, end: number} | null} */
function find(matcher, firsts, from) {
  for (let start = from; start <= subject.length; start += 1) {
    if (firsts === null || firsts[subject.charCodeAt(start)]) {
      const end = matcher(start, (at) => at);
      if (end >= 0) return { start, end };
    }
  }
  return null;
}
