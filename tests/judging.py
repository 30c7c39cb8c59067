"""An incident to judge, and what is left behind by a judgement."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from console.builders import NOW, OPERATOR, add_incident, add_source
from sqlmodel import col, select

from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry
from models.label import Label
from models.notice import Notice
from models.timer import Timer
from models.values import Deadline
from models.vocabulary import (
    Clock,
    Network,
    Occasion,
    TimerState,
    Topic,
    Urgency,
)
from pipeline.database import reading, unit_of_work
from pipeline.decisions import deadlines
from pipeline.decisions.clocks import moments
from pipeline.decisions.correcting import Correction, Refusal
from pipeline.decisions.folding import Text
from pipeline.decisions.permissions import Actor
from pipeline.desk import correcting
from pipeline.desk.bulk import insert
from pipeline.desk.revising import replace_text
from pipeline.desk.terms import opening_timers
from pipeline.desk.timers import fire_due
from pipeline.region.load import load_region
from pipeline.rules import Rules
from pipeline.store.posts import posts_of

RULES = Rules.of(load_region("smolensky"))
REGION, CALENDAR = RULES.region, RULES.calendar
WRITTEN = NOW - timedelta(hours=2)

PREDICTION: dict[str, Any] = {
    "relevance": 0.9,
    "topics": [["roads", 0.81], ["snow", 0.1]],
    "also": [["lighting", 0.7]],
    "urgent": False,
    "urgency": 0.1,
    "reasons": [["topic:яма", 1.25, [[9, 12]]]],
    "certainty": "review",
    "settlement": "katynskoe",
    "rules": [],
}
AS_IT_STANDS = Correction(
    relevant=True,
    topic=Topic.ROADS,
    urgency=Urgency.NORMAL,
    settlement="katynskoe",
    also=(Topic.LIGHTING,),
)


def due(urgency: Urgency) -> datetime:
    """Return when the incident is due by the norm of an urgency."""
    return deadline_of(urgency).due_at


def deadline_of(urgency: Urgency) -> Deadline:
    """Return the deadline by the norm of an urgency."""
    norm = REGION.norm_for(Network.VK, urgency)
    return deadlines.deadline(WRITTEN, amount=norm.amount, unit=norm.unit, calendar=CALENDAR)


def an_incident(engine: sa.Engine, **fields: Any) -> int:
    """Store an open incident of Катынь about a road, with its timers, as an ingest does."""
    with unit_of_work(engine) as session:
        incident = add_incident(
            session,
            add_source(session),
            due_at=due(Urgency.NORMAL),
            post={"prediction": PREDICTION, "relevant": True},
            **{
                "settlement": "katynskoe",
                "village": "Катынь",
                "street": "ул. Лесная",
                "body": "katynskoe",
                **fields,
            },
        )
        insert(session, Timer, opening_timers(stored_id(incident.id), incident.model_dump(), RULES))
        return stored_id(incident.id)


def correct(
    engine: sa.Engine,
    number: int,
    said: Correction,
    *,
    actor: Actor = OPERATOR,
    version: int = 1,
    now: datetime = NOW,
) -> Refusal | None:
    """Let somebody say what the incident is."""
    with unit_of_work(engine) as session:
        return correcting.correct(
            session,
            number,
            said,
            actor=actor,
            version=version,
            rules=RULES,
            now=now,
        )


def confirm(
    engine: sa.Engine, number: int, *, actor: Actor = OPERATOR, version: int = 1
) -> Refusal | None:
    """Let somebody say that all is right."""
    with unit_of_work(engine) as session:
        return correcting.confirm(
            session, number, actor=actor, version=version, rules=RULES, now=NOW
        )


def incident(engine: sa.Engine, number: int) -> Incident:
    """Return an incident as it stands."""
    with reading(engine) as session:
        return session.get_one(Incident, number)


def labels(engine: sa.Engine) -> list[Label]:
    """Return what was kept for the classifier."""
    with reading(engine) as session:
        return list(session.exec(select(Label).order_by(col(Label.id))).all())


def journal(engine: sa.Engine) -> list[JournalEntry]:
    """Return what came after the opening."""
    with reading(engine) as session:
        return list(session.exec(select(JournalEntry).order_by(col(JournalEntry.id))).all())[1:]


def pending(engine: sa.Engine) -> dict[Clock, datetime]:
    """Return when each clock has something to say."""
    with reading(engine) as session:
        waiting = session.exec(select(Timer).where(Timer.state == TimerState.PENDING)).all()
        return {timer.clock: timer.due_at for timer in waiting}


def first_reminder(urgency: Urgency) -> datetime:
    """Return when the deadline of an urgency is first reminded of."""
    return moments(WRITTEN, due(urgency), REGION.reminders, CALENDAR)[0]


def version(engine: sa.Engine, number: int) -> int:
    """Return the version that somebody sees who looks now."""
    return incident(engine, number).version


def notices(engine: sa.Engine) -> list[tuple[Occasion, str]]:
    """Return what people are told of, with the body concerned."""
    with reading(engine) as session:
        said = session.exec(select(Notice).order_by(col(Notice.id))).all()
        return [(notice.occasion, notice.body) for notice in said]


def fire(engine: sa.Engine, now: datetime) -> None:
    """Fire what is due, as one round of the clock does."""
    with unit_of_work(engine) as session:
        fire_due(session, RULES, now)


def edit(engine: sa.Engine, number: int, text: str) -> None:
    """Let the author change the text."""
    with unit_of_work(engine) as session:
        replace_text(session, posts_of(session, number)[0], [Text(text, NOW)], NOW)
