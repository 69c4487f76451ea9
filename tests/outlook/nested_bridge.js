/**
 * Outlook's side of nested app authentication: `window.nestedAppAuthBridge`, which msal-browser finds there.
 * Written from what the library sends and reads (src/naa of @azure/msal-browser). It holds no state but what
 * waits: the test answers each message by `askBroker(message)`, with the reply's own parts, with
 * `{delay}` in milliseconds beside them, or with null for no answer at all.
 */
(() => {
  const METHODS = ["GetInitContext", "GetToken", "GetTokenPopup"];
  /** @type {Set<(response: {data: string}) => void>} */
  const listeners = new Set();
  /** @type {Set<string>} */
  const seen = new Set();
  let windows = 0;
  const broker = { most: 0 };

  /** @param {any} message */
  async function answer(message) {
    const popup = message.method === "GetTokenPopup";
    if (popup) broker.most = Math.max(broker.most, (windows += 1));
    const found = await /** @type {any} */ (globalThis).askBroker(message);
    if (found === null) return;
    const { delay = 0, ...parts } = found;
    await new Promise((resolve) => setTimeout(resolve, delay));
    if (popup) windows -= 1;
    const data = JSON.stringify({ messageType: "NestedAppAuthResponse", requestId: message.requestId, ...parts });
    for (const listener of listeners) listener({ data });
  }

  Object.assign(globalThis, {
    /** The most windows that were open at once. */
    fakeBroker: broker,
    nestedAppAuthBridge: {
      /** @param {string} name @param {(response: {data: string}) => void} listener */
      addEventListener(name, listener) {
        if (name !== "message") throw new Error(`no event ${name}`);
        listeners.add(listener);
      },
      /** @param {string} _ @param {(response: {data: string}) => void} listener */
      removeEventListener(_, listener) {
        listeners.delete(listener);
      },
      /** @param {string} text */
      postMessage(text) {
        const message = JSON.parse(text);
        const { messageType, method, requestId, tokenParams } = message;
        if (messageType !== "NestedAppAuthRequest" || !METHODS.includes(method)) throw new Error("not a request");
        if (typeof requestId !== "string" || seen.has(requestId)) throw new Error("a request needs an id of its own");
        if ((method === "GetInitContext") === Boolean(tokenParams)) throw new Error("tokens need what they are for");
        seen.add(requestId);
        answer(message);
      },
    },
  });
})();
