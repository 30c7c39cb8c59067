"""Whatever people do in whatever order: what is taken back was never done, on either database."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from casework import ADMINISTRATOR, Case, open_case
from console.builders import NOW, add_incident, add_person
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select
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
from models.incident import Incident
from models.source import Source
from models.vocabulary import Act, Stage, Topic, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.verify import verify


@pytest.fixture
def bench(engine: sa.Engine) -> Bench:
    with unit_of_work(engine) as session:
        return Bench(engine, add_person(session, "operator").id)


ACTS = st.sampled_from(
    [
        (Act.CONFIRMED, confirming),
        (Act.CORRECTED, correcting_to(Topic.SNOW, Urgency.URGENT, "bor")),
        (Act.CORRECTED, NOT_RELEVANT),
        (Act.ASSIGNED, acting(Act.ASSIGNED, body="luga")),
        (Act.CO_EXECUTORS, helped_by("luga", "school")),
        (Act.CLOSED, CLOSING),
        (Act.SNOOZED, snoozing(NOW + timedelta(days=1))),
        (Act.CORRECTED, correcting_to(Topic.ROADS, Urgency.URGENT, "luga")),
        (Act.ASSIGNED, acting(Act.ASSIGNED, body="roads")),
        (Act.ACCEPTED, acting(Act.ACCEPTED)),
        (Act.RETURNED, acting(Act.RETURNED, reason="Не наше")),
        (Act.PASSED_UP, acting(Act.PASSED_UP, reason="Не наше")),
        (Act.REOPENED, acting(Act.REOPENED, reason="Рано закрыли")),
        (Act.SNOOZED, snoozing(None)),
        "merge",
        "pause",
        "publish",
    ]
)


def another(engine: sa.Engine) -> int:
    """Add an incident of the same source."""
    with unit_of_work(engine) as session:
        source = session.exec(select(Source)).one()
        return stored_id(add_incident(session, source).id)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(ACTS, st.booleans(), st.integers(0, 200)), max_size=12))
def test_whatever_was_done_and_taken_back_was_never_done(steps: list[Any], bench: Bench) -> None:
    with unit_of_work(bench.engine) as session:
        source = session.exec(select(Source)).first()
    number = another(bench.engine) if source else open_case(bench.engine).number
    other = another(bench.engine)
    case = Case(bench.engine, number)
    bench.now = NOW
    for step, back, minutes in steps:
        bench.now += timedelta(minutes=minutes)
        case.now = bench.now
        case.tick()
        if step == "pause":
            case.do(Act.PAUSED, until=bench.now + timedelta(days=5), reason="Ждём ответа")
            continue
        if step == "publish":
            if case.incident().stage not in {Stage.CLOSED, Stage.APPROVAL}:
                case.publish()
            continue
        before = bench.everything()
        act, doing = (Act.MERGED, merging_into(other)) if step == "merge" else step
        into = other if step == "merge" else None
        token = bench.do(number, act, doing, actor=ADMINISTRATOR, into=into)
        if token is None:
            assert bench.everything() == before
        elif back and bench.everything() != before:
            said = bench.undo(token, actor=ADMINISTRATOR)
            assert said.refused == []
            assert bench.everything() == before
    with reading(bench.engine) as session:
        assert session.get_one(Incident, number).version > 0
        assert verify(session).troubles == ()
