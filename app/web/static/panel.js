/** A review as the parts of a panel, in reading order. Knows neither page nor host. */

import { advicePart, datesPart, notesPart } from "./parts/advice.js";
import { bars } from "./parts/bars.js";
import { briefPart } from "./parts/brief.js";
import { elementsPart } from "./parts/elements.js";
import { dismissedPart, findingsPart } from "./parts/findings.js";
import { holdsPart } from "./parts/holds.js";
import { revisedPart } from "./parts/diff.js";

/**
 * @param {object} shown
 * @param {import("./types.js").Review} shown.review
 * @param {string} shown.text that was reviewed
 * @param {string} shown.current the text now, which `findings` and `changes` refer to
 * @param {import("./types.js").Finding[]} shown.findings to act on
 * @param {import("./types.js").Finding[]} shown.dismissed
 * @param {import("./types.js").Change[]} shown.changes
 * @param {import("./types.js").Bookings | null} [shown.bookings] the user's own calendar
 * @param {import("./types.js").Words} words
 * @returns {(HTMLElement | null)[]}
 */
export function panel({ review, text, current, findings, dismissed, changes, bookings = null }, words) {
  const incoming = review.direction === "incoming";
  const inserted = changes.filter((change) => change.kind === "insert");
  const reworded = changes.filter((change) => change.kind !== "insert");
  return [
    bars(review, words),
    incoming && findings.length === 0 ? null : findingsPart(findings, reworded, current, words),
    incoming ? null : elementsPart(review.elements, inserted, words),
    datesPart(review, words),
    incoming ? advicePart(review.advice, words) : null,
    revisedPart(text, review.revised, words),
    briefPart(review.call_brief, words),
    holdsPart(review.holds, bookings, words),
    incoming ? null : advicePart(review.advice, words),
    notesPart(review.notes, words),
    dismissedPart(dismissed, words),
  ];
}
