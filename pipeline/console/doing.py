"""What a form of the card asks for, done: each act by the desk's function for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fastapi import HTTPException
from sqlmodel import Session

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.post import Post
from models.vocabulary import Act, Urgency
from pipeline.console.frame import Console
from pipeline.decisions import answering
from pipeline.decisions.correcting import Refusal
from pipeline.decisions.lifecycle import No, Refused, Wish, refusal
from pipeline.decisions.permissions import Actor
from pipeline.desk import cases, correcting, drafts, merging, surveys
from pipeline.store.answers import find_answer
from pipeline.store.cards import first_posts

Said = Refused | answering.Refused | Incident | Answer
FIRST_YEAR, LAST_YEAR = 2005, 2100
"""What the working calendar serves."""

NOTHING_TO_JUDGE = Refused(
    No.GUARD, "У инцидента нет сообщений: они в том, с которым его объединили."
)
NOS = {Refusal.STALE: No.STALE, Refusal.CLOSED: No.STAGE, Refusal.FORBIDDEN: No.FORBIDDEN}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants of an incident, beside the life cycle's own ``wish``."""

    wish: Wish
    answer: int = 0
    answer_seen: int = 1
    helpers: tuple[str, ...] = ()
    rating: int | None = None
    word: str = ""
    post: int = 0


@dataclass(frozen=True, slots=True)
class Deed:
    """An act that is about to be done, with everything that the desk wants to know."""

    session: Session
    incident_id: int
    wanted: Wanted
    actor: Actor
    console: Console
    now: datetime

    @property
    def wish(self) -> Wish:
        """The life cycle's part."""
        return self.wanted.wish


def do(deed: Deed) -> Said:
    """Do one act or say why not; raise 404 for an answer that is not the incident's."""
    return DOES.get(deed.wish.act, _move)(deed)


def moment_of(text: str, time_zone: str) -> datetime | None:
    """Return (in UTC) what a field for a moment holds, by the wall clock; None for no moment.

    The year is one that the working calendar serves.
    """
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not FIRST_YEAR < wall.year < LAST_YEAR:
        return None
    return wall.replace(tzinfo=wall.tzinfo or ZoneInfo(time_zone)).astimezone(UTC)


def _move(deed: Deed) -> Said:
    return cases.act(
        deed.session,
        deed.incident_id,
        deed.wish,
        actor=deed.actor,
        rules=deed.console.rules,
        now=deed.now,
    )


def _decide(deed: Deed) -> Said:
    """Agree to the answer that was shown, or give it back."""
    number, version = deed.wanted.answer, deed.wanted.answer_seen
    known = find_answer(deed.session, number)
    if known is None or known.incident_id != deed.incident_id:
        raise HTTPException(404)
    actor, rules, now = deed.actor, deed.console.rules, deed.now
    # Whatever else has changed since the card was shown, the head looks at first.
    case = cases.open_case(
        deed.session, deed.incident_id, deed.wish, actor=actor, rules=rules, now=now
    )
    if isinstance(case, Refused):
        return case
    if deed.wish.act is Act.APPROVED:
        return drafts.approve(
            deed.session, number, actor=actor, version=version, rules=rules, now=now
        )
    reason = deed.wish.reason
    return drafts.reject(
        deed.session, number, reason, actor=actor, version=version, rules=rules, now=now
    )


def _set_helpers(deed: Deed) -> Said:
    return cases.set_helpers(
        deed.session,
        deed.incident_id,
        deed.wanted.helpers,
        actor=deed.actor,
        version=deed.wish.version,
        rules=deed.console.rules,
        now=deed.now,
    )


def _rate(deed: Deed) -> Said:
    if deed.wanted.rating is None:
        return Refused(No.GUARD, "Выберите оценку, которую назвал автор.")
    return surveys.record_rating(
        deed.session,
        deed.incident_id,
        deed.wanted.rating,
        deed.wanted.word,
        actor=deed.actor,
        version=deed.wish.version,
        rules=deed.console.rules,
        now=deed.now,
    )


def _unmerge(deed: Deed) -> Said:
    refused = _unseen(deed)
    return refused or merging.unmerge(
        deed.session, deed.incident_id, actor=deed.actor, rules=deed.console.rules, now=deed.now
    )


def _split(deed: Deed) -> Said:
    refused = _unseen(deed)
    if refused is not None:
        return refused
    number = deed.wanted.post
    post = deed.session.get(Post, number)
    if post is None or post.incident_id != deed.incident_id:
        return Refused(No.STALE, f"Сообщения № {number} в этом инциденте уже нет.")
    return merging.split(
        deed.session,
        number,
        actor=deed.actor,
        reason=deed.wish.reason,
        rules=deed.console.rules,
        now=deed.now,
    )


def _unseen(deed: Deed) -> Refused | None:
    """Refuse what was seen too long ago, where the desk does not look at the version itself.

    Nothing is locked here: the desk locks two incidents in the order of their numbers.
    """
    incident = deed.session.get_one(Incident, deed.incident_id)
    standing = cases.standing_of(deed.session, incident, deed.console.rules)
    return refusal(standing, deed.wish, deed.actor, deed.now)


def _raise_urgency(deed: Deed) -> Said:
    """Judge the incident as it stands, but urgent."""
    session, number = deed.session, deed.incident_id
    incident = session.get_one(Incident, number)
    first = next(iter(first_posts(session, number, 1)), None)
    if first is None:
        return NOTHING_TO_JUDGE
    refused = correcting.correct(
        session,
        number,
        replace(correcting.present(session, incident, first), urgency=Urgency.URGENT),
        actor=deed.actor,
        version=deed.wish.version or incident.version,
        rules=deed.console.rules,
        now=deed.now,
    )
    if refused is None:
        return incident
    return Refused(NOS.get(refused, No.GUARD), refused.russian)


DOES: Mapping[Act, Callable[[Deed], Said]] = {
    Act.APPROVED: _decide,
    Act.REJECTED: _decide,
    Act.CO_EXECUTORS: _set_helpers,
    Act.RATED: _rate,
    Act.UNMERGED: _unmerge,
    Act.POST_SPLIT: _split,
    Act.URGENCY_RAISED: _raise_urgency,
}


def led_to(said: Said, deed: Deed) -> int:
    """Return the incident to show after an act: a post that was split off has a new one."""
    if deed.wish.act is Act.POST_SPLIT and isinstance(said, Incident):
        return stored_id(said.id)
    return deed.incident_id
