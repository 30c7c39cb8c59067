"""Keys of programs: made, shown once, revoked; each change is journalled.

A key acts in the name of a member of staff, within its scopes. The database holds only its hash.

Errors::

    ApiKeyError            a key cannot be made or revoked; Russian, says what to do
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col

from models.columns import stored_id
from models.errors import OtklikError
from models.staff import ApiKey
from models.vocabulary import Act
from pipeline.decisions.folding import clean
from pipeline.desk import journal
from pipeline.desk.access import hash_token
from pipeline.store.staff import find_staff

PREFIX = "otk_"
"""What every key begins with, so that programs that look for leaked secrets know it."""

RENEW_EVERY = timedelta(minutes=1)
"""How often the last use is written down: a write for every request is too many."""

LONGEST_TITLE = 100


class Scope(StrEnum):
    """What a key may be used for; what its owner may not do it cannot do either."""

    INCIDENTS_READ = "incidents:read"
    INCIDENTS_ACT = "incidents:act"
    ANSWERS_WRITE = "answers:write"
    REPORTS_READ = "reports:read"
    OPEN311_READ = "open311:read"
    OPEN311_WRITE = "open311:write"
    WEBHOOKS_MANAGE = "webhooks:manage"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "incidents:read": "читать инциденты",
            "incidents:act": "вносить инциденты и действовать с ними",
            "answers:write": "готовить, согласовывать и отправлять ответы",
            "reports:read": "читать сводку",
            "open311:read": "читать через Open311",
            "open311:write": "вносить обращения через Open311",
            "webhooks:manage": "настраивать webhook",
        }[self.value]


class ApiKeyError(OtklikError):
    """A key cannot be made or revoked."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made; ``token`` is shown once and kept nowhere."""

    key: ApiKey
    token: str = field(repr=False)


def make_key(
    session: Session,
    *,
    title: str,
    owner: str,
    scopes: Collection[str],
    expires_at: datetime | None,
    by: str,
    now: datetime,
) -> NewKey:
    """Make a key in the name of ``owner`` (a login). Raises ApiKeyError."""
    title = " ".join(clean(title).split())
    if not title or len(title) > LONGEST_TITLE:
        raise ApiKeyError(
            f"Назовите ключ: какая программа им пользуется, до {LONGEST_TITLE} знаков."
        )
    known = [scope.value for scope in Scope if scope.value in scopes]
    if not known or len(known) != len(set(scopes)):
        raise ApiKeyError("Отметьте, что ключу разрешено: хотя бы одно из списка.")
    if expires_at is not None and expires_at <= now:
        raise ApiKeyError("Срок ключа уже прошёл. Укажите день впереди или оставьте поле пустым.")
    staff = find_staff(session, owner)
    if staff is None or not staff.active:
        raise ApiKeyError("Такого сотрудника нет, или он отключён. Выберите другого.")
    token = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        title=title,
        token_hash=hash_token(token),
        staff_id=stored_id(staff.id),
        scopes=known,
        created_at=now,
        created_by=by,
        expires_at=expires_at,
    )
    session.add(key)
    session.flush()
    until = expires_at.isoformat() if expires_at is not None else None
    _note(session, key, staff.login, by=by, now=now, after={"scopes": known, "expires_at": until})
    return NewKey(key, token)


def revoke_key(session: Session, key_id: int, *, by: str, now: datetime) -> None:
    """Let a key open nothing from now on; its row stays. Raises ApiKeyError."""
    key = session.get(ApiKey, key_id, with_for_update=True, populate_existing=True)
    if key is None:
        raise ApiKeyError(f"Ключа № {key_id} нет.")
    if key.revoked_at is not None:
        return
    key.revoked_at = now
    _note(session, key, None, by=by, now=now, after={"revoked": True})


def needs_renewing(key: ApiKey, now: datetime) -> bool:
    """Tell whether the last use was written down too long ago."""
    return key.last_used_at is None or now - key.last_used_at >= RENEW_EVERY


def note_use(session: Session, key_id: int, now: datetime) -> None:
    """Write down that a key was used; no entry of the journal, for nothing was changed."""
    session.execute(sa.update(ApiKey).where(col(ApiKey.id) == key_id).values(last_used_at=now))


def _note(
    session: Session,
    key: ApiKey,
    owner: str | None,
    *,
    by: str,
    now: datetime,
    after: dict[str, object],
) -> None:
    facts = {"api_key": key.id, "title": key.title} | ({"login": owner} if owner else {})
    journal.write(
        session, Act.API_KEY_CHANGED, at=now, incident_id=None, actor=by, after=facts | after
    )
