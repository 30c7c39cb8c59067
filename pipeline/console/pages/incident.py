"""The card of one incident: what was written, what was decided and why."""

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from sqlmodel import Session

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post
from models.source import Source
from models.vocabulary import Stage, Urgency
from pipeline.console.access import SignedIn, Visitor
from pipeline.console.acting import Sent, acting
from pipeline.console.addressed import addressed
from pipeline.console.answering import Answering, Written, answering
from pipeline.console.clockface import clockface
from pipeline.console.explain import Line, explain, journal
from pipeline.console.frame import Console, console_of
from pipeline.console.judging import Judging, Said, judging
from pipeline.console.offering import offer_of
from pipeline.console.opinions import opinions
from pipeline.console.texts import POSTS, texts
from pipeline.console.wording import place, timing
from pipeline.database import reading
from pipeline.decisions.answering import Target
from pipeline.decisions.lifecycle import Standing
from pipeline.desk.cases import standing_of
from pipeline.desk.correcting import present
from pipeline.store import answers, cards, incidents, templates
from pipeline.store.leases import looking

NUMBER = re.compile(r"[1-9][0-9]{0,9}")
LARGEST_ID = 2**31 - 1
ENTRIES = 100
"""Entries of the journal that a card shows at first: the newest; and how many more each time."""

MOST_ENTRIES = 5000
MOST_CHANGES = 10
"""Newest lines that are told to who comes too late; the journal has them all."""

TO_ANSWER = 20
"""Newest posts that can be chosen to be answered."""

router = APIRouter()


@router.get("/incident/{number}")
def show_incident(
    request: Request,
    visitor: SignedIn,
    number: str,
    posts: Annotated[str, Query()] = "",
    entries: Annotated[str, Query()] = "",
) -> Response:
    """Show a card, or 404 for a number that is none of an incident.

    ``posts`` and ``entries`` are how many of the messages and of the journal are shown.
    """
    return card(
        request,
        visitor,
        number_of(number),
        limit=_many(posts, POSTS),
        entries=_many(entries, ENTRIES),
    )


def number_of(written: str) -> int:
    """Return the number in an address as an id that the database takes; else raise 404."""
    if not NUMBER.fullmatch(written) or int(written) > LARGEST_ID:
        raise HTTPException(404)
    return int(written)


def card(
    request: Request,
    visitor: Visitor,
    number: int,
    *,
    status: int = 200,
    said: Said | None = None,
    written: Written | None = None,
    sent: Sent | None = None,
    seen_entry: int = 0,
    limit: int = POSTS,
    entries: int = ENTRIES,
) -> Response:
    """Return an incident's card; raise 404 where there is none that this person may see.

    ``said`` is a judgement that was not accepted, ``written`` an answer to the citizen, ``sent``
    the form of another act: each form shows again what was typed. ``seen_entry`` is the newest
    entry of the journal that the person had before them: what came after it is told first.
    """
    console = console_of(request)
    with reading(console.engine) as session:
        incident = incidents.visible_incident(session, visitor.actor, number)
        if incident is None:
            raise HTTPException(404)
        shown = texts(session, incident, console, limit=limit)
        newest = cards.newest_entries(session, number, min(entries, MOST_ENTRIES) + 1)
        known, earlier = newest[-entries:], len(newest) > entries
        standing = standing_of(session, incident, console.rules)
        given = answers.of_incident(session, number)
        looks = looking(session, number, now=console.clock())
        words = {
            "judging": _judging(session, incident, known, said, console),
            "answering": _answering(
                session,
                incident,
                standing,
                given,
                visitor=visitor,
                console=console,
                written=written,
            ),
            "acting": acting(
                incident,
                standing,
                given,
                merges=cards.merged_here(session, number, POSTS),
                actor=visitor.actor,
                console=console,
                sent=sent,
            ),
            "opinions": opinions(session, incident, console),
            "clocks": clockface(incident, incidents.pauses_of(session, number), console),
        }
    settlement, address = place(incident, console.region)
    return console.page(
        "incident.html",
        status=status,
        visitor=visitor,
        offer=offer_of(request, visitor),
        incident=incident,
        topic=incident.topic.russian,
        urgent=incident.urgency is Urgency.URGENT,
        closed=_closed(incident, console),
        timing=timing(incident, console.clock(), console.calendar),
        created=console.local(incident.created_at),
        opened=console.local(incident.opened_at),
        settlement=settlement,
        address=address,
        place_from=_place_from(incident),
        addressed=addressed(incident, console),
        texts=shown,
        looks=looks if looks != visitor.staff.login else "",
        journal=journal(known, console.region),
        earlier=min(entries + ENTRIES, MOST_ENTRIES) if earlier else None,
        newest_entry=max((entry.id or 0 for entry in known), default=0),
        changed=_changed(known, seen_entry, console),
        **words,
    )


def _many(written: str, least: int) -> int:
    """Return a number from an address; whatever is none is the least that is shown."""
    return max(int(written), least) if NUMBER.fullmatch(written) else least


def _judging(
    session: Session,
    incident: Incident,
    entries: Sequence[JournalEntry],
    said: Said | None,
    console: Console,
) -> Judging | None:
    """Return the form for a judgement; None for an incident without posts."""
    first = next(iter(cards.first_posts(session, stored_id(incident.id), 1)), None)
    if first is None:
        return None
    last = cards.newest_judgement(session, stored_id(incident.id))
    # The last judgement may be older than what is shown of the journal.
    known = [last, *entries] if last is not None and last not in entries else entries
    return judging(incident, known, present(session, incident, first), console, said)


def _answering(
    session: Session,
    incident: Incident,
    standing: Standing,
    given: Sequence[Answer],
    *,
    visitor: Visitor,
    console: Console,
    written: Written | None,
) -> Answering | None:
    number = stored_id(incident.id)
    wanted = written.draft.post_id if written and written.draft else None
    named = {one.post_id for one in given} | ({wanted} if wanted else set())
    posts = cards.posts_to_answer(session, number, TO_ANSWER, named)
    return answering(
        incident,
        given,
        [_target(session, post) for post in posts],
        {stored_id(post.id): post.url for post in posts},
        templates=templates.offered(session, incident.topic),
        standing=standing,
        actor=visitor.actor,
        console=console,
        written=written,
    )


def _target(session: Session, post: Post) -> Target:
    return Target(
        id=stored_id(post.id),
        network=session.get_one(Source, post.source_id).network,
        text=post.text,
        author_id=post.author_id,
        relevant=post.relevant,
        deleted=post.deleted_at is not None,
        at=post.published_at or post.first_seen_at,
    )


def _changed(entries: Sequence[JournalEntry], seen: int, console: Console) -> list[Line]:
    """Return what happened since an entry of the journal was the newest, the oldest first."""
    if not seen:
        return []
    since = [entry for entry in entries if stored_id(entry.id) > seen]
    return journal(since[-MOST_CHANGES:], console.region)


def _place_from(incident: Incident) -> str:
    words = explain(f"place:{incident.place_from}")
    return words[:1].upper() + words[1:]


def _closed(incident: Incident, console: Console) -> str:
    """Return when and how a closed incident was closed, else ""."""
    if incident.stage is not Stage.CLOSED:
        return ""
    words = [incident.outcome.russian if incident.outcome else "Закрыт"]
    if incident.closed_at is not None:
        words.append(console.local(incident.closed_at))
    return ", ".join(words)
