"""Writing the journal: entries are gathered in the session and chained just before the commit.

The newest number and digest are one row, which whoever commits has to lock. Locked at the very
end, after everything else was written, it can never be part of a deadlock, and the commits of a
database follow one another in the order of the chain.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from models.journal import JournalEntry, JournalHead
from models.vocabulary import MACHINE, Act
from pipeline.decisions.chain import Entry, digest
from pipeline.decisions.folding import clean
from pipeline.desk.bulk import insert

_GATHERED = "journal"
LONGEST_REASON = 1000
"""Characters of the column."""


def write(
    session: Session,
    act: Act,
    *,
    at: datetime,
    incident_id: int | None,
    post_id: int | None = None,
    actor: str = MACHINE,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry to the journal of this transaction; the facts are plain JSON."""
    gathered: list[dict[str, Any]] = session.info.setdefault(_GATHERED, [])
    gathered.append(
        {
            "incident_id": incident_id,
            "post_id": post_id,
            "at": at,
            "actor": actor,
            "act": act,
            "reason": clean(reason[:LONGEST_REASON]),
            "before": dict(before or {}),
            "after": dict(after or {}),
        }
    )


def chain(session: Session) -> None:
    """Store what ``write`` gathered; the unit of work calls this right before it commits."""
    gathered: list[dict[str, Any]] = session.info.pop(_GATHERED, [])
    if not gathered:
        return
    session.flush()
    head = session.exec(select(JournalHead).where(JournalHead.id == 1).with_for_update()).one()
    for number, row in enumerate(gathered, head.last_id + 1):
        head.digest = digest(head.digest, Entry(number=number, **row))
        row |= {"id": number, "digest": head.digest}
    head.last_id += len(gathered)
    insert(session, JournalEntry, gathered)
