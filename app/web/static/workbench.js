/**
 * One text under review, wherever it lies: keeps review, findings and changes on the same text, and
 * does what the parts ask for. The host holds the text (host.js tells what one offers).
 */

import { copy, saveFile } from "./browser.js";
import { joined } from "./calendar.js";
import { Ledger, difference, shifted } from "./ledger.js";
import { panel } from "./panel.js";
import { SLOT, focusKey, refill } from "./parts/dom.js";
import { emptyPart, problemPart } from "./parts/status.js";
import { Reviewer } from "./reviewer.js";
import { rewrites } from "./rewrites.js";

/**
 * @typedef {import("./types.js").Review} Review
 * @typedef {import("./types.js").Finding} Finding
 * @typedef {import("./types.js").Element} Element
 * @typedef {import("./types.js").Change} Change
 * @typedef {import("./types.js").Words} Words
 * @typedef {import("./types.js").Host} Host
 * @typedef {import("./types.js").Bookings} Bookings
 *
 * @typedef {object} Options
 * @property {Host} host
 * @property {import("./client.js").Client} client
 * @property {import("./dismissed.js").Dismissed} dismissed
 * @property {HTMLElement} panel where the review is shown
 * @property {HTMLElement} review holds the panel and takes the focus when nothing in it can
 * @property {() => Words} words
 * @property {(text: string) => Record<string, unknown>} request the body of POST /v1/reviews
 * @property {(text: string) => void} toast
 * @property {((text: string) => void) | null} [told] says the outcome to those who hear the page
 * @property {((review: Review) => void) | null} [reviewed]
 * @property {typeof panel} [view]
 * @property {Bookings | null} [bookings] the user's own calendar
 * @property {"page" | "draft" | "message" | null} [where] what is said when there is no text; null: nothing
 * @property {((failure: import("./client.js").Failure) => boolean) | null} [failed] true: there is nothing to show
 * @property {Record<string, (detail: any) => unknown>} [actions] of the page around it
 */

export class Workbench {
  /** @type {Review | null} */
  review = null;
  /** The text that `review` is of. */
  reviewed = "";
  /** @type {Finding[]} of the review, moved along with the text */
  findings = [];
  /** @type {import("./client.js").Failure | null} */
  failure = null;
  /** @type {string | null} */
  active = null;
  ledger = new Ledger();
  #sayTimer = 0;
  /** @type {Promise<unknown>} writings follow each other, each on the text that the last one left */
  #writing = Promise.resolve();
  #ears = new AbortController();

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.host = options.host;
    this.panel = options.panel;
    this.reviewer = new Reviewer({
      client: options.client,
      text: () => this.host.text(),
      request: options.request,
      busy: (busy) => this.panel.setAttribute("aria-busy", String(busy)),
      show: (review, text) => this.#show(review, text),
      fail: (failure) => this.fail(failure),
    });
    this.host.onChange((_, edit) => {
      this.ledger.edited(edit);
      this.findings = this.findings.flatMap((finding) => shifted(finding, edit) ?? []);
      this.#mark();
      this.reviewer.schedule();
    });
    const { signal } = this.#ears;
    this.panel.addEventListener("tactline", (event) => this.#act(/** @type {CustomEvent} */ (event).detail), { signal });
  }

  get words() {
    return this.options.words();
  }

  start() {
    this.#mark();
    this.render();
    if (this.host.text()) this.reviewer.schedule(0);
  }

  /** Let go of the panel: what is still under way comes to nothing. */
  close() {
    this.#ears.abort();
    this.reviewer.close();
    clearTimeout(this.#sayTimer);
    this.panel.replaceChildren();
  }

  // Showing

  /** @param {import("./client.js").Failure} failure */
  fail(failure) {
    if (this.options.failed?.(failure)) return;
    this.failure = failure;
    this.render();
  }

  /**
   * @param {Review | null} review
   * @param {string} text
   */
  #show(review, text) {
    Object.assign(this, { review, reviewed: text, findings: review?.findings ?? [], failure: null });
    if (!review) this.ledger.clear();
    this.#mark();
    this.render();
    this.#tell();
    if (review) this.options.reviewed?.(review);
  }

  /** @returns {Finding[]} */
  standing() {
    return this.findings.filter((finding) => !this.options.dismissed.has(finding));
  }

  #mark() {
    this.host.mark(this.standing(), this.active);
  }

  render() {
    const { review, failure, words } = this;
    const { view = panel, dismissed, bookings = null, where = "page" } = this.options;
    const parts = failure
      ? [problemPart(failure, words)]
      : review
        ? view(
            {
              review,
              text: this.reviewed,
              current: this.host.text(),
              findings: this.standing(),
              dismissed: this.findings.filter((finding) => dismissed.has(finding)),
              changes: this.ledger.changes,
              bookings,
            },
            words,
          )
        : where ? [emptyPart(words, where)] : [];
    refill(this.panel, parts);
    this.#showActive();
  }

  /** Say the outcome to those who hear the page, once it has settled. */
  #tell() {
    clearTimeout(this.#sayTimer);
    this.#sayTimer = window.setTimeout(() => {
      const { review, words } = this;
      if (!review) return;
      const { say, number } = words;
      this.options.told?.(
        review.score !== null && review.band
          ? say("said-outgoing", {
              score: number(Math.round(review.score)),
              band: say(`word.band.${review.band}`),
              findings: number(this.standing().length),
              missing: number(review.elements.filter(({ status }) => status === "missing").length),
            })
          : say("said-incoming", {
              mood: say(`word.temperature.${review.temperature ?? "calm"}`),
              channel: say(`word.channel.${review.reply_channel}`),
            }),
      );
    }, 700);
  }

  // What the parts ask for

  /** @param {any} detail */
  #act(detail) {
    const other = this.options.actions?.[detail.action];
    if (other) return other(detail);
    switch (detail.action) {
      case "apply": return this.apply(detail.finding, detail.index);
      case "insert": return this.insert(detail.element);
      case "use": return this.use();
      case "undo": return this.undo(detail.change);
      case "dismiss": return this.dismiss(detail.finding);
      case "restore": return this.restore(detail.finding);
      case "show": return this.#fresh() ? this.host.show(detail.start, detail.end) : this.#stale();
      case "copy": return copy(detail.text).then(() => this.options.toast(this.words.say("copied")));
      case "hold": return this.save([detail.hold], `tactline-${detail.hold.kind}.ics`);
      case "holds": return this.save(detail.holds, "tactline.ics");
      case "book": return this.options.bookings?.make(detail.hold);
      case "unbook": return this.options.bookings?.undo(detail.hold);
      case "retry": return this.reviewer.schedule(0);
      default: throw new Error(`unknown action ${detail.action}`);
    }
  }

  /** Whether the review is of the text now. */
  #fresh() {
    return this.review !== null && this.reviewed === this.host.text();
  }

  /** Nothing is written over a text that has changed since: it is reviewed first. */
  #stale() {
    this.options.toast(this.words.say("stale"));
    this.reviewer.schedule(0);
  }

  /**
   * Write into the host's text, one writing after the other.
   * @param {() => import("./types.js").Rewrite[] | null} plan made when it is this one's turn; null: stale by then
   * @returns {Promise<string | null>} the text before, null when nothing was written
   */
  #write(plan) {
    const turn = this.#writing.then(async () => {
      const made = plan();
      const before = this.host.text();
      return made && (await this.host.write(made, before)) ? before : null;
    });
    this.#writing = turn.catch(() => {});
    return turn.catch((error) => {
      this.reviewer.failed(error);
      return null;
    });
  }

  /**
   * Make a change that can be undone, and bring the reader to what it leaves to do.
   * @param {Omit<Change, "id" | "before" | "end">} change `after` in place of the stretch from `start`
   * @param {number} end of that stretch
   * @param {import("./types.js").Rewrite[]} [steps] the same in smaller steps
   */
  async #change(change, end, steps) {
    const { start, after } = change;
    const was = await this.#write(() => (this.#fresh() ? (steps ?? [{ start, end, words: after }]) : null));
    if (was === null) return this.failure ? undefined : this.#stale();
    const now = this.host.text();
    let [begun, before, words] = [start, was.slice(start, end), after];
    if (now !== was.slice(0, start) + after + was.slice(end)) {
      // The host keeps the text in a form of its own: what differs is what was changed.
      const edit = difference(was, now);
      if (!edit) return this.reviewer.schedule(0);
      [begun, before, words] = [edit.start, was.slice(edit.start, edit.end), now.slice(edit.start, edit.start + edit.length)];
    }
    const made = this.ledger.add({ ...change, start: begun, before, after: words, end: begun + words.length });
    this.reviewer.schedule(0);
    this.render();
    const slot = [...words.matchAll(SLOT)][0];
    if (slot) this.host.select(begun + slot.index, begun + slot.index + slot[0].length);
    else focusKey(this.panel, `undo:${made.id}`);
  }

  /**
   * @param {Finding} finding
   * @param {number} index of the replacement
   */
  apply({ guideline, title, start, end, quote, replacements }, index) {
    if (!this.#fresh() || this.host.text().slice(start, end) !== quote) return this.#stale();
    return this.#change({ kind: "replace", guideline, title, start, after: replacements[index] }, end);
  }

  /** @param {Element} element */
  insert(element) {
    if (!this.#fresh() || !this.review || !element.insert) return this.#stale();
    const { guideline, title, insert } = element;
    // Until the next review arrives, it must not be offered again.
    this.review = { ...this.review, elements: this.review.elements.filter((other) => other !== element) };
    return this.#change({ kind: "insert", guideline, title, start: insert.at, after: insert.text }, insert.at);
  }

  use() {
    const revised = this.review?.revised;
    if (!this.#fresh() || typeof revised !== "string") return this.#stale();
    const text = this.host.text();
    const change = /** @type {const} */ ({ kind: "revise", guideline: "", title: "", start: 0, after: revised });
    return this.#change(change, text.length, rewrites(text, revised));
  }

  /** @param {Change} change */
  async undo({ id }) {
    const change = this.ledger.find(id);
    if (!change) return this.render();
    const { start, end, before, kind } = change;
    const steps = kind === "revise" ? rewrites(this.host.text().slice(start, end), before, start) : [{ start, end, words: before }];
    if ((await this.#write(() => (this.ledger.find(id) === change ? steps : null))) === null) {
      return this.failure ? undefined : this.#stale();
    }
    this.ledger.remove(id);
    this.reviewer.schedule(0);
    this.render();
    this.host.select(start, start + before.length);
    // A host that cannot take the focus leaves it nowhere, now that the button is gone.
    if (document.activeElement === document.body) this.options.review.focus({ preventScroll: true });
    return this.options.toast(this.words.say("undone"));
  }

  /** @param {Finding} finding */
  dismiss(finding) {
    const open = this.standing();
    const next = open[open.findIndex(({ id }) => id === finding.id) + 1] ?? open.find(({ id }) => id !== finding.id);
    this.options.dismissed.add(finding);
    this.#mark();
    this.render();
    if (!next || !focusKey(this.panel, `finding:${next.id}`)) this.options.review.focus({ preventScroll: true });
  }

  /** @param {Finding} finding */
  restore(finding) {
    this.options.dismissed.remove(finding);
    this.#mark();
    this.render();
    focusKey(this.panel, `finding:${finding.id}`);
  }

  /**
   * @param {import("./types.js").Hold[]} holds
   * @param {string} name
   */
  async save(holds, name) {
    try {
      const files = await Promise.all(holds.map((hold) => this.options.client.calendarFile(hold)));
      saveFile(name, "text/calendar", files.length === 1 ? files[0] : joined(files));
      this.options.toast(this.words.say("saved", { name }));
    } catch (error) {
      this.reviewer.failed(error);
    }
  }

  // Moving between text and findings

  /** @param {number} at */
  at(at) {
    return this.standing().find(({ start, end }) => start <= at && at <= end && at >= 0)?.id ?? null;
  }

  /**
   * @param {string | null} id
   * @param {boolean} scroll to its card
   */
  activate(id, scroll) {
    if (id !== this.active) {
      this.active = id;
      this.#mark();
      this.#showActive();
    }
    if (id && scroll) document.getElementById(`finding-${id}`)?.scrollIntoView({ block: "nearest" });
  }

  #showActive() {
    for (const card of this.panel.querySelectorAll("[data-finding]")) {
      card.toggleAttribute("data-active", /** @type {HTMLElement} */ (card).dataset.finding === this.active);
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const inside = event.target instanceof HTMLElement && this.panel.contains(event.target);
    if (event.key === "F8") {
      const open = this.standing();
      if (open.length === 0) return;
      const at = open.findIndex(({ id }) => id === this.active);
      const next = open.at(event.shiftKey ? (at < 0 ? -1 : at - 1) : (at + 1) % open.length);
      if (!next) return;
      event.preventDefault();
      this.activate(next.id, true);
      this.host.reveal(next.start);
      focusKey(this.panel, `finding:${next.id}`);
    } else if (event.key === "Enter" && event.altKey) {
      const card = inside ? /** @type {HTMLElement} */ (event.target).closest("[data-finding]") : null;
      const id = card instanceof HTMLElement ? card.dataset.finding : this.at(this.host.cursor());
      const finding = this.review?.findings.find((other) => other.id === id);
      if (!finding || finding.replacements.length === 0) return;
      event.preventDefault();
      this.apply(finding, 0);
    } else if (event.key === "Escape" && inside) {
      const finding = this.standing().find(({ id }) => id === this.active);
      if (finding) this.host.show(finding.start, finding.end);
      else this.host.focus();
    }
  }
}
