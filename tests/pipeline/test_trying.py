"""What a changed region would have made of past incidents."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from builders import TUESDAY_NOON as NOW
from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident, Pause
from models.vocabulary import Network, Stage, Term, Topic, Urgency
from pipeline.decisions import deadlines
from pipeline.region.load import load_region
from pipeline.region.schema import Norm, Region, RoutingRule
from pipeline.rules import Rules
from pipeline.store import trying as store
from pipeline.trying import Move, Trial, try_rules

REGION = load_region("smolensky")
RULES = Rules.of(REGION)
DAY = timedelta(days=1)


def add(engine: sa.Engine, region: Region = REGION, **fields: Any) -> int:
    """Store an incident as the region decides about a VK comment on a road in Печерское."""
    facts: dict[str, Any] = {
        "topic": Topic.ROADS,
        "urgency": Urgency.NORMAL,
        "settlement": "pecherskoe",
        "network": Network.VK,
        "term": Term.ANSWER,
        "created_at": NOW,
    } | fields
    norm = region.norm_for(facts["network"], facts["urgency"], facts["term"])
    since = facts["created_at"]
    due = deadlines.deadline(since, amount=norm.amount, unit=norm.unit, calendar=RULES.calendar)
    row: dict[str, Any] = {
        "body": "pecherskoe",
        "route_rule": "Содержание поселения — администрация поселения",
        "opened_at": since,
        "clock_from": since,
        "stage_at": since,
        "stage": Stage.WORK,
        "due_at": due.due_at,
        "norm": due.norm,
        "calendar": "0123456789abcdef",
    } | facts
    with Session(engine) as session:
        incident = Incident(**row)
        session.add(incident)
        session.commit()
        return stored_id(incident.id)


def tried(engine: sa.Engine, region: Region = REGION, since: datetime = NOW - DAY) -> Trial:
    return try_rules(engine, Rules.of(region), since=since, limit=3)


ROADS_TO_DISTRICT = RoutingRule("Дороги — району", frozenset({Topic.ROADS}), None, "roads")


def test_the_region_that_decided_would_change_nothing(engine: sa.Engine) -> None:
    # Given incidents of each kind of norm, decided by the sample region
    add(engine)
    add(engine, urgency=Urgency.URGENT, route_rule=REGION.rules[3].name)
    add(engine, network=Network.PAPER)
    add(engine, term=Term.FINAL)
    # When the same region is tried
    trial = tried(engine)
    # Then everything stays
    assert trial.incidents == 4
    assert not trial.moves
    assert (trial.earlier, trial.later, trial.reruled) == (0, 0, 0)
    assert not trial.moved
    assert not trial.shifted
    assert trial.rules.total() == 4


def test_a_changed_rule_is_counted_from_body_to_body_with_examples(engine: sa.Engine) -> None:
    # Given four incidents on roads and one on lighting
    roads = [add(engine) for _ in range(4)]
    add(engine, topic=Topic.LIGHTING)
    # When roads would go to the district's department
    trial = tried(engine, replace(REGION, rules=(ROADS_TO_DISTRICT, *REGION.rules)))
    # Then those four move, and the first three stand as examples
    assert trial.moves == Counter({("pecherskoe", "roads"): 4})
    assert trial.rules[ROADS_TO_DISTRICT.name] == trial.moved_by[ROADS_TO_DISTRICT.name] == 4
    assert trial.rules[REGION.rules[4].name] == 1
    assert trial.moved == [
        Move(number, "pecherskoe", "roads", REGION.rules[4].name, "Дороги — району")
        for number in roads[:3]
    ]


def test_a_rule_may_change_while_the_body_stays(engine: sa.Engine) -> None:
    add(engine)
    first = replace(REGION.rules[4], name="Дороги — поселению")

    trial = tried(engine, replace(REGION, rules=(first, *REGION.rules)))

    assert (trial.reruled, trial.moves.total()) == (1, 0)


def test_a_long_name_of_a_rule_was_cut_when_stored(engine: sa.Engine) -> None:
    long = replace(REGION.rules[4], name="Дороги " * 40)
    add(engine, route_rule=long.name[:200])

    assert tried(engine, replace(REGION, rules=(long, *REGION.rules))).reruled == 0


def test_a_body_that_a_person_has_chosen_is_told_apart(engine: sa.Engine) -> None:
    add(engine, body="roads", route_rule="")
    add(engine, body="pecherskoe", route_rule="")

    trial = tried(engine)

    assert trial.moves == Counter({("roads", "pecherskoe"): 1})
    assert (trial.chosen, trial.reruled) == (1, 0)


def test_rights_of_channels_and_helpers_are_counted(engine: sa.Engine) -> None:
    # Given a settlement that loses its right to VKontakte
    add(engine, topic=Topic.GARBAGE)
    bodies = tuple(
        replace(body, channels=frozenset({Network.OK})) if body.code == "pecherskoe" else body
        for body in REGION.bodies
    )

    trial = tried(engine, replace(REGION, bodies=bodies))

    assert trial.moves == Counter({("pecherskoe", "desk"): 1})
    assert (trial.barred, trial.helped) == (1, 1)


def test_a_settlement_that_the_folder_lost_is_named(engine: sa.Engine) -> None:
    add(engine, settlement="atlantis")
    add(engine, settlement=None)

    assert tried(engine).elsewhere == Counter({"atlantis": 1})


def test_only_incidents_written_since_then_and_still_their_own_are_looked_at(
    engine: sa.Engine,
) -> None:
    into = add(engine, created_at=NOW - DAY)
    add(engine, created_at=NOW - DAY - timedelta(seconds=1))
    add(engine, merged_into=into, stage=Stage.CLOSED)

    assert tried(engine).incidents == 1


@pytest.mark.parametrize(("hours", "earlier", "later"), [(7, 1, 0), (8, 0, 0), (9, 0, 1)])
def test_a_changed_norm_moves_deadlines(
    engine: sa.Engine, hours: int, earlier: int, later: int
) -> None:
    # Given an incident with eight working hours, and an urgent one
    number = add(engine)
    add(engine, urgency=Urgency.URGENT)
    # When the norm of the first would be another
    norm = Norm(Network.VK, Urgency.NORMAL, hours, "working_hours")
    trial = tried(engine, replace(REGION, norms=(norm, *REGION.norms)))
    # Then only its deadline moves
    assert (trial.earlier, trial.later) == (earlier, later)
    for shift in trial.shifted:
        assert shift.incident == number
        assert shift.after - shift.before == timedelta(hours=hours - 8)
        assert shift.norm.startswith(str(hours))


def test_a_local_day_off_moves_deadlines_too(engine: sa.Engine) -> None:
    add(engine)

    trial = tried(engine, replace(REGION, extra_days_off=frozenset({NOW.date() + DAY})))

    assert trial.later == 1
    assert trial.shifted[0].after - trial.shifted[0].before == DAY


def test_a_deadline_with_a_pause_is_not_compared(engine: sa.Engine) -> None:
    number = add(engine, due_at=NOW + 30 * DAY)
    pause = Pause(
        incident_id=number, cycle="1:answer", since=NOW, until=NOW + DAY, reason="", by="ivanova"
    )
    with Session(engine) as session:
        session.add(pause)
        session.commit()

    trial = tried(engine)

    assert (trial.paused, trial.earlier, trial.later) == (1, 0, 0)


def test_batches_are_counted_together(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BATCH", 2)
    numbers = [add(engine, body="roads") for _ in range(5)]

    trial = tried(engine, replace(REGION, norms=(Norm("any", "any", 1, "working_hours"),)))

    assert (trial.incidents, trial.moves.total(), trial.earlier) == (5, 5, 5)
    assert [move.incident for move in trial.moved] == numbers[:3]
    assert [shift.incident for shift in trial.shifted] == numbers[:3]


def test_nothing_is_written(engine: sa.Engine) -> None:
    number = add(engine, body="roads", due_at=NOW)
    with Session(engine) as session:
        before = session.get_one(Incident, number).model_dump()

    tried(engine)

    with Session(engine) as session:
        assert session.get_one(Incident, number).model_dump() == before
