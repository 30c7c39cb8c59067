"""One page through the whole path: post, verdict, incident, timers, journal, cursor."""

from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
import sqlalchemy as sa
from builders import ORIGIN, TUESDAY_NOON, comment, post, shipped_judge, take
from sqlmodel import col, select

from models.inbox import Unreadable
from models.incident import Incident
from models.journal import JournalEntry
from models.notice import Notice
from models.post import Post, PostVersion
from models.source import Source
from models.timer import Timer
from models.values import FetchedPost, Stated
from models.vocabulary import Act, Clock, Occasion, Outcome, Stage, TimerState, Topic, Urgency
from pipeline.database import reading
from pipeline.ingest import OvertakenError, prepare, take_in
from pipeline.tick import tick

T = TypeVar("T")

LAMP = post(1)
GAS = post(2, "В подъезде на Лесной сильно пахнет газом, помогите!!!")
THANKS = post(3, "Спасибо администрации за новую площадку, дети в восторге!")


def rows(engine: sa.Engine, table: type[T]) -> list[T]:
    with reading(engine) as session:
        return list(session.exec(select(table).order_by(sa.text("id"))).all())


def test_a_complaint_becomes_an_incident_of_its_settlement(engine: sa.Engine) -> None:
    # Given a complaint in a community of Катынь, one working hour old
    # When it is taken in
    tally = take(engine, LAMP)
    # Then it is an incident of that settlement's administration with eight working hours
    (incident,) = rows(engine, Incident)
    assert (tally.taken, tally.opened) == (1, 1)
    assert incident.topic is Topic.LIGHTING
    assert incident.urgency is Urgency.NORMAL
    assert (incident.settlement, incident.place_from) == ("katynskoe", "community")
    body = shipped_judge().region.body(incident.body)
    assert body.settlement == "katynskoe"
    assert incident.norm == "8 рабочих часов"
    assert incident.created_at == LAMP.published_at
    assert incident.due_at > TUESDAY_NOON
    # And the post says why
    (stored,) = rows(engine, Post)
    assert stored.incident_id == incident.id
    assert stored.prediction["topics"][0][0] == "lighting"
    assert "place:community" in stored.prediction["rules"]


def test_an_urgent_one_has_three_hours(engine: sa.Engine) -> None:
    take(engine, GAS)
    (incident,) = rows(engine, Incident)
    assert (incident.topic, incident.urgency) == (Topic.GAS, Urgency.URGENT)
    assert incident.norm == "3 рабочих часа"


def test_thanks_are_kept_but_open_nothing(engine: sa.Engine) -> None:
    tally = take(engine, THANKS)
    assert (tally.taken, tally.irrelevant, tally.opened) == (1, 1, 0)
    assert rows(engine, Incident) == []
    assert [stored.relevant for stored in rows(engine, Post)] == [False]


def test_every_incident_has_a_timer_for_each_of_its_clocks_and_its_first_entry(
    engine: sa.Engine,
) -> None:
    take(engine, LAMP)
    (incident,) = rows(engine, Incident)
    timers = {timer.clock: timer for timer in rows(engine, Timer)}
    assert timers.keys() == {Clock.ANSWER, Clock.STAGE}
    # The first reminder is a warning, and somebody has to have looked by the end of the review
    assert TUESDAY_NOON < timers[Clock.ANSWER].due_at < incident.due_at
    assert timers[Clock.STAGE].due_at == incident.stage_due_at
    assert {(timer.level, timer.cycle) for timer in timers.values()} == {(0, 1)}
    (entry,) = rows(engine, JournalEntry)
    assert (entry.act, entry.actor, entry.incident_id) == (Act.OPENED, "otklik", incident.id)
    assert entry.after["topic"] == "lighting"


def test_reading_a_page_again_adds_nothing(engine: sa.Engine) -> None:
    take(engine, LAMP, GAS, THANKS)
    before = [rows(engine, table) for table in (Incident, Timer, JournalEntry)]
    again = take(engine, THANKS, LAMP, GAS, LAMP)
    assert (again.taken, again.known, again.opened) == (0, 4, 0)
    assert [rows(engine, table) for table in (Incident, Timer, JournalEntry)] == before
    assert len(rows(engine, Post)) == 3


def test_a_comment_without_a_topic_of_its_own_takes_it_from_its_thread(engine: sa.Engine) -> None:
    take(engine, LAMP, comment(5, "и у нас так же!", below=LAMP))
    assert [incident.topic for incident in rows(engine, Incident)] == [Topic.LIGHTING] * 2


def test_the_thread_may_have_come_on_an_earlier_page(engine: sa.Engine) -> None:
    take(engine, LAMP)
    take(engine, comment(5, "и у нас так же!", below=LAMP))
    assert [incident.topic for incident in rows(engine, Incident)] == [Topic.LIGHTING] * 2


def test_an_edit_keeps_the_earlier_text_and_tells_the_journal(engine: sa.Engine) -> None:
    take(engine, LAMP)
    edited_at = TUESDAY_NOON + timedelta(minutes=5)
    take(engine, replace(LAMP, text="На Лесной не горят уже три фонаря", edited_at=edited_at))
    (stored,) = rows(engine, Post)
    assert (stored.text, stored.revision) == ("На Лесной не горят уже три фонаря", 2)
    assert [version.text for version in rows(engine, PostVersion)] == [LAMP.text]
    acts = [entry.act for entry in rows(engine, JournalEntry)]
    assert acts == [Act.OPENED, Act.POST_EDITED]
    assert len(rows(engine, Incident)) == 1


def test_an_edit_that_tells_of_danger_makes_the_incident_urgent(engine: sa.Engine) -> None:
    take(engine, LAMP)
    (before,) = rows(engine, Incident)
    edited_at = TUESDAY_NOON + timedelta(minutes=5)
    danger = "На Лесной оборвало провод, лежит на дороге под напряжением, рядом дети!"
    take(engine, replace(LAMP, text=danger, edited_at=edited_at))
    (after,) = rows(engine, Incident)
    assert after.urgency is Urgency.URGENT
    assert after.due_at < before.due_at
    (timer,) = [timer for timer in rows(engine, Timer) if timer.clock is Clock.ANSWER]
    assert (timer.state, timer.cycle, timer.level) == (TimerState.PENDING, 2, 0)
    assert timer.due_at < after.due_at


def test_an_edit_may_turn_chat_into_a_complaint(engine: sa.Engine) -> None:
    take(engine, THANKS)
    edited_at = TUESDAY_NOON + timedelta(minutes=5)
    take(engine, replace(LAMP, external_id=THANKS.external_id, edited_at=edited_at))
    (incident,) = rows(engine, Incident)
    (stored,) = rows(engine, Post)
    assert stored.incident_id == incident.id


def test_a_deletion_marks_the_post_and_keeps_text_and_incident(engine: sa.Engine) -> None:
    take(engine, LAMP)
    gone_at = TUESDAY_NOON + timedelta(minutes=5)
    tally = take(engine, replace(LAMP, text="", deleted=True, edited_at=gone_at), now=gone_at)
    (stored,) = rows(engine, Post)
    assert (stored.text, stored.deleted_at) == (LAMP.text, gone_at)
    assert [entry.act for entry in rows(engine, JournalEntry)] == [Act.OPENED, Act.POST_DELETED]
    assert [incident.stage for incident in rows(engine, Incident)] == [Stage.REVIEW]
    assert tally.deleted == 1


def test_a_creation_that_arrives_after_its_deletion_opens_nothing(engine: sa.Engine) -> None:
    gone = replace(LAMP, text="", deleted=True)
    take(engine, gone)
    take(engine, LAMP)
    assert rows(engine, Incident) == []


def test_a_closed_row_of_an_official_table_has_no_timers(engine: sa.Engine) -> None:
    closed_at = TUESDAY_NOON - timedelta(minutes=10)
    stated = Stated(relevant=True, topic=Topic.ROADS, closed_at=closed_at, outcome=Outcome.SOLVED)
    take(engine, replace(LAMP, stated=stated))
    (incident,) = rows(engine, Incident)
    assert (incident.stage, incident.outcome) == (Stage.CLOSED, Outcome.SOLVED)
    assert (incident.topic, incident.closed_at) == (Topic.ROADS, closed_at)
    assert rows(engine, Timer) == []


def test_a_later_export_closes_what_was_open(engine: sa.Engine) -> None:
    still_open = replace(LAMP, stated=Stated(relevant=True, topic=Topic.LIGHTING))
    take(engine, still_open)
    closed_at = TUESDAY_NOON + timedelta(hours=1)
    ended = Stated(relevant=True, closed_at=closed_at, outcome=Outcome.SOLVED)
    later = closed_at + timedelta(minutes=1)
    for _ in range(2):
        take(engine, replace(LAMP, stated=ended), now=later)
    (incident,) = rows(engine, Incident)
    assert (incident.stage, incident.outcome) == (Stage.CLOSED, Outcome.SOLVED)
    assert incident.closed_at == closed_at
    assert {timer.state for timer in rows(engine, Timer)} == {TimerState.CANCELLED}
    acts = [entry.act for entry in rows(engine, JournalEntry)]
    assert acts == [Act.OPENED, Act.CLOSED]


def test_the_place_that_a_table_states_outweighs_the_text(engine: sa.Engine) -> None:
    stated = Stated(relevant=True, place="Смоленский район, Печерск, ул. Минская, д. 5")
    take(engine, replace(LAMP, text="Нет воды второй день", stated=stated))
    (incident,) = rows(engine, Incident)
    assert (incident.settlement, incident.village) == ("pecherskoe", "Печерск")
    assert (incident.street, incident.house) == ("ул. Минская", "5")
    assert incident.place_from == "stated"


def test_the_clock_of_an_edit_starts_with_the_edit(engine: sa.Engine) -> None:
    # Given thanks of three days ago
    long_ago = TUESDAY_NOON - timedelta(days=3)
    take(engine, replace(THANKS, published_at=long_ago))
    # When they are edited into a complaint just now
    edit = replace(LAMP, external_id=THANKS.external_id, published_at=long_ago)
    take(engine, replace(edit, edited_at=TUESDAY_NOON))
    # Then the answer is not overdue before anybody could know
    (incident,) = rows(engine, Incident)
    assert incident.created_at == TUESDAY_NOON
    assert incident.due_at > TUESDAY_NOON


@pytest.mark.parametrize(
    "post_with_long_parts",
    [
        replace(LAMP, text=f"Нет света на ул. {'я' * 340} д. 5 в Печерске"),
        replace(LAMP, author_id="1" * 500),
        replace(LAMP, url="https://vk.com/" + "a" * 3000),
    ],
)
def test_what_is_too_long_for_its_column_stops_nothing(
    engine: sa.Engine, post_with_long_parts: FetchedPost
) -> None:
    assert take(engine, post_with_long_parts, GAS).taken == 2


def test_a_deadline_that_passed_before_we_knew_is_told_of_once(engine: sa.Engine) -> None:
    take(engine, replace(LAMP, published_at=TUESDAY_NOON - timedelta(days=30)))
    assert tick(engine, shipped_judge().rules, TUESDAY_NOON) == 1
    (notice,) = rows(engine, Notice)
    assert notice.occasion is Occasion.OVERDUE
    acts = [entry.act for entry in rows(engine, JournalEntry)]
    assert acts == [Act.OPENED, Act.OVERDUE, Act.ESCALATED]


@pytest.mark.parametrize("days", [-20_000, 400])
def test_an_impossible_date_starts_the_clock_now(engine: sa.Engine, days: int) -> None:
    take(engine, replace(LAMP, published_at=TUESDAY_NOON + timedelta(days=days)))
    (incident,) = rows(engine, Incident)
    assert incident.created_at == TUESDAY_NOON


def test_a_reader_that_was_overtaken_stores_nothing(engine: sa.Engine) -> None:
    # Given two readers that begin at the same cursor
    slow = prepare(engine, ORIGIN, TUESDAY_NOON)
    # When one of them stores its page first
    take(engine, LAMP)
    # Then the other one has to start over
    with pytest.raises(OvertakenError):
        take_in(
            engine,
            shipped_judge(),
            ORIGIN,
            slow,
            posts=[GAS],
            cursor={"taken": "twice"},
            now=TUESDAY_NOON,
        )
    assert len(rows(engine, Post)) == 1
    (source,) = rows(engine, Source)
    assert source.cursor == {"taken": 1}
    assert source.last_post_at == LAMP.published_at


def test_hostile_texts_are_stored(engine: sa.Engine) -> None:
    hostile = "<script>alert(1)</script> \0 \ud800 " + "я" * 200_000
    take(engine, replace(LAMP, text=hostile))
    with reading(engine) as session:
        text = session.exec(select(col(Post.text))).one()
    assert text.startswith("<script>alert(1)</script>  ? яяя")
    assert len(text) <= 100_000


def test_a_comment_is_read_with_the_whole_thread_above_it(engine: sa.Engine) -> None:
    # Given a post, a comment that names the village, and an answer to that comment
    asked = post(10, "Когда починят дорогу?")
    named = comment(1, "В Печерске на Минской яма на яме", below=asked)
    answer = replace(
        comment(2, "А у нас ещё хуже, колесо пробили", below=asked), parent_id=named.external_id
    )
    third = replace(
        comment(3, "И у нас пробили, яма у остановки", below=asked), parent_id=answer.external_id
    )
    # When they come one by one
    for one in (asked, named, answer):
        take(engine, one)
    take(engine, third)
    # Then the third is placed by the first, two steps above it
    stored = next(one for one in rows(engine, Post) if one.external_id == third.external_id)
    assert stored.prediction["settlement"] == "pecherskoe"


def test_what_cannot_be_told_from_others_is_kept_aside(engine: sa.Engine) -> None:
    tally = take(engine, replace(LAMP, external_id="я" * 201), GAS)

    assert (tally.taken, tally.rejected) == (1, 1)
    (kept,) = rows(engine, Unreadable)
    assert "длиннее 200" in kept.what


def test_a_deletion_that_was_seen_and_a_return_that_was_seen_later(engine: sa.Engine) -> None:
    # Given a comment that a reading at noon misses, and one an hour later shows again
    hour = timedelta(hours=1)
    take(engine, LAMP)
    take(engine, replace(LAMP, text="", deleted=True), now=TUESDAY_NOON + hour)
    (stored,) = rows(engine, Post)
    assert stored.deleted_at is not None
    take(engine, LAMP, now=TUESDAY_NOON + 2 * hour)
    # Then it is there again, and its incident was never doubled
    (stored,) = rows(engine, Post)
    assert stored.deleted_at is None
    assert len(rows(engine, Incident)) == 1


def test_an_undated_edit_is_dated_by_the_reading_that_saw_it(engine: sa.Engine) -> None:
    hour = timedelta(hours=1)
    take(engine, LAMP)
    worse = replace(LAMP, text="На Лесной не горит уже третий фонарь")
    take(engine, worse, now=TUESDAY_NOON + hour)
    # A page that was asked for earlier and stored later changes nothing.
    take(engine, LAMP, now=TUESDAY_NOON + hour / 2)
    (stored,) = rows(engine, Post)
    assert stored.text == worse.text
    assert stored.edited_at == TUESDAY_NOON + hour
    assert len(rows(engine, PostVersion)) == 1
