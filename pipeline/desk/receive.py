"""Storing what a source sent: posts, incidents, timers, journal and cursor, all together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models.columns import stored_id
from models.post import Post, PostVersion
from models.source import Source
from models.values import FetchedPost
from models.vocabulary import Urgency
from pipeline.decisions.folding import Change
from pipeline.decisions.silence import usual_gap
from pipeline.desk.bulk import Row, insert, insert_with_ids
from pipeline.desk.opening import Opening, journal_openings, open_incidents
from pipeline.desk.revising import mark_deleted, raise_urgency, replace_text, versions
from pipeline.judge import Judged

BARE = ("published_at", "url", "author_id", "parent_id", "root_id")
"""Columns that a tombstone leaves empty."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change to store; ``judged`` is about its newest text and absent where none is new."""

    change: Change
    judged: Judged | None


def claim(session: Session, source: Source, cursor: dict[str, Any], *, now: datetime) -> bool:
    """Move the source's cursor on, unless another reader did since ``source`` was read.

    Returns False when it did: then nothing may be stored. Any trouble stays noted with the source:
    an event that came says nothing of its pages.
    """
    moved = session.execute(
        sa.update(Source)
        .where(col(Source.id) == source.id, col(Source.revision) == source.revision)
        .values(revision=source.revision + 1, cursor=cursor, last_success_at=now)
        .returning(col(Source.id))
    )
    return moved.first() is not None


def receive(
    session: Session, source_id: int, drafts: Sequence[Draft], *, now: datetime, calendar: str
) -> list[Opening]:
    """Store drafts with all that follows from them; return the incidents that were opened.

    ``calendar`` is the version of the working calendar that made the deadlines.
    """
    revised: list[tuple[Opening, Post]] = []
    fresh: list[Draft] = []
    for draft in drafts:
        known = draft.change.known
        if known is None:
            fresh.append(draft)
            continue
        post = session.get_one(Post, known.id)
        _revise(session, post, draft, now)
        opening = _opening_of_stored(session, post, draft, now=now, calendar=calendar)
        if opening is not None:
            revised.append((opening, post))
    needed = [_needed(draft) for draft in fresh]
    openings = [*(opening for opening, _ in revised), *filter(None, needed)]
    incident_ids = open_incidents(session, openings, now=now, calendar=calendar)
    for (_, post), incident_id in zip(revised, incident_ids, strict=False):
        post.incident_id = incident_id
    numbers = iter(incident_ids[len(revised) :])
    rows = [
        _post(source_id, draft, now, next(numbers) if opening else None)
        for draft, opening in zip(fresh, needed, strict=True)
    ]
    post_ids = insert_with_ids(session, Post, rows)
    opened = [stored_id(post.id) for _, post in revised]
    opened += [id_ for id_, opening in zip(post_ids, needed, strict=True) if opening]
    journal_openings(session, openings, incident_ids, opened, now)
    earlier = [
        row
        for id_, draft in zip(post_ids, fresh, strict=True)
        for row in versions(id_, draft.change.texts[:-1], first=1, now=now)
    ]
    insert(session, PostVersion, earlier)
    _last_post(session, source_id, drafts, now)
    return openings


def touch(session: Session, seen: Mapping[int, datetime]) -> None:
    """Note when posts, by id, were seen as they are stored."""
    together: dict[datetime, list[int]] = defaultdict(list)
    for post_id, moment in seen.items():
        together[moment].append(post_id)
    for moment, post_ids in together.items():
        session.execute(
            sa.update(Post)
            .where(col(Post.id).in_(post_ids), col(Post.last_seen_at) < moment)
            .values(last_seen_at=moment)
        )


def _revise(session: Session, post: Post, draft: Draft, now: datetime) -> None:
    """Bring a stored post to its newest state."""
    change = draft.change
    if change.texts:
        replace_text(session, post, change.texts, now)
    if change.post.deleted and post.deleted_at is None:
        mark_deleted(session, post, now)
    if not change.post.deleted:
        post.deleted_at = None
        for name in BARE:
            # What was first known as deleted was known by its id alone.
            setattr(post, name, getattr(post, name) or getattr(change.post, name))
    post.edited_at = change.post.edited_at
    for name, value in _predicted(draft.judged).items():
        setattr(post, name, value)


def _needed(draft: Draft) -> Opening | None:
    """Return the incident that a new post needs, if any."""
    judged = draft.judged
    if judged is None or judged.duty is None:
        return None
    return Opening(draft.change.post, judged, judged.duty)


def _opening_of_stored(
    session: Session, post: Post, draft: Draft, *, now: datetime, calendar: str
) -> Opening | None:
    """Return the incident that a stored post needs; one that it has may become urgent."""
    opening = _needed(draft)
    if opening is None or post.incident_id is None:
        return opening
    if opening.judged.verdict.urgency is Urgency.URGENT:
        raise_urgency(session, post.incident_id, opening.duty, now=now, calendar=calendar)
    return None


def _post(source_id: int, draft: Draft, now: datetime, incident_id: int | None) -> Row:
    fetched = draft.change.post
    return {
        "source_id": source_id,
        "external_id": fetched.external_id,
        "kind": fetched.kind,
        "parent_id": fetched.parent_id,
        "root_id": fetched.root_id,
        "url": fetched.url,
        "author_id": fetched.author_id,
        "text": fetched.text,
        "revision": max(1, len(draft.change.texts)),
        "published_at": fetched.published_at,
        "edited_at": fetched.edited_at,
        "deleted_at": now if fetched.deleted else None,
        "first_seen_at": now,
        # What is only reported holds for the moment of writing, not for now.
        "last_seen_at": fetched.seen_at or fetched.published_at or now,
        "stated": _stated(fetched),
        "relevant": False,
        "prediction": {},
        "model": "",
        "incident_id": incident_id,
    } | _predicted(draft.judged)


def _stated(fetched: FetchedPost) -> dict[str, Any]:
    """Return what the source said itself, without what it left empty."""
    stated: dict[str, Any] = dict(fetched.stated.extra)
    if fetched.stated.topic is not None:
        stated["topic"] = fetched.stated.topic.value
    if fetched.stated.place:
        stated["place"] = fetched.stated.place
    return stated


def _predicted(judged: Judged | None) -> dict[str, Any]:
    """Return the columns that hold a prediction; none where no text was judged."""
    if judged is None:
        return {}
    understood, verdict = judged.understood, judged.verdict
    prediction, place = understood.prediction, understood.place
    # Where the table's own column names the place, its span is none of the text.
    in_text = understood.place_from != "stated"
    return {
        "relevant": verdict.relevant,
        "model": prediction.model,
        "prediction": {
            "relevance": prediction.relevance,
            "topics": [[code.value, probability] for code, probability in prediction.topics],
            "fine_topics": [list(fine) for fine in prediction.fine_topics],
            "urgent": prediction.urgent,
            "urgency": prediction.urgency,
            "also": [[code.value, probability] for code, probability in prediction.also],
            "reasons": [
                [name, weight, [list(span) for span in spans]]
                for name, weight, spans in prediction.reasons
            ],
            "certainty": verdict.certainty.value,
            "settlement": verdict.settlement,
            "place": list(place.span) if place and in_text else None,
            "rules": list(verdict.rules),
        },
    }


def _last_post(session: Session, source_id: int, drafts: Sequence[Draft], now: datetime) -> None:
    dated = [draft.change.post.published_at for draft in drafts]
    # A date in the future would keep the source's silence from ever being noticed.
    moments = [moment for moment in dated if moment is not None and moment <= now]
    if not moments:
        return
    source = session.get_one(Source, source_id)
    known = None if source.usual_gap is None else timedelta(seconds=source.usual_gap)
    gap = usual_gap(known, source.last_post_at, moments)
    source.usual_gap = None if gap is None else int(gap.total_seconds())
    if source.last_post_at is None or source.last_post_at < max(moments):
        source.last_post_at = max(moments)
