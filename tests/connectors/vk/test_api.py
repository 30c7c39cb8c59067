"""Calling methods over loopback: pace, repeats, refusals."""

import asyncio
import json
from pathlib import Path

import pytest
from fakes.server import Fault, Faults
from fakes.vk_limits import ApiFaults, Kind
from pydantic import SecretStr
from vk_reading import OWNER, SECRET, Counted, connected

from connectors.base import Action, ApiError, BadPayloadError, UnreachableError
from connectors.calling import Caller
from connectors.http import Answer, HttpClient, Request
from connectors.ledger import HeldError, Ledger, ParkedError, Token, TokenState
from connectors.vk.api import VkHttp, call_counted, sent, unwrap
from connectors.vk.errors import VERDICTS, verdict

ERRORS = Path(__file__).parents[4] / "shared/data/api/vk/errors.json"

# What the documentation's classes of errors ask for.
TABLE = {
    Action.RETRY: [1, 10, 36],
    Action.PACE: [6],
    Action.FLOOD: [9],
    Action.HALVE: [13],
    Action.CAPTCHA: [14],
    Action.TOKEN_DEAD: [5, 1114, 1116, 1117, 3609, 3610],
    Action.NEEDS_PERSON: [17, 24, 25],
    Action.WRONG_TOKEN: [7, 20, 27, 28, 1051],
    Action.CLOSED: [15, 30, 203, 210, 211, 212],
    Action.GONE: [18, 19, 37],
    Action.QUOTA: [29],
    Action.QUARANTINE: [100, 113, 125],
    Action.TOMBSTONE: [104],
    Action.REFUSED: [213, 222, 223],
}


@pytest.mark.parametrize(("action", "codes"), TABLE.items())
def test_every_code_leads_to_its_action(action: Action, codes: list[int]) -> None:
    assert {code: verdict(code)[0] for code in codes} == dict.fromkeys(codes, action)


def test_every_documented_code_has_an_action_and_advice_in_russian() -> None:
    if not ERRORS.is_file():
        pytest.skip("нет официальной схемы ВКонтакте: ../shared/data/api/vk")
    documented = json.loads(ERRORS.read_text(encoding="utf-8"))["errors"].values()
    codes = {error["code"] for error in documented} | set(VERDICTS)

    for code in codes:
        action, advice = verdict(code)
        assert action in Action
        assert advice[0] in "абвгдежзиклмнопрстуфхцчшщэюяВ"
        assert not advice.endswith(".")
    # Of errors that any method may answer, none is left to the general case.
    assert {
        error["code"] for error in documented if error.get("global") and error["code"] < 200
    } <= set(VERDICTS) | {22}


def test_parameters_are_written_as_the_api_reads_them() -> None:
    params = {"posts": ["-1_2", "-1_3"], "extended": False, "raw": True, "gap": None, "count": 0}

    assert sent(params) == {"posts": "-1_2,-1_3", "extended": "0", "raw": "1", "count": "0"}


async def test_the_token_goes_in_the_form_and_is_marked_as_a_secret() -> None:
    asked: list[Request] = []

    class Listener:
        async def send(self, request: Request) -> Answer:
            asked.append(request)
            return Answer(200, {}, b'{"response": 1}', request.url)

    async with connected() as there:
        api = VkHttp(Listener(), Caller(there.token, there.ledger))
        assert await api.call("users.get", {"user_ids": [1]}) == 1

    (request,) = asked
    assert request.url == "https://api.vk.com/method/users.get"
    assert request.form == {"user_ids": "1", "v": "5.199", "access_token": SECRET}
    assert request.secrets == {"access_token"}
    assert request.params == {}


@pytest.mark.parametrize(("kind", "rate"), [(Kind.USER, 3), (Kind.GROUP, 20), (Kind.SERVICE, 3)])
async def test_many_calls_at_once_keep_the_pace_and_lose_no_time(kind: Kind, rate: int) -> None:
    async with connected(kind=kind) as there:
        # Enough of them for the turns that new connections cost to be few among many.
        began, calls = there.clock(), max(150, 10 * rate)

        await asyncio.gather(
            *(there.api.call("users.get", {"user_ids": [one]}) for one in range(1, calls + 1))
        )

        assert there.world.log.count(code=0) == calls
        assert there.world.log.count(code=6) == 0
        assert there.world.log.busiest_second(SECRET) <= rate
        assert (calls - 1) / (there.clock() - began) >= 0.95 * rate


async def test_faults_of_the_network_and_of_the_api_are_overcome() -> None:
    faults = Faults(planned=[(Fault.HTML, False), (Fault.TRUNCATED, True), (Fault.RESET, True)])
    async with connected(faults=faults) as there:
        there.world.api_faults = ApiFaults(planned=[(10, True), (6, False)])

        answer = await there.api.call("users.get", {"user_ids": [7]})

        assert isinstance(answer, list)
        # Those that were spoilt before they were carried out did not reach the API.
        assert [call.code for call in there.world.log] == [10, 6, 0]


async def test_a_network_that_stays_away_is_left_alone_for_a_while() -> None:
    async with connected(faults=Faults(share=1.0, kinds=[Fault.SERVER_ERROR])) as there:
        for _ in range(5):
            with pytest.raises(UnreachableError, match=r"users\.get: сервер ответил кодом 502"):
                await there.api.call("users.get", {})
        asked = there.server.faults.counted.total()

        with pytest.raises(HeldError):
            await there.api.call("users.get", {})

        assert there.server.faults.counted.total() == asked == 25


@pytest.mark.parametrize(
    ("change", "state"),
    [({"captcha": True}, TokenState.NEEDS_PERSON), ({"dead": 1117}, TokenState.DEAD)],
)
async def test_a_token_that_needs_a_person_is_parked(
    change: dict[str, object], state: TokenState
) -> None:
    async with connected() as there:
        for name, value in change.items():
            setattr(there.world.tokens[SECRET], name, value)

        with pytest.raises(ApiError):
            await there.api.call("users.get", {})
        with pytest.raises(ParkedError):
            await there.api.call("wall.get", {"owner_id": OWNER})

        assert there.ledger.health(there.token).state is state
        assert len(there.world.log) == 1


async def test_a_spent_quota_holds_the_method_and_no_other() -> None:
    async with connected() as there:
        there.world.tokens[SECRET].quotas = {"wall.get": 1}
        await there.api.call("wall.get", {"owner_id": OWNER})

        with pytest.raises(ApiError, match="суточный предел"):
            await there.api.call("wall.get", {"owner_id": OWNER})
        with pytest.raises(HeldError):
            await there.api.call("wall.get", {"owner_id": OWNER})

        assert await there.api.call("users.get", {"user_ids": [1]})


async def test_a_refusal_says_what_to_do_and_nothing_of_the_answer() -> None:
    async with connected() as there:
        there.world.wall(OWNER).refusal = 15

        with pytest.raises(ApiError) as caught:
            await there.api.call("wall.get", {"owner_id": OWNER})

        message = str(caught.value)
        assert message.startswith("ВКонтакте, метод wall.get: ошибка 15: доступ закрыт")
        assert SECRET not in message
        assert "Access" not in message
        assert (caught.value.code, caught.value.action) == (15, Action.CLOSED)


@pytest.mark.parametrize("payload", [{}, [], "", 0, {"error": 5}, {"error": {"error_code": "5"}}])
def test_an_answer_that_is_neither_response_nor_error_is_named(payload: object) -> None:
    with pytest.raises(BadPayloadError, match=r"^ВКонтакте, метод wall\.get: "):
        unwrap("wall.get", payload)


async def test_an_empty_answer_is_a_fault_of_the_network() -> None:
    class Mute:
        async def send(self, request: Request) -> Answer:
            return Answer(200, {}, b"", request.url)

    async with connected() as there:
        caller = Caller(there.token, there.ledger, sleep=there.clock.sleep, clock=there.clock)
        with pytest.raises(UnreachableError, match="ответ пустой"):
            await VkHttp(Mute(), caller).call("users.get", {})


async def test_a_count_is_halved_until_the_answer_fits() -> None:
    async with connected() as there:
        there.world.answer_limit = 20_000
        for number in range(90):
            there.world.add_post(OWNER, f"Новость {number}")

        value, count = await call_counted(there.api, "wall.get", {"owner_id": OWNER}, count=100)

        assert isinstance(value, dict)
        assert len(value["items"]) == count
        assert count in {25, 50}


async def test_one_item_that_is_too_large_is_an_error() -> None:
    async with connected() as there:
        there.world.answer_limit = 100
        there.world.add_post(OWNER, "Новость")

        with pytest.raises(ApiError) as caught:
            await call_counted(there.api, "wall.get", {"owner_id": OWNER}, count=100)

        assert caught.value.action is Action.HALVE


async def test_two_readers_of_one_token_share_its_pace(tmp_path: Path) -> None:
    async with connected() as there:
        path = tmp_path / "shared.db"
        first, second = (Ledger(path, clock=there.clock, sleep=there.clock.sleep) for _ in "12")
        async with HttpClient(private=True) as http:
            apis = [
                VkHttp(
                    Counted(http, there.clock),
                    Caller(there.token, ledger, sleep=there.clock.sleep, clock=there.clock),
                    base=there.server.url,
                )
                for ledger in (first, second)
            ]
            await asyncio.gather(
                *(apis[one % 2].call("users.get", {"user_ids": [one]}) for one in range(1, 31))
            )
        first.close()
        second.close()

        assert there.world.log.count(code=6) == 0
        assert there.world.log.busiest_second(SECRET) <= 3


def test_a_token_never_shows_in_what_is_printed() -> None:
    token = Token("район", SecretStr(SECRET), 3.0)

    assert SECRET not in f"{token!r} {token.mark}"
