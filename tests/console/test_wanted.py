"""The address of the queue: what it says, what it leaves out, whose eyes it is read with."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from console.builders import NOW, OPERATOR, make_region
from console.test_hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from classifiers.stems import read_query
from models.vocabulary import Certainty, Network, Outcome, Role, Stage, Topic, Urgency
from pipeline.console.conditions import conditions
from pipeline.console.wanted import LAST_PAGE, VIEWS, Wanted, views
from pipeline.decisions.permissions import Actor
from pipeline.store.queue_filter import By, QueueFilter, State

REGION = make_region()
KEYS = (
    "q", "topic", "settlement", "body", "source", "network", "stage", "certainty", "urgent",
    "overdue", "due", "state", "since", "until", "by", "outcome", "in_time", "operator", "mine",
    "unassigned", "approval", "returned", "unrated", "unsure", "snoozed", "page",
)  # fmt: skip
VALUES = (
    "1", "0", "gas", "luga", "roads", "vk:luga", "vk", "work", "closed", "unsure", "today", "all",
    "2026-11-18", "2026-11-01", "published", "solved", "me", "anna", "яма", "№ 5", "", "7", "999",
)  # fmt: skip


def asked(query: str) -> Wanted:
    return Wanted.of(dict(parse_qsl(query, keep_blank_values=True)), REGION)


def filtered(query: str, actor: Actor = OPERATOR) -> QueueFilter:
    return asked(query).filter(actor, REGION, NOW)


@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES) | st.text(max_size=30)))
def test_an_address_that_was_read_is_written_as_it_was_meant(query: dict[str, str]) -> None:
    wanted = Wanted.of(query, REGION)
    again = Wanted.of(dict(parse_qsl(wanted.query)), REGION)
    assert again == wanted
    assert again.url == wanted.url
    assert wanted.narrows == bool(wanted.first_page.query)
    wanted.filter(OPERATOR, REGION, NOW)
    for condition in conditions(wanted, REGION, []):
        assert condition.title
        assert condition.without.startswith("/")
        assert condition.without != wanted.first_page.url


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words(words: str) -> None:
    wanted = Wanted.of(dict.fromkeys(KEYS, words), REGION)
    assert asked(wanted.query) == wanted
    assert set(wanted.words) <= {"q", "operator", "source"}


@pytest.mark.parametrize(
    "query",
    ["topic=nonsense", "settlement=nowhere", "body=nobody", "source=а б", "network=fax",
     "stage=done", "certainty=1", "urgent=yes", "due=tomorrow", "state=half", "since=18.11.2026",
     "since=2026-02-30", "since=1926-01-01", "by=closed", "outcome=fine", "in_time=2",
     "operator=%00", "mine=true", "page=0", "page=-1", "page=two", "page=٣", "q=!!!", "q=%20",
     "nonsense=1"],
)  # fmt: skip
def test_what_makes_no_sense_is_left_out(query: str) -> None:
    assert asked(query) == Wanted()
    assert asked(query).url == "/"


def test_every_condition_reaches_the_store() -> None:
    query = (
        "q=яма&topic=gas&settlement=luga&body=roads&source=vk:luga&network=vk&stage=work"
        "&certainty=review&urgent=1&overdue=1&state=all&since=2026-11-01&until=2026-11-18"
        "&by=published&outcome=solved&in_time=0&operator=anna&unassigned=1&unrated=1&snoozed=1"
    )
    assert filtered(query) == QueueFilter(
        topic=Topic.GAS,
        settlement="luga",
        urgency=Urgency.URGENT,
        certainty=Certainty.REVIEW,
        overdue_at=NOW,
        body="roads",
        stage=Stage.WORK,
        text=read_query("яма"),
        source="vk:luga",
        network=Network.VK,
        snoozed_at=NOW,
        state=State.ALL,
        by=By.PUBLISHED,
        since=datetime(2026, 10, 31, 21, tzinfo=UTC),
        until=datetime(2026, 11, 18, 21, tzinfo=UTC),
        outcome=Outcome.SOLVED,
        in_time=False,
        operator="anna",
        unassigned=True,
        unrated=True,
    )


def test_today_is_the_municipality_s() -> None:
    # At half past eleven in the evening of Moscow it is 20:30 in Greenwich
    late = datetime(2026, 11, 18, 20, 30, tzinfo=UTC)
    due = asked("due=today").filter(OPERATOR, REGION, late).due
    begins = datetime(2026, 11, 17, 21, tzinfo=UTC)
    assert due == (begins, begins + timedelta(days=1))


@pytest.mark.parametrize(
    ("query", "state"),
    [
        ("", State.OPEN),
        ("since=2026-11-18", State.OPEN),
        ("since=2026-11-18&by=closed", State.ALL),
        ("outcome=solved", State.ALL),
        ("in_time=1", State.ALL),
        ("in_time=1&state=open", State.OPEN),
        ("unrated=1", State.OPEN),
        ("state=closed", State.CLOSED),
    ],
)
def test_what_speaks_of_answers_is_not_about_what_is_open(query: str, state: State) -> None:
    assert filtered(query).state is state


def test_a_period_that_ends_before_it_begins_has_no_end() -> None:
    wanted = asked("since=2026-11-18&until=2026-11-17")
    assert (wanted.since, wanted.until) == (date(2026, 11, 18), None)


def test_mine_is_what_waits_for_who_looks() -> None:
    executor = Actor("kate", Role.EXECUTOR, "luga")
    assert filtered("mine=1").operator == "operator"
    assert filtered("mine=1", Actor("head", Role.APPROVER)).stage is Stage.APPROVAL
    own = filtered("mine=1", executor)
    assert (own.limited_to, own.operator, own.stage) == ("luga", None, None)
    assert filtered("body=roads", executor).limited_to == "luga"
    assert filtered("", Actor("lost", Role.EXECUTOR)).limited_to == ""
    assert filtered("operator=me").operator == "operator"


def test_nobody_pages_without_end() -> None:
    assert asked("page=999999").page == LAST_PAGE
    assert asked("page=99999999999").page == 1


def test_every_view_is_an_address() -> None:
    assert [asked(view.query) for _, view, _ in VIEWS] == [view for _, view, _ in VIEWS]
    assert len({view.url for _, view, _ in VIEWS}) == len(VIEWS)
    executor = Actor("kate", Role.EXECUTOR, "luga")
    assert {title for title, _, _ in views(OPERATOR)} - {
        title for title, _, _ in views(executor)
    } == {"Мои"}


def test_conditions_are_said_in_russian_each_with_its_way_out() -> None:
    wanted = asked(
        "q=яма&topic=gas&since=2026-11-01&until=2026-11-18&by=closed&in_time=0&urgent=1&page=3"
    )
    found = conditions(wanted, REGION, [])
    assert [one.title for one in found] == [
        "слова «яма»",
        "Газ",
        "закрыто с 01.11.2026 по 18.11.2026",
        "первый ответ с опозданием",
        "Срочные",
    ]
    without = [set(asked(one.without.removeprefix("/?")).words) for one in found]
    period = {"since", "until", "by"}
    everything = {"q", "topic", "in_time", "urgent"} | period
    assert without == [
        everything - gone for gone in ({"q"}, {"topic"}, period, {"in_time"}, {"urgent"})
    ]
    (day,) = conditions(asked("since=2026-11-18&until=2026-11-18"), REGION, [])
    assert day.title == "написано 18.11.2026"
