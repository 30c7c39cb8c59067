"""What a queue is narrowed to, in words: each condition with the address that does without it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from models.source import Source
from pipeline.console.wanted import ME, Wanted
from pipeline.console.wording import body_name, count, excerpt, settlement_name
from pipeline.region.schema import Region
from pipeline.store.incidents import MANY
from pipeline.store.queue_filter import By

WORDS = 60
"""Characters of a query, or of a source's title, that a condition shows."""

FLAGS = {
    "mine": "Мои",
    "urgent": "Срочные",
    "overdue": "Просроченные",
    "due_today": "Срок сегодня",
    "unassigned": "Без исполнителя",
    "approval": "На согласовании",
    "returned": "Возвращённые исполнителем",
    "unrated": "С ответом, без оценки",
    "unsure": "Модель не уверена",
    "snoozed": "Отложенные",
}
"""What a condition of one tick is called, by its field."""

EMPTY: dict[str, Any] = {"since": None, "until": None, "by": By.CREATED}


@dataclass(frozen=True, slots=True)
class Condition:
    """What the list is narrowed to, and the address of the same list without it."""

    title: str
    without: str


def conditions(wanted: Wanted, region: Region, sources: Sequence[Source]) -> list[Condition]:
    """Return what an address asks for, for people."""
    told = {
        "q": f"слова «{excerpt(wanted.q, WORDS)}»" if wanted.q else "",
        "topic": wanted.topic.russian if wanted.topic else "",
        "settlement": settlement_name(wanted.settlement, region),
        "body": body_name(wanted.body, region) if wanted.body else "",
        "source": source_title(wanted.source, sources) if wanted.source else "",
        "network": wanted.network.russian if wanted.network else "",
        "stage": wanted.stage.russian if wanted.stage else "",
        "certainty": wanted.certainty.russian if wanted.certainty else "",
        "state": wanted.state.russian if wanted.state else "",
        "since": _period(wanted),
        "outcome": f"итог: {wanted.outcome.russian}" if wanted.outcome else "",
        "in_time": {True: "первый ответ в срок", False: "первый ответ с опозданием"}.get(
            wanted.in_time, ""
        )
        if wanted.in_time is not None
        else "",
        "operator": _operator(wanted.operator),
        **{key: title for key, title in FLAGS.items() if getattr(wanted, key)},
    }
    plain = Wanted()
    return [
        Condition(
            title,
            replace(
                wanted, page=1, **(EMPTY if key == "since" else {key: getattr(plain, key)})
            ).url,
        )
        for key, title in told.items()
        if title
    ]


def source_title(key: str, sources: Sequence[Source]) -> str:
    """Return what a source is called; its key where nobody knows it."""
    title = next((source.title for source in sources if source.key == key), "")
    return excerpt(title or key, WORDS)


def counted(number: int) -> str:
    """Return how many incidents there are; a number that reached MANY was counted no further."""
    if number >= MANY:
        return f"больше {count(MANY - 1, 'инцидента', 'инцидентов', 'инцидентов')}"
    return count(number, "инцидент", "инцидента", "инцидентов")


def _operator(login: str | None) -> str:
    if login is None:
        return ""
    return "разобрано мной" if login == ME else f"разобрал(а) {login}"


def _period(wanted: Wanted) -> str:
    if wanted.since is None and wanted.until is None:
        return ""
    if wanted.since == wanted.until:
        return f"{wanted.by.russian} {_day(wanted.since)}"
    since = f"с {_day(wanted.since)}" if wanted.since else ""
    until = f"по {_day(wanted.until)}" if wanted.until else ""
    return " ".join(part for part in (wanted.by.russian, since, until) if part)


def _day(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day else ""
