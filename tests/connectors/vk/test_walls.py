"""A wall is read from the fake network over loopback; the shelf must end as the wall stands."""

from datetime import timedelta

from vk_reading import OWNER, Shelf, connected, look, standing


async def test_a_wall_is_read_with_threads_beyond_the_preview() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        post = world.add_post(OWNER, "Отключение воды завтра")
        first = world.add_comment(OWNER, post.id, "А у нас её неделю нет", from_id=101)
        for number in range(250):
            world.add_comment(
                OWNER, post.id, f"И у нас {number}", from_id=200 + number, reply_to=first.id
            )
        for number in range(130):
            world.add_comment(OWNER, post.id, f"Где? {number}", from_id=900 + number)

        await look(there, shelf)

        assert shelf.living() == standing(world)
        assert len(shelf.living()) == 382
        reply = next(one for one in shelf.delivered if one.text == "И у нас 249")
        assert reply.root_id == f"{OWNER}_{post.id}"
        assert reply.parent_id == f"{OWNER}_{post.id}_r{first.id}"


async def test_only_the_last_48_hours_are_read_at_first_and_nothing_is_missed_afterwards() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        for hours in range(400, 0, -4):
            world.add_post(OWNER, f"{hours} часов назад", date=int(clock()) - hours * 3600)
        await look(there, shelf)
        assert len(shelf.living()) == 12

        clock.forward(days=6)  # nobody reads
        world.add_post(OWNER, "Пять суток назад", date=int(clock()) - 5 * 86400)
        for number in range(220):
            world.add_post(OWNER, f"Новость {number}", date=int(clock()) - 90_000 + number)
        await look(there, shelf)

        assert "Пять суток назад" in shelf.living().values()
        assert sum(text.startswith("Новость") for text in shelf.living().values()) == 220


async def test_one_call_a_reading_when_nothing_happens() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        for hours in range(1500, 0, -5):
            world.add_post(OWNER, "Объявление", date=int(clock()) - hours * 3600)
        await look(there, shelf)
        world.log.clear()

        clock.forward(minutes=15)
        await look(there, shelf)

        assert [call.method for call in world.log] == ["wall.get"]


async def test_an_old_pinned_post_ends_no_reading_and_is_watched_for_comments() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        rules = world.add_post(OWNER, "Правила", date=int(clock()) - 90 * 86400, pinned=True)
        long_ago = int(clock()) - 80 * 86400
        world.add_comment(OWNER, rules.id, "Спасибо", from_id=101, date=long_ago)
        for hours in range(600, 0, -1):
            world.add_post(OWNER, f"{hours} часов назад", date=int(clock()) - hours * 3600)

        await look(there, shelf)
        assert len(shelf.living()) == 48

        world.add_comment(OWNER, rules.id, "На Лесной прорвало трубу", from_id=102)
        clock.forward(minutes=15)
        await look(there, shelf)

        assert "На Лесной прорвало трубу" in shelf.living().values()
        assert not {"Правила", "Спасибо"} & set(shelf.living().values())


async def test_edits_are_seen_and_keep_their_moment() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        post = world.add_post(OWNER, "Свет дадут в шесть")
        await look(there, shelf)

        clock.forward(minutes=15)
        edited_at = clock.now.replace(microsecond=0)  # the network counts whole seconds
        world.edit_post(OWNER, post.id, "Свет дадут в восемь")
        clock.forward(minutes=15)
        await look(there, shelf)

        known = shelf.posts[f"{OWNER}_{post.id}"]
        assert (known.text, known.edited_at) == ("Свет дадут в восемь", edited_at)


async def test_comments_are_read_again_only_when_their_number_changes() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        post = world.add_post(OWNER, "Ремонт дороги")
        world.add_comment(OWNER, post.id, "Наконец-то", from_id=101)
        await look(there, shelf)
        world.log.clear()

        clock.forward(minutes=15)
        await look(there, shelf)
        assert world.log.count("wall.getComments") == 0

        world.add_comment(OWNER, post.id, "А Лесная?", from_id=102)
        clock.forward(minutes=15)
        await look(there, shelf, full=False)

        assert world.log.count("wall.getComments") == 1
        assert shelf.living() == standing(world)


async def test_an_edited_comment_under_an_open_incident_is_seen_after_some_hours() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        post = world.add_post(OWNER, "Ремонт дороги")
        comment = world.add_comment(OWNER, post.id, "А Лесная?", from_id=101)
        await look(there, shelf)
        world.edit_comment(OWNER, post.id, comment.id, "А Лесная, дом 5?")
        opened = f"{OWNER}_{post.id}_r{comment.id}"

        clock.forward(hours=2)
        await look(there, shelf, opened=opened)
        assert shelf.living()[opened] == "А Лесная?"

        clock.forward(hours=1)
        await look(there, shelf, opened=opened, full=False)
        assert shelf.living()[opened] == "А Лесная, дом 5?"


async def test_a_post_is_forgotten_after_a_week_unless_its_incident_is_open() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        closed = world.add_post(OWNER, "Субботник")
        opened = world.add_post(OWNER, "Яма на Лесной")
        await look(there, shelf)
        clock.forward(days=8)
        for one in (closed, opened):
            world.add_comment(OWNER, one.id, f"Что нового? {one.id}", from_id=101)

        await look(there, shelf, opened=f"{OWNER}_{opened.id}")

        assert f"Что нового? {opened.id}" in shelf.living().values()
        assert f"Что нового? {closed.id}" not in shelf.living().values()
        assert list(shelf.cursor["posts"]) == [str(opened.id)]  # type: ignore[call-overload] # JSON


async def test_without_a_first_reading_there_is_nothing_to_watch() -> None:
    async with connected() as there:
        there.world.add_post(OWNER, "Новость")
        shelf = Shelf()

        await look(there, shelf, full=False)

        assert (shelf.posts, len(there.world.log)) == ({}, 0)


async def test_a_week_of_an_administration_is_followed() -> None:
    async with connected() as there:
        world, clock, shelf = there.world, there.clock, Shelf()
        for day in range(8):
            post = world.add_post(OWNER, f"День {day}")
            one = world.add_comment(OWNER, post.id, f"Вопрос {day}", from_id=101)
            await look(there, shelf)
            clock.forward(hours=12)
            world.add_comment(OWNER, post.id, f"Ответ {day}", from_id=OWNER, reply_to=one.id)
            world.edit_post(OWNER, post.id, f"День {day}, исправлено")
            await look(there, shelf, full=day % 2 == 0)
            clock.forward(hours=12)
            if day % 3 == 0:
                world.delete_comment(OWNER, post.id, one.id)
        for _ in range(3):
            await look(there, shelf)
            clock.forward(minutes=15)

        assert shelf.living() == standing(world)
        assert world.log.busiest_second("reader-token") <= 3
        assert clock.now - timedelta(days=9) < shelf.delivered[-1].seen_at  # type: ignore[operator] # set


async def test_open_incidents_of_other_walls_are_none_of_this_one() -> None:
    async with connected() as there:
        world, shelf = there.world, Shelf()
        world.add_post(OWNER, "Новость")

        for opened in ("-5_1", f"{OWNER}_t7", "сообщение-1"):
            await look(there, shelf, opened=opened)

        assert world.log.count("wall.getById") == 0
