"""An act that is taken back leaves an incident as it was, whatever the act and its author."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from casework import HEAD, LUGA, ROADS, Case, case_in_work, open_case
from console.builders import NOW, add_incident, add_person, operator
from sqlmodel import col, select
from undoing import (
    CLOSING,
    NOT_RELEVANT,
    Bench,
    acting,
    confirming,
    correcting_to,
    helped_by,
    merging_into,
    snoozing,
)

from models.columns import stored_id
from models.console import Undo
from models.journal import JournalEntry
from models.label import Label
from models.source import Source
from models.vocabulary import Act, Clock, Stage, Topic, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.desk import undo as desk
from pipeline.store.candidates import unjudged
from pipeline.store.labels import labels
from pipeline.verify import verify

UNTIL = NOW + timedelta(hours=2)
TO_ROADS = acting(Act.ASSIGNED, body="roads")
TO_LUGA = acting(Act.ASSIGNED, body="luga")


@pytest.fixture
def bench(engine: sa.Engine) -> Bench:
    with unit_of_work(engine) as session:
        return Bench(engine, add_person(session, "operator").id)


def second_case(engine: sa.Engine, **fields: Any) -> int:
    """Add an incident of the same source."""
    with unit_of_work(engine) as session:
        source = session.exec(select(Source)).one()
        return stored_id(add_incident(session, source, **fields).id)


def done(bench: Bench, *more: Any, **fields: Any) -> str:
    token = bench.do(*more, **fields)
    assert token is not None
    return token


def entries(engine: sa.Engine, act: Act) -> list[JournalEntry]:
    with reading(engine) as session:
        query = select(JournalEntry).where(JournalEntry.act == act)
        return list(session.exec(query.order_by(col(JournalEntry.id))).all())


ONE_BY_ONE = [
    (Act.CONFIRMED, confirming),
    (Act.CORRECTED, correcting_to(Topic.SNOW, Urgency.URGENT, "bor")),
    (Act.CORRECTED, NOT_RELEVANT),
    (Act.ASSIGNED, TO_LUGA),
    (Act.CO_EXECUTORS, helped_by("luga", "school")),
    (Act.CLOSED, CLOSING),
    (Act.SNOOZED, snoozing(UNTIL)),
]


@pytest.mark.parametrize(("act", "doing"), ONE_BY_ONE)
def test_an_act_that_is_taken_back_leaves_the_incident_as_it_was(
    act: Act, doing: Any, bench: Bench
) -> None:
    # Given an incident on review, with its clocks
    case = open_case(bench.engine)
    before, version = bench.everything(), case.incident().version
    # When somebody acts, and takes it back
    token = done(bench, case.number, act, doing)
    assert bench.everything() != before
    said = bench.undo(token)
    # Then everything is as before, but that the version has grown
    assert (said.restored, said.refused) == ([case.number], [])
    assert bench.everything() == before
    assert case.incident().version > version
    # and the journal tells of both
    assert case.acts()[-1] is Act.UNDONE
    assert act in case.acts()
    with reading(bench.engine) as session:
        assert verify(session).troubles == ()


def test_the_journal_tells_what_was_taken_back(bench: Bench) -> None:
    case = open_case(bench.engine)
    bench.undo(done(bench, case.number, Act.ASSIGNED, TO_LUGA))

    entry = case.journal()[-1]

    assert (entry.actor, entry.reason) == ("operator", "отменено: «Назначен исполнитель»")
    assert (entry.before["body"], entry.after["body"]) == ("luga", "roads")
    assert (entry.before["stage"], entry.after["stage"]) == ("assigned", "review")
    assert entry.after["undone"] == "assigned"


def test_a_label_that_was_taken_back_teaches_nothing(bench: Bench) -> None:
    # Given an incident that somebody has confirmed, and that is then called something else
    case = open_case(bench.engine)
    done(bench, case.number, Act.CONFIRMED, confirming, actor=operator("petrova"))
    token = done(
        bench, case.number, Act.CORRECTED, correcting_to(Topic.SNOW, Urgency.NORMAL, "luga")
    )
    # When the correction is taken back
    bench.undo(token)
    # Then the first word is the one that counts, and the second is kept as withdrawn
    with reading(bench.engine) as session:
        assert [(one.actor, one.topic) for one in labels(session)] == [("petrova", Topic.ROADS)]
        kept = session.exec(select(Label).order_by(col(Label.id))).all()
        assert [one.withdrawn_at for one in kept] == [None, NOW]
    assert case.incident().operator == "petrova"


def test_what_nobody_has_judged_after_all_may_be_asked_about_again(bench: Bench) -> None:
    case = open_case(bench.engine)
    token = done(bench, case.number, Act.CONFIRMED, confirming)
    bench.undo(token)

    with reading(bench.engine) as session:
        assert [one.incident_id for one in unjudged(session)] == [case.number]
        assert list(labels(session)) == []


def test_acts_of_one_token_are_taken_back_together_the_newest_first(bench: Bench) -> None:
    case = open_case(bench.engine)
    before = bench.everything()
    token = done(bench, case.number, Act.CONFIRMED, confirming)
    done(bench, case.number, Act.ASSIGNED, TO_LUGA, token=token)
    done(bench, case.number, Act.SNOOZED, snoozing(UNTIL), token=token)
    other = second_case(bench.engine)
    whole = bench.everything()
    done(bench, other, Act.CLOSED, CLOSING, token=token)

    said = bench.undo(token, only=other)
    assert (said.restored, bench.everything()) == ([other], whole)
    said = bench.undo(token)

    assert said.restored == [case.number, other]
    assert bench.everything()["labels"] == before["labels"]
    assert case.incident().stage is Stage.REVIEW


def test_what_is_pressed_twice_is_heard_once(bench: Bench) -> None:
    case = open_case(bench.engine)
    token = done(bench, case.number, Act.CLOSED, CLOSING)

    first, second = bench.undo(token), bench.undo(token)

    assert first.restored == second.restored == [case.number]
    assert case.acts().count(Act.UNDONE) == 1


def test_nobody_takes_back_what_somebody_has_gone_on_from(bench: Bench) -> None:
    case = open_case(bench.engine)
    token = done(bench, case.number, Act.ASSIGNED, TO_ROADS)
    case.done(Act.ACCEPTED, by=ROADS)
    before = bench.everything()

    said = bench.undo(token)

    assert (said.restored, said.refused) == ([], [(case.number, desk.WENT_ON)])
    assert bench.everything() == before


def test_a_colleague_who_agreed_meanwhile_has_gone_on(bench: Bench) -> None:
    """Two who find the same right leave the version what it was, and still are two."""
    case = open_case(bench.engine, stage=Stage.WORK)
    token = done(bench, case.number, Act.CONFIRMED, confirming)
    done(bench, case.number, Act.CONFIRMED, confirming, actor=operator("petrova"))

    assert bench.undo(token).refused == [(case.number, desk.WENT_ON)]
    assert case.incident().operator == "petrova"


@pytest.mark.parametrize(
    ("later", "who", "why"),
    [
        (timedelta(minutes=10, seconds=1), {}, desk.TOO_LATE),
        (timedelta(), {"staff_id": 0}, desk.SOMEBODY_ELSE),
        (timedelta(), {"actor": HEAD}, desk.NO_RIGHT),
    ],
)
def test_who_comes_too_late_or_is_somebody_else_takes_nothing_back(
    later: timedelta, who: dict[str, Any], why: str, bench: Bench
) -> None:
    case = open_case(bench.engine)
    token = done(bench, case.number, Act.CONFIRMED, confirming)
    before = bench.everything()
    bench.now += later

    assert bench.undo(token, **who).refused == [(case.number, why)]
    assert bench.everything() == before


def test_ten_minutes_are_enough_time(bench: Bench) -> None:
    case = open_case(bench.engine)
    token = done(bench, case.number, Act.CONFIRMED, confirming)
    bench.now += timedelta(minutes=10)

    assert bench.undo(token).restored == [case.number]


def test_an_executor_takes_back_what_they_gave_away(bench: Bench) -> None:
    """Who passes an incident up sees it no more, and may still have slipped."""
    case = case_in_work(bench.engine)
    before = bench.everything()
    up = acting(Act.PASSED_UP, reason="Не наше")
    token = done(bench, case.number, Act.PASSED_UP, up, actor=LUGA)

    assert bench.undo(token, actor=LUGA).restored == [case.number]
    assert bench.everything() == before


def test_a_guessed_token_takes_nothing_back(bench: Bench) -> None:
    assert not bench.undo("guessed").known


def test_what_changed_nothing_is_not_offered_to_be_taken_back(bench: Bench) -> None:
    case = open_case(bench.engine, stage=Stage.WORK)
    done(bench, case.number, Act.CONFIRMED, confirming)

    again = done(bench, case.number, Act.CONFIRMED, confirming)

    assert not bench.undo(again).known


def test_an_act_that_reaches_further_cannot_be_remembered(bench: Bench) -> None:
    case = open_case(bench.engine)
    with unit_of_work(bench.engine) as session:
        before = desk.snapshot(session, case.number)
        with pytest.raises(ValueError, match="paused"):
            desk.remember(session, before, act=Act.PAUSED, staff_id=1, token="t", now=NOW)


def test_there_is_nothing_to_keep_of_an_incident_that_is_not_there(bench: Bench) -> None:
    with unit_of_work(bench.engine) as session:
        assert desk.snapshot(session, 404) is None
        desk.remember(session, None, act=Act.CLOSED, staff_id=1, token="t", now=NOW)
        assert session.exec(select(Undo)).all() == []


def test_a_merge_is_taken_back_on_both_sides(bench: Bench) -> None:
    # Given two incidents, the one that goes away more urgent than the one that stays
    one = open_case(bench.engine, urgency=Urgency.URGENT)
    other = second_case(bench.engine, due_at=NOW + timedelta(days=3))
    before = bench.everything()
    # When they are merged and the merge is taken back
    token = done(bench, one.number, Act.MERGED, merging_into(other), into=other)
    assert bench.incident(other).urgency is Urgency.URGENT
    said = bench.undo(token)
    # Then both are what they were
    assert sorted(said.restored) == sorted([one.number, other])
    assert bench.everything() == before


def test_a_merge_is_whole_or_not_at_all(bench: Bench) -> None:
    one = open_case(bench.engine)
    other = second_case(bench.engine)
    token = done(bench, one.number, Act.MERGED, merging_into(other), into=other)
    Case(bench.engine, other).done(Act.ASSIGNED, body="luga")

    said = bench.undo(token)

    assert said.restored == []
    assert {why for _, why in said.refused} == {desk.WENT_ON}
    assert bench.incident(one.number).merged_into == other


def test_two_merges_of_one_token_are_taken_back(bench: Bench) -> None:
    one = open_case(bench.engine)
    two, other = second_case(bench.engine), second_case(bench.engine)
    before = bench.everything()
    token = done(bench, one.number, Act.MERGED, merging_into(other), into=other)
    done(bench, two, Act.MERGED, merging_into(other), into=other, token=token)

    assert sorted(bench.undo(token).restored) == sorted([one.number, two, other])
    assert bench.everything() == before


def test_a_reminder_that_was_given_meanwhile_is_not_given_again(bench: Bench) -> None:
    # Given an incident that was put off, and whose reminder came while it was
    case = open_case(bench.engine)
    token = done(bench, case.number, Act.SNOOZED, snoozing(UNTIL))
    timer = case.timer(Clock.ANSWER)
    assert timer is not None
    bench.now = case.now = NOW + timedelta(minutes=9)
    case.tick(timer.due_at)
    told = case.occasions()
    # When that is taken back
    assert bench.undo(token).restored == [case.number]
    # Then nobody is reminded a second time
    case.tick(timer.due_at)
    assert case.occasions() == told


def test_a_clock_that_was_set_back_speaks_under_another_fence(bench: Bench) -> None:
    case = open_case(bench.engine)
    before = case.timer(Clock.STAGE)
    bench.undo(done(bench, case.number, Act.ASSIGNED, TO_LUGA))
    after = case.timer(Clock.STAGE)

    assert before is not None
    assert after is not None
    assert (after.due_at, after.level) == (before.due_at, before.level)
    assert after.cycle > before.cycle + 1, "neither the old fence nor that of the act"


def test_old_acts_are_forgotten_by_new_ones(bench: Bench) -> None:
    case = open_case(bench.engine)
    old = done(bench, case.number, Act.SNOOZED, snoozing(UNTIL))
    bench.now += timedelta(hours=24, seconds=1)
    new = done(bench, case.number, Act.SNOOZED, snoozing(None))

    with reading(bench.engine) as session:
        assert [row.token for row in session.exec(select(Undo))] == [new]
    assert not bench.undo(old).known


def test_two_who_press_at_once_are_heard_once(bench: Bench) -> None:
    case = open_case(bench.engine)
    before = bench.everything()
    token = done(bench, case.number, Act.CLOSED, CLOSING)
    at_once = threading.Barrier(4)

    def press(_: int) -> list[int]:
        at_once.wait()
        return bench.undo(token).restored

    with ThreadPoolExecutor(4) as people:
        assert list(people.map(press, range(4))) == [[case.number]] * 4
    assert case.acts().count(Act.UNDONE) == 1
    assert bench.everything() == before
