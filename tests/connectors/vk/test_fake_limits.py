"""The fake VKontakte: whom it lets in, how often, and how it refuses."""

import json
from contextlib import suppress

import pytest
from fakes.vk import METHODS
from fakes.vk_calls import Ask
from fakes.vk_limits import DAY, Kind, VkError
from fakes.vk_probe import WALL, Hand, probing, small_world
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("token", "method", "params", "code"),
    [
        ("group", "wall.get", {"owner_id": WALL}, 27),
        ("service", "wall.createComment", {"owner_id": WALL, "post_id": 1}, 28),
        ("service", "groups.getLongPollServer", {"group_id": -WALL}, 28),
        ("user", "groups.getTokenPermissions", {}, 15),
        ("stranger", "groups.getLongPollServer", {"group_id": -WALL}, 15),
        ("vk2.a.new", "newsfeed.search", {"q": "яма"}, 1051),
        ("vk2.a.new", "wall.get", {"owner_id": WALL}, 0),
        ("narrow", "wall.get", {"owner_id": WALL}, 7),
        ("nobody", "wall.get", {"owner_id": WALL}, 5),
        ("expired", "wall.get", {"owner_id": WALL}, 1117),
        ("user", "wall.fly", {}, 3),
        ("user", "wall.get", {"owner_id": WALL, "v": "5.92"}, 8),
        ("user", "wall.get", {"owner_id": "мой"}, 100),
        ("user", "wall.get", {"owner_id": -5}, 100),
        ("user", "wall.get", {}, 100),
        ("user", "wall.get", {"owner_id": WALL, "count": -1}, 100),
        ("user", "board.getTopics", {"group_id": 5}, 125),
        ("user", "groups.getById", {"group_ids": "nowhere"}, 125),
    ],
)
async def test_refusals(token: str, method: str, params: dict[str, object], code: int) -> None:
    world = small_world()
    world.add_token("stranger", Kind.USER)
    world.add_token("vk2.a.new", Kind.USER)
    world.add_token("narrow", Kind.USER, refusals={"wall.get": 7})
    world.add_token("expired", Kind.USER, dead=1117)

    async with probing(world) as probe:
        assert await probe.by(token).code(method, **params) == code

    assert [(call.method, call.code) for call in world.log] == [(method, code)]


async def test_an_error_echoes_the_request_with_its_token() -> None:
    world = small_world()

    async with probing(world) as probe:
        answer = await probe.whole("wall.get", owner_id="мой")

    echoed = {pair["key"]: pair["value"] for pair in answer["error"]["request_params"]}
    assert echoed == {
        "method": "wall.get",
        "oauth": "1",
        "owner_id": "мой",
        "v": "5.199",
        "access_token": "user",
    }


async def test_a_token_may_come_in_a_header_and_json_is_not_taken() -> None:
    world = small_world()
    header = {"Authorization": "Bearer user"}

    async with probing(world) as probe:
        url = f"{probe.url}/method/wall.get"
        form = {"v": "5.199", "owner_id": str(WALL)}
        async with probe.session.post(url, data=form, headers=header) as answer:
            assert (await answer.json())["response"]["count"] == 0
        async with probe.session.post(url, json=form, headers=header) as answer:
            assert (await answer.json())["error"]["error_code"] == 8


async def test_a_form_in_no_known_alphabet_is_refused_and_not_a_crash() -> None:
    async with probing(small_world()) as probe:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        url = f"{probe.url}/method/wall.get"
        async with probe.session.post(url, data=b"owner_id=\xff\xfe", headers=kind) as answer:
            assert (await answer.json())["error"]["error_code"] == 8


VALUES = (
    st.integers().map(str)
    | st.text(max_size=30)
    | st.sampled_from([str(WALL), "1", "9" * 5000, "return API.a.b(" + "[" * 9999])
)
NAMES = st.sampled_from(
    [
        "owner_id",
        "domain",
        "post_id",
        "posts",
        "comment_id",
        "offset",
        "count",
        "sort",
        "q",
        "start_from",
        "start_time",
        "group_id",
        "group_ids",
        "topic_id",
        "topic_ids",
        "order",
        "user_ids",
        "screen_name",
        "message",
        "code",
        "query",
        "from_group",
    ]
)


@given(name=st.sampled_from(sorted(METHODS)), params=st.dictionaries(NAMES, VALUES))
def test_no_parameters_bring_a_method_down(name: str, params: dict[str, str]) -> None:
    world = small_world()
    post = world.add_post(WALL, "яма")
    world.add_comment(WALL, post.id, "ой", from_id=7)

    with suppress(VkError):
        json.dumps(
            METHODS[name][0](Ask(world, world.tokens["user"], name, params, "")), default=vars
        )


async def test_a_hook_can_refuse() -> None:
    world = small_world()

    def hook(method: str, params: dict[str, str]) -> None:
        assert method
        if params["owner_id"] == "-5":
            raise VkError(10)

    world.before_call = hook
    async with probing(world) as probe:
        assert await probe.code("wall.get", owner_id=WALL) == 0
        assert await probe.code("wall.get", owner_id=-5) == 10


async def test_pace_is_a_window_that_slides_with_the_clock() -> None:
    clock = Hand()
    world = small_world(clock)
    world.tokens["user"].rate = 3
    steps = [0.0, 0.3, 0.3, 0.3, 0.1, 0.1, 0.2]

    async with probing(world) as probe:
        codes = []
        for step in steps:
            clock.at += step
            codes.append(await probe.code("wall.get", owner_id=WALL))
        elsewhere = await probe.by("service").code("wall.get", owner_id=WALL)

    assert codes == [0, 0, 0, 6, 0, 6, 0]
    assert elsewhere == 0
    assert world.log.busiest_second("user") == 5
    assert world.log.count("wall.get", secret="user", code=0) == 5
    assert world.log.count(code=6) == 2


async def test_a_quota_is_one_token_s_one_method_s_and_one_day_s() -> None:
    clock = Hand()
    world = small_world(clock)
    world.tokens["user"].quotas = {"wall.get": 2}
    asked = {"owner_id": WALL}

    async with probing(world) as probe:
        codes = [await probe.code("wall.get", **asked) for _ in range(3)]
        service = await probe.by("service").code("wall.get", **asked)
        other = await probe.code("groups.getById", group_ids=-WALL)
        clock.at += DAY
        tomorrow = await probe.code("wall.get", **asked)

    assert codes == [0, 0, 29]
    assert (service, other, tomorrow) == (0, 0, 0)


async def test_the_documented_quotas_stand_unless_changed() -> None:
    token = small_world().tokens["user"]

    assert token.quotas == {"wall.get": 5000, "newsfeed.search": 1000, "wall.search": 1000}


async def test_a_captcha_is_asked_for_until_it_is_solved() -> None:
    world = small_world()
    world.tokens["user"].captcha = True

    async with probing(world) as probe:
        asked = (await probe.whole("wall.get", owner_id=WALL))["error"]
        again = await probe.code("wall.get", owner_id=WALL)
        solved = {"captcha_sid": asked["captcha_sid"], "captcha_key": "абв"}
        assert await probe.code("wall.get", owner_id=WALL, **solved) == 0
        assert await probe.code("wall.get", owner_id=WALL) == 0
        world.tokens["user"].captcha = world.tokens["user"].bare_captcha = True
        bare = (await probe.whole("wall.get", owner_id=WALL))["error"]

    assert (asked["error_code"], again) == (14, 14)
    assert asked.keys() >= {"captcha_img", "redirect_uri"}
    assert bare.keys() == {"error_code", "error_msg", "request_params"}


async def test_a_large_answer_is_an_error() -> None:
    world = small_world()
    for number in range(4):
        world.add_post(WALL, f"{number}" * 1000)
    world.answer_limit = 3500

    async with probing(world) as probe:
        assert await probe.code("wall.get", owner_id=WALL, count=4) == 13
        assert await probe.code("wall.get", owner_id=WALL, count=2) == 0

    assert [call.code for call in world.log] == [13, 0]


async def test_a_share_of_the_calls_fails_the_same_way_by_a_seed() -> None:
    async def codes() -> list[int]:
        world = small_world()
        world.api_faults.share, world.api_faults.codes = 0.5, (1, 6, 10, 14, 5)
        async with probing(world) as probe:
            got = [await probe.code("wall.get", owner_id=WALL) for _ in range(40)]
        assert world.api_faults.counted.total() == sum(code > 0 for code in got)
        return got

    first = await codes()

    assert first == await codes()
    assert set(first) == {0, 1, 5, 6, 10, 14}
