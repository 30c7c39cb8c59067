"""The second door: codes once each, recovery codes, guesses that shut it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa
from console.builders import NOW, PASSWORD_HASHES
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from models.columns import stored_id
from models.journal import JournalEntry
from models.staff import Staff
from models.vocabulary import Role
from pipeline.database import reading, unit_of_work
from pipeline.desk import access, second_factor, staffing
from pipeline.store.staff import find_staff

STEP = timedelta(seconds=30)
FERNET = Fernet(Fernet.generate_key())
SECRET = second_factor.new_secret()
LATER = NOW + 10 * STEP


@pytest.fixture
def ivanova(engine: sa.Engine) -> int:
    with unit_of_work(engine) as session:
        staff = staffing.add_staff(session, "ivanova", Role.OPERATOR, NOW)
        access.set_password(session, staff, PASSWORD_HASHES.of("ivanova"))
        return stored_id(staff.id)


@pytest.fixture
def recovery(engine: sa.Engine, ivanova: int) -> list[str]:
    """Set the second factor up, and return the recovery codes."""
    with unit_of_work(engine) as session:
        return second_factor.set_up(
            session, ivanova, SECRET, code=code(NOW), fernet=FERNET, now=NOW
        )


def code(at: datetime) -> str:
    return pyotp.TOTP(SECRET).at(at)


def give_password(engine: sa.Engine, at: datetime) -> access.CodeAsked:
    """Pass the first door with the right password, without the slow comparison."""
    with reading(engine) as session:
        staff = find_staff(session, "ivanova")
    assert staff is not None
    with unit_of_work(engine) as session:
        checked = access.Checked(staff.login, staff.password_hash, right=True)
        asked = access.sign_in(session, checked, at)
    assert isinstance(asked, access.CodeAsked)
    return asked


def second_door(
    engine: sa.Engine, asked: access.CodeAsked, given_code: str, at: datetime
) -> str | None:
    with unit_of_work(engine) as session:
        return second_factor.sign_in(session, asked, given_code, FERNET, at)


def test_a_password_alone_lets_nobody_in(engine: sa.Engine, recovery: list[str]) -> None:
    asked = give_password(engine, LATER)
    assert second_door(engine, asked, "000000", LATER) is None
    token = second_door(engine, asked, code(LATER), LATER)
    assert token is not None
    with reading(engine) as session:
        assert access.staff_of(session, token, LATER) is not None
    assert len(recovery) == second_factor.RECOVERY_CODES


@pytest.mark.usefixtures("recovery")
def test_a_link_stands_for_the_password_alone(engine: sa.Engine, ivanova: int) -> None:
    with unit_of_work(engine) as session:
        link = access.give_link(session, "ivanova", NOW, timedelta(hours=1))
    with unit_of_work(engine) as session:
        asked = access.use_entry_link(session, link, NOW)
    assert isinstance(asked, access.CodeAsked)
    assert asked.staff_id == ivanova
    assert second_door(engine, asked, code(LATER), LATER) is not None


@pytest.mark.usefixtures("recovery")
@pytest.mark.parametrize(("steps", "lets_in"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_telephones_clock_may_differ_by_one_step(
    engine: sa.Engine, steps: int, lets_in: bool
) -> None:
    token = second_door(engine, give_password(engine, LATER), code(LATER + steps * STEP), LATER)
    assert (token is not None) is lets_in


@pytest.mark.usefixtures("recovery")
def test_a_code_is_used_once_and_an_earlier_one_not_after_it(engine: sa.Engine) -> None:
    asked = give_password(engine, LATER)
    assert second_door(engine, asked, code(NOW), NOW) is None, "it was used for setting up"
    assert second_door(engine, asked, code(LATER), LATER) is not None
    assert second_door(engine, asked, code(LATER), LATER) is None
    assert second_door(engine, asked, code(LATER - STEP), LATER) is None
    assert second_door(engine, asked, code(LATER + STEP), LATER + STEP) is not None


@pytest.mark.usefixtures("recovery")
def test_of_many_who_give_one_code_at_once_one_comes_in(engine: sa.Engine) -> None:
    asked = give_password(engine, LATER)
    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(lambda _: second_door(engine, asked, code(LATER), LATER), range(4)))
    assert sum(token is not None for token in tokens) == 1


def test_each_recovery_code_lets_in_once_however_it_is_typed(
    engine: sa.Engine, recovery: list[str]
) -> None:
    asked = give_password(engine, LATER)
    for one in recovery:
        typed = f" {one.replace('-', ' ').upper()} "
        assert second_door(engine, asked, typed, LATER) is not None
        assert second_door(engine, asked, typed, LATER) is None
    with reading(engine) as session:
        staff = find_staff(session, "ivanova")
        assert staff is not None
        assert staff.recovery == []


def test_neither_secret_nor_recovery_codes_can_be_read_from_the_database(
    engine: sa.Engine, recovery: list[str]
) -> None:
    with reading(engine) as session:
        stored = repr(session.exec(select(Staff)).all())
        journal = repr(session.exec(select(JournalEntry)).all())
    for hidden in (SECRET, *recovery, *(one.replace("-", "") for one in recovery)):
        assert hidden not in stored + journal


@pytest.mark.usefixtures("recovery")
def test_five_wrong_codes_shut_the_door_for_the_right_one_and_a_password_does_not_open_it(
    engine: sa.Engine,
) -> None:
    asked = give_password(engine, LATER)
    for wrong in ("111111", "222222", "333333", "abcd", ""):
        assert second_door(engine, asked, wrong, LATER) is None
        if wrong:
            # Whoever knows the password gives it anew before each guess.
            give_password(engine, LATER)

    assert second_door(engine, asked, code(LATER), LATER) is None
    after = LATER + timedelta(minutes=15)
    assert second_door(engine, asked, code(after), after) is not None


@pytest.mark.usefixtures("recovery")
def test_a_changed_password_voids_a_half_open_door(engine: sa.Engine, ivanova: int) -> None:
    asked = give_password(engine, LATER)
    changed = access.hash_password("ivanova", "яблоко от яблони")
    with unit_of_work(engine) as session:
        access.set_password(session, session.get_one(Staff, ivanova), changed)
    assert second_door(engine, asked, code(LATER), LATER) is None


def test_a_lost_key_is_told_and_recovery_codes_work_without_it(
    engine: sa.Engine, recovery: list[str]
) -> None:
    asked = give_password(engine, LATER)
    other = Fernet(Fernet.generate_key())
    with (
        unit_of_work(engine) as session,
        pytest.raises(staffing.AccessError, match=r"console\.key"),
    ):
        second_factor.sign_in(session, asked, code(LATER), other, LATER)
    with unit_of_work(engine) as session:
        assert second_factor.sign_in(session, asked, recovery[0], other, LATER) is not None


@pytest.mark.usefixtures("recovery")
def test_a_secret_copied_into_another_row_opens_no_door(engine: sa.Engine, ivanova: int) -> None:
    with unit_of_work(engine) as session:
        thief = staffing.add_staff(session, "thief", Role.OPERATOR, NOW)
        thief.totp_secret = session.get_one(Staff, ivanova).totp_secret
        asked = access.CodeAsked.of(thief)
    with unit_of_work(engine) as session, pytest.raises(staffing.AccessError):
        second_factor.sign_in(session, asked, code(LATER), FERNET, LATER)


def test_the_administrator_resets_it_and_the_journal_tells(
    engine: sa.Engine, recovery: list[str]
) -> None:
    asked = give_password(engine, LATER)
    with unit_of_work(engine) as session:
        staffing.reset_second_factor(session, "ivanova", LATER, by="admin")
    assert second_door(engine, asked, recovery[0], LATER) is None
    with reading(engine) as session:
        entries = session.exec(select(JournalEntry).order_by(col(JournalEntry.id))).all()
    assert [(one.actor, one.after.get("second_factor")) for one in entries[-2:]] == [
        ("ivanova", True),
        ("admin", False),
    ]


def test_a_wrong_code_sets_nothing_up(engine: sa.Engine, ivanova: int) -> None:
    with (
        unit_of_work(engine) as session,
        pytest.raises(staffing.AccessError, match="Код не подошёл"),
    ):
        second_factor.set_up(
            session, ivanova, SECRET, code=code(NOW - timedelta(hours=1)), fernet=FERNET, now=NOW
        )
    with reading(engine) as session:
        assert session.get_one(Staff, ivanova).totp_secret == ""


def test_new_recovery_codes_replace_the_old_ones(
    engine: sa.Engine, ivanova: int, recovery: list[str]
) -> None:
    with unit_of_work(engine) as session:
        fresh = second_factor.renew_codes(session, ivanova, NOW)
    asked = give_password(engine, LATER)
    assert second_door(engine, asked, recovery[0], LATER) is None
    assert second_door(engine, asked, fresh[0], LATER) is not None


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_wrong_code_at_most(typed: str) -> None:
    step = second_factor.step_of(SECRET, typed, NOW)
    digits = "".join(char for char in typed if char.isdigit())
    assert step is None or len(digits) == 6


@pytest.mark.parametrize("shift", [0, 29])
def test_vectors_of_the_standard(shift: int) -> None:
    """RFC 6238, appendix B, SHA-1, the last six of its eight digits."""
    # "12345678901234567890" in base32.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105 - of the standard
    for seconds, digits in ((1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")):
        start = seconds - seconds % 30
        at = datetime.fromtimestamp(start + shift, NOW.tzinfo)
        assert second_factor.step_of(secret, digits, at) == seconds // 30
