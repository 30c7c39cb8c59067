"""Forgetting authors: what goes, what stays, what is never touched."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from builders import ORIGIN, take
from builders import post as fetched_post
from console.builders import NOW, add_incident, add_post, add_source, add_version, make_region
from sqlmodel import Session, col, select

from models.answer import Answer
from models.columns import stored_id
from models.console import Lease, Undo
from models.inbox import Event, Unreadable
from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post, PostVersion
from models.source import Source
from models.staff import EntryLink
from models.story import Story, StoryKey
from models.survey import Survey
from models.vocabulary import Act, AnswerKind, AnswerState, Role, Stage
from pipeline.database import reading, unit_of_work
from pipeline.decisions.permissions import Actor
from pipeline.decisions.personal import official
from pipeline.desk import retention as desk
from pipeline.desk import staffing
from pipeline.desk.retention import Period
from pipeline.region.schema import Retention
from pipeline.retention import Done, confirmed, forecast, run, run_at_night
from pipeline.rules import Rules
from pipeline.store.retention import sweeps
from pipeline.verify import verify

ADMIN = Actor("admin", Role.ADMINISTRATOR)
OLD = datetime(2022, 3, 1, 9, tzinfo=UTC)
TEXT = "Яма у школы, мой телефон 8 910 000-11-22"


def rules_of(**retention: Any) -> Rules:
    return Rules.of(replace(make_region(), retention=Retention(**retention)))


RULES = rules_of(authors_months=36)


def clock() -> datetime:
    return NOW


def erase(engine: sa.Engine, rules: Rules = RULES, due: int | None = 1) -> Done:
    return run(engine, rules, ADMIN, clock, due=due, breath=0)


def closed(session: Session, source: Source, at: datetime = OLD, **fields: Any) -> Incident:
    post = {
        "author_id": "1001",
        "url": "https://vk.com/wall-1_1",
        "stated": {"topic": "roads", "place": "Лесная 5"},
        **fields.pop("post", {}),
    }
    return add_incident(
        session,
        source,
        **{"text": TEXT, "stage": Stage.CLOSED, "closed_at": at, "post": post, **fields},
    )


def only_post(session: Session, incident: Incident) -> Post:
    return session.exec(select(Post).where(Post.incident_id == incident.id)).one()


def erasures(engine: sa.Engine) -> list[JournalEntry]:
    with reading(engine) as session:
        query = select(JournalEntry).where(JournalEntry.act == Act.AUTHORS_ERASED)
        return list(session.exec(query.order_by(col(JournalEntry.id))))


def test_who_wrote_goes_and_what_was_said_stays(engine: sa.Engine) -> None:
    # Given an incident that closed more than three years ago, with an edited text and a rating
    with unit_of_work(engine) as session:
        incident = closed(session, add_source(session), reach=4, rating=5)
        post = only_post(session, incident)
        add_version(session, post, "Яма, пишите petya@example.org")
        answer = an_answer(session, incident, post)
        session.add(
            Survey(
                incident_id=stored_id(incident.id),
                answer_id=stored_id(answer.id),
                round=1,
                token_hash="a" * 64,
                created_at=OLD,
                expires_at=OLD,
                rating=5,
                word="Спасибо, это Петя с Лесной",
            )
        )
    # When the period is over
    done = erase(engine)
    # Then nothing leads to the author any more, and the rest is as it was
    assert (done.incidents, done.posts) == (1, 1)
    with reading(engine) as session:
        stored = session.get_one(Post, post.id)
        assert (stored.author_id, stored.url, stored.external_id) == ("", "", post.external_id)
        assert stored.text.startswith("Яма у школы, мой телефон ")
        assert "910" not in stored.text
        assert len(stored.text) == len(TEXT)
        assert stored.stated == {"topic": "roads", "erased": "2026-11-18"}
        assert "petya" not in session.exec(select(PostVersion)).one().text
        survey = session.exec(select(Survey)).one()
        assert (survey.rating, survey.word) == (5, "")
        answered = session.get_one(Answer, answer.id)
        assert answered.url == ""
        assert "id1001" not in answered.text
        kept = session.get_one(Incident, incident.id)
        assert (kept.reach, kept.rating, kept.topic) == (4, 5, incident.topic)


def an_answer(session: Session, incident: Incident, post: Post) -> Answer:
    answer = Answer(
        incident_id=stored_id(incident.id),
        post_id=stored_id(post.id),
        kind=AnswerKind.FINAL,
        state=AnswerState.PUBLISHED,
        text="[id1001|Пётр], яму засыпали",
        key="k" * 32,
        author="operator",
        created_at=OLD,
        due_at=OLD,
        url="https://vk.com/wall-1_1?reply=2",
        external_id="-1_1_r2",
    )
    session.add(answer)
    session.flush()
    return answer


@pytest.mark.parametrize(
    ("stage", "at"),
    [
        (Stage.WORK, None),
        (Stage.REVIEW, None),
        (Stage.SATISFACTION, None),
        (Stage.CLOSED, NOW - timedelta(days=30)),
        # The period ends at midnight of the same day three years ago.
        (Stage.CLOSED, datetime(2023, 11, 17, 21, 0, 1, tzinfo=UTC)),
        # Opened again: an old closing is no closing.
        (Stage.WORK, OLD),
    ],
)
def test_open_and_young_incidents_are_never_touched(
    engine: sa.Engine, stage: Stage, at: datetime | None
) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        incident = closed(session, source, stage=stage, closed_at=at, created_at=OLD)
    assert erase(engine, due=0).incidents == 0
    with reading(engine) as session:
        post = only_post(session, incident)
        assert (post.author_id, post.text) == ("1001", TEXT)


def test_posts_without_an_incident_are_forgotten_by_when_they_were_seen(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        old = add_post(session, source, "-1_1", author_id="7", first_seen_at=OLD)
        young = add_post(session, source, "-1_2", author_id="7", first_seen_at=NOW)
    done = erase(engine, due=0)
    assert (done.incidents, done.posts) == (0, 1)
    with reading(engine) as session:
        assert session.get_one(Post, old.id).author_id == ""
        assert session.get_one(Post, young.id).author_id == "7"


def test_an_id_that_is_an_account_is_replaced_and_stays_unique(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        first, second = (closed(session, source) for _ in range(2))
        for number, incident in enumerate((first, second)):
            post = only_post(session, incident)
            post.external_id, post.root_id, post.parent_id = f"1001_{number}", "1001_5", "-1_3"
            session.add(post)
    erase(engine, due=2)
    with reading(engine) as session:
        for incident in (first, second):
            post = only_post(session, incident)
            assert post.external_id == f"erased-{post.id}"
            assert (post.root_id, post.parent_id) == ("", "-1_3")


def test_a_run_goes_on_where_it_was_stopped_and_does_nothing_twice(engine: sa.Engine) -> None:
    # Given five incidents, and a run that was stopped after the first two
    with unit_of_work(engine) as session:
        source = add_source(session)
        for _ in range(5):
            closed(session, source)
    period = Period(36, NOW - timedelta(days=1000))
    with unit_of_work(engine) as session:
        batch = desk.erase_incidents(
            session, period, after=0, known=official(()), actor=ADMIN, now=NOW, limit=2
        )
    assert (batch.incidents, batch.last) == (2, 2)
    # When it is begun again
    done = erase(engine, due=3)
    # Then it does the other three, and a third run finds nothing
    assert done.incidents == 3
    assert erase(engine, due=0).incidents == 0
    assert [entry.after.get("incidents") for entry in erasures(engine)] == [2, None, 3, None]
    with reading(engine) as session:
        assert verify(session).troubles == ()


def test_the_forecast_is_what_the_run_does(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        source = add_source(session)
        # A second before the year ends in Moscow, and at its end.
        for at in (datetime(2021, 12, 31, 20, 59, 59, tzinfo=UTC), OLD, OLD):
            closed(session, source, at)
        closed(session, source, datetime(1999, 1, 1, tzinfo=UTC))
        add_post(session, source, "-1_loose", first_seen_at=OLD)
    found = forecast(engine, RULES.region, NOW)
    assert found.by_year == [(2005, 1), (2021, 1), (2022, 2)]
    assert (found.incidents, found.loose, found.examples) == (4, 1, [1, 2, 3, 4])
    done = erase(engine, due=4)
    assert (done.incidents, done.posts) == (4, 5)
    after = forecast(engine, RULES.region, NOW)
    assert (after.incidents, after.loose) == (0, 0)


def test_without_a_period_nobody_is_forgotten(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        closed(session, add_source(session))
    assert forecast(engine, rules_of().region, NOW).period is None
    assert erase(engine, rules_of(), due=None).incidents == 0
    assert erasures(engine) == []


def test_at_night_only_a_period_that_a_person_has_confirmed_is_kept(engine: sa.Engine) -> None:
    # Given a period of 36 months that nobody has confirmed
    with unit_of_work(engine) as session:
        source = add_source(session)
        closed(session, source)
    assert run_at_night(engine, RULES, clock).incidents == 0
    # When somebody confirms it, the machine keeps it from then on
    assert erase(engine).incidents == 1
    with unit_of_work(engine) as session:
        closed(session, source)
    assert run_at_night(engine, RULES, clock).incidents == 1
    assert erasures(engine)[-1].actor == "otklik"
    # A shorter one waits again; a longer one needs nobody
    assert not confirmed(engine, rules_of(authors_months=3).region)
    assert confirmed(engine, rules_of(authors_months=60).region)
    assert not confirmed(engine, rules_of().region)


def test_a_source_that_shows_an_old_post_again_brings_its_author_not_back(
    engine: sa.Engine,
) -> None:
    # Given a post that was taken in, closed and forgotten
    fetched = replace(fetched_post(text=f"{fetched_post().text}, телефон 8 910 000-11-22"))
    assert take(engine, fetched).opened == 1
    with unit_of_work(engine) as session:
        session.execute(sa.update(Incident).values(stage=Stage.CLOSED, closed_at=OLD))
    erase(engine)
    with reading(engine) as session:
        before = session.exec(select(Post)).one()
        assert "910" not in before.text
        # The index that finds posts about one problem holds nothing of it.
        assert session.exec(select(Story)).all() == []
        assert session.exec(select(StoryKey)).all() == []
    # When the source shows it again, as it was and then edited and deleted
    edited = replace(fetched, text=fetched.text + "!", edited_at=NOW)
    for shown in (fetched, edited, replace(fetched, deleted=True, seen_at=NOW)):
        assert take(engine, shown, now=NOW, origin=ORIGIN).opened == 0
    # Then nothing has changed
    with reading(engine) as session:
        after = session.exec(select(Post)).one()
        assert (after.text, after.author_id, after.url) == (before.text, "", "")
        assert (after.revision, after.deleted_at) == (before.revision, None)


def test_what_has_served_is_swept_and_what_waits_is_not(engine: sa.Engine) -> None:
    long_ago, lately = NOW - timedelta(days=40), NOW - timedelta(days=2)
    with unit_of_work(engine) as session:
        staff = staffing.add_staff(session, "admin", Role.ADMINISTRATOR, NOW)
        incident = add_incident(session, add_source(session))
        for number, at in enumerate((long_ago, lately)):
            session.add(
                Unreadable(
                    source_key="vk",
                    digest=str(number),
                    what="?",
                    payload="{}",
                    first_seen_at=at,
                    last_seen_at=at,
                )
            )
            session.add(event(f"taken {number}", at, taken_at=at))
            session.add(
                EntryLink(token_hash=str(number), staff_id=stored_id(staff.id), expires_at=at)
            )
            session.add(
                Undo(
                    token=str(number),
                    staff_id=stored_id(staff.id),
                    incident_id=stored_id(incident.id),
                    act=Act.CONFIRMED,
                    at=at,
                    version=1,
                )
            )
        session.add(event("waits", long_ago, taken_at=None))
        session.add(
            Lease(incident_id=stored_id(incident.id), staff_id=stored_id(staff.id), until=long_ago)
        )
    rules = rules_of(unreadable_days=30, inbox_days=30)
    assert dict(forecast(engine, rules.region, NOW).swept) == SWEPT
    done = erase(engine, rules, due=None)
    assert done.swept == SWEPT
    with reading(engine) as session:
        left = session.exec(select(Event).order_by(col(Event.id))).all()
        assert [one.event_id for one in left] == ["taken 1", "waits"]


SWEPT = {
    "просроченные ссылки для входа": 1,
    "просроченные пометки «смотрит»": 1,
    "сведения для отмены действий": 1,
    "нечитаемые сообщения источников": 1,
    "принятые события сетей": 1,
}


def event(event_id: str, at: datetime, *, taken_at: datetime | None) -> Event:
    return Event(source_key="vk", event_id=event_id, received_at=at, payload={}, taken_at=taken_at)


def test_a_sweep_takes_a_bounded_lot_at_a_time(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        staff = stored_id(staffing.add_staff(session, "admin", Role.ADMINISTRATOR, NOW).id)
        for number in range(5):
            session.add(EntryLink(token_hash=str(number), staff_id=staff, expires_at=OLD))
    links = sweeps(Retention(), NOW)[0]
    counts = []
    for _ in range(3):
        with unit_of_work(engine) as session:
            counts.append(desk.sweep(session, links, limit=2))
    assert counts == [2, 2, 1]


def test_the_full_text_search_forgets_what_was_masked(engine: sa.Engine) -> None:
    # Given a message in the index that names its author
    with unit_of_work(engine) as session:
        closed(session, add_source(session), text="Яма, мой паспорт 45 06 123456")
    assert "123456" in indexed(engine)
    # When its author is forgotten
    erase(engine)
    # Then the index knows the rest alone
    assert "123456" not in indexed(engine)
    assert "ям" in indexed(engine)


def indexed(engine: sa.Engine) -> str:
    with reading(engine) as session:
        return str(session.execute(sa.text("SELECT stems FROM post_search")).scalar_one())
