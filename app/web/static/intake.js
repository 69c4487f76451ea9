/** Getting a mail into the page from a file, chosen or dropped. */

import { Failure } from "./client.js";
import { kindOf, subjectOf, textOfBytes, textOfHtml } from "./mail.js";

/** Files beyond this are not even read: no service takes them. */
const LARGEST = 64 * 1024 * 1024;

/**
 * The subject and the words of a mail. Raises Failure.
 * @param {File} file
 * @param {import("./client.js").Client} client reads .eml files
 * @param {string} direction
 * @returns {Promise<{subject: string | null, text: string}>} subject: null when the file has no place for one
 */
export async function readFile(file, client, direction) {
  const kind = kindOf(file);
  if (kind === null) throw new Failure("file");
  if (file.size > LARGEST) throw new Failure("large");
  const bytes = await file.arrayBuffer();
  if (kind === "mail") {
    const { body } = await client.reviewMail(bytes, direction);
    const content = body?.content ?? "";
    const text = body?.content_type === "text/html" ? textOfHtml(content) : unixLines(content);
    return { subject: subjectOf(bytes), text };
  }
  const content = textOfBytes(bytes);
  return { subject: null, text: kind === "html" ? textOfHtml(content) : unixLines(content) };
}

/** @param {string} text */
function unixLines(text) {
  return text.replace(/\r\n?/gu, "\n");
}

/**
 * Take files dropped anywhere on the page; `data-dropping` stands on the root while one hovers.
 * @param {(file: File) => void} listener
 */
export function acceptDrops(listener) {
  const root = document.documentElement;
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    root.dataset.dropping = "";
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) delete root.dataset.dropping;
  });
  document.addEventListener("drop", (event) => {
    delete root.dataset.dropping;
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    listener(file);
  });
}

/**
 * Take files chosen in a field; choosing the same one again counts.
 * @param {HTMLInputElement} field
 * @param {(file: File) => void} listener
 */
export function acceptFiles(field, listener) {
  field.addEventListener("change", () => {
    const file = field.files?.[0];
    if (file) listener(file);
    field.value = "";
  });
}
