/** What to say when the client is better called than written to. Event: copy {text}. */

import { button, h, quoted, section } from "./dom.js";

/** @typedef {import("../types.js").Words} Words */

/**
 * @param {string} name
 * @param {string} text
 * @param {Words} words
 */
function script(name, text, words) {
  return h(
    "details",
    { class: "script", data: { key: `brief:${name}` } },
    h("summary", {}, h("h3", {}, words.say(name))),
    quoted(text, "div", "quoted letter"),
    button(words.say("copy"), { action: "copy", text }, { key: `copy:${name}`, name: `${words.say("copy")}: ${words.say(name)}` }),
  );
}

/**
 * @param {import("../types.js").CallBrief | null} brief
 * @param {Words} words
 */
export function briefPart(brief, words) {
  if (!brief) return null;
  return section("brief", words.say("brief"), [
    h(
      "div",
      { class: "card" },
      h("h3", { class: "label" }, words.say("points")),
      // The list takes its direction from its points, which may have none of their own for that.
      h("ol", { class: "points", dir: "auto" }, ...brief.talking_points.map((point) => h("li", { class: "quoted" }, point))),
      script("voicemail", brief.voicemail, words),
      script("careful-mail", brief.email, words),
    ),
  ]);
}
