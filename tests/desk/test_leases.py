"""No two operators ever get the same item, and nobody keeps one for ever."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from answering import source_of
from console.builders import NOW, add_incident, add_person

from models.columns import stored_id
from models.vocabulary import Certainty, Stage, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.desk import leases
from pipeline.store import review
from pipeline.store.leases import lookers, looking

OPERATORS = 6


def staff(engine: sa.Engine, login: str) -> int:
    with unit_of_work(engine) as session:
        return add_person(session, login).id


def incident(engine: sa.Engine, **fields: Any) -> int:
    with unit_of_work(engine) as session:
        return stored_id(add_incident(session, source_of(session, "vk:luga"), **fields).id)


def take(engine: sa.Engine, who: int, *without: int, after: timedelta = timedelta()) -> int | None:
    with unit_of_work(engine) as session:
        return leases.take_next(session, who, now=NOW + after, without=without)


def looks(engine: sa.Engine, number: int, after: timedelta = timedelta()) -> str | None:
    with reading(engine) as session:
        return looking(session, number, now=NOW + after)


def test_the_urgent_comes_first_and_then_the_nearest_deadline(engine: sa.Engine) -> None:
    later = incident(engine, due_at=NOW + timedelta(hours=2))
    sooner = incident(engine, due_at=NOW + timedelta(hours=1))
    urgent = incident(engine, due_at=NOW + timedelta(days=1), urgency=Urgency.URGENT)
    me = staff(engine, "petrova")

    assert take(engine, me) == urgent
    assert take(engine, me, urgent) == sooner
    assert take(engine, me, urgent, sooner) == later
    assert take(engine, me, urgent, sooner, later) is None


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({}, True),
        ({"certainty": Certainty.AUTO}, True),
        ({"stage": Stage.ASSIGNED, "certainty": Certainty.REVIEW}, True),
        ({"stage": Stage.WORK, "certainty": Certainty.UNSURE}, True),
        ({"stage": Stage.ASSIGNED, "certainty": Certainty.AUTO}, False),
        ({"stage": Stage.SATISFACTION}, False),
        ({"stage": Stage.CLOSED}, False),
        ({"snoozed_until": NOW + timedelta(minutes=1)}, False),
        ({"snoozed_until": NOW}, True),
    ],
)
def test_what_waits_for_a_person(fields: dict[str, Any], waits: bool, engine: sa.Engine) -> None:
    number = incident(engine, **fields)

    with reading(engine) as session:
        assert review.count_waiting(session, now=NOW) == int(waits)
    assert take(engine, staff(engine, "petrova")) == (number if waits else None)


def test_what_somebody_has_is_nobody_elses(engine: sa.Engine) -> None:
    number = incident(engine)
    petrova, sidorov = staff(engine, "petrova"), staff(engine, "sidorov")

    assert take(engine, petrova) == number
    assert looks(engine, number) == "petrova"
    assert take(engine, sidorov) is None
    # Who comes back finds what they had.
    assert take(engine, petrova) == number


def test_an_item_that_is_held_comes_before_a_free_one(engine: sa.Engine) -> None:
    held = incident(engine)
    me = staff(engine, "petrova")
    assert take(engine, me) == held
    urgent = incident(engine, urgency=Urgency.URGENT)

    assert take(engine, me) == held
    assert take(engine, me, held) == urgent


def test_a_lease_ends_unless_it_is_renewed(engine: sa.Engine) -> None:
    number = incident(engine)
    petrova, sidorov = staff(engine, "petrova"), staff(engine, "sidorov")
    take(engine, petrova)
    before, after = leases.LEASE - timedelta(seconds=1), leases.LEASE

    assert take(engine, sidorov, after=before) is None
    with unit_of_work(engine) as session:
        assert leases.renew(session, petrova, [number], now=NOW + before) == {number}
    assert take(engine, sidorov, after=after) is None
    assert looks(engine, number, after) == "petrova"

    assert take(engine, sidorov, after=before + leases.LEASE) == number
    with unit_of_work(engine) as session:
        late = NOW + before + leases.LEASE
        assert leases.renew(session, petrova, [number], now=late) == frozenset()
    assert looks(engine, number, before + leases.LEASE) == "sidorov"


def test_what_is_let_go_is_free_at_once(engine: sa.Engine) -> None:
    first, second = incident(engine), incident(engine, due_at=NOW + timedelta(days=1))
    petrova, sidorov = staff(engine, "petrova"), staff(engine, "sidorov")
    take(engine, petrova)
    take(engine, petrova, first)

    with unit_of_work(engine) as session:
        leases.release(session, sidorov, [first])  # not theirs
        leases.release(session, petrova, [second])

    with reading(engine) as session:
        assert lookers(session, [first, second], now=NOW) == {first: "petrova"}
    assert take(engine, sidorov) == second


def test_a_page_that_is_left_late_frees_nothing_of_the_page_that_was_opened_anew(
    engine: sa.Engine,
) -> None:
    number = incident(engine)
    me, other = staff(engine, "me"), staff(engine, "other")
    # Given a page that was loaded anew a minute after it had been opened
    take(engine, me)
    take(engine, me, after=timedelta(minutes=1))
    # When the first one's farewell arrives only now
    with unit_of_work(engine) as session:
        leases.release(session, me, [number], until=NOW + leases.LEASE)
    # Then the item is still mine
    assert take(engine, other, after=timedelta(minutes=1)) is None


def test_operators_who_ask_at_the_same_moment_get_different_items(engine: sa.Engine) -> None:
    numbers = {incident(engine, due_at=NOW + timedelta(minutes=one)) for one in range(25)}
    people = [staff(engine, f"operator{one}") for one in range(OPERATORS)]
    together = Barrier(OPERATORS)

    def work(who: int) -> list[int]:
        """Take items as fast as they come, keeping each one."""
        mine: list[int] = []
        together.wait()
        while (found := take(engine, who, *mine)) is not None:
            mine.append(found)
        return mine

    with ThreadPoolExecutor(OPERATORS) as pool:
        taken = list(pool.map(work, people))

    given = [number for mine in taken for number in mine]
    assert len(given) == len(set(given)), "an item was given to two"
    assert set(given) == numbers, "an item was given to nobody"
