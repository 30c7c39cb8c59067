"""Changes to the list of sources: how each was read, and when to read it next."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, select

from connectors.base import Rejected
from models.inbox import Unreadable
from models.source import Source
from models.vocabulary import Act, Network
from pipeline.decisions.folding import clean
from pipeline.decisions.silence import silent_since
from pipeline.desk import journal
from pipeline.store.sources import find_source

MAX_PAYLOAD = 10_000
"""Characters kept of an item that could not be read."""


def ensure_source(
    session: Session, key: str, network: Network, title: str, now: datetime
) -> Source:
    """Return the source with this key, made if it is new."""
    source = find_source(session, key)
    if source is None:
        source = Source(key=key, network=network, title=title, created_at=now)
        session.add(source)
        session.flush()
    return source


def note_reading(session: Session, key: str, *, next_at: datetime, now: datetime) -> None:
    """Keep that a source was read to its end; any trouble that it had is over."""
    source = find_source(session, key)
    if source is None:
        return
    source.last_success_at = now
    source.last_error = ""
    source.failures = 0
    source.next_at = next_at
    _listen(source, now)


def note_failure(
    session: Session, key: str, error: str, now: datetime, *, next_at: datetime | None = None
) -> None:
    """Keep with the source why it could not be read; the next success wipes it out."""
    source = find_source(session, key)
    if source is None:
        return
    source.last_error = error[:1000]
    source.last_error_at = now
    source.failures += 1
    source.next_at = next_at
    _listen(source, now)


def note_trouble(session: Session, key: str, error: str, now: datetime) -> None:
    """Keep with the source why it is not read as it should be, though it is read."""
    source = find_source(session, key)
    if source is not None:
        source.last_error = error[:1000]
        source.last_error_at = now


def go_on_with_events(session: Session, key: str, events_at: str) -> None:
    """Keep where a source's stream of events goes on."""
    source = find_source(session, key)
    if source is not None:
        source.events_at = events_at


def read_soon(session: Session, key: str) -> None:
    """Let a source be read at once, whatever it was waiting for."""
    source = find_source(session, key)
    if source is not None:
        source.next_at = None


def note_secret(
    session: Session, name: str, keys: Iterable[str], *, by: str, now: datetime
) -> None:
    """Journal that somebody wrote a secret, and let the sources that it opens be read at once."""
    journal.write(
        session,
        Act.SOURCE_KEY_CHANGED,
        at=now,
        incident_id=None,
        actor=by,
        after={"secret": name},
    )
    for key in keys:
        read_soon(session, key)


def keep_unreadable(
    session: Session, key: str, rejected: Sequence[Rejected], now: datetime
) -> None:
    """Keep items that nobody could read, each once."""
    for item in rejected:
        digest = hashlib.sha256(item.payload.encode("utf-8", "replace")).hexdigest()
        known = session.exec(
            select(Unreadable).where(Unreadable.source_key == key, Unreadable.digest == digest)
        ).one_or_none()
        if known is not None:
            known.last_seen_at = now
            continue
        session.add(
            Unreadable(
                source_key=key,
                digest=digest,
                what=clean(item.what[:1000]),
                payload=clean(item.payload[:MAX_PAYLOAD]),
                first_seen_at=now,
                last_seen_at=now,
            )
        )
        session.flush()


def _listen(source: Source, now: datetime) -> None:
    usual = None if source.usual_gap is None else timedelta(seconds=source.usual_gap)
    source.silent_since = silent_since(source.last_post_at, usual, now)
