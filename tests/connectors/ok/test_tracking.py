"""What is kept between readings: cursors survive JSON, whatever is in them is checked."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ok_bench import START

from connectors.base import SourceError
from connectors.ok.parse import Thread, read_topics
from connectors.ok.tracking import (
    MOST_LOST,
    MOST_THREADS,
    Followed,
    State,
    Step,
    begin,
    close,
    dump,
    finish,
    load,
    next_due,
    note,
    settle,
)

NOW = int(START.timestamp())
HOUR = 3600
MOMENTS = st.integers(0, NOW)
NUMBERS = st.from_regex(r"\Ap?[0-9]{1,20}\Z")
FOLLOWED = st.builds(
    Followed,
    created=MOMENTS,
    active=MOMENTS,
    count=st.integers(-1, 10**6),
    read_count=st.integers(-1, 10**6),
    read_at=MOMENTS,
    looked_at=MOMENTS,
    misses=st.integers(0, 2),
)
STATES = st.builds(
    State,
    floor=MOMENTS,
    started=MOMENTS,
    since=MOMENTS,
    listed_at=MOMENTS,
    step=st.sampled_from(Step),
    anchor=st.text(max_size=20),
    pages=st.integers(0, 100),
    reading=NUMBERS | st.just(""),
    threads=st.dictionaries(NUMBERS, FOLLOWED, max_size=5),
    lost=st.dictionaries(NUMBERS, st.lists(st.text(max_size=5), max_size=3), max_size=3),
    refused=st.dictionaries(st.text(max_size=9), MOMENTS, max_size=2),
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


def counted(comments: int) -> Thread:
    """Return a topic as a list shows it, a minute old."""
    topic = {"id": "1", "created_ms": (NOW - 60) * 1000}
    (thread,) = read_topics({"media_topics": [topic]}, group_id="7").items
    return replace(thread, comments=comments)


@given(state=STATES)
def test_a_cursor_survives_json(state: State) -> None:
    cursor = json.loads(json.dumps(dump(state)))

    assert load(cursor, now=START, history=0) == state


@given(state=STATES, name=st.text(max_size=9), value=JSON_VALUES, data=st.data())
def test_a_damaged_cursor_is_a_source_error_or_harmless(
    state: State, name: str, value: Any, data: st.DataObject
) -> None:
    cursor = dump(state)
    cursor[data.draw(st.sampled_from([*cursor, name]))] = value

    refused = ""
    try:
        loaded = load(cursor, now=START, history=0)
        next_due(loaded, frozenset())
    except SourceError as error:
        refused = str(error)

    assert not refused or "Очистите закладку" in refused


def test_an_empty_cursor_goes_back_as_far_as_it_is_told() -> None:
    state = load({}, now=START, history=5 * HOUR)
    begin(state, now=START, open_keys=())

    assert state.since == state.floor == NOW - 5 * HOUR


def test_after_an_outage_the_window_begins_before_it() -> None:
    state = State(floor=0, started=NOW - 240 * HOUR, since=0, listed_at=NOW - 240 * HOUR)

    begin(state, now=START, open_keys=())

    assert state.since == NOW - 288 * HOUR


@pytest.mark.parametrize(
    ("thread", "due"),
    [
        (Followed(created=NOW - 60, count=0), False),
        (Followed(created=NOW - 60, count=2), True),
        (Followed(created=NOW - 60), True),
        (Followed(created=NOW - 60, count=2, read_count=2, read_at=NOW - 60), False),
        (Followed(created=NOW - 60, count=3, read_count=2, read_at=NOW - 60), True),
        (Followed(created=NOW - 60, count=3, read_count=2, read_at=NOW), False),
        (Followed(created=NOW - 5 * HOUR, count=2, read_count=2, read_at=NOW - HOUR), True),
        (Followed(created=NOW - 9 * HOUR, count=2, read_count=2, read_at=NOW - HOUR), False),
        (Followed(created=NOW - 9 * HOUR, count=2, read_count=2, read_at=NOW - 6 * HOUR), True),
        (Followed(created=NOW - 99 * HOUR, count=2, read_count=2, read_at=NOW - 90 * HOUR), False),
        (Followed(created=NOW - 99 * HOUR, count=3, read_count=2, read_at=NOW - 90 * HOUR), True),
        (Followed(created=NOW - 99 * HOUR, active=NOW - 60, read_at=NOW - 120), True),
        (Followed(created=NOW - 60, count=3, misses=1), False),
        (Followed(created=NOW - 60, count=0, read_count=2, read_at=NOW - 60), True),
    ],
)
def test_a_discussion_is_due_when_its_count_or_its_age_says_so(thread: Followed, due: bool) -> None:
    state = State(floor=0, started=NOW, since=NOW - 48 * HOUR, threads={"1": thread})

    assert next_due(state, frozenset()) == ("1" if due else "")


def test_an_open_incident_makes_an_old_discussion_due_hourly_for_a_week() -> None:
    old = Followed(created=NOW - 99 * HOUR, count=2, read_count=2, read_at=NOW - HOUR)
    state = State(floor=0, started=NOW, since=NOW - 48 * HOUR, threads={"1": old})

    assert next_due(state, frozenset("1")) == "1"
    state.threads["1"] = old.model_copy(update={"created": NOW - 169 * HOUR})
    assert next_due(state, frozenset("1")) == ""


def test_an_open_incident_keeps_a_photo_that_no_list_shows() -> None:
    old = Followed(created=NOW - 99 * HOUR)
    state = State(floor=0, started=NOW, since=NOW - 48 * HOUR, threads={"p1": old, "p2": old})

    finish(state, frozenset({"p1"}))

    assert list(state.threads) == ["p1"]


def test_two_methods_that_count_differently_do_not_make_a_discussion_due() -> None:
    state = State(floor=0, started=NOW, since=0)
    note(state, counted(5), looked=True)
    close(state, "1", whole=True)
    state.started += 60

    note(state, counted(5), looked=True)
    note(state, counted(6), looked=False)

    assert next_due(state, frozenset()) == ""
    note(state, counted(6), looked=True)
    assert next_due(state, frozenset()) == "1"


def test_what_is_missing_is_remembered_once_and_gone_twice() -> None:
    state = State(floor=0, started=NOW, since=0)

    first = settle(state, "1", known={"a", "b", "c"}, seen=frozenset("a"))
    second = settle(state, "1", known={"a", "b", "c"}, seen=frozenset("ab"))
    third = settle(state, "1", known={"a", "b"}, seen=frozenset("ab"))

    assert (first, second, third) == ([], ["c"], [])
    assert state.lost == {}


def test_a_cursor_does_not_grow_without_bounds() -> None:
    state = State(floor=0, started=NOW, since=0)
    state.threads = {str(n): Followed(created=NOW - n, looked_at=NOW) for n in range(1000)}
    settle(state, "1", known={str(n) for n in range(1000)}, seen=frozenset())

    finish(state, frozenset())

    assert sorted(state.threads, key=int) == [str(n) for n in range(MOST_THREADS)]
    assert len(state.lost["1"]) == MOST_LOST
