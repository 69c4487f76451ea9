/** Reading what is dropped on the page: plain text and HTML here, .eml by the service. */

const BLOCKS = new Set(
  "ADDRESS ARTICLE ASIDE BLOCKQUOTE DD DIV DL DT FIELDSET FIGURE FOOTER FORM H1 H2 H3 H4 H5 H6 HEADER HR LI MAIN OL P PRE SECTION TABLE TR UL".split(" "),
);
const SPACED = new Set("P H1 H2 H3 H4 H5 H6 UL OL BLOCKQUOTE TABLE".split(" "));
const SKIPPED = new Set("SCRIPT STYLE HEAD TITLE TEMPLATE NOSCRIPT".split(" "));

/**
 * Markup without attributes, scripts and styles. None of them would have an effect in a page that is
 * only parsed, but the browser would report each as a breach of our content policy.
 * @param {string} html
 */
function bare(html) {
  return html
    .replace(/<!--[^]*?(?:-->|$)/gu, "")
    .replace(/<(script|style)\b[^]*?(?:<\/\1\s*>|$)/giu, "")
    .replace(/<([a-z][^\s/>]*)(?:"[^"]*"|'[^']*'|[^'">])*>/giu, "<$1>");
}

/**
 * The words of an HTML mail. The markup is parsed without being shown: nothing in it runs or loads.
 * @param {string} html
 */
export function textOfHtml(html) {
  const page = new DOMParser().parseFromString(bare(html), "text/html");
  let text = "";
  const breakLine = (/** @type {number} */ lines) => {
    text = text.replace(/[ \t]+$/u, "");
    const have = /\n*$/u.exec(text)?.[0].length ?? 0;
    if (text !== "") text += "\n".repeat(Math.max(0, lines - have));
  };
  const walk = (/** @type {Node} */ node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const words = (node.nodeValue ?? "").replace(/[ \t\r\n\f]+/gu, " ");
      text += /(?:^|\s)$/u.test(text) ? words.replace(/^ /u, "") : words;
      return;
    }
    const name = node.nodeName.toUpperCase();
    if (SKIPPED.has(name)) return;
    if (name === "BR") {
      text = `${text.replace(/[ \t]+$/u, "")}\n`;
      return;
    }
    const lines = SPACED.has(name) ? 2 : BLOCKS.has(name) ? 1 : 0;
    if (lines) breakLine(lines);
    node.childNodes.forEach(walk);
    if (lines) breakLine(lines);
    if (name === "TD" || name === "TH") text += " ";
  };
  walk(page.body);
  return text.replace(/\u00a0/gu, " ").trim();
}

/**
 * A header's words with the encoded ones read (RFC 2047); what cannot be read stays as it is.
 * @param {string} value
 */
function decoded(value) {
  return value
    .replace(/(\?=)\s+(?==\?)/gu, "$1")
    .replace(/=\?([^?*\s]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=/giu, (whole, charset, how, words) => {
      try {
        const bytes = how.toLowerCase() === "b"
          ? atob(words)
          : words.replace(/_/gu, " ").replace(/=([0-9a-f]{2})/giu, (/** @type {string} */ _, /** @type {string} */ hex) =>
              String.fromCharCode(Number.parseInt(hex, 16)));
        return new TextDecoder(charset).decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
      } catch {
        return whole;
      }
    });
}

/**
 * The subject of a raw mail, "" when it has none.
 * @param {ArrayBuffer} mail
 */
export function subjectOf(mail) {
  const text = new TextDecoder().decode(mail.slice(0, 65536));
  const headers = text.split(/\r?\n\r?\n/u, 1)[0].replace(/\r?\n[ \t]+/gu, " ");
  const found = /^subject:[ \t]*(.*)$/imu.exec(headers);
  return found ? decoded(found[1]).trim() : "";
}

/**
 * What kind of file it is, by its name and type.
 * @param {File} file
 * @returns {"mail" | "html" | "text" | null} null: not one that can be read here
 */
export function kindOf(file) {
  const name = file.name.toLowerCase();
  if (name.endsWith(".eml") || file.type === "message/rfc822") return "mail";
  if (/\.html?$/u.test(name) || file.type === "text/html") return "html";
  if (/\.(?:txt|text|md)$/u.test(name) || file.type === "text/plain") return "text";
  return null;
}

/**
 * The characters of a file: UTF-8, else what the markup names, else Windows' western set.
 * @param {ArrayBuffer} bytes
 */
export function textOfBytes(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const head = new TextDecoder("windows-1252").decode(bytes.slice(0, 2048));
    const named = /<meta[^>]+charset=["']?([\w-]+)/iu.exec(head)?.[1] ?? "windows-1252";
    try {
      return new TextDecoder(named).decode(bytes);
    } catch {
      return new TextDecoder("windows-1252").decode(bytes);
    }
  }
}
