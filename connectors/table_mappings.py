"""Which column of a table means what, and the two mappings that are built in."""

import difflib
import re
from collections import abc
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connectors.table_rows import TableError, shown
from models.vocabulary import Outcome

IM_FROM = 30  # so many of the 47 columns make an export of the state system

# The fields that a post has a place for; the rest go to Stated.extra under their own names.
TEXT_FIELDS = {
    "id": "номер записи в системе, откуда таблица",
    "text": "текст сообщения (обязателен)",
    "published_at": "когда написано",
    "url": "ссылка на сообщение",
    "author": "номер учётной записи автора или ссылка на неё",
    "author_url": "ссылка на автора",
    "place": "место одной строкой",
    "region": "регион",
    "municipality": "муниципалитет",
    "settlement": "населённый пункт",
    "street": "улица",
    "house": "дом",
    "topic": "тема: код, русское название или подробная тема",
    "code": "код темы, когда подробная тема стоит в другой колонке",
    "group": "группа тем",
    "type": "тип инцидента",
    "outcome": "итог",
    "closed_at": "когда закрыт",
    "step": "шаг, на котором стоит инцидент",
    "closing_reason": "причина закрытия",
    "number": "номер инцидента",
    "cabinet": "кабинет",
    "department": "отдел",
    "executor": "исполнитель",
    "first_answer": "текст первого ответа",
    "answer_1": "первый ответ последнего исполнителя",
    "answer_2": "второй ответ",
    "answer_3": "третий ответ",
    "answer_account": "учётная запись, от которой ответили",
    "executor_in_time": "уложился ли последний исполнитель",
    "object": "объект",
    "object_old": "объект (старая колонка)",
    "answer_has_media": "есть ли снимок в ответе",
    "has_media": "есть ли снимок в сообщении",
    "blog_url": "ссылка на сообщество",
    "audience": "аудитория",
    "engagement": "вовлечённость",
    "tags": "теги",
    "note": "примечание",
    "survey_sent": "отправлен ли опрос",
}
# Moments, durations and day fractions; each cell says itself which of these it is.
TIME_FIELDS = {
    "first_answer_at": "время первого ответа",
    "first_answer_after": "от создания до первого ответа",
    "first_answer_after_working": "то же в рабочем времени",
    "assigned_at": "когда назначен последний исполнитель",
    "executor_answer_at": "первый ответ последнего исполнителя",
    "executor_reaction": "от назначения до первой реакции",
    "total_time": "от создания до окончания",
    "sent_for_approval_at": "когда ответ отправлен на согласование",
    "approval_time": "сколько ответ был на согласовании",
    "rating_at": "когда инцидент попал на оценку",
}
FIELDS = TEXT_FIELDS | TIME_FIELDS

# "iso" stands for ISO 8601 and "russian" for дд.мм.гггг, each with or without a time; others
# are strptime formats.
DATE_FORMATS = ("iso", "russian")

_LOOSE = re.compile(r"[\s_\u200b\ufeff★]+")


def key(text: str) -> str:
    """Return what two headers or values have in common when people would call them the same."""
    return _LOOSE.sub("", text.casefold().replace("ё", "е"))


@dataclass(frozen=True, slots=True)
class Mapping:
    """How to read one kind of table.

    ``columns`` maps a field (see FIELDS) to the headers it may stand under, the likeliest first.
    ``required`` fields must have a column. ``dates`` lists formats in the order they are tried.
    ``values`` maps a field to {cell: meaning}: a Topic or Outcome value for these two fields,
    "closed" for steps that end an incident, other text elsewhere. ``relevant`` is what the
    table claims of every row. ``stable_ids`` tells that an id means the same message in every
    table of this kind; where it only numbers the rows, a message is known by its content.
    """

    name: str
    title: str
    columns: abc.Mapping[str, tuple[str, ...]]
    required: tuple[str, ...] = ("text",)
    dates: tuple[str, ...] = DATE_FORMATS
    values: abc.Mapping[str, abc.Mapping[str, str]] = field(default_factory=dict)
    relevant: bool | None = None
    stable_ids: bool = True


PLAIN = Mapping(
    name="plain",
    stable_ids=False,
    title="Простая таблица сообщений",
    columns={
        "id": ("id", "ид", "номер", "external id"),
        "text": (
            "text",
            "текст",
            "текст сообщения",
            "текст обращения",
            "текст инцидента",
            "сообщение",
            "обращение",
            "message",
        ),
        "published_at": (
            "published at",
            "дата публикации",
            "дата сообщения",
            "дата создания",
            "дата",
            "date",
            "created at",
        ),
        "url": ("url", "ссылка", "урл", "урл поста", "link"),
        "author": ("author", "автор", "author id", "url автора"),
        "place": ("place", "место", "адрес", "address"),
        "topic": ("topic", "тема"),
        "code": ("code", "код темы", "код"),
        "group": ("group", "группа тем", "группа"),
        "executor": ("executor", "исполнитель"),
    },
)

IM = Mapping(
    name="im",
    title="Выгрузка «Инцидент Менеджмента» (47 колонок)",
    required=("text", "id", "published_at"),
    relevant=True,
    columns={
        "cabinet": ("Кабинет",),
        "id": ("ID",),
        "number": ("Номер инцидента",),
        "department": ("Отдел",),
        "executor": ("Исполнитель",),
        "first_answer_at": ("Общее время первого ответа",),
        "first_answer": ("Общий текст первого ответа",),
        "first_answer_after": ("Время с даты создания инцидента до времени первого ответа",),
        "first_answer_after_working": (
            "Время с даты создания инцидента до времени первого ответа, рабочее время",
        ),
        "assigned_at": ("Время назначения последнего исполнителя",),
        "executor_answer_at": ("Время 1го ответа ПИ",),
        "executor_reaction": ("Первая реакция с момента назн. ПИ",),
        "executor_in_time": ("Уложились или нет после назн. ПИ",),
        "total_time": ("Время с начала создания инцидента до окончания",),
        "sent_for_approval_at": ("Время отправки первого ответа ПИ на согласование",),
        "approval_time": ("Время, которое первый ответ ПИ находился на согласовании",),
        "step": ("Текущий шаг инцидента",),
        "published_at": ("Дата создания",),
        "closed_at": ("Дата окончания",),
        "group": ("Группа тем",),
        "topic": ("Тема",),
        "region": ("Регион",),
        "municipality": ("Муниципалитет",),
        "settlement": ("Населенный пункт",),
        "street": ("Улица",),
        "house": ("Дом",),
        "object_old": ("Объект старый",),
        "object": ("Объект",),
        "type": ("Тип инцидента",),
        "outcome": ("Итог",),
        "answer_has_media": ("Есть медиафайл в ответе",),
        "has_media": ("Есть медиафайл в сообщении",),
        "url": ("Урл поста",),
        "blog_url": ("Урл блога",),
        "text": ("Текст инцидента",),
        "answer_1": ("1ый ответ ПИ",),
        "answer_2": ("2ой ответ ПИ",),
        "answer_3": ("3ий ответ ПИ",),
        "closing_reason": ("Причина закрытия",),
        "audience": ("Аудитория",),
        "engagement": ("Вовлеченность",),
        "author_url": ("URL автора",),
        "answer_account": ("Аккаунт публикации ответа",),
        "tags": ("Теги",),
        "note": ("Примечание",),
        "rating_at": ("Время попадания на шаг оценка удовлетворенности",),
        "survey_sent": ("Опрос отправлен",),
    },
    values={
        "type": {
            "Решаемый": "Решаемый",
            "Нерешаемый": "Нерешаемый",  # «Не решаемый» too: spaces do not count
            "Информационный": "Информационный",
        },
        "step": {"Готово": "closed"},
        "outcome": {outcome.russian: outcome.value for outcome in Outcome},
    },
)

BUILT_IN = {mapping.name: mapping for mapping in (PLAIN, IM)}
IM_HEADERS = frozenset(key(header) for aliases in IM.columns.values() for header in aliases)
# Headers that help to choose a delimiter before a mapping is chosen.
KNOWN_HEADERS = IM_HEADERS | {key(a) for aliases in PLAIN.columns.values() for a in aliases}


def choose(headers: Iterable[str]) -> Mapping:
    """Return the mapping for these headers: ``im`` from 30 of its 47 columns on, else ``plain``."""
    return IM if len({key(header) for header in headers} & IM_HEADERS) >= IM_FROM else PLAIN


def resolve(mapping: Mapping, headers: Sequence[str], *, where: str) -> dict[str, int]:
    """Return field → index of its column, for the fields that have one.

    The first alias that is found wins, and of two equal headers the left one. ``where`` names
    the file in messages. Raises TableError when a required field has no column.
    """
    places: dict[str, int] = {}
    for index, header in enumerate(headers):
        places.setdefault(key(header), index)
    found = {
        name: next(places[key(alias)] for alias in aliases if key(alias) in places)
        for name, aliases in mapping.columns.items()
        if any(key(alias) in places for alias in aliases)
    }
    for missing in (name for name in mapping.required if name not in found):
        aliases = mapping.columns[missing]
        seen = [shown(header, 40) for header in headers if header.strip()]
        raise TableError(
            f"В файле «{where}» нет колонки для поля {missing} ({FIELDS[missing]}). "
            f"Подойдёт заголовок: {', '.join(aliases)}. "
            f"Найдены: {', '.join(seen[:50])}{' …' if len(seen) > 50 else ''}."
            f"{_near(aliases, headers)} "
            f"Исправьте заголовок или опишите колонки в своей раскладке (сейчас {mapping.name}).",
        )
    return found


def _near(aliases: Iterable[str], headers: Iterable[str]) -> str:
    """Return a hint when a header looks like a misspelt alias, else ""."""
    seen = {key(header[:200]): shown(header, 40) for header in headers}
    for alias in aliases:
        for match in difflib.get_close_matches(key(alias), seen, n=1, cutoff=0.7):
            return f" Похоже на неё: «{seen[match]}» вместо «{alias}»."
    return ""
