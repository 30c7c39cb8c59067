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

MAX_ID = 200
MAX_URL = 2000
"""Characters of the columns that hold them."""


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

    @property
    def written_at(self) -> datetime | None:
        """Return when the newest text was written, None where nobody knows.

        An edit's clock must not start before the edit: its author had not asked that yet.
        """
        edited = self.known is not None or len(self.texts) > 1
        return self.post.edited_at if edited else self.post.published_at


@dataclass(frozen=True, slots=True)
class Folded:
    """The changes of a page in the order of first mention, and what was known already.

    ``unchanged`` counts the mentions that said nothing new; ``seen`` tells, by id, when posts of
    the store were seen in the state that they now have, where the page knows.
    """

    changes: tuple[Change, ...]
    unchanged: int
    seen: Mapping[int, datetime]


def fold(posts: Iterable[FetchedPost], known: Mapping[str, KnownPost]) -> Folded:
    """Compare a page with what is known, by external id."""
    changes: dict[str, Change] = {}
    seen: dict[int, datetime] = {}
    unchanged = 0
    for raw in posts:
        post = storable(raw)
        stored = known.get(post.external_id)
        change = changes.get(post.external_id)
        current = _view(change) if change else stored
        decision = intake.decide(post, current)
        if stored is not None and post.seen_at and not isinstance(decision, intake.Stale):
            seen[stored.id] = max(post.seen_at, seen.get(stored.id, post.seen_at))
        newer = _fold_one(post, decision, current, change)
        if newer is None:
            unchanged += 1
        else:
            changes[post.external_id] = Change(stored, *newer)
    return Folded(tuple(changes.values()), unchanged, seen)


def _fold_one(
    post: FetchedPost,
    decision: intake.Decision,
    current: KnownPost | None,
    change: Change | None,
) -> tuple[FetchedPost, tuple[Text, ...]] | None:
    """Return the newest state and all new texts; None when the post says nothing new."""
    post = intake.dated(post, current)
    texts = change.texts if change else ()
    match decision:
        case intake.Same() | intake.Stale():
            return None
        case intake.New():
            return post, (Text(post.text, post.edited_at),)
        case intake.Edited() | intake.Gone() if post.deleted:
            # A tombstone has no text; the one that was known stays as evidence.
            text = current.text if current else ""
            base = change.post if change else post
            gone = replace(base, text=text, deleted=True, edited_at=post.edited_at)
            return gone, texts
        case intake.Gone():
            raise AssertionError("only a deletion makes a post gone")
        case intake.Edited(fields) | intake.Restored(fields):
            if "text" in fields:
                texts = (*texts, Text(post.text, post.edited_at))
            return post, texts


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
        seen_at=post.seen_at,
    )


def storable(post: FetchedPost) -> FetchedPost:
    """Return the post with values that every database takes: bounded, no NUL, no half pairs.

    Raises ValueError for a post that is not ``tellable``.
    """
    if not tellable(post):
        raise ValueError(f"an id of {post.network} is longer than {MAX_ID} characters")
    kept = replace(
        post,
        text=clean(post.text[:MAX_TEXT]),
        url=clean(post.url) if len(post.url) <= MAX_URL else "",
        author_id=clean(post.author_id[:MAX_ID]),
    )
    return post if kept == post else kept


def tellable(post: FetchedPost) -> bool:
    """Tell whether the store can tell the post apart from others by its ids."""
    ids = (post.external_id, post.parent_id, post.root_id)
    return bool(post.external_id) and max(map(len, ids)) <= MAX_ID


def clean(text: str) -> str:
    """Return a text without NUL and half surrogate pairs, which no database stores."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
