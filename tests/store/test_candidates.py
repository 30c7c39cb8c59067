"""What nobody has judged yet, and what was written lately."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from builders import TUESDAY_NOON, comment, post, take
from sqlmodel import select

from models.columns import stored_id
from models.label import Label
from models.post import Post
from models.values import Stated
from models.vocabulary import Topic
from pipeline.database import reading, unit_of_work
from pipeline.store.candidates import recent, unjudged

PIT = "На Лесной яма на дороге, машины объезжают по тротуару, отремонтируйте пожалуйста"
DARK = "На улице Мира третью неделю не горит ни один фонарь, темно, почините освещение"
WATER = "В доме 5 по Садовой второй день нет воды, прошу разобраться"


def test_open_incidents_without_a_label_are_candidates(engine: sa.Engine) -> None:
    # Given four incidents: one labelled, one stated by its source, two that nobody judged
    first = post(1, PIT)
    stated = replace(post(3, WATER), stated=Stated(relevant=True, topic=Topic.WATER))
    take(engine, first, post(2, DARK), stated, comment(1, WATER, below=first))
    with unit_of_work(engine) as session:
        dark = session.exec(select(Post).where(Post.text == DARK)).one()
        session.add(
            Label(
                post_id=stored_id(dark.id),
                incident_id=stored_id(dark.incident_id),
                revision=dark.revision,
                at=TUESDAY_NOON,
                actor="duty",
                topic=Topic.LIGHTING,
                relevant=True,
                urgent=False,
            )
        )
    # Then those two are candidates, the newest first, each with the thread above it
    with reading(engine) as session:
        found = unjudged(session)
        assert [candidate.message.text for candidate in found] == [WATER, PIT]
        assert [candidate.message.context for candidate in found] == [(PIT,), ()]
        assert len(unjudged(session, limit=1)) == 1


def test_recent_are_relevant_posts_seen_since(engine: sa.Engine) -> None:
    take(engine, post(1, PIT), now=TUESDAY_NOON - timedelta(days=40))
    take(engine, post(2, DARK), post(3, "Продам диван, самовывоз, 3000 рублей"))
    with reading(engine) as session:
        assert list(recent(session, since=TUESDAY_NOON - timedelta(days=30))) == [DARK]
        assert list(recent(session, since=TUESDAY_NOON - timedelta(days=50))) == [DARK, PIT]
        assert list(recent(session, since=TUESDAY_NOON - timedelta(days=50), limit=1)) == [DARK]
