"""How the routing of one incident and a trial of a region are printed; no citizen's text."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from rich import box
from rich.markup import escape
from rich.table import Table

from pipeline.commands.messages import out, thousands
from pipeline.decisions import deadlines
from pipeline.decisions.routing import Explanation
from pipeline.region.schema import Norm, Region
from pipeline.trying import BY_PERSON, Trial

PAIRS = 40
"""Pairs of bodies that are shown, the most frequent first."""


def show_route(why: Explanation, region: Region, norm: Norm) -> None:
    """Print every rule that was asked, the body, those who help, and the first answer's norm."""
    for number, (rule, reason) in enumerate(why.passed, start=1):
        _say(f"{number}. {rule}: не подошло, {reason}")
    chosen = why.assignment
    _say(f"{len(why.passed) + 1}. {chosen.rule}: подошло")
    _say(f"Отвечает: {region.body(chosen.body).name}")
    for code in chosen.helpers:
        _say(f"Помогает: {region.body(code).name}")
    if chosen.note:
        _say(f"Примечание: {chosen.note}")
    _say(f"На первый ответ: {deadlines.norm(norm.amount, norm.unit)}")


def show_trial(trial: Trial, region: Region, since: datetime) -> None:
    """Print what would have been: who would answer, by which rule, and by when."""
    _say(f"{region.name}. Инцидентов с {since:%d.%m.%Y}: {thousands(trial.incidents)}.")
    name = _names(region)
    moved = trial.moves.total()
    if trial.incidents:
        _say(f"Другой исполнитель был бы у {_share(moved, trial.incidents)}.")
    if moved:
        table = _table("Было", "Стало бы", "Инцидентов")
        for (before, after), count in trial.moves.most_common(PAIRS):
            table.add_row(escape(name(before)), escape(name(after)), thousands(count))
        out.print(table)
    if len(trial.moves) > PAIRS:
        _say(f"И ещё пар исполнителей: {thousands(len(trial.moves) - PAIRS)}.")
    if trial.rules:
        table = _table("Правило", "Взяло бы", "Из них от другого")
        for rule, count in trial.rules.most_common():
            table.add_row(escape(rule), thousands(count), thousands(trial.moved_by[rule]))
        out.print(table)
    for count, what in (
        (trial.chosen, "Из сменивших исполнителя назначены человеком, а не правилом"),
        (trial.reruled, "Тот же исполнитель по другому правилу"),
        (trial.barred, "Переданы в район: исполнитель не работает с источником"),
        (trial.helped, "С соисполнителями"),
        (trial.elsewhere.total(), "В поселениях, которых в папке нет"),
    ):
        if count:
            _say(f"{what}: {thousands(count)}.")
    if trial.elsewhere:
        _say("Нет в папке: " + ", ".join(sorted(trial.elsewhere)[:20]))
    _show_deadlines(trial)
    _show_examples(trial, region)
    _say("Ничего не изменено: это проба.")


def _show_deadlines(trial: Trial) -> None:
    same = trial.incidents - trial.paused - trial.earlier - trial.later
    _say(
        f"Срок был бы раньше у {thousands(trial.earlier)}, позже у {thousands(trial.later)}, "
        f"тот же у {thousands(same)}."
    )
    if trial.paused:
        _say(f"Сроки с паузами не сравнивались: {thousands(trial.paused)}.")


def _show_examples(trial: Trial, region: Region) -> None:
    name = _names(region)
    zone = ZoneInfo(region.time_zone)
    if trial.moved:
        table = _table("№", "Было", "Стало бы")
        for move in trial.moved:
            by = "человек" if move.rule_before == BY_PERSON else move.rule_before
            table.add_row(
                str(move.incident),
                escape(f"{name(move.before)}\n({by})"),
                escape(f"{name(move.after)}\n({move.rule_after})"),
            )
        out.print(table)
    if trial.shifted:
        table = _table("№", "Срок", "Стал бы", "Норматив")
        for shift in trial.shifted:
            before, after = (
                f"{moment.astimezone(zone):%d.%m.%Y %H:%M}"
                for moment in (shift.before, shift.after)
            )
            table.add_row(str(shift.incident), before, after, shift.norm)
        out.print(table)


def _names(region: Region) -> Callable[[str], str]:
    """Return how to name a body; one that the region does not have (any more) by its code."""
    names = {body.code: body.name for body in region.bodies}
    return lambda code: names.get(code, f"«{code}» (в папке нет)")


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        number = column.startswith(("Инц", "Взя", "Из них", "№"))
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    return table


def _share(count: int, of: int) -> str:
    return f"{thousands(count)} ({100 * count / of:.1f}\u00a0%)".replace(".", ",")


def _say(line: str) -> None:
    out.print(line, soft_wrap=True, markup=False)
