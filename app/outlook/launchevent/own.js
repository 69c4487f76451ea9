/** The writer's own words in a plain text, and the message they answer; as app/tone/segments.py, but simpler. */

/** Cue lines are short: of a longer line the beginning is enough. */
const LOOK = 400;
const HEAD_LINES = 8;
const ATTRIBUTION_LINES = 3;
const HISTORY = 10000;
const RULED = /^[-_*=~]{3,}$/;
const DATED = /\d{4}|\d[:.h]\s?\d\d|@|\d\s?[ap]m\b/;

/** @type {Record<string, Matcher>} */
const cueMatchers = {};

/** @param {string} name @param {string} text @param {boolean} atStart */
function cue(name, text, atStart) {
  if (!cueMatchers[name]) cueMatchers[name] = matcherOf(DATA.cues[name]);
  look(text);
  if (atStart) return cueMatchers[name](0, (at) => at) >= 0;
  return find(cueMatchers[name], null, 0) !== null;
}

/** @param {string} line */
const bare = (line) => line.replace(/^[*_ ]+/, "").replace(":*", ":");

/** @param {string} line a separator, not a sentence that speaks of one */
const isRuledIn = (line) => /^(?:--|==|__|\*\*)/.test(line) || /:$/.test(line) || line.split(" ").length <= 3;

/** @param {string} line */
const isMark = (line) => (cue("original", line, true) || cue("forwarded", line, true)) && isRuledIn(line);

/** @param {string[]} lines folded @param {number} index whether the head of a quoted message begins there */
function isHead(lines, index) {
  if (!cue("from", bare(lines[index]), true)) return false;
  for (let at = index + 1; at < lines.length && at <= index + HEAD_LINES; at += 1) {
    if (cue("proof", bare(lines[at]), true)) return true;
    if (lines[at] !== "" && !cue("more", bare(lines[at]), true) && lines[at].indexOf("@") < 0) return false;
  }
  return false;
}

/** @param {string[]} lines folded @param {number} index how many lines announce a quotation: 0 for none */
function announcing(lines, index) {
  let joined = "";
  for (let count = 1; count <= ATTRIBUTION_LINES && index + count <= lines.length; count += 1) {
    const line = lines[index + count - 1];
    if (line === "" || line[0] === ">") return 0;
    joined = (joined + " " + line).trim();
    if (/:[*_ ]*$/.test(line)) {
      const told = cue("wrote", joined, false) && !cue("neverWrote", joined, false) && DATED.test(joined);
      if (told && (cue("wroteStart", joined, true) || cue("wroteEnd", joined, false))) return count;
      return 0;
    }
    if (count === 1 && !cue("wroteStart", joined, true) && !DATED.test(joined)) return 0;
  }
  return 0;
}

/**
 * @param {string} text
 * @param {boolean} [inside] whether it is the quoted message that is cut out
 * @returns {{own: string, history: string}}
 */
function ownWords(text, inside) {
  const lines = text.split(/\r\n|\r|\n/);
  const folded = lines.map((line) => fold(line.slice(0, LOOK)).text.trim());
  /** @type {string[]} */
  const own = [];
  /** @type {string[]} */
  const quoted = [];
  let index = 0;
  let cut = -1;
  while (index < lines.length && cut < 0) {
    const line = folded[index];
    const announced = announcing(folded, index);
    let below = index + announced;
    while (below < lines.length && folded[below] === "") below += 1;
    if (line[0] === ">") {
      quoted.push(lines[index].replace(/^[> ]+/, ""));
      index += 1;
    } else if (announced > 0) {
      // Answers may stand between the quoted lines.
      index += announced;
      if (below >= lines.length || folded[below][0] !== ">") cut = index;
    } else if (line !== "" && isMark(line)) {
      cut = index + 1;
    } else if (line !== "" && isHead(folded, index)) {
      cut = index;
    } else if (RULED.test(line) && index + 1 < lines.length && cue("from", bare(folded[index + 1]), true)) {
      cut = index + 1;
    } else {
      own.push(lines[index]);
      index += 1;
    }
  }
  if (inside) return { own: own.join("\n").trim(), history: "" };
  let history = quoted.join("\n");
  if (cut >= 0) {
    let at = cut;
    while (at < lines.length && folded[at] === "") at += 1;
    if (at < lines.length && cue("from", bare(folded[at]), true)) {
      while (at < lines.length && folded[at] !== "") at += 1;
    }
    const rest = lines.slice(at).map((line) => line.replace(/^[> ]+/, "")).join("\n");
    history = ownWords(rest.slice(0, HISTORY), true).own;
  }
  return { own: own.join("\n").trim(), history: history.slice(0, HISTORY).trim() };
}
