/**
 * Outlook's item as a host of the review (Host in /static/types.js). Outlook tells nothing of typing, so
 * what is written is read again and again; it has no way to mark or select words either, so the pane
 * shows the text with its marks.
 */

import { SLOT } from "/static/parts/dom.js";
import { difference } from "/static/ledger.js";
import { marked } from "/static/parts/marks.js";
import { rewritten } from "/static/rewrites.js";
import { Body, same } from "./body.js";
import { asked, bodyOf, bodyOptions, wholeBodyOf } from "./mailbox.js";

/**
 * @typedef {import("/static/types.js").Rewrite} Rewrite
 * @typedef {import("/static/ledger.js").Edit} Edit
 * @typedef {{content: string, text: string}} State
 */

/** As many changes can be taken back letter by letter. */
const MOST = 20;
/** How often, and how far apart in milliseconds, what was written is looked for. */
const [LOOKS, LOOK] = [20, 100];

/** What all hosts of the pane share: the text, who listens to it, and where its marks are shown. */
class PaneHost {
  /** @type {((text: string, edit: Edit) => void)[]} */
  #listeners = [];
  #text = "";

  /** @param {HTMLElement | null} layer inside a `details` */
  constructor(layer) {
    this.layer = layer;
  }

  text() {
    return this.#text;
  }

  /** @param {(text: string, edit: Edit) => void} listener */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** @param {string} text as it is now */
  take(text) {
    const edit = difference(this.#text, text);
    this.#text = text;
    if (edit) for (const listener of this.#listeners) listener(text, edit);
  }

  /** @param {Rewrite[]} _rewrites @param {string} _expected */
  async write(_rewrites, _expected) {
    return false;
  }

  /**
   * Outlook cannot select. What is left to fill in is shown, at least.
   * @param {number} start
   * @param {number} end
   */
  select(start, end) {
    if (this.#text.slice(start, end).match(SLOT)) this.show(start);
  }

  /** @param {number} at */
  show(at) {
    this.layer?.closest("details")?.setAttribute("open", "");
    this.reveal(at);
  }

  /** @param {number} at */
  reveal(at) {
    if (!this.layer) return;
    let left = at;
    for (const node of this.layer.childNodes) {
      const length = node.textContent?.length ?? 0;
      if (left < length) {
        if (node instanceof HTMLElement) node.scrollIntoView({ block: "nearest" });
        return;
      }
      left -= length;
    }
  }

  cursor() {
    return -1;
  }

  focus() {}

  /**
   * @param {import("/static/parts/marks.js").Mark[]} marks
   * @param {string | null} active
   */
  mark(marks, active) {
    this.layer?.replaceChildren(...marked(this.#text, marks, active));
  }
}

/** A message that is only read. */
export class ReadHost extends PaneHost {}

/** Calls to one part of an item, one after the other: a reading never sees half of a writing. */
class Turns {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();
  waiting = 0;

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  take(work) {
    this.waiting += 1;
    const turn = this.#last.then(work).finally(() => (this.waiting -= 1));
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** The body of a draft. */
export class DraftHost extends PaneHost {
  #turns = new Turns();
  #content = "";
  /** @type {Body | null} */
  #body = null;
  /** @type {{before: State, after: State}[]} */
  #done = [];
  #quoted = { text: "", from: "" };

  /**
   * @param {object} parts
   * @param {Office.MessageCompose} parts.item
   * @param {() => boolean} parts.open whether the item is still the one that Outlook shows
   * @param {HTMLElement} parts.layer
   */
  constructor({ item, open, layer }) {
    super(layer);
    this.item = item;
    this.open = open;
    /** @type {"html" | "text"} */
    this.type = "html";
  }

  /** The message that is answered, as far as it stands below the draft. */
  get history() {
    return this.#body?.history.text ? this.#body.history : this.#quoted;
  }

  /** The first reading. Raises Failure. */
  async load() {
    const type = await asked((callback) => this.item.body.getTypeAsync(callback));
    this.type = String(type) === "text" ? "text" : "html";
    await this.read();
    if (this.#body?.history.text !== "") return;
    try {
      this.#quoted = new Body(await wholeBodyOf(this.item.body, this.type), this.type).history;
    } catch {
      // The draft is reviewed all the same, without what it answers.
    }
  }

  /** See what the writer has written since. Raises Failure. */
  read() {
    if (this.#turns.waiting > 0) return Promise.resolve();
    return this.#turns.take(async () => this.#take(await bodyOf(this.item.body, this.type)));
  }

  /** @param {string} content */
  #take(content) {
    if (!this.open() || (this.#body && content === this.#content)) return;
    this.#content = content;
    this.#body = new Body(content, this.type);
    this.take(this.#body.text);
  }

  /**
   * @param {Rewrite[]} rewrites
   * @param {string} expected
   */
  write(rewrites, expected) {
    return this.#turns.take(async () => {
      const content = await bodyOf(this.item.body, this.type);
      const body = new Body(content, this.type);
      if (!this.open()) return false;
      if (body.text !== expected) {
        this.#take(content);
        return false;
      }
      const wanted = rewritten(expected, rewrites);
      const last = this.#done.at(-1);
      // Taking the last change back gives back its formatting too, as long as nobody wrote since.
      const back = last && last.before.text === wanted && same(content, last.after.content, this.type) ? last : null;
      const next = back ? back.before.content : body.rewritten(rewrites);
      await this.#put(next);
      const after = await this.#written(content, next);
      this.#take(after);
      if (back) this.#done.pop();
      else this.#done = [...this.#done, { before: { content, text: expected }, after: { content: after, text: wanted } }].slice(-MOST);
      return true;
    });
  }

  /**
   * The body after it was written. For a moment Outlook may still give the old one (office-js issue 5983).
   * @param {string} before
   * @param {string} next
   */
  async #written(before, next) {
    let after = await bodyOf(this.item.body, this.type);
    for (let tries = 0; after === before && next !== before && tries < LOOKS; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, LOOK));
      after = await bodyOf(this.item.body, this.type);
    }
    return after;
  }

  /** @param {string} content */
  #put(content) {
    const coercionType = this.type === "html" ? Office.CoercionType.Html : Office.CoercionType.Text;
    return asked((callback) => this.item.body.setAsync(content, { ...bodyOptions(), coercionType }, callback));
  }
}

/** Outlook's limit for a subject, in UTF-16 units. */
const SUBJECT = 255;

/** The subject of a draft. */
export class SubjectHost extends PaneHost {
  #turns = new Turns();

  /**
   * @param {object} parts
   * @param {Office.MessageCompose} parts.item
   * @param {() => boolean} parts.open
   */
  constructor({ item, open }) {
    super(null);
    this.item = item;
    this.open = open;
  }

  /** Raises Failure. */
  read() {
    if (this.#turns.waiting > 0) return Promise.resolve();
    return this.#turns.take(async () => {
      const subject = await asked((/** @type {any} */ callback) => this.item.subject.getAsync(callback));
      if (this.open()) this.take(String(subject ?? ""));
    });
  }

  /**
   * @param {Rewrite[]} rewrites
   * @param {string} expected
   */
  write(rewrites, expected) {
    return this.#turns.take(async () => {
      const subject = await asked((/** @type {any} */ callback) => this.item.subject.getAsync(callback));
      const wanted = rewritten(expected, rewrites);
      if (!this.open() || subject !== expected || wanted.length > SUBJECT || wanted.includes("\n")) {
        if (this.open()) this.take(String(subject ?? ""));
        return false;
      }
      await asked((callback) => this.item.subject.setAsync(wanted, callback));
      this.take(wanted);
      return true;
    });
  }
}
