/** Calls of our API that need the user's own token, and what helps when one fails. */

import { Failure } from "/static/client.js";

/** How long a call may take, in milliseconds. The service gives up on a calendar long before. */
const PATIENCE = 30_000;
/** How long to wait before a call is repeated whose answer got lost, in milliseconds. */
const AGAIN = 500;
/** So often a call may be found still running. */
const RUNNING = 10;

/** @typedef {import("/static/client.js").Call} Call */

/** @param {number} milliseconds */
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class Calls {
  /**
   * @param {object} parts
   * @param {import("/static/client.js").Client} parts.client
   * @param {import("./sign_in.js").SignIn} parts.signIn
   */
  constructor({ client, signIn }) {
    this.client = client;
    this.signIn = signIn;
  }

  /**
   * The JSON of an answer, null when it is empty. Raises Failure, and nothing else.
   * @param {string} method
   * @param {string} path
   * @param {Call} call
   * @returns {Promise<any>}
   */
  async once(method, path, call) {
    try {
      const response = await this.client.send(method, path, { ...call, signal: AbortSignal.timeout(PATIENCE) });
      return response.status === 204 ? null : await response.json();
    } catch (error) {
      // Out of time, or broken off in the middle: what came of the call is not known.
      throw error instanceof Failure ? error : new Failure("away");
    }
  }

  /**
   * The same, and the user may be asked to sign in, to confirm it or to allow something: each once. A call
   * whose answer got lost is repeated, so it has to be one that can be. Raises Failure.
   * @param {string} method
   * @param {string} path
   * @param {Call} [call]
   */
  async insist(method, path, call = {}) {
    /** @type {Map<string, number>} */
    const tried = new Map();
    let token = await this.signIn.token({ interactive: true });
    for (;;) {
      try {
        return await this.once(method, path, { ...call, token });
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const what = error.code || error.kind;
        const times = tried.get(what) ?? 0;
        tried.set(what, times + 1);
        if (times >= (what === "still-running" ? RUNNING : 1)) throw error;
        token = await this.#mend(what, error, token);
      }
    }
  }

  /**
   * The token to try again with.
   * @param {string} what
   * @param {Failure} failure
   * @param {string | null} token
   */
  async #mend(what, failure, token) {
    switch (what) {
      case "claims-challenge":
        return this.signIn.token({ interactive: true, claims: failure.claims || null, fresh: !failure.claims });
      case "more-consent":
        return this.signIn.token({ interactive: true, scopes: failure.scopes });
      case "sign-in-expired":
      case "bad-token":
        return this.signIn.token({ interactive: true, fresh: true });
      case "still-running":
      case "away":
        await sleep(Math.max(failure.wait * 1000, AGAIN));
        return token;
      default:
        throw failure;
    }
  }
}
