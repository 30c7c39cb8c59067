"""The index of posts that may be one problem, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from builders import KATYN_GROUP, ORIGIN, TUESDAY_NOON, post, shipped_judge, take
from sqlmodel import Session, col, select

from models.columns import stored_id
from models.incident import Incident
from models.post import Post
from models.story import StoryKey
from models.values import FetchedPost
from models.vocabulary import Topic
from pipeline.database import reading, unit_of_work
from pipeline.decisions.stories import Candidate, match
from pipeline.decisions.stories_keys import keys_of
from pipeline.decisions.stories_text import Facts, facts_of
from pipeline.desk.stories import forget, remember
from pipeline.reader import Item
from pipeline.store.stories import AT_ONCE, candidates, facts_by_post

PIT = "В Катыни на Лесной у дома 5 огромная яма, вчера пробил колесо, отремонтируйте дорогу"
SAME_PIT = "Катынь, Лесная, 5. Засыпьте яму на дороге, вчера колесо оставил!"
OTHER_PIT = "В Катыни на Лесной у дома 15 огромная яма, вчера пробил колесо, отремонтируйте дорогу"
DARK = "На улице Мира третью неделю не горит ни один фонарь, темно, почините освещение"
MONTH = timedelta(days=30)


def facts(fetched: FetchedPost) -> Facts:
    """Read a post as a flow would."""
    reader = shipped_judge().reader
    (understood,) = reader.read([Item(fetched, (), ORIGIN.settlement_of(fetched.external_id))])
    assert fetched.published_at is not None
    return facts_of(
        fetched,
        understood.verdict,
        source_id=1,
        at=fetched.published_at,
        lemma=reader.classifier.encoder.book.lemma,
    )


def store(engine: sa.Engine, *posts: FetchedPost) -> list[int]:
    """Take posts in, remember them, and return their ids."""
    take(engine, *posts)
    with unit_of_work(engine) as session:
        ids = dict(session.execute(sa.select(col(Post.external_id), col(Post.id))).tuples().all())
        rows = [(stored_id(ids[fetched.external_id]), facts(fetched)) for fetched in posts]
        remember(session, rows)
    return [post_id for post_id, _ in rows]


def found(session: Session, fetched: FetchedPost, *, limit: int = 20) -> list[Candidate]:
    (answer,) = candidates(session, [facts(fetched)], reach=MONTH, limit=limit)
    return sorted(answer, key=lambda candidate: candidate.post_id)


def test_a_stored_post_is_found_by_another_about_the_same_house(engine: sa.Engine) -> None:
    # Given three stored posts, one of them about the same house in other words
    ids = store(engine, post(1, PIT), post(2, OTHER_PIT), post(3, DARK))
    with reading(engine) as session:
        same = post(9, SAME_PIT)
        near = found(session, same)
        # Then it is among the candidates with all its facts, and the match is its incident
        assert ids[0] in [candidate.post_id for candidate in near]
        assert ids[2] not in [candidate.post_id for candidate in near]
        assert near[0].facts == facts(post(1, PIT))
        joined = match(facts(same), near)
        stored = session.get_one(Post, ids[0])
        assert joined is not None
        assert (joined.post_id, joined.incident_id) == (ids[0], stored.incident_id)


def test_many_posts_are_asked_for_at_once(engine: sa.Engine) -> None:
    # Given more keys than one statement takes
    ids = store(engine, post(1, PIT), post(2, DARK))
    asked = [facts(post(10 + number, text)) for number, text in enumerate([SAME_PIT, DARK] * 9)]
    with reading(engine) as session:
        answers = candidates(session, asked, reach=MONTH)
    assert sum(len(keys_of(one)) for one in asked) > AT_ONCE
    assert [[one.post_id for one in answer] for answer in answers] == [[ids[0]], [ids[1]]] * 9


def test_what_is_too_far_away_in_time_is_not_read(engine: sa.Engine) -> None:
    store(engine, post(1, PIT))
    with reading(engine) as session:
        for days, count in ((-31, 0), (-29, 1), (29, 1), (31, 0)):
            moment = TUESDAY_NOON + timedelta(days=days)
            assert len(found(session, replace(post(9, SAME_PIT), published_at=moment))) == count


def test_of_a_frequent_key_the_newest_are_read(engine: sa.Engine) -> None:
    # Given thirty copies of one text, an hour between them
    copies = [
        replace(post(n, PIT), published_at=TUESDAY_NOON - timedelta(hours=40 - n))
        for n in range(1, 31)
    ]
    ids = store(engine, *copies)
    with reading(engine) as session:
        near = found(session, post(99, PIT), limit=3)
    assert [candidate.post_id for candidate in near] == ids[-3:]


def test_people_s_corrections_count_and_posts_without_an_incident_do_not(
    engine: sa.Engine,
) -> None:
    first, second = store(engine, post(1, PIT), post(2, PIT))
    with unit_of_work(engine) as session:
        corrected = session.get_one(Incident, session.get_one(Post, first).incident_id)
        corrected.topic = Topic.SAFETY
        session.get_one(Post, second).incident_id = None
    with reading(engine) as session:
        (only,) = found(session, post(9, PIT))
        assert (only.post_id, only.facts.topic) == (first, Topic.SAFETY)
        # But what was read out of the text stays
        assert facts_by_post(session, [first])[first].topic is Topic.ROADS


def test_a_forgotten_post_is_gone_and_can_be_learned_anew(engine: sa.Engine) -> None:
    first, second = store(engine, post(1, PIT), post(2, DARK))
    with unit_of_work(engine) as session:
        forget(session, [first, 4_000_000])
    with reading(engine) as session:
        assert found(session, post(9, SAME_PIT)) == []
        assert set(session.exec(select(StoryKey.post_id))) == {second}
    with unit_of_work(engine) as session:
        remember(session, [(first, facts(post(1, PIT)))])
    with reading(engine) as session:
        assert [candidate.post_id for candidate in found(session, post(9, SAME_PIT))] == [first]


def test_nothing_is_asked_of_no_posts(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        remember(session, [])
        forget(session, [])
        assert candidates(session, [], reach=MONTH) == []


@pytest.mark.parametrize("text", ["", "!!!", "яма"])
def test_texts_with_hardly_a_word_are_kept_too(engine: sa.Engine, text: str) -> None:
    (post_id,) = store(engine, post(1, PIT))
    bare = replace(facts(post(1, text)), own=f"1:{KATYN_GROUP}_1")
    with unit_of_work(engine) as session:
        forget(session, [post_id])
        remember(session, [(post_id, bare)])
        assert facts_by_post(session, [post_id]) == {post_id: bare}
