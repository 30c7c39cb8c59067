"""A call of a method of the fake VKontakte, and the table of methods.

A method is a function of an ``Ask`` that returns what goes under ``response`` or raises VkError.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fakes.vk_data import Wall
from fakes.vk_limits import FakeToken, Kind, VkError
from fakes.vk_shapes import group_json, user_json
from fakes.vk_world import VkWorld

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Ask:
    """One call: the world, who asks, with which parameters; ``base`` is the server's address."""

    world: VkWorld
    token: FakeToken
    method: str
    params: dict[str, str]
    base: str

    def integer(self, name: str, default: int = 0) -> int:
        """Return a whole number. Raises VkError 100."""
        text = self.params.get(name, "").strip()
        if not text:
            return default
        try:
            return int(text[:20])
        except ValueError:
            raise VkError(100, f"{name} should be an integer") from None

    def natural(self, name: str, default: int, most: int) -> int:
        """Return a number from 0 to ``most``; a larger one is taken for ``most``, as there."""
        number = self.integer(name, default)
        if number < 0:
            raise VkError(100, f"{name} should be positive")
        return min(number, most)

    def flag(self, name: str) -> bool:
        """Return a yes or no."""
        return self.params.get(name, "0") not in {"", "0", "false"}

    def texts(self, name: str) -> list[str]:
        """Return the values between commas."""
        return [part.strip() for part in self.params.get(name, "").split(",") if part.strip()]

    def need(self, name: str) -> str:
        """Return a parameter. Raises VkError 100 without it."""
        if not self.params.get(name):
            raise VkError(100, f"One of the parameters is missing or invalid: {name} is undefined")
        return self.params[name]

    def wall(self) -> Wall:
        """Return the wall that owner_id, domain or group_id names. Raises VkError."""
        if self.params.get("owner_id"):
            wall = self.world.walls.get(self.integer("owner_id"))
        elif self.params.get("domain"):
            wall = self.world.named(self.params["domain"])
        elif self.params.get("group_id"):
            wall = self.world.walls.get(-self.integer("group_id"))
            if wall is None:
                raise VkError(125)
        else:
            raise VkError(100, "One of the parameters is missing or invalid: owner_id is undefined")
        if wall is None:
            raise VkError(100, "One of the parameters is missing or invalid: owner_id is unknown")
        if wall.refusal:
            raise VkError(wall.refusal)
        return wall

    def page(self, items: list[Item], *, offset: int, count: int) -> list[Item]:
        """Return a page, which the server may cut short although more follows."""
        page = items[max(offset, 0) : max(offset, 0) + count]
        cap = self.world.page_cap.get(self.method, count)
        if page and self.world.dice.random() < self.world.short_share:
            cap = min(cap, self.world.dice.randint(1, math.ceil(len(page) / 2)))
        return page[:cap]

    def extend(self, answer: dict[str, Any], ids: set[int]) -> dict[str, Any]:
        """Add who is who when ``extended`` is asked for; ids of communities are negative."""
        if self.flag("extended"):
            answer["profiles"] = [
                user_json(owner, deleted=owner in self.world.deleted_users)
                for owner in sorted(ids)
                if owner > 0
            ]
            answer["groups"] = [
                group_json(self.world.walls[owner])
                for owner in sorted(ids)
                if owner < 0 and owner in self.world.walls
            ]
        return answer


Method = Callable[[Ask], Any]
METHODS: dict[str, tuple[Method, frozenset[Kind]]] = {}
"""Filled by the modules that hold the methods."""


def method(name: str, *kinds: Kind) -> Callable[[Method], Method]:
    """Enter a method with the kinds of tokens that may call it."""

    def enter(function: Method) -> Method:
        METHODS[name] = (function, frozenset(kinds))
        return function

    return enter


def carry_out(ask: Ask, *, inside: bool) -> Any:
    """Answer a call, or carry it out and answer an error, or only the error.

    ``inside`` calls stand in an execute: they count against quotas as any other, and not
    against the pace. Both is believed, not known.
    """
    now = ask.world.clock()
    if ask.method not in METHODS:
        raise VkError(3)
    function, kinds = METHODS[ask.method]
    ask.token.check_kind(ask.method, kinds)
    if not inside:
        ask.token.check_rate(now)
        ask.token.check_captcha(ask.params)
    ask.token.check_quota(ask.method, now)
    fault = ask.world.api_faults.next()
    if fault is None:
        return function(ask)
    code, done = fault
    if done:
        function(ask)
    raise VkError(code)
