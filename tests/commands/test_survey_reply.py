"""``otklik reply`` where authors are asked: the link goes out, or is told to be passed on."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from answering import open_incident
from commands.test_reply import TEXT, home, number, otklik, the_answers
from region_folder import change, write_region

from models.vocabulary import Network
from pipeline.decisions.satisfaction import token_of

__all__ = ["home", "number"]

PUBLIC = "https://otklik.example.org"


@pytest.fixture(autouse=True)
def asking(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the region ask, and its console be open to citizens."""
    assert not home.exists()
    folder = tmp_path / "region"
    folder.mkdir()
    change(
        write_region(folder),
        "region.yaml",
        "code: lipki\n",
        "code: lipki\nprocess: {survey: true}\n",
    )
    monkeypatch.setenv("OTKLIK_REGION", str(folder))
    monkeypatch.setenv("OTKLIK_PUBLIC_URL", f"{PUBLIC}/")


def test_a_final_answer_goes_out_with_its_link_and_an_interim_one_without(
    number: int, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert otklik(number, "Смотрим.", "--interim") == 0
    assert otklik(number, TEXT) == 0

    interim, final = the_answers(engine, number)
    assert interim.text == "Смотрим."
    assert final.text == f"{TEXT}\n\nОцените ответ: {PUBLIC}/o/{token_of(final.key)}"
    assert "Ссылка для оценки" not in capsys.readouterr().out, "it goes out by itself"


@pytest.mark.usefixtures("number")
def test_who_answers_by_hand_is_told_the_link_and_again_when_asked(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    number = open_incident(engine, "tg:luga", Network.TELEGRAM)

    assert otklik(number, TEXT, "--hand", "https://t.me/luga/7") == 0

    (answer,) = the_answers(engine, number)
    link = f"Ссылка для оценки: {PUBLIC}/o/{token_of(answer.key)}"
    assert link in capsys.readouterr().out
    assert otklik(number, "--status") == 0
    assert link in capsys.readouterr().out


def test_without_a_public_address_nobody_is_asked(
    number: int, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTKLIK_PUBLIC_URL")
    assert otklik(number, TEXT) == 0
    (answer,) = the_answers(engine, number)
    assert answer.text == TEXT
