"""``otklik incident list``: what is owed an answer, the nearest deadline first."""

import argparse
import sys
from typing import Any

import orjson
from rich.table import Table
from rich.text import Text

from models.vocabulary import Stage, Topic, Urgency
from pipeline.commands.incident_office import Office, say
from pipeline.commands.messages import CommandError, out
from pipeline.console.conditions import counted
from pipeline.console.wording import Pressure, excerpt, moment, place, timing
from pipeline.database import reading
from pipeline.decisions.permissions import Right, has, limited_to
from pipeline.region.reading import suggest
from pipeline.store.incidents import QueueRow, count_queue, queue
from pipeline.store.queue_filter import QueueFilter

STYLES = {Pressure.OVERDUE: "red", Pressure.HOUR: "yellow"}


def run(args: argparse.Namespace, office: Office) -> int:
    """Print the incidents that the filters let through and this person may see."""
    if not has(office.actor, Right.READ_QUEUE):
        raise CommandError(
            f"Роль сотрудника «{office.actor.login}» читает только отчёты, без инцидентов."
        )
    wanted = _wanted(args, office)
    with reading(office.engine) as session:
        total = count_queue(session, wanted)
        rows = queue(session, wanted, limit=args.limit)
        if args.json:
            found = [_machine_readable(row) for row in rows]
            sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
        else:
            _print(rows, total, office)
    return 0


def _wanted(args: argparse.Namespace, office: Office) -> QueueFilter:
    """Return the filter; an executor lists no other body than their own. Raises CommandError."""
    region, own = office.region, limited_to(office.actor)
    if args.mine and not office.actor.body:
        raise CommandError(
            f"«{office.actor.login}» не работает ни в одном органе: --mine — для исполнителей."
        )
    body = office.actor.body if args.mine else args.body
    for what, code, known in (
        ("органа", body, [one.code for one in region.bodies]),
        ("поселения", args.settlement, [one.code for one in region.settlements]),
    ):
        if code is not None and code not in known:
            raise CommandError(f"Нет {what} с кодом «{code[:60]}». {suggest(code, known)}.")
    if own is not None and body not in {None, own}:
        raise CommandError("Исполнитель видит только инциденты своего органа: --mine.")
    return QueueFilter(
        topic=Topic(args.topic) if args.topic else None,
        settlement=args.settlement,
        urgency=Urgency.URGENT if args.urgent else None,
        overdue_at=office.now if args.overdue else None,
        body=body if own is None else own,
        stage=Stage(args.stage) if args.stage else None,
    )


def _machine_readable(row: QueueRow) -> dict[str, Any]:
    incident = row.incident.model_dump(mode="json")
    return incident | {"source": row.source.key, "text": excerpt(row.post.text)}


def _print(rows: list[QueueRow], total: int, office: Office) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("№", "срок", "осталось", "стадия", "тема", "место", "ответственный"):
        table.add_column(title, overflow="fold")
    for row in rows:
        incident = row.incident
        left = timing(incident, office.now, office.rules.calendar)
        urgent = " (срочно)" if incident.urgency is Urgency.URGENT else ""
        cells = (
            str(incident.id),
            moment(incident.due_at, office.region.time_zone)[0],
            left.words,
            incident.stage.russian,
            incident.topic.russian + urgent,
            ", ".join(filter(None, place(incident, office.region))) or "—",
            incident.body,
        )
        table.add_row(*(Text(cell) for cell in cells), style=STYLES.get(left.pressure, ""))
    if rows:
        out.print(table)
    shown = f", показаны первые {len(rows)}" if total > len(rows) else ""
    say(counted(total) + shown)
