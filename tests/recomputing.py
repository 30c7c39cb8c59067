"""Rules that differ, and incidents that have lived by them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from console.builders import NOW, make_region
from sqlmodel import Session

from models.incident import Incident
from models.vocabulary import Role, Stage, Topic, Urgency
from pipeline.decisions.permissions import Actor
from pipeline.desk import terms
from pipeline.region.schema import DEFAULT_REMINDERS, Norm, Reminder
from pipeline.rules import Rules

ADMIN = Actor("admin", Role.ADMINISTRATOR)
HOUR = timedelta(hours=1)
TOMORROW = date(2026, 11, 19)


def rules_with(
    *norms: Norm, off: frozenset[date] = frozenset(), reminders: tuple[Reminder, ...] | None = None
) -> Rules:
    region = replace(
        make_region(), norms=norms, extra_days_off=off, reminders=reminders or DEFAULT_REMINDERS
    )
    return Rules.of(region)


def add(session: Session, rules: Rules, *, at: datetime = NOW, **fields: Any) -> Incident:
    """Add an incident whose term and stage begin at ``at`` by these rules, with its timers."""
    stage = fields.pop("stage", Stage.REVIEW)
    incident = Incident(
        **{
            "topic": Topic.ROADS,
            "urgency": Urgency.NORMAL,
            "stage": Stage.REVIEW,
            "body": "roads",
            "created_at": at,
            "opened_at": at,
            "clock_from": at,
            "due_at": at,
            "norm": "",
            "calendar": "",
            "stage_at": at,
            **fields,
        }
    )
    session.add(incident)
    session.flush()
    terms.start_term(session, incident, incident.term, since=at, now=at, rules=rules)
    terms.enter(session, incident, stage, now=at, rules=rules)
    session.flush()
    return incident
