"""Asking a signed-in person for their password before they change how they come in."""

from datetime import timedelta

from pipeline.console.access import Visitor
from pipeline.console.frame import Console
from pipeline.database import unit_of_work
from pipeline.desk import access as desk

FRESH = timedelta(minutes=15)
"""So soon after the door nobody is asked again: whoever forgot a password came in by link."""


def is_fresh(console: Console, visitor: Visitor) -> bool:
    """Tell whether the visitor came in a moment ago."""
    return console.clock() - visitor.visit.sign_in.created_at < FRESH


def asks_password(console: Console, visitor: Visitor) -> bool:
    """Tell whether the visitor has to give their password."""
    return bool(visitor.staff.password_hash) and not is_fresh(console, visitor)


def proves(console: Console, visitor: Visitor, password: str) -> bool:
    """Tell whether the visitor gave their password, where it is asked for; slow.

    Wrong ones count as at the door.
    """
    if not asks_password(console, visitor):
        return True
    checked = desk.check_password(visitor.staff, visitor.staff.login, password)
    with unit_of_work(console.engine) as session:
        return desk.confirm_password(session, checked, console.clock())
