/**
 * Runs the event runtime's script as classic Outlook on Windows does: without a page, in a bare global.
 * `node event_runtime.js script.js < asked.json`: `asked` is {texts, rules} for what is inside the script, or
 * {sends, ...} for mails that are sent; the answers come out as JSON.
 */

const fs = require("node:fs");
const vm = require("node:vm");

const code = fs.readFileSync(process.argv[2], "utf8");
const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What is inside the script, for tests of its parts. */
function inside() {
  const end = "start();\n})(this);\n";
  if (!code.endsWith(end)) throw new Error("the script ends otherwise");
  const match = `(node, text) => { look(text); const hit = find(matcherOf(node), beginnings(node), 0); return hit && [hit.start, hit.end]; }`;
  const known = `caught, fold, ownWords, messageOf, digest, alertOfRules, alertOfReview, momentOf, match: ${match}`;
  const opened = `${code.slice(0, -end.length)}ROOT.parts = { ${known}, };\n})(this);\n`;
  // A clock that leaps each time it is read stands for a machine that is slow.
  let clock = 0;
  const context = vm.createContext(asked.leaps ? { Date: { now: () => { clock += asked.leaps; return clock; } } } : {});
  vm.runInContext(opened, context);
  return context.parts;
}

/** JSON has no dates: {"date": [year, month, day, hour]} is one on this machine's clock. */
const revived = (given) => (given?.date ? new Date(given.date[0], given.date[1] - 1, given.date[2], given.date[3]) : given);

function tested() {
  const parts = inside();
  if (asked.call) return asked.given.map((given) => parts[asked.call](...given.map(revived)));
  // One rule against many texts: what it catches, null for nothing.
  return asked.rules.map(({ rule, texts }) => texts.map((text) => parts.caught(text, rule)?.words ?? null));
}

/** How often a script has looked for words so far: its patterns do, and hardly anything else. @returns {() => number} */
function searching(context) {
  return vm.runInContext(`(() => {
    const { startsWith } = String.prototype;
    let count = 0;
    String.prototype.startsWith = function (...given) { count += 1; return startsWith.apply(this, given); };
    return () => count;
  })()`, context);
}

/** One mail is sent: see `Sending` in event_runtime.py. */
async function send(given) {
  const log = { completions: [], fetched: [], asked: [], tokens: 0, signedIn: [] };
  const failures = new Set(given.fails);
  const silent = new Set(given.silent);
  const method = (name, value) => (...args) => {
    log.asked.push(name);
    if (failures.has(`${name}!`)) throw new Error("thrown");
    if (silent.has(name)) return;
    const done = args.find((one) => typeof one === "function");
    const result = failures.has(name)
      ? { status: "failed", error: { code: 9999 } }
      : { status: "succeeded", value: value(...args) };
    setTimeout(() => done(result), 1);
  };
  const kept = given.kept;
  const properties = { get: (name) => kept[name], set: (name, value) => { kept[name] = value; }, saveAsync: method("saveAsync", () => null) };
  const list = (name) => ({ getAsync: method(name, () => given[name].map((emailAddress) => ({ emailAddress }))) });
  const handlers = {};
  const Office = {
    AsyncResultStatus: { Succeeded: "succeeded", Failed: "failed" },
    CoercionType: { Text: "text", Html: "html" },
    actions: { associate: (name, run) => { handlers[name] = run; } },
    MailboxEnums: given.set >= 10 ? { BodyMode: { FullBody: 0, HostConfig: 1 } } : undefined,
    context: {
      displayLanguage: given.display,
      requirements: {
        isSetSupported: (name, version) => (name === "Mailbox" ? Number(version.split(".")[1]) <= given.set : given.nested && name === "NestedAppAuth"),
      },
      mailbox: {
        userProfile: { emailAddress: given.user, accountType: given.account, timeZone: given.zone },
        item: {
          body: { getAsync: method("body", (type) => { if (type !== "text") throw new Error("text only"); return given.body; }) },
          subject: { getAsync: method("subject", () => given.subject) },
          to: list("to"), cc: list("cc"), bcc: list("bcc"),
          sessionData: given.set >= 11 ? {
            getAsync: method("session.get", (name) => kept[name]),
            setAsync: method("session.set", (name, value) => { kept[name] = value; }),
          } : undefined,
          loadCustomPropertiesAsync: method("properties", () => properties),
        },
      },
    },
  };
  const fetched = async (url, { signal, ...options }) => {
    log.fetched.push({ url, ...options, body: JSON.parse(options.body), searched: searched() });
    const { status, body, delay, refused } = given.answer;
    await Promise.race([wait(delay), new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))))]);
    if (refused) throw new TypeError("Failed to fetch");
    return { ok: status < 400, status, json: async () => JSON.parse(body) };
  };
  const globals = { Office, setTimeout, fetch: fetched, ...(given.abort ? { AbortController } : {}) };
  if (given.legacy !== null) {
    globals.OfficeRuntime = { auth: { getAccessToken: async (options) => {
      log.tokens += 1;
      if (options.allowSignInPrompt !== false) throw new Error("a window");
      if (given.legacy === "") throw Object.assign(new Error("no"), { code: 13001 });
      return given.legacy;
    } } };
  }
  if (given.msal !== null) {
    globals.msal = { createNestablePublicClientApplication: async (config) => {
      log.signedIn.push(config);
      return { acquireTokenSilent: async (request) => {
        log.signedIn.push(request);
        if (given.msal === "never") await new Promise(() => {});
        if (given.msal === "") throw Object.assign(new Error("no"), { errorCode: "interaction_required" });
        return { accessToken: given.msal };
      } };
    } };
  }
  for (const name of given.without) delete globals[name];
  const context = vm.createContext(globals);
  const searched = searching(context);
  vm.runInContext(code, context);
  const started = performance.now();
  await new Promise((resolve) => {
    const event = { completed: (options) => {
      log.completions.push(JSON.parse(JSON.stringify(options)));
      log.took ??= performance.now() - started;
      resolve();
    } };
    handlers.onMessageSendHandler(event);
    setTimeout(resolve, 6000);
  });
  await wait(given.linger);
  return { ...log, kept, searched: searched() };
}

(async () => {
  const answers = asked.sends ? [] : tested();
  // One after the other, as in Outlook: while one mail is searched, the clocks of all others would run on.
  for (const given of asked.sends ?? []) answers.push(await send(given));
  process.stdout.write(JSON.stringify(answers), () => process.exit(0));
})();
