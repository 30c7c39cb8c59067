"""The tokens of an installation: which a source has, and how they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.ledger import Ledger, Token
from pipeline.connecting import tokens
from pipeline.sourcing import local_tools
from pipeline.status import TokensOf, TokenStatus


@contextmanager
def looking_at_tokens(home: Path) -> Iterator[TokensOf]:
    """Give a look at the tokens of the installation in ``home``; nobody is asked.

    It belongs to the thread that opened it.
    """
    with local_tools(home) as tools:
        yield lambda source: [token_status(token, tools.ledger) for token in tokens(source, tools)]


def token_status(token: Token, ledger: Ledger) -> TokenStatus:
    """Return what the ledger knows of a token."""
    health = ledger.health(token)
    left = {
        method: max(0, quota - health.used.get(method, 0)) for method, quota in token.quotas.items()
    }
    return TokenStatus(
        token.name, health.state, health.reason, dict(health.used), left, dict(health.may)
    )
