"""Who may call what and how often: tokens of the fake VKontakte, its log, its errors."""

import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

DAY = 86_400
MOSCOW = 3 * 3600
"""When a quota begins anew is not documented; here at midnight in Moscow."""

QUOTAS = {"wall.get": 5000, "newsfeed.search": 1000, "wall.search": 1000}
"""Calls a day by method, per token."""

NEW_STYLE_REFUSED = frozenset({"wall.search", "newsfeed.search", "board.getTopics", "execute"})
"""Which methods tokens ``vk2.a.…`` may not call is believed, not known: set it per token."""

WINDOW = 1.0
"""Seconds in which a token may make ``rate`` calls."""

MESSAGES = {
    1: "Unknown error",
    3: "Unknown method",
    5: "User authorization failed: invalid access_token",
    6: "Too many requests per second",
    7: "Permission denied",
    8: "Invalid request",
    9: "Flood control",
    10: "Internal server error",
    12: "Unable to compile code",
    13: "Runtime error: response size is too big",
    14: "Captcha needed",
    15: "Access denied",
    18: "User was deleted or banned",
    19: "Content is blocked",
    27: "Group authorization failed: method is unavailable with group auth",
    28: "Application authorization failed: method is unavailable with service token",
    29: "Rate limit reached",
    30: "This profile is private",
    100: "One of the parameters is missing or invalid",
    104: "Not found",
    113: "Invalid user id",
    125: "Invalid group id",
    203: "Access to the group is denied",
    212: "Access to post comments is denied",
    213: "Replies to the post are denied",
    222: "Hyperlinks are forbidden",
    223: "Too many replies",
    1051: "Method is unavailable for this profile type",
    1117: "Access token has expired",
}


class VkError(Exception):
    """What the API answers instead of a response; ``extra`` are further fields of the error."""

    def __init__(self, code: int, message: str = "", **extra: Any) -> None:
        """Take the usual message of the code unless told another."""
        super().__init__(code)
        self.code = code
        self.message = message or MESSAGES.get(code, "Error")
        self.extra = extra


class Kind(StrEnum):
    """Kinds of tokens."""

    USER = "user"
    GROUP = "group"
    SERVICE = "service"


RATES = {Kind.USER: 3, Kind.GROUP: 20, Kind.SERVICE: 3}


@dataclass(slots=True)
class FakeToken:
    """A token that the fake knows.

    ``groups`` are ids (positive) of the communities that it administers; a community's token
    has one. ``dead`` is the code that every call answers (5, 1117 …), ``refusals`` codes by
    method (7, 15, 1051 …). ``captcha``: every call answers 14 until solved; with
    ``bare_captcha`` the answer lacks the captcha's fields. ``rate`` is calls a second,
    ``quotas`` calls a day by method; both may be changed at any moment.
    """

    secret: str
    kind: Kind
    user_id: int = 0
    groups: set[int] = field(default_factory=set)
    rate: int = 0
    quotas: dict[str, int] = field(default_factory=lambda: dict(QUOTAS))
    dead: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    captcha: bool = False
    bare_captcha: bool = False
    permissions: dict[str, int] = field(
        default_factory=lambda: {"photos": 4, "wall": 8192, "manage": 262_144}
    )
    times: deque[float] = field(default_factory=deque)
    used: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Fill in what follows from the kind of token."""
        self.rate = self.rate or RATES[self.kind]
        if self.secret.startswith("vk2.a."):
            self.refusals = dict.fromkeys(NEW_STYLE_REFUSED, 1051) | self.refusals

    def check_kind(self, method: str, kinds: frozenset[Kind]) -> None:
        """Raise the error of a token that may not call the method."""
        if code := self.refusals.get(method):
            raise VkError(code)
        if self.kind not in kinds:
            raise VkError({Kind.GROUP: 27, Kind.SERVICE: 28, Kind.USER: 15}[self.kind])

    def check_rate(self, now: float) -> None:
        """Count a call; raise 6 when ``rate`` calls were allowed within the last second."""
        while self.times and self.times[0] <= now - WINDOW + 1e-6:
            self.times.popleft()
        if len(self.times) >= self.rate:
            raise VkError(6)
        self.times.append(now)

    def check_captcha(self, params: dict[str, str]) -> None:
        """Raise 14 until ``captcha_sid`` comes back with any ``captcha_key``."""
        if not self.captcha:
            return
        if params.get("captcha_sid") == "1001" and params.get("captcha_key"):
            self.captcha = False
            return
        if self.bare_captcha:
            raise VkError(14)
        raise VkError(
            14,
            captcha_sid="1001",
            captcha_img="https://api.vk.com/captcha.php?sid=1001",
            redirect_uri="https://id.vk.com/not_robot_captcha?sid=1001",
            is_refresh_enabled=True,
        )

    def check_quota(self, method: str, now: float) -> None:
        """Count a call of the day; raise 29 when the method's quota is spent."""
        place = (method, int(now + MOSCOW) // DAY)
        if method in self.quotas and self.used[place] >= self.quotas[method]:
            raise VkError(29)
        self.used[place] += 1


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the server saw it; ``code`` is 0 for a response.

    ``inside`` calls came within an ``execute``. ``secret`` is the token.
    """

    at: float
    secret: str
    method: str
    code: int
    inside: bool
    params: dict[str, str]


class CallLog(deque[Call]):
    """The latest calls, refused ones included: what tests count."""

    def __init__(self) -> None:
        """Keep a hundred thousand."""
        super().__init__(maxlen=100_000)

    def count(  # type: ignore[override]  # counts by what a call was, not by equality
        self, method: str | None = None, *, secret: str | None = None, code: int | None = None
    ) -> int:
        """Return how many calls there were of the method, the token, with the code."""
        return sum(
            method in {None, call.method}
            and secret in {None, call.secret}
            and code in {None, call.code}
            for call in self
        )

    def busiest_second(self, secret: str) -> int:
        """Return the largest number of requests of the token within any one second."""
        times = sorted(call.at for call in self if call.secret == secret and not call.inside)
        most = start = 0
        for end, at in enumerate(times):
            while times[start] <= at - WINDOW + 1e-6:
                start += 1
            most = max(most, end - start + 1)
        return most


@dataclass(slots=True)
class ApiFaults:
    """Errors of the API's own, at random by a seed or planned.

    Half of the calls so answered are carried out first, as with ``fakes.server.Faults``; of the
    planned ones, each says so itself. Refusals for pace (6) are never carried out.
    """

    share: float = 0.0
    codes: Sequence[int] = (1, 6, 10)
    seed: int = 1
    planned: list[tuple[int, bool]] = field(default_factory=list)
    counted: Counter[int] = field(default_factory=Counter)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Seed the dice."""
        self.dice = random.Random(self.seed)  # noqa: S311 - repeatable faults, no secrets

    def next(self) -> tuple[int, bool] | None:
        """Return the error of this call and whether the call is carried out first."""
        if self.planned:
            code, carried_out = self.planned.pop(0)
        elif self.dice.random() < self.share:
            code, carried_out = self.dice.choice(self.codes), self.dice.random() < 0.5
        else:
            return None
        self.counted[code] += 1
        return code, carried_out and code != 6
