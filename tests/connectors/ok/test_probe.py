from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ok_bench import GROUP, Bench, ok_bench

from connectors.ok.probe import CALLS_LEFT, METHODS, OK, probe


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with ok_bench(tmp_path) as opened:
        yield opened


async def test_a_token_that_may_everything(bench: Bench) -> None:
    topic = bench.world.add_topic(GROUP, "Тема")
    bench.world.quota["stream.get"] = 41

    verdicts = await probe(bench.api(), GROUP)

    assert {method: verdicts[method] for method in METHODS} == dict.fromkeys(METHODS, OK)
    assert "stream.get — 40" in verdicts[CALLS_LEFT]
    assert not topic.comments
    assert len(bench.world.calls) == 6
    assert "discussions.addDiscussionComment" not in bench.world.used()


async def test_what_is_refused_is_said_in_russian(bench: Bench) -> None:
    bench.world.add_topic(GROUP, "Тема")
    bench.world.denied = {"discussions.getList": 10, "discussions.addDiscussionComment": 10}

    verdicts = await probe(bench.api(), GROUP)

    assert verdicts["stream.get"] == OK
    assert "нет прав" in verdicts["discussions.getList"]
    assert "вручную" in verdicts["discussions.addDiscussionComment"]


async def test_an_empty_group_leaves_discussions_unproved(bench: Bench) -> None:
    verdicts = await probe(bench.api(), GROUP)

    assert "не видно ни одной темы" in verdicts["discussions.getComments"]


async def test_an_unknown_group_is_named(bench: Bench) -> None:
    verdicts = await probe(bench.api(), "79000000000999")

    assert "79000000000999" in verdicts["group.getInfo"]
    assert "неверный номер группы" in verdicts["stream.get"]


async def test_a_dead_token_is_said_of_every_method_and_asked_once(bench: Bench) -> None:
    bench.world.expire()

    verdicts = await probe(bench.api(), GROUP)

    assert "получите новый ключ" in verdicts["group.getInfo"]
    assert "получите новый ключ" in verdicts["discussions.getList"]
    assert len(bench.world.calls) == 1


@pytest.mark.parametrize("body", ["null", "", "{}", '{"groups": []}', '{"groups": 5}'])
async def test_whatever_comes_is_a_verdict(bench: Bench, body: str) -> None:
    bench.world.hollow = {"group.getInfo": [body], "users.getCallsLeft": ['[{"name": 1}]']}

    verdicts = await probe(bench.api(), GROUP)

    assert verdicts["group.getInfo"] != OK
    assert "ответ не такой" in verdicts["users.getCallsLeft"]
