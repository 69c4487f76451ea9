/** The playground: composes page, host, client and parts, and keeps them on one text. */

import { Client } from "./client.js";
import { Dismissed } from "./dismissed.js";
import { PageHost, storage } from "./host.js";
import { joined } from "./calendar.js";
import { acceptDrops, acceptFiles, readFile } from "./intake.js";
import { Ledger, shifted } from "./ledger.js";
import { Page, byId } from "./page.js";
import { panel } from "./panel.js";
import { SLOT, focusKey, refill } from "./parts/dom.js";
import { emptyPart, problemPart } from "./parts/status.js";
import { Reviewer } from "./reviewer.js";
import { choose, load } from "./words.js";

/**
 * @typedef {import("./types.js").Review} Review
 * @typedef {import("./types.js").Finding} Finding
 * @typedef {import("./types.js").Element} Element
 * @typedef {import("./types.js").Change} Change
 */

const CREDENTIAL = "tactline.key";

class App {
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
  #toastTimer = 0;
  #sayTimer = 0;

  /**
   * @param {Page} page
   * @param {import("./types.js").Words} words
   */
  constructor(page, words) {
    this.page = page;
    this.words = words;
    this.host = new PageHost(byId("text"), byId("layer"));
    this.dismissed = new Dismissed(storage("localStorage"));
    this.client = new Client({
      key: () => storage("sessionStorage")?.getItem(CREDENTIAL) ?? null,
      language: () => this.words.language,
    });
    this.reviewer = new Reviewer({
      client: this.client,
      text: () => this.host.text(),
      request: (text) => page.request(text),
      busy: (busy) => page.panel.setAttribute("aria-busy", String(busy)),
      show: (review, text) => this.#show(review, text),
      fail: (failure) => {
        this.failure = failure;
        this.render();
      },
    });
  }

  start() {
    const { page, host } = this;
    page.speak(this.words);
    host.onChange((_, edit) => {
      this.ledger.edited(edit);
      this.findings = this.findings.flatMap((finding) => shifted(finding, edit) ?? []);
      this.#mark();
      this.reviewer.schedule();
    });
    for (const field of [page.subject, page.context, page.value, page.currency]) {
      field.addEventListener("input", () => this.reviewer.schedule());
    }
    for (const choice of document.querySelectorAll("input[name=direction]")) {
      choice.addEventListener("change", () => this.#turned());
    }
    page.language.addEventListener("change", () => this.speak(page.language.value));
    page.panel.addEventListener("tactline", (event) => this.#act(/** @type {CustomEvent} */ (event).detail));
    byId("clear").addEventListener("click", () => this.clear());
    acceptFiles(byId("file"), (chosen) => this.open(chosen));
    host.field.addEventListener("click", () => this.#activate(this.#at(host.cursor()), true));
    host.field.addEventListener("keyup", () => this.#activate(this.#at(host.cursor()), false));
    document.addEventListener("keydown", (event) => this.#key(event));
    window.addEventListener("online", () => this.failure?.kind === "away" && this.reviewer.schedule(0));
    acceptDrops((dropped) => this.open(dropped));
    this.#mark();
    this.render();
    if (host.text()) this.reviewer.schedule(0);
  }

  /** @param {string} language */
  async speak(language) {
    this.words = await load(language);
    this.page.rememberLanguage(language);
    this.page.speak(this.words);
    this.render();
    this.reviewer.schedule(0);
  }

  // Showing

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
  }

  /** @returns {Finding[]} */
  #standing() {
    return this.findings.filter((finding) => !this.dismissed.has(finding));
  }

  #mark() {
    this.host.mark(this.#standing(), this.active);
  }

  render() {
    const { review, failure, words } = this;
    const parts = failure
      ? [problemPart(failure, words)]
      : review
        ? panel(
            {
              review,
              text: this.reviewed,
              current: this.host.text(),
              findings: this.#standing(),
              dismissed: this.findings.filter((finding) => this.dismissed.has(finding)),
              changes: this.ledger.changes,
            },
            words,
          )
        : [emptyPart(words)];
    refill(this.page.panel, parts);
    this.#showActive();
  }

  /** Say the outcome to those who hear the page, once it has settled. */
  #tell() {
    clearTimeout(this.#sayTimer);
    this.#sayTimer = window.setTimeout(() => {
      const { review, words } = this;
      if (!review) return;
      const { say, number } = words;
      const text =
        review.score !== null && review.band
          ? say("said-outgoing", {
              score: number(Math.round(review.score)),
              band: say(`word.band.${review.band}`),
              findings: number(this.#standing().length),
              missing: number(review.elements.filter(({ status }) => status === "missing").length),
            })
          : say("said-incoming", {
              mood: say(`word.temperature.${review.temperature ?? "calm"}`),
              channel: say(`word.channel.${review.reply_channel}`),
            });
      if (byId("said").textContent !== text) byId("said").textContent = text;
    }, 700);
  }

  /** @param {string} text */
  #toast(text) {
    const toast = byId("toast");
    toast.textContent = text;
    toast.dataset.shown = "";
    clearTimeout(this.#toastTimer);
    this.#toastTimer = window.setTimeout(() => delete toast.dataset.shown, 5000);
  }

  // What the parts ask for

  /** @param {any} detail */
  #act(detail) {
    switch (detail.action) {
      case "apply": return this.apply(detail.finding, detail.index);
      case "insert": return this.insert(detail.element);
      case "use": return this.use();
      case "undo": return this.undo(detail.change);
      case "dismiss": return this.dismiss(detail.finding);
      case "restore": return this.restore(detail.finding);
      case "show": return this.#fresh() ? this.host.select(detail.start, detail.end) : this.#stale();
      case "copy": return this.host.copy(detail.text).then(() => this.#toast(this.words.say("copied")));
      case "hold": return this.save([detail.hold], `tactline-${detail.hold.kind}.ics`);
      case "holds": return this.save(detail.holds, "tactline.ics");
      case "example": return this.example();
      case "retry": return this.reviewer.schedule(0);
      case "key":
        storage("sessionStorage")?.setItem(CREDENTIAL, detail.key);
        return this.reviewer.schedule(0);
      default: throw new Error(`unknown action ${detail.action}`);
    }
  }

  /** Whether the review is of the text now. */
  #fresh() {
    return this.review !== null && this.reviewed === this.host.text();
  }

  /** Nothing is written over a text that has changed since: it is reviewed first. */
  #stale() {
    this.#toast(this.words.say("stale"));
    this.reviewer.schedule(0);
  }

  /**
   * Make a change that can be undone, and bring the reader to what it leaves to do.
   * @param {Omit<Change, "id" | "before" | "end">} change
   * @param {number} end
   */
  #change(change, end) {
    const { start, after } = change;
    const before = this.host.text().slice(start, end);
    this.host.replace(start, end, after);
    const made = this.ledger.add({ ...change, before, end: start + after.length });
    this.reviewer.schedule(0);
    this.render();
    const slot = [...after.matchAll(SLOT)][0];
    if (slot) this.host.select(start + slot.index, start + slot.index + slot[0].length);
    else focusKey(this.page.panel, `undo:${made.id}`);
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
    const end = this.host.text().length;
    return this.#change({ kind: "revise", guideline: "", title: "", start: 0, after: revised }, end);
  }

  /** @param {Change} change */
  undo({ id }) {
    const change = this.ledger.find(id);
    if (!change) return this.render();
    this.ledger.remove(id);
    this.host.replace(change.start, change.end, change.before);
    this.reviewer.schedule(0);
    this.render();
    this.host.select(change.start, change.start + change.before.length);
    return this.#toast(this.words.say("undone"));
  }

  /** @param {Finding} finding */
  dismiss(finding) {
    const open = this.#standing();
    const next = open[open.findIndex(({ id }) => id === finding.id) + 1] ?? open.find(({ id }) => id !== finding.id);
    this.dismissed.add(finding);
    this.#mark();
    this.render();
    if (!next || !focusKey(this.page.panel, `finding:${next.id}`)) this.page.review.focus({ preventScroll: true });
  }

  /** @param {Finding} finding */
  restore(finding) {
    this.dismissed.remove(finding);
    this.#mark();
    this.render();
    focusKey(this.page.panel, `finding:${finding.id}`);
  }

  /**
   * @param {import("./types.js").Hold[]} holds
   * @param {string} name
   */
  async save(holds, name) {
    try {
      const files = await Promise.all(holds.map((hold) => this.client.calendarFile(hold)));
      this.host.saveFile(name, "text/calendar", files.length === 1 ? files[0] : joined(files));
      this.#toast(this.words.say("saved", { name }));
    } catch (error) {
      this.reviewer.failed(error);
    }
  }

  // Getting a mail in

  /** @param {string} text */
  #load(text) {
    this.ledger.clear();
    this.host.replace(0, this.host.text().length, text);
    this.host.select(0, 0);
    this.reviewer.schedule(0);
  }

  /** @param {File} file */
  async open(file) {
    try {
      const { subject, text } = await readFile(file, this.client, this.page.direction);
      if (subject !== null) this.page.subject.value = subject;
      this.#load(text);
    } catch (error) {
      this.reviewer.failed(error);
    }
  }

  example() {
    const { page, words } = this;
    page.direction = "outgoing";
    page.subject.value = words.say("example-subject");
    page.context.value = words.say("example-context");
    byId("more").setAttribute("open", "");
    page.speak(words);
    this.#load(words.say("example-text"));
  }

  clear() {
    this.page.subject.value = this.page.context.value = this.page.value.value = "";
    this.#load("");
  }

  #turned() {
    this.page.speak(this.words);
    this.reviewer.schedule(0);
  }

  // Moving between text and findings

  /** @param {number} at */
  #at(at) {
    return this.#standing().find(({ start, end }) => start <= at && at <= end && at >= 0)?.id ?? null;
  }

  /**
   * @param {string | null} id
   * @param {boolean} scroll to its card
   */
  #activate(id, scroll) {
    if (id !== this.active) {
      this.active = id;
      this.#mark();
      this.#showActive();
    }
    if (id && scroll) document.getElementById(`finding-${id}`)?.scrollIntoView({ block: "nearest" });
  }

  #showActive() {
    for (const card of this.page.panel.querySelectorAll("[data-finding]")) {
      card.toggleAttribute("data-active", /** @type {HTMLElement} */ (card).dataset.finding === this.active);
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const inside = event.target instanceof HTMLElement && this.page.panel.contains(event.target);
    if (event.key === "F8") {
      const open = this.#standing();
      if (open.length === 0) return;
      const at = open.findIndex(({ id }) => id === this.active);
      const next = open.at(event.shiftKey ? (at < 0 ? -1 : at - 1) : (at + 1) % open.length);
      if (!next) return;
      event.preventDefault();
      this.#activate(next.id, true);
      this.host.reveal(next.start);
      focusKey(this.page.panel, `finding:${next.id}`);
    } else if (event.key === "Enter" && event.altKey) {
      const card = inside ? /** @type {HTMLElement} */ (event.target).closest("[data-finding]") : null;
      const id = card instanceof HTMLElement ? card.dataset.finding : this.#at(this.host.cursor());
      const finding = this.review?.findings.find((other) => other.id === id);
      if (!finding || finding.replacements.length === 0) return;
      event.preventDefault();
      this.apply(finding, 0);
    } else if (event.key === "Escape" && inside) {
      const finding = this.#standing().find(({ id }) => id === this.active);
      if (finding) this.host.select(finding.start, finding.end);
      else this.host.field.focus();
    }
  }
}

const page = new Page(storage("localStorage"));
const remembered = page.rememberedLanguage;
const words = await load(choose(remembered ? [remembered] : navigator.languages));
new App(page, words).start();
