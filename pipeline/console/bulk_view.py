"""What the pages of bulk acts show: the preview of an act, and how far it has come."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from models.console import BulkAct, BulkState
from models.staff import Staff
from models.vocabulary import Urgency
from pipeline.console.conditions import conditions
from pipeline.console.frame import Console
from pipeline.console.queue_rows import Row, group
from pipeline.console.reviewing import IRRELEVANT
from pipeline.console.wanted import Wanted
from pipeline.console.wording import body_name, count, grouped
from pipeline.decisions.lifecycle import Standing, refusal
from pipeline.decisions.permissions import Actor, may
from pipeline.decisions.snoozing import Choice, choices
from pipeline.desk.bulk_acts import (
    ALIVE,
    MOST,
    URGENT_ALREADY,
    BulkKind,
    BulkWish,
    can_take_back,
)
from pipeline.store import bulk_acts as store
from pipeline.store.incidents import matching, queue
from pipeline.store.sources import all_sources

SAMPLE = 5
SHOWN = 50
"""Incidents that are named one by one under a reason; of more it is told how many."""

TITLES = {
    BulkKind.CONFIRM: "Подтвердить разбор",
    BulkKind.NOT_RELEVANT: "Не обращение: закрыть без ответа",
    BulkKind.ASSIGN: "Назначить исполнителя",
    BulkKind.CLOSE: "Закрыть: ответ не положен",
    BulkKind.SNOOZE: "Отложить",
    BulkKind.URGENT: "Сделать срочными",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One act that can be chosen: how many incidents it can be done to, and why not to others."""

    kind: str
    title: str
    able: str
    none: bool
    refused: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a bulk act would be about, exactly.

    ``at`` is the moment at which the list was looked at, ``head`` the journal's newest entry then
    and ``through`` the newest incident: with them the same incidents are found again, and what
    has changed meanwhile is known.
    """

    ids: Sequence[tuple[int, int]]
    more: bool
    at: datetime
    head: int
    through: int
    words: list[str]
    sample: list[Row]
    options: list[Option]
    bodies: list[tuple[str, str]]
    snoozes: tuple[Choice, ...]
    irrelevant: list[str]

    @property
    def counted(self) -> str:
        """How many, with the noun."""
        return incidents(len(self.ids))


def incidents(number: int) -> str:
    """Return «12 инцидентов»."""
    return count(number, "инцидент", "инцидента", "инцидентов")


def kinds_of(actor: Actor) -> list[BulkKind]:
    """Return what this person may do to many incidents at once."""
    return [kind for kind in BulkKind if may(actor, kind.act)]


def preview(
    session: Session, wanted: Wanted, *, actor: Actor, console: Console, now: datetime
) -> Preview:
    """Look at what a list holds now."""
    chosen = wanted.first_page.filter(actor, console.region, now)
    found = matching(session, chosen, limit=MOST + 1)
    ids = found[:MOST]
    some = queue(session, chosen, limit=SAMPLE)
    sample = group(some, console, now, title="sample", query=chosen.text)
    told = conditions(wanted.first_page, console.region, all_sources(session))
    kinds = store.kinds(session, [number for number, _ in ids])
    return Preview(
        ids=ids,
        more=len(found) > MOST,
        at=now,
        head=store.journal_head(session),
        through=max((number for number, _ in ids), default=0),
        words=[one.title for one in told],
        sample=[row for one in sample for row in one.rows],
        options=[_option(kind, kinds, actor, console, now) for kind in kinds_of(actor)],
        bodies=[(body.code, body.name) for body in console.region.bodies],
        snoozes=choices(now, console.calendar),
        irrelevant=list(IRRELEVANT.values()),
    )


def seen_then(
    session: Session,
    wanted: Wanted,
    *,
    actor: Actor,
    console: Console,
    at: datetime,
    head: int,
    through: int,
) -> list[tuple[int, int]]:
    """Return the incidents of a preview that are still what they were then, with versions."""
    chosen = wanted.first_page.filter(actor, console.region, at)
    changed = store.changed_since(session, head)
    found = matching(session, chosen, limit=MOST + len(changed))
    return [one for one in found if one[0] <= through and one[0] not in changed][:MOST]


def _option(
    kind: BulkKind,
    kinds: dict[store.Kind, int],
    actor: Actor,
    console: Console,
    now: datetime,
) -> Option:
    why_not: Counter[str] = Counter()
    able = 0
    for one, number in kinds.items():
        why = _why_not(kind, one, actor, console, now)
        if why:
            why_not[why] += number
        else:
            able += number
    refused = [(why, grouped(number)) for why, number in why_not.most_common()]
    return Option(kind.value, TITLES[kind], incidents(able), able == 0, refused)


def _why_not(kind: BulkKind, one: store.Kind, actor: Actor, console: Console, now: datetime) -> str:
    if kind is BulkKind.URGENT and one.urgency is Urgency.URGENT:
        return URGENT_ALREADY
    standing = Standing(
        stage=one.stage,
        version=1,
        body=one.body,
        final=one.final,
        answers_waiting=one.answers_waiting,
        approval=console.region.process.approval,
    )
    # With everything that a form can still say: only what no form could change is told.
    filled = BulkWish(kind, "?", body="?", until=now + timedelta(hours=1)).wish
    refused = refusal(standing, filled, actor, now)
    return "" if refused is None else refused.message


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some incidents were left as they are: the first of them, and how many more."""

    why: str
    numbers: list[int]
    counted: str
    more: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a bulk act has come, or its taking back (``undoing``).

    ``state`` is a line of its own, ``busy`` while a runner is at it. ``did`` and ``kept`` count
    incidents. ``can`` holds what its buttons may ask for.
    """

    token: str
    title: str
    details: list[str]
    who: str
    started: str
    state: str
    busy: bool
    done: int
    total: int
    did: str
    kept: list[Reason]
    can: frozenset[str]
    back: str


def progress(session: Session, act: BulkAct, console: Console, now: datetime) -> Progress:
    """Return how far a bulk act has come."""
    wish, undoing = BulkWish.of(act.wish), act.wish.get("undo")
    total = act.done if undoing else len(act.ids)
    done = act.done - undoing["left"] if undoing else act.done
    refused = undoing["kept"] if undoing else act.refused
    dead = act.state is BulkState.RUNNING and now - act.beat_at > ALIVE
    did = undoing["restored"] if undoing else done - sum(len(one[1]) for one in refused)
    staff = session.get(Staff, act.staff_id)
    return Progress(
        token=act.token,
        title=TITLES[wish.kind],
        details=_details(wish, console),
        who=staff.login if staff is not None else "",
        started=console.local(act.started_at),
        state=_state(act, undoing, dead=dead, done=done, total=total),
        busy=act.state is BulkState.RUNNING and not dead,
        done=done,
        total=total,
        did=("Отменено: " if undoing else "Сделано: ") + incidents(did),
        kept=[_reason(why, numbers) for why, numbers in refused],
        can=_can(act, dead=dead, now=now),
        back=f"/?{wish.query}" if wish.query else "/",
    )


def _state(
    act: BulkAct, undoing: dict[str, Any] | None, *, dead: bool, done: int, total: int
) -> str:
    far = f"{grouped(done)} из {grouped(total)}"
    what = "Отмена" if undoing else "Действие"
    if act.state is BulkState.DONE:
        return f"Готово: {far}"
    if act.state is BulkState.UNDONE:
        return f"Отмена закончена: {far}"
    if act.state is BulkState.STOPPED or dead:
        return f"{what}: остановлено на {far}"
    return f"{what}: {far}"


def _can(act: BulkAct, *, dead: bool, now: datetime) -> frozenset[str]:
    can = set()
    if act.state is BulkState.RUNNING and not dead:
        can.add("stop")
    if act.state is BulkState.STOPPED or dead:
        can.add("resume")
    if can_take_back(act, now):
        can.add("undo")
    return frozenset(can)


def _details(wish: BulkWish, console: Console) -> list[str]:
    body = f"исполнитель: {body_name(wish.body, console.region)}" if wish.body else ""
    until = f"до {console.local(wish.until)}" if wish.until else ""
    return [one for one in (body, until, wish.reason) if one]


def _reason(why: str, numbers: Sequence[int]) -> Reason:
    more = grouped(len(numbers) - SHOWN) if len(numbers) > SHOWN else ""
    return Reason(why, list(numbers[:SHOWN]), incidents(len(numbers)), more)
