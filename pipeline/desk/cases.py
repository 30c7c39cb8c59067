"""What people do with an incident: each act is checked against the life cycle, then done.

Everything of an act is one transaction: the row, its timers, the journal and the notices. The
incident's row is locked first, so two people who act at once do so one after the other, and the
second is told what the first has changed.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.answer import Answer
from models.columns import stored_id
from models.incident import CoExecutor, Incident, Pause
from models.vocabulary import Act, AnswerState, Clock, Occasion, Stage
from pipeline.decisions.lifecycle import No, Refused, Standing, Wish, after, refusal
from pipeline.decisions.permissions import Actor
from pipeline.desk import steps
from pipeline.desk.steps import note, state, take_over, tell
from pipeline.desk.terms import cycle_of, enter, schedule, set_timer
from pipeline.region.schema import Region
from pipeline.rules import Rules
from pipeline.store.incidents import helpers_of

WAITING = (AnswerState.APPROVAL, AnswerState.QUEUED, AnswerState.SENDING)
NOT_FOUND = Refused(No.NOT_FOUND, "Инцидента с таким номером нет.")


@dataclass(frozen=True, slots=True)
class Case:
    """An incident that somebody acts on, locked until the transaction ends."""

    session: Session
    incident: Incident
    standing: Standing
    actor: Actor
    rules: Rules
    now: datetime

    @property
    def region(self) -> Region:
        """The region's files."""
        return self.rules.region


def open_case(
    session: Session,
    incident_id: int,
    wish: Wish,
    *,
    actor: Actor,
    rules: Rules,
    now: datetime,
) -> Case | Refused:
    """Lock an incident for an act that the life cycle allows, or say why it does not."""
    incident = session.get(Incident, incident_id, with_for_update=True, populate_existing=True)
    if incident is None:
        return NOT_FOUND
    standing = standing_of(session, incident, rules)
    refused = refusal(standing, wish, actor, now)
    return refused or Case(session, incident, standing, actor, rules, now)


def standing_of(session: Session, incident: Incident, rules: Rules) -> Standing:
    """Return what the life cycle looks at."""
    incident_id = stored_id(incident.id)
    waiting = sa.exists().where(
        col(Answer.incident_id) == incident_id, col(Answer.state).in_(WAITING)
    )
    norm = rules.region.find_norm(incident.network, incident.urgency, incident.term)
    return Standing(
        stage=incident.stage,
        version=incident.version,
        body=incident.body,
        helpers=helpers_of(session, incident_id),
        round=incident.round,
        paused=incident.paused_at is not None,
        pausable=norm is not None and norm.pausable,
        final=incident.final_at is not None,
        answers_waiting=bool(session.execute(sa.select(waiting)).scalar()),
        assigned_before=incident.first_assigned_at is not None,
        approval=rules.region.process.approval,
    )


def act(
    session: Session,
    incident_id: int,
    wish: Wish,
    *,
    actor: Actor,
    rules: Rules,
    now: datetime,
) -> Incident | Refused:
    """Do one of the acts in ``DOES`` for somebody; return the incident after it.

    Acts with more to say than a ``Wish`` holds (a judgement, an answer, a merge) have functions
    of their own, which pass the same table.
    """
    case = open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        return case
    refused = DOES[wish.act](case, wish)
    return refused or case.incident


def set_helpers(
    session: Session,
    incident_id: int,
    bodies: Collection[str],
    *,
    actor: Actor,
    version: int | None,
    rules: Rules,
    now: datetime,
) -> Incident | Refused:
    """Let exactly these bodies (codes) help with an incident."""
    wish = Wish(Act.CO_EXECUTORS, version=version)
    case = open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        return case
    wanted = sorted(set(bodies) - {case.incident.body})
    unknown = _unknown(case.region, wanted)
    if unknown is not None:
        return unknown
    if tuple(wanted) == case.standing.helpers:
        return case.incident
    _store_helpers(case, wanted)
    case.incident.version += 1
    note(
        session,
        case.incident,
        Act.CO_EXECUTORS,
        state(case.incident) | {"helpers": list(case.standing.helpers)},
        at=now,
        by=actor,
        facts={"helpers": wanted},
    )
    added = sorted(set(wanted) - set(case.standing.helpers))
    if added:
        tell(session, case.incident, Occasion.ASSIGNED, at=now, helpers=added)
    return case.incident


def _assign(case: Case, wish: Wish) -> Refused | None:
    if wish.body is None:
        raise AssertionError("an assignment without a body is refused before")
    return _unknown(case.region, [wish.body]) or _hand_over(case, wish, wish.body)


def _hand_over(case: Case, wish: Wish, body: str) -> Refused | None:
    """Make a body the one responsible; whoever helped keeps on helping."""
    incident, before = case.incident, state(case.incident)
    if not case.region.body(body).handles(incident.network):
        return Refused(
            No.GUARD,
            f"{case.region.body(body).name} не работает с обращениями «"
            f"{incident.network.russian}». Выберите другого исполнителя.",
        )
    incident.body = body
    # A person has chosen: the rule's name and its note no longer tell why.
    incident.route_rule, incident.route_note = "", ""
    kept = [helper for helper in case.standing.helpers if helper != body]
    _store_helpers(case, kept)
    take_over(incident, case.now)
    enter(case.session, incident, Stage.ASSIGNED, now=case.now, rules=case.rules)
    note(case.session, incident, wish.act, before, at=case.now, by=case.actor, reason=wish.reason)
    tell(case.session, incident, Occasion.ASSIGNED, at=case.now)
    if kept:
        tell(case.session, incident, Occasion.ASSIGNED, at=case.now, helpers=kept)
    return None


def _accept(case: Case, wish: Wish) -> Refused | None:
    _go(case, wish)
    return None


def _give_back(case: Case, wish: Wish) -> Refused | None:
    _go(case, wish)
    tell(case.session, case.incident, Occasion.RETURNED, at=case.now)
    return None


def _pass_up(case: Case, wish: Wish) -> Refused | None:
    """Give an incident to the municipality's own desk, where somebody has to decide."""
    top = case.region.default_body
    if case.incident.body == top:
        return Refused(No.GUARD, "Инцидент уже на верхнем уровне: передавать выше некуда.")
    refused = _hand_over(case, wish, top)
    if refused is None:
        tell(case.session, case.incident, Occasion.PASSED_UP, at=case.now)
    return refused


def _pause(case: Case, wish: Wish) -> Refused | None:
    if wish.until is None:
        raise AssertionError("a pause without an end is refused before")
    incident, before = case.incident, state(case.incident)
    case.session.add(
        Pause(
            incident_id=stored_id(incident.id),
            cycle=cycle_of(incident),
            since=case.now,
            until=wish.until,
            reason=wish.reason,
            by=case.actor.login,
        )
    )
    incident.paused_at = case.now
    incident.version += 1
    schedule(case.session, incident, now=case.now, rules=case.rules)
    set_timer(case.session, stored_id(incident.id), Clock.PAUSE, wish.until)
    note(
        case.session,
        incident,
        Act.PAUSED,
        before,
        at=case.now,
        by=case.actor,
        reason=wish.reason,
        facts={"until": wish.until.isoformat()},
    )
    return None


def _resume(case: Case, _wish: Wish) -> Refused | None:
    steps.resume(case.session, case.incident, by=case.actor, now=case.now, rules=case.rules)
    return None


def _close(case: Case, wish: Wish) -> Refused | None:
    if wish.closing is None:
        raise AssertionError("a closing without its reason is refused before")
    steps.close(
        case.session,
        case.incident,
        wish.closing,
        now=case.now,
        rules=case.rules,
        by=case.actor,
        reason=wish.reason,
    )
    return None


def _reopen(case: Case, wish: Wish) -> Refused | None:
    if case.incident.merged_into is not None:
        return Refused(
            No.GUARD,
            f"Инцидент объединён с № {case.incident.merged_into}. Чтобы вести его отдельно, "
            "отмените объединение.",
        )
    steps.reopen(
        case.session,
        case.incident,
        now=case.now,
        rules=case.rules,
        by=case.actor,
        reason=wish.reason,
    )
    return None


DOES: dict[Act, Callable[[Case, Wish], Refused | None]] = {
    Act.ASSIGNED: _assign,
    Act.ACCEPTED: _accept,
    Act.RETURNED: _give_back,
    Act.PASSED_UP: _pass_up,
    Act.PAUSED: _pause,
    Act.RESUMED: _resume,
    Act.CLOSED: _close,
    Act.REOPENED: _reopen,
}


def _go(case: Case, wish: Wish) -> None:
    """Do what only moves an incident to another stage."""
    before = state(case.incident)
    stage = after(case.standing, wish.act)
    enter(case.session, case.incident, stage, now=case.now, rules=case.rules)
    note(
        case.session,
        case.incident,
        wish.act,
        before,
        at=case.now,
        by=case.actor,
        reason=wish.reason,
    )


def _unknown(region: Region, bodies: Sequence[str]) -> Refused | None:
    known = {body.code for body in region.bodies}
    unknown = [body for body in bodies if body not in known]
    if not unknown:
        return None
    return Refused(
        No.GUARD,
        f"Такого исполнителя в районе нет: {', '.join(unknown)[:200]}. Выберите из списка.",
    )


def _store_helpers(case: Case, wanted: Collection[str]) -> None:
    incident_id = stored_id(case.incident.id)
    known = set(case.standing.helpers)
    for row in case.session.exec(select(CoExecutor).where(CoExecutor.incident_id == incident_id)):
        if row.body not in wanted:
            case.session.delete(row)
    for body in wanted:
        if body not in known:
            case.session.add(CoExecutor(incident_id=incident_id, body=body))
