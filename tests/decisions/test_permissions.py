"""Who may do what, by one table; strangers see nothing."""

import pytest

from models.vocabulary import MACHINE, Act, Role
from pipeline.decisions.lifecycle import MOVES
from pipeline.decisions.permissions import (
    ACTS,
    OTKLIK,
    RIGHTS,
    Actor,
    Right,
    answers_for,
    has,
    limited_to,
    may,
    sees,
)

OPERATOR = Actor("o", Role.OPERATOR)
APPROVER = Actor("a", Role.APPROVER)
ADMINISTRATOR = Actor("d", Role.ADMINISTRATOR)
OBSERVER = Actor("n", Role.OBSERVER)
EXECUTOR = Actor("e", Role.EXECUTOR, "roads")

# Operator, executor, approver, administrator, observer.
WHO = """
right           | who
read_queue      | o e a d .
see_authors     | o e a d .
read_reports    | o . a d n
read_journal    | . . a d .
see_sources     | o . . d .
judge           | o . . d .
approve         | . . a d .
enter_cases     | o . . d .
manage_staff    | . . . d .
manage_region   | . . . d .
manage_sources  | . . . d .
manage_models   | . . . d .
manage_retention | . . . d .
manage_api      | . . . d .
"""
EVERYBODY = (OPERATOR, EXECUTOR, APPROVER, ADMINISTRATOR, OBSERVER)


def test_the_rights_beside_acts_are_those_of_the_table() -> None:
    lines = [line.split("|") for line in WHO.strip().splitlines()[1:]]
    table = {Right(name.strip()): set(who.split()) - {"."} for name, who in lines}
    assert table.keys() == set(Right)
    for right, who in table.items():
        for actor in EVERYBODY:
            assert has(actor, right) == (actor.login in who), (right, actor.login)
        assert has(OTKLIK, right)


def test_every_role_has_its_row_and_only_acts_that_exist() -> None:
    assert ACTS.keys() == RIGHTS.keys() == set(Role)
    for acts in ACTS.values():
        assert acts <= MOVES.keys(), "who may do it has to be asked of the life cycle too"


def test_the_administrator_may_do_what_anybody_may() -> None:
    for acts in ACTS.values():
        assert acts <= ACTS[Role.ADMINISTRATOR]
    assert set().union(*ACTS.values()) == set(MOVES), "no act is nobody's"


@pytest.mark.parametrize(
    ("actor", "act", "allowed"),
    [
        (OPERATOR, Act.CONFIRMED, True),
        (OPERATOR, Act.MERGED, True),
        (OPERATOR, Act.ANSWER_QUEUED, True),
        # The executor works, but neither judges, nor assigns, nor publishes, nor closes
        (EXECUTOR, Act.ACCEPTED, True),
        (EXECUTOR, Act.RETURNED, True),
        (EXECUTOR, Act.DRAFTED, True),
        (EXECUTOR, Act.CORRECTED, False),
        (EXECUTOR, Act.ASSIGNED, False),
        (EXECUTOR, Act.APPROVED, False),
        (EXECUTOR, Act.ANSWER_QUEUED, False),
        (EXECUTOR, Act.CLOSED, False),
        # The head agrees, and may give an incident to another body
        (APPROVER, Act.APPROVED, True),
        (APPROVER, Act.REJECTED, True),
        (APPROVER, Act.ASSIGNED, True),
        (APPROVER, Act.DRAFTED, False),
        (APPROVER, Act.MERGED, False),
        *((OBSERVER, act, False) for act in MOVES),
    ],
)
def test_what_a_role_may_do(actor: Actor, act: Act, allowed: bool) -> None:
    assert may(actor, act) is allowed


def test_the_machine_may_do_everything_and_has_no_role() -> None:
    assert (OTKLIK.login, OTKLIK.role) == (MACHINE, None)
    assert all(may(OTKLIK, act) for act in MOVES)
    assert sees(OTKLIK, "roads")
    assert answers_for(OTKLIK, "roads")


@pytest.mark.parametrize(
    ("actor", "seen", "answered", "listed"),
    [
        (OPERATOR, True, True, None),
        (APPROVER, True, True, None),
        (ADMINISTRATOR, True, True, None),
        (OBSERVER, False, True, None),
        (EXECUTOR, True, True, "roads"),
        (Actor("e", Role.EXECUTOR, "luga"), True, False, "luga"),  # helps
        (Actor("e", Role.EXECUTOR, "school"), False, False, "school"),
        (Actor("e", Role.EXECUTOR), False, False, ""),
    ],
)
def test_an_executor_sees_the_own_bodys_incidents_alone(
    actor: Actor, seen: bool, answered: bool, listed: str | None
) -> None:
    assert sees(actor, "roads", ("luga",)) is seen
    assert answers_for(actor, "roads") is answered
    assert limited_to(actor) == listed


def test_a_body_on_the_account_of_another_role_limits_nothing() -> None:
    assert sees(Actor("o", Role.OPERATOR, "school"), "roads")
    assert limited_to(Actor("o", Role.OPERATOR, "school")) is None
