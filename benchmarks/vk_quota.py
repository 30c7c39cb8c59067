"""How many calls a day it takes to follow 200 communities, and whether anything is missed.

    python benchmarks/vk_quota.py                200 communities, 3 days
    python benchmarks/vk_quota.py 20 1           20 communities, 1 day

Each community writes eight posts a day, each with comments of the following hours; some are
edited or deleted. The fake network answers within the process, on a clock that nobody waits for.
Known posts are watched every 15 minutes; how often wall.get is spent is what the product plans
for such communities. Calls a day are printed by method, with what the store has against what
stands there and how late it came. Baseline, by arithmetic: wall.get for each community every 15
minutes, and wall.getComments for each post of two days each time, as a straightforward program
does.
"""

import asyncio
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import fakes.vk  # noqa: F401 - fills the table of methods
from fakes.vk_calls import Ask, carry_out
from fakes.vk_limits import Kind, VkError
from fakes.vk_world import VERSION, VkWorld

from connectors.vk.api import QUOTAS, sent
from connectors.vk.errors import refusal
from connectors.vk.walls import Wall
from connectors.vk.watch import Watch
from models.values import FetchedPost
from pipeline.decisions.polling import intervals

START = datetime(2026, 11, 17, tzinfo=UTC)
POSTS_A_DAY = 8
COMMENTS = 12
"""On average below a post, within ten hours."""

TICK = timedelta(minutes=15)
SETTLING = timedelta(hours=26)
"""After the last day, so that late deletions and daily re-readings come to their end."""

SECRET = "benchmark"  # noqa: S105 - the fake's own


class Within:
    """The fake's methods, called without HTTP; answers cost no time."""

    def __init__(self, world: VkWorld) -> None:
        """Call as a service token."""
        self.world = world
        self.token = world.add_token(SECRET, Kind.SERVICE, rate=10**9)
        self.calls: Counter[tuple[str, int]] = Counter()

    async def call(self, method: str, params: Mapping[str, object]) -> object:
        """Answer as VkApi does."""
        day = int((self.world.clock() - START.timestamp()) // 86_400)
        self.calls[method, day] += 1
        form = sent(params) | {"v": VERSION}
        try:
            answer: Any = carry_out(Ask(self.world, self.token, method, form, ""), inside=False)
        except VkError as error:
            raise refusal(method, error.code) from None
        return answer


class Town:
    """The communities and what happens there, planned ahead by a seed."""

    def __init__(self, communities: int, days: int) -> None:
        """Plan all posts, comments, edits and deletions."""
        self.now = START
        self.world = VkWorld(clock=self._clock)
        self.owners = range(-990_000_000 - communities, -990_000_000)
        dice = random.Random(1)  # noqa: S311 - repeatable
        for owner in self.owners:
            self.world.add_wall(owner, f"Посёлок {-owner}", f"club{-owner}")
            for _ in range(POSTS_A_DAY * days):
                at = START + timedelta(days=days) * dice.random()
                self._plan(owner, at, dice)

    def _clock(self) -> float:
        return self.now.timestamp()

    def _plan(self, owner: int, at: datetime, dice: random.Random) -> None:
        comments = sorted(dice.expovariate(1 / 2.5) for _ in range(dice.randint(0, 2 * COMMENTS)))
        fate = dice.random()

        def write() -> None:
            post = self.world.add_post(owner, f"Новость {at:%d %H:%M:%S}", date=int(at.timestamp()))
            for hours in comments:
                moment = (at + timedelta(hours=min(hours, 10.0))).timestamp()
                said = partial(comment, post.id, dice.randint(1, 10_000), int(moment))
                self.world.schedule(moment, said)
            later = (at + timedelta(hours=3)).timestamp()
            if fate < 0.05:
                self.world.schedule(later, lambda: self.world.delete_post(owner, post.id))
            elif fate < 0.2:
                self.world.schedule(later, lambda: self.world.edit_post(owner, post.id, "Иначе"))

        def comment(post_id: int, author: int, date: int) -> None:
            said = f"Мнение {author}"
            self.world.add_comment(owner, post_id, said, from_id=author, date=date)

        self.world.schedule(at.timestamp(), write)

    def standing(self) -> dict[str, str]:
        """Return the texts that stand on all walls, by external id."""
        return {
            f"{wall.owner_id}_{post.id}{suffix}": text
            for wall in self.world.walls.values()
            for post in wall.posts.values()
            if not post.deleted
            for suffix, text in [
                ("", post.text),
                *((f"_r{one.id}", one.text) for one in post.comments.values() if not one.deleted),
            ]
        }


class Store:
    """The newest text of everything, by external id, and each wall's cursor."""

    def __init__(self) -> None:
        """Begin empty."""
        self.texts: dict[str, str] = {}
        self.below: dict[str, set[str]] = {}
        self.cursors: dict[int, dict[str, object]] = {}
        self.delays: dict[str, list[float]] = {"post": [], "comment": []}
        self._seen: set[str] = set()

    def take(self, posts: tuple[FetchedPost, ...], now: datetime) -> None:
        """Store posts, and remove what is deleted."""
        for post in posts:
            if post.external_id not in self._seen and post.published_at:
                self._seen.add(post.external_id)
                delay = (now - post.published_at).total_seconds() / 60
                self.delays[post.kind.value].append(delay)
            if post.deleted:
                self.texts.pop(post.external_id, None)
            else:
                self.texts[post.external_id] = post.text
            if post.root_id:
                below = self.below.setdefault(post.root_id, set())
                (below.discard if post.deleted else below.add)(post.external_id)


async def read_wall(
    owner: int, api: Within, watch: Watch, store: Store, now: datetime, *, full: bool
) -> None:
    """Read one wall to its end, as the product does."""
    wall = Wall(
        api,
        watch,
        owner_id=owner,
        full=full,
        known_comments=lambda post_id: sorted(store.below.get(post_id, ())),
    )
    more = True
    while more:
        page = await wall.fetch(store.cursors.get(owner, {}), now=now)
        store.take(page.posts, now)
        store.cursors[owner] = page.cursor
        more = page.more


async def follow(town: Town, days: int) -> tuple[Within, Store]:
    """Follow all communities to the end of the days, and a day longer without news."""
    api, store = Within(town.world), Store()
    watch = Watch(api, linger=0)
    gap = timedelta(days=1) / POSTS_A_DAY
    every = intervals([gap] * len(town.owners), QUOTAS["wall.get"])[0]
    # Spread over the interval, as the product's own schedule comes to be.
    due = {
        owner: START + every * number / len(town.owners) for number, owner in enumerate(town.owners)
    }
    while town.now < START + timedelta(days=days) + SETTLING:
        town.now += TICK
        town.world.tick()
        full = {owner for owner, at in due.items() if at <= town.now}
        for owner in full:
            due[owner] += every
        await asyncio.gather(
            *(
                read_wall(owner, api, watch, store, town.now, full=owner in full)
                for owner in town.owners
            )
        )
    return api, store


def report(town: Town, api: Within, store: Store, days: int) -> None:
    """Print calls a day, what is missing, and how late things came."""
    communities = len(town.owners)
    looks = timedelta(days=1) // TICK
    plain = {
        "wall.get": looks * communities,
        "wall.getComments": looks * communities * POSTS_A_DAY * 2,
    }
    print("method             calls a day (most)   quota   baseline")
    for method in sorted({method for method, _ in api.calls}):
        most = max(api.calls[method, day] for day in range(days))
        print(
            f"{method:<18} {most:>12}   {QUOTAS.get(method, '-'):>12}   {plain.get(method, '-'):>8}"
        )
    total = max(sum(api.calls[m, day] for m, d in api.calls if d == day) for day in range(days))
    print(f"all, a second      {total / 86_400:>12.2f}   {3:>12}")
    stands = town.standing()
    print(f"texts that stand   {len(stands):>12}")
    print(f"of them missing    {len(stands.keys() - store.texts.keys()):>12}")
    print(f"other than stored  {sum(store.texts.get(k, v) != v for k, v in stands.items()):>12}")
    print(f"deleted, but kept  {len(store.texts.keys() - stands.keys()):>12}")
    for kind, delays in store.delays.items():
        late = statistics.quantiles(delays, n=20)
        print(f"minutes to a {kind:<8} median {late[9]:.0f}, 95 of 100 within {late[18]:.0f}")
    print(
        f"largest cursor     {max(len(str(one)) for one in store.cursors.values()):>12} characters"
    )


def main() -> None:
    """Follow the communities and report."""
    communities, days = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (200, 3)
    began = time.perf_counter()
    town = Town(communities, days)
    api, store = asyncio.run(follow(town, days))
    report(town, api, store, days)
    print(f"simulated in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
