"""``otklik region``: look at and check a region's folder."""

import argparse

from pipeline.commands.parser import Commands, Parser, command

EXAMPLES = """\
  otklik region list
  otklik region check smolensky
  otklik region check /etc/otklik/region
"""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "region",
        "Описание района: показать поставляемые, проверить",
        run,
        examples=EXAMPLES,
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    acts.add_parser("list", help="поставляемые районы")
    check = acts.add_parser("check", help="проверить папку района")
    check.add_argument("region", metavar="РАЙОН", help="папка района или имя поставляемого")


def run(args: argparse.Namespace) -> int:
    """Carry out one act; code 1 when the region has problems."""
    from pipeline.commands.messages import err, out
    from pipeline.region.load import check_region, load_region, shipped_regions

    if args.act == "list":
        for name in shipped_regions():
            out.print(f"{name}\t{load_region(name).name}")
        return 0
    problems = check_region(args.region)
    for problem in problems:
        err.print(str(problem), soft_wrap=True, markup=False)
    if problems:
        err.print(f"Ошибок: {len(problems)}.")
        return 1
    region = load_region(args.region)
    villages = sum(len(settlement.villages) for settlement in region.settlements)
    out.print(
        f"{region.name}: ошибок нет. Поселений {len(region.settlements)}, населённых пунктов "
        f"{villages}, ответственных {len(region.bodies)}, правил маршрута {len(region.rules)}.",
        soft_wrap=True,
    )
    return 0
