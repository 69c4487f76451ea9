"""The icons of the add-ons, drawn from the SVG files beside this: `python manifests/icons/draw.py`.

Needs Playwright and Debian's chromium, as the browser tests do. Each PNG carries the digest of its source, so
that a test can tell when a drawing was changed and this was not run.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import struct
import zlib
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "app" / "web" / "static" / "icons"
SMALL = (16, 25)
LARGE = (32, 48, 50, 64, 75, 80, 96, 120, 128, 144, 192)
DRAWINGS = {
    **{f"tactline-{size}.png": ("tactline-small.svg", size, size) for size in SMALL},
    **{f"tactline-{size}.png": ("tactline.svg", size, size) for size in LARGE},
    "outline-32.png": ("outline.svg", 32, 32),
    "banner-220x140.png": ("banner.svg", 220, 140),
}
"""File name -> its source, width and height in pixels. Small, the mark has a drawing of its own."""
_HEADER = 8 + 25  # signature and IHDR, which must come first (PNG, 5.6)


def draw() -> None:
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page()
        for name, (source, width, height) in DRAWINGS.items():
            svg = (HERE / source).read_bytes()
            data = base64.b64encode(svg).decode()
            page.set_viewport_size({"width": width, "height": height})
            page.set_content(
                f'<body style="margin:0"><img src="data:image/svg+xml;base64,{data}" width="{width}" '
                f'height="{height}" style="display:block">'
            )
            page.locator("img").evaluate("image => image.decode()")
            (OUT / name).write_bytes(_marked(page.screenshot(omit_background=True), svg))
        browser.close()


def _marked(png: bytes, svg: bytes) -> bytes:
    """The picture with a text chunk `Source` that holds the SHA-256 of what it was drawn from."""
    body = b"tEXtSource\x00" + hashlib.sha256(svg).hexdigest().encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:_HEADER] + chunk + png[_HEADER:]


if __name__ == "__main__":
    draw()
