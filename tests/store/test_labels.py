"""What retraining reads: labels of people, and topics that sources state."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from console.builders import NOW, add_incident, add_post, add_source

from models.columns import stored_id
from models.label import Label
from models.vocabulary import Topic
from pipeline.database import reading, unit_of_work
from pipeline.store.labels import Labelled, StatedTopic, labels, newest_label, stated_topics
from pipeline.store.posts import posts_of, thread_above


def a_label(post_id: int, incident_id: int, **fields: Any) -> Label:
    return Label(
        **{
            "post_id": post_id,
            "incident_id": incident_id,
            "revision": 1,
            "at": NOW,
            "actor": "operator",
            "topic": Topic.ROADS,
            "relevant": True,
            "urgent": False,
            **fields,
        }
    )


def labelled(engine: sa.Engine) -> list[Labelled]:
    with reading(engine) as session:
        return list(labels(session))


def test_the_newest_label_of_a_text_counts(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        incident = stored_id(add_incident(session, add_source(session), text="Во дворе яма").id)
        post = stored_id(posts_of(session, incident)[0].id)
        session.add(a_label(post, incident, topic=Topic.GAS))
        session.flush()
        session.add(
            a_label(
                post,
                incident,
                at=NOW + timedelta(hours=1),
                actor="another",
                also=["snow", "a topic of long ago"],
                fine_topic="Ямы во дворах",
                urgent=True,
                suggested={"topic": "snow", "probability": 0.5},
                model="2026.1",
            )
        )

    assert labelled(engine) == [
        Labelled(
            text="Во дворе яма",
            context=(),
            topic=Topic.ROADS,
            fine_topic="Ямы во дворах",
            also=(Topic.SNOW,),
            relevant=True,
            urgent=True,
            at=NOW + timedelta(hours=1),
            actor="another",
            suggested={"topic": "snow", "probability": 0.5},
            model="2026.1",
        )
    ]
    with reading(engine) as session:
        newest = newest_label(session, post)
        assert newest is not None
        assert newest.actor == "another"
        assert newest_label(session, post + 1) is None


def test_a_label_of_a_text_that_was_changed_since_teaches_nothing(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        for revision in (1, 2):
            incident = stored_id(add_incident(session, source, post={"revision": revision}).id)
            post = stored_id(posts_of(session, incident)[0].id)
            session.add(a_label(post, incident, revision=1, actor=f"of-revision-{revision}"))
            session.flush()

    assert [label.actor for label in labelled(engine)] == ["of-revision-1"]


def test_a_label_comes_with_the_thread_above_its_text(engine: sa.Engine) -> None:
    # Given a post, a comment, an answer to the comment, and a comment whose parent is the post
    with unit_of_work(engine) as session:
        source = add_source(session)
        add_post(session, source, "root", text="Пишите, где ямы")
        add_post(session, source, "first", text="У школы", root_id="root", parent_id="root")
        below = [
            {"root_id": "root", "parent_id": "first"},
            {"root_id": "root", "parent_id": "root"},
            {"root_id": "", "parent_id": "first"},
            {"root_id": "unknown", "parent_id": "unknown too"},
            {"root_id": "-1_5", "parent_id": ""},  # its own number
        ]
        for thread in below:
            incident = stored_id(add_incident(session, source, post=thread).id)
            post = posts_of(session, incident)[0]
            session.add(a_label(stored_id(post.id), incident))
            session.flush()

    # When labels are read
    found = [label.context for label in labelled(engine)]

    # Then each has what stands above it, as the card shows it
    assert found == [
        ("Пишите, где ямы", "У школы"),
        ("Пишите, где ямы",),
        ("У школы",),
        (),
        (),
    ]
    with reading(engine) as session:
        for number, context in enumerate(found, start=1):
            above = thread_above(session, posts_of(session, number)[0])
            assert tuple(post.text for post in above) == context


def test_a_namesake_in_another_source_is_no_thread(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        other = add_source(session)
        add_post(session, other, "root", text="Совсем другая стена")
        other.key = "vk:other"
        session.flush()
        thread = {"root_id": "root", "parent_id": "root"}
        incident = stored_id(add_incident(session, add_source(session), post=thread).id)
        session.add(a_label(stored_id(posts_of(session, incident)[0].id), incident))

    assert [label.context for label in labelled(engine)] == [()]


def test_stated_topics_come_with_their_moment(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        add_post(session, source, "1", text="Ничего не сказано")
        add_post(
            session,
            source,
            "2",
            text="Яма",
            stated={"topic": "roads", "fine_topic": "Ямы во дворах"},
            published_at=NOW - timedelta(days=3),
        )
        add_post(session, source, "3", text="Газ", stated={"topic": "gas"}, published_at=None)

    with reading(engine) as session:
        assert list(stated_topics(session)) == [
            StatedTopic("Яма", "roads", "Ямы во дворах", NOW - timedelta(days=3)),
            StatedTopic("Газ", "gas", None, NOW),
        ]
