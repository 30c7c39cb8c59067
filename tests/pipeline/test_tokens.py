"""What an installation knows of its tokens, nobody being asked."""

from pathlib import Path

import pytest
from networks import put_secrets
from recordings import Office
from sources_yaml import FEED, MAX, OK, WALL, entry

from connectors.ledger import TokenState
from pipeline.connecting import tokens
from pipeline.settings import SettingsError
from pipeline.sourcing import local_tools
from pipeline.tokens import looking_at_tokens

WHOLE = {
    "vk-service": "a",
    "vk-group": "b",
    "ok-token": "c",
    "ok-app": "d",
    "ok-refresh": "e",
    "max-bot": "f",
    "max-hook": "g",
}
GROUPS = OK | {"refresh_token": "ok-refresh", "app_id": '"512"'}
PUSHED = MAX | {"events": "webhook", "secret": "max-hook"}


@pytest.fixture
def office(tmp_path: Path, empty_sqlite: Path) -> Office:
    return Office(tmp_path, empty_sqlite)


def names(office: Office, source: dict[str, str]) -> list[str]:
    with looking_at_tokens(office.settings.home) as tokens_of:
        return [one.name for one in tokens_of(office.region(entry(source)).sources[0])]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (WALL | {"answer_token": "vk-group"}, ["vk-service", "vk-group"]),
        (WALL | {"answer_token": "vk-service"}, ["vk-service"]),
        (GROUPS, ["ok-token"]),
        (PUSHED, ["max-bot"]),
        (FEED, []),
    ],
)
def test_a_sources_tokens_are_those_that_it_is_asked_with(
    office: Office, source: dict[str, str], expected: list[str]
) -> None:
    put_secrets(office.settings.home, WHOLE)

    assert names(office, source) == expected


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        (WALL | {"answer_token": "vk-group"}, "vk-group"),
        (GROUPS, "ok-app"),
        (GROUPS, "ok-refresh"),
        (PUSHED, "max-hook"),
    ],
)
def test_any_secret_that_is_missing_is_told(
    office: Office, source: dict[str, str], missing: str
) -> None:
    put_secrets(office.settings.home, {name: WHOLE[name] for name in WHOLE if name != missing})

    with pytest.raises(SettingsError, match=f"Нет секрета «{missing}»"):
        names(office, source)


async def test_a_token_is_told_with_its_state_and_what_is_left(office: Office) -> None:
    put_secrets(office.settings.home, WHOLE)
    source = office.region(entry(WALL)).sources[0]
    with local_tools(office.settings.home) as tools:
        (token,) = tokens(source, tools)
        await tools.ledger.turn(token, "wall.get")
        tools.ledger.park(token, TokenState.DEAD, "срок ключа истёк")

    with looking_at_tokens(office.settings.home) as tokens_of:
        (found,) = tokens_of(source)

    assert (found.name, found.state) == ("vk-service", TokenState.DEAD)
    assert found.reason == "срок ключа истёк"
    assert (found.used["wall.get"], found.left["wall.get"]) == (1, 4999)


async def test_a_replaced_token_starts_afresh(office: Office) -> None:
    put_secrets(office.settings.home, WHOLE)
    source = office.region(entry(WALL)).sources[0]
    with local_tools(office.settings.home) as tools:
        tools.ledger.park(tokens(source, tools)[0], TokenState.DEAD, "срок ключа истёк")

    put_secrets(office.settings.home, {"vk-service": "another"})

    with looking_at_tokens(office.settings.home) as tokens_of:
        assert [one.state for one in tokens_of(source)] == [TokenState.OK]
