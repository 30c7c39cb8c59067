"""What a person says of an incident: a label for the classifier, and the incident follows it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry
from models.label import Label
from models.post import Post
from models.source import Source
from models.vocabulary import Act, Certainty, Urgency
from pipeline.decisions.correcting import (
    Correction,
    Refusal,
    Standing,
    further,
    new_assignment,
    new_deadline,
    refusal,
    unknown_settlement,
)
from pipeline.decisions.worktime import WorkCalendar
from pipeline.desk.closing import close_irrelevant
from pipeline.desk.opening import facts
from pipeline.desk.revising import set_deadline
from pipeline.region.schema import Region
from pipeline.store.labels import newest_label, topics
from pipeline.store.posts import posts_of

BY_PERSON = "person"
"""Where the place of a corrected incident was taken from."""


@dataclass(frozen=True, slots=True)
class _Case:
    """An incident that ``by`` judges at ``now``, locked until the transaction ends."""

    incident: Incident
    post: Post
    label: Label | None
    standing: Standing
    by: str
    now: datetime

    def said_already(self, said: Correction) -> bool:
        """Tell whether the same person said the same last: a button was pressed twice."""
        label = self.label
        return (
            label is not None
            and (label.actor, label.revision) == (self.by, self.post.revision)
            and _words(label) == said
        )


def confirm(
    session: Session, incident_id: int, *, by: str, version: int, now: datetime
) -> Refusal | None:
    """Store that ``by`` finds nothing wrong with what stood in ``version``.

    ``by`` is a staff login. Returns why that was refused, or None when it is stored.
    """
    case = _lock(session, incident_id, by, now)
    refused = refusal(case.standing, version=version)
    if refused is None:
        _confirm(session, case)
    return refused


def correct(
    session: Session,
    incident_id: int,
    said: Correction,
    *,
    by: str,
    version: int,
    region: Region,
    calendar: WorkCalendar,
    now: datetime,
) -> Refusal | None:
    """Make an open incident what ``by`` says it is, and store that as a label.

    A correction that changes nothing is a confirmation; one that says «not relevant» closes the
    incident. Returns why it was refused, or None when it is stored.
    """
    said = replace(said, also=further(said.topic, said.also))
    case = _lock(session, incident_id, by, now)
    if case.said_already(said):
        return None
    refused = refusal(case.standing, version=version)
    refused = refused or unknown_settlement(case.standing, said, region)
    if refused is not None:
        return refused
    if said == case.standing.said:
        _confirm(session, case)
        return None
    before = _facts(case.incident, case.standing.said)
    _add_label(session, case, said)
    case.incident.version += 1
    case.incident.certainty = Certainty.AUTO
    if not said.relevant:
        _add_entry(session, case, Act.CORRECTED, before, before | {"relevant": False})
        close_irrelevant(session, case.incident, by=by, now=now)
        return None
    _apply(case, said, region)
    deadline = new_deadline(case.standing, said, region=region, calendar=calendar)
    if deadline is not None:
        set_deadline(session, case.incident, deadline, now=now, calendar=calendar.version)
    _add_entry(session, case, Act.CORRECTED, before, _facts(case.incident, said))
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


def _lock(session: Session, incident_id: int, by: str, now: datetime) -> _Case:
    # Locked before anything else is read, so that the rest is not older than the lock.
    incident = session.get_one(Incident, incident_id, with_for_update=True)
    post = posts_of(session, incident_id)[0]
    label = newest_label(session, stored_id(post.id))
    standing = Standing(
        version=incident.version,
        stage=incident.stage,
        said=_present(incident, post, label),
        network=session.get_one(Source, post.source_id).network,
        since=incident.created_at,
        due_at=incident.due_at,
    )
    return _Case(incident, post, label, standing, by, now)


def _confirm(session: Session, case: _Case) -> None:
    said = case.standing.said
    if case.said_already(said):
        return
    _add_label(session, case, said)
    case.incident.certainty = Certainty.AUTO
    unchanged = _facts(case.incident, said)
    _add_entry(session, case, Act.CONFIRMED, unchanged, unchanged)


def _apply(case: _Case, said: Correction, region: Region) -> None:
    incident = case.incident
    assignment = new_assignment(case.standing, said, region)
    if assignment is not None:
        incident.body = assignment.body
        incident.route_rule = assignment.rule[:200]
    if incident.settlement != said.settlement:
        # The village was one of the settlement before; a street may stand in any of them.
        incident.settlement, incident.village = said.settlement, None
        incident.place_from = BY_PERSON
    incident.topic = said.topic
    incident.urgency = said.urgency


def _add_label(session: Session, case: _Case, said: Correction) -> None:
    session.add(
        Label(
            post_id=stored_id(case.post.id),
            incident_id=stored_id(case.incident.id),
            revision=case.post.revision,
            at=case.now,
            actor=case.by,
            topic=said.topic,
            fine_topic=said.fine_topic,
            also=[topic.value for topic in said.also],
            relevant=said.relevant,
            urgent=said.urgency is Urgency.URGENT,
            settlement=said.settlement,
            suggested=_suggested(case.incident, case.post),
            model=case.post.model,
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
    return facts(incident.model_dump()) | {"also": also, "relevant": True}


def _add_entry(
    session: Session, case: _Case, act: Act, before: dict[str, Any], after: dict[str, Any]
) -> None:
    session.add(
        JournalEntry(
            incident_id=stored_id(case.incident.id),
            post_id=case.post.id,
            at=case.now,
            actor=case.by,
            act=act,
            before=before,
            after=after,
        )
    )
