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

EXAMPLES = """\
  otklik staff add ivanova --role operator   новый сотрудник; пароль спросят
  otklik staff link ivanova                  ссылка на один вход, действует сутки
  otklik staff password ivanova              новый пароль
  otklik staff list
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
    for act, help_ in (
        ("add", "добавить сотрудника"),
        ("link", "дать ссылку на один вход"),
        ("password", "задать пароль"),
    ):
        one = acts.add_parser(act, help=help_)
        one.add_argument("login", metavar="ИМЯ", help="имя для входа")
        if act == "add":
            one.add_argument(
                "--role",
                choices=[role.value for role in Role],
                default=Role.OPERATOR.value,
                help="роль (по умолчанию operator)",
            )


def run(args: argparse.Namespace) -> int:
    """Carry out one act on the staff."""
    from pipeline.commands.messages import CommandError, now, out
    from pipeline.database import reading, unit_of_work
    from pipeline.desk import access
    from pipeline.settings import load_settings
    from pipeline.store.staff import all_staff, find_staff
    from pipeline.workplace import open_store

    settings = load_settings()
    with open_store(settings) as engine:
        if args.act == "list":
            with reading(engine) as session:
                for person in all_staff(session):
                    out.print(f"{person.login}\t{person.role.russian}")
            return 0
        if args.act == "add":
            with reading(engine) as session:
                access.require_new_login(session, args.login)
            hashed = access.hash_password(args.login, _ask_password(args.login))
            with unit_of_work(engine) as session:
                person = access.add_staff(session, args.login, Role(args.role), now())
                access.set_password(session, person, hashed)
            out.print(f"Добавлен {person.login} ({person.role.russian}).")
            return 0
        with reading(engine) as session:
            known = find_staff(session, args.login)
        if known is None:
            raise CommandError(
                f"Сотрудника «{args.login}» нет. Список: otklik staff list; "
                f"добавить: otklik staff add {args.login}"
            )
        if args.act == "password":
            hashed = access.hash_password(known.login, _ask_password(known.login))
            with unit_of_work(engine) as session:
                access.set_password(session, session.merge(known), hashed)
            out.print("Пароль изменён.")
            return 0
        with unit_of_work(engine) as session:
            token = access.make_entry_link(session, known, now(), LINK_LASTS)
        out.print(f"{settings.console_url()}/enter/{token}", soft_wrap=True)
        out.print("Ссылка на один вход, действует сутки.")
        return 0


def link_for_administrator(engine: "sa.Engine", now: datetime, lasts: timedelta) -> str:
    """Return a fresh one-time token for the administrator, who is made if there is none."""
    from pipeline.database import unit_of_work
    from pipeline.desk import access
    from pipeline.store.staff import find_staff

    with unit_of_work(engine) as session:
        person = find_staff(session, ADMINISTRATOR)
        if person is None:
            person = access.add_staff(session, ADMINISTRATOR, Role.ADMINISTRATOR, now)
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
