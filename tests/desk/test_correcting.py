"""A person judges an incident: the label, the journal, the body, the deadline, the timers."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from console.builders import NOW, operator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judging import (
    AS_IT_STANDS,
    CALENDAR,
    RULES,
    an_incident,
    confirm,
    correct,
    due,
    edit,
    fire,
    first_reminder,
    incident,
    journal,
    labels,
    notices,
    pending,
    version,
)
from sqlmodel import Session, select

from models.post import Post
from models.vocabulary import (
    Act,
    Certainty,
    Clock,
    Occasion,
    Role,
    Stage,
    Topic,
    Urgency,
)
from pipeline.database import open_database, unit_of_work
from pipeline.decisions.correcting import Correction, Refusal
from pipeline.decisions.permissions import Actor
from pipeline.desk.timers import fire_due


@pytest.fixture
def number(engine: sa.Engine) -> int:
    return an_incident(engine)


def test_a_confirmation_is_a_label_and_a_line_of_the_journal(
    engine: sa.Engine, number: int
) -> None:
    # Given an incident that asks for a look
    # When an operator finds nothing wrong with it
    assert confirm(engine, number) is None
    # Then their word is kept beside what had been suggested
    (label,) = labels(engine)
    assert (label.actor, label.at, label.revision, label.model) == ("operator", NOW, 1, "2026.1")
    assert (label.topic, label.also, label.relevant) == (Topic.ROADS, ["lighting"], True)
    assert (label.urgent, label.settlement, label.fine_topic) == (False, "katynskoe", None)
    assert label.suggested == {
        "topic": "roads",
        "probability": 0.81,
        "relevant": True,
        "urgent": False,
        "certainty": "review",
        "settlement": "katynskoe",
    }
    # And the body that was suggested has it now, with the deadline that it had
    (entry,) = journal(engine)
    assert (entry.act, entry.actor) == (Act.CONFIRMED, "operator")
    after = incident(engine, number)
    assert (after.certainty, after.version) == (Certainty.AUTO, 2)
    assert (after.stage, after.body) == (Stage.ASSIGNED, "katynskoe")
    assert after.first_assigned_at == after.assigned_at == after.stage_at == NOW
    assert after.due_at == due(Urgency.NORMAL)
    assert notices(engine) == [(Occasion.ASSIGNED, "katynskoe")]


def test_another_topic_has_another_body_and_the_same_deadline(
    engine: sa.Engine, number: int
) -> None:
    before = pending(engine)

    assert correct(engine, number, replace(AS_IT_STANDS, topic=Topic.GAS)) is None

    after = incident(engine, number)
    assert (after.topic, after.body, after.stage) == (Topic.GAS, "housing", Stage.ASSIGNED)
    assert after.version > 1
    assert (after.settlement, after.village, after.place_from) == (
        "katynskoe",
        "Катынь",
        "community",
    )
    assert pending(engine)[Clock.ANSWER] == before[Clock.ANSWER]
    (entry,) = journal(engine)
    assert (entry.act, entry.actor) == (Act.CORRECTED, "operator")
    changed = {key for key in entry.after if entry.after[key] != entry.before[key]}
    assert {"topic", "body"} <= changed
    assert changed <= {"topic", "body", "stage"}
    assert [label.topic for label in labels(engine)] == [Topic.GAS]


def test_another_place_loses_the_village_that_was_guessed(engine: sa.Engine, number: int) -> None:
    assert correct(engine, number, replace(AS_IT_STANDS, settlement="kozinskoe")) is None

    after = incident(engine, number)
    assert (after.settlement, after.village, after.street) == ("kozinskoe", None, "ул. Лесная")
    assert (after.place_from, after.body) == ("person", "kozinskoe")


def test_a_raised_urgency_shortens_the_deadline_and_a_lowered_one_gives_it_back(
    engine: sa.Engine, number: int
) -> None:
    urgent = replace(AS_IT_STANDS, urgency=Urgency.URGENT)

    assert correct(engine, number, urgent) is None
    assert incident(engine, number).norm == "3 рабочих часа"
    assert incident(engine, number).due_at == due(Urgency.URGENT)
    assert pending(engine)[Clock.ANSWER] == first_reminder(Urgency.URGENT)

    assert correct(engine, number, AS_IT_STANDS, version=version(engine, number)) is None
    assert incident(engine, number).norm == "8 рабочих часов"
    assert incident(engine, number).calendar == CALENDAR.version
    assert pending(engine)[Clock.ANSWER] == first_reminder(Urgency.NORMAL)


def test_a_deadline_that_has_passed_is_not_announced_twice(engine: sa.Engine) -> None:
    # Given an incident whose deadline has passed and was announced
    number = an_incident(engine)
    later = due(Urgency.NORMAL) + timedelta(minutes=1)
    fire(engine, later)
    assert [entry.act for entry in journal(engine)].count(Act.OVERDUE) == 1
    # When it turns out to be urgent, for which the deadline has passed all the more
    urgent = replace(AS_IT_STANDS, urgency=Urgency.URGENT)
    assert correct(engine, number, urgent, version=version(engine, number), now=later) is None
    # Then no timer announces it again, only how much later it is by now
    fire(engine, later)
    fire(engine, later + timedelta(days=30))
    acts = [entry.act for entry in journal(engine)]
    assert (acts.count(Act.WARNED), acts.count(Act.OVERDUE)) == (0, 1)
    assert acts.count(Act.ESCALATED) in {1, 2}


def test_what_is_no_incident_is_closed_without_an_answer(engine: sa.Engine, number: int) -> None:
    said = replace(AS_IT_STANDS, relevant=False, topic=Topic.GAS)

    assert correct(engine, number, said) is None

    after = incident(engine, number)
    assert (after.stage, after.outcome, after.closed_at) == (Stage.CLOSED, None, NOW)
    assert after.topic is Topic.ROADS, "of what is none, no topic is corrected"
    assert pending(engine) == {}
    corrected, closed = journal(engine)
    assert (corrected.before["relevant"], corrected.after["relevant"]) == (True, False)
    assert (closed.act, closed.reason, closed.actor) == (Act.CLOSED, "not_relevant", "operator")
    assert [label.relevant for label in labels(engine)] == [False]
    # And nothing fires any more
    with unit_of_work(engine) as session:
        assert fire_due(session, RULES, NOW + timedelta(days=30)) == 0


@pytest.mark.parametrize(
    ("said", "version", "refused"),
    [
        (replace(AS_IT_STANDS, topic=Topic.GAS), 2, Refusal.STALE),
        (replace(AS_IT_STANDS, settlement="atlantis"), 1, Refusal.SETTLEMENT),
    ],
)
def test_a_refused_correction_leaves_nothing(
    engine: sa.Engine, number: int, said: Correction, version: int, refused: Refusal
) -> None:
    assert correct(engine, number, said, version=version) is refused
    assert confirm(engine, number, version=2) is Refusal.STALE

    assert labels(engine) == []
    assert journal(engine) == []
    assert incident(engine, number).version == 1


def test_a_closed_incident_stays_as_it_is(engine: sa.Engine) -> None:
    number = an_incident(engine, stage=Stage.CLOSED, closed_at=NOW)

    assert confirm(engine, number) is Refusal.CLOSED
    assert correct(engine, number, replace(AS_IT_STANDS, topic=Topic.GAS)) is Refusal.CLOSED
    assert labels(engine) == []


@pytest.mark.parametrize(
    "actor", [Actor("luga", Role.EXECUTOR, "katynskoe"), Actor("head", Role.APPROVER)]
)
def test_only_who_judges_is_heard(engine: sa.Engine, number: int, actor: Actor) -> None:
    said = replace(AS_IT_STANDS, topic=Topic.GAS)
    assert correct(engine, number, said, actor=actor) is Refusal.FORBIDDEN
    assert confirm(engine, number, actor=actor) is Refusal.FORBIDDEN
    assert labels(engine) == []
    assert incident(engine, number).stage is Stage.REVIEW


def test_a_second_person_who_saw_the_older_state_is_told(engine: sa.Engine, number: int) -> None:
    assert (
        correct(engine, number, replace(AS_IT_STANDS, topic=Topic.GAS), actor=operator("first"))
        is None
    )
    said = replace(AS_IT_STANDS, topic=Topic.SNOW)
    assert correct(engine, number, said, actor=operator("second")) is Refusal.STALE
    assert (
        correct(engine, number, said, actor=operator("second"), version=version(engine, number))
        is None
    )
    assert [label.actor for label in labels(engine)] == ["first", "second"]


def test_of_two_people_at_the_same_moment_one_is_heard(engine: sa.Engine, number: int) -> None:
    start = threading.Barrier(2)

    def say(topic: Topic) -> Refusal | None:
        start.wait(10)
        said = replace(AS_IT_STANDS, topic=topic)
        return correct(engine, number, said, actor=operator(topic.value))

    with ThreadPoolExecutor(2) as people:
        answers = list(people.map(say, [Topic.GAS, Topic.SNOW]))

    assert sorted(answers, key=str) == [None, Refusal.STALE]
    (label,) = labels(engine)
    assert incident(engine, number).topic is label.topic
    assert [entry.act for entry in journal(engine)] == [Act.CORRECTED]


@pytest.mark.parametrize(
    "said",
    [
        AS_IT_STANDS,
        replace(AS_IT_STANDS, topic=Topic.GAS),
        replace(AS_IT_STANDS, relevant=False),
        replace(AS_IT_STANDS, also=(Topic.ROADS, Topic.SNOW)),
    ],
)
def test_a_button_pressed_twice_says_one_thing(
    engine: sa.Engine, number: int, said: Correction
) -> None:
    assert correct(engine, number, said) is None
    before = journal(engine)
    assert correct(engine, number, said) is None
    assert len(labels(engine)) == 1
    assert journal(engine) == before


def test_a_confirmation_pressed_twice_says_one_thing(engine: sa.Engine, number: int) -> None:
    assert confirm(engine, number) is None
    assert confirm(engine, number) is None
    assert len(labels(engine)) == len(journal(engine)) == 1
    another = operator("another")
    assert confirm(engine, number, actor=another) is Refusal.STALE, "it was handed on meanwhile"
    assert confirm(engine, number, actor=another, version=version(engine, number)) is None
    assert len(labels(engine)) == 2


def test_a_correction_that_changes_nothing_is_a_confirmation(
    engine: sa.Engine, number: int
) -> None:
    assert correct(engine, number, AS_IT_STANDS) is None
    assert [entry.act for entry in journal(engine)] == [Act.CONFIRMED]
    assert incident(engine, number).stage is Stage.ASSIGNED


def test_further_topics_are_kept_for_the_next_look(engine: sa.Engine, number: int) -> None:
    said = replace(AS_IT_STANDS, also=(Topic.SNOW,))
    assert correct(engine, number, said) is None
    seen = version(engine, number)
    assert confirm(engine, number, actor=operator("another"), version=seen) is None
    assert [label.also for label in labels(engine)] == [["snow"], ["snow"]]
    assert [entry.after["also"] for entry in journal(engine)] == [["snow"], ["snow"]]


def test_an_edit_asks_for_another_look_and_makes_open_cards_stale(
    engine: sa.Engine, number: int
) -> None:
    assert confirm(engine, number) is None
    seen = version(engine, number)

    edit(engine, number, "Ямы больше нет, зато не горит фонарь")

    assert incident(engine, number).certainty is Certainty.REVIEW
    assert confirm(engine, number, version=seen) is Refusal.STALE
    assert confirm(engine, number, version=version(engine, number)) is None
    assert [label.revision for label in labels(engine)] == [1, 2]


def test_an_edit_of_a_closed_incident_asks_for_nothing(engine: sa.Engine) -> None:
    number = an_incident(engine, stage=Stage.CLOSED, certainty=Certainty.AUTO)
    edit(engine, number, "Всё починили, спасибо")
    assert incident(engine, number).certainty is Certainty.AUTO


def test_what_a_source_stated_is_the_suggestion(engine: sa.Engine, number: int) -> None:
    with unit_of_work(engine) as session:
        first_post(session).stated = {"topic": "snow"}
    assert confirm(engine, number) is None
    (label,) = labels(engine)
    assert (label.suggested["topic"], label.suggested["probability"]) == ("snow", None)


def test_a_post_of_the_first_version_suggests_what_it_can(engine: sa.Engine, number: int) -> None:
    with unit_of_work(engine) as session:
        first_post(session).prediction = {}
    assert confirm(engine, number) is None
    (label,) = labels(engine)
    assert label.also == []
    assert label.suggested == {
        "topic": None,
        "probability": None,
        "relevant": True,
        "urgent": None,
        "certainty": None,
        "settlement": "katynskoe",
    }


def first_post(session: Session) -> Post:
    return session.exec(select(Post)).one()


WORDS = st.builds(
    Correction,
    relevant=st.sampled_from([True, True, True, True, False]),
    topic=st.sampled_from([Topic.ROADS, Topic.GAS, Topic.SNOW]),
    urgency=st.sampled_from(Urgency),
    settlement=st.sampled_from([None, "katynskoe", "kozinskoe", "atlantis"]),
    also=st.just(()),
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(said=st.lists(st.tuples(WORDS, st.sampled_from([0, 0, 0, -1])), max_size=6))
def test_whatever_people_say_the_books_agree(
    said: list[tuple[Correction, int]], empty_sqlite: Any, tmp_path_factory: Any
) -> None:
    # Given any row of corrections, some of which saw an older version
    path = tmp_path_factory.mktemp("life") / "otklik.db"
    path.write_bytes(empty_sqlite.read_bytes())
    engine = open_database(f"sqlite:///{path}")
    try:
        number = an_incident(engine)
        for step, (words, behind) in enumerate(said):
            before = incident(engine, number)
            refused = correct(
                engine,
                number,
                words,
                actor=operator(f"person-{step}"),
                version=before.version + behind,
            )
            after = incident(engine, number)
            # Then a refusal changes nothing, and a closed incident takes no more words
            if refused is not None:
                assert after.model_dump() == before.model_dump()
                continue
            assert before.stage is not Stage.CLOSED
            # And what was said is what stands, with the deadline of its urgency
            if words.relevant:
                assert (after.topic, after.urgency) == (words.topic, words.urgency)
                assert after.settlement == words.settlement
                assert after.due_at == due(words.urgency)
                assert pending(engine)[Clock.ANSWER] == first_reminder(words.urgency)
                assert after.stage is Stage.ASSIGNED
            else:
                assert after.stage is Stage.CLOSED
                assert pending(engine) == {}
            assert after.due_at == before.due_at or after.urgency is not before.urgency
        # And every word that was heard has its label and its line
        judged = [entry for entry in journal(engine) if entry.act is not Act.CLOSED]
        assert [label.actor for label in labels(engine)] == [entry.actor for entry in judged]
    finally:
        engine.dispose()
