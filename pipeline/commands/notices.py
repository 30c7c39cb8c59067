"""``otklik notices``: how people are told, what waits, what could not be sent."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from models.channel_words import ChannelKind, DeliveryState, Frequency
from pipeline.commands.parser import Commands, Parser, command

if TYPE_CHECKING:
    from sqlmodel import Session

    from pipeline.store.notices import Owned

EXAMPLES = """\
  otklik notices channels                        кому и как сообщают
  otklik notices add --staff ivanova --kind email --address ivanova@example.ru
  otklik notices add --staff ivanova --kind telegram --address 123456789 \\
      --secret telegram-notices --quiet 21:00-08:00 --urgent-at-once
  otklik notices add --body katynskoe --kind email --address katyn@example.ru \\
      --every daily --at 09:00
  otklik notices add --body katynskoe --kind webhook --address https://example.ru/otklik \\
      --secret hook-katyn --only assigned,overdue
  otklik notices test 3                          послать пробное уведомление по каналу № 3
  otklik notices remove 3
  otklik notices pending                         что ждёт отправки
  otklik notices parked                          что не удалось отправить и почему
  otklik notices retry 17 18                     послать отложенное; --all — всё

Как получить ключи ботов и что куда писать: docs/notices.md
"""

SHOWN = 50
"""Notices shown at once."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "notices",
        "Уведомления: каналы сотрудников, что ждёт, что застряло",
        run,
        examples=EXAMPLES,
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    acts.add_parser("channels", help="показать каналы")
    _describe_add(acts.add_parser("add", help="добавить канал или изменить канал с тем же адресом"))
    for act, help_ in (
        ("remove", "выключить канал"),
        ("test", "послать по каналу пробное уведомление"),
    ):
        one = acts.add_parser(act, help=help_)
        one.add_argument("channel", type=int, metavar="НОМЕР", help="номер канала")
    acts.add_parser("pending", help="что ждёт отправки")
    acts.add_parser("parked", help="что не удалось отправить и почему")
    retry = acts.add_parser("retry", help="послать отложенное ещё раз")
    retry.add_argument("ids", nargs="*", type=int, metavar="НОМЕР", help="номера из parked")
    retry.add_argument("--all", action="store_true", help="всё, что отложено")


def _describe_add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--staff", metavar="ИМЯ", help="чей: имя сотрудника для входа")
    parser.add_argument("--body", metavar="КОД", help="чей: код исполнителя из файла района")
    parser.add_argument(
        "--kind", required=True, choices=[kind.value for kind in ChannelKind], help="вид"
    )
    parser.add_argument(
        "--address", required=True, metavar="АДРЕС", help="почта, номер чата или адрес https://"
    )
    parser.add_argument(
        "--secret", default="", metavar="ИМЯ", help="имя секрета с ключом (сам ключ не пишите)"
    )
    parser.add_argument(
        "--only", default="", metavar="ПОВОДЫ", help="только эти поводы, через запятую"
    )
    parser.add_argument(
        "--every",
        choices=[one.value for one in Frequency],
        default=Frequency.AT_ONCE.value,
        help="сразу, сводкой раз в час или раз в день",
    )
    parser.add_argument("--at", default="", metavar="ЧЧ:ММ", help="время сводки раз в день")
    parser.add_argument(
        "--quiet", default="", metavar="ЧЧ:ММ-ЧЧ:ММ", help="часы тишины по местному времени"
    )
    parser.add_argument(
        "--urgent-at-once", action="store_true", help="срочное — сразу, в любое время"
    )
    parser.add_argument("--api", default="", metavar="АДРЕС", help="сервер вместо обычного")
    parser.add_argument("--proxy", default="", metavar="АДРЕС", help="прокси, http://узел:порт")
    parser.add_argument("--ca-file", default="", metavar="ФАЙЛ", help="свои сертификаты, PEM")
    parser.add_argument(
        "--private", action="store_true", help="адрес webhook — внутри своей сети, так задумано"
    )


def run(args: argparse.Namespace) -> int:
    """Carry out one act."""
    acts: dict[str, Callable[[argparse.Namespace], int]] = {
        "channels": _channels,
        "add": _add,
        "remove": _remove,
        "test": _test,
        "pending": _pending,
        "parked": _parked,
        "retry": _retry,
    }
    return acts[args.act](args)


def _channels(_args: argparse.Namespace) -> int:
    from pipeline.commands.messages import out
    from pipeline.database import reading
    from pipeline.settings import load_settings
    from pipeline.store.notices import channels
    from pipeline.workplace import open_store

    with open_store(load_settings()) as engine, reading(engine) as session:
        found = channels(session)
        for owned in found:
            out.print(_line(owned), markup=False, soft_wrap=True)
    if not found:
        out.print("Каналов нет: никому ничего не сообщается. Добавить: otklik notices add --help")
    return 0


def _line(owned: "Owned") -> str:
    """Return a channel in one line."""
    channel = owned.channel
    parts = [
        f"№ {channel.id}",
        _whose(owned),
        f"{channel.kind.russian} {channel.address or '(почта из файла района)'}",
        channel.frequency.russian + (f" в {channel.digest_at}" if channel.digest_at else ""),
    ]
    if channel.quiet_from:
        parts.append(f"тишина {channel.quiet_from}–{channel.quiet_to}")
    if channel.urgent_at_once:
        parts.append("срочное сразу")
    if channel.occasions:
        parts.append(f"только {', '.join(channel.occasions)}")
    if channel.secret:
        parts.append(f"секрет {channel.secret}")
    return "  ".join(parts)


def _whose(owned: "Owned") -> str:
    if owned.staff is None:
        return f"исполнитель {owned.channel.body}"
    return f"{owned.staff.login} ({owned.staff.role.russian})"


def _add(args: argparse.Namespace) -> int:
    from pipeline.commands.messages import CommandError, now, out
    from pipeline.database import unit_of_work
    from pipeline.decisions.channels import Wanted
    from pipeline.desk.channels import Owner, put_channel
    from pipeline.region.load import load_region
    from pipeline.settings import load_settings
    from pipeline.store.staff import find_staff
    from pipeline.workplace import open_store

    settings = load_settings()
    if bool(args.staff) == bool(args.body):
        raise CommandError("Скажите, чей канал: --staff ИМЯ или --body КОД, одно из двух.")
    quiet_from, dash, quiet_to = args.quiet.partition("-")
    if args.quiet and not dash:
        raise CommandError("Часы тишины пишите так: --quiet 21:00-08:00")
    wanted = Wanted(
        kind=ChannelKind(args.kind),
        address=args.address,
        secret=args.secret,
        occasions=tuple(word.strip() for word in args.only.split(",") if word.strip()),
        frequency=Frequency(args.every),
        digest_at=args.at,
        quiet_from=quiet_from,
        quiet_to=quiet_to,
        urgent_at_once=args.urgent_at_once,
        api=args.api,
        proxy=args.proxy,
        ca_file=args.ca_file,
        allow_private=args.private,
    )
    known = [body.code for body in load_region(settings.region).bodies]
    if args.body and args.body not in known:
        raise CommandError(f"Исполнителя «{args.body}» в районе нет. Есть: {', '.join(known)}.")
    with open_store(settings) as engine, unit_of_work(engine) as session:
        owner = Owner(body=args.body or "")
        if args.staff:
            person = find_staff(session, args.staff)
            if person is None or not person.active:
                raise CommandError(f"Сотрудника «{args.staff}» нет. Список: otklik staff list")
            owner = Owner(staff_id=person.id)
        number = put_channel(session, owner, wanted, now=now())
    out.print(f"Канал № {number}. Проверить: otklik notices test {number}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    from pipeline.commands.messages import now, out
    from pipeline.database import unit_of_work
    from pipeline.desk.channels import switch_off
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    with open_store(load_settings()) as engine, unit_of_work(engine) as session:
        dropped = switch_off(session, args.channel, now=now())
    out.print(f"Канал № {args.channel} выключен; не будет послано из очереди: {dropped}.")
    return 0


def _test(args: argparse.Namespace) -> int:
    import asyncio

    from pipeline.commands.messages import CommandError, now, out
    from pipeline.database import reading
    from pipeline.desk.deliveries import address_of
    from pipeline.notifiers import send_test
    from pipeline.region.load import load_region
    from pipeline.settings import load_settings
    from pipeline.store.notices import find_channel
    from pipeline.workplace import open_store

    settings = load_settings()
    with open_store(settings) as engine, reading(engine) as session:
        owned = find_channel(session, args.channel)
        if owned is None:
            raise CommandError(f"Канала № {args.channel} нет. Список: otklik notices channels")
        address = address_of(owned.channel)
    asyncio.run(send_test(settings, load_region(settings.region), address, clock=now))
    out.print(f"Пробное уведомление по каналу № {args.channel} отправлено.")
    return 0


def _pending(_args: argparse.Namespace) -> int:
    from datetime import timedelta

    from pipeline.commands.messages import now, out
    from pipeline.database import reading
    from pipeline.settings import load_settings
    from pipeline.store.notices import OPEN, unheard
    from pipeline.workplace import open_store

    with open_store(load_settings()) as engine, reading(engine) as session:
        _print_list(session, OPEN)
        alone = unheard(session, now() - timedelta(days=7), SHOWN)
    if alone:
        words = sorted({one.occasion.russian for one in alone})
        out.print(
            f"За неделю некому было сообщить: {len(alone)} ({', '.join(words)}). Добавьте каналы "
            "тем, кого это касается.",
            soft_wrap=True,
        )
    return 0


def _parked(_args: argparse.Namespace) -> int:
    from pipeline.database import reading
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    with open_store(load_settings()) as engine, reading(engine) as session:
        return 1 if _print_list(session, (DeliveryState.PARKED,)) else 0


def _print_list(session: "Session", states: tuple[DeliveryState, ...]) -> int:
    """Print deliveries in these states; return how many."""
    from zoneinfo import ZoneInfo

    from pipeline.commands.messages import out
    from pipeline.region.load import load_region
    from pipeline.settings import load_settings
    from pipeline.store.notices import listed

    zone = ZoneInfo(load_region(load_settings().region).time_zone)
    found = listed(session, states, SHOWN + 1)
    for one, owned in found[:SHOWN]:
        delivery, notice = one.delivery, one.notice
        about = f"№ {notice.incident_id}" if notice.incident_id else ""
        why = f"\n      {delivery.error}" if delivery.error else ""
        out.print(
            f"{delivery.id:>6}  {delivery.due_at.astimezone(zone):%d.%m.%Y %H:%M}  "
            f"{notice.occasion.russian} {about}  → {_whose(owned)}, {owned.channel.kind.russian} "
            f"(канал № {owned.channel.id}), {delivery.state.russian}{why}",
            markup=False,
            soft_wrap=True,
        )
    if len(found) > SHOWN:
        out.print("Показаны не все.")
    if not found:
        out.print("Ничего нет.")
    return len(found)


def _retry(args: argparse.Namespace) -> int:
    from pipeline.commands.messages import CommandError, now, out
    from pipeline.database import unit_of_work
    from pipeline.desk.deliveries import retry
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    if bool(args.ids) == args.all:
        raise CommandError("Назовите номера из otklik notices parked или --all, одно из двух.")
    with open_store(load_settings()) as engine, unit_of_work(engine) as session:
        sent = retry(session, None if args.all else args.ids, now=now())
    out.print(f"Снова в очереди: {sent}.")
    return 0 if sent or args.all else 1
