"""One incident of the review queue as its page shows it: what was suggested, and beside what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.post import Post
from models.vocabulary import Act, Topic, Urgency
from pipeline.console.explain import Line, journal, percent
from pipeline.console.frame import Console
from pipeline.console.texts import Texts, texts
from pipeline.console.wording import (
    TOPICS,
    Timing,
    body_name,
    count,
    place,
    settlement_name,
    timing,
)
from pipeline.decisions import routing, snoozing
from pipeline.decisions.answering import LIMITS
from pipeline.decisions.clocks import LEGAL
from pipeline.decisions.correcting import Correction
from pipeline.decisions.differences import Piece, differences
from pipeline.decisions.lifecycle import open_acts
from pipeline.decisions.permissions import Actor
from pipeline.desk.asking import needs_head
from pipeline.desk.cases import standing_of
from pipeline.desk.correcting import present
from pipeline.similar import Similar, similar
from pipeline.store import cards, review
from pipeline.store.incidents import visible_incident
from pipeline.store.leases import looking

POSTS = 3
"""Texts of an incident that are shown at once; the card shows them all."""

LIKELIEST = 3
RIVALS = 3
"""Similar incidents that are shown beside it."""

IRRELEVANT: Mapping[str, str] = {
    "advertising": "реклама",
    "news": "новость или объявление",
    "thanks": "благодарность",
    "insult": "оскорбление без просьбы",
    "spam": "спам",
    "not_ours": "не наша территория или не к нам",
}
"""Kinds of texts that are no incident, with the words that the journal keeps."""

QUESTION = (
    "Здравствуйте! Чтобы передать ваше сообщение тем, кто за это отвечает, нам нужно знать место. "
    "Напишите, пожалуйста, в ответ населённый пункт, улицу и номер дома или ориентир."
)
"""What the author is asked; whoever asks may say it otherwise."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of the likeliest topics; ``body`` would answer, "" where it is the present one."""

    code: str
    title: str
    percent: str
    body: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Rival:
    """A similar open incident: both texts cut at the words that the other one lacks."""

    number: int
    title: str
    stage: str
    percent: str
    why: str
    place: str
    written: str
    mine: list[Piece]
    theirs: list[Piece]


@dataclass(frozen=True, slots=True)
class Wished:
    """What somebody wanted and did not get: the act, why not, and what stood in the form.

    ``seen`` is the newest entry of the journal that they knew.
    """

    act: str
    trouble: str
    said: Correction
    question: str
    seen: int
    late: bool


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What was wanted, field by field, against what stands now, and what happened since."""

    fields: list[tuple[str, str, str]]
    since: list[Line]


@dataclass(frozen=True, slots=True)
class Item:
    """The page of one incident; ``open`` tells whether anything can still be said of it.

    ``said`` is what the form holds, and ``corrects`` tells whether that is not what stands.
    ``looker`` is somebody else who looks at it, ``seen`` the newest entry of its journal. ``asks``
    tells whether the author can be asked from here, ``to_head`` whether the head sees that first.
    """

    incident: Incident
    title: str
    urgent: bool
    open: bool
    stage: str
    looker: str
    texts: Texts
    timing: Timing
    settlement: str
    address: str
    body: str
    options: list[Option]
    other: str
    topics: list[Topic]
    settlements: list[tuple[str, str]]
    said: Correction
    corrects: bool
    rivals: list[Rival]
    snoozes: Sequence[snoozing.Choice]
    asks: bool
    to_head: bool
    question: str
    seen: int
    wished: Wished | None
    meanwhile: Meanwhile | None


def item_of(
    session: Session,
    number: int,
    *,
    actor: Actor,
    console: Console,
    wished: Wished | None = None,
) -> Item | None:
    """Return what the page of an incident shows; None where nobody could judge it."""
    incident = visible_incident(session, actor, number)
    first = next(iter(cards.first_posts(session, number, 1)), None)
    if incident is None or first is None:
        return None
    now, region = console.clock(), console.region
    acts = open_acts(standing_of(session, incident, console.rules), actor)
    stands = present(session, incident, first)
    said = wished.said if wished is not None and wished.said.relevant else stands
    to_head = needs_head(actor, console.rules)
    options = _options(incident, first, said, console)
    settlement, address = place(incident, region)
    looker = looking(session, number, now=now)
    return Item(
        incident=incident,
        title=incident.topic.russian,
        urgent=incident.urgency is Urgency.URGENT,
        open=Act.CORRECTED in acts,
        stage=incident.stage.russian,
        looker=looker if looker and looker != actor.login else "",
        texts=texts(session, incident, console, limit=POSTS),
        timing=timing(incident, now, console.calendar),
        settlement=settlement,
        address=address,
        body=body_name(incident.body, region),
        options=options,
        other="" if any(option.chosen for option in options) else said.topic.value,
        topics=TOPICS,
        settlements=_settlements(incident.settlement, console),
        said=said,
        corrects=said != stands,
        rivals=_rivals(session, incident, actor, console) if Act.MERGED in acts else [],
        snoozes=snoozing.choices(now, console.calendar, incident.due_at),
        asks=incident.network in LIMITS and (Act.DRAFTED if to_head else Act.ANSWER_QUEUED) in acts,
        to_head=to_head,
        question=wished.question if wished is not None and wished.question else QUESTION,
        seen=review.newest_entry(session, number),
        wished=wished,
        meanwhile=_meanwhile(session, incident, stands, wished, console),
    )


def waiting(found: int) -> str:
    """Say how many incidents wait: «12 ждут проверки», «больше 1000»."""
    if found >= review.COUNTED:
        return f"больше {review.COUNTED - 1}"
    return count(found, "инцидент", "инцидента", "инцидентов")


def _options(incident: Incident, first: Post, said: Correction, console: Console) -> list[Option]:
    """Return what stands first, if the model did not name it, then what the model found likely."""
    shares = dict(_shares(first.prediction))
    codes = list(shares)[:LIKELIEST]
    if incident.topic not in codes:
        codes = [incident.topic, *codes][:LIKELIEST]
    return [
        Option(
            code=topic.value,
            title=topic.russian,
            percent=percent(shares[topic]) if topic in shares else "",
            body=_other_body(incident, topic, said, console),
            chosen=topic is said.topic,
        )
        for topic in codes
    ]


def _shares(prediction: Mapping[str, Any]) -> list[tuple[Topic, Any]]:
    known = {topic.value: topic for topic in Topic}
    return [(known[code], share) for code, share in prediction.get("topics", ()) if code in known]


def _other_body(incident: Incident, topic: Topic, said: Correction, console: Console) -> str:
    """Return who would answer, as a correction decides it: unchanged facts keep their body."""
    if (topic, said.settlement) == (incident.topic, incident.settlement):
        return ""
    found = routing.route(
        topic,
        said.settlement,
        console.region,
        network=incident.network,
        urgency=said.urgency,
    )
    return "" if found.body == incident.body else body_name(found.body, console.region)


def _settlements(present_code: str | None, console: Console) -> list[tuple[str, str]]:
    """Return the region's settlements by name; one that it has forgotten stays while it stands."""
    codes = {one.code for one in console.region.settlements} | ({present_code} - {None})
    named = [(code, settlement_name(code, console.region)) for code in codes if code]
    return [("", "не указано"), *sorted(named, key=lambda one: one[1])]


def _rivals(session: Session, incident: Incident, actor: Actor, console: Console) -> list[Rival]:
    found = similar(session, stored_id(incident.id), actor=actor, process=console.region.process)
    owed = [one for one in found if one.stage in LEGAL]
    return [_rival(session, one, console) for one in owed[:RIVALS]]


def _rival(session: Session, like: Similar, console: Console) -> Rival:
    other = session.get_one(Incident, like.incident_id)
    mine, theirs = session.get_one(Post, like.post_id), session.get_one(Post, like.like_post)
    own, their = differences(mine.text, theirs.text)
    written = theirs.published_at or theirs.first_seen_at
    return Rival(
        number=like.incident_id,
        title=other.topic.russian,
        stage=other.stage.russian,
        percent=percent(like.score),
        why=like.why,
        place=", ".join(part for part in place(other, console.region) if part),
        written=console.local(written),
        mine=own,
        theirs=their,
    )


def _meanwhile(
    session: Session,
    incident: Incident,
    stands: Correction,
    wished: Wished | None,
    console: Console,
) -> Meanwhile | None:
    if wished is None or not wished.late:
        return None
    since = review.entries_since(session, stored_id(incident.id), wished.seen)
    mine, now = _words(wished.said, console), _words(stands, console)
    return Meanwhile(
        fields=[(title, mine[title], now[title]) for title in now],
        since=journal(since, console.region),
    )


def _words(said: Correction, console: Console) -> dict[str, str]:
    return {
        "Тема": said.topic.russian,
        "Важность": said.urgency.russian,
        "Поселение": settlement_name(said.settlement, console.region) or "не указано",
        "Это обращение": "да" if said.relevant else "нет",
    }
