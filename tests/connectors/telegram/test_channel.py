"""A public channel, read from the fake t.me: what comes, how often it is asked, what is gone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from fakes.server import FakeServer, Fault, Faults
from fakes.telegram import TelegramFake
from fakes.telegram_world import TelegramWorld
from messengers import HOUR, Desk, Shelf, Time, desk, read, read_through

from connectors.base import Action, ApiError, SourceError, UnreachableError
from connectors.ledger import HeldError
from connectors.telegram.api import NO_TOKEN
from connectors.telegram.channel import Channel

NAME = "smolray"


@dataclass(slots=True)
class Bench:
    world: TelegramWorld
    time: Time
    server: FakeServer
    desk: Desk
    shelf: Shelf = field(default_factory=Shelf)

    def channel(self, *, name: str = NAME, open_posts: frozenset[str] = frozenset()) -> Channel:
        return Channel(
            self.desk.http,
            self.desk.caller(NO_TOKEN),
            channel=name,
            base=self.server.url,
            open_posts=open_posts,
            known_comments=self.shelf.comments,
        )

    async def sweep_after(self, *, seconds: float) -> None:
        self.time.forward(seconds=seconds)
        await read(self.channel(), self.shelf, self.time)

    async def sweep(self, *, open_posts: frozenset[str] = frozenset()) -> None:
        self.time.forward(minutes=15)
        await read(self.channel(open_posts=open_posts), self.shelf, self.time)

    def standing(self) -> dict[str, str]:
        """Return what a reader should know of the channel."""
        found = {}
        for number, post in self.world.channels[NAME].posts.items():
            if not post.service:
                found[f"{NAME}/{number}"] = post.text
                found |= {
                    f"{NAME}/{number}/{one}": said.text for one, said in post.comments.items()
                }
        return found


@asynccontextmanager
async def bench(faults: Faults | None = None) -> AsyncIterator[Bench]:
    time = Time()
    world = TelegramWorld(clock=time.clock)
    world.add_channel(NAME, "Смоленский район")
    async with (
        FakeServer(TelegramFake(world).app, faults=faults) as server,
        desk(time) as one,
    ):
        yield Bench(world, time, server, one)


async def test_posts_come_with_their_comments() -> None:
    async with bench() as there:
        post = there.world.post(NAME, "Расписание автобусов 🚌")
        said = there.world.comment(NAME, post, "А в Печерск не ходит третий день")
        there.world.comment(NAME, post, "И в Катынь", reply_to=said)

        await there.sweep()

        assert there.shelf.living() == {
            "smolray/2": "Расписание автобусов 🚌",
            "smolray/2/101": "А в Печерск не ходит третий день",
            "smolray/2/102": "И в Катынь",
        }
        assert there.shelf.roots["smolray/2/102"] == "smolray/2"
        assert not there.shelf.rejected


async def test_the_first_reading_goes_back_two_days() -> None:
    async with bench() as there:
        for hours in range(120, 0, -1):
            there.world.post(NAME, f"{hours} ч назад", at=there.time.at - hours * HOUR)

        await there.sweep()

        texts = {*there.shelf.living().values()}
        assert {f"{hours} ч назад" for hours in range(1, 48)} <= texts
        assert "100 ч назад" not in texts


async def test_after_a_long_silence_nothing_is_left_out() -> None:
    async with bench() as there:
        there.world.post(NAME, "до отпуска")
        await there.sweep()
        for number in range(70):
            there.time.forward(hours=4)
            there.world.post(NAME, f"новость {number}")

        await there.sweep()

        assert there.shelf.living() == there.standing()


async def test_edits_are_seen_by_their_text() -> None:
    async with bench() as there:
        post = there.world.post(NAME, "Воды нет")
        said = there.world.comment(NAME, post, "Где?")
        await there.sweep()
        there.world.edit(NAME, post, "Воды нет в Хохлово")
        there.world.edit(NAME, post, "Когда дадут?", comment=said)

        await there.sweep()

        assert there.shelf.living() == there.standing()


async def test_what_is_missing_twice_is_deleted() -> None:
    async with bench() as there:
        posts = [there.world.post(NAME, f"пост {number}") for number in range(4)]
        said = [there.world.comment(NAME, posts[1], f"мнение {number}") for number in range(3)]
        await there.sweep()
        there.world.delete(NAME, posts[3])
        there.world.delete(NAME, posts[2])
        there.world.delete(NAME, posts[1], comment=said[0])

        await there.sweep()
        once = {*there.shelf.living()}
        await there.sweep()

        assert {"smolray/5", "smolray/4", "smolray/3/101"} <= once
        assert there.shelf.living() == there.standing()
        assert there.shelf.posts["smolray/5"].deleted


async def test_one_lagging_answer_deletes_nothing() -> None:
    async with bench() as there:
        post = there.world.post(NAME, "на месте")
        there.world.post(NAME, "рядом")
        await there.sweep()
        kept = there.world.channels[NAME].posts.pop(post)
        await there.sweep()
        there.world.channels[NAME].posts[post] = kept

        for _ in range(2):
            await there.sweep()

        assert there.shelf.living() == there.standing()


async def test_a_post_out_of_the_window_is_not_taken_for_deleted() -> None:
    async with bench() as there:
        for number in range(60):
            there.world.post(NAME, f"пост {number}", at=there.time.at - (60 - number) * HOUR)
        await there.sweep()
        for _ in range(30):
            there.time.forward(hours=6)
            there.world.post(NAME, "ещё")
            await there.sweep()

        assert not [one for one in there.shelf.posts.values() if one.deleted]


async def test_an_old_post_with_an_open_incident_is_still_followed() -> None:
    async with bench() as there:
        post = there.world.post(NAME, "Яма на дороге в Стабну")
        await there.sweep()
        for _ in range(80):
            there.time.forward(hours=2)
            there.world.post(NAME, "новость")
        await there.sweep()
        there.world.comment(NAME, post, "Яма всё ещё там")
        there.world.edit(NAME, post, "Яма на дороге в Стабну у моста")

        await there.sweep()
        before = dict(there.shelf.living())
        await there.sweep(open_posts=frozenset({f"{NAME}/{post}/777", "other/1", "-5_1"}))

        assert before[f"{NAME}/{post}"] == "Яма на дороге в Стабну"
        assert there.shelf.living()[f"{NAME}/{post}"] == "Яма на дороге в Стабну у моста"
        assert there.shelf.living()[f"{NAME}/{post}/101"] == "Яма всё ещё там"


async def test_a_deleted_old_post_with_an_open_incident_is_noticed() -> None:
    async with bench() as there:
        post = there.world.post(NAME, "Яма")
        await there.sweep()
        for _ in range(50):
            there.time.forward(hours=2)
            there.world.post(NAME, "новость")
        there.world.delete(NAME, post)

        for _ in range(2):
            await there.sweep(open_posts=frozenset({f"{NAME}/{post}"}))

        assert there.shelf.posts[f"{NAME}/{post}"].deleted


async def test_requests_are_a_second_apart() -> None:
    async with bench() as there:
        there.world.web_rate = 1
        for number in range(50):
            there.world.comment(NAME, there.world.post(NAME, f"{number}"), "да")

        await there.sweep()

        moments = [at for at, _ in there.world.log]
        assert len(moments) > 50
        assert min(after - before for before, after in pairwise(moments)) >= 1


async def test_a_refusal_for_pace_is_obeyed() -> None:
    async with bench() as there:
        there.world.post(NAME, "новость")
        there.world.refusals, there.world.retry_after = 2, 20

        await there.sweep()

        first, second, third, *_ = [at for at, _ in there.world.log]
        assert second - first >= 20
        assert third - second >= 20
        assert there.shelf.living() == there.standing()


async def test_who_asks_for_a_long_pause_is_left_alone() -> None:
    async with bench() as there:
        there.world.post(NAME, "новость")
        there.world.refusals, there.world.retry_after = 1, 300
        with pytest.raises(ApiError, match="слишком много запросов"):
            await there.sweep()
        with pytest.raises(HeldError):
            await there.sweep_after(seconds=200)

        await there.sweep_after(seconds=120)

        assert len({path for _, path in there.world.log}) == 2
        assert there.shelf.living() == there.standing()


async def test_a_channel_without_preview_says_what_to_do() -> None:
    async with bench() as there:
        there.world.add_channel("zakryto", "Закрыто", preview=False)

        with pytest.raises(ApiError, match=r"предпросмотра.*читайте его ботом") as caught:
            await there.channel(name="zakryto").fetch({}, now=there.time.now())

        assert caught.value.action is Action.CLOSED


@pytest.mark.parametrize("name", ["", "abc", "имя", "a/../b", "x" * 33, "smol-ray", "smolray\n"])
async def test_an_impossible_name_is_refused_at_once(name: str) -> None:
    async with bench() as there:
        with pytest.raises(SourceError, match="не может быть именем канала"):
            there.channel(name=name)


async def test_a_channel_without_discussion_costs_few_requests() -> None:
    async with bench() as there:
        there.world.channels[NAME].discussion = False
        for number in range(15):
            there.world.post(NAME, f"{number}")

        await there.sweep()
        await there.sweep(open_posts=frozenset({f"{NAME}/5"}))

        assert there.shelf.living() == there.standing()
        assert sum("/smolray/" in path for _, path in there.world.log) == 3 + 4
        assert there.world.log[-1][1].endswith("/smolray/5")


async def test_more_comments_than_a_page_shows_are_told_to_a_person() -> None:
    async with bench() as there:
        post = there.world.post(NAME, "Что с дорогой?")
        for number in range(70):
            there.world.comment(NAME, post, f"мнение {number}")
        await there.sweep()
        told = len(there.shelf.rejected)

        await there.sweep()

        assert told == 1
        assert "последние 50" in there.shelf.rejected[0].what
        assert there.shelf.rejected[0].payload == f"https://t.me/{NAME}/{post}"
        assert len(there.shelf.rejected) == 1, "by then the comments below are known"
        assert len(there.shelf.comments(f"{NAME}/{post}")) == 50


async def test_an_empty_page_is_a_refusal_of_telegram() -> None:
    async with bench() as there:
        there.world.channels[NAME].posts.clear()

        with pytest.raises(UnreachableError, match="слишком частые"):
            await there.channel().fetch({}, now=there.time.now())


async def test_one_unreadable_discussion_does_not_stop_the_others() -> None:
    async with bench() as there:
        for number in range(3):
            there.world.comment(NAME, there.world.post(NAME, f"{number}"), "слово")
        works = [(Fault.HTML, False)]
        there.server.faults.planned = []
        page = await there.channel().fetch({}, now=there.time.now())
        there.shelf.take(page)
        there.server.faults.planned = works * 5

        await read(there.channel(), there.shelf, there.time)

        assert [one.payload for one in there.shelf.rejected] == [f"https://t.me/{NAME}/4"]
        assert there.shelf.comments(f"{NAME}/3")
        await there.sweep()
        assert there.shelf.living() == there.standing()


@pytest.mark.parametrize("status", [404, 500])
async def test_a_failing_server_is_named_without_its_address(status: int) -> None:
    async with bench() as there:
        there.server.faults.planned = [(Fault.SERVER_ERROR, False)] * 9
        name = NAME if status == 500 else "netakogo"
        if status == 404:
            there.server.faults.planned = []

        with pytest.raises(SourceError) as caught:
            await there.channel(name=name).fetch({}, now=there.time.now())

        assert "http" not in str(caught.value)


async def test_faults_on_every_third_answer_change_nothing() -> None:
    faults = Faults(share=0.3, seed=7, hang_seconds=0.02)
    async with bench(faults) as there:
        for number in range(30):
            post = there.world.post(NAME, f"пост {number}")
            there.world.comment(NAME, post, f"мнение {number}")
            there.time.forward(hours=1)
        for _ in range(2):
            await read_through(there.channel(), there.shelf, there.time)
        there.world.edit(NAME, 20, "исправлено")
        there.world.delete(NAME, 25)
        for _ in range(3):
            await read_through(there.channel(), there.shelf, there.time)

        assert there.shelf.living() == there.standing()
        assert sum(faults.counted.values()) > 40
