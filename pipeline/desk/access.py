"""Who may come in: people, passwords, one-time links and signed-in browsers.

Passwords are hashed and checked outside any transaction, because argon2 is slow on purpose:
``check_password`` and ``hash_password`` touch no database, the functions that take a session
touch no argon2. Of every secret the database holds only a hash.

Errors::

    AccessError            a login or password cannot be accepted; Russian, says what to do
"""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import argon2
import sqlalchemy as sa
from sqlmodel import Session, col

from models.columns import stored_id
from models.errors import OtklikError
from models.staff import EntryLink, SignIn, Staff
from models.vocabulary import MACHINE, Act, Role
from pipeline.desk import journal
from pipeline.region.schema import Region
from pipeline.store import staff as store
from pipeline.store.staff import Visit, tidy_login

SESSION_LIFETIME = timedelta(hours=12)
"""A browser that nobody touched for so long is signed out."""

EXTEND_EVERY = timedelta(minutes=30)
"""How much of a session must be gone before it is renewed: a write for every page is too many."""

FREE_FAILURES = 5
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200

_hasher = argon2.PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))
"""Checked where there is nothing to check, so that an unknown login takes the same time."""


class AccessError(OtklikError):
    """A login or a password cannot be accepted."""


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """A new password, hashed; a type of its own, so that no plain one is stored by mistake."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of comparing a password with the hash that ``login`` had at that time."""

    login: str
    password_hash: str
    right: bool


def hash_password(login: str, password: str) -> PasswordHash:
    """Return the argon2 hash of a new password; slow. Raises AccessError for an unfit one."""
    password = _tidy(password)
    if len(password) < SHORTEST_PASSWORD:
        raise AccessError(f"Пароль короче {SHORTEST_PASSWORD} знаков. Придумайте длиннее.")
    if len(password) > LONGEST_PASSWORD:
        raise AccessError(f"Пароль длиннее {LONGEST_PASSWORD} знаков. Придумайте короче.")
    if password.casefold() == tidy_login(login):
        raise AccessError("Пароль совпадает с логином. Придумайте другой.")
    if len(set(password)) == 1:
        raise AccessError("Пароль состоит из одного повторённого знака. Придумайте другой.")
    return PasswordHash(_hasher.hash(password))


def check_password(staff: Staff | None, login: str, password: str) -> Checked:
    """Compare a password with a person's hash; slow, and as slow for nobody at all."""
    known = staff.password_hash if staff is not None else ""
    right = bool(known)
    try:
        _hasher.verify(known or _NOBODY, _tidy(password))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        right = False
    return Checked(tidy_login(login), known, right)


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
    _note(session, staff, None, by=by, now=now)
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
    # Two administrators who dismiss each other at once must not both succeed.
    administrators = store.lock_administrators(session)
    staff = store.find_staff(session, login, lock=True)
    if staff is None:
        raise AccessError(f"Сотрудника «{login[:100]}» нет. Список: otklik staff list")
    _require_place(role, body)
    if role is not Role.ADMINISTRATOR and [one.id for one in administrators] == [staff.id]:
        raise AccessError(
            f"«{staff.login}» — единственный администратор. Сначала назначьте другого: "
            "otklik staff role ИМЯ administrator"
        )
    before = _place(staff)
    staff.role, staff.body = role, body
    if _place(staff) != before:
        _note(session, staff, before, by=by, now=now)
    return staff


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


def _require_place(role: Role, body: str | None) -> None:
    if role is Role.EXECUTOR and not body:
        raise AccessError(
            "Исполнитель работает в одном из органов: укажите код, например --body "
            "pecherskoe. Коды — в файле bodies.yaml папки района."
        )
    if role is not Role.EXECUTOR and body is not None:
        raise AccessError(f"Орган бывает только у исполнителя, а роль — «{role.russian}».")


def _place(staff: Staff) -> dict[str, str | None]:
    return {"role": staff.role.value, "body": staff.body}


def _note(
    session: Session, staff: Staff, before: dict[str, str | None] | None, *, by: str, now: datetime
) -> None:
    journal.write(
        session,
        Act.STAFF_CHANGED,
        at=now,
        incident_id=None,
        actor=by,
        before=before,
        after={"login": staff.login, **_place(staff)},
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


def make_entry_link(session: Session, staff: Staff, now: datetime, lifetime: timedelta) -> str:
    """Store a one-time link for a person; return its token, which is kept nowhere else."""
    token = secrets.token_urlsafe(32)
    session.add(
        EntryLink(
            token_hash=hash_token(token),
            staff_id=stored_id(staff.id),
            expires_at=now + lifetime,
        )
    )
    return token


def use_entry_link(session: Session, token: str, now: datetime) -> str | None:
    """Use a link up; return the session token for the cookie, or None if it lets nobody in.

    A link is also the way out of a lock: who has one was let in by the administrator.
    """
    link = store.find_entry_link(session, hash_token(token), now)
    if link is None:
        return None
    # Two clicks at once must not both come in, so the row itself decides.
    used = session.execute(
        sa.update(EntryLink)
        .where(col(EntryLink.id) == link.id, col(EntryLink.used_at).is_(None))
        .values(used_at=now)
        .returning(col(EntryLink.id))
    )
    if used.first() is None:
        return None
    staff = session.get_one(Staff, link.staff_id)
    _forgive(staff)
    return open_session(session, staff, now)


def sign_in(session: Session, checked: Checked, now: datetime) -> str | None:
    """Return the session token for the cookie, or None when the password does not let in."""
    staff = _passed(session, checked, now)
    return None if staff is None else open_session(session, staff, now)


def confirm_password(session: Session, checked: Checked, now: datetime) -> bool:
    """Tell whether a signed-in person gave their password; wrong ones count as at the door."""
    return _passed(session, checked, now) is not None


def set_password(session: Session, staff: Staff, password: PasswordHash) -> None:
    """Give a person of this session a new password, and sign out all their browsers."""
    staff.password_hash = password.value
    _forgive(staff)
    session.execute(sa.delete(SignIn).where(col(SignIn.staff_id) == staff.id))


def open_session(session: Session, staff: Staff, now: datetime) -> str:
    """Sign in a browser of somebody who proved who they are; return the token for its cookie."""
    session.execute(sa.delete(SignIn).where(col(SignIn.expires_at) <= now))
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=hash_token(token),
            staff_id=stored_id(staff.id),
            created_at=now,
            expires_at=now + SESSION_LIFETIME,
        )
    )
    return token


def staff_of(session: Session, token: str, now: datetime) -> Visit | None:
    """Return who this cookie signs in, or None."""
    return store.find_visit(session, hash_token(token), now)


def needs_extending(visit: Visit, now: datetime) -> bool:
    """Tell whether enough of the session is gone to be worth a write."""
    return visit.sign_in.expires_at - now < SESSION_LIFETIME - EXTEND_EVERY


def extend(session: Session, token: str, now: datetime) -> None:
    """Let the session live on from ``now``; one that was ended meanwhile stays ended."""
    session.execute(
        sa.update(SignIn)
        .where(col(SignIn.token_hash) == hash_token(token), col(SignIn.expires_at) > now)
        .values(expires_at=now + SESSION_LIFETIME)
    )


def sign_out(session: Session, token: str) -> None:
    """End the session of this cookie; an unknown one is ended already."""
    session.execute(sa.delete(SignIn).where(col(SignIn.token_hash) == hash_token(token)))


def hash_token(token: str) -> str:
    """Return what is stored of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def lock_after(failures: int) -> timedelta:
    """Return how long the door stays shut after so many failures in a row.

    Nothing for the first four, 15 minutes for the fifth, twice as long for each one more, at
    most a day.
    """
    if failures < FREE_FAILURES:
        return timedelta()
    # The doublings are bounded as well: 2 to the number of attempts soon fits no timedelta.
    return min(FIRST_LOCK * (1 << min(failures - FREE_FAILURES, 10)), LONGEST_LOCK)


def _passed(session: Session, checked: Checked, now: datetime) -> Staff | None:
    """Count the attempt. The row is read again and locked: a thousand at once are no way in."""
    staff = store.find_staff(session, checked.login, lock=True)
    if staff is None or not staff.active:
        return None
    if staff.locked_until is not None and now < staff.locked_until:
        return None
    if checked.right and staff.password_hash == checked.password_hash:
        _forgive(staff)
        return staff
    staff.failed_attempts += 1
    lock = lock_after(staff.failed_attempts)
    staff.locked_until = now + lock if lock else None
    return None


def _forgive(staff: Staff) -> None:
    staff.failed_attempts = 0
    staff.locked_until = None


def _tidy(password: str) -> str:
    # One keyboard sends «й» as one character, another as two.
    return unicodedata.normalize("NFKC", password)
