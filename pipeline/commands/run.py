"""``otklik run``: the whole product on one machine."""

import argparse
import asyncio
import os
import sys
from datetime import timedelta
from urllib.parse import urlsplit

from pipeline.commands.demo_server import PORT, first_port
from pipeline.commands.parser import Commands, command

EXAMPLES = """\
  otklik run                          данные в папке по умолчанию
  OTKLIK_HOME=/srv/otklik otklik run  данные в указанной папке
  OTKLIK_REGION=/etc/otklik/region otklik run
  otklik run --demo-network           учебные сети на этой машине, всё выдумано
"""

LINK_LASTS = timedelta(hours=1)


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "run",
        "Запустить всё: базу, потоки приёма и сроков, веб-консоль",
        run,
        examples=EXAMPLES,
    )
    parser.add_argument(
        "--demo-network",
        action="store_true",
        help="запустить и учебные сети: в них всё время что-то пишут; данные — в папке demo, при "
        "каждом запуске заново",
    )
    parser.add_argument(
        "--demo-port",
        type=first_port,
        default=PORT,
        metavar="ПОРТ",
        help=f"первый из пяти портов учебных сетей (обычно {PORT})",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C. Raises RunError, DatabaseError, RegionError, ModelError."""
    from pipeline import demo
    from pipeline.commands.messages import now
    from pipeline.commands.staff import link_for_administrator
    from pipeline.console.app import create_app
    from pipeline.probing import asking
    from pipeline.region.load import load_region
    from pipeline.rules import calendar_of
    from pipeline.run import FLOWS, only_one, require_free, serve
    from pipeline.secrets import find_secret
    from pipeline.settings import load_settings
    from pipeline.tokens import looking_at_tokens
    from pipeline.workplace import ServingJudge, open_store, registry

    settings = load_settings()
    if args.demo_network:
        settings = demo.prepare(settings, args.demo_port)
    with only_one(settings.home):
        require_free(settings.host, settings.port, "OTKLIK_PORT")
        if "PREFECT_API_URL" not in os.environ:
            require_free("127.0.0.1", settings.prefect_port, "OTKLIK_PREFECT_PORT")
        region = load_region(settings.region)
        registry(settings).serving_model()
        if args.demo_network:
            demo.begin_anew(settings)
        with open_store(settings) as engine:
            token = link_for_administrator(engine, now(), LINK_LASTS)
            address = settings.console_url()
            app = create_app(
                engine=engine,
                region=region,
                calendar=calendar_of(region),
                clock=now,
                secure_cookies=address.startswith("https:"),
                hosts=[settings.host, urlsplit(address).hostname or ""],
                secret=lambda name: find_secret(name, settings.home),
                tokens=lambda: looking_at_tokens(settings.home),
                public_url=settings.public_url,
                folder=settings.region,
                home=settings.home,
                judge=ServingJudge(settings, region),
                check=lambda source: asking(source, settings, region, engine),
                map_tiles=settings.map_tiles,
            )
            fakes = (demo.child(args.demo_port, "--demo-port"),) if args.demo_network else ()

            def ready() -> None:
                sys.stdout.write(
                    f"Отклик · {region.name}\n"
                    f"  консоль      {address}\n"
                    f"  вход         {address}/enter/{token}\n"
                    "               (ссылка для администратора: на один вход, действует час)\n"
                    f"  данные       {settings.home.absolute()}\n"
                    + (demo.told(args.demo_port, settings) if args.demo_network else "")
                    + "  остановить   Ctrl+C\n"
                    + _about_sources(len(region.sources), len(region.sample_feed))
                )
                sys.stdout.flush()

            asyncio.run(serve(app, settings, ready=ready, children=(*fakes, *FLOWS)))
    after = (
        "следующий запуск учебных сетей начнёт заново" if args.demo_network else "данные сохранены"
    )
    sys.stdout.write(f"Остановлено, {after}.\n")
    return 0


def _about_sources(own: int, sample: int) -> str:
    if own:
        return f"Источников: {own}. Первые обращения появятся через минуту.\n"
    if sample:
        return (
            "Источники не настроены: проигрывается учебная лента, обращения в ней выдуманы.\n"
            "Первые появятся в консоли через полминуты.\n"
        )
    return "Источники не настроены, и учебной ленты у района нет: см. sources.yaml района.\n"
