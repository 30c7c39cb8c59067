"""What becomes of a post: ordered, named rules; the first that answers wins.

The names that fired are kept with the post and shown to the operator, so that nobody has to
ask why the machine decided so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from models.values import FetchedPost, Place, Prediction, Verdict
from models.vocabulary import Certainty, PostKind, Topic, Urgency

NAMED = "urgent:"
"""What the names of urgency rules among a prediction's reasons begin with."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that triage looks at.

    ``place_from`` says where ``settlement`` was found; ``official`` that the author is the
    administration itself.
    """

    post: FetchedPost
    prediction: Prediction
    place: Place | None
    settlement: str | None
    place_from: str
    official: bool = False


def deleted(case: Case) -> bool | None:
    """Refuse a tombstone: it is nobody's incident."""
    return False if case.post.deleted else None


def official_answer(case: Case) -> bool | None:
    """Refuse what the administration itself wrote below a post: our own answers come back."""
    return False if case.official and case.post.kind is PostKind.COMMENT else None


def without_words(case: Case) -> bool | None:
    """Refuse a text without one letter or digit: there is nothing to act on."""
    return None if any(char.isalnum() for char in case.post.text) else False


def stated_by_source(case: Case) -> bool | None:
    """Believe an official table, whose rows people have sorted already."""
    return case.post.stated.relevant


def urgent_in_doubt(case: Case) -> bool | None:
    """Let a danger that a named rule saw outweigh any doubt about relevance.

    Missing an urgent text is far worse than a false alarm. Urgency that was only learned does not
    count, and of notices, news and thanks the classifier names no danger at all.
    """
    named = any(reason.name.startswith(NAMED) for reason in case.prediction.reasons)
    return True if case.prediction.urgent and named else None


def model_says(case: Case) -> bool | None:
    """Leave the rest to the classifier."""
    return case.prediction.relevant


RELEVANCE: tuple[Callable[[Case], bool | None], ...] = (
    deleted,
    official_answer,
    without_words,
    stated_by_source,
    urgent_in_doubt,
    model_says,
)


def triage(case: Case) -> Verdict:
    """Decide whether a post is an incident, on what, how urgent and where."""
    relevant, relevance_rule = _first(case)
    stated = case.post.stated.topic
    topic = stated if stated is not None else _likeliest(case.prediction)
    urgency = Urgency.URGENT if case.prediction.urgent else Urgency.NORMAL
    place = case.place
    return Verdict(
        relevant=relevant,
        topic=topic,
        urgency=urgency,
        settlement=case.settlement,
        village=place.village if place else None,
        street=place.street if place else None,
        house=place.house if place else None,
        certainty=_certainty(case),
        rules=(
            f"relevance:{relevance_rule}",
            "topic:stated_by_source" if stated is not None else "topic:model_says",
            f"place:{case.place_from}",
        ),
    )


def _certainty(case: Case) -> Certainty:
    """Tell how far the verdict may be trusted: where people have spoken, fully.

    But what is urgent a person must always see.
    """
    if case.prediction.urgent:
        return Certainty.REVIEW
    return Certainty.AUTO if case.post.stated.topic is not None else case.prediction.certainty


def _first(case: Case) -> tuple[bool, str]:
    for rule in RELEVANCE:
        answer = rule(case)
        if answer is not None:
            return answer, rule.__name__
    raise AssertionError("the last rule always answers")


def _likeliest(prediction: Prediction) -> Topic:
    return prediction.topics[0].code if prediction.topics else Topic.OTHER
