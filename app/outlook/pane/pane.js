/** The task pane in Outlook: signs in, keeps to the open item, and looks as Outlook looks. */

import { storage } from "/static/browser.js";
import { Client, Failure } from "/static/client.js";
import { Dismissed } from "/static/dismissed.js";
import { byId } from "/static/page.js";
import { h, refill } from "/static/parts/dom.js";
import { noticePart, problemPart } from "/static/parts/status.js";
import { toaster } from "/static/toast.js";
import { choose, load } from "/static/words.js";
import { Preferences, Roaming } from "./preferences.js";
import { Composing, Reading } from "./session.js";
import { settingsForm } from "./settings.js";
import { SignIn } from "./sign_in.js";

/**
 * @typedef {import("/static/types.js").Words} Words
 * @typedef {{client_id: string | null, authority: string, scope: string | null, key_needed: boolean, calendar: boolean}} Config
 */

const CREDENTIAL = "tactline.key";

export class Pane {
  review = byId("review");
  panel = byId("panel");
  subjectPanel = byId("subject-panel");
  notice = byId("notice");
  layer = byId("layer");
  toast = toaster(byId("toast"));
  /** @type {Composing | Reading | null} */
  session = null;

  /**
   * @param {object} parts
   * @param {Office.Mailbox} parts.mailbox
   * @param {Config} parts.config
   * @param {Preferences} parts.preferences
   * @param {Roaming} parts.roaming
   * @param {Words} parts.words
   */
  constructor({ mailbox, config, preferences, roaming, words }) {
    this.mailbox = mailbox;
    this.config = config;
    this.preferences = preferences;
    this.words = words;
    this.dismissed = new Dismissed(roaming);
    this.signIn = new SignIn({
      config,
      msal: /** @type {any} */ (globalThis).msal ?? null,
      supported: Office.context.requirements?.isSetSupported("NestedAppAuth", "1.1") ?? false,
    });
    this.client = new Client({ credential: () => this.#credential(), language: () => this.words.language });
    this.address = mailbox.userProfile?.emailAddress ?? "";
    this.zone = mailbox.userProfile?.timeZone || ownZone();
    /** @type {Record<string, (detail: any) => unknown>} */
    this.actions = {
      "sign-in": () => this.#signIn(),
      key: ({ key }) => {
        storage("sessionStorage")?.setItem(CREDENTIAL, key);
        this.session?.bench?.reviewer.schedule(0);
      },
    };
  }

  start() {
    const { mailbox } = this;
    this.#speak();
    mailbox.addHandlerAsync(Office.EventType.ItemChanged, () => this.#changed());
    this.notice.addEventListener("tactline", () => this.#changed());
    document.addEventListener("keydown", (event) => this.session?.bench?.key(event));
    window.addEventListener("online", () => this.session?.bench?.failure?.kind === "away" && this.session.bench.reviewer.schedule(0));
    this.#changed();
  }

  /** The key that was typed in, else a token, where the service wants either. */
  async #credential() {
    const key = storage("sessionStorage")?.getItem(CREDENTIAL);
    if (key) return key;
    if (!this.config.key_needed || !this.signIn.available) return null;
    const token = await this.signIn.token();
    if (token === null) throw new Failure("sign-in");
    return token;
  }

  async #signIn() {
    const bench = this.session?.bench;
    try {
      await this.signIn.token({ interactive: true });
      this.session?.bench?.reviewer.schedule(0);
    } catch (error) {
      if (bench && bench === this.session?.bench) bench.reviewer.failed(error);
    }
  }

  /** The browser's zone in place of Outlook's. Whether that changes anything. */
  ownZone() {
    const zone = ownZone();
    if (zone === this.zone) return false;
    this.zone = zone;
    return true;
  }

  /** @param {string} text */
  told = (text) => {
    const said = byId("said");
    if (said.textContent !== text) said.textContent = text;
  };

  /** @param {string} title key of what stands above the text with its marks */
  showText(title) {
    byId("marked").hidden = false;
    byId("marked-title").textContent = this.words.say(title);
  }

  // The item

  /** Another item, or the same one anew: whatever was under way for the last one ends here. */
  async #changed() {
    this.session?.close();
    this.session = null;
    refill(this.notice, []);
    byId("marked").hidden = true;
    this.layer.replaceChildren();
    const item = /** @type {any} */ (this.mailbox.item);
    const { say } = this.words;
    if (!item) return this.#say(noticePart(say("pane-choose-title"), say("pane-choose-text")));
    if (item.itemType !== Office.MailboxEnums.ItemType.Message) {
      return this.#say(noticePart(say("pane-item-title"), say("pane-item-text")));
    }
    // Only a message that is being written has a method to change it.
    const session = typeof item.subject === "object" ? new Composing(this, item) : new Reading(this, item);
    this.session = session;
    try {
      await session.start();
    } catch (error) {
      if (session !== this.session) return;
      if (!(error instanceof Failure)) throw error;
      session.close();
      this.#say(problemPart(error, this.words));
    }
  }

  /** @param {HTMLElement} part */
  #say(part) {
    refill(this.notice, [part]);
  }

  // Words and looks

  /** @param {"language" | "hours"} what */
  async #chosen(what) {
    if (what === "language") {
      this.words = await load(languageOf(this.preferences));
      this.#speak();
      if (!this.session) this.#changed();
    }
    this.session?.render();
    this.session?.bench?.reviewer.schedule(0);
  }

  #speak() {
    speak(this.words);
    refill(byId("preferences"), [settingsForm(this.preferences, this.words, (what) => this.#chosen(what))]);
    this.review.hidden = false;
  }
}

function ownZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** @param {Preferences} preferences */
function languageOf(preferences) {
  return choose(preferences.language ? [preferences.language] : [Office.context?.displayLanguage ?? "", ...navigator.languages]);
}

/** @param {Words} words */
function speak(words) {
  const root = document.documentElement;
  root.lang = words.language;
  root.dir = words.direction;
  for (const element of document.querySelectorAll("[data-say]")) {
    element.textContent = words.say(/** @type {HTMLElement} */ (element).dataset.say ?? "");
  }
  byId("review").setAttribute("aria-label", words.say("review"));
}

/** Light or dark as Outlook is, where it tells; else as the device is. */
function wear() {
  const theme = Office.context.officeTheme;
  if (theme && typeof theme.isDarkTheme === "boolean") document.documentElement.dataset.theme = theme.isDarkTheme ? "dark" : "light";
}

/**
 * A word in place of everything else.
 * @param {HTMLElement} part
 * @param {Words} words
 */
function only(part, words) {
  speak(words);
  byId("settings").hidden = true;
  refill(byId("notice"), [part]);
  byId("review").hidden = false;
}

/** @returns {Promise<Config>} */
async function configuration() {
  const client = new Client({ credential: () => null, language: () => document.documentElement.lang });
  return (await client.send("GET", "/outlook/config")).json();
}

/** The pane has no way back: what a link leads to opens beside Outlook. @param {MouseEvent} event */
function outside(event) {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link?.href || link.target) return;
  link.target = "_blank";
  link.rel = "noopener";
}

async function main() {
  document.addEventListener("click", outside, true);
  const office = typeof Office === "undefined" ? null : Office;
  const info = await office?.onReady();
  if (!office || info?.host !== office.HostType.Outlook || !office.context.mailbox) {
    const words = await load(choose(navigator.languages));
    const { say } = words;
    const link = h("a", { class: "button main", href: "/", target: "_blank", rel: "noopener" }, say("pane-playground"));
    return only(noticePart(say("pane-outside-title"), say("pane-outside-text"), link), words);
  }
  const { mailbox, roamingSettings } = office.context;
  const roaming = new Roaming(roamingSettings);
  const preferences = new Preferences(roaming);
  wear();
  mailbox.addHandlerAsync(office.EventType.OfficeThemeChanged, wear, () => {});
  const words = await load(languageOf(preferences));
  try {
    new Pane({ mailbox, roaming, preferences, words, config: await configuration() }).start();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    only(problemPart(error, words), words);
    byId("notice").addEventListener("tactline", () => location.reload(), { once: true });
  }
}

await main();
