"""``otklik sources`` as a person types it: what is shown, what is checked."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from networks import OWNER, VK_SECRET, put_secrets
from sources_command import install, shown, sources, town
from sources_yaml import BOT, FEED, MAILBOX, MAX, WALL, entry

from connectors.ledger import Ledger, TokenState
from models.inbox import Event, Unreadable
from models.source import Source as StoredSource
from models.vocabulary import Network
from pipeline.connecting import tokens
from pipeline.database import open_database, reading, unit_of_work
from pipeline.region.load import load_region
from pipeline.settings import load_settings
from pipeline.sourcing import local_tools
from pipeline.store.sources import find_source

ZONE = ZoneInfo("Asia/Vladivostok")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WALLS = WALL | {"communities": '{"-1": null, "-2": null}'}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, empty_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return install(tmp_path, empty_sqlite, monkeypatch)


@pytest.fixture
def engine(home: Path) -> Iterator[sa.Engine]:
    engine = open_database(f"sqlite:///{home / 'otklik.db'}")
    yield engine
    engine.dispose()


def store(engine: sa.Engine, key: str, **fields: Any) -> datetime:
    """Store a source as it is after a reading that went well five minutes ago; return the moment.

    Lengths of time are told as so long ago.
    """
    now = datetime.now(UTC)
    usual: dict[str, Any] = {
        "network": Network.VK,
        "created_at": 30 * DAY,
        "last_success_at": 5 * MINUTE,
        "next_at": -10 * MINUTE,
        "last_post_at": 3 * HOUR,
        "usual_gap": 3 * 3600,
    }
    told: dict[str, Any] = {
        name: now - value if isinstance(value, timedelta) else value
        for name, value in {**usual, **fields}.items()
    }
    with unit_of_work(engine) as session:
        session.add(StoredSource(key=key, **told))
    return now


@contextmanager
def ledger_of(key: str) -> Iterator[tuple[Ledger, Any]]:
    """Give the ledger and the first token of a source."""
    settings = load_settings()
    region = load_region(settings.region)
    source = next(one for one in region.sources if one.key == key)
    with local_tools(settings.home) as tools:
        yield tools.ledger, tokens(source, tools)[0]


def row(said: str, title: str) -> str:
    """Return the lines of a source in the table, spaces made single."""
    lines = said.splitlines()
    number = next(n for n, line in enumerate(lines) if line.strip().startswith(title))
    return "\n".join(" ".join(line.split()) for line in lines[number : number + 2])


def in_the_region(moment: datetime) -> str:
    """Return a moment as people of the region write it, the year where it is another."""
    local = moment.astimezone(ZONE)
    this_year = local.year == datetime.now(ZONE).year
    return f"{local:%d.%m %H:%M}" if this_year else f"{local:%d.%m.%Y %H:%M}"


# How they are doing


def test_sources_that_were_never_read_are_no_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    sources(entry(FEED))

    code, said = shown(capsys)

    assert code == 0
    assert row(said, "Сайт") == "Сайт ещё не читался — —\nsite"
    assert said.rstrip().endswith("Всё в порядке.")


def test_no_sources_at_all_are_told_with_where_to_begin(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = Path(load_settings().region) / "sources.yaml"
    path.write_text("sources: []\n", encoding="utf-8")

    assert shown(capsys) == (0, "Источников нет. Как их завести: docs/sources.md\n")


def test_moments_are_in_the_regions_zone(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    sources(entry(FEED))
    now = store(engine, "site", last_post_at=400 * DAY, usual_gap=None)

    code, said = shown(capsys)

    read, post = in_the_region(now - 5 * MINUTE), in_the_region(now - 400 * DAY)
    assert row(said, "Сайт") == (f"Сайт читается {read} {post}\nsite 5 мин назад 400 дн. назад")
    assert code == 0


def test_every_state_is_told_with_what_to_do(
    home: Path, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given sources in every state that there is
    put_secrets(home, {"vk-service": VK_SECRET, "max-bot": "max-secret"})
    sources(
        entry(WALL, communities='{"-1": null, "-2": null, "-3": null, "-4": null, "-5": null}'),
        entry(BOT),
        entry(MAX),
        entry(FEED),
    )
    store(engine, "vk:-1", last_error="ВКонтакте: сервер не ответил вовремя.", failures=3)
    store(engine, "vk:-2", last_post_at=3 * DAY, silent_since=DAY)
    store(engine, "vk:-3")
    store(engine, "vk:-4")
    now = store(engine, "vk:-5", next_at=5 * HOUR)
    with unit_of_work(engine) as session:
        for number in range(2):
            session.add(
                Unreadable(
                    source_key="vk:-3",
                    digest=str(number),
                    what="не разобрано",
                    payload="{}",
                    first_seen_at=now,
                    last_seen_at=now,
                )
            )
            session.add(
                Event(
                    source_key="vk:-4",
                    event_id=str(number),
                    received_at=now,
                    payload={"type": "wall_reply_new"},
                )
            )
    with ledger_of("max") as (ledger, token):
        ledger.park(token, TokenState.NEEDS_PERSON, "нужно войти и подтвердить вход")
    # When they are shown
    code, said = shown(capsys)
    # Then each has its state in a word,
    assert code == 1
    for title, state in (
        ("Сообщества: -1", "ошибка (3)"),
        ("Сообщества: -2", "молчит"),
        ("Сообщества: -3", "читается"),
        ("Сообщества: -4", "читается"),
        ("Сообщества: -5", "не читается"),
        ("Чат", "нет ключа"),
        ("MAX", "ключ ждёт человека"),
        ("Сайт", "ещё не читался"),
    ):
        assert row(said, title).startswith(f"{title} {state}")
    # and below stands what is wrong and what to do,
    assert "vk:-1: ВКонтакте: сервер не ответил вовремя." in said
    assert "vk:-2: молчит уже 3 дн., обычно пишут раз в 3 ч. Откройте сообщество" in said
    assert "vk:-3: не разобрано сообщений: 2;" in said
    assert "vk:-4: ждут разбора события: 2." in said
    assert "vk:-5: не читается: пора было 5 ч назад." in said
    assert "bot: Нет секрета «tg-bot». Положите ключ в файл" in said
    assert "max: ключ max-bot ждёт человека: нужно войти и подтвердить вход" in said
    assert "Требуют внимания: 5 из 8." in said
    # and no secret anywhere.
    assert VK_SECRET not in said
    assert "max-secret" not in said


def test_a_key_is_shown_once_with_what_is_left_of_its_quotas(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a key that two communities share, with one quota spent and one begun
    put_secrets(home, {"vk-service": VK_SECRET})
    sources(entry(WALLS))
    with ledger_of("vk:-1") as (ledger, token):
        for _ in range(12):
            asyncio.run(ledger.turn(token, "wall.get"))
        token.quotas["newsfeed.search"] = 1
        asyncio.run(ledger.turn(token, "newsfeed.search"))
        token.quotas["newsfeed.search"] = 1000
    # When the sources are shown
    code, said = shown(capsys)
    # Then the key stands there once
    assert code == 0
    assert row(said, "vk-service") == ("vk-service действует wall.get 4 988\nnewsfeed.search 999")
    assert said.count("vk-service") == 1


def test_a_spent_quota_limits_a_key_without_troubling_anybody(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_secrets(home, {"vk-service": VK_SECRET})
    sources(entry(WALLS))
    with ledger_of("vk:-1") as (ledger, token):
        ledger.hold(token, "wall.get", 3600, "суточный предел исчерпан")

    code, said = shown(capsys)

    assert row(said, "vk-service").startswith("vk-service ограничен")
    assert code == 0
    # What is wrong with both is told once.
    assert "vk:-1, vk:-2: ключ vk-service ограничен: суточный предел исчерпан" in said


def test_what_hundreds_share_is_told_once(
    home: Path, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    put_secrets(home, {"vk-service": VK_SECRET})
    communities = ", ".join(f'"-{number}": null' for number in range(1, 201))
    sources(entry(WALL, communities=f"{{{communities}}}"))
    for number in range(1, 201):
        store(engine, f"vk:-{number}", last_error="Ключ vk-service: не действует", failures=2)

    code, said = shown(capsys)

    assert code == 1
    assert said.count("Ключ vk-service: не действует") == 1
    assert "vk:-1, vk:-2, vk:-3 и ещё 197: Ключ vk-service: не действует" in said
    assert "Требуют внимания: 200 из 200." in said


def test_the_table_fits_a_terminal_and_cuts_nothing(
    home: Path, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    put_secrets(home, {"demo-vk-district-service": VK_SECRET})
    key = "vk-communities-of-the-district-and-its-villages"
    sources(
        entry(
            WALL,
            key=key,
            title="Сообщества района, посёлков и деревень, дачные чаты [важно]",
            token="demo-vk-district-service",
            communities='{"-99000020100001": null}',
        )
    )
    store(engine, f"{key}:-99000020100001", last_error="закрыто", failures=12)

    _, said = shown(capsys)

    table = said[: said.index("закрыто")].splitlines()[:-1]
    assert max(len(line) for line in table) <= 80
    assert "…" not in said
    together = re.sub(r"\s", "", said)
    assert f"{key}:-99000020100001" in together
    assert "[важно]" in together
    assert "ошибка (12)" in said


# What their keys may do


def stored(engine: sa.Engine, key: str) -> StoredSource:
    with reading(engine) as session:
        found = find_source(session, key)
    assert found is not None
    return found


def test_a_check_releases_a_key_and_lets_its_source_be_read_at_once(
    home: Path, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a source that waits because its key was parked
    put_secrets(home, {"vk-service": VK_SECRET})
    key = f"vk:{OWNER}"
    with town() as (url, world, _):
        sources(entry(WALL, communities=f'{{"{OWNER}": null}}', api=url))
        store(engine, key, next_at=-20 * HOUR)
        with ledger_of(key) as (ledger, token):
            ledger.park(token, TokenState.DEAD, "ключ не действует")
        # When a person has it checked
        code, said = shown(capsys, "check")
        calls = len(world.log)
    # Then what the key may do is told, and the source is due
    assert code == 0
    assert said.startswith(f"Сообщества: {OWNER} ({key})\n")
    assert "  —     ключ vk-service: сервисный ключ\n" in said
    assert "  есть  wall.getComments\n" in said
    assert calls > 5
    with ledger_of(key) as (ledger, token):
        assert ledger.health(token).state is TokenState.OK
    assert stored(engine, key).next_at is None


def test_a_check_tells_what_is_not_allowed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_secrets(home, {"vk-service": VK_SECRET})
    with town() as (url, _, token):
        token.dead = 1117
        sources(entry(WALL, communities=f'{{"{OWNER}": null}}', api=url))
        code, said = shown(capsys, "check", f"vk:{OWNER}")

    assert code == 1
    assert "  НЕТ   wall.get: " in said
    assert VK_SECRET not in said


def test_a_key_is_asked_once_unless_sources_are_named(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_secrets(home, {"vk-service": VK_SECRET})
    keys = (f"vk:{OWNER}", f"vk:{OWNER - 1}")
    with town() as (url, world, _):
        world.add_wall(OWNER - 1, "Эльбан", "elban")
        sources(entry(WALL, communities=f'{{"{OWNER}": null, "{OWNER - 1}": null}}', api=url))
        _, all_of_them = shown(capsys, "check")
        _, named = shown(capsys, "check", *keys)

    assert all_of_them.count("ключ vk-service: проверен выше") == 1
    assert "проверен выше" not in named


@pytest.mark.parametrize("words", [("check", "vk:-7"), ("record", "vk:-7", "--to", "x.jsonl")])
def test_an_unknown_source_is_refused_with_those_that_there_are(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    sources(entry(WALLS), entry(MAILBOX))

    code, said = shown(capsys, *words)

    assert code == 1
    assert said == "otklik: Источника vk:-7 нет. Есть: vk:-1, vk:-2, mail.\n"
    assert not (tmp_path / "x.jsonl").exists()
