/** What to show in place of a review: nothing to review, or what went wrong. */

import { button, h, icon, send } from "./dom.js";

/** @typedef {import("../types.js").Words} Words @typedef {import("../client.js").Failure} Failure */

/**
 * Event: example.
 * @param {Words} words
 */
export function emptyPart(words) {
  const { say } = words;
  return h(
    "section",
    { class: "empty" },
    h("h2", {}, say("empty-title")),
    h("p", {}, say("empty-text")),
    button(say("example"), { action: "example" }, { kind: "main", key: "example" }),
  );
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
    h("p", { id: "key-text" }, failure.wrongKey ? say("key-wrong") : say("key-text")),
    h("label", { for: "key" }, say("key")),
    h("div", { class: "key-row" }, field, h("button", { type: "submit", class: "button main" }, say("key-use"))),
  );
}

/**
 * Events: retry, key {key}.
 * @param {Failure} failure
 * @param {Words} words
 */
export function problemPart(failure, words) {
  const { say } = words;
  const title = say(`${failure.kind}-title`);
  const text =
    ["away", "starting", "file"].includes(failure.kind)
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
    (failure.kind === "away" || failure.kind === "failed") && button(say("retry"), { action: "retry" }, { key: "retry" }),
  );
}
