"""Who hears of what, and what need not be told any more."""

from datetime import datetime, timedelta

import pytest

from models.vocabulary import Occasion, Role, Stage
from pipeline.decisions.notices import (
    HEARS,
    Listener,
    Occurrence,
    Standing,
    hears,
    known,
    obsolete,
)

OURS, OTHERS = "katynskoe", "kozinskoe"


def test_every_occasion_is_heard_by_somebody_unasked() -> None:
    assert set(Occasion) == set().union(*HEARS.values())


@pytest.mark.parametrize("occasion", list(Occasion))
def test_an_executor_hears_nothing_of_other_bodies(occasion: Occasion) -> None:
    executor = Listener(Role.EXECUTOR, OURS, occasions=frozenset(Occasion))
    what = Occurrence(occasion, OTHERS, roles=frozenset(Role))
    assert not hears(executor, what)


def test_an_executor_hears_what_their_own_body_has_to_do() -> None:
    executor = Listener(Role.EXECUTOR, OURS)
    heard = {one for one in Occasion if hears(executor, Occurrence(one, OURS))}
    assert heard == HEARS[Role.EXECUTOR]


def test_an_executor_without_a_body_hears_nothing() -> None:
    assert not hears(Listener(Role.EXECUTOR), Occurrence(Occasion.ASSIGNED, ""))


def test_bodies_that_are_asked_to_help_are_told_and_the_responsible_one_is_not() -> None:
    helper, responsible = Listener(Role.EXECUTOR, OURS), Listener(Role.EXECUTOR, OTHERS)
    helpers = frozenset({OURS})
    assert hears(helper, Occurrence(Occasion.ASSIGNED, OTHERS, helpers))
    assert not hears(responsible, Occurrence(Occasion.ASSIGNED, OTHERS, helpers))
    assert not hears(helper, Occurrence(Occasion.WARNING, OTHERS, helpers))


def test_an_author_who_is_not_content_is_heard_of_after_the_closing_too(now: datetime) -> None:
    closed = standing(now, stage=Stage.CLOSED)
    assert obsolete(Occasion.DISSATISFIED, OURS, closed, now) == ""
    assert obsolete(Occasion.RETURNED, OURS, closed, now)


def test_roles_of_a_notice_hear_it_beside_those_that_always_do() -> None:
    approver = Listener(Role.APPROVER)
    assert not hears(approver, Occurrence(Occasion.OVERDUE, OURS))
    assert hears(approver, Occurrence(Occasion.OVERDUE, OURS, roles=frozenset({Role.APPROVER})))


def test_who_named_occasions_hears_these_alone() -> None:
    observer = Listener(Role.OBSERVER, occasions=frozenset({Occasion.OVERDUE}))
    assert hears(observer, Occurrence(Occasion.OVERDUE, OURS))
    roles = frozenset({Role.OBSERVER})
    assert not hears(observer, Occurrence(Occasion.WARNING, OURS, roles=roles))


def test_an_occasion_of_a_newer_program_is_left_out() -> None:
    assert known(["overdue", "telepathy"]) == {Occasion.OVERDUE}


def standing(now: datetime, **words: object) -> Standing:
    usual: dict[str, object] = {
        "stage": Stage.WORK,
        "body": OURS,
        "due_at": now - timedelta(hours=1),
        "stage_due_at": None,
        "paused": False,
    }
    return Standing(**{**usual, **words})  # type: ignore[arg-type]  # a test's own words


@pytest.mark.parametrize("occasion", [Occasion.OVERDUE, Occasion.ESCALATION])
def test_a_deadline_that_passed_is_told_until_it_is_met(occasion: Occasion, now: datetime) -> None:
    assert obsolete(occasion, OURS, standing(now), now) == ""
    for met in (
        {"stage": Stage.SATISFACTION},
        {"stage": Stage.CLOSED},
        {"paused": True},
        {"due_at": now + timedelta(hours=1)},
    ):
        assert obsolete(occasion, OURS, standing(now, **met), now)


def test_a_warning_is_pointless_once_the_deadline_has_passed(now: datetime) -> None:
    assert obsolete(Occasion.WARNING, OURS, standing(now), now)
    ahead = standing(now, due_at=now + timedelta(minutes=1))
    assert obsolete(Occasion.WARNING, OURS, ahead, now) == ""


def test_a_stage_is_late_only_by_its_own_clock(now: datetime) -> None:
    assert obsolete(Occasion.STAGE_OVERDUE, OURS, standing(now), now)
    late = standing(now, stage_due_at=now - timedelta(minutes=1))
    assert obsolete(Occasion.STAGE_OVERDUE, OURS, late, now) == ""


def test_whoever_lost_the_incident_is_not_told_that_they_have_it(now: datetime) -> None:
    assert obsolete(Occasion.ASSIGNED, OTHERS, standing(now), now)
    assert obsolete(Occasion.ASSIGNED, OURS, standing(now), now) == ""


def test_an_answer_that_is_decided_waits_for_nobody(now: datetime) -> None:
    assert obsolete(Occasion.TO_APPROVE, OURS, standing(now), now)
    waiting = standing(now, stage=Stage.APPROVAL)
    assert obsolete(Occasion.TO_APPROVE, OURS, waiting, now) == ""


def test_what_is_about_no_incident_stays_true(now: datetime) -> None:
    assert obsolete(Occasion.SILENT_CLOCK, "", None, now) == ""
