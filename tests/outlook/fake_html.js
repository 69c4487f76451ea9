/**
 * What Outlook's editors make of the HTML that an add-in sets, and of HTML that is asked for as text. A
 * classic script: with fake_items.js and fake_office.js it is served as one, see office.py.
 *
 * The flavours follow reports to the vendor (repository OfficeDev/office-js): 5482 (`div`s dissolved into
 * spans, styles spelled out, class `elementToProof`, an empty line appended), 6643 and 6778 (all wrapped in
 * `<div><span>...</span><br></div>`, anew each time), 2910 (lines broken anywhere), and Word's HTML.
 */

/** @typedef {"identity" | "web" | "wrapping" | "classic"} Flavour */

const FONT = "font-family: Aptos, Aptos_EmbeddedFont, Aptos_MSFontService, Calibri, Helvetica, sans-serif; font-size: 12pt; color: rgb(0, 0, 0);";
const BLOCK_NAMES = new Set("ADDRESS ARTICLE BLOCKQUOTE CENTER DD DIV DL DT H1 H2 H3 H4 H5 H6 HR LI OL P PRE TABLE TR UL".split(" "));
// What tells Outlook where a signature or a quoted message begins keeps its id.
const KEPT_IDS = /^(?:x_)*(?:appendonsend|divRplyFwdMsg|Signature|mail-editor-reference-message-container|ms-outlook-mobile-signature)$/iu;

/** @param {string} text */
const escaped = (text) => text.replace(/&/gu, "&amp;").replace(/</gu, "&lt;").replace(/>/gu, "&gt;");

/** @param {string} html */
const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

/** @param {Node} node */
const isBlock = (node) => BLOCK_NAMES.has(node.nodeName);

/**
 * Styles as a browser spells them: one blank after each colon, a semicolon at the end.
 * @param {Element} element
 */
function spelledOut(element) {
  const style = /** @type {HTMLElement} */ (element).style;
  const said = style?.cssText ?? "";
  if (said) element.setAttribute("style", said);
  else element.removeAttribute("style");
}

/**
 * The web editor: `div`s around blocks go and leave their style to the words inside; what holds words gets
 * the class `elementToProof`, a font, and no id of its own.
 * @param {Document} page
 */
function web(page) {
  for (const gone of page.querySelectorAll("script, style, link, meta, title")) gone.remove();
  const comments = page.createTreeWalker(page.body, NodeFilter.SHOW_COMMENT);
  const found = /** @type {Comment[]} */ ([]);
  while (comments.nextNode()) found.push(/** @type {Comment} */ (comments.currentNode));
  for (const comment of found) comment.remove();
  for (const element of page.body.querySelectorAll("*")) {
    spelledOut(element);
    if (element.id && !KEPT_IDS.test(element.id)) element.removeAttribute("id");
    if (element.hasAttribute("class") && !element.classList.contains("elementToProof")) {
      element.setAttribute("class", [...element.classList].map((name) => (name.startsWith("x_") ? name : `x_${name}`)).join(" "));
    }
  }
  for (const element of [...page.body.querySelectorAll("div:not([id])")].reverse()) {
    const inside = [...element.childNodes].filter((node) => node.nodeType !== Node.TEXT_NODE || (node.nodeValue ?? "").trim() !== "");
    if (inside.length === 0 || !inside.every(isBlock)) continue;
    const style = element.getAttribute("style");
    for (const block of style ? element.children : []) {
      if (isBlock(block) && block.childElementCount === 0 && (block.textContent ?? "").trim() !== "") {
        const words = page.createElement("span");
        words.setAttribute("style", `${FONT} ${style}`);
        words.append(...block.childNodes);
        block.append(words);
      }
    }
    element.replaceWith(...element.childNodes);
  }
  for (const element of page.body.querySelectorAll("p, div:not([id])")) {
    if ([...element.childNodes].some(isBlock)) continue;
    element.classList.add("elementToProof");
    if (!element.hasAttribute("style") && element.nodeName === "DIV") element.setAttribute("style", FONT);
  }
  return `<html><head>\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body${spelledBody(page)}>${page.body.innerHTML.trim()}</body></html>`;
}

/** @param {Document} page */
function spelledBody(page) {
  return ["dir", "lang"].map((name) => (page.body.hasAttribute(name) ? ` ${name}="${page.body.getAttribute(name)}"` : "")).join("");
}

/**
 * Word's HTML: one paragraph a line with the class MsoNormal, attributes without quotes or in single ones,
 * lines broken at about 76 characters, and `<o:p>` where a line is empty.
 * @param {Document} page
 */
function classic(page) {
  for (const gone of page.querySelectorAll("script, style, link, meta, title")) gone.remove();
  const word = (/** @type {Node} */ node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const between = node.previousSibling && isBlock(node.previousSibling) && (node.nodeValue ?? "").trim() === "";
      return between ? "" : escaped(node.nodeValue ?? "").replace(/\u00a0/gu, "&nbsp;");
    }
    if (node.nodeType === Node.COMMENT_NODE) return `<!--${node.nodeValue}-->`;
    if (node.nodeType !== Node.ELEMENT_NODE) return "";
    const element = /** @type {Element} */ (node);
    spelledOut(element);
    /** @type {string} */
    let inside = [...element.childNodes].map(word).join("");
    let name = element.nodeName.toLowerCase();
    const line = (name === "div" || name === "p") && ![...element.childNodes].some(isBlock);
    if (line) {
      name = "p";
      if (!element.hasAttribute("class")) element.setAttribute("class", "MsoNormal");
      if (/^(?:<br>|&nbsp;|\s)*$/u.test(inside)) inside = "<o:p>&nbsp;</o:p>";
    }
    const attributes = [...element.attributes].map(({ name: key, value }) => {
      const bare = /^[\w.%#-]+$/u.test(value) ? value : value.includes("'") ? `"${value}"` : `'${value.replace(/&/gu, "&amp;")}'`;
      return ` ${key}=${bare}`;
    }).join("");
    if (name === "br" || name === "hr" || name === "img") return `<${name}${attributes}>`;
    return `<${name}${attributes}>${inside}</${name}>${line ? "\r\n" : ""}`;
  };
  const section = page.body.querySelector(":scope > .WordSection1");
  section?.replaceWith(...section.childNodes);
  const body = [...page.body.childNodes].map(word).join("");
  return [
    '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">',
    '<head><meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=Generator content="Microsoft Word 15 (filtered medium)">',
    "<style><!--\r\n/* Style Definitions */\r\np.MsoNormal\r\n\t{margin:0cm;\r\n\tfont-size:11.0pt;}\r\n--></style></head>",
    `<body lang=EN-GB${spelledBody(page)} style='word-wrap:break-word'><div class=WordSection1>${wrapped(body)}</div></body></html>`,
  ].join("\r\n");
}

/**
 * Lines broken at blanks between words, as mail programs do with long ones; never inside markup or `pre`.
 * @param {string} html
 */
function wrapped(html) {
  let column = 0;
  let kept = 0;
  return html.split(/(<[^>]*>)/u).map((part) => {
    if (part.startsWith("<")) {
      if (/^<pre\b/iu.test(part)) kept += 1;
      if (/^<\/pre\b/iu.test(part)) kept -= 1;
      return part;
    }
    return part.replace(/[^ ]+| +/gu, (piece) => {
      column = piece.includes("\n") ? 0 : column + piece.length;
      if (piece !== " " || column < 76 || kept > 0) return piece;
      column = 0;
      return "\r\n";
    });
  }).join("");
}

/**
 * What a later getAsync gives of HTML that was set.
 * @param {string} html @param {Flavour} flavour
 */
function asStored(html, flavour) {
  if (flavour === "identity") return html;
  if (flavour === "classic") return classic(parsed(html));
  if (flavour === "web") return web(parsed(html));
  return `<div><span>${parsed(html).body.innerHTML}</span><br></div>`;
}

/**
 * HTML asked for as text, as Outlook does it: a line for each block, nothing of the markup.
 * @param {string} html
 */
function asText(html) {
  let text = "";
  const line = () => {
    if (text !== "" && !text.endsWith("\n")) text += "\n";
  };
  const walk = (/** @type {Node} */ node) => {
    if (node.nodeType === Node.TEXT_NODE) text += (node.nodeValue ?? "").replace(/[ \t\r\n]+/gu, " ");
    else if (node.nodeName === "BR") text += "\n";
    else {
      if (isBlock(node)) line();
      node.childNodes.forEach(walk);
      if (isBlock(node)) line();
    }
  };
  const page = parsed(html);
  for (const gone of page.querySelectorAll("script, style, head")) gone.remove();
  walk(page.body);
  return text.replace(/\n+$/u, "");
}

/**
 * Text as HTML: what is made of text set into an HTML mail, and of a text mail that is read as HTML.
 * @param {string} text
 */
function asHtml(text) {
  return `<div class="PlainText">${escaped(text).replace(/\r?\n/gu, "<br>\n")}</div>`;
}

/**
 * @param {string} html
 * @param {string} inserted goes to the top of the body
 */
function onTop(html, inserted) {
  const at = /<body\b[^>]*>/iu.exec(html);
  const start = at ? at.index + at[0].length : 0;
  return html.slice(0, start) + inserted + html.slice(start);
}
