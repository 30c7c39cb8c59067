"""How the state of sources is printed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from pipeline.status import SourceStatus


def print_statuses(
    statuses: list[SourceStatus], zone: ZoneInfo, now: datetime, out: Console
) -> None:
    """Print a table, and below it what somebody has to do."""
    if not statuses:
        out.print("Источников нет. Как их завести: docs/sources.md")
        return
    table = Table("Источник", "Состояние", "Прочитан", "Сообщение", "Ключи, осталось вызовов")
    for status in statuses:
        table.add_row(
            f"{status.title}\n{status.key}",
            state(status),
            _moment(status.read_at, zone, now),
            _moment(status.post_at, zone, now),
            "\n".join(_tokens(status)) or "—",
        )
    out.print(table)
    for status in statuses:
        for line in troubles(status):
            out.print(f"{status.key}: {line}", markup=False, soft_wrap=True)


def state(status: SourceStatus) -> str:
    """Return one word or two for how a source is doing."""
    if status.missing:
        return "нет ключа"
    if status.error:
        return f"ошибка ({status.failures})" if status.failures > 1 else "ошибка"
    if not status.well and not status.silent:
        return "ключ ждёт человека"
    if status.silent:
        return "молчит"
    return "читается" if status.read_at else "ещё не читался"


def troubles(status: SourceStatus) -> Iterable[str]:
    """Return what is wrong with a source and what to do, a line each."""
    if status.missing:
        yield status.missing
    if status.error:
        yield status.error
    for token in status.tokens:
        if token.reason and token.reason not in status.error:
            yield f"ключ {token.name} {token.state.russian}: {token.reason}"
    if status.silent is not None:
        usual = "" if status.usual_gap is None else f", обычно пишут раз в {span(status.usual_gap)}"
        yield (
            f"молчит уже {span(status.silent)}{usual}. Откройте сообщество и проверьте: возможно, "
            "там всё тихо, а возможно, изменился его адрес или доступ к нему."
        )
    if status.unreadable:
        yield (
            f"не разобрано сообщений: {status.unreadable}; они сохранены в базе, передайте "
            "разработчикам запись источника (otklik sources record)."
        )
    if status.waiting:
        yield f"ждут разбора события: {status.waiting}."


def span(time: timedelta) -> str:
    """Return a length of time in the largest unit that says enough: «3 дн.», «5 ч», «12 мин»."""
    if time >= timedelta(days=2):
        return f"{time // timedelta(days=1)} дн."
    if time >= timedelta(hours=2):
        return f"{time // timedelta(hours=1)} ч"
    return f"{max(1, time // timedelta(minutes=1))} мин"


def _tokens(status: SourceStatus) -> Iterable[str]:
    for token in status.tokens:
        yield f"{token.name}: {token.state.russian}"
        for method, left in token.left.items():
            if method in token.used:
                yield f"  {method}: {left}"


def _moment(at: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    if at is None:
        return "—"
    return f"{at.astimezone(zone):%d.%m.%Y %H:%M}\n{span(max(now - at, timedelta(0)))} назад"
