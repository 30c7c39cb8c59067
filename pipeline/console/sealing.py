"""Facts that a browser carries for us and can neither read nor change, for a short while."""

import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken


def seal(fernet: Fernet, what: str, facts: dict[str, Any], now: datetime) -> str:
    """Return facts sealed for one purpose; plain JSON, no secret longer than a cookie."""
    plain = json.dumps({"what": what, **facts})
    return fernet.encrypt_at_time(plain.encode(), int(now.timestamp())).decode()


def unseal(
    fernet: Fernet, what: str, sealed: str, now: datetime, lasts: timedelta
) -> dict[str, Any] | None:
    """Return what was sealed for this purpose not longer than ``lasts`` ago, else None."""
    try:
        plain = fernet.decrypt_at_time(
            sealed.encode(errors="replace"), int(lasts.total_seconds()), int(now.timestamp())
        )
        facts = json.loads(plain)
    except (InvalidToken, ValueError):
        return None
    return facts if isinstance(facts, dict) and facts.pop("what", None) == what else None
