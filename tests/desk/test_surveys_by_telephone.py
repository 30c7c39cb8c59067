"""A rating that was told to a person counts like one by the link."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from answering import open_incident, stored
from console.builders import NOW, OPERATOR
from surveying import (
    RULES,
    asked,
    entries,
    publish,
    rules_of,
    survey_rows,
    vote,
    written,
)

from models.incident import Incident
from models.vocabulary import (
    Act,
    ClosingReason,
    Role,
)
from pipeline.database import unit_of_work
from pipeline.decisions.lifecycle import No, Wish
from pipeline.decisions.lifecycle import Refused as NotAllowed
from pipeline.decisions.permissions import Actor
from pipeline.decisions.satisfaction import Vote, token_of
from pipeline.desk import cases
from pipeline.desk.surveys import record_rating
from pipeline.rules import Rules


@pytest.fixture
def number(engine: sa.Engine) -> int:
    return open_incident(engine)


def by_telephone(
    engine: sa.Engine,
    number: int,
    rating: int,
    word: str = "",
    *,
    actor: Actor = OPERATOR,
    version: int | None = None,
    rules: Rules = RULES,
) -> Incident | NotAllowed:
    with unit_of_work(engine) as session:
        return record_rating(
            session, number, rating, word, actor=actor, version=version, rules=rules, now=NOW
        )


@pytest.mark.parametrize("rules", [RULES, rules_of(survey=False)], ids=["asked", "not asked"])
def test_what_the_author_said_by_telephone_counts_like_the_link(
    engine: sa.Engine, number: int, rules: Rules
) -> None:
    answer_id = written(engine, number, rules=rules)
    publish(engine, answer_id, rules=rules)

    said = by_telephone(engine, number, 2, "Яма на месте", rules=rules)

    assert isinstance(said, Incident)
    assert (said.rating, said.round) == (2, 2)
    (survey,) = survey_rows(engine)
    assert (survey.rating, survey.word) == (2, "Яма на месте")
    assert {entry.actor for entry in entries(engine, Act.RATED, Act.REOPENED)} == {"operator"}
    token = token_of(stored(engine, answer_id).key)
    assert vote(engine, token, 5, rules=rules).vote is Vote.RATED


def test_a_rating_by_telephone_is_refused_with_a_reason(engine: sa.Engine, number: int) -> None:
    def no(rating: int = 5, word: str = "", **more: object) -> No:
        refused = by_telephone(engine, number, rating, word, **more)  # type: ignore[arg-type]
        assert isinstance(refused, NotAllowed)
        assert refused.message.endswith((".", "»."))
        return refused.no

    assert no() is No.STAGE, "nothing was answered"
    asked(engine, number)
    executor = Actor("luga", Role.EXECUTOR, "luga")
    assert no(actor=executor) is No.NOT_FOUND
    assert no(actor=replace(executor, body="roads")) is No.FORBIDDEN
    assert no(actor=Actor("watcher", Role.OBSERVER)) is No.NOT_FOUND
    assert no(version=1) is No.STALE
    assert no(6) is No.GUARD
    assert no(5, "Ж" * 1001) is No.GUARD
    assert survey_rows(engine)[0].rating is None
    assert isinstance(by_telephone(engine, number, 3), Incident)
    assert no() is No.GUARD, "rated already"


def test_a_closed_incident_without_an_answer_has_nothing_to_rate(
    engine: sa.Engine, number: int
) -> None:
    with unit_of_work(engine) as session:
        wish = Wish(Act.CLOSED, "реклама", closing=ClosingReason.NOT_RELEVANT)
        closed = cases.act(session, number, wish, actor=OPERATOR, rules=RULES, now=NOW)
        assert isinstance(closed, Incident), closed
    refused = by_telephone(engine, number, 5)
    assert isinstance(refused, NotAllowed)
    assert "оценивать нечего" in refused.message
