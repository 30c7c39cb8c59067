"""How often one key may ask."""

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

REMEMBERED = 10_000
"""Keys; who asked longest ago is forgotten first."""


@dataclass(slots=True)
class Pace:
    """A bucket of ``burst`` requests for each key, filled again at ``per_second``.

    It knows one process and forgets everything when that ends; the other fields are its own.
    """

    burst: int = 120
    per_second: float = 10.0
    _seen: OrderedDict[int, tuple[float, datetime]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, key_id: int, now: datetime) -> int:
        """Count a request; return 0, or how many whole seconds to wait if it is one too many."""
        with self._lock:
            left, since = self._seen.pop(key_id, (float(self.burst), now))
            # Clocks go back; nobody is punished for that.
            passed = max(timedelta(), now - since).total_seconds()
            left = min(float(self.burst), left + passed * self.per_second)
            allowed = left >= 1
            self._seen[key_id] = (left - allowed, now)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - left) / self.per_second))
