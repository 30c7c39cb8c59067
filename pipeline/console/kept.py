"""Keeps for a minute what took long to count, with the moment at which it was counted."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Generic, TypeVar

T = TypeVar("T")

FRESH = timedelta(seconds=60)
SLOW = 0.1
"""Seconds: what is counted faster is counted anew for everybody."""

MOST = 64
"""Answers kept at most: somebody may ask for one period after another."""


@dataclass(frozen=True, slots=True)
class Counted(Generic[T]):
    """A value and the moment that it is true of."""

    value: T
    at: datetime


@dataclass
class Kept:
    """Answers of one process. Two people who ask for the same at once wait for one count."""

    slow: float = SLOW
    _known: dict[Hashable, Counted[Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, now: datetime, count: Callable[[], T]) -> Counted[T]:
        """Return what is known of ``key``, not older than a minute, or count it."""
        with self._lock:
            known: Counted[T] | None = self._known.get(key)
            if known is not None and timedelta(0) <= now - known.at < FRESH:
                return known
            started = perf_counter()
            found = Counted(count(), now)
            self._known.pop(key, None)
            if perf_counter() - started >= self.slow:
                while len(self._known) >= MOST:
                    del self._known[next(iter(self._known))]
                self._known[key] = found
            return found
