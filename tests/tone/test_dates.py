"""Date expressions in four languages, resolved against a clock that the test sets."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tone.dates import find
from app.tone.types import LANGUAGES, Language
from app.tone.week import default_hours, zone
from tests.growth import linear

PARIS = "Europe/Paris"
# Tuesday 10 March 2026, 09:30.
NOW = dt.datetime(2026, 3, 10, 9, 30, tzinfo=zone(PARIS))


def said(text: str, language: Language, now: dt.datetime = NOW, place: str = PARIS) -> list[tuple[str, str]]:
    """What was found, as (words, "MM-DD HH:MM")."""
    return [
        (
            text[m.span.start : m.span.end],
            f"{m.date:%m-%d}" + (f" {m.time:%H:%M}" if m.time else ""),
        )
        for m in find(text, language, now, default_hours(place))
    ]


def only(text: str, language: Language, now: dt.datetime = NOW, place: str = PARIS) -> str:
    found = said(text, language, now, place)
    assert len(found) == 1, found
    return found[0][1]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("The draft is yours by Thursday noon.", "03-12 12:00"),
        ("I'll ring tomorrow 10 am.", "03-11 10:00"),
        ("You get it by 10 tomorrow.", "03-11 10:00"),
        ("The list follows by EOD.", "03-10"),
        ("We finish by close of business on Friday.", "03-13"),
        ("Expect it by the end of the week.", "03-13"),
        ("Expect it by the end of next week.", "03-20"),
        ("Paid by the end of the month.", "03-31"),
        ("In two days you have it.", "03-12"),
        ("Within 48 hours you have it.", "03-12"),
        ("Within five working days you have it.", "03-17"),
        ("The fix is live in one hour.", "03-10 10:30"),
        ("I call you at half past nine on Friday.", "03-13 09:30"),
        ("I call you Friday at ten past four.", "03-13 16:10"),
        ("I call you Friday at 3.", "03-13 15:00"),
        ("I call you Friday at 8.", "03-13 08:00"),
        ("It ships next Friday.", "03-20"),
        ("It ships Friday week.", "03-20"),
        ("It ships on the first Monday in April.", "04-06"),
        ("It ships on the 12th.", "03-12"),
        ("It ships on March 12.", "03-12"),
        ("It ships on 12 March 2027.", "03-12"),
        ("It ships on 2026-04-02.", "04-02"),
        ("It ships by tomorrow midnight.", "03-11 23:59"),
        ("On Tuesday in eight days we start.", "03-24"),
        ("You wrote last Thursday.", "03-05"),
        ("You wrote yesterday.", "03-09"),
        ("It has been down since Monday.", "03-09"),
        ("It broke three days ago.", "03-07"),
        ("I start work first thing tomorrow.", "03-11"),
    ],
)
def test_english(text: str, want: str) -> None:
    assert only(text, "en") == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Vous l'aurez d'ici vendredi.", "03-13"),
        ("Vous l'aurez avant la fin de semaine.", "03-13"),
        ("On se voit lundi en huit.", "03-23"),
        ("Réponse sous 48 h.", "03-12"),
        ("Réponse sous huitaine.", "03-18"),
        ("Je passe demain en fin de matinée.", "03-11"),
        ("Le devis part le 12.", "03-12"),
        ("Le devis part mercredi 18 à 9h30.", "03-18 09:30"),
        ("Le devis part jeudi à midi.", "03-12 12:00"),
        ("Je vous appelle ce soir à 18 h 30.", "03-10 18:30"),
        ("Je vous appelle d'ici 14 h.", "03-10 14:00"),
        ("Livré le 03/04/2026.", "04-03"),
        ("Livré le 1er avril.", "04-01"),
        ("Livré après-demain.", "03-12"),
        ("Vous aviez écrit hier.", "03-09"),
        ("Vous aviez écrit lundi dernier.", "03-09"),
        ("C'était il y a trois jours.", "03-07"),
        ("Le rapport part d'ici la fin du mois.", "03-31"),
        ("Nous serons là vendredi 18h.", "03-13 18:00"),
    ],
)
def test_french(text: str, want: str) -> None:
    assert only(text, "fr") == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("سنرسله قبل نهاية الأسبوع.", "03-12"),
        ("سنرسله خلال يومين.", "03-12"),
        ("سنرسله الخميس القادم.", "03-12"),
        ("سنرسله بعد غد.", "03-12"),
        ("سنرسله غدًا الساعة التاسعة صباحًا.", "03-11 09:00"),
        ("أتصل بك بكرة الساعة ٥ العصر.", "03-11 17:00"),
        ("أتصل بك باچر الصبح.", "03-11"),
        ("أتصل بك اليوم قبل الثامنة والنصف مساءً.", "03-10 20:30"),
        ("نسلّم يوم الأحد ٢٢ آذار.", "03-22"),
        ("نسلّم نهار الجمعة 17 أفريل.", "04-17"),
        ("نسلّم يوم 25 شتنبر.", "09-25"),
        ("نسلّم يوم الخميس قبل الظهر.", "03-12 12:00"),
        ("نسلّم خلال خمسة أيام عمل.", "03-17"),
        ("وصلتنا رسالتك أمس.", "03-09"),
        ("وصلتنا رسالتك يوم الخميس الماضي.", "03-05"),
    ],
)
def test_arabic(text: str, want: str) -> None:
    assert only(text, "ar", NOW.astimezone(zone("Asia/Riyadh")), "Asia/Riyadh") == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Dosya haftaya salı 17.00'de elinizde.", "03-17 17:00"),
        ("Yarın öğlen ararım.", "03-11 12:00"),
        ("Ayın 15'i için yazdım.", "03-15"),
        ("İki gün içinde biter.", "03-12"),
        ("16 Mart Pazartesi saat 12.00'ye kadar biter.", "03-16 12:00"),
        ("Cuma gününe kadar biter.", "03-13"),
        ("Perşembe saat dokuz buçukta ararım.", "03-12 09:30"),
        ("yarin aksam 19:00da ararim", "03-11 19:00"),
        ("Pazartesi sabahı sekizde ararım.", "03-16 08:00"),
        ("Ay sonuna kadar öderim.", "03-31"),
        ("Geçen perşembe yazdınız.", "03-05"),
        ("Dün yazdınız.", "03-09"),
    ],
)
def test_turkish(text: str, want: str) -> None:
    assert only(text, "tr") == want


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Call +44 20 7946 0018 or 020 7946 0018.", "en"),
        ("Invoice INV-2041 for $12.50, version 2.3, order #1210, 24/7, 50/50, 3.5%.", "en"),
        ("We live at 12 Baker Street; the 3rd draft has 12 pages.", "en"),
        ("You may march on; the sun sat low.", "en"),
        ("La facture n° 12 fait 1.200 € pour 8 personnes.", "fr"),
        ("mon avis sur les 12 pages", "fr"),
        ("أحد الفنيين كتب صفحتين من ١٢ صفحة بسعر ٣٠٠ ريال", "ar"),
        ("Onları 12 adet, 4.000 TL olarak 7/24 yazdık.", "tr"),
    ],
)
def test_what_is_no_date(text: str, language: Language) -> None:
    assert said(text, language) == []


def test_the_place_orders_figures() -> None:
    assert only("due on 3/4", "en", NOW.astimezone(zone("America/New_York")), "America/New_York") == "03-04"
    assert only("due on 3/4", "en", NOW.astimezone(zone("America/Toronto")), "America/Toronto") == "04-03"
    assert only("due on 3/4", "en") == "04-03"


def test_the_working_week_ends_where_it_ends() -> None:
    riyadh = NOW.astimezone(zone("Asia/Riyadh"))
    assert only("by the end of the week", "en", riyadh, "Asia/Riyadh") == "03-12"
    assert only("by the end of the week", "en", NOW.astimezone(zone("Asia/Dubai")), "Asia/Dubai") == "03-13"


def test_expressions_lean_on_the_one_before() -> None:
    assert said("I come on Thursday at 2 pm and ring you that same evening at seven.", "en") == [
        ("on Thursday at 2 pm", "03-12 14:00"),
        ("that same evening at seven", "03-12 19:00"),
    ]
    assert [when for _, when in said("Livraison le 20 mars, plans la veille.", "fr")] == ["03-20", "03-19"]
    assert [when for _, when in said("Montaj 20 Mart'ta, ertesi gün test.", "tr")] == ["03-20", "03-21"]
    assert [when for _, when in said("الحفل يوم 20 مارس والتجربة قبله بيوم.", "ar")] == ["03-20", "03-19"]


def test_a_bare_time_that_has_passed_is_tomorrow() -> None:
    assert only("I'll call at 16:00.", "en") == "03-10 16:00"
    assert only("I'll call at 08:15.", "en") == "03-11 08:15"


def test_the_span_covers_the_words_as_a_reader_quotes_them() -> None:
    text = "Hello 👋🏽 Ana,\n\nYou have it by Thursday noon at the latest, promised."
    assert said(text, "en") == [("by Thursday noon at the latest", "03-12 12:00")]
    assert said("Prêt le jeudi 12 mars, vers 14 h.", "fr") == [("le jeudi 12 mars, vers 14 h", "03-12 14:00")]


def test_typed_without_accents_or_decomposed() -> None:
    assert only("reponse apres-demain a 9h", "fr") == "03-12 09:00"
    assert only("livré le 3 de\u0301cembre", "fr") == "12-03"
    assert only("persembe gunune kadar", "tr") == "03-12"


def test_now_must_know_its_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        find("tomorrow", "en", dt.datetime(2026, 3, 10), default_hours(PARIS))


WORDS = st.sampled_from(
    [
        "by",
        "at",
        "on",
        "the",
        "Friday",
        "12",
        "12th",
        "10:30",
        "9h30",
        "17.00'de",
        "demain",
        "lundi",
        "en",
        "huit",
        "sous",
        "48",
        "h",
        "يوم",
        "الخميس",
        "الساعة",
        "٩",
        "غدا",
        "قبل",
        "haftaya",
        "salı",
        "ayın",
        "15'i",
        "gün",
        "içinde",
        "March",
        "31",
        "30",
        "29",
        "février",
        "2026",
        "99/99/9999",
        "-5",
        "24:00",
        "the",
        "end",
        "of",
        "month",
        "\n\n",
        ".",
        ",",
        "-",
        "every",
        "last",
        "two",
        "days",
        "before",
        "that",
        "كل",
        "نهاية",
        "الشهر",
        "بعد",
        "il",
        "y",
        "a",
        "999",
        "weeks",
        "ago",
    ]
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=60).map(" ".join))


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, language=st.sampled_from(LANGUAGES), offset=st.integers(-4000, 4000))
def test_any_text_gives_sorted_spans_in_range(text: str, language: Language, offset: int) -> None:
    now = NOW + dt.timedelta(days=offset)
    found = find(text, language, now, default_hours(PARIS))
    end = 0
    for mention in found:
        assert end <= mention.span.start < mention.span.end <= len(text)
        end = mention.span.end
    assert found == find(text, language, now, default_hours(PARIS))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "unit", ["12 ", "by the end of ", "يوم ", "1.", "a", "on the ", "10:30-", "ayın 15'i "]
)
def test_a_megabyte_of_anything_takes_no_longer_than_its_length(unit: str, language: Language) -> None:
    linear(lambda times: find(unit * times, language, NOW, default_hours(PARIS)), (1 << 20) // len(unit))


@pytest.mark.cases
def test_the_labelled_dates_of_the_training_mails_are_found() -> None:
    folder = Path(__file__).parents[3] / "shared" / "cases" / "train"
    if not folder.is_dir():
        pytest.skip("no labelled mails beside the repository")
    hit: Counter[str] = Counter()
    timed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            labels = case.get("commitments", []) + case.get("deadlines", [])
            if not labels:
                continue
            now = dt.datetime.fromisoformat(case["now"]).astimezone(zone(case["timezone"]))
            mentions = find(case["text"], case["lang"], now, default_hours(case["timezone"]))
            for label in labels:
                start = case["text"].find(label["quote"])
                end = start + len(label["quote"])
                near = [m for m in mentions if m.span.start < end and start < m.span.end]
                total[case["lang"]] += 1
                same = [m for m in near if str(m.date) == label["date"]]
                hit[case["lang"]] += bool(same)
                want = label["time"] or None
                timed[case["lang"]] += any((f"{m.time:%H:%M}" if m.time else None) == want for m in same)
    for language, count in total.items():
        assert hit[language] / count >= 0.96, language
        assert timed[language] / count >= 0.93, language
