"""Which model serves: people promote one or roll back, with a reason, in the journal."""

from datetime import datetime

from sqlmodel import Session

from classifiers.registry import Registry
from models.vocabulary import Act
from pipeline.decisions.permissions import Actor
from pipeline.desk import journal


def promote(
    session: Session,
    registry: Registry,
    version: str,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
) -> None:
    """Let a version serve. Raises ModelError where it is not there or is broken."""
    before = registry.serving_version()
    registry.promote(version, at=now, who=actor.login, why=reason)
    _note(session, before, version, actor=actor, reason=reason, now=now)


def roll_back(
    session: Session, registry: Registry, *, actor: Actor, reason: str, now: datetime
) -> str:
    """Let the version serve that served before; return it. Raises ModelError for none."""
    before = registry.serving_version()
    version = registry.rollback(at=now, who=actor.login, why=reason)
    _note(session, before, version, actor=actor, reason=reason, now=now)
    return version


def _note(
    session: Session, before: str, after: str, *, actor: Actor, reason: str, now: datetime
) -> None:
    journal.write(
        session,
        Act.MODEL_CHANGED,
        at=now,
        incident_id=None,
        actor=actor.login,
        reason=reason,
        before={"model": before},
        after={"model": after},
    )
