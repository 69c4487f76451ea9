/**
 * The values that the parts of the page speak of: what /v1/reviews answers (docs/wire.md), and
 * a few of the page's own. Types only. Offsets count UTF-16 units, as JavaScript strings do.
 *
 * @typedef {"hint" | "warning" | "error"} Severity
 * @typedef {{start: number, end: number}} Range half-open
 * @typedef {{article: string, section: string, title: string, article_title: string}} Source
 *
 * @typedef {object} Finding
 * @property {string} id
 * @property {string} guideline
 * @property {string} title
 * @property {number} start
 * @property {number} end
 * @property {string} quote
 * @property {Severity} severity
 * @property {number} confidence 0-1
 * @property {string} message
 * @property {string[]} replacements the empty string: leave the words out
 * @property {Source[]} sources
 *
 * @typedef {object} Element
 * @property {string} guideline
 * @property {string} title
 * @property {"present" | "missing"} status
 * @property {{start: number, end: number, quote: string} | null} evidence
 * @property {{at: number, text: string} | null} insert
 * @property {string} message
 * @property {Source[]} sources
 *
 * @typedef {{start: number, end: number, quote: string, date: string, time: string | null}} DateMention
 *
 * @typedef {object} Hold
 * @property {string} id
 * @property {string} kind
 * @property {string} title
 * @property {string} start RFC 3339, or a date when all_day
 * @property {string} end
 * @property {boolean} all_day
 * @property {string} time_zone
 * @property {string} reason
 * @property {Source[]} sources
 *
 * @typedef {{id: string, title: string, message: string, sources: Source[]}} Advice
 * @typedef {{talking_points: string[], voicemail: string, email: string}} CallBrief
 * @typedef {{code: string, message: string}} Note
 *
 * @typedef {object} Review
 * @property {string} id
 * @property {string} language
 * @property {"outgoing" | "incoming"} direction
 * @property {number | null} score
 * @property {"good" | "mixed" | "poor" | null} band
 * @property {Record<string, number> | null} dimensions
 * @property {string | null} situation
 * @property {string[]} situations
 * @property {number} politeness
 * @property {"calm" | "tense" | "upset" | "hostile" | null} temperature
 * @property {"email" | "call"} reply_channel
 * @property {Finding[]} findings
 * @property {Element[]} elements
 * @property {DateMention[]} commitments
 * @property {DateMention[]} deadlines
 * @property {Hold[]} holds
 * @property {Advice[]} advice
 * @property {{event: string, kind: string, reason: string}[]} [release] entries in the calendar that may go
 * @property {CallBrief | null} call_brief
 * @property {Note[]} notes
 * @property {string | null} revised
 * @property {string | null} [reply] where it was asked for: what an answer should say, to begin with
 * @property {{content_type: string, content: string}} [body] of a raw mail: what was reviewed
 *
 * @typedef {object} Words the interface in one language
 * @property {string} language
 * @property {"ltr" | "rtl"} direction
 * @property {(key: string, values?: Record<string, string | number>) => string} say
 * @property {(value: number) => string} number
 * @property {(hold: Hold) => string} when
 * @property {(mention: {date: string, time: string | null}) => string} day
 *
 * @typedef {object} Change what the page did to the text, and can undo
 * @property {string} id
 * @property {"replace" | "insert" | "revise"} kind
 * @property {string} guideline "" for a revision
 * @property {string} title
 * @property {string} before the words that stood there
 * @property {string} after the words that were put there
 * @property {number} start where they stand now
 * @property {number} end
 * @property {boolean} [open] whether typing at its end still belongs to it
 *
 * @typedef {{start: number, end: number, words: string}} Rewrite what stands at start..end gives way to `words`
 *
 * @typedef {object} Host holds the text: a page's field, or a mail client's draft
 * @property {() => string} text as it was last seen
 * @property {(listener: (text: string, edit: import("./ledger.js").Edit) => void) => void} onChange
 * @property {(rewrites: Rewrite[], expected: string) => Promise<boolean>} write in order, apart from each other; false,
 *   and nothing written, when the text is no longer `expected`. Raises Failure.
 * @property {(start: number, end: number) => void} select brings the cursor there, where that is possible
 * @property {(start: number, end: number) => void} show because the reader asked for it
 * @property {(at: number) => void} reveal scrolls there
 * @property {() => number} cursor -1 when it is not in the text, or not known
 * @property {() => void} focus
 * @property {(marks: import("./parts/marks.js").Mark[], active: string | null) => void} mark
 *
 * @typedef {object} Booking a hold and the user's calendar
 * @property {"looking" | "free" | "taken" | "unknown" | "working" | "made" | "failed"} state
 * @property {{start: string, end: string} | null} slot where it stands, or where it would come to stand
 * @property {string | null} url opens the event
 * @property {string | null} undo
 * @property {string} problem what went wrong, in words
 *
 * @typedef {object} Bookings
 * @property {(hold: Hold) => Booking | undefined} of
 * @property {(hold: Hold) => Promise<void>} make
 * @property {(hold: Hold) => Promise<void>} undo
 */

export {};
