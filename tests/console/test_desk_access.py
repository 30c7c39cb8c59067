"""What the pages stand on: people, locks, hashes, links taken twice at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from console.builders import NOW, PASSWORD, Person
from sqlmodel import select

from models.staff import SignIn, Staff
from models.vocabulary import Role
from pipeline.database import reading, unit_of_work
from pipeline.desk import access, staffing


@pytest.fixture
def console_engine(engine: sa.Engine) -> sa.Engine:
    """Use both databases here: their locks are not alike."""
    return engine


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 0), (4, 0), (5, 15), (6, 30), (7, 60), (11, 960), (12, 1440), (1000, 1440)],
)
def test_the_lock_grows_up_to_a_day(failures: int, minutes: int) -> None:
    assert access.lock_after(failures) == timedelta(minutes=minutes)


@pytest.mark.parametrize("login", ["", "a", "two words", "<script>", "x" * 101, "a\x00b"])
def test_an_unfit_login_is_refused(console_engine: sa.Engine, login: str) -> None:
    with (
        unit_of_work(console_engine) as session,
        pytest.raises(staffing.AccessError, match="не подходит"),
    ):
        staffing.add_staff(session, login, Role.OPERATOR, NOW)


def test_a_login_is_taken_once_however_it_is_spelled(console_engine: sa.Engine) -> None:
    with unit_of_work(console_engine) as session:
        assert staffing.add_staff(session, " Дежурный ", Role.OPERATOR, NOW).login == "дежурный"
        with pytest.raises(staffing.AccessError, match="уже занят"):
            staffing.add_staff(session, "ДЕЖУРНЫЙ", Role.OPERATOR, NOW)


def test_a_password_like_the_login_is_refused() -> None:
    with pytest.raises(staffing.AccessError, match="совпадает с логином"):
        access.hash_password("administrator", "Administrator")


def test_a_password_typed_on_another_keyboard_is_the_same() -> None:
    composed, apart = "семь раз отмерь й", "семь раз отмерь и\u0306"
    staff = Staff(
        login="x1",
        role=Role.OPERATOR,
        created_at=NOW,
        password_hash=access.hash_password("x1", composed).value,
    )
    assert access.check_password(staff, "x1", apart).right
    assert not access.check_password(staff, "x1", composed + "!").right


@pytest.mark.parametrize("known", ["", "not a hash"])
def test_without_a_usable_hash_no_password_fits(known: str) -> None:
    staff = Staff(login="x1", role=Role.OPERATOR, created_at=NOW, password_hash=known)
    assert not access.check_password(staff, "x1", "").right
    assert not access.check_password(staff, "x1", known).right


def test_a_password_changed_while_it_was_checked_does_not_let_in(
    console_engine: sa.Engine, operator: Person
) -> None:
    with reading(console_engine) as session:
        staff = session.get_one(Staff, operator.id)
    checked = access.check_password(staff, operator.login, PASSWORD)
    changed = access.hash_password(operator.login, "яблоко от яблони")
    with unit_of_work(console_engine) as session:
        access.set_password(session, session.get_one(Staff, operator.id), changed)

    with unit_of_work(console_engine) as session:
        assert access.sign_in(session, checked, NOW) is None


def test_a_link_clicked_by_many_at_once_lets_one_in(
    console_engine: sa.Engine, operator: Person
) -> None:
    with unit_of_work(console_engine) as session:
        staff = session.get_one(Staff, operator.id)
        token = access.make_entry_link(session, staff, NOW, timedelta(hours=1))

    def click(_number: int) -> object:
        with unit_of_work(console_engine) as session:
            return access.use_entry_link(session, token, NOW)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(click, range(16)))

    assert sum(answer is not None for answer in answers) == 1
    with reading(console_engine) as session:
        assert len(session.exec(select(SignIn)).all()) == 1


def test_guesses_all_at_once_are_counted_all_the_same(
    console_engine: sa.Engine, operator: Person
) -> None:
    wrong = access.Checked(operator.login, "", right=False)

    def guess(_number: int) -> object:
        with unit_of_work(console_engine) as session:
            return access.sign_in(session, wrong, NOW)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(guess, range(16))) == {None}

    with reading(console_engine) as session:
        staff = session.get_one(Staff, operator.id)
    assert staff.failed_attempts == access.FREE_FAILURES, "those behind the lock do not count"
    assert staff.locked_until == NOW + access.FIRST_LOCK


def test_old_sessions_are_swept_at_the_next_sign_in(
    console_engine: sa.Engine, operator: Person
) -> None:
    later = NOW + access.REMEMBERED
    for moment in (NOW, later):
        with unit_of_work(console_engine) as session:
            access.open_session(session, session.get_one(Staff, operator.id), moment)

    with reading(console_engine) as session:
        assert [row.created_at for row in session.exec(select(SignIn))] == [later]
