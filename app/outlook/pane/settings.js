/** The pane's own choices: language of explanations, and working hours for the calendar. */

import { h } from "/static/parts/dom.js";
import { LANGUAGES } from "/static/words.js";
import { DAYS, valid } from "./preferences.js";

/** @typedef {import("./preferences.js").Preferences} Preferences @typedef {import("./preferences.js").Hours} Hours */

const USUAL = { days: DAYS.slice(0, 5), start: "09:00", end: "17:30" };
/** A Monday, to name the days after. */
const MONDAY = Date.UTC(2024, 0, 1);

/**
 * @param {Preferences} preferences
 * @param {import("/static/types.js").Words} words
 * @param {(what: "language" | "hours") => void} changed after `preferences` has the new choice
 * @returns {HTMLElement}
 */
export function settingsForm(preferences, words, changed) {
  const { say } = words;
  const language = /** @type {HTMLSelectElement} */ (
    h(
      "select",
      {
        id: "language",
        data: { key: "language" },
        on: {
          change: () => {
            preferences.language = language.value;
            preferences.save();
            changed("language");
          },
        },
      },
      h("option", { value: "" }, say("pane-own-language")),
      ...Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code }, name)),
    )
  );
  language.value = preferences.language;
  return h(
    "form",
    { class: "preferences", on: { submit: (/** @type {Event} */ event) => event.preventDefault() } },
    h("div", { class: "field" }, h("label", { for: "language" }, say("interface-language")), language),
    hoursFields(preferences, words, () => changed("hours")),
  );
}

/**
 * @param {Preferences} preferences
 * @param {import("/static/types.js").Words} words
 * @param {() => void} changed
 */
function hoursFields(preferences, words, changed) {
  const { say } = words;
  const shown = preferences.hours ?? USUAL;
  const name = new Intl.DateTimeFormat(words.language, { weekday: "long", timeZone: "UTC" });
  const usual = box("usual-hours", say("pane-usual-hours"), preferences.hours === null, set);
  const days = DAYS.map((day, i) => box(`day-${day}`, name.format(MONDAY + i * 86_400_000), shown.days.includes(day), set));
  const [start, end] = [clock("work-start", shown.start, set), clock("work-end", shown.end, set)];
  const own = h(
    "div",
    { class: "own-hours" },
    h("fieldset", { class: "days" }, h("legend", { class: "label" }, say("pane-days")), ...days.map(({ label }) => label)),
    h("div", { class: "field" }, h("label", { for: "work-start" }, say("pane-from")), start),
    h("div", { class: "field" }, h("label", { for: "work-end" }, say("pane-to")), end),
  );
  own.hidden = usual.input.checked;

  function set() {
    own.hidden = usual.input.checked;
    const given = {
      days: DAYS.filter((_, i) => days[i].input.checked),
      start: start.value,
      end: end.value,
    };
    const right = usual.input.checked || valid(given);
    end.setAttribute("aria-invalid", String(!right));
    // Hours that do not make a day are not taken: the last good ones stand.
    if (!right) return;
    preferences.hours = usual.input.checked ? null : given;
    preferences.save();
    changed();
  }
  return h("div", { class: "hours" }, usual.label, own);
}

/**
 * @param {string} id
 * @param {string} text
 * @param {boolean} checked
 * @param {() => void} changed
 */
function box(id, text, checked, changed) {
  const input = /** @type {HTMLInputElement} */ (h("input", { id, type: "checkbox", data: { key: id }, on: { change: changed } }));
  input.checked = checked;
  return { input, label: h("label", { class: "check", for: id }, input, h("span", {}, text)) };
}

/**
 * @param {string} id
 * @param {string} value
 * @param {() => void} changed
 */
function clock(id, value, changed) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { id, type: "time", required: true, data: { key: id }, on: { change: changed } })
  );
  input.value = value;
  return input;
}
