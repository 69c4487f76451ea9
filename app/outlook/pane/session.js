/** One item of Outlook under review, from when it is shown until another takes its place. */

import { findingsPart } from "/static/parts/findings.js";
import { releasePart, replyPart } from "/static/parts/reply.js";
import { panel } from "/static/panel.js";
import { Failure } from "/static/client.js";
import { Workbench } from "/static/workbench.js";
import { Body } from "./body.js";
import { Bookings } from "./bookings.js";
import { DraftHost, ReadHost, SubjectHost } from "./draft.js";
import { asked, bodyOf, has } from "./mailbox.js";
import { htmlOf } from "./reply.js";

/**
 * @typedef {import("/static/types.js").Review} Review
 * @typedef {import("./pane.js").Pane} Pane
 */

/** How often the draft is looked at, in milliseconds. */
const PERIOD = 1500;
/** So many readings in a row may fail before it is told: Outlook stumbles now and then. */
const STUMBLES = 3;

/** What both kinds of item have in common. */
class Session {
  open = true;
  /** @type {Workbench | null} */
  bench = null;

  /**
   * @param {Pane} pane
   * @param {any} item
   */
  constructor(pane, item) {
    this.pane = pane;
    this.item = item;
    this.thread = String(item.conversationId ?? "");
    this.bookings = pane.signIn.available
      ? new Bookings({
          client: pane.client,
          signIn: pane.signIn,
          changed: () => this.open && this.bench?.render(),
          say: (key) => pane.words.say(key),
        })
      : null;
  }

  /**
   * @param {Partial<import("/static/workbench.js").Options> & Pick<import("/static/workbench.js").Options, "host" | "request" | "panel">} more
   */
  workbench(more) {
    const { pane } = this;
    return new Workbench({
      client: pane.client,
      dismissed: pane.dismissed,
      review: pane.review,
      words: () => pane.words,
      toast: pane.toast,
      told: pane.told,
      bookings: this.bookings,
      reviewed: (review) => this.look(review),
      failed: (failure) => this.failed(failure),
      ...more,
      actions: { ...pane.actions, ...more.actions },
    });
  }

  /** What every request of this item says, as POST /v1/reviews takes it. */
  circumstances() {
    const { zone, preferences } = this.pane;
    return {
      time_zone: zone,
      ...(this.thread ? { thread: this.thread } : {}),
      ...(preferences.hours ? { working_hours: preferences.hours } : {}),
    };
  }

  /** @param {Review} review */
  async look(review) {
    await this.bookings?.look(review.holds, { thread: this.thread, zone: this.pane.zone, hours: this.pane.preferences.hours });
  }

  /**
   * Outlook's name of a time zone may be one that the service does not know: then the browser's counts.
   * @param {Failure} failure
   */
  failed(failure) {
    const zone = failure.fields.some(({ pointer }) => pointer.endsWith("/time_zone")) && this.pane.ownZone();
    if (zone) this.bench?.reviewer.schedule(0);
    return zone;
  }

  close() {
    this.open = false;
    this.bench?.close();
    this.bench = null;
  }
}

/**
 * Who wrote it: the user, or the other side.
 * @param {string} from
 * @param {Pane} pane
 * @returns {"outgoing" | "incoming"}
 */
function writtenBy(from, pane) {
  return from !== "" && from.toLowerCase() === pane.address.toLowerCase() ? "outgoing" : "incoming";
}

/**
 * @param {{text: string, from: string}} history
 * @param {Pane} pane
 */
function contextOf({ text, from }, pane) {
  return text.trim() ? [{ direction: writtenBy(from, pane), text }] : [];
}

/** A draft: reviewed as it is written. */
export class Composing extends Session {
  #timer = 0;
  #stumbled = 0;
  /** @type {Workbench | null} */
  #subjectBench = null;
  #name = "";

  async start() {
    const { pane, item } = this;
    const open = () => this.open;
    const draft = new DraftHost({ item, open, layer: pane.layer });
    const subject = new SubjectHost({ item, open });
    this.draft = draft;
    this.subject = subject;
    await Promise.all([draft.load(), subject.read(), this.#recipient()]);
    if (!this.open) return;
    const bench = this.workbench({
      host: draft,
      panel: pane.panel,
      where: "draft",
      request: (text) => ({
        message: { direction: "outgoing", text, ...(subject.text() ? { subject: subject.text() } : {}) },
        context: contextOf(draft.history, pane),
        ...(this.#name ? { client: { name: this.#name } } : {}),
        ...this.circumstances(),
      }),
    });
    this.bench = bench;
    this.#subjectBench = this.workbench({
      host: subject,
      panel: pane.subjectPanel,
      where: null,
      view: subjectView,
      bookings: null,
      told: null,
      reviewed: null,
      // Whatever fails here fails for the text too, and is told there.
      failed: () => true,
      request: (text) => ({ message: { direction: "outgoing", text }, ...this.circumstances() }),
    });
    subject.onChange(() => bench.reviewer.schedule());
    pane.showText("pane-draft");
    bench.start();
    this.#subjectBench.start();
    this.#again();
  }

  /** The name of the client, when the draft goes to one person. */
  async #recipient() {
    try {
      const to = await asked((/** @type {any} */ callback) => this.item.to.getAsync(callback));
      this.#name = Array.isArray(to) && to.length === 1 ? String(to[0].displayName ?? "").slice(0, 200) : "";
    } catch {
      // Not worth a word: the review does without.
    }
  }

  #again() {
    this.#timer = window.setTimeout(() => this.#see(), PERIOD);
  }

  async #see() {
    const { bench, draft, subject } = this;
    if (!bench || !draft || !subject) return;
    try {
      if (document.visibilityState !== "hidden") await Promise.all([draft.read(), subject.read()]);
      this.#stumbled = 0;
      if (bench.failure?.kind === "mail") bench.reviewer.schedule(0);
    } catch (error) {
      this.#stumbled += 1;
      if (this.open && this.#stumbled === STUMBLES) bench.reviewer.failed(error);
    }
    if (this.open) this.#again();
  }

  /** Draw anew, in another language perhaps. */
  render() {
    this.pane.showText("pane-draft");
    this.bench?.render();
    this.#subjectBench?.render();
  }

  close() {
    clearTimeout(this.#timer);
    this.#subjectBench?.close();
    super.close();
  }
}

/**
 * @param {Parameters<typeof panel>[0]} shown
 * @param {import("/static/types.js").Words} words
 */
function subjectView({ findings, changes, current }, words) {
  return findings.length + changes.length > 0 ? [findingsPart(findings, changes, current, words, "pane-subject")] : [];
}

/** A message that was received or sent. */
export class Reading extends Session {
  #standing = false;

  async start() {
    const { pane, item } = this;
    const content = await bodyOf(item.body, "html");
    if (!this.open) return;
    const body = new Body(content, "html");
    const from = String(item.from?.emailAddress ?? item.sender?.emailAddress ?? "");
    const direction = writtenBy(from, pane);
    const name = direction === "incoming" ? String(item.from?.displayName ?? "").slice(0, 200) : "";
    const host = new ReadHost(pane.layer);
    host.take(body.text);
    this.bench = this.workbench({
      host,
      panel: pane.panel,
      where: "message",
      view: (shown, words) => this.#view(shown, words),
      request: (text) => ({
        message: { direction, text, ...(item.subject ? { subject: String(item.subject) } : {}) },
        context: contextOf(body.history, pane),
        ...(name ? { client: { name } } : {}),
        ...(direction === "incoming" ? { reply: true, standing: this.bookings?.standing ?? [] } : {}),
        ...this.circumstances(),
      }),
      actions: {
        reply: ({ text }) => this.#reply(text),
        release: ({ event }) => this.#release(event),
      },
    });
    pane.showText("pane-message");
    this.bench.start();
  }

  /**
   * A message that lies there cannot be changed: nothing is offered in its place.
   * @param {Parameters<typeof panel>[0]} shown
   * @param {import("/static/types.js").Words} words
   */
  #view(shown, words) {
    const { review } = shown;
    const parts = panel(
      {
        ...shown,
        findings: shown.findings.map((finding) => ({ ...finding, replacements: [] })),
        review: { ...review, revised: null, elements: review.elements.map((element) => ({ ...element, insert: null })) },
      },
      words,
    );
    const standing = new Map((this.bookings?.standing ?? []).map((entry) => [entry.event, entry]));
    const going = (review.release ?? []).flatMap((entry) => {
      const found = standing.get(entry.event);
      return found ? [{ ...entry, title: found.title, start: found.start }] : [];
    });
    // After the mood and what is due, before the advice: the next step first.
    return [...parts.slice(0, 4), replyPart(review.reply, words), releasePart(going, words), ...parts.slice(4)];
  }

  /** @param {Review} review */
  async look(review) {
    await super.look(review);
    if (!this.open || this.#standing || review.direction !== "incoming" || !this.bookings?.standing.length) return;
    // Only now is it known what stands in the calendar: once more, to hear what of it may go.
    this.#standing = true;
    this.bench?.reviewer.schedule(0);
  }

  /** @param {string} text */
  async #reply(text) {
    const { item } = this;
    const htmlBody = htmlOf(text);
    try {
      if (has("1.9")) await asked((callback) => item.displayReplyFormAsync({ htmlBody }, callback));
      else item.displayReplyForm({ htmlBody });
    } catch (error) {
      this.bench?.reviewer.failed(error instanceof Failure ? error : new Failure("mail"));
    }
  }

  /** @param {string} event */
  async #release(event) {
    try {
      await this.bookings?.release(event);
      const { bench, pane } = this;
      if (!bench || !this.open) return;
      if (bench.review) bench.review = { ...bench.review, release: bench.review.release?.filter((entry) => entry.event !== event) };
      bench.render();
      pane.review.focus({ preventScroll: true });
      pane.toast(pane.words.say("pane-removed"));
    } catch (error) {
      // Whoever closes the window has changed their mind.
      if (!(error instanceof Failure && error.kind === "cancelled")) this.bench?.reviewer.failed(error);
    }
  }

  render() {
    this.pane.showText("pane-message");
    this.bench?.render();
  }
}
