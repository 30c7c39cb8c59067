"""A municipality that asks its citizens, and answers of it that stand."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from answering import open_incident
from console.builders import NOW, OPERATOR, make_calendar, make_region
from sqlmodel import col, select

from connectors.publishing import Published
from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry
from models.notice import Notice
from models.survey import Survey
from models.vocabulary import Act, AnswerKind, Occasion
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import Draft
from pipeline.decisions.satisfaction import TOKEN
from pipeline.desk import answers as desk
from pipeline.desk import outbox
from pipeline.desk.surveys import Asked, rate
from pipeline.region.schema import Process
from pipeline.rules import Rules

PUBLIC = "https://otklik.example.org"
TEXT = "Здравствуйте! Яма засыпана."


def rules_of(*, public_url: str = PUBLIC, **process: Any) -> Rules:
    """Return the rules of a municipality that asks, with other settings of its process."""
    region = replace(make_region(), process=Process(**({"survey": True} | process)))
    return Rules(region, make_calendar(region), public_url)


RULES = rules_of()


def written(
    engine: sa.Engine,
    number: int,
    *,
    text: str = TEXT,
    kind: AnswerKind = AnswerKind.FINAL,
    rules: Rules = RULES,
    now: datetime = NOW,
    further: bool = False,
) -> int:
    """Put an answer on its way; return its id."""
    with unit_of_work(engine) as session:
        draft = Draft(text, kind, further=further)
        answer = desk.queue_answer(
            session, number, draft, actor=OPERATOR, version=None, rules=rules, now=now
        )
    assert isinstance(answer, Answer), answer
    return stored_id(answer.id)


def publish(
    engine: sa.Engine, answer_id: int, *, rules: Rules = RULES, now: datetime = NOW
) -> None:
    """Let a worker send an answer, and the network take it."""
    with unit_of_work(engine) as session:
        answer = session.get_one(Answer, answer_id)
        assert outbox.claim(session, answer_id, answer.version, now=now) is not None
    with unit_of_work(engine) as session:
        stands = Published(f"-1_1_r{answer_id}", f"https://vk.com/wall-1_1?reply={answer_id}")
        assert outbox.mark_published(session, answer_id, stands, rules=rules, now=now)


def asked(
    engine: sa.Engine, number: int | None = None, *, rules: Rules = RULES, **more: Any
) -> tuple[int, str]:
    """Give an incident a final answer that stands; return its number and the link's token."""
    if number is None:
        number = open_incident(engine)
    answer_id = written(engine, number, rules=rules, **more)
    publish(engine, answer_id, rules=rules, now=more.get("now", NOW))
    return number, token_in(engine, answer_id)


def token_in(engine: sa.Engine, answer_id: int) -> str:
    """Return the token that an answer's text carries."""
    with reading(engine) as session:
        text = session.get_one(Answer, answer_id).text
    token = text.rpartition("/o/")[2]
    assert TOKEN.fullmatch(token), text
    return token


def incident(engine: sa.Engine, number: int) -> Incident:
    """Return an incident as it stands."""
    with reading(engine) as session:
        return session.get_one(Incident, number)


def survey_rows(engine: sa.Engine) -> list[Survey]:
    """Return all surveys, the first one first."""
    with reading(engine) as session:
        return list(session.exec(select(Survey).order_by(sa.column("id"))).all())


def told(engine: sa.Engine, occasion: Occasion) -> list[Notice]:
    """Return what people are told of on this occasion."""
    with reading(engine) as session:
        return list(session.exec(select(Notice).where(Notice.occasion == occasion)).all())


def vote(
    engine: sa.Engine,
    token: str,
    rating: int,
    word: str = "",
    *,
    rules: Rules = RULES,
    after: int = 1,
) -> Asked:
    """Rate an answer by its link, some minutes after it was given."""
    with unit_of_work(engine) as session:
        now = NOW + timedelta(minutes=after)
        return rate(session, token, rating, word, rules=rules, now=now)


def entries(engine: sa.Engine, *acts: Act) -> list[JournalEntry]:
    """Return what the journal says of these acts, the first one first."""
    with reading(engine) as session:
        query = select(JournalEntry).where(col(JournalEntry.act).in_(acts))
        return list(session.exec(query.order_by(col(JournalEntry.id))).all())
