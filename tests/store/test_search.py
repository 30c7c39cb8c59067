"""Finding incidents by words: both databases find what the stems say, whatever is typed."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from console.builders import NOW, add_incident, add_post, add_source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from classifiers.stems import Query, read_query, stems
from models.columns import stored_id
from models.post import Post
from models.source import Source
from pipeline.database import reading, unit_of_work
from pipeline.desk.search import reindex
from pipeline.searching import catch_up
from pipeline.store import incidents as lists
from pipeline.store import search
from pipeline.store.incidents import listing, matching
from pipeline.store.queue_filter import QueueFilter, State

HOSTILE = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "hostile.txt").read_text("utf-8").splitlines()
]
WORDS = (
    "яма",
    "ямы",
    "дорога",
    "дороге",
    "газ",
    "газон",
    "фонарь",
    "не",
    "на",
    "15",
    "ёлка",
    "mts",
)


def store(session: Session, texts: list[str]) -> dict[int, str]:
    """Store an incident for each text; return the texts by incident."""
    known = session.exec(select(Source)).first()
    source = known or add_source(session)
    found = {}
    for place, text in enumerate(texts):
        due_at = NOW + timedelta(minutes=place)
        incident = add_incident(session, source, text=text.replace("\0", ""), due_at=due_at)
        found[stored_id(incident.id)] = text
    return found


def looked_for(session: Session, typed: str) -> list[int]:
    wanted = QueueFilter(text=read_query(typed))
    return [number for number, _ in matching(session, wanted, limit=1000)]


def has(query: Query, begun: str, text: str) -> bool:
    """Tell the same of one text, without any database."""
    said = stems(text)
    words = query.words[:-1] if begun else query.words
    runs = [tuple(said[at : at + len(run)]) for run in query.phrases for at in range(len(said))]
    return (
        all(word in said for word in words)
        and all(phrase in runs for phrase in query.phrases)
        and (not begun or any(word.startswith(begun) for word in said))
    )


def expected(texts: Mapping[int, str], typed: str) -> list[int]:
    query = read_query(typed)
    whole = [number for number, text in texts.items() if has(query, "", text)]
    if whole or not query.begun:
        return whole
    return [number for number, text in texts.items() if has(query, query.begun, text)]


@contextmanager
def undone(engine: sa.Engine) -> Iterator[Session]:
    """Give a session whose changes are all forgotten."""
    with Session(engine) as session:
        try:
            yield session
        finally:
            session.rollback()


SENTENCES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
TYPED = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=3).map(
        lambda said: f'"{" ".join(said)}"'
    ),
    st.sampled_from(["доро", "фона", "газо", 'яма "на дороге"', "мтс", "елки"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(SENTENCES, min_size=1, max_size=5), typed=st.lists(TYPED, min_size=4))
def test_either_database_finds_what_the_stems_say(
    engine: sa.Engine, texts: list[str], typed: list[str]
) -> None:
    with undone(engine) as session:
        stored = store(session, texts)
        for words in typed:
            assert looked_for(session, words) == expected(stored, words), words


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(SENTENCES, min_size=1, max_size=8), typed=st.lists(TYPED, min_size=4))
def test_frequent_words_are_found_alike_by_walking(
    engine: sa.Engine, texts: list[str], typed: list[str]
) -> None:
    with undone(engine) as session, pytest.MonkeyPatch.context() as limits:
        stored = store(session, texts)
        limits.setattr(search, "POSTS", 0)
        limits.setattr(lists, "CHUNK", 2)
        for words in typed:
            assert looked_for(session, words) == expected(stored, words), words


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(max_size=60) | st.sampled_from(HOSTILE))
def test_no_query_breaks_anything(engine: sa.Engine, typed: str) -> None:
    query = read_query(typed)
    with undone(engine) as session:
        stored = store(session, ["яма на дороге", typed[:500]])
        if query:
            assert looked_for(session, typed) == expected(stored, typed)


@pytest.mark.parametrize(
    "typed",
    ['яма" OR "', "яма NEAR(дорога)", "яма*", "stems : яма", "^яма", "яма AND NOT", "(((", "'; --",
     "яма & !дорога", "яма:*", "яма <-> дорога", "\\", "%_%", '"' * 50],
)  # fmt: skip
def test_signs_of_either_query_language_are_nothing(engine: sa.Engine, typed: str) -> None:
    with unit_of_work(engine) as session:
        stored = store(session, ["яма у дома", "яма, near, дорога: and or not stems", "пусто"])
        query = read_query(typed)
        if query:
            assert looked_for(session, typed) == expected(stored, typed)


def test_a_word_of_a_later_message_leads_to_the_incident(engine: sa.Engine) -> None:
    # Given an incident with two messages, and a message that belongs to none
    with unit_of_work(engine) as session:
        (number,) = store(session, ["Во дворе яма"])
        source = session.exec(select(Source)).one()
        add_post(session, source, "2", text="И колодец открыт", incident_id=number)
    with reading(engine) as session:
        # Then either message's words lead there, but all of them have to stand in one
        assert looked_for(session, "колодец") == [number]
        assert looked_for(session, "ям") == [number]
        assert looked_for(session, "яма колодец") == []
        assert looked_for(session, "потоп") == []


def test_a_changed_text_is_found_by_its_new_words_alone(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        (number,) = store(session, ["Во дворе яма"])
        post = session.exec(select(Post)).one()
        reindex(session, {stored_id(post.id): "Во дворе лужа"})
    with reading(engine) as session:
        assert looked_for(session, "яма") == []
        assert looked_for(session, "лужа") == [number]


def test_an_older_database_catches_up_where_it_was_stopped(engine: sa.Engine) -> None:
    # Given seven incidents that no index holds
    with unit_of_work(engine) as session:
        source = add_source(session)
        numbers = [
            stored_id(add_incident(session, source, text=f"яма номер {place}").id)
            for place in range(7)
        ]
        add_post(session, source, "alone", text="яма без инцидента")
        posts = [stored_id(post.id) for post in session.exec(select(Post).order_by(col(Post.id)))]
        session.execute(sa.delete(search.SEARCH))
    # When three are indexed, the newest first
    assert catch_up(engine, 3) == 3
    with reading(engine) as session:
        assert looked_for(session, "яма") == numbers[4:]
    # And one that waits for its turn changes, and a new one comes
    with unit_of_work(engine) as session:
        first = posts[0]
        session.get_one(Post, first).text = "лужа"
        reindex(session, {first: "лужа"})
        assert looked_for(session, "лужа") == []
        numbers += store(session, ["яма новая"])
    # Then the rest follows, in as many steps as it takes, and then there is nothing left to do
    assert [catch_up(engine, 3), catch_up(engine, 3), catch_up(engine, 3)] == [3, 1, 0]
    with reading(engine) as session:
        assert sorted(looked_for(session, "яма")) == numbers[1:]
        assert looked_for(session, "лужа") == numbers[:1]


def test_very_frequent_words_are_not_counted_but_listed(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given words that stand in more messages than are looked at one by one
    monkeypatch.setattr(search, "POSTS", 3)
    with unit_of_work(engine) as session:
        numbers = list(store(session, ["яма"] * 6 + ["лужа"] * 2))
    frequent, rare = (QueueFilter(text=read_query(word)) for word in ("яма", "лужа"))
    with reading(engine) as session:
        # Then the list goes on page by page, without a total, and ends with its last page
        first = listing(session, frequent, page=1, size=4)
        last = listing(session, frequent, page=9, size=4)
        assert [row.incident.id for row in first.rows] == numbers[:4]
        assert (first.total, first.page, first.more) == (None, 1, True)
        assert [row.incident.id for row in last.rows] == numbers[4:6]
        assert (last.total, last.page, last.more) == (None, 2, False)
        assert listing(session, rare, page=1, size=4).total == 2


def test_words_and_conditions_hold_together(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        roads = add_incident(session, source, text="яма")
        luga = add_incident(session, source, text="яма", body="luga")
        numbers = [stored_id(one.id) for one in (roads, luga)]
    with reading(engine) as session:
        text = read_query("яма")
        for wanted, found in (
            (QueueFilter(text=text), numbers),
            (QueueFilter(text=text, body="luga"), numbers[1:]),
            (QueueFilter(text=text, limited_to="roads"), numbers[:1]),
            (QueueFilter(text=text, limited_to="roads", body="luga"), []),
            (QueueFilter(text=text, state=State.CLOSED), []),
        ):
            assert [number for number, _ in matching(session, wanted, limit=9)] == found
