"""Sources as an administrator writes them: a sound one of each kind, and where to put them."""

import textwrap
from pathlib import Path


def write(folder: Path, entries: str) -> None:
    text = "sources:\n" + textwrap.indent(textwrap.dedent(entries).strip("\n"), "  ") + "\n"
    (folder / "sources.yaml").write_text(text, encoding="utf-8")


WALL = {
    "key": "vk",
    "kind": "vk-wall",
    "title": "Сообщества",
    "token": "vk-service",
    "communities": '{"-123456": pecherskoe, "-234567": null}',
}
OWN = WALL | {"communities": '{"-345678": null}', "events": "longpoll", "events_token": "vk-group"}
SEARCH = {"key": "vk", "kind": "vk-search", "title": "Поиск", "token": "vk", "queries": "[яма]"}
OK = {
    "key": "ok",
    "kind": "ok-group",
    "title": "Группы",
    "token": "ok-token",
    "app_key": "CBAFJIICABABABABA",
    "app_secret": "ok-app",
    "communities": '{"70000000000001": katynskoe}',
}
CHANNEL = {
    "key": "tg",
    "kind": "telegram-channel",
    "title": "Каналы",
    "communities": "{my_channel: null}",
}
BOT = {"key": "bot", "kind": "telegram-bot", "title": "Чат", "token": "tg-bot"}
MAX = {"key": "max", "kind": "max-bot", "title": "MAX", "token": "max-bot"}
FEED = {"key": "site", "kind": "feed", "title": "Сайт", "url": "https://example.ru/news.rss"}
FOLDER = {"key": "tables", "kind": "folder", "title": "Выгрузки", "folder": "/srv/exports"}
MAILBOX = {
    "key": "mail",
    "kind": "mailbox",
    "title": "Приёмная",
    "server": "imap.example.ru:993",
    "user": "priem@example.ru",
    "token": "mail-password",
}


def entry(fields: dict[str, str], **changes: str | None) -> str:
    """Write a source a key a line; a change to None leaves a key out."""
    shown = {name: value for name, value in (fields | changes).items() if value is not None}
    return "- " + "\n  ".join(f"{name}: {value}" for name, value in shown.items())
