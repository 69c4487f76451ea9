"""What axe-core finds on a page that keeps people out."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Frame, Page

from tests.node import MODULES

_RUN = "() => axe.run(document, { resultTypes: ['violations'] })"


def violations(page: Page | Frame) -> list[str]:
    """Its serious findings, as rule and element."""
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(_RUN)
    return [
        f"{item['id']}: {node['html'][:200]}"
        for item in found["violations"]
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]
