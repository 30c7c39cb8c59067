"""Reads a user's own mapping from YAML; says in Russian what is wrong with it."""

import difflib
from collections import abc
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import yaml

from connectors.table_fields import DATE_FORMATS, FIELDS, MEANINGS, TABLE_NETWORKS, Mapping
from connectors.table_headers import personal
from connectors.table_mappings import BUILT_IN
from connectors.table_rows import TableError, shown
from models.vocabulary import Network

MAX_FILE = 100_000  # bytes: a page of YAML is plenty
# Characters. Both become the key and the title of a source, which hold a bounded number.
MAX_NAME = 100
MAX_TITLE = 500

_FROM_NOTHING = Mapping(name="", title="", columns={})

_NEEDED = ("title", "columns")
_OPTIONAL = (
    "base",
    "name",
    "network",
    "required",
    "dates",
    "values",
    "relevant",
    "stable_ids",
    "yearly_ids",
)


def load_mapping(name_or_path: str | Path) -> Mapping:
    """Return a built-in mapping by name, or the user's own from a YAML file (docs/tables.md).

    Raises TableError, which names the wrong key, field or value and the nearest right one.
    """
    if str(name_or_path) in BUILT_IN:
        return BUILT_IN[str(name_or_path)]
    path = Path(name_or_path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except (OSError, ValueError):
        raise TableError(
            f"Раскладки «{shown(name_or_path)}» нет: это не встроенная "
            f"({', '.join(BUILT_IN)}) и не файл YAML, который можно прочитать."
            f"{_nearest(str(name_or_path), BUILT_IN)}",
        ) from None
    if len(content) > MAX_FILE:
        raise TableError(f"Раскладка «{path}» больше {MAX_FILE} байт. Укажите файл раскладки.")
    try:
        raw = yaml.safe_load(content)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", строка {mark.line + 1}" if mark is not None else ""
        raise TableError(
            f"Раскладка «{path}»{line}: это не YAML. Проверьте отступы и кавычки.",
        ) from None
    return _Draft(path).mapping(raw)


def _nearest(word: str, words: Iterable[str]) -> str:
    near = difflib.get_close_matches(word[:200], list(words), n=1, cutoff=0.5)
    return f" Может быть, {near[0]}?" if near else ""


class _Draft:
    """Checks a user's YAML and says in Russian what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _wrong(self, what: str) -> TableError:
        return TableError(f"Раскладка «{self._path}»: {what}")

    def mapping(self, raw: object) -> Mapping:
        whole = self._dict(raw, "файл", (*_NEEDED, *_OPTIONAL))
        base = self._base(whole["base"]) if "base" in whole else _FROM_NOTHING
        for wanted in _NEEDED:
            if wanted not in whole and base is _FROM_NOTHING:
                raise self._wrong(f"нет ключа {wanted}.")
        columns = dict(base.columns)
        for name, aliases in self._dict(whole.get("columns", {}), "columns", FIELDS).items():
            own = self._headers(aliases, f"columns.{name}")
            columns[name] = (*own, *base.columns.get(name, ()))
        required = self._strings(whole.get("required", list(base.required)), "required")
        for name in {"text", *required}:
            if name not in columns:
                raise self._wrong(f"поле {shown(name, 40)} обязательно, но в columns его нет.")
        relevant = whole.get("relevant", base.relevant)
        if relevant is not None and not isinstance(relevant, bool):
            raise self._wrong("relevant: нужно true или false.")
        stable_ids = whole.get("stable_ids", base.stable_ids)
        if not isinstance(stable_ids, bool):
            raise self._wrong(
                "stable_ids: нужно true (номер id всегда значит одно и то же сообщение) "
                "или false (номера только считают строки таблицы).",
            )
        yearly_ids = whole.get("yearly_ids", base.yearly_ids)
        if not isinstance(yearly_ids, bool):
            raise self._wrong("yearly_ids: нужно true (номера каждый год с начала) или false.")
        if yearly_ids and not {"id", "published_at"} <= {*required}:
            raise self._wrong(
                "yearly_ids: номер вместе с годом узнают по колонкам id и published_at; "
                "назовите их в required.",
            )
        return Mapping(
            name=self._line(whole.get("name", self._path.stem), "name", MAX_NAME),
            title=self._line(whole.get("title", base.title), "title", MAX_TITLE),
            columns=columns,
            required=tuple(dict.fromkeys(("text", *required))),
            dates=self._dates(whole.get("dates", list(base.dates))),
            values=self._values(whole.get("values", {}), columns, base),
            relevant=relevant,
            stable_ids=stable_ids,
            yearly_ids=yearly_ids,
            network=self._network(whole.get("network", base.network.value)),
        )

    def _base(self, raw: object) -> Mapping:
        name = shown(raw, 40)
        if name not in BUILT_IN:
            raise self._wrong(
                f"base: встроенной раскладки {name} нет.{_nearest(name, BUILT_IN)} "
                f"Есть: {', '.join(BUILT_IN)}.",
            )
        return BUILT_IN[name]

    def _network(self, raw: object) -> Network:
        for network in TABLE_NETWORKS:
            if raw == network.value:
                return network
        text = shown(raw, 40)
        raise self._wrong(
            f"network: таблица не может быть из {text}.{_nearest(text, TABLE_NETWORKS)} "
            f"Есть: {', '.join(TABLE_NETWORKS)}.",
        )

    def _headers(self, raw: object, where: str) -> tuple[str, ...]:
        headers = self._strings(raw, where)
        for header in headers:
            if personal(header):
                raise self._wrong(
                    f"{where}: в колонке «{shown(header, 40)}» личные данные заявителя, их "
                    "Отклик не хранит. Уберите её из раскладки.",
                )
        return headers

    def _dict(self, raw: object, where: str, allowed: Iterable[str]) -> dict[str, object]:
        if not isinstance(raw, dict):
            raise self._wrong(f"{where}: нужны пары «ключ: значение».")
        for name in raw:
            if name not in allowed:
                text = shown(name, 40)
                raise self._wrong(
                    f"{where}: неизвестный ключ {text}.{_nearest(text, allowed)} "
                    f"Известны: {', '.join(allowed)}.",
                )
        return {str(name): value for name, value in raw.items()}

    def _string(self, raw: object, where: str) -> str:
        if not isinstance(raw, str) or not raw.strip():
            raise self._wrong(f"{where}: нужен непустой текст; число или да/нет берут в кавычки.")
        return raw

    def _line(self, raw: object, where: str, limit: int) -> str:
        text = self._string(raw, where)
        if len(text) > limit:
            raise self._wrong(f"{where}: длиннее {limit} знаков ({len(text)}). Сократите.")
        return shown(text, limit)

    def _strings(self, raw: object, where: str) -> tuple[str, ...]:
        items = raw if isinstance(raw, list) else [raw]
        if not items:
            raise self._wrong(f"{where}: список пуст.")
        return tuple(self._string(item, where) for item in items)

    def _dates(self, raw: object) -> tuple[str, ...]:
        formats = self._strings(raw, "dates")
        sample = datetime(2026, 3, 10, 14, 5)  # noqa: DTZ001 - only tries the format
        for form in formats:
            try:
                # A format without a year is told apart first: Python warns of trying it.
                right = form in DATE_FORMATS or (
                    any(year in form for year in ("%Y", "%y", "%G", "%c", "%x"))
                    and datetime.strptime(sample.strftime(form), form).date() == sample.date()  # noqa: DTZ007 - as above
                )
            except ValueError:
                right = False
            if not right:
                raise self._wrong(
                    f"dates: «{shown(form, 40)}» не задаёт день, месяц и год. Пример: %d.%m.%Y.",
                )
        return formats

    def _values(
        self,
        raw: object,
        columns: abc.Mapping[str, object],
        base: Mapping,
    ) -> dict[str, dict[str, str]]:
        values = {name: dict(pairs) for name, pairs in base.values.items()}
        for name, pairs in self._dict(raw, "values", [*columns]).items():
            if not isinstance(pairs, dict):
                raise self._wrong(f"values.{name}: нужны пары «в таблице: значение».")
            known = values.setdefault(name, {})
            for cell, meaning in pairs.items():
                where = f"values.{name}"
                text = self._string(meaning, where)
                if name in MEANINGS and text not in MEANINGS[name]:
                    raise self._wrong(
                        f"{where}: нет значения {shown(text, 40)}."
                        f"{_nearest(text, MEANINGS[name])} Есть: {', '.join(MEANINGS[name])}.",
                    )
                known[self._string(cell, where)] = text
        return values
