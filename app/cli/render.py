"""A review on the terminal. Text of the mail is printed plainly, right-to-left text too.

Nothing of a mail reaches the terminal as a control sequence.
"""

from __future__ import annotations

import re

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from app import strings
from app.api.answers import ReviewOut
from app.tone.types import DIMENSIONS, Language, Review, Span

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BAND_STYLES = {"good": "bold green", "mixed": "bold yellow", "poor": "bold red"}
_SEVERITY_STYLES = {"hint": "black on cyan", "warning": "black on yellow", "error": "white on red"}
_TEMPERATURE_STYLES = {"calm": "green", "tense": "yellow", "upset": "red", "hostile": "bold red"}
_BAR = 20


def clean(text: str) -> str:
    """The text without control characters, one for one, so that offsets stay."""
    return _UNPRINTABLE.sub("\ufffd", text)


class Renderer:
    """Prints reviews on one console, explained in one language."""

    def __init__(self, console: Console, language: Language) -> None:
        self._console = console
        self._language = language

    def _say(self, key: str, **values: object) -> str:
        return strings.say(self._language, key, **values)

    def show(self, review: Review, answer: ReviewOut, name: str | None) -> None:
        if name is not None:
            subject = clean(review.document.subject) or self._say("cli.no-subject")
            self._console.print(Rule(Text(f"{clean(name)}: {subject}"), align="left"))
        self._marked(review, answer)
        self._figures(answer)
        self._findings(review, answer)
        self._elements(review, answer)
        self._dates(review, answer)
        self._list(
            "holds", [f"{self._when(h.start, h.end, h.all_day)}  {h.title}. {h.reason}" for h in answer.holds]
        )
        self._list("advice", [f"{a.title}. {a.message}" for a in answer.advice])
        if answer.call_brief is not None:
            self._list("call", answer.call_brief.talking_points)
            self._list("voicemail", [answer.call_brief.voicemail])
            self._list("careful-mail", [answer.call_brief.email])
        if answer.revised is not None and not review.document.is_html:
            self._heading("revised")
            self._print(answer.revised, indent=2)
        self._list("notes", [note.message for note in answer.notes])
        if not (answer.findings or answer.revised or answer.holds or answer.advice):
            self._console.print(Text(self._say("cli.nothing"), style="green"))
        self._console.print()

    def _print(self, text: str | Text, indent: int = 0) -> None:
        body = Text(clean(text)) if isinstance(text, str) else text
        self._console.print(Padding(body, (0, 0, 0, indent), expand=False))

    def _heading(self, key: str) -> None:
        self._console.print()
        self._console.print(Text(self._say(f"cli.{key}"), style="bold underline"))

    def _list(self, key: str, lines: list[str]) -> None:
        if lines:
            self._heading(key)
            for line in lines:
                self._print(f"• {line}", indent=2)

    def _marked(self, review: Review, answer: ReviewOut) -> None:
        """The writer's own words with the findings marked; skipped parts only named."""
        document = review.document
        whole = Text(clean(document.text))
        findings = sorted(review.findings, key=lambda finding: finding.span)
        for finding, worded in zip(findings, answer.findings, strict=True):
            whole.stylize(_SEVERITY_STYLES[worded.severity], finding.span.start, finding.span.end)
        coloured = self._console.is_terminal and not self._console.no_color
        for segment in document.segments:
            if segment.kind not in ("greeting", "body"):
                self._print(Text(f"[{self._say(f'word.segment.{segment.kind}')}]", style="dim"))
                continue
            part = whole[segment.span.start : segment.span.end] if len(segment.span) else Text()
            if not coloured:
                part = Text(
                    _bracketed(
                        part.plain,
                        [
                            (f.span.start - segment.span.start, f.span.end - segment.span.start)
                            for f in findings
                        ],
                    )
                )
            part.rstrip()
            self._console.print(part)

    def _figures(self, answer: ReviewOut) -> None:
        self._console.print()
        if answer.score is not None and answer.band is not None and answer.dimensions is not None:
            line = Text.assemble(
                (f"{self._say('cli.score')}: {answer.score:.0f} ", "bold"),
                (self._say(f"word.band.{answer.band}"), _BAND_STYLES[answer.band]),
            )
            self._console.print(line)
            names = {dimension: self._say(f"word.dimension.{dimension}") for dimension in DIMENSIONS}
            width = max(map(len, names.values()))
            for dimension in DIMENSIONS:
                value = getattr(answer.dimensions, dimension)
                filled = round(value / 100 * _BAR)
                style = "green" if value >= 75 else "yellow" if value >= 50 else "red"
                self._console.print(
                    Text.assemble(
                        f"  {names[dimension]:<{width}} ",
                        ("█" * filled, style),
                        ("░" * (_BAR - filled), "dim"),
                        f" {value:.0f}",
                    )
                )
        facts = [(self._say("cli.language"), self._say(f"word.language.{answer.language}"), "")]
        facts.append((self._say("cli.politeness"), f"{answer.politeness:.0f}", ""))
        situations = [answer.situation] if answer.situation else answer.situations
        facts.append(
            (self._say("cli.situation"), ", ".join(self._say(f"word.situation.{s}") for s in situations), "")
        )
        if answer.temperature is not None:
            words = self._say(f"word.temperature.{answer.temperature}")
            facts.append((self._say("cli.temperature"), words, _TEMPERATURE_STYLES[answer.temperature]))
        facts.append((self._say("cli.channel"), self._say(f"word.channel.{answer.reply_channel}"), ""))
        for label, value, style in facts:
            self._console.print(Text.assemble(f"{label}: ", (value, style)))

    def _findings(self, review: Review, answer: ReviewOut) -> None:
        if not answer.findings:
            return
        self._heading("findings")
        ordered = sorted(review.findings, key=lambda finding: finding.span)
        for number, (finding, worded) in enumerate(zip(ordered, answer.findings, strict=True), start=1):
            words = clean(_words(review, finding.span))
            severity = self._say(f"word.severity.{worded.severity}")
            self._print(
                Text.assemble((f"{number}. {words}", "bold"), (f"  {worded.title} ({severity})", "dim"))
            )
            self._print(f"{self._say('cli.why')}: {worded.message}", indent=3)
            for text in finding.replacements[:1]:
                instead = " ".join(text.split()) or self._say("cli.delete")
                self._print(f"{self._say('cli.instead')}: {instead}", indent=3)
            for source in worded.sources[:1]:
                line = f"{self._say('cli.source')}: {source.article_title}, {source.title}"
                self._print(Text(line, style="dim"), indent=3)

    def _elements(self, review: Review, answer: ReviewOut) -> None:
        pairs = list(zip(review.elements, answer.elements, strict=True))
        missing = [(element, worded) for element, worded in pairs if element.status == "missing"]
        if missing:
            self._heading("missing")
            for element, worded in missing:
                self._print(Text.assemble("• ", (worded.title, "bold"), f". {worded.message}"), indent=2)
                if element.insert is not None:
                    self._print(f"{self._say('cli.add')}: {' '.join(element.insert.text.split())}", indent=4)
        present = [worded.title for element, worded in pairs if element.status == "present"]
        if present:
            self._heading("present")
            self._print(", ".join(present), indent=2)

    def _dates(self, review: Review, answer: ReviewOut) -> None:
        for key, mentions, dates in (
            ("promises", review.commitments, answer.commitments),
            ("requests", review.deadlines, answer.deadlines),
        ):
            pairs = zip(mentions, dates, strict=True)
            self._list(
                key, [f"{d.date} {d.time or ''}".strip() + f"  {_words(review, m.span)}" for m, d in pairs]
            )

    def _when(self, start: str, end: str, all_day: bool) -> str:
        return when(self._language, start, end, all_day)


def when(language: Language, start: str, end: str, all_day: bool) -> str:
    """A time of the calendar on one line; `start` and `end` as in `app.api.schemas.Hold`."""
    if all_day:
        return f"{start} ({strings.say(language, 'cli.all-day')})"
    return f"{start[:10]} {start[11:16]}-{end[11:16]}"


def _words(review: Review, span: Span) -> str:
    """The words of a span on one line."""
    return " ".join(review.document.text[span.start : span.end].split())


def _bracketed(text: str, spans: list[tuple[int, int]]) -> str:
    """Without colours, marks are brackets."""
    for start, end in sorted(spans, reverse=True):
        if 0 <= start < end <= len(text):
            text = f"{text[:start]}⟦{text[start:end]}⟧{text[end:]}"
    return text
