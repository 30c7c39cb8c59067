"""What a notice says, and what it never does."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import Occasion
from pipeline.decisions.notice_texts import Case, Told, subject, tell, text
from pipeline.notify import compose

CASE = Case(
    number=17,
    topic="Освещение",
    place="Катынское поселение",
    urgency="обычная",
    stage="в работе",
    body="Администрация поселения",
    due="21.11.2026 14:05 (МСК)",
    due_at="2026-11-21T11:05:00+00:00",
    left="осталось 2 ч 10 мин рабочего времени",
    link="https://otklik.example.ru/incident/17",
)


@pytest.mark.parametrize("occasion", list(Occasion))
def test_every_occasion_says_what_by_when_and_what_to_do(occasion: Occasion) -> None:
    told = tell(occasion, CASE)
    said = text([told], limit=4000)
    assert said.startswith(f"{occasion.russian}: № 17, Освещение, Катынское поселение\n")
    assert "Срок: 21.11.2026 14:05 (МСК), осталось 2 ч 10 мин рабочего времени." in said
    assert said.endswith("https://otklik.example.ru/incident/17")
    assert len(told.lines) == 4


def test_a_notice_about_no_incident() -> None:
    told = tell(Occasion.SILENT_CLOCK, None, since="21.11.2026 14:05 (МСК)")
    assert subject([told]) == "Отклик: часы сроков стоят."
    said = text([told], limit=4000)
    assert "Последний раз часы сроков шли 21.11.2026 14:05 (МСК)." in said
    assert "otklik run" in said


def test_an_unknown_place_leaves_no_gap() -> None:
    told = tell(Occasion.ASSIGNED, replace(CASE, place="", left=""))
    assert told.title == "Вам назначен инцидент: № 17, Освещение"
    assert "Срок: 21.11.2026 14:05 (МСК)." in told.lines


@given(
    occasions=st.lists(st.sampled_from(list(Occasion)), min_size=1, max_size=60),
    limit=st.integers(120, 5000),
)
def test_a_message_fits_and_counts_what_it_leaves_out(
    occasions: list[Occasion], limit: int
) -> None:
    told: list[Told] = [tell(one, CASE) for one in occasions]
    said = text(told, limit=limit)
    assert 0 < len(said) <= limit
    shown = said.count("/incident/17")
    if len(told) > 1 and shown < len(told) and not said.endswith("…"):
        assert f"Ещё {len(told) - shown} — в консоли." in said


def test_a_machine_gets_every_notice_of_a_digest() -> None:
    told = tuple(tell(Occasion.OVERDUE, CASE) for _ in range(40))
    message = compose("key", told, limit=500)
    assert len(message.notices) == 40
    assert json.loads(json.dumps(message.notices[0]))["due_at"] == CASE.due_at
    assert message.subject == "Отклик: уведомлений — 40"
