"""The fake VKontakte: search, boards, who is who, and execute."""

import json

import pytest
from fakes.vk_limits import DAY
from fakes.vk_probe import NOW, WALL, Hand, Probe, probing, small_world


async def found(probe: Probe, query: str, **params: object) -> list[int]:
    page = await probe.get("newsfeed.search", q=query, **params)
    return [item["id"] for item in page["items"]]


async def test_search_finds_words_by_their_beginnings_newest_first() -> None:
    world = small_world()
    one = world.add_post(WALL, "Яма на Садовой, Печерск", date=NOW - 300)
    two = world.add_post(WALL, "В Печерске ямы засыпали", date=NOW - 200)
    world.add_post(WALL, "Печерск: продам гараж", date=NOW - 100)
    world.add_post(WALL, "Печерск, ям нет", date=NOW - 2 * DAY)

    async with probing(world) as probe:
        assert await found(probe, "печерск яма") == [one.id]
        assert await found(probe, "печерск ям") == [two.id, one.id]
        assert await found(probe, "печерск ям -засыпали") == [one.id]
        assert await found(probe, '"на садовой"') == [one.id]
        assert await found(probe, "ям", start_time=NOW - 250) == [two.id]
        assert await found(probe, "ям", end_time=NOW - 250) == [one.id]
        assert len(await found(probe, "печерск", start_time=0)) == 4


async def test_search_pages_by_next_from_no_deeper_than_a_thousand() -> None:
    world = small_world()
    for number in range(1205):
        world.add_post(WALL, f"яма {number}", date=NOW - number)

    async with probing(world) as probe:
        seen: list[int] = []
        start = ""
        while True:
            page = await probe.get("newsfeed.search", q="яма", count=200, start_from=start)
            seen += [item["date"] for item in page["items"]]
            start = page.get("next_from", "")
            if not start:
                break
        narrower = await found(probe, "яма", count=200, end_time=NOW - 1100)
        assert await probe.code("newsfeed.search", q="яма", start_from="вчера") == 100
        assert await probe.code("newsfeed.search", q="") == 100

    assert seen == [NOW - number for number in range(1000)]
    assert (page["count"], page["total_count"]) == (1000, 1205)
    assert len(narrower) == 105


async def test_search_shows_comments_as_replies_when_told_and_no_closed_wall() -> None:
    world = small_world()
    post = world.add_post(WALL, "яма", date=NOW - 9)
    reply = world.add_comment(WALL, post.id, "и у нас яма", from_id=8, date=NOW - 5)
    world.search_replies = True

    async with probing(world) as probe:
        page = await probe.get("newsfeed.search", q="яма", extended=1)
        world.wall(WALL).refusal = 15
        closed = await found(probe, "яма")

    assert [item["id"] for item in page["items"]] == [reply.id, post.id]
    assert (page["items"][0]["post_type"], page["items"][0]["post_id"]) == ("reply", post.id)
    assert [profile["id"] for profile in page["profiles"]] == [8]
    assert closed == []


async def test_boards_give_topics_and_their_comments() -> None:
    clock = Hand()
    world = small_world(clock)
    roads = world.add_topic(WALL, "Дороги", "Пишите здесь", from_id=7)
    clock.at += 10
    water = world.add_topic(WALL, "Вода", "Пишите тут", from_id=7)
    clock.at += 10
    world.add_board_comment(WALL, roads.id, "яма у школы", from_id=8)

    async with probing(world) as probe:
        topics = await probe.get("board.getTopics", group_id=-WALL, preview=2)
        created = await probe.get("board.getTopics", group_id=-WALL, order=-2, count=1)
        water.fixed = True
        fixed = await probe.get("board.getTopics", group_id=-WALL)
        comments = await probe.get(
            "board.getComments", group_id=-WALL, topic_id=roads.id, sort="desc", extended=1
        )
        assert await probe.code("board.getComments", group_id=-WALL, topic_id=777) == 100

    assert [item["title"] for item in topics["items"]] == ["Дороги", "Вода"]
    assert topics["items"][0]["last_comment"] == "яма у школы"
    assert (topics["items"][0]["comments"], topics["items"][0]["updated"]) == (2, NOW + 20)
    assert [item["id"] for item in created["items"]] == [roads.id]
    assert [item["id"] for item in fixed["items"]] == [water.id, roads.id]
    assert [item["text"] for item in comments["items"]] == ["яма у школы", "Пишите здесь"]
    assert [profile["id"] for profile in comments["profiles"]] == [7, 8]


async def test_who_is_who() -> None:
    world = small_world()
    world.deleted_users.add(13)

    async with probing(world) as probe:
        by_name = await probe.get("groups.getById", group_ids=f"nash_rayon,{-WALL},none")
        own = await probe.by("group").get("groups.getById")
        users = await probe.get("users.get", user_ids="12,13,id14,нет")
        me = await probe.get("users.get")
        place = await probe.get("utils.resolveScreenName", screen_name="nash_rayon")
        club = await probe.get("utils.resolveScreenName", screen_name=f"club{-WALL}")
        nothing = await probe.get("utils.resolveScreenName", screen_name="nothing")
        may = await probe.by("group").get("groups.getTokenPermissions")
        code = await probe.get("groups.getCallbackConfirmationCode", group_id=-WALL)

    assert [group["id"] for group in by_name["groups"]] == [-WALL, -WALL]
    assert (own["groups"][0]["name"], own["profiles"]) == ("Наш район", [])
    assert [user["id"] for user in users] == [12, 13, 14]
    assert users[1]["deactivated"] == "deleted"
    assert [user["id"] for user in me] == [1_990_000_001]
    assert place == club == {"type": "group", "object_id": -WALL, "group_id": -WALL}
    assert nothing == []
    assert may["mask"] == sum(one["setting"] for one in may["permissions"])
    assert code == {"code": world.wall(WALL).confirmation}


async def test_execute_carries_out_calls_and_lists_those_that_failed() -> None:
    world = small_world()
    post = world.add_post(WALL, "яма")
    code = (
        f'return [API.wall.get({{"owner_id":{WALL},"count":1}}), API.wall.get({{"owner_id":-5}}),'
        f' API.wall.getById({{"posts":["{WALL}_{post.id}"]}}), API.users.fly({{}})];'
    )

    async with probing(world) as probe:
        answer = await probe.whole("execute", code=code)

    first, second, third, fourth = answer["response"]
    assert first["items"] == third["items"]
    assert (second, fourth) == (False, False)
    assert [(one["method"], one["error_code"]) for one in answer["execute_errors"]] == [
        ("wall.get", 100),
        ("users.fly", 3),
    ]
    assert [call.method for call in world.log if call.inside] == [
        "wall.get",
        "wall.get",
        "wall.getById",
        "users.fly",
    ]
    assert world.log.busiest_second("user") == 1


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return API.users.get({});", [{"id": 1_990_000_001}]),
        ('return {"a": API.users.get(), b: API.users.get({"user_ids": [5, 6]})};', {"a", "b"}),
        ("return [];", []),
    ],
)
async def test_execute_understands_a_list_an_object_and_a_single_call(
    code: str, expected: object
) -> None:
    world = small_world()

    async with probing(world) as probe:
        got = await probe.get("execute", code=code)

    if isinstance(got, dict):
        assert got.keys() == expected
        assert [user["id"] for user in got["b"]] == [5, 6]
    else:
        assert [{"id": user["id"]} for user in got] == expected


@pytest.mark.parametrize(
    "code",
    [
        "",
        "var a = 1; return a;",
        "return [API.users.get({})",
        "return [API.users.get({}) API.users.get({})];",
        "return API.users.get({user_ids: 5});",
        "return API.users.get([]);",
        "return API.users.get({}) + 1;",
        "return API.execute({});",
        "return {API.users.get({})};",
    ],
)
async def test_execute_refuses_what_it_does_not_understand(code: str) -> None:
    world = small_world()

    async with probing(world) as probe:
        assert await probe.code("execute", code=code) == (12 if code else 100)


async def test_execute_takes_25_calls_and_five_megabytes_and_spends_quotas() -> None:
    world = small_world()
    world.add_post(WALL, "ж" * 1000)
    call = f"API.wall.get({json.dumps({'owner_id': WALL})})"

    async with probing(world) as probe:
        assert await probe.code("execute", code=f"return [{','.join([call] * 25)}];") == 0
        assert await probe.code("execute", code=f"return [{','.join([call] * 26)}];") == 13
        world.answer_limit = 10_000
        assert await probe.code("execute", code=f"return [{','.join([call] * 10)}];") == 13
        assert await probe.code("execute", code=f"return [{','.join([call] * 3)}];") == 0
        world.tokens["user"].quotas = {"wall.get": 39}
        partly = await probe.whole("execute", code=f"return [{call},{call}];")

    assert partly["response"][1] is False
    assert [error["error_code"] for error in partly["execute_errors"]] == [29]
