"""Damage to inputs: of bytes, of lines, of nested structure and of JSON values."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

from tests.fuzz.leaks import CANARY

LONGEST = 20_000
"""Bytes of an input that was damaged. The very long ones are tests of their own."""

_TOKENS: tuple[bytes, ...] = tuple(
    token if isinstance(token, bytes) else token.encode("utf-8", "surrogatepass")
    for token in (
        CANARY, "\u202e", "\u2066", "\u2069", "\u200f", "\u200d", "\ufeff", "\x00", "\x1b[31m", "\x85",
        "\u2028",
        "e\u0301", "\u0301" * 40, "\u064b\u0651", "İ", "ı", "ß", "ﬀ", "\U0001f469\u200d\U0001f4bb",
        "\U0001f1eb",
        "ـ", "٣", "،", "؟", "\u00a0", "\u3000", "\ud800", "\udc00",
        b"\xff\xfe", b"\xc3", b"\xf0\x9f", b"\\ud800", b"\\udc00\\ud83d", b"\\u0000", b"%00", b"%ud800", b"%",
        b"\r\n", b"\r", b"\n\n", b"\n ", b"\n\t", b"\r\nBcc: x@evil.example", b"\r\n\r\n",
        b"=?utf-8?b?4pyT?=",
        b"=?utf-8?q?=0D=0ABcc:_x?=", b"=?x?z?", b"=\n", b"=0D=0A", b"--b", b"--b--", b"\n--b\n",
        b'boundary="b"',
        b"Content-Type: multipart/alternative; boundary=b\n", b"Content-Type: message/rfc822\n\n",
        b"Content-Type: text/html; charset=utf-7\n", b"Content-Transfer-Encoding: quoted-printable\n",
        b"Content-Transfer-Encoding: uuencode\n", b"charset*0*=utf-8''%E2", b"filename*=''",
        b"; format=flowed",
        b"> ", b"-- \n", b"On Mon, Ann wrote:\n", b"From: ", b"Le 2 mars 2026, Ann a \xc3\xa9crit :\n",
        b"(", b",",
        b"<", b">", b"</", b"<!--", b"-->", b"<![CDATA[", b"&", b"&#0;", b"&#xD800;", b"&#1114112;",
        b"&notit;",
        b"&lt;", b"&NotEqualTilde;", b"<!DOCTYPE a [<!ENTITY b 'cc'>]>", b"<script>", b"</script>",
        b"<style>",
        b"<p>", b"</p>", b"<br>", b"<div style='display:none'>", b"<blockquote type=cite>", b"<pre>", b"<td>",
        b"<div class=gmail_quote>", b"<a href=\"x>y'>", b"<svg>", b"<template>", b'"', b"'", b"\\", b"[",
        b"]",
        b"{", b"}", b"null", b"1e999", b"-0", b"NaN", b"99999999999999999999999", b"true", b"{words}",
        b"{0}", b"%s",
        b"tomorrow", b"29/02/2027", b"31.04.", b"25:61", b"0h00", b"in 99999999 days", b"next week",
        b"demain",
        b"9999-12-31", "غدا".encode(), "yarın".encode(), "٣٠ فبراير".encode(), b"by Friday 5pm", b"year 0",
        b"(?:", b")*", b"+", b"{1,1000}", b"(?P<a>", b"(?=", b"\\p{L}", b"\\b", b"[^", b".*", b"(a|a)*",
        b"\\1", b"(?i)",
    )
)  # fmt: skip
_NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, 10**400, 1e308, -0.0, "", " ", "\ud800", "a\x00b", "\u202e" + CANARY,
    [], {},
    [[]], "x" * 3_000, CANARY, "9999-12-31T23:59:59Z", "2026-03-10T09:30:00+01:00", "Europe/Paris",
    "../../etc",
    {"a": {"b": []}}, [1, "2", None], "\r\nX: y", "<b>", "en", "٣", 0.1, "e\u0301" * 30,
)  # fmt: skip
_WRAPS = (
    (b"<div>", b"</div>"), (b"<b><i>", b"</i></b>"), (b"[", b"]"), (b'{"a":', b"}"), (b"(", b")"),
    (b"(?:", b")*"),
    (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n", b"\n--b--\n"), (b"> ", b"\n"), (b"<!--", b"-->"),
)  # fmt: skip


def mutated(data: bytes, draw: random.Random, pool: Sequence[bytes], longest: int = LONGEST) -> bytes:
    """A damaged copy, with one to four kinds of damage; `pool` is what others parts come from."""
    for _ in range(draw.choice((1, 1, 2, 2, 3, 4))):
        damage = draw.choice(_DAMAGES)
        data = damage(data, draw, pool)[:longest]
    return data


def _place(data: bytes, draw: random.Random) -> int:
    """Anywhere, or at the end of a line."""
    if draw.random() < 0.4 and (lines := data.count(b"\n")):
        at = -1
        for _ in range(draw.randrange(min(lines, 60)) + 1):
            at = data.find(b"\n", at + 1)
        return at + draw.randrange(2)
    return draw.randrange(len(data) + 1)


def _range(data: bytes, draw: random.Random) -> tuple[int, int]:
    start = draw.randrange(len(data) + 1)
    return start, min(len(data), start + draw.choice((1, 2, 4, 9, 30, 120, 1_000)))


def _token(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    at = _place(data, draw)
    return data[:at] + draw.choice(_TOKENS) * draw.choice((1, 1, 1, 1, 2, 9, 120)) + data[at:]


def _replace(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _range(data, draw)
    return data[:start] + draw.choice(_TOKENS) + data[end:]


def _flip(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    out = bytearray(data)
    for _one in range(min(len(out), draw.choice((1, 1, 2, 8)))):
        out[draw.randrange(len(out))] ^= 1 << draw.randrange(8)
    return bytes(out)


def _delete(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _range(data, draw)
    return data[:start] + data[end:]


def _repeat(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _range(data, draw)
    return data[:end] + data[start:end] * draw.choice((1, 1, 2, 9, 90, 900)) + data[end:]


def _move(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _range(data, draw)
    rest = data[:start] + data[end:]
    at = _place(rest, draw)
    return rest[:at] + data[start:end] + rest[at:]


def _splice(data: bytes, draw: random.Random, pool: Sequence[bytes]) -> bytes:
    other = draw.choice(pool)
    start, end = _range(other, draw)
    at = _place(data, draw)
    return draw.choice((data[:at] + other[start:end] + data[at:], data[:at] + other[start:]))


def _lines(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    one, two = draw.randrange(len(lines)), draw.randrange(len(lines))
    match draw.randrange(4):
        case 0:
            lines[one:one] = [lines[two]] * draw.choice((1, 2, 40))
        case 1:
            lines[one], lines[two] = lines[two], lines[one]
        case 2:
            del lines[one]
        case _:
            return data.replace(b"\n", draw.choice((b"\r\n", b"\r", b"\n\n", b" \n")))
    return b"\n".join(lines)


def _wrap(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    before, after = draw.choice(_WRAPS)
    start, end = sorted((_place(data, draw), _place(data, draw)))
    deep = draw.choice((1, 2, 5, 60, 600))
    return data[:start] + before * deep + data[start:end] + after * deep + data[end:]


def _value(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    """Another value at one place of the JSON that the input holds, alone or behind other lines."""
    for mark in (b"\n\n", b"\n", b""):
        head, found, body = data.rpartition(mark) if mark else (b"", b"", data)
        try:
            whole = json.loads(body)
        except (ValueError, RecursionError):
            continue
        if isinstance(whole, dict | list):
            try:
                written = json.dumps(_changed(whole, draw), ensure_ascii=draw.random() < 0.5)
                return head + found + written.encode("utf-8", "surrogatepass")
            except (ValueError, RecursionError):
                return data
    return _token(data, draw, ())


def _changed(value: Any, draw: random.Random) -> Any:
    if isinstance(value, dict) and value:
        name = draw.choice(list(value))
        match draw.randrange(8):
            case 0:
                return {**value, draw.choice(("a", CANARY, "\ud800", "x" * 300, name.upper())): value[name]}
            case 1:
                return {key: one for key, one in value.items() if key != name}
        return {**value, name: _changed(value[name], draw)}
    if isinstance(value, list) and value:
        at = draw.randrange(len(value))
        if draw.random() < 0.2:
            return value + [value[at]] * draw.choice((1, 3, 300))
        return [*value[:at], _changed(value[at], draw), *value[at + 1 :]]
    if isinstance(value, str) and draw.random() < 0.5:
        token = draw.choice(_TOKENS).decode("utf-8", "replace")
        at = draw.randrange(len(value) + 1)
        return value[:at] + token * draw.choice((1, 1, 30)) + value[at:]
    return draw.choice(_NASTY)


_Damage = Callable[[bytes, random.Random, Sequence[bytes]], bytes]
_DAMAGES: tuple[_Damage, ...] = (
    _token, _token, _replace, _flip, _delete, _repeat, _move, _splice, _splice, _lines, _wrap, _value, _value,
)  # fmt: skip
