"""Reads norms.yaml: how long a term may take, and when people are reminded of a deadline."""

import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import get_args

import yaml

from models.vocabulary import Network, Role, Term, Urgency
from pipeline.decisions import deadlines
from pipeline.region.problems import Problem
from pipeline.region.reading import Reader
from pipeline.region.schema import (
    DEFAULT_NORMS,
    DEFAULT_REMINDERS,
    Interval,
    Norm,
    NormUnit,
    Reminder,
)

UNITS: tuple[NormUnit, ...] = get_args(NormUnit)
LEGAL = (Term.ANSWER, Term.FINAL)
"""Terms whose clock may be stopped: the others limit people, not the municipality's duty."""

KEYS: dict[str, tuple[str, ...]] = {
    "norms": ("norms", "reminders"),
    "norm": ("source", "urgency", "term", *UNITS, "pause"),
    "reminder": ("at", "tell"),
}

Week = Mapping[int, tuple[Interval, ...]]
_Noted = list[tuple[yaml.Node, Norm]]

AT_DEADLINE = Reminder(1.0, roles=(Role.OPERATOR,))
"""What is added where a list names no reminder at the deadline: nobody may miss that one."""

_AT = re.compile(r"(?P<share>[1-9]\d?)%|(?P<due>deadline)|\+(?P<late>[1-9]\d{0,3})(?P<unit>[hm])")


def read_norms(
    folder: Path, problems: list[Problem], week: Week
) -> tuple[tuple[Norm, ...], tuple[Reminder, ...]]:
    """Return the norms and reminders; what is wrong is noted.

    ``week`` are the working hours, to compare norms of different units by.
    """
    reader = Reader("norms.yaml", problems)
    root = reader.mapping(reader.open(folder), KEYS["norms"], ("norms",))
    noted = [
        (node, norm)
        for node in reader.items(root.get("norms"))
        if (norm := _norm(reader, node)) is not None
    ]
    _check_dead(reader, noted)
    _check_urgent(reader, root.get("norms"), noted, week)
    return tuple(norm for _, norm in noted), _reminders(reader, root.get("reminders"))


def _norm(reader: Reader, node: yaml.Node) -> Norm | None:
    found = reader.mapping(node, KEYS["norm"], ("source", "urgency"))
    source = reader.choice(found.get("source"), ["any", *Network], "источник")
    urgency = reader.choice(found.get("urgency"), ["any", *Urgency], "важность")
    term = reader.choice(found.get("term"), [*Term], "срок") or Term.ANSWER
    pausable = reader.flag(found.get("pause"))
    if pausable and term not in LEGAL:
        fix = "Уберите «pause»: останавливают только срок первого и окончательного ответа"
        reader.wrong(found["pause"], f"срок «{term}» не останавливают", fix)
    units = [unit for unit in UNITS if unit in found]
    if len(units) != 1:
        what = "срок должен быть назван один раз"
        reader.wrong(node, what, "Оставьте один ключ из: " + ", ".join(UNITS))
        return None
    amount = reader.integer(found[units[0]], 1, 1000)
    if not (
        amount and source in {"any", *Network} and urgency in {"any", *Urgency} and term in [*Term]
    ):
        return None
    return Norm(
        source="any" if source == "any" else Network(source),
        urgency="any" if urgency == "any" else Urgency(urgency),
        amount=amount,
        unit=units[0],
        term=Term(term),
        pausable=pausable,
    )


def _check_dead(reader: Reader, noted: _Noted) -> None:
    """Refuse a norm that never applies because the lines above it take all that it speaks of."""
    taken: dict[tuple[Network, Urgency, Term], int] = {}
    for node, norm in noted:
        cases = _cases(norm)
        above = sorted({taken[case] for case in cases if case in taken})
        if all(case in taken for case in cases):
            lines = ", ".join(map(str, above))
            what = f"этот срок никогда не сработает: всё берут строки выше ({lines})"
            reader.wrong(node, what, "Поставьте его выше них или уберите")
        for case in cases:
            taken.setdefault(case, node.start_mark.line + 1)


def _cases(norm: Norm) -> list[tuple[Network, Urgency, Term]]:
    networks = [*Network] if norm.source == "any" else [norm.source]
    urgencies = [*Urgency] if norm.urgency == "any" else [norm.urgency]
    return list(product(networks, urgencies, [norm.term]))


def _check_urgent(reader: Reader, node: yaml.Node | None, noted: _Noted, week: Week) -> None:
    """Refuse a first answer that may take longer where the matter is urgent."""
    lines = {id(norm): line for line, norm in noted}
    listed = [*(norm for _, norm in noted), *DEFAULT_NORMS]
    told: dict[tuple[int, int], list[str]] = {}
    for network in Network:
        urgent, normal = (
            next(
                norm
                for norm in listed
                if norm.term is Term.ANSWER
                and norm.source in (network, "any")
                and norm.urgency in (urgency, "any")
            )
            for urgency in (Urgency.URGENT, Urgency.NORMAL)
        )
        if _working_hours(urgent, week) <= _working_hours(normal, week):
            continue
        networks = told.setdefault((id(urgent), id(normal)), [])
        networks.append(network.value)
        if len(networks) > 1:
            continue
        longer, shorter = (deadlines.norm(norm.amount, norm.unit) for norm in (urgent, normal))
        what = (
            f"источник {network}: при повышенной важности на ответ дано больше ({longer}), "
            f"чем при обычной ({shorter})"
        )
        fix = f"Добавьте или исправьте строку «urgency: urgent»: не больше, чем {shorter}"
        reader.wrong(lines.get(id(urgent)) or lines.get(id(normal)) or node, what, fix)


def _working_hours(norm: Norm, week: Week) -> float:
    """Return about how many working hours a norm gives, to compare norms of different units."""
    days = [
        sum((end.hour - start.hour) + (end.minute - start.minute) / 60 for start, end in spans)
        for spans in week.values()
        if spans
    ]
    whole = sum(days) or 40.0
    return (
        norm.amount
        * {
            "working_hours": 1.0,
            "working_days": whole / (len(days) or 5),
            "calendar_days": whole / 7,
            "calendar_hours": whole / 7 / 24,
        }[norm.unit]
    )


def _reminders(reader: Reader, node: yaml.Node | None) -> tuple[Reminder, ...]:
    """Return reminders in the order in which they come, one at the deadline among them."""
    if node is None:
        return DEFAULT_REMINDERS
    result: list[Reminder] = []
    for item in reader.items(node):
        found = reader.mapping(item, KEYS["reminder"], KEYS["reminder"])
        roles = tuple(
            dict.fromkeys(
                Role(role)
                for role in (
                    reader.choice(one, [*Role], "роль") for one in reader.items(found.get("tell"))
                )
                if role in [*Role]
            )
        )
        if "tell" in found and not roles:
            reader.wrong(found["tell"], "некому напоминать", "Образец: tell: [executor]")
        reminder = _at(reader, found.get("at"), roles)
        if reminder is None:
            continue
        place = (reminder.share, reminder.after)
        if result and place <= (result[-1].share, result[-1].after):
            what = "это напоминание не позже предыдущего"
            reader.wrong(item, what, "Расставьте их по времени, каждое один раз")
        result.append(reminder)
    if not any((one.share, one.after) == (1.0, 0) for one in result):
        result.append(AT_DEADLINE)
    return tuple(sorted(result, key=lambda one: (one.share, one.after)))


def _at(reader: Reader, node: yaml.Node | None, roles: tuple[Role, ...]) -> Reminder | None:
    text = reader.text(node)
    match = _AT.fullmatch(text)
    if match is None:
        if text:
            fix = (
                "Пишите долю срока (75%, от 1% до 99%), deadline или рабочее время после него "
                "(+2h, +90m)"
            )
            reader.wrong(node, f"«{text[:60]}» — не время напоминания", fix)
        return None
    if match["share"]:
        return Reminder(int(match["share"]) / 100, roles=roles)
    late = int(match["late"] or 0) * (60 if match["unit"] == "h" else 1)
    return Reminder(1.0, late, roles)
