"""The sources: how each is read, what is wrong with it and what to do; keys for administrators."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter, Request, Response

from connectors.ledger import TokenState
from pipeline.console.access import SourcesReader
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import count, distance, excerpt, grouped, unbroken
from pipeline.database import reading
from pipeline.decisions.permissions import Right, has
from pipeline.status import WAITING, SourceStatus, TokenStatus, statuses
from pipeline.status_words import span, state, troubles

TITLE = 200
"""Characters of a title: a table's is the name of its file."""

ASK = "ключ источника требует внимания: скажите администратору."

TONES = {
    TokenState.OK: "good",
    TokenState.LIMITED: "doubt",
    TokenState.DEAD: "urgent",
    TokenState.NEEDS_PERSON: "urgent",
}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class When:
    """A moment: how far it is, the moment itself, and a word more; empty where there is none."""

    distance: str = ""
    moment: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One source as the page shows it; ``tone`` is the colour of its state."""

    title: str
    key: str
    network: str
    state: str
    tone: str
    read: When
    post: When
    following: When
    troubles: list[str]
    tokens: list[str]


@dataclass(frozen=True, slots=True)
class Group:
    """Sources with the same need of people; ``tone`` is the colour of its title."""

    code: str
    title: str
    tone: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token; ``calls`` are of today, ``may`` what a probe found, method by method."""

    name: str
    state: str
    tone: str
    reason: str
    calls: list[str]
    may: list[str]
    sources: str


@router.get("/sources")
def show_sources(request: Request, visitor: SourcesReader) -> Response:
    """Show how every source is doing."""
    console = console_of(request)
    now = console.clock()
    with console.tokens() as tokens_of, reading(console.engine) as session:
        found = statuses(session, console.region, tokens_of, now, since=console.started_at)
    administers = has(visitor.actor, Right.MANAGE_SOURCES)
    followed = [status for status in found if status.followed]
    groups = [
        ("wrong", "Требуют внимания", "overdue", [one for one in followed if not one.well]),
        ("well", "В порядке", "later", [one for one in followed if one.well]),
        ("other", "Не опрашиваются", "later", [one for one in found if not one.followed]),
    ]
    wrong = sum(not one.well for one in followed)
    return console.page(
        "sources.html",
        visitor=visitor,
        groups=[
            Group(
                code,
                title,
                tone,
                [_row(one, console, now, administers=administers) for one in some],
            )
            for code, title, tone, some in groups
            if some
        ],
        summary=count(len(followed), "источник", "источника", "источников"),
        wrong=grouped(wrong) if wrong else "",
        tokens=_tokens(followed) if administers else [],
        as_of=console.local(now),
    )


def _row(status: SourceStatus, console: Console, now: datetime, *, administers: bool) -> Row:
    gap = "" if status.usual_gap is None else f"обычно раз в {span(status.usual_gap)}"
    following = _when(status.next_at, console, now)
    if status.followed and (status.next_at is None or status.next_at <= now):
        # It is read within seconds, or it is late, which is told among the troubles.
        following = When("сейчас", "" if status.late is None else "просрочено")
    return Row(
        title=excerpt(status.title or status.key, TITLE),
        key=status.key,
        network=status.network,
        state=state(status),
        tone=_tone(status),
        read=_when(status.read_at, console, now),
        post=_when(status.post_at, console, now, gap),
        following=following,
        troubles=[
            unbroken(line[:1].upper() + line[1:]) for line in _said(status, administers=administers)
        ],
        tokens=[_named(token) for token in status.tokens] if administers else [],
    )


def _said(status: SourceStatus, *, administers: bool) -> Iterable[str]:
    """Return what is wrong; operators do not see tokens, nor where secrets lie."""
    if administers:
        # What a token is short of is told once, below; here is what keeps the source from work.
        waiting = tuple(token for token in status.tokens if token.state in WAITING)
        yield from troubles(replace(status, tokens=waiting))
        return
    error = "" if status.error == status.missing else status.error
    yield from troubles(replace(status, tokens=(), missing="", error=error))
    if status.missing or status.token_waits:
        yield ASK


def _named(token: TokenStatus) -> str:
    return token.name if token.state is TokenState.OK else f"{token.name} ({token.state.russian})"


def _tone(status: SourceStatus) -> str:
    if not status.followed or (status.well and status.read_at is None):
        return ""
    if status.well:
        return "good"
    # A first failure and a silence may be nothing; the rest is not read until somebody acts.
    grave = status.error or status.missing or status.late or status.token_waits
    return "urgent" if grave and status.pressing else "doubt"


def _when(at: datetime | None, console: Console, now: datetime, more: str = "") -> When:
    if at is None:
        return When(more=more)
    return When(distance(at, now), console.local(at), more)


def _tokens(found: Iterable[SourceStatus]) -> list[TokenRow]:
    """Return every token once, those that need a person first."""
    known: dict[str, list[TokenStatus]] = {}
    for status in found:
        for token in status.tokens:
            known.setdefault(token.name, []).append(token)
    rows = [_token(same) for same in known.values()]
    return sorted(rows, key=lambda row: (row.tone != "urgent", row.tone == "good", row.name))


def _token(same: Sequence[TokenStatus]) -> TokenRow:
    # The same key reads one source and answers in another; only readers know of quotas.
    token = max(same, key=lambda one: len(one.left))
    return TokenRow(
        name=token.name,
        state=token.state.russian,
        tone=TONES[token.state],
        reason=token.reason,
        calls=[_calls(token, method) for method in sorted(token.used)],
        may=[
            f"{method}: {'можно' if said == 'ok' else said}" for method, said in token.may.items()
        ],
        sources=count(len(same), "источник", "источника", "источников"),
    )


def _calls(token: TokenStatus, method: str) -> str:
    used = f"{method}: {grouped(token.used[method])}"
    left = token.left.get(method)
    return used if left is None else f"{used}, осталось {grouped(left)}"
