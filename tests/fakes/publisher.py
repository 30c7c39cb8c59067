"""A publisher that fails as networks do, in whatever order a test asks for.

It stands in for a connector, not for a network's server, so it speaks in the connectors' types.
The network behind it knows no idempotency key: what is published twice stands there twice.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.base import Action, ApiError, UnreachableError
from connectors.ledger import HeldError, ParkedError
from connectors.publishing import Published, Reply
from models.vocabulary import Network


class Mode(StrEnum):
    """What becomes of one call."""

    OK = "ok"
    LOST_BEFORE = "lost_before"
    """No answer, and nothing was done."""
    LOST_AFTER = "lost_after"
    """It was done, but no answer came."""
    LATE = "late"
    """No answer; it is done, but can be seen only after 50 seconds."""
    SLOW = "slow"
    """It is done, and the answer never comes."""
    STUCK = "stuck"
    """It is not done, and no answer ever comes."""
    DEAD_TOKEN = "dead_token"  # noqa: S105 - a mode, not a secret
    PARKED = "parked"
    HELD = "held"
    PACE = "pace"
    FLOOD = "flood"
    REFUSED = "refused"
    BUG = "bug"
    KILLED_BEFORE = "killed_before"
    """The process dies on the way out, or once the network has done it."""
    KILLED_AFTER = "killed_after"


class KilledError(BaseException):
    """The process is gone: nothing of the product may catch this."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in the network, from ``visible_at`` on."""

    reply: Reply
    id: int
    visible_at: datetime


DONE = frozenset({Mode.OK, Mode.LOST_AFTER, Mode.LATE, Mode.SLOW, Mode.KILLED_AFTER})
ACTIONS = {
    Mode.DEAD_TOKEN: Action.TOKEN_DEAD,
    Mode.PACE: Action.PACE,
    Mode.FLOOD: Action.FLOOD,
    Mode.REFUSED: Action.REFUSED,
}


@dataclass(slots=True)
class FakePublisher:
    """Publishes into ``standing``.

    ``publishing`` and ``finding`` are the modes of the next calls, OK when they are used up;
    ``calls`` is what was asked for.
    """

    clock: Callable[[], datetime]
    limit: int = 4000
    publishing: list[Mode] = field(default_factory=list)
    finding: list[Mode] = field(default_factory=list)
    standing: list[Standing] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    async def publish(self, reply: Reply) -> Published:
        """Publish, as the next mode says."""
        self.calls.append("publish")
        await asyncio.sleep(0)
        mode = self.publishing.pop(0) if self.publishing else Mode.OK
        if mode in DONE:
            late = timedelta(seconds=50 if mode is Mode.LATE else 0)
            number = len(self.standing) + 1
            self.standing.append(Standing(reply, number, self.clock() + late))
        await self._fail(mode)
        return self._published(self.standing[-1])

    async def find(self, reply: Reply) -> Published | None:
        """Look below the post for the same words, as the next mode says."""
        self.calls.append("find")
        await asyncio.sleep(0)
        await self._fail(self.finding.pop(0) if self.finding else Mode.OK)
        for one in self.standing:
            same = (one.reply.external_id, one.reply.text) == (reply.external_id, reply.text)
            if same and one.visible_at <= self.clock():
                return self._published(one)
        return None

    def below(self, external_id: str) -> list[str]:
        """Return the texts that stand below a post."""
        return [one.reply.text for one in self.standing if one.reply.external_id == external_id]

    def _published(self, one: Standing) -> Published:
        return Published(
            f"{one.reply.external_id}_r{one.id}", f"https://vk.com/wall?reply={one.id}"
        )

    async def _fail(self, mode: Mode) -> None:
        if mode in {Mode.KILLED_BEFORE, Mode.KILLED_AFTER}:
            raise KilledError
        if mode in {Mode.SLOW, Mode.STUCK}:
            await asyncio.Event().wait()
        if mode in {Mode.LOST_BEFORE, Mode.LOST_AFTER, Mode.LATE}:
            raise UnreachableError("ВКонтакте не отвечает. Отклик повторит попытку.")
        if mode is Mode.PARKED:
            raise ParkedError("Ключ vk: срок ключа истёк, выпустите новый.")
        if mode is Mode.HELD:
            raise HeldError("Ключ vk: пауза по просьбе сети.", until=0.0)
        if mode is Mode.BUG:
            raise KeyError("comment_id")
        if mode in ACTIONS:
            raise ApiError(
                f"ВКонтакте: отказ ({mode.value}).",
                network=Network.VK,
                method="wall.createComment",
                code=1,
                action=ACTIONS[mode],
            )
