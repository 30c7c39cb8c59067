"""Incidents that may be about the same problem, for a person to judge, with what speaks for it."""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from models.columns import stored_id
from models.vocabulary import Stage
from pipeline.decisions.permissions import Actor
from pipeline.decisions.stories import compare
from pipeline.decisions.stories_text import Facts
from pipeline.desk.merging import are_apart
from pipeline.joining import limits_of
from pipeline.region.schema import Process
from pipeline.store.incidents import visible_incident
from pipeline.store.posts import posts_of
from pipeline.store.stories import candidates, facts_by_post

LEAST = 0.4
"""A score below which two incidents are not worth a look."""


@dataclass(frozen=True, slots=True)
class Similar:
    """Another incident, how like it is (0..1), why, and which of the posts are like each other."""

    incident_id: int
    stage: Stage
    score: float
    why: str
    post_id: int
    like_post: int


def similar(
    session: Session, incident_id: int, *, actor: Actor, process: Process, most: int = 10
) -> list[Similar]:
    """Return incidents that the actor sees and that are like this one, the likest first."""
    limits = limits_of(process)
    own = facts_by_post(session, [stored_id(post.id) for post in posts_of(session, incident_id)])
    reach = timedelta(days=max(limits.days, limits.same_days))
    found = candidates(session, list(own.values()), reach=reach)
    best: dict[int, tuple[float, str, int, int]] = {}
    for (post_id, facts), near in zip(own.items(), found, strict=True):
        for one in near:
            if one.incident_id == incident_id:
                continue
            score, why = _score(facts, one.facts, process)
            if score >= LEAST and score > best.get(one.incident_id, (0.0,))[0]:
                best[one.incident_id] = (score, why, post_id, one.post_id)
    likest = sorted(best.items(), key=lambda row: (-row[1][0], row[0]))
    seen = []
    for other_id, (score, why, post_id, like_post) in likest:
        other = visible_incident(session, actor, other_id)
        if other is not None and not are_apart(session, incident_id, other_id):
            seen.append(Similar(other_id, other.stage, score, why, post_id, like_post))
        if len(seen) == most:
            break
    return seen


def _score(one: Facts, other: Facts, process: Process) -> tuple[float, str]:
    comparison = compare(one, other, limits_of(process))
    return comparison.score, ", ".join(found.russian for found in comparison.evidence)
