"""HTML mail to the text a person sees, with a way back into the markup; and edits of the markup."""

from __future__ import annotations

import html as _html
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from app.tone.html_tokens import Token, characters, reference_end, tokens
from app.tone.segments import is_attribution, is_forward_mark, is_from_line
from app.tone.types import Segment, SegmentKind, Span


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_BLOCKS = _set(
    "address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre section "
    "summary table tbody tfoot thead tr ul"
)
_SPACED = _set("p h1 h2 h3 h4 h5 h6 blockquote ul ol")  # stand apart by an empty line
_VOID = _set("area base br col embed hr img input link meta param source track wbr")
_UNSEEN = _set("script style head title template svg math select noframes xmp textarea audio video canvas")
# An end tag does not reach over these to an element opened outside.
_CONTAINERS = _set("body html div blockquote table tbody thead tfoot tr td th section article ul ol")
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all)", re.IGNORECASE)
_PRESERVED = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_TOP_BORDER = re.compile(r"border-top\s*:\s*solid|border\s*:\s*none\s*;\s*border-top", re.IGNORECASE)
_QUOTES = _set("yahoo_quoted protonmail_quote moz-cite-prefix gmail_attr moz-forward-container")
_SIGNATURES = _set("gmail_signature gmail_signature_prefix moz-signature protonmail_signature_block")
_SIGNATURE_IDS = _set("signature ms-outlook-mobile-signature")
# A bare "<" or "&" that an edit behind it could turn into a tag or a character reference.
_LOOSE = re.compile(r"<(?=[A-Za-z/!?])|<\Z")
_LOOSE_END = re.compile(r"&[#\w]{0,40}\Z")
_SPACE = " \t\n\r\f"


@dataclass(frozen=True)
class HtmlText:
    """The visible text of an HTML message.

    `positions[i]` is the half-open range of the source that code point i of `text` stands for:
    a character reference as a whole, a run of white space, the tag that breaks the line.
    Ranges never go backwards. `quotes` are the parts that the markup says are quoted,
    forwarded or a signature, ascending and apart, as code points of `text`.
    """

    text: str
    positions: tuple[tuple[int, int], ...]
    quotes: tuple[Segment, ...]


@dataclass(slots=True)
class _Open:
    name: str
    lines: int  # the breaks that its end makes; 0 for an inline element
    hidden: bool
    preserved: bool
    mark: _Mark | None


@dataclass(slots=True)
class _Mark:
    """A stretch of text that the markup names; `end` is -1 while it is open."""

    role: str  # quote, signature, rest (to the end), gmail, plain (a bare blockquote), border
    start: int
    end: int = -1


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.chars: list[str] = []
        self.positions: list[tuple[int, int]] = []
        self.marks: list[_Mark] = []
        self.stack: list[_Open] = []
        self.open_names: Counter[str] = Counter()
        self.hidden = 0
        self.preserved = 0
        self.space: tuple[int, int] | None = None  # white space seen and not yet written
        self.breaks = 0  # line breaks due before the next character
        self.break_at = (0, 0)

    def read(self) -> HtmlText:
        for token in tokens(self.source):
            if token.kind == "text":
                if not self.hidden:
                    self._text(token)
            elif token.kind == "start":
                self._start(token)
            elif token.kind == "end":
                self._end(token)
        for mark in self.marks:
            if mark.end < 0:
                mark.end = len(self.chars)
        text = "".join(self.chars)
        return HtmlText(text, tuple(self.positions), _resolve(text, self.marks))

    def _text(self, token: Token) -> None:
        for char, start, end in characters(self.source, token.start, token.end):
            if char in _SPACE and not self.preserved:
                if self.space is None:
                    self.space = (start, end)
                elif self.space[1] == start:
                    self.space = (self.space[0], end)
                continue
            if char == "\r":
                if self.source.startswith("\n", end):
                    continue
                char = "\n"
            self._write(char, start, end)

    def _write(self, char: str, start: int, end: int) -> None:
        self._flush()
        self.chars.append(char)
        self.positions.append((start, end))

    def _flush(self) -> None:
        """Write the line breaks or the space that were waiting for something to come after them."""
        if self.breaks and self.chars:
            have = 0
            while have < self.breaks and have < len(self.chars) and self.chars[-1 - have] == "\n":
                have += 1
            for _ in range(self.breaks - have):
                self.chars.append("\n")
                self.positions.append(self.break_at)
        elif self.space and self.chars and self.chars[-1] not in "\n ":
            self.chars.append(" ")
            self.positions.append(self.space)
        self.breaks, self.space = 0, None

    def _break(self, token: Token, lines: int) -> None:
        if not self.breaks:
            self.break_at = (token.start, token.end)
        self.breaks = max(self.breaks, lines)

    def _start(self, token: Token) -> None:
        name = token.name
        if name == "br":
            if not self.hidden:
                self.space = None
                self._write("\n", token.start, token.end)
            return
        if name in _BLOCKS:
            if self.stack and self.stack[-1].name == "p":
                self._pop(token)
            if not self.hidden:
                self._break(token, self._lines(token))
        elif name in ("td", "th") and not self.hidden and self.space is None:
            self.space = (token.start, token.end)
        role = "" if self.hidden else _role(token)
        mark = None
        if role:
            mark = _Mark(role, len(self.chars))
            self.marks.append(mark)
        if name in _VOID or (token.self_closing and ":" in name):
            if mark and role != "rest":
                mark.end = mark.start
            return
        style = token.attributes.get("style", "")
        entry = _Open(
            name,
            lines=self._lines(token) if name in _BLOCKS else 0,
            hidden=name in _UNSEEN or "hidden" in token.attributes or bool(_HIDDEN.search(style)),
            preserved=name == "pre" or bool(_PRESERVED.search(style)),
            mark=mark if role != "rest" else None,
        )
        self.stack.append(entry)
        self.open_names[name] += 1
        self.hidden += entry.hidden
        self.preserved += entry.preserved

    def _lines(self, token: Token) -> int:
        # Outlook gives each line a paragraph of its own and no space between them.
        dense = "msonormal" in token.attributes.get("class", "").lower()
        return 2 if token.name in _SPACED and not dense else 1

    def _end(self, token: Token) -> None:
        if not self.open_names[token.name]:
            if token.name == "p" and not self.hidden:
                self._break(token, 2)
            return
        if token.name not in _CONTAINERS:
            # Only look near by: a stray </b> must not close the quotation around it.
            for depth, entry in enumerate(reversed(self.stack[-20:])):
                if entry.name == token.name:
                    for _ in range(depth + 1):
                        self._pop(token)
                    return
                if entry.name in _CONTAINERS:
                    return
            return
        while self.stack:
            if self._pop(token) == token.name:
                return

    def _pop(self, token: Token) -> str:
        entry = self.stack.pop()
        self.open_names[entry.name] -= 1
        self.hidden -= entry.hidden
        self.preserved -= entry.preserved
        if entry.mark:
            entry.mark.end = len(self.chars)
        if entry.lines and not self.hidden and not entry.hidden:
            self._break(token, entry.lines)
        return entry.name


def _role(token: Token) -> str:
    """What an element says of its content; Outlook prefixes ids and classes with x_ when it quotes."""
    attributes = token.attributes
    if not attributes and token.name != "blockquote":
        return ""
    classes = {name.removeprefix("x_") for name in attributes.get("class", "").lower().split()}
    identity = attributes.get("id", "").lower().removeprefix("x_")
    if token.name == "blockquote":
        cited = attributes.get("type", "").lower() == "cite" or "gmail_quote" in classes
        return "quote" if cited or "protonmail_quote" in classes else "plain"
    if identity in ("divrplyfwdmsg", "appendonsend", "zwchr") or "outlookmessageheader" in classes:
        return "rest"
    if attributes.get("data-marker") == "__HEADERS__":
        return "rest"
    if "gmail_quote" in classes or "gmail_quote_container" in classes:
        return "gmail"
    if classes & _QUOTES or identity.startswith("yahoo_quoted"):
        return "quote"
    if classes & _SIGNATURES or identity in _SIGNATURE_IDS:
        return "signature"
    return "border" if token.name == "div" and _TOP_BORDER.search(attributes.get("style", "")) else ""


def _first_line(text: str, start: int, end: int) -> str:
    return text[start : min(end, start + 600)].lstrip().partition("\n")[0]


def _line_before(text: str, start: int) -> str:
    return text[max(0, start - 600) : start].rstrip().rpartition("\n")[2]


def _with_attribution(text: str, start: int, reach: int) -> int:
    """The line "On ... wrote:" over a quotation belongs to it, wherever the markup leaves it."""
    line = _line_before(text, start)
    if not is_attribution(line):
        return start
    at = text.rindex(line, 0, start)
    return at if at >= reach else start


def _resolve(text: str, marks: list[_Mark]) -> tuple[Segment, ...]:
    """Decide the doubtful marks, and keep the outermost of those that overlap."""
    firm: list[Segment] = []
    cited = [mark.start for mark in marks if mark.role == "quote"]
    seen = 0
    reach = 0
    for mark in marks:  # in the order in which they were opened
        while seen < len(cited) and cited[seen] < mark.start:
            seen += 1
        start, end = mark.start, len(text) if mark.role == "rest" else mark.end
        line = _first_line(text, start, end)
        kind: SegmentKind = "signature" if mark.role == "signature" else "quote"
        if is_forward_mark(line):
            kind = "forward"
        elif mark.role == "gmail" and seen < len(cited) and cited[seen] < end:
            continue  # the writer may have answered between the quotations inside
        elif mark.role == "plain" and not is_attribution(_line_before(text, start)):
            continue
        elif mark.role == "border":
            if not is_from_line(line):
                continue
            end = len(text)
        while start < end and text[start] == "\n":
            start += 1
        if kind == "quote":
            start = _with_attribution(text, start, reach)
        if reach <= start < end:
            firm.append(Segment(kind, Span(start, end)))
            reach = end
    return tuple(firm)


def to_text(source: str) -> HtmlText:
    """The text of an HTML message as a person sees it, in linear time; broken markup is read too.

    Script, style, head, comments and hidden elements are left out; blocks and <br> break lines.
    """
    return _Reader(source).read()


def splice(source: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """Replace ranges of HTML source by plain text and keep the markup whole.

    Each edit is (start, end, text) in code points of `source`, as `Document.to_source` gives
    them. The text is escaped, its line breaks become <br>; tags inside a range stay, in order,
    behind the new text, so that elements remain balanced and links and images survive. A range
    that begins or ends inside a tag is moved to its edge. A bare "<" or "&" of broken markup is
    escaped where the edit could give it another meaning. Without edits the source is what it was.

    Raises ValueError when ranges overlap or lie outside the source.
    """
    ordered = sorted(edits, key=lambda edit: (edit[0], edit[1]))
    at = 0
    for start, end, _ in ordered:
        if not at <= start <= end <= len(source):
            raise ValueError("edits overlap or lie outside the source")
        at = end
    if not ordered:
        return source
    out: list[str] = []
    waiting = 0  # the first edit that is not written yet
    gone = 0  # text up to here has been replaced
    for token in tokens(source):
        at = token.start
        while at < token.end:
            if waiting < len(ordered) and ordered[waiting][0] <= at:
                out.append(_as_html(ordered[waiting][2]))
                gone = max(gone, ordered[waiting][1])
                waiting += 1
            elif token.kind != "text":
                if token.name != "br" or gone <= at:
                    out.append(source[at : token.end] if token.loose is None else _fixed(source, token))
                at = token.end
            elif gone > at:
                at = min(gone, token.end)
            else:
                stop = min(token.end, ordered[waiting][0] if waiting < len(ordered) else token.end)
                kept = _LOOSE.sub("&lt;", source[at:stop])
                edited = waiting < len(ordered) and ordered[waiting][0] == stop
                out.append(_LOOSE_END.sub(_closed, kept) if edited else kept)
                at = stop
    out += [_as_html(text) for _, _, text in ordered[waiting:]]
    return "".join(out)


def _closed(match: re.Match[str]) -> str:
    """A character reference at the end of a text, so that nothing behind it can change it."""
    text = match.group()
    end = reference_end(text, 0, len(text))
    return f"{text[:end]};{text[end:]}" if end else f"&amp;{text[1:]}"


def _fixed(source: str, tag: Token) -> str:
    """A tag whose loose quotes are letters, so that they find no end in what is written behind it."""
    loose = source[tag.loose : tag.end].replace('"', "&quot;").replace("'", "&#39;")
    return source[tag.start : tag.loose] + loose


def _as_html(text: str) -> str:
    return _html.escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>")
