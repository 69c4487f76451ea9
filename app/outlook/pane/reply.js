/** A plain text as the beginning of a mail's HTML. */

const RIGHT_TO_LEFT = /^[^\p{L}]*[\p{Script=Arabic}\p{Script=Hebrew}]/u;

/** @param {string} text */
function escaped(text) {
  return text.replace(/&/gu, "&amp;").replace(/</gu, "&lt;").replace(/>/gu, "&gt;");
}

/**
 * One `div` a line, as Outlook writes, right to left where the text begins so.
 * @param {string} text
 */
export function htmlOf(text) {
  const direction = RIGHT_TO_LEFT.test(text) ? "rtl" : "ltr";
  const lines = text.split("\n").map((line) => `<div>${escaped(line) || "<br>"}</div>`);
  return `<div dir="${direction}">${lines.join("")}<div><br></div></div>`;
}
