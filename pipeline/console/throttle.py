"""How often one address may ask for pages that are open to everybody."""

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

BURST = 30
"""Requests at once. A person needs three; those of a whole town may share one address of a
mobile network, and the networks' own robots look at every link."""

REFILL = timedelta(seconds=2)
"""How soon an address may ask once more after its burst."""

REMEMBERED = 10_000
"""Addresses; who asked longest ago is forgotten first, so that a flood takes no more memory."""


@dataclass(slots=True)
class Throttle:
    """A bucket of ``BURST`` requests for each address; the fields are its own.

    It knows one process and forgets everything when that ends.
    """

    _seen: OrderedDict[str, tuple[float, datetime]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lets(self, address: str, now: datetime) -> bool:
        """Count a request of this address, and tell whether it may be answered."""
        network = _network(address)
        with self._lock:
            left, since = self._seen.pop(network, (float(BURST), now))
            # Clocks go back; nobody is punished for that.
            left = min(float(BURST), left + max(timedelta(), now - since) / REFILL)
            allowed = left >= 1
            self._seen[network] = (left - allowed, now)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return allowed


def _network(address: str) -> str:
    """Return whom an address stands for: with IPv6 one subscriber has 2**64 of them."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if known.version == 6:
        return str(ipaddress.ip_network((known, 64), strict=False).network_address)
    return str(known)
