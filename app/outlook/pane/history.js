/** Lines by which a quoted message is known, in four languages: what mail programs write, not what people do. */

/** @typedef {{text: string, from: string}} Quoted the latest quoted message and its sender's address, "" where unknown */

/** Labels of the lines over a quoted message; words are compared after `fold`. */
const LABELS = {
  from: ["from", "de", "expediteur", "من", "المرسل", "kimden", "gonderen"],
  proof: [
    "sent", "subject", "envoye", "envoye le", "objet", "sujet", "تاريخ الارسال", "تم الارسال", "الارسال", "ارسلت", "الموضوع", "موضوع",
    "gonderilen", "gonderildi", "gonderilme", "gonderme tarihi", "gonderme", "konu",
  ],
  more: [
    "to", "cc", "bcc", "date", "reply-to", "importance", "attachments", "a", "cci", "date", "pieces jointes", "repondre a", "الى",
    "التاريخ", "تاريخ", "نسخه", "نسخه الى", "المرفقات", "الاهميه", "kime", "bilgi", "gizli", "tarih", "ekler", "onem",
  ],
};
const ORIGINAL = [
  "original message", "original appointment", "message d'origine", "message original", "الرساله الاصليه", "رساله اصليه",
  "ozgun ileti", "orijinal mesaj", "orijinal ileti", "original mesaj",
];
const FORWARDED = [
  "forwarded message", "begin forwarded message", "message transfere", "debut du message transfere", "message reexpedie",
  "رساله محوله", "الرساله المحوله", "بدء الرساله المحوله", "رساله معاد توجيهها", "رساله معاده توجيهها",
  "iletilen mesaj", "iletilen ileti", "iletilen ileti baslangici", "yonlendirilmis mesaj", "yonlendirilen mesaj", "yonlendirilen ileti",
];
const WROTE = ["wrote", "a ecrit", "ecrivait", "كتب", "كتبت", "كتبه", "كتبته", "yazdi", "sunu yazdi", "sunlari yazdi", "soyle yazdi"];
const NEVER_WROTE = /\b(?:you|i|we) wrote\b/u;
const FRAMES = /^(?:on|le|في|بتاريخ|يوم)\s/u;

/** A line of a quoted message's head is short. */
const LONGEST = 400;
const HEAD_LINES = 8;
const ATTRIBUTION_LINES = 3;
const ADDRESS = /[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/u;
const DATED = /\d{4}|\d[:.h]\s?\d\d|@|\d\s?[ap]m\b/u;
const RULE = /^[-_*=~\u2014]{8,}$/u;

/**
 * A line without case, marks and typography.
 * @param {string} line
 */
export function fold(line) {
  return line
    .slice(0, LONGEST)
    .normalize("NFKD")
    .replace(/[\p{M}\u0640\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "")
    .toLowerCase()
    .replace(/ı/gu, "i")
    .replace(/ة/gu, "ه")
    .replace(/[’‘]/gu, "'")
    .replace(/\s+/gu, " ")
    .trim();
}

/** @param {string[]} names */
const labelled = (names) => new RegExp(`^[*_ ]*(?:${names.join("|")})\\s*\\*?\\s*:`, "u");
const FROM = labelled(LABELS.from);
const PROOF = labelled(LABELS.proof);
const FIELD = labelled([...LABELS.from, ...LABELS.proof, ...LABELS.more]);
const MARK = new RegExp(`^[-_*=~ >]*(?:${[...ORIGINAL, ...FORWARDED].join("|")})(?![\\p{L}\\p{N}])\\s*:?[-_*=~ ]*$`, "u");
const VERB = new RegExp(`(?:^|[^\\p{L}\\p{N}])(?:${WROTE.join("|")})(?![\\p{L}\\p{N}])`, "u");

/**
 * The first address in a text, "" without one.
 * @param {string} text
 */
const addressIn = (text) => ADDRESS.exec(text)?.[0] ?? "";

/** @param {string} line */
const isFrom = (line) => line.length <= LONGEST && FROM.test(fold(line));

/** @param {string} line "-----Original Message-----" and the like */
function isMark(line) {
  if (line.length > 120) return false;
  const folded = fold(line);
  return MARK.test(folded) && (/^[-_=*~]{2}/u.test(folded) || folded.endsWith(":"));
}

/** @param {string} line "On ... wrote:", as one line */
export function isAttribution(line) {
  if (line.length > LONGEST) return false;
  const folded = fold(line);
  return /[:：]$/u.test(folded) && VERB.test(folded) && !NEVER_WROTE.test(folded) && (DATED.test(folded) || FRAMES.test(folded));
}

/** @param {string} line that announces a quotation: whether it does so even if none is marked as one */
export const isCertain = (line) => FRAMES.test(fold(line)) && addressIn(line) !== "";

/**
 * Whether the head of a quoted message begins with a line: a sender, and what no sentence has soon after.
 * @param {string[]} lines
 * @param {number} index
 */
export function isHeadAt(lines, index) {
  if (!isFrom(lines[index] ?? "")) return false;
  for (let at = index + 1; at < lines.length && at <= index + HEAD_LINES; at += 1) {
    const line = fold(lines[at]);
    if (PROOF.test(line)) return true;
    // Long lists of recipients wrap.
    if (line !== "" && !FIELD.test(line) && !line.includes("@")) return false;
  }
  return false;
}

/**
 * How many lines from one on announce a quotation: 0 for none.
 * @param {string[]} lines
 * @param {number} index
 */
export function attributionAt(lines, index) {
  let joined = "";
  for (let count = 1; count <= ATTRIBUTION_LINES && index + count <= lines.length; count += 1) {
    const line = lines[index + count - 1];
    if (line.trim() === "" || line.startsWith(">")) return 0;
    joined = `${joined} ${line}`;
    if (count === 1 && !FRAMES.test(fold(line)) && !DATED.test(fold(line))) return 0;
    if (isAttribution(joined)) return count;
  }
  return 0;
}

/**
 * The line with which everything of the writer's ends, as a quoted message's head follows; -1 for none.
 * @param {string[]} lines
 */
export function cutAt(lines) {
  for (let index = 0; index < lines.length; index += 1) {
    if (isMark(lines[index]) || isHeadAt(lines, index)) return index;
    if (RULE.test(lines[index].trim()) && index + 1 < lines.length && isFrom(lines[index + 1])) return index;
  }
  return -1;
}

/**
 * The latest message of a quoted thread.
 * @param {string} text the thread, without the quotations inside quotations
 * @param {string} [above] a line that stood over it
 * @returns {Quoted}
 */
export function latest(text, above = "") {
  const lines = text.split("\n");
  let from = addressIn(above);
  let at = 0;
  while (at < lines.length && (lines[at].trim() === "" || RULE.test(lines[at].trim()) || isMark(lines[at]))) at += 1;
  const announced = attributionAt(lines, at);
  if (announced > 0) {
    from ||= addressIn(lines.slice(at, at + announced).join(" "));
    at += announced;
  } else if (isHeadAt(lines, at)) {
    from ||= addressIn(lines[at]);
    at += 1;
    // Fields stand apart where each is a paragraph of its own.
    const inHead = (/** @type {string} */ line) => FIELD.test(fold(line)) || line.includes("@");
    while (at < lines.length && inHead(lines[lines[at] === "" ? at + 1 : at] ?? "")) at += 1;
  }
  const rest = lines.slice(at);
  const cut = cutAt(rest);
  const own = cut < 0 ? rest : rest.slice(0, cut);
  const next = own.findIndex((_, index) => attributionAt(own, index) > 0);
  return { text: (next < 0 ? own : own.slice(0, next)).join("\n").trim(), from };
}
