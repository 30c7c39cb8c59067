"""Rows of the database as the API shows them."""

from collections.abc import Iterable

from sqlmodel import Session

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post
from pipeline.api import schemas
from pipeline.console.frame import Console
from pipeline.console.wording import excerpt
from pipeline.decisions.clocks import LEGAL
from pipeline.decisions.deadlines import left
from pipeline.decisions.lifecycle import open_acts
from pipeline.decisions.permissions import Actor, Right, has
from pipeline.decisions.satisfaction import without_link
from pipeline.decisions.workcalendar import MINUTE, CalendarError
from pipeline.desk.cases import standing_of
from pipeline.store.answers import of_incident
from pipeline.store.incidents import journal_of, pauses_of
from pipeline.store.posts import posts_of, versions_of


def shown(incident: Incident, text: str, console: Console) -> schemas.IncidentShown:
    """Return an incident in a list; ``text`` is its first message's."""
    now = console.clock()
    facts = incident.model_dump()
    owed = incident.stage in LEGAL
    return schemas.IncidentShown.model_validate(
        facts
        | {
            "place": facts,
            "overdue": owed and incident.paused_at is None and incident.due_at < now,
            "excerpt": excerpt(text),
            "clocks": facts | {"working_minutes_left": _left(incident, console) if owed else None},
        }
    )


def _left(incident: Incident, console: Console) -> int | None:
    if incident.paused_at is not None:
        return None
    try:
        return left(console.clock(), incident.due_at, console.calendar) // MINUTE
    except CalendarError:  # a moment from a table, before any calendar
        return None


def card(
    session: Session, incident: Incident, actor: Actor, console: Console
) -> schemas.IncidentCard:
    """Return all that is known of an incident to a person who may see it."""
    number = stored_id(incident.id)
    posts = posts_of(session, number)
    standing = standing_of(session, incident, console.rules)
    row = shown(incident, posts[0].text if posts else "", console)
    return schemas.IncidentCard(
        **row.model_dump(),
        helpers=list(standing.helpers),
        route_rule=incident.route_rule,
        route_note=incident.route_note,
        round=incident.round,
        repeat_of=incident.repeat_of,
        operator=incident.operator,
        acts=list(open_acts(standing, actor)),
        pauses=[
            schemas.PauseShown.model_validate(pause.model_dump())
            for pause in pauses_of(session, number)
        ],
        posts=_posts(session, posts, authors=has(actor, Right.SEE_AUTHORS)),
        answers=[answer_shown(one) for one in of_incident(session, number)],
        journal=journal_shown(journal_of(session, number)),
    )


def _posts(session: Session, posts: list[Post], *, authors: bool) -> list[schemas.PostShown]:
    earlier: dict[int, list[schemas.VersionShown]] = {}
    for version in versions_of(session, [stored_id(post.id) for post in posts]):
        known = schemas.VersionShown.model_validate(version.model_dump())
        earlier.setdefault(version.post_id, []).append(known)
    return [
        schemas.PostShown.model_validate(
            post.model_dump()
            | {
                "author_id": post.author_id if authors else None,
                "versions": earlier.get(stored_id(post.id), []),
            }
        )
        for post in posts
    ]


def answer_shown(answer: Answer) -> schemas.AnswerShown:
    """Return an answer as the API shows it, without the link by which its author may rate it."""
    return schemas.AnswerShown.model_validate(
        answer.model_dump() | {"text": without_link(answer.text)}
    )


def journal_shown(entries: Iterable[JournalEntry]) -> list[schemas.EntryShown]:
    """Return lines of the journal as the API shows them."""
    return [schemas.EntryShown.model_validate(entry.model_dump()) for entry in entries]
