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
from pipeline.console.access import SignedIn, Visitor
from pipeline.console.acting import Sent, acting
from pipeline.console.answering import Answering, Written, answering
from pipeline.console.explain import Why, explain, journal, why
from pipeline.console.frame import Console, console_of
from pipeline.console.highlight import Kind, Piece, legend, pieces
from pipeline.console.judging import judging
from pipeline.console.opinions import opinions
from pipeline.console.wording import body_name, place, safe_url, timing
from pipeline.database import reading
from pipeline.decisions.correcting import Correction
from pipeline.decisions.lifecycle import Standing
from pipeline.desk.answers import targets
from pipeline.desk.cases import standing_of
from pipeline.desk.correcting import present
from pipeline.region.schema import Contacts
from pipeline.store import answers, incidents, posts

NUMBER = re.compile(r"[1-9][0-9]{0,9}")
LARGEST_ID = 2**31 - 1
KINDS = {PostKind.POST: "запись", PostKind.COMMENT: "комментарий"}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Text:
    """One post as the card shows it: with its thread above and its earlier texts.

    ``pieces`` are its text, cut at the words that carried the verdict; ``legend`` explains them.
    """

    text: str
    pieces: list[Piece]
    legend: list[Kind]
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
    return card(console_of(request), visitor, number_of(number))


def number_of(written: str) -> int:
    """Return the number in an address as an id that the database takes; else raise 404."""
    if not NUMBER.fullmatch(written) or int(written) > LARGEST_ID:
        raise HTTPException(404)
    return int(written)


def card(
    console: Console,
    visitor: Visitor,
    number: int,
    *,
    status: int = 200,
    trouble: str = "",
    said: Correction | None = None,
    written: Written | None = None,
    sent: Sent | None = None,
) -> Response:
    """Return an incident's card; raise 404 where there is none that this person may see.

    ``trouble`` is why what was ``said`` in its form was not accepted; without ``said`` the form
    shows what stands now. ``written`` is an answer to the citizen that was not accepted, ``sent``
    the form of another act.
    """
    with reading(console.engine) as session:
        incident = incidents.visible_incident(session, visitor.actor, number)
        if incident is None:
            raise HTTPException(404)
        texts = list(_texts(session, incident, console))
        entries = incidents.journal_of(session, number)
        first = next(iter(posts.posts_of(session, number)), None)
        stands = present(session, incident, first) if first is not None else None
        standing = standing_of(session, incident, console.rules)
        answer = _answering(
            session, incident, standing, visitor=visitor, console=console, written=written
        )
        acts = acting(
            incident,
            standing,
            answers.of_incident(session, number),
            actor=visitor.actor,
            console=console,
            sent=sent,
        )
        said_of_answers = opinions(session, incident, console)
    settlement, address = place(incident, console.region)
    return console.page(
        "incident.html",
        status=status,
        visitor=visitor,
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
        body=body_name(incident.body, console.region),
        contacts=_contacts(incident.body, console),
        texts=texts,
        judging=judging(incident, entries, said or stands, console, trouble) if stands else None,
        answering=answer,
        acting=acts,
        opinions=said_of_answers,
        journal=journal(entries, console.region),
    )


def _answering(
    session: Session,
    incident: Incident,
    standing: Standing,
    *,
    visitor: Visitor,
    console: Console,
    written: Written | None,
) -> Answering | None:
    number = stored_id(incident.id)
    urls = {stored_id(post.id): post.url for post in posts.posts_of(session, number)}
    given = answers.of_incident(session, number)
    to = targets(session, number)
    return answering(
        incident,
        given,
        to,
        urls,
        standing=standing,
        actor=visitor.actor,
        console=console,
        written=written,
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
    # A text of the thread above carried no verdict here, whatever was found in it by itself.
    cut = pieces(post.text, post.prediction if above is not None else {})
    return Text(
        text=post.text,
        pieces=cut,
        legend=legend(cut),
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
