"""``otklik region``: look at and check a region's folder, and try what its rules would do."""

import argparse
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from models.vocabulary import Network, Topic, Urgency
from pipeline.commands.parser import Commands, Parser, command

if TYPE_CHECKING:
    from pipeline.region.schema import Region

EXAMPLES = """\
  otklik region list
  otklik region check smolensky
  otklik region check /etc/otklik/region
  otklik region route --topic roads --settlement pecherskoe --urgent
  otklik region try --since 01.11.2026 --region /etc/otklik/new-region
"""

SHOWN = 10
"""Examples of either kind that ``try`` shows unless told otherwise."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "region",
        "Описание района: проверить, объяснить маршрут, опробовать изменения",
        run,
        examples=EXAMPLES,
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    acts.add_parser("list", help="поставляемые районы")
    check = acts.add_parser("check", help="проверить папку района")
    check.add_argument("region", metavar="РАЙОН", help="папка района или имя поставляемого")
    route = acts.add_parser("route", help="кто отвечает и почему")
    route.add_argument("--topic", required=True, metavar="ТЕМА", help="код темы, например roads")
    route.add_argument("--settlement", metavar="КОД", help="код поселения; без него — неизвестно")
    route.add_argument(
        "--source",
        default=Network.VK.value,
        metavar="ИСТОЧНИК",
        help="код источника, например open_region (по умолчанию vk)",
    )
    route.add_argument("--urgent", action="store_true", help="повышенная важность")
    try_ = acts.add_parser("try", help="что папка района сделала бы с прошлыми инцидентами")
    try_.add_argument(
        "--since", required=True, metavar="ДАТА", help="с какого дня обращения, например 01.11.2026"
    )
    try_.add_argument(
        "--limit", type=int, default=SHOWN, metavar="N", help=f"сколько показать примеров ({SHOWN})"
    )
    for one in (route, try_):
        one.add_argument("--region", metavar="РАЙОН", help="папка или имя; по умолчанию свой район")


def run(args: argparse.Namespace) -> int:
    """Carry out one act; code 1 when the region has problems."""
    from pipeline.commands.messages import out
    from pipeline.region.load import load_region, shipped_regions

    if args.act == "check":
        return _check(args.region)
    if args.act == "route":
        return _route(args)
    if args.act == "try":
        return _try(args)
    for name in shipped_regions():
        out.print(f"{name}\t{load_region(name).name}")
    return 0


def _check(folder: str) -> int:
    from pipeline.commands.messages import err, out
    from pipeline.region.load import check_region, load_region

    problems = check_region(folder)
    for problem in problems:
        err.print(str(problem), soft_wrap=True, markup=False)
    if problems:
        err.print(f"Ошибок: {len(problems)}.")
        return 1
    region = load_region(folder)
    villages = sum(len(settlement.villages) for settlement in region.settlements)
    out.print(
        f"{region.name}: ошибок нет. Поселений {len(region.settlements)}, населённых пунктов "
        f"{villages}, ответственных {len(region.bodies)}, правил маршрута {len(region.rules)}.",
        soft_wrap=True,
        markup=False,
    )
    return 0


def _route(args: argparse.Namespace) -> int:
    from pipeline.commands.region_shown import show_route
    from pipeline.decisions.routing import explain
    from pipeline.region.load import load_region
    from pipeline.settings import load_settings

    region = load_region(args.region or load_settings().region)
    topic = Topic(_known("темы", args.topic, [*Topic]))
    network = Network(_known("источника", args.source, [*Network]))
    urgency = Urgency.URGENT if args.urgent else Urgency.NORMAL
    settlement = args.settlement and _known(
        "поселения", args.settlement, [settlement.code for settlement in region.settlements]
    )
    why = explain(topic, settlement, region, network=network, urgency=urgency)
    show_route(why, region, region.norm_for(network, urgency))
    return 0


def _known(what: str, word: str, words: list[str]) -> str:
    """Return a code that is one of those there are. Raises CommandError."""
    from pipeline.commands.messages import CommandError
    from pipeline.region.reading import suggest

    if word not in words:
        raise CommandError(f"Такого кода {what} нет: «{word[:60]}». {suggest(word, words)}.")
    return word


def _try(args: argparse.Namespace) -> int:
    from pipeline.commands.messages import CommandError
    from pipeline.commands.region_shown import show_trial
    from pipeline.region.load import load_region
    from pipeline.rules import Rules
    from pipeline.settings import load_settings
    from pipeline.trying import try_rules
    from pipeline.workplace import open_store

    if args.limit < 0:
        raise CommandError("Число примеров --limit не может быть меньше нуля.")
    settings = load_settings()
    region = load_region(args.region or settings.region)
    since = _day(args.since, region)
    with open_store(settings) as engine:
        trial = try_rules(engine, Rules.of(region), since=since, limit=args.limit)
    show_trial(trial, region, since)
    return 0


def _day(text: str, region: "Region") -> datetime:
    """Return the midnight at which a day begins in the region. Raises CommandError."""
    from pipeline.commands.messages import CommandError
    from pipeline.decisions.worktime import FIRST_YEAR, LAST_YEAR

    zone = ZoneInfo(region.time_zone)
    try:
        day = datetime.strptime(text, "%d.%m.%Y").replace(tzinfo=zone)
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR < day.year <= LAST_YEAR:
        raise CommandError(f"«{text[:60]}» — не день. Образец: --since 01.11.2026")
    return day
