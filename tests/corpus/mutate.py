"""Damage mails the way networks, gateways and bugs do, the same each time."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

_CHARSETS = (
    b"utf-8",
    b"windows-1256",
    b"iso-8859-9",
    b"us-ascii",
    b"x-unknown",
    b"utf-16",
    b"base64",
    b"big5",
)
_CHARSET = re.compile(rb"charset=\"?[\w.:-]+\"?", re.IGNORECASE)
_BOUNDARY = re.compile(rb"boundary=\"?([^\"\s;]+)\"?", re.IGNORECASE)


def mutated(mails: Sequence[bytes], count: int, seed: int = 20260301) -> Iterator[bytes]:
    """`count` damaged copies, each of a mail drawn from `mails`, with one to three kinds of damage."""
    draw = random.Random(seed)
    for _ in range(count):
        raw = draw.choice(mails)
        for damage in draw.sample(_DAMAGES, draw.randint(1, 3)):
            raw = damage(raw, draw)
        yield raw


def _flip_bits(raw: bytes, draw: random.Random) -> bytes:
    out = bytearray(raw)
    for _ in range(min(len(out), draw.randint(1, 20))):
        out[draw.randrange(len(out))] ^= 1 << draw.randrange(8)
    return bytes(out)


def _truncate(raw: bytes, draw: random.Random) -> bytes:
    return raw[: draw.randrange(len(raw) + 1)]


def _double_header(raw: bytes, draw: random.Random) -> bytes:
    head, blank, body = raw.partition(b"\n\n")
    lines = head.split(b"\n")
    line = draw.choice(lines)
    lines[draw.randrange(len(lines)) : 0] = [line] * draw.randint(1, 3)
    return b"\n".join(lines) + blank + body


def _swap_charset(raw: bytes, draw: random.Random) -> bytes:
    charset = draw.choice(_CHARSETS)
    if not _CHARSET.search(raw):
        return b"Content-Type: text/plain; charset=" + charset + b"\n" + raw
    return _CHARSET.sub(b"charset=" + charset, raw)


def _break_boundary(raw: bytes, draw: random.Random) -> bytes:
    match = _BOUNDARY.search(raw)
    if not match:
        return b'Content-Type: multipart/mixed; boundary="never"\n' + raw
    boundary = match.group(1)
    kept = draw.randrange(len(boundary) + 1)
    start = raw.find(b"--" + boundary, match.end())
    if start < 0 or draw.random() < 0.3:
        return raw.replace(boundary, boundary[:kept], 1)
    return raw[:start] + raw[start:].replace(boundary, boundary[:kept], draw.randint(1, 3))


def _splice_bytes(raw: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(raw) + 1)
    return raw[:at] + draw.randbytes(draw.randint(1, 60)) + raw[at:]


def _line_ends(raw: bytes, draw: random.Random) -> bytes:
    plain = raw.replace(b"\r\n", b"\n")
    return plain.replace(b"\n", draw.choice((b"\r\n", b"\r", b"\n\r")))


_DAMAGES = (_flip_bits, _truncate, _double_header, _swap_charset, _break_boundary, _splice_bytes, _line_ends)
