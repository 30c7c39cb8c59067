"""How often one address may ask for pages that are open to everybody, and fail at the door."""

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
    """A bucket of ``burst`` requests for each address, one of which comes back each ``refill``.

    It knows one process and forgets everything when that ends.
    """

    burst: int = BURST
    refill: timedelta = REFILL
    _seen: OrderedDict[str, tuple[float, datetime]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lets(self, address: str, now: datetime) -> bool:
        """Count a request of this address, and tell whether it may be answered."""
        network = _network(address)
        with self._lock:
            left, since = self._seen.pop(network, (float(self.burst), now))
            # Clocks go back; nobody is punished for that.
            left = min(float(self.burst), left + max(timedelta(), now - since) / self.refill)
            allowed = left >= 1
            self._seen[network] = (left - allowed, now)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return allowed

    def give_back(self, address: str) -> None:
        """Take back a request that was counted: it was an honest one."""
        network = _network(address)
        with self._lock:
            if network in self._seen:
                left, since = self._seen[network]
                self._seen[network] = (min(float(self.burst), left + 1), since)


def at_the_door() -> Throttle:
    """Return a throttle of wrong passwords and codes.

    Twenty at once, for an office may share one address, and 1440 a day: whoever tries one
    password with every login, which locks none of them, gets no further.
    """
    return Throttle(burst=20, refill=timedelta(minutes=1))


def of_this_machine(address: str) -> bool:
    """Tell whether an address is this machine's own.

    Behind a reverse proxy that was not named in OTKLIK_PROXIES all strangers seem to be here: to
    throttle this address would let any of them shut the door for everybody.
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return not address
    mapped = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
    return (mapped or known).is_loopback


def _network(address: str) -> str:
    """Return whom an address stands for: with IPv6 one subscriber has 2**64 of them."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if known.version == 6:
        return str(ipaddress.ip_network((known, 64), strict=False).network_address)
    return str(known)
