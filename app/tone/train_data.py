"""The labelled mails, as the numbers that the heads are fitted on."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from app.tone import dates
from app.tone.features import Floats, Ints
from app.tone.meaning import mention_around
from app.tone.meaning_net import CachedEncoder
from app.tone.meaning_sheet import MAX_CONTEXT, Sheet, outline, sheet
from app.tone.segments import segment
from app.tone.sentences import clauses, whole
from app.tone.transformer import CLAUSE_HEADS, MAIL_HEADS, DeepLook, Transformer, split
from app.tone.types import AVOID, INCLUDE, Clause, DateMention, Document, Language, Span
from app.tone.week import default_hours

FOLDS = 5
_SPECIAL = {"clean": 3, "elements_artr": 0, "elements_enfr": 1, "incoming": 2}
_LETTERS = {
    "a": 0,
    "b": 1,
    "c": 2,
    "d": 3,
    "e": 4,
    "f": 0,
    "g": 2,
    "h": 1,
    "i": 3,
    "j": 4,
    "k": 3,
    "l": 0,
    "m": 1,
}


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence that teaches a guideline: the offending words [[so marked]], or a near miss, unmarked."""

    guideline: str
    language: str
    text: str

    @property
    def positive(self) -> bool:
        return "[[" in self.text

    @property
    def plain(self) -> str:
        return self.text.replace("[[", "").replace("]]", "")


@dataclass(frozen=True, eq=False)
class Mail:
    """A labelled mail, cut up. `spans`: (guideline, span) of its findings; `fold` keeps a writer together."""

    case: dict[str, Any]
    fold: int
    document: Document
    clauses: tuple[Clause, ...]
    page: Sheet
    spans: tuple[tuple[str, Span], ...]
    targets: Floats
    acts: Floats | None = None
    """Which of `INCLUDE` each sentence performs, where that is known: in examples only."""
    deep: DeepLook | None = None
    """What a transformer that was not taught this mail makes of it; None in examples."""
    asked_deep: DeepLook | None = None
    """The same of the message answered."""

    @property
    def outgoing(self) -> bool:
        return bool(self.case["direction"] == "outgoing")


def digest(data_dir: Path) -> str:
    """The fingerprint of the training mails, kept beside the weights so that stale ones are seen."""
    seal = sha256()
    for path in sorted(data_dir.glob("*.jsonl")):
        seal.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return seal.hexdigest()


def digest_examples(examples: Sequence[Example]) -> str:
    """The fingerprint of the guidelines' own examples, whatever order they come in."""
    lines = sorted(f"{item.guideline}\0{item.language}\0{item.text}" for item in examples)
    return sha256("\n".join(lines).encode()).hexdigest()


def fold_of(name: str) -> int:
    """The fold of a file: one writer wrote it, and plots repeat inside it, so it is never split.

    Raises KeyError for a file that is not named language_letter: give it a fold first.
    """
    return _SPECIAL[name] if name in _SPECIAL else _LETTERS[name[-1]]


def key_of(case: Mapping[str, Any]) -> str:
    """What a mail's held-out answers are filed under: its text and direction, whatever its labels."""
    return sha256(f"{case['direction']}\0{case['lang']}\0{case['text']}".encode()).hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Deep:
    """The transformer as training asks it: of a mail that it was taught, its half answers."""

    transformer: Transformer
    held_out: Mapping[str, NDArray[np.float16]]

    @classmethod
    def load(cls, folder: Path) -> Deep:
        """Raises FileNotFoundError when the transformer has not been trained."""
        with np.load(folder / "held_out.npz", allow_pickle=False) as stored:
            return cls(Transformer(folder), {key: stored[key] for key in stored.files})

    def of(self, case: Mapping[str, Any], page: Sheet) -> DeepLook | None:
        stored = self.held_out.get(key_of(case))
        if stored is None:
            return self.transformer.read(page.outline) if len(page) else None
        count = len(page.parts)
        clause, mail = stored[: count * CLAUSE_HEADS], stored[count * CLAUSE_HEADS :]
        if len(mail) != MAIL_HEADS:
            raise ValueError("the clauses of a training mail have changed: train the transformer again")
        return split(clause.reshape(count, CLAUSE_HEADS), mail)

    def asked(self, context: str, language: str) -> DeepLook | None:
        text = context[:MAX_CONTEXT]
        document = whole(text)
        found = clauses(document, language)
        return self.transformer.read(outline(document, found)) if found else None


def labelled(path: Path) -> list[dict[str, Any]]:
    """The labelled mails of a file, one JSON object a line. Raises OSError and ValueError."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def cases(data_dir: Path) -> list[tuple[str, dict[str, Any]]]:
    """(file stem, case) of every mail, in a fixed order. Raises FileNotFoundError when there is none."""
    found = [(path.stem, case) for path in sorted(data_dir.glob("*.jsonl")) for case in labelled(path)]
    if not found:
        raise FileNotFoundError(f"no training mails in {data_dir}")
    return found


def mail(case: dict[str, Any], fold: int, encoder: CachedEncoder, deep: Deep | None = None) -> Mail:
    text = str(case["text"])
    document = Document(text, segment(text), text, subject=case.get("subject") or "")
    found = clauses(document, case["lang"])
    outgoing = case["direction"] == "outgoing"
    context = (case.get("context") or "") if outgoing else ""
    page = sheet(document, found, case["lang"], context, encoder)
    spans = tuple(_spans(text, case.get("findings", ())))
    made = Mail(case, fold, document, found, page, spans, _targets(page, found, spans))
    if deep is None:
        return made
    return replace(made, deep=deep.of(case, page), asked_deep=deep.asked(context, case["lang"]))


def deep_of(item: Mail) -> DeepLook:
    """Raises ValueError when the mail was made without the transformer."""
    if item.deep is None:
        raise ValueError("this mail was not shown to the transformer")
    return item.deep


def quotes(text: str, labels: Iterable[dict[str, Any]]) -> list[tuple[str, Span]]:
    """Where labels with a quote lie: (guideline or "", span)."""
    return list(_spans(text, [{"guideline": "", **label} for label in labels]))


def _spans(text: str, labels: Iterable[dict[str, str]]) -> Iterable[tuple[str, Span]]:
    last: dict[str, int] = {}
    for label in labels:
        quote = label["quote"]
        at = text.find(quote, last.get(quote, -1) + 1)
        at = at if at >= 0 else text.find(quote)
        last[quote] = at
        yield label["guideline"], Span(at, at + len(quote))


def meets(a: Span, b: Span) -> bool:
    """Half of the shorter one is shared: what counts as the same span."""
    return a.overlap(b) * 2 >= min(len(a), len(b)) > 0


def _targets(
    page: Sheet, found: Sequence[Clause], spans: Sequence[tuple[str, Span]], names: Sequence[str] = AVOID
) -> Floats:
    targets = np.zeros((len(page), len(names)), np.float32)
    for number in range(len(page)):
        own = found[page.firsts[number]].sentence
        for guideline, span in spans:
            if meets(own, span):
                targets[number, names.index(guideline)] = 1
    return targets


def example_mails(examples: Sequence[Example], encoder: CachedEncoder) -> list[Mail]:
    """Examples as tiny mails outside all folds: every one teaches what to find, and what not to."""
    out = []
    for example in examples:
        if example.guideline not in (*AVOID, *INCLUDE):
            continue
        case = {"direction": "outgoing", "lang": example.language, "text": example.plain}
        start = example.text.find("[[")
        spans: tuple[tuple[str, Span], ...] = ()
        if start >= 0:
            spans = ((example.guideline, Span(start, max(start + 1, example.text.find("]]") - 2))),)
        document = whole(example.plain)
        found = clauses(document, example.language)
        page = sheet(document, found, example.language, "", encoder)
        both = _targets(page, found, spans, (*AVOID, *INCLUDE))
        breaches, acts = both[:, : len(AVOID)], both[:, len(AVOID) :]
        out.append(Mail(case, -1, document, found, page, spans, breaches, acts))
    return out


@dataclass(frozen=True, eq=False)
class Mentions:
    """Date mentions of the mails of one direction: their texts, and whether a label meets them."""

    around: list[tuple[str, str, str]]
    found: list[tuple[Mail, DateMention]]
    target: Floats
    fold: Ints


def mentions(mails: Sequence[Mail], direction: str) -> Mentions:
    around, pairs, target, fold = [], [], [], []
    field = "commitments" if direction == "outgoing" else "deadlines"
    for item in mails:
        if item.case["direction"] != direction:
            continue
        zone = ZoneInfo(item.case["timezone"])
        now = dt.datetime.fromisoformat(item.case["now"]).astimezone(zone)
        language = cast(Language, item.case["lang"])
        wanted = [span for _, span in quotes(item.document.text, item.case[field])]
        judged = [part.span for part in item.document.judged()]
        for mention in dates.find(item.document.text, language, now, default_hours(item.case["timezone"])):
            if not any(part.overlap(mention.span) for part in judged):
                continue
            around.append(mention_around(item.document, item.clauses, mention))
            pairs.append((item, mention))
            target.append(float(any(span.overlap(mention.span) for span in wanted)))
            fold.append(item.fold)
    return Mentions(around, pairs, np.array(target, np.float32), np.array(fold))
