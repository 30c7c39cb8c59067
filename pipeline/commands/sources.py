"""``otklik sources``: what every source last did."""

import argparse

from pipeline.commands.parser import Commands, command

EXAMPLES = """\
  otklik sources
"""


def add(commands: Commands) -> None:
    """Describe the command."""
    command(commands, "sources", "Источники: когда читались и что с ними", run, examples=EXAMPLES)


def run(_args: argparse.Namespace) -> int:
    """Print a table of sources; code 1 when the last reading of one failed."""
    from zoneinfo import ZoneInfo

    from rich.table import Table

    from pipeline.commands.messages import out
    from pipeline.database import reading
    from pipeline.region.load import load_region
    from pipeline.settings import load_settings
    from pipeline.store.sources import all_sources
    from pipeline.workplace import open_store

    settings = load_settings()
    zone = ZoneInfo(load_region(settings.region).time_zone)
    with open_store(settings) as engine, reading(engine) as session:
        sources = all_sources(session)
    table = Table("Источник", "Прочитан", "Последнее сообщение", "Ошибка")
    for source in sources:
        moments = (source.last_success_at, source.last_post_at)
        shown = (f"{at.astimezone(zone):%d.%m.%Y %H:%M}" if at else "—" for at in moments)
        table.add_row(f"{source.title}\n{source.key}", *shown, source.last_error or "—")
    out.print(table)
    return 1 if any(source.last_error for source in sources) else 0
