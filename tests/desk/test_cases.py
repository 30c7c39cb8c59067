"""What people do with an incident: to whom it goes, when it stands still, how it ends."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from casework import (
    HEAD,
    LUGA,
    ROADS,
    RULES,
    SCHOOL,
    WRITTEN,
    Case,
    case_in_work,
    no,
    nothing_changes,
    open_case,
)
from console.builders import NOW, OPERATOR, operator

from models.incident import Incident
from models.vocabulary import (
    Act,
    Clock,
    ClosingReason,
    Occasion,
    Stage,
    Term,
)
from pipeline.database import reading, unit_of_work
from pipeline.decisions.lifecycle import MOVES, No, Refused
from pipeline.decisions.permissions import Actor
from pipeline.desk.cases import DOES, set_helpers
from pipeline.store.incidents import helpers_of, visible_incident

CALENDAR = RULES.calendar
TOMORROW = NOW + timedelta(days=1)


def helpers(
    engine: sa.Engine, case: Case, *bodies: str, by: Actor = OPERATOR
) -> Incident | Refused:
    with unit_of_work(engine) as session:
        return set_helpers(
            session, case.number, bodies, actor=by, version=None, rules=RULES, now=NOW
        )


# To whom it goes


def test_an_assignment_gives_an_incident_to_a_body(engine: sa.Engine) -> None:
    # Given an incident that the machine would have given to «roads»
    case = open_case(engine)
    due_at = case.incident().due_at
    # When an operator gives it to another body
    after = case.done(Act.ASSIGNED, body="luga", version=1)
    # Then that body has to accept it, and no rule tells any more why it has it
    assert (after.stage, after.body, after.version) == (Stage.ASSIGNED, "luga", 2)
    assert (after.route_rule, after.route_note) == ("", "")
    assert after.first_assigned_at == after.assigned_at == after.stage_at == NOW
    assert after.stage_due_at == CALENDAR.add(NOW, timedelta(hours=3)) == case.due(Clock.STAGE)
    # And the legal deadline is what it was
    assert after.due_at == due_at
    assert case.notices() == [(Occasion.ASSIGNED, "luga", ())]
    (entry,) = case.journal()
    assert (entry.act, entry.actor, entry.at) == (Act.ASSIGNED, "operator", NOW)
    assert entry.before == {"stage": "review", "body": "roads"}
    assert entry.after == {"stage": "assigned", "body": "luga"}


def test_to_and_fro_the_deadline_runs_and_the_first_assignment_stays(engine: sa.Engine) -> None:
    case = open_case(engine)
    before = case.incident()
    legal = case.timer(Clock.ANSWER)
    steps: list[tuple[Act, dict[str, Any]]] = [
        (Act.ASSIGNED, {"body": "luga"}),
        (Act.RETURNED, {"by": LUGA, "reason": "Не наша дорога"}),
        (Act.ASSIGNED, {"body": "school"}),
        (Act.ACCEPTED, {"by": SCHOOL}),
        (Act.RETURNED, {"by": SCHOOL, "reason": "Ограда не наша"}),
        (Act.PASSED_UP, {"reason": "Спор о границе"}),
        (Act.ACCEPTED, {"by": ROADS}),
        (Act.ASSIGNED, {"body": "luga", "by": HEAD}),
    ]
    versions = []
    for act, more in steps:
        case.now += timedelta(minutes=10)
        versions.append(case.done(act, **more).version)
    after = case.incident()
    assert versions == sorted(set(versions)), "each act is another version"
    assert case.acts() == [act for act, _ in steps]
    # The legal clock knows of none of that
    assert (after.due_at, after.norm, after.clock_from) == (
        before.due_at,
        before.norm,
        before.clock_from,
    )
    assert case.timer(Clock.ANSWER) == legal
    assert after.first_assigned_at == NOW + timedelta(minutes=10)
    assert after.assigned_at == case.now == after.stage_at
    reasons = [entry.reason for entry in case.journal() if entry.reason]
    assert reasons == ["Не наша дорога", "Ограда не наша", "Спор о границе"]
    assert case.occasions() == [
        Occasion.ASSIGNED,
        Occasion.RETURNED,
        Occasion.ASSIGNED,
        Occasion.RETURNED,
        Occasion.ASSIGNED,
        Occasion.PASSED_UP,
        Occasion.ASSIGNED,
    ]


def test_what_is_passed_up_goes_to_the_municipalitys_desk(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    after = case.done(Act.PASSED_UP, by=LUGA, reason="Нужны деньги района")
    assert (after.body, after.stage) == ("roads", Stage.ASSIGNED)
    with nothing_changes(case):
        said = case.do(Act.PASSED_UP, by=ROADS, reason="Ещё выше")
    assert no(said) is No.GUARD


@pytest.mark.parametrize(
    ("body", "words"),
    [("atlantis", "Такого исполнителя в районе нет: atlantis"), ("archive", "не работает")],
)
def test_a_body_that_cannot_have_it_is_refused(engine: sa.Engine, body: str, words: str) -> None:
    case = open_case(engine)
    with nothing_changes(case):
        said = case.do(Act.ASSIGNED, body=body)
    assert no(said) is No.GUARD
    assert isinstance(said, Refused)
    assert words in said.message


def test_co_executors_help_and_look_on(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    assert isinstance(helpers(engine, case, "school", "roads", "luga"), Incident)
    with reading(engine) as session:
        assert helpers_of(session, case.number) == ("roads", "school"), "not the responsible one"
        assert visible_incident(session, SCHOOL, case.number) is not None
    with nothing_changes(case):
        assert no(case.do(Act.RETURNED, by=SCHOOL, reason="Не мы")) is No.FORBIDDEN
        # Saying the same again says nothing, and nobody helps who does not exist
        assert isinstance(helpers(engine, case, "roads", "school"), Incident)
        assert no(helpers(engine, case, "atlantis")) is No.GUARD
        assert no(helpers(engine, case, "school", by=LUGA)) is No.FORBIDDEN
    # Who becomes responsible helps no more
    case.done(Act.ASSIGNED, body="school")
    with reading(engine) as session:
        assert helpers_of(session, case.number) == ("roads",)
        assert visible_incident(session, LUGA, case.number) is None
    assert isinstance(helpers(engine, case), Incident)
    with reading(engine) as session:
        assert helpers_of(session, case.number) == ()


def test_strangers_and_numbers_that_do_not_exist_look_the_same(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    nowhere = Case(engine, 999)
    with nothing_changes(case):
        stranger = case.do(Act.RETURNED, by=SCHOOL, reason="Пробую")
    assert no(stranger) is No.NOT_FOUND
    assert nowhere.do(Act.RETURNED, by=SCHOOL, reason="Пробую") == stranger
    assert nowhere.do(Act.RETURNED, reason="Пробую") == stranger


# Two people


def test_whoever_saw_an_older_state_looks_again(engine: sa.Engine) -> None:
    case = open_case(engine)
    case.done(Act.ASSIGNED, body="luga", version=1)
    with nothing_changes(case):
        assert no(case.do(Act.ASSIGNED, body="school", version=1)) is No.STALE
    assert case.done(Act.ASSIGNED, body="school", version=2).body == "school"


@pytest.mark.parametrize("seen", [1, None])
def test_of_two_people_at_the_same_moment_the_second_is_told(
    engine: sa.Engine, seen: int | None
) -> None:
    # Given two operators who give one incident to one body in the same moment
    case = open_case(engine)
    start = threading.Barrier(2)

    def assign(login: str) -> Incident | Refused:
        start.wait(10)
        return case.do(Act.ASSIGNED, body="luga", by=operator(login), version=seen)

    with ThreadPoolExecutor(2) as people:
        said = list(people.map(assign, ["first", "second"]))
    # Then one has done it, and the other has seen nothing of it or finds it done
    refused = [no(one) for one in said if isinstance(one, Refused)]
    assert refused == [No.STALE if seen else No.GUARD]
    assert case.acts() == [Act.ASSIGNED]
    assert case.incident().version == 2
    assert case.occasions() == [Occasion.ASSIGNED]


def test_whoever_comes_second_acts_on_what_the_first_left(engine: sa.Engine) -> None:
    # A head gives it to another body while the executor gives it back: both may be, in order.
    case = case_in_work(engine)
    start = threading.Barrier(2)

    def act(what: Act, by: Actor, more: dict[str, Any]) -> Incident | Refused:
        start.wait(10)
        return case.do(what, by=by, **more)

    with ThreadPoolExecutor(2) as people:
        moved = people.submit(act, Act.ASSIGNED, HEAD, {"body": "school"})
        back = people.submit(act, Act.RETURNED, LUGA, {"reason": "Не наше"})
        after, returned = moved.result(), back.result()
    assert isinstance(after, Incident)
    done = case.acts()[2:]
    if isinstance(returned, Refused):
        assert returned.no is No.NOT_FOUND, "it is no longer theirs"
        assert done == [Act.ASSIGNED]
    else:
        assert done == [Act.RETURNED, Act.ASSIGNED]
    assert (case.incident().body, case.incident().stage) == ("school", Stage.ASSIGNED)


# The end, and again


def test_a_final_answer_asks_the_author_and_then_a_person_closes(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    case.now = NOW + timedelta(hours=1)
    case.publish()
    answered = case.incident()
    assert (answered.stage, answered.final_at) == (Stage.SATISFACTION, case.now)
    assert answered.final_due_at == answered.published_due_at == answered.due_at
    assert case.timer(Clock.ANSWER) is None
    after = case.done(Act.CLOSED, closing=ClosingReason.SATISFIED)
    assert (after.stage, after.closed_at) == (Stage.CLOSED, case.now)
    assert after.closing_reason is ClosingReason.SATISFIED
    assert case.timer(Clock.STAGE) is None
    entry = case.journal()[-1]
    assert (entry.before["stage"], entry.after["stage"]) == ("satisfaction", "closed")
    assert entry.after["closing_reason"] == "satisfied"


def test_what_is_opened_again_after_an_answer_is_another_round(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    case.publish()
    first = case.incident()
    case.done(Act.CLOSED, closing=ClosingReason.NO_REPLY)
    case.now = NOW + timedelta(days=7)
    after = case.done(Act.REOPENED, reason="Яма снова на месте")
    assert (after.stage, after.round, after.body) == (Stage.ASSIGNED, 2, "luga")
    assert (after.closed_at, after.closing_reason, after.outcome) == (None, None, None)
    assert (after.term, after.clock_from) == (Term.ANSWER, case.now)
    assert after.due_at == CALENDAR.add(case.now, timedelta(hours=8))
    assert (after.final_at, after.final_due_at) == (None, None)
    # What was kept of the first round stays for ever
    assert (after.created_at, after.published_at) == (WRITTEN, first.published_at)
    assert after.published_due_at == first.published_due_at
    assert after.first_assigned_at == first.first_assigned_at
    timer = case.timer(Clock.ANSWER)
    assert timer is not None
    assert timer.level == 0
    assert case.occasions()[-1] is Occasion.REOPENED


def test_what_was_closed_too_early_keeps_its_deadline(engine: sa.Engine) -> None:
    case = open_case(engine)
    before = case.incident()
    case.done(Act.CLOSED, closing=ClosingReason.NO_ANSWER_DUE, reason="Одна ругань")
    assert [case.timer(clock) for clock in Clock] == [None, None, None]
    case.now = TOMORROW
    after = case.done(Act.REOPENED, reason="Ругань, но по делу")
    assert (after.stage, after.round) == (Stage.REVIEW, 1)
    assert (after.due_at, after.clock_from) == (before.due_at, before.clock_from)
    # It is overdue since ten o'clock, which is said once
    case.tick()
    case.tick()
    assert case.acts().count(Act.OVERDUE) == 1
    assert Act.WARNED not in case.acts()


def test_a_merged_incident_is_not_opened_by_itself(engine: sa.Engine) -> None:
    case, other = open_case(engine), None
    with unit_of_work(engine) as session:
        incident = session.get_one(Incident, case.number)
        incident.stage, incident.merged_into = Stage.CLOSED, case.number
        other = incident.id
    with nothing_changes(case):
        said = case.do(Act.REOPENED, reason="Это другое")
    assert isinstance(said, Refused)
    assert f"объединён с № {other}" in said.message


def test_every_act_without_a_function_of_its_own_is_done_here() -> None:
    assert DOES.keys() <= MOVES.keys()
