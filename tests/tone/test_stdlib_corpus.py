"""Every mail of CPython's own email tests, and 500 damaged copies, can be read or is refused."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from app.tone.mail import NotAMail, read_mail
from tests.corpus.mutate import mutated


def _mails() -> list[bytes]:
    try:
        spec = importlib.util.find_spec("test.test_email")
    except ModuleNotFoundError:
        spec = None
    places = spec.submodule_search_locations if spec else None
    return [path.read_bytes() for place in places or [] for path in sorted(Path(place, "data").glob("*.txt"))]


MAILS = _mails()
needs_corpus = pytest.mark.skipif(not MAILS, reason="this Python comes without test.test_email's mails")


def _read(raw: bytes) -> bool:
    try:
        envelope, document = read_mail(raw)
    except NotAMail:
        return False
    assert document.text.strip()
    assert "".join(document.text[s.span.start : s.span.end] for s in document.segments) == document.text
    assert "\n" not in document.subject + envelope.from_name
    return True


@needs_corpus
def test_every_mail_of_the_standard_library_is_read_or_refused() -> None:
    read = sum(map(_read, MAILS))
    # Most of them have a text; the rest are bounces, pictures and headers alone.
    assert read >= len(MAILS) * 0.6


@needs_corpus
def test_damaged_copies_are_read_or_refused() -> None:
    read = sum(_read(raw) for raw in mutated(MAILS, 500))
    assert 100 < read < 500
