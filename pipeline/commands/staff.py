"""``otklik staff``: who may sign in. Passwords are never taken from the command line."""

import argparse
import getpass
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from models.vocabulary import Role
from pipeline.commands.parser import Commands, Parser, command

if TYPE_CHECKING:
    import sqlalchemy as sa

    from models.staff import Staff
    from pipeline.settings import Settings

EXAMPLES = """\
  otklik staff add ivanova --role operator   новый сотрудник; пароль спросят
  otklik staff add roads --role executor --body pecherskoe
                                             исполнитель: работает в одном из органов района
  otklik staff role ivanova approver         другая роль; действует сразу
  otklik staff role roads executor --body katynskoe
  otklik staff link ivanova                  ссылка на один вход, действует сутки
  otklik staff password ivanova              новый пароль
  otklik staff dismiss ivanova --by admin    закрыть доступ; сделанное остаётся
  otklik staff back ivanova                  открыть доступ снова
  otklik staff sign-out ivanova              завершить все входы
  otklik staff reset-factor ivanova          не спрашивать кода, пока не настроит снова
  otklik staff list

Роли: operator — оператор, executor — исполнитель, approver — согласующий, administrator —
администратор, observer — наблюдатель. Каждая перемена прав остаётся в журнале.
"""

ADMINISTRATOR = "admin"
LINK_LASTS = timedelta(days=1)


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands, "staff", "Сотрудники: добавить, дать ссылку или пароль", run, examples=EXAMPLES
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    acts.add_parser("list", help="показать всех")
    roles = [role.value for role in Role]
    for act, help_ in (
        ("add", "добавить сотрудника"),
        ("role", "сменить роль или орган"),
        ("link", "дать ссылку на один вход"),
        ("password", "задать пароль"),
        ("dismiss", "закрыть доступ и завершить все входы"),
        ("back", "открыть доступ снова"),
        ("sign-out", "завершить все входы, погасить ссылки"),
        ("reset-factor", "сбросить второй фактор"),
    ):
        one = acts.add_parser(act, help=help_)
        one.add_argument("login", metavar="ИМЯ", help="имя для входа")
        if act == "add":
            one.add_argument(
                "--role",
                choices=roles,
                default=Role.OPERATOR.value,
                help="роль (по умолчанию operator)",
            )
        if act == "role":
            one.add_argument("role", metavar="РОЛЬ", choices=roles, help=", ".join(roles))
        if act in {"add", "role"}:
            one.add_argument("--body", metavar="КОД", help="орган исполнителя, например pecherskoe")
        if act != "password":
            one.add_argument("--by", metavar="КТО", help="кто меняет права; попадёт в журнал")


def run(args: argparse.Namespace) -> int:
    """Carry out one act on the staff."""
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    settings = load_settings()
    with open_store(settings) as engine:
        if args.act == "list":
            _list(engine)
        elif args.act == "add":
            _add(args, engine, settings)
        elif args.act == "role":
            _change_role(args, engine, settings)
        elif args.act == "password":
            _set_password(args, engine)
        elif args.act == "link":
            _give_link(args, engine, settings)
        else:
            _change(args, engine)
    return 0


def _list(engine: "sa.Engine") -> None:
    from pipeline.commands.messages import out
    from pipeline.database import reading
    from pipeline.store.staff import all_staff

    with reading(engine) as session:
        for person in all_staff(session):
            out.print(f"{person.login}\t{_described(person)}", markup=False, soft_wrap=True)


def _add(args: argparse.Namespace, engine: "sa.Engine", settings: "Settings") -> None:
    from pipeline.commands.messages import now, out
    from pipeline.database import reading, unit_of_work
    from pipeline.desk import access, staffing
    from pipeline.region.load import load_region

    role, by = Role(args.role), _manager(engine, args.by)
    staffing.require_body(role, args.body, load_region(settings.region))
    with reading(engine) as session:
        staffing.require_new_login(session, args.login)
    hashed = access.hash_password(args.login, _ask_password(args.login))
    with unit_of_work(engine) as session:
        person = staffing.add_staff(session, args.login, role, now(), body=args.body, by=by)
        access.set_password(session, person, hashed)
    out.print(f"Добавлен {person.login} ({_described(person)}).", markup=False)


def _change_role(args: argparse.Namespace, engine: "sa.Engine", settings: "Settings") -> None:
    from pipeline.commands.messages import now, out
    from pipeline.database import unit_of_work
    from pipeline.desk import staffing
    from pipeline.region.load import load_region

    role, by = Role(args.role), _manager(engine, args.by)
    staffing.require_body(role, args.body, load_region(settings.region))
    with unit_of_work(engine) as session:
        person = staffing.set_role(session, args.login, role, now(), body=args.body, by=by)
    out.print(f"Теперь {person.login} — {_described(person)}.", markup=False)


def _set_password(args: argparse.Namespace, engine: "sa.Engine") -> None:
    from pipeline.commands.messages import out
    from pipeline.database import unit_of_work
    from pipeline.desk import access

    known = _known(engine, args.login)
    hashed = access.hash_password(known.login, _ask_password(known.login))
    with unit_of_work(engine) as session:
        access.set_password(session, session.merge(known), hashed)
    out.print("Пароль изменён.")


def _give_link(args: argparse.Namespace, engine: "sa.Engine", settings: "Settings") -> None:
    from pipeline.commands.messages import now, out
    from pipeline.database import unit_of_work
    from pipeline.desk import access

    known, by = _known(engine, args.login), _manager(engine, args.by)
    with unit_of_work(engine) as session:
        token = access.give_link(session, known.login, now(), LINK_LASTS, by=by)
    out.print(f"{settings.console_url()}/enter/{token}", soft_wrap=True)
    out.print("Ссылка на один вход, действует сутки.")


def _change(args: argparse.Namespace, engine: "sa.Engine") -> None:
    from pipeline.commands.messages import now, out
    from pipeline.database import unit_of_work
    from pipeline.desk import staffing

    change, said = {
        "dismiss": (staffing.dismiss, "Доступ закрыт, все входы завершены"),
        "back": (staffing.take_back, "Доступ открыт"),
        "sign-out": (staffing.sign_out_everywhere, "Все входы завершены, ссылки погашены"),
        "reset-factor": (staffing.reset_second_factor, "Второй фактор выключен"),
    }[args.act]
    known, by = _known(engine, args.login), _manager(engine, args.by)
    with unit_of_work(engine) as session:
        change(session, known.login, now(), by=by)
    out.print(f"{said}: {known.login}.", markup=False)


def _known(engine: "sa.Engine", login: str) -> "Staff":
    from pipeline.commands.messages import CommandError
    from pipeline.database import reading
    from pipeline.store.staff import find_staff

    with reading(engine) as session:
        known = find_staff(session, login)
    if known is None:
        raise CommandError(
            f"Сотрудника «{login}» нет. Список: otklik staff list; "
            f"добавить: otklik staff add {login}"
        )
    return known


def _manager(engine: "sa.Engine", login: str | None) -> str:
    """Return who changes rights; whoever types at the machine and gives no name is Otklik."""
    from pipeline.commands.acting import acting
    from pipeline.commands.messages import CommandError
    from pipeline.decisions.permissions import OTKLIK, Right, has

    actor = acting(engine, login) if login is not None else OTKLIK
    if not has(actor, Right.MANAGE_STAFF):
        raise CommandError(f"«{actor.login}» не может менять права: это делает администратор.")
    return actor.login


def _described(person: "Staff") -> str:
    state = "" if person.active else "доступ закрыт"
    factor = "второй фактор" if person.totp_secret else ""
    return ", ".join(filter(None, (person.role.russian, person.body, factor, state)))


def link_for_administrator(engine: "sa.Engine", now: datetime, lasts: timedelta) -> str:
    """Return a fresh one-time token for an administrator, who is made if there is none.

    It is for «admin» as long as that is one, else for the administrator who was added first.
    """
    from pipeline.database import unit_of_work
    from pipeline.desk import access, staffing
    from pipeline.store.staff import find_staff, lock_administrators

    with unit_of_work(engine) as session:
        known = lock_administrators(session)
        first = sorted(known, key=lambda one: (one.login != ADMINISTRATOR, one.id))
        if first:
            return access.make_entry_link(session, first[0], now, lasts)
        if find_staff(session, ADMINISTRATOR) is None:
            person = staffing.add_staff(session, ADMINISTRATOR, Role.ADMINISTRATOR, now)
        else:
            # Nobody is left to administer: whoever starts the program has the machine anyway.
            staffing.set_role(session, ADMINISTRATOR, Role.ADMINISTRATOR, now)
            person = staffing.take_back(session, ADMINISTRATOR, now)
        return access.make_entry_link(session, person, now, lasts)


def _ask_password(login: str) -> str:
    from pipeline.commands.messages import CommandError

    if not sys.stdin.isatty():
        # A pipe from a password manager; a command line would show it to the whole machine.
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass(f"Пароль для {login}: ")
    if getpass.getpass("Ещё раз: ") != password:
        raise CommandError("Пароли не совпали, ничего не изменено.")
    return password
