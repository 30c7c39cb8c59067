"""``otklik enter``: type in a call, a personal reception or a letter."""

import argparse
import sys
from uuid import uuid4

from pipeline.commands.parser import Commands, command

EXAMPLES = """\
  otklik enter --channel hotline --text "В Катыни на Лесной не горит фонарь"
  otklik enter --channel paper --number 17 --received 21.11.2026 --text - < pismo.txt
  otklik enter --channel reception --text "…" --place "Печерск, ул. Минская, д. 5" \\
      --received "21.11.2026 14:05" --topic roads --by ivanova

Письмо с номером, введённое ещё раз, не удвоится. Имя заявителя не указывайте.
"""

NOBODY = "cli"
"""Who enters where no login is given: whoever may run commands on this machine."""

LONGEST = 1_000_000
"""Bytes read from a pipe: more than any text that is taken can have."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "enter",
        "Ввести обращение вручную: горячая линия, личный приём, письмо",
        run,
        examples=EXAMPLES,
    )
    parser.add_argument(
        "--channel",
        required=True,
        choices=["hotline", "reception", "paper"],
        help="hotline — горячая линия, reception — личный приём, paper — письмо на бумаге",
    )
    parser.add_argument(
        "--text", required=True, metavar="ТЕКСТ", help="текст обращения; - читает его из ввода"
    )
    parser.add_argument("--place", metavar="МЕСТО", help="где это, одной строкой")
    parser.add_argument(
        "--received",
        dest="received_at",
        metavar="КОГДА",
        help="когда получено: 21.11.2026 или «21.11.2026 14:05» (по умолчанию сейчас)",
    )
    parser.add_argument(
        "--topic", metavar="КОД", help="код темы (по умолчанию её назовёт программа)"
    )
    parser.add_argument("--number", metavar="НОМЕР", help="номер документа")
    parser.add_argument(
        "--contact", metavar="КОНТАКТ", help="куда ответить: телефон, почта, адрес; без имени"
    )
    parser.add_argument("--by", metavar="ИМЯ", help="имя для входа сотрудника, который вводит")
    parser.add_argument(
        "--old", action="store_true", help="обращение и правда получено больше года назад"
    )
    parser.add_argument("--region", metavar="РАЙОН", help="папка района или имя поставляемого")


def run(args: argparse.Namespace) -> int:
    """Store one message and name its incident."""
    from zoneinfo import ZoneInfo

    from connectors.manual import EntryError, read_entry
    from pipeline.commands.messages import CommandError, now, out
    from pipeline.database import reading
    from pipeline.enter import enter
    from pipeline.region.load import load_region
    from pipeline.settings import load_settings
    from pipeline.store.staff import find_staff
    from pipeline.workplace import open_judge, open_store

    settings = load_settings()
    region = args.region or settings.region
    form = {name: value for name, value in vars(args).items() if isinstance(value, str)}
    if args.text == "-":
        form["text"] = _piped()
    moment = now()
    zone = ZoneInfo(load_region(region).time_zone)
    try:
        entry = read_entry({**form, "key": uuid4().hex}, now=moment, zone=zone, old=args.old)
        with open_store(settings) as engine:
            if args.by is not None:
                with reading(engine) as session:
                    if find_staff(session, args.by) is None:
                        raise CommandError(
                            f"Сотрудника «{args.by}» нет. Список: otklik staff list."
                        )
            judge = open_judge(settings, region=region)
            incident = enter(engine, judge, entry, by=args.by or NOBODY, now=moment)
    except EntryError as error:
        raise CommandError(f"Обращение не принято: {error}.") from None
    if incident is None:
        out.print("Сохранено; ответа не требует.")
    else:
        out.print(f"Инцидент {incident}.")
    return 0


def _piped() -> str:
    from pipeline.commands.messages import CommandError

    content = sys.stdin.buffer.read(LONGEST)
    if len(content) == LONGEST:
        raise CommandError("Текст со стандартного ввода слишком длинный. Сократите его.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError("Текст со стандартного ввода не в кодировке UTF-8.") from None
