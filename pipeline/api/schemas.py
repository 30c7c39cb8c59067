"""What the API answers: an incident with its posts, answers, clocks and journal."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from models.vocabulary import (
    Act,
    AnswerKind,
    AnswerState,
    Certainty,
    ClosingReason,
    Network,
    Outcome,
    PostKind,
    Stage,
    Term,
    Topic,
    Urgency,
)


class PlaceShown(BaseModel):
    """Where it is; null where unknown."""

    settlement: str | None = Field(description="Code of the settlement.")
    village: str | None
    street: str | None
    house: str | None


class ClocksShown(BaseModel):
    """The legal deadline and the present stage's own; all moments in UTC."""

    created_at: datetime = Field(description="When the citizen wrote: the clock starts here.")
    opened_at: datetime = Field(description="When Otklik learned of it.")
    first_assigned_at: datetime | None
    published_at: datetime | None = Field(description="When the first answer stood.")
    due_at: datetime = Field(description="The legal deadline that runs now.")
    term: Term = Field(description="What it limits.")
    norm: str = Field(description="The norm that says so, in Russian.")
    working_minutes_left: int | None = Field(
        description="Working time until `due_at`, negative when overdue; null when nothing is owed."
    )
    paused_at: datetime | None = Field(description="Since when the legal clock stands still.")
    stage_at: datetime
    stage_due_at: datetime | None
    snoozed_until: datetime | None


class IncidentShown(BaseModel):
    """An incident in a list."""

    id: int
    version: int = Field(description="Send it with every act.")
    topic: Topic
    urgency: Urgency
    stage: Stage
    certainty: Certainty
    network: Network
    place: PlaceShown
    body: str = Field(description="Code of the responsible body.")
    overdue: bool
    outcome: Outcome | None
    closing_reason: ClosingReason | None
    closed_at: datetime | None
    merged_into: int | None
    repeats: int = Field(description="Messages beside the first.")
    reach: int = Field(description="Their different authors.")
    rating: int | None = Field(description="How the author rated the answer, 1–5.")
    excerpt: str = Field(description="The beginning of the first message; untrusted text.")
    clocks: ClocksShown


class IncidentPage(BaseModel):
    """A page of a list, the nearest deadline first."""

    items: list[IncidentShown]
    next_page: int | None = Field(description="The next page's number, null on the last one.")


class VersionShown(BaseModel):
    """A text that its author has replaced."""

    revision: int
    text: str
    replaced_at: datetime


class PostShown(BaseModel):
    """One message; its text is untrusted."""

    id: int
    kind: PostKind
    url: str
    text: str
    author_id: str | None = Field(
        description="The network's account id; null for who may not see authors."
    )
    published_at: datetime | None
    edited_at: datetime | None
    deleted_at: datetime | None
    relevant: bool
    versions: list[VersionShown] = Field(description="Earlier texts, the oldest first.")


class AnswerShown(BaseModel):
    """An answer to the citizen."""

    id: int
    version: int = Field(description="Send it with every act on this answer.")
    post_id: int
    kind: AnswerKind
    state: AnswerState
    text: str
    outcome: Outcome | None
    author: str
    approved_by: str
    remark: str = Field(description="Why the head gave it back.")
    url: str
    error: str
    created_at: datetime
    published_at: datetime | None


class PauseShown(BaseModel):
    """A stretch in which the legal clock stood still."""

    since: datetime
    until: datetime
    ended_at: datetime | None
    reason: str
    by: str
    ended_by: str


class EntryShown(BaseModel):
    """One line of the journal."""

    id: int
    at: datetime
    actor: str = Field(description="A login, or `otklik` for the machine.")
    act: Act
    post_id: int | None
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]


class IncidentCard(IncidentShown):
    """All that is known of one incident."""

    model_config = ConfigDict(
        json_schema_extra={"description": "All that is known of an incident."}
    )

    helpers: list[str] = Field(description="Codes of bodies that help.")
    route_rule: str
    route_note: str
    round: int
    repeat_of: int | None
    operator: str = Field(description="Login of who judged it last.")
    acts: list[Act] = Field(description="What the key's owner may do in this stage.")
    pauses: list[PauseShown]
    posts: list[PostShown]
    answers: list[AnswerShown]
    journal: list[EntryShown]


class Journal(BaseModel):
    """An incident's journal, the oldest line first."""

    items: list[EntryShown]


class Done(BaseModel):
    """What came of an act."""

    incident: IncidentCard
    created: int | None = Field(
        default=None, description="The new incident's number where one was split off."
    )


class AnswerDone(BaseModel):
    """What came of an answer."""

    answer: AnswerShown
    incident: IncidentCard


class Entered(BaseModel):
    """A message that was typed in."""

    incident: int | None = Field(
        description="Its incident: a new one, or the open one about the same problem; null where "
        "the message needs no answer."
    )
