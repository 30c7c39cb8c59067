"""How every source is doing, gathered from the database and the ledger of tokens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from connectors.ledger import Health, Ledger, Token, TokenState
from models.source import Source as StoredSource
from pipeline.region.schema import Region, Source
from pipeline.settings import SettingsError
from pipeline.store.sources import all_sources, unreadable_counts, waiting_events_counts


@dataclass(frozen=True, slots=True)
class TokenStatus:
    """A token as people want to know it; ``left`` is calls left today by method."""

    name: str
    state: TokenState
    reason: str
    used: dict[str, int]
    left: dict[str, int]
    may: dict[str, str]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source as people want to know it.

    ``lag`` is the time since it was last read, None for never. ``silent`` is how long it has
    published nothing, where that is longer than usual. ``error`` says what to do. ``missing``
    says that a secret is not there. ``unreadable`` counts items that nobody could read,
    ``waiting`` events that were pushed and not read yet.
    """

    key: str
    title: str
    network: str
    read_at: datetime | None
    post_at: datetime | None
    next_at: datetime | None
    lag: timedelta | None
    silent: timedelta | None
    usual_gap: timedelta | None
    failures: int
    error: str
    missing: str
    tokens: tuple[TokenStatus, ...]
    unreadable: int
    waiting: int

    @property
    def well(self) -> bool:
        """Tell whether nobody has to do anything about the source."""
        trouble = any(
            token.state in {TokenState.DEAD, TokenState.NEEDS_PERSON} for token in self.tokens
        )
        return not (self.error or self.missing or self.silent or trouble)


def statuses(
    session: Session,
    region: Region,
    ledger: Ledger,
    tokens_of: Callable[[Source], Iterable[Token]],
    now: datetime,
) -> list[SourceStatus]:
    """Return the state of the region's sources, and of tables that were taken in.

    ``tokens_of`` gives a source's tokens or raises SettingsError when a secret is missing.
    """
    stored = {source.key: source for source in all_sources(session)}
    unreadable = unreadable_counts(session, stored)
    waiting = waiting_events_counts(session)
    known = {source.key: source for source in region.active_sources()}
    found: list[SourceStatus] = []
    for key in [*known, *(key for key in stored if key not in known)]:
        tokens: tuple[TokenStatus, ...] = ()
        missing = ""
        if key in known:
            try:
                tokens = tuple(_token(token, ledger) for token in tokens_of(known[key]))
            except SettingsError as error:
                missing = str(error)
        found.append(
            _status(
                known.get(key),
                stored.get(key),
                now,
                tokens=tokens,
                missing=missing,
                unreadable=unreadable.get(key, 0),
                waiting=waiting.get(key, 0),
            )
        )
    return found


def _token(token: Token, ledger: Ledger) -> TokenStatus:
    health: Health = ledger.health(token)
    left = {
        method: max(0, quota - health.used.get(method, 0)) for method, quota in token.quotas.items()
    }
    return TokenStatus(
        token.name, health.state, health.reason, dict(health.used), left, dict(health.may)
    )


def _status(
    source: Source | None,
    stored: StoredSource | None,
    now: datetime,
    *,
    tokens: tuple[TokenStatus, ...],
    missing: str,
    unreadable: int,
    waiting: int,
) -> SourceStatus:
    named = source or stored
    if named is None:
        raise AssertionError("a source is known to the region or to the store")
    read_at = stored.last_success_at if stored else None
    post_at = stored.last_post_at if stored else None
    # What was read once, as a table is, has no silence.
    silent = source is not None and stored is not None and stored.silent_since is not None
    gap = stored.usual_gap if stored else None
    return SourceStatus(
        key=named.key,
        title=named.title,
        network=named.network.russian,
        read_at=read_at,
        post_at=post_at,
        next_at=stored.next_at if stored and source else None,
        lag=None if read_at is None else now - read_at,
        silent=now - post_at if silent and post_at else None,
        usual_gap=None if gap is None else timedelta(seconds=gap),
        failures=stored.failures if stored else 0,
        error=stored.last_error if stored else "",
        missing=missing,
        tokens=tokens,
        unreadable=unreadable,
        waiting=waiting,
    )
