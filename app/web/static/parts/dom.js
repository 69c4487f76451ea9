/** Making elements, and putting new ones in place of old ones without losing the reader's place. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Properties: `class`, `on` (events), `data` (data-*), the rest are attributes;
 * true sets an empty attribute, false, null and undefined leave it out.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | null | undefined | false | (Node | string)[])} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, String(value));
    }
  }
  for (const child of children.flat()) {
    if (child || child === "") element.append(/** @type {Node | string} */ (child));
  }
  return element;
}

/** Strokes on a 24 by 24 grid, drawn for this page. */
const ICONS = {
  error: ["M12 3 21.5 20h-19z", "M12 10v4.5", "M12 17.2v.3"],
  warning: ["M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z", "M12 8v5", "M12 16v.3"],
  hint: ["M9.5 18h5", "M10.5 21h3", "M8.5 14.5a6 6 0 1 1 7 0c-.6.5-1 1.2-1 2h-5c0-.8-.4-1.5-1-2z"],
  check: ["M5 12.5 10 17.5 19.5 7"],
  plus: ["M12 5v14", "M5 12h14"],
  calendar: ["M4 6.5h16v13H4z", "M4 10.5h16", "M8.5 3.5v4", "M15.5 3.5v4"],
  file: ["M6.5 3.5h7l4 4v13h-11z", "M13.5 3.5v4h4"],
  theme: ["M12 4a8 8 0 1 0 8 8 6.5 6.5 0 0 1-8-8z"],
};

/**
 * A decorative icon: never the only bearer of a meaning.
 * @param {keyof typeof ICONS} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const stroke of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", stroke);
    svg.append(path);
  }
  return svg;
}

/**
 * A button that tells whoever composes the page what to do, as a bubbling `tactline` event with
 * `detail`. `key` names it across renderings.
 * @param {string} label
 * @param {{action: string} & Record<string, unknown>} detail
 * @param {{key?: string, kind?: "main" | "plain", name?: string}} [how] `name`: a longer name that
 *   begins with the label, for those who hear the page
 */
export function button(label, detail, how = {}) {
  return h(
    "button",
    {
      type: "button",
      class: `button ${how.kind ?? "plain"}`,
      "aria-label": how.name,
      data: { action: detail.action, ...(how.key ? { key: how.key } : {}) },
      on: { click: (/** @type {Event} */ event) => send(/** @type {HTMLElement} */ (event.currentTarget), detail) },
    },
    label,
  );
}

/**
 * @param {HTMLElement} from
 * @param {{action: string} & Record<string, unknown>} detail
 */
export function send(from, detail) {
  from.dispatchEvent(new CustomEvent("tactline", { bubbles: true, detail }));
}

/**
 * A titled part of the review, or null when it has nothing to show.
 * @param {string} name
 * @param {string} title
 * @param {(Node | null)[]} content
 * @param {Node | null} [aside] beside the title
 */
export function section(name, title, content, aside = null) {
  const id = `part-${name}`;
  const shown = content.filter((node) => node !== null);
  if (shown.length === 0) return null;
  return h(
    "section",
    { class: `part ${name}`, "aria-labelledby": id },
    h("div", { class: "part-head" }, h("h2", { id }, title), aside),
    /** @type {Node[]} */ (shown),
  );
}

/**
 * Words of the mail: in their own language and direction, whatever the interface's.
 * @param {string} text
 * @param {string} [tag]
 * @param {string} [className]
 */
export function quoted(text, tag = "p", className = "quoted") {
  return h(tag, { class: className, dir: "auto" }, ...slotted(text));
}

/** What the writer must fill in. */
export const SLOT = /\[[^\[\]\n]{1,60}\]/gu;

/**
 * A text with its places in brackets marked.
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function slotted(text) {
  const pieces = [];
  let done = 0;
  for (const match of text.matchAll(SLOT)) {
    pieces.push(text.slice(done, match.index), h("span", { class: "slot" }, match[0]));
    done = match.index + match[0].length;
  }
  pieces.push(text.slice(done));
  return pieces;
}

/**
 * The link from advice to where it comes from.
 * @param {import("../types.js").Source[]} sources
 * @param {import("../types.js").Words} words
 * @param {string | null} guideline its page, when there is one
 */
export function cited(sources, words, guideline) {
  if (sources.length === 0) return null;
  const [first] = sources;
  const name = first.article_title ? `${first.article_title} · ${first.title}` : first.title;
  const text = guideline
    ? h("a", { href: `/guidelines/${encodeURIComponent(guideline)}?lang=${words.language}` }, name)
    : h("span", {}, name);
  return h("p", { class: "cited" }, h("span", { class: "label" }, words.say("source")), " ", text);
}

/**
 * Put `nodes` in place of what `root` holds; focus and opened details stay with their `data-key`.
 * @param {HTMLElement} root
 * @param {(Node | null)[]} nodes
 */
export function refill(root, nodes) {
  const active = root.contains(document.activeElement)
    ? /** @type {HTMLElement} */ (document.activeElement).closest("[data-key]")
    : null;
  const key = active instanceof HTMLElement ? active.dataset.key : undefined;
  const open = new Map(
    [...root.querySelectorAll("details[data-key]")].map((node) => [
      /** @type {HTMLElement} */ (node).dataset.key,
      /** @type {HTMLDetailsElement} */ (node).open,
    ]),
  );
  root.replaceChildren(.../** @type {Node[]} */ (nodes.filter((node) => node !== null)));
  for (const node of root.querySelectorAll("details[data-key]")) {
    const was = open.get(/** @type {HTMLElement} */ (node).dataset.key);
    if (was !== undefined) /** @type {HTMLDetailsElement} */ (node).open = was;
  }
  if (key) focusKey(root, key);
}

/**
 * Move the focus to the element that carries `key`.
 * @param {HTMLElement} root
 * @param {string} key
 * @returns {boolean} whether there is one
 */
export function focusKey(root, key) {
  const found = root.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!(found instanceof HTMLElement)) return false;
  found.focus({ preventScroll: true });
  found.scrollIntoView({ block: "nearest" });
  return true;
}
