"""What a program has to know of the municipality, and how much there is to do."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from models.vocabulary import (
    Act,
    Certainty,
    ClosingReason,
    Network,
    Outcome,
    Stage,
    Topic,
    Urgency,
)
from pipeline.api.keys import Counter, Reader
from pipeline.api.problems import refusals
from pipeline.database import reading
from pipeline.decisions.permissions import limited_to
from pipeline.store.incidents import MANY, count_queue
from pipeline.store.queue_filter import QueueFilter

router = APIRouter(tags=["region"])


class Word(BaseModel):
    """A code and its Russian name."""

    code: str
    title: str


class SettlementShown(BaseModel):
    """A settlement with its populated places."""

    code: str
    title: str
    villages: list[str]


class BodyShown(BaseModel):
    """A body that answers; its contacts are functional, never a person's."""

    code: str
    title: str
    settlement: str | None
    email: str
    phone: str


class RegionShown(BaseModel):
    """The municipality and the words that the API uses."""

    code: str
    title: str
    time_zone: str
    default_body: str
    topics: list[Word]
    urgencies: list[Word]
    stages: list[Word]
    outcomes: list[Word]
    closing_reasons: list[Word]
    networks: list[Word]
    acts: list[Word]
    settlements: list[SettlementShown]
    bodies: list[BodyShown]


class Summary(BaseModel):
    """How much is open, as the key's owner sees it."""

    at: datetime
    counted_up_to: int = Field(description="A count that has reached this says «at least».")
    open: int
    overdue: int
    urgent: int
    to_review: int = Field(description="In review, by certainty `review`.")
    unsure: int = Field(description="Of which the model knows little.")
    by_stage: dict[Stage, int]


@router.get(
    "/region",
    operation_id="getRegion",
    summary="Topics, settlements, bodies and all other codes with their Russian names",
    responses=refusals(),
)
def show_region(who: Reader) -> RegionShown:
    """Return what does not change while the program runs."""
    region = who.console.region
    return RegionShown(
        code=region.code,
        title=region.name,
        time_zone=region.time_zone,
        default_body=region.default_body,
        topics=_words(Topic),
        urgencies=_words(Urgency),
        stages=_words(Stage),
        outcomes=_words(Outcome),
        closing_reasons=_words(ClosingReason),
        networks=_words(Network),
        acts=_words(Act),
        settlements=[
            SettlementShown(
                code=one.code, title=one.name, villages=[village.name for village in one.villages]
            )
            for one in region.settlements
        ],
        bodies=[
            BodyShown(
                code=one.code,
                title=one.name,
                settlement=one.settlement,
                email=one.contacts.email,
                phone=one.contacts.phone,
            )
            for one in region.bodies
        ],
    )


def _words(
    words: type[Topic | Urgency | Stage | Outcome | ClosingReason | Network | Act],
) -> list[Word]:
    return [Word(code=word.value, title=word.russian) for word in words]


@router.get(
    "/summary",
    operation_id="getSummary",
    summary="How many incidents are open, overdue, urgent",
    responses=refusals(),
)
def show_summary(who: Counter) -> Summary:
    """Return counts; none of them is counted beyond `counted_up_to`."""
    now, only = who.console.clock(), limited_to(who.actor)
    with reading(who.console.engine) as session:

        def count(wanted: QueueFilter) -> int:
            return count_queue(session, wanted)

        return Summary(
            at=now,
            counted_up_to=MANY,
            open=count(QueueFilter(limited_to=only)),
            overdue=count(QueueFilter(limited_to=only, overdue_at=now)),
            urgent=count(QueueFilter(limited_to=only, urgency=Urgency.URGENT)),
            to_review=count(QueueFilter(limited_to=only, certainty=Certainty.REVIEW)),
            unsure=count(QueueFilter(limited_to=only, certainty=Certainty.UNSURE)),
            by_stage={
                stage: count(QueueFilter(limited_to=only, stage=stage))
                for stage in Stage
                if stage is not Stage.CLOSED
            },
        )
