"""What a fetched post means beside what the store already holds of it.

Sources repeat themselves, answer out of order and forget; whatever the order, the newest version
must win and a deletion must stay. So versions are compared by the moment that the source itself
gives them (``edited_at``), never by arrival. After every decision but Same and Stale the store
writes ``text``, ``edited_at`` and ``deleted`` exactly as fetched, a missing moment included; only
after Gone it may keep the last text as evidence.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from models.values import FetchedPost, KnownPost

Field = Literal["text", "edited_at"]

# A version without a moment is the original, older than any edit; a deletion without a moment is
# final, because nothing could prove that a text is newer than it.
ORIGINAL = datetime.min.replace(tzinfo=UTC)
FINAL = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class New:
    """Nobody has seen this post: classify and store it."""


@dataclass(frozen=True, slots=True)
class Edited:
    """A newer version. Without "text" in ``fields`` only the moment moves: no new revision."""

    fields: frozenset[Field]


@dataclass(frozen=True, slots=True)
class Same:
    """The store has exactly this version."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The author deleted it: mark it, or store a bare tombstone when it was never known.

    The tombstone keeps a creation that arrives after its own deletion from opening an incident.
    """


@dataclass(frozen=True, slots=True)
class Restored:
    """A deleted post is back with a version newer than its deletion; ``fields`` as in Edited.

    It has no incident when the store knew only its tombstone: then treat it as New.
    """

    fields: frozenset[Field]


@dataclass(frozen=True, slots=True)
class Stale:
    """A late event, older than what the store holds: nothing changes."""


Decision: TypeAlias = New | Edited | Same | Gone | Restored | Stale


def decide(fetched: FetchedPost, known: KnownPost | None) -> Decision:
    """Compare a fetched version with the stored one.

    A deletion beats a text of the same moment. Two texts of the same moment (sources without
    edit times) cannot be ordered: the one that came last counts as the edit. Raises ValueError
    when the two are not the same post.
    """
    if known is None:
        return Gone() if fetched.deleted else New()
    if fetched.external_id != known.external_id:
        raise ValueError(f"{fetched.external_id!r} is not a version of {known.external_id!r}")
    theirs, ours = _version(fetched), _version(known)
    if theirs < ours:
        return Stale()
    if fetched.deleted and not known.deleted:
        return Gone()
    fields: set[Field] = set()
    if not fetched.deleted and fetched.text != known.text:
        fields.add("text")
    if theirs > ours:
        fields.add("edited_at")
    if known.deleted and not fetched.deleted:
        return Restored(frozenset(fields))
    return Edited(frozenset(fields)) if fields else Same()


def _version(post: FetchedPost | KnownPost) -> tuple[datetime, bool]:
    undated = FINAL if post.deleted else ORIGINAL
    return post.edited_at or undated, post.deleted
