"""The card beside an open message: how the client is, how to answer, what is due and what to plan."""

from __future__ import annotations

from app.gmail.card_parts import (
    advice_section,
    advice_widgets,
    call_section,
    date_widgets,
    footing,
    hold_widgets,
    notes,
    score_widgets,
    title_and_text,
)
from app.gmail.views import Look, MessageView
from app.gmail.widgets import (
    Card,
    Html,
    Widget,
    action,
    button,
    buttons,
    card,
    clean,
    decorated,
    escape,
    lines,
    link,
    paragraph,
    section,
)
from app.gmail.wording import Words
from app.tone.advice import Heard, answer_situation

_CALL = "call-first"
# Why a call or a mail: the article asks for a call when the client is upset, and for none otherwise.
_CHANNEL_SOURCES = ("dropped-ball/talk-live", "mistaken-client/keep-calm")
_CHANNEL_GUIDELINE = "offer-to-talk"
_ADVICE_SHOWN = 3
_NO_DRAFT = ("placeholders-to-fill",)  # speaks of a revised text, which is not shown here


def message_card(look: Look, view: MessageView) -> Card:
    """What a review says of an open message, from the client or sent to the client.

    Raises ValueError when the look's zone is unknown.
    """
    words = Words(look)
    review = view.review
    holds = section(hold_widgets(view.holds, view.calendar, words), words.say("ui.holds"))
    if review.direction == "outgoing":
        score = score_widgets(review.score, words) if review.score else []
        return card(
            "message",
            words.say("gmail.sent"),
            "",
            section(score),
            section(date_widgets(review.commitments, review, words), words.say("ui.dates-outgoing")),
            holds,
            advice_section(review, view.guidance, words),
            footing(notes(review, words, without=_NO_DRAFT), words),
        )
    return card(
        "message",
        words.say(f"gmail.mood.{review.temperature or 'calm'}"),
        words.say(f"gmail.answer.{review.reply_channel}"),
        section(_about(view, words), words.say("gmail.about")),
        section(_how(view, words), words.say("gmail.how"), shown=_ADVICE_SHOWN),
        call_section(review, words),
        section(date_widgets(review.deadlines, review, words), words.say("ui.dates-incoming")),
        holds,
        footing(notes(review, words, without=_NO_DRAFT), words),
    )


def _about(view: MessageView, words: Words) -> list[Widget]:
    found = view.review.situations
    shown = [name for name in found if name != "routine"] or found
    names = [words.html(f"word.situation.{situation}") for situation in shown]
    return [paragraph(lines(*names))] if names else []


def _how(view: MessageView, words: Words) -> list[Widget]:
    """Call or mail and why, the start of a reply, and the rest of the advice."""
    review, guidance = view.review, view.guidance
    channel = words.say(f"word.channel.{review.reply_channel}")
    if review.reply_channel == "call":
        wording = guidance.advice[words.language][_CALL]
        title, text = wording.title, wording.text
    else:
        title, text = words.say("gmail.by-mail.title"), words.say("gmail.by-mail.text")
    call = review.reply_channel == "call"
    more = [link(words.html("gmail.more"), words.guideline_url(_CHANNEL_GUIDELINE))] if call else []
    widgets = [
        decorated(
            lines(title_and_text(title, text), *more),
            bottom=words.source(guidance, _CHANNEL_SOURCES if call else _CHANNEL_SOURCES[1:]),
            icon=("PHONE" if call else "EMAIL", channel),
        )
    ]
    return [*widgets, *_reply(view, words), *advice_widgets(review, guidance, words, without=(_CALL,))]


def _reply(view: MessageView, words: Words) -> list[Widget]:
    """The button that starts a reply, and what the reply has a place for."""
    if not view.skeleton:
        return []
    review = view.review
    situation = answer_situation(Heard("", review.temperature or "calm", review.situations))
    acts = [
        escape(words.own(clean(view.guidance.guidelines[name].wording(words.language).title)))
        for name in view.guidance.called_for(situation)
    ]
    start = button(words.say("gmail.reply.start"), action(words.look.action_url, "reply"))
    said = [words.html("gmail.reply.with"), *(Html(f"• {act}") for act in acts)]
    return [buttons(start), *([paragraph(lines(*said))] if acts else [])]
