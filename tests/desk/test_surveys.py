"""An answer is rated once, and the incident follows."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from answering import open_incident
from console.builders import NOW, OPERATOR
from sqlmodel import select
from surveying import (
    RULES,
    asked,
    entries,
    incident,
    publish,
    rules_of,
    survey_rows,
    token_in,
    told,
    vote,
    written,
)

from models.incident import Incident
from models.journal import JournalEntry
from models.notice import Notice
from models.vocabulary import (
    Act,
    ClosingReason,
    Occasion,
    Stage,
    Term,
)
from pipeline.database import reading, unit_of_work
from pipeline.decisions.lifecycle import Wish
from pipeline.decisions.satisfaction import LIFETIME, Vote, token_hash
from pipeline.desk import cases
from pipeline.desk.surveys import Asked, look
from pipeline.tick import tick

PRIVATE = "Яму засыпали песком, звоните 89101234567"


@pytest.fixture
def number(engine: sa.Engine) -> int:
    return open_incident(engine)


def silence(engine: sa.Engine, number: int) -> None:
    """Let the author say nothing until the incident closes by itself."""
    due = incident(engine, number).stage_due_at
    assert due is not None
    assert tick(engine, RULES, due) > 0
    assert incident(engine, number).closing_reason is ClosingReason.NO_REPLY


@pytest.mark.parametrize("rating", [4, 5])
def test_a_content_author_closes_the_incident(engine: sa.Engine, rating: int) -> None:
    number, token = asked(engine)

    seen = vote(engine, token, rating, " Спасибо!\x00 ")

    after = incident(engine, number)
    assert (seen.vote, seen.topic, seen.answered_at) == (Vote.COUNTED, after.topic, NOW)
    assert (after.stage, after.closing_reason) == (Stage.CLOSED, ClosingReason.SATISFIED)
    assert (after.rating, after.closed_at) == (rating, NOW + timedelta(minutes=1))
    (survey,) = survey_rows(engine)
    assert (survey.rating, survey.word) == (rating, "Спасибо!")
    assert told(engine, Occasion.DISSATISFIED) == []


def test_a_middling_rating_is_written_down_and_silence_closes_as_before(engine: sa.Engine) -> None:
    number, token = asked(engine)
    before = incident(engine, number)

    vote(engine, token, 3)

    after = incident(engine, number)
    assert (after.stage, after.rating, after.stage_due_at) == (
        Stage.SATISFACTION,
        3,
        before.stage_due_at,
    )
    assert after.version > before.version, "whoever looks at the card has to look again"
    silence(engine, number)


def test_low_ratings_open_the_second_and_third_round_and_then_no_more(engine: sa.Engine) -> None:
    number, token = asked(engine)
    for round_ in (2, 3):
        assert vote(engine, token, 2, PRIVATE).vote is Vote.COUNTED
        now = incident(engine, number)
        assert (now.stage, now.round, now.term) == (Stage.REVIEW, round_, Term.ANSWER)
        assert now.clock_from == NOW + timedelta(minutes=1), "a term of its own"
        assert now.final_at is None
        _, token = asked(engine, number, text=f"Ответ на круге {round_}", further=True)

    vote(engine, token, 1)

    after = incident(engine, number)
    assert (after.stage, after.round) == (Stage.CLOSED, 3)
    assert after.closing_reason is ClosingReason.POINTLESS
    assert len(told(engine, Occasion.DISSATISFIED)) == 3
    assert len(told(engine, Occasion.REOPENED)) == 2
    assert [entry.reason for entry in entries(engine, Act.REOPENED)] == [
        "Автор поставил 2 из 5"
    ] * 2
    assert {entry.actor for entry in entries(engine, Act.RATED, Act.REOPENED)} == {"otklik"}


def test_a_reopened_incident_goes_back_to_the_body_that_had_it(engine: sa.Engine) -> None:
    number, token = asked(engine)
    with unit_of_work(engine) as session:
        session.get_one(Incident, number).first_assigned_at = NOW
    vote(engine, token, 1)
    assert incident(engine, number).stage is Stage.ASSIGNED


@pytest.mark.parametrize(
    ("rating", "stage", "why"),
    [
        (5, Stage.CLOSED, ClosingReason.SATISFIED),
        (3, Stage.CLOSED, ClosingReason.NO_REPLY),
        (1, Stage.REVIEW, None),
    ],
)
def test_an_author_may_still_speak_after_the_incident_closed_for_silence(
    engine: sa.Engine, rating: int, stage: Stage, why: ClosingReason | None
) -> None:
    number, token = asked(engine)
    silence(engine, number)
    closed_at = incident(engine, number).closed_at

    seen = vote(engine, token, rating, after=20 * 24 * 60)

    after = incident(engine, number)
    assert seen.vote is Vote.COUNTED
    assert (after.stage, after.closing_reason) == (stage, why)
    assert after.closed_at == (closed_at if why else None)
    assert after.round == (1 if why else 2)


def test_low_and_late_when_no_round_is_left_is_told_to_people(engine: sa.Engine) -> None:
    rules = rules_of(rounds=1)
    number, token = asked(engine, rules=rules)
    silence(engine, number)

    vote(engine, token, 1, rules=rules)

    assert incident(engine, number).closing_reason is ClosingReason.POINTLESS
    (notice,) = told(engine, Occasion.DISSATISFIED)
    assert (notice.incident_id, notice.facts) == (number, {"rating": 1})


def test_what_a_person_has_closed_no_link_opens_but_people_are_told(engine: sa.Engine) -> None:
    number, token = asked(engine)
    with unit_of_work(engine) as session:
        wish = Wish(Act.CLOSED, closing=ClosingReason.POINTLESS)
        closed = cases.act(session, number, wish, actor=OPERATOR, rules=RULES, now=NOW)
        assert isinstance(closed, Incident), closed

    assert vote(engine, token, 1).vote is Vote.COUNTED

    after = incident(engine, number)
    assert (after.stage, after.closing_reason) == (Stage.CLOSED, ClosingReason.POINTLESS)
    assert after.rating == 1
    assert len(told(engine, Occasion.DISSATISFIED)) == 1


def test_a_rating_of_an_answer_of_an_earlier_round_is_only_written_down(engine: sa.Engine) -> None:
    # Given an incident that was opened again before its first answer was rated
    number, early = asked(engine)
    with unit_of_work(engine) as session:
        wish = Wish(Act.REOPENED, "Яма на месте")
        opened = cases.act(session, number, wish, actor=OPERATOR, rules=RULES, now=NOW)
        assert isinstance(opened, Incident), opened
    _, late = asked(engine, number, text="Засыпали снова", further=True)
    vote(engine, late, 3)
    # When somebody rates the first answer
    assert vote(engine, early, 1).vote is Vote.COUNTED
    # Then the second round goes on
    after = incident(engine, number)
    assert (after.stage, after.round, after.rating) == (Stage.SATISFACTION, 2, 3)
    assert [(row.round, row.rating) for row in survey_rows(engine)] == [(1, 1), (2, 3)]


def test_the_first_rating_counts(engine: sa.Engine) -> None:
    number, token = asked(engine)
    vote(engine, token, 3, "первый")
    journal = len(entries(engine, *Act))

    assert vote(engine, token, 1, "второй").vote is Vote.RATED

    (survey,) = survey_rows(engine)
    assert (survey.rating, survey.word) == (3, "первый")
    assert incident(engine, number).stage is Stage.SATISFACTION
    assert len(entries(engine, *Act)) == journal


def test_of_many_who_rate_at_once_one_is_counted(engine: sa.Engine) -> None:
    number, token = asked(engine)
    said: list[Asked] = []
    begin = threading.Barrier(4)

    def person(rating: int) -> None:
        begin.wait()
        said.append(vote(engine, token, rating, f"слово {rating}"))

    people = [threading.Thread(target=person, args=(rating,)) for rating in (1, 2, 4, 5)]
    for one in people:
        one.start()
    for one in people:
        one.join()

    assert sorted(one.vote for one in said) == [Vote.COUNTED, Vote.RATED, Vote.RATED, Vote.RATED]
    (survey,) = survey_rows(engine)
    assert survey.word == f"слово {survey.rating}"
    assert len(entries(engine, Act.RATED)) == 1
    assert incident(engine, number).rating == survey.rating


def test_a_link_is_dead_after_thirty_days_and_an_unknown_one_at_once(engine: sa.Engine) -> None:
    number, token = asked(engine)
    minutes = LIFETIME // timedelta(minutes=1)

    assert vote(engine, token, 1, after=minutes).vote is Vote.EXPIRED
    assert vote(engine, "a" * 24, 1).vote is Vote.UNKNOWN
    assert vote(engine, token_hash(token), 1).vote is Vote.UNKNOWN, "the hash opens nothing"
    assert incident(engine, number).stage is Stage.SATISFACTION
    assert vote(engine, token, 5, after=minutes - 1).vote is Vote.COUNTED


def test_an_answer_that_is_still_on_its_way_is_rated_later(engine: sa.Engine, number: int) -> None:
    answer_id = written(engine, number)
    assert vote(engine, token_in(engine, answer_id), 5).vote is Vote.EARLY
    publish(engine, answer_id)
    assert vote(engine, token_in(engine, answer_id), 5).vote is Vote.COUNTED


def test_looking_changes_nothing(engine: sa.Engine) -> None:
    number, token = asked(engine)
    before, journal = incident(engine, number), len(entries(engine, *Act))
    with reading(engine) as session:
        seen = look(session, token, NOW)
    assert seen == Asked(Vote.OPEN, before.topic, NOW)
    assert incident(engine, number) == before
    assert len(entries(engine, *Act)) == journal


@pytest.mark.parametrize("rating", [0, 6, -1])
def test_no_other_rating_exists(engine: sa.Engine, rating: int) -> None:
    _, token = asked(engine)
    with pytest.raises(ValueError, match="1 to 5"):
        vote(engine, token, rating)


def test_the_authors_words_are_in_no_journal_and_no_notice(engine: sa.Engine) -> None:
    _, token = asked(engine)
    vote(engine, token, 1, PRIVATE)

    (entry,) = entries(engine, Act.RATED)
    assert entry.after["rating"] == 1
    assert entry.after["word"] is True
    with reading(engine) as session:
        written_down = repr(session.exec(select(JournalEntry)).all())
        written_down += repr(session.exec(select(Notice)).all())
    assert "песком" not in written_down
    assert token not in written_down


def test_an_endless_word_is_cut(engine: sa.Engine) -> None:
    _, token = asked(engine)
    vote(engine, token, 3, "Ж" * 5000)
    (survey,) = survey_rows(engine)
    assert survey.word == "Ж" * 1000
