/** Text as patterns meet it: lower case, no marks, plain quotes, as `fold` of app/tone/text.py has it. */

/** @typedef {{text: string, origins: number[]}} Folded `origins`: where each letter stood in the source */

/** @type {Record<string, string>} */
const foldedBefore = {};

/** @param {number[]} ranges @param {number} code */
function within(ranges, code) {
  for (let at = 0; at < ranges.length; at += 2) {
    if (code < ranges[at]) return false;
    if (code <= ranges[at + 1]) return true;
  }
  return false;
}

/** @param {string} char */
function foldPart(char) {
  if (typeof DATA.specials[char] === "string") return DATA.specials[char];
  const code = char.charCodeAt(0);
  if (within(DATA.marks, code)) return "";
  if (/\s/.test(char) || (code >= 0x1c && code <= 0x1f) || code === 0x85) return " ";
  return char;
}

/** @param {string} char one code point @returns {string} */
function foldChar(char) {
  if (typeof foldedBefore[char] === "string") return foldedBefore[char];
  let folded = foldPart(char);
  if (folded === char && char > "\x7f" && typeof char.normalize === "function") folded = char.normalize("NFKD");
  if (folded !== " ") {
    folded = Array.from(folded.toLowerCase()).map(foldPart).join("");
  }
  foldedBefore[char] = folded;
  return folded;
}

/** @param {string} text @returns {Folded} */
function fold(text) {
  const parts = [];
  const origins = [];
  let at = 0;
  for (const char of text) {
    const folded = foldChar(char);
    parts.push(folded);
    for (let each = 0; each < folded.length; each += 1) origins.push(at);
    at += char.length;
  }
  return { text: parts.join(""), origins };
}
