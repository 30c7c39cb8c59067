"""The journal is chained at the end of each transaction, and nobody changes it afterwards."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from casework import LUGA, case_in_work, open_case
from console.builders import NOW
from sqlmodel import Session, col, select

from models.journal import JournalEntry, JournalHead
from models.vocabulary import Act, Stage
from pipeline.database import reading, unit_of_work
from pipeline.decisions.chain import Entry, digest
from pipeline.desk import journal
from pipeline.verify import verify


def write(session: Session, number: int = 0, act: Act = Act.STAFF_CHANGED) -> None:
    journal.write(session, act, at=NOW, incident_id=None, actor="op", after={"number": number})


FORGED = sa.insert(JournalEntry).values(
    id=2, at=NOW, actor="op", act=Act.OPENED, reason="", before={}, after={}, digest="0"
)


def entries(engine: sa.Engine) -> list[JournalEntry]:
    with reading(engine) as session:
        return list(session.exec(select(JournalEntry).order_by(col(JournalEntry.id))).all())


def is_whole(engine: sa.Engine) -> bool:
    with reading(engine) as session:
        return verify(session).troubles == ()


def head(engine: sa.Engine) -> tuple[int, str]:
    with reading(engine) as session:
        newest = session.get_one(JournalHead, 1)
        return newest.last_id, newest.digest


def test_a_new_database_has_an_empty_journal(engine: sa.Engine) -> None:
    assert head(engine) == (0, "")
    assert entries(engine) == []
    assert is_whole(engine)


def test_entries_are_numbered_and_chained_in_the_order_they_were_written(
    engine: sa.Engine,
) -> None:
    for start in (0, 3):
        with unit_of_work(engine) as session:
            for number in range(start, start + 3):
                write(session, number)
    found = entries(engine)
    assert [(entry.id, entry.after["number"]) for entry in found] == [
        (place + 1, place) for place in range(6)
    ]
    last = ""
    for entry in found:
        last = digest(
            last,
            Entry(
                number=entry.id or 0,
                incident_id=None,
                post_id=None,
                at=NOW,
                actor="op",
                act="staff_changed",
                reason="",
                before={},
                after=entry.after,
            ),
        )
        assert entry.digest == last
    assert head(engine) == (6, last)
    assert is_whole(engine)


def test_a_transaction_that_says_nothing_leaves_the_head_alone(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        write(session)
    before = head(engine)
    with unit_of_work(engine) as session:
        session.exec(select(JournalEntry)).all()
    assert head(engine) == before


class FallenError(Exception):
    """Something in the middle of a transaction."""


def fall(engine: sa.Engine, number: int, *, stored: bool) -> None:
    """Write an entry in a transaction that comes to nothing, once it is stored or before."""
    with unit_of_work(engine) as session:
        write(session, number)
        if stored:
            journal.chain(session)
        raise FallenError


def test_what_is_rolled_back_leaves_no_hole(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        write(session, 1)
    for number, stored in ((2, False), (3, True)):
        with pytest.raises(FallenError):
            fall(engine, number, stored=stored)
    with unit_of_work(engine) as session:
        write(session, 4)
    assert [(entry.id, entry.after["number"]) for entry in entries(engine)] == [(1, 1), (2, 4)]
    assert is_whole(engine)


def test_an_act_and_its_entry_stand_or_fall_together(engine: sa.Engine) -> None:
    case = open_case(engine)
    # The entry cannot be stored: somebody has put one of their own at its number
    with engine.begin() as connection:
        connection.execute(FORGED)
    with pytest.raises(sa.exc.IntegrityError):
        case.do(Act.ASSIGNED, body="luga")
    assert case.incident().stage is Stage.REVIEW
    assert case.notices() == []


def test_writers_at_once_make_one_chain(engine: sa.Engine) -> None:
    start = threading.Barrier(4)

    def work(worker: int) -> None:
        start.wait(10)
        for turn in range(10):
            with unit_of_work(engine) as session:
                write(session, 100 * worker + turn)
                write(session, 100 * worker + turn + 50)

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    found = entries(engine)
    assert [entry.id for entry in found] == list(range(1, 81))
    numbers = [entry.after["number"] for entry in found]
    assert len(set(numbers)) == 80
    # What one transaction says stands together, and one worker's stand in order
    assert all(
        second == first + 50 for first, second in zip(numbers[::2], numbers[1::2], strict=True)
    )
    for worker in range(4):
        own = [number for number in numbers[::2] if number // 100 == worker]
        assert own == sorted(own)
    assert is_whole(engine)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET reason = 'так и было' WHERE id = 1",
        "UPDATE journal SET digest = digest",
        "DELETE FROM journal WHERE id = 2",
        "DELETE FROM journal",
    ],
)
def test_the_database_itself_refuses_to_change_an_entry(engine: sa.Engine, statement: str) -> None:
    for number in range(2):
        with unit_of_work(engine) as session:
            write(session, number)
    before = entries(engine)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.text(statement))
    assert entries(engine) == before
    assert is_whole(engine)


def test_an_entry_is_not_changed_by_way_of_its_row_either(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        write(session)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), unit_of_work(engine) as session:
        session.exec(select(JournalEntry)).one().reason = "так и было"
    assert is_whole(engine)


def test_an_entry_that_no_act_wrote_breaks_the_chain(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        write(session)
    with engine.begin() as connection:
        connection.execute(FORGED)
    assert not is_whole(engine)


def test_a_life_with_everything_in_it_verifies(engine: sa.Engine) -> None:
    case = case_in_work(engine)
    case.publish()
    case.tick()
    with unit_of_work(engine) as session:
        journal.write(
            session,
            Act.RETURNED,
            at=NOW,
            incident_id=case.number,
            reason="Ъ «ёлка» \U0001f384 \x00\ud800 конец" + "я" * 2000,
            before={"долг": None, "n": 1.5, "list": [1, "два", {"три": True}]},
        )
    case.done(Act.REOPENED, reason="Снова яма")
    case.done(Act.ACCEPTED, by=LUGA)
    assert is_whole(engine)
    long = next(entry for entry in case.journal() if entry.act is Act.RETURNED)
    assert len(long.reason) <= journal.LONGEST_REASON
    assert "\x00" not in long.reason
