"""Who works here: people, their roles, and the end of what they may do.

Every change is journalled with who made it. Nobody dismisses or demotes themselves, and never
the last administrator: nobody would be left to let people in.

Errors::

    AccessError            a login, a role, a password or a code cannot be accepted; Russian
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models.errors import OtklikError
from models.staff import EntryLink, SignIn, Staff
from models.vocabulary import MACHINE, Act, Role
from pipeline.desk import journal
from pipeline.region.schema import Region
from pipeline.store import staff as store
from pipeline.store.staff import tidy_login


class AccessError(OtklikError):
    """A login, a role or a password cannot be accepted."""


def add_staff(
    session: Session,
    login: str,
    role: Role,
    now: datetime,
    *,
    body: str | None = None,
    by: str = MACHINE,
) -> Staff:
    """Store a person who can so far come in by link only. Raises AccessError.

    ``body`` is the code of an executor's body, ``by`` who adds them.
    """
    tidy = require_new_login(session, login)
    _require_place(role, body)
    staff = Staff(login=tidy, role=role, body=body, created_at=now)
    session.add(staff)
    session.flush()
    note(session, staff, now, by=by, before={}, after=_place(staff))
    return staff


def set_role(
    session: Session,
    login: str,
    role: Role,
    now: datetime,
    *,
    body: str | None = None,
    by: str = MACHINE,
) -> Staff:
    """Give a person another role or body; what they may do changes with their next click.

    Raises AccessError, also where nobody would be left to administer.
    """
    staff, last = _locked(session, login)
    _require_place(role, body)
    if last and role is not Role.ADMINISTRATOR:
        raise AccessError(
            f"«{staff.login}» — единственный администратор. Сначала назначьте другого."
        )
    before = _place(staff)
    staff.role, staff.body = role, body
    if _place(staff) != before:
        note(session, staff, now, by=by, before=before, after=_place(staff))
    return staff


def dismiss(session: Session, login: str, now: datetime, *, by: str = MACHINE) -> Staff:
    """Shut the door for a person: their browsers are signed out, their links let nobody in.

    Whoever is dismissed already stays so. Raises AccessError for oneself and for the last
    administrator.
    """
    staff, last = _locked(session, login)
    if staff.login == by:
        raise AccessError("Закрыть доступ самому себе нельзя: попросите другого администратора.")
    if last:
        raise AccessError(
            f"«{staff.login}» — единственный администратор. Сначала назначьте другого."
        )
    if staff.active:
        staff.active = False
        end_sessions(session, staff)
        end_links(session, staff, now)
        note(session, staff, now, by=by, before={"active": True}, after={"active": False})
    return staff


def take_back(session: Session, login: str, now: datetime, *, by: str = MACHINE) -> Staff:
    """Open the door again for a person who was dismissed. Raises AccessError for an unknown one.

    The password that they had opens it as before, so they need no new link.
    """
    staff, _ = _locked(session, login)
    if not staff.active:
        staff.active = True
        note(session, staff, now, by=by, before={"active": False}, after={"active": True})
    return staff


def sign_out_everywhere(session: Session, login: str, now: datetime, *, by: str = MACHINE) -> Staff:
    """End all sessions of a person and void their links. Raises AccessError."""
    staff, _ = _locked(session, login)
    end_links(session, staff, now)
    end_sessions(session, staff)
    note(session, staff, now, by=by, before={}, after={"signed_out": True})
    return staff


def reset_second_factor(session: Session, login: str, now: datetime, *, by: str = MACHINE) -> Staff:
    """Let a person in without a code, until they set one up again. Raises AccessError.

    For somebody who lost telephone and recovery codes, or where the console's key was lost.
    """
    staff, _ = _locked(session, login)
    if staff.totp_secret:
        staff.totp_secret, staff.recovery = "", []
        end_sessions(session, staff)
        note(
            session,
            staff,
            now,
            by=by,
            before={"second_factor": True},
            after={"second_factor": False},
        )
    return staff


def require_staff(session: Session, login: str) -> Staff:
    """Return a person, kept from other writers. Raises AccessError for an unknown one."""
    staff = store.find_staff(session, login, lock=True)
    if staff is None:
        raise AccessError(f"Сотрудника «{login[:100]}» нет. Список: otklik staff list")
    return staff


def end_sessions(session: Session, staff: Staff, *, but: str = "") -> None:
    """End a person's sessions, except the one with the token's hash ``but``.

    The rows stay: they tell when somebody was here last.
    """
    session.execute(
        sa.update(SignIn)
        .where(
            col(SignIn.staff_id) == staff.id,
            col(SignIn.expires_at) > col(SignIn.created_at),
            col(SignIn.token_hash) != but,
        )
        .values(expires_at=col(SignIn.created_at))
    )


def end_links(session: Session, staff: Staff, now: datetime) -> None:
    """Void the one-time links of a person that nobody has used."""
    session.execute(
        sa.update(EntryLink)
        .where(col(EntryLink.staff_id) == staff.id, col(EntryLink.used_at).is_(None))
        .values(used_at=now)
    )


def note(
    session: Session,
    staff: Staff,
    now: datetime,
    *,
    by: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    """Journal a change of a person, named in ``after``."""
    journal.write(
        session,
        Act.STAFF_CHANGED,
        at=now,
        incident_id=None,
        actor=by,
        before=before,
        after={"login": staff.login, **after},
    )


def require_body(role: Role, body: str | None, region: Region) -> None:
    """Refuse a body that the region does not know, or a role without the one that it needs.

    Raises AccessError.
    """
    _require_place(role, body)
    known = [one.code for one in region.bodies]
    if body is not None and body not in known:
        raise AccessError(
            f"Органа «{body[:100]}» в районе нет. Возможные коды: {', '.join(known)}."
        )


def require_new_login(session: Session, login: str) -> str:
    """Return a login as it will be stored. Raises AccessError if it is unfit or taken."""
    tidy = tidy_login(login)
    if not tidy:
        raise AccessError(
            f"Логин «{login[:100]}» не подходит: нужно от 2 до 100 букв, цифр или знаков . _ @ + -"
        )
    if store.find_staff(session, tidy) is not None:
        raise AccessError(f"Логин «{tidy}» уже занят. Выберите другой.")
    return tidy


def _locked(session: Session, login: str) -> tuple[Staff, bool]:
    """Return a person to change, and whether they are the last who administers."""
    # Two administrators who dismiss each other at once must not both succeed.
    administrators = store.lock_administrators(session)
    staff = require_staff(session, login)
    return staff, [one.id for one in administrators] == [staff.id]


def _require_place(role: Role, body: str | None) -> None:
    if role is Role.EXECUTOR and not body:
        raise AccessError(
            "Исполнитель работает в одном из органов: укажите, в каком. Коды органов — в файле "
            "bodies.yaml папки района."
        )
    if role is not Role.EXECUTOR and body is not None:
        raise AccessError(f"Орган бывает только у исполнителя, а роль — «{role.russian}».")


def _place(staff: Staff) -> dict[str, str | None]:
    return {"role": staff.role.value, "body": staff.body}
