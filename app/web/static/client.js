/** The service's API, as its pages use it. Nothing is sent anywhere else. */

/**
 * @typedef {"away" | "starting" | "key" | "large" | "fields" | "busy" | "file" | "failed" | "sign-in" | "popup" | "cancelled" | "mail"} FailureKind
 * @typedef {{pointer: string, detail: string}} FieldProblem
 */

/** What went wrong, in a kind that the page has words for. */
export class Failure extends Error {
  /**
   * @param {FailureKind} kind
   * @param {{detail?: string, fields?: FieldProblem[], wait?: number, code?: string, claims?: string, scopes?: string[]}} [more]
   *   `wait` in seconds; `code` of the problem document, "" without one; `claims` of a challenge, as JSON;
   *   `scopes` that the user has yet to allow
   */
  constructor(kind, more = {}) {
    super(kind);
    this.kind = kind;
    this.detail = more.detail ?? "";
    this.fields = more.fields ?? [];
    this.wait = more.wait ?? 0;
    this.code = more.code ?? "";
    this.claims = more.claims ?? "";
    this.scopes = more.scopes ?? [];
  }
}

/** @type {Record<number, FailureKind>} */
const KINDS = { 401: "key", 403: "key", 413: "large", 422: "fields", 429: "busy", 502: "away", 503: "starting", 504: "away" };

/** Where the user has to sign in, or to allow something: what the status alone does not tell. */
const SIGN_IN = new Set(["bad-token", "sign-in-expired", "claims-challenge", "more-consent", "wrong-scope"]);

/** @param {Response} response */
async function failure(response) {
  let problem = /** @type {any} */ ({});
  try {
    problem = await response.json();
  } catch {
    // Something between here and the service answered: its words are not ours to show.
  }
  const wait = Number(response.headers.get("Retry-After"));
  const code = String(problem.type ?? "").split("/").at(-1) ?? "";
  const kind = code === "busy" ? "busy" : (KINDS[response.status] ?? "failed");
  return new Failure(SIGN_IN.has(code) ? "sign-in" : kind, {
    detail: typeof problem.detail === "string" ? problem.detail : "",
    fields: Array.isArray(problem.errors) ? problem.errors : [],
    wait: Number.isFinite(wait) ? Math.min(Math.max(wait, 0), 300) : 0,
    code,
    claims: claimsOf(response.headers.get("WWW-Authenticate") ?? ""),
    scopes: Array.isArray(problem.scopes) ? problem.scopes.map(String) : [],
  });
}

/**
 * The claims of a challenge (Microsoft identity platform, "Claims challenges"), "" when it has none.
 * @param {string} header
 */
function claimsOf(header) {
  try {
    const bytes = atob(/\bclaims="([^"]*)"/u.exec(header)?.[1] ?? "");
    return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  } catch {
    return "";
  }
}

/**
 * @typedef {object} Call
 * @property {unknown} [json] the body
 * @property {{type: string, content: BodyInit}} [raw] the body, when it is not JSON
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {string | null} [token] in place of the credential
 */

export class Client {
  /**
   * @param {object} options
   * @param {string} [options.base] "" for the page's own origin
   * @param {() => string | null | Promise<string | null>} options.credential to send, if any
   * @param {() => string} options.language of explanations
   */
  constructor({ base = "", credential, language }) {
    this.base = base;
    this.credential = credential;
    this.language = language;
  }

  /**
   * Raises Failure, or what `fetch` raises when the call was aborted.
   * @param {string} method
   * @param {string} path
   * @param {Call} [call]
   */
  async send(method, path, { json, raw, headers = {}, signal, token } = {}) {
    const sent = new Headers({ "Accept-Language": this.language(), ...headers });
    const credential = token === undefined ? await this.credential() : token;
    if (credential) sent.set("Authorization", `Bearer ${credential}`);
    if (json !== undefined) sent.set("Content-Type", "application/json");
    if (raw) sent.set("Content-Type", raw.type);
    const body = json === undefined ? raw?.content : JSON.stringify(json);
    let response;
    try {
      response = await fetch(this.base + path, {
        method, headers: sent, body, signal, credentials: "omit", cache: "no-store",
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
    const json = { ...request, explain_in: this.language() };
    return (await this.send("POST", "/v1/reviews", { json, signal })).json();
  }

  /**
   * A raw mail; the answer's `body` is what was read from it.
   * @param {ArrayBuffer} mail
   * @param {string} direction
   * @returns {Promise<import("./types.js").Review>}
   */
  async reviewMail(mail, direction) {
    const query = new URLSearchParams({ direction, explain_in: this.language() });
    const raw = { type: "message/rfc822", content: mail };
    return (await this.send("POST", `/v1/reviews?${query}`, { raw })).json();
  }

  /**
   * A hold as a calendar file.
   * @param {import("./types.js").Hold} hold
   */
  async calendarFile(hold) {
    return (await this.send("POST", "/v1/holds", { json: { hold, calendar: "ics" } })).text();
  }
}
