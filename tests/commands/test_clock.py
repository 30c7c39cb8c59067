"""``otklik clock`` as a person types it."""

import os
import re
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.commands.clock import parse_moment
from pipeline.commands.messages import CommandError

FRIDAY = "20.11.2026 16:00"

EXPLAINED = """\
Начало:  31.10.2025 16:30, пт
Норма:   9 ч рабочего времени

день           часы работы               засчитано  осталось  почему
31.10.2025 пт  08:30–13:00, 14:00–17:30  1 ч        8 ч
01.11.2025 сб  08:30–13:00, 14:00–16:30  7 ч        1 ч       рабочая суббота за 03.11.2025; \
сокращён на 1 ч
02.11.2025 вс  —                         0 мин      1 ч       выходной
03.11.2025 пн  —                         0 мин      1 ч       выходной, перенесён с 01.11.2025
04.11.2025 вт  —                         0 мин      1 ч       праздник: День народного единства
05.11.2025 ср  08:30–13:00, 14:00–17:30  1 ч        0 мин

Срок:    05.11.2025 09:30, ср"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("OTKLIK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTKLIK_HOME", str(tmp_path / "home"))


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what ``otklik clock`` prints for arguments that it accepts."""
    assert main(["clock", *arguments]) == 0
    return capsys.readouterr().out.rstrip("\n")


@pytest.mark.parametrize(
    ("norm", "due"),
    [
        ("8ч", "23.11.2026 16:00, пн"),
        ("8 Ч", "23.11.2026 16:00, пн"),
        ("1ч30м", "20.11.2026 17:30, пт"),
        ("1ч 31мин", "23.11.2026 08:31, пн"),
        ("90м", "20.11.2026 17:30, пт"),
        ("3рд", "25.11.2026 17:30, ср"),
        ("12д", "02.12.2026 17:30, ср"),
    ],
)
def test_adding(norm: str, due: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "add", FRIDAY, norm) == due


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("20.11.2026 16:00:30", "20.11.2026 17:00:30, пт"),
        ("2026-11-20 16:00", "20.11.2026 17:00, пт"),
        ("2026-11-20T16:00:00+03:00", "20.11.2026 17:00, пт"),
        ("2026-11-20T13:00Z", "20.11.2026 17:00, пт"),
        (" 20.11.2026 16:00 ", "20.11.2026 17:00, пт"),
    ],
)
def test_a_moment_may_be_written_in_several_ways(
    start: str, due: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "add", start, "1ч") == due


def test_now_is_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.match(r"\d\d\.\d\d\.20\d\d \d\d:\d\d", said(capsys, "add", "сейчас", "8ч"))


def test_a_region_may_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    amursk = said(capsys, "explain", FRIDAY, "1ч", "--region", "amursky")

    assert "время Asia/Vladivostok" in amursk


def test_measuring(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "between", FRIDAY, "24.11.2026 11:00") == "12 ч"
    assert said(capsys, "between", "24.11.2026 11:00", FRIDAY) == "−12 ч (конец раньше начала)"


def test_measuring_as_the_state_system_does(capsys: pytest.CaptureFixture[str]) -> None:
    # From the evening to the next morning: plain rounding would say 12
    assert (
        said(capsys, "between", "--ticks", "24.12.2025 20:13:14", "25.12.2025 08:42:16")
        == "13 мин по счёту «Инцидент Менеджмента»"
    )


def test_explaining_a_norm(capsys: pytest.CaptureFixture[str]) -> None:
    head, rest = said(capsys, "explain", "31.10.2025 16:30", "9ч").split("\n", 1)

    assert head.startswith(
        "Район:   Смоленский район Смоленской области, время Europe/Moscow, календарь "
    )
    assert rest == EXPLAINED


@pytest.mark.parametrize(
    ("norm", "head", "foot"),
    [
        ("3рд", "Норма:   3 рабочих дня", "Срок:    25.11.2026 17:30, ср"),
        ("12д", "Норма:   12 календарных дней", "Срок:    02.12.2026 17:30, ср"),
        (
            "24.11.2026 11:00",
            "Считаем: рабочее время до 24.11.2026 11:00, вт",
            "Итого: 12 ч",
        ),
    ],
)
def test_explaining_other_norms_and_what_lies_between(
    norm: str, head: str, foot: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(capsys, "explain", FRIDAY, norm).splitlines()

    assert lines[2] == head
    assert lines[-1] == foot


def test_explaining_the_minutes_of_the_state_system(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(
        capsys, "explain", "--ticks", "20.11.2026 16:00:30", "24.11.2026 11:00"
    ).splitlines()

    assert lines[2] == "Считаем: минуты «Инцидент Менеджмента» до 24.11.2026 11:00, вт"
    assert "1 ч 29 мин" in lines[5]
    assert lines[-1] == "Итого: 11 ч 59 мин (719 мин)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", "20.11.2026", "8ч"), "«20.11.2026» — не момент"),
        (("add", "завтра", "8ч"), "«завтра» — не момент"),
        (("add", "", "8ч"), "«» — не момент"),
        (("add", "31.02.2026 10:00", "8ч"), "Момента «31.02.2026 10:00» нет"),
        (("add", "20.11.2026 24:00", "8ч"), "Момента «20.11.2026 24:00» нет"),
        (("add", "2026-11-20T16:00+99:00", "8ч"), "нет"),
        (("add", "20.11.1999 16:00", "8ч"), "с 2005 по 2100 год, а указан 1999"),
        (("add", "9999-12-31T23:59-12:00", "8ч"), "с 2005 по 2100 год, а указан 9999"),
        (("add", FRIDAY, "8"), "«8» — не срок"),
        (("add", FRIDAY, ""), "«» — не срок"),
        (("add", FRIDAY, "8 часов"), "«8 часов» — не срок"),
        (("add", FRIDAY, "٣ч"), "«٣ч» — не срок"),
        (("add", FRIDAY, "0ч"), "Срок равен нулю"),
        (("add", FRIDAY, "0рд"), "Срок равен нулю"),
        (("add", FRIDAY, "999999ч"), "Рабочее время 999999 ч прибавить нельзя"),
        (("add", FRIDAY, "999999д"), "не число от 1 до"),
        (("add", "20.11.2100 16:00", "900ч"), "понадобился 2101"),
        (("explain", FRIDAY, "19.11.2026 16:00"), "Конец раньше начала"),
        (("explain", FRIDAY, "8ч", "--ticks"), "Укажите вместо срока второй момент"),
        (("between", FRIDAY, "8ч"), "«8ч» — не момент"),
        (("add", FRIDAY, "8ч", "--region", "nowhere"), "nowhere"),
    ],
)
def test_bad_input_is_refused_in_one_russian_line(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clock", *arguments]) == 1

    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("otklik: ")
    assert error.count("\n") == 1


def test_an_hour_that_the_clock_skipped_is_refused() -> None:
    with pytest.raises(CommandError, match="часы перевели вперёд"):
        parse_moment("29.03.2026 02:30", "Europe/Berlin")


def test_of_an_hour_shown_twice_the_first_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    first = parse_moment("25.10.2026 02:30", "Europe/Berlin")

    assert first.isoformat() == "2026-10-25T00:30:00+00:00"
    assert "второй — 2026-10-25T02:30+01:00" in capsys.readouterr().err
