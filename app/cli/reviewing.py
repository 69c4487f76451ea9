"""`tactline review`: read what was named, review it, print it."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.progress import track
from tzlocal import get_localzone_name

from app import strings
from app.api.answers import ReviewOut, answered, body_of, explained_in
from app.api.schemas import Asked, Options
from app.cli import POOR, UNUSABLE
from app.cli.inputs import Item, Read, Unreadable, items, message
from app.cli.render import Renderer
from app.errors import TactlineError
from app.holds import ics
from app.settings import load as load_settings
from app.tone import week
from app.tone.review import Engine, Message, Request
from app.tone.text import OffsetEncoding
from app.tone.types import Direction, Language


def choose(
    now: str | None,
    time_zone: str | None,
    explain_in: Language | None,
    offset_encoding: OffsetEncoding,
    language: Language,
) -> Options:
    """The options, checked as the service checks them. Raises TactlineError."""
    given = {"now": now, "time_zone": time_zone or get_localzone_name(), "explain_in": explain_in}
    try:
        return Options(offset_encoding=offset_encoding, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        code = "bad-now" if error.errors()[0]["loc"][0] == "now" else "bad-zone"
        raise TactlineError(strings.say(language, f"cli.error.{code}")) from None


@dataclass
class Run:
    """One call of the command."""

    options: Options
    direction: Direction
    language: Language | None
    context: Sequence[Path]
    as_json: bool
    no_color: bool
    interface: Language
    _answers: list[ReviewOut] = field(default_factory=list)

    def review(self, names: Sequence[str], calendar: Path | None) -> int:
        """Review everything named; the exit status. Raises TactlineError when nothing can be done at all."""
        context = tuple(
            Message("incoming", message(str(path), self._bytes(path), self.interface).document)
            for path in self.context
        )
        engine = Engine.load(load_settings().guidance_dir)
        out = Console(no_color=self.no_color or None, highlight=False, markup=False, soft_wrap=False)
        with ExitStack() as open_files:
            status = self._all(engine, names, context, out, open_files)
        if calendar is not None:
            self._write(calendar)
        return status

    def _all(
        self,
        engine: Engine,
        names: Sequence[str],
        context: tuple[Message, ...],
        out: Console,
        open_files: ExitStack,
    ) -> int:
        status = 0
        found = [self._expand(name, open_files) for name in names]
        todo = [item for part in found if not isinstance(part, Unreadable) for item in part]
        for part in found:
            if isinstance(part, Unreadable):
                status = self._complain(part)
        for item in self._watched(todo):
            try:
                read = item.read(self.interface)
            except Unreadable as error:
                status = self._complain(error)
                continue
            band = self._one(engine, item.name, read, context, out, title=len(todo) > 1)
            if band == "poor" and status != UNUSABLE:
                status = POOR
        return status

    def _bytes(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError:
            raise Unreadable(strings.say(self.interface, "cli.error.unreadable", path=path)) from None

    def _expand(self, name: str, open_files: ExitStack) -> list[Item] | Unreadable:
        try:
            return list(items(name, self.interface, open_files))
        except Unreadable as error:
            return error

    def _complain(self, error: Unreadable) -> int:
        print(error, file=sys.stderr)
        return UNUSABLE

    def _watched(self, todo: Sequence[Item]) -> Iterable[Item] | Iterator[Item]:
        """With a progress bar when there are many and someone watches standard error."""
        if len(todo) < 2 or not sys.stderr.isatty():
            return todo
        words = strings.say(self.interface, "cli.reading")
        return track(todo, description=words, console=Console(stderr=True), transient=True)

    def _one(
        self,
        engine: Engine,
        name: str,
        read: Read,
        context: tuple[Message, ...],
        out: Console,
        *,
        title: bool,
    ) -> str | None:
        asked = Asked(
            Request(
                message=Message(self.direction, read.document),
                context=context,
                language=self.language,
                now=self.options.moment(),
                hours=week.default_hours(self.options.time_zone),
            ),
            read.thread,
        )
        review = engine.review(asked.request)
        language = explained_in(review, self.options.explain_in)
        answer = answered(review, engine.guidance, asked, self.options, language)
        self._answers.append(answer)
        if self.as_json:
            answer = answer.model_copy(update={"body": body_of(review.document)})
            content = answer.model_dump(mode="json", exclude_unset=True)
            # ASCII, so that a lone surrogate or a terminal's encoding cannot break the line.
            sent = {} if read.date is None else {"date": read.date.isoformat()}
            print(json.dumps({"file": name, **sent, **content}))
        else:
            Renderer(out, language).show(review, answer, name if title else None)
        return answer.band

    def _write(self, path: Path) -> None:
        holds = [hold.proposal() for answer in self._answers for hold in answer.holds]
        if not holds:
            print(strings.say(self.interface, "cli.no-holds"), file=sys.stderr)
            return
        try:
            path.write_bytes(ics.calendar(holds, now=dt.datetime.now(dt.UTC), lang=self.interface))
        except OSError:
            raise TactlineError(strings.say(self.interface, "cli.error.bad-ics", path=path)) from None
        print(strings.say(self.interface, "cli.wrote-ics", count=len(holds), path=path), file=sys.stderr)
