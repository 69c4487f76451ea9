/** The service's API, as this page uses it. Nothing is sent anywhere else. */

/**
 * @typedef {"away" | "starting" | "key" | "large" | "fields" | "busy" | "file" | "failed"} FailureKind
 * @typedef {{pointer: string, detail: string}} FieldProblem
 */

/** What went wrong, in a kind that the page has words for. */
export class Failure extends Error {
  /**
   * @param {FailureKind} kind
   * @param {{detail?: string, fields?: FieldProblem[], wait?: number, wrongKey?: boolean}} [more] `wait` in seconds
   */
  constructor(kind, more = {}) {
    super(kind);
    this.kind = kind;
    this.detail = more.detail ?? "";
    this.fields = more.fields ?? [];
    this.wait = more.wait ?? 0;
    this.wrongKey = more.wrongKey ?? false;
  }
}

/** @type {Record<number, FailureKind>} */
const KINDS = { 401: "key", 403: "key", 413: "large", 422: "fields", 429: "busy", 502: "away", 503: "starting", 504: "away" };

/** @param {Response} response */
async function failure(response) {
  let problem = /** @type {any} */ ({});
  try {
    problem = await response.json();
  } catch {
    // Something between here and the service answered: its words are not ours to show.
  }
  const wait = Number(response.headers.get("Retry-After"));
  return new Failure(KINDS[response.status] ?? "failed", {
    detail: typeof problem.detail === "string" ? problem.detail : "",
    fields: Array.isArray(problem.errors) ? problem.errors : [],
    wait: Number.isFinite(wait) ? Math.min(Math.max(wait, 0), 300) : 0,
    wrongKey: String(problem.type ?? "").endsWith("/wrong-key"),
  });
}

export class Client {
  /**
   * @param {object} options
   * @param {string} [options.base] "" for the page's own origin
   * @param {() => string | null} options.key the credential to send, if any
   * @param {() => string} options.language of explanations
   */
  constructor({ base = "", key, language }) {
    this.base = base;
    this.key = key;
    this.language = language;
  }

  /**
   * @param {string} path
   * @param {string} type
   * @param {BodyInit} body
   * @param {AbortSignal} [signal]
   */
  async #post(path, type, body, signal) {
    /** @type {Record<string, string>} */
    const headers = { "Content-Type": type, "Accept-Language": this.language() };
    const key = this.key();
    if (key) headers.Authorization = `Bearer ${key}`;
    let response;
    try {
      response = await fetch(this.base + path, {
        method: "POST", headers, body, signal, credentials: "omit", cache: "no-store",
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Failure("away");
    }
    if (!response.ok) throw await failure(response);
    return response;
  }

  /**
   * @param {Record<string, unknown>} request the body of POST /v1/reviews, without `explain_in`
   * @param {AbortSignal} [signal]
   * @returns {Promise<import("./types.js").Review>}
   */
  async review(request, signal) {
    const body = JSON.stringify({ ...request, explain_in: this.language() });
    return (await this.#post("/v1/reviews", "application/json", body, signal)).json();
  }

  /**
   * A raw mail; the answer's `body` is what was read from it.
   * @param {ArrayBuffer} mail
   * @param {string} direction
   * @returns {Promise<import("./types.js").Review>}
   */
  async reviewMail(mail, direction) {
    const query = new URLSearchParams({ direction, explain_in: this.language() });
    return (await this.#post(`/v1/reviews?${query}`, "message/rfc822", mail)).json();
  }

  /**
   * A hold as a calendar file.
   * @param {import("./types.js").Hold} hold
   */
  async calendarFile(hold) {
    const body = JSON.stringify({ hold, calendar: "ics" });
    return (await this.#post("/v1/holds", "application/json", body)).text();
  }
}
