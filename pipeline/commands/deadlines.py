"""``otklik deadlines``: what a changed norm or calendar does to open incidents, and doing it."""

import argparse
import sys
from typing import TYPE_CHECKING

from pipeline.commands.parser import Commands, Parser, command

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.recompute import Preview
    from pipeline.region.schema import Region
    from pipeline.rules import Rules

EXAMPLES = """\
  otklik deadlines status                               все ли сроки посчитаны по нынешним правилам
  otklik deadlines preview                              что изменится у открытых инцидентов
  otklik deadlines preview --region /etc/otklik/new     то же по папке, которая ещё не включена
  otklik deadlines apply                                пересчитать; сначала покажет и спросит
  otklik deadlines apply --yes --by admin               не спрашивая, от имени сотрудника
"""

NORMS = 30
"""Pairs of norms that are shown, the most frequent first."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "deadlines",
        "Сроки открытых инцидентов: проверить и пересчитать",
        run,
        examples=EXAMPLES,
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    for act, help_ in (
        ("status", "сколько сроков посчитано по прежнему календарю или нормативу"),
        ("preview", "показать, что изменит пересчёт; ничего не записывает"),
        ("apply", "пересчитать сроки открытых инцидентов"),
    ):
        one = acts.add_parser(act, help=help_)
        if act == "apply":
            one.add_argument("--yes", action="store_true", help="не спрашивать")
            one.add_argument(
                "--by", metavar="ИМЯ", default="admin", help="кто пересчитывает (admin)"
            )
        one.add_argument(
            "--region", metavar="РАЙОН", help="папка или имя района; по умолчанию свой"
        )


def run(args: argparse.Namespace) -> int:
    """Carry out one act."""
    from pipeline.commands.messages import CommandError
    from pipeline.decisions.worktime import CalendarError
    from pipeline.region.load import load_region
    from pipeline.rules import Rules
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    settings = load_settings()
    region = load_region(args.region or settings.region)
    try:
        rules = Rules.of(region)
        with open_store(settings) as engine:
            if args.act == "status":
                _status(engine, rules)
            elif args.act == "preview":
                _preview(engine, rules)
            else:
                return _apply(engine, rules, args)
    except CalendarError as error:
        raise CommandError(f"Сроки не пересчитать: {error}") from None
    return 0


def _status(engine: "sa.Engine", rules: "Rules") -> None:
    from pipeline.commands.messages import thousands
    from pipeline.recompute import outdated

    count = outdated(engine, rules)
    if not count:
        _say("Все сроки посчитаны по нынешнему календарю и нормативам.")
        return
    _say(
        f"Открытых инцидентов, чей срок посчитан по прежнему календарю или нормативу: "
        f"{thousands(count)}. Что изменит пересчёт: otklik deadlines preview"
    )


def _preview(engine: "sa.Engine", rules: "Rules") -> None:
    from pipeline.commands.messages import now
    from pipeline.recompute import preview

    _show(preview(engine, rules, now()), rules.region)
    _say("Ничего не записано: это показ. Пересчитать: otklik deadlines apply")


def _apply(engine: "sa.Engine", rules: "Rules", args: argparse.Namespace) -> int:
    from pipeline.commands.acting import acting
    from pipeline.commands.messages import CommandError, now, thousands
    from pipeline.decisions.permissions import Right, has
    from pipeline.recompute import apply, preview

    actor = acting(engine, args.by)
    if not has(actor, Right.MANAGE_REGION):
        raise CommandError(
            f"Сотруднику «{actor.login}» пересчёт сроков не разрешён: нужны права администратора. "
            "Укажите другого: --by ИМЯ"
        )
    if not args.yes:
        seen = preview(engine, rules, now())
        _show(seen, rules.region)
        if not seen.changed and not seen.older:
            _say("Пересчитывать нечего.")
            return 0
        if not _agreed():
            _say("Ничего не записано.")
            return 1
    done = apply(engine, rules, actor, now())
    if args.yes:
        _show(done, rules.region)
    _say(f"Пересчитано. Изменено инцидентов: {thousands(done.changed)}; каждый — в журнале.")
    if args.region:
        _say(
            "Новые сроки считаются по своему району программы. Если он не тот, что указан в "
            "--region, включите его: OTKLIK_REGION"
        )
    return 0


def _agreed() -> bool:
    from pipeline.commands.messages import CommandError

    sys.stdout.write("Пересчитать? [да/нет] ")
    sys.stdout.flush()
    answer = sys.stdin.readline()
    if not answer:
        raise CommandError("Ответа нет, ничего не записано. Чтобы не спрашивать, добавьте --yes")
    return answer.strip().casefold() in {"да", "д", "yes", "y"}


def _show(found: "Preview", region: "Region") -> None:
    """Print counts, norms before and after, and a few examples."""
    from rich import box
    from rich.table import Table

    from pipeline.commands.messages import out, thousands

    _say(f"{region.name}. Открытых инцидентов: {thousands(found.incidents)}.")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for what, count in (
        ("Срок раньше", found.earlier),
        ("Срок позже", found.later),
        ("Станут просроченными", found.overdue),
        ("Перестанут быть просроченными", found.relieved),
        ("Другой срок стадии", found.stages),
        ("Без изменений", found.unchanged),
        ("Посчитаны по прежнему календарю", found.older),
    ):
        table.add_row(what, thousands(count))
    out.print(table)
    if found.norms:
        norms = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        norms.add_column("Норматив был", overflow="fold")
        norms.add_column("Станет", overflow="fold")
        norms.add_column("Инцидентов", justify="right")
        for (before, after), count in found.norms.most_common(NORMS):
            norms.add_row(before, "тот же" if after == before else after, thousands(count))
        out.print(norms)
    if found.examples:
        _show_examples(found, region)


def _show_examples(found: "Preview", region: "Region") -> None:
    from zoneinfo import ZoneInfo

    from rich import box
    from rich.table import Table

    from pipeline.commands.messages import out

    zone = ZoneInfo(region.time_zone)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("№", justify="right")
    table.add_column("Срок был")
    table.add_column("Станет")
    for one in found.examples:
        before, after = (
            f"{moment.astimezone(zone):%d.%m.%Y %H:%M}" for moment in (one.before, one.after)
        )
        table.add_row(str(one.incident), before, after)
    out.print(table)


def _say(line: str) -> None:
    from pipeline.commands.messages import out

    out.print(line, soft_wrap=True, markup=False)
