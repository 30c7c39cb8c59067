"""Queries about saved views."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.console import SavedView
from models.staff import Staff

SHARED = 100
"""Views of others that are shown; in one municipality nobody has so many."""


@dataclass(frozen=True, slots=True)
class OwnedView:
    """A saved view and the login of whose it is."""

    view: SavedView
    owner: str


def views_of(session: Session, staff_id: int) -> list[OwnedView]:
    """Return a person's own views and then those that others share, by their titles."""
    own = col(SavedView.staff_id) == staff_id
    query = (
        select(SavedView, Staff.login)
        .join(Staff, col(Staff.id) == col(SavedView.staff_id))
        .where(own | col(SavedView.shared))
        .order_by(own.desc(), col(SavedView.title), col(SavedView.id))
        .limit(SHARED)
    )
    return [OwnedView(view, login) for view, login in session.exec(query)]


def count_own(session: Session, staff_id: int) -> int:
    """Return how many views a person has saved."""
    query = select(sa.func.count()).select_from(SavedView)
    return session.exec(query.where(col(SavedView.staff_id) == staff_id)).one()


def find_view(session: Session, staff_id: int, view_id: int) -> OwnedView | None:
    """Return one view if this person may see it: their own, or a shared one."""
    query = (
        select(SavedView, Staff.login)
        .join(Staff, col(Staff.id) == col(SavedView.staff_id))
        .where(
            col(SavedView.id) == view_id,
            (col(SavedView.staff_id) == staff_id) | col(SavedView.shared),
        )
    )
    found = session.exec(query).one_or_none()
    return OwnedView(*found) if found is not None else None
