"""Mails for measuring: sentences of the training mails put together to a length, never twice the same."""

from __future__ import annotations

import itertools
import random
from functools import cache

from app.guidance.schema import ROOT
from app.tone.language import detect
from app.tone.sentences import clauses, whole
from app.tone.train_data import labelled
from app.tone.types import LANGUAGES

GREETINGS = {"en": "Hello Anna,", "fr": "Bonjour Anna,", "ar": "مرحبا آنا،", "tr": "Merhaba Anna,"}
CLOSINGS = {
    "en": "Best regards,\nTom",
    "fr": "Cordialement,\nTom",
    "ar": "تحياتي،\nتوم",
    "tr": "Saygılarımla,\nTom",
}
_numbers = itertools.count(1000)


@cache
def sentences(language: str) -> tuple[str, ...]:
    """What people write to clients: sentences of eight to thirty words."""
    found: dict[str, None] = {}
    for path in sorted((ROOT / "training").glob(f"{language}_*.jsonl")):
        for case in labelled(path):
            text = str(case["text"])
            if case["direction"] != "outgoing" or detect(text) != language:
                continue
            for span in {clause.sentence: None for clause in clauses(whole(text), language)}:
                sentence = " ".join(text[span.start : span.end].split())
                if 8 <= len(sentence.split()) <= 30 and sentence[-1] in ".!?؟":
                    found[sentence] = None
    return tuple(found)


def unseen(words: int, language: str = "en", *, plain: bool = False, seed: int | None = None) -> str:
    """A mail of about this many words. A running number in each sentence makes it new to every cache.

    `plain` takes a mail with nothing to remark: every second sentence is one about a schedule.
    """
    chosen = random.Random(next(_numbers) if seed is None else seed)
    stock = _PLAIN[language] if plain else sentences(language)
    out: list[str] = []
    count = 0
    while count < words:
        sentence = chosen.choice(stock)
        end = sentence[-1]
        out.append(f"{sentence[:-1]} ({next(_numbers)}){end}")
        count += len(sentence.split()) + 1
    paragraphs = [" ".join(out[at : at + 4]) for at in range(0, len(out), 4)]
    return "\n\n".join([GREETINGS[language], *paragraphs, CLOSINGS[language]])


_PLAIN = {
    "en": (
        "The layout of the third page is attached as a separate file.",
        "Your colleague will find the new photos in the shared folder.",
        "The printer confirmed the paper and the format this morning.",
        "On Tuesday we will send the second version of the brochure.",
    ),
    "fr": (
        "La mise en page de la troisième page est jointe dans un fichier séparé.",
        "Votre collègue trouvera les nouvelles photos dans le dossier partagé.",
        "L'imprimeur a confirmé le papier et le format ce matin.",
        "Mardi, nous enverrons la deuxième version de la brochure.",
    ),
    "ar": (
        "تجدون تصميم الصفحة الثالثة في ملف منفصل مع هذه الرسالة.",
        "سيجد زميلكم الصور الجديدة في المجلد المشترك بيننا.",
        "أكدت المطبعة نوع الورق والمقاس هذا الصباح كما اتفقنا.",
        "سنرسل النسخة الثانية من الكتيب يوم الثلاثاء القادم.",
    ),
    "tr": (
        "Üçüncü sayfanın düzeni ayrı bir dosya olarak ekte yer alıyor.",
        "Meslektaşınız yeni fotoğrafları ortak klasörde bulabilir.",
        "Matbaa bu sabah kâğıdı ve boyutu onayladı.",
        "Broşürün ikinci sürümünü salı günü göndereceğiz.",
    ),
}
assert set(_PLAIN) == set(LANGUAGES)
