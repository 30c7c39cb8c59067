"""Whatever people try on an incident, refusals change nothing and the clocks fit the stage."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from casework import (
    ADMINISTRATOR,
    HEAD,
    LUGA,
    ROADS,
    SCHOOL,
    Case,
    open_case,
)
from console.builders import NOW, OPERATOR
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from models.timer import Timer
from models.vocabulary import (
    Act,
    AnswerKind,
    Clock,
    ClosingReason,
    Stage,
    Term,
    TimerState,
)
from pipeline.database import open_database, reading
from pipeline.decisions.lifecycle import Refused
from pipeline.desk.cases import DOES

ACTORS = st.sampled_from([OPERATOR, ADMINISTRATOR, HEAD, LUGA, ROADS, SCHOOL])
WISHES = st.fixed_dictionaries(
    {
        "reason": st.sampled_from(["", "Потому что"]),
        "body": st.sampled_from([None, "luga", "roads", "school", "archive", "atlantis"]),
        "until": st.sampled_from([None, NOW - timedelta(days=1), NOW + timedelta(days=9)]),
        "closing": st.none() | st.sampled_from(ClosingReason),
        "version": st.sampled_from([None, None, 0]),
    }
)
STEPS = st.one_of(
    st.tuples(st.sampled_from(list(DOES)), ACTORS, WISHES),
    st.just("publish final"),
    st.just("publish interim"),
    st.just("tick"),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.tuples(STEPS, st.integers(1, 600)), max_size=14))
def test_whatever_people_do_the_deadline_moves_by_pauses_alone(
    steps: list[Any], empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("walk") / "otklik.db"
    path.write_bytes(empty_sqlite.read_bytes())
    engine = open_database(f"sqlite:///{path}")
    try:
        case = open_case(engine)
        for step, minutes in steps:
            case.now += timedelta(minutes=minutes)
            walk(case, step)
            keeps_its_books(case)
    finally:
        engine.dispose()


def walk(case: Case, step: Any) -> None:
    """Take one step; what is refused changes nothing, what is done extends no deadline."""
    before = case.incident()
    if isinstance(step, str):
        if step == "tick":
            case.tick()
        elif before.stage is not Stage.CLOSED:
            case.publish(AnswerKind.FINAL if "final" in step else AnswerKind.INTERIM)
        return
    act, actor, wish = step
    everything = case.everything()
    said = case.do(act, by=actor, **wish)
    if isinstance(said, Refused):
        assert case.everything() == everything
        return
    assert said.version > before.version
    if (said.round, said.term) == (before.round, before.term) and act is not Act.RESUMED:
        assert said.due_at == before.due_at, act
    if act is Act.RESUMED:
        assert said.due_at >= before.due_at


def keeps_its_books(case: Case) -> None:
    """See that the clocks fit the stage, and that nothing is due which nobody can do."""
    now = case.incident()
    assert (now.closed_at is not None) == (now.stage is Stage.CLOSED)
    assert (now.closing_reason is not None) == (now.stage is Stage.CLOSED)
    assert now.stage_due_at == case.due(Clock.STAGE) or stage_was_told(case)
    if now.stage in {Stage.CLOSED, Stage.SATISFACTION}:
        assert case.timer(Clock.ANSWER) is None
        assert now.paused_at is None
    if now.paused_at is not None:
        assert case.timer(Clock.ANSWER) is None
        assert case.timer(Clock.PAUSE) is not None
    else:
        assert case.timer(Clock.PAUSE) is None
    assert now.created_at == now.clock_from or now.term is Term.FINAL or now.round > 1
    # What was answered in review is worked on, agreed to and given back without an assignment.
    if now.stage is Stage.ASSIGNED:
        assert now.first_assigned_at is not None


def stage_was_told(case: Case) -> bool:
    """Tell whether the stage's term is over and was said to be."""
    with reading(case.engine) as session:
        query = select(Timer.state).where(Timer.clock == Clock.STAGE)
        return TimerState.PENDING not in session.exec(query).all()
