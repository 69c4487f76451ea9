/** What is said before a mail goes out, in the mail's language: at most 500 characters, as Outlook has it. */

const MESSAGE = 500;
const QUOTED = 110;

/**
 * @typedef {object} Alert
 * @property {string} language
 * @property {string} opening key of a sentence
 * @property {string} words that were found, "" for none
 * @property {string} why
 * @property {string} rest until when the mail should rest, as a review's holds have it; "" for none
 */

/** @param {string} text @param {number} room at most so many characters, whole words where possible */
function cutAtWord(text, room) {
  const line = text.replace(/\s+/g, " ").trim();
  if (line.length <= room) return line;
  let end = line.lastIndexOf(" ", room - 1);
  if (end < room / 2) end = room - 1;
  // Half a letter of two units is none.
  if (/[\ud800-\udbff]/.test(line[end - 1])) end -= 1;
  return line.slice(0, end).replace(/[\s,;:،؛.–-]+$/, "") + "…";
}

/** @param {string} sentence @param {Record<string, string>} values */
function filled(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (all, name) => {
    if (typeof values[name] === "string") return values[name];
    return all;
  });
}

/** @param {Record<string, string>} words @param {string} moment RFC 3339; its own clock is the user's @param {Date} now */
function restUntil(words, moment, now) {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d)/.exec(moment);
  if (parts === null) return "";
  const date = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const today = date[0] === now.getFullYear() && date[1] === now.getMonth() + 1 && date[2] === now.getDate();
  if (today) return filled(words["rest-today"], { time: parts[4] });
  const weekday = words[String((new Date(Date.UTC(date[0], date[1] - 1, date[2])).getUTCDay() + 6) % 7)];
  return filled(words["rest-day"], { weekday, time: parts[4] });
}

/** @param {Alert} alert @param {Date} now */
function messageOf(alert, now) {
  const words = DATA.words[alert.language];
  const before = words[alert.opening];
  const after = [words.now];
  if (alert.rest !== "") after.unshift(restUntil(words, alert.rest, now));
  let finding = "";
  let room = MESSAGE - [before].concat(after).join(" ").length - words.finding.length - 1;
  if (alert.words !== "") {
    const quoted = cutAtWord(alert.words, QUOTED);
    room -= quoted.length;
    finding = filled(words.finding, { words: quoted, why: cutAtWord(alert.why, room) });
  } else if (alert.why !== "") {
    finding = cutAtWord(alert.why, room);
  }
  return [before, finding].concat(after).filter((part) => part !== "").join(" ");
}
