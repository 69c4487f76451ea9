/** Where words are after the text around them has changed, and which changes can be undone. */

/**
 * @typedef {import("./types.js").Range} Range
 * @typedef {import("./types.js").Change} Change
 * @typedef {{start: number, end: number, length: number}} Edit what stood at start..end gave way to `length` units
 */

/**
 * The smallest edit that turns one text into the other.
 * @param {string} before
 * @param {string} after
 * @returns {Edit | null} null when they are equal
 */
export function difference(before, after) {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return { start: head, end: before.length - tail, length: after.length - tail - head };
}

/**
 * The same stretch after an edit; null when the edit touched it.
 * @template {Range} T
 * @param {T} range
 * @param {Edit} edit
 * @returns {T | null}
 */
export function shifted(range, edit) {
  const delta = edit.length - (edit.end - edit.start);
  if (edit.end <= range.start) return { ...range, start: range.start + delta, end: range.end + delta };
  return edit.start >= range.end ? range : null;
}

/**
 * Like `shifted`, but an edit inside the stretch only changes its length: a filled-in place is
 * still part of the change that brought it. Where the place stood last, typing that goes on at
 * the end still fills it in (`open`).
 * @template {Range & {open?: boolean}} T
 * @param {T} range
 * @param {Edit} edit
 * @returns {T | null}
 */
export function stretched(range, edit) {
  const inside = range.start <= edit.start && edit.start < range.end && edit.end <= range.end;
  const goesOn = range.open === true && edit.start === range.end && edit.end === range.end;
  if (inside || goesOn) {
    const end = range.end + edit.length - (edit.end - edit.start);
    return { ...range, end, open: edit.end === range.end };
  }
  const moved = shifted(range, edit);
  return moved && { ...moved, open: false };
}

/** The changes that the page made, each with the place of its words now. */
export class Ledger {
  /** @type {Change[]} */
  changes = [];
  #made = 0;

  /**
   * Note a change that was just made. `edited` has seen its edit already.
   * @param {Omit<Change, "id">} change
   * @returns {Change}
   */
  add(change) {
    this.#made += 1;
    const made = { ...change, id: String(this.#made) };
    this.changes = [...this.changes, made];
    return made;
  }

  /** @param {string} id */
  find(id) {
    return this.changes.find((change) => change.id === id);
  }

  /** @param {string} id */
  remove(id) {
    this.changes = this.changes.filter((change) => change.id !== id);
  }

  /**
   * Follow an edit of the text. A change that lost its own words can no longer be undone.
   * @param {Edit} edit
   */
  edited(edit) {
    this.changes = this.changes.flatMap((change) => stretched(change, edit) ?? []);
  }

  clear() {
    this.changes = [];
  }
}
