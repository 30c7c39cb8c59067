"""What a region's folder says, as frozen values.

Nothing here reads files or imports a database: pure decisions take a ``Region`` as they take
a text. ``pipeline.region.load`` makes one from a folder and checks it first, so that every
code named here exists and every interval is in order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from models.vocabulary import Network, Role, Term, Topic, Urgency

SETTLEMENT_ADMINISTRATION = "settlement_administration"
"""The routing target that means: the administration of the incident's own settlement."""

NormUnit = Literal["working_hours", "working_days", "calendar_days", "calendar_hours"]
Interval = tuple[time, time]


class BodyKind(StrEnum):
    """What kind of responsible body this is."""

    DISTRICT = "district"
    DEPARTMENT = "department"
    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True)
class Municipality:
    """The municipality as a whole; ``kind`` is its official kind, as people write it."""

    code: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Village:
    """A populated place: a village, a town, a station.

    ``latitude`` and ``longitude`` are WGS 84 degrees, ``population`` a head count; None where
    unknown. ``shared`` marks a name that several settlements of the region really have.
    """

    name: str
    aliases: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None
    population: int | None = None
    streets: tuple[str, ...] = ()
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """A settlement (поселение) with its villages, the administrative centre first."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    villages: tuple[Village, ...] = ()


@dataclass(frozen=True, slots=True)
class Contacts:
    """How to reach a body; functional addresses only, never a person. Empty where not given."""

    email: str = ""
    phone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """A responsible body. ``settlement`` is set exactly where kind is SETTLEMENT.

    ``channels`` are the networks whose messages it may handle, None for all.
    """

    code: str
    name: str
    kind: BodyKind
    settlement: str | None = None
    contacts: Contacts = Contacts()
    channels: frozenset[Network] | None = None

    def handles(self, network: Network) -> bool:
        """Tell whether the body may answer what came by this network."""
        return self.channels is None or network in self.channels


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """One row of the routing table; None for a condition means that it does not matter.

    ``body`` is a body's code or ``SETTLEMENT_ADMINISTRATION``; ``helpers`` are codes of bodies
    that work beside it.
    """

    name: str
    topics: frozenset[Topic] | None
    settlements: frozenset[str] | None
    body: str
    sources: frozenset[Network] | None = None
    urgency: Urgency | None = None
    helpers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Norm:
    """How long a term may take: ``amount`` of ``unit``, at least 1.

    ``pausable`` lets people stop the clock with a reason; it means something only for the legal
    terms, an answer's and a final answer's.
    """

    source: Network | Literal["any"]
    urgency: Urgency | Literal["any"]
    amount: int
    unit: NormUnit
    term: Term = Term.ANSWER
    pausable: bool = False


DEFAULT_NORMS = (
    Norm("any", Urgency.URGENT, 3, "working_hours"),
    Norm("any", "any", 8, "working_hours"),
    Norm("any", "any", 7, "working_days", Term.FINAL),
    Norm("any", "any", 97, "calendar_hours", Term.SILENCE),
)
"""What holds where a region's own norms are silent: the Smolensk district's 8 and 3 hours, the 7
working days after an interim answer of other regions, and the 97 hours after which the state
system closes an incident whose author says nothing."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """When people are reminded of a legal deadline, and which roles beside the executor's body.

    ``share`` of the term's working time, 0..1; 1 is the deadline itself, and then ``after`` is how
    many working minutes past it.
    """

    share: float
    after: int = 0
    roles: tuple[Role, ...] = ()


DEFAULT_REMINDERS = (
    Reminder(0.75, roles=(Role.EXECUTOR,)),
    Reminder(1.0, roles=(Role.EXECUTOR, Role.OPERATOR)),
    Reminder(1.0, 120, roles=(Role.APPROVER,)),
    Reminder(1.0, 480, roles=(Role.APPROVER, Role.ADMINISTRATOR)),
)


class OnClosed(StrEnum):
    """What a new message about a closed incident's problem does."""

    REOPEN = "reopen"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Process:
    """How the municipality works: settings of the life cycle.

    ``approval``: a head agrees to every answer before it is published. ``survey``: a final answer
    carries a link to rate it. A rating up to ``dissatisfied`` (1–5) opens the next round, at most
    ``rounds`` in all. ``join`` lets the machine put messages about one problem together; it looks
    back ``join_days``. ``on_closed`` is for those that closed within that time.
    """

    approval: bool = False
    survey: bool = False
    dissatisfied: int = 2
    rounds: int = 3
    join: bool = True
    join_days: int = 14
    on_closed: OnClosed = OnClosed.REOPEN


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what citizens left of themselves is kept; None is for ever.

    ``authors_months`` after an incident was closed its authors are forgotten. ``unreadable_days``
    are for payloads that nobody could read, ``inbox_days`` for events that were taken in.
    """

    authors_months: int | None = None
    unreadable_days: int | None = None
    inbox_days: int | None = None


class SourceKind(StrEnum):
    """How a source is read."""

    RECORDING = "recording"
    VK_WALL = "vk-wall"
    VK_BOARD = "vk-board"
    VK_SEARCH = "vk-search"
    OK_GROUP = "ok-group"
    TELEGRAM_CHANNEL = "telegram-channel"
    TELEGRAM_BOT = "telegram-bot"
    MAX_BOT = "max-bot"
    FEED = "feed"
    FOLDER = "folder"
    MAILBOX = "mailbox"


@dataclass(frozen=True, slots=True)
class Live:
    """What a source that is read over a network (or from a folder) is read with.

    ``token``, ``app_secret``, ``refresh_token``, ``events_token``, ``secret`` and
    ``answer_token`` are names of secrets. ``every`` is minutes between readings, None for the
    kind's own. ``events`` tells how the network pushes events, empty for not at all;
    ``confirmation`` is the line that VKontakte asks a Callback server for.
    ``answer_as`` is the community in whose name answers are published. ``api`` and ``proxy``
    replace the network's own address and the direct way to it, ``pages`` the address of the site
    that people look at; ``ca_file`` holds certificates to trust beside the system's. Empty where
    not given.
    """

    token: str = ""
    app_key: str = ""
    app_id: str = ""
    app_secret: str = ""
    refresh_token: str = ""
    events: str = ""
    events_token: str = ""
    secret: str = ""
    confirmation: str = ""
    answer_token: str = ""
    answer_as: int | None = None
    queries: tuple[str, ...] = ()
    url: str = ""
    server: str = ""
    user: str = ""
    folder: str = ""
    mapping: str = ""
    zone: str = ""
    every: int | None = None
    api: str = ""
    pages: str = ""
    ca_file: str = ""
    proxy: str = ""
    allow_private: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where posts come from.

    ``file`` is a recording's absolute path. ``communities`` maps a community's id to the
    code of its settlement, or to None for a community of the whole municipality;
    ``settlement`` is the answer for communities that are not listed. Where each community is
    read by itself, it is a source of its own, whose key ends with the community.
    """

    key: str
    kind: SourceKind
    network: Network
    title: str
    settlement: str | None = None
    communities: Mapping[str, str | None] = field(default_factory=dict)
    file: Path | None = None
    live: Live = Live()

    def community(self, community: str) -> "Source":
        """Return the source of one of the communities alone."""
        return replace(
            self,
            key=f"{self.key}:{community}",
            title=f"{self.title}: {community}",
            settlement=self.communities[community] or self.settlement,
            communities={community: self.communities[community]},
        )

    def only_community(self) -> str:
        """Return the one community that this source reads."""
        (community,) = self.communities
        return community

    def community_settlement(self, external_id: str) -> str | None:
        """Return the settlement of the community that published the post, if it has one.

        External ids begin with the community's id, then comes an underscore (a slash after the
        name of a channel, which may hold underscores).
        """
        community = external_id.split("/" if "/" in external_id else "_", 1)[0]
        return self.communities.get(community) or self.settlement

    def page(self, url: str) -> str:
        """Return where people find a page of the network: on another site where one is named."""
        if not self.live.pages or not url:
            return url
        path = urlsplit(url)._replace(scheme="", netloc="")
        return self.live.pages + urlunsplit(path)


@dataclass(frozen=True, slots=True)
class Region:
    """Everything the product knows of one municipality.

    ``working_hours`` maps weekday (0 is Monday) to [start, end) intervals in local time, in
    order and apart; every weekday is present, an empty tuple is a day off.
    """

    code: str
    name: str
    municipality: Municipality
    time_zone: str
    working_hours: Mapping[int, tuple[Interval, ...]]
    short_day_minutes: int
    extra_days_off: frozenset[date]
    extra_working_days: frozenset[date]
    settlements: tuple[Settlement, ...]
    bodies: tuple[Body, ...]
    rules: tuple[RoutingRule, ...]
    default_body: str
    norms: tuple[Norm, ...]
    sources: tuple[Source, ...]
    sample_feed: tuple[Source, ...]
    reminders: tuple[Reminder, ...] = DEFAULT_REMINDERS
    process: Process = Process()
    retention: Retention = Retention()

    def settlement(self, code: str) -> Settlement:
        """Return the settlement with this code; KeyError if there is none."""
        for settlement in self.settlements:
            if settlement.code == code:
                return settlement
        raise KeyError(code)

    def body(self, code: str) -> Body:
        """Return the body with this code; KeyError if there is none."""
        for body in self.bodies:
            if body.code == code:
                return body
        raise KeyError(code)

    def administration_of(self, settlement: str) -> Body | None:
        """Return the administration of a settlement, or None if it has none of its own."""
        for body in self.bodies:
            if body.settlement == settlement:
                return body
        return None

    def find_norm(self, network: Network, urgency: Urgency, term: Term) -> Norm | None:
        """Return the first norm that fits, the region's own before the default ones."""
        for norm in (*self.norms, *DEFAULT_NORMS):
            if (
                norm.term is term
                and norm.source in (network, "any")
                and norm.urgency in (urgency, "any")
            ):
                return norm
        return None

    def norm_for(self, network: Network, urgency: Urgency, term: Term = Term.ANSWER) -> Norm:
        """Return the norm of a term that always has one: an answer, a final answer, silence."""
        norm = self.find_norm(network, urgency, term)
        if norm is None:
            raise AssertionError(f"there is no norm for {term}")
        return norm

    def active_sources(self) -> tuple[Source, ...]:
        """Return the sources to read: the sample feed as long as none of one's own is named."""
        return self.sources or self.sample_feed
