"""A house guideline from a folder outside the package, and what is refused in one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from app.errors import GuidanceError
from app.guidance.house import load_all
from app.guidance.schema import load, load_guideline
from app.tone.mail import read_text
from app.tone.review import Engine, Message, Request
from app.tone.week import default_hours

HEAD = """kind = "avoid"
dimension = "candour"
weight = 0.4
sources = ["difficult-client/keep-informed"]
"""
ENGLISH = """title = "Naming other clients"
advice = "Leave other clients out of it."
[reasons]
default = "This tells one client about another."
[examples]
positive = [
  "[[We did the same website for your competitor last year]].",
  "[[Another customer of ours pays twice as much]].",
  "[[One of our other clients had exactly this problem]].",
  "[[Your rival across the street ordered the bigger package from us]].",
  "[[We are also working for the bakery next door]].",
  "[[A different client of mine complained about the same thing]].",
  "[[The hotel down the road, which we look after too, chose blue]].",
  "[[I told another of my customers the very same yesterday]].",
  "[[Other clients of ours never ask for this]].",
  "[[We just finished the campaign of another brand in your market]].",
  "[[My other customers pay on time]].",
  "[[The company we worked for before you had a larger budget]].",
]
near_miss = [
  "We will send your customers a voucher.",
  "Your clients will notice the new colours.",
  "The other file is attached as well.",
  "We look after your website every week.",
  "You asked for another colour.",
  "Your neighbours may hear the drill on Monday.",
  "I will show the draft to a colleague first.",
  "The second invoice has been cancelled.",
  "We work for you until the end of June.",
  "Customers like a short form.",
  "The competition entry closes on Friday.",
  "We finished your campaign yesterday.",
]
"""
FRAMES = {
    "en": "Hello Anna,\n\nThe plan is attached. {}\n\nBest regards,\nTom",
    "fr": "Bonjour Anna,\n\nLe plan est joint. {}\n\nCordialement,\nTom",
    "ar": "مرحبا آنا،\n\nالخطة مرفقة. {}\n\nتحياتي،\nتوم",
    "tr": "Merhaba Anna,\n\nPlan ektedir. {}\n\nSaygılarımla,\nTom",
}
BREACHES = {
    "en": "Another client of ours had the same trouble",
    "fr": "Un autre de nos clients a eu le même problème",
    "ar": "عميل آخر لدينا واجه المشكلة نفسها",
    "tr": "Başka bir müşterimiz de aynı sorunu yaşadı",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("house")
    guideline = root / "naming-other-clients"
    guideline.mkdir()
    (guideline / "guideline.toml").write_text(HEAD, encoding="utf-8")
    (guideline / "en.toml").write_text(ENGLISH, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def engine(folder: Path) -> Engine:
    return Engine.load(folder)


def _found(engine: Engine, text: str) -> list[str]:
    now = dt.datetime.fromisoformat("2026-03-10T09:30:00+01:00")
    review = engine.review(Request(Message("outgoing", read_text(text)), now, default_hours("Europe/Paris")))
    return [text[f.span.start : f.span.end] for f in review.findings if f.guideline == "naming-other-clients"]


@pytest.mark.parametrize("language", FRAMES)
def test_a_dozen_english_examples_work_in_four_languages(engine: Engine, language: str) -> None:
    breach = BREACHES[language]
    assert _found(engine, FRAMES[language].format(f"{breach}.")) == [breach]
    assert _found(engine, FRAMES[language].format("")) == []


def test_it_is_worded_in_the_languages_it_has(engine: Engine) -> None:
    guideline = engine.guidance.guidelines["naming-other-clients"]
    assert guideline.house
    assert guideline.wording("tr").title == "Naming other clients"


@pytest.mark.parametrize(
    ("head", "words", "complaint"),
    [
        (HEAD + "colour = 1\n", ENGLISH, "guideline.toml: colour"),
        (HEAD.replace("avoid", "never"), ENGLISH, "guideline.toml: kind"),
        (HEAD, ENGLISH.replace("[[", "").replace("]]", ""), "mark"),
        (HEAD, ENGLISH.split("near_miss")[0], "near misses"),
        (HEAD, ENGLISH.split("[examples]")[0], "rule or positive examples"),
        (HEAD, "title = [", "en.toml"),
        (HEAD, ENGLISH.replace("default", "other"), "default"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, head: str, words: str, complaint: str) -> None:
    folder = tmp_path / "house-rule"
    folder.mkdir()
    (folder / "guideline.toml").write_text(head, encoding="utf-8")
    (folder / "en.toml").write_text(words, encoding="utf-8")
    with pytest.raises(GuidanceError, match=complaint):
        load_guideline(folder)


def test_a_built_in_id_cannot_be_taken(tmp_path: Path) -> None:
    folder = tmp_path / "arguing"
    folder.mkdir()
    (folder / "guideline.toml").write_text(HEAD, encoding="utf-8")
    (folder / "en.toml").write_text(ENGLISH, encoding="utf-8")
    with pytest.raises(GuidanceError, match="exists already"):
        load(tmp_path)


def _folder(root: Path, name: str, **files: str) -> Path:
    folder = root / name
    folder.mkdir(exist_ok=True)
    for stem, content in files.items():
        (folder / f"{stem}.toml").write_text(content, encoding="utf-8")
    return root


def test_a_folder_changes_a_built_in_guideline(tmp_path: Path) -> None:
    change = """muted = true
weight = 0.25
severity = "hint"
[words.en]
title = "Our title"
[words.en.reasons]
default = "Our reason."
"""
    before = load().guidelines["arguing"]
    found = load_all(_folder(tmp_path, "arguing", adjust=change)).guidelines["arguing"]
    assert (found.muted, found.adjusted, found.house) == (True, True, False)
    assert (found.head.weight, found.head.severity) == (0.25, "hint")
    assert found.words["en"].title == "Our title"
    assert found.words["en"].reasons == {**before.words["en"].reasons, "default": "Our reason."}
    assert found.words["en"].rules == before.words["en"].rules
    assert found.words["fr"] == before.words["fr"]


@pytest.mark.parametrize(
    ("name", "files", "complaint"),
    [
        ("arguing", {"adjust": "weight = 2"}, "arguing/adjust.toml: weight"),
        ("arguing", {"adjust": "colour = 1"}, "arguing/adjust.toml: colour"),
        ("arguing", {"adjust": "[words.en.reasons]\nno-such = 'x'"}, "words/en/reasons/no-such"),
        ("no-such", {"adjust": "muted = true"}, "no such guideline"),
        ("arguing", {"adjust": "muted = true", "en": ENGLISH}, "stands alone"),
    ],
)
def test_a_wrong_change_is_named(tmp_path: Path, name: str, files: dict[str, str], complaint: str) -> None:
    with pytest.raises(GuidanceError, match=complaint):
        load_all(_folder(tmp_path, name, **files))


def test_a_source_that_no_article_has_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "house-rule"
    folder.mkdir()
    (folder / "guideline.toml").write_text(HEAD.replace("keep-informed", "no-such"), encoding="utf-8")
    (folder / "en.toml").write_text(ENGLISH, encoding="utf-8")
    with pytest.raises(GuidanceError, match="no such article section"):
        load(tmp_path)
