"""What every token has used: pace, quotas, health. One file, shared by all processes.

A network counts requests per token, whoever sends them; so this is kept outside any process,
and outside the product's database, whose writers may hold their lock for longer than the pause
between two requests. Losing the file loses nothing but a day's count.
"""

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from connectors.base import SourceError

MOSCOW = timezone(timedelta(hours=3))
"""The networks' day; none of them documents when a quota begins anew."""

SLACK = 1.03
"""Requests are this much further apart than the network asks, for its clock is not ours."""

LONGEST_PACE = 600.0
LONGEST_HOLD = 86_400.0
"""Seconds; what the file says of a later moment was left by a clock that has since been set back,
and is not heeded: nothing is ever paused or held for longer."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS pace (token TEXT PRIMARY KEY, next_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS used (
    token TEXT, method TEXT, day TEXT, calls INTEGER NOT NULL, PRIMARY KEY (token, method, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (
    token TEXT, method TEXT, until REAL NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (token, method)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parked (
    token TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT NOT NULL, since REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS may (
    token TEXT, method TEXT, verdict TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (token, method)
) WITHOUT ROWID;
"""


class TokenState(StrEnum):
    """What a token is good for now."""

    OK = "ok"
    LIMITED = "limited"
    DEAD = "dead"
    NEEDS_PERSON = "needs_person"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "ok": "действует",
            "limited": "ограничен",
            "dead": "не действует",
            "needs_person": "ждёт человека",
        }[self.value]


class ParkedError(SourceError):
    """The token may not be used until a person does something about it."""


class HeldError(SourceError):
    """The method waits: a quota is spent or the network asked for a pause.

    ``until`` is Unix time.
    """

    def __init__(self, message: str, *, until: float) -> None:
        """Remember until when."""
        super().__init__(message)
        self.until = until


@dataclass(frozen=True, slots=True)
class Token:
    """A secret with its name and limits.

    ``name`` is how the settings call it, ``rate`` requests a second, ``quotas`` calls a day by
    method. In the ledger only a digest of the secret stands, so a new one starts afresh.
    """

    name: str
    secret: SecretStr
    rate: float
    quotas: Mapping[str, int] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Return what stands for the secret: its name and a digest that tells nothing."""
        digest = hashlib.sha256(self.secret.get_secret_value().encode()).hexdigest()
        return f"{self.name}:{digest[:16]}"


@dataclass(frozen=True, slots=True)
class Health:
    """A token's state with its reason, and its calls today with the methods' quotas."""

    state: TokenState
    reason: str
    used: Mapping[str, int]
    held: Mapping[str, datetime]
    may: Mapping[str, str]


class Ledger:
    """The file at ``path``, made if it is not there. Close it after use."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Open the file; ``clock`` gives Unix time and ``sleep`` waits seconds."""
        self._clock = clock
        self._sleep = sleep
        self._connection = sqlite3.connect(path, timeout=10.0, isolation_level=None)
        # The journal stays the usual one: SQLite does not wait for its turn to switch to another,
        # so of several processes that open a new file at once some would fail.
        # A count that a power cut loses is refused by the network itself.
        self._connection.execute("PRAGMA synchronous = OFF")
        with self._writing():
            for statement in SCHEMA.split(";"):
                self._connection.execute(statement)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    async def turn(self, token: Token, method: str) -> None:
        """Wait until ``token`` may call ``method``, and count the call.

        Raises ParkedError when a person has to act first, HeldError when the wait is until the
        quota begins anew or the network's pause is over.
        """
        await self._sleep(max(0.0, self._reserve(token, method) - self._clock()))

    async def space(self, token: Token) -> None:
        """Wait for another free moment of a call that was counted already and begins late."""
        await self._sleep(max(0.0, self._reserve(token, None) - self._clock()))

    def _reserve(self, token: Token, method: str | None) -> float:
        """Take the next free moment; requests start at equal distances, whoever sends them.

        ``method`` is counted; None for a call that was.
        """
        with self._writing():
            if method is not None:
                self._refuse(token, method)
            now, mark = self._clock(), token.mark
            found = self._one("SELECT next_at FROM pace WHERE token = ?", mark)
            step = SLACK / token.rate
            free = found[0] if found and found[0] <= now + LONGEST_PACE else now
            turn = max(now, free)
            self._connection.execute(
                "INSERT INTO pace VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET next_at = excluded.next_at",
                (mark, turn + step),
            )
            if method is not None:
                self._connection.execute(
                    "INSERT INTO used VALUES (?, ?, ?, 1)"
                    " ON CONFLICT DO UPDATE SET calls = calls + 1",
                    (mark, method, self._day()),
                )
        return turn

    def _refuse(self, token: Token, method: str) -> None:
        mark = token.mark
        parked = self._one("SELECT reason FROM parked WHERE token = ?", mark)
        if parked:
            raise ParkedError(f"Ключ {token.name}: {parked[0]}")
        now = self._clock()
        held = self._one(
            "SELECT until, reason FROM held WHERE token = ? AND method IN (?, '*')"
            " AND until > ? AND until <= ? ORDER BY until DESC",
            mark,
            method,
            now,
            now + LONGEST_HOLD,
        )
        if held:
            raise HeldError(f"Ключ {token.name}, метод {method}: {held[1]}", until=held[0])
        quota = token.quotas.get(method)
        if quota is not None and self.left(token, method) == 0:
            raise HeldError(
                f"Ключ {token.name}: суточный предел метода {method} ({quota}) исчерпан; "
                "опрос продолжится завтра.",
                until=self._tomorrow(),
            )

    def left(self, token: Token, method: str) -> int | None:
        """Return how many calls of ``method`` are left today; None when there is no quota."""
        quota = token.quotas.get(method)
        if quota is None:
            return None
        used = self._one(
            "SELECT calls FROM used WHERE token = ? AND method = ? AND day = ?",
            token.mark,
            method,
            self._day(),
        )
        return max(0, quota - int(used[0] if used else 0))

    def pause(self, token: Token, seconds: float) -> None:
        """Let nobody use ``token`` for so long, from now, five minutes at most; see ``hold``."""
        with self._writing():
            self._connection.execute(
                "INSERT INTO pace VALUES (?, ?) ON CONFLICT DO UPDATE SET"
                " next_at = MAX(next_at, excluded.next_at)",
                (token.mark, self._clock() + min(seconds, LONGEST_PACE / 2)),
            )

    def hold(self, token: Token, method: str, seconds: float, reason: str) -> None:
        """Let nobody call ``method`` ("*": any) with ``token`` for so long, a day at most.

        The reason is shown.
        """
        with self._writing():
            self._connection.execute(
                "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)",
                (
                    token.mark,
                    method,
                    self._clock() + min(seconds, LONGEST_HOLD),
                    reason[:500],
                ),
            )

    def park(self, token: Token, state: TokenState, reason: str) -> None:
        """Let nobody use ``token`` until it is replaced or released."""
        with self._writing():
            self._connection.execute(
                "INSERT OR REPLACE INTO parked VALUES (?, ?, ?, ?)",
                (token.mark, state.value, reason[:500], self._clock()),
            )

    def release(self, token: Token) -> None:
        """Use ``token`` again: a person has seen to it."""
        with self._writing():
            self._connection.execute("DELETE FROM parked WHERE token = ?", (token.mark,))
            self._connection.execute("DELETE FROM held WHERE token = ?", (token.mark,))

    def note(self, token: Token, method: str, verdict: str) -> None:
        """Keep what a probe found: "ok", or why ``token`` may not call ``method``."""
        with self._writing():
            self._connection.execute(
                "INSERT OR REPLACE INTO may VALUES (?, ?, ?, ?)",
                (token.mark, method, verdict[:500], self._clock()),
            )

    def health(self, token: Token) -> Health:
        """Return what is known of ``token``."""
        now, mark = self._clock(), token.mark
        parked = self._one("SELECT state, reason FROM parked WHERE token = ?", mark)
        held = {
            method: (datetime.fromtimestamp(until, UTC), reason)
            for method, until, reason in self._connection.execute(
                "SELECT method, until, reason FROM held"
                " WHERE token = ? AND until > ? AND until <= ?",
                (mark, now, now + LONGEST_HOLD),
            )
        }
        used = dict(
            self._connection.execute(
                "SELECT method, calls FROM used WHERE token = ? AND day = ?", (mark, self._day())
            )
        )
        may = dict(
            self._connection.execute("SELECT method, verdict FROM may WHERE token = ?", (mark,))
        )
        spent = [m for m, quota in token.quotas.items() if used.get(m, 0) >= quota]
        if parked:
            state, reason = TokenState(parked[0]), parked[1]
        elif held:
            state, reason = TokenState.LIMITED, next(iter(held.values()))[1]
        elif spent:
            state, reason = TokenState.LIMITED, f"исчерпан суточный предел: {', '.join(spent)}"
        else:
            state, reason = TokenState.OK, ""
        return Health(state, reason, used, {m: until for m, (until, _) in held.items()}, may)

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
        return row

    def _day(self) -> str:
        return f"{datetime.fromtimestamp(self._clock(), MOSCOW):%Y-%m-%d}"

    def _tomorrow(self) -> float:
        today = datetime.fromtimestamp(self._clock(), MOSCOW)
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight + timedelta(days=1)).timestamp()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
