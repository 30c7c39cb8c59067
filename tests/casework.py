"""An incident on the desk, the people around it, and what is left behind by what they do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from console.builders import NOW, OPERATOR, add_incident, add_source, make_region
from sqlmodel import SQLModel, col, select

from connectors.publishing import Published
from models.answer import Answer
from models.columns import stored_id
from models.incident import CoExecutor, Incident, Pause
from models.journal import JournalEntry
from models.notice import Notice
from models.timer import Timer
from models.vocabulary import (
    Act,
    AnswerKind,
    Clock,
    Network,
    Occasion,
    Role,
    Term,
    TimerState,
    Urgency,
)
from pipeline.database import reading, unit_of_work
from pipeline.decisions import clocks
from pipeline.decisions.answering import Draft
from pipeline.decisions.lifecycle import No, Refused, Wish
from pipeline.decisions.permissions import Actor
from pipeline.desk import answers, cases, outbox
from pipeline.desk.bulk import insert
from pipeline.desk.terms import opening_timers
from pipeline.region.schema import Body, BodyKind, Norm, Process
from pipeline.rules import Rules
from pipeline.tick import tick

ROADS = Actor("roads", Role.EXECUTOR, "roads")
LUGA = Actor("luga", Role.EXECUTOR, "luga")
SCHOOL = Actor("school", Role.EXECUTOR, "school")
HEAD = Actor("head", Role.APPROVER)
ADMINISTRATOR = Actor("admin", Role.ADMINISTRATOR)

NORMS = (
    Norm(Network.MAX, "any", 8, "working_hours"),
    Norm("any", "any", 8, "working_hours", pausable=True),
    Norm("any", "any", 7, "working_days", Term.FINAL, pausable=True),
    Norm("any", "any", 4, "working_hours", Term.REVIEW),
    Norm("any", "any", 3, "working_hours", Term.ACCEPTANCE),
    Norm("any", "any", 2, "working_hours", Term.APPROVAL),
    Norm("any", "any", 1, "working_hours", Term.PUBLICATION),
)
"""Every stage has its term; only what came by MAX knows no pause."""


def make_rules(process: Process | None = None) -> Rules:
    """Return the rules of the small municipality, with norms for everything and two more bodies."""
    region = make_region()
    more = (
        Body("school", "Отдел образования", BodyKind.DEPARTMENT),
        Body("archive", "Архив", BodyKind.DEPARTMENT, channels=frozenset({Network.PAPER})),
    )
    bodies = (*region.bodies, *more)
    process = process or Process()
    return Rules.of(replace(region, bodies=bodies, norms=NORMS, process=process))


RULES = make_rules()
WITH_APPROVAL = make_rules(Process(approval=True))
WRITTEN = NOW - timedelta(hours=2)
"""Wednesday, 10:00 in Moscow, which is when the author of every incident here wrote."""


@dataclass
class Case:
    """One incident with its timers; ``now`` is when people act unless they say otherwise."""

    engine: sa.Engine
    number: int
    rules: Rules = RULES
    now: datetime = NOW
    _answers: int = field(default=0, init=False)

    def do(
        self, act: Act, *, by: Actor = OPERATOR, version: int | None = None, **more: Any
    ) -> Incident | Refused:
        """Let somebody act; ``more`` are the other fields of the wish."""
        wish = Wish(act, version=version, **more)
        with unit_of_work(self.engine) as session:
            return cases.act(session, self.number, wish, actor=by, rules=self.rules, now=self.now)

    def done(self, act: Act, **more: Any) -> Incident:
        """Let somebody act who is not refused; return the incident after it."""
        said = self.do(act, **more)
        assert isinstance(said, Incident), said
        return said

    def publish(self, kind: AnswerKind = AnswerKind.FINAL) -> None:
        """Queue an answer and let the network take it."""
        self._answers += 1
        draft = Draft(f"Здравствуйте! Ответ {self._answers}.", kind, further=True)
        with unit_of_work(self.engine) as session:
            answer = answers.queue_answer(
                session,
                self.number,
                draft,
                actor=ADMINISTRATOR,
                version=None,
                rules=self.rules,
                now=self.now,
            )
            assert isinstance(answer, Answer), answer
            answer_id = stored_id(answer.id)
        self.send(answer_id)

    def send(self, answer_id: int) -> None:
        """Let the network take an answer that is queued."""
        with unit_of_work(self.engine) as session:
            version = session.get_one(Answer, answer_id).version
            assert outbox.claim(session, answer_id, version, now=self.now) is not None
        standing = Published(f"-1_1_r{answer_id}", f"https://vk.com/wall-1_1?reply={answer_id}")
        with unit_of_work(self.engine) as session:
            assert outbox.mark_published(
                session, answer_id, standing, rules=self.rules, now=self.now
            )

    def tick(self, now: datetime | None = None) -> int:
        """Let the clock be looked at; by default at the case's own moment."""
        return tick(self.engine, self.rules, now or self.now)

    def incident(self) -> Incident:
        """Return the incident as it stands."""
        with reading(self.engine) as session:
            return session.get_one(Incident, self.number)

    def journal(self) -> list[JournalEntry]:
        """Return what came after the opening."""
        with reading(self.engine) as session:
            query = select(JournalEntry).where(JournalEntry.incident_id == self.number)
            return list(session.exec(query.order_by(col(JournalEntry.id))).all())[1:]

    def acts(self) -> list[Act]:
        """Return what the journal says was done."""
        return [entry.act for entry in self.journal()]

    def timer(self, clock: Clock) -> Timer | None:
        """Return what a clock is still to say, if anything."""
        with reading(self.engine) as session:
            query = select(Timer).where(
                Timer.incident_id == self.number,
                Timer.clock == clock,
                Timer.state == TimerState.PENDING,
            )
            return session.exec(query).one_or_none()

    def due(self, clock: Clock) -> datetime | None:
        """Return when a clock has something to say."""
        timer = self.timer(clock)
        return None if timer is None else timer.due_at

    def notices(self) -> list[tuple[Occasion, str, tuple[str, ...]]]:
        """Return who is told of what: the occasion, the body, the roles."""
        with reading(self.engine) as session:
            query = select(Notice).where(Notice.incident_id == self.number)
            said = session.exec(query.order_by(col(Notice.id))).all()
            return [(one.occasion, one.body, tuple(one.roles)) for one in said]

    def occasions(self) -> list[Occasion]:
        """Return what people are told of."""
        return [occasion for occasion, _, _ in self.notices()]

    def everything(self) -> list[object]:
        """Return every row that an act may touch, to see that it touched none."""
        tables: Sequence[type[SQLModel]] = (
            Incident,
            Timer,
            Pause,
            CoExecutor,
            Answer,
            JournalEntry,
            Notice,
        )
        with reading(self.engine) as session:
            return [
                row.model_dump()
                for table in tables
                for row in session.exec(select(table).order_by(sa.text("1, 2")))
            ]


def open_case(engine: sa.Engine, rules: Rules = RULES, **fields: Any) -> Case:
    """Store an incident of «roads» that waits for its review, as an ingest does."""
    norm = rules.region.norm_for(Network.VK, Urgency.NORMAL)
    review = rules.region.find_norm(Network.VK, Urgency.NORMAL, Term.REVIEW)
    assert review is not None
    deadline = clocks.due(norm, WRITTEN, rules.calendar)
    with unit_of_work(engine) as session:
        given = {
            "norm": deadline.norm,
            "stage_at": NOW,
            "stage_due_at": clocks.due(review, NOW, rules.calendar).due_at,
            "calendar": rules.calendar.version,
            **fields,
        }
        incident = add_incident(session, add_source(session), due_at=deadline.due_at, **given)
        number = stored_id(incident.id)
        insert(session, Timer, opening_timers(number, incident.model_dump(), rules))
    return Case(engine, number, rules)


def case_in_work(engine: sa.Engine, rules: Rules = RULES, **fields: Any) -> Case:
    """Return a case that «luga» has accepted."""
    case = open_case(engine, rules, **fields)
    case.done(Act.ASSIGNED, body="luga")
    case.done(Act.ACCEPTED, by=LUGA)
    return case


def no(said: Incident | Refused) -> No:
    """Return what kind of refusal it is."""
    assert isinstance(said, Refused), said
    return said.no


@contextmanager
def nothing_changes(case: Case) -> Iterator[None]:
    """See that an act leaves nothing behind."""
    before = case.everything()
    yield
    assert case.everything() == before
