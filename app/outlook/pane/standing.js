/** Entries that stand in the calendar, as the service tells of them. */

/**
 * @typedef {import("/static/types.js").Hold & {thread?: string}} Hold `thread`: the digest of its thread
 * @typedef {import("/static/types.js").Booking & {moved?: boolean, clash?: boolean}} Booking
 *   `moved`: not at the time that was asked for; `clash`: something else lies there too
 *
 * @typedef {object} Found an answer of GET /v1/holds
 * @property {string} hold
 * @property {string} kind
 * @property {string} title
 * @property {string} start
 * @property {string} end
 * @property {boolean} all_day
 * @property {{id: string, url?: string | null}} event
 * @property {string} undo
 */

/** An entry that stands, in the fields that a review takes of it; what else is known of it is not sent along. */
export class Standing {
  #found;
  #thread;

  /**
   * @param {Found} found
   * @param {string} thread the digest of its thread
   */
  constructor(found, thread) {
    this.event = found.event.id;
    this.kind = found.kind;
    this.start = found.start;
    this.end = found.end;
    this.all_day = found.all_day;
    this.#found = found;
    this.#thread = thread;
  }

  get title() {
    return this.#found.title;
  }

  get undo() {
    return this.#found.undo;
  }

  get thread() {
    return this.#thread;
  }

  /** @returns {Booking} */
  get booking() {
    const { start, end, event, undo } = this.#found;
    return { state: "made", slot: { start, end }, url: event.url ?? null, undo, problem: "" };
  }

  /**
   * Whether it is the entry of a hold, as the service judges it: proposed anew an hour later, the same
   * follow-up has another id. Of promises there may be several.
   * @param {Hold} hold
   */
  standsFor(hold) {
    if (this.#found.hold === hold.id) return true;
    return hold.kind !== "commitment" && this.kind === hold.kind && Date.parse(this.end) > Date.now();
  }
}
