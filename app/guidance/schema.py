"""The shape of guidance files, and how they are loaded.

A guideline is a folder: `guideline.toml` (what it is) and one file a language (how it
reads there). A file's presence is its registration; an unknown key, a rule without
examples or an example whose mark is missing is an error, so that guidance cannot rot.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import GuidanceError
from app.tone.types import LANGUAGES, Dimension, Language, Severity

ROOT = Path(__file__).parent
ADJUST = "adjust.toml"
MARK = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Line = Annotated[str, Field(min_length=1, max_length=600)]
SourceRef = Annotated[str, Field(pattern=r"^[a-z-]+/[a-z-]+$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(_Model):
    """A section of an article, by its title in each language (our words)."""

    title: Mapping[Language, Line]


class Article(_Model):
    title: Mapping[Language, Line]
    language: Line
    sections: Mapping[Id, Section]


class Flag(_Model):
    """A sentence that a rule must catch: the caught words stand in [[double brackets]]. `fixed` is the whole
    sentence after the first replacement."""

    text: Line
    fixed: str | None = None

    @model_validator(mode="after")
    def _marked(self) -> Self:
        if len(MARK.findall(self.text)) != 1:
            raise ValueError(f"needs exactly one [[mark]]: {self.text!r}")
        return self

    @property
    def plain(self) -> str:
        return MARK.sub(r"\1", self.text)

    @property
    def marked(self) -> str:
        found = MARK.search(self.text)
        assert found is not None  # noqa: S101 - the validator saw to it
        return found[1]


class Rule(_Model):
    """Words that give a breach away (or, in an INCLUDE guideline, show that the act is done).

    `pattern` is a regular expression over folded text: accents and case do not count, on
    either side. `replacement` is a template (see `app.tone.templates`); "" deletes the
    words and closes the gap; absent leaves it to the guideline's moves.
    """

    id: Id
    check: Literal["pattern", "capitals", "punctuation"] = "pattern"
    pattern: str | None = None
    reason: Id = "default"
    replacement: str | None = None
    flags: list[Flag] = Field(min_length=1)
    allows: list[Line] = Field(min_length=1)

    @model_validator(mode="after")
    def _pattern_given(self) -> Self:
        if (self.check == "pattern") != (self.pattern is not None):
            raise ValueError("a pattern belongs to check = 'pattern', and only to it")
        return self


class Move(_Model):
    """A way to say the useful half of a clause that the sentence reader found.

    `match` (folded, optional) picks the clauses it fits; its named groups may be used in `text`, an
    independent clause in lower case without final punctuation, which the engine fits into the sentence.
    `whole` restricts it to clauses that are a sentence.
    """

    text: str
    match: str | None = None
    reason: Id = "default"
    whole: bool = False
    example: Flag


class Examples(_Model):
    """What the sentence reader learns from: marked breaches, and near misses without a mark."""

    positive: list[Flag] = Field(default_factory=list)
    near_miss: list[Line] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _sentences(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("positive"), list):
            return {**data, "positive": [{"text": p} if isinstance(p, str) else p for p in data["positive"]]}
        return data


class InsertText(_Model):
    """A sentence that performs an INCLUDE guideline's act. `when` lists situations (outgoing or incoming ids)
    that it suits; empty suits any."""

    text: Line
    when: list[Id] = Field(default_factory=list)


class GuidelineWords(_Model):
    """A guideline in one language. House guidelines need only some languages."""

    title: Line
    advice: Line
    reasons: Mapping[Id, Line]
    todo: Line | None = None
    delete: bool = False
    rules: list[Rule] = Field(default_factory=list)
    moves: list[Move] = Field(default_factory=list)
    inserts: list[InsertText] = Field(default_factory=list)
    examples: Examples = Field(default_factory=Examples)

    @model_validator(mode="after")
    def _reasons_known(self) -> Self:
        if "default" not in self.reasons:
            raise ValueError("[reasons] needs a 'default'")
        for reason in (*(rule.reason for rule in self.rules), *(move.reason for move in self.moves)):
            if reason not in self.reasons:
                raise ValueError(f"reason {reason!r} is not in [reasons]")
        ids = [rule.id for rule in self.rules]
        if len(ids) != len(set(ids)):
            raise ValueError("two rules share an id")
        return self


class GuidelineHead(_Model):
    """What a guideline is, whatever the language.

    `weight` is how far one sure finding (or one missing element) lowers its dimension, 0-1. `called_for_by`
    lists the situations that call for an INCLUDE guideline's act. `prefer_deletion`: the words carry nothing
    useful, so dropping them beats a bland phrase.
    """

    kind: Literal["avoid", "include"]
    dimension: Dimension
    weight: float = Field(gt=0, le=1)
    severity: Severity = "warning"
    sources: list[SourceRef] = Field(min_length=1)
    called_for_by: list[Id] = Field(default_factory=list)
    order: int = 100
    prefer_deletion: bool = False


@dataclass(frozen=True)
class Guideline:
    """One guideline with its words in every language it has. The organisation may have it `muted`, so that it
    judges nothing, or `adjusted` in weight, severity or words."""

    id: str
    head: GuidelineHead
    words: Mapping[Language, GuidelineWords]
    house: bool = False
    muted: bool = False
    adjusted: bool = False

    def wording(self, language: str) -> GuidelineWords:
        """Its words in `language`, else in English, else in the first it has."""
        for code in (language, *LANGUAGES):
            if code in self.words:
                return self.words[code]  # type: ignore[index]
        raise GuidanceError(f"{self.id}: no language file")


class Wording(_Model):
    """A title and a sentence, as advice and holds have them."""

    title: Line
    text: Line


class Sourced(_Model):
    sources: list[SourceRef] = Field(min_length=1)


class Brief(_Model):
    """How a call brief and a skeleton reply are worded in one language.

    Keys of `points` name the steps in the order the article gives; the rest are templates.
    """

    points: Mapping[Id, Line]
    voicemail: Line
    greeting: Line
    greeting_unnamed: Line
    opening: Line
    closing: Line


class Cues(_Model):
    """Words that tell how a writer speaks, one file a language in `language/`.

    `connectives` may open a clause and are kept before a replaced one; `deletable_leads` are those that may
    go together with the clause they open; a sentence that opens with one of the `subordinators` ("if",
    "when") does not stand without its main clause, and one that ends in one of the `hanging` words waits for
    what follows. `not_connectives` only look like one ("as to"). `bound_leads` begin a word that ties its
    clause to what stands before it. `openers` have a capital only where they begin a sentence. `relatives`
    open what hangs on the clause before it. `we`, `i`, `formal` and `informal` are patterns over folded text,
    counted to find voice and register; `angry` tells that a client declares to be angry.
    """

    connectives: list[str]
    deletable_leads: list[str]
    subordinators: list[str]
    hanging: list[str] = Field(default_factory=list)
    not_connectives: list[str] = Field(default_factory=list)
    bound_leads: list[str] = Field(default_factory=list)
    openers: list[str] = Field(default_factory=list)
    relatives: list[str] = Field(default_factory=list)
    we: list[str]
    i: list[str]
    formal: list[str]
    informal: list[str]
    angry: list[str]


@dataclass(frozen=True)
class Guidance:
    """All guidance that is in force, loaded and checked."""

    guidelines: Mapping[str, Guideline]
    articles: Mapping[str, Article]
    advice: Mapping[Language, Mapping[str, Wording]]
    advice_sources: Mapping[str, tuple[str, ...]]
    holds: Mapping[Language, Mapping[str, Wording]]
    hold_sources: Mapping[str, tuple[str, ...]]
    briefs: Mapping[Language, Brief]
    cues: Mapping[Language, Cues]

    @cached_property
    def avoid(self) -> tuple[Guideline, ...]:
        return tuple(g for g in self.guidelines.values() if g.head.kind == "avoid")

    @cached_property
    def include(self) -> tuple[Guideline, ...]:
        """INCLUDE guidelines in the order in which a good mail performs them."""
        found = (g for g in self.guidelines.values() if g.head.kind == "include")
        return tuple(sorted(found, key=lambda g: g.head.order))

    def called_for(self, situation: str) -> tuple[str, ...]:
        """Ids of the elements that a situation calls for (the table in the guidance)."""
        return tuple(g.id for g in self.include if situation in g.head.called_for_by)


M = TypeVar("M", bound=BaseModel)


def read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GuidanceError(f"{path.parent.name}/{path.name}: {error}") from error


def parse(model: type[M], data: object, where: str) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise GuidanceError(f"{where}: {place}: {first['msg']}") from error


def load_guideline(folder: Path, *, house: bool = False) -> Guideline:
    """Read one guideline folder.

    Raises GuidanceError naming the file and key that is wrong.
    """
    head_path = folder / "guideline.toml"
    if not head_path.is_file():
        raise GuidanceError(f"{folder.name}: guideline.toml is missing")
    head = parse(GuidelineHead, read_toml(head_path), f"{folder.name}/guideline.toml")
    words: dict[Language, GuidelineWords] = {}
    for path in sorted(folder.glob("*.toml")):
        if path == head_path:
            continue
        if path.stem not in LANGUAGES:
            raise GuidanceError(f"{folder.name}/{path.name}: not a language file (en, fr, ar, tr)")
        parsed = parse(GuidelineWords, read_toml(path), f"{folder.name}/{path.name}")
        words[path.stem] = parsed
    if not words:
        raise GuidanceError(f"{folder.name}: no language file")
    if complaint := incomplete(head, words):
        raise GuidanceError(f"{folder.name}: {complaint}")
    return Guideline(folder.name, head, words, house)


def incomplete(head: GuidelineHead, words: Mapping[Language, GuidelineWords]) -> str:
    """What a guideline lacks as a whole, "" for nothing."""
    taught = any(w.examples.positive for w in words.values())
    if head.kind == "include" and any(w.moves for w in words.values()):
        return "an include guideline has inserts, not moves"
    if not taught and not any(w.rules for w in words.values()):
        return "needs a rule or positive examples"
    alone = taught and not any(w.examples.near_miss for w in words.values())
    return "positive examples need near misses beside them" if alone else ""


def _wordings(folder: Path) -> dict[Language, dict[str, Wording]]:
    return {
        code: {
            key: parse(Wording, value, f"{folder.name}/{code}.toml {key}")
            for key, value in read_toml(folder / f"{code}.toml").items()
        }
        for code in LANGUAGES
    }


def _sources(path: Path) -> dict[str, tuple[str, ...]]:
    return {key: tuple(parse(Sourced, value, path.name).sources) for key, value in read_toml(path).items()}


def load(house: Path | None = None, *, root: Path = ROOT) -> Guidance:
    """Load the built-in guidance, and a folder of house guidelines when one is given.

    A house guideline may not take a built-in one's id; folders with changes are for `house.load_all`.
    Raises GuidanceError.
    """
    folders = [(folder, False) for folder in sorted((root / "guidelines").iterdir()) if folder.is_dir()]
    if house is not None:
        if not house.is_dir():
            raise GuidanceError(f"house guidance: {house} is not a folder")
        added = (folder for folder in house.iterdir() if folder.is_dir() and not (folder / ADJUST).exists())
        folders += [(folder, True) for folder in sorted(added)]
    guidelines: dict[str, Guideline] = {}
    for folder, is_house in folders:
        if folder.name in guidelines:
            raise GuidanceError(f"{folder.name}: a guideline of this id exists already")
        guidelines[folder.name] = load_guideline(folder, house=is_house)
    guidance = Guidance(
        guidelines=guidelines,
        articles={
            key: parse(Article, value, f"articles.toml {key}")
            for key, value in read_toml(root / "articles.toml").items()
        },
        advice=_wordings(root / "advice"),
        advice_sources=_sources(root / "advice" / "advice.toml"),
        holds=_wordings(root / "holds"),
        hold_sources=_sources(root / "holds" / "holds.toml"),
        briefs={
            code: parse(Brief, read_toml(root / "brief" / f"{code}.toml"), f"brief/{code}.toml")
            for code in LANGUAGES
        },
        cues={
            code: parse(Cues, read_toml(root / "language" / f"{code}.toml"), f"language/{code}.toml")
            for code in LANGUAGES
        },
    )
    check_sources(guidance)
    return guidance


def check_sources(guidance: Guidance) -> None:
    """Raise GuidanceError where a section is cited that no article has."""
    cited: list[tuple[str, Iterable[str]]] = [(g.id, g.head.sources) for g in guidance.guidelines.values()]
    cited += [*guidance.advice_sources.items(), *guidance.hold_sources.items()]
    for owner, sources in cited:
        for source in sources:
            article, _, section = source.partition("/")
            if section not in getattr(guidance.articles.get(article), "sections", {}):
                raise GuidanceError(f"{owner}: no such article section: {source}")
    for kind, sources_of, words in (
        ("advice", guidance.advice_sources, guidance.advice),
        ("holds", guidance.hold_sources, guidance.holds),
    ):
        for code, wordings in words.items():
            if set(wordings) != set(sources_of):
                odd = sorted(set(wordings) ^ set(sources_of))
                raise GuidanceError(f"{kind}/{code}.toml and {kind}.toml differ on {odd}")
