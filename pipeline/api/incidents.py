"""Incidents for programs: lists, cards, journals, and messages that are typed in."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from classifiers.stems import LONGEST_QUERY
from models.vocabulary import Certainty, Network, Outcome, Stage, Topic
from pipeline.api.cards import card, journal_shown, shown
from pipeline.api.entering import enter_as
from pipeline.api.keys import Enterer, Lister, Reader
from pipeline.api.problems import refusals
from pipeline.api.refusing import seen
from pipeline.api.schemas import Entered, IncidentCard, IncidentPage, Journal
from pipeline.api.shapes import Code, Day, Number, Text
from pipeline.api.wishes import NewEntry
from pipeline.console.wanted import Wanted
from pipeline.database import reading
from pipeline.store.incidents import journal_of, queue
from pipeline.store.queue_filter import By, State

LAST_PAGE = 500
"""Beyond it a database would count through too much that nobody reads."""

router = APIRouter(tags=["incidents"])


class Asked(BaseModel):
    """What a list is narrowed to: the same words as in the address of the console's queue."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[Text, Field(max_length=LONGEST_QUERY)] = Field(
        default="", description="Words of the messages in any form, or an incident's number."
    )
    topic: Topic | None = None
    settlement: Code | None = None
    body: Code | None = Field(default=None, description="Responsible for it or helping.")
    source: Annotated[Text, Field(max_length=200)] | None = Field(
        default=None, description="Key of a source."
    )
    network: Network | None = None
    stage: Stage | None = None
    certainty: Certainty | None = None
    urgent: bool = False
    overdue: bool = Field(default=False, description="Only those whose deadline is past.")
    due_today: bool = False
    state: State | None = Field(
        default=None, description="Whether an answer is owed; by default `open`."
    )
    by: By = Field(default=By.CREATED, description="Which moment `since` and `until` are of.")
    since: Day | None = Field(default=None, description="A day of the municipality.")
    until: Day | None = Field(default=None, description="A day, itself counted in.")
    outcome: Outcome | None = None
    in_time: bool | None = Field(default=None, description="Whether the first answer was.")
    operator: Annotated[Text, Field(max_length=100)] | None = Field(
        default=None, description="Login of who judged it last, or `me`."
    )
    mine: bool = Field(default=False, description="What waits for the key's owner.")
    unassigned: bool = False
    unrated: bool = False
    snoozed: bool = False
    page: int = Field(default=1, ge=1, le=LAST_PAGE)
    limit: int = Field(default=50, ge=1, le=200)


@router.get(
    "/incidents",
    operation_id="listIncidents",
    summary="List incidents, the nearest deadline first",
    responses=refusals(),
)
def list_incidents(who: Lister, asked: Annotated[Asked, Query()]) -> IncidentPage:
    """Return what the key's owner sees in the queue, a page at a time.

    What is owed no answer comes the newest first. Whoever wants more than the last page narrows
    the list by `since` and `until`.
    """
    console, page, limit = who.console, asked.page, asked.limit
    wanted = Wanted(**asked.model_dump(exclude={"limit"}))
    chosen = wanted.filter(who.actor, console.region, console.clock())
    with reading(console.engine) as session:
        rows = queue(session, chosen, offset=(page - 1) * limit, limit=limit + 1)
    return IncidentPage(
        items=[shown(row.incident, row.post.text, console) for row in rows[:limit]],
        next_page=page + 1 if len(rows) > limit and page < LAST_PAGE else None,
    )


@router.get(
    "/incidents/{number}",
    operation_id="getIncident",
    summary="One incident with its messages, answers, clocks and journal",
    responses=refusals(404),
)
def show_incident(who: Reader, number: Number) -> IncidentCard:
    """Return an incident; 404 also where the key's owner may not see it."""
    with reading(who.console.engine) as session:
        return card(session, seen(session, who, number), who.actor, who.console)


@router.get(
    "/incidents/{number}/journal",
    operation_id="getJournal",
    summary="An incident's journal",
    responses=refusals(404),
)
def show_journal(who: Reader, number: Number) -> Journal:
    """Return who did what and when, the oldest line first."""
    with reading(who.console.engine) as session:
        seen(session, who, number)
        return Journal(items=journal_shown(journal_of(session, number)))


@router.post(
    "/incidents",
    operation_id="enterIncident",
    summary="Enter a message that came by telephone, at a reception or on paper",
    status_code=201,
    responses=refusals(),
)
def enter_message(
    who: Enterer,
    wanted: NewEntry,
    response: Response,
    idempotency_key: Annotated[
        str,
        Header(
            pattern=r"^[A-Za-z0-9_.:-]{0,64}$",
            description="Any text of yours; the same key with the same message gives the same "
            "incident again, so a request whose answer was lost may be repeated.",
        ),
    ] = "",
) -> Entered:
    """Take a message as the console's form does: it is classified, routed and given a deadline."""
    key = f"api:{who.staff_id}:{idempotency_key}" if idempotency_key else uuid4().hex
    number = enter_as(who, wanted.model_dump(mode="json", exclude_none=True) | {"key": key})
    if number is not None:
        response.headers["Location"] = f"/api/v1/incidents/{number}"
    return Entered(incident=number)
