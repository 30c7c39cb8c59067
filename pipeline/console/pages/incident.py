"""The card of one incident: what was written, what was decided and why."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request, Response
from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.post import Post, PostVersion
from models.source import Source
from models.vocabulary import PostKind, Stage, Urgency
from pipeline.console.access import SignedIn
from pipeline.console.explain import Why, explain, journal, why
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import body_name, place, safe_url, timing
from pipeline.database import reading
from pipeline.region.schema import Contacts
from pipeline.store import incidents, posts

NUMBER = re.compile(r"[1-9][0-9]{0,9}")
LARGEST_ID = 2**31 - 1
KINDS = {PostKind.POST: "запись", PostKind.COMMENT: "комментарий"}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Text:
    """One post as the card shows it: with its thread above and its earlier texts."""

    text: str
    kind: str
    network: str
    source: str
    written: str
    edited: str
    deleted: str
    url: str
    above: list["Text"]
    versions: list[tuple[str, str]]
    why: Why | None


@router.get("/incident/{number}")
def show_incident(request: Request, visitor: SignedIn, number: str) -> Response:
    """Show a card, or 404 for a number that is none of an incident."""
    console = console_of(request)
    if not NUMBER.fullmatch(number) or int(number) > LARGEST_ID:
        raise HTTPException(404)
    now = console.clock()
    with reading(console.engine) as session:
        incident = incidents.find_incident(session, int(number))
        if incident is None:
            raise HTTPException(404)
        texts = list(_texts(session, incident, console))
        entries = incidents.journal_of(session, int(number))
    settlement, address = place(incident, console.region)
    return console.page(
        "incident.html",
        visitor=visitor,
        incident=incident,
        topic=incident.topic.russian,
        urgent=incident.urgency is Urgency.URGENT,
        closed=_closed(incident, console),
        timing=timing(incident, now, console.calendar),
        created=console.local(incident.created_at),
        opened=console.local(incident.opened_at),
        settlement=settlement,
        address=address,
        place_from=_place_from(incident),
        body=body_name(incident.body, console.region),
        contacts=_contacts(incident.body, console),
        texts=texts,
        journal=journal(entries, console),
    )


def _texts(session: Session, incident: Incident, console: Console) -> Iterator[Text]:
    found = posts.posts_of(session, stored_id(incident.id))
    versions: dict[int, list[PostVersion]] = {}
    for version in posts.versions_of(session, [stored_id(post.id) for post in found]):
        versions.setdefault(version.post_id, []).append(version)
    for post in found:
        above = [_text(session, known, console) for known in posts.thread_above(session, post)]
        yield _text(session, post, console, above, versions.get(stored_id(post.id), []))


def _text(
    session: Session,
    post: Post,
    console: Console,
    above: list[Text] | None = None,
    versions: list[PostVersion] | None = None,
) -> Text:
    source = session.get_one(Source, post.source_id)
    return Text(
        text=post.text,
        kind=KINDS[post.kind],
        network=source.network.russian,
        source=source.title or source.key,
        written=console.local(post.published_at) if post.published_at else "",
        edited=console.local(post.edited_at) if post.edited_at else "",
        deleted=console.local(post.deleted_at) if post.deleted_at else "",
        url=safe_url(post.url),
        above=above or [],
        versions=[(console.local(old.replaced_at), old.text) for old in versions or ()],
        why=why(post.prediction, post.model),
    )


def _place_from(incident: Incident) -> str:
    words = explain(f"place:{incident.place_from}")
    return words[:1].upper() + words[1:]


def _contacts(code: str, console: Console) -> Contacts:
    return next((body.contacts for body in console.region.bodies if body.code == code), Contacts())


def _closed(incident: Incident, console: Console) -> str:
    """Return when and how a closed incident was closed, else ""."""
    if incident.stage is not Stage.CLOSED:
        return ""
    words = [incident.outcome.russian if incident.outcome else "Закрыт"]
    if incident.closed_at is not None:
        words.append(console.local(incident.closed_at))
    return ", ".join(words)
