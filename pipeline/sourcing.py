"""What sources are read and answered with: HTTP clients, secrets, tokens with their ledger."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from connectors.calling import Caller
from connectors.http import Http, HttpClient
from connectors.ledger import Ledger, Token
from connectors.mail_client import MailClient
from pipeline.region.schema import Live
from pipeline.secrets import require_secret
from pipeline.settings import make_home

LEDGER = "tokens.db"


@dataclass(slots=True)
class Tools:
    """Tools that all sources of one process share; each is made when it is first needed.

    ``secret`` finds a secret by its name or raises SettingsError. ``around`` is put around every
    HTTP client, and ``around_mail`` around every client of a mail box: a recorder, or a player
    instead of it. ``sleep`` waits seconds between two calls of a token.
    """

    secret: Callable[[str], SecretStr]
    ledger: Ledger
    stack: AsyncExitStack
    around: Callable[[Http], Http]
    around_mail: Callable[[MailClient], MailClient] = lambda client: client
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clients: dict[tuple[bool, str, str], HttpClient] = field(default_factory=dict)
    callers: dict[str, Caller] = field(default_factory=dict)

    async def http(self, live: Live) -> Http:
        """Return the client that a source asks with.

        An address that the administrator named on purpose may lead inside.
        """
        private = live.allow_private or bool(live.api)
        key = (private, live.proxy, live.ca_file)
        if key not in self.clients:
            ca_file = Path(live.ca_file) if live.ca_file else None
            client = HttpClient(private=private, proxy=live.proxy or None, ca_file=ca_file)
            self.clients[key] = await self.stack.enter_async_context(client)
        return self.around(self.clients[key])

    def caller(self, token: Token) -> Caller:
        """Return the one caller of a token, whose pace and circuit all its sources share."""
        caller = self.callers.get(token.mark)
        if caller is None:
            caller = self.callers[token.mark] = Caller(token, self.ledger, sleep=self.sleep)
        return caller

    def token(self, name: str, *, rate: float, quotas: Mapping[str, int] | None = None) -> Token:
        """Return the token whose secret has this name. Raises SettingsError."""
        return Token(name, self.secret(name), rate, quotas or {})


def open_ledger(home: Path, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> Ledger:
    """Return the ledger of this installation; close it after use."""
    make_home(home)
    return Ledger(home / LEDGER, sleep=sleep)


@asynccontextmanager
async def open_tools(
    home: Path,
    *,
    secret: Callable[[str], SecretStr] | None = None,
    around: Callable[[Http], Http] = lambda http: http,
    around_mail: Callable[[MailClient], MailClient] = lambda client: client,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Tools]:
    """Give the tools of the installation in ``home``, and close them after."""
    async with AsyncExitStack() as stack:
        ledger = open_ledger(home, sleep=sleep)
        stack.callback(ledger.close)
        find = secret or (lambda name: require_secret(name, home))
        yield Tools(find, ledger, stack, around, around_mail, sleep)


@contextmanager
def local_tools(home: Path) -> Iterator[Tools]:
    """Give the tools for looking at tokens, without asking anybody."""
    ledger = open_ledger(home)
    try:
        yield Tools(lambda name: require_secret(name, home), ledger, AsyncExitStack(), _nobody)
    finally:
        ledger.close()


def _nobody(_: Http) -> Http:
    raise AssertionError("these tools ask nobody")
