"""The journal's chain: whoever changes the database by hand is found, and where."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from console.builders import NOW, add_incident, add_source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.columns import stored_id
from models.journal import JournalEntry
from models.vocabulary import Act
from pipeline.database import reading, unit_of_work
from pipeline.decisions.chain import Entry, digest
from pipeline.desk import journal
from pipeline.verify import Head, Verified, head, holds, verify

ENTRIES = 30
JOURNAL = sa.table(
    "journal", *(sa.column(one.key, one.type) for one in sa.inspect(JournalEntry).columns)
)
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def write(engine: sa.Engine, *numbers: int) -> None:
    with unit_of_work(engine) as session:
        for number in numbers:
            journal.write(
                session,
                Act.CORRECTED,
                at=NOW + timedelta(seconds=number, microseconds=number),
                incident_id=None,
                actor="petrova",
                reason=f"причина {number}",
                before={"topic": "roads"},
                after={"number": number},
            )


@pytest.fixture
def unlocked(engine: sa.Engine) -> Iterator[sa.Engine]:
    """A database whose triggers are off, as somebody with the database's keys can switch them."""
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            for act in ("update", "delete"):
                connection.execute(sa.text(f"DROP TRIGGER journal_stays_{act}"))
        yield engine
        return
    # The server's database is used again by other tests.
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE journal DISABLE TRIGGER journal_stays"))
    try:
        yield engine
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE journal ENABLE TRIGGER journal_stays"))


@pytest.fixture
def chained(unlocked: sa.Engine) -> sa.Engine:
    """Such a database with a journal."""
    write(unlocked, *range(1, ENTRIES + 1))
    return unlocked


def look(engine: sa.Engine) -> Verified:
    with reading(engine) as session:
        return verify(session)


def blamed(engine: sa.Engine) -> list[int]:
    return [trouble.number for trouble in look(engine).troubles]


def change(engine: sa.Engine, number: int, **values: Any) -> None:
    with engine.begin() as connection:
        changed = sa.update(JOURNAL).where(JOURNAL.c.id == number).values(**values)
        assert connection.execute(changed).rowcount == 1


def remove(engine: sa.Engine, *numbers: int) -> None:
    with engine.begin() as connection:
        connection.execute(sa.delete(JOURNAL).where(JOURNAL.c.id.in_(numbers)))


def renumber(engine: sa.Engine, old: int, new: int) -> None:
    change(engine, old, id=new)


def row(engine: sa.Engine, number: int) -> dict[str, Any]:
    with engine.connect() as connection:
        found = connection.execute(sa.select(JOURNAL).where(JOURNAL.c.id == number)).one()
    return dict(found._mapping)


def insert(engine: sa.Engine, values: Mapping[str, Any]) -> None:
    with engine.begin() as connection:
        connection.execute(sa.insert(JOURNAL).values(**values))


def digested(engine: sa.Engine, number: int, **values: Any) -> dict[str, Any]:
    """Return an entry as somebody would forge it: with the digest that it should have."""
    forged = row(engine, number) | values
    before = row(engine, number - 1)["digest"] if number > 1 else ""
    facts = {key: forged[key] for key in forged if key not in {"id", "digest"}}
    return forged | {"digest": digest(before, Entry(number=forged["id"], **facts))}


def some_number() -> int:
    return random.Random(20261118).randrange(2, ENTRIES - 4)  # noqa: S311 - for tests only


def test_an_untouched_journal_is_whole(chained: sa.Engine) -> None:
    assert look(chained) == Verified(ENTRIES, ())


def test_an_empty_journal_is_whole(engine: sa.Engine) -> None:
    assert look(engine) == Verified(0, ())
    with reading(engine) as session:
        assert head(session) == Head(0, "")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", datetime(2026, 11, 18, 9, tzinfo=UTC)),
        ("actor", "ivanova"),
        ("act", "confirmed"),
        ("reason", "причина"),
        ("before", {"topic": "snow"}),
        ("before", {}),
        ("after", {"number": 0}),
        ("digest", "0" * 64),
        ("digest", ""),
    ],
)
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_changed_column_is_found(
    chained: sa.Engine, column: str, value: object, place: str
) -> None:
    number = {"first": 1, "middle": some_number(), "last": ENTRIES}[place]
    change(chained, number, **{column: value})

    found = blamed(chained)
    assert number in found
    # The last entry's digest is also what the program noted of the whole.
    assert set(found) == {number}


def test_another_incident_or_post_is_found(chained: sa.Engine) -> None:
    with unit_of_work(chained) as session:
        incident_id = stored_id(add_incident(session, add_source(session)).id)
    number = some_number()
    change(chained, number, incident_id=incident_id)
    change(chained, number + 3, post_id=1)

    first, second = look(chained).troubles
    assert (first.number, first.incident_id) == (number, incident_id)
    assert (second.number, second.incident_id) == (number + 3, None)


def test_the_trouble_names_the_incident_and_says_what_is_wrong(chained: sa.Engine) -> None:
    number = some_number()
    change(chained, number, digest="f" * 64)
    change(chained, number + 3, actor="ivanova")

    first, second = look(chained).troubles
    assert (first.number, second.number) == (number, number + 3)
    assert first.message == "отпечаток записи изменён, сама она прежняя"
    assert second.message.startswith("запись изменена")


def test_a_change_with_a_digest_to_match_is_found_by_the_next_entry(chained: sa.Engine) -> None:
    number = some_number()
    forged = digested(chained, number, actor="ivanova")
    change(chained, number, actor="ivanova", digest=forged["digest"])

    assert blamed(chained) == [number + 1]


def test_what_is_no_moment_is_found(chained: sa.Engine) -> None:
    if chained.dialect.name == "postgresql":
        pytest.skip("PostgreSQL keeps no such value")
    number = some_number()
    with chained.begin() as connection:
        said = sa.text("UPDATE journal SET at = 'вчера' WHERE id = :number")
        connection.execute(said, {"number": number})

    assert blamed(chained) == [number]


def test_a_removed_entry_is_found(chained: sa.Engine) -> None:
    number = some_number()
    remove(chained, number)

    (trouble,) = look(chained).troubles
    assert (trouble.number, trouble.message) == (number, "записи нет: её вынули")


def test_a_removed_stretch_is_found(chained: sa.Engine) -> None:
    remove(chained, 5, 6, 7)

    (trouble,) = look(chained).troubles
    assert (trouble.number, trouble.message) == (5, "записей с № 5 по № 7 нет: их вынули")


def test_an_entry_taken_out_and_the_gap_closed_is_found(chained: sa.Engine) -> None:
    number = some_number()
    remove(chained, number)
    for later in range(number + 1, ENTRIES + 1):
        renumber(chained, later, later - 1)

    (trouble,) = look(chained).troubles
    assert trouble.number == number
    assert "вынули" in trouble.message


@pytest.mark.parametrize("forged", [True, False])
def test_an_entry_put_in_between_is_found(chained: sa.Engine, forged: bool) -> None:
    number = some_number()
    own = digested(chained, number, actor="ivanova")
    for later in range(ENTRIES, number - 1, -1):
        renumber(chained, later, later + 1)
    insert(chained, own if forged else own | {"digest": "0" * 64})

    (trouble,) = look(chained).troubles
    assert trouble.number == number
    assert "вставленная" in trouble.message


@pytest.mark.parametrize("number", [-5, 0, ENTRIES + 1, ENTRIES + 40])
def test_an_entry_beside_the_chain_is_found(chained: sa.Engine, number: int) -> None:
    insert(chained, row(chained, 3) | {"id": number})

    assert number in blamed(chained)


@pytest.mark.parametrize(("one", "other"), [(11, 12), (9, 20), (1, 2), (1, ENTRIES)])
def test_two_entries_that_changed_places_are_found(
    chained: sa.Engine, one: int, other: int
) -> None:
    renumber(chained, one, 999)
    renumber(chained, other, one)
    renumber(chained, 999, other)

    found = {trouble.number: trouble.message for trouble in look(chained).troubles}
    assert set(found) == {one, other}
    assert f"бывшая № {other}" in found[one] or "не на своём месте" in found[one]


@pytest.mark.parametrize("left", [0, 1, ENTRIES - 1])
def test_a_cut_off_tail_is_found(chained: sa.Engine, left: int) -> None:
    remove(chained, *range(left + 1, ENTRIES + 1))

    (trouble,) = look(chained).troubles
    assert trouble.number == left + 1
    assert f"записей было {ENTRIES}, осталось {left}" in trouble.message


def test_a_tail_that_was_cut_off_with_its_mark_is_found_by_what_was_written_down(
    chained: sa.Engine,
) -> None:
    # Given a digest that somebody wrote down elsewhere
    with reading(chained) as session:
        written = head(session)
    # When the tail goes, and what the program noted of it
    remove(chained, ENTRIES)
    last = row(chained, ENTRIES - 1)
    with chained.begin() as connection:
        told = sa.text("UPDATE journal_head SET last_id = :number, digest = :digest")
        connection.execute(told, {"number": last["id"], "digest": last["digest"]})
    # Then the chain is whole by itself, and still it is not the one that was there
    assert look(chained).troubles == ()
    with reading(chained) as session:
        assert holds(session, written.digest) is None


def test_a_digest_that_was_written_down_is_found_again(chained: sa.Engine) -> None:
    with reading(chained) as session:
        written = head(session)
    write(chained, ENTRIES + 1)

    with reading(chained) as session:
        assert holds(session, written.digest) == written
        assert holds(session, written.digest, written.number) == written
        assert holds(session, written.digest, written.number - 1) is None


def test_a_changed_mark_of_the_newest_entry_is_found(chained: sa.Engine) -> None:
    with chained.begin() as connection:
        connection.execute(sa.text("UPDATE journal_head SET digest = ''"))

    assert blamed(chained) == [ENTRIES]


def test_of_a_journal_that_was_changed_all_over_the_first_entries_are_told(
    unlocked: sa.Engine,
) -> None:
    write(unlocked, *range(1, 131))
    with unlocked.begin() as connection:
        connection.execute(sa.update(JOURNAL).values(actor="ivanova"))

    found = look(unlocked)
    assert found.more
    assert [trouble.number for trouble in found.troubles] == list(range(1, 101))


@pytest.mark.parametrize("trigger", [sa.update(JOURNAL).values(actor="x"), sa.delete(JOURNAL)])
def test_the_database_itself_refuses_changes(engine: sa.Engine, trigger: sa.Executable) -> None:
    write(engine, 1)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(trigger)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(facts=st.lists(st.dictionaries(KEYS, JSON, max_size=4), min_size=1, max_size=4))
def test_whatever_facts_are_stored_the_chain_is_whole(
    engine: sa.Engine, facts: list[dict[str, Any]]
) -> None:
    with unit_of_work(engine) as session:
        for after in facts:
            journal.write(session, Act.CORRECTED, at=NOW, incident_id=None, after=after)

    assert look(engine).troubles == ()
