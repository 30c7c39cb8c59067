"""The journal's chain: a change of an entry shows in its digest and in all later ones."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.chain import Entry, digest

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
ENTRY = Entry(
    number=7,
    incident_id=3,
    post_id=5,
    at=NOON,
    actor="operator",
    act="assigned",
    reason="По территории",
    before={"body": "roads"},
    after={"body": "luga", "round": 1},
)


def test_a_digest_can_be_made_anew_by_anybody() -> None:
    # What is written down here was computed by hand, from the rule in the docstring.
    written = (
        '[7,3,5,"2026-11-17T09:00:00+00:00","operator","assigned","По территории",'
        '{"body":"roads"},{"body":"luga","round":1}]'
    )
    expected = hashlib.sha256(f"abc\n{written}".encode()).hexdigest()
    assert digest("abc", ENTRY) == expected
    assert len(expected) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"number": 8},
        {"incident_id": None},
        {"incident_id": 4},
        {"post_id": None},
        {"at": NOON + timedelta(microseconds=1)},
        {"actor": "otklik"},
        {"act": "returned"},
        {"reason": "По территории."},
        {"before": {}},
        {"before": {"body": "roads", "more": None}},
        {"after": {"body": "luga", "round": "1"}},
        {"after": {"body": "luga", "round": True}},
    ],
)
def test_every_part_of_an_entry_is_protected(change: dict[str, Any]) -> None:
    assert digest("", replace(ENTRY, **change)) != digest("", ENTRY)


def test_what_stood_before_is_protected_as_well() -> None:
    assert digest("a", ENTRY) != digest("b", ENTRY)


def test_neither_the_order_of_facts_nor_the_zone_matters() -> None:
    # A database gives back what it likes of these.
    moscow = timezone(timedelta(hours=3))
    same = replace(
        ENTRY, at=NOON.astimezone(moscow), after=dict(reversed(list(ENTRY.after.items())))
    )
    assert digest("", same) == digest("", ENTRY)


FACTS = st.dictionaries(
    st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=5), max_size=3
)
ENTRIES = st.builds(
    Entry,
    number=st.integers(1, 5),
    incident_id=st.none() | st.integers(1, 3),
    post_id=st.none() | st.integers(1, 3),
    at=st.just(NOON),
    actor=st.text(max_size=3),
    act=st.text(max_size=3),
    reason=st.text(max_size=3),
    before=FACTS,
    after=FACTS,
)


@given(ENTRIES, ENTRIES)
def test_two_entries_have_one_digest_only_if_they_are_the_same(one: Entry, other: Entry) -> None:
    def said(entry: Entry) -> str:
        # True and 1 are equal to Python, not to whoever reads the journal.
        facts = (sorted(entry.before.items()), sorted(entry.after.items()))
        return repr((replace(entry, before={}, after={}), *facts))

    assert (digest("", one) == digest("", other)) == (said(one) == said(other))


@given(
    entries=st.lists(ENTRIES, min_size=1, max_size=6), changed=st.integers(0, 5), reason=st.text()
)
def test_a_changed_entry_changes_every_digest_after_it(
    entries: list[Entry], changed: int, reason: str
) -> None:
    place = changed % len(entries)
    forged = list(entries)
    forged[place] = replace(forged[place], reason=reason + forged[place].reason + "!")

    def chained(row: list[Entry]) -> list[str]:
        digests, last = [], ""
        for entry in row:
            last = digest(last, entry)
            digests.append(last)
        return digests

    true, false = chained(entries), chained(forged)
    assert true[:place] == false[:place]
    assert not set(true[place:]) & set(false[place:])
