"""``otklik retention``: for how long authors are kept, and forgetting them when it is over."""

import argparse
import sys
from typing import TYPE_CHECKING

from pipeline.commands.parser import Commands, Parser, command

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.retention import Done, Forecast
    from pipeline.rules import Rules

EXAMPLES = """\
  otklik retention show                 срок хранения и что под него подпадает сейчас
  otklik retention run --dry-run        то же: ничего не записывает
  otklik retention run                  стереть; сначала покажет и попросит ввести число
  otklik retention run --by admin       от имени сотрудника

Срок задаёт region.yaml: retention: {authors_months: 36}. Стёртое не вернуть, кроме как из
резервной копии. Тексты, темы и сроки остаются, сведения об авторах — нет: docs/retention.md
"""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "retention",
        "Срок хранения: что подлежит стиранию, стереть сведения об авторах",
        run,
        examples=EXAMPLES,
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    acts.add_parser("show", help="срок хранения и что под него подпадает")
    erase = acts.add_parser("run", help="стереть сведения об авторах и отслужившие записи")
    erase.add_argument("--dry-run", action="store_true", help="только показать")
    erase.add_argument("--by", metavar="ИМЯ", default="admin", help="кто стирает (admin)")


def run(args: argparse.Namespace) -> int:
    """Carry out one act; code 1 when a person did not agree."""
    from pipeline.commands.messages import now
    from pipeline.region.load import load_region
    from pipeline.retention import forecast
    from pipeline.rules import Rules
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    settings = load_settings()
    rules = Rules.of(load_region(settings.region))
    with open_store(settings) as engine:
        if args.act == "run" and not args.dry_run:
            return _run(engine, rules, args.by)
        _show(forecast(engine, rules.region, now()), rules)
        _say("Ничего не записано: это показ. Стереть: otklik retention run")
    return 0


def _run(engine: "sa.Engine", rules: "Rules", by: str) -> int:
    from pipeline.commands.acting import acting
    from pipeline.commands.messages import CommandError, now
    from pipeline.decisions.permissions import Right, has
    from pipeline.retention import forecast
    from pipeline.retention import run as erase

    actor = acting(engine, by)
    if not has(actor, Right.MANAGE_RETENTION):
        raise CommandError(
            f"Сотруднику «{actor.login}» стирать сведения об авторах не разрешено: нужны права "
            "администратора. Укажите другого: --by ИМЯ"
        )
    found = forecast(engine, rules.region, now())
    _show(found, rules)
    if found.period is not None and not _agreed(found.incidents):
        _say("Число не то, ничего не записано.")
        return 1
    due = found.incidents if found.period is not None else None
    _tell(erase(engine, rules, actor, now, due=due))
    return 0


def _agreed(incidents: int) -> bool:
    from pipeline.commands.messages import CommandError

    sys.stdout.write(f"Стёртое не вернуть. Чтобы стереть, введите число инцидентов ({incidents}): ")
    sys.stdout.flush()
    answer = sys.stdin.readline()
    if not answer:
        raise CommandError("Ответа нет, ничего не записано.")
    return "".join(answer.split()) == str(incidents)


def _show(found: "Forecast", rules: "Rules") -> None:
    from zoneinfo import ZoneInfo

    from pipeline.commands.messages import thousands
    from pipeline.store.retention import MANY

    if found.period is None:
        _say(
            "Срок хранения не задан: сведения об авторах хранятся бессрочно. Задайте его в "
            "region.yaml: retention: {authors_months: 36}"
        )
    else:
        before = found.period.before.astimezone(ZoneInfo(rules.region.time_zone))
        _say(
            f"Срок хранения: {found.period.months} мес. после закрытия. Подлежат стиранию авторы "
            f"инцидентов, закрытых раньше {before:%d.%m.%Y}: {thousands(found.incidents)}."
        )
        for year, count in found.by_year:
            _say(f"  {year}: {thousands(count)}")
        if found.examples:
            _say("Например, № " + ", ".join(map(str, found.examples)))
        _say(f"Сообщений без инцидента: {_some(found.loose, MANY)}.")
    for title, count in found.swept:
        _say(f"Будут удалены {title}: {_some(count, MANY)}.")


def _some(count: int, most: int) -> str:
    from pipeline.commands.messages import thousands

    return f"больше {thousands(most)}" if count > most else thousands(count)


def _tell(done: "Done") -> None:
    from pipeline.commands.messages import thousands

    _say(
        f"Стёрто: инцидентов {thousands(done.incidents)}, сообщений {thousands(done.posts)}; "
        "записано в журнал."
    )
    for title, count in done.swept.items():
        if count:
            _say(f"Удалены {title}: {thousands(count)}.")


def _say(line: str) -> None:
    from pipeline.commands.messages import out

    out.print(line, soft_wrap=True, markup=False)
