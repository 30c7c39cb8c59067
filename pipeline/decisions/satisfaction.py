"""What an author's rating of a final answer does, and the link by which it is given.

The link stands in a public comment: whoever reads it can follow it. That is why it takes one
rating and no more, and why nothing but the topic and the date is shown behind it.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from models.vocabulary import AnswerState, ClosingReason, Stage
from pipeline.decisions.answering import Reason, Refused
from pipeline.decisions.lifecycle import dissatisfied

LIFETIME = timedelta(days=30)
"""How long a link takes a rating: longer than an incident waits for its author's word."""

LONGEST_WORD = 1000
"""Characters of what an author adds; the column holds as many."""

CONTENT_FROM = 4
"""The lowest rating of an author who is content."""

RATINGS: Mapping[int, str] = {
    5: "отлично",
    4: "хорошо",
    3: "удовлетворительно",
    2: "плохо",
    1: "очень плохо",
}

TOKEN = re.compile(r"[a-p]{24}")
"""96 bits as letters. Without a digit none can look like the phone, card or flat of a person,
which answers are searched for; without capitals it survives being typed."""

LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
LINE = re.compile(r"\s*Оцените ответ: https?://\S{1,2000}/o/[a-p]{24}\s*\Z")


class Vote(StrEnum):
    """What became of a rating, or what would become of it.

    ``early``: the answer is not known to stand yet.
    """

    OPEN = "open"
    COUNTED = "counted"
    RATED = "rated"
    EXPIRED = "expired"
    EARLY = "early"
    UNKNOWN = "unknown"


class Effect(StrEnum):
    """What a rating does to its incident."""

    NOTED = "noted"
    SATISFIED = "satisfied"
    NEXT_ROUND = "next_round"
    POINTLESS = "pointless"


def token_of(key: str) -> str:
    """Return the token of an answer's link, made of its own random key.

    So there is one link for an answer, however often it is asked for, and it is stored nowhere
    but in the text that goes out. A key has 122 random bits and never leaves for where an answer
    is given by hand.
    """
    digest = hmac.new(key.encode(), b"otklik survey", hashlib.sha256).hexdigest()
    return digest[:24].translate(LETTERS)


def token_hash(token: str) -> str:
    """Return what a token is looked up by; random bits need no slow hash."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def link(public_url: str, key: str) -> str:
    """Return the address at which the answer with this key is rated."""
    return f"{public_url}/o/{token_of(key)}"


def with_link(text: str, address: str) -> str:
    """Return an answer with its link below; one that it had before is replaced."""
    return f"{without_link(text)}\n\nОцените ответ: {address}"


def without_link(text: str) -> str:
    """Return an answer as a person wrote it: two answers are told apart by these words."""
    return LINE.sub("", text)


def no_room(text: str, address: str, limit: int) -> Refused | None:
    """Refuse an answer that is too long for its network (``limit`` characters) with its link."""
    whole = len(with_link(text, address))
    if whole <= limit:
        return None
    return Refused(
        Reason.TOO_LONG,
        f"К окончательному ответу добавляется ссылка для оценки, вместе с ней он длиннее, чем "
        f"можно: {whole} знаков из {limit}. Сократите его на {whole - limit}.",
    )


def vote(rating: int | None, expires_at: datetime, answer: AnswerState, now: datetime) -> Vote:
    """Tell whether an answer may be rated; ``rating`` is the one that it has."""
    if rating is not None:
        return Vote.RATED
    if answer in {AnswerState.DRAFT, AnswerState.APPROVAL, AnswerState.WITHDRAWN}:
        return Vote.UNKNOWN
    if expires_at <= now:
        return Vote.EXPIRED
    stands = answer in {AnswerState.PUBLISHED, AnswerState.BY_HAND}
    return Vote.OPEN if stands else Vote.EARLY


def effect(
    rating: int,
    *,
    stage: Stage,
    closing: ClosingReason | None,
    of_this_round: bool,
    round_: int,
    at_most: int,
    rounds: int,
) -> Effect:
    """Tell what a rating (1–5) of an answer does to an incident.

    It decides where the author's word is waited for, and where it was waited for in vain: an
    incident that closed for silence. What people have closed, and what is in work again, is
    changed by no link; the rating is only written down.
    """
    silent = stage is Stage.CLOSED and closing is ClosingReason.NO_REPLY
    if not of_this_round or not (silent or stage is Stage.SATISFACTION):
        return Effect.NOTED
    if rating <= at_most:
        goes_on = dissatisfied(rating, at_most=at_most, round_=round_, rounds=rounds)
        return Effect.NEXT_ROUND if goes_on else Effect.POINTLESS
    return Effect.SATISFIED if rating >= CONTENT_FROM else Effect.NOTED
