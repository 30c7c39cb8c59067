"""What a fetched post means beside what the store holds."""

from collections.abc import Iterable
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
