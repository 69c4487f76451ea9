/** What the browser offers besides the page: downloads, the clipboard, storage that may be forbidden. */

/**
 * @param {string} name
 * @param {string} type
 * @param {string} content
 */
export function saveFile(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a secure origin or permission: through a selection.
    const carrier = document.createElement("textarea");
    carrier.value = text;
    carrier.className = "visually-hidden";
    const before = document.activeElement;
    document.body.append(carrier);
    carrier.select();
    document.execCommand("copy");
    carrier.remove();
    if (before instanceof HTMLElement) before.focus();
  }
}

/**
 * A storage that may be forbidden.
 * @param {"localStorage" | "sessionStorage"} name
 * @returns {Storage | null}
 */
export function storage(name) {
  try {
    return window[name];
  } catch {
    return null;
  }
}
