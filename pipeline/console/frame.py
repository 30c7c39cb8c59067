"""What every page needs: the database, the region, the clock and the templates."""

import hashlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import jinja2
import sqlalchemy as sa
from cryptography.fernet import Fernet
from fastapi import Request
from fastapi.responses import HTMLResponse
from pydantic import SecretStr

from pipeline.console import keys
from pipeline.console.checking import Checks
from pipeline.console.throttle import Throttle, at_the_door
from pipeline.console.wording import moment
from pipeline.decisions.worktime import WorkCalendar
from pipeline.judge import Judge
from pipeline.probing import Line
from pipeline.region.schema import Region, Source
from pipeline.rules import Rules
from pipeline.secrets import console_key
from pipeline.settings import SettingsError
from pipeline.status import TokensOf, no_tokens

HERE = Path(__file__).parent
STATIC = HERE / "static"


def asset(name: str) -> str:
    """Return the address of a static file; it changes with the content, so it may be kept."""
    return f"/static/{name}?{hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = cache(asset)
    environment.globals["console_keys"] = keys
    return environment


def no_judge() -> Judge:
    """Stand in where nobody types anything in."""
    raise AssertionError("this console was given no judge")


def no_check(_source: Source) -> tuple[Line, ...]:
    """Stand in where no network can be asked."""
    raise SettingsError("Эта консоль не может спрашивать сети.")


@dataclass(frozen=True)
class Console:
    """One console of one region.

    ``folder`` is where the region came from, a path or a shipped name, empty where nobody knows;
    ``home`` the folder for data, None for none. ``judge`` gives what judges a text that somebody
    types in; it serves one thread at a time, the one that holds ``judging``. ``checks`` asks the
    networks about sources.
    ``secret`` finds a secret by its name, None for none. ``tokens`` gives a look at the tokens
    of sources, for the thread that asks. ``public_url`` is where citizens open public pages, empty
    for nowhere; ``strangers`` keeps them from asking too often, ``door`` from trying one login
    after another. ``hashing`` lets two passwords at a time be checked.

    argon2 takes 64 MiB each: a flood of sign-ins must eat neither the memory nor the threads
    that answer everybody else.
    """

    engine: sa.Engine
    region: Region
    calendar: WorkCalendar
    clock: Callable[[], datetime]
    secure_cookies: bool
    started_at: datetime
    secret: Callable[[str], SecretStr | None] = lambda _name: None
    tokens: Callable[[], AbstractContextManager[TokensOf]] = lambda: nullcontext(no_tokens)
    public_url: str = ""
    folder: str = ""
    home: Path | None = None
    judge: Callable[[], Judge] = no_judge
    judging: threading.Lock = field(default_factory=threading.Lock)
    checks: Checks = field(default_factory=lambda: Checks(no_check))
    strangers: Throttle = field(default_factory=Throttle)
    door: Throttle = field(default_factory=at_the_door)
    templates: jinja2.Environment = field(default_factory=_templates)
    hashing: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))

    @property
    def rules(self) -> Rules:
        """The region with its calendar, as every change needs them."""
        return Rules(self.region, self.calendar, self.public_url)

    def fernet(self) -> Fernet:
        """Return what the console encrypts with. Raises SettingsError where its key is unusable."""
        if self.home is None:
            raise SettingsError("У консоли нет папки данных, поэтому нет и ключа для шифрования.")
        return console_key(self.home)

    def page(
        self, template: str, *, status: int = 200, visitor: object = None, **words: Any
    ) -> HTMLResponse:
        """Return a rendered page; everything in ``words`` is escaped by the templates."""
        html = self.templates.get_template(template).render(
            region=self.region, visitor=visitor, **words
        )
        # A text may hold half a surrogate pair, which no encoding takes.
        return HTMLResponse(html.encode(errors="replace"), status)

    def local(self, at: datetime) -> str:
        """Return a moment as the municipality's clocks show it."""
        return moment(at, self.calendar.time_zone)[0]


def console_of(request: Request) -> Console:
    """Return the console that serves this request."""
    console: Console = request.app.state.console
    return console
