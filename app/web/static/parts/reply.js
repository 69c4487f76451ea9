/** What to do with a message that is only read: an answer to begin with, and entries that may go. */

import { button, h, icon, section, slotted } from "./dom.js";

/** @typedef {import("../types.js").Words} Words */

/**
 * Events: reply {text}, copy {text}.
 * @param {string | null | undefined} text
 * @param {Words} words
 */
export function replyPart(text, words) {
  if (!text) return null;
  const { say } = words;
  return section("pane-reply", say("pane-reply"), [
    h("p", { class: "hint" }, say("pane-reply-hint")),
    h(
      "div",
      { class: "card reply" },
      h("div", { class: "letter", dir: "auto" }, ...slotted(text)),
      h(
        "div",
        { class: "actions" },
        button(say("pane-reply-start"), { action: "reply", text }, { kind: "main", key: "reply" }),
        button(
          say("copy"),
          { action: "copy", text },
          { key: "copy:reply", name: `${say("copy")}: ${say("pane-reply")}` },
        ),
      ),
    ),
  ]);
}

/**
 * Event: release {event}.
 * @param {{event: string, kind: string, title: string, reason: string, start: string}[]} entries
 * @param {Words} words
 */
export function releasePart(entries, words) {
  if (entries.length === 0) return null;
  const { say } = words;
  return section("pane-release", say("pane-release"), [
    h(
      "ul",
      { class: "card rows" },
      ...entries.map(({ event, title, reason, start }) =>
        h(
          "li",
          {},
          icon("calendar"),
          h(
            "div",
            {},
            h("span", { class: "row-title" }, title),
            h("time", { class: "when", datetime: start }, words.day({ date: start.slice(0, 10), time: start.slice(11, 16) || null })),
            h("p", { class: "why" }, reason),
          ),
          button(
            say("pane-release-remove"),
            { action: "release", event },
            { key: `release:${event}`, name: `${say("pane-release-remove")}: ${title}` },
          ),
        ),
      ),
    ),
  ]);
}
