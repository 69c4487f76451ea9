from __future__ import annotations

import html as stdlib_html
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tone.html import splice, to_text
from app.tone.html_tokens import tokens
from app.tone.mail import read_html
from app.tone.types import Span
from tests.growth import linear

PIECES = st.sampled_from([
    "<p>", "</p>", "<div>", "</div>", "<b>", "</b>", "<br>", "<br/>", "text", " ", "\n", "&amp;", "&nbsp;",
    "&#233;",
    "&notit;", "&", "<", ">", "é", "🙂", "<a href='x>y'>", "</a>", '<img alt="', '">', "<!--", "-->",
    "<script>", "</script>",
    "<style>p{}</style>", "<blockquote type=cite>", "</blockquote>", '<div class="gmail_quote">', "<td>",
    "<pre>", "</pre>",
    '<div style="display:none">', "<o:p/>", "\r\n", "كلمة", "<ul><li>", "</ul>", "&lt;", "<!doctype html>",
    "a\u0301",
])  # fmt: skip
SOURCES = st.one_of(
    st.lists(PIECES, max_size=20).map("".join), st.text(alphabet="<>&;/ab \"'=!-\n", max_size=60)
)


def squeezed(text: str) -> str:
    return "".join(text.split())


def kinds(source: str) -> list[tuple[str, str]]:
    document = read_html(source)
    return [(s.kind, document.text[s.span.start : s.span.end].strip()) for s in document.segments]


def test_text_as_a_person_sees_it() -> None:
    source = (
        "<html><head><title>t</title><style>p{}</style></head><body><!-- no --><p>One &amp;\n  <b>two</b></p>"
        "<div>three<br>four</div><div><br></div><div style='display: "
        "none'>no</div><script>no()</script>five</body>"
    )
    assert to_text(source).text == "One & two\n\nthree\nfour\n\nfive"


def test_outlook_paragraphs_are_lines() -> None:
    source = "<p class=MsoNormal>Hello,<o:p></o:p></p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>Bye</p>"
    assert to_text(source).text == "Hello,\n\u00a0\nBye"


def test_preformatted_text_keeps_its_lines() -> None:
    assert to_text("<pre>a\r\n  b</pre>c").text == "a\n  b\nc"


def test_positions_lead_back_to_the_markup() -> None:
    source = "<p>Caf&eacute;  <b>now</b></p><p>x</p>"
    document = read_html(source)
    assert document.text == "Café now\n\nx"
    assert source[slice(*(document.positions or ())[3])] == "&eacute;"
    assert source[slice(*(document.positions or ())[4])] == "  "
    span = document.to_source(Span(5, 8))
    assert source[span.start : span.end] == "now"


@given(SOURCES)
def test_tokens_cover_the_source(source: str) -> None:
    assert "".join(source[t.start : t.end] for t in tokens(source)) == source


@given(SOURCES)
def test_positions_are_in_range_and_never_go_back(source: str) -> None:
    read = to_text(source)
    assert len(read.text) == len(read.positions)
    assert all(0 <= start < end <= len(source) for start, end in read.positions)
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(read.positions))


@given(SOURCES)
def test_a_character_stands_for_its_own_source(source: str) -> None:
    read = to_text(source)
    for char, (start, end) in zip(read.text, read.positions, strict=True):
        if not char.isspace():
            assert char in stdlib_html.unescape(source[start:end])


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="<&\r"), min_size=1))
def test_within_one_text_node_the_source_reads_the_same(text: str) -> None:
    source = f"<div>{text.replace(chr(62), '&gt;')}</div>"
    document = read_html(source)
    span = document.to_source(Span(0, len(document.text)))
    assert squeezed(stdlib_html.unescape(source[span.start : span.end])) == squeezed(document.text)


@given(SOURCES)
def test_segments_tile_the_text_of_any_markup(source: str) -> None:
    document = read_html(source)
    joined = "".join(document.text[s.span.start : s.span.end] for s in document.segments)
    assert joined == document.text


QUOTED = {
    "gmail": '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Ann &lt;a@x.org&gt; '
        'wrote:<br></div>'
    '<blockquote class="gmail_quote" style="margin:0"><div>Old words</div></blockquote></div>',
    "outlook web": '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> '
        'Ann<br></div><div>Old words</div>',
    "outlook desktop": '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in '
        '0in 0in">'
    "<p class=MsoNormal><b>De :</b> Ann<br><b>Envoyé :</b> lundi</p></div></div><p class=MsoNormal>Old "
    "words</p>",
    "outlook hr": "<hr><p><b>Kimden:</b> Ann<br><b>Gönderilen:</b> Pazartesi<br><b>Konu:</b> "
        "x</p><p>Old words</p>",
    "outlook express": '<div class="OutlookMessageHeader">From: Ann</div><div>Old words</div>',
    "apple": '<div><br><blockquote type="cite"><div>On 2 Mar 2026, at 9:14, Ann wrote:</div><div>Old '
        'words</div></blockquote></div>',
    "thunderbird": '<div class="moz-cite-prefix">Le 02/03/2026 à 09:14, Ann a écrit :<br></div>'
    '<blockquote type="cite" cite="mid:x"><p>Old words</p></blockquote>',
    "yahoo": '<div id="ydp1yahoo_quoted_1" class="yahoo_quoted"><div>On Monday, Ann '
        'wrote:</div><div>Old words</div></div>',
    "proton": '<div class="protonmail_quote">On Monday, Ann wrote:<br><blockquote '
        'class="protonmail_quote">Old words</blockquote></div>',
    "zimbra": '<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: '
        '</b>Ann</div><div>Old words</div>',
    "plain": "<div>كتب سامي في 2 مارس 2026:</div><blockquote>Old words</blockquote>",
}  # fmt: skip


@pytest.mark.parametrize("client", QUOTED)
def test_quotations_of_mail_programs(client: str) -> None:
    found = kinds(f"<div>Hi Ann,</div><div><br></div><div>It ships today.</div>{QUOTED[client]}")
    assert [kind for kind, _ in found] == ["greeting", "body", "quote"]
    assert found[1][1] == "It ships today."
    assert "Old words" in found[2][1]


def test_a_forward_in_gmail() -> None:
    source = (
        '<div>See below</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded '
        "message ---------<br>"
        "From: Ann</div><blockquote type=cite>Old</blockquote>more</div>"
    )
    assert [kind for kind, _ in kinds(source)] == ["body", "forward"]


def test_answers_between_gmail_quotations_are_the_writers_words() -> None:
    source = (
        '<div class="gmail_quote"><div class="gmail_attr">On Mon, Ann wrote:</div><blockquote '
        'class="gmail_quote">When?</blockquote>'
        '<div>Today at five.</div><blockquote class="gmail_quote">Who?</blockquote><div>Tom does '
        "it.</div></div>"
    )
    found = kinds(source)
    assert [kind for kind, _ in found] == ["quote", "body", "quote", "body"]
    assert found[1][1] == "Today at five."


def test_a_blockquote_of_ones_own_is_text() -> None:
    assert [kind for kind, _ in kinds("<p>Our motto is:</p><blockquote>Never late.</blockquote>")] == ["body"]


@pytest.mark.parametrize(
    "signature",
    [
        '<div class="gmail_signature" data-smartmail="gmail_signature">Any words. At all!</div>',
        '<div id="Signature"><p>Any words. At all!</p></div>',
        '<pre class="moz-signature">-- \nAny words. At all!</pre>',
        '<div id="ms-outlook-mobile-signature">Any words. At all!</div>',
    ],
)
def test_signatures_of_mail_programs(signature: str) -> None:
    found = kinds(f"<div>It ships today.</div>{signature}")
    assert [kind for kind, _ in found] == ["body", "signature"]
    assert found[1][1].endswith("Any words. At all!")


def test_splice_keeps_the_markup() -> None:
    source = '<p>You <a href="x">never <b>told</b></a> me<br>that</p>'
    start, end = source.index("You"), source.index("that") + 4
    assert splice(source, [(start, end, "Nobody <told> me\nthat")]) == (
        '<p>Nobody &lt;told&gt; me<br>that<a href="x"><b></b></a></p>'
    )


def test_splice_inserts_and_replaces_in_one_go() -> None:
    assert splice("<p>a b</p>", [(6, 6, "!"), (3, 4, "A")]) == "<p>A b!</p>"


@pytest.mark.parametrize("edits", [[(0, 3, "x"), (2, 4, "y")], [(-1, 2, "x")], [(0, 99, "x")], [(3, 2, "x")]])
def test_splice_refuses_ranges_that_make_no_sense(edits: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError, match="overlap or lie outside"):
        splice("<p>a b</p>", edits)


@given(SOURCES, st.data())
def test_splice_edits_the_text_and_keeps_every_tag(source: str, data: st.DataObject) -> None:
    document = read_html(source)
    if not document.text.strip():
        return
    start = data.draw(st.integers(0, len(document.text) - 1))
    end = data.draw(st.integers(start + 1, len(document.text)))
    if document.text[start:end] != document.text[start:end].strip():
        return
    new = data.draw(st.sampled_from(["x", "a < b & c", "one\ntwo"]))
    span = document.to_source(Span(start, end))
    # A character of an entity that stands for several cannot be had alone.
    positions = document.positions or ()
    if (start and positions[start - 1] == positions[start]) or (
        end < len(positions) and positions[end] == positions[end - 1]
    ):
        return
    spliced = splice(source, [(span.start, span.end, new)])
    assert squeezed(to_text(spliced).text) == squeezed(document.text[:start] + new + document.text[end:])
    before = [
        source[t.start : t.end] for t in tokens(source) if t.kind in ("start", "end") and t.name != "br"
    ]
    after = [
        spliced[t.start : t.end] for t in tokens(spliced) if t.kind in ("start", "end") and t.name != "br"
    ]
    assert before == after


@given(SOURCES, st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80), st.text(max_size=3)), max_size=4))
def test_splice_takes_any_ranges(source: str, edits: list[tuple[int, int, str]]) -> None:
    at = 0
    sound = []
    for start, end, new in sorted(edits):
        if at <= start <= end <= len(source):
            sound.append((start, end, new))
            at = end
    splice(source, sound)


@pytest.mark.parametrize(
    "unit",
    [
        "<div>",
        "<!--a>",
        "<a b=\"'",
        "<",
        "&",
        "&notit;",
        "<blockquote>a",
        "<div class=gmail_quote>a",
        "<script>",
        "</a",
        "<p>",
        "<a ",
        "<span></b>",
    ],
)
def test_long_input_takes_no_longer_than_its_length(unit: str) -> None:
    def read(times: int) -> None:
        source = unit * times + ">"
        to_text(source)
        splice(source, [(0, len(source), "x")])

    linear(read, 2**18 // len(unit))


@pytest.mark.parametrize(
    ("source", "old", "new", "after"),
    [
        # The words that go hold the quote that kept another one from swallowing the bracket.
        ("<a href='x>y' title=\"<b>late</b>\"", 'title="', "is ", "y' is late\""),
        # The words that come bring one that would.
        ("<p><a href='x>late again</a></p>", "late", "it's late", "it's late again"),
        ('<p><a href="y" title=\'x>late again</a></p>', "late", "it's late", "it's late again"),
    ],
)
def test_a_quote_without_an_end_swallows_no_words(source: str, old: str, new: str, after: str) -> None:
    document = read_html(source)
    at = document.text.index(old)
    place = document.to_source(Span(at, at + len(old)))
    changed = splice(source, [(place.start, place.end, new)])
    assert read_html(changed).text == after
    assert 'href="y"' in changed or 'href="y"' not in source
