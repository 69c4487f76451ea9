from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tone.language import detect

MAILS = {
    "en": "Hi Dana,\n\nthe pallets left the depot at noon and reach you tomorrow. Sorry for the wait.\n\nTom",
    "fr": "Bonjour Madame Ferhat,\n\nla facture corrigée part ce soir, toutes mes excuses pour "
    "l'erreur. À demain,\nLuc",
    "ar": "أستاذ سامي،\n\nأصلحنا العطل صباح اليوم، وسأتصل بك غدًا لأتأكد أن كل شيء على ما يرام.",
    "tr": "Merhaba Elif Hanım,\n\nsiparişinizi bugün yola çıkardık, yarın öğlene kadar elinizde olur.\n\nCan",
}
DIALECTS = [
    "يا فندم احنا آسفين جدا على التأخير ده، وهنبعتلك الشحنة بكرة الصبح إن شاء الله",
    "السلام خويا، راه الخدمة غادي تسالي غدا وغادي نعيط ليك مع العشية",
    "هلا أخوي، الحين نشيك على الطلب وبنخبرك باجر الصبح",
]
OTHERS = {
    "de": "Guten Tag, die Lieferung verspätet sich leider um zwei Tage. Ich melde mich morgen.",
    "es": "Buenas tardes, lamentamos el retraso y le llamaremos mañana por la mañana.",
    "it": "Buongiorno, ci dispiace molto per il ritardo della consegna.",
    "pt": "Bom dia, pedimos desculpa pelo atraso e ligaremos amanhã de manhã.",
    "nl": "Goedemiddag, het spijt ons dat de levering twee dagen later komt.",
    "ru": "Добрый день, приносим извинения за задержку доставки.",
    "pl": "Dzień dobry, przepraszamy za opóźnienie, zadzwonimy jutro rano.",
    "fa": "سلام، بابت تاخیر در ارسال سفارش شما پوزش می‌خواهیم و فردا تماس می‌گیریم.",
    "ur": "السلام علیکم، ترسیل میں تاخیر کے لیے ہم معذرت چاہتے ہیں اور کل فون کریں گے۔",
    "az": "Salam, çatdırılmanın gecikməsinə görə üzr istəyirik, sabah sizə zəng edəcəyik.",
    "zh": "您好，很抱歉交货延迟了两天，我们明天给您打电话。",
    "el": "Καλημέρα, ζητούμε συγγνώμη για την καθυστέρηση της παράδοσης.",
}


def _bare(text: str) -> str:
    """As typed on a keyboard without accents."""
    text = text.replace("ı", "i").replace("İ", "I")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@pytest.mark.parametrize("code", MAILS)
@pytest.mark.parametrize("change", [str, _bare, str.upper, lambda text: unicodedata.normalize("NFD", text)])
def test_mail_in_our_languages_however_it_is_typed(code: str, change: object) -> None:
    assert callable(change)
    assert detect(change(MAILS[code])) == code


@pytest.mark.parametrize("text", DIALECTS)
def test_dialects_are_arabic(text: str) -> None:
    assert detect(text) == "ar"


@pytest.mark.parametrize("code", OTHERS)
def test_any_other_language_is_undetermined(code: str) -> None:
    assert detect(OTHERS[code]) == "und"


@pytest.mark.parametrize("text", ["", " \n", "123 - 45,60", "👍", "https://example.com/a", "sam@example.com"])
def test_text_without_words_is_undetermined(text: str) -> None:
    assert detect(text) == "und"


def test_a_single_word_gets_the_likeliest_of_the_four() -> None:
    assert [detect(word) for word in ("Merci", "Thanks", "Teşekkürler", "شكرا")] == ["fr", "en", "tr", "ar"]


def test_names_and_terms_in_latin_script_do_not_make_arabic_mail_english() -> None:
    assert detect("هلا Mark، الـ dashboard جاهز والـ API شغال، وبكلمك بكرا على Zoom بخصوص الفاتورة") == "ar"


MIXED = {
    "und": [
        "お世話になっております。Microsoft Teams と SharePoint の migration は Friday に完了予定です。"
        "Azure Active Directory の settings を確認してください。",
        "张经理：\n\n附件是合同，请查收。我们周五之前需要您的回复。\n\n"
        "此致敬礼\nWang Wei, Sales Manager, Northwind Logistics (Shanghai) Ltd.",
        "안녕하세요, Slack channel 에 deployment schedule 공유했습니다. 확인 부탁드립니다.",
        "Καλημέρα, στείλαμε το pull request για review, περιμένουμε feedback.",
        "Добрый день, дашборд и API готовы, deploy в production завтра. Best regards, Ivan, Head of Product",
    ],
    "en": [
        "Hello 王伟, the parts for 上海 left on Monday and those for 北京 leave tomorrow. Sorry for that.",
        "Dear Mr Иванов, the invoice is attached and we will call you on Friday about the rest.",
        "The cable is 10 µm thick, the resistor has 5 kΩ, and Δ is below 3 %.",
    ],
    "fr": ["Bonjour Σοφία, la facture corrigée part ce soir, toutes mes excuses pour l'erreur."],
    "ar": ["أهلا Анна، أصلحنا العطل صباح اليوم، وسأتصل بك غدًا لأتأكد أن كل شيء على ما يرام."],
}  # fmt: skip


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in MIXED.items() for text in texts])
def test_names_and_terms_of_another_script_do_not_decide(code: str, text: str) -> None:
    assert detect(text) == code


def test_threads_may_ask_at_the_same_time() -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detect, list(MAILS.values()) * 8)) == list(MAILS) * 8


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert detect(text) in ("en", "fr", "ar", "tr", "und")
