"""What is kept of an author once the period of retention is over. Pure.

What was said stays, who said it goes: the account, the links that lead to it, and within texts
whatever names a person (152-ФЗ, art. 5: no longer than the purpose asks for).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from models.vocabulary import Network
from pipeline.decisions.personal import Official, find_personal

ERASED = "erased"
"""The key, in what a source stated of a post, of the day on which its author was forgotten."""

KEPT = frozenset({"topic", "fine_topic", "code", "network", "status", "applicant_type"})
"""What a source stated that says nothing of a person; the rest may be a name or an address."""

DOT = "\N{BULLET}"
"""Stands for each masked character, so that what was marked in a text stays where it was."""

PARTS = re.compile(r"[_/:]")


def cutoff(now: datetime, months: int, time_zone: str) -> datetime:
    """Return the local midnight, in UTC, that lies ``months`` before the day of ``now``.

    A day that the month does not have is its last one.
    """
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone)
    number = today.year * 12 + today.month - 1 - months
    year, month = divmod(number, 12)
    for day in range(today.day, 0, -1):
        try:
            return datetime(year, month + 1, day, tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")


def mask(text: str, known: Official) -> str:
    """Return a text with dots for the personal data in it, as long as it was.

    ``known`` is what the authorities publish of themselves, which stays.
    """
    for found in find_personal(text, known=known):
        length = found.end - found.start
        text = text[: found.start] + DOT * length + text[found.end :]
    return text


def kept_stated(stated: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return what stays of what a source stated, with the day of the erasure."""
    return {key: stated[key] for key in stated if key in KEPT} | {ERASED: now.date().isoformat()}


def leads_to_person(external_id: str, author_id: str, network: Network) -> bool:
    """Tell whether a message's id holds an account.

    A chat with a bot is numbered as the person is, and so is a person's own wall; walls of
    communities have a minus in VKontakte.
    """
    if author_id and author_id in PARTS.split(external_id):
        return True
    return network is Network.VK and external_id[:1].isdigit()
