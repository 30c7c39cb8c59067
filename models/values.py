"""Frozen values that travel between packages; the name tells the direction.

Nothing here touches a database or a network, so that every decision can be tested alone.
All moments are timezone-aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from models.vocabulary import Certainty, Network, Outcome, PostKind, Topic, Urgency


@dataclass(frozen=True, slots=True)
class Stated:
    """What the source itself says of a text: an official table was classified by people.

    Empty where a source says nothing, as every social network does. ``relevant`` is None
    when the source does not claim that the text is an incident.
    """

    relevant: bool | None = None
    topic: Topic | None = None
    place: str = ""
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FetchedPost:
    """One post or comment as a source answers it.

    ``external_id`` is unique within its source; ``parent_id`` and ``root_id`` are external ids
    of the comment answered and of the post at the top. ``author_id`` is the network's own
    account id, the least that an answer needs; no name is kept. ``deleted`` marks a tombstone,
    whose text is empty. ``published_at`` is None where the source does not tell. ``seen_at`` is
    when the source showed this very state to somebody who asked; None where it only reports what
    once happened, as a pushed event does, and where nobody knows, as in a table.
    """

    network: Network
    external_id: str
    kind: PostKind
    text: str
    published_at: datetime | None
    url: str = ""
    author_id: str = ""
    parent_id: str = ""
    root_id: str = ""
    edited_at: datetime | None = None
    deleted: bool = False
    stated: Stated = Stated()
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownPost:
    """What the store already holds of a post; enough to decide what a fetched one means.

    ``seen_at`` is when its source last showed this state. ``erased`` tells that its author was
    forgotten: what the source still shows of it is not taken in again.
    """

    id: int
    external_id: str
    text: str
    revision: int
    edited_at: datetime | None
    deleted: bool
    incident_id: int | None
    parent_id: str = ""
    seen_at: datetime | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A text for the classifier, with the thread above it (the post first)."""

    text: str
    context: tuple[str, ...] = ()


class ScoredTopic(NamedTuple):
    """A topic code with its probability, 0..1."""

    code: Topic
    probability: float


class FineTopic(NamedTuple):
    """A fine topic of the state system, its group, and its probability, 0..1."""

    name: str
    group: str
    probability: float


class Reason(NamedTuple):
    """A word or a named rule that carried a verdict, with its signed weight.

    Names start with what they speak of: ``topic:яма``, ``urgent:gas-smell``. ``spans`` are
    [start, end) in characters of the original text; empty where no place in it can be shown.
    """

    name: str
    weight: float
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the classifier makes of one text.

    ``topics`` holds the three likeliest topics of its main matter, best first, with shares of one
    whole; ``also`` the topics of further problems in the same text, each with the probability
    that it stands there at all.
    """

    relevant: bool
    relevance: float
    topics: tuple[ScoredTopic, ...]
    fine_topics: tuple[FineTopic, ...]
    urgent: bool
    urgency: float
    reasons: tuple[Reason, ...]
    model: str
    also: tuple[ScoredTopic, ...] = ()
    certainty: Certainty = Certainty.REVIEW


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a text names.

    ``settlement`` and ``municipality`` are codes of the region; the rest is as written in the
    region's files (village) or in the text (street, house). ``span`` is [start, end) in
    characters of the original text.
    """

    settlement: str | None
    municipality: str
    village: str | None
    street: str | None
    house: str | None
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What triage decided about one post, and the names of the rules that decided it."""

    relevant: bool
    topic: Topic
    urgency: Urgency
    settlement: str | None
    village: str | None
    street: str | None
    house: str | None
    rules: tuple[str, ...]
    certainty: Certainty = Certainty.REVIEW


@dataclass(frozen=True, slots=True)
class Assignment:
    """The one responsible body, and the routing rule that chose it.

    ``note`` says, for people, why it is not the body that the rule names; ``helpers`` are bodies
    that work beside it.
    """

    body: str
    rule: str
    note: str = ""
    helpers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deadline:
    """When an answer is due, and the norm that says so (as text for people)."""

    due_at: datetime
    norm: str
