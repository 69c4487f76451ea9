/** Findings that the reader put aside, remembered in this browser by a hash: never the words. */

const KEY = "tactline.dismissed";
const MOST = 500;
const BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/**
 * FNV-1a over 64 bits of the guideline and its words, blanks and case aside.
 * @param {{guideline: string, quote: string}} finding
 */
export function fingerprint({ guideline, quote }) {
  const words = quote.normalize("NFC").toLowerCase().replace(/\s+/gu, " ").trim();
  let hash = BASIS;
  for (const byte of new TextEncoder().encode(`${guideline}\n${words}`)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  }
  return hash.toString(16).padStart(16, "0");
}

export class Dismissed {
  #storage;
  /** @type {Set<string>} */
  #known;

  /** @param {Pick<Storage, "getItem" | "setItem"> | null} storage null: remembered until the page is closed */
  constructor(storage) {
    this.#storage = storage;
    this.#known = new Set();
    try {
      const found = JSON.parse(storage?.getItem(KEY) ?? "[]");
      if (Array.isArray(found)) this.#known = new Set(found.filter((item) => typeof item === "string"));
    } catch {
      // Someone else's or a damaged entry: begin afresh.
    }
  }

  /** @param {{guideline: string, quote: string}} finding */
  has(finding) {
    return this.#known.has(fingerprint(finding));
  }

  /** @param {{guideline: string, quote: string}} finding */
  add(finding) {
    this.#known.add(fingerprint(finding));
    this.#save();
  }

  /** @param {{guideline: string, quote: string}} finding */
  remove(finding) {
    this.#known.delete(fingerprint(finding));
    this.#save();
  }

  #save() {
    this.#known = new Set([...this.#known].slice(-MOST));
    try {
      this.#storage?.setItem(KEY, JSON.stringify([...this.#known]));
    } catch {
      // A full or forbidden storage: the choice then lasts as long as the page.
    }
  }
}
