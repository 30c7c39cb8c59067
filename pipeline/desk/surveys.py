"""Surveys: offered with a final answer, rated once, and what follows for the incident.

A survey's incident is always locked before the survey itself. The author's word is a citizen's
text: it stands on the survey's row alone, never in the journal and never in a notice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.survey import Survey
from models.vocabulary import Act, AnswerKind, AnswerState, ClosingReason, Occasion, Stage, Topic
from pipeline.decisions.answering import Refused as Unfit
from pipeline.decisions.answering import tidy
from pipeline.decisions.lifecycle import No, Refused, Wish
from pipeline.decisions.permissions import OTKLIK, Actor
from pipeline.decisions.satisfaction import (
    LIFETIME,
    LONGEST_WORD,
    RATINGS,
    Effect,
    Vote,
    effect,
    link,
    no_room,
    token_hash,
    token_of,
    vote,
    with_link,
)
from pipeline.desk.cases import open_case
from pipeline.desk.steps import close, note, reopen, state, tell
from pipeline.rules import Rules
from pipeline.store import surveys as store


@dataclass(frozen=True, slots=True)
class Asked:
    """What is shown behind a link: no more than everybody sees where it stands.

    ``answered_at`` is when the answer was published, None while that is not known.
    """

    vote: Vote
    topic: Topic | None = None
    answered_at: datetime | None = None


UNKNOWN = Asked(Vote.UNKNOWN)


def offers(kind: AnswerKind | None, rules: Rules) -> bool:
    """Tell whether an answer of this kind carries a link: a final one, if it can be opened."""
    return kind is AnswerKind.FINAL and rules.region.process.survey and bool(rules.public_url)


def room(text: str, kind: AnswerKind | None, limit: int, rules: Rules) -> Unfit | None:
    """Refuse an answer that is too long for its network (``limit`` characters) with its link."""
    # Links differ in their letters alone.
    return no_room(text, link(rules.public_url, ""), limit) if offers(kind, rules) else None


def offer(
    session: Session, answer: Answer, incident: Incident, *, rules: Rules, now: datetime
) -> None:
    """Ask the author of an answer that goes out now, or stands; once for each answer.

    The link is written below the text; not where the text stands already, published by hand:
    then ``links_to_pass_on`` tells it to the person who answered.
    """
    answer_id = stored_id(answer.id)
    if not offers(answer.kind, rules) or store.of_answer(session, answer_id) is not None:
        return
    session.add(_survey(answer, incident, now=now, expires_at=now + LIFETIME))
    if answer.state is not AnswerState.BY_HAND:
        answer.text = with_link(answer.text, link(rules.public_url, answer.key))


def links_to_pass_on(
    session: Session, incident_id: int, *, rules: Rules, now: datetime
) -> dict[int, str]:
    """Return the links that authors do not have unless a person gives them, by answer.

    They are those of answers published by hand that may still be rated.
    """
    if not rules.public_url:
        return {}
    found = {}
    for survey in store.about(session, incident_id):
        answer = session.get_one(Answer, survey.answer_id)
        address = link(rules.public_url, answer.key)
        open_ = vote(survey.rating, survey.expires_at, answer.state, now) is Vote.OPEN
        # What was on its way before it was published by hand has its link in the text.
        if open_ and answer.state is AnswerState.BY_HAND and address not in answer.text:
            found[survey.answer_id] = address
    return found


def look(session: Session, token: str, now: datetime) -> Asked:
    """Return what stands behind a link; nothing changes."""
    survey = store.by_token_hash(session, token_hash(token))
    return UNKNOWN if survey is None else _asked(session, survey, now)


def rate(
    session: Session, token: str, rating: int, word: str, *, rules: Rules, now: datetime
) -> Asked:
    """Take an author's rating (1–5) and word by the link's token; the first one counts.

    ``word`` is cut where it is longer than ``LONGEST_WORD``. Raises ValueError for another rating.
    """
    if rating not in RATINGS:
        raise ValueError(f"a rating is 1 to 5, not {rating}")
    known = store.by_token_hash(session, token_hash(token))
    if known is None:
        return UNKNOWN
    incident = session.get_one(
        Incident, known.incident_id, with_for_update=True, populate_existing=True
    )
    survey = store.by_token_hash(session, token_hash(token), lock=True)
    if survey is None:
        return UNKNOWN
    asked = _asked(session, survey, now)
    if asked.vote is not Vote.OPEN:
        return asked
    survey.rating, survey.word, survey.answered_at = rating, tidy(word)[:LONGEST_WORD], now
    _follow(session, incident, survey, rating, by=OTKLIK, rules=rules, now=now)
    return Asked(Vote.COUNTED, asked.topic, asked.answered_at)


def record_rating(
    session: Session,
    incident_id: int,
    rating: int,
    word: str,
    *,
    actor: Actor,
    version: int | None,
    rules: Rules,
    now: datetime,
) -> Incident | Refused:
    """Take down what the author told a person of the newest final answer, by telephone say.

    It counts as if the author had followed the link, which then takes no other. ``version`` is
    the incident's that the actor has seen, None for who has seen none.
    """
    wish = Wish(Act.RATED, version=version)
    case = open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        return case
    said = tidy(word)
    if rating not in RATINGS:
        return Refused(No.GUARD, "Оценка — целое число от 1 до 5.")
    if len(said) > LONGEST_WORD:
        return Refused(
            No.GUARD, f"Отзыв длиннее {LONGEST_WORD} знаков: {len(said)}. Запишите короче."
        )
    answer = _newest_final(session, incident_id)
    if answer is None:
        return Refused(No.GUARD, "Окончательного ответа автору ещё нет: оценивать нечего.")
    survey = store.of_answer(session, stored_id(answer.id))
    if survey is None:
        # Nobody was given the link, so it opens nothing.
        survey = _survey(answer, case.incident, now=now, expires_at=now)
        session.add(survey)
    if survey.rating is not None:
        return Refused(
            No.GUARD,
            f"Этот ответ уже оценён: {survey.rating} из 5. Считается первая оценка.",
        )
    survey.rating, survey.word, survey.answered_at = rating, said, now
    _follow(session, case.incident, survey, rating, by=actor, rules=rules, now=now)
    return case.incident


def _survey(answer: Answer, incident: Incident, *, now: datetime, expires_at: datetime) -> Survey:
    return Survey(
        incident_id=stored_id(incident.id),
        answer_id=stored_id(answer.id),
        round=incident.round,
        token_hash=token_hash(token_of(answer.key)),
        created_at=now,
        expires_at=expires_at,
    )


def _asked(session: Session, survey: Survey, now: datetime) -> Asked:
    answer = session.get_one(Answer, survey.answer_id)
    said = vote(survey.rating, survey.expires_at, answer.state, now)
    if said is Vote.UNKNOWN:
        return UNKNOWN
    topic = session.get_one(Incident, survey.incident_id).topic
    return Asked(said, topic, answer.published_at)


def _newest_final(session: Session, incident_id: int) -> Answer | None:
    query = (
        select(Answer)
        .where(
            Answer.incident_id == incident_id,
            Answer.kind == AnswerKind.FINAL,
            col(Answer.state).in_((AnswerState.PUBLISHED, AnswerState.BY_HAND)),
        )
        .order_by(col(Answer.published_at).desc(), col(Answer.id).desc())
        .limit(1)
    )
    return session.exec(query).one_or_none()


def _follow(
    session: Session,
    incident: Incident,
    survey: Survey,
    rating: int,
    *,
    by: Actor,
    rules: Rules,
    now: datetime,
) -> None:
    """Write a rating down and let the incident, which is locked, follow it."""
    process = rules.region.process
    follows = effect(
        rating,
        stage=incident.stage,
        closing=incident.closing_reason,
        of_this_round=survey.round == incident.round,
        round_=incident.round,
        at_most=process.dissatisfied,
        rounds=process.rounds,
    )
    if survey.round == incident.round or incident.rating is None:
        incident.rating = rating
    incident.version += 1
    facts: dict[str, Any] = {
        "rating": rating,
        "word": bool(survey.word),
        "answer": survey.answer_id,
    }
    ending = ENDINGS.get(follows)
    if ending is not None and incident.stage is Stage.CLOSED:
        # It stays closed since when it was; only the reason is known better now.
        incident.closing_reason, ending = ending, None
        facts["closing_reason"] = incident.closing_reason.value
    note(session, incident, Act.RATED, state(incident), at=now, by=by, facts=facts)
    if ending is not None:
        close(session, incident, ending, by=by, rules=rules, now=now)
    if follows is Effect.NEXT_ROUND:
        reason = f"Автор поставил {rating} из 5"
        reopen(session, incident, reason=reason, by=by, rules=rules, now=now)
    if rating <= process.dissatisfied:
        tell(session, incident, Occasion.DISSATISFIED, at=now, rating=rating)


ENDINGS = {
    Effect.SATISFIED: ClosingReason.SATISFIED,
    Effect.POINTLESS: ClosingReason.POINTLESS,
}
