"""The organisation's guidelines in force: those of the store beside the built-in ones, the same on every copy
of the service within seconds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import anyio
from pydantic import ValidationError

from app import logs
from app.errors import GuidanceError
from app.guidance.house import Applied, Entry, GuidelineData, applied, with_entry
from app.guidance.schema import Guidance
from app.store.errors import StoreError
from app.store.store import Store
from app.tone.meaning import Reader
from app.tone.proofs import Proof, flaws, prove
from app.tone.review import Engine

LOOK = 2.0
"""Seconds between two looks at whether another copy of the service changed something."""
MOST = 200
"""Entries that an organisation may have."""
T = TypeVar("T")
Aside = Callable[[Callable[[], Any]], Awaitable[Any]]
log = logs.get(__name__)


class TooManyEntries(Exception):  # noqa: N818 - reads as what it says
    """The organisation has as many guidelines and changes as it may."""


class House:
    """`base` is the guidance without the store's; `put` sets the engine that answers from then on."""

    def __init__(
        self, store: Store, base: Guidance, reader: Reader, aside: Aside, put: Callable[[Engine], None]
    ) -> None:
        self._store = store
        self._base = base
        self._reader = reader
        self._aside = aside
        self._put = put
        self._one = anyio.Lock()
        self._revision = 0
        self.entries: Mapping[str, Mapping[str, Any]] = {}
        self.broken: tuple[str, ...] = ()

    async def refresh(self) -> None:
        """Have in force what the store holds now. Raises StoreError."""
        async with self._one:
            if await self._store.house.revision() == self._revision:
                return
            found = await self._store.house.load()

            def build() -> tuple[Applied, Engine]:
                result = _usable(self._base, found.entries)
                return result, Engine.of(result.guidance, self._reader)

            result, engine = await self._aside(build)
            self._put(engine)
            self._revision, self.entries = found.revision, found.entries
            self.broken = tuple(sorted((*result.broken, *found.lost)))
            logs.event(
                log, "house guidelines", guidelines=len(result.guidance.guidelines),
                house_guidelines=len(found.entries), failed=len(self.broken),
            )  # fmt: skip

    async def watch(self) -> None:
        """Refresh every two seconds. A look that fails is made up for by the next."""
        while True:
            await anyio.sleep(LOOK)
            try:
                await self.refresh()
            except (StoreError, GuidanceError) as error:
                logs.event(log, "house guidelines were not looked at", level=30, error=error)

    def entry(self, identity: str) -> Entry | None:
        """What the store holds for an id; None for nothing, and for what cannot be read."""
        content = self.entries.get(identity)
        return None if content is None or identity in self.broken else Entry.model_validate(content)

    def built_in(self, identity: str) -> bool:
        known = self._base.guidelines.get(identity)
        return known is not None and not known.house

    async def tried(self, identity: str, data: GuidelineData) -> tuple[Engine, Proof]:
        """An engine with this guideline, and how its examples come out in it. Raises GuidanceError."""

        def work() -> tuple[Engine, Proof]:
            base = _usable(self._base, {k: v for k, v in self.entries.items() if k != identity}).guidance
            engine = Engine.of(with_entry(base, identity, Entry(data=data)), self._reader)
            return engine, prove(engine, identity)

        found: tuple[Engine, Proof] = await self._aside(work)
        return found

    async def change(self, identity: str, make: Callable[[Entry], Entry]) -> bool:
        """Keep what `make` makes of an entry (of an empty one where there is none) and have it in force here;
        whether it is new. An entry that is left empty goes. Of changes at the same time, on whichever copy of
        the service, none is lost. Raises what `make` raises, GuidanceError, TooManyEntries, StoreError."""

        def changed(content: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
            entry = make(_read(content))
            if entry == Entry():
                return None
            with_entry(self._base, identity, entry)
            return entry.model_dump(mode="json", exclude_defaults=True)

        if identity not in self.entries and len(self.entries) >= MOST:
            raise TooManyEntries
        new = await self._store.house.change(identity, changed, dt.datetime.now(dt.UTC))
        await self.refresh()
        return new

    async def drop(self, identity: str) -> bool:
        """Remove an entry; whether there was one. Raises StoreError."""
        gone = await self._store.house.remove(identity)
        await self.refresh()
        return gone


def _read(content: Mapping[str, Any] | None) -> Entry:
    """An entry of the store; an empty one for nothing, and for what cannot be read."""
    try:
        return Entry() if content is None else Entry.model_validate(content)
    except ValidationError:
        return Entry()


def _usable(base: Guidance, entries: Mapping[str, Mapping[str, Any]]) -> Applied:
    """The guidance with all entries but those that this version cannot use."""
    result = applied(base, entries)
    found = result.guidance.guidelines
    unfit = [
        name for name in entries if name in found and found[name].house and any(flaws(found[name].words))
    ]
    if not unfit:
        return result
    result = applied(base, {name: entry for name, entry in entries.items() if name not in unfit})
    return Applied(result.guidance, (*result.broken, *unfit))
