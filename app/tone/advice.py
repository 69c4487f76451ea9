"""Advice on the whole exchange, beyond single words: when each piece of `guidance/advice` is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from app.tone import money
from app.tone.types import Advice, Direction, Temperature

# Below this share of the account's yearly value a disputed sum is not worth the quarrel.
CONCEDE_BELOW = Decimal("0.02")
_DISPUTES = {"billing-dispute", "misunderstanding", "scope-change"}
_WAITING = {"progress-anxiety", "unresponsive"}
_THREATS = {"legal-threat", "reputation-threat"}
_HEATED = {"upset", "hostile"}
# What an incoming message's situation asks of the answer.
_ANSWERS: dict[str, str] = {
    "missed-deadline": "failure",
    "quality-complaint": "failure",
    "billing-dispute": "billing-dispute",
    "misunderstanding": "client-mistaken",
    "scope-change": "scope-change",
    "progress-anxiety": "progress-anxiety",
    "unresponsive": "progress-anxiety",
}


@dataclass(frozen=True)
class Heard:
    """One incoming message, as the reader took it: likeliest situation first, `certain` ones apart."""

    text: str
    temperature: Temperature
    situations: tuple[str, ...]
    certain: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What advice is decided on. `heard` holds the client's messages, oldest first.

    `situation` is the outgoing one: of the draft, or the one that an answer would be in.
    `annual_value` is what the client is worth a year, when known.
    """

    direction: Direction
    situation: str
    heard: tuple[Heard, ...]
    flagged: frozenset[str]
    text: str
    annual_value: tuple[Decimal, str] | None

    @property
    def latest(self) -> Heard | None:
        return self.heard[-1] if self.heard else None

    @property
    def situations(self) -> set[str]:
        return set(self.latest.situations) if self.latest else set()

    @property
    def heated(self) -> bool:
        return self.latest is not None and self.latest.temperature in _HEATED

    @property
    def threatened(self) -> bool:
        return any(_THREATS & set(heard.situations) for heard in self.heard)

    @property
    def disputed(self) -> bool:
        return bool(_DISPUTES & self.situations) or self.situation in ("billing-dispute", "client-mistaken")

    @property
    def accused(self) -> bool:
        """A client who is mistaken and heated about it."""
        return self.situation == "client-mistaken" and self.heated

    @property
    def settled(self) -> bool:
        """Calm or pleased now, after an earlier message that was not."""
        latest = self.latest
        if latest is None or latest.temperature != "calm" or len(self.heard) < 2:
            return False
        return not _DISPUTES & self.situations and any(
            h.temperature != "calm" or _DISPUTES & set(h.situations) for h in self.heard[:-1]
        )


def answer_situation(heard: Heard) -> str:
    """The outgoing situation that an answer to this message is in: that of its likeliest complaint.

    Waiting comes after what is wrong, and a threat decides only when it stands alone.
    """
    for incoming in sorted(heard.situations, key=_WAITING.__contains__):
        if incoming in _ANSWERS:
            return _ANSWERS[incoming]
    threatened = heard.temperature == "hostile" or _THREATS & set(heard.situations)
    return "hostile-client" if threatened else "routine"


def reply_channel(latest: Heard | None) -> Literal["email", "call"]:
    """A call when the client is upset or hostile (dropped-ball/talk-live, mistaken-client/keep-calm)."""
    return "call" if latest is not None and latest.temperature in _HEATED else "email"


def _amount(facts: Facts) -> money.Money | None:
    """The disputed sum: the difference where two sums are set against each other, else the largest."""
    if not facts.disputed:
        return None
    for text in (*(h.text for h in reversed(facts.heard)), facts.text):
        sums = money.find(text)
        if len(sums) == 3 and sums[0].currency == sums[1].currency == sums[2].currency:
            low, middle, high = sorted(m.amount for m in sums)
            if high - middle == low:
                return money.Money(low, sums[0].currency)
        if sums:
            return max(sums, key=lambda m: m.amount)
    return None


def _weighing(facts: Facts) -> Advice | None:
    """Concede or persuade (mistaken-client/let-go): the sum against the account, and if it came before."""
    amount = _amount(facts)
    if amount is None:
        return None
    values = {"amount": f"{amount.amount:,f} {amount.currency}"}
    if sum(bool(_DISPUTES & set(h.situations)) for h in facts.heard) > 1:
        return Advice("let-go")
    if facts.annual_value is None or not money.same_currency(facts.annual_value[1], amount.currency):
        return Advice("weigh-it", values)
    worth, currency = facts.annual_value
    share = amount.amount / worth
    percent = max(Decimal("0.1"), (share * 100).quantize(Decimal("0.1")))
    values |= {"value": f"{worth:,f} {currency}", "share": f"{percent.normalize():f} %"}
    return Advice("concede" if share < CONCEDE_BELOW else "persuade", values)


_WHEN: Sequence[tuple[str, Callable[[Facts], bool]]] = (
    ("call-first", lambda f: f.heated),
    ("careful-mail", lambda f: f.heated),
    ("second-reader", lambda f: f.threatened or f.accused),
    ("collect-facts", lambda f: f.heated or f.threatened),
    ("own-it-early", lambda f: f.direction == "incoming" and f.situation == "failure"),
    ("stand-together", lambda f: "blaming-a-colleague" in f.flagged),
    ("plan-that-holds", lambda f: f.situation in ("failure", "hostile-client")),
    ("way-out", lambda f: "missed-deadline" in f.situations),
    ("keep-posted", lambda f: f.situation == "failure"),
    ("keep-face", lambda f: f.situation == "client-mistaken"),
    ("explain", lambda f: f.situation == "client-mistaken"),
    ("brief-the-plan", lambda f: f.situation == "progress-anxiety" or "progress-anxiety" in f.situations),
    ("note-preferences", lambda f: "quality-complaint" in f.situations and not f.heated),
    ("stand-firm", lambda f: f.situation == "scope-change"),
    (
        "costs-early",
        lambda f: f.situation in ("scope-change", "billing-dispute") or "surprise-cost" in f.flagged,
    ),
    ("silence-is-not-approval", lambda f: "assuming-consent" in f.flagged),
    ("their-image", lambda f: "disparaging-the-client" in f.flagged or "reputation-threat" in f.situations),
    ("review-and-recommend", lambda f: f.settled),
    ("thank-them", lambda f: "praise" in f.situations),
)


def advise(facts: Facts) -> tuple[Advice, ...]:
    """The advice that these facts call for, most urgent first."""
    given = [Advice(name) for name, applies in _WHEN if applies(facts)]
    weighing = _weighing(facts)
    return (*given, weighing) if weighing else tuple(given)


def format_advice(text: str, values: Mapping[str, str]) -> str:
    """An advice wording with its sums put in."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
