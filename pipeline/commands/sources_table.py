"""How the state of sources is printed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.commands.messages import thousands
from pipeline.status import SourceStatus, TokenStatus
from pipeline.status_words import span, state, troubles

NAMED = 3
"""Sources named before what is wrong with all of them; hundreds may share a token."""


def print_statuses(
    statuses: list[SourceStatus], zone: ZoneInfo, now: datetime, out: Console
) -> None:
    """Print the sources, their keys, and below them what somebody has to do."""
    if not statuses:
        out.print("Источников нет. Как их завести: docs/sources.md")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Источник", overflow="fold")
    for name in ("Состояние", "Прочитан", "Сообщение"):
        table.add_column(name)
    for status in statuses:
        table.add_row(
            f"{escape(status.title)}\n[dim]{escape(status.key)}[/dim]",
            state(status),
            _moment(status.read_at, zone, now),
            _moment(status.post_at, zone, now),
        )
    out.print(table)
    keys = _keys(statuses)
    if keys:
        out.print(_table_of_keys(keys))
    for line, sources in _wrong(statuses).items():
        out.print(f"{_named(sources)}: {line}", markup=False, soft_wrap=True)
    bad = sum(not status.well for status in statuses)
    out.print(f"Требуют внимания: {bad} из {len(statuses)}." if bad else "Всё в порядке.")


def _table_of_keys(keys: Iterable[TokenStatus]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Ключ", overflow="fold")
    table.add_column("Состояние")
    table.add_column("Осталось вызовов на сегодня")
    for key in keys:
        left = (f"{name} {thousands(n)}" for name, n in key.left.items() if name in key.used)
        table.add_row(escape(key.name), key.state.russian, "\n".join(left))
    return table


def _keys(statuses: Iterable[SourceStatus]) -> list[TokenStatus]:
    """Return every key once; of one that is used in two ways, the way that has quotas."""
    found: dict[str, TokenStatus] = {}
    for key in (key for status in statuses for key in status.tokens):
        if key.name not in found or len(key.left) > len(found[key.name].left):
            found[key.name] = key
    return list(found.values())


def _wrong(statuses: Iterable[SourceStatus]) -> dict[str, list[str]]:
    """Return what is wrong, and with which sources."""
    found: dict[str, list[str]] = {}
    for status in statuses:
        for line in troubles(status):
            found.setdefault(line, []).append(status.key)
    return found


def _named(sources: list[str]) -> str:
    more = len(sources) - NAMED
    return ", ".join(sources[:NAMED]) + (f" и ещё {more}" if more > 0 else "")


def _moment(at: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    """Return a moment in the region's time, the year where it is another, and how long ago."""
    if at is None:
        return "—"
    local, today = at.astimezone(zone), now.astimezone(zone)
    day = f"{local:%d.%m}" if local.year == today.year else f"{local:%d.%m.%Y}"
    return f"{day} {local:%H:%M}\n{span(max(now - at, timedelta(0)))} назад"
