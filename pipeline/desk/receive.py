"""Storing what a source sent: posts, incidents, timers, journal and cursor, all together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models.columns import stored_id
from models.incident import Incident
from models.post import Post, PostVersion
from models.source import Source
from models.values import FetchedPost
from models.vocabulary import Urgency
from pipeline.decisions.folding import Change
from pipeline.decisions.joining import Admission
from pipeline.decisions.silence import usual_gap
from pipeline.decisions.stories import Match
from pipeline.desk.bulk import Row, insert, insert_with_ids
from pipeline.desk.joining import Joining, admit, join
from pipeline.desk.opening import Opening, journal_openings, open_incidents
from pipeline.desk.revising import mark_deleted, raise_urgency, replace_text, versions
from pipeline.desk.search import index, reindex
from pipeline.desk.stories import forget, remember
from pipeline.joining import Told
from pipeline.judge import Duty, Judged
from pipeline.rules import Rules
from pipeline.store.incidents import lock_incidents

BARE = ("published_at", "url", "author_id", "parent_id", "root_id")
"""Columns that a tombstone leaves empty."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change to store; ``judged`` is about its newest text and absent where none is new.

    ``told`` is what matching made of it, absent where it needs no incident or nothing is joined.
    """

    change: Change
    judged: Judged | None
    told: Told | None = None


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
    session: Session, source_id: int, drafts: Sequence[Draft], *, now: datetime, rules: Rules
) -> list[Opening]:
    """Store drafts with all that follows from them; return the incidents that were opened."""
    known = lock_incidents(session, _matched(drafts))
    revised: list[Post] = []
    for draft in drafts:
        if draft.change.known is not None:
            post = session.get_one(Post, draft.change.known.id)
            _revise(session, post, draft, now)
            _raise_urgency(session, post, draft, now=now, rules=rules)
            revised.append(post)
    homes = _homes(drafts, known, rules)
    openings = [home.opening for home in homes.values() if home.opening is not None]
    opened_ids = open_incidents(session, openings, now=now, rules=rules)
    numbers = _numbers(homes, opened_ids)
    for post in revised:
        post.incident_id = numbers.get(post.external_id, post.incident_id)
    fresh = [draft for draft in drafts if draft.change.known is None]
    rows = [
        _post(source_id, draft, now, numbers.get(draft.change.post.external_id)) for draft in fresh
    ]
    post_ids = {post.external_id: stored_id(post.id) for post in revised}
    fresh_ids = insert_with_ids(session, Post, rows)
    post_ids |= {row["external_id"]: id_ for row, id_ in zip(rows, fresh_ids, strict=True)}
    posts = [post_ids[opening.fetched.external_id] for opening in openings]
    journal_openings(session, openings, opened_ids, posts, now)
    join(session, _joinings(homes, numbers, post_ids), known, now=now, rules=rules)
    earlier = [
        row
        for id_, draft in zip(fresh_ids, fresh, strict=True)
        for row in versions(id_, draft.change.texts[:-1], first=1, now=now)
    ]
    insert(session, PostVersion, earlier)
    _remember(session, drafts, post_ids)
    _make_searchable(session, revised, dict(zip(fresh_ids, rows, strict=True)))
    _last_post(session, source_id, drafts, now)
    return openings


@dataclass(frozen=True, slots=True)
class _Home:
    """Where a message goes: into an incident of its own, or by ``match`` into another's.

    ``incident_id`` is a stored incident's; None where it is of this very page.
    """

    draft: Draft
    duty: Duty
    opening: Opening | None = None
    match: Match | None = None
    incident_id: int | None = None


def _matched(drafts: Sequence[Draft]) -> list[int]:
    """Return the stored incidents that messages of a page match."""
    matches = (draft.told.match for draft in drafts if draft.told is not None)
    return [found.incident_id for found in matches if found is not None and found.incident_id > 0]


def _homes(
    drafts: Sequence[Draft], known: Mapping[int, Incident], rules: Rules
) -> dict[str, _Home]:
    """Return, by external id, where each message goes that needs an incident and has none."""
    homes: dict[str, _Home] = {}
    for draft in drafts:
        change, judged = draft.change, draft.judged
        homeless = change.known is None or change.known.incident_id is None
        if judged is None or judged.duty is None or not homeless:
            continue
        external_id, duty = change.post.external_id, judged.duty
        own = Opening(change.post, judged, duty)
        found = draft.told.match if draft.told is not None else None
        if found is None:
            homes[external_id] = _Home(draft, duty, own)
        elif found.incident_id < 0:
            homes[external_id] = _Home(draft, duty, match=found)
        else:
            incident = known.get(found.incident_id)
            homes[external_id] = _stored_home(own, draft, found, incident, rules)
    return homes


def _stored_home(
    own: Opening, draft: Draft, found: Match, incident: Incident | None, rules: Rules
) -> _Home:
    duty = own.duty
    if incident is None:
        return _Home(draft, duty, own)
    how = admit(incident, written_at=duty.since, rules=rules)
    if how is Admission.OWN:
        return _Home(draft, duty, own)
    if how is Admission.REPEAT:
        return _Home(draft, duty, replace(own, repeat_of=found.incident_id))
    return _Home(draft, duty, match=found, incident_id=found.incident_id)


def _numbers(homes: Mapping[str, _Home], opened_ids: Sequence[int]) -> dict[str, int]:
    """Return the incident of each message, by external id."""
    opened = iter(opened_ids)
    numbers = {key: next(opened) for key, home in homes.items() if home.opening is not None}
    own = {home.draft.told.number: key for key, home in homes.items() if home.draft.told}
    for key, home in homes.items():
        if home.incident_id is not None:
            numbers[key] = home.incident_id
        elif home.match is not None:
            numbers[key] = numbers[own[home.match.incident_id]]
    return numbers


def _joinings(
    homes: Mapping[str, _Home], numbers: Mapping[str, int], post_ids: Mapping[str, int]
) -> list[Joining]:
    own = {home.draft.told.number: key for key, home in homes.items() if home.draft.told}
    return [
        Joining(
            post_ids[key],
            numbers[key],
            home.match,
            like_post=post_ids[own[home.match.post_id]]
            if home.match.post_id < 0
            else home.match.post_id,
            duty=home.duty,
            urgent=home.draft.judged is not None
            and home.draft.judged.verdict.urgency is Urgency.URGENT,
        )
        for key, home in homes.items()
        if home.match is not None
    ]


def _remember(session: Session, drafts: Sequence[Draft], post_ids: Mapping[str, int]) -> None:
    """Keep what matching has to know of these messages; of a new text, in place of the old."""
    told = [(post_ids[one.change.post.external_id], one) for one in drafts if one.told is not None]
    forget(session, [post_id for post_id, one in told if one.change.known is not None])
    remember(session, [(post_id, one.told.facts) for post_id, one in told if one.told])


def _make_searchable(session: Session, revised: Sequence[Post], fresh: Mapping[int, Row]) -> None:
    """Let the messages of incidents be found by their words; nobody looks for any others."""
    index(session, {id_: row["text"] for id_, row in fresh.items() if row["incident_id"]})
    changed = [post for post in revised if post.incident_id is not None]
    reindex(session, {stored_id(post.id): post.text for post in changed})


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


def _raise_urgency(
    session: Session, post: Post, draft: Draft, *, now: datetime, rules: Rules
) -> None:
    """Let the incident that a stored post has become urgent with its newest text."""
    judged = draft.judged
    if judged is None or judged.duty is None or post.incident_id is None:
        return
    if judged.verdict.urgency is Urgency.URGENT:
        raise_urgency(session, post.incident_id, judged.duty, now=now, rules=rules)


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
