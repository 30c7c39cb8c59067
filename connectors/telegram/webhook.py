"""Updates that Telegram pushes to an address of ours: whose they are, which one, what they say."""

import hmac
from datetime import datetime

from connectors.telegram import updates
from models.values import FetchedPost

HEADER = "X-Telegram-Bot-Api-Secret-Token"
"""Carries the secret that the webhook was set with."""


def check_secret(header: str, secret: str) -> bool:
    """Tell whether a header holds the secret, in the same time whatever is wrong with it."""
    told = header.encode("utf-8", "backslashreplace")
    return bool(secret) and hmac.compare_digest(told, secret.encode())


def event_id(payload: object) -> str:
    """Return the number of an update, by which repeated ones are told. Raises BadPayloadError."""
    return str(updates.update_number(payload))


def parse_update(payload: object, received_at: datetime | None = None) -> list[FetchedPost]:
    """Read an update; empty when it carries no text for us. Raises BadPayloadError."""
    post = updates.parse_update(payload, received_at)
    return [] if post is None else [post]
