"""Taking in what sources send: fetch, compare, judge, store.

Every page is stored in one transaction together with the source's cursor, so that a process
killed at any moment neither loses nor doubles anything: what was not committed is read again,
what was committed is recognised.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connectors.base import Connector
from connectors.replay import Replay
from models.columns import stored_id
from models.errors import OtklikError
from models.source import Source
from models.values import FetchedPost, KnownPost, Stated
from models.vocabulary import Network
from pipeline.database import reading, unit_of_work
from pipeline.decisions.folding import Change, Folded, fold
from pipeline.desk.closing import close_stated
from pipeline.desk.opening import Opening
from pipeline.desk.receive import Draft, claim, receive, touch
from pipeline.desk.sources import ensure_source, note_failure
from pipeline.judge import Judge, Judged
from pipeline.reader import Item
from pipeline.region import schema
from pipeline.store.posts import known_posts
from pipeline.store.sources import all_sources, find_source
from pipeline.tally import Tally

BUG = "внутренняя ошибка программы; подробности в журнале ingest.log, сообщите разработчикам"

MAX_PAGES = 1000
"""Pages one run reads of one source; the next run goes on from there."""


class OvertakenError(Exception):
    """Another reader of the same source stored a page first; nothing was stored here."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A source as ingest sees it: its key, and the settlement of a post's community."""

    key: str
    network: Network
    title: str
    settlement_of: Callable[[str], str | None]


async def ingest_source(
    source: schema.Source, *, engine: sa.Engine, judge: Judge, clock: Callable[[], datetime]
) -> Tally:
    """Read a region's source from its cursor to its end.

    Whatever goes wrong is noted with the source, where people see it, and raised again.
    """
    origin = Origin(source.key, source.network, source.title, source.community_settlement)
    connector: Connector = Replay(source.file)
    total = Tally()
    try:
        for _ in range(MAX_PAGES):
            now = clock()
            stored = prepare(engine, origin, now)
            page = await connector.fetch(stored.cursor, now=now)
            try:
                tally = take_in(
                    engine,
                    judge,
                    origin,
                    stored,
                    posts=page.posts,
                    cursor=page.cursor,
                    now=now,
                )
            except OvertakenError:
                continue
            total.add(tally)
            if not page.more:
                break
    except Exception as error:
        said = str(error) if isinstance(error, OtklikError) else f"{BUG} ({type(error).__name__})"
        with unit_of_work(engine) as session:
            note_failure(session, source.key, said, clock())
        raise
    return total


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
) -> Tally:
    """Judge a page and store it with the cursor, or raise OvertakenError and store nothing.

    ``source`` is the row that ``cursor`` was read with.
    """
    source_id = stored_id(source.id)
    wanted = {
        external_id
        for post in posts
        for external_id in (post.external_id, post.parent_id, post.root_id)
        if external_id
    }
    with reading(engine) as session:
        known = known_posts(session, source_id, wanted)
    folded = fold(posts, known)
    judged = _judge(judge, origin, folded, known, now)
    drafts = [Draft(change, judged.get(change.post.external_id)) for change in folded.changes]
    with unit_of_work(engine) as session:
        if not claim(session, source, cursor, now=now):
            raise OvertakenError(origin.key)
        touch(session, folded.seen, now)
        close_stated(session, _closed(posts, known), now)
        openings = receive(session, source_id, drafts, now=now, calendar=judge.calendar.version)
    return _count(folded, drafts, openings)


def _judge(
    judge: Judge, origin: Origin, folded: Folded, known: dict[str, KnownPost], now: datetime
) -> dict[str, Judged]:
    texts = {external_id: post.text for external_id, post in known.items()}
    texts |= {change.post.external_id: change.post.text for change in folded.changes}
    written = [change for change in folded.changes if change.texts]
    items = [
        Item(
            change.post,
            _above(change, texts),
            origin.settlement_of(change.post.external_id),
            change.written_at,
        )
        for change in written
    ]
    answers = judge.judge(items, now=now)
    return {
        change.post.external_id: answer for change, answer in zip(written, answers, strict=True)
    }


def _closed(posts: Sequence[FetchedPost], known: dict[str, KnownPost]) -> dict[int, Stated]:
    """Return, by incident, what an official table says of its end."""
    ends = {}
    for post in posts:
        stored = known.get(post.external_id)
        if post.stated.closed_at is not None and stored is not None and stored.incident_id:
            ends[stored.incident_id] = post.stated
    return ends


def _above(change: Change, texts: dict[str, str]) -> tuple[str, ...]:
    """Return the texts above a comment, the post first; what is not known is left out."""
    ids = dict.fromkeys((change.post.root_id, change.post.parent_id))
    return tuple(
        texts[external_id]
        for external_id in ids
        if external_id != change.post.external_id and texts.get(external_id)
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
