"""Events that networks push: kept before they are answered, read later."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models.inbox import Event
from pipeline.desk.bulk import insert_into


def keep_event(
    session: Session, key: str, event_id: str, payload: dict[str, Any], now: datetime
) -> None:
    """Keep an event of a source; one that is repeated is kept once."""
    session.execute(
        insert_into(session, Event)
        .values(
            source_key=key, event_id=event_id[:200], received_at=now, payload=payload, taken_at=None
        )
        .on_conflict_do_nothing(index_elements=["source_key", "event_id"])
    )


def mark_taken(session: Session, event_ids: Sequence[int], now: datetime) -> None:
    """Note that these events were read; in the transaction that stores what they said.

    What they said is kept with the posts and not twice; their ids tell a repeat.
    """
    if event_ids:
        session.execute(
            sa.update(Event).where(col(Event.id).in_(event_ids)).values(taken_at=now, payload={})
        )
