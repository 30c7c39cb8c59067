"""Reads YAML as a tree that remembers line numbers, and takes plain values out of it.

Scalars stay the text that was written, so that ``no`` and ``08:30`` are never turned into
something else. A value that does not fit adds a ``Problem`` and yields a harmless stand-in:
one pass finds every mistake of a folder.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from pipeline.region.problems import Problem

MAX_BYTES = 2_000_000
MAX_DEPTH = 12
MAX_TEXT = 300

# libyaml is an order of magnitude faster; both know only plain tags.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def suggest(word: str, known: Iterable[str]) -> str:
    """Return a Russian hint with the closest known word, or the list when none is close."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1)
    if close:
        return f"Возможно, имелось в виду «{close[0]}»"
    listed = ", ".join(words[:20])
    return f"Допустимо: {listed}" + (" и другие" if len(words) > 20 else "")


@dataclass(slots=True)
class Reader:
    """Takes values out of one file's nodes and notes what is wrong with them."""

    file: str
    problems: list[Problem]

    def wrong(self, node: yaml.Node | None, what: str, fix: str) -> None:
        """Note a problem at the node's line."""
        line = None if node is None else node.start_mark.line + 1
        self.problems.append(Problem(self.file, line, what, fix))

    def open(self, folder: Path) -> yaml.Node | None:
        """Return the file's root node, or None with a problem noted."""
        try:
            with (folder / self.file).open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError:
            self.wrong(None, "файла нет или он не читается", "Создайте его по docs/region.md")
            return None
        if len(data) > MAX_BYTES:
            self.wrong(None, "файл больше 2 МБ", "Уберите лишнее: это описание, а не база данных")
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.wrong(None, "файл не в кодировке UTF-8", "Сохраните его в UTF-8")
            return None
        return self._compose(text)

    def _compose(self, text: str) -> yaml.Node | None:
        depth = 0
        try:
            # Aliases can make a small file explode, deep nesting can end the process:
            # look at the flat events before a tree is built.
            for event in yaml.parse(text, Loader=_LOADER):
                depth += isinstance(event, yaml.CollectionStartEvent)
                depth -= isinstance(event, yaml.CollectionEndEvent)
                if isinstance(event, yaml.AliasEvent) or depth > MAX_DEPTH:
                    mark = event.start_mark
                    line = None if mark is None else mark.line + 1
                    what = "ссылки YAML (*имя) и глубокая вложенность не поддерживаются"
                    self.problems.append(Problem(self.file, line, what, "Напишите значение прямо"))
                    return None
            node: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line_number = None if mark is None else mark.line + 1
            what = "это не YAML: " + str(getattr(error, "problem", None) or "недопустимый символ")
            fix = "Проверьте отступы, двоеточия и кавычки в этом месте"
            self.problems.append(Problem(self.file, line_number, what, fix))
            return None
        if node is None:
            self.wrong(None, "файл пуст", "Заполните его по docs/region.md")
        return node

    def mapping(
        self, node: yaml.Node | None, keys: tuple[str, ...], required: tuple[str, ...] = ()
    ) -> dict[str, yaml.Node]:
        """Return the values of a mapping by key; unknown, repeated and missing keys are noted."""
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, "здесь нужны ключи со значениями", "Ключи: " + ", ".join(keys))
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name not in keys:
                self.wrong(key, f"неизвестный ключ «{name[:60]}»", suggest(name, keys))
            elif name in found:
                self.wrong(key, f"ключ «{name}» указан дважды", "Оставьте один")
            else:
                found[name] = value
        for name in required:
            if name not in found:
                self.wrong(node, f"нет ключа «{name}»", "Добавьте его, пример в docs/region.md")
        return found

    def pairs(self, node: yaml.Node | None) -> list[tuple[str, yaml.Node]]:
        """Return the pairs of a mapping whose keys are free."""
        if node is None or is_null(node):
            return []
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, "здесь нужны пары «ключ: значение»", "Пример в docs/region.md")
            return []
        return [(str(key.value), value) for key, value in node.value]

    def items(self, node: yaml.Node | None) -> list[yaml.Node]:
        """Return the items of a list; nothing or ``null`` is an empty list."""
        if node is None or is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, "здесь нужен список", "Начните каждую строку с «- »")
            return []
        return list(node.value)

    def text(self, node: yaml.Node | None) -> str:
        """Return a non-empty text of at most ``MAX_TEXT`` characters."""
        if node is None:
            return ""
        value = node.value.strip() if isinstance(node, yaml.ScalarNode) else ""
        if not value or len(value) > MAX_TEXT or not value.isprintable():
            fix = f"Напишите его в одну строку, не длиннее {MAX_TEXT} знаков"
            self.wrong(node, "здесь нужен непустой текст", fix)
            return ""
        return value

    def texts(self, node: yaml.Node | None) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self.text(item) for item in self.items(node))

    def code(self, node: yaml.Node | None) -> str:
        """Return a code: lower-case Latin letters, digits, ``-`` and ``_``."""
        value = self.text(node)
        plain = value.replace("-", "").replace("_", "")
        if value and not (plain.isascii() and plain.isalnum() and value == value.lower()):
            fix = "Возьмите строчные латинские буквы, цифры, «-» и «_»"
            self.wrong(node, f"код «{value}» не подходит", fix)
        return value

    def choice(self, node: yaml.Node | None, allowed: Iterable[str], what: str) -> str:
        """Return a text that must be one of the allowed ones; ``what`` names it, in Russian."""
        value = self.text(node)
        words = list(allowed)
        if value and value not in words:
            self.wrong(node, f"неизвестно: {what} «{value}»", suggest(value, words))
        return value

    def number(self, node: yaml.Node | None, low: float, high: float) -> float | None:
        """Return a number between low and high, or None where absent or wrong."""
        if node is None:
            return None
        try:
            value = float(self.text(node))
        except ValueError:
            value = high + 1
        if not low <= value <= high:
            self.wrong(node, f"здесь нужно число от {low:g} до {high:g}", "Исправьте значение")
            return None
        return value

    def integer(self, node: yaml.Node | None, low: int, high: int) -> int | None:
        """Return a whole number between low and high, or None where absent or wrong."""
        value = self.number(node, low, high)
        if value is not None and value != int(value):
            self.wrong(node, "здесь нужно целое число", "Уберите дробную часть")
            return None
        return None if value is None else int(value)

    def flag(self, node: yaml.Node | None) -> bool:
        """Return true or false; false where absent."""
        return node is not None and self.choice(node, ("true", "false"), "значение") == "true"

    def dates(self, node: yaml.Node | None) -> frozenset[date]:
        """Return a list of dates written as 2026-12-31."""
        found = set()
        for item in self.items(node):
            value = self.text(item)
            try:
                found.add(date.fromisoformat(value))
            except ValueError:
                self.wrong(item, f"«{value}» — не дата", "Пишите год-месяц-день: 2026-12-31")
        return frozenset(found)


def is_null(node: yaml.Node) -> bool:
    """Tell whether a node is an empty value or ``null``."""
    return isinstance(node, yaml.ScalarNode) and node.value in {"", "~", "null"}
