"""Labels of an operator, for tests of what is learned from them."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from builders import TUESDAY_NOON
from console.builders import add_incident, add_post, add_source

from classifiers.examples import read_seeds
from models.columns import stored_id
from models.label import Label
from models.vocabulary import Topic
from pipeline.database import unit_of_work


def judged(count: int) -> list[tuple[str, Topic]]:
    """Return seeds with the topic that an operator chose, one in five of them by lot."""
    draw = random.Random(1)  # noqa: S311 - not for secrets
    known = [(e.text, e.topic) for e in read_seeds() if e.relevant and e.topic and not e.context]
    draw.shuffle(known)
    return [
        (text, draw.choice(list(Topic)) if place % 5 == 0 else topic)
        for place, (text, topic) in enumerate(known[:count])
    ]


def moment(place: int) -> datetime:
    """Return when the label at this place was given: one a minute."""
    return TUESDAY_NOON + timedelta(minutes=place)


def add_labels(engine: sa.Engine, judged: Iterable[tuple[str, Topic]]) -> None:
    """Store texts, each with the topic that an operator gave it."""
    with unit_of_work(engine) as session:
        source = add_source(session)
        incident = stored_id(add_incident(session, source).id)
        for place, (text, topic) in enumerate(judged):
            post = add_post(session, source, f"-7_{place}", text=text)
            session.add(
                Label(
                    post_id=stored_id(post.id),
                    incident_id=incident,
                    revision=post.revision,
                    at=moment(place),
                    actor="operator",
                    topic=topic,
                    relevant=True,
                    urgent=False,
                )
            )
