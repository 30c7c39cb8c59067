"""The words of a notice: plain Russian, and nothing that a citizen said or is called.

What an incident is about is told by its number, topic, settlement and deadline; everything else
stands on its card, which asks who is looking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.vocabulary import Occasion

SHOWN = 20
"""Notices of a digest that are told one by one."""

TO_DO: Mapping[Occasion, str] = {
    Occasion.URGENT: "Срок короткий: откройте карточку, проверьте разбор и исполнителя сейчас.",
    Occasion.ASSIGNED: "Откройте карточку и примите инцидент в работу или верните с причиной.",
    Occasion.RETURNED: "Причина — на карточке. Назначьте другого исполнителя или верните этому.",
    Occasion.PASSED_UP: "Откройте карточку и решите, кто будет отвечать.",
    Occasion.WARNING: "Подготовьте ответ до срока.",
    Occasion.OVERDUE: "Ответьте сейчас; если ответить нельзя, передайте инцидент выше.",
    Occasion.ESCALATION: "Ответа всё ещё нет. Узнайте у исполнителя, что мешает, и решите.",
    Occasion.STAGE_OVERDUE: "На этой стадии инцидент стоит дольше положенного. Откройте карточку.",
    Occasion.TO_APPROVE: "Прочитайте ответ на карточке и согласуйте его или верните на доработку.",
    Occasion.REJECTED: "Замечание — на карточке. Исправьте ответ и отправьте его снова.",
    Occasion.ANSWER_REFUSED: (
        "Причина — на карточке. Опубликуйте ответ сами и отметьте это, или отправьте ещё раз."
    ),
    Occasion.REOPENED: "По той же проблеме есть новое. Откройте карточку.",
    Occasion.DISSATISFIED: "Откройте карточку и решите, нужен ли ещё один ответ.",
    Occasion.SILENT_CLOCK: (
        "Напоминания и передача просрочек не работают. Проверьте, запущен ли otklik run (или "
        "процесс с потоком timers), и посмотрите папку logs."
    ),
}


HELPING = "Вы соисполнитель"
TO_DO_HELPING = "Откройте карточку и узнайте у исполнителя, что нужно от вас."


@dataclass(frozen=True, slots=True)
class Case:
    """An incident as a notice shows it; every text is made by the program.

    ``due`` is «21.11.2026 14:05 (МСК)», ``left`` «осталось 3 ч рабочего времени» or empty;
    ``due_at`` the same for machines (ISO 8601); ``place`` is the settlement's name, empty where
    unknown.
    """

    number: int
    topic: str
    place: str
    urgency: str
    stage: str
    body: str
    due: str
    due_at: str
    left: str
    link: str


@dataclass(frozen=True, slots=True)
class Told:
    """One notice in words: a line that says it all, and the lines below it."""

    occasion: Occasion
    title: str
    lines: tuple[str, ...]
    case: Case | None


def tell(occasion: Occasion, case: Case | None, *, since: str = "", helping: bool = False) -> Told:
    """Return a notice in words.

    ``since`` is when the clocks were last seen to go; ``helping`` says that whoever is told has
    been asked to help the responsible body.
    """
    if case is None:
        last = (f"Последний раз часы сроков шли {since}.",) if since else ()
        return Told(occasion, f"{occasion.russian}.", (*last, TO_DO[occasion]), None)
    where = f", {case.place}" if case.place else ""
    left = f", {case.left}" if case.left else ""
    what = HELPING if helping else occasion.russian
    return Told(
        occasion,
        f"{what}: № {case.number}, {case.topic}{where}",
        (
            f"Важность: {case.urgency}. Стадия: {case.stage}. Исполнитель: {case.body}.",
            f"Срок: {case.due}{left}.",
            TO_DO_HELPING if helping else TO_DO[occasion],
            case.link,
        ),
        case,
    )


def subject(told: Sequence[Told]) -> str:
    """Return the subject of a message: the notice itself, or how many there are."""
    if len(told) == 1:
        return f"Отклик: {_lower(told[0].title)}"
    return f"Отклик: уведомлений — {len(told)}"


def text(told: Sequence[Told], *, limit: int) -> str:
    """Return a message of at most ``limit`` characters; what does not fit is counted."""
    if len(told) == 1:
        return cut("\n".join((told[0].title, *told[0].lines)), limit)
    kept: list[str] = []
    head = f"Уведомлений: {len(told)}"
    for number, one in enumerate(told[:SHOWN]):
        part = "\n".join((one.title, *_short(one)))
        whole = "\n\n".join((head, *kept, part, _more(len(told) - number - 1)))
        if len(whole) > limit:
            break
        kept.append(part)
    rest = _more(len(told) - len(kept))
    return cut("\n\n".join(filter(None, (head, *kept, rest))), limit)


def cut(words: str, limit: int) -> str:
    """Return a text of at most ``limit`` characters, with an ellipsis where it was cut."""
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def _short(told: Told) -> tuple[str, ...]:
    """Return what a digest says of one notice: the deadline and the link."""
    return (told.lines[1], told.lines[-1]) if told.case is not None else told.lines


def _more(number: int) -> str:
    return f"Ещё {number} — в консоли." if number > 0 else ""


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]
