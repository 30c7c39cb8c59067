"""Queries about people and their browsers; tokens are looked up by hash only."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

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


def _locking(query: SelectOfScalar[Staff]) -> SelectOfScalar[Staff]:
    # Who waited for the row has to see what the other writer made of it.
    return query.with_for_update().execution_options(populate_existing=True)


def find_staff(session: Session, login: str, *, lock: bool = False) -> Staff | None:
    """Return the person with this login, however it is spelled, or None.

    ``lock`` keeps other writers off the row until the transaction ends.
    """
    query = select(Staff).where(Staff.login == tidy_login(login))
    return session.exec(_locking(query) if lock else query).one_or_none()


def staff_by_id(session: Session, staff_id: int, *, lock: bool = False) -> Staff | None:
    """Return the person with this number, or None; ``lock`` as for ``find_staff``."""
    query = select(Staff).where(Staff.id == staff_id)
    return session.exec(_locking(query) if lock else query).one_or_none()


def all_staff(session: Session) -> list[Staff]:
    """Return everybody who was ever added, by login."""
    return list(session.exec(select(Staff).order_by(Staff.login)).all())


def lock_administrators(session: Session) -> list[Staff]:
    """Return the active administrators, kept from changes until the transaction ends."""
    query = select(Staff).where(Staff.role == Role.ADMINISTRATOR, col(Staff.active))
    return list(session.exec(_locking(query.order_by(col(Staff.id)))).all())


def last_sign_ins(session: Session) -> dict[int, datetime]:
    """Return when each person signed in last, by number; nothing of who has not for long."""
    query = select(SignIn.staff_id, sa.func.max(SignIn.created_at)).group_by(col(SignIn.staff_id))
    return dict(session.exec(query).all())


def open_sign_ins(session: Session, staff_id: int, now: datetime) -> list[SignIn]:
    """Return a person's browsers that are signed in at ``now``, the latest first."""
    query = (
        select(SignIn)
        .where(SignIn.staff_id == staff_id, col(SignIn.expires_at) > now)
        .order_by(col(SignIn.created_at).desc(), col(SignIn.id).desc())
    )
    return list(session.exec(query).all())


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
