"""An incident: one problem that somebody has to answer by a deadline."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import (
    Certainty,
    ClosingReason,
    Network,
    Outcome,
    Stage,
    Term,
    Topic,
    Urgency,
)

OPEN = "stage NOT IN ('closed', 'satisfaction')"
"""What is owed an answer, as SQL. A query has to say it in these very words: SQLite uses a partial
index only where it reads its condition in the query, and not in a bound value."""

URGENT = "urgency = 'urgent'"

TO_REVIEW = f"{OPEN} AND (stage = 'review' OR certainty IN ('review', 'unsure'))"
"""What a person should look at, as SQL; to be said in these very words as well."""

UNASSIGNED = "stage NOT IN ('assigned', 'work', 'approval', 'publishing', 'closed', 'satisfaction')"
SATISFACTION = "stage = 'satisfaction'"
DONE = "stage IN ('closed', 'satisfaction')"
"""No body's yet; answered, and its author may still speak; what nothing is owed to. As SQL, too.

The first says what it is not: of «IN» SQLite would make a search of two stages, and sort them.
"""

CAME = ("settlement", "topic", "network", "repeats", "repeat_of")
ANSWERED = ("settlement", "published_due_at", "outcome", "rating", "created_at")
SHUT = ("settlement",)
"""What the dashboard counts by, kept in the indexes themselves: it reads tens of thousands of
entries at once, and no row of them."""


def _open_index(name: str, *columns: str, where: str = OPEN) -> sa.Index:
    """Return an index of open incidents alone: few beside the closed ones of all years."""
    condition = sa.text(where)
    return sa.Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


class Incident(SQLModel, table=True):
    """One problem, its responsible body and its deadlines.

    Three clocks stay for ever and are never started anew: ``created_at`` is when the citizen
    wrote (``opened_at`` when Otklik learned of it), ``first_assigned_at`` when a body first had
    it, ``published_at`` when the first answer stood (and ``published_due_at`` when it was due);
    ``final_at`` and ``final_due_at`` are the same for the final answer of the present round.

    ``due_at`` is the legal deadline that runs now, of ``term``, counted from ``clock_from`` by
    ``norm``; ``calendar`` names the version of the working calendar that made it. While
    ``paused_at`` is set it does not run. ``stage_due_at`` limits the present stage alone, entered
    at ``stage_at``. ``round`` grows whenever the author was not content.

    ``certainty`` says whether a person should look: what triage said at the opening, ``review``
    again after the author changed the text, ``auto`` once a person has judged it. ``network`` is
    the first post's. ``repeat_of`` is the closed incident about the same problem that this one
    comes after, ``merged_into`` the one that holds this one's posts now. ``repeats`` counts the
    messages beside the first, ``reach`` their different authors. ``version`` grows with every act
    of a person and every change that they must see. ``operator`` is the login of who judged it
    last, empty before anybody did; until ``snoozed_until`` the review queue leaves it out.
    """

    __table_args__ = (
        _open_index("incident_open", "due_at", "id"),
        _open_index("incident_open_topic", "topic", "due_at", "id"),
        _open_index("incident_open_settlement", "settlement", "due_at", "id"),
        _open_index("incident_open_body", "body", "due_at", "id"),
        _open_index("incident_open_urgent", "due_at", "id", where=f"{OPEN} AND {URGENT}"),
        _open_index("incident_open_operator", "operator", "due_at", "id"),
        _open_index("incident_to_review", "urgency", "due_at", "id", where=TO_REVIEW),
        _open_index("incident_open_stage", "stage", "due_at", "id", "settlement"),
        _open_index("incident_open_certainty", "certainty", "due_at", "id"),
        _open_index("incident_open_network", "network", "due_at", "id"),
        _open_index("incident_unassigned", "due_at", "id", where=UNASSIGNED),
        _open_index("incident_satisfaction", "due_at", "id", where=SATISFACTION),
        _open_index("incident_snoozed", "snoozed_until", where="snoozed_until IS NOT NULL"),
        _open_index("incident_done", "created_at", "id", where=DONE),
        _open_index(
            "incident_published", "published_at", "id", *ANSWERED, where="published_at IS NOT NULL"
        ),
        _open_index("incident_closed", "closed_at", "id", *SHUT, where="closed_at IS NOT NULL"),
        sa.Index("incident_created", "created_at", "id", *CAME),
        sa.Index("incident_topic", "topic", "created_at", "id"),
        sa.Index("incident_settlement", "settlement", "created_at", "id"),
        sa.Index("incident_body", "body", "created_at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    topic: Topic = Field(sa_type=word(Topic, name="incident_topic"))
    urgency: Urgency = Field(sa_type=word(Urgency, name="incident_urgency"))
    stage: Stage = Field(default=Stage.REVIEW, sa_type=word(Stage, name="incident_stage"))
    outcome: Outcome | None = Field(
        default=None, sa_type=word(Outcome, name="incident_outcome"), nullable=True
    )
    closing_reason: ClosingReason | None = Field(
        default=None, sa_type=word(ClosingReason, name="incident_closing_reason"), nullable=True
    )
    certainty: Certainty = Field(
        default=Certainty.REVIEW,
        sa_type=word(Certainty, name="incident_certainty"),
        sa_column_kwargs={"server_default": Certainty.REVIEW.value},
    )
    network: Network = Field(default=Network.VK, sa_type=word(Network, name="incident_network"))
    settlement: str | None = Field(default=None, max_length=100)
    village: str | None = Field(default=None, max_length=200)
    street: str | None = Field(default=None, max_length=200)
    house: str | None = Field(default=None, max_length=50)
    place_from: str = Field(default="none", max_length=20)
    body: str = Field(max_length=100)
    route_rule: str = Field(default="", max_length=200)
    route_note: str = Field(default="", max_length=500)
    created_at: datetime
    opened_at: datetime
    first_assigned_at: datetime | None = None
    assigned_at: datetime | None = None
    published_at: datetime | None = None
    published_due_at: datetime | None = None
    final_at: datetime | None = None
    final_due_at: datetime | None = None
    term: Term = Field(default=Term.ANSWER, sa_type=word(Term, name="incident_term"))
    clock_from: datetime
    due_at: datetime
    norm: str = Field(max_length=100)
    calendar: str = Field(max_length=64)
    paused_at: datetime | None = None
    stage_at: datetime
    stage_due_at: datetime | None = None
    round: int = 1
    repeats: int = 0
    reach: int = 1
    rating: int | None = None
    merged_into: int | None = Field(default=None, foreign_key="incident.id")
    repeat_of: int | None = Field(default=None, foreign_key="incident.id")
    closed_at: datetime | None = None
    operator: str = Field(default="", max_length=100, sa_column_kwargs={"server_default": ""})
    snoozed_until: datetime | None = None
    version: int = 1


class CoExecutor(SQLModel, table=True):
    """A body that helps the responsible one."""

    __tablename__ = "co_executor"
    __table_args__ = (sa.Index("co_executor_body", "body", "incident_id"),)

    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    body: str = Field(max_length=100, primary_key=True)


class Pause(SQLModel, table=True):
    """A stretch in which an incident's legal deadline did not run; never deleted.

    ``cycle`` is the incident's round and term that it belongs to, as ``1:answer``. ``until`` is
    when it ends by itself, ``ended_at`` when it did; ``by`` and ``ended_by`` are actors.
    """

    __table_args__ = (sa.Index("pause_incident", "incident_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    cycle: str = Field(max_length=40)
    since: datetime
    until: datetime
    ended_at: datetime | None = None
    reason: str = Field(max_length=1000)
    by: str = Field(max_length=100)
    ended_by: str = Field(default="", max_length=100)


class Merge(SQLModel, table=True):
    """One incident that was merged into another; ``undone_at`` once that was taken back.

    ``posts`` are the ids that moved, ``before`` what the merged incident was, so that an un-merge
    gives back exactly that.
    """

    __table_args__ = (sa.Index("merge_into", "into_id"), sa.Index("merge_incident", "incident_id"))

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    into_id: int = Field(foreign_key="incident.id")
    at: datetime
    by: str = Field(max_length=100)
    posts: list[int] = Field(default_factory=list, sa_type=sa.JSON)
    before: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    undone_at: datetime | None = None


class Apart(SQLModel, table=True):
    """Two incidents that a person has said are different; the smaller id stands first."""

    first_id: int = Field(foreign_key="incident.id", primary_key=True)
    second_id: int = Field(foreign_key="incident.id", primary_key=True)
    at: datetime
    by: str = Field(max_length=100)
