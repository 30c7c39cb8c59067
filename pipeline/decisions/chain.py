"""The journal's chain: each entry's digest covers the entry and the digest before it.

Whoever changes, takes out or puts in an entry has to compute every later digest anew, and the
newest one, which is printed and written down elsewhere, tells that they did.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """What is protected of one entry; ``number`` counts from 1 without a gap."""

    number: int
    incident_id: int | None
    post_id: int | None
    at: datetime
    actor: str
    act: str
    reason: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def digest(previous: str, entry: Entry) -> str:
    """Return SHA-256, in hexadecimal, over the digest before and the entry as canonical JSON."""
    fields = [
        entry.number,
        entry.incident_id,
        entry.post_id,
        entry.at.astimezone(UTC).isoformat(),
        entry.actor,
        entry.act,
        entry.reason,
        entry.before,
        entry.after,
    ]
    written = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{written}".encode()).hexdigest()
