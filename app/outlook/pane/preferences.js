/** What the user chose, kept in the mailbox by Outlook (roamingSettings): it follows them to other devices. */

/** @typedef {{days: string[], start: string, end: string}} Hours as `working_hours` of /v1/reviews */

const KEY = "tactline";
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const CLOCK = /^(?:[01]\d|2[0-3]):[0-5]\d$/u;

/** Looks like the browser's own Storage as far as the shared parts need one. */
export class Roaming {
  #timer = 0;

  /** @param {Office.RoamingSettings} settings */
  constructor(settings) {
    this.settings = settings;
  }

  /** @param {string} key */
  getItem(key) {
    const value = this.settings.get(key);
    return typeof value === "string" ? value : null;
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  setItem(key, value) {
    this.settings.set(key, value);
    clearTimeout(this.#timer);
    // Several choices in a row are saved at once. One that cannot be saved lasts as long as the pane.
    this.#timer = window.setTimeout(() => this.settings.saveAsync(() => {}), 400);
  }
}

export class Preferences {
  language = "";
  /** @type {Hours | null} null: the usual ones */
  hours = null;

  /** @param {Pick<Storage, "getItem" | "setItem">} storage */
  constructor(storage) {
    this.storage = storage;
    try {
      const kept = JSON.parse(storage.getItem(KEY) ?? "{}");
      if (typeof kept.language === "string") this.language = kept.language;
      if (kept.hours && valid(kept.hours)) this.hours = kept.hours;
    } catch {
      // Someone else's or a damaged entry: begin afresh.
    }
  }

  save() {
    this.storage.setItem(KEY, JSON.stringify({ language: this.language, hours: this.hours }));
  }
}

/**
 * Whether the service takes these hours.
 * @param {any} hours
 * @returns {hours is Hours}
 */
export function valid(hours) {
  const { days, start, end } = hours;
  return (
    Array.isArray(days) && days.length > 0 && days.every((day) => DAYS.includes(day)) &&
    CLOCK.test(start) && CLOCK.test(end) && start < end
  );
}
