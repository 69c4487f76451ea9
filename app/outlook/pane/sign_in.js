/**
 * Signs in with the account that Outlook has: nested app authentication, and where Outlook is too old for
 * it, Office's own single sign-on ("Enable SSO in an Office Add-in using nested app authentication" and
 * "Troubleshoot error messages for single sign-on", Microsoft Learn). What comes out are access tokens for
 * our own API. None is kept here: the libraries know when one runs out.
 */

import { Failure } from "/static/client.js";

/** How long an answer may take that needs nobody, in milliseconds. Outlook sometimes never gives one. */
const PATIENCE = 10_000;
/** How long people may take over a window, in milliseconds. */
const INTERACTION = 300_000;

/**
 * @typedef {{client_id: string | null, authority: string, scope: string | null}} Config
 * @typedef {typeof import("@azure/msal-browser")} Msal
 * @typedef {{getAccessToken: (options: Office.AuthOptions) => Promise<string>}} OfficeAuth
 *
 * @typedef {object} Way to get tokens
 * @property {(fresh: boolean) => Promise<string | null>} silent null: not without the user. Raises Failure.
 * @property {(asked: {claims?: string | null, scopes?: string[] | null}) => Promise<string>} popup Raises Failure.
 */

/** It cannot be done here: whoever calls needs a key, or does without. */
const unsupported = () => new Failure("key", { code: "unsupported" });

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} milliseconds
 * @param {() => Failure} late
 * @returns {Promise<T>}
 */
function within(promise, milliseconds, late) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The library's own codes; those of brokers come through it unchanged. */
const CANCELLED = new Set(["user_canceled", "user_cancelled", "access_denied"]);
const BLOCKED = new Set(["popup_window_error", "empty_window_error"]);
const AWAY = new Set(["no_network_connectivity", "network_error"]);
const UNSUPPORTED = new Set(["nested_app_auth_bridge_disabled"]);

/**
 * Nothing of the library's words is passed on: they may name the user.
 * @param {any} error
 * @returns {Failure}
 */
function nestedFailure(error) {
  if (error instanceof Failure) return error;
  const code = String(error?.errorCode ?? "");
  if (CANCELLED.has(code)) return new Failure("cancelled");
  if (BLOCKED.has(code)) return new Failure("popup");
  if (AWAY.has(code)) return new Failure("away");
  return UNSUPPORTED.has(code) ? unsupported() : new Failure("sign-in");
}

/** @implements {Way} */
class Nested {
  /**
   * @param {import("@azure/msal-browser").IPublicClientApplication} app
   * @param {string} scope
   * @param {number} patience
   */
  constructor(app, scope, patience) {
    this.app = app;
    this.scope = scope;
    this.patience = patience;
  }

  /** @param {string[]} scopes */
  #request(scopes) {
    // The account of the last token: with several in one Outlook, it stays the same.
    return { scopes, account: this.app.getActiveAccount() ?? undefined };
  }

  /** @param {import("@azure/msal-browser").AuthenticationResult} result */
  #token(result) {
    this.app.setActiveAccount(result.account);
    return result.accessToken;
  }

  /** @param {boolean} fresh */
  async silent(fresh) {
    const request = { ...this.#request([this.scope]), forceRefresh: fresh };
    try {
      const late = () => new Failure("sign-in", { code: "slow" });
      return this.#token(await within(this.app.acquireTokenSilent(request), this.patience, late));
    } catch (error) {
      const failure = nestedFailure(error);
      // Whatever else it is, a window may settle it.
      if (failure.kind !== "away" && failure.kind !== "key") return null;
      throw failure;
    }
  }

  /** @param {{claims?: string | null, scopes?: string[] | null}} asked */
  async popup({ claims = null, scopes = null }) {
    const request = { ...this.#request(scopes ?? [this.scope]), ...(claims ? { claims } : {}) };
    try {
      const late = () => new Failure("cancelled");
      return this.#token(await within(this.app.acquireTokenPopup(request), INTERACTION, late));
    } catch (error) {
      throw nestedFailure(error);
    }
  }
}

/** What the numbers of Office's single sign-on mean here; any other is up to the user. */
const OFFICE = new Map(
  /** @type {[number, () => Failure][]} */ ([
    [13000, unsupported], // this Office cannot
    [13002, () => new Failure("cancelled")],
    [13003, unsupported], // neither a work account nor a Microsoft account
    [13004, unsupported], // the manifest names another resource
    [13008, () => new Failure("busy", { wait: 2 })], // the last call is not over
    [13009, unsupported],
    [13010, unsupported], // kept apart by the browser's zones
    [13012, unsupported], // this platform cannot
    [13013, () => new Failure("busy", { wait: 5 })], // too many calls
  ]),
);

/** @implements {Way} */
class Legacy {
  /** @type {Promise<unknown>} Office refuses a call while another is under way (13008) */
  #last = Promise.resolve();

  /**
   * @param {OfficeAuth} auth
   * @param {number} patience
   */
  constructor(auth, patience) {
    this.auth = auth;
    this.patience = patience;
  }

  /**
   * @param {Office.AuthOptions} options
   * @param {number} patience
   * @param {() => Failure} late
   * @returns {Promise<string>}
   */
  #ask(options, patience, late) {
    const turn = this.#last.then(() => within(this.auth.getAccessToken(options), patience, late));
    this.#last = turn.catch(() => {});
    return turn.catch((error) => {
      if (error instanceof Failure) throw error;
      throw OFFICE.get(Number(error?.code))?.() ?? new Failure("sign-in");
    });
  }

  async silent() {
    try {
      return await this.#ask({}, this.patience, () => new Failure("sign-in", { code: "slow" }));
    } catch (error) {
      if (error instanceof Failure && error.kind === "sign-in") return null;
      throw error;
    }
  }

  /** @param {{claims?: string | null}} asked Consent to Graph is only for administrators to give here. */
  popup({ claims = null }) {
    const options = { allowSignInPrompt: true, allowConsentPrompt: true, ...(claims ? { authChallenge: claims } : {}) };
    return this.#ask(options, INTERACTION, () => new Failure("cancelled"));
  }
}

export class SignIn {
  #config;
  #msal;
  #nested;
  #patience;
  /** @type {Promise<Nested | null> | null} null inside: Outlook offers no nested sign-in after all */
  #opened = null;
  /** @type {Legacy | null} */
  #legacy;
  /** @type {Map<string, Promise<string | null>>} equal calls share one answer */
  #running = new Map();
  /** @type {Promise<unknown>} one window at a time */
  #windows = Promise.resolve();

  /**
   * @param {object} parts
   * @param {Config} parts.config as /outlook/config gives it
   * @param {Msal | null} parts.msal the vendored library, null when it did not load
   * @param {boolean} parts.supported whether Outlook says that it has nested app authentication 1.1
   * @param {number} [parts.patience] in milliseconds
   */
  constructor({ config, msal, supported, patience = PATIENCE }) {
    this.#config = config;
    this.#msal = msal;
    this.#nested = supported && msal !== null;
    this.#patience = patience;
    const auth = /** @type {any} */ (globalThis).OfficeRuntime?.auth;
    this.#legacy = typeof auth?.getAccessToken === "function" ? new Legacy(auth, patience) : null;
  }

  /** Whether signing in is possible here at all, as far as is known by now. */
  get available() {
    const { client_id, scope } = this.#config;
    return Boolean(client_id && scope && (this.#nested || this.#legacy));
  }

  /**
   * An access token for our API. Raises Failure: "cancelled", "popup" (the window was blocked), "away",
   * "busy", "sign-in", and "key" where signing in turns out not to be possible.
   * @param {object} [asked]
   * @param {boolean} [asked.interactive] a window may be shown
   * @param {string | null} [asked.claims] JSON of a claims challenge, which only a window answers
   * @param {string[] | null} [asked.scopes] of Graph, for the user to allow
   * @param {boolean} [asked.fresh] not one that was given before
   * @returns {Promise<string | null>} null: not without asking the user
   */
  token({ interactive = false, claims = null, scopes = null, fresh = false } = {}) {
    const key = JSON.stringify([interactive, claims, scopes, fresh]);
    const running = this.#running.get(key);
    if (running) return running;
    const ask = () => this.#ask({ interactive, claims, scopes, fresh });
    const asked = (interactive ? this.#windows.then(ask) : ask()).finally(() => this.#running.delete(key));
    if (interactive) this.#windows = asked.catch(() => {});
    this.#running.set(key, asked);
    return asked;
  }

  /**
   * @param {{interactive: boolean, claims: string | null, scopes: string[] | null, fresh: boolean}} asked
   * @returns {Promise<string | null>}
   */
  async #ask(asked) {
    const { interactive, claims, scopes, fresh } = asked;
    const way = await this.#way(interactive);
    if (way === null) return null;
    try {
      if (claims || scopes) {
        if (!interactive) return null;
        const token = await way.popup({ claims, scopes });
        // A token for Graph is none of ours to send: it was asked for so that the user allows it.
        return scopes ? ((await way.silent(false)) ?? (await way.popup({}))) : token;
      }
      const token = await way.silent(fresh);
      return token === null && interactive ? await way.popup({}) : token;
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "unsupported") throw error;
      if (way === this.#legacy) this.#legacy = null;
      else this.#nested = false;
      if (this.available) return this.#ask(asked);
      throw error;
    }
  }

  /**
   * @param {boolean} interactive
   * @returns {Promise<Way | null>} null: Outlook does not answer, and nobody was to be bothered
   */
  async #way(interactive) {
    if (!this.available) throw unsupported();
    if (this.#nested) {
      try {
        const late = () => new Failure("sign-in", { code: "slow" });
        const found = await within((this.#opened ??= this.#open()), this.#patience, late);
        if (found) return found;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (interactive) throw error;
        return null;
      }
      this.#nested = false;
    }
    if (this.#legacy) return this.#legacy;
    throw unsupported();
  }

  async #open() {
    const msal = this.#msal;
    if (!msal) return null;
    let nested = false;
    try {
      const app = await msal.createNestablePublicClientApplication(
        {
          auth: { clientId: this.#config.client_id ?? "", authority: this.#config.authority },
          cache: { cacheLocation: "memoryStorage" },
        },
        undefined,
        (configuration, controller) => {
          // Called only when Outlook's broker answers. Without it the library would sign in by windows and
          // frames of its own, which Outlook does not show.
          nested = true;
          return new msal.PublicClientApplication(configuration, controller);
        },
      );
      return nested ? new Nested(app, this.#config.scope ?? "", this.#patience) : null;
    } catch {
      return null;
    }
  }
}
