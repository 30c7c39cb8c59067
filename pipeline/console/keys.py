"""The keys of the console: one table, from which they are bound, shown and remapped.

A key is named by where it lies on the keyboard (``KeyboardEvent.code``), so that it works alike
whatever layout is on. A page gives the element that a key presses ``data-key="<name>"``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

LETTERS = dict(zip("QWERTYUIOPASDFGHJKLZXCVBNM", "ЙЦУКЕНГШЩЗФЫВАПРОЛДЯЧСМИТЬ", strict=True))
MARKS = {
    "BracketLeft": "Х / [",
    "BracketRight": "Ъ / ]",
    "Semicolon": "Ж / ;",
    "Comma": "Б / ,",
    "Period": "Ю / .",
    "Backquote": "Ё / `",
}

ALLOWED: Mapping[str, str] = MappingProxyType(
    {f"Digit{digit}": str(digit) for digit in (*range(1, 10), 0)}
    | {f"Key{latin}": f"{russian} / {latin}" for latin, russian in LETTERS.items()}
    | MARKS
)
"""Keys that may be bound, with what is printed on them in both layouts.

None of them is a browser's own: not those of functions, not Tab, Space, Enter or Backspace, and
neither Slash nor Quote, with which Firefox begins to search in a page.
"""


class Scope(StrEnum):
    """Where a key works."""

    ANYWHERE = "anywhere"
    QUEUE = "queue"
    REVIEW = "review"
    CARD = "card"
    APPROVALS = "approvals"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "anywhere": "Везде",
            "queue": "Очередь",
            "review": "Проверка",
            "card": "Карточка",
            "approvals": "Согласование",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Key:
    """One action: its name, where its key lies unless somebody has remapped it, and its title."""

    name: str
    code: str
    title: str
    scope: Scope

    @property
    def shown(self) -> str:
        """What is printed on the key: «Ф / A»."""
        return ALLOWED[self.code]


KEYS = (
    Key("next", "KeyJ", "Следующая строка", Scope.ANYWHERE),
    Key("previous", "KeyK", "Предыдущая строка", Scope.ANYWHERE),
    Key("open", "KeyO", "Открыть строку", Scope.ANYWHERE),
    Key("search", "KeyF", "Поиск", Scope.ANYWHERE),
    Key("undo", "KeyZ", "Отменить последнее действие", Scope.ANYWHERE),
    Key("review", "KeyR", "К проверке", Scope.ANYWHERE),
    Key("queue", "KeyG", "К очереди", Scope.ANYWHERE),
    Key("help", "KeyH", "Эта подсказка (или ?)", Scope.ANYWHERE),
    Key("agree", "KeyA", "Подтвердить и дальше", Scope.REVIEW),
    Key("topic1", "Digit1", "Первая тема", Scope.REVIEW),
    Key("topic2", "Digit2", "Вторая тема", Scope.REVIEW),
    Key("topic3", "Digit3", "Третья тема", Scope.REVIEW),
    Key("urgent", "KeyU", "Важность: повышенная или обычная", Scope.REVIEW),
    Key("irrelevant", "KeyX", "Не обращение", Scope.REVIEW),
    Key("merge", "KeyM", "Объединить с похожим", Scope.REVIEW),
    Key("snooze", "KeyS", "Отложить", Scope.REVIEW),
    Key("ask_place", "KeyP", "Спросить место", Scope.REVIEW),
    Key("skip", "KeyN", "Пропустить", Scope.REVIEW),
    Key("accept", "KeyT", "Принять в работу", Scope.CARD),
    Key("return", "KeyV", "Вернуть", Scope.CARD),
    Key("draft", "KeyD", "Писать ответ", Scope.CARD),
    Key("save", "KeyW", "Сохранить", Scope.CARD),
    Key("send", "KeyE", "Отправить", Scope.CARD),
    Key("approve", "KeyY", "Согласовать", Scope.APPROVALS),
    Key("reject", "KeyB", "Вернуть на доработку", Scope.APPROVALS),
)
"""Every action that has a key. No two share one even where their pages differ, so that a page may
offer what belongs to another."""


def bound(remapped: Mapping[str, str]) -> tuple[Key, ...]:
    """Return the table with somebody's own keys; what is stored and no longer fits is left out."""
    mine = _placed(remapped)
    return KEYS if trouble(mine) else _with(mine)


def chosen(codes: Mapping[str, str]) -> dict[str, str]:
    """Return what differs from the table, as it is stored."""
    return {key.name: codes[key.name] for key in KEYS if codes.get(key.name, key.code) != key.code}


def trouble(codes: Mapping[str, str]) -> str:
    """Say why these keys cannot be bound, in Russian; "" where they can.

    ``codes`` holds codes by action; an action that it lacks keeps its key.
    """
    taken: dict[str, Key] = {}
    for key in KEYS:
        code = codes.get(key.name, key.code)
        if code not in ALLOWED:
            return (
                f"«{key.title}»: такую клавишу занять нельзя, она нужна браузеру. "
                "Выберите букву или цифру из списка."
            )
        other = taken.setdefault(code, key)
        if other is not key:
            return (
                f"Клавиша {ALLOWED[code]} стоит и у «{other.title}», и у «{key.title}». "
                "Выберите для одного из действий другую."
            )
    return ""


def carried(remapped: Mapping[str, str]) -> str:
    """Return somebody's table as pages carry it: JSON rows of name, code, letters, title, scope."""
    rows = [
        (key.name, key.code, key.shown, key.title, key.scope.russian) for key in bound(remapped)
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def scopes(keys: tuple[Key, ...]) -> list[tuple[Scope, list[Key]]]:
    """Return keys by where they work, in the order of the table."""
    return [(scope, [key for key in keys if key.scope is scope]) for scope in Scope]


def _placed(remapped: Mapping[str, str]) -> dict[str, str]:
    return {key.name: remapped.get(key.name, key.code) for key in KEYS}


def _with(codes: Mapping[str, str]) -> tuple[Key, ...]:
    return tuple(Key(key.name, codes[key.name], key.title, key.scope) for key in KEYS)
