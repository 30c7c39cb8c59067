"""Folding a page: many versions of a post in one answer become one change of the store.

A network may send the same comment three times in one answer, edited in between and deleted at
the end; the store must end as if the three had come one by one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from models.values import FetchedPost, KnownPost
from pipeline.decisions import intake

MAX_TEXT = 100_000
"""Characters kept of a text; no network allows as many."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and when its author wrote it (None where the source does not tell)."""

    text: str
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a page says of one post beyond what is known.

    ``post`` is its newest state, with its text; ``texts`` are its new texts in the order of
    writing, empty when only the moment or the deletion is new.
    """

    known: KnownPost | None
    post: FetchedPost
    texts: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Folded:
    """The changes of a page in the order of first mention, and what was known already.

    ``unchanged`` counts the mentions that said nothing new; ``seen`` are ids of stored posts.
    """

    changes: tuple[Change, ...]
    unchanged: int
    seen: tuple[int, ...]


def fold(posts: Iterable[FetchedPost], known: Mapping[str, KnownPost]) -> Folded:
    """Compare a page with what is known, by external id."""
    changes: dict[str, Change] = {}
    seen: dict[int, None] = {}
    unchanged = 0
    for raw in posts:
        post = storable(raw)
        stored = known.get(post.external_id)
        if stored is not None:
            seen[stored.id] = None
        change = changes.get(post.external_id)
        newer = _fold_one(post, stored, change)
        if newer is None:
            unchanged += 1
        else:
            changes[post.external_id] = newer
    return Folded(tuple(changes.values()), unchanged, tuple(seen))


def _fold_one(post: FetchedPost, stored: KnownPost | None, change: Change | None) -> Change | None:
    current = _view(change) if change else stored
    decision = intake.decide(post, current)
    texts = change.texts if change else ()
    match decision:
        case intake.Same() | intake.Stale():
            return None
        case intake.New():
            return Change(stored, post, (Text(post.text, post.edited_at),))
        case intake.Edited() | intake.Gone() if post.deleted:
            # A tombstone has no text; the one that was known stays as evidence.
            text = current.text if current else ""
            base = change.post if change else post
            gone = replace(base, text=text, deleted=True, edited_at=post.edited_at)
            return Change(stored, gone, texts)
        case intake.Gone():
            raise AssertionError("only a deletion makes a post gone")
        case intake.Edited(fields) | intake.Restored(fields):
            if "text" in fields:
                texts = (*texts, Text(post.text, post.edited_at))
            return Change(stored, post, texts)


def _view(change: Change) -> KnownPost:
    """Return a change as the store will know it once it is written."""
    stored, post = change.known, change.post
    return KnownPost(
        id=stored.id if stored else 0,
        external_id=post.external_id,
        text=post.text,
        revision=0,
        edited_at=post.edited_at,
        deleted=post.deleted,
        incident_id=stored.incident_id if stored else None,
    )


def storable(post: FetchedPost) -> FetchedPost:
    """Return the post with a text that every database takes: bounded, no NUL, no half pairs."""
    text = post.text[:MAX_TEXT].replace("\0", "")
    text = text.encode("utf-8", "replace").decode("utf-8")
    return post if text == post.text else replace(post, text=text)
