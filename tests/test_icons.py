"""The logo: drawn from its source, the same mark everywhere, and served."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Client

ROOT = Path(__file__).parents[1]
APP = ROOT / "app"
SIZES = (16, 25, 32, 48, 50, 64, 75, 80, 96, 120, 128, 144, 192)


def _png(name: str) -> tuple[bytes, int, int, bytes]:
    """A picture, its width and height, and the digest of what it was drawn from."""
    data = (APP / "web/static/icons" / name).read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    begin = data.index(b"tEXtSource\x00") + len(b"tEXtSource\x00")
    return data, width, height, data[begin : begin + 64]


def _digest(source: str) -> bytes:
    return hashlib.sha256((ROOT / "manifests/icons" / source).read_bytes()).hexdigest().encode()


@pytest.mark.parametrize("size", SIZES)
def test_the_logo_is_drawn_from_its_source_in_every_size(size: int) -> None:
    _, width, height, drawn_from = _png(f"tactline-{size}.png")
    assert (width, height) == (size, size)
    assert drawn_from == _digest("tactline-small.svg" if size < 32 else "tactline.svg"), (
        "draw again: python manifests/icons/draw.py"
    )


def test_the_banner_is_drawn_from_its_source() -> None:
    assert _png("banner-220x140.png")[1:] == (220, 140, _digest("banner.svg"))


def test_the_mark_is_the_playgrounds() -> None:
    playground = (APP / "web/static/icon.svg").read_text(encoding="utf-8")
    for source in ("tactline.svg", "banner.svg"):
        text = (ROOT / "manifests/icons" / source).read_text(encoding="utf-8")
        assert re.findall(r' d="([^"]+)"', text) == re.findall(r' d="([^"]+)"', playground)
        assert set(re.findall(r"#[0-9a-f]{3,6}", text)) == set(re.findall(r"#[0-9a-f]{3,6}", playground))


def test_the_logo_is_served(make_client: Callable[..., Client]) -> None:
    answer = make_client(None).get("/static/icons/tactline-128.png")
    assert answer.status_code == 200
    assert answer.content == _png("tactline-128.png")[0]


def test_the_outline_is_white_on_nothing() -> None:
    assert _png("outline-32.png")[1:] == (32, 32, _digest("outline.svg"))
    source = (ROOT / "manifests/icons/outline.svg").read_text(encoding="utf-8")
    assert set(re.findall(r"#[0-9a-f]{3,6}", source)) == {"#fff"}
    assert "rect" not in source
