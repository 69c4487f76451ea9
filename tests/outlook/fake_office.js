/**
 * A fake Office.js for Outlook, served in place of the vendor's address: `Office` as the page sees it, and
 * `fakeOffice` for tests. `fakeOfficeSetup`, set before it loads, overrides what `state` (fake_items.js) has.
 */

/**
 * @template E
 * @typedef {{[K in keyof E]?: E[K] extends string ? `${E[K]}` : string | number}} Values the values of an enum
 *   of the vendor's types, as they are in JavaScript
 */

/** @satisfies {Values<typeof Office.MailboxEnums.BodyMode>} */
const BodyMode = { FullBody: 0, HostConfig: 1 };
/** @satisfies {Values<typeof Office.EventType>} */
const EventType = {
  ItemChanged: "olkItemSelectedChanged", OfficeThemeChanged: "officeThemeChanged",
  InitializationContextChanged: "olkInitializationContextChanged", RecipientsChanged: "olkRecipientsChanged",
};
/** @type {Record<string, number>} the Mailbox set that an event came with */
const EVENT_SETS = {
  olkItemSelectedChanged: 5, officeThemeChanged: 14, olkInitializationContextChanged: 15, olkRecipientsChanged: 7,
};
/** @type {Record<string, number>} the Mailbox set that a member of an item came with, where it is not the first */
const SETS = {
  notificationMessages: 3, saveAsync: 3, getInitializationContextAsync: 8, getItemIdAsync: 8,
  displayReplyFormAsync: 9, displayReplyAllFormAsync: 9, getComposeTypeAsync: 10, sessionData: 11,
  getSelectedDataAsync: 2, setSelectedDataAsync: 2,
};
/** @type {Set<string>} members that Outlook on phones does not have */
const NOT_ON_PHONES = new Set(["displayReplyFormAsync", "displayReplyAllFormAsync", "sessionData", "saveAsync"]);
/** @type {Set<string>} members that the runtime of events does not have */
const NOT_IN_EVENTS = new Set(["displayReplyForm", "displayReplyFormAsync", "displayReplyAllForm", "displayReplyAllFormAsync"]);

/** @type {Record<string, ((event: any) => void)[]>} */
const handlers = {};
/** @type {Record<string, (event: any) => void>} */
const actions = {};
/** @type {string[]} */
const opened = [];

/** @template {object} T @param {T} item @returns {T} without the members that this Outlook lacks */
function lacking(item) {
  const gone = Object.keys(item).filter(
    (name) => (SETS[name] ?? 1) > state.set || (mobile() && NOT_ON_PHONES.has(name)) || (state.events && NOT_IN_EVENTS.has(name)),
  );
  for (const name of gone) delete (/** @type {any} */ (item)[name]);
  return item;
}

/** @param {string | Office.ReplyFormData | null | undefined} form */
function htmlOf(form) {
  const html = typeof form === "string" ? form : (form?.htmlBody ?? null);
  if (html !== null && new Blob([html]).size > 32 * 1024) throw wrongArgument("ArgumentOutOfRange", "htmlBody");
  return html;
}

/** @param {Mail} mail @param {boolean} all @param {string | null} html */
function openReply(mail, all, html) {
  mail.reply = { html, to: all ? [mail.from, ...mail.to, ...mail.cc] : [mail.from] };
}

/** @param {Mail} mail @param {boolean} all @param {string} name @returns {Office.MessageRead["displayReplyForm"]} */
const replyForm = (mail, all, name) => (form) => {
  const html = htmlOf(form);
  calls.push({ name, given: [html], n: calls.length });
  const trouble = troubleOf(name);
  if (trouble) throw new Error(trouble.message ?? "thrown by the fake");
  openReply(mail, all, html);
};

/** @param {Mail} mail @param {boolean} all @param {string} name @returns {Office.MessageRead["displayReplyFormAsync"]} */
function replyFormAsync(mail, all, name) {
  const method = /** @type {(...given: any[]) => void} */ (methodsOf(mail)(name, 1, (form) => {
    openReply(mail, all, htmlOf(form));
    return /** @type {never} */ (undefined);
  }));
  return (/** @type {any} */ form, /** @type {any[]} */ ...rest) => {
    const html = htmlOf(form);
    // The callback and its options may stand in the form itself.
    const inside = typeof form === "string" ? [] : [form?.options, form?.callback].filter((part) => part !== undefined);
    method(typeof form === "string" ? form : { htmlBody: html }, ...(rest.length ? rest : inside));
  };
}

/** @param {Mail} mail */
function readItem(mail) {
  const method = methodsOf(mail);
  /** @type {Omit<Pick<Office.MessageRead, "subject" | "normalizedSubject" | "from" | "sender" | "to" | "cc" | "itemId" | "itemType" | "itemClass" | "conversationId" | "internetMessageId" | "dateTimeCreated" | "dateTimeModified" | "displayReplyForm" | "displayReplyAllForm" | "displayReplyFormAsync" | "displayReplyAllFormAsync" | "getInitializationContextAsync" | "loadCustomPropertiesAsync" | "body" | "notificationMessages">, "body" | "notificationMessages"> & {body: Pick<Office.Body, "getAsync">, notificationMessages: ReturnType<typeof notificationsOf>}} */
  const item = {
    subject: mail.subject,
    normalizedSubject: mail.subject.replace(/^(?:(?:re|fwd?|tr|rép|ynt|ilt|رد)\s*:\s*)+/iu, ""),
    from: addressed(mail.from), sender: addressed(mail.from), to: mail.to.map(addressed), cc: mail.cc.map(addressed),
    itemId: mail.itemId ?? "", itemType: "message", itemClass: "IPM.Note",
    conversationId: mail.conversationId ?? "", internetMessageId: mail.internetMessageId,
    dateTimeCreated: new Date(mail.created), dateTimeModified: new Date(mail.created),
    body: bodyOf(mail),
    notificationMessages: notificationsOf(mail),
    displayReplyForm: replyForm(mail, false, "displayReplyForm"),
    displayReplyAllForm: replyForm(mail, true, "displayReplyAllForm"),
    displayReplyFormAsync: replyFormAsync(mail, false, "displayReplyFormAsync"),
    displayReplyAllFormAsync: replyFormAsync(mail, true, "displayReplyAllFormAsync"),
    getInitializationContextAsync: method("getInitializationContextAsync", 0, () => mail.context),
    loadCustomPropertiesAsync: customOf(mail),
  };
  return lacking(item);
}

/** @param {Mail} mail */
function composeItem(mail) {
  const method = methodsOf(mail);
  /** @type {Omit<Pick<Office.MessageCompose, "itemType" | "conversationId" | "saveAsync" | "getItemIdAsync" | "getComposeTypeAsync" | "getInitializationContextAsync" | "getSelectedDataAsync" | "setSelectedDataAsync" | "loadCustomPropertiesAsync">, never> & {subject: Office.Subject, from: Office.From, to: Pick<Office.Recipients, "getAsync">, cc: Pick<Office.Recipients, "getAsync">, bcc: Pick<Office.Recipients, "getAsync">, body: ReturnType<typeof bodyOf>, sessionData: ReturnType<typeof sessionOf>, notificationMessages: ReturnType<typeof notificationsOf>}} */
  const item = {
    itemType: "message",
    conversationId: /** @type {string} */ (mail.conversationId),
    body: bodyOf(mail),
    subject: {
      getAsync: method("subject.getAsync", 0, () => mail.subject),
      setAsync: method("subject.setAsync", 1, (subject) => {
        if (subject.length > 255) throw new Failed("DataExceedsMaximumSize", 9999, "The subject is longer than 255 characters.");
        mail.subject = subject;
      }),
    },
    from: { getAsync: method("from.getAsync", 0, () => addressed(state.user)) },
    to: recipientsOf(mail, ({ to }) => to, "to"),
    cc: recipientsOf(mail, ({ cc }) => cc, "cc"),
    bcc: recipientsOf(mail, () => [], "bcc"),
    notificationMessages: notificationsOf(mail),
    sessionData: sessionOf(mail),
    saveAsync: method("saveAsync", 0, () => {
      mail.itemId ??= "AAMkAGI1AAAoZCfHAAA=";
      return mail.itemId;
    }),
    getItemIdAsync: method("getItemIdAsync", 0, () => {
      if (mail.itemId === null) throw new Failed("ItemNotSaved", 9999, "The id can't be retrieved until the item is saved.");
      return mail.itemId;
    }),
    getComposeTypeAsync: method("getComposeTypeAsync", 0, () => ({ coercionType: mail.type, composeType: mail.composeType })),
    getInitializationContextAsync: method("getInitializationContextAsync", 0, () => mail.context),
    getSelectedDataAsync: method("getSelectedDataAsync", 1, (type) => {
      checkCoercion(type);
      const selected = mail.selection;
      if (selected?.where === "to") throw new Failed("InvalidSelection", 9999, "The selection is in another field.");
      const words = selected?.words ?? "";
      return { data: type === "html" ? escaped(words) : words, sourceProperty: selected?.where ?? "body" };
    }),
    setSelectedDataAsync: method("setSelectedDataAsync", 1, (data, options) => {
      if (mail.selection?.where === "to") throw new Failed("InvalidSelection", 9999, "The selection is in another field.");
      insert(mail, mail.selection?.where === "subject" ? data : coerced(mail, data, options), "any");
    }),
    loadCustomPropertiesAsync: customOf(mail),
  };
  return lacking(item);
}

/** @type {{of: Mail | null, made: unknown}} the same object for the same item, as long as it is open */
const current = { of: null, made: null };

function openItem() {
  if (current.of !== state.mail) {
    current.of = state.mail;
    current.made = state.mail && (state.mail.mode === "read" ? readItem(state.mail) : composeItem(state.mail));
  }
  return current.made;
}

/** @returns {Office.OfficeTheme} */
const theme = () => ({
  bodyBackgroundColor: state.dark ? "#141414" : "#ffffff", bodyForegroundColor: state.dark ? "#ffffff" : "#242424",
  controlBackgroundColor: state.dark ? "#292929" : "#f5f5f5", controlForegroundColor: state.dark ? "#ffffff" : "#242424",
  isDarkTheme: state.dark, themeId: /** @type {Office.ThemeId} */ (/** @type {unknown} */ (state.dark ? "Black" : "White")),
});

/** @param {string} asked @param {string | number} [version] */
function isSetSupported(asked, version = "1.1") {
  /** @type {Record<string, string>} */
  const known = Object.fromEntries(Object.entries(state.sets).map(([name, had]) => [name.toLowerCase(), had]));
  known.mailbox = `1.${state.set}`;
  const had = known[asked.toLowerCase()];
  if (!had) return false;
  const [hadMajor, hadMinor] = had.split(".").map(Number);
  const [major, minor = 0] = String(version).split(".").map(Number);
  return hadMajor > major || (hadMajor === major && hadMinor >= minor);
}

const settings = { now: /** @type {Record<string, unknown>} */ ({}) };

function mailbox() {
  const method = methodsOf(null);
  /** @type {Pick<Office.Mailbox, "userProfile" | "addHandlerAsync" | "removeHandlerAsync"> & {diagnostics: Pick<Office.Diagnostics, "hostName" | "hostVersion">, convertToRestId?: Office.Mailbox["convertToRestId"], item: any}} */
  const made = {
    get item() {
      return openItem();
    },
    get userProfile() {
      return {
        displayName: state.user.displayName ?? "", emailAddress: state.user.emailAddress, timeZone: state.timeZone,
        accountType: state.accountType,
      };
    },
    get diagnostics() {
      return { hostName: state.hostName, hostVersion: "16.0.19328.20000" };
    },
    addHandlerAsync: method("addHandlerAsync", 2, (type, handler) => {
      if ((EVENT_SETS[type] ?? 99) > state.set || (state.events && type === EventType.OfficeThemeChanged)) {
        throw new Failed("Event Registration Error", 5003, "The event type is not supported by the current object.");
      }
      (handlers[type] ??= []).push(handler);
    }),
    removeHandlerAsync: method("removeHandlerAsync", 1, (type) => { delete handlers[type]; }),
    convertToRestId: (id) => id.replace(/\//gu, "-").replace(/\+/gu, "_"),
  };
  if (mobile()) delete made.convertToRestId;
  return made;
}

/** @returns {Partial<Office.Context>} */
function context() {
  /** @type {Office.RoamingSettings} */
  const roamingSettings = {
    get: (name) => structuredClone(settings.now[name]),
    set: (name, value) => {
      const next = { ...settings.now, [name]: structuredClone(value) };
      if (new Blob([JSON.stringify(next)]).size > 32 * 1024) throw new Failed("Size Limit Exceeded", 9057);
      settings.now = next;
    },
    remove: (name) => { delete settings.now[name]; },
    saveAsync: methodsOf(null)("roamingSettings.saveAsync", 0, () => { state.roaming = structuredClone(settings.now); }),
  };
  /** @type {Pick<Office.Context, "displayLanguage" | "contentLanguage" | "host" | "platform" | "diagnostics" | "requirements" | "roamingSettings"> & {mailbox: ReturnType<typeof mailbox>, ui: Partial<Office.UI>, officeTheme: Office.OfficeTheme | undefined}} */
  const made = {
    get displayLanguage() { return state.language; },
    get contentLanguage() { return state.contentLanguage; },
    get officeTheme() { return state.set >= 14 && !state.events ? theme() : undefined; },
    host: /** @type {any} */ ("Outlook"),
    get platform() { return /** @type {any} */ (state.platform); },
    get diagnostics() {
      return { host: /** @type {any} */ ("Outlook"), platform: /** @type {any} */ (state.platform), version: "16.0.19328.20000" };
    },
    requirements: { isSetSupported },
    roamingSettings,
    mailbox: mailbox(),
    ui: isSetSupported("OpenBrowserWindowApi", "1.1")
      ? { openBrowserWindow: (url) => {
        if (!/^https?:\/\//u.test(url)) throw wrongArgument("Argument", "url");
        opened.push(url);
      } }
      : {},
  };
  return /** @type {any} */ (made);
}

/** @satisfies {{[K in keyof typeof Office.MailboxEnums]?: unknown}} */
const MailboxEnums = {
  BodyMode,
  /** @satisfies {Values<typeof Office.MailboxEnums.ItemType>} */
  ItemType: { Message: "message", Appointment: "appointment" },
  /** @satisfies {Values<typeof Office.MailboxEnums.RestVersion>} */
  RestVersion: { v1_0: "v1.0", v2_0: "v2.0", Beta: "beta" },
  /** @satisfies {Values<typeof Office.MailboxEnums.ComposeType>} */
  ComposeType: { Reply: "reply", NewMail: "newMail", Forward: "forward" },
  /** @satisfies {Values<typeof Office.MailboxEnums.SourceProperty>} */
  SourceProperty: { Body: "body", Subject: "subject" },
  /** @satisfies {Values<typeof Office.MailboxEnums.SendModeOverride>} */
  SendModeOverride: { PromptUser: "promptUser" },
  /** @satisfies {Values<typeof Office.MailboxEnums.RecipientType>} */
  RecipientType: { DistributionList: "distributionList", User: "user", ExternalUser: "externalUser", Other: "other" },
  /** @satisfies {Values<typeof Office.MailboxEnums.ItemNotificationMessageType>} */
  ItemNotificationMessageType: {
    ProgressIndicator: "progressIndicator", InformationalMessage: "informationalMessage", ErrorMessage: "errorMessage",
    InsightMessage: "insightMessage",
  },
};

/** @satisfies {{[K in keyof typeof Office]?: unknown}} */
const office = {
  context: /** @type {Partial<Office.Context>} */ ({}),
  onReady: async (/** @type {((info: any) => void) | undefined} */ callback) => {
    await sleep(state.readyDelay);
    const info = { host: state.host, platform: state.host && state.platform };
    if (state.host && !office.context.mailbox) office.context = context();
    callback?.(info);
    return info;
  },
  /** @type {Pick<Office.Actions, "associate">} */
  actions: {
    associate: (name, run) => { actions[name] = run; },
  },
  /** @satisfies {Values<typeof Office.AsyncResultStatus>} */
  AsyncResultStatus: { Succeeded: "succeeded", Failed: "failed" },
  /** @satisfies {Values<typeof Office.CoercionType>} */
  CoercionType: { Text: "text", Matrix: "matrix", Table: "table", Html: "html", Ooxml: "ooxml" },
  EventType,
  /** @satisfies {Values<typeof Office.HostType>} */
  HostType: { Word: "Word", Excel: "Excel", PowerPoint: "PowerPoint", Outlook: "Outlook", OneNote: "OneNote" },
  /** @satisfies {Values<typeof Office.PlatformType>} */
  PlatformType: { PC: "PC", OfficeOnline: "OfficeOnline", Mac: "Mac", iOS: "iOS", Android: "Android", Universal: "Universal" },
  /** Absent outside of Outlook. */
  MailboxEnums: /** @type {typeof MailboxEnums | undefined} */ (undefined),
};

