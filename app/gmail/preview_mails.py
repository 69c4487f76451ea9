"""Mails for looking at cards, in four languages. Nobody wrote them to anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.tone.types import Language


@dataclass(frozen=True)
class Mails:
    """A calm and a hostile client, the user's answer as first written, and the user's zone (IANA)."""

    calm: str
    hostile: str
    draft: str
    zone: str


MAILS: Mapping[Language, Mails] = {
    "en": Mails(
        zone="Europe/London",
        calm=(
            "Hello Sam,\n\n"
            "The first menu cards have arrived and they look good. Could you send us the files for "
            "the website by Thursday, and tell me whether the opening hours can still be changed?\n\n"
            "Kind regards,\nMaya"
        ),
        hostile=(
            "Sam,\n\n"
            "This is the third time the brochure has come back with the wrong prices. I am furious. "
            "You people are incompetent and clearly do not care, and I am sick of your excuses. If I "
            "do not have a corrected version by Thursday 2 pm, we cancel the contract and you will "
            "hear from our lawyer.\n\n"
            "Maya Brandt"
        ),
        draft=(
            "Hello Maya,\n\n"
            "I am sorry if you were upset, but you sent us the wrong price list. Leo from our team "
            "mixed up the files. We will fix it as soon as possible. You will have the corrected "
            "brochure by Thursday at noon.\n\n"
            "Best regards,\nSam"
        ),
    ),
    "fr": Mails(
        zone="Europe/Paris",
        calm=(
            "Bonjour Hugo,\n\n"
            "Les premiers menus sont arrivés et ils sont réussis. Pourriez-vous nous envoyer les "
            "fichiers pour le site d'ici jeudi et me dire si l'on peut encore modifier les horaires "
            "d'ouverture ?\n\n"
            "Bien cordialement,\nClaire"
        ),
        hostile=(
            "Monsieur,\n\n"
            "C'est la troisième fois que la brochure revient avec de mauvais prix. Je suis furieuse. "
            "Vous êtes des incapables, vous vous moquez de nous et j'en ai assez de vos excuses. Si "
            "je n'ai pas une version corrigée avant jeudi 14 h, nous résilions le contrat et je "
            "transmets le dossier à notre avocat.\n\n"
            "Claire Morel"
        ),
        draft=(
            "Bonjour Madame,\n\n"
            "Je suis désolé si cela vous a contrariée, mais c'est vous qui nous avez envoyé la "
            "mauvaise liste de prix. Léo, de notre équipe, a confondu les fichiers. Nous corrigerons "
            "cela dès que possible. Vous aurez la brochure corrigée jeudi à midi.\n\n"
            "Cordialement,\nHugo Petit"
        ),
    ),
    "ar": Mails(
        zone="Asia/Riyadh",
        calm=(
            "مرحبًا سامي،\n\n"
            "وصلت أولى قوائم الطعام وهي جميلة. هل يمكنكم إرسال ملفات الموقع إلينا قبل يوم الخميس، "
            "وإخباري إن كان تعديل مواعيد العمل لا يزال ممكنًا؟\n\n"
            "مع أطيب التحيات،\nمها"
        ),
        hostile=(
            "الأستاذ سامي،\n\n"
            "هذه هي المرة الثالثة التي يصلنا فيها الكتيّب بأسعار خاطئة. أنا في قمة الغضب. عملكم مهزلة "
            "وأنتم غير مهنيين، وقد سئمت من كذبكم وأعذاركم. إذا لم أستلم نسخة مصححة قبل يوم الخميس "
            "الساعة 14:00 فسنلغي العقد ونرفع عليكم دعوى قضائية.\n\n"
            "مها الخطيب"
        ),
        draft=(
            "الأستاذة مها،\n\n"
            "نأسف إن كنتِ قد انزعجتِ، لكنكِ أنتِ من أرسل إلينا قائمة الأسعار الخاطئة. زميلنا ليث خلط "
            "بين الملفات. سنصحح ذلك في أقرب وقت ممكن. ستصلكم النسخة المصححة يوم الخميس الساعة 12:00.\n\n"
            "مع التحية،\nسامي"
        ),
    ),
    "tr": Mails(
        zone="Europe/Istanbul",
        calm=(
            "Merhaba Sami Bey,\n\n"
            "İlk menüler geldi, güzel olmuşlar. Web sitesi için dosyaları perşembeye kadar "
            "gönderebilir misiniz? Bir de açılış saatleri hâlâ değiştirilebilir mi, onu sormak "
            "isterim.\n\n"
            "Sevgiler,\nDefne"
        ),
        hostile=(
            "Sami Bey,\n\n"
            "Broşür üçüncü kez yanlış fiyatlarla geldi. Çok öfkeliyim. Belli ki ekibinizin umurunda "
            "değiliz, bahanelerinizden de bıktım. Düzeltilmiş hâli perşembe saat 14.00'e kadar elimde "
            "olmazsa sözleşmeyi feshediyoruz ve işi avukatımız devralacak.\n\n"
            "Defne Aksoy"
        ),
        draft=(
            "Merhaba Defne Hanım,\n\n"
            "Üzüldüyseniz özür dileriz ama yanlış fiyat listesini siz gönderdiniz. Ekibimizden Can "
            "dosyaları karıştırmış. Sorunu en kısa sürede çözeceğiz. Düzeltilmiş broşürü perşembe "
            "günü saat 12.00'de göndereceğiz.\n\n"
            "Saygılarımla,\nSami Yıldız"
        ),
    ),
}
