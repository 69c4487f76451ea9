"""Tokens of Google and Entra, damaged, and signed whatever they say; and keys."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
from functools import cache

import httpx
from jwt.algorithms import RSAAlgorithm

from app.auth import entra, google
from app.auth.entra import Registration
from app.auth.keys import BadToken, Keys
from tests.auth import tokens
from tests.auth.google_fakes import CLIENT, SERVICE_ACCOUNT, FakeGoogleIdentity
from tests.fuzz import leaks, served

NOW = 1_800_000_000
KID = b"@kid@"
"""Stands for the name of the key in kept inputs, since keys are made anew each time."""


@cache
def _identity() -> FakeGoogleIdentity:
    return FakeGoogleIdentity(lambda: NOW)


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


@cache
def _keys() -> Keys:
    return Keys(httpx.AsyncClient(transport=_identity().transport()), google.KEYS_AT, "Google", lambda: 0.0)


def _made(data: bytes) -> str:
    """A token as it is; or of lines that hold head and claims, signed with the key that is published."""
    lines = data.replace(KID, _identity().key.kid.encode()).split(b"\n")
    if len(lines) < 2:
        return data.decode("latin-1")
    start = b".".join(_part(line) for line in lines[:2])
    if len(lines) > 2 and lines[2].strip():
        return (start + b"." + _part(lines[2])).decode("ascii")
    algorithm = RSAAlgorithm(RSAAlgorithm.SHA256)
    return (start + b"." + _part(algorithm.sign(start, _identity().key.private))).decode("ascii")


def _part(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def token(data: bytes) -> str:
    """A token is believed or a BadToken, and whoever is named by it fits into the store."""
    said, now, shape = _made(data), dt.datetime.fromtimestamp(NOW, dt.UTC), ""
    registration = Registration(tokens.CLIENT)
    ways = (
        lambda: entra.verify(said, registration, _keys(), now),
        lambda: google.verify_user(said, CLIENT, _keys(), now),
        lambda: google.verify_system(said, google.audiences(served.ADDON), SERVICE_ACCOUNT, _keys(), now),
    )
    for way in ways:
        try:
            _runner().run(way())
            shape += "good "
            assert b"." not in data.split(b"\n")[0] or b"{" in data, "nobody signed that"
        except BadToken as error:
            leaks.of_error(error)
            shape += f"{error}, "
    return shape


def key(data: bytes) -> str:
    """A made-up key opens nothing, wherever it is sent."""
    sent = data.replace(b"\r", b" ").replace(b"\n", b" ").replace(b"\x00", b" ")
    if served.KEY.encode() in sent:
        return "the key"
    shape = served.asked("GET", "/v1/me", [(b"authorization", b"Bearer " + sent)], b"").status
    form = b"text=words&language=en-US&username=a&apiKey=" + data
    there = served.asked("POST", "/v2/check", [(b"content-type", b"application/x-www-form-urlencoded")], form)
    assert shape == 401
    assert there.status in (400, 403), there.status
    return json.dumps([shape, there.status])
