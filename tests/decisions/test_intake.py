"""What a fetched post means beside what the store holds."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values import FetchedPost, KnownPost
from models.vocabulary import Network, PostKind
from pipeline.decisions.intake import (
    Decision,
    Edited,
    Gone,
    New,
    Restored,
    Same,
    Stale,
    dated,
    decide,
)

BORN = datetime(2026, 6, 1, 9, tzinfo=UTC)


def at(minute: int | None) -> datetime | None:
    return None if minute is None else BORN + timedelta(minutes=minute)


def fetched(text: str, minute: int | None = None) -> FetchedPost:
    return FetchedPost(
        Network.VK, "wall-1_7", PostKind.POST, text, published_at=BORN, edited_at=at(minute)
    )


def tombstone(minute: int | None = None) -> FetchedPost:
    return FetchedPost(
        Network.VK,
        "wall-1_7",
        PostKind.POST,
        "",
        published_at=BORN,
        edited_at=at(minute),
        deleted=True,
    )


def known(text: str, minute: int | None = None, *, deleted: bool = False) -> KnownPost:
    return KnownPost(
        id=1,
        external_id="wall-1_7",
        text=text,
        revision=1,
        edited_at=at(minute),
        deleted=deleted,
        incident_id=None,
    )


DARK, LAMP = "На Речной темно", "На Речной темно, фонарь у дома 5"


@pytest.mark.parametrize(
    ("seen", "stored", "decision"),
    [
        # The store knows nothing.
        (fetched(DARK), None, New()),
        (fetched(DARK, 5), None, New()),
        (tombstone(), None, Gone()),
        # The store has a text.
        (fetched(DARK), known(DARK), Same()),
        (fetched(DARK, 5), known(DARK, 5), Same()),
        (fetched(LAMP, 5), known(DARK), Edited(frozenset({"text", "edited_at"}))),
        (fetched(DARK, 5), known(DARK, 4), Edited(frozenset({"edited_at"}))),
        (fetched(LAMP), known(DARK), Edited(frozenset({"text"}))),
        (fetched(LAMP, 5), known(DARK, 5), Edited(frozenset({"text"}))),
        (fetched(DARK), known(LAMP, 5), Stale()),
        (fetched(DARK, 4), known(LAMP, 5), Stale()),
        # The author deletes.
        (tombstone(), known(DARK, 5), Gone()),
        (tombstone(6), known(DARK, 5), Gone()),
        (tombstone(5), known(DARK, 5), Gone()),
        (tombstone(4), known(DARK, 5), Stale()),
        # The store has a tombstone.
        (tombstone(), known("", deleted=True), Same()),
        (tombstone(5), known("", 5, deleted=True), Same()),
        (tombstone(6), known("", 5, deleted=True), Edited(frozenset({"edited_at"}))),
        (tombstone(6), known("", deleted=True), Stale()),
        (fetched(DARK, 5), known("", deleted=True), Stale()),
        (fetched(DARK), known(DARK, 5, deleted=True), Stale()),
        (fetched(DARK, 5), known("", 5, deleted=True), Stale()),
        (fetched(LAMP, 6), known("", 5, deleted=True), Restored(frozenset({"text", "edited_at"}))),
        (fetched(DARK, 6), known(DARK, 5, deleted=True), Restored(frozenset({"edited_at"}))),
    ],
)
def test_a_decision(seen: FetchedPost, stored: KnownPost | None, decision: Decision) -> None:
    assert decide(seen, stored) == decision


def test_two_different_posts_are_a_mistake_of_the_program() -> None:
    other = FetchedPost(Network.VK, "wall-1_8", PostKind.POST, DARK, published_at=BORN)

    with pytest.raises(ValueError, match="not a version"):
        decide(other, known(DARK))


def store(events: Iterable[FetchedPost]) -> tuple[KnownPost | None, int]:
    """Do what a store does with each decision; return the post and how often it was written."""
    held: KnownPost | None = None
    writes = 0
    for event in events:
        if isinstance(decide(event, held), Same | Stale):
            continue
        writes += 1
        held = KnownPost(
            id=1,
            external_id=event.external_id,
            text=event.text,
            revision=writes,
            edited_at=event.edited_at,
            deleted=event.deleted,
            incident_id=None,
        )
    return held, writes


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[FetchedPost], list[FetchedPost]]:
    """Draw a post's versions, oldest first, and the same in any order, with repetitions."""
    minutes = sorted(draw(st.sets(st.integers(0, 100), max_size=6)))
    texts = draw(st.lists(st.sampled_from([DARK, LAMP, "Свет дали"]), min_size=7, max_size=7))
    versions = [fetched(text, m) for text, m in zip(texts, [None, *minutes], strict=False)]
    ending = draw(st.sampled_from(["alive", "deleted", "deleted, undated", "deleted and back"]))
    if ending == "deleted, undated":
        versions.append(tombstone())
    elif ending != "alive":
        versions.append(tombstone(101))
    if ending == "deleted and back":
        versions.append(fetched(DARK, 102))
    repeated = versions + draw(st.lists(st.sampled_from(versions), max_size=10))
    return versions, draw(st.permutations(repeated))


@given(histories())
def test_any_order_and_repetition_ends_in_the_newest_version(
    history: tuple[list[FetchedPost], list[FetchedPost]],
) -> None:
    versions, shuffled = history
    newest = versions[-1]

    held, _ = store(shuffled)

    assert held is not None
    assert (held.text, held.edited_at, held.deleted) == (
        newest.text,
        newest.edited_at,
        newest.deleted,
    )


@given(histories())
def test_a_replay_writes_nothing(history: tuple[list[FetchedPost], list[FetchedPost]]) -> None:
    _, shuffled = history

    _, once = store(shuffled)
    _, five_times = store(shuffled * 5)

    assert five_times == once


def seen(post: FetchedPost, minute: int) -> FetchedPost:
    return replace(post, seen_at=at(minute))


def held(text: str, minute: int | None = None, *, seen: int, deleted: bool = False) -> KnownPost:
    return replace(known(text, minute, deleted=deleted), seen_at=at(seen))


NEWER, BACK = Edited(frozenset({"text", "edited_at"})), Restored(frozenset({"edited_at"}))


@pytest.mark.parametrize(
    ("found", "stored", "decision", "moment"),
    [
        # Networks that date no edit: the text that was seen later is the newer one.
        (seen(fetched(LAMP), 9), held(DARK, seen=5), NEWER, 9),
        (seen(fetched(DARK), 5), held(LAMP, seen=9), Stale(), 5),
        (seen(fetched(DARK), 9), held(DARK, seen=5), Same(), None),
        (seen(fetched(LAMP), 9), held(LAMP, 7, seen=7), Same(), None),
        # A pushed creation comes late, after a reading has shown another text.
        (fetched(DARK), held(LAMP, seen=5), Stale(), None),
        # A pushed edit, dated by its arrival, and the reading that corrects it.
        (fetched(LAMP, 8), held(DARK, seen=5), NEWER, 8),
        (seen(fetched(DARK), 9), held(LAMP, 8, seen=5), NEWER, 9),
        # Deletions and returns are as new as what was seen.
        (seen(tombstone(), 9), held(DARK, seen=5), Gone(), 9),
        (seen(tombstone(), 4), held(DARK, seen=5), Stale(), 4),
        (seen(tombstone(), 9), held("", 5, seen=5, deleted=True), Same(), 5),
        (seen(fetched(DARK), 9), held(DARK, 5, seen=2, deleted=True), BACK, 9),
        (seen(fetched(DARK, 2), 9), held(DARK, 5, seen=2, deleted=True), BACK, 9),
        (seen(fetched(DARK), 4), held(DARK, 5, seen=2, deleted=True), Stale(), 4),
        (seen(tombstone(), 9), None, Gone(), 9),
        (seen(fetched(DARK), 9), None, New(), None),
    ],
)  # fmt: skip
def test_where_nobody_dates_an_edit_what_was_seen_last_counts(
    found: FetchedPost, stored: KnownPost | None, decision: Decision, moment: int | None
) -> None:
    assert decide(found, stored) == decision
    assert dated(found, stored).edited_at == at(moment)


@given(
    st.permutations([(0, DARK), (3, DARK), (5, LAMP), (9, None), (12, LAMP)]),
    st.integers(1, 3),
)
def test_readings_in_any_order_and_repeated_end_alike(
    readings: list[tuple[int, str | None]], times: int
) -> None:
    # Given what five readings of one comment saw: two texts, a deletion and a return
    events = [
        seen(tombstone() if text is None else fetched(text), minute) for minute, text in readings
    ]
    # When they are stored in any order, several times
    held_post: KnownPost | None = None
    for event in events * times:
        decision = decide(event, held_post)
        if held_post is not None and isinstance(decision, Stale):
            continue
        version = dated(event, held_post)
        seen_before = held_post.seen_at if held_post else None
        held_post = replace(
            known(version.text, deleted=version.deleted),
            edited_at=version.edited_at,
            seen_at=max(filter(None, (seen_before, event.seen_at))),
        )
    # Then the last one stands
    assert held_post is not None
    assert (held_post.text, held_post.deleted) == (LAMP, False)
