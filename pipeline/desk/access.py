"""Who may come in: passwords, one-time links and signed-in browsers.

A person with a second factor passes two doors: a password or a link opens the first one,
``pipeline.desk.second_factor`` the second. Passwords are hashed and checked outside any
transaction, because argon2 is slow on purpose: ``check_password`` and ``hash_password`` touch no
database, the functions that take a session touch no argon2. Of every secret the database holds
only a hash.

Errors::

    AccessError            a password cannot be accepted; Russian, says what to do
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
from models.staff import EntryLink, SignIn, Staff
from models.vocabulary import MACHINE
from pipeline.desk.staffing import AccessError, end_sessions, note, require_staff
from pipeline.store import staff as store
from pipeline.store.staff import Visit, tidy_login

SESSION_LIFETIME = timedelta(hours=12)
"""A browser that nobody touched for so long is signed out."""

EXTEND_EVERY = timedelta(minutes=30)
"""How much of a session must be gone before it is renewed: a write for every page is too many."""

REMEMBERED = timedelta(days=90)
"""For so long a sign-in is kept after it began: it tells when somebody was here last."""

FREE_FAILURES = 5
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200

_hasher = argon2.PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))
"""Checked where there is nothing to check, so that an unknown login takes the same time."""


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


@dataclass(frozen=True, slots=True)
class CodeAsked:
    """Somebody stands between the two doors: a password or a link was right, a code is asked.

    ``mark`` changes with the password and the second factor: a proof of old ones is none.
    """

    staff_id: int
    mark: str

    @classmethod
    def of(cls, staff: Staff) -> "CodeAsked":
        """Return a person who has passed the first door."""
        return cls(stored_id(staff.id), hash_token(f"{staff.password_hash}\n{staff.totp_secret}"))


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


def give_link(
    session: Session, login: str, now: datetime, lifetime: timedelta, *, by: str = MACHINE
) -> str:
    """Make a one-time link for a person, and journal who gave it; return its token.

    Raises AccessError for somebody unknown or dismissed.
    """
    staff = require_staff(session, login)
    if not staff.active:
        raise AccessError(
            f"Доступ «{staff.login}» закрыт: ссылка никого не впустит. Сначала откройте доступ."
        )
    note(session, staff, now, by=by, before={}, after={"link_given": True})
    return make_entry_link(session, staff, now, lifetime)


def use_entry_link(session: Session, token: str, now: datetime) -> str | CodeAsked | None:
    """Use a link up; return the session token for the cookie, or None if it lets nobody in.

    A link is also the way out of a lock: who has one was let in by the administrator. It stands
    for the password alone: whoever reads somebody's mail must not pass the second door with it.
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
    forgive(staff)
    return _let_in(session, staff, now)


def sign_in(session: Session, checked: Checked, now: datetime) -> str | CodeAsked | None:
    """Return the session token for the cookie, or None when the password does not let in."""
    staff = _passed(session, checked, now)
    return None if staff is None else _let_in(session, staff, now)


def confirm_password(session: Session, checked: Checked, now: datetime) -> bool:
    """Tell whether a signed-in person gave their password; wrong ones count as at the door."""
    return _passed(session, checked, now) is not None


def set_password(session: Session, staff: Staff, password: PasswordHash) -> None:
    """Give a person of this session a new password, and sign out all their browsers."""
    staff.password_hash = password.value
    forgive(staff)
    end_sessions(session, staff)


def open_session(session: Session, staff: Staff, now: datetime) -> str:
    """Sign in a browser of somebody who proved who they are; return the token for its cookie."""
    session.execute(sa.delete(SignIn).where(col(SignIn.created_at) <= now - REMEMBERED))
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
    session.execute(
        sa.update(SignIn)
        .where(col(SignIn.token_hash) == hash_token(token))
        .values(expires_at=col(SignIn.created_at))
    )


def end_session(session: Session, staff: Staff, sign_in_id: int) -> None:
    """End one of a person's own sessions; somebody else's is none of theirs."""
    session.execute(
        sa.update(SignIn)
        .where(col(SignIn.id) == sign_in_id, col(SignIn.staff_id) == staff.id)
        .values(expires_at=col(SignIn.created_at))
    )


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


def locked(staff: Staff, now: datetime) -> bool:
    """Tell whether the door is shut for a person, whatever they know."""
    return not staff.active or (staff.locked_until is not None and now < staff.locked_until)


def fail(staff: Staff, now: datetime) -> None:
    """Count a wrong password or code of a person, whose row is locked."""
    staff.failed_attempts += 1
    lock = lock_after(staff.failed_attempts)
    staff.locked_until = now + lock if lock else None


def forgive(staff: Staff) -> None:
    """Forget a person's failures: they have proved who they are."""
    staff.failed_attempts = 0
    staff.locked_until = None


def _passed(session: Session, checked: Checked, now: datetime) -> Staff | None:
    """Count the attempt. The row is read again and locked: a thousand at once are no way in."""
    staff = store.find_staff(session, checked.login, lock=True)
    if staff is None or locked(staff, now):
        return None
    if not checked.right or staff.password_hash != checked.password_hash:
        fail(staff, now)
        return None
    if not staff.totp_secret:
        # Before the second door nothing is forgiven: who knows the password alone would get five
        # more codes to guess with each time they gave it.
        forgive(staff)
    return staff


def _let_in(session: Session, staff: Staff, now: datetime) -> str | CodeAsked:
    return CodeAsked.of(staff) if staff.totp_secret else open_session(session, staff, now)


def _tidy(password: str) -> str:
    # One keyboard sends «й» as one character, another as two.
    return unicodedata.normalize("NFKC", password)
