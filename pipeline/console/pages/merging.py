"""Two incidents side by side: put together, or kept apart for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.post import Post
from models.source import Source
from models.vocabulary import Act
from pipeline.console.access import SignedIn, SignedInForm, Visitor
from pipeline.console.frame import Console, console_of
from pipeline.console.pages.incident import LARGEST_ID, number_of
from pipeline.console.refusals import STATUS
from pipeline.console.wording import body_name, place, safe_url
from pipeline.database import reading, unit_of_work
from pipeline.decisions.differences import Piece, differences
from pipeline.decisions.lifecycle import Refused, open_acts
from pipeline.decisions.permissions import may
from pipeline.desk import merging, undo
from pipeline.desk.cases import standing_of
from pipeline.similar import Similar, similar
from pipeline.store import cards
from pipeline.store.incidents import visible_incident

MOST = 20

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Filled:
    """The form: ``other`` is the second incident's number, ``at_version`` the first one's."""

    button: Annotated[Literal["merge", "apart", "lift"], Form()]
    other: Annotated[int, Form(ge=1, le=LARGEST_ID)]
    at_version: Annotated[int, Form(ge=1, le=LARGEST_ID)]
    reason: Annotated[str, Form()] = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, by the post of it that is like the other's.

    ``pieces`` are its text, cut at the words that the other one lacks.
    """

    number: int
    title: str
    pieces: list[Piece]
    url: str
    posts: int


@dataclass(frozen=True, slots=True)
class Fact:
    """What both say of one matter."""

    title: str
    one: str
    other: str

    @property
    def differs(self) -> bool:
        """Tell whether they say different things."""
        return self.one != self.other


@dataclass(frozen=True, slots=True)
class Pair:
    """Two incidents beside each other. ``why`` is what makes them alike, or ""."""

    one: Side
    other: Side
    facts: list[Fact]
    why: str
    apart: bool
    joins: bool


@dataclass(frozen=True, slots=True)
class Near:
    """A similar incident in the list."""

    number: int
    title: str
    stage: str
    score: str
    why: str
    chosen: bool


@router.get("/incident/{number}/similar")
def show_similar(
    request: Request, visitor: SignedIn, number: str, other: Annotated[str, Query()] = ""
) -> Response:
    """List similar incidents, and show one of them, or any ``other``, beside this one."""
    return _page(request, visitor, number_of(number), other)


@router.post("/incident/{number}/similar")
def decide_pair(
    request: Request, visitor: SignedInForm, number: str, filled: Annotated[Filled, Depends()]
) -> Response:
    """Put the first incident into the other one, or let nobody ever do so."""
    console, first = console_of(request), number_of(number)
    actor, rules, now = visitor.actor, console.rules, console.clock()
    _allow(visitor)
    token = undo.new_token()
    with unit_of_work(console.engine) as session:
        if visible_incident(session, actor, first) is None:
            raise HTTPException(404)
        if filled.button == "merge":
            before = undo.snapshot(session, first, into=filled.other)
            said = merging.merge(
                session,
                first,
                filled.other,
                actor=actor,
                reason=filled.reason.strip(),
                version=filled.at_version,
                rules=rules,
                now=now,
            )
            if not isinstance(said, Refused):
                undo.remember(
                    session,
                    before,
                    act=Act.MERGED,
                    staff_id=visitor.staff_id,
                    token=token,
                    now=now,
                )
        else:
            lift = filled.button == "lift"
            said = merging.keep_apart(
                session, first, filled.other, actor=actor, lift=lift, rules=rules, now=now
            )
        refused = said if isinstance(said, Refused) else None
    if refused is not None:
        status = STATUS.get(refused.no, 422)
        # The other one may not be there; the first one is.
        status = 422 if status == 404 else status
        return _page(
            request,
            visitor,
            first,
            str(filled.other),
            status=status,
            trouble=refused.message,
            reason=filled.reason,
        )
    if filled.button == "merge":
        return RedirectResponse(f"/incident/{filled.other}?undo={token}", 303)
    return RedirectResponse(f"/incident/{first}/similar", 303)


def _allow(visitor: Visitor) -> None:
    """Raise 404 for who may not put incidents together: for them there is no such page."""
    if not may(visitor.actor, Act.KEPT_APART):
        raise HTTPException(404)


def _page(
    request: Request,
    visitor: Visitor,
    number: int,
    other: str,
    *,
    status: int = 200,
    trouble: str = "",
    reason: str = "",
) -> Response:
    console = console_of(request)
    _allow(visitor)
    with reading(console.engine) as session:
        incident = visible_incident(session, visitor.actor, number)
        if incident is None:
            raise HTTPException(404)
        process = console.region.process
        found = similar(session, number, actor=visitor.actor, process=process, most=MOST)
        wanted = _wanted(other, found)
        second = visible_incident(session, visitor.actor, wanted) if wanted else None
        if other and second is None and not trouble:
            status, trouble = 404, "Инцидента с таким номером нет. Проверьте номер."
        pair = None
        if second is not None and second.id != number:
            likeness = next((one for one in found if one.incident_id == second.id), None)
            pair = _pair(session, incident, second, likeness, visitor=visitor, console=console)
        near = [_near(session, one, wanted) for one in found]
    return console.page(
        "merging.html",
        status=status,
        visitor=visitor,
        incident=incident,
        topic=incident.topic.russian,
        near=near,
        pair=pair,
        asked=other[:20],
        trouble=trouble,
        reason=reason,
    )


def _wanted(other: str, found: Sequence[Similar]) -> int | None:
    """Return the number of the incident to compare with: the asked one, else the likest."""
    if not other:
        return found[0].incident_id if found else None
    try:
        return number_of(other.strip())
    except HTTPException:
        return None


def _near(session: Session, one: Similar, chosen: int | None) -> Near:
    incident = session.get_one(Incident, one.incident_id)
    return Near(
        one.incident_id,
        incident.topic.russian,
        one.stage.russian,
        f"{round(one.score * 100)} %",
        one.why,
        one.incident_id == chosen,
    )


def _pair(
    session: Session,
    one: Incident,
    other: Incident,
    likeness: Similar | None,
    *,
    visitor: Visitor,
    console: Console,
) -> Pair:
    first = _post(session, one, likeness.post_id if likeness else None)
    second = _post(session, other, likeness.like_post if likeness else None)
    own, theirs = differences(first.text if first else "", second.text if second else "")
    facts = (_facts(session, one, first, console), _facts(session, other, second, console))
    joins = all(
        Act.MERGED in open_acts(standing_of(session, each, console.rules), visitor.actor)
        for each in (one, other)
    )
    return Pair(
        one=_side(session, one, first, own),
        other=_side(session, other, second, theirs),
        facts=[Fact(title, said, facts[1][title]) for title, said in facts[0].items()],
        why=likeness.why if likeness else "",
        apart=merging.are_apart(session, stored_id(one.id), stored_id(other.id)),
        joins=joins,
    )


def _post(session: Session, incident: Incident, wanted: int | None) -> Post | None:
    post = session.get(Post, wanted) if wanted else None
    if post is not None and post.incident_id == incident.id:
        return post
    return next(iter(cards.first_posts(session, stored_id(incident.id), 1)), None)


def _side(session: Session, incident: Incident, post: Post | None, pieces: list[Piece]) -> Side:
    return Side(
        stored_id(incident.id),
        incident.topic.russian,
        pieces,
        safe_url(post.url) if post else "",
        cards.count_posts(session, stored_id(incident.id)),
    )


def _facts(
    session: Session, incident: Incident, post: Post | None, console: Console
) -> Mapping[str, str]:
    settlement, address = place(incident, console.region)
    written = (post.published_at or post.first_seen_at) if post else None
    source = session.get(Source, post.source_id) if post else None
    return {
        "Тема": incident.topic.russian,
        "Важность": incident.urgency.russian,
        "Поселение": settlement or "не определено",
        "Адрес": address or "не указан",
        "Написано": console.local(written) if written else "",
        "Источник": f"{source.network.russian}, {source.title or source.key}" if source else "",
        "Стадия": incident.stage.russian,
        "Ответственный": body_name(incident.body, console.region),
        "Срок": console.local(incident.due_at),
    }
