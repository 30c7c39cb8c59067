"""How things are said: moments, zones, excerpts, numbers, rules."""

from datetime import UTC, datetime

import pytest
from console.builders import NOW, make_calendar, make_region

from classifiers.explanation import LEARNED
from classifiers.relevance import CUES
from classifiers.urgency import RULES as URGENCY_RULES
from models.incident import Incident
from models.vocabulary import Topic, Urgency
from pipeline.console.explain import RULES, explain, percent
from pipeline.console.wording import (
    Pressure,
    count,
    excerpt,
    moment,
    timing,
)
from pipeline.decisions.triage import RELEVANCE


@pytest.mark.parametrize(
    ("zone", "says", "called"),
    [
        ("Europe/Moscow", "21.11.2026 14:05", "МСК"),
        ("Asia/Vladivostok", "21.11.2026 21:05", "МСК+7"),
        ("Europe/Kaliningrad", "21.11.2026 13:05", "МСК−1"),
        ("Asia/Kolkata", "21.11.2026 16:35", "МСК+2:30"),
    ],
)
def test_a_moment_is_told_as_local_clocks_show_it(zone: str, says: str, called: str) -> None:
    at = datetime(2026, 11, 21, 11, 5, tzinfo=UTC)
    assert moment(at, zone) == (says.replace(" ", "\N{NO-BREAK SPACE}"), called)


def incident(due_at: datetime) -> Incident:
    return Incident(
        topic=Topic.GAS,
        urgency=Urgency.NORMAL,
        body="roads",
        created_at=NOW,
        opened_at=NOW,
        clock_from=NOW,
        stage_at=NOW,
        due_at=due_at,
        norm="",
        calendar="",
    )


def test_time_that_is_up_in_the_evening_is_overdue_without_a_figure() -> None:
    close, night = (datetime(2026, 11, 18, hour, tzinfo=UTC) for hour in (14, 20))
    said = timing(incident(close), night, make_calendar(make_region()))
    assert (said.pressure, said.words, said.tail) == (Pressure.OVERDUE, "время вышло", "")


def test_no_line_breaks_inside_a_duration() -> None:
    said = timing(
        incident(datetime(2026, 11, 18, 12, tzinfo=UTC)), NOW, make_calendar(make_region())
    )
    assert said.words == "осталось 2\N{NO-BREAK SPACE}ч\N{NO-BREAK SPACE}00\N{NO-BREAK SPACE}мин"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("коротко", "коротко"),
        ("  много \n\n пробелов\t", "много пробелов"),
        ("", ""),
        ("я" * 300, "я" * 300),
        ("я" * 301, "я" * 300 + "…"),
        ("\n" * 5000 + "далеко", ""),
    ],
)
def test_an_excerpt_is_one_line_of_bounded_length(text: str, shown: str) -> None:
    assert excerpt(text) == shown


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (0, "0 инцидентов"),
        (1, "1 инцидент"),
        (3, "3 инцидента"),
        (11, "11 инцидентов"),
        (12, "12 инцидентов"),
        (21, "21 инцидент"),
        (12345, "12 345 инцидентов"),
    ],
)
def test_numbers_agree_with_their_nouns(number: int, says: str) -> None:
    said = count(number, "инцидент", "инцидента", "инцидентов")
    assert said == says.replace(" ", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    ("share", "says"),
    [(0, "0 %"), (0.004, "<1 %"), (0.81, "81 %"), (0.999, ">99 %"), (1, "100 %"), ("?", "0 %")],
)
def test_a_probability_is_never_more_certain_than_it_is(share: object, says: str) -> None:
    assert percent(share) == says.replace(" ", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    "name",
    [
        *(f"urgent:{rule.name}" for rule in URGENCY_RULES),
        *(f"cue:{cue.name}" for cue in CUES),
        LEARNED,
        *(f"relevance:{rule.__name__}" for rule in RELEVANCE),
        "topic:stated_by_source",
        "topic:model_says",
        *(f"place:{origin}" for origin in ("text", "thread", "community", "person", "none")),
    ],
)
def test_every_rule_that_can_fire_has_its_words(name: str) -> None:
    assert name in RULES
    assert RULES[name] != name


def test_a_rule_without_words_keeps_its_name() -> None:
    assert explain("urgent:newer-than-the-console") == "urgent:newer-than-the-console"
