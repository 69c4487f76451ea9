/** What to show in place of a review: nothing to review, or what went wrong. */

import { button, h, icon, send } from "./dom.js";

/** @typedef {import("../types.js").Words} Words @typedef {import("../client.js").Failure} Failure */

/**
 * Event: example.
 * @param {Words} words
 * @param {"page" | "draft" | "message"} where there is nothing; the page offers an example
 */
export function emptyPart(words, where) {
  const { say } = words;
  const text = { page: "empty-text", draft: "empty-draft", message: "empty-message" }[where];
  const example = where === "page" && button(say("example"), { action: "example" }, { kind: "main", key: "example" });
  return noticePart(say("empty-title"), say(text), example);
}

/**
 * A quiet word in place of a review.
 * @param {string} title
 * @param {string} text
 * @param {HTMLElement | false} [action]
 */
export function noticePart(title, text, action = false) {
  return h("section", { class: "empty" }, h("h2", {}, title), h("p", {}, text), action);
}

/**
 * Asks for the key. Event: key {key}.
 * @param {Failure} failure
 * @param {Words} words
 */
function keyForm(failure, words) {
  const { say } = words;
  const field = h("input", {
    id: "key", name: "key", type: "password", autocomplete: "off", required: true, spellcheck: "false", dir: "ltr",
    data: { key: "key" }, "aria-describedby": "key-text",
  });
  return h(
    "form",
    {
      class: "key-form",
      on: {
        submit: (/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          send(field, { action: "key", key: /** @type {HTMLInputElement} */ (field).value.trim() });
        },
      },
    },
    h("p", { id: "key-text" }, failure.code === "wrong-key" ? say("key-wrong") : say("key-text")),
    h("label", { for: "key" }, say("key")),
    h("div", { class: "key-row" }, field, h("button", { type: "submit", class: "button main" }, say("key-use"))),
  );
}

/**
 * Events: retry, key {key}, sign-in.
 * @param {Failure} failure
 * @param {Words} words
 */
export function problemPart(failure, words) {
  const { say } = words;
  const title = say(`${failure.kind}-title`);
  const text =
    ["away", "starting", "file", "mail", "sign-in", "popup", "cancelled"].includes(failure.kind)
      ? say(`${failure.kind}-text`)
      : failure.kind === "busy"
        ? say("busy-text", { seconds: words.number(Math.max(failure.wait, 1)) })
        : failure.detail;
  return h(
    "section",
    { class: "card problem", role: "alert", data: { problem: failure.kind } },
    h("h2", {}, icon("warning"), title),
    failure.kind === "key" ? keyForm(failure, words) : h("p", {}, text),
    failure.fields.length > 0 &&
      h(
        "ul",
        { class: "plain-list" },
        ...failure.fields.map(({ pointer, detail }) => h("li", {}, h("code", { dir: "ltr" }, pointer), " ", detail)),
      ),
    ["away", "failed", "mail"].includes(failure.kind) && button(say("retry"), { action: "retry" }, { key: "retry" }),
    ["sign-in", "popup", "cancelled"].includes(failure.kind) &&
      button(say("sign-in"), { action: "sign-in" }, { kind: "main", key: "sign-in" }),
  );
}
