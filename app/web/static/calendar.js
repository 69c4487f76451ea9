/** Several calendar files made into one (RFC 5545). */

/**
 * The components of all files under the properties of the first; a time zone that several define stands once.
 * @param {string[]} files each one VCALENDAR
 */
export function joined(files) {
  /** @type {Set<string>} */
  const components = new Set();
  for (const file of files) {
    for (const [component] of file.matchAll(/^BEGIN:(VTIMEZONE|VEVENT)\r\n[^]*?^END:\1\r\n/gmu)) components.add(component);
  }
  const head = files[0].slice(0, files[0].search(/^BEGIN:(?!VCALENDAR)/mu));
  return `${head}${[...components].join("")}END:VCALENDAR\r\n`;
}
