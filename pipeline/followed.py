"""The sources of a region as flows follow them: which are due, and how each is read."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.max import webhook as max_webhook
from connectors.telegram import webhook as telegram_webhook
from connectors.vk import events as vk_events
from connectors.vk.longpoll import drain
from models.inbox import Event
from models.source import Source as StoredSource
from models.values import FetchedPost
from models.vocabulary import Network
from pipeline.connecting import Connecting
from pipeline.database import reading, unit_of_work
from pipeline.desk.events import keep_event
from pipeline.desk.sources import go_on_with_events
from pipeline.ingest import Origin
from pipeline.reading import Desk, read_source
from pipeline.region.schema import Source
from pipeline.store.sources import all_sources, waiting_events_counts
from pipeline.tally import Tally

LONG_POLL_EVERY = timedelta(seconds=30)


@dataclass(slots=True)
class Followed:
    """Follows the sources of one region; ``drained`` is when each Long Poll was last asked."""

    connecting: Connecting
    desk: Desk
    drained: dict[str, datetime] = field(default_factory=dict)
    sources: dict[str, Source] = field(init=False)

    def __post_init__(self) -> None:
        """Find sources by their keys."""
        self.sources = {one.key: one for one in self.connecting.region.active_sources()}

    def due(self) -> list[str]:
        """Return the sources to read now: it is their time, or events wait for them."""
        now = self.desk.clock()
        with reading(self.desk.engine) as session:
            stored = {one.key: one for one in all_sources(session)}
            waiting = waiting_events_counts(session)
        return [
            key
            for key, source in self.sources.items()
            if key in waiting or _poll_due(stored.get(key), now) or self._drain_due(source, now)
        ]

    async def read(self, key: str) -> Tally:
        """Read a source: events, and its pages where it is time. Raises what went wrong."""
        source, connecting, now = self.sources[key], self.connecting, self.desk.clock()
        with reading(self.desk.engine) as session:
            stored = {one.key: one for one in all_sources(session)}.get(key)
        pushed = bool(source.live.events)
        lost = False

        async def fetch_events(known: StoredSource) -> bool:
            nonlocal lost
            lost = await self._drain(source, known)
            return lost

        return await read_source(
            origin(source),
            self.desk,
            connect=lambda known: connecting.connect(source, known, now, whole=lost),
            every=lambda: connecting.every(source),
            parse=(lambda event: parse_event(source.network, event)) if pushed else None,
            drain=fetch_events if self._drain_due(source, now) else None,
            poll=_poll_due(stored, now),
        )

    def _drain_due(self, source: Source, now: datetime) -> bool:
        if source.live.events != "longpoll":
            return False
        last = self.drained.get(source.key)
        return last is None or now - last >= LONG_POLL_EVERY

    async def _drain(self, source: Source, stored: StoredSource) -> bool:
        """Keep the events that wait at a community's Long Poll; tell whether some were lost."""
        self.drained[source.key] = self.desk.clock()
        found = await drain(
            await self.connecting.vk(source, source.live.events_token),
            await self.connecting.tools.http(source.live),
            -int(source.only_community()),
            stored.events_at or None,
        )
        now = self.desk.clock()
        with unit_of_work(self.desk.engine) as session:
            for payload in found.events:
                if isinstance(payload, dict):
                    keep_event(session, source.key, vk_events.event_id(payload), payload, now)
            go_on_with_events(session, source.key, found.ts)
        return found.lost


def origin(source: Source) -> Origin:
    """Return a region's source as ingest sees it."""
    own = source.live.answer_as
    official = frozenset() if own is None else frozenset({f"-{own}"})
    return Origin(
        source.key,
        source.network,
        source.title,
        source.community_settlement,
        official,
        source.page,
    )


def parse_event(network: Network, event: Event) -> list[FetchedPost]:
    """Read an event that a network pushed. Raises SourceError."""
    match network:
        case Network.VK:
            return vk_events.parse_event(event.payload, event.received_at)
        case Network.MAX:
            return max_webhook.parse_update(event.payload, event.received_at)
        case _:
            return telegram_webhook.parse_update(event.payload, event.received_at)


def _poll_due(stored: StoredSource | None, now: datetime) -> bool:
    return stored is None or stored.next_at is None or stored.next_at <= now
