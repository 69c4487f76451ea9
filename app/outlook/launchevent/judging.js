/** Whether to ask before a mail goes out: what a review says, and what the rules here say without one. */

/** @type {{rule: Rule, matcher: Matcher, firsts: Firsts}[]} */
const rulesReady = [];

/** Longer mails are not searched whole: no rule needs more to be hit. */
const SEARCHED = 12000;

/** @param {string} text folded @returns {{start: number, end: number}[]} what stands in quotation marks: somebody else's words */
function quotedIn(text) {
  const found = [];
  const pattern = /"[^"]{2,300}"/g;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    found.push({ start: match.index, end: pattern.lastIndex });
  }
  return found;
}

/** @param {{matcher: Matcher, firsts: Firsts}} ready @param {{start: number, end: number}[]} quoted */
function firstUnquoted(ready, quoted) {
  let from = 0;
  for (;;) {
    const hit = find(ready.matcher, ready.firsts, from);
    if (hit === null) return null;
    const at = hit;
    if (at.end > at.start && !quoted.some((one) => one.start <= at.start && at.end <= one.end)) return at;
    from = Math.max(at.end, at.start + 1);
  }
}

/**
 * The first words that a rule catches, in the source's own spelling.
 * @param {string} text
 * @param {number} [only] index of the one rule that is tried
 * @returns {{rule: Rule, words: string} | null}
 */
function caught(text, only) {
  if (rulesReady.length === 0) {
    DATA.rules.forEach((rule) => {
      rulesReady.push({ rule, matcher: matcherOf(rule.pattern), firsts: beginnings(rule.pattern) });
    });
  }
  const source = text.slice(0, SEARCHED);
  const folded = fold(source);
  const quoted = quotedIn(folded.text);
  look(folded.text);
  try {
    for (let index = 0; index < rulesReady.length; index += 1) {
      if (typeof only !== "number" || index === only) {
        const hit = firstUnquoted(rulesReady[index], quoted);
        if (hit !== null) {
          let end = source.length;
          if (hit.end < folded.origins.length) end = folded.origins[hit.end];
          const words = source.slice(folded.origins[hit.start], end).trim();
          return { rule: rulesReady[index].rule, words };
        }
      }
    }
  } catch (error) {
    if (!(error instanceof Spent)) throw error;
  }
  return null;
}

/** @param {string} text @returns {Alert | null} */
function alertOfRules(text) {
  const hit = caught(text);
  if (hit === null) return null;
  return { language: hit.rule.language, opening: "local", words: hit.words, why: hit.rule.why, rest: "" };
}

const SEVERITIES = ["hint", "warning", "error"];

/** @param {any} one @param {any} other whether a finding is the worse of two */
function isWorse(one, other) {
  const step = SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity);
  return step > 0 || (step === 0 && Number(one.confidence) > Number(other.confidence));
}

/** @param {unknown} value */
function textOf(value) {
  if (typeof value === "string") return value;
  return "";
}

/**
 * @param {any} review the answer of POST /v1/reviews
 * @param {string} own language of whoever writes, for a mail whose language nobody knows
 * @returns {Alert | null} null: nothing to ask. Raises an error for what is no review.
 */
function alertOfReview(review, own) {
  if (["good", "mixed", "poor"].indexOf(review.band) < 0) throw new Error("no review of a draft");
  const rest = review.holds.find((/** @type {any} */ hold) => hold.kind === "cooling-off");
  if (review.band !== "poor" && !rest) return null;
  let language = review.language;
  if (!DATA.words[language]) language = own;
  /** @type {Alert} */
  const alert = { language, opening: "poor", words: "", why: "", rest: "" };
  if (rest) {
    alert.opening = "heated";
    alert.rest = textOf(rest.start);
  }
  let worst = null;
  for (const finding of review.findings) {
    if (worst === null || isWorse(finding, worst)) worst = finding;
  }
  if (worst !== null) {
    alert.words = textOf(worst.quote);
    alert.why = textOf(worst.message);
  } else {
    const missing = review.elements.find((/** @type {any} */ element) => element.status === "missing");
    if (missing) alert.why = textOf(missing.message);
  }
  return alert;
}
