"""Every sentence exists in four languages, with the same placeholders, and every code has its sentence."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import strings
from app.api import problems
from app.tone.types import DIMENSIONS, INCOMING_SITUATIONS, LANGUAGES, SITUATIONS, TEMPERATURES, Language

APP = Path(strings.__file__).parent.parent


def _placeholders(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_stands_in_every_language_with_the_same_placeholders(language: Language) -> None:
    english, other = strings.words("en"), strings.words(language)
    assert set(other) == set(english)
    for key, text in other.items():
        assert text.strip() == text, key
        assert text, key
        assert _placeholders(text) == _placeholders(english[key]), key


def test_the_other_languages_are_translated() -> None:
    english = strings.words("en")
    for language in ("fr", "ar", "tr"):
        same = [
            key
            for key, text in strings.words(language).items()
            if text == english[key] and " " in text and re.search(r"[a-z]", re.sub(r"{.*?}", "", text))
        ]
        assert same == []


def test_every_code_that_the_product_emits_is_worded() -> None:
    words = strings.words("en")
    for group, codes in {
        "word.situation": (*SITUATIONS, *INCOMING_SITUATIONS),
        "word.temperature": TEMPERATURES,
        "word.dimension": DIMENSIONS,
        "word.language": (*LANGUAGES, "und"),
    }.items():
        assert [code for code in codes if f"{group}.{code}" not in words] == []
    for code in problems.STATUS:
        assert f"problem.{code}.title" in words
        assert f"problem.{code}.detail" in words
    assert [code for code in problems._WORDED.values() if f"field.{code}" not in words] == []


def test_every_note_in_the_code_is_worded() -> None:
    sources = [
        path.read_text(encoding="utf-8") for path in (*APP.glob("tone/**/*.py"), *APP.glob("holds/*.py"))
    ]
    spelled = re.compile(r"""\bNote\(\s*["']([a-z-]+)["']|["']([a-z-]+-skipped)["']""")
    codes = {code for text in sources for pair in spelled.findall(text) for code in pair if code}
    assert codes, "no notes found: has their spelling changed?"
    assert [code for code in sorted(codes) if not strings.has(f"note.{code}")] == []


def test_no_sentence_is_left_over() -> None:
    """A key that no code spells out, whole or by its last part, is dead."""
    files = [path for path in APP.rglob("*") if path.suffix in (".py", ".html")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    quoted = set(re.findall(r"""["'.]([a-z][a-z-]*)["']""", text)) | {"avoid-intro", "include-intro"}
    groups = ("cli", "help", "web", "finding", "report")
    dead = [
        key for key in strings.words("en") if key.split(".")[0] in groups and key.split(".")[-1] not in quoted
    ]
    assert dead == []


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr", "fr"),
        ("ar-SA, en;q=0.9", "ar"),
        ("de, tr;q=0.5, en;q=0.4", "tr"),
        ("en;q=0.1, fr;q=0.2", "fr"),
        ("de-DE", None),
        ("", None),
        (None, None),
        ("fr;q=nonsense, en;q=0.3", "en"),
        ("fr;q=0", None),
    ],
)
def test_accept_language(header: str | None, language: str | None) -> None:
    assert strings.negotiate(header) == language


@given(st.text())
def test_any_accept_language_header_is_survived(header: str) -> None:
    assert strings.negotiate(header) in (*LANGUAGES, None)


def test_the_interface_words_come_without_their_prefix() -> None:
    words = strings.interface("tr")
    assert words["title"] == "Tactline"
    assert words["word.dimension.calm"] == "Sakinlik"
    assert not [key for key in words if key.startswith(("cli.", "problem.", "ui."))]
