"""The life of an answer, and what every error of a network makes of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Action, ApiError, BadPayloadError, UnreachableError
from connectors.ledger import HeldError, ParkedError
from models.vocabulary import AnswerState, Network
from pipeline.decisions.publishing import (
    FATES,
    GAVE_UP,
    LONGEST_ATTEMPT,
    LONGEST_PAUSE,
    MINUTE,
    MOST_ATTEMPTS,
    NOT_THERE,
    PAUSES,
    STEPS,
    Aftermath,
    Attempt,
    Fate,
    IllegalStepError,
    Settled,
    Step,
    after,
    aftermath,
    open_to,
    settle,
    unsendable,
)

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
ENDS = {AnswerState.PUBLISHED, AnswerState.BY_HAND, AnswerState.WITHDRAWN}


def api_error(action: Action, retry_after: float | None = None) -> ApiError:
    return ApiError(
        "ВКонтакте: отказ.",
        network=Network.VK,
        method="wall.createComment",
        code=1,
        action=action,
        retry_after=retry_after,
    )


# The life cycle


@pytest.mark.parametrize(("state", "step"), list(product(AnswerState, Step)))
def test_every_step_is_either_in_the_table_or_refused_in_russian(
    state: AnswerState, step: Step
) -> None:
    if open_to(state, step):
        assert after(state, step) is STEPS[state, step]
        return
    with pytest.raises(IllegalStepError) as refused:
        after(state, step)
    assert state.russian in str(refused.value)
    assert step.russian in str(refused.value)


@pytest.mark.parametrize(
    ("path", "ends"),
    [
        ([Step.CLAIM, Step.PUBLISHED], AnswerState.PUBLISHED),
        ([Step.CLAIM, Step.CLAIM, Step.PUBLISHED], AnswerState.PUBLISHED),
        ([Step.CLAIM, Step.PUT_BACK, Step.WITHDRAW], AnswerState.WITHDRAWN),
        ([Step.CLAIM, Step.REFUSED, Step.BY_HAND], AnswerState.BY_HAND),
        ([Step.CLAIM, Step.REFUSED, Step.WITHDRAW], AnswerState.WITHDRAWN),
        ([Step.CLAIM, Step.REFUSED, Step.REPEAT, Step.CLAIM], AnswerState.SENDING),
        ([Step.WITHDRAW], AnswerState.WITHDRAWN),
        ([Step.BY_HAND], AnswerState.BY_HAND),
    ],
)
def test_the_lives_that_answers_have(path: Sequence[Step], ends: AnswerState) -> None:
    state = AnswerState.QUEUED
    for step in path:
        state = after(state, step)
    assert state is ends


@given(st.lists(st.sampled_from(Step), max_size=30))
def test_whatever_is_tried_an_end_stays_one_and_only_what_is_sent_gets_published(
    steps: list[Step],
) -> None:
    state, lived = AnswerState.QUEUED, [AnswerState.QUEUED]
    for step in steps:
        try:
            following = after(state, step)
        except IllegalStepError:
            continue
        assert state not in ENDS
        if following is AnswerState.PUBLISHED:
            assert state is AnswerState.SENDING
        if state is AnswerState.SENDING:
            assert following not in {AnswerState.BY_HAND, AnswerState.WITHDRAWN}
        state = following
        lived.append(state)
    assert sum(one in ENDS for one in lived) <= 1


def test_every_state_but_the_ends_can_be_left_and_reached() -> None:
    assert {state for state, _ in STEPS} == set(AnswerState) - ENDS
    assert {*STEPS.values(), AnswerState.QUEUED} == set(AnswerState)


# What errors mean


def test_every_action_of_a_network_has_its_fate() -> None:
    assert set(FATES) == set(Action)


@pytest.mark.parametrize(
    ("error", "fate", "pause", "tired"),
    [
        (api_error(Action.REFUSED), Fate.REFUSED, 0, False),
        (api_error(Action.CLOSED), Fate.REFUSED, 0, False),
        (api_error(Action.GONE), Fate.REFUSED, 0, False),
        (api_error(Action.TOMBSTONE), Fate.REFUSED, 0, False),
        (api_error(Action.WRONG_TOKEN), Fate.REFUSED, 0, False),
        (api_error(Action.QUARANTINE), Fate.REFUSED, 0, False),
        (api_error(Action.PACE), Fate.LATER, 1, True),
        (api_error(Action.PACE, retry_after=300), Fate.LATER, 5, True),
        (api_error(Action.QUOTA), Fate.LATER, 30, False),
        (api_error(Action.TOKEN_DEAD), Fate.LATER, 10, False),
        (api_error(Action.CAPTCHA), Fate.LATER, 10, False),
        (api_error(Action.NEEDS_PERSON), Fate.LATER, 10, False),
        (api_error(Action.SIGN_IN), Fate.LATER, 10, False),
        (ParkedError("Ключ vk: не действует."), Fate.LATER, 10, False),
        (HeldError("Пауза.", until=0.0), Fate.LATER, 1, False),
        (HeldError("Пауза.", until=NOON.timestamp() + 600), Fate.LATER, 10, False),
        (HeldError("Пауза.", until=1e30), Fate.LATER, 24 * 60, False),
        (api_error(Action.FLOOD), Fate.UNKNOWN, 10, True),
        (api_error(Action.RETRY), Fate.UNKNOWN, 0, True),
        (api_error(Action.HALVE), Fate.UNKNOWN, 0, True),
        (UnreachableError("Нет ответа."), Fate.UNKNOWN, 0, True),
        (UnreachableError("Нет ответа.", retry_after=180), Fate.UNKNOWN, 3, True),
        (UnreachableError("Нет ответа.", retry_after=1e300), Fate.UNKNOWN, 24 * 60, True),
        (BadPayloadError("Не тот ответ."), Fate.UNKNOWN, 0, True),
        (TimeoutError(), Fate.UNKNOWN, 0, True),
        (KeyError("x"), Fate.UNKNOWN, 0, True),
    ],
)
def test_an_error_is_a_refusal_a_pause_or_unknown(
    error: Exception, fate: Fate, pause: int, tired: bool
) -> None:
    ended = aftermath(error, now=NOON)
    assert (ended.fate, ended.pause, ended.tired) == (fate, timedelta(minutes=pause), tired)


def test_an_error_is_told_in_russian_and_a_bug_without_its_words() -> None:
    assert aftermath(UnreachableError("Нет ответа."), now=NOON).message == "Нет ответа."
    assert "40 секунд" in aftermath(TimeoutError(), now=NOON).message
    bug = aftermath(ValueError("token=secret"), now=NOON).message
    assert "ValueError" in bug
    assert "secret" not in bug


def test_what_cannot_be_taken_is_not_sent_at_all() -> None:
    deleted = unsendable("Сделали", limit=4000, deleted=True)
    assert deleted is not None
    assert "удалил" in deleted.message
    long = unsendable("я" * 4001, limit=4000, deleted=False)
    assert long is not None
    assert "4001 знаков из 4000" in long.message
    assert long.fate is Fate.REFUSED
    assert unsendable("я" * 4000, limit=4000, deleted=False) is None


# What becomes of the row

LOST = Aftermath(Fate.UNKNOWN, "Нет ответа.")
LATER = Aftermath(Fate.LATER, "Ключ не действует.", timedelta(minutes=10))
REFUSED = Aftermath(Fate.REFUSED, "Комментарии закрыты.")
FIRST = Attempt(1, NOON, None)
AGAIN = Attempt(2, NOON, NOON - timedelta(minutes=1))


def test_an_answer_that_nobody_knows_of_is_looked_for_after_growing_pauses() -> None:
    sent_at, number, waited = None, 0, []
    while True:
        number += 1
        settled = settle(Attempt(number, NOON, sent_at), LOST, sent=True, now=NOON)
        if settled.state is not AnswerState.SENDING:
            break
        waited.append(round((settled.due_at - NOON) / MINUTE))
        sent_at = settled.sent_at
    assert waited == [1, 2, 5, 15, 60, 60]
    assert settled.state is AnswerState.REFUSED
    assert settled.error.startswith(GAVE_UP)
    assert "проверьте по ссылке" in settled.error


@pytest.mark.parametrize("number", range(1, MOST_ATTEMPTS + 2))
def test_only_the_last_attempt_may_not_send(number: int) -> None:
    assert not Attempt(number, NOON, None).looks_first
    assert Attempt(number, NOON, NOON).looks_first
    assert Attempt(number, NOON, NOON).may_send == (number <= MOST_ATTEMPTS)


def test_what_was_surely_not_sent_is_queued_again_and_its_attempts_begin_anew() -> None:
    settled = settle(FIRST, LATER, sent=False, now=NOON)
    ten_minutes = NOON + timedelta(minutes=10)
    assert settled == Settled(AnswerState.QUEUED, ten_minutes, None, 0, "Ключ не действует.")
    # And so it is when the network itself said that it did nothing
    assert settle(FIRST, LATER, sent=True, now=NOON) == settled


def test_a_later_attempt_that_could_not_begin_leaves_the_answer_unknown() -> None:
    settled = settle(AGAIN, LATER, sent=False, now=NOON)
    assert settled.state is AnswerState.SENDING
    assert settled.sent_at == AGAIN.sent_before
    assert settled.due_at == NOON + timedelta(minutes=10)


def test_short_pauses_do_not_use_the_attempts_up() -> None:
    paced = Aftermath(Fate.LATER, "Пауза.", MINUTE)
    settled = settle(Attempt(5, NOON, NOON), paced, sent=False, now=NOON)
    assert settled.due_at == NOON + timedelta(hours=1)


def test_a_refusal_tells_whether_the_answer_may_stand_there_all_the_same() -> None:
    sure = settle(FIRST, REFUSED, sent=True, now=NOON)
    assert (sure.state, sure.error, sure.sent_at) == (
        AnswerState.REFUSED,
        "Комментарии закрыты.",
        None,
    )
    # Looked for and not there, then sent and refused: as sure as can be
    looked = settle(AGAIN, REFUSED, sent=True, now=NOON)
    assert (looked.state, looked.error) == (AnswerState.REFUSED, "Комментарии закрыты.")
    # Nobody could look
    blind = settle(AGAIN, REFUSED, sent=False, now=NOON)
    assert blind.state is AnswerState.REFUSED
    assert blind.error.startswith(GAVE_UP)
    assert settle(AGAIN, NOT_THERE, sent=False, now=NOON).error.startswith(GAVE_UP)


ENDINGS = st.builds(
    Aftermath,
    st.sampled_from(Fate),
    st.just("Нет ответа."),
    st.timedeltas(timedelta(), LONGEST_PAUSE),
)


@given(
    number=st.integers(1, 20),
    sent_before=st.none() | st.just(NOON - timedelta(hours=1)),
    ended=ENDINGS,
    sent=st.booleans(),
    late=st.timedeltas(timedelta(), timedelta(minutes=5)),
)
def test_what_the_network_may_have_is_never_queued_and_never_hurried(
    number: int,
    sent_before: datetime | None,
    ended: Aftermath,
    sent: bool,
    late: timedelta,
) -> None:
    attempt, now = Attempt(number, NOON, sent_before), NOON + late
    settled = settle(attempt, ended, sent=sent, now=now)
    maybe_there = sent_before is not None or (sent and ended.fate is Fate.UNKNOWN)
    assert (settled.sent_at is not None) == maybe_there
    if settled.state is AnswerState.QUEUED:
        assert not maybe_there
        assert settled.attempts == 0
    if settled.state is AnswerState.SENDING:
        assert maybe_there
        assert number <= MOST_ATTEMPTS
        assert settled.attempts == number
    if settled.state is not AnswerState.REFUSED:
        assert settled.due_at >= now + max(MINUTE, ended.pause)
    assert settled.state in {AnswerState.QUEUED, AnswerState.SENDING, AnswerState.REFUSED}


def test_nobody_takes_over_before_the_attempt_surely_sends_nothing_any_more() -> None:
    for number in range(1, MOST_ATTEMPTS + 2):
        attempt = Attempt(number, NOON, None)
        assert attempt.outlived(NOON + LONGEST_ATTEMPT)
        assert attempt.again_at >= NOON + LONGEST_ATTEMPT + MINUTE
    assert not FIRST.outlived(NOON)
    assert not FIRST.outlived(NOON + LONGEST_ATTEMPT - timedelta(microseconds=1))
    assert FIRST.outlived(NOON - timedelta(seconds=1)), "a clock that was set back proves nothing"


def test_pauses_never_shrink() -> None:
    assert list(PAUSES) == sorted(PAUSES)
    assert PAUSES[0] >= MINUTE
