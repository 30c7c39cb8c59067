"""Queries about people and their browsers; tokens are looked up by hash only."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models.staff import EntryLink, SignIn, Staff


@dataclass(frozen=True, slots=True)
class Visit:
    """A person and the signed-in browser that they came with."""

    staff: Staff
    sign_in: SignIn


def find_by_login(session: Session, login: str, *, lock: bool = False) -> Staff | None:
    """Return the person with this login as it is stored, or None.

    ``lock`` keeps other writers off the row until the transaction ends.
    """
    query = select(Staff).where(Staff.login == login)
    return session.exec(query.with_for_update() if lock else query).one_or_none()


def find_visit(session: Session, token_hash: str, now: datetime) -> Visit | None:
    """Return who is signed in with this token at ``now``; nobody once it or they have expired."""
    query = (
        select(Staff, SignIn)
        .join(SignIn, col(SignIn.staff_id) == col(Staff.id))
        .where(SignIn.token_hash == token_hash, col(SignIn.expires_at) > now, col(Staff.active))
    )
    found = session.exec(query).one_or_none()
    return Visit(*found) if found is not None else None


def find_entry_link(session: Session, token_hash: str, now: datetime) -> EntryLink | None:
    """Return the link with this token if it still lets in: unused, in time, of an active person."""
    query = (
        select(EntryLink)
        .join(Staff, col(Staff.id) == col(EntryLink.staff_id))
        .where(
            EntryLink.token_hash == token_hash,
            col(EntryLink.used_at).is_(None),
            col(EntryLink.expires_at) > now,
            col(Staff.active),
        )
    )
    return session.exec(query).one_or_none()
