"""Taking in what sources send: fetch, compare, judge, store.

Every page is stored in one transaction together with the source's cursor, so that a process
killed at any moment neither loses nor doubles anything: what was not committed is read again,
what was committed is recognised.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connectors.base import Rejected
from models.columns import stored_id
from models.source import Source
from models.values import FetchedPost, KnownPost, Stated
from models.vocabulary import Network
from pipeline.database import reading, unit_of_work
from pipeline.decisions.folding import Folded, fold, tellable
from pipeline.desk.closing import close_stated
from pipeline.desk.events import mark_taken
from pipeline.desk.opening import Opening
from pipeline.desk.receive import Draft, claim, receive, touch
from pipeline.desk.sources import ensure_source, keep_unreadable, note_failure
from pipeline.joining import find_stories
from pipeline.judge import Judge, Judged
from pipeline.reader import Item
from pipeline.store.posts import known_thread
from pipeline.store.sources import all_sources, find_source
from pipeline.tally import Tally

DEPTH = 5
"""Comments above a comment that its text is read with, beside the post at the top."""


_UNTELLABLE = Rejected("номер сообщения длиннее 200 знаков: по нему сообщения не различить", "")


class OvertakenError(Exception):
    """Another reader of the same source stored a page first; nothing was stored here."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A source as ingest sees it: its key, and the settlement of a post's community.

    ``official`` are the accounts that the administration answers with; ``page`` returns where
    people find what the network calls a post's page.
    """

    key: str
    network: Network
    title: str
    settlement_of: Callable[[str], str | None]
    official: frozenset[str] = frozenset()
    page: Callable[[str], str] = str


def note_all(engine: sa.Engine, error: str, now: datetime) -> None:
    """Note with every known source why none of them can be read now."""
    with unit_of_work(engine) as session:
        for source in all_sources(session):
            note_failure(session, source.key, error, now)


def prepare(engine: sa.Engine, origin: Origin, now: datetime) -> Source:
    """Return the source's row, made if it is new."""
    with reading(engine) as session:
        stored = find_source(session, origin.key)
    if stored is not None:
        return stored
    with unit_of_work(engine) as session:
        return ensure_source(session, origin.key, origin.network, origin.title, now)


def take_in(
    engine: sa.Engine,
    judge: Judge,
    origin: Origin,
    source: Source,
    *,
    posts: Sequence[FetchedPost],
    cursor: dict[str, Any],
    now: datetime,
    rejected: Sequence[Rejected] = (),
    events: Sequence[int] | None = None,
) -> Tally:
    """Judge a page and store it with the cursor, or raise OvertakenError and store nothing.

    ``source`` is the row that ``cursor`` was read with. ``now`` is when the source was asked: it
    showed what the page says then. ``events`` are ids of pushed events that the posts come from;
    those say what once happened, not what stands there now.
    """
    source_id = stored_id(source.id)
    rejected = [*rejected, *(_UNTELLABLE for post in posts if not tellable(post))]
    posts = [replace(post, url=origin.page(post.url)) for post in posts if tellable(post)]
    if events is None:
        posts = [post if post.seen_at else replace(post, seen_at=now) for post in posts]
    wanted = {
        external_id
        for post in posts
        for external_id in (post.external_id, post.parent_id, post.root_id)
        if external_id
    }
    with reading(engine) as session:
        known = known_thread(session, source_id, wanted)
    folded = fold(posts, known)
    judged = _judge(judge, origin, folded, known, now)
    told = find_stories(engine, judge, source_id, folded.changes, judged)
    drafts = [
        Draft(change, judged.get(change.post.external_id), told.get(change.post.external_id))
        for change in folded.changes
    ]
    with unit_of_work(engine) as session:
        if not claim(session, source, cursor, now=now):
            raise OvertakenError(origin.key)
        touch(session, folded.seen)
        mark_taken(session, events or (), now)
        close_stated(session, _closed(posts, known), now=now, rules=judge.rules)
        openings = receive(session, source_id, drafts, now=now, rules=judge.rules)
        keep_unreadable(session, origin.key, rejected, now)
    tally = _count(folded, drafts, openings)
    tally.rejected += len(rejected)
    return tally


def _judge(
    judge: Judge, origin: Origin, folded: Folded, known: dict[str, KnownPost], now: datetime
) -> dict[str, Judged]:
    thread = {key: _Above(post.text, post.parent_id) for key, post in known.items()}
    thread |= {
        change.post.external_id: _Above(change.post.text, change.post.parent_id)
        for change in folded.changes
    }
    written = [change for change in folded.changes if change.texts]
    items = [
        Item(
            change.post,
            _above(change.post, thread),
            origin.settlement_of(change.post.external_id),
            change.written_at,
            _official(change.post, origin),
        )
        for change in written
    ]
    answers = judge.judge(items, now=now)
    return {
        change.post.external_id: answer for change, answer in zip(written, answers, strict=True)
    }


def _official(post: FetchedPost, origin: Origin) -> bool:
    """Tell whether the community itself wrote, or the account that answers for us."""
    author = post.author_id
    return bool(author) and (author in origin.official or post.external_id.startswith(f"{author}_"))


def _closed(posts: Sequence[FetchedPost], known: dict[str, KnownPost]) -> dict[int, Stated]:
    """Return, by incident, what an official table says of its end."""
    ends = {}
    for post in posts:
        stored = known.get(post.external_id)
        if post.stated.closed_at is not None and stored is not None and stored.incident_id:
            ends[stored.incident_id] = post.stated
    return ends


@dataclass(frozen=True, slots=True)
class _Above:
    text: str
    parent_id: str


def _above(post: FetchedPost, thread: Mapping[str, _Above]) -> tuple[str, ...]:
    """Return the texts above a comment, the post first; what is not known is left out."""
    chain: list[str] = []
    above = post.parent_id
    while above and above not in chain and above != post.external_id and len(chain) < DEPTH:
        chain.append(above)
        above = thread[above].parent_id if above in thread else ""
    ids = dict.fromkeys([post.root_id, *reversed(chain)])
    return tuple(
        thread[id_].text
        for id_ in ids
        if id_ != post.external_id and id_ in thread and thread[id_].text
    )


def _count(folded: Folded, drafts: Sequence[Draft], openings: Sequence[Opening]) -> Tally:
    tally = Tally(known=folded.unchanged, opened=len(openings))
    for draft in drafts:
        change = draft.change
        if change.known is None:
            tally.taken += 1
        else:
            tally.edited += bool(change.texts)
            tally.deleted += change.post.deleted and not change.known.deleted
        if draft.judged is None:
            continue
        tally.irrelevant += draft.judged.duty is None
        stated = change.post.stated.topic
        if stated is not None:
            tally.stated += 1
            tally.agreed += draft.judged.understood.prediction.topics[0].code is stated
    for opening in openings:
        tally.topics[opening.judged.verdict.topic] += 1
        tally.urgencies[opening.judged.verdict.urgency] += 1
        tally.settlements[opening.judged.verdict.settlement] += 1
    return tally
