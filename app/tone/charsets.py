"""Bytes of a mail body to text, when the charset is missing, unknown or wrong."""

from __future__ import annotations

import codecs
import re

# What mail calls them, and what it means by them (WHATWG Encoding, section 4.2).
_MEANT = {
    "iso8859-1": "cp1252", "latin-1": "cp1252", "ascii": "utf-8", "iso8859-9": "cp1254",
    "gb2312": "gb18030", "ks_c_5601-1987": "cp949", "euc_kr": "cp949", "shift_jis": "cp932",
}  # fmt: skip
_HIGH = re.compile(rb"[\x80-\xff]+")
_HALVES = re.compile("[\ud800-\udfff]")
_TURKISH = re.compile(rb"[\xd0\xdd\xde\xf0\xfd\xfe]")
_ARTICLE = "\u0627\u0644"  # the Arabic article, in every second word
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NOT_OF_MAIL = frozenset({"undefined", "idna", "punycode", "unicode_escape", "raw_unicode_escape"})


def decode(raw: bytes, declared: str | None) -> tuple[str, str | None]:
    """The text of a mail part, and the charset when it had to be guessed (else None).

    A declared charset is believed when the bytes fit it and do not plainly say otherwise: UTF-8
    under a Latin-1 label, Arabic or Turkish bytes under a Western one. Never raises; bytes that
    fit nothing become U+FFFD.
    """
    codec = _codec(declared)
    if codec is not None and not _contradicts(raw, codec):
        try:
            # UTF-7 can hold halves of surrogate pairs, and no answer can.
            return _HALVES.sub("\ufffd", raw.decode(codec)), None
        except (UnicodeError, ValueError):
            pass
    elif codec is None and not declared and raw.isascii():
        return raw.decode("ascii"), None
    guessed = guess(raw)
    if guessed == codec:
        return raw.decode(guessed, "replace"), None
    return raw.decode(guessed, "replace"), guessed


def _codec(declared: str | None) -> str | None:
    if not declared:
        return None
    try:
        info = codecs.lookup(declared.strip().strip("\"'"))
    except (LookupError, ValueError, UnicodeError):
        return None
    # "base64", "rot13" and their like are codecs too, but not of text.
    if not getattr(info, "_is_text_encoding", True) or info.name.replace("-", "_") in _NOT_OF_MAIL:
        return None
    return _MEANT.get(info.name, info.name)


def _contradicts(raw: bytes, codec: str) -> bool:
    if raw.isascii():
        return False
    # Programs put the charset of their setting on what is UTF-8; the other way round hardly happens.
    one_byte = codec.startswith(("cp125", "iso8859", "latin"))
    return guess(raw) != codec if codec == "cp1252" else one_byte and _is_utf8(raw)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def guess(raw: bytes) -> str:
    """The likeliest charset of 8-bit text in one of our languages, as a Python codec name."""
    for mark, codec in _MARKS:
        if raw.startswith(mark):
            return codec
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    high = _HIGH.findall(raw)
    broken = raw.decode("utf-8", "replace").count("\ufffd")
    if high and broken * 10 < len(high):
        return "utf-8"  # damaged somewhere, but UTF-8
    # Accented letters stand alone among ASCII ones; Arabic words are runs of high bytes.
    if high and sum(map(len, high)) / len(high) > 2:
        arabic = {codec: raw.decode(codec, "replace") for codec in ("cp1256", "iso8859-6")}
        return max(arabic, key=lambda codec: arabic[codec].count(_ARTICLE) - arabic[codec].count("\ufffd"))
    return "cp1254" if _TURKISH.search(raw) else "cp1252"
