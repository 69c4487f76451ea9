/** What tests do to the fake Outlook: `fakeOffice`. The last of the scripts of fake_office.js. */

/**
 * @typedef {object} Sent what came of sending a mail
 * @property {boolean} allowed whether the mail goes out without a question
 * @property {Office.SmartAlertsEventCompletedOptions} options as the handler gave them
 * @property {number} took milliseconds
 * @property {number} completions how often the handler said that it was done, until 100 ms after the first time
 * @property {string[]} wrong what Outlook would not take, or not as meant
 * @property {string} message as the dialog shows it
 * @property {string} button the label of the button that opens the pane, "" when there is none
 */

const DEFAULT_MESSAGE = "Tactline is preventing this email from being sent.";

/** @param {Office.SmartAlertsEventCompletedOptions} options @param {string[]} commands @returns {string[]} */
function wrongOptions(options, commands) {
  /** @type {(keyof Office.SmartAlertsEventCompletedOptions)[]} */
  const known = ["allowEvent", "cancelLabel", "commandId", "contextData", "errorMessage", "errorMessageMarkdown", "sendModeOverride"];
  /** @type {Record<string, number>} */
  const since = { cancelLabel: 14, commandId: 14, contextData: 14, sendModeOverride: 14, errorMessageMarkdown: 15 };
  const given = Object.keys(options);
  const old = state.platform === "PC" && state.set < 15;
  return [
    ...given.filter((name) => !known.includes(/** @type {any} */ (name))).map((name) => `${name}: unknown`),
    ...given.filter((name) => (since[name] ?? 12) > state.set).map((name) => `${name}: needs Mailbox 1.${since[name]}`),
    ...(typeof options.allowEvent === "boolean" ? [] : ["allowEvent: not a boolean"]),
    ...((options.errorMessage ?? "").length > 500 ? ["errorMessage: longer than 500"] : []),
    ...((options.errorMessageMarkdown ?? "").length > 500 ? ["errorMessageMarkdown: longer than 500"] : []),
    ...((options.cancelLabel ?? "").length > 20 ? ["cancelLabel: longer than 20"] : []),
    ...(options.cancelLabel && !options.commandId ? ["cancelLabel: ignored without commandId"] : []),
    ...(options.contextData !== undefined && !options.commandId ? ["contextData: ignored without commandId"] : []),
    ...(old && options.contextData !== undefined && typeof options.contextData !== "string" ? ["contextData: not a string"] : []),
    ...(options.commandId && !commands.includes(options.commandId) ? ["commandId: no such control"] : []),
    ...(options.sendModeOverride && options.sendModeOverride !== "promptUser" ? ["sendModeOverride: only promptUser"] : []),
    ...(options.allowEvent === false && !options.errorMessage && !options.errorMessageMarkdown ? ["errorMessage: missing"] : []),
  ];
}

/** @param {Partial<Mail> & {html?: string, text?: string}} given @returns {Mail} */
function mailOf({ html, text, ...given }) {
  const compose = given.mode === "compose";
  return {
    mode: "read", type: text === undefined ? "html" : "text", content: html ?? text ?? "", history: "",
    subject: "Banner", from: { displayName: "Sam Client", emailAddress: "sam@client.test" },
    to: [compose ? { displayName: "Sam Client", emailAddress: "sam@client.test" } : state.user], cc: [],
    conversationId: "AAQkAGI1conversation/1+=", itemId: compose ? null : "AAMkAGI1item/1+=",
    internetMessageId: "<1@client.test>", created: "2026-03-10T08:00:00Z", composeType: "reply", context: "",
    selection: null, sessionData: {}, customProperties: {}, notifications: {}, reply: null,
    ...given,
  };
}

/** @param {string} type @param {Record<string, unknown>} [event] */
function tell(type, event = {}) {
  for (const handler of handlers[type] ?? []) setTimeout(() => handler({ type, ...event }), 0);
}

const fakeOffice = {
  state, calls, opened, harm,

  /** HTML as a flavour of the editor gives it back, without any mail. */
  rewritten: asStored,

  /** What is open from now on; null: nothing. A pane that is not pinned hears nothing of it. */
  show(/** @type {Parameters<typeof mailOf>[0] | null} */ mail) {
    state.mail = mail && mailOf(mail);
    if (state.pinned) tell(EventType.ItemChanged);
  },

  /** The user types: the body is this now. */
  edit(/** @type {string} */ content) {
    if (!state.mail) throw new Error("nothing is open");
    state.mail.content = content;
  },

  select(/** @type {Mail["selection"]} */ selection) {
    if (!state.mail) throw new Error("nothing is open");
    state.mail.selection = selection;
  },

  setTheme(/** @type {boolean} */ dark) {
    state.dark = dark;
    tell(EventType.OfficeThemeChanged, { officeTheme: theme() });
  },

  /** "*" is every method. */
  fail(/** @type {string} */ method, /** @type {Trouble} */ trouble = {}) {
    (troubles[method] ??= []).push({ ...trouble, seen: 0 });
  },

  /** Calls wait, before they are made or before they are answered, until they are released. */
  hold(/** @type {string} */ method, /** @type {"call" | "answer"} */ when = "answer") {
    let open = () => {};
    const wait = /** @type {Promise<void>} */ (new Promise((resolve) => { open = () => resolve(undefined); }));
    held[method] = { when, gate: wait, open };
  },

  release(/** @type {string} */ method) {
    held[method]?.open();
    delete held[method];
  },

  /** What a Smart Alert hands to a pane that is open already. */
  handOver(/** @type {string} */ data) {
    if (!state.mail) throw new Error("nothing is open");
    state.mail.context = data;
    tell(EventType.InitializationContextChanged, { initializationContextData: data });
  },

  /**
   * The user presses Send: the associated handler runs as Outlook runs it.
   * @param {string} [handler] @param {string[]} [commands] ids of the manifest's controls @param {number} [limit] ms
   * @returns {Promise<Sent>}
   */
  async send(handler = "onMessageSendHandler", commands = ["composeOpenPane"], limit = 300_000) {
    if (!office.context.mailbox) await office.onReady(undefined);
    const run = actions[handler];
    if (!run) throw new Error(`nothing is associated with ${handler}`);
    const started = performance.now();
    /** @type {Office.SmartAlertsEventCompletedOptions[]} */
    const done = [];
    /** @type {string[]} */
    const wrong = [];
    const first = new Promise((resolve) => {
      /** @type {Office.MailboxEvent} */
      const event = {
        completed: (options = {}) => {
          done.push(/** @type {Office.SmartAlertsEventCompletedOptions} */ (structuredClone(options)));
          resolve(undefined);
        },
      };
      try {
        run(event);
      } catch (error) {
        wrong.push(`threw: ${error}`);
      }
    });
    await Promise.race([first, sleep(limit)]);
    const took = performance.now() - started;
    await sleep(100);
    // An add-in that never answers lets the mail go under PromptUser and SoftBlock.
    const [options = /** @type {Office.SmartAlertsEventCompletedOptions} */ ({ allowEvent: true })] = done;
    if (done.length === 0) wrong.push("never completed");
    if (done.length > 1) wrong.push(`completed ${done.length} times`);
    if (done.length > 0) wrong.push(...wrongOptions(options, commands));
    const allowed = options.allowEvent !== false;
    if (!allowed && options.commandId && state.mail) {
      state.mail.context = typeof options.contextData === "string" ? options.contextData : JSON.stringify(options.contextData ?? "");
    }
    return {
      allowed, options, took, wrong, completions: done.length,
      message: allowed ? "" : (options.errorMessageMarkdown ?? options.errorMessage ?? DEFAULT_MESSAGE),
      button: allowed || !options.commandId ? "" : (options.cancelLabel ?? "Take Action"),
    };
  },
};

{
  const { mail, ...rest } = /** @type {any} */ (globalThis).fakeOfficeSetup ?? {};
  Object.assign(state, rest);
  settings.now = structuredClone(state.roaming);
  if (mail) state.mail = mailOf(mail);
  if (state.host) office.MailboxEnums = MailboxEnums;
  Object.assign(globalThis, { Office: office, fakeOffice });
  // The real one takes these from the page.
  if (typeof history !== "undefined") Object.assign(history, { pushState: null, replaceState: null });
}
