from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from app.guidance.schema import ROOT
from app.tone.edits import Edit
from app.tone.mail import read_html, read_text
from app.tone.review import Engine, Message, Request
from app.tone.revise import apply_to
from app.tone.types import Document, Review, Span
from app.tone.week import default_hours

LABELLED = sorted((ROOT / "training").glob("*.jsonl"))
BESIDE = Path(__file__).parents[3] / "shared" / "cases" / "dev"


@cache
def engine() -> Engine:
    return Engine.load()


def request(case: dict[str, Any], document: Document | None = None) -> Request:
    context = (Message("incoming", read_text(case["context"])),) if case.get("context") else ()
    return Request(
        message=Message(case["direction"], document or read_text(case["text"], case["subject"])),
        now=dt.datetime.fromisoformat(case["now"]),
        hours=default_hours(case["timezone"]),
        context=context,
    )


def _cases(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _outgoing(paths: list[Path], every: int) -> list[Any]:
    cases = [c for path in paths for c in _cases(path) if c["direction"] == "outgoing"]
    return [pytest.param(case, id=case["id"]) for case in cases[::every]]


def _check(review: Review) -> None:
    text = review.document.text
    ends = [0]
    for finding in review.findings:
        assert ends[-1] <= finding.span.start < finding.span.end <= len(text)
        ends.append(finding.span.end)
        assert 0 < finding.confidence <= 1
    for element in review.elements:
        if element.evidence is not None:
            assert 0 <= element.evidence.start < element.evidence.end <= len(text)
        if element.insert is not None:
            assert 0 <= element.insert.at <= len(text)
    for mention in (*review.commitments, *review.deadlines):
        assert 0 <= mention.span.start < mention.span.end <= len(text)


def _better(case: dict[str, Any]) -> None:
    asked = request(case)
    review = engine().review(asked)
    _check(review)
    assert review.score is not None
    if review.revised is None:
        offered = [f for f in review.findings if f.replacements] + [e for e in review.elements if e.insert]
        assert not offered, "something to change, and no revised draft"
        return
    document = read_text(review.revised, case["subject"])
    again = engine().review(replace(asked, message=Message("outgoing", document)))
    assert again.score is not None
    assert again.score.overall > review.score.overall


@pytest.mark.parametrize("case", _outgoing(LABELLED, 16))
def test_revised_scores_higher_than_the_draft(case: dict[str, Any]) -> None:
    _better(case)


@pytest.mark.cases
@pytest.mark.skipif(not BESIDE.is_dir(), reason="the labelled mails are not laid beside the repository")
@pytest.mark.parametrize("case", _outgoing(sorted(BESIDE.glob("*.jsonl")), 1) if BESIDE.is_dir() else [])
def test_revised_scores_higher_on_mails_not_learnt_from(case: dict[str, Any]) -> None:
    _better(case)


DRAFT = {
    "direction": "outgoing",
    "subject": "Your brochures",
    "now": "2026-03-10T09:30:00+01:00",
    "timezone": "Europe/Paris",
    "context": "The brochures never arrived and our fair opens tomorrow. I am furious.",
    "text": "Dear Ms Roux,\n\nAs I already told you, the courier lost them. Calm down, it's only one day. "
    "You will have them as soon as possible.\n\nKind regards,\nPaul",
}
TAILS = [
    "\n\nOn Mon, 9 Mar 2026 at 18:02, Anne Roux wrote:\n> Are you all idiots???\n> I guarantee trouble.",
    "\n\nLe lun. 9 mars 2026 à 18:02, Anne Roux a écrit :\n> Vous êtes des incapables !!!",
    "\n\nفي الاثنين، 9 مارس 2026 كتب أحمد:\n> أنتم كذابون!!!",
    "\n\n9 Mar 2026 Pzt 18:02 tarihinde Ayşe şunu yazdı:\n> Hepiniz yalancısınız!!!",
]


@pytest.mark.parametrize("tail", TAILS)
def test_a_quoted_tail_changes_no_finding(tail: str) -> None:
    plain = engine().review(request(DRAFT))
    quoted = engine().review(request({**DRAFT, "text": DRAFT["text"] + tail}))
    assert quoted.findings == plain.findings
    assert plain.findings
    assert quoted.score == plain.score
    assert quoted.revised is not None
    assert quoted.revised.endswith(tail)
    assert "quoted-part-skipped" in {note.code for note in quoted.notes}


def test_a_review_takes_one_thread_for_arithmetic() -> None:
    """Reviews run beside each other: with threads of their own each they are a third slower together."""
    engine()
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} <= {1}


PIECES = st.one_of(
    st.text(max_size=30),
    st.sampled_from([
        "We guarantee it by Friday.", "\r\n", " n'est pas ", "e\u0301", "😀", "\u202e", "\u200f", "\u0640",
        "أنتم لم تقرأوا رسالتي", "Siz dosyayı yanlış gönderdiniz.", "Vous n'avez rien lu !!!", "demain 17 h",
        "Kind regards,\n", "> quoted\n", "\x00", "\ud800",
    ]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from(["outgoing", "incoming"]))
# A rule's match over three lines, mostly in the first, and the reader's in the third.
@example("000آنت لم تقرأ10000Ç\n0 n'est pas 0\nآنت لم تقرأ10000Ç", "outgoing")
def test_any_text_is_reviewed_the_same_way_twice(text: str, direction: str) -> None:
    asked = request({**DRAFT, "text": text, "direction": direction})
    review = engine().review(asked)
    _check(review)
    assert engine().review(asked) == review


@pytest.mark.parametrize(
    ("source", "behind"),
    [
        ("<html><body><p>0A02</p></body></html>", "</p></body></html>"),
        ('<p>See <a href="https://a.example"><b>here</b></a></p><div>', "</p><div>"),
        ("<div>0A02 &amp;</div><p></p>", "</div><p></p>"),
        ("", ""),
    ],
)
def test_what_is_put_behind_the_last_words_stands_in_their_paragraph(source: str, behind: str) -> None:
    document = read_html(source)
    end = len(document.text)
    at = document.to_source(Span(end, end))
    assert at.start == at.end
    assert source[at.end :] == behind
    # It reads as it was put: no line between more than was asked for.
    again = read_html(apply_to(document, [Edit(Span(end, end), "\n\nWe call you today.")]))
    assert again.text.lstrip() == (document.text + "\n\nWe call you today.").lstrip()


@settings(max_examples=30, deadline=None)
@example(["0A02"])
@given(st.lists(PIECES, max_size=8))
def test_any_html_is_reviewed(parts: list[str]) -> None:
    source = "".join(f"<p>{part}</p><div>" for part in parts)
    review = engine().review(request(DRAFT, read_html(source)))
    _check(review)
    for finding in review.findings:
        span = review.document.to_source(finding.span)
        assert 0 <= span.start < span.end <= len(source)


def test_html_and_text_of_one_draft_are_judged_alike() -> None:
    text = str(DRAFT["text"])
    html = "<div>" + text.replace("&", "&amp;").replace("\n", "<br>") + "</div>"
    plain = engine().review(request(DRAFT))
    marked = engine().review(request(DRAFT, read_html(html)))
    assert [f.guideline for f in marked.findings] == [f.guideline for f in plain.findings]
    assert marked.score == plain.score
    assert marked.revised is not None
    assert marked.revised.startswith("<div>")


def test_a_language_that_is_not_covered_says_so() -> None:
    text = "Sehr geehrte Frau Roux, die Ware kommt am Freitag, und wir bitten Sie um etwas Geduld."
    review = engine().review(request({**DRAFT, "context": None, "text": text}))
    assert review.language == "und"
    assert "language-not-covered" in {note.code for note in review.notes}
    assert all(not f.replacements for f in review.findings)


@pytest.mark.parametrize("text", ["", "   \n", "Ok", "👍"])
def test_too_little_to_judge_says_so(text: str) -> None:
    review = engine().review(request({**DRAFT, "context": None, "text": text}))
    assert "text-too-short" in {note.code for note in review.notes}
    assert review.findings == ()
