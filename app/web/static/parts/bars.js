/** The score, its five bars, the client's mood, and what kind of mail this is. */

import { h, section } from "./dom.js";

/** @typedef {import("../types.js").Review} Review @typedef {import("../types.js").Words} Words */

const DIMENSIONS = ["calm", "empathy", "ownership", "candour", "follow_through"];
const TEMPERATURES = ["calm", "tense", "upset", "hostile"];

/**
 * One bar: its name, a filled length, its number.
 * @param {string} name
 * @param {number} value 0-100
 * @param {Words} words
 */
function bar(name, value, words) {
  const shown = Math.round(value);
  const fill = h("span", { class: "fill" });
  fill.style.inlineSize = `${shown}%`;
  return h(
    "div",
    {
      class: "bar",
      role: "meter",
      "aria-label": name,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-valuenow": shown,
      "aria-valuetext": words.say("out-of", { score: words.number(shown) }),
      data: { level: level(shown) },
    },
    h("span", { class: "bar-name" }, name),
    h("span", { class: "track" }, fill),
    h("span", { class: "bar-value" }, words.number(shown)),
  );
}

/** @param {number} value */
function level(value) {
  return value >= 75 ? "good" : value >= 50 ? "mixed" : "poor";
}

/**
 * Four steps from calm to hostile, the present one named.
 * @param {NonNullable<Review["temperature"]>} temperature
 * @param {string} title
 * @param {Words} words
 */
export function thermometer(temperature, title, words) {
  const at = TEMPERATURES.indexOf(temperature);
  return h(
    "div",
    { class: "mood", data: { temperature } },
    h("span", { class: "label" }, title),
    h("strong", {}, words.say(`word.temperature.${temperature}`)),
    h(
      "span",
      { class: "steps", "aria-hidden": "true" },
      ...TEMPERATURES.map((_, step) => h("span", { class: step <= at ? "step on" : "step" })),
    ),
  );
}

/**
 * @param {string} label
 * @param {string} value
 */
function fact(label, value) {
  return h("div", { class: "fact" }, h("dt", {}, label), h("dd", {}, value));
}

/**
 * The head of the review.
 * @param {Review} review
 * @param {Words} words
 */
export function bars(review, words) {
  const { say } = words;
  const situations = review.situation ? [review.situation] : review.situations;
  const facts = h(
    "dl",
    { class: "facts" },
    situations.length > 0 &&
      fact(say("situation"), situations.map((id) => say(`word.situation.${id}`)).join(" · ")),
    fact(say("channel"), say(`word.channel.${review.reply_channel}`)),
    fact(say("politeness"), words.number(Math.round(review.politeness))),
    fact(say("mail-language"), say(`word.language.${review.language}`)),
  );
  const mood = review.temperature
    ? thermometer(review.temperature, say(review.direction === "incoming" ? "mood" : "mood-before"), words)
    : null;
  const { dimensions, score, band } = review;
  const tone =
    score !== null && band && dimensions
      ? h(
          "div",
          { class: "tone" },
          h(
            "div",
            { class: "overall", data: { level: band } },
            h("span", { class: "label" }, say("score")),
            h("span", { class: "figure" }, words.number(Math.round(score))),
            h("span", { class: "band" }, say(`word.band.${band}`)),
          ),
          h(
            "div",
            { class: "bars", role: "group", "aria-label": say("profile") },
            ...DIMENSIONS.map((id) => bar(say(`word.dimension.${id}`), dimensions[id], words)),
          ),
        )
      : null;
  return section("summary", say("review"), [h("div", { class: "card" }, tone, mood, facts)]);
}
