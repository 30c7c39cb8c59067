"""``otklik clock``: when an answer is due by the municipality's working time, and why then."""

import argparse
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from pipeline.commands.parser import Commands, Parser, command

if TYPE_CHECKING:
    from pipeline.decisions.clock_explain import Line
    from pipeline.decisions.deadlines import Unit
    from pipeline.decisions.worktime import WorkCalendar
    from pipeline.region.schema import Region

EXAMPLES = """\
  otklik clock add "20.11.2026 16:00" 8ч         когда пройдут 8 рабочих часов
  otklik clock add сейчас 1ч30м                  часы и минуты рабочего времени
  otklik clock add "20.11.2026 16:00" 3рд        3 рабочих дня
  otklik clock add "20.11.2026 16:00" 12д        12 календарных дней
  otklik clock between "20.11.2026 16:00" "24.11.2026 11:00"
  otklik clock between --ticks "20.11.2026 16:00:30" "24.11.2026 11:00"
  otklik clock explain "20.11.2026 16:00" 8ч     почему именно тогда: строка на каждый день
  otklik clock explain "20.11.2026 16:00" "24.11.2026 11:00"

Момент — «ДД.ММ.ГГГГ ЧЧ:ММ» или «ДД.ММ.ГГГГ ЧЧ:ММ:СС» по часам района, «ГГГГ-ММ-ДДTЧЧ:ММ»,
со смещением или без него («2026-11-20T16:00+03:00»), или слово «сейчас».
Срок — 8ч, 90м, 1ч30м (рабочее время), 3рд (рабочие дни), 12д (календарные дни).
"""

RUSSIAN_MOMENT = re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{4} [0-9]{2}:[0-9]{2}(:[0-9]{2})?")
ISO_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
WORKING = re.compile(r"(?:([0-9]{1,6})\s*ч)?\s*(?:([0-9]{1,8})\s*м(?:ин)?)?")
DAYS = re.compile(r"([0-9]{1,6})\s*(р?)д")
WEEKDAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")


class Norm(NamedTuple):
    """An amount of time: ``working`` time, or ``amount`` days of the other two units."""

    unit: "Unit"
    amount: int = 0
    working: timedelta = timedelta(0)


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "clock",
        "Рабочее время: когда истекает срок, сколько прошло и почему",
        run,
        examples=EXAMPLES,
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    for act, help_, second in (
        ("add", "прибавить срок к моменту", "СРОК"),
        ("between", "сколько рабочего времени между моментами", "МОМЕНТ"),
        ("explain", "то же по дням: что посчитано и почему", "СРОК|МОМЕНТ"),
    ):
        one = acts.add_parser(act, help=help_)
        one.add_argument("start", metavar="МОМЕНТ", help="от какого момента")
        one.add_argument("until", metavar=second, help="8ч, 90м, 3рд, 12д или момент")
        one.add_argument("--region", metavar="РАЙОН", help="папка района или имя поставляемого")
        if act != "add":
            one.add_argument(
                "--ticks",
                action="store_true",
                help="минуты между моментами так, как считает «Инцидент Менеджмент»",
            )


def run(args: argparse.Namespace) -> int:
    """Carry out one act."""
    from pipeline.commands.messages import CommandError
    from pipeline.decisions.worktime import CalendarError
    from pipeline.region.load import load_region
    from pipeline.rules import calendar_of
    from pipeline.settings import load_settings

    region = load_region(args.region or load_settings().region)
    try:
        calendar = calendar_of(region)
        start = parse_moment(args.start, calendar.time_zone)
        if args.act == "add":
            _add(calendar, start, parse_norm(args.until))
        elif args.act == "between":
            _between(calendar, start, parse_moment(args.until, calendar.time_zone), args.ticks)
        else:
            _explain(region, calendar, start, args)
    except CalendarError as error:
        raise CommandError(str(error)) from None
    return 0


def parse_moment(text: str, time_zone: str) -> datetime:
    """Return (in UTC) a moment as a person types it, by the wall clock of ``time_zone``.

    Of an hour that the clock shows twice the first is taken, and the person is told. Raises
    CommandError for what is no moment and for an hour that the clock skipped.
    """
    from pipeline.commands.messages import CommandError, now
    from pipeline.decisions.worktime import FIRST_YEAR, LAST_YEAR

    text = text.strip()
    if text.casefold() == "сейчас":
        return now().replace(microsecond=0)
    try:
        if RUSSIAN_MOMENT.fullmatch(text):
            shape = "%d.%m.%Y %H:%M" + (":%S" if text.count(":") > 1 else "")
            moment = datetime.strptime(text, shape)  # noqa: DTZ007 - the zone is put on below
        elif ISO_MOMENT.fullmatch(text):
            moment = datetime.fromisoformat(text)
        else:
            raise CommandError(
                f"«{text[:40]}» — не момент. Пишите день и время, в кавычках: "
                '"20.11.2026 16:00"; или: сейчас'
            )
    except ValueError:
        raise CommandError(
            f"Момента «{text[:40]}» нет: проверьте число, месяц, часы и минуты."
        ) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise CommandError(
            f"Рабочее время считается с {FIRST_YEAR} по {LAST_YEAR} год, а указан {moment.year}."
        )
    if moment.tzinfo is None:
        moment = _on_the_wall(moment, time_zone)
    return moment.astimezone(UTC)


def _on_the_wall(wall: datetime, time_zone: str) -> datetime:
    from pipeline.commands.messages import CommandError, err

    moment = wall.replace(tzinfo=ZoneInfo(time_zone))
    if moment.astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None) != wall:
        raise CommandError(
            f"Времени {wall:%d.%m.%Y %H:%M} в этом поясе не было: часы перевели вперёд. "
            "Укажите час до перевода или после него."
        )
    second = moment.replace(fold=1)
    if second.utcoffset() != moment.utcoffset():
        err.print(
            f"{wall:%d.%m.%Y %H:%M} было дважды: часы перевели назад. Взят первый раз; второй — "
            f"{second.isoformat(timespec='minutes')}",
            soft_wrap=True,
            markup=False,
        )
    return moment


def parse_norm(text: str) -> Norm:
    """Read 8ч, 90м, 1ч30м, 3рд or 12д. Raises CommandError."""
    from pipeline.commands.messages import CommandError

    given = text.strip().casefold()
    if match := DAYS.fullmatch(given):
        norm = Norm("working_days" if match[2] else "calendar_days", int(match[1]))
    elif given and (match := WORKING.fullmatch(given)):
        hours, minutes = (int(number or 0) for number in match.groups())
        norm = Norm("working_hours", working=timedelta(hours=hours, minutes=minutes))
    else:
        raise CommandError(
            f"«{text[:40]}» — не срок. Пишите слитно: 8ч, 90м, 1ч30м — рабочее время; "
            "3рд — рабочие дни; 12д — календарные дни."
        )
    if not norm.amount and not norm.working:
        raise CommandError("Срок равен нулю. Укажите не меньше минуты или дня.")
    return norm


def _due(calendar: "WorkCalendar", start: datetime, norm: Norm) -> datetime:
    if norm.unit == "working_days":
        return calendar.add_working_days(start, norm.amount)
    if norm.unit == "calendar_days":
        return calendar.add_calendar_days(start, norm.amount)
    return calendar.add(start, norm.working)


def _add(calendar: "WorkCalendar", start: datetime, norm: Norm) -> None:
    _print(_moment(_due(calendar, start, norm), calendar.time_zone))


def _between(calendar: "WorkCalendar", start: datetime, end: datetime, ticks: bool) -> None:  # noqa: FBT001 - as argparse gives it
    from pipeline.decisions.clock_explain import spell

    if ticks:
        text = f"{calendar.im_ticks(start, end)} мин по счёту «Инцидент Менеджмента»"
    else:
        text = spell(calendar.between(start, end))
    _print(text + " (конец раньше начала)" * (end < start))


def _explain(
    region: "Region", calendar: "WorkCalendar", start: datetime, args: argparse.Namespace
) -> None:
    from pipeline.commands.messages import CommandError
    from pipeline.decisions import clock_explain
    from pipeline.decisions.deadlines import norm as say_norm

    zone = calendar.time_zone
    until = args.until.strip()
    # What has a colon is a clock's time: no norm has one.
    if ":" in until or until.casefold() == "сейчас":
        end = parse_moment(until, zone)
        lines = clock_explain.explain_between(calendar, start, end, ticks=args.ticks)
        total = sum((line.counted for line in lines), start=timedelta(0))
        counted_as = "минуты «Инцидент Менеджмента»" if args.ticks else "рабочее время"
        head = f"Считаем: {counted_as} до {_moment(end, zone)}"
        foot = f"Итого: {clock_explain.spell(total)}"
        foot += f" ({total // timedelta(minutes=1)} мин)" if args.ticks else ""
    else:
        norm = parse_norm(until)
        if args.ticks:
            raise CommandError(
                "--ticks считает минуты между двумя моментами. Укажите вместо срока второй момент."
            )
        foot = f"Срок:    {_moment(_due(calendar, start, norm), zone)}"
        if norm.unit == "working_days":
            lines = clock_explain.explain_working_days(calendar, start, norm.amount)
            head = f"Норма:   {say_norm(norm.amount, norm.unit)}"
        elif norm.unit == "calendar_days":
            lines = clock_explain.explain_calendar_days(calendar, start, norm.amount)
            head = f"Норма:   {say_norm(norm.amount, norm.unit)}"
        else:
            lines = clock_explain.explain(calendar, start, norm.working)
            head = f"Норма:   {clock_explain.spell(norm.working)} рабочего времени"
    _print(f"Район:   {region.name}, время {zone}, календарь {calendar.version}")
    _print(f"Начало:  {_moment(start, zone)}")
    _print(f"{head}\n")
    print_lines(lines)
    _print(f"\n{foot}")


def print_lines(lines: "list[Line]") -> None:
    """Print one line a day in columns that fit the widest of each."""
    from pipeline.decisions.clock_explain import say_amount, say_hours

    rows = [
        (
            f"{line.day:%d.%m.%Y} {WEEKDAYS[line.day.weekday()]}",
            say_hours(line.hours),
            say_amount(line.counted, days=line.in_days),
            say_amount(line.left, days=line.in_days),
            line.why,
        )
        for line in lines
    ]
    rows.insert(0, ("день", "часы работы", "засчитано", "осталось", "почему"))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        _print("  ".join([*cells, row[4]]).rstrip())


def _moment(moment: datetime, time_zone: str) -> str:
    """Write «24.11.2026 11:00, вт», with seconds where there are any."""
    local = moment.astimezone(ZoneInfo(time_zone))
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return f"{local:%d.%m.%Y} {clock}, {WEEKDAYS[local.weekday()]}"


def _print(text: str) -> None:
    from pipeline.commands.messages import out

    out.print(text, soft_wrap=True, markup=False)
