"""The second door: codes of a telephone (RFC 6238) and recovery codes on paper.

The shared secret is stored encrypted, with a key that lies outside the database; recovery codes
as hashes. Wrong codes count like wrong passwords and shut the door alike.
"""

import hashlib
import re
import secrets
import unicodedata
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from sqlmodel import Session

from models.columns import stored_id
from models.staff import Staff
from pipeline.desk.access import CodeAsked, fail, forgive, locked, open_session
from pipeline.desk.staffing import AccessError, note
from pipeline.store import staff as store

ISSUER = "Otklik"
WINDOW = 1
"""Steps of 30 seconds before and after: clocks of telephones differ (RFC 6238, 5.2)."""

RECOVERY_CODES = 8
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Of recovery codes: 32, so that sixteen are 80 random bits, which need no slow hash."""

_TOTP = re.compile(r"[0-9]{6}")

KEY_LOST = (
    "Код из приложения не проверить: ключ консоли (файл secrets/console.key) потерян или заменён. "
    "Введите запасной код или попросите администратора сбросить второй фактор."
)


def new_secret() -> str:
    """Return a secret to be shared with a telephone: 160 random bits in base32."""
    return pyotp.random_base32()


def address(staff: Staff, secret: str) -> str:
    """Return what a telephone reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=staff.login, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step that a code of a secret belongs to, or None for a wrong one."""
    tidy = _tidy(code)
    if not _TOTP.fullmatch(tidy):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(tidy, for_time=now, valid_window=WINDOW)
    except pyotp.OTPVerificationError:
        return None


def set_up(
    session: Session, staff_id: int, secret: str, *, code: str, fernet: Fernet, now: datetime
) -> list[str]:
    """Ask a person for codes from now on; return their recovery codes, which are kept nowhere.

    Raises AccessError for a code that does not fit, and where a second factor is there already.
    """
    staff = _person(session, staff_id)
    if staff.totp_secret:
        raise AccessError("Второй фактор уже включён. Чтобы сменить телефон, сначала выключите.")
    step = step_of(secret, code, now)
    if step is None:
        raise AccessError(
            "Код не подошёл. Введите шесть цифр, которые приложение показывает сейчас; если не "
            "подходит и следующий, проверьте на телефоне дату, время и часовой пояс."
        )
    staff.totp_secret = fernet.encrypt(_plain(staff_id, secret)).decode()
    staff.totp_step = step
    note(
        session,
        staff,
        now,
        by=staff.login,
        before={"second_factor": False},
        after={"second_factor": True},
    )
    return _give_codes(staff)


def renew_codes(session: Session, staff_id: int, now: datetime) -> list[str]:
    """Give a person new recovery codes; the old ones are none any more."""
    staff = _person(session, staff_id)
    if not staff.totp_secret:
        raise AccessError("Второй фактор выключен: запасные коды не нужны.")
    note(session, staff, now, by=staff.login, before={}, after={"recovery_codes": "new"})
    return _give_codes(staff)


def switch_off(session: Session, staff_id: int, now: datetime) -> None:
    """Ask a person for no more codes; they have just given one."""
    staff = _person(session, staff_id)
    if staff.totp_secret:
        staff.totp_secret, staff.recovery = "", []
        note(
            session,
            staff,
            now,
            by=staff.login,
            before={"second_factor": True},
            after={"second_factor": False},
        )


def sign_in(
    session: Session, asked: CodeAsked, code: str, fernet: Fernet, now: datetime
) -> str | None:
    """Return the session token for the cookie, or None when the code does not let in.

    Raises AccessError where the stored secret cannot be read and the code is no recovery code.
    """
    staff = store.staff_by_id(session, asked.staff_id, lock=True)
    if staff is None or CodeAsked.of(staff) != asked or not staff.totp_secret:
        return None
    if not _passes(session, staff, code, fernet, now):
        return None
    return open_session(session, staff, now)


def confirm(session: Session, staff_id: int, code: str, fernet: Fernet, now: datetime) -> bool:
    """Tell whether a signed-in person gave a code; it is used up. Raises as ``sign_in``."""
    return _passes(session, _person(session, staff_id), code, fernet, now)


def _passes(session: Session, staff: Staff, code: str, fernet: Fernet, now: datetime) -> bool:
    """Compare a code with those of a person whose row is locked; count it, and use it up."""
    if locked(staff, now):
        return False
    tidy = _tidy(code)
    if _TOTP.fullmatch(tidy):
        step = step_of(_secret(staff, fernet), tidy, now)
        # A step that was used lets nobody in again, nor does one before it (RFC 6238, 5.2).
        right = step is not None and step > staff.totp_step
        if right and step is not None:
            staff.totp_step = step
    else:
        digest = _digest(staff, tidy)
        right = digest in staff.recovery
        if right:
            # A new list: a changed one would not be noticed.
            staff.recovery = [one for one in staff.recovery if one != digest]
            note(
                session,
                staff,
                now,
                by=staff.login,
                before={},
                after={"recovery_codes_left": len(staff.recovery)},
            )
    if right:
        forgive(staff)
    else:
        fail(staff, now)
    return right


def _person(session: Session, staff_id: int) -> Staff:
    staff = store.staff_by_id(session, staff_id, lock=True)
    if staff is None or not staff.active:
        raise AccessError("Доступ закрыт. Обратитесь к администратору.")
    return staff


def _give_codes(staff: Staff) -> list[str]:
    codes = [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
        for _ in range(RECOVERY_CODES)
    ]
    staff.recovery = [_digest(staff, _tidy(code)) for code in codes]
    return codes


def _secret(staff: Staff, fernet: Fernet) -> str:
    head = _plain(stored_id(staff.id), "")
    try:
        plain = fernet.decrypt(staff.totp_secret.encode())
    except InvalidToken:
        raise AccessError(KEY_LOST) from None
    if not plain.startswith(head):
        raise AccessError(KEY_LOST)
    return plain.removeprefix(head).decode()


def _plain(staff_id: int, secret: str) -> bytes:
    # With whose it is: a row copied to another person must not open their door.
    return f"totp:{staff_id}:{secret}".encode()


def _digest(staff: Staff, tidy: str) -> str:
    return hashlib.sha256(f"{staff.id}:{tidy}".encode(errors="replace")).hexdigest()


def _tidy(code: str) -> str:
    """Return a code without the spaces and dashes that help people read it."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code[:100])).lower()
