"""What an edit or a deletion by the author changes: never an incident's history."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post, PostVersion
from models.timer import Timer
from models.values import Deadline
from models.vocabulary import Act, Certainty, Stage, Urgency
from pipeline.decisions.folding import Text
from pipeline.desk.bulk import Row, insert
from pipeline.desk.opening import facts, timers
from pipeline.desk.timers import cancel
from pipeline.judge import Duty


def replace_text(session: Session, post: Post, newer: Sequence[Text], now: datetime) -> None:
    """Give a stored post its newest text; every earlier one becomes a version.

    An open incident then needs another look, and whoever has its card open has to see the new
    text before judging it.
    """
    if post.incident_id is not None:
        incident = session.get_one(Incident, post.incident_id, with_for_update=True)
        incident.version += 1
        if incident.stage is not Stage.CLOSED:
            incident.certainty = Certainty.REVIEW
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
    incident = session.get_one(Incident, incident_id, with_for_update=True)
    if incident.stage is Stage.CLOSED or incident.urgency is Urgency.URGENT:
        return
    before = facts(incident.model_dump())
    incident.urgency = Urgency.URGENT
    incident.version += 1
    nearer = replace(duty.deadline, due_at=min(incident.due_at, duty.deadline.due_at))
    set_deadline(session, incident, nearer, now=now, calendar=calendar)
    session.add(
        JournalEntry(
            incident_id=incident_id,
            at=now,
            act=Act.URGENCY_RAISED,
            before=before,
            after=facts(incident.model_dump()),
        )
    )


def set_deadline(
    session: Session, incident: Incident, deadline: Deadline, *, now: datetime, calendar: str
) -> None:
    """Give an open incident, whose version is a new one, another deadline with its timers.

    A deadline that stays where it was keeps its timers: one that has fired must not fire again.
    """
    incident.norm = deadline.norm
    incident.calendar = calendar
    if incident.due_at == deadline.due_at:
        return
    incident.due_at = deadline.due_at
    incident_id = stored_id(incident.id)
    cancel(session, [incident_id])
    clocks = timers(incident_id, deadline.due_at, deadline, now, cycle=incident.version)
    insert(session, Timer, clocks)


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
