/** Keeps one review on its way: that of the newest text. Answers to older ones are dropped. */

import { Failure } from "./client.js";

/** How long typing must rest before the text is reviewed, in milliseconds. */
export const REST = 300;

export class Reviewer {
  #turn = 0;
  #timer = 0;
  #abort = new AbortController();

  /**
   * @param {object} parts
   * @param {import("./client.js").Client} parts.client
   * @param {() => string} parts.text
   * @param {(text: string) => Record<string, unknown>} parts.request
   * @param {(busy: boolean) => void} parts.busy
   * @param {(review: import("./types.js").Review | null, text: string) => void} parts.show null: no text
   * @param {(failure: Failure) => void} parts.fail
   */
  constructor(parts) {
    this.parts = parts;
  }

  /** Review the text once typing rests. Whatever is under way is of an older text. */
  schedule(rest = REST) {
    const { text, busy, show } = this.parts;
    this.#turn += 1;
    this.#abort.abort();
    clearTimeout(this.#timer);
    if (text().trim() === "") {
      busy(false);
      show(null, "");
      return;
    }
    busy(true);
    this.#timer = window.setTimeout(() => this.#run(), rest);
  }

  /** Give up what is under way. */
  close() {
    this.#turn += 1;
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  async #run() {
    const { client, text, request, busy, show } = this.parts;
    const turn = this.#turn;
    const asked = text();
    this.#abort = new AbortController();
    try {
      const review = await client.review(request(asked), this.#abort.signal);
      if (turn !== this.#turn || asked !== text()) return;
      busy(false);
      show(review, asked);
    } catch (error) {
      if (turn !== this.#turn) return;
      busy(false);
      this.failed(error);
    }
  }

  /**
   * Show what went wrong, and try again where waiting helps.
   * @param {unknown} error
   */
  failed(error) {
    if (!(error instanceof Failure)) throw error;
    this.parts.fail(error);
    if (error.kind !== "starting" && error.kind !== "busy") return;
    const turn = this.#turn;
    setTimeout(() => turn === this.#turn && this.schedule(0), Math.max(error.wait, 1) * 1000);
  }
}
