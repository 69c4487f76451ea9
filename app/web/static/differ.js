/** What differs between two texts, word by word. */

/** @typedef {{kind: "same" | "del" | "ins", text: string}} Piece */

const TOKEN = /\s+|[\p{L}\p{M}\p{N}_]+(?:['’-][\p{L}\p{M}\p{N}_]+)*|[^\s\p{L}\p{M}\p{N}_]/gu;
const WORD = /[\p{L}\p{N}]+/gu;
/** Beyond this many differing words the texts are shown one after the other: time grows with its square. */
const MOST = 1200;

/**
 * Pieces that make `before` without the "ins" ones and `after` without the "del" ones. Myers'
 * greedy algorithm (Algorithmica 1, 1986) over words, blanks and marks.
 * @param {string} before
 * @param {string} after
 * @returns {Piece[]}
 */
export function words(before, after) {
  const a = before.match(TOKEN) ?? [];
  const b = after.match(TOKEN) ?? [];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const middle = steps(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  return tidy([
    { kind: "same", text: a.slice(0, head).join("") },
    ...middle,
    { kind: "same", text: a.slice(a.length - tail).join("") },
  ]);
}

/**
 * @param {string[]} a
 * @param {string[]} b
 * @returns {Piece[]}
 */
function steps(a, b) {
  /** @type {Map<number, number>} furthest x on each diagonal x - y */
  let reach = new Map([[1, 0]]);
  const trace = [];
  for (let d = 0; d <= Math.min(a.length + b.length, MOST); d += 1) {
    trace.push(new Map(reach));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
      let x = down ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reach.set(k, x);
      if (x >= a.length && x - k >= b.length) return walk(a, b, trace);
    }
  }
  return [
    { kind: "del", text: a.join("") },
    { kind: "ins", text: b.join("") },
  ];
}

/**
 * The steps that led to the end, from the recorded reaches.
 * @param {string[]} a
 * @param {string[]} b
 * @param {Map<number, number>[]} trace
 * @returns {Piece[]}
 */
function walk(a, b, trace) {
  /** @type {Piece[]} */
  const pieces = [];
  let [x, y] = [a.length, b.length];
  for (let d = trace.length - 1; d > 0; d -= 1) {
    const reach = trace[d];
    const k = x - y;
    const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
    const before = down ? k + 1 : k - 1;
    const fromX = reach.get(before) ?? 0;
    const fromY = fromX - before;
    while (x > fromX && y > fromY) {
      pieces.push({ kind: "same", text: a[x - 1] });
      x -= 1;
      y -= 1;
    }
    if (down) {
      pieces.push({ kind: "ins", text: b[y - 1] });
      y -= 1;
    } else {
      pieces.push({ kind: "del", text: a[x - 1] });
      x -= 1;
    }
  }
  while (x > 0) {
    pieces.push({ kind: "same", text: a[x - 1] });
    x -= 1;
  }
  return pieces.reverse();
}

/** A stretch of so few words between two changes is chance, not something that stayed. */
const CHANCE = 2;

/**
 * Neighbours of one kind joined, deletions before insertions. What stayed by chance between two
 * changes goes with them, so that a changed phrase reads as one.
 * @param {Piece[]} pieces
 * @returns {Piece[]}
 */
function tidy(pieces) {
  /** @type {Piece[]} */
  const out = [];
  let gone = "";
  let come = "";
  const joined = join(pieces);
  joined.forEach((piece, i) => {
    const between = i > 0 && i + 1 < joined.length && !piece.text.includes("\n");
    const kept = piece.kind === "same" && !(between && (piece.text.match(WORD) ?? []).length <= CHANCE);
    if (!kept) {
      if (piece.kind !== "ins") gone += piece.text;
      if (piece.kind !== "del") come += piece.text;
    }
    if (kept || i + 1 === joined.length) {
      out.push({ kind: "del", text: gone }, { kind: "ins", text: come });
      gone = come = "";
    }
    if (kept) out.push(piece);
  });
  return out.filter(({ text }) => text !== "");
}

/**
 * @param {Piece[]} pieces
 * @returns {Piece[]}
 */
function join(pieces) {
  /** @type {Piece[]} */
  const out = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (piece.text === "") continue;
    if (last?.kind === piece.kind) last.text += piece.text;
    else out.push({ ...piece });
  }
  return out;
}
