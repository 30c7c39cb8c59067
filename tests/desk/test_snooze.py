"""Putting an incident off moves no deadline, and is in the journal."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from builders import TUESDAY_NOON, post, shipped_judge, take
from casework import LUGA, RULES, Case, no, nothing_changes, open_case
from console.builders import NOW, OPERATOR
from judging import an_incident, edit, incident

from models.incident import Incident
from models.vocabulary import Act, Stage
from pipeline.database import unit_of_work
from pipeline.decisions.lifecycle import No, Refused
from pipeline.decisions.permissions import Actor
from pipeline.desk.snooze import snooze

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def case(engine: sa.Engine) -> Case:
    return open_case(engine)


def put_off(
    case: Case, hours: int | None = 1, *, actor: Actor = OPERATOR, version: int | None = None
) -> Incident | Refused:
    until = None if hours is None else NOW + timedelta(hours=hours)
    with unit_of_work(case.engine) as session:
        return snooze(
            session, case.number, until, actor=actor, version=version, rules=RULES, now=NOW
        )


def test_an_incident_is_put_off_and_woken(case: Case) -> None:
    due_at = case.incident().due_at

    assert isinstance(put_off(case), Incident)
    assert (case.incident().snoozed_until, case.incident().version) == (LATER, 2)
    assert isinstance(put_off(case, None), Incident)

    assert (case.incident().snoozed_until, case.incident().version) == (None, 3)
    assert case.incident().due_at == due_at
    first, second = case.journal()
    assert (first.act, first.after) == (Act.SNOOZED, {"until": LATER.isoformat()})
    assert (second.before, second.after) == ({"until": LATER.isoformat()}, {"until": None})


def test_what_changes_nothing_is_not_noted(case: Case) -> None:
    with nothing_changes(case):
        assert isinstance(put_off(case, None), Incident)


@pytest.mark.parametrize(
    ("hours", "actor", "version", "kind"),
    [
        (0, OPERATOR, None, No.GUARD),
        (-1, OPERATOR, None, No.GUARD),
        (24 * 31 + 1, OPERATOR, None, No.GUARD),
        (1, OPERATOR, 7, No.STALE),
        (1, LUGA, None, No.NOT_FOUND),
    ],
)
def test_what_cannot_be_put_off_stays(
    hours: int, actor: Actor, version: int | None, kind: No, case: Case
) -> None:
    with nothing_changes(case):
        assert no(put_off(case, hours, actor=actor, version=version)) is kind


def test_nothing_is_put_off_in_which_nobody_owes_anything(engine: sa.Engine) -> None:
    case = open_case(engine, stage=Stage.CLOSED)

    assert no(put_off(case)) is No.STAGE


def test_a_new_text_wakes_what_was_put_off(engine: sa.Engine) -> None:
    number = an_incident(engine)
    put_off(Case(engine, number))
    edit(engine, number, "Уточняю: дом 5 по Лесной")

    assert incident(engine, number).snoozed_until is None


def test_a_message_that_joins_wakes_what_was_put_off(engine: sa.Engine) -> None:
    judge = shipped_judge(join=True)
    words = "На Лесной вторую неделю не горит фонарь у магазина, просим вкрутить новую лампу"
    take(engine, post(1, words), judge=judge)
    later = TUESDAY_NOON + timedelta(hours=3)
    who: dict[str, Any] = {
        "actor": OPERATOR,
        "version": None,
        "rules": judge.rules,
        "now": TUESDAY_NOON,
    }
    with unit_of_work(engine) as session:
        assert isinstance(snooze(session, 1, later, **who), Incident)

    take(engine, post(2, f"Репост из соседней группы. {words}!!"), judge=judge)

    assert (incident(engine, 1).repeats, incident(engine, 1).snoozed_until) == (1, None)
