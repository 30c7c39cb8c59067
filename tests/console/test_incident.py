"""The card: texts, reasons, place, body, deadline, journal."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from console.builders import NOW, add_incident, add_post, add_version
from console.client import Browser

from models.columns import stored_id
from models.incident import Incident
from models.source import Source
from models.vocabulary import Act, Outcome, PostKind, Stage, Urgency
from pipeline.database import unit_of_work
from pipeline.desk import journal
from pipeline.store.posts import posts_of


def card_text(browser: Browser, incident: Incident) -> str:
    return browser.page(f"/incident/{incident.id}").text


def test_the_card_tells_everything_that_was_decided_and_why(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        incident = add_incident(session, source, village="Луга", urgency=Urgency.URGENT)

    text = card_text(browser, incident)

    for words in (
        "Дороги и тротуары срочно",
        "осталось 2 ч 00 мин рабочего времени до 18.11.2026 15:00 МСК",
        "Норматив 8 рабочих часов",
        "Календарь 0123456789abcdef",
        "Лугское сельское поселение Луга Место — по сообществу, где написано",
        "Отдел дорог +7 (000) 000-00-00 roads@zarechny.example.org",
        "Правило маршрута: «Дороги района»",
        "Дороги и тротуары 81 % Благоустройство 12 % Уборка снега и наледи <1 %",
        "«яма» +1,25 «спасибо» −0,50",
        "открытый люк или неограждённая яма",
        "названа опасность, поэтому взято и при сомнении",
        "Ямы во дворах",
        "Модель 2026.1",
        "Инцидент открыт 18.11.2026 11:00 · Otklik модель сочла текст обращением",
        "правило маршрута «Дороги района»",
    ):
        assert words in text, words


def test_edits_a_deletion_and_the_thread_are_shown(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        add_post(session, source, "-1_root", kind=PostKind.POST, text="Пишите, где ямы")
        incident = add_incident(
            session,
            source,
            text="Яма на Полевой, 7",
            post={"root_id": "-1_root", "edited_at": NOW, "deleted_at": NOW},
        )
        add_version(session, posts_of(session, stored_id(incident.id))[0], "Яма на Полевой")
        journal.write(
            session,
            Act.POST_EDITED,
            at=NOW,
            incident_id=stored_id(incident.id),
            before={"text": "sha256:0123"},
            after={"text": "sha256:4567", "revision": 2},
        )

    text = card_text(browser, incident)

    for words in (
        "Обсуждение выше (1) запись",
        "Пишите, где ямы",
        "изменено 18.11.2026 12:00",
        "Автор удалил этот текст, замечено 18.11.2026 12:00",
        "Автор изменил текст, замечено 18.11.2026 12:00 Яма на Полевой, 7",
        "Автор изменил текст 18.11.2026 12:00 · Otklik",
    ):
        assert words in text, words
    assert "sha256" not in text, "digests are for whoever verifies the journal"


def test_the_journal_speaks_russian(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        incident = add_incident(session, source)
        number = stored_id(incident.id)
        journal.write(
            session,
            Act.URGENCY_RAISED,
            at=NOW,
            incident_id=number,
            before={"urgency": "normal", "body": "luga", "topic": "gas", "settlement": None},
            after={
                "urgency": "urgent",
                "body": "roads",
                "topic": "roads",
                "settlement": "bor",
                "due_at": (NOW + timedelta(hours=1)).isoformat(),
            },
        )
        journal.write(
            session,
            Act.PAUSED,
            at=NOW,
            incident_id=number,
            actor="operator",
            reason="Ждём смету, подрядчик молчит",
            before={"paused": False},
            after={"paused": True, "until": (NOW + timedelta(days=1)).isoformat()},
        )
        journal.write(
            session,
            Act.CO_EXECUTORS,
            at=NOW,
            incident_id=number,
            actor="operator",
            after={"helpers": ["luga", "roads"]},
        )
        journal.write(
            session, Act.ESCALATED, at=NOW, incident_id=number, after={"minutes": 120, "cycle": 3}
        )
        journal.write(
            session,
            Act.ANSWER_QUEUED,
            at=NOW,
            incident_id=number,
            actor="operator",
            after={
                "answer": 4,
                "answer_state": "queued",
                "answer_kind": "final",
                "outcome": "postponed",
            },
        )
        journal.write(
            session,
            Act.CLOSED,
            at=NOW,
            incident_id=number,
            before={"stage": "satisfaction"},
            after={"stage": "closed", "closing_reason": "no_reply"},
        )
        journal.write(
            session,
            Act.REOPENED,
            at=NOW,
            incident_id=number,
            actor="operator",
            reason="Яма снова на месте",
            before={"stage": "closed", "round": 1},
            after={"stage": "assigned", "round": 2},
        )

    text = card_text(browser, incident)

    for words in (
        "Важность повышена",
        "важность: обычная → повышенная",
        "ответственный: Администрация Лугского поселения → Отдел дорог",
        "тема: Газ → Дороги и тротуары",
        "поселение: Боровое сельское поселение",
        "срок: 18.11.2026 13:00",
        "Срок приостановлен 18.11.2026 12:00 · operator",
        "Ждём смету, подрядчик молчит",
        "срок стоит: нет → да",
        "до: 19.11.2026 12:00",
        "соисполнители: Администрация Лугского поселения, Отдел дорог",
        "минут после срока: 120",
        "вид: окончательный",
        "состояние: ждёт отправки",
        "итог: Отложено",
        "стадия: оценка удовлетворённости → закрыт",
        "причина закрытия: Нет ответа от автора",
        "стадия: закрыт → назначен",
        "круг: 1 → 2",
        "Яма снова на месте",
    ):
        assert words in text, words


def test_a_closed_incident_has_no_time_left(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        incident = add_incident(
            session, source, stage=Stage.CLOSED, outcome=Outcome.EXPLAINED, closed_at=NOW
        )

    text = card_text(browser, incident)
    assert "Разъяснено, 18.11.2026 12:00" in text
    assert "осталось" not in text


@pytest.mark.parametrize(
    ("url", "followed"),
    [
        ("https://vk.com/wall-1_2", True),
        ("http://ok.ru/group/1", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,<script>", False),
        ("//evil.example/x", False),
        ("https:evil", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_only_whole_web_addresses_become_links(
    browser: Browser, source: Source, console_engine: sa.Engine, url: str, followed: bool
) -> None:
    with unit_of_work(console_engine) as session:
        incident = add_incident(session, source, post={"url": url})

    outside = browser.page(f"/incident/{incident.id}").all("a", target="_blank")

    assert [link["href"] for link in outside] == ([url] if followed else [])
    assert all(link["rel"] == "noopener noreferrer" for link in outside)


def test_a_post_that_nothing_was_predicted_about_has_no_reasons(
    browser: Browser, source: Source, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        incident = add_incident(session, source, post={"prediction": {}, "published_at": None})

    assert "Почему так решено" not in card_text(browser, incident)
