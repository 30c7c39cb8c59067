"""What follows from a person's word: refusals, the body, the deadline."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import Network, Term, Topic, Urgency
from pipeline.decisions import deadlines
from pipeline.decisions.clocks import Stretch
from pipeline.decisions.correcting import (
    Correction,
    Refusal,
    Standing,
    further,
    new_assignment,
    new_deadline,
    unknown_settlement,
)
from pipeline.region.load import load_region
from pipeline.rules import calendar_of

REGION = load_region("smolensky")
CALENDAR = calendar_of(REGION)
MORNING = datetime(2026, 11, 17, 6, 0, tzinfo=UTC)
"""9:00 in Moscow on a Tuesday."""

SAID = Correction(relevant=True, topic=Topic.ROADS, urgency=Urgency.NORMAL, settlement="katynskoe")
STANDING = Standing(
    said=SAID,
    network=Network.VK,
    term=Term.ANSWER,
    since=MORNING,
    due_at=MORNING + timedelta(hours=9),
)


def due(urgency: Urgency, since: datetime = MORNING) -> datetime:
    norm = REGION.norm_for(Network.VK, urgency)
    deadline = deadlines.deadline(since, amount=norm.amount, unit=norm.unit, calendar=CALENDAR)
    return deadline.due_at


@pytest.mark.parametrize(
    ("stands", "said", "refused"),
    [
        ("katynskoe", "kozinskoe", None),
        ("katynskoe", None, None),
        (None, "kozinskoe", None),
        ("katynskoe", "atlantis", Refusal.SETTLEMENT),
        ("atlantis", "atlantis", None),  # the region forgot it, the person did not touch it
    ],
)
def test_a_place_has_to_be_one_of_the_region(
    stands: str | None, said: str | None, refused: Refusal | None
) -> None:
    standing = replace(STANDING, said=replace(SAID, settlement=stands))
    assert unknown_settlement(standing, replace(SAID, settlement=said), REGION) is refused


@pytest.mark.parametrize("refused", list(Refusal))
def test_every_refusal_tells_what_to_do(refused: Refusal) -> None:
    assert len(refused.russian) > 40


def test_further_topics_stand_once_without_the_main_one() -> None:
    also = [Topic.SNOW, Topic.GAS, Topic.ROADS, Topic.SNOW]
    assert further(Topic.ROADS, also) == (Topic.SNOW, Topic.GAS)


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (SAID, None),
        (replace(SAID, urgency=Urgency.URGENT, also=(Topic.GAS,)), None),
        (replace(SAID, topic=Topic.GAS), "housing"),
        (replace(SAID, settlement="kozinskoe"), "kozinskoe"),
        (replace(SAID, settlement=None), "roads"),
    ],
)
def test_another_topic_or_place_finds_another_body(said: Correction, body: str | None) -> None:
    assignment = new_assignment(STANDING, said, REGION)
    assert (assignment and assignment.body) == body


def test_the_same_urgency_keeps_its_deadline() -> None:
    said = replace(SAID, topic=Topic.GAS)
    assert new_deadline(STANDING, said, region=REGION, calendar=CALENDAR) is None


def test_a_lower_urgency_gets_the_longer_norm_from_the_same_start() -> None:
    standing = replace(
        STANDING, said=replace(SAID, urgency=Urgency.URGENT), due_at=due(Urgency.URGENT)
    )
    deadline = new_deadline(standing, SAID, region=REGION, calendar=CALENDAR)
    assert deadline is not None
    assert deadline.due_at == due(Urgency.NORMAL) > standing.due_at
    assert deadline.norm == "8 рабочих часов"


def test_a_final_answers_term_has_its_own_norm_and_its_pauses() -> None:
    # Given an urgent incident whose author has an interim answer, and whose clock stood for a day
    pause = Stretch(MORNING + timedelta(hours=1), MORNING + timedelta(hours=25))
    standing = replace(
        STANDING,
        said=replace(SAID, urgency=Urgency.URGENT),
        term=Term.FINAL,
        due_at=MORNING + timedelta(days=30),
        pauses=(pause,),
    )
    # When it turns out not to be urgent
    deadline = new_deadline(standing, SAID, region=REGION, calendar=CALENDAR)
    # Then the final answer has its working days, and the one that it stood
    norm = REGION.norm_for(Network.VK, Urgency.NORMAL, Term.FINAL)
    without = deadlines.deadline(MORNING, amount=norm.amount, unit=norm.unit, calendar=CALENDAR)
    assert deadline is not None
    assert deadline.norm == without.norm
    stood = CALENDAR.between(pause.since, pause.until)
    assert deadline.due_at == CALENDAR.add(without.due_at, stood)


@given(
    since=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is given beside
    stood=st.timedeltas(timedelta(0), timedelta(days=20)),
)
def test_a_higher_urgency_never_makes_a_deadline_later(since: datetime, stood: timedelta) -> None:
    standing = replace(STANDING, since=since, due_at=since + stood)
    said = replace(SAID, urgency=Urgency.URGENT)
    deadline = new_deadline(standing, said, region=REGION, calendar=CALENDAR)
    assert deadline is not None
    assert deadline.due_at == min(standing.due_at, due(Urgency.URGENT, since))
