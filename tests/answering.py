"""Incidents to answer, and answers to send."""

from datetime import datetime

import sqlalchemy as sa
from console.builders import NOW, OPERATOR, add_incident, make_rules
from sqlmodel import Session, col, select

from models.answer import Answer
from models.columns import stored_id
from models.journal import JournalEntry
from models.post import Post
from models.source import Source
from models.vocabulary import Act, AnswerKind, Network
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import Draft
from pipeline.desk import answers as desk

RULES = make_rules()
TEXT = "Здравствуйте! Яма засыпана."


def source_of(session: Session, key: str, network: Network = Network.VK) -> Source:
    """Return the source with this key, made if it is new."""
    known = session.exec(select(Source).where(Source.key == key)).one_or_none()
    if known is None:
        known = Source(key=key, network=network, title=key, created_at=NOW)
        session.add(known)
        session.flush()
    return known


def open_incident(engine: sa.Engine, key: str = "vk:luga", network: Network = Network.VK) -> int:
    """Open an incident with one post of a source; return its number."""
    with unit_of_work(engine) as session:
        return stored_id(add_incident(session, source_of(session, key, network)).id)


def queue(
    engine: sa.Engine,
    *,
    key: str = "vk:luga",
    text: str = TEXT,
    now: datetime = NOW,
    incident_id: int | None = None,
) -> int:
    """Queue a final answer, to a new incident of a source unless one is named."""
    if incident_id is None:
        incident_id = open_incident(engine, key)
    with unit_of_work(engine) as session:
        answer = desk.queue_answer(
            session,
            incident_id,
            Draft(text, AnswerKind.FINAL),
            actor=OPERATOR,
            version=None,
            rules=RULES,
            now=now,
        )
    assert isinstance(answer, Answer), answer
    return stored_id(answer.id)


def stored(engine: sa.Engine, answer_id: int) -> Answer:
    """Return an answer as it stands."""
    with reading(engine) as session:
        return session.get_one(Answer, answer_id)


def post_of(engine: sa.Engine, answer_id: int) -> str:
    """Return the external id of the post that is answered."""
    with reading(engine) as session:
        return session.get_one(Post, session.get_one(Answer, answer_id).post_id).external_id


def entries(engine: sa.Engine) -> list[JournalEntry]:
    """Return what the journal says of answers."""
    with reading(engine) as session:
        query = select(JournalEntry).where(JournalEntry.act != Act.OPENED)
        return list(session.exec(query.order_by(col(JournalEntry.id))).all())
