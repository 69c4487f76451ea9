/** Proposed entries for the calendar. Events: hold {hold}, holds {holds}, book {hold}, unbook {hold}. */

import { button, cited, h, icon, section } from "./dom.js";

/**
 * @typedef {import("../types.js").Hold} Hold
 * @typedef {import("../types.js").Booking} Booking
 * @typedef {import("../types.js").Bookings} Bookings
 * @typedef {import("../types.js").Words} Words
 */

/**
 * How the hold and the user's calendar stand, in words; "" when nothing is known.
 * @param {Hold} hold
 * @param {Booking | undefined} booking
 * @param {Words} words
 */
function told(hold, booking, words) {
  const { say } = words;
  if (!booking) return "";
  const when = booking.slot ? words.when({ ...hold, ...booking.slot }) : "";
  switch (booking.state) {
    case "looking": return say("hold-looking");
    case "working": return say("hold-working");
    case "free": return say("hold-free");
    case "taken": return when ? say("hold-taken", { when }) : say("hold-taken-all");
    case "made": return when && when !== words.when(hold) ? say("hold-made-at", { when }) : say("hold-made");
    case "failed": return booking.problem;
    default: return "";
  }
}

/**
 * @param {Hold} hold
 * @param {Booking | undefined} booking
 * @param {Words} words
 */
function calendarActions(hold, booking, words) {
  const { say } = words;
  if (booking?.state === "made") {
    return [
      booking.url &&
        h(
          "a",
          {
            class: "button plain", href: booking.url, target: "_blank", rel: "noopener noreferrer",
            "aria-label": `${say("hold-open")}: ${hold.title}`, data: { key: `open:${hold.id}` },
          },
          say("hold-open"),
        ),
      button(
        say("undo"),
        { action: "unbook", hold },
        { key: `book:${hold.id}`, name: `${say("undo")}: ${hold.title}` },
      ),
    ];
  }
  const add = button(
    say("hold-add"),
    { action: "book", hold },
    { kind: "main", key: `book:${hold.id}`, name: `${say("hold-add")}: ${hold.title}` },
  );
  // It stays where the focus may be: pressing it once more does nothing while it works.
  if (booking?.state === "working") add.setAttribute("aria-disabled", "true");
  return [add];
}

/**
 * @param {Hold} hold
 * @param {Bookings | null} bookings
 * @param {Words} words
 */
function row(hold, bookings, words) {
  const { say } = words;
  const booking = bookings?.of(hold);
  const note = told(hold, booking, words);
  return h(
    "li",
    { data: { kind: hold.kind, ...(booking ? { booking: booking.state } : {}) } },
    icon("calendar"),
    h(
      "div",
      {},
      h("span", { class: "row-title" }, hold.title),
      h("time", { class: "when", datetime: hold.start }, words.when(hold)),
      note && h("p", { class: "booking" }, note),
      hold.reason && h("p", { class: "why" }, hold.reason),
      cited(hold.sources, words, null),
    ),
    h(
      "div",
      { class: "actions" },
      bookings ? calendarActions(hold, booking, words).filter((node) => node !== null && node !== "") : [],
      booking?.state === "made"
        ? null
        : button(
            say("download"),
            { action: "hold", hold },
            { key: `hold:${hold.id}`, name: `${say("download")}: ${hold.title}` },
          ),
    ),
  );
}

/**
 * @param {Hold[]} holds
 * @param {Bookings | null} bookings null: calendar files only
 * @param {Words} words
 */
export function holdsPart(holds, bookings, words) {
  if (holds.length === 0) return null;
  const all =
    holds.length > 1 ? button(words.say("download-all"), { action: "holds", holds }, { key: "holds" }) : null;
  return section(
    "holds",
    words.say("holds"),
    [h("ul", { class: "card rows" }, ...holds.map((hold) => row(hold, bookings, words)))],
    all,
  );
}
