"""The notifying flow as Prefect runs it, with a mail server on loopback."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from fakes.smtp import SmtpFake
from noticing import NoticeOffice
from prefect.testing.utilities import prefect_test_harness

from flows.notify import notify
from models.channel_words import ChannelKind, DeliveryState
from models.vocabulary import Occasion, Stage

# Prefect's own server has to start for this one flow; that it is served with the others is
# tested beside them.
pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield
    gc.collect()


async def test_what_was_announced_is_in_the_box(
    engine: sa.Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path))
    monkeypatch.setenv("OTKLIK_DATABASE_URL", database_url)
    office = NoticeOffice(engine)
    office.operator(kind=ChannelKind.EMAIL, address="operator@example.ru", secret="")
    office.say(Occasion.RETURNED, office.incident(stage=Stage.RETURNED))
    async with SmtpFake() as mail:
        monkeypatch.setenv("OTKLIK_SMTP_URL", mail.url)
        assert await notify(lasts=0) == 1
        assert await notify(lasts=0) == 0
    assert [letter["To"] for letter in mail.letters] == ["operator@example.ru"]
    assert office.states() == [DeliveryState.SENT]
