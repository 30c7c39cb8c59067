"""The mappings that are built in, and how one is chosen and found in a table's headers."""

import difflib
from collections.abc import Iterable, Sequence

from connectors.table_fields import FIELDS, Mapping
from connectors.table_headers import header_key, key, personal
from connectors.table_official import OFFICIAL
from connectors.table_rows import TableError, shown
from models.vocabulary import Outcome

IM_FROM = 30  # so many of the 47 columns make an export of the state system

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

BUILT_IN = {mapping.name: mapping for mapping in (PLAIN, IM, *OFFICIAL)}
IM_HEADERS = frozenset(header_key(header) for (header,) in IM.columns.values())
# Headers that help to choose a delimiter before a mapping is chosen.
KNOWN_HEADERS = frozenset(
    header_key(alias)
    for mapping in BUILT_IN.values()
    for aliases in mapping.columns.values()
    for alias in aliases
)


def choose(headers: Sequence[str], *, where: str) -> Mapping:
    """Return the built-in mapping for these headers.

    It is ``im`` from 30 of its 47 columns on; an official system's when its number, date, text
    and status are there, and it knows more of the columns than ``plain`` and than any other
    system; else ``plain``. Raises TableError, naming the candidates, when several systems know
    equally many: to take one for another would mix up their numbers and norms.
    """
    if len({header_key(header) for header in headers} & IM_HEADERS) >= IM_FROM:
        return IM
    known = {mapping.name: _columns(mapping, headers) for mapping in (PLAIN, *OFFICIAL)}
    scores = {
        mapping.name: len(set(known[mapping.name].values()))
        for mapping in OFFICIAL
        if {*mapping.required, "status"} <= known[mapping.name].keys()
    }
    most = max(scores.values(), default=0)
    if most <= len(set(known[PLAIN.name].values())):
        return PLAIN
    best = [name for name, score in scores.items() if score == most]
    if len(best) == 1:
        return BUILT_IN[best[0]]
    listed = ", ".join(f"{name} — {BUILT_IN[name].title}" for name in best)
    raise TableError(
        f"Файл «{where}» одинаково похож на несколько раскладок: {listed}. "
        f"Назовите нужную, например --mapping {best[0]}; если это не выгрузка этих систем — "
        "--mapping plain или свою раскладку.",
    )


def resolve(mapping: Mapping, headers: Sequence[str], *, where: str) -> dict[str, int]:
    """Return field → index of its column, for the fields that have one.

    The first alias that is found wins, and of two equal headers the left one. Columns of personal
    data are never taken. ``where`` names the file in messages. Raises TableError when a required
    field has no column.
    """
    found = _columns(mapping, headers)
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


def _columns(mapping: Mapping, headers: Sequence[str]) -> dict[str, int]:
    exact: dict[str, int] = {}
    loose: dict[str, int] = {}
    for index, header in enumerate(headers):
        if not personal(header):
            exact.setdefault(key(header), index)
            loose.setdefault(header_key(header), index)
    found: dict[str, int] = {}
    for name, aliases in mapping.columns.items():
        for alias in aliases:
            # A table may have «№» and «Номер» side by side: the one that was written wins.
            place = exact.get(key(alias), loose.get(header_key(alias)))
            if place is not None:
                found[name] = place
                break
    return found


def _near(aliases: Iterable[str], headers: Iterable[str]) -> str:
    """Return a hint when a header looks like a misspelt alias, else ""."""
    seen = {key(header[:200]): shown(header, 40) for header in headers}
    for alias in aliases:
        for match in difflib.get_close_matches(key(alias), seen, n=1, cutoff=0.7):
            return f" Похоже на неё: «{seen[match]}» вместо «{alias}»."
    return ""
