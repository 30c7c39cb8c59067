"""Saving views of the queue, sharing and deleting them.

Errors::

    ViewError              it cannot be done; Russian, says why and what to do
"""

from datetime import datetime

from sqlmodel import Session, col, select

from models.console import SavedView
from models.errors import OtklikError
from models.staff import Staff
from models.vocabulary import Role
from pipeline.decisions.folding import clean
from pipeline.decisions.permissions import Actor
from pipeline.store.views import OwnedView, count_own

MOST = 30
"""Views of one person: a list that is longer finds nothing."""

LONGEST = 60
"""Characters of a title."""

LONGEST_QUERY = 2000


class ViewError(OtklikError):
    """A view cannot be saved or changed; the message is Russian, for the person."""


def save(
    session: Session, staff_id: int, title: str, query: str, *, shared: bool, now: datetime
) -> SavedView:
    """Save a view; raises ViewError. ``query`` is the query part of an address of the queue."""
    title = " ".join(clean(title).split())
    if not title:
        raise ViewError("Назовите отбор: без названия его потом не найти.")
    if len(title) > LONGEST:
        raise ViewError(f"Название длиннее {LONGEST} знаков. Сократите его.")
    if not query:
        raise ViewError("Сохранять нечего: в отборе нет ни одного условия.")
    if len(query) > LONGEST_QUERY:
        raise ViewError("В отборе слишком много слов. Сократите запрос.")
    # Two of their windows take turns, or they would have one view too many.
    session.exec(select(Staff).where(col(Staff.id) == staff_id).with_for_update()).one()
    same = select(SavedView).where(SavedView.staff_id == staff_id, SavedView.title == title)
    if session.exec(same).one_or_none() is not None:
        raise ViewError(f"Отбор «{title}» у вас уже есть. Назовите этот иначе или удалите прежний.")
    if count_own(session, staff_id) >= MOST:
        raise ViewError(f"У вас уже {MOST} отборов: больше не сохраняется. Удалите ненужные.")
    view = SavedView(staff_id=staff_id, title=title, query=query, shared=shared, created_at=now)
    session.add(view)
    session.flush()
    return view


def may_change(actor: Actor, owned: OwnedView) -> bool:
    """Tell whether somebody may delete a view or stop sharing it: its owner and administrators."""
    return owned.owner == actor.login or actor.role is Role.ADMINISTRATOR


def share(session: Session, owned: OwnedView, *, shared: bool) -> None:
    """Show a view to everybody who may read the queue, or to its owner alone."""
    owned.view.shared = shared
    session.add(owned.view)


def delete(session: Session, owned: OwnedView) -> None:
    """Delete a view."""
    session.delete(owned.view)
