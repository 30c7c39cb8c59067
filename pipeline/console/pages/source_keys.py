"""The secrets that sources name, for administrators: written here, never shown; and a check.

Of a secret the page knows where it lies and since when. Its value goes from the form into the
file, and nowhere else: not into a page, the database, the journal or a log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr

from pipeline.console.access import SignedInForm, SourcesManager, Visitor
from pipeline.console.checking import Check
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import count, distance
from pipeline.database import unit_of_work
from pipeline.desk.sources import note_secret
from pipeline.region.schema import Live, Region, Source
from pipeline.secrets import Where, secret_state, write_secret
from pipeline.settings import SettingsError

USES: Mapping[str, str] = {
    "token": "чтение",
    "app_secret": "секрет приложения",
    "refresh_token": "продление сеанса",
    "events_token": "поток событий",
    "secret": "подпись событий",
    "answer_token": "публикация ответов",
}
"""The keys of sources.yaml that name secrets, for people."""

ALL = "*"
"""In place of a source's key: check every one."""

MOST_SOURCES = 500
"""Rows of a page; whoever has more checks them at the machine."""

TONES = {Where.FILE: "good", Where.ENVIRONMENT: "good", Where.BROKEN: "urgent"}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret as the page shows it; ``uses`` tells what for, ``sources`` where."""

    name: str
    uses: str
    sources: str
    state: str
    tone: str
    since: str
    trouble: str
    fixed: bool


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A source and what the last check found; ``outcome`` is empty where there was none."""

    key: str
    title: str
    network: str
    outcome: str
    tone: str
    asked: str
    lines: list[tuple[str, str, str]]


@router.get("/sources/keys")
def show_keys(request: Request, visitor: SourcesManager, saved: str = "") -> Response:
    """Show where every secret lies, and what the checks found; ``saved`` is one just written."""
    console = console_of(request)
    known = saved if saved in _secrets(console.region) else ""
    return _page(console, visitor, saved=known)


@router.post("/sources/keys/{name}")
def save_key(
    request: Request,
    _form: SignedInForm,
    visitor: SourcesManager,
    name: str,
    value: Annotated[SecretStr, Form(max_length=20_000)] = SecretStr(""),  # noqa: B008 - frozen
) -> Response:
    """Put a secret into its file, and let the sources that it opens be read at once."""
    console = console_of(request)
    named = _secrets(console.region)
    if name not in named:
        raise HTTPException(404)
    try:
        write_secret(name, value.get_secret_value(), _home(console))
    except SettingsError as error:
        return _page(console, visitor, trouble=str(error), trouble_at=name)
    keys = [source.key for source in named[name][1]]
    with unit_of_work(console.engine) as session:
        note_secret(session, name, keys, by=visitor.staff.login, now=console.clock())
    return RedirectResponse(f"/sources/keys?saved={name}#key-{name}", 303)


@router.post("/sources/check")
def check(
    request: Request,
    _form: SignedInForm,
    _visitor: SourcesManager,
    source: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Ask the network what the tokens of a source may do, in the background."""
    console = console_of(request)
    known = console.region.active_sources()
    wanted = [one for one in known if source in {one.key, ALL}]
    if not wanted:
        raise HTTPException(404)
    console.checks.start(wanted, console.clock())
    return RedirectResponse("/sources/keys#checks", 303)


def _page(
    console: Console,
    visitor: Visitor,
    *,
    saved: str = "",
    trouble: str = "",
    trouble_at: str = "",
) -> Response:
    sources = console.region.active_sources()
    return console.page(
        "source_keys.html",
        visitor=visitor,
        status=422 if trouble else 200,
        secrets=[
            _secret_row(console, name, uses, users)
            for name, (uses, users) in sorted(_secrets(console.region).items())
        ]
        if console.home is not None
        else [],
        checks=[_check_row(console, one) for one in sources[:MOST_SOURCES]],
        more=len(sources) > MOST_SOURCES,
        at_work=console.checks.at_work,
        all=ALL,
        saved=saved,
        trouble=trouble,
        trouble_at=trouble_at,
    )


def _secrets(region: Region) -> dict[str, tuple[list[str], list[Source]]]:
    """Return, by name, what each secret is for and which sources name it."""
    found: dict[str, tuple[list[str], list[Source]]] = {}
    for source in region.active_sources():
        for use, name in _named(source.live):
            uses, users = found.setdefault(name, ([], []))
            if use not in uses:
                uses.append(use)
            if source not in users:
                users.append(source)
    return found


def _named(live: Live) -> Iterable[tuple[str, str]]:
    for key, use in USES.items():
        name = getattr(live, key)
        if name:
            yield use, name


def _secret_row(console: Console, name: str, uses: list[str], users: list[Source]) -> SecretRow:
    state = secret_state(name, _home(console))
    first = users[0].title if len(users) == 1 else ""
    return SecretRow(
        name=name,
        uses=", ".join(uses),
        sources=first or count(len(users), "источник", "источника", "источников"),
        state=state.where.value,
        tone=TONES.get(state.where, "doubt"),
        since=console.local(state.since) if state.since else "",
        trouble=state.trouble,
        fixed=state.where is Where.ENVIRONMENT,
    )


def _check_row(console: Console, source: Source) -> CheckRow:
    asked = console.checks.of(source.key)
    outcome, tone = _outcome(asked)
    return CheckRow(
        key=source.key,
        title=source.title,
        network=source.network.russian,
        outcome=outcome,
        tone=tone,
        asked=distance(asked.asked_at, console.clock()) if asked else "",
        lines=[
            (line.verdict.value, line.what, line.said)
            for line in (asked.lines or () if asked else ())
        ],
    )


def _outcome(asked: Check | None) -> tuple[str, str]:
    if asked is None:
        return "", ""
    if asked.lines is None:
        return "проверяется", ""
    return ("в порядке", "good") if asked.well else ("не всё в порядке", "urgent")


def _home(console: Console) -> Path:
    if console.home is None:
        raise SettingsError("У консоли нет папки данных: ключ некуда положить.")
    return console.home
