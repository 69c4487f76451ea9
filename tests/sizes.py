"""How much the large tests do: enough in every run, all of it with TACTLINE_THOROUGH (make thorough)."""

from __future__ import annotations

import os

THOROUGH = bool(os.environ.get("TACTLINE_THOROUGH"))


def size(usual: int, thorough: int) -> int:
    return thorough if THOROUGH else usual
