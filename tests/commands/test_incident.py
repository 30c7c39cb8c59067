"""``otklik incident``: the life cycle as people type it."""

import io
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from commands.incidents import hire, opened, otklik, refused, stands
from console.builders import NOW, OPERATOR

from models.answer import Answer
from models.columns import stored_id
from models.label import Label
from models.vocabulary import (
    Act,
    AnswerKind,
    AnswerState,
    ClosingReason,
    Network,
    Outcome,
    Stage,
    Topic,
    Urgency,
)
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import Draft
from pipeline.desk.answers import record_by_hand
from pipeline.region.load import load_region
from pipeline.rules import Rules
from pipeline.store.answers import of_incident
from pipeline.store.incidents import helpers_of, journal_of
from pipeline.store.labels import newest_label
from pipeline.store.posts import posts_of

TEXT = "Здравствуйте! Яма засыпана."

# The desk is tested on both databases; what is typed does not depend on them.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OTKLIK_DATABASE_URL", database_url)


@pytest.fixture
def number(engine: sa.Engine) -> int:
    hire(engine)
    return opened(engine)


def acts(engine: sa.Engine, number: int) -> list[tuple[Act, str]]:
    with reading(engine) as session:
        return [(entry.act, entry.actor) for entry in journal_of(session, number)][1:]


def answers(engine: sa.Engine, number: int) -> list[Answer]:
    with reading(engine) as session:
        return of_incident(session, number)


def label(engine: sa.Engine, number: int) -> Label:
    with reading(engine) as session:
        (post,) = posts_of(session, number)
        found = newest_label(session, stored_id(post.id))
    assert found is not None
    return found


def in_work(engine: sa.Engine) -> int:
    hire(engine)
    number = opened(engine, stage=Stage.ASSIGNED)
    assert otklik("accept", number, "--by", "katyn") == 0
    return number


def test_an_incident_is_walked_from_review_to_an_answer(number: int, engine: sa.Engine) -> None:
    # Given an incident that an operator confirms and its body gives back
    otklik("confirm", number, "--by", "petrova")
    otklik("return", number, "--by", "katyn", "--reason", "Это дорога Печерска")
    assert stands(engine, number).stage is Stage.RETURNED
    # When another body takes it, drafts, is told to improve, and drafts again
    otklik("assign", number, "pecherskoe", "--by", "petrova")
    otklik("accept", number, "--by", "pechersk")
    otklik("draft", number, TEXT, "--by", "pechersk")
    otklik("submit", number, "--by", "pechersk")
    otklik("reject", number, "--by", "glava", "--reason", "Назовите день")
    otklik("draft", number, f"{TEXT} Сделано 17 ноября.", "--by", "pechersk")
    otklik("submit", number, "--by", "pechersk")
    otklik("approve", number, "--by", "glava")
    # Then the answer is on its way, and the journal tells who did what
    (answer,) = answers(engine, number)
    assert (answer.state, answer.approved_by) == (AnswerState.QUEUED, "glava")
    assert stands(engine, number).stage is Stage.PUBLISHING
    assert acts(engine, number) == [
        (Act.CONFIRMED, "petrova"),
        (Act.RETURNED, "katyn"),
        (Act.ASSIGNED, "petrova"),
        (Act.ACCEPTED, "pechersk"),
        (Act.DRAFTED, "pechersk"),
        (Act.SUBMITTED, "pechersk"),
        (Act.REJECTED, "glava"),
        (Act.DRAFTED, "pechersk"),
        (Act.SUBMITTED, "pechersk"),
        (Act.APPROVED, "glava"),
    ]


def test_what_is_corrected_becomes_a_label(number: int, engine: sa.Engine) -> None:
    otklik("correct", number, "--topic", "snow", "--urgent", "--also", "safety", "--by", "petrova")

    known = stands(engine, number)
    assert (known.topic, known.urgency) == (Topic.SNOW, Urgency.URGENT)
    said = label(engine, number)
    assert (said.actor, said.also, said.settlement) == ("petrova", ["safety"], "katynskoe")

    otklik("correct", number, "--normal", "--also", "--no-settlement")
    assert (label(engine, number).also, label(engine, number).settlement) == ([], None)


def test_what_is_no_incident_is_closed(number: int, engine: sa.Engine) -> None:
    otklik("correct", number, "--not-relevant")
    assert stands(engine, number).closing_reason is ClosingReason.NOT_RELEVANT


def test_a_misspelt_code_is_told_with_the_nearest_one(number: int) -> None:
    said = refused("correct", number, "--settlement", "katynskoje")
    assert "Возможно, имелось в виду «katynskoe»" in said
    assert "такого исполнителя" in refused("assign", number, "mars").lower()


def test_helpers_are_exactly_those_that_are_named(number: int, engine: sa.Engine) -> None:
    otklik("helpers", number, "pecherskoe", "housing")
    assert "здесь соисполнитель" in refused("accept", number, "--by", "pechersk")
    otklik("helpers", number, "housing")
    with reading(engine) as session:
        assert helpers_of(session, number) == ("housing",)
    otklik("helpers", number)
    with reading(engine) as session:
        assert helpers_of(session, number) == ()


def test_a_pause_stops_the_clock_where_the_norm_allows_it(engine: sa.Engine) -> None:
    hire(engine)
    number = opened(engine, Network.MAIL, stage=Stage.WORK, norm="30 календарных дней")
    words = ("pause", number, "--until", "24.11.2036 11:00")

    assert "--reason ТЕКСТ" in refused(*words)
    assert "не момент" in refused("pause", number, "--until", "завтра", "--reason", "Запрос")
    assert "впереди" in refused("pause", number, "--until", "24.11.2016 11:00", "--reason", "Ждём")
    otklik(*words, "--reason", "Запрос в область", "--by", "katyn")
    assert stands(engine, number).paused_at is not None
    assert "уже приостановлен" in refused(*words, "--reason", "Ещё раз")
    otklik("resume", number, "--by", "katyn")
    assert stands(engine, number).paused_at is None


def test_a_pause_without_a_norm_for_it_is_refused(number: int) -> None:
    words = ("pause", number, "--until", "24.11.2036 11:00", "--reason", "Ждём")
    assert "не допускает" in refused(*words)


def test_an_incident_is_closed_with_its_reason_and_opened_again(
    number: int, engine: sa.Engine
) -> None:
    assert "нет: так закрыть" in refused("close", number, "--why", "satisfied")
    assert "почему ответ не нужен" in refused("close", number, "--why", "no_answer_due")
    otklik("close", number, "--why", "no_answer_due", "--reason", "Только брань")
    assert stands(engine, number).closing_reason is ClosingReason.NO_ANSWER_DUE
    assert "--reason ТЕКСТ" in refused("reopen", number)
    otklik("reopen", number, "--reason", "Есть и вопрос")
    assert stands(engine, number).stage is Stage.REVIEW


@pytest.mark.parametrize("why", ["no_reply", "merged", "by_source", "bored"])
def test_a_reason_that_people_do_not_give_is_no_choice(
    number: int, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        otklik("close", number, "--why", why)
    assert "не подходит" in capsys.readouterr().err


def test_passing_up_ends_at_the_top(engine: sa.Engine) -> None:
    number = in_work(engine)
    otklik("pass-up", number, "--by", "katyn", "--reason", "Нужны деньги района")
    assert stands(engine, number).body == "desk"
    # Whoever passed it up does not see it any more.
    assert f"Инцидента № {number} нет" in refused("show", number, "--by", "katyn")
    assert "передавать выше некуда" in refused("pass-up", number, "--reason", "Ещё выше")


def test_whoever_saw_an_older_version_overwrites_nothing(number: int, engine: sa.Engine) -> None:
    seen = stands(engine, number).version
    otklik("confirm", number)

    for words in (
        ("accept", number, "--by", "katyn"),
        ("assign", number, "pecherskoe"),
        ("helpers", number, "pecherskoe"),
        ("correct", number, "--topic", "snow"),
    ):
        assert "изменился" in refused(*words, "--seen", seen)
    assert otklik("accept", number, "--by", "katyn", "--seen", stands(engine, number).version) == 0


def test_a_draft_comes_from_a_pipe_and_keeps_its_outcome(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = in_work(engine)
    monkeypatch.setattr(sys, "stdin", io.StringIO("Здравствуйте!\r\nПлитка [уложена].\n"))
    otklik("draft", number, "-", "--outcome", "solved", "--by", "katyn")

    (draft,) = answers(engine, number)
    assert (draft.state, draft.kind, draft.outcome) == (
        AnswerState.DRAFT,
        AnswerKind.FINAL,
        Outcome.SOLVED,
    )
    assert draft.text == "Здравствуйте!\nПлитка [уложена]."


def test_a_pipe_in_another_encoding_is_refused(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = in_work(engine)
    pipe = io.TextIOWrapper(io.BytesIO("Готово".encode("cp1251")), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", pipe)
    assert "UTF-8" in refused("draft", number, "-", "--by", "katyn")


def test_an_interim_answer_has_no_outcome(engine: sa.Engine) -> None:
    number = in_work(engine)
    assert "--outcome" in refused("draft", number, TEXT, "--interim", "--outcome", "solved")
    otklik("draft", number, TEXT, "--interim")
    assert answers(engine, number)[0].kind is AnswerKind.INTERIM


def test_personal_data_in_a_draft_is_shown_to_who_submits(engine: sa.Engine) -> None:
    number = in_work(engine)
    otklik("draft", number, "Звоните Пете: +7 900 123-45-67", "--by", "katyn")
    assert "личные данные" in refused("submit", number, "--by", "katyn")


def test_an_answer_that_was_changed_meanwhile_is_not_approved(engine: sa.Engine) -> None:
    number = in_work(engine)
    otklik("draft", number, TEXT, "--by", "katyn")
    assert "нет ответа на согласовании" in refused("approve", number, "--by", "glava")
    otklik("submit", number, "--by", "katyn", "--seen", 1)
    assert "что-то произошло" in refused("approve", number, "--by", "glava", "--seen", 1)
    assert otklik("approve", number, "--by", "glava", "--seen", 2) == 0


@pytest.mark.parametrize(
    ("who", "words", "said"),
    [
        ("katyn", ["confirm"], "может оператор"),
        ("katyn", ["assign", "pecherskoe"], "не для роли «исполнитель»"),
        ("katyn", ["close", "--why", "satisfied"], "не для роли"),
        ("glava", ["accept"], "не для роли «согласующий»"),
        ("glava", ["draft", "Ответ"], "не для роли"),
        ("pechersk", ["accept"], "Инцидента с таким номером нет"),
        ("pechersk", ["confirm"], "Инцидента № 1 нет"),
        ("watcher", ["approve"], "Инцидента № 1 нет"),
        ("watcher", ["show"], "Инцидента № 1 нет"),
        ("nobody", ["accept"], "«nobody» нет"),
    ],
)
def test_a_role_does_no_more_than_its_own(
    number: int, engine: sa.Engine, who: str, words: list[str], said: str
) -> None:
    act, *rest = words
    assert said in refused(act, number, *rest, "--by", who)
    assert acts(engine, number) == []


def test_a_dismissed_person_does_nothing(number: int, engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        session.execute(sa.text("UPDATE staff SET active = false WHERE login = 'petrova'"))
    assert "«petrova» нет" in refused("confirm", number, "--by", "petrova")


def test_a_number_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    for written in ("0", "-1", "99999999999", "двенадцать"):
        with pytest.raises(SystemExit):
            otklik("accept", written)
    assert "не номер" in capsys.readouterr().err


def test_a_rating_that_the_author_told_is_taken_down(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    hire(engine)
    number = opened(engine, stage=Stage.WORK)
    said = ("rate", number, "5", "--word", "Спасибо", "--by", "petrova")
    assert "из неё нельзя" in refused(*said)
    with unit_of_work(engine) as session:
        record_by_hand(
            session,
            number,
            Draft(TEXT, AnswerKind.FINAL),
            "https://vk.com/wall-1_2?reply=3",
            actor=OPERATOR,
            rules=Rules.of(load_region("smolensky")),
            now=NOW,
        )

    assert otklik(*said) == 0
    assert stands(engine, number).rating == 5
    assert otklik("show", number) == 0
    assert "Оценка автора           5 из 5 (круг 1): Спасибо" in capsys.readouterr().out


def test_what_is_put_off_says_until_when_and_is_woken(
    engine: sa.Engine, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    until = datetime.now(UTC) + timedelta(days=2)
    typed = until.astimezone(ZoneInfo("Europe/Moscow")).strftime("%d.%m.%Y %H:%M")
    words = ("--until", typed, "--reason", "Ждём автора", "--by", "petrova")

    assert otklik("snooze", number, *words) == 0
    assert f"отложен до {typed}" in capsys.readouterr().out.replace("\xa0", " ")
    assert otklik("snooze", number, "--wake", "--by", "petrova") == 0
    assert "отложен" not in capsys.readouterr().out

    assert acts(engine, number) == [(Act.SNOOZED, "petrova")] * 2
    assert stands(engine, number).snoozed_until is None
