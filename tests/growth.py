"""That work grows no faster than its input, as a ratio taken side by side: a slow machine is slow twice."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

TIMES = 8  # the longer input beside the shorter
MOST = TIMES**1.5  # 22.6: between the length (8) and its square (64), far from what noise does to the first
_LEAST = 0.005  # seconds; less is noise


def linear(act: Callable[[int], object], size: int) -> None:
    """`act` on `size` takes at most 22.6 times the processor time that it takes on an eighth of it."""
    shorter = max(_LEAST, min(_seconds(act, size // TIMES) for _ in range(2)))
    longer = _seconds(act, size)
    if longer > MOST * shorter:  # once more, for it may have been the machine
        longer = min(longer, _seconds(act, size))
    assert longer <= MOST * shorter, f"{size}: {longer:.3f} s, an eighth of it: {shorter:.3f} s"


def _seconds(act: Callable[[int], object], size: int) -> float:
    # Without the garbage collector, as timeit does: its rounds grow with all that the process holds.
    collecting = gc.isenabled()
    gc.disable()
    try:
        begun = time.process_time()
        act(size)
        return time.process_time() - begun
    finally:
        if collecting:
            gc.enable()
