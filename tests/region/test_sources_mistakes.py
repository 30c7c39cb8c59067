"""What is said of every mistake in sources.yaml: its file, its line, what to do about it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sources_yaml import (
    BOT,
    CHANNEL,
    FEED,
    FOLDER,
    MAILBOX,
    MAX,
    OK,
    OWN,
    SEARCH,
    WALL,
    entry,
    write,
)

from pipeline.region.load import SAMPLES, check_region
from pipeline.region.problems import Problem
from pipeline.region.schema import SourceKind
from pipeline.region.sources import KINDS

Check = Callable[[str], list[Problem]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a shipped region, to put other sources into."""
    return Path(shutil.copytree(SAMPLES / "smolensky", tmp_path / "region"))


@pytest.fixture
def check(folder: Path) -> Check:
    def checked(entries: str) -> list[Problem]:
        write(folder, entries)
        return check_region(folder)

    return checked


Mistake = tuple[dict[str, str], dict[str, str | None], str, str, str]
"""A source, the changes that spoil it, the key whose line is named, the mistake, the cure."""

MISSING: list[Mistake] = [
    (fields, {need: None}, "key", f"нет ключа «{need}»", "пример в docs/sources.md")
    for fields in (WALL, SEARCH, OK, CHANNEL, BOT, MAX, FEED, FOLDER, MAILBOX)
    for need in KINDS[SourceKind(fields["kind"])].needs
]

FOREIGN: list[Mistake] = [
    (fields, {key: value}, key, f"нет ключа «{key}»", "Уберите его")
    for fields, key, value in (
        (WALL, "url", "https://example.ru"),
        (WALL, "queries", "[яма]"),
        (WALL | {"kind": "vk-board"}, "events", "longpoll"),
        (SEARCH, "events", "longpoll"),
        (OK, "events", "webhook"),
        (OK, "answer_as", "5"),
        (CHANNEL, "token", "tg"),
        (CHANNEL, "answer_token", "tg"),
        (BOT, "answer_token", "tg"),
        (MAX, "confirmation", "a1b2"),
        (FEED, "token", "site"),
        (FEED, "folder", "/srv"),
        (FOLDER, "allow_private", "true"),
        (MAILBOX, "mapping", "pos"),
    )
]

COMMUNITIES: list[Mistake] = [
    (
        fields,
        {"communities": f'{{"{name}": null}}'},
        "communities",
        f"«{name}» не подходит",
        "Образец:",
    )
    for fields, name in (
        (WALL, "123456"),
        (WALL, "-0"),
        (WALL, "club123456"),
        (WALL | {"kind": "vk-board"}, "345678"),
        (OK, "-70000000000001"),
        (OK, "group:7"),
        (CHANNEL, "my-channel"),
        (CHANNEL, "@my_channel"),
        (CHANNEL, "abc"),
        (CHANNEL, "https://t.me/my_channel"),
    )
]

EVENTS: list[Mistake] = [
    (OWN, {"events_token": None}, "events", "нужен ключ «events_token»", "Добавьте его"),
    (OWN, {"events": "callback"}, "events", "нужен ключ «secret»", "Добавьте его"),
    (
        OWN,
        {"events": "callback", "secret": "hook"},
        "events",
        "нужен ключ «confirmation»",
        "Добавьте его",
    ),
    (MAX, {"events": "webhook"}, "events", "нужен ключ «secret»", "Добавьте его"),
    (BOT, {"events": "webhook"}, "events", "нужен ключ «secret»", "Добавьте его"),
    (OWN, {"events": "webhook"}, "events", "неизвестно: способ «webhook»", "callback, longpoll"),
    (MAX, {"events": "longpoll"}, "events", "неизвестно: способ «longpoll»", "webhook"),
    (
        OWN,
        {"communities": WALL["communities"]},
        "events",
        "события бывают у одного своего сообщества",
        "отдельным источником",
    ),
]

VALUES: list[Mistake] = [
    (WALL, {"communities": "{}"}, "communities", "не названо ни одного", "Образец:"),
    (WALL, {"communities": "null"}, "communities", "не названо ни одного", "Образец:"),
    (WALL, {"communities": '["-1"]'}, "communities", "здесь нужны пары", "Пример"),
    (
        WALL,
        {"communities": '{"-1": null, "-1": null}'},
        "communities",
        "сообщество -1 указано дважды",
        "Оставьте одно",
    ),
    (
        WALL,
        {"communities": '{"-1": atlantis}'},
        "communities",
        "неизвестно: поселение «atlantis»",
        "",
    ),
    (WALL, {"settlement": "pecherskoye"}, "settlement", "поселение «pecherskoye»", "pecherskoe"),
    (WALL, {"kind": "vk-wal"}, "kind", "вид источника «vk-wal»", "vk-wall"),
    (WALL, {"key": "Моё"}, "key", "код «Моё» не подходит", "латинские"),
    (WALL, {"key": "v" * 101}, "key", "код длиннее 100 знаков", "короче"),
    (WALL, {"colour": "red"}, "colour", "неизвестный ключ «colour»", ""),
    (WALL, {"evry": "5"}, "evry", "неизвестный ключ «evry»", "«every»"),
    (WALL, {"title": '""'}, "title", "непустой текст", "в одну строку"),
    (SEARCH, {"queries": "[]"}, "queries", "ни одного запроса", "Образец:"),
    (SEARCH, {"queries": "яма"}, "queries", "здесь нужен список", ""),
    (SEARCH, {"queries": '[""]'}, "queries", "непустой текст", ""),
    (SEARCH, {"answer_token": "vk-group"}, "answer_token", "нет ключа «answer_as»", "номер своего"),
    (WALL, {"answer_as": "-345678"}, "answer_as", "здесь нужно число от 1", ""),
    (WALL, {"answer_as": "1.5"}, "answer_as", "нужно целое число", ""),
    (OK, {"refresh_token": "ok-refresh"}, "refresh_token", "нет ключа «app_id»", "приложения"),
    (MAX, {"communities": "{chat: null}"}, "communities", "номер чата «chat» не", "sources check"),
    (MAX, {"communities": '{"-": null}'}, "communities", "номер чата «-» не", "sources check"),
    (FEED, {"url": "http://127.0.0.1/rss"}, "url", "адрес не подходит", "allow_private: true"),
    (FEED, {"url": "http://[::1]/rss"}, "url", "адрес не подходит", "allow_private: true"),
    (FEED, {"url": "http://192.168.1.7/rss"}, "url", "адрес не подходит", "allow_private: true"),
    (FEED, {"url": "http://2130706433/rss"}, "url", "адрес не подходит", "allow_private: true"),
    (FEED, {"url": "file:///etc/passwd"}, "url", "адрес не подходит", "нужен http://"),
    (
        FEED,
        {"url": "file:///etc/passwd", "allow_private": "true"},
        "url",
        "адрес не подходит",
        "нужен http://",
    ),
    (FEED, {"url": "example.ru/rss"}, "url", "адрес не подходит", "нужен http://"),
    (FEED, {"url": "http://[bad"}, "url", "адрес не подходит", "Образец"),
    (FEED, {"api": "ftp://example.ru"}, "api", "адрес не подходит", "нужен http://"),
    (FEED, {"proxy": "proxy.local:3128"}, "proxy", "адрес не подходит", "нужен http://"),
    (FEED, {"allow_private": "да"}, "allow_private", "значение «да»", "true, false"),
    (FEED, {"zone": "Europe/Smolensk"}, "zone", "часовой пояс «Europe/Smolensk»", ""),
    (FOLDER, {"folder": "exports"}, "folder", "путь папки неполный", "весь путь"),
    (MAILBOX, {"server": "imap://example.ru"}, "server", "адрес сервера", "imap.example.ru:993"),
    (MAILBOX, {"server": "'imap.example.ru:'"}, "server", "адрес сервера", "Образец:"),
    (MAILBOX, {"server": "imap.example.ru:99999"}, "server", "адрес сервера", "Образец:"),
    (MAILBOX, {"server": "imap.example.ru:0"}, "server", "адрес сервера", "Образец:"),
    (WALL, {"every": "7.5"}, "every", "нужно целое число", ""),
]

PERIODS: list[Mistake] = [
    (WALL, {"every": minutes}, "every", "здесь нужно число от 1 до 1440", "")
    for minutes in ("0", "-5", "1441", "15m", "nan", "1e9")
]
ALL = [*MISSING, *FOREIGN, *COMMUNITIES, *EVENTS, *VALUES, *PERIODS]


def named(mistake: Mistake) -> str:
    fields, changes, *_ = mistake
    return f"{fields['kind']}-{'-'.join(changes)}"


@pytest.mark.parametrize("mistake", ALL, ids=named)
def test_a_mistake_is_named_with_its_line_and_cure(check: Check, mistake: Mistake) -> None:
    # Given a sound source, spoilt in one place
    fields, changes, where, what, cure = mistake
    assert check(entry(fields)) == []
    text = entry(fields, **changes)
    # When the region is checked
    problems = check(text)
    # Then the mistake is told, in its file and line, with what to do
    fitting = [one for one in problems if what in one.what]
    assert fitting, [str(one) for one in problems]
    line = next(n for n, row in enumerate(text.splitlines()) if row[2:].startswith(f"{where}:"))
    assert {(one.file, one.line) for one in problems} == {("sources.yaml", line + 2)}
    assert any(cure in one.fix for one in fitting), [one.fix for one in fitting]
    assert ".." not in str(fitting[0])


PASTED = (
    "vk1.a.QmFzZTY0LWxvb2tpbmc",
    "5f2a9c0e5f2a9c0e5f2a9c0e5f2a9c0e",
    "7000000001:AAH-demo_Secret",
    "B4C5D6E7F8091A2B3C4D5E6F",
    "Пароль123",
    "s" * 51,
    "long secret with spaces",
)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        (WALL, "token"),
        (WALL, "answer_token"),
        (OWN, "events_token"),
        (OWN, "secret"),
        (OK, "app_secret"),
        (OK | {"app_id": '"1"'}, "refresh_token"),
        (MAILBOX, "token"),
    ],
)
@pytest.mark.parametrize("secret", PASTED)
def test_a_secret_in_place_of_its_name_is_refused_and_never_repeated(
    check: Check, fields: dict[str, str], key: str, secret: str
) -> None:
    problems = check(entry(fields, **{key: f'"{secret}"'}))

    assert [one.what for one in problems] == ["это не имя секрета"]
    assert "дайте ему имя" in problems[0].fix
    assert secret not in str(problems[0])


def test_a_community_in_two_sources_is_refused(check: Check) -> None:
    twice = entry(WALL) + "\n" + entry(WALL, key="again", communities='{"-234567": null}')

    (problem,) = check(twice)

    assert "сообщество -234567 указано дважды" in problem.what
    assert "каждое обращение придёт дважды" in problem.fix
    assert problem.line == 11


def test_the_same_community_may_have_a_wall_and_a_board(check: Check) -> None:
    assert check(entry(WALL) + "\n" + entry(WALL, key="board", kind="vk-board")) == []


def test_a_key_is_taken_once(check: Check) -> None:
    (problem,) = check(entry(FEED) + "\n" + entry(BOT, key="site"))

    assert "код «site» уже занят" in problem.what


@pytest.mark.parametrize("text", ["", "- text", "- [1, 2]", "- {}", "- 5", "- null"])
def test_what_is_no_source_is_refused_without_a_crash(check: Check, text: str) -> None:
    assert all(one.file == "sources.yaml" for one in check(text))
    assert bool(check(text)) is bool(text)
