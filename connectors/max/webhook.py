"""Events that MAX pushes to an address of ours: whose they are, which one, what they say."""

import hashlib
import hmac
import json
from datetime import datetime

from connectors.max import parse
from models.values import FetchedPost

HEADER = "X-Max-Bot-Api-Secret"
"""Carries the secret that the subscription was made with."""


def check_secret(header: str, secret: str) -> bool:
    """Tell whether a header holds the secret, in the same time whatever is wrong with it."""
    told = header.encode("utf-8", "backslashreplace")
    return bool(secret) and hmac.compare_digest(told, secret.encode())


def event_id(payload: object) -> str:
    """Return a digest of an event, by which repeated ones are told: MAX gives them no ids."""
    whole = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()


def parse_update(payload: object, received_at: datetime | None = None) -> list[FetchedPost]:
    """Read an event; empty when it tells nothing of a text. Raises BadPayloadError."""
    post = parse.parse_update(payload, received_at)
    return [] if post is None else [post]
