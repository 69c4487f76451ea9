/** Office's calls as promises. What fails is a Failure of kind "mail": Office's own words may quote the mail. */

import { Failure } from "/static/client.js";

/** How long Office may take to call back, in milliseconds. It sometimes never does. */
const PATIENCE = 15_000;

/**
 * @template T
 * @param {(callback: (result: Office.AsyncResult<T>) => void) => void} call
 * @returns {Promise<T>}
 */
export function asked(call) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Failure("mail", { code: "slow" })), PATIENCE);
    try {
      call(({ status, value, error }) => {
        clearTimeout(timer);
        if (status === Office.AsyncResultStatus.Succeeded) resolve(value);
        else reject(new Failure("mail", { code: String(error?.code ?? "") }));
      });
    } catch {
      clearTimeout(timer);
      reject(new Failure("mail"));
    }
  });
}

/**
 * Whether this Outlook has a requirement set.
 * @param {string} version of "Mailbox"
 */
export function has(version) {
  return Office.context.requirements?.isSetSupported("Mailbox", version) ?? false;
}

/**
 * The options that read and write the same part of the body. Without the mode, Outlook on the web would
 * give, and overwrite, the whole thread ("Insert data in the body", Microsoft Learn); older ones ignore it.
 * @returns {any}
 */
export function bodyOptions() {
  const mode = Office.MailboxEnums?.BodyMode?.HostConfig;
  return mode === undefined ? {} : { bodyMode: mode };
}

/**
 * The body of an item.
 * @param {Office.Body} body
 * @param {"html" | "text"} type
 * @returns {Promise<string>}
 */
export function bodyOf(body, type) {
  return read(body, type, bodyOptions());
}

/**
 * The body with all that is quoted below it, even where Outlook shows an answer apart from its thread.
 * @param {Office.Body} body
 * @param {"html" | "text"} type
 * @returns {Promise<string>}
 */
export function wholeBodyOf(body, type) {
  const mode = Office.MailboxEnums?.BodyMode?.FullBody;
  return read(body, type, mode === undefined ? {} : { bodyMode: mode });
}

/**
 * @param {Office.Body} body
 * @param {"html" | "text"} type
 * @param {any} options
 * @returns {Promise<string>}
 */
function read(body, type, options) {
  const coercion = type === "html" ? Office.CoercionType.Html : Office.CoercionType.Text;
  return asked((callback) => body.getAsync(coercion, options, callback));
}
