"""What an edit or a deletion by the author changes: never an incident's history."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.post import Post, PostVersion
from models.vocabulary import Act, Certainty, Occasion, Stage, Term, Urgency
from pipeline.decisions.clocks import LEGAL
from pipeline.decisions.folding import Text
from pipeline.desk import journal
from pipeline.desk.bulk import Row, insert
from pipeline.desk.opening import facts
from pipeline.desk.steps import tell
from pipeline.desk.terms import retime_stage, set_deadline
from pipeline.judge import Duty
from pipeline.rules import Rules


def replace_text(session: Session, post: Post, newer: Sequence[Text], now: datetime) -> None:
    """Give a stored post its newest text; every earlier one becomes a version.

    An open incident then needs another look, even one that was put off, and whoever has its card
    open has to see the new text before judging it.
    """
    if post.incident_id is not None:
        incident = session.get_one(Incident, post.incident_id, with_for_update=True)
        incident.version += 1
        incident.snoozed_until = None
        if incident.stage is not Stage.CLOSED:
            incident.certainty = Certainty.REVIEW
    texts = [Text(post.text, post.edited_at), *newer]
    replaced = versions(stored_id(post.id), texts[:-1], first=post.revision, now=now)
    insert(session, PostVersion, replaced)
    before, post.text = post.text, texts[-1].text
    post.revision += len(newer)
    _journal(session, post, Act.POST_EDITED, before=before, after=post.text, now=now)


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
    session: Session, incident_id: int, duty: Duty, *, now: datetime, rules: Rules
) -> None:
    """Make an open incident urgent and its deadline nearer; an edit never does the reverse."""
    incident = session.get_one(Incident, incident_id, with_for_update=True)
    if incident.stage not in LEGAL or incident.urgency is Urgency.URGENT:
        return
    before = facts(incident.model_dump())
    incident.urgency = Urgency.URGENT
    incident.version += 1
    incident.snoozed_until = None
    if incident.term is Term.ANSWER and incident.round == 1:
        nearer = replace(duty.deadline, due_at=min(incident.due_at, duty.deadline.due_at))
        if duty.deadline.due_at < incident.due_at:
            # So that whoever computes the deadline anew comes to the same.
            incident.clock_from = duty.since
        set_deadline(session, incident, nearer, now=now, rules=rules)
    retime_stage(session, incident, rules=rules)
    journal.write(
        session,
        Act.URGENCY_RAISED,
        at=now,
        incident_id=incident_id,
        before=before,
        after=facts(incident.model_dump()),
    )
    tell(session, incident, Occasion.URGENT, at=now)


def _journal(
    session: Session, post: Post, act: Act, *, before: str, after: str, now: datetime
) -> None:
    """Note a change of a text by its digests: the words stand with the post, and only there."""
    if post.incident_id is None:
        return
    journal.write(
        session,
        act,
        at=now,
        incident_id=post.incident_id,
        post_id=post.id,
        before={"text": _digest(before)},
        after={"text": _digest(after), "revision": post.revision},
    )


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}" if text else ""
