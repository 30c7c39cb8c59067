"""What every page needs: the database, the region, the clock and the templates."""

import hashlib
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
from fastapi import Request
from fastapi.responses import HTMLResponse
from pydantic import SecretStr

from pipeline.console.throttle import Throttle
from pipeline.console.wording import moment
from pipeline.decisions.worktime import WorkCalendar
from pipeline.region.schema import Region
from pipeline.rules import Rules
from pipeline.status import TokensOf, no_tokens

HERE = Path(__file__).parent
STATIC = HERE / "static"


def asset(name: str) -> str:
    """Return the address of a static file; it changes with the content, so it may be kept."""
    return f"/static/{name}?{hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = cache(asset)
    return environment


@dataclass(frozen=True)
class Console:
    """One console of one region.

    ``secret`` finds a secret by its name, None for none. ``tokens`` gives a look at the tokens
    of sources, for the thread that asks. ``public_url`` is where citizens open public pages, empty
    for nowhere; ``strangers`` keeps them from asking too often. ``hashing`` lets two passwords at a
    time be checked.

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
    strangers: Throttle = field(default_factory=Throttle)
    templates: jinja2.Environment = field(default_factory=_templates)
    hashing: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))

    @property
    def rules(self) -> Rules:
        """The region with its calendar, as every change needs them."""
        return Rules(self.region, self.calendar, self.public_url)

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
