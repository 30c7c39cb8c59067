"""What an attempt to tell somebody ends in."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import UnreachableError
from connectors.notices import NotSentError
from models.channel_words import ChannelKind, DeliveryState
from pipeline.decisions.delivering import (
    LONGEST_ATTEMPT,
    MOST_ATTEMPTS,
    Attempt,
    History,
    aftermath,
    may_go_again,
    settle,
)
from pipeline.decisions.publishing import Aftermath, Fate
from pipeline.settings import SettingsError

ONCE = (ChannelKind.EMAIL, ChannelKind.TELEGRAM, ChannelKind.MAX, ChannelKind.APPRISE)
LOST = Aftermath(Fate.UNKNOWN, "Связь оборвалась.")
LATER = Aftermath(Fate.LATER, "Позже.")


def sent_times(history: History, now: datetime) -> int:
    """Return how often a message goes out when every attempt is of unknown end."""
    sent = 0
    for _ in range(MOST_ATTEMPTS + 5):
        if not may_go_again(history, now):
            break
        sent += 1
        attempt = Attempt(history, now)
        settled = settle(attempt, LOST, sent=True, now=now)
        history = History(
            history.kind, history.worse_lost, attempt.number, settled.unsure, settled.sent_at
        )
        now = settled.due_at
    return sent


@pytest.mark.parametrize("kind", ONCE)
def test_what_cannot_be_asked_is_sent_once(kind: ChannelKind, now: datetime) -> None:
    assert sent_times(History(kind, worse_lost=False), now) == 1


@pytest.mark.parametrize("kind", ONCE)
def test_what_is_worse_lost_is_sent_once_more(kind: ChannelKind, now: datetime) -> None:
    assert sent_times(History(kind, worse_lost=True), now) == 2


def test_a_webhook_knows_a_message_again(now: datetime) -> None:
    webhook = History(ChannelKind.WEBHOOK, worse_lost=False)
    assert sent_times(webhook, now) == MOST_ATTEMPTS


def test_vkontakte_knows_a_message_again_for_a_while(now: datetime) -> None:
    first = now - timedelta(minutes=49)
    tried = History(ChannelKind.VK, worse_lost=False, attempts=3, unsure=3, sent_at=first)
    assert may_go_again(tried, now)
    assert not may_go_again(tried, now + timedelta(minutes=2))


def test_what_was_surely_not_sent_is_tried_for_a_day_ever_more_seldom(now: datetime) -> None:
    history = History(ChannelKind.EMAIL, worse_lost=False)
    pauses = []
    moment = now
    for _ in range(MOST_ATTEMPTS):
        attempt = Attempt(history, moment)
        settled = settle(attempt, LATER, sent=True, now=moment)
        if settled.state is DeliveryState.PARKED:
            break
        assert settled.state is DeliveryState.WAITING
        pauses.append(settled.due_at - moment)
        moment = settled.due_at
        history = History(history.kind, history.worse_lost, attempt.number)
    assert [pause.total_seconds() // 60 for pause in pauses[:6]] == [1, 2, 5, 15, 60, 60]
    assert "Не удалось" in settled.error
    assert timedelta(hours=18) < moment - now < timedelta(hours=30)


def test_a_refusal_is_for_a_person_at_once(now: datetime) -> None:
    refused = aftermath(NotSentError("Такого ящика нет.", final=True), now=now)
    attempt = Attempt(History(ChannelKind.EMAIL, worse_lost=True), now)
    settled = settle(attempt, refused, sent=True, now=now)
    assert (settled.state, settled.unsure) == (DeliveryState.PARKED, 0)


def test_a_missing_secret_waits_for_a_person_and_counts_as_not_sent(now: datetime) -> None:
    ended = aftermath(SettingsError("Нет секрета «bot»."), now=now)
    attempt = Attempt(History(ChannelKind.TELEGRAM, worse_lost=False), now)
    settled = settle(attempt, ended, sent=False, now=now)
    assert (settled.state, settled.unsure) == (DeliveryState.WAITING, 0)
    assert settled.due_at - now >= timedelta(minutes=10)


@pytest.mark.parametrize("error", [TimeoutError(), UnreachableError("нет"), KeyError("bug")])
def test_an_error_before_sending_leaves_nothing_open(error: Exception, now: datetime) -> None:
    attempt = Attempt(History(ChannelKind.TELEGRAM, worse_lost=False), now)
    settled = settle(attempt, aftermath(error, now=now), sent=False, now=now)
    assert (settled.state, settled.unsure) == (DeliveryState.WAITING, 0)


def test_a_claim_that_outlived_its_time_sends_nothing(now: datetime) -> None:
    attempt = Attempt(History(ChannelKind.EMAIL, worse_lost=False), now)
    assert not attempt.outlived(now)
    assert attempt.outlived(now + LONGEST_ATTEMPT)
    assert attempt.outlived(now - timedelta(seconds=1))
    assert attempt.again_at > now + LONGEST_ATTEMPT


@given(
    kind=st.sampled_from(ONCE),
    worse_lost=st.booleans(),
    ends=st.lists(st.sampled_from(["lost", "later", "unsent"]), max_size=40),
)
def test_nothing_is_ever_sent_more_often_than_the_rule_says(
    kind: ChannelKind, worse_lost: bool, ends: list[str]
) -> None:
    now = datetime.fromisoformat("2026-11-17T09:00:00+00:00")
    history = History(kind, worse_lost)
    arrived = 0
    for end in ends:
        if not may_go_again(history, now):
            break
        attempt = Attempt(history, now)
        arrived += end == "lost"
        ended = LATER if end == "later" else LOST
        settled = settle(attempt, ended, sent=end != "unsent", now=now)
        if settled.state is DeliveryState.PARKED:
            break
        assert settled.due_at > now
        history = History(kind, worse_lost, attempt.number, settled.unsure, settled.sent_at)
        now = settled.due_at
    assert arrived <= (2 if worse_lost else 1)
