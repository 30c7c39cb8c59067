"""``otklik notices``, as a person types it."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.smtp import SmtpFake
from noticing import NoticeOffice, body_code

from models.channel_words import DeliveryState
from models.vocabulary import Occasion, Stage
from pipeline.cli import main
from pipeline.database import open_database
from pipeline.settings import load_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path))
    monkeypatch.delenv("OTKLIK_SMTP_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def office(home: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[NoticeOffice]:
    assert home.exists()
    assert main(["notices", "channels"]) == 0
    assert "Каналов нет" in capsys.readouterr().out
    engine = open_database(load_settings().url())
    made = NoticeOffice(engine)
    made.person("ivanova")
    yield made
    engine.dispose()


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpFake]:
    """Serve mail in a thread: commands have a loop of their own."""
    fake, loop, over = SmtpFake(), asyncio.new_event_loop(), asyncio.Event()
    ready = threading.Event()

    async def serve() -> None:
        async with fake:
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    monkeypatch.setenv("OTKLIK_SMTP_URL", fake.url)
    yield fake
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


ADD = ["notices", "add", "--staff", "ivanova", "--kind", "email", "--address", "iv@example.ru"]


def test_a_channel_is_added_tried_changed_and_removed(
    office: NoticeOffice, mail: SmtpFake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(ADD) == 0
    assert main(["notices", "test", "1"]) == 0
    assert "пробное уведомление" in str(mail.letters[0]["Subject"])
    assert main([*ADD, "--quiet", "21:00-08:00", "--urgent-at-once", "--only", "overdue"]) == 0
    capsys.readouterr()
    assert main(["notices", "channels"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("ivanova") == 1
    assert "тишина 21:00–08:00  срочное сразу  только overdue" in shown
    assert main(["notices", "remove", "1"]) == 0
    assert main(["notices", "remove", "1"]) == 1
    assert [channel.active for channel in office.channels()] == [False]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--quiet", "21:00"], "Часы тишины"),
        (["--at", "09:00"], "сводки"),
        (["--only", "telepathy"], "Повода"),
        (["--body", "katynskoe"], "одно из двух"),
        (["--secret", "smtp"], "секрет не нужен"),
    ],
)
def test_a_channel_that_makes_no_sense_is_refused(
    office: NoticeOffice, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert main([*ADD, *more]) == 1
    assert said in capsys.readouterr().err
    assert office.channels() == []


def test_nobody_and_nothing_gets_no_channel(
    office: NoticeOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    mail = ["--kind", "email", "--address", "a@example.ru"]
    assert main(["notices", "add", "--staff", "petrova", *mail]) == 1
    assert main(["notices", "add", "--body", "atlantis", *mail]) == 1
    assert body_code() in capsys.readouterr().err
    assert office.channels() == []


def test_a_trial_without_a_mail_server_says_what_to_set(
    office: NoticeOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(ADD) == 0
    assert main(["notices", "test", "1"]) == 1
    assert "OTKLIK_SMTP_URL" in capsys.readouterr().err
    assert office.deliveries() == []


def test_what_is_parked_is_shown_with_its_reason_and_sent_after_all(
    office: NoticeOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    office.operator()
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    office.say(Occasion.TO_APPROVE, office.incident(stage=Stage.APPROVAL))
    office.world.failures[1] = ["refused"]
    asyncio.run(office.look())
    assert main(["notices", "parked"]) == 1
    shown = capsys.readouterr().out
    assert "Исполнитель вернул инцидент № 1" in shown
    assert "Такого адреса нет." in shown
    assert main(["notices", "retry"]) == 1
    assert main(["notices", "retry", "1"]) == 0
    assert office.states() == [DeliveryState.WAITING]
    office.clock.now = datetime.now(UTC)  # the command's own
    assert main(["notices", "pending"]) == 0
    assert "ждёт отправки" in capsys.readouterr().out
    asyncio.run(office.look())
    assert main(["notices", "parked"]) == 0
    assert len(office.world.arrived) == 1
