"""Changes to the list of sources."""

from datetime import datetime

from sqlmodel import Session

from models.source import Source
from models.vocabulary import Network
from pipeline.store.sources import find_source


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


def note_failure(session: Session, key: str, error: str, now: datetime) -> None:
    """Keep with the source why it could not be read; the next success wipes it out."""
    source = find_source(session, key)
    if source is not None:
        source.last_error = error[:1000]
        source.last_error_at = now
