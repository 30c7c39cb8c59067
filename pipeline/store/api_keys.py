"""Queries about programs' keys; a key is looked up by its hash only."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.staff import ApiKey, Staff


@dataclass(frozen=True, slots=True)
class OwnedKey:
    """A key and the person in whose name it acts."""

    key: ApiKey
    staff: Staff


def find_key(session: Session, token_hash: str, now: datetime) -> OwnedKey | None:
    """Return the key with this hash if it opens anything at ``now``, else None.

    One that was revoked or has expired opens nothing, nor does that of a dismissed person.
    """
    query = (
        select(ApiKey, Staff)
        .join(Staff, col(Staff.id) == col(ApiKey.staff_id))
        .where(
            ApiKey.token_hash == token_hash,
            col(ApiKey.revoked_at).is_(None),
            sa.or_(col(ApiKey.expires_at).is_(None), col(ApiKey.expires_at) > now),
            col(Staff.active),
        )
    )
    found = session.exec(query).one_or_none()
    return OwnedKey(*found) if found is not None else None


def all_keys(session: Session) -> list[OwnedKey]:
    """Return every key that was ever made, the newest first."""
    query = (
        select(ApiKey, Staff)
        .join(Staff, col(Staff.id) == col(ApiKey.staff_id))
        .order_by(col(ApiKey.id).desc())
    )
    return [OwnedKey(*found) for found in session.exec(query)]
