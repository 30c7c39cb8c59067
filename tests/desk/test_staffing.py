"""People come and go: who may be dismissed, what ends with it, what the journal keeps."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from console.builders import NOW
from sqlmodel import Session, col, select

from models.journal import JournalEntry
from models.staff import Staff
from models.vocabulary import Role
from pipeline.database import reading, unit_of_work
from pipeline.desk import access, staffing
from pipeline.store import staff as store

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _people(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        staffing.add_staff(session, "admin", Role.ADMINISTRATOR, NOW)
        staffing.add_staff(session, "ivanova", Role.OPERATOR, NOW)


def find(session: Session, login: str) -> Staff:
    found = store.find_staff(session, login)
    assert found is not None
    return found


def last_entry(engine: sa.Engine) -> JournalEntry:
    with reading(engine) as session:
        return session.exec(select(JournalEntry).order_by(col(JournalEntry.id).desc())).all()[0]


def test_who_is_dismissed_is_out_at_once_and_no_link_lets_them_back(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        ivanova = find(session, "ivanova")
        cookie = access.open_session(session, ivanova, NOW)
        link = access.make_entry_link(session, ivanova, NOW, HOUR)

    with unit_of_work(engine) as session:
        staffing.dismiss(session, "Ivanova", NOW, by="admin")

    entry = last_entry(engine)
    assert (entry.actor, entry.before) == ("admin", {"active": True})
    assert entry.after == {"login": "ivanova", "active": False}
    with unit_of_work(engine) as session:
        staffing.take_back(session, "ivanova", NOW, by="admin")
    with unit_of_work(engine) as session:
        assert access.staff_of(session, cookie, NOW) is None, "the session stays ended"
        assert access.use_entry_link(session, link, NOW) is None, "and the link void"
    assert last_entry(engine).after == {"login": "ivanova", "active": True}


def test_nobody_dismisses_themselves(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        staffing.add_staff(session, "second", Role.ADMINISTRATOR, NOW)
    with (
        unit_of_work(engine) as session,
        pytest.raises(staffing.AccessError, match="самому себе"),
    ):
        staffing.dismiss(session, "second", NOW, by="second")


def test_the_last_administrator_is_not_dismissed_by_the_machine_either(engine: sa.Engine) -> None:
    with (
        unit_of_work(engine) as session,
        pytest.raises(staffing.AccessError, match="единственный администратор"),
    ):
        staffing.dismiss(session, "admin", NOW)


@pytest.mark.parametrize("change", [staffing.dismiss, staffing.take_back])
def test_what_is_so_already_is_not_noted_again(
    engine: sa.Engine, change: Callable[..., Staff]
) -> None:
    with unit_of_work(engine) as session:
        change(session, "ivanova", NOW)
    before = last_entry(engine).id
    with unit_of_work(engine) as session:
        change(session, "ivanova", NOW)
    assert last_entry(engine).id == before


def test_a_link_is_given_to_who_works_here_and_the_journal_knows_by_whom(
    engine: sa.Engine,
) -> None:
    with unit_of_work(engine) as session:
        token = access.give_link(session, "ivanova", NOW, HOUR, by="admin")
    entry = last_entry(engine)
    assert (entry.actor, entry.after) == ("admin", {"login": "ivanova", "link_given": True})
    assert token not in repr(entry)

    with unit_of_work(engine) as session:
        staffing.dismiss(session, "ivanova", NOW, by="admin")
    with unit_of_work(engine) as session, pytest.raises(staffing.AccessError, match="закрыт"):
        access.give_link(session, "ivanova", NOW, HOUR, by="admin")


def test_signing_out_everywhere_ends_all_sessions_and_keeps_when_they_began(
    engine: sa.Engine,
) -> None:
    with unit_of_work(engine) as session:
        ivanova, admin = find(session, "ivanova"), find(session, "admin")
        hers = [access.open_session(session, ivanova, NOW + n * HOUR) for n in range(2)]
        his = access.open_session(session, admin, NOW)
    with unit_of_work(engine) as session:
        staffing.sign_out_everywhere(session, "ivanova", NOW + HOUR, by="admin")

    with reading(engine) as session:
        assert [access.staff_of(session, one, NOW + HOUR) for one in hers] == [None, None]
        assert access.staff_of(session, his, NOW + HOUR) is not None
        assert store.last_sign_ins(session)[ivanova.id or 0] == NOW + HOUR


def test_a_person_ends_their_own_sessions_only(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        ivanova, admin = find(session, "ivanova"), find(session, "admin")
        mine = access.open_session(session, ivanova, NOW)
        other = access.open_session(session, ivanova, NOW)
        foreign = access.open_session(session, admin, NOW)
    with unit_of_work(engine) as session:
        for visit in (access.staff_of(session, one, NOW) for one in (other, foreign)):
            assert visit is not None
            access.end_session(session, ivanova, visit.sign_in.id or 0)

    with reading(engine) as session:
        found = [access.staff_of(session, one, NOW) is not None for one in (mine, other, foreign)]
        assert found == [True, False, True]
        assert len(store.open_sign_ins(session, ivanova.id or 0, NOW)) == 1


def test_sign_ins_are_forgotten_after_ninety_days(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        access.open_session(session, find(session, "ivanova"), NOW)
    with unit_of_work(engine) as session:
        access.open_session(session, find(session, "admin"), NOW + timedelta(days=90))
    with reading(engine) as session:
        assert list(store.last_sign_ins(session)) == [find(session, "admin").id]
