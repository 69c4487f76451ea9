"""The fields of a check: which rules they choose, which languages, and what is refused."""

from __future__ import annotations

import pytest

from app.languagetool import asking, languages
from app.languagetool.asking import Chosen
from app.languagetool.refusals import Refused

SENTENCE = ("BLAMING_THE_CLIENT", "EMPATHY", False)
OTHER = ("COMPLAINING", "CALM", False)
TEXT = ("OFFER_TO_TALK", "FOLLOW_THROUGH", True)


def chosen(**fields: str) -> list[str]:
    read = asking.read({"text": "x", "language": "en", **fields}, 100).chosen
    rules = (SENTENCE, OTHER, TEXT)
    return [rule for rule, category, level in rules if read.has(rule, category, text_level=level)]


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({}, [SENTENCE, OTHER]),
        ({"level": "default", "enabledOnly": "false"}, [SENTENCE, OTHER]),
        ({"level": "picky"}, [SENTENCE, OTHER, TEXT]),
        ({"enabledRules": "offer-to-talk"}, [SENTENCE, OTHER, TEXT]),
        ({"enabledCategories": "FOLLOW_THROUGH"}, [SENTENCE, OTHER, TEXT]),
        ({"disabledRules": "BLAMING_THE_CLIENT, MORFOLOGIK_RULE_EN_US"}, [OTHER]),
        ({"disabledRules": "blaming-the-client"}, [OTHER]),
        ({"disabledCategories": "EMPATHY"}, [OTHER]),
        ({"disabledCategories": "EMPATHY", "enabledRules": "BLAMING_THE_CLIENT"}, [SENTENCE, OTHER]),
        ({"disabledRules": "COMPLAINING", "enabledCategories": "CALM"}, [SENTENCE]),
        ({"disabledRules": "COMPLAINING", "enabledRules": "COMPLAINING"}, [SENTENCE, OTHER]),
        ({"level": "picky", "disabledRules": "OFFER_TO_TALK"}, [SENTENCE, OTHER]),
        ({"enabledOnly": "true", "enabledRules": "COMPLAINING"}, [OTHER]),
        ({"enabledOnly": "yes", "enabledCategories": "EMPATHY", "level": "picky"}, [SENTENCE]),
        ({"mode": "all", "level": "picky"}, [SENTENCE, OTHER, TEXT]),
        ({"mode": "textLevelOnly"}, []),
        ({"mode": "textLevelOnly", "level": "picky"}, [TEXT]),
        ({"mode": "allButTextLevelOnly", "level": "picky"}, [SENTENCE, OTHER]),
    ],
)
def test_which_rules_count(fields: dict[str, str], rules: list[tuple[str, str, bool]]) -> None:
    assert chosen(**fields) == [rule for rule, _, _ in rules]


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "x"},
        {"text": "x", "language": ""},
        {"language": "en"},
        {"text": "x", "data": "{}", "language": "en"},
        {"text": "x", "language": "de"},
        {"text": "x", "language": "xx-secret"},
        {"text": "x", "language": "en-US-secret"},
        {"text": "x", "language": "en", "level": "secret"},
        {"text": "x", "language": "en", "mode": "secret"},
        {"text": "x", "language": "en", "enabledOnly": "true"},
        {"text": "x", "language": "en", "enabledOnly": "true", "enabledRules": "A", "disabledRules": "B"},
        {"text": "x", "language": "en", "enabledOnly": "yes", "enabledRules": "A", "disabledCategories": "B"},
        {"text": "x", "language": "en", "preferredVariants": "en-GB"},
        {"text": "x", "language": "auto", "preferredVariants": "secret"},
        {"text": "x", "language": "en", "enabled": "secret"},
        {"text": "x", "language": "en", "disabled": ""},
        {"text": "x", "language": "en", "autodetect": "1"},
        {"text": "x", "language": "en", "preferredvariants": "en-GB"},
    ],
    ids=lambda fields: " ".join(f"{key}={value}" for key, value in fields.items()),
)
def test_what_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(Refused) as caught:
        asking.read(fields, 100)
    assert caught.value.status == 400
    assert "secret" not in caught.value.line


def test_what_says_nothing_here_is_let_be() -> None:
    fields = {"text": "x", "language": "en", "callback": "f", "textSessionId": "1", "dicts": "d", "c": "0"}
    fields |= {"motherTongue": "de-DE", "altLanguages": "de", "useragent": "u", "enableHiddenRules": "true"}
    assert asking.read(fields, 100).chosen == Chosen()


@pytest.mark.parametrize(
    ("text", "fits"), [("a" * 10, True), ("a" * 11, False), ("👍" * 5, True), ("👍" * 6, False)]
)
def test_the_longest_text_is_counted_as_java_does(text: str, fits: bool) -> None:
    if fits:
        assert asking.read({"text": text, "language": "en"}, 10).text.text == text
        return
    with pytest.raises(Refused) as caught:
        asking.read({"text": text, "language": "en"}, 10)
    assert caught.value.status == 413


def test_markup_counts_for_the_length() -> None:
    with pytest.raises(Refused, match="limit of 10"):
        asking.read({"data": '{"annotation": [{"markup": "<blockquote>"}]}', "language": "en"}, 10)


@pytest.mark.parametrize(
    ("code", "full", "name"),
    [
        ("en-US", "en-US", "English (US)"),
        ("en", "en", "English"),
        ("EN_gb", "en-GB", "English (GB)"),
        ("fr-CA", "fr-CA", "French (Canada)"),
        ("ar-EG", "ar-EG", "Arabic (EG)"),
        ("tr-TR", "tr-TR", "Turkish (TR)"),
        ("ar-001", "ar-001", "Arabic (001)"),
    ],
)
def test_codes(code: str, full: str, name: str) -> None:
    found = languages.spoken(code)
    assert found is not None
    assert (found.code, found.name, found.language) == (full, name, full[:2])


@pytest.mark.parametrize(
    "code", ["", "e", "de", "english", "en-", "en-USA", "en-US-x", "auto", "zz", "tr\n-TR"]
)
def test_codes_that_are_not_ours(code: str) -> None:
    assert languages.spoken(code) is None


def test_the_variant_that_is_preferred() -> None:
    assert languages.variant("en").code == "en-US"
    assert languages.variant("en", ("de-DE", "en-GB", "en-AU")).code == "en-GB"
    assert languages.variant("tr", ("en-GB",)).code == "tr"
