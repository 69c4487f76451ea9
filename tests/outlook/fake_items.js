/**
 * Items of the fake Outlook and how a call to them goes. A classic script: see fake_html.js.
 *
 * Each member is held against the vendor's types (npm `@types/office-js`) by tests/outlook/test_fake_office.py:
 * a name or a value that Office does not have does not compile. Numbers of errors are the documented ones;
 * where none is documented the code is 9999, and nothing should tell errors apart by it.
 */

/**
 * @typedef {{displayName?: string, emailAddress: string}} Person
 * @typedef {object} Mail what is open: `content` is what a writer typed, `history` the quoted messages below it
 * @property {"read" | "compose"} mode
 * @property {"html" | "text"} type
 * @property {string} content
 * @property {string} history
 * @property {string} subject
 * @property {Person} from
 * @property {Person[]} to
 * @property {Person[]} cc
 * @property {string | null} conversationId
 * @property {string | null} itemId of a draft: null until it was saved
 * @property {string} internetMessageId
 * @property {string} created ISO 8601
 * @property {"reply" | "newMail" | "forward"} composeType
 * @property {string} context what a Smart Alert handed to the pane
 * @property {{words: string, where: "body" | "subject" | "to"} | null} selection
 * @property {Record<string, string>} sessionData
 * @property {Record<string, string>} customProperties
 * @property {Record<string, Office.NotificationMessageDetails>} notifications
 * @property {{html: string | null, to: Person[]} | null} reply the reply form that was opened, if any
 */
/**
 * @typedef {object} Trouble of the n-th call from now on, and of `times` calls in a row
 * @property {number} [nth]
 * @property {number} [times]
 * @property {number} [code]
 * @property {string} [name]
 * @property {string} [message]
 * @property {boolean} [throws] at once, instead of calling back
 * @property {boolean} [silent] never calls back
 */
/**
 * @template F
 * @typedef {F extends (...given: infer A) => unknown ? Required<A> extends [...unknown[], (result: Office.AsyncResult<infer T>) => void] ? T : never : never} ValueOf
 *   what an `...Async` method calls back with
 */

/** What tests set, with its defaults: see `fakeOffice` for how. */
const state = {
  host: /** @type {"Outlook" | null} */ ("Outlook"),
  platform: /** @type {"OfficeOnline" | "PC" | "Mac" | "iOS" | "Android" | "Universal"} */ ("OfficeOnline"),
  hostName: "OutlookWebApp",
  /** Mailbox 1.`set` */
  set: 15,
  /** @type {Record<string, string>} other requirement sets */
  sets: { NestedAppAuth: "1.1", IdentityAPI: "1.3", DialogApi: "1.2", OpenBrowserWindowApi: "1.1" },
  language: "en-GB",
  contentLanguage: "en-GB",
  dark: false,
  timeZone: "GMT Standard Time",
  accountType: "office365",
  user: /** @type {Person} */ ({ displayName: "Ana Wright", emailAddress: "ana@studio.test" }),
  /** Whether the pane stays and hears of another item. */
  pinned: true,
  /** Messages grouped by conversation: HostConfig means the current reply alone. */
  grouped: true,
  flavour: /** @type {Flavour} */ ("web"),
  /** What becomes of calls for an item that is no longer open: nobody documents it. */
  late: /** @type {"fail" | "answer"} */ ("fail"),
  /** How long after setAsync the old body is still read, in milliseconds (office-js 5983). */
  stale: 0,
  delay: 0,
  readyDelay: 0,
  /** The runtime of events: no task pane, no forms, no theme. */
  events: false,
  /** @type {Record<string, unknown>} as saved */
  roaming: {},
  /** @type {Record<string, number>} milliseconds, by method */
  delays: {},
  /** @type {Mail | null} */
  mail: null,
};

/** @type {{name: string, given: unknown[], n: number}[]} */
const calls = [];
/** @type {Record<string, (Trouble & {seen: number})[]>} */
const troubles = {};
/** @type {Record<string, {when: "call" | "answer", gate: Promise<void>, open: () => void}>} */
const held = {};
/** How often a whole thread was replaced where only the reply was meant. */
const harm = { threads: 0 };

class Failed extends Error {
  /** @param {string} name @param {number} code @param {string} [message] */
  constructor(name, code, message = "") {
    super(message || name);
    this.name = name;
    this.code = code;
  }
}

/** @param {string} name @param {string} parameter */
const wrongArgument = (name, parameter) => {
  const error = new Error(`Sys.${name}Exception: parameter ${parameter}`);
  error.name = `Sys.${name}Exception`;
  return error;
};

/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {string} name */
function troubleOf(name) {
  for (const trouble of [...(troubles[name] ?? []), ...(troubles["*"] ?? [])]) {
    trouble.seen += 1;
    const first = trouble.nth ?? 1;
    if (trouble.seen >= first && trouble.seen < first + (trouble.times ?? 1)) return trouble;
  }
  return null;
}

/** @param {string} name @param {"call" | "answer"} when */
async function gate(name, when) {
  if (held[name]?.when === when) await held[name].gate;
}

/**
 * @param {Mail | null} owner the item that the method belongs to
 * @returns {<F>(name: string, takes: number, run: (...given: any[]) => ValueOf<F>) => F} one method: `takes`
 *   arguments, then perhaps options, then perhaps a callback
 */
const methodsOf = (owner) => (name, takes, run) => {
  const method = (/** @type {any[]} */ ...given) => {
    if (given.length < takes || given.slice(0, takes).includes(undefined)) throw wrongArgument("ArgumentNull", name);
    const rest = given.slice(takes);
    const callback = rest.find((part) => typeof part === "function");
    const options = rest.find((part) => part !== null && typeof part === "object") ?? {};
    if (rest.some((part) => part !== undefined && part !== callback && part !== options)) {
      throw wrongArgument("ParameterCount", name);
    }
    calls.push({ name, given: structuredClone(given.filter((part) => typeof part !== "function")), n: calls.length });
    const trouble = troubleOf(name);
    if (trouble?.throws) throw new Error(trouble.message ?? "thrown by the fake");
    void answer(name, owner, trouble, () => run(...given.slice(0, takes), options), (result) => {
      callback?.({ ...result, asyncContext: options.asyncContext, diagnostics: undefined });
    });
  };
  return /** @type {any} */ (method);
};

/**
 * @param {string} name
 * @param {Mail | null} owner
 * @param {Trouble | null} trouble
 * @param {() => unknown} run
 * @param {(result: {status: string, value: unknown, error: unknown}) => void} tell
 */
async function answer(name, owner, trouble, run, tell) {
  await gate(name, "call");
  await sleep(state.delays[name] ?? state.delay);
  if (trouble?.silent) return;
  /** @type {{status: string, value: unknown, error: unknown}} */
  let result;
  try {
    if (trouble) throw new Failed(trouble.name ?? "InternalError", trouble.code ?? 5001, trouble.message);
    if (owner && owner !== state.mail && state.late === "fail") {
      throw new Failed("APICallFailedDueToItemChange", 9030, "The selected item has changed.");
    }
    result = { status: "succeeded", value: run(), error: undefined };
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    result = { status: "failed", value: undefined, error: { code: error.code, name: error.name, message: error.message } };
  }
  await gate(name, "answer");
  await sleep(0);
  tell(result);
}

/** @param {Person} person @returns {Office.EmailAddressDetails} */
const addressed = ({ displayName = "", emailAddress }) => ({
  displayName, emailAddress, recipientType: "externalUser", appointmentResponse: "none",
});

const mobile = () => state.platform === "iOS" || state.platform === "Android";
const onWeb = () => state.platform === "OfficeOnline" || state.platform === "Universal";

/** @param {Mail} mail @param {{bodyMode?: number}} options */
const replyOnly = (mail, options) => (onWeb() || mobile()) && mail.mode === "compose" && state.grouped && options.bodyMode === 1;

/** @param {string} type */
function checkCoercion(type) {
  if (type !== "html" && type !== "text") throw new Failed("Invalid Coercion Type", 1000, "The specified coercion type is not supported.");
}

/** @param {Mail} mail @param {string} data @param {{coercionType?: string}} options @returns {string} as the body takes it */
function coerced(mail, data, options) {
  const type = options.coercionType ?? "text";
  checkCoercion(type);
  if (data.length > 1_000_000) throw new Failed("DataExceedsMaximumSize", 9999, "The data is longer than 1,000,000 characters.");
  if (type === "html" && mail.type === "text") throw new Failed("InvalidFormatError", 2006, "The body is in plain text.");
  return type === "text" && mail.type === "html" ? asHtml(data) : data;
}

/** @param {Mail} mail @param {string} content */
function store(mail, content) {
  const next = mail.type === "html" ? asStored(content, state.flavour) : content;
  if (!state.stale) mail.content = next;
  else setTimeout(() => { mail.content = next; }, state.stale);
}

/** @param {Mail} mail */
const whole = (mail) => (mail.type === "text" && mail.history ? `${mail.content}\n${mail.history}` : mail.content + mail.history);

/** @param {Mail} mail */
function bodyOf(mail) {
  const method = methodsOf(mail);
  /** @type {Pick<Office.Body, "getAsync">} */
  const read = {
    getAsync: method("body.getAsync", 1, (type, options) => {
      checkCoercion(type);
      const content = replyOnly(mail, options) ? mail.content : whole(mail);
      if (type === mail.type) return content;
      if (type === "text") return state.platform === "PC" ? asText(content).replace(/\n/gu, "\r\n") : asText(content);
      if (mail.mode === "compose") throw new Failed("InvalidFormatError", 2006, "The body is in plain text.");
      return `<html><head></head><body>${asHtml(content)}</body></html>`;
    }),
  };
  if (mail.mode === "read") return read;
  /** @type {Pick<Office.Body, "getAsync" | "getTypeAsync" | "setAsync" | "prependAsync" | "setSelectedDataAsync">} */
  const compose = {
    ...read,
    getTypeAsync: method("body.getTypeAsync", 0, () => /** @type {Office.CoercionType} */ (mail.type)),
    setAsync: method("body.setAsync", 1, (data, options) => {
      if (mobile()) throw new Failed("OperationNotSupported", 5000, "The operation is not supported.");
      const content = coerced(mail, data, options);
      if (!replyOnly(mail, options)) {
        // Outlook takes what it is given for all of the thread: the quoted messages are whatever it holds.
        if (mail.history && !content.includes(mail.history)) harm.threads += 1;
        mail.history = "";
      }
      mail.selection = null;
      store(mail, content);
    }),
    prependAsync: method("body.prependAsync", 1, (data, options) => {
      const content = coerced(mail, data, options);
      store(mail, mail.type === "html" ? onTop(mail.content, content) : content + mail.content);
    }),
    setSelectedDataAsync: method("body.setSelectedDataAsync", 1, (data, options) => {
      insert(mail, coerced(mail, data, options), "body");
    }),
  };
  return compose;
}

/**
 * In place of the selection; without one at the top, since the fake's cursor was never in the body.
 * @param {Mail} mail @param {string} data @param {"body" | "any"} where
 */
function insert(mail, data, where) {
  const selected = mail.selection;
  mail.selection = null;
  if (selected && where === "any" && selected.where === "subject") {
    mail.subject = mail.subject.replace(selected.words, () => data);
  } else if (selected?.where === "body") {
    const words = mail.type === "html" ? escaped(selected.words) : selected.words;
    mail.content = mail.content.replace(words, () => data);
  } else mail.content = mail.type === "html" ? onTop(mail.content, data) : data + mail.content;
}

/** @param {Mail} mail @returns {Pick<Office.NotificationMessages, "addAsync" | "replaceAsync" | "removeAsync" | "getAllAsync">} */
function notificationsOf(mail) {
  const method = methodsOf(mail);
  /** @param {string} key @param {Office.NotificationMessageDetails} message */
  const put = (key, message) => {
    if (message.type === "informationalMessage" && (!message.icon || message.persistent === undefined)) {
      throw new Failed("InvalidParameterValueError", 9999, "An informational message needs an icon and persistent.");
    }
    if (mobile()) mail.notifications = {};
    mail.notifications[key] = { ...message, key };
  };
  /** @type {<F>(run: F) => F} thrown at once, before anything is asked of Outlook */
  const checked = (run) => /** @type {any} */ ((/** @type {any[]} */ ...given) => {
    if (String(given[0]).length > 32) throw wrongArgument("ArgumentOutOfRange", "key");
    if (String(given[1]?.message ?? "").length > 150) throw wrongArgument("ArgumentOutOfRange", "message");
    /** @type {any} */ (run)(...given);
  });
  return {
    addAsync: checked(method("notificationMessages.addAsync", 2, (key, message) => {
      if (mail.notifications[key]) throw new Failed("DuplicateNotificationKey", 9999);
      if (Object.keys(mail.notifications).length >= 5) throw new Failed("NumberOfNotificationMessagesExceeded", 9999);
      put(key, message);
    })),
    replaceAsync: checked(method("notificationMessages.replaceAsync", 2, (key, message) => {
      if (!mail.notifications[key] && Object.keys(mail.notifications).length >= 5) {
        throw new Failed("NumberOfNotificationMessagesExceeded", 9999);
      }
      put(key, message);
    })),
    removeAsync: checked(method("notificationMessages.removeAsync", 1, (key) => {
      if (!mail.notifications[key]) throw new Failed("NotificationKeyNotFound", 9999);
      delete mail.notifications[key];
    })),
    getAllAsync: method("notificationMessages.getAllAsync", 0, () => Object.values(mail.notifications)),
  };
}

/** @param {Mail} mail @param {(mail: Mail) => Person[]} list @returns {Pick<Office.Recipients, "getAsync">} */
const recipientsOf = (mail, list, name = "to") => ({
  getAsync: methodsOf(mail)(`${name}.getAsync`, 0, () => list(mail).map(addressed)),
});

/** @param {Mail} mail @returns {Pick<Office.SessionData, "getAsync" | "setAsync" | "removeAsync" | "clearAsync" | "getAllAsync">} */
function sessionOf(mail) {
  const method = methodsOf(mail);
  return {
    getAsync: method("sessionData.getAsync", 1, (name) => {
      if (!(name in mail.sessionData)) throw new Failed("KeyNotFound", 9020, "The specified key was not found.");
      return mail.sessionData[name];
    }),
    setAsync: method("sessionData.setAsync", 2, (name, value) => {
      const next = { ...mail.sessionData, [name]: String(value) };
      const limit = state.set >= 16 ? 2_621_440 : 50_000;
      if (Object.entries(next).flat().join("").length > limit) throw new Failed("DataExceedsMaximumSize", 9999);
      mail.sessionData = next;
    }),
    removeAsync: method("sessionData.removeAsync", 1, (name) => { delete mail.sessionData[name]; }),
    clearAsync: method("sessionData.clearAsync", 0, () => { mail.sessionData = {}; }),
    getAllAsync: method("sessionData.getAllAsync", 0, () => ({ ...mail.sessionData })),
  };
}

/** @param {Mail} mail @returns {Office.MessageRead["loadCustomPropertiesAsync"]} */
const customOf = (mail) => methodsOf(mail)("loadCustomPropertiesAsync", 0, () => {
  /** @type {Record<string, string>} */
  let own = { ...mail.customProperties };
  /** @type {Office.CustomProperties} */
  const properties = {
    get: (name) => own[name],
    getAll: () => ({ ...own }),
    set: (name, value) => { own = { ...own, [name]: value }; },
    remove: (name) => { delete own[name]; },
    saveAsync: methodsOf(mail)("customProperties.saveAsync", 0, () => {
      if (JSON.stringify(own).length > 2500) throw new Failed("DataExceedsMaximumSize", 9999);
      mail.customProperties = { ...own };
    }),
  };
  return /** @type {any} */ (properties);
});
