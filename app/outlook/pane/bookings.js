/**
 * Proposed holds and the user's own calendar: what stands there, what is free, and what is made at a press.
 * A window to sign in is only ever shown because a button was pressed.
 */

import { Failure } from "/static/client.js";
import { Calls } from "./calls.js";
import { Standing } from "./standing.js";

/** For how long an answer of the calendar is taken as it is, in milliseconds: drafts are reviewed at every pause. */
const FRESH = 60_000;
/** How long the calendar is left alone after it failed, in milliseconds. */
const REST = 15_000;
/** The most entries that a review takes, and the lengths of a hold that the service looks for, in minutes. */
const MOST = 50;
const [SHORTEST, LONGEST] = [5, 480];

/**
 * @typedef {import("./standing.js").Hold} Hold
 * @typedef {import("./standing.js").Found} Found
 * @typedef {import("./standing.js").Booking} Booking
 * @typedef {{days: string[], start: string, end: string}} Hours
 *
 * @typedef {object} Entry a hold of a review
 * @property {Booking} booking
 * @property {string} event the id of its event, "" without one
 * @property {number} at when the calendar last told, in milliseconds
 * @property {Promise<void> | null} asking
 * @property {Promise<void> | null} work
 */

/** @param {Hold} hold */
const keyOf = ({ id, start, end }) => `${id} ${start} ${end}`;

/**
 * @param {Booking["state"]} state
 * @param {string} [problem]
 * @returns {Booking}
 */
const plain = (state, problem = "") => ({ state, slot: null, url: null, undo: null, problem });

export class Bookings {
  /** @type {Standing[]} what stands for the thread, as the `standing` of a review takes it */
  standing = [];
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  #thread = "";
  /** Counts the items: an answer of an earlier one comes too late. */
  #item = 0;
  /** Counts what was made and removed: what was read before it no longer holds. */
  #turn = 0;
  #seen = { thread: "", at: -Infinity };
  #restUntil = -Infinity;
  /** @type {Hours | null} */
  #hours = null;

  /**
   * @param {object} parts
   * @param {import("/static/client.js").Client} parts.client
   * @param {import("./sign_in.js").SignIn} parts.signIn
   * @param {() => void} parts.changed called after each change of a state
   * @param {(key: string) => string} [parts.say] words for what the service has none for: it was not reached
   */
  constructor({ client, signIn, changed, say = () => "" }) {
    this.calls = new Calls({ client, signIn });
    this.signIn = signIn;
    this.changed = changed;
    this.say = say;
  }

  /**
   * @param {Hold} hold
   * @returns {Booking | undefined}
   */
  of(hold) {
    return this.#entries.get(keyOf(hold))?.booking;
  }

  // Looking

  /**
   * See which holds stand already, and whether the others' times are free. Never shows a window, never throws.
   * @param {Hold[]} holds
   * @param {{thread: string, zone: string, hours?: Hours | null}} where `thread` is the text that names the thread
   *   in the review, "" when it has none: then the holds tell
   */
  async look(holds, { thread, zone, hours = null }) {
    if (thread !== this.#thread) {
      this.#item += 1;
      this.#turn += 1;
      this.#thread = thread;
      this.#entries.clear();
      this.standing = [];
      this.#seen = { thread: "", at: -Infinity };
    }
    this.#hours = hours;
    const item = this.#item;
    const entries = holds.map((hold) => ({ hold, entry: this.#entry(hold) }));
    for (const { hold, entry } of entries) this.#recognise(hold, entry);
    this.changed();
    try {
      const token = Date.now() < this.#restUntil ? null : await this.signIn.token();
      if (token !== null && item === this.#item) {
        await this.#recall(thread || (holds[0]?.thread ?? ""), zone, token);
        if (item === this.#item) await Promise.all(entries.map(({ hold, entry }) => this.#offer(hold, entry, token)));
      }
    } catch (error) {
      this.#rest(error);
    }
    if (item !== this.#item) return;
    for (const { entry } of entries) if (entry.booking.state === "looking") entry.booking = plain("unknown");
    this.changed();
  }

  /** @param {unknown} error what the calendar could not do is not worth a word before anybody asked for it */
  #rest(error) {
    if (!(error instanceof Failure)) reportError(error);
    this.#restUntil = Date.now() + (error instanceof Failure ? Math.max(REST, error.wait * 1000) : REST);
  }

  /** @param {Hold} hold */
  #entry(hold) {
    const key = keyOf(hold);
    const known = this.#entries.get(key);
    if (known) return known;
    /** @type {Entry} */
    const entry = { booking: plain("looking"), event: "", at: -Infinity, asking: null, work: null };
    this.#entries.set(key, entry);
    return entry;
  }

  /**
   * Whether the hold stands, as far as is known.
   * @param {Hold} hold
   * @param {Entry} entry
   */
  #recognise(hold, entry) {
    if (entry.work) return true;
    const found = this.standing.find((standing) => standing.standsFor(hold));
    if (found) {
      if (entry.event !== found.event || entry.booking.state !== "made") entry.booking = found.booking;
      entry.event = found.event;
      return true;
    }
    if (entry.booking.state === "made") Object.assign(entry, { booking: plain("looking"), event: "", at: -Infinity });
    return false;
  }

  /**
   * Read what stands for the thread.
   * @param {string} thread
   * @param {string} zone
   * @param {string} token
   */
  async #recall(thread, zone, token) {
    const seen = this.#seen;
    if (thread === "" || (seen.thread === thread && Date.now() < seen.at + FRESH)) return;
    const turn = this.#turn;
    const query = new URLSearchParams({ thread, calendar: "microsoft", time_zone: zone });
    const { holds } = await this.calls.once("GET", `/v1/holds?${query}`, { token });
    if (turn !== this.#turn) return;
    this.#seen = { thread, at: Date.now() };
    const found = /** @type {Found[]} */ (holds).slice(0, MOST).map((one) => new Standing(one, thread));
    // A new draft has no thread but its subject, and that changes: what was made before stays known.
    const kept = this.#thread === "" ? this.standing.filter((one) => one.thread !== thread) : [];
    this.standing = [...found, ...kept.filter((one) => !found.some(({ event }) => event === one.event))];
  }

  /**
   * Whether the time of a hold is free, and where it would go instead.
   * @param {Hold} hold
   * @param {Entry} entry
   * @param {string} token
   */
  async #offer(hold, entry, token) {
    if (this.#recognise(hold, entry) || hold.all_day || Date.now() < entry.at + FRESH) return;
    entry.asking ??= this.#ask(hold, entry, token).finally(() => (entry.asking = null));
    await entry.asking;
  }

  /**
   * @param {Hold} hold
   * @param {Entry} entry
   * @param {string} token
   */
  async #ask(hold, entry, token) {
    const turn = this.#turn;
    const [start, end] = [Date.parse(hold.start), Date.parse(hold.end)];
    const json = {
      kind: hold.kind,
      duration_minutes: Math.min(Math.max(Math.round((end - start) / 60_000), SHORTEST), LONGEST),
      time_zone: hold.time_zone,
      calendar: "microsoft",
      start: hold.start,
      after: hold.start,
      count: 1,
      ...(this.#hours ? { working_hours: this.#hours } : {}),
    };
    const { slots, clash, partial } = await this.calls.once("POST", "/v1/holds/slots", { json, token });
    if (turn !== this.#turn || entry.work) return;
    entry.at = Date.now();
    if (!clash) {
      entry.booking = plain(partial ? "unknown" : "free");
      return;
    }
    // A promise keeps its hour, what prepares for a call goes before it, and what is past goes nowhere.
    const moves = hold.kind !== "commitment" && hold.kind !== "prepare" && start >= Date.now();
    const slot = moves && slots[0] ? { start: slots[0].start, end: slots[0].end } : null;
    entry.booking = { ...plain("taken"), slot };
  }

  // Making and removing

  /**
   * Put a hold into the calendar: once, however often it is pressed.
   * @param {Hold} hold
   */
  async make(hold) {
    const entry = this.#entry(hold);
    if (entry.booking.state !== "made") await this.#once(entry, () => this.#make(hold, entry));
  }

  /**
   * @param {Hold} hold
   * @param {Entry} entry
   */
  async #make(hold, entry) {
    const item = this.#item;
    const json = { hold, calendar: "microsoft", ...(this.#hours ? { working_hours: this.#hours } : {}) };
    // The same for all repeats of this press: an answer that was lost is given again.
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const made = await this.calls.insist("POST", "/v1/holds", { json, headers });
    if (item !== this.#item) return;
    this.#turn += 1;
    const { id, kind, title, start, end, all_day } = made.hold;
    const found = { hold: id, kind, title, start, end, all_day, event: made.event, undo: made.undo };
    const standing = new Standing(found, hold.thread ?? "");
    this.standing = [...this.standing.filter(({ event }) => event !== standing.event), standing].slice(-MOST);
    Object.assign(entry, {
      booking: { ...standing.booking, moved: made.moved, clash: made.clash },
      event: standing.event,
    });
  }

  /**
   * Take a hold's entry out of the calendar again.
   * @param {Hold} hold
   */
  async undo(hold) {
    const entry = this.#entry(hold);
    const { undo } = entry.booking;
    if (!undo) return;
    await this.#once(entry, async () => {
      const item = this.#item;
      await this.#remove(undo);
      if (item !== this.#item) return;
      this.#forget(entry.event);
      Object.assign(entry, { booking: plain("looking"), event: "", at: -Infinity });
    });
    if (entry.booking.state !== "looking" || entry.work) return;
    this.changed();
    try {
      const token = await this.signIn.token();
      if (token !== null) await this.#offer(hold, entry, token);
    } catch (error) {
      this.#rest(error);
    }
    if (entry.booking.state === "looking") entry.booking = plain("unknown");
    this.changed();
  }

  /**
   * Take an entry of the thread out of the calendar. Raises Failure.
   * @param {string} event
   */
  async release(event) {
    const item = this.#item;
    const found = this.standing.find((one) => one.event === event);
    if (!found) return;
    await this.#remove(found.undo);
    if (item !== this.#item) return;
    this.#forget(event);
    for (const entry of this.#entries.values()) {
      if (entry.event === event) Object.assign(entry, { booking: plain("unknown"), event: "", at: -Infinity });
    }
    this.changed();
  }

  /** @param {string} event */
  #forget(event) {
    this.#turn += 1;
    this.standing = this.standing.filter((one) => one.event !== event);
  }

  /** @param {string} undo */
  async #remove(undo) {
    try {
      await this.calls.insist("DELETE", undo);
    } catch (error) {
      // It is gone, which is what was asked for.
      if (!(error instanceof Failure) || error.code !== "hold-gone") throw error;
    }
  }

  /**
   * Work on an entry, unless it is being worked on; what goes wrong is told in its booking.
   * @param {Entry} entry
   * @param {() => Promise<void>} work
   */
  #once(entry, work) {
    entry.work ??= (async () => {
      const before = entry.booking;
      const item = this.#item;
      this.#turn += 1;
      entry.booking = { ...before, state: "working", problem: "" };
      this.changed();
      try {
        await work();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        // Whoever closes the window has changed their mind: nothing is wrong.
        if (error.kind === "cancelled") entry.booking = before.state === "looking" ? plain("unknown") : before;
        else {
          entry.booking = { ...before, state: "failed", problem: this.#words(error) };
          entry.at = Date.now();
        }
      } finally {
        if (entry.booking.state === "working") entry.booking = before;
        entry.work = null;
        this.#restUntil = -Infinity;
        if (item === this.#item) this.changed();
      }
    })();
    return entry.work;
  }

  /** @param {Failure} failure */
  #words({ detail, kind }) {
    return detail || this.say(["away", "sign-in", "popup"].includes(kind) ? `${kind}-text` : "failed-title");
  }
}
