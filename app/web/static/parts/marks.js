/** The layer under the text that marks the words of findings and the places to fill in. */

import { SLOT, h } from "./dom.js";

/**
 * @typedef {{id: string, start: number, end: number, severity: import("../types.js").Severity}} Mark
 */

const RANK = { hint: 1, warning: 2, error: 3 };

/**
 * `text` cut at the edges of marks and places; where marks overlap the gravest shows.
 * @param {string} text
 * @param {Mark[]} marks
 * @param {string | null} active id of the mark that the reader is at
 * @returns {(Node | string)[]}
 */
export function marked(text, marks, active) {
  const slots = [...text.matchAll(SLOT)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
  const edges = new Set([0, text.length]);
  for (const { start, end } of [...marks, ...slots]) edges.add(start).add(end);
  const cuts = [...edges].filter((at) => at >= 0 && at <= text.length).sort((a, b) => a - b);
  /** @type {(Node | string)[]} */
  const pieces = [];
  for (let i = 0; i + 1 < cuts.length; i += 1) {
    const [start, end] = [cuts[i], cuts[i + 1]];
    const covers = (/** @type {import("../types.js").Range} */ range) => range.start <= start && end <= range.end;
    const here = marks.filter(covers).sort((a, b) => RANK[b.severity] - RANK[a.severity]);
    const slot = slots.some(covers);
    const piece = text.slice(start, end);
    if (here.length === 0) {
      pieces.push(slot ? h("span", { class: "slot" }, piece) : piece);
      continue;
    }
    const [mark] = here;
    pieces.push(
      h(
        "mark",
        {
          class: slot ? "slot" : null,
          data: { finding: mark.id, severity: mark.severity },
          "data-active": here.some(({ id }) => id === active),
        },
        piece,
      ),
    );
  }
  return pieces;
}
