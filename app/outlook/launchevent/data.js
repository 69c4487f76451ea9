/**
 * What the scripts beside this one are given: their types. The service puts the values in this file's place.
 *
 * These are classic scripts that become one (`script` in __init__.py): ES2016, since that is all that classic
 * Outlook on Windows promises, and without the conditional operator, which its older versions may not load.
 */

/**
 * @typedef {string | number | any[]} Pattern see patterns.py
 * @typedef {{language: string, why: string, pattern: Pattern}} Rule `why`: what is wrong with such words
 *
 * @typedef {object} Data
 * @property {string} address of the service, without a slash at the end
 * @property {string} client id of the application that users sign in to, "" for none
 * @property {string} authority
 * @property {string} scope "" for none
 * @property {Record<string, string>} specials letters that fold in a way of their own
 * @property {number[]} marks code points that fold to nothing: first and last of each range
 * @property {number[]} letters code points that words are made of, below `known`
 * @property {number[]} digits
 * @property {number} known
 * @property {Pattern[]} shared parts of the patterns
 * @property {Rule[]} rules
 * @property {Record<string, Pattern>} cues by which quoted mail is known
 * @property {Record<string, Record<string, string>>} words by language
 */

/** @type {Data} */
let DATA;
/** @type {any} the global object */
let ROOT;
