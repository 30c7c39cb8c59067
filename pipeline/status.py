"""How every source is doing, gathered from the database and the ledger of tokens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from connectors.ledger import TokenState
from models.source import Source as StoredSource
from pipeline.decisions.polling import CLOSED_PAUSE, PARKED_PAUSE
from pipeline.region.schema import Region, Source, SourceKind
from pipeline.settings import SettingsError
from pipeline.store.sources import all_sources, unreadable_counts, waiting_events_counts

LATE = timedelta(hours=1)
"""A source that nobody has tried to read for so long past its time is not being read. One run of
the ingesting flow lasts for a quarter of an hour at most."""

LONGEST_WAIT = timedelta(days=1)
"""Between two readings of a source, whatever happens to it."""

WAITING = frozenset({TokenState.DEAD, TokenState.NEEDS_PERSON})
"""States of a token that only a person can end."""


@dataclass(frozen=True, slots=True)
class TokenStatus:
    """A token as people want to know it.

    By method ``used`` is calls made today, ``left`` calls left today, ``may`` what a probe
    found: "ok" or why not.
    """

    name: str
    state: TokenState
    reason: str
    used: dict[str, int]
    left: dict[str, int]
    may: dict[str, str]


TokensOf = Callable[[Source], Iterable[TokenStatus]]
"""The tokens of a source; raises SettingsError when a secret is missing."""


def no_tokens(_source: Source) -> tuple[TokenStatus, ...]:
    """Return no tokens: for those who look at the database alone."""
    return ()


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source as people want to know it.

    ``lag`` is the time since it was last read, None for never. ``silent`` is how long it has
    published nothing, where that is longer than usual. ``error`` says what to do; ``error_at``
    is when it was last met, ``failures`` how many readings in a row it has ended: none where the
    source is read, though not as it should be. ``missing`` says that a secret is not there.
    ``unreadable`` counts items that nobody could read, ``waiting`` events that were pushed and
    not read yet. ``late`` is for how long it should have been read and nobody tried, None while
    that is not long. ``followed`` tells whether the region names it; others were taken in once,
    or named in the past.
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
    error_at: datetime | None = None
    late: timedelta | None = None
    followed: bool = True

    @property
    def token_waits(self) -> bool:
        """Tell whether one of its tokens waits for a person."""
        return any(token.state in WAITING for token in self.tokens)

    @property
    def well(self) -> bool:
        """Tell whether nobody has to do anything about the source."""
        return not (self.error or self.missing or self.silent or self.late or self.token_waits)

    @property
    def pressing(self) -> bool:
        """Tell whether people should hear of it while they work on something else.

        A first failure is no news, unless the pause after it tells that only a person can end
        it: a network's hiccup is over before anybody has read of it. Nor is an error news of a
        source that is read all the same.
        """
        waits = None
        if self.next_at is not None and self.error_at is not None:
            waits = self.next_at - self.error_at
        alone = waits in {PARKED_PAUSE, CLOSED_PAUSE}
        lasting = self.failures > 1 or (self.failures == 1 and alone)
        if self.error and not lasting:
            return bool(self.late or self.silent or self.missing or self.token_waits)
        return not self.well


def statuses(
    session: Session,
    region: Region,
    tokens_of: TokensOf,
    now: datetime,
    *,
    since: datetime | None = None,
) -> list[SourceStatus]:
    """Return the state of the region's sources, and of tables that were taken in.

    Nothing counts as late before ``since``, the moment from which on sources should be read.
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
                tokens = tuple(tokens_of(known[key]))
            except SettingsError as error:
                missing = str(error)
        found.append(
            _status(
                known.get(key),
                stored.get(key),
                now,
                since=since,
                tokens=tokens,
                missing=missing,
                unreadable=unreadable.get(key, 0),
                waiting=waiting.get(key, 0),
            )
        )
    return found


def pressing_statuses(
    sources: Iterable[StoredSource], region: Region, now: datetime, *, since: datetime | None = None
) -> list[SourceStatus]:
    """Return the region's sources that people should hear of, those that are not read first.

    ``sources`` are all that are stored; of tokens and of what waits it knows nothing. ``since`` as
    for ``statuses``.
    """
    stored = {source.key: source for source in sources}
    found = [
        _status(source, stored.get(source.key), now, since=since)
        for source in region.active_sources()
    ]
    return sorted(
        (status for status in found if status.pressing),
        key=lambda status: (not status.failures, status.late is None),
    )


def _status(
    source: Source | None,
    stored: StoredSource | None,
    now: datetime,
    *,
    since: datetime | None,
    tokens: tuple[TokenStatus, ...] = (),
    missing: str = "",
    unreadable: int = 0,
    waiting: int = 0,
) -> SourceStatus:
    named = source or stored
    if named is None:
        raise AssertionError("a source is known to the region or to the store")
    read_at = stored.last_success_at if stored else None
    post_at = stored.last_post_at if stored else None
    gap = stored.usual_gap if stored else None
    # What nobody reads any more keeps the error that it had, and nobody has to mend it.
    wrong = stored is not None and source is not None and bool(stored.last_error)
    return SourceStatus(
        key=named.key,
        title=named.title,
        network=named.network.russian,
        read_at=read_at,
        post_at=post_at,
        next_at=stored.next_at if stored and source else None,
        lag=None if read_at is None else now - read_at,
        silent=_silent(source, stored, now),
        usual_gap=None if gap is None else timedelta(seconds=gap),
        failures=stored.failures if stored and wrong else 0,
        error=stored.last_error if stored and wrong else "",
        missing=missing,
        tokens=tokens,
        unreadable=unreadable,
        waiting=waiting,
        error_at=stored.last_error_at if stored and wrong else None,
        late=_late(stored, now, since) if source else None,
        followed=source is not None,
    )


def _silent(source: Source | None, stored: StoredSource | None, now: datetime) -> timedelta | None:
    # What was read once, as a table is, has no silence; nor has a recording that is over.
    if source is None or source.kind is SourceKind.RECORDING or stored is None:
        return None
    since, last = stored.silent_since, stored.last_post_at
    if since is None or last is None or last >= since:
        # A pushed event may have ended the silence since the last reading.
        return None
    return now - last


def _late(stored: StoredSource | None, now: datetime, since: datetime | None) -> timedelta | None:
    """Return for how long a source should have been read and nobody tried, None for not long.

    Its own record of silence does not grow then, for that is made at each reading.
    """
    due = since
    if stored is not None:
        tried = [at for at in (stored.last_success_at, stored.last_error_at) if at is not None]
        # Without a moment it is to be read now; until when it waited before, nobody knows.
        due = stored.next_at or (max(tried) + LONGEST_WAIT if tried else stored.created_at)
        due = due if since is None else max(due, since)
    if due is None or now - due <= LATE:
        return None
    return now - due
