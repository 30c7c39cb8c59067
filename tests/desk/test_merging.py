"""Incidents about one problem come together, come apart again, and nothing is lost on the way."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from builders import TUESDAY_NOON, post, shipped_judge, take
from sqlmodel import col, select

from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post
from models.vocabulary import Act, ClosingReason, Role, Stage, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.decisions.lifecycle import No, Refused, Wish
from pipeline.decisions.permissions import Actor
from pipeline.desk import cases, merging
from pipeline.verify import verify

OPERATOR = Actor("operator", Role.OPERATOR)
RULES = shipped_judge().rules
LAMP, BINS, FIRE = (
    "На Лесной вторую неделю не горит фонарь",
    "В Печерске на Минской 5 мусор не вывозят третий день",
    "В Печерске на Минской 5 горит мусор в баках, дым идёт в окна, помогите",
)


def do(engine: sa.Engine, act: Callable[..., object], *given: object, **more: object) -> object:
    with unit_of_work(engine) as session:
        return act(session, *given, rules=RULES, now=TUESDAY_NOON, **more)


def merge(engine: sa.Engine, one: int, other: int, **more: object) -> object:
    return do(engine, merging.merge, one, other, actor=OPERATOR, **more)


def the(engine: sa.Engine, number: int) -> Incident:
    with reading(engine) as session:
        return session.get_one(Incident, number)


def posts(engine: sa.Engine, number: int) -> list[int | None]:
    with reading(engine) as session:
        query = select(Post).where(Post.incident_id == number).order_by(col(Post.id))
        return [one.id for one in session.exec(query)]


@pytest.fixture
def three(engine: sa.Engine) -> sa.Engine:
    """Give a database with a lamp, bins, and bins that burn; the lamp was seen first."""
    early = replace(post(1, LAMP), published_at=TUESDAY_NOON - timedelta(hours=3))
    take(engine, early, post(2, BINS), post(3, FIRE))
    return engine


def test_a_merge_moves_the_posts_and_closes_the_one_that_went(three: sa.Engine) -> None:
    stayed = merge(three, 2, 3, reason="Один двор")
    assert isinstance(stayed, Incident)
    assert (stayed.repeats, stayed.reach) == (1, 2)
    gone = the(three, 2)
    assert (gone.stage, gone.closing_reason, gone.merged_into) == (
        Stage.CLOSED,
        ClosingReason.MERGED,
        3,
    )
    assert (posts(three, 2), posts(three, 3)) == ([], [2, 3])
    with reading(three) as session:
        entry = session.exec(
            select(JournalEntry).where(
                JournalEntry.act == Act.MERGED, JournalEntry.incident_id == 3
            )
        ).one()
        assert (entry.actor, entry.reason) == ("operator", "Один двор")
        assert entry.after["merged"] == 2
        assert verify(session).troubles == ()


def test_the_more_pressing_of_the_two_counts(three: sa.Engine) -> None:
    urgent = the(three, 3)
    assert urgent.urgency is Urgency.URGENT
    stayed = merge(three, 3, 1)
    assert isinstance(stayed, Incident)
    assert stayed.urgency is Urgency.URGENT
    assert stayed.due_at == min(urgent.due_at, the(three, 1).due_at)


def test_an_unmerge_gives_back_exactly_what_was(three: sa.Engine) -> None:
    before = {number: the(three, number) for number in (1, 3)}
    merge(three, 3, 1)
    back = do(three, merging.unmerge, 3, actor=OPERATOR)
    assert isinstance(back, Incident)
    for number, was in before.items():
        now = the(three, number)
        same = ("stage", "urgency", "due_at", "clock_from", "repeats", "reach", "merged_into")
        assert [getattr(now, name) for name in same] == [getattr(was, name) for name in same]
    assert (posts(three, 1), posts(three, 3)) == ([1], [3])
    # And they may be merged again: taking back a mistake is no ban
    assert isinstance(merge(three, 3, 1), Incident)


def test_what_must_stay_apart_is_not_merged(three: sa.Engine) -> None:
    do(three, merging.keep_apart, 2, 3, actor=OPERATOR)
    refused = merge(three, 3, 2)
    assert isinstance(refused, Refused)
    assert "запрещено" in refused.message
    # Until somebody lifts that
    do(three, merging.keep_apart, 3, 2, actor=OPERATOR, lift=True)
    assert isinstance(merge(three, 3, 2), Incident)


def test_nothing_merges_with_itself_with_the_closed_or_unseen(three: sa.Engine) -> None:
    itself = merge(three, 2, 2)
    stale = merge(three, 2, 3, version=99)
    missing = merge(three, 2, 99)
    merge(three, 2, 3)
    closed = merge(three, 1, 2)
    found = [one.no for one in (itself, stale, missing, closed) if isinstance(one, Refused)]
    assert found == [No.GUARD, No.STALE, No.NOT_FOUND, No.STAGE]


def test_a_merged_incident_is_opened_by_an_unmerge_alone(three: sa.Engine) -> None:
    merge(three, 2, 3)
    wish = Wish(Act.REOPENED, "разное")
    refused = do(three, cases.act, 2, wish, actor=OPERATOR)
    assert isinstance(refused, Refused)
    assert "отмените объединение" in refused.message


def test_a_message_that_does_not_belong_gets_an_incident_of_its_own(three: sa.Engine) -> None:
    merge(three, 1, 2)
    fresh = do(three, merging.split, 1, actor=OPERATOR, reason="Это о фонаре")
    assert isinstance(fresh, Incident)
    # Its clock starts when its author wrote, and a person reviews it
    assert fresh.stage is Stage.REVIEW
    assert fresh.clock_from == TUESDAY_NOON - timedelta(hours=3)
    assert posts(three, fresh.id or 0) == [1]
    assert posts(three, 2) == [2]
    alone = do(three, merging.split, 2, actor=OPERATOR)
    assert isinstance(alone, Refused)


def test_a_chain_of_merges_comes_apart_from_its_end(three: sa.Engine) -> None:
    merge(three, 1, 2)
    merge(three, 2, 3)
    assert posts(three, 3) == [1, 2, 3]
    # The posts of the first are in the third by now: the second has nothing to give back
    refused = do(three, merging.unmerge, 1, actor=OPERATOR)
    assert isinstance(refused, Refused)
    do(three, merging.unmerge, 2, actor=OPERATOR)
    do(three, merging.unmerge, 1, actor=OPERATOR)
    assert [posts(three, number) for number in (1, 2, 3)] == [[1], [2], [3]]
    assert the(three, 1).stage is Stage.REVIEW
