/**
 * Asks before a mail goes out that may do harm (OnMessageSend; "Handle OnMessageSend and OnAppointmentSend
 * events in your Outlook add-in with Smart Alerts", Microsoft Learn). Whatever fails, the mail goes out.
 */

/** All of it, in milliseconds from the start: Outlook shows a window of its own after five seconds. */
const PATIENCE = 4000;
/** The review, from the start: what comes after it needs some time too. */
const REVIEWED = 3300;
const SIGNED_IN = 1500;
const TOLD = 1200;
const KEPT = 500;
const PANE = "composeOpenPane";
const ASKED = "tactline-asked";

/** @param {number} ms @param {() => void} run */
function later(ms, run) {
  if (typeof setTimeout === "function") setTimeout(run, Math.max(ms, 0));
}

/**
 * @template T, U
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {U} otherwise when it takes longer, or fails
 * @returns {Promise<T | U>}
 */
function withinTime(promise, ms, otherwise) {
  return new Promise((resolve) => {
    later(ms, () => resolve(otherwise));
    promise.then(resolve, () => resolve(otherwise));
  });
}

/** @template T @param {() => T} run after what is under way has been started @returns {Promise<T>} */
function soon(run) {
  return new Promise((resolve) => {
    if (typeof setTimeout === "function") setTimeout(resolve, 0);
    else resolve(undefined);
  }).then(run);
}

/**
 * An `...Async` method of Office as a promise.
 * @param {(done: (result: Office.AsyncResult<any>) => void) => void} call
 * @returns {Promise<any>}
 */
function answerOf(call) {
  return new Promise((resolve, reject) => {
    call((result) => {
      if (result.status === Office.AsyncResultStatus.Succeeded) resolve(result.value);
      else reject(new Error("Office refused"));
    });
  });
}

/** @param {string} name @param {string} version */
function supports(name, version) {
  try {
    return Office.context.requirements.isSetSupported(name, version);
  } catch (error) {
    return false;
  }
}

const current = () => /** @type {Office.MessageCompose} */ (/** @type {unknown} */ (Office.context.mailbox.item));

/** @returns {Promise<string>} the body as text, without the quoted thread where Outlook can tell it */
function readBody() {
  const body = current().body;
  const mode = Office.MailboxEnums && Office.MailboxEnums.BodyMode;
  /** @type {any} */
  const options = {};
  // Others take no notice of it.
  if (mode) options.bodyMode = mode.HostConfig;
  return answerOf((done) => body.getAsync(Office.CoercionType.Text, options, done))
    .catch(() => answerOf((done) => body.getAsync(Office.CoercionType.Text, done)));
}

/** @param {any} address */
const domainOf = (address) => String(address || "").toLowerCase().split("@")[1] || "";

/** @returns {Promise<boolean>} whether a mail surely stays in the user's own house */
function staysInside() {
  const profile = Office.context.mailbox.userProfile;
  const domain = domainOf(profile.emailAddress);
  // Strangers share the domain of a private address.
  if (domain === "" || ["office365", "enterprise"].indexOf(profile.accountType) < 0) return Promise.resolve(false);
  const item = current();
  return Promise.all([item.to, item.cc, item.bcc].map((list) => answerOf((done) => list.getAsync(done)))).then((lists) => {
    const all = lists[0].concat(lists[1], lists[2]);
    return all.length > 0 && all.every((/** @type {any} */ one) => domainOf(one.emailAddress) === domain);
  });
}

/** FNV-1a (32 bits) of words whatever their spaces: no text is kept. @param {string} text */
function digest(text) {
  const words = text.replace(/\s+/g, " ").trim();
  let hash = 0x811c9dc5;
  for (let at = 0; at < words.length; at += 1) {
    const code = words.charCodeAt(at);
    hash = Math.imul(hash ^ (code & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (code >> 8), 0x01000193);
  }
  return (hash >>> 0).toString(16) + "-" + words.length;
}

const hasSession = () => supports("Mailbox", "1.11") && Boolean(current().sessionData);
/** @returns {Promise<Office.CustomProperties>} */
const properties = () => answerOf((done) => current().loadCustomPropertiesAsync(done));

/** @returns {Promise<string>} the digest of the words that were asked about, "" for none */
function askedBefore() {
  if (hasSession()) return answerOf((done) => current().sessionData.getAsync(ASKED, done)).then(textOf);
  return properties().then((kept) => textOf(kept.get(ASKED)));
}

/** @param {string} hash @returns {Promise<boolean>} */
function remember(hash) {
  if (hasSession()) return answerOf((done) => current().sessionData.setAsync(ASKED, hash, done)).then(() => true);
  return properties().then((kept) => {
    kept.set(ASKED, hash);
    return answerOf((done) => kept.saveAsync(done)).then(() => true);
  });
}

/** @returns {Promise<string>} by Outlook's nested sign-in, or Office's own; nobody is asked anything */
function signIn() {
  const msal = ROOT.msal;
  const legacy = () => ROOT.OfficeRuntime.auth.getAccessToken({ allowSignInPrompt: false });
  if (!msal || !supports("NestedAppAuth", "1.1")) return Promise.resolve().then(legacy);
  return msal.createNestablePublicClientApplication({ auth: { clientId: DATA.client, authority: DATA.authority } })
    .then((/** @type {any} */ app) => app.acquireTokenSilent({ scopes: [DATA.scope] }))
    .then((/** @type {any} */ result) => result.accessToken)
    .catch(legacy);
}

/** @returns {Promise<string>} "" where none is to be had: the service may want none */
function token() {
  if (DATA.client === "" || DATA.scope === "") return Promise.resolve("");
  return withinTime(Promise.resolve().then(signIn), SIGNED_IN, "").then(textOf);
}

/** @param {Date} now RFC 3339 with the offset of this machine's clock */
function momentOf(now) {
  const ahead = -now.getTimezoneOffset();
  const two = (/** @type {number} */ number) => ("0" + number).slice(-2);
  const there = new Date(now.getTime() + ahead * 60000).toISOString().slice(0, 19);
  let sign = "+";
  if (ahead < 0) sign = "-";
  return there + sign + two(Math.floor(Math.abs(ahead) / 60)) + ":" + two(Math.abs(ahead) % 60);
}

/** @param {{own: string, history: string}} mail @param {string} subjectLine @param {AbortSignal | undefined} signal @returns {Promise<any>} */
function review(mail, subjectLine, signal) {
  /** @type {any} */
  const request = {
    message: { direction: "outgoing", text: mail.own, subject: subjectLine.slice(0, 500) },
    now: momentOf(new Date()),
    time_zone: textOf(Office.context.mailbox.userProfile.timeZone) || "UTC",
  };
  if (mail.history !== "") request.context = [{ direction: "incoming", text: mail.history }];
  return token().then((given) => {
    /** @type {Record<string, string>} "*": reasons come in the mail's own language */
    const headers = { "Content-Type": "application/json", "Accept-Language": "*" };
    if (given !== "") headers.Authorization = "Bearer " + given;
    return fetch(DATA.address + "/v1/reviews", { method: "POST", headers, body: JSON.stringify(request), signal, credentials: "omit" });
  }).then((response) => {
    if (!response.ok) throw new Error("no review");
    return response.json();
  });
}

function ownLanguage() {
  const tag = textOf(Office.context.displayLanguage).slice(0, 2).toLowerCase();
  if (DATA.words[tag]) return tag;
  return "en";
}

/** @param {Alert} alert @returns {Office.SmartAlertsEventCompletedOptions} */
function question(alert) {
  /** @type {Office.SmartAlertsEventCompletedOptions} */
  const options = { allowEvent: false, errorMessage: messageOf(alert, new Date()) };
  if (supports("Mailbox", "1.14")) {
    options.cancelLabel = DATA.words[alert.language].button;
    options.commandId = PANE;
    // Old Outlook on Windows takes text alone.
    options.contextData = JSON.stringify({ v: 1 });
  }
  return options;
}

/**
 * @param {number} started
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Office.SmartAlertsEventCompletedOptions>}
 */
function decide(started, signal) {
  const allow = { allowEvent: true };
  const optional = [
    withinTime(answerOf((done) => current().subject.getAsync(done)), TOLD, ""),
    withinTime(Promise.resolve().then(staysInside), TOLD, false),
    withinTime(Promise.resolve().then(askedBefore), TOLD, ""),
  ];
  return Promise.all([readBody(), Promise.all(optional)]).then((read) => {
    const mail = ownWords(read[0], false);
    const hash = digest(mail.own);
    if (mail.own === "" || read[1][1] || read[1][2] === hash) return allow;
    const asked = review(mail, textOf(read[1][0]), signal).then((answer) => ({ alert: alertOfReview(answer, ownLanguage()) }));
    const reviewed = withinTime(asked, REVIEWED - (Date.now() - started), null);
    // Their search blocks everything else: not before the service was asked.
    const local = soon(() => alertOfRules(mail.own)).catch(() => null);
    return Promise.all([reviewed, local]).then((found) => {
      const answer = found[0];
      let alert = found[1];
      if (answer !== null) alert = answer.alert;
      if (alert === null) return allow;
      const options = question(alert);
      return withinTime(remember(hash), KEPT, false).then((kept) => {
        if (!kept) return allow;
        return options;
      });
    });
  });
}

/** @param {Office.MailboxEvent} event */
function onMessageSendHandler(event) {
  const started = Date.now();
  let over = false;
  /** @type {AbortController | null} */
  let abort = null;
  /** @param {Office.SmartAlertsEventCompletedOptions} options */
  const finish = (options) => {
    if (over) return;
    over = true;
    event.completed(options);
    if (abort !== null) abort.abort();
  };
  const allow = () => finish({ allowEvent: true });
  later(PATIENCE, allow);
  try {
    let signal;
    if (typeof AbortController === "function") {
      abort = new AbortController();
      signal = abort.signal;
    }
    decide(started, signal).then(finish).catch(allow);
  } catch (error) {
    allow();
  }
}

function start() {
  Office.actions.associate("onMessageSendHandler", onMessageSendHandler);
}
