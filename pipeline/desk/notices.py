"""Notices: announced in the transaction of the act that people have to hear of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from models.notice import Notice
from models.vocabulary import Occasion, Role
from pipeline.desk.bulk import insert_into

TABLE: sa.Table = Notice.metadata.tables["notice"]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One occasion to tell people of; the fields are those of ``Notice``.

    ``key`` makes it unique: the same one is told of once, however often it is announced.
    """

    key: str
    occasion: Occasion
    at: datetime
    incident_id: int | None = None
    body: str = ""
    roles: Sequence[Role] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def announce(
    session: Session,
    *,
    key: str,
    occasion: Occasion,
    at: datetime,
    incident_id: int | None = None,
    body: str = "",
    roles: Sequence[Role] = (),
    facts: Mapping[str, Any] | None = None,
) -> bool:
    """Announce one occasion; False if this ``key`` was announced before.

    Call it in the transaction of the act itself: what is rolled back is never told of.
    ``facts`` must hold no word of a citizen.
    """
    one = Announcement(key, occasion, at, incident_id, body, roles, facts or {})
    return announce_all(session, [one]) == 1


def announce_all(session: Session, announcements: Iterable[Announcement]) -> int:
    """Announce many occasions at once; return how many of them are new."""
    rows = [_row(one) for one in announcements]
    if not rows:
        return 0
    # Past the session, and as parameters instead of one long statement: several times faster.
    statement = insert_into(session, TABLE).on_conflict_do_nothing(index_elements=["key"])
    return len(session.connection().execute(statement.returning(TABLE.c.id), rows).all())


def _row(one: Announcement) -> dict[str, Any]:
    return {
        "key": one.key,
        "occasion": one.occasion,
        "incident_id": one.incident_id,
        "body": one.body,
        "roles": [role.value for role in one.roles],
        "facts": dict(one.facts),
        "at": one.at,
    }
