"""What is kept of a verdict: further topics, certainty, and the places of words in the text."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from builders import TUESDAY_NOON, post, shipped_judge
from sqlmodel import select

from models.columns import stored_id
from models.incident import Incident
from models.post import Post
from models.values import (
    Assignment,
    Deadline,
    FetchedPost,
    Place,
    Prediction,
    Reason,
    ScoredTopic,
    Verdict,
)
from models.vocabulary import Certainty, Network, Topic, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.decisions.folding import Change, Text
from pipeline.desk.receive import Draft, receive
from pipeline.desk.sources import ensure_source
from pipeline.judge import Duty, Judged
from pipeline.reader import Understood

TEXT = "В Катыни яма и не горит фонарь"


def judged(place_from: str, *, place: Place | None) -> Judged:
    prediction = Prediction(
        relevant=True,
        relevance=0.9,
        topics=(ScoredTopic(Topic.ROADS, 0.8),),
        fine_topics=(),
        urgent=False,
        urgency=0.1,
        reasons=(Reason("topic:яма", 1.5, ((9, 12),)), Reason("topic:(тред)", 0.2)),
        model="2026.2",
        also=(ScoredTopic(Topic.LIGHTING, 0.7),),
        certainty=Certainty.REVIEW,
    )
    verdict = Verdict(
        relevant=True,
        topic=Topic.ROADS,
        urgency=Urgency.NORMAL,
        settlement="katynskoe",
        village=None,
        street=None,
        house=None,
        rules=("topic:model_says",),
        certainty=Certainty.AUTO,
    )
    later = TUESDAY_NOON + timedelta(hours=8)
    duty = Duty(Assignment("roads", "Дороги"), Deadline(later, "8 часов"), TUESDAY_NOON)
    return Judged(Understood(prediction, verdict, place, place_from), duty)


def store(engine: sa.Engine, fetched: FetchedPost, answer: Judged) -> tuple[Post, Incident]:
    change = Change(None, fetched, (Text(fetched.text, None),))
    with unit_of_work(engine) as session:
        source = ensure_source(session, "vk:test", Network.VK, "Стена", TUESDAY_NOON)
        session.flush()
        rules = shipped_judge().rules
        drafts = [Draft(change, answer)]
        receive(session, stored_id(source.id), drafts, now=TUESDAY_NOON, rules=rules)
    with reading(engine) as session:
        return session.exec(select(Post)).one(), session.exec(select(Incident)).one()


KATYN = Place("katynskoe", "smolensky", "Катынь", None, None, span=(2, 8))


def test_a_verdict_is_kept_with_its_certainty_and_its_words(engine: sa.Engine) -> None:
    stored, incident = store(engine, post(text=TEXT), judged("text", place=KATYN))

    assert incident.certainty is Certainty.AUTO
    kept = stored.prediction
    assert kept["also"] == [["lighting", 0.7]]
    assert kept["reasons"] == [["topic:яма", 1.5, [[9, 12]]], ["topic:(тред)", 0.2, []]]
    assert (kept["certainty"], kept["settlement"]) == ("auto", "katynskoe")
    start, end = kept["place"]
    assert stored.text[start:end] == "Катыни"


@pytest.mark.parametrize(("place_from", "place"), [("stated", KATYN), ("community", None)])
def test_a_place_that_the_text_does_not_name_is_nowhere_in_it(
    engine: sa.Engine, place_from: str, place: Place | None
) -> None:
    stored, _ = store(engine, post(text=TEXT), judged(place_from, place=place))
    assert stored.prediction["place"] is None
