/** Rewrites of a text made ready for what it was read from: no double blank, no line left empty, as little as possible touched. */

/** @typedef {{start: number, end: number, words: string}} Rewrite */
/** @typedef {{text: string, from: number[], to: number[]}} Mapped */

const WHITE = /\s/u;

/**
 * Rewrites between which nothing stands but white space, as one.
 * @param {string} text
 * @param {Rewrite[]} rewrites sorted, disjoint
 */
function joined(text, rewrites) {
  /** @type {Rewrite[]} */
  const out = [];
  for (const { start, end, words } of rewrites) {
    const last = out.at(-1);
    if (last && text.slice(last.end, start).trim() === "") {
      last.words += text.slice(last.end, start) + words;
      last.end = end;
    } else out.push({ start, end, words });
  }
  return out;
}

/**
 * A rewrite that covers no half of what stands or falls together.
 * @param {Mapped} mapped
 * @param {Rewrite} rewrite
 */
function whole({ text, from, to }, { start, end, words }) {
  const together = (/** @type {number} */ at) => at > 0 && at < text.length && from[at] === from[at - 1] && to[at] === to[at - 1];
  while (together(start)) {
    start -= 1;
    words = text[start] + words;
  }
  while (together(end) && end > start) {
    words += text[end];
    end += 1;
  }
  return { start, end, words };
}

/**
 * @param {string} text
 * @param {Rewrite} rewrite
 * @returns {Rewrite}
 */
function tidy(text, { start, end, words }) {
  const before = () => (start === 0 ? "\n" : text[start - 1]);
  const after = () => (end === text.length ? "\n" : text[end]);
  const gapBefore = () => /\s*$/u.exec(text.slice(0, start))?.[0] ?? "";
  const gapAfter = () => /^\s*/u.exec(text.slice(end))?.[0] ?? "";
  words = words.replace(/\r\n?/gu, "\n").replace(/[^\S\n]*\n[^\S\n]*/gu, "\n").replace(/\n{3,}/gu, "\n\n");
  if (WHITE.test(before())) words = words.replace(/^[ \t]+/u, "");
  if (WHITE.test(after())) words = words.replace(/[ \t]+$/u, "");
  if (words.trim() === "" && words.includes("\n")) {
    // Only a break: it takes the place of what white space there was.
    words = gapBefore() + words + gapAfter();
    start -= gapBefore().length;
    end += gapAfter().length;
    words = start === 0 || end === text.length ? "" : "\n".repeat(Math.min(2, words.split("\n").length - 1));
    return { start, end, words };
  }
  if (words.startsWith("\n") && WHITE.test(before())) {
    const gap = gapBefore();
    const lines = (gap + (/^\n+/u.exec(words)?.[0] ?? "")).split("\n").length - 1;
    words = (start === gap.length ? "" : "\n".repeat(Math.min(2, lines))) + words.replace(/^\n+/u, "");
    start -= gap.length;
  }
  if (words.endsWith("\n") && WHITE.test(after())) {
    const gap = gapAfter();
    const lines = (gap + (/\n+$/u.exec(words)?.[0] ?? "")).split("\n").length - 1;
    words = words.replace(/\n+$/u, "") + (end + gap.length === text.length ? "" : "\n".repeat(Math.min(2, lines)));
    end += gap.length;
  }
  if (words !== "" || start === end) return { start, end, words };
  if (before() === "\n" && after() === "\n") {
    // The line goes, and with it the smaller of the gaps around it.
    const [above, below] = [gapBefore(), gapAfter()];
    const lines = (/** @type {string} */ gap) => gap.split("\n").length;
    if (start > above.length && (end + below.length === text.length || lines(above) <= lines(below))) start -= above.length;
    else end += below.length;
  } else if (WHITE.test(before()) && WHITE.test(after())) {
    // A blank that is left beside a line break is not seen, the break is.
    if (before() === "\n") end += 1;
    else start -= 1;
  }
  return { start, end, words };
}

/**
 * A rewrite without the words at its ends that stay.
 * @param {string} text
 * @param {Rewrite} rewrite
 */
function trimmed(text, { start, end, words }) {
  const [olds, news] = [text.slice(start, end), words].map((one) => one.match(/\s+|\S+/gu) ?? []);
  let head = 0;
  while (head < olds.length && head < news.length && olds[head] === news[head]) head += 1;
  let tail = 0;
  while (tail < olds.length - head && tail < news.length - head && olds.at(-1 - tail) === news.at(-1 - tail)) tail += 1;
  return {
    start: start + olds.slice(0, head).join("").length,
    end: end - olds.slice(olds.length - tail).join("").length,
    words: news.slice(head, news.length - tail).join(""),
  };
}

/**
 * The parts of a rewrite that change something, line by line where the lines are still the same ones, so that
 * each keeps its own formatting.
 * @param {string} text
 * @param {Rewrite} rewrite
 * @returns {Rewrite[]}
 */
function apart(text, rewrite) {
  let { start, end, words } = trimmed(text, rewrite);
  const [olds, news] = [text.slice(start, end), words].map((one) => one.split(/([^\S\n]*\n\s*)/u));
  /** @type {Rewrite[]} */
  const above = [];
  /** @type {Rewrite[]} */
  const below = [];
  while (olds.length > 2 && news.length > 2 && olds[1] === news[1]) {
    const [line, gap] = olds.splice(0, 2);
    above.push({ start, end: start + line.length, words: news.splice(0, 2)[0] });
    start += line.length + gap.length;
  }
  while (olds.length > 2 && news.length > 2 && olds.at(-2) === news.at(-2)) {
    const [gap, line] = olds.splice(-2);
    below.unshift({ start: end - line.length, end, words: news.splice(-2)[1] });
    end -= line.length + gap.length;
  }
  return [...above, { start, end, words: news.join("") }, ...below]
    .map((one) => trimmed(text, one))
    .filter((one) => text.slice(one.start, one.end) !== one.words);
}

/**
 * @param {Mapped} mapped
 * @param {Rewrite[]} rewrites sorted, disjoint; what lies outside the text is moved to its edge
 * @returns {Rewrite[]} sorted, with words between any two
 */
export function plan(mapped, rewrites) {
  const { text } = mapped;
  const inside = (/** @type {number} */ at) => Math.max(0, Math.min(at, text.length));
  let reach = 0;
  const sound = rewrites.map(({ start, end, words }) => {
    start = Math.max(inside(start), reach);
    reach = Math.max(inside(end), start);
    return { start, end: reach, words };
  });
  const entire = joined(text, sound).map((one) => whole(mapped, one));
  return joined(text, entire).flatMap((one) => apart(text, tidy(text, one)));
}
