"""The address of the queue and what it asks for: the contract that every link to it keeps."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from classifiers.stems import LONGEST_QUERY, read_query
from models.vocabulary import Certainty, Network, Outcome, Role, Stage, Topic, Urgency
from pipeline.decisions.folding import clean
from pipeline.decisions.permissions import Actor, limited_to
from pipeline.region.schema import Region
from pipeline.store.queue_filter import By, QueueFilter, State
from pipeline.store.staff import tidy_login

LAST_PAGE = 200
"""Whoever wants to see more than 10 000 incidents has to narrow the list."""

ME = "me"
DAY = re.compile(r"20\d{2}-\d{2}-\d{2}", re.ASCII)
KEY = re.compile(r"[\w.:@/+-]{1,200}")
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; everything that makes no sense there is left out.

    ``q`` are words, or the number of an incident. ``since`` and ``until`` are days of the
    municipality, both counted in, of ``by``. ``state`` None is what the rest suggests: open, but
    all of them where the address speaks of answers, of closing or of a stage in which nothing is
    owed. ``operator`` is a login or «me». ``mine`` is what waits for who looks: their body's, what
    is to be approved, what they judged last.
    """

    q: str = ""
    topic: Topic | None = None
    settlement: str | None = None
    body: str | None = None
    source: str | None = None
    network: Network | None = None
    stage: Stage | None = None
    certainty: Certainty | None = None
    urgent: bool = False
    overdue: bool = False
    due_today: bool = False
    state: State | None = None
    by: By = By.CREATED
    since: date | None = None
    until: date | None = None
    outcome: Outcome | None = None
    in_time: bool | None = None
    operator: str | None = None
    mine: bool = False
    unassigned: bool = False
    approval: bool = False
    returned: bool = False
    unrated: bool = False
    unsure: bool = False
    snoozed: bool = False
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str], region: Region) -> "Wanted":
        """Read the address of a queue page."""

        def said(key: str) -> str:
            return clean(query.get(key, "")).strip()

        def flag(key: str) -> bool:
            return query.get(key) == "1"

        since, until = _day(said("since")), _day(said("until"))
        q, login = said("q")[:LONGEST_QUERY], said("operator")
        return cls(
            q=q if read_query(q) else "",
            topic=_word(Topic, said("topic")),
            settlement=_one_of(said("settlement"), {one.code for one in region.settlements}),
            body=_one_of(said("body"), {one.code for one in region.bodies}),
            source=said("source") if KEY.fullmatch(said("source")) else None,
            network=_word(Network, said("network")),
            stage=_word(Stage, said("stage")),
            certainty=_word(Certainty, said("certainty")),
            urgent=flag("urgent"),
            overdue=flag("overdue"),
            due_today=query.get("due") == "today",
            state=_word(State, said("state")),
            by=(_word(By, said("by")) or By.CREATED) if since or until else By.CREATED,
            since=since,
            until=until if since is None or until is None or until >= since else None,
            outcome=_word(Outcome, said("outcome")),
            in_time={"1": True, "0": False}.get(said("in_time")),
            operator=ME if login == ME else tidy_login(login) or None,
            mine=flag("mine"),
            unassigned=flag("unassigned"),
            approval=flag("approval"),
            returned=flag("returned"),
            unrated=flag("unrated"),
            unsure=flag("unsure"),
            snoozed=flag("snoozed"),
            page=_page(said("page")),
        )

    @property
    def first_page(self) -> "Wanted":
        """The same from its beginning."""
        return replace(self, page=1)

    @property
    def narrows(self) -> bool:
        """Tell whether anything is filtered out."""
        return self.first_page != Wanted()

    @property
    def words(self) -> dict[str, str]:
        """What stands in the address, by key."""
        flags = ("urgent", "overdue", "mine", "unassigned", "approval", "returned", "unrated")
        given = {
            "q": self.q,
            "topic": self.topic,
            "settlement": self.settlement,
            "body": self.body,
            "source": self.source,
            "network": self.network,
            "stage": self.stage,
            "certainty": self.certainty,
            "due": "today" if self.due_today else "",
            "state": self.state,
            "by": "" if self.by is By.CREATED else self.by,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "outcome": self.outcome,
            "in_time": "" if self.in_time is None else str(int(self.in_time)),
            "operator": self.operator,
            **{key: "1" if getattr(self, key) else "" for key in (*flags, "unsure", "snoozed")},
            "page": str(self.page) if self.page > 1 else "",
        }
        return {key: str(value) for key, value in given.items() if value}

    @property
    def query(self) -> str:
        """The query part of the address; "" where nothing is asked for."""
        return urlencode(self.words)

    @property
    def url(self) -> str:
        """The address that asks for this."""
        return f"/?{self.query}" if self.query else "/"

    def filter(self, actor: Actor, region: Region, now: datetime) -> QueueFilter:
        """Return the same as a filter of the store, of what this person may see."""
        zone = ZoneInfo(region.time_zone)
        today = now.astimezone(zone).date()
        stage, operator, body = self._stage, self.operator, self.body
        if self.mine and actor.role is Role.APPROVER:
            stage = Stage.APPROVAL
        elif self.mine and actor.role is not Role.EXECUTOR:
            operator = ME
        return QueueFilter(
            topic=self.topic,
            settlement=self.settlement,
            urgency=Urgency.URGENT if self.urgent else None,
            certainty=Certainty.UNSURE if self.unsure else self.certainty,
            overdue_at=now if self.overdue else None,
            body=body,
            stage=stage,
            limited_to=limited_to(actor),
            text=read_query(self.q) or None,
            source=self.source,
            network=self.network,
            due=(_begins(today, zone), _begins(today + timedelta(days=1), zone))
            if self.due_today
            else None,
            snoozed_at=now if self.snoozed else None,
            state=self._state,
            by=self.by,
            since=_begins(self.since, zone) if self.since else None,
            until=_begins(self.until + timedelta(days=1), zone) if self.until else None,
            outcome=self.outcome,
            in_time=self.in_time,
            operator=actor.login if operator == ME else operator,
            unassigned=self.unassigned,
            unrated=self.unrated,
        )

    @property
    def _stage(self) -> Stage | None:
        if self.approval:
            return Stage.APPROVAL
        return Stage.RETURNED if self.returned else self.stage

    @property
    def _state(self) -> State:
        answered = self.by is not By.CREATED or self.outcome or self.in_time is not None
        return self.state or (State.ALL if answered else State.OPEN)


def _word(words: type[Word], said: str) -> Word | None:
    return words(said) if said in frozenset(words) else None


def _one_of(said: str, known: set[str]) -> str | None:
    return said if said in known else None


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if DAY.fullmatch(said) else None
    except ValueError:
        return None


def _page(said: str) -> int:
    number = int(said) if said.isascii() and said.isdigit() and len(said) < 7 else 1
    return min(max(1, number), LAST_PAGE)


def _begins(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day of the municipality begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


View = tuple[str, Wanted, str]
"""A view's title, its address, and its tone."""

VIEWS: tuple[View, ...] = (
    ("Открыто", Wanted(), ""),
    ("Мои", Wanted(mine=True), ""),
    ("Срочных", Wanted(urgent=True), "urgent"),
    ("Просрочено", Wanted(overdue=True), "overdue"),
    ("На сегодня", Wanted(due_today=True), ""),
    ("Без исполнителя", Wanted(unassigned=True), ""),
    ("На согласовании", Wanted(approval=True), ""),
    ("Возвращены", Wanted(returned=True), ""),
    ("Без оценки", Wanted(unrated=True), ""),
    ("Модель не уверена", Wanted(unsure=True), ""),
)


def views(actor: Actor) -> list[View]:
    """Return the views of somebody's role: all that an executor sees is their own already."""
    return [view for view in VIEWS if not (view[1].mine and actor.role is Role.EXECUTOR)]
