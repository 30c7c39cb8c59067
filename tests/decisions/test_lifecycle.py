"""The life of an incident: what may follow what, who may do it, and why something is refused."""

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import Act, ClosingReason, Role, Stage
from pipeline.decisions.lifecycle import (
    LONGEST_REASON,
    MOVES,
    No,
    Refused,
    Standing,
    Wish,
    after,
    dissatisfied,
    open_acts,
    refusal,
)
from pipeline.decisions.permissions import OTKLIK, Actor

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
LATER = NOON + timedelta(days=1)

STAGES = tuple(Stage)
"""The columns of the table below, from left to right."""

# What follows an act, by the stage that it is done in: `.` it is refused there, `=` the stage
# stays. Who: operator, executor of the responsible body, approver (the head), administrator.
TABLE = """
act              | review     assigned   work       returned   approval   publishing   satisfaction closed   | who
confirmed        | assigned   =          =          =          =          =            =            .        | o . . d
corrected        | assigned   =          =          =          =          =            =            .        | o . . d
assigned         | assigned   assigned   assigned   assigned   .          .            .            .        | o . a d
co_executors     | =          =          =          =          =          =            .            .        | o . . d
accepted         | .          work       .          .          .          .            .            .        | o e . d
returned         | .          returned   returned   .          .          .            .            .        | o e . d
passed_up        | .          assigned   assigned   assigned   .          .            .            .        | o e . d
drafted          | .          .          =          .          .          .            .            .        | o e . d
submitted        | .          .          approval   .          .          .            .            .        | o e . d
approved         | .          .          .          .          publishing .            .            .        | o . a d
rejected         | .          .          .          .          work       .            .            .        | o . a d
answer_queued    | publishing publishing publishing publishing .          =            =            .        | o . . d
answer_by_hand   | =          =          =          =          =          =            =            =        | o . . d
answer_withdrawn | .          .          .          .          work       work         .            .        | o e . d
paused           | =          =          =          =          =          =            .            .        | o e . d
resumed          | =          =          =          =          =          =            .            .        | o e . d
snoozed          | =          =          =          =          =          =            .            .        | o . . d
rated            | .          .          .          .          .          .            =            =        | o . . d
merged           | closed     closed     closed     closed     closed     closed       .            .        | o . . d
unmerged         | .          .          .          .          .          .            .            =        | o . . d
kept_apart       | =          =          =          =          =          =            =            =        | o . . d
post_split       | =          =          =          =          =          =            =            .        | o . . d
closed           | closed     closed     closed     closed     closed     closed       closed       .        | o . . d
reopened         | .          .          .          .          .          .            assigned     assigned | o . a d
"""  # noqa: E501 - a table is read by its rows
LETTERS = {
    "o": Role.OPERATOR,
    "e": Role.EXECUTOR,
    "a": Role.APPROVER,
    "d": Role.ADMINISTRATOR,
}


def _rows() -> dict[Act, tuple[dict[Stage, str], set[Role]]]:
    rows = {}
    for line in TABLE.strip().splitlines()[1:]:
        act, cells, who = line.split("|")
        by_stage = dict(zip(STAGES, cells.split(), strict=True))
        rows[Act(act.strip())] = by_stage, {LETTERS[one] for one in who.split() if one != "."}
    return rows


ROWS = _rows()

STANDING = Standing(
    stage=Stage.WORK,
    version=3,
    body="roads",
    helpers=("luga",),
    pausable=True,
    final=True,
    assigned_before=True,
)
"""An incident that no guard keeps from anything."""


def somebody(role: Role) -> Actor:
    return Actor(role.value, role, "roads" if role is Role.EXECUTOR else None)


def wish(act: Act) -> Wish:
    """Return an act with everything that it can need."""
    return Wish(
        act,
        reason="Потому что",
        version=3,
        body="luga",
        until=LATER,
        closing=ClosingReason.SATISFIED,
    )


def at(stage: Stage, act: Act) -> Standing:
    return replace(STANDING, stage=stage, paused=act is Act.RESUMED)


def test_the_table_has_a_row_for_every_act_of_people() -> None:
    assert ROWS.keys() == MOVES.keys()


@pytest.mark.parametrize("act", MOVES)
def test_every_act_in_every_stage_by_every_role(act: Act) -> None:
    cells, who = ROWS[act]
    for stage in Stage:
        for role in Role:
            standing = at(stage, act)
            refused = refusal(standing, wish(act), somebody(role), NOON)
            cell = cells[stage]
            if role is Role.OBSERVER:
                assert refused is not None
                assert refused.no is No.NOT_FOUND, "an observer sees no incident"
            elif role not in who:
                assert refused is not None
                assert refused.no is No.FORBIDDEN, (stage, role)
                assert role.russian in refused.message
            elif cell == ".":
                assert refused is not None
                assert refused.no is No.STAGE, (stage, role)
                assert f"«{stage.russian}»" in refused.message
                assert f"«{act.russian}»" in refused.message
            else:
                assert refused is None, (stage, role)
                assert after(standing, act) == (stage if cell == "=" else Stage(cell))


@pytest.mark.parametrize("act", MOVES)
def test_the_machine_keeps_to_the_stages_too(act: Act) -> None:
    for stage in Stage:
        refused = refusal(at(stage, act), wish(act), OTKLIK, NOON)
        assert (refused is None) == (ROWS[act][0][stage] != ".")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("stage", Stage)
def test_the_buttons_shown_are_those_of_the_table(stage: Stage, role: Role) -> None:
    paused = replace(STANDING, stage=stage, paused=True)
    for standing in (replace(paused, paused=False), paused):
        shown = set(open_acts(standing, somebody(role)))
        meant = {act for act, (cells, who) in ROWS.items() if role in who and cells[stage] != "."}
        assert shown == meant - {Act.PAUSED if standing.paused else Act.RESUMED}


# Who it is


def test_an_executor_of_another_body_is_told_that_there_is_nothing() -> None:
    stranger = Actor("school", Role.EXECUTOR, "school")
    homeless = Actor("new", Role.EXECUTOR)
    for actor in (stranger, homeless):
        for act in MOVES:
            refused = refusal(at(Stage.ASSIGNED, act), wish(act), actor, NOON)
            assert refused == Refused(No.NOT_FOUND, "Инцидента с таким номером нет.")
        assert open_acts(STANDING, actor) == ()


def test_a_co_executor_looks_on() -> None:
    helper = Actor("luga", Role.EXECUTOR, "luga")
    refused = refusal(replace(STANDING, stage=Stage.ASSIGNED), Wish(Act.ACCEPTED), helper, NOON)
    assert refused is not None
    assert refused.no is No.FORBIDDEN
    assert "соисполнитель" in refused.message
    assert open_acts(STANDING, helper) == ()


def test_what_an_actor_may_not_see_hides_everything_else() -> None:
    # Neither the version nor the stage tells a stranger that the number exists.
    stranger = Actor("school", Role.EXECUTOR, "school")
    refused = refusal(STANDING, Wish(Act.ACCEPTED, version=1), stranger, NOON)
    assert refused is not None
    assert refused.no is No.NOT_FOUND


# What was seen


@pytest.mark.parametrize(
    ("seen", "refused"), [(3, None), (2, No.STALE), (4, No.STALE), (None, None)]
)
def test_only_who_has_seen_the_newest_state_acts(seen: int | None, refused: No | None) -> None:
    said = refusal(STANDING, Wish(Act.DRAFTED, version=seen), somebody(Role.OPERATOR), NOON)
    assert (said and said.no) is refused


def test_a_stale_card_is_told_before_its_stage_is() -> None:
    # Who pressed «принять» after a colleague did has to look, not to learn the table by heart.
    said = refusal(STANDING, Wish(Act.ACCEPTED, version=2), somebody(Role.OPERATOR), NOON)
    assert said is not None
    assert said.no is No.STALE


# Reasons

STATES_WHY = (Act.RETURNED, Act.PASSED_UP, Act.REJECTED, Act.PAUSED, Act.REOPENED)


@pytest.mark.parametrize("act", MOVES)
def test_who_sends_something_back_says_why(act: Act) -> None:
    stage = next(stage for stage in Stage if ROWS[act][0][stage] != ".")
    for reason in ("", "  \n"):
        said = refusal(at(stage, act), replace(wish(act), reason=reason), OTKLIK, NOON)
        assert (said is not None and said.no is No.REASON) == (act in STATES_WHY)


@pytest.mark.parametrize(("length", "fits"), [(LONGEST_REASON, True), (LONGEST_REASON + 1, False)])
def test_a_reason_has_room_in_the_journal(length: int, fits: bool) -> None:
    said = refusal(STANDING, Wish(Act.RETURNED, reason="я" * length), OTKLIK, NOON)
    assert (said is None) == fits
    if said is not None:
        assert said.no is No.REASON
        assert "1001" in said.message


# Guards


def guarded(standing: Standing, wanted: Wish, role: Role = Role.OPERATOR) -> str | None:
    """Return what a guard says, None when nothing is refused."""
    said = refusal(standing, wanted, somebody(role), NOON)
    if said is None:
        return None
    assert said.no is No.GUARD
    assert said.message.endswith(".")
    return said.message


def test_an_assignment_names_another_body_unless_nobody_has_it() -> None:
    for stage in (Stage.ASSIGNED, Stage.WORK):
        standing = replace(STANDING, stage=stage)
        assert "другого" in (guarded(standing, Wish(Act.ASSIGNED, body="roads")) or "")
        assert guarded(standing, Wish(Act.ASSIGNED, body="luga")) is None
    for stage in (Stage.REVIEW, Stage.RETURNED):
        standing = replace(STANDING, stage=stage)
        assert guarded(standing, Wish(Act.ASSIGNED, body="roads")) is None
    assert "кому" in (guarded(STANDING, Wish(Act.ASSIGNED)) or "")


@pytest.mark.parametrize(
    ("change", "until", "words"),
    [
        ({}, LATER, None),
        ({"pausable": False}, LATER, "не допускает"),
        ({"paused": True}, LATER, "уже приостановлен"),
        ({}, None, "до какого времени"),
        ({}, NOON, "впереди"),
        ({}, NOON - timedelta(days=1), "впереди"),
    ],
)
def test_a_pause_needs_a_norm_that_has_one_and_an_end(
    change: dict[str, bool], until: datetime | None, words: str | None
) -> None:
    said = guarded(replace(STANDING, **change), Wish(Act.PAUSED, "Ждём смету", until=until))  # type: ignore[arg-type]
    assert (words is None and said is None) or (words is not None and words in (said or ""))


def test_only_what_stands_can_run_on() -> None:
    assert guarded(STANDING, Wish(Act.RESUMED)) == "Срок не приостановлен."
    assert guarded(replace(STANDING, paused=True), Wish(Act.RESUMED)) is None


@pytest.mark.parametrize("act", [Act.APPROVED, Act.REJECTED])
def test_where_the_head_agrees_no_operator_does(act: Act) -> None:
    standing = replace(STANDING, stage=Stage.APPROVAL, approval=True)
    wanted = Wish(act, reason="Нет срока")
    assert guarded(standing, wanted) == "Ответ согласует руководитель."
    assert guarded(standing, wanted, Role.APPROVER) is None
    assert guarded(standing, wanted, Role.ADMINISTRATOR) is None
    assert guarded(replace(standing, approval=False), wanted) is None


@pytest.mark.parametrize("act", [Act.SUBMITTED, Act.MERGED])
def test_an_answer_on_its_way_is_decided_first(act: Act) -> None:
    standing = replace(STANDING, answers_waiting=True)
    assert "Сначала решите его судьбу" in (guarded(standing, Wish(act)) or "")


AUTHOR_HAS_IT = (ClosingReason.SATISFIED, ClosingReason.NO_REPLY, ClosingReason.POINTLESS)
NOTHING_IS_DUE = (ClosingReason.NOT_RELEVANT, ClosingReason.NO_ANSWER_DUE)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.CLOSED])
def test_nobody_closes_over_an_author_who_is_owed_an_answer(stage: Stage) -> None:
    owed = replace(STANDING, stage=stage, final=False)
    for why in AUTHOR_HAS_IT:
        said = guarded(owed, Wish(Act.CLOSED, reason="Хватит", closing=why))
        assert "Окончательного ответа автору ещё нет" in (said or "")
        assert guarded(replace(owed, final=True), Wish(Act.CLOSED, closing=why)) is None
    for why in NOTHING_IS_DUE:
        assert "почему ответ не нужен" in (guarded(owed, Wish(Act.CLOSED, closing=why)) or "")
        assert guarded(owed, Wish(Act.CLOSED, reason="Одна ругань", closing=why)) is None


def test_a_closing_has_its_reason_and_waits_for_answers_on_their_way() -> None:
    assert "причину закрытия" in (guarded(STANDING, Wish(Act.CLOSED)) or "")
    waiting = replace(STANDING, answers_waiting=True)
    satisfied = Wish(Act.CLOSED, closing=ClosingReason.SATISFIED)
    assert "Сначала решите" in (guarded(waiting, satisfied) or "")


@pytest.mark.parametrize("why", [ClosingReason.MERGED, ClosingReason.BY_SOURCE])
def test_what_the_machine_alone_can_know_no_person_says(why: ClosingReason) -> None:
    wanted = Wish(Act.CLOSED, reason="Так", closing=why)
    assert "ставит сама программа" in (guarded(STANDING, wanted) or "")
    assert refusal(STANDING, wanted, OTKLIK, NOON) is None


# What follows


def test_an_incident_that_nobody_had_is_reviewed_when_it_is_opened_again() -> None:
    closed = replace(STANDING, stage=Stage.CLOSED, assigned_before=False)
    assert after(closed, Act.REOPENED) is Stage.REVIEW
    assert after(replace(closed, assigned_before=True), Act.REOPENED) is Stage.ASSIGNED


@pytest.mark.parametrize(
    ("rating", "round_", "again"),
    [(1, 1, True), (2, 1, True), (3, 1, False), (5, 1, False), (1, 2, True), (1, 3, False)],
)
def test_a_bad_rating_opens_another_round_while_there_are_any(
    rating: int, round_: int, again: bool
) -> None:
    assert dissatisfied(rating, at_most=2, round_=round_, rounds=3) is again


# Whole lives


def lived(standing: Standing, act: Act) -> Standing:
    """Return how an incident stands after an act, as the desk would leave it."""
    stage = after(standing, act)
    answers_waiting = standing.answers_waiting
    if act in {Act.SUBMITTED, Act.ANSWER_QUEUED}:
        answers_waiting = True
    elif act in {Act.REJECTED, Act.ANSWER_WITHDRAWN}:
        answers_waiting = False
    return replace(
        standing,
        stage=stage,
        version=standing.version + 1,
        body="luga" if act is Act.ASSIGNED and standing.body == "roads" else standing.body,
        paused=act is Act.PAUSED or (standing.paused and act is not Act.RESUMED),
        answers_waiting=answers_waiting,
        final=standing.final and act is not Act.REOPENED,
        assigned_before=standing.assigned_before or stage is Stage.ASSIGNED,
    )


def published(standing: Standing) -> Standing:
    """Return how an incident stands once its final answer is out."""
    stage = standing.stage if standing.stage is Stage.CLOSED else Stage.SATISFACTION
    return replace(standing, stage=stage, final=True, answers_waiting=False, paused=False)


NEW = Standing(stage=Stage.REVIEW, version=1, body="roads", pausable=True)
ADMINISTRATOR = somebody(Role.ADMINISTRATOR)


def wants(act: Act, standing: Standing) -> list[Wish]:
    other = "luga" if standing.body == "roads" else "roads"
    plain = Wish(act, reason="Потому что", version=standing.version, body=other, until=LATER)
    if act is not Act.CLOSED:
        return [plain]
    return [replace(plain, closing=why) for why in ClosingReason]


def nexts(standing: Standing) -> list[Standing]:
    """Return every state that one act of an administrator, or the network, leads to."""
    found = [
        lived(standing, act)
        for act in open_acts(standing, ADMINISTRATOR)
        if any(refusal(standing, one, ADMINISTRATOR, NOON) is None for one in wants(act, standing))
    ]
    if standing.answers_waiting and standing.stage is Stage.PUBLISHING:
        found.append(published(standing))
    return found


def everything_that_follows(standing: Standing) -> set[Standing]:
    """Return every state that can follow, with versions left out."""
    start = replace(standing, version=0)
    seen, waiting = {start}, deque([start])
    while waiting:
        for one in nexts(waiting.popleft()):
            bare = replace(one, version=0)
            if bare not in seen:
                seen.add(bare)
                waiting.append(bare)
    return seen


@pytest.mark.parametrize("approval", [False, True])
def test_wherever_an_incident_got_to_it_can_still_be_answered_and_closed(approval: bool) -> None:
    reachable = everything_that_follows(replace(NEW, approval=approval))
    assert {standing.stage for standing in reachable} == set(Stage)
    for standing in reachable:
        ends = everything_that_follows(standing)
        assert any(one.stage is Stage.SATISFACTION and one.final for one in ends), standing
        assert any(one.stage is Stage.CLOSED for one in ends), standing


ANYBODY = st.builds(
    Actor,
    login=st.just("somebody"),
    role=st.sampled_from(Role),
    body=st.sampled_from([None, "roads", "luga", "school"]),
)
WISHES = st.builds(
    Wish,
    act=st.sampled_from(list(MOVES)),
    reason=st.sampled_from(["", "Потому что"]),
    version=st.sampled_from([None, 1, 2, 3]),
    body=st.sampled_from([None, "roads", "luga"]),
    until=st.sampled_from([None, NOON, LATER]),
    closing=st.none() | st.sampled_from(ClosingReason),
)


@given(steps=st.lists(st.tuples(WISHES, ANYBODY), max_size=30))
def test_whatever_people_try_only_the_table_happens(steps: list[tuple[Wish, Actor]]) -> None:
    standing = NEW
    for wanted, actor in steps:
        said = refusal(standing, wanted, actor, NOON)
        if said is None:
            cells, who = ROWS[wanted.act]
            # What is done is a row of the table, and its button was there
            assert actor.role in who
            assert cells[standing.stage] != "."
            assert wanted.act in open_acts(standing, actor)
            standing = lived(standing, wanted.act)
        else:
            assert said.message[0].isupper() or said.message[0] == "«"
            assert said.message.endswith(".")
        # And somebody can always go on
        assert open_acts(standing, ADMINISTRATOR)
