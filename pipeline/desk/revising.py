"""What an edit or a deletion by the author changes: never an incident's history."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post, PostVersion
from models.timer import Timer
from models.vocabulary import Act, Stage, Urgency
from pipeline.decisions.folding import Text
from pipeline.desk.bulk import Row, insert
from pipeline.desk.opening import facts, timers
from pipeline.desk.timers import cancel
from pipeline.judge import Duty


def replace_text(session: Session, post: Post, newer: Sequence[Text], now: datetime) -> None:
    """Give a stored post its newest text; every earlier one becomes a version."""
    texts = [Text(post.text, post.edited_at), *newer]
    replaced = versions(stored_id(post.id), texts[:-1], first=post.revision, now=now)
    insert(session, PostVersion, replaced)
    _journal(session, post, Act.POST_EDITED, before=post.text, after=texts[-1].text, now=now)
    post.text = texts[-1].text
    post.revision += len(newer)


def versions(post_id: int, replaced: Sequence[Text], *, first: int, now: datetime) -> list[Row]:
    """Return rows for replaced texts, numbered from revision ``first``."""
    return [
        {
            "post_id": post_id,
            "revision": revision,
            "text": text.text,
            "edited_at": text.edited_at,
            "replaced_at": now,
        }
        for revision, text in enumerate(replaced, start=first)
    ]


def mark_deleted(session: Session, post: Post, now: datetime) -> None:
    """Mark a stored post as deleted by its author; the text stays as evidence."""
    post.deleted_at = now
    _journal(session, post, Act.POST_DELETED, before=post.text, after="", now=now)


def raise_urgency(
    session: Session, incident_id: int, duty: Duty, *, now: datetime, calendar: str
) -> None:
    """Make an open incident urgent and its deadline nearer; an edit never does the reverse."""
    incident = session.get_one(Incident, incident_id)
    if incident.stage is Stage.CLOSED or incident.urgency is Urgency.URGENT:
        return
    before = facts(incident.model_dump())
    incident.urgency = Urgency.URGENT
    incident.norm = duty.deadline.norm
    incident.calendar = calendar
    incident.due_at = min(incident.due_at, duty.deadline.due_at)
    incident.version += 1
    cancel(session, [incident_id])
    clocks = timers(incident_id, incident.due_at, duty.deadline, now, cycle=incident.version)
    insert(session, Timer, clocks)
    session.add(
        JournalEntry(
            incident_id=incident_id,
            at=now,
            act=Act.URGENCY_RAISED,
            before=before,
            after=facts(incident.model_dump()),
        )
    )


def _journal(
    session: Session, post: Post, act: Act, *, before: str, after: str, now: datetime
) -> None:
    if post.incident_id is None:
        return
    session.add(
        JournalEntry(
            incident_id=post.incident_id,
            post_id=post.id,
            at=now,
            act=act,
            before={"text": before},
            after={"text": after},
        )
    )
