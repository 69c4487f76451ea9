/** The plain page around the review: its form, its language and its colours. */

import { LANGUAGES } from "./words.js";
import { h, icon } from "./parts/dom.js";

/** @typedef {import("./types.js").Words} Words */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (found);
}

const CURRENCIES = ["EUR", "USD", "GBP", "TRY", "SAR", "AED", "QAR", "KWD", "EGP", "MAD", "JOD", "CHF", "CAD"];

export class Page {
  /** @param {Storage | null} storage */
  constructor(storage) {
    this.storage = storage;
    this.subject = /** @type {HTMLInputElement} */ (byId("subject"));
    this.context = /** @type {HTMLTextAreaElement} */ (byId("context"));
    this.value = /** @type {HTMLInputElement} */ (byId("value"));
    this.currency = /** @type {HTMLSelectElement} */ (byId("currency"));
    this.language = /** @type {HTMLSelectElement} */ (byId("language"));
    this.panel = byId("panel");
    this.review = byId("review");
    for (const [code, name] of Object.entries(LANGUAGES)) {
      this.language.append(h("option", { value: code, lang: code }, name));
    }
    this.currency.append(...CURRENCIES.map((code) => h("option", { value: code }, code)));
    const theme = byId("theme");
    theme.append(icon("theme"));
    theme.addEventListener("click", () => this.#switchTheme());
    this.#showTheme();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#showTheme());
  }

  /** @returns {"outgoing" | "incoming"} */
  get direction() {
    const chosen = /** @type {HTMLInputElement} */ (document.querySelector("input[name=direction]:checked"));
    return chosen.value === "incoming" ? "incoming" : "outgoing";
  }

  set direction(value) {
    /** @type {HTMLInputElement} */ (byId(`direction-${value}`)).checked = true;
  }

  /**
   * What the form says, as POST /v1/reviews takes it.
   * @param {string} text
   */
  request(text) {
    const { direction } = this;
    const amount = this.value.valueAsNumber;
    return {
      message: { direction, text, ...(this.subject.value ? { subject: this.subject.value } : {}) },
      context: this.context.value.trim()
        ? [{ direction: direction === "outgoing" ? "incoming" : "outgoing", text: this.context.value }]
        : [],
      ...(Number.isFinite(amount) ? { client: { annual_value: { amount, currency: this.currency.value } } } : {}),
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
    };
  }

  /**
   * Word the page.
   * @param {Words} words
   */
  speak(words) {
    const { direction } = this;
    document.documentElement.lang = words.language;
    document.documentElement.dir = words.direction;
    this.language.value = words.language;
    for (const node of document.querySelectorAll("[data-say]")) {
      node.textContent = words.say(/** @type {HTMLElement} */ (node).dataset.say ?? "");
    }
    for (const node of document.querySelectorAll("[data-say-label]")) {
      node.setAttribute("aria-label", words.say(/** @type {HTMLElement} */ (node).dataset.sayLabel ?? ""));
    }
    byId("text-label").textContent = words.say(`text-${direction}`);
    byId("context-label").textContent = words.say(`context-${direction}`);
    byId("text").setAttribute("placeholder", words.say("text-placeholder"));
    byId("theme").setAttribute("title", words.say("dark"));
    byId("editor").dataset.drop = words.say("drop");
    /** @type {HTMLAnchorElement} */ (byId("guidelines")).href = `/guidelines?lang=${words.language}`;
    document.title = `${words.say("title")} · ${words.say("tagline")}`;
    document.body.hidden = false;
  }

  /** @returns {string | null} */
  get rememberedLanguage() {
    return this.storage?.getItem("tactline.language") ?? null;
  }

  /** @param {string} code */
  rememberLanguage(code) {
    this.#remember("tactline.language", code);
  }

  #dark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  #switchTheme() {
    const next = this.#dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    this.#remember("tactline.theme", next);
    this.#showTheme();
  }

  #showTheme() {
    byId("theme").setAttribute("aria-pressed", String(this.#dark()));
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  #remember(key, value) {
    try {
      this.storage?.setItem(key, value);
    } catch {
      // Full or forbidden: the choice then lasts as long as the page.
    }
  }
}
