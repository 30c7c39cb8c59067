"""Queries about people and their browsers; tokens are looked up by hash only."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models.staff import EntryLink, SignIn, Staff
from models.vocabulary import Role
from pipeline.decisions.permissions import Actor

LOGIN = re.compile(r"[\w.@+-]{2,100}")


@dataclass(frozen=True, slots=True)
class Visit:
    """A person and the signed-in browser that they came with."""

    staff: Staff
    sign_in: SignIn


def tidy_login(login: str) -> str:
    """Return the one spelling of a login that is stored; empty where none can look so."""
    tidy = unicodedata.normalize("NFKC", login[:200]).strip().casefold()
    return tidy if LOGIN.fullmatch(tidy) else ""


def actor_of(staff: Staff) -> Actor:
    """Return a person as somebody who acts."""
    return Actor(staff.login, staff.role, staff.body)


def find_staff(session: Session, login: str, *, lock: bool = False) -> Staff | None:
    """Return the person with this login, however it is spelled, or None.

    ``lock`` keeps other writers off the row until the transaction ends.
    """
    query = select(Staff).where(Staff.login == tidy_login(login))
    return session.exec(query.with_for_update() if lock else query).one_or_none()


def all_staff(session: Session) -> list[Staff]:
    """Return everybody who was ever added, by login."""
    return list(session.exec(select(Staff).order_by(Staff.login)).all())


def lock_administrators(session: Session) -> list[Staff]:
    """Return the active administrators, kept from changes until the transaction ends."""
    query = select(Staff).where(Staff.role == Role.ADMINISTRATOR, col(Staff.active))
    return list(session.exec(query.order_by(col(Staff.id)).with_for_update()).all())


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
