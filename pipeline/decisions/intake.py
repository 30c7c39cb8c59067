"""What a fetched post means beside what the store already holds of it.

Sources repeat themselves, answer out of order and forget; whatever the order, the newest version
must win and a deletion must stay. So versions are compared by the moment that the source itself
gives them (``edited_at``), never by arrival. Most networks date no edit of a comment; then a
text or a deletion that the store does not know is as new as the moment at which the source was
seen to show it (``seen_at``). After every decision but Same and Stale the store writes ``text``,
``deleted`` and the moment (``dated``) exactly as fetched, a missing moment included; only after
Gone it may keep the last text as evidence.
"""

from dataclasses import dataclass, replace
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


def dated(fetched: FetchedPost, known: KnownPost | None) -> FetchedPost:
    """Return the post with the moment that the store keeps for this version in ``edited_at``.

    That is the source's own moment of the edit. Where it gives none, or the author brought a
    deleted post back, it is when the source was seen to show what the store does not hold.
    """
    if fetched.seen_at is None:
        return fetched
    moment = fetched.edited_at
    if known is not None and _differs(fetched, known):
        if known.deleted:
            moment = max(moment or ORIGINAL, fetched.seen_at)
        else:
            moment = moment or fetched.seen_at
    elif fetched.deleted:
        moment = moment or (known.edited_at if known else fetched.seen_at)
    return fetched if moment == fetched.edited_at else replace(fetched, edited_at=moment)


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
    # The text of an erased one was masked here and is not taken in anew; nor is a deletion.
    undated = fetched.seen_at and fetched.edited_at is None
    if known.erased or (undated and not _differs(fetched, known)):
        return Same()
    theirs, ours = _versions(fetched, known)
    if theirs < ours:
        return Stale()
    if fetched.deleted and not known.deleted:
        return Gone()
    fields: set[Field] = set()
    if not fetched.deleted and fetched.text != known.text:
        fields.add("text")
    if theirs > ours and dated(fetched, known).edited_at != known.edited_at:
        fields.add("edited_at")
    if known.deleted and not fetched.deleted:
        return Restored(frozenset(fields))
    return Edited(frozenset(fields)) if fields else Same()


def _differs(fetched: FetchedPost, known: KnownPost) -> bool:
    if fetched.deleted or known.deleted:
        return fetched.deleted != known.deleted
    return fetched.text != known.text


def _versions(
    fetched: FetchedPost, known: KnownPost
) -> tuple[tuple[datetime, bool], tuple[datetime, bool]]:
    """Return the two versions as something that can be compared; a deletion is the greater."""
    theirs = fetched.edited_at or (FINAL if fetched.deleted else ORIGINAL)
    ours = known.edited_at or (FINAL if known.deleted else ORIGINAL)
    if _differs(fetched, known):
        moment = dated(fetched, known).edited_at
        if moment is not None and fetched.edited_at != moment:
            theirs = moment
        if fetched.edited_at is None and not known.deleted:
            # Neither is dated by the source: the one that was seen later is the newer.
            ours = max(ours, known.seen_at or ORIGINAL)
    return (theirs, fetched.deleted), (ours, known.deleted)
