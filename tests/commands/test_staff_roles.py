"""Roles of the staff, typed: who may be what, and what the journal keeps of it."""

import io
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from console.builders import NOW, make_region
from sqlmodel import col, select

from models.journal import JournalEntry
from models.staff import Staff
from models.vocabulary import MACHINE, Act, Role
from pipeline.cli import main
from pipeline.commands.staff import link_for_administrator
from pipeline.database import reading, unit_of_work
from pipeline.desk import access, staffing
from pipeline.store.staff import find_staff


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OTKLIK_DATABASE_URL", database_url)
    monkeypatch.setattr(sys, "stdin", io.StringIO("семь раз отмерь\n"))


def person(engine: sa.Engine, login: str) -> Staff:
    with reading(engine) as session:
        found = find_staff(session, login)
    assert found is not None
    return found


def entries(engine: sa.Engine) -> list[JournalEntry]:
    with reading(engine) as session:
        query = select(JournalEntry).order_by(col(JournalEntry.id))
        return list(session.exec(query).all())


def add(engine: sa.Engine, login: str, role: Role, body: str | None = None) -> None:
    with unit_of_work(engine) as session:
        staffing.add_staff(session, login, role, NOW, body=body)


def test_an_executor_is_added_with_their_body(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["staff", "add", "Roads", "--role", "executor", "--body", "pecherskoe"]) == 0

    added = person(engine, "roads")
    assert (added.role, added.body) == (Role.EXECUTOR, "pecherskoe")
    assert "Добавлен roads (исполнитель, pecherskoe)." in capsys.readouterr().out
    (entry,) = entries(engine)
    assert (entry.act, entry.actor, entry.incident_id) == (Act.STAFF_CHANGED, MACHINE, None)
    assert entry.after == {"login": "roads", "role": "executor", "body": "pecherskoe"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--role", "executor"], "Исполнитель работает в одном из органов"),
        (["--role", "executor", "--body", "mars"], "Органа «mars» в районе нет"),
        (["--role", "operator", "--body", "pecherskoe"], "Орган бывает только у исполнителя"),
        (["--role", "observer", "--by", "nobody"], "«nobody» нет"),
    ],
)
def test_a_role_and_a_body_that_do_not_fit_are_refused(
    engine: sa.Engine, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["staff", "add", "roads", *words]) == 1
    assert message in capsys.readouterr().err
    assert entries(engine) == []


def test_a_role_is_changed_and_the_change_is_kept(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    add(engine, "admin", Role.ADMINISTRATOR)
    add(engine, "ivanova", Role.OPERATOR)

    words = ["staff", "role", "Ivanova", "executor", "--body", "katynskoe", "--by", "admin"]
    assert main(words) == 0
    assert main(words) == 0, "said twice"
    assert main(["staff", "role", "ivanova", "approver"]) == 0

    changed = person(engine, "ivanova")
    assert (changed.role, changed.body) == (Role.APPROVER, None)
    assert "Теперь ivanova — согласующий." in capsys.readouterr().out
    first, second = entries(engine)[2:]
    assert (first.actor, first.before) == ("admin", {"role": "operator", "body": None})
    assert first.after == {"login": "ivanova", "role": "executor", "body": "katynskoe"}
    assert (second.actor, second.after["role"]) == (MACHINE, "approver")


def test_only_who_manages_the_staff_changes_roles(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    add(engine, "ivanova", Role.OPERATOR)
    assert main(["staff", "role", "ivanova", "administrator", "--by", "ivanova"]) == 1
    assert "не может менять права" in capsys.readouterr().err
    assert person(engine, "ivanova").role is Role.OPERATOR


def test_the_last_administrator_stays(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    add(engine, "admin", Role.ADMINISTRATOR)
    assert main(["staff", "role", "admin", "observer"]) == 1
    assert "единственный администратор" in capsys.readouterr().err
    assert person(engine, "admin").role is Role.ADMINISTRATOR

    add(engine, "second", Role.ADMINISTRATOR)
    assert main(["staff", "role", "admin", "observer"]) == 0


def test_a_dismissed_administrator_does_not_count(engine: sa.Engine) -> None:
    add(engine, "admin", Role.ADMINISTRATOR)
    add(engine, "second", Role.ADMINISTRATOR)
    with unit_of_work(engine) as session:
        session.get_one(Staff, person(engine, "second").id).active = False

    assert main(["staff", "role", "admin", "observer"]) == 1


def test_two_administrators_do_not_dismiss_each_other_at_once(engine: sa.Engine) -> None:
    for login in ("first", "second"):
        add(engine, login, Role.ADMINISTRATOR)
    together = threading.Barrier(2)

    def dismiss(login: str) -> bool:
        together.wait(10)
        try:
            with unit_of_work(engine) as session:
                staffing.set_role(session, login, Role.OBSERVER, NOW)
        except staffing.AccessError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(dismiss, ["first", "second"])) == [False, True]


def test_an_unknown_person_has_no_role(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["staff", "role", "nobody", "observer"]) == 1
    assert "Сотрудника «nobody» нет" in capsys.readouterr().err


def test_the_list_shows_role_and_body(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    add(engine, "roads", Role.EXECUTOR, "pecherskoe")
    add(engine, "watcher", Role.OBSERVER)
    assert main(["staff", "list"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["roads", "исполнитель,", "pecherskoe"],
        ["watcher", "наблюдатель"],
    ]


@pytest.mark.parametrize("role", list(Role))
def test_a_body_of_the_region_is_for_executors_alone(role: Role) -> None:
    region = make_region()
    if role is Role.EXECUTOR:
        staffing.require_body(role, "roads", region)
        with pytest.raises(staffing.AccessError):
            staffing.require_body(role, None, region)
        return
    staffing.require_body(role, None, region)
    with pytest.raises(staffing.AccessError):
        staffing.require_body(role, "roads", region)


def test_access_is_shut_and_opened_from_the_machine(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    add(engine, "admin", Role.ADMINISTRATOR)
    add(engine, "ivanova", Role.OPERATOR)
    with unit_of_work(engine) as session:
        cookie = access.open_session(session, person(engine, "ivanova"), NOW)

    assert main(["staff", "dismiss", "Ivanova", "--by", "admin"]) == 0
    assert main(["staff", "list"]) == 0
    told = capsys.readouterr().out
    assert "Доступ закрыт, все входы завершены: ivanova." in told
    assert "оператор, доступ закрыт" in told
    with reading(engine) as session:
        assert access.staff_of(session, cookie, NOW) is None

    assert main(["staff", "link", "ivanova"]) == 1
    assert "ссылка никого не впустит" in capsys.readouterr().err
    assert main(["staff", "back", "ivanova"]) == 0
    assert person(engine, "ivanova").active
    assert [(one.actor, one.after.get("active")) for one in entries(engine)[2:]] == [
        ("admin", False),
        (MACHINE, True),
    ]


def test_the_last_administrator_is_not_dismissed(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    add(engine, "admin", Role.ADMINISTRATOR)
    assert main(["staff", "dismiss", "admin"]) == 1
    assert "единственный администратор" in capsys.readouterr().err


def test_a_lost_telephone_is_forgotten_at_the_machine(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    add(engine, "admin", Role.ADMINISTRATOR)
    with unit_of_work(engine) as session:
        session.get_one(Staff, person(engine, "admin").id).totp_secret = "sealed"  # noqa: S105
    assert main(["staff", "list"]) == 0
    assert "администратор, второй фактор" in capsys.readouterr().out
    assert main(["staff", "reset-factor", "admin"]) == 0
    assert person(engine, "admin").totp_secret == ""
    assert main(["staff", "sign-out", "admin"]) == 0


def test_a_link_given_at_the_machine_is_journalled(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    add(engine, "ivanova", Role.OPERATOR)
    assert main(["staff", "link", "ivanova"]) == 0
    assert "/enter/" in capsys.readouterr().out
    assert entries(engine)[-1].after == {"login": "ivanova", "link_given": True}


def entered(engine: sa.Engine) -> Staff:
    """Return who the link that is printed at the start signs in."""
    token = link_for_administrator(engine, NOW, timedelta(hours=1))
    with unit_of_work(engine) as session:
        cookie = access.use_entry_link(session, token, NOW)
    assert isinstance(cookie, str)
    with reading(engine) as session:
        visit = access.staff_of(session, cookie, NOW)
    assert visit is not None
    return visit.staff


def test_the_first_start_makes_the_administrator_and_later_ones_find_them(
    engine: sa.Engine,
) -> None:
    first, second = entered(engine), entered(engine)
    assert (first.login, first.role, first.id) == ("admin", Role.ADMINISTRATOR, second.id)


def test_the_link_is_for_somebody_who_still_administers(engine: sa.Engine) -> None:
    for login in ("admin", "second", "third"):
        add(engine, login, Role.ADMINISTRATOR)
    with unit_of_work(engine) as session:
        staffing.dismiss(session, "admin", NOW)
    assert entered(engine).login == "second"
    with unit_of_work(engine) as session:
        staffing.set_role(session, "second", Role.OBSERVER, NOW)
    assert entered(engine).login == "third"


def test_where_nobody_administers_the_first_one_does_again(engine: sa.Engine) -> None:
    add(engine, "admin", Role.ADMINISTRATOR)
    with unit_of_work(engine) as session:
        session.get_one(Staff, person(engine, "admin").id).active = False
    assert entered(engine).role is Role.ADMINISTRATOR
