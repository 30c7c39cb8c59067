"""The chats of a MAX bot, read from the fake: what events bring, and what the sweep finds."""

from datetime import timedelta

from fakes.max_world import BOT_ID
from max_bench import CHANNEL, DIALOG, GROUP, bench, key
from messengers import HOUR

from connectors.max.progress import Progress, Stage


async def test_posts_comments_talk_and_appeals_come_together() -> None:
    async with bench() as there:
        await there.read()
        post = there.world.say(CHANNEL, "Расписание автобусов", author=None)
        said = there.world.comment(post, "А в Печерск?", author=501)
        there.world.comment(post, "И в Катынь", author=502, answers=said)
        talk = there.world.say(GROUP, "Пахнет газом на Лесной", author=503)
        answer = there.world.say(GROUP, "И у нас", author=504, answers=talk)
        there.world.say(DIALOG, "Здравствуйте, нет воды", author=505)

        await there.read()

        assert there.shelf.living() == there.standing()
        assert len(there.shelf.living()) == 6
        assert there.shelf.roots[key(said)] == key(post)
        assert there.shelf.roots[key(answer)] == key(talk)
        assert not there.shelf.rejected


async def test_without_a_marker_the_sweep_brings_what_was_before() -> None:
    async with bench() as there:
        for hours in range(60, 0, -1):
            at = there.time.at - hours * HOUR
            post = there.world.say(CHANNEL, f"{hours} ч назад", author=None, at=at)
            there.world.comment(post, f"о том, что {hours} ч назад", author=501, at=at + 60)

        await there.read()

        texts = {*there.shelf.living().values()}
        assert {f"{hours} ч назад" for hours in range(1, 48)} <= texts
        assert {f"о том, что {hours} ч назад" for hours in range(1, 48)} <= texts


async def test_chats_are_learned_of_from_events() -> None:
    async with bench() as there:
        await there.read(chats=())
        there.world.say(GROUP, "слышно", author=501)
        await there.read(chats=())
        there.world.say(GROUP, "не слышно", author=501, quietly=True)

        await there.read(chats=())

        assert there.shelf.living() == there.standing()
        assert there.shelf.cursor["learned"] == [GROUP]

        there.world.expel(GROUP)
        await there.read(chats=())
        assert "learned" not in there.shelf.cursor
        assert not there.shelf.rejected


async def test_edits_and_removals_come_as_events() -> None:
    async with bench() as there:
        await there.read()
        post = there.world.say(CHANNEL, "Воды не будет", author=None)
        said = there.world.comment(post, "Когда дадут?", author=501)
        gone = there.world.comment(post, "Лишнее", author=502)
        talk = there.world.say(GROUP, "Куплю дрова", author=503)
        await there.read()
        there.time.forward(seconds=5)
        there.world.edit(post, "Воды не будет до вечера")
        there.world.edit(said, "Когда дадут воду в Хохлово?")
        there.world.remove(gone)
        there.world.remove(talk)

        await there.read(every=timedelta(hours=1))

        assert there.shelf.living() == there.standing()
        assert there.shelf.posts[key(talk)].deleted


async def test_an_old_event_that_comes_again_changes_nothing() -> None:
    async with bench() as there:
        await there.read()
        said = there.world.say(GROUP, "Нет света", author=501)
        there.time.forward(seconds=5)
        there.world.edit(said, "Нет света на Мира")
        await there.read()
        marker = there.shelf.cursor["marker"]
        assert isinstance(marker, int)
        late = there.shelf.cursor | {"marker": marker - 2}
        there.world.updates.pop()

        there.shelf.take(
            await there.chats(every=timedelta(hours=1)).fetch(late, now=there.time.now())
        )

        assert there.shelf.living() == {key(said): "Нет света на Мира"}


async def test_the_sweep_finds_what_events_missed() -> None:
    async with bench() as there:
        post = there.world.say(CHANNEL, "Новость", author=None)
        said = there.world.comment(post, "Вопрос", author=501)
        gone = there.world.comment(post, "Ещё вопрос", author=501)
        await there.read()
        there.world.edit(post, "Новость с поправкой", quietly=True)
        there.world.edit(said, "Вопрос о дороге", quietly=True)
        there.world.comment(post, "Третий", author=502, quietly=True)
        there.world.remove(gone, quietly=True)
        there.world.say(GROUP, "Тихо сказано", author=503, quietly=True)

        for _ in range(2):
            await there.read(webhook=True)

        assert there.shelf.living() == there.standing()
        assert there.shelf.posts[key(gone)].deleted
        assert not [call for call in there.world.log[-9:] if call.name == "GET /updates"]


async def test_after_a_long_silence_nothing_is_left_out() -> None:
    async with bench() as there:
        await there.read()
        for number in range(130):
            there.time.forward(hours=2)
            there.world.say(GROUP, f"слово {number}", author=501, quietly=True)

        await there.read()

        assert there.shelf.living() == there.standing()


async def test_a_long_discussion_is_read_to_its_end() -> None:
    async with bench() as there:
        post = there.world.say(CHANNEL, "Что с дорогой?", author=None)
        for number in range(250):
            there.time.forward(seconds=1)
            there.world.comment(post, f"мнение {number}", author=501, quietly=True)

        await there.read()

        assert len(there.shelf.comments(key(post))) == 250


async def test_an_old_message_with_an_open_incident_is_still_followed() -> None:
    async with bench() as there:
        post = there.world.say(CHANNEL, "Яма у моста", author=None)
        first = there.world.say(GROUP, "Фонарь не горит", author=501)
        other = there.world.say(GROUP, "Провод висит", author=501)
        await there.read()
        there.time.forward(days=5)
        there.world.say(GROUP, "сегодня", author=502)
        there.world.say(CHANNEL, "сегодня", author=None)
        said = there.world.comment(post, "Яма ещё там", author=502, quietly=True)
        there.world.edit(first, "Фонарь не горит на Мира", quietly=True)
        there.world.remove(other, quietly=True)
        opened = frozenset({key(first), key(other), key(said), key(post)})

        for _ in range(2):
            await there.read(open_posts=opened)

        assert there.shelf.living() == there.standing()


async def test_what_a_bot_says_is_not_taken_for_an_appeal() -> None:
    async with bench() as there:
        post = there.world.say(CHANNEL, "Новость", author=None)
        there.world.comment(post, "Вопрос", author=501)
        there.world.comment(post, "Ответ приёмной", author=BOT_ID)
        there.world.say(GROUP, "Ответ приёмной", author=BOT_ID)

        await there.read()

        assert sorted(there.shelf.living().values()) == ["Вопрос", "Новость"]


async def test_sweeps_are_made_now_and_then() -> None:
    async with bench() as there:
        for _ in range(10):
            await there.read(every=timedelta(minutes=5))

        asked = [call.name for call in there.world.log]
        assert asked.count("GET /updates") == 10
        assert asked.count("GET /messages") == 2 * 2


def test_a_page_that_never_goes_back_is_the_last_one() -> None:
    """A server that counts in other units shows the newest page again and again."""
    progress = Progress()
    progress.begin([GROUP], now=10_000)
    pages = 0
    while progress.stage == Stage.MESSAGES:
        progress.take_messages([9000, 8000], posts=[], newest="a", since=1, opened=[])
        pages += 1

    assert pages == 2
    assert progress.swept == 10_000
