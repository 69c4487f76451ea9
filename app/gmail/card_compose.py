"""The card beside a draft: the text goes in, what to change comes out, and goes back into the draft."""

from __future__ import annotations

from collections.abc import Sequence

from app.gmail.card_parts import (
    advice_section,
    call_section,
    capped,
    date_widgets,
    footing,
    notes,
    score_widgets,
)
from app.gmail.views import ComposeView, Look
from app.gmail.widgets import (
    Card,
    Html,
    Section,
    Widget,
    action,
    bold,
    button,
    buttons,
    card,
    clean,
    decorated,
    escape,
    lines,
    paragraph,
    section,
    selection,
    text_input,
)
from app.gmail.wording import SENTENCE, Words, stamp
from app.guidance.schema import Guidance
from app.tone.templates import has_placeholder
from app.tone.types import DIMENSIONS, Dimension, Element, Finding, Review

TEXT, FINDINGS, MISSING = "text", "findings", "missing"
"""Names of the inputs: the draft, places in `review.findings` and guidelines of missing elements."""
MOST_FINDINGS = 40
MOST_MISSING = 12
_TICK_WORDS = 40
_PLACEHOLDERS = "placeholders-to-fill"


def compose_card(look: Look, view: ComposeView) -> Card:
    """The input for a draft, and the review of the draft when there is one. Pure."""
    words = Words(look)
    note = section([paragraph(words.html(f"gmail.note.{view.note}"))] if view.note else [])
    review = view.review
    if review is None:
        return card(
            "compose",
            words.say("gmail.compose.title"),
            "",
            note,
            section(_input(view, words)),
            footing([], words),
        )
    findings, missing = _shown(review, view.guidance), _addable(review)
    score = score_widgets(review.score, words) if review.score else []
    if not (review.findings or any(element.status == "missing" for element in review.elements)):
        score.append(paragraph(words.html("cli.nothing")))
    return card(
        "compose",
        words.say("gmail.compose.title"),
        "",
        note,
        section(score),
        *_findings(review, findings, view.guidance, words),
        section(_missing(review, view.guidance, words), words.say("ui.missing")),
        section(_apply(view, review, findings, missing, words), words.say("gmail.apply.title")),
        section(_input(view, words)),
        section(date_widgets(review.commitments, review, words), words.say("ui.dates-outgoing"), shown=2),
        advice_section(review, view.guidance, words),
        call_section(review, words),
        footing(notes(review, words, without=(_PLACEHOLDERS,)), words),
    )


def _input(view: ComposeView, words: Words) -> list[Widget]:
    """The text is kept in the card when it is sent: no answer, however bad, may cost the user a draft."""
    again = "gmail.compose.again" if view.review else "gmail.compose.review"
    review = button(words.say(again), action(words.look.action_url, "review", keep=True))
    field = text_input(TEXT, words.say("ui.text-outgoing"), view.text, words.say("gmail.compose.hint"))
    return [field, buttons(review)]


def _shown(review: Review, guidance: Guidance) -> list[tuple[int, Finding]]:
    """The findings that the card shows, each with its place in the review, in the order of the card."""
    ordered = sorted(
        enumerate(review.findings),
        key=lambda pair: (
            DIMENSIONS.index(guidance.guidelines[pair[1].guideline].head.dimension),
            pair[1].span,
        ),
    )
    return ordered[:MOST_FINDINGS]


def _addable(review: Review) -> list[Element]:
    """The missing elements that the card shows and that come with a sentence."""
    missing = [element for element in review.elements if element.status == "missing"][:MOST_MISSING]
    return [element for element in missing if element.insert is not None]


def _findings(
    review: Review, shown: Sequence[tuple[int, Finding]], guidance: Guidance, words: Words
) -> list[list[Section]]:
    """A section a dimension. Numbers follow the card, so that the boxes below can name them."""
    groups: dict[Dimension, list[Widget]] = {name: [] for name in DIMENSIONS}
    for number, (_, finding) in enumerate(shown, start=1):
        dimension = guidance.guidelines[finding.guideline].head.dimension
        groups[dimension].append(_finding(number, finding, review, guidance, words))
    filled = [name for name in DIMENSIONS if groups[name]]
    if len(review.findings) > len(shown):
        groups[filled[-1]].append(paragraph(words.left_out(len(review.findings) - len(shown))))
    return [section(widgets, words.say(f"word.dimension.{name}")) for name, widgets in groups.items()]


def _finding(number: int, finding: Finding, review: Review, guidance: Guidance, words: Words) -> Widget:
    """The words, why they are flagged, what could stand there instead, and where that comes from."""
    guideline = guidance.guidelines[finding.guideline]
    wording = guideline.wording(words.language)
    said = [
        bold(escape(f"{number}. {words.cited(review, finding.span)}")),
        words.titled(guideline),
        escape(words.apart(wording.reasons.get(finding.reason, wording.reasons["default"]))),
    ]
    if not finding.replacements:
        said.append(escape(words.apart(wording.todo or wording.advice)))
    else:
        instead = finding.replacements[0]
        said.append(_instead(instead, words))
        if has_placeholder(instead):
            said.append(words.html("finding.placeholder"))
    return decorated(lines(*said), bottom=words.source(guidance, guideline.head.sources))


def _instead(replacement: str, words: Words) -> Html:
    shown = words.quoted(replacement, SENTENCE)
    if not shown:
        return words.html("ui.leave-out")
    return words.html("gmail.instead", words=shown)


def _missing(review: Review, guidance: Guidance, words: Words) -> list[Widget]:
    """What the situation calls for and the draft lacks, each with a sentence to add."""

    def row(element: Element) -> Widget:
        guideline = guidance.guidelines[element.guideline]
        reason = guideline.wording(words.language).reasons["default"]
        said = [bold(words.titled(guideline)), escape(words.apart(reason))]
        if element.insert is not None:
            sentence = words.quoted(element.insert.text, SENTENCE)
            said.append(words.html("gmail.add", words=sentence))
        return decorated(lines(*said), bottom=words.source(guidance, guideline.head.sources))

    found = [element for element in review.elements if element.status == "missing"]
    return capped(found, MOST_MISSING, row, words)


def _apply(
    view: ComposeView,
    review: Review,
    findings: Sequence[tuple[int, Finding]],
    missing: Sequence[Element],
    words: Words,
) -> list[Widget]:
    """What to change, to be ticked, and the button that puts the revised text into the draft.

    Only what is shown can be ticked: nothing changes a draft unseen.
    """
    changes = [
        (str(index), _change(number, finding, review, words), view.ticked is None or index in view.ticked)
        for number, (index, finding) in enumerate(findings, start=1)
        if finding.replacements
    ]
    additions = [
        (
            element.guideline,
            clean(view.guidance.guidelines[element.guideline].wording(words.language).title),
            _wanted(element, review) if view.inserted is None else element.guideline in view.inserted,
        )
        for element in missing
    ]
    if not changes and not additions:
        return []
    fill_in = notes(review, words, only=(_PLACEHOLDERS,))
    if not view.can_insert:
        if not review.revised or review.document.is_html:
            return []
        field = text_input("revised", words.say("ui.revised"), review.revised)
        return [field, *(paragraph(line) for line in fill_in)]
    widgets: list[Widget] = []
    if changes:
        widgets.append(selection(FINDINGS, "CHECK_BOX", words.say("gmail.apply.changes"), changes))
    if additions:
        widgets.append(selection(MISSING, "CHECK_BOX", words.say("web.inserts"), additions))
    # The stamp tells an endpoint when the text was changed after the boxes were made for it.
    click = action(words.look.action_url, "apply", {"seen": stamp(view.text)}, keep=True)
    said = [words.html("gmail.apply.replaces"), *fill_in]
    return [*widgets, buttons(button(words.say("gmail.apply.put"), click)), paragraph(lines(*said))]


def _wanted(element: Element, review: Review) -> bool:
    """Whether a sentence is to be added unless the user says otherwise: one that a replacement already
    says (a real apology for a hollow one) is left out of the revised draft too."""
    if element.insert is None or review.revised is None:
        return True
    return element.insert.text.strip() in review.revised


def _change(number: int, finding: Finding, review: Review, words: Words) -> str:
    flagged = words.cited(review, finding.span, _TICK_WORDS)
    instead = words.quoted(finding.replacements[0], _TICK_WORDS)
    if not instead:
        return words.say("gmail.apply.leave-out", number=number, words=flagged)
    return f"{number}. {flagged} {words.say('gmail.apply.arrow')} {instead}"
