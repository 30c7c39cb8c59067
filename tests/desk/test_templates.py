"""Templates of answers are kept by operators, and nobody's change is lost."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from casework import ADMINISTRATOR, HEAD, LUGA
from console.builders import NOW, OPERATOR

from models.columns import stored_id
from models.console import AnswerTemplate
from models.vocabulary import Topic
from pipeline.database import reading, unit_of_work
from pipeline.decisions.permissions import Actor
from pipeline.desk import templates
from pipeline.desk.templates import Refused
from pipeline.store.templates import LISTED, listed, offered

TEXT = "Здравствуйте! Обращение № {номер} принято."


def saved(engine: sa.Engine, title: str = "Принято", topic: Topic | None = None) -> int:
    with unit_of_work(engine) as session:
        said = templates.save(session, title, TEXT, topic, actor=OPERATOR, now=NOW)
        assert isinstance(said, AnswerTemplate), said
        return stored_id(said.id)


def test_an_incident_is_offered_what_fits_its_topic(engine: sa.Engine) -> None:
    saved(engine, "Общий")
    saved(engine, "Про газ", Topic.GAS)
    snow = saved(engine, "Про снег", Topic.SNOW)
    retired = saved(engine, "Старый")
    with unit_of_work(engine) as session:
        templates.set_active(session, retired, active=False, seen=NOW, actor=OPERATOR, now=NOW)

    with reading(engine) as session:
        assert [one.title for one in offered(session, Topic.GAS)] == ["Про газ", "Общий"]
        assert [one.title for one in offered(session, Topic.ROADS)] == ["Общий"]
        found = listed(session)
        assert len(found) == 4 < LISTED
        assert found[-1].title == "Старый"
        assert snow in [one.id for one in found]


def test_a_change_is_kept_with_who_made_it(engine: sa.Engine) -> None:
    number = saved(engine)
    later = NOW + timedelta(hours=1)
    with unit_of_work(engine) as session:
        said = templates.save(
            session,
            "  Принято\tв работу ",
            f"{TEXT}\r\nЖдите.",
            Topic.SNOW,
            template_id=number,
            seen=NOW,
            actor=ADMINISTRATOR,
            now=later,
        )
        assert isinstance(said, AnswerTemplate)
    with reading(engine) as session:
        (known,) = listed(session)
    assert (known.title, known.text) == ("Принято в работу", f"{TEXT}\nЖдите.")
    assert (known.topic, known.changed_at, known.changed_by) == (Topic.SNOW, later, "admin")


def test_whoever_saw_an_older_template_overwrites_nothing(engine: sa.Engine) -> None:
    number = saved(engine)
    earlier = NOW - timedelta(minutes=1)
    with unit_of_work(engine) as session:
        said = templates.save(
            session, "Иное", TEXT, None, template_id=number, seen=earlier, actor=OPERATOR, now=NOW
        )
        gone = templates.set_active(
            session, number + 1, active=False, seen=None, actor=OPERATOR, now=NOW
        )
    assert isinstance(said, Refused)
    assert said.late
    assert gone == templates.GONE
    with reading(engine) as session:
        assert listed(session)[0].title == "Принято"


@pytest.mark.parametrize(
    ("title", "text", "words"),
    [
        ("", TEXT, "Назовите шаблон"),
        ("я" * 101, TEXT, "от 1 до 100 знаков"),
        ("Пусто", " \n ", "Текст шаблона пуст"),
        ("Длинно", "я" * 8001, "8001 знаков из 8000"),
        ("Не то", "{фамилия} и {имя}", "Неизвестные переменные: {фамилия}, {имя}. Есть такие: {н"),
    ],
)
def test_what_is_wrong_is_told(engine: sa.Engine, title: str, text: str, words: str) -> None:
    with unit_of_work(engine) as session:
        said = templates.save(session, title, text, None, actor=OPERATOR, now=NOW)
    assert isinstance(said, Refused)
    assert words in said.message
    assert not said.late


@pytest.mark.parametrize("actor", [LUGA, HEAD])
def test_only_who_judges_keeps_templates(engine: sa.Engine, actor: Actor) -> None:
    number = saved(engine)
    with unit_of_work(engine) as session:
        said = templates.save(session, "Моё", TEXT, None, actor=actor, now=NOW)
        also = templates.set_active(session, number, active=False, seen=NOW, actor=actor, now=NOW)
    assert said == also == templates.NOT_YOURS


def test_there_is_an_end_to_templates(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        for number in range(templates.MOST):
            session.add(
                AnswerTemplate(
                    title=f"№ {number}", text=TEXT, changed_at=NOW, changed_by="operator"
                )
            )
        session.flush()
        said = templates.save(session, "Ещё", TEXT, None, actor=OPERATOR, now=NOW)
    assert isinstance(said, Refused)
    assert "уже 500" in said.message
