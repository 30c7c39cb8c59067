"""What a changed region would have made of past incidents, before it is switched on.

Nothing is written: the stored facts are routed and timed anew beside what was decided then.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from models.values import Assignment
from models.vocabulary import Network, Term, Topic, Urgency
from pipeline.database import reading
from pipeline.decisions import deadlines, routing
from pipeline.decisions.recompute import ends, moment
from pipeline.decisions.worktime_vector import microseconds
from pipeline.rules import Rules
from pipeline.store.trying import Past, past_incidents

BY_PERSON = ""
"""The stored rule of an incident whose body a person has chosen."""

STORED_RULE = 200
"""Characters of a rule's name that are stored with an incident."""

_Facts = tuple[Topic, str | None, Network, Urgency]


@dataclass(frozen=True, slots=True)
class Move:
    """An incident that would have another body; codes of bodies, names of rules."""

    incident: int
    before: str
    after: str
    rule_before: str
    rule_after: str


@dataclass(frozen=True, slots=True)
class Shift:
    """An incident that would have another deadline; ``norm`` is the one that would apply."""

    incident: int
    before: datetime
    after: datetime
    norm: str


@dataclass(slots=True)
class Trial:
    """What would have been; counts of incidents.

    ``moves`` are keyed by the codes (from, to); ``rules`` and ``moved_by`` by the name of the
    rule that would choose; ``elsewhere`` by a stored settlement that the region does not have.
    ``chosen`` are those of the moves whose body a person had chosen, not a rule. ``reruled`` keep
    their body by another rule, ``barred`` go to the district because their body
    has no right to the network, ``helped`` get helpers. ``paused`` ones are left out of
    ``earlier`` and ``later``: their deadline is not the norm's alone. Of examples at most
    ``limit`` are kept of either kind.
    """

    limit: int
    incidents: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    moved_by: Counter[str] = field(default_factory=Counter)
    elsewhere: Counter[str] = field(default_factory=Counter)
    chosen: int = 0
    reruled: int = 0
    barred: int = 0
    helped: int = 0
    earlier: int = 0
    later: int = 0
    paused: int = 0
    moved: list[Move] = field(default_factory=list)
    shifted: list[Shift] = field(default_factory=list)


def try_rules(
    engine: sa.Engine, rules: Rules, *, since: datetime, limit: int, above: int = 0
) -> Trial:
    """Compare every incident written since then with what ``rules`` say; read-only.

    Only numbers ``above`` are looked at. Raises CalendarError where a deadline is further away
    than the calendar goes.
    """
    trial = Trial(limit)
    known = {settlement.code for settlement in rules.region.settlements}
    routes: dict[_Facts, Assignment] = {}
    with reading(engine) as session:
        for batch in past_incidents(session, since, above=above):
            trial.incidents += len(batch)
            for past in batch:
                if past.settlement is not None and past.settlement not in known:
                    trial.elsewhere[past.settlement] += 1
                facts = (past.topic, past.settlement, past.network, past.urgency)
                assignment = routes.get(facts)
                if assignment is None:
                    assignment = routes[facts] = routing.route(
                        past.topic,
                        past.settlement,
                        rules.region,
                        network=past.network,
                        urgency=past.urgency,
                    )
                _count_route(trial, past, assignment)
            _count_deadlines(trial, batch, rules)
    return trial


def _count_route(trial: Trial, past: Past, now: Assignment) -> None:
    trial.rules[now.rule] += 1
    trial.barred += bool(now.note)
    trial.helped += bool(now.helpers)
    if past.body == now.body:
        trial.reruled += past.rule not in (BY_PERSON, now.rule[:STORED_RULE])
        return
    trial.chosen += past.rule == BY_PERSON
    trial.moves[past.body, now.body] += 1
    trial.moved_by[now.rule] += 1
    if len(trial.moved) < trial.limit:
        trial.moved.append(Move(past.id, past.body, now.body, past.rule, now.rule))


def _count_deadlines(trial: Trial, batch: Sequence[Past], rules: Rules) -> None:
    groups: dict[tuple[Network, Urgency, Term], list[Past]] = {}
    for past in batch:
        if past.paused:
            trial.paused += 1
        else:
            groups.setdefault((past.network, past.urgency, past.term), []).append(past)
    shifted: list[Shift] = []
    for (network, urgency, term), group in groups.items():
        norm = rules.region.norm_for(network, urgency, term)
        since = np.array([microseconds(past.clock_from) for past in group], dtype=np.int64)
        for past, end in zip(group, ends(norm, since, rules.calendar).tolist(), strict=True):
            by = end - microseconds(past.due_at)
            trial.earlier += by < 0
            trial.later += by > 0
            if by:
                said = deadlines.norm(norm.amount, norm.unit)
                shifted.append(Shift(past.id, past.due_at, moment(end), said))
    free = trial.limit - len(trial.shifted)
    trial.shifted += sorted(shifted, key=lambda shift: shift.incident)[:free]
