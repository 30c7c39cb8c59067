"""What a person says of an incident: a label for the classifier, and the incident follows it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.label import Label
from models.post import Post
from models.vocabulary import Act, Certainty, Occasion, Stage, Urgency
from pipeline.decisions.correcting import (
    Correction,
    Refusal,
    Standing,
    further,
    new_assignment,
    new_deadline,
    unknown_settlement,
)
from pipeline.decisions.lifecycle import No, Refused, Wish, after
from pipeline.decisions.permissions import Actor
from pipeline.desk import journal
from pipeline.desk.cases import Case, open_case
from pipeline.desk.closing import close_irrelevant
from pipeline.desk.opening import facts
from pipeline.desk.steps import take_over, tell
from pipeline.desk.terms import cycle_of, enter, retime_stage, set_deadline, stretches
from pipeline.rules import Rules
from pipeline.store.incidents import pauses_of
from pipeline.store.labels import newest_label, topics
from pipeline.store.posts import posts_of

BY_PERSON = "person"
"""Where the place of a corrected incident was taken from."""


NO = {No.STALE: Refusal.STALE, No.STAGE: Refusal.CLOSED}
"""Why a judgement is not heard, in the words for it; everything else is a matter of rights."""


@dataclass(frozen=True, slots=True)
class _Judgement:
    """A case that somebody judges, its first post, and what was said of it last."""

    case: Case
    post: Post
    label: Label | None
    standing: Standing

    @property
    def incident(self) -> Incident:
        """The incident, locked."""
        return self.case.incident


def confirm(
    session: Session,
    incident_id: int,
    *,
    actor: Actor,
    version: int,
    rules: Rules,
    now: datetime,
) -> Refusal | None:
    """Store that the actor finds nothing wrong with what stood in ``version``.

    What was to be looked at goes to the body that was suggested. Returns why that was refused, or
    None when it is stored.
    """
    wish = Wish(Act.CONFIRMED, version=version)
    case = open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        if case.no is No.STALE and _said_already(session, incident_id, actor, None):
            return None
        return NO.get(case.no, Refusal.FORBIDDEN)
    _confirm(_judgement(case))
    return None


def correct(
    session: Session,
    incident_id: int,
    said: Correction,
    *,
    actor: Actor,
    version: int,
    rules: Rules,
    now: datetime,
    why: str = "not_relevant",
) -> Refusal | None:
    """Make an open incident what the actor says it is, and store that as a label.

    A correction that changes nothing is a confirmation; one that says «not relevant» closes the
    incident, and ``why`` is the reason that the journal gives for it. Returns why it was refused,
    or None when it is stored.
    """
    said = replace(said, also=further(said.topic, said.also))
    wish = Wish(Act.CORRECTED, version=version)
    case = open_case(session, incident_id, wish, actor=actor, rules=rules, now=now)
    if isinstance(case, Refused):
        if case.no in NO and _said_already(session, incident_id, actor, said):
            return None
        return NO.get(case.no, Refusal.FORBIDDEN)
    judged = _judgement(case)
    refused = unknown_settlement(judged.standing, said, rules.region)
    if refused is not None:
        return refused
    if said == judged.standing.said:
        _confirm(judged)
        return None
    before = _facts(case.incident, judged.standing.said)
    _add_label(judged, said)
    case.incident.version += 1
    case.incident.certainty = Certainty.AUTO
    case.incident.operator = actor.login
    if not said.relevant:
        _add_entry(judged, Act.CORRECTED, before, before | {"relevant": False})
        close_irrelevant(session, case.incident, by=actor, now=now, rules=rules, why=why)
        return None
    _apply(judged, said)
    region, calendar = rules.region, rules.calendar
    deadline = new_deadline(judged.standing, said, region=region, calendar=calendar)
    if deadline is not None:
        set_deadline(session, case.incident, deadline, now=now, rules=rules)
        retime_stage(session, case.incident, rules=rules)
    _hand_on(judged, Act.CORRECTED)
    _add_entry(judged, Act.CORRECTED, before, _facts(case.incident, said))
    return None


def present(session: Session, incident: Incident, post: Post) -> Correction:
    """Return what stands of an incident now, in the words of a person who would confirm it.

    ``post`` is the incident's first one. Its further topics are a person's where they judged
    this very text, else the classifier's.
    """
    return _present(incident, post, newest_label(session, stored_id(post.id)))


def _present(incident: Incident, post: Post, label: Label | None) -> Correction:
    if label is not None and label.revision == post.revision:
        also = topics(label.also)
    else:
        also = topics(code for code, _ in post.prediction.get("also", ()))
    return Correction(
        relevant=True,
        topic=incident.topic,
        urgency=incident.urgency,
        settlement=incident.settlement,
        also=further(incident.topic, also),
    )


def _judgement(case: Case) -> _Judgement:
    incident, session = case.incident, case.session
    incident_id = stored_id(incident.id)
    post = posts_of(session, incident_id)[0]
    label = newest_label(session, stored_id(post.id))
    standing = Standing(
        said=_present(incident, post, label),
        network=incident.network,
        term=incident.term,
        since=incident.clock_from,
        due_at=incident.due_at,
        pauses=tuple(stretches(pauses_of(session, incident_id, cycle_of(incident)), case.now)),
    )
    return _Judgement(case, post, label, standing)


def _said_already(
    session: Session, incident_id: int, actor: Actor, said: Correction | None
) -> bool:
    """Tell whether the same person said the same last: a button was pressed twice.

    ``said`` is None for a confirmation.
    """
    posts = posts_of(session, incident_id)
    label = newest_label(session, stored_id(posts[0].id)) if posts else None
    if label is None or (label.actor, label.revision) != (actor.login, posts[0].revision):
        return False
    if said is None:
        incident = session.get_one(Incident, incident_id)
        return _words(label) == _present(incident, posts[0], label)
    return _words(label) == said


def _confirm(judged: _Judgement) -> None:
    said, label = judged.standing.said, judged.label
    again = (
        label is not None
        and (label.actor, label.revision) == (judged.case.actor.login, judged.post.revision)
        and _words(label) == said
    )
    before = _facts(judged.incident, said)
    if not again:
        _add_label(judged, said)
        judged.incident.operator = judged.case.actor.login
    # Also where the same was said before: an incident of a split post would ask for ever.
    judged.incident.certainty = Certainty.AUTO
    _hand_on(judged, Act.CONFIRMED)
    after_ = _facts(judged.incident, said)
    if not again or after_ != before:
        _add_entry(judged, Act.CONFIRMED, before, after_)


def _hand_on(judged: _Judgement, act: Act) -> None:
    """Give what was reviewed to its body; a body that works already is told when it changed."""
    case, incident = judged.case, judged.incident
    stage = after(case.standing, act)
    moved = stage is not incident.stage
    if not moved and incident.body == case.standing.body:
        return
    take_over(incident, case.now)
    if moved:
        enter(case.session, incident, stage, now=case.now, rules=case.rules)
    elif incident.stage in REASSIGNABLE:
        enter(case.session, incident, Stage.ASSIGNED, now=case.now, rules=case.rules)
    tell(case.session, incident, Occasion.ASSIGNED, at=case.now)
    helpers = list(case.standing.helpers)
    if helpers:
        tell(case.session, incident, Occasion.ASSIGNED, at=case.now, helpers=helpers)


REASSIGNABLE = frozenset({Stage.ASSIGNED, Stage.WORK, Stage.RETURNED})
"""Stages in which another body has to accept the incident anew."""


def _apply(judged: _Judgement, said: Correction) -> None:
    incident = judged.incident
    assignment = new_assignment(judged.standing, said, judged.case.region)
    if assignment is not None:
        incident.body = assignment.body
        incident.route_rule = assignment.rule[:200]
        incident.route_note = assignment.note[:500]
    if incident.settlement != said.settlement:
        # The village was one of the settlement before; a street may stand in any of them.
        incident.settlement, incident.village = said.settlement, None
        incident.place_from = BY_PERSON
    incident.topic = said.topic
    incident.urgency = said.urgency


def _add_label(judged: _Judgement, said: Correction) -> None:
    case, post = judged.case, judged.post
    case.session.add(
        Label(
            post_id=stored_id(post.id),
            incident_id=stored_id(case.incident.id),
            revision=post.revision,
            at=case.now,
            actor=case.actor.login,
            topic=said.topic,
            fine_topic=said.fine_topic,
            also=[topic.value for topic in said.also],
            relevant=said.relevant,
            urgent=said.urgency is Urgency.URGENT,
            settlement=said.settlement,
            suggested=_suggested(case.incident, post),
            model=post.model,
        )
    )


def _words(label: Label) -> Correction:
    return Correction(
        relevant=label.relevant,
        topic=label.topic,
        urgency=Urgency.URGENT if label.urgent else Urgency.NORMAL,
        settlement=label.settlement,
        also=topics(label.also),
        fine_topic=label.fine_topic,
    )


def _suggested(incident: Incident, post: Post) -> dict[str, Any]:
    """Return what was said of the post's text before any person judged it.

    A source that states a topic is surer of it than any classifier: no probability then.
    """
    prediction, stated = post.prediction, post.stated.get("topic")
    topic, probability = next(iter(prediction.get("topics", ())), (None, None))
    return {
        "topic": stated or topic,
        "probability": None if stated else probability,
        "relevant": post.relevant,
        "urgent": prediction.get("urgent"),
        "certainty": prediction.get("certainty"),
        # Posts of the first version do not say; theirs is the incident's.
        "settlement": prediction.get("settlement", incident.settlement),
    }


def _facts(incident: Incident, said: Correction) -> dict[str, Any]:
    also = [topic.value for topic in said.also]
    shown = facts(incident.model_dump()) | {"stage": incident.stage.value}
    return shown | {"also": also, "relevant": True}


def _add_entry(judged: _Judgement, act: Act, before: dict[str, Any], after: dict[str, Any]) -> None:
    journal.write(
        judged.case.session,
        act,
        at=judged.case.now,
        incident_id=stored_id(judged.incident.id),
        post_id=judged.post.id,
        actor=judged.case.actor.login,
        before=before,
        after=after,
    )
