"""What follows when a person judges an incident: whether it is heard, and what changes.

The machine never extends a deadline. A person who corrects the urgency downwards does: the norm
that applied was the wrong one, and the clock still starts when the citizen wrote.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from models.values import Assignment, Deadline
from models.vocabulary import Network, Term, Topic, Urgency
from pipeline.decisions import clocks, routing
from pipeline.decisions.clocks import Stretch
from pipeline.decisions.worktime import WorkCalendar
from pipeline.region.schema import Region


class Refusal(StrEnum):
    """Why a person's word was not heard; nothing was stored then."""

    STALE = "stale"
    CLOSED = "closed"
    SETTLEMENT = "settlement"
    FORBIDDEN = "forbidden"

    @property
    def russian(self) -> str:
        """What to tell the person, and what to do."""
        return {
            "stale": (
                "Пока вы смотрели карточку, инцидент или его текст изменился, поэтому ваш ответ "
                "не записан. Ниже — то, что есть сейчас. Посмотрите ещё раз и ответьте снова."
            ),
            "closed": ("Инцидент уже закрыт, его разбор больше не меняется. Ваш ответ не записан."),
            "settlement": (
                "Такого поселения в районе нет. Выберите поселение из списка; "
                "если нужного там не хватает, сообщите администратору."
            ),
            "forbidden": "Разбирать обращения может оператор. Ваш ответ не записан.",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person says of an incident.

    ``settlement`` is a code of the region, None where the place is unknown; ``also`` are topics
    of further problems in the same text. Where it is not ``relevant``, the rest means nothing.
    """

    relevant: bool
    topic: Topic
    urgency: Urgency
    settlement: str | None
    also: tuple[Topic, ...] = ()
    fine_topic: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an incident stands before a person judges it.

    ``said`` is what somebody says who finds nothing wrong; ``since`` is when the legal ``term``
    that runs now began, ``pauses`` when it stood still.
    """

    said: Correction
    network: Network
    term: Term
    since: datetime
    due_at: datetime
    pauses: tuple[Stretch, ...] = ()


def unknown_settlement(
    standing: Standing, correction: Correction, region: Region
) -> Refusal | None:
    """Refuse a settlement that the region does not know; one that stands there may stay."""
    known = {
        None,
        standing.said.settlement,
        *(settlement.code for settlement in region.settlements),
    }
    return None if correction.settlement in known else Refusal.SETTLEMENT


def further(topic: Topic, also: Iterable[Topic]) -> tuple[Topic, ...]:
    """Return the topics beside the main one, each once, in the order of the vocabulary."""
    named = set(also) - {topic}
    return tuple(code for code in Topic if code in named)


def new_assignment(standing: Standing, correction: Correction, region: Region) -> Assignment | None:
    """Return who answers now, or None where neither topic nor place is another.

    Unchanged facts keep their body even if the region's table has changed since.
    """
    said = standing.said
    if (said.topic, said.settlement) == (correction.topic, correction.settlement):
        return None
    return routing.route(
        correction.topic,
        correction.settlement,
        region,
        network=standing.network,
        urgency=correction.urgency,
    )


def new_deadline(
    standing: Standing, correction: Correction, *, region: Region, calendar: WorkCalendar
) -> Deadline | None:
    """Return the deadline of another urgency, or None where the urgency is the same.

    It runs from the same start of the clock. Raising the urgency never makes it later.
    """
    if standing.said.urgency is correction.urgency:
        return None
    norm = region.norm_for(standing.network, correction.urgency, standing.term)
    deadline = clocks.due(norm, standing.since, calendar, standing.pauses)
    if correction.urgency is Urgency.NORMAL:
        return deadline
    return replace(deadline, due_at=min(deadline.due_at, standing.due_at))
