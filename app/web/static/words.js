/** The interface's words, numbers and dates in one language. */

export const LANGUAGES = /** @type {const} */ ({ en: "English", fr: "Français", ar: "العربية", tr: "Türkçe" });

/**
 * The first of the reader's languages that the interface has, else English.
 * @param {readonly string[]} wanted BCP 47 tags, best first
 * @returns {keyof typeof LANGUAGES}
 */
export function choose(wanted) {
  for (const tag of wanted) {
    const code = tag.toLowerCase().split("-")[0];
    if (code in LANGUAGES) return /** @type {keyof typeof LANGUAGES} */ (code);
  }
  return "en";
}

/**
 * @param {string} language
 * @returns {Promise<import("./types.js").Words>}
 */
export async function load(language) {
  const response = await fetch(`/strings/${language}`, { credentials: "omit" });
  if (!response.ok) throw new Error(`no words for ${language}`);
  const { direction, words } = await response.json();
  return speak(language, direction, words);
}

/**
 * @param {string} language
 * @param {"ltr" | "rtl"} direction
 * @param {Record<string, string>} table
 * @returns {import("./types.js").Words}
 */
export function speak(language, direction, table) {
  // Western digits throughout, as in the sentences around them.
  const locale = language === "en" ? "en-GB" : `${language}-u-nu-latn`;
  const comma = language === "ar" ? "، " : ", ";
  const numbers = new Intl.NumberFormat(locale);
  const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
  const date = (/** @type {string} */ value) => day.format(new Date(`${value}T00:00:00Z`));
  const say = (/** @type {string} */ key, /** @type {Record<string, string | number>} */ values = {}) =>
    (table[key] ?? key).replace(/\{(\w+)\}/gu, (whole, name) => String(values[name] ?? whole));
  return {
    language,
    direction,
    say,
    number: (value) => numbers.format(value),
    day: (mention) => (mention.time ? `${date(mention.date)}${comma}${mention.time}` : date(mention.date)),
    when: (hold) => {
      if (hold.all_day) return `${date(hold.start.slice(0, 10))}${comma}${say("all-day")}`;
      // RFC 3339 names the local date and time of the hold's own zone: no need to convert.
      const [start, end] = [hold.start.slice(11, 16), hold.end.slice(11, 16)];
      // Kept on one line.
      return `${date(hold.start.slice(0, 10))}${comma}${say("hours", { start, end }).replace(/ /gu, "\u00a0").replace("–", "\u2060–\u2060")}`;
    },
  };
}
