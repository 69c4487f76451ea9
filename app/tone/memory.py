"""What was worked out for a text, remembered by a keyed hash and never by the words."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Generic, TypeVar

V = TypeVar("V")
_KEY = os.urandom(16)


class Memory(Generic[V]):
    """The last `limit` values by text; safe between threads. The hash's key lives as long as the process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: OrderedDict[bytes, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, text: str, make: Callable[[str], V]) -> V:
        """The value of a text, made by `make` when it is not remembered."""
        key = blake2b(text.encode("utf-8", "surrogatepass"), key=_KEY, digest_size=16).digest()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        value = make(text)
        with self._lock:
            self._known[key] = value
            while len(self._known) > self._limit:
                self._known.popitem(last=False)
        return value
