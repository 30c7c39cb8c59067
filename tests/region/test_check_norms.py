"""What is said of norms and reminders that do not go together."""

from pathlib import Path

import pytest
from region_folder import said, write_region

from models.vocabulary import Term
from pipeline.region.load import check_region


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_region(tmp_path)


def norms(folder: Path, *lines: str, reminders: str = "") -> None:
    text = "norms:\n" + "".join(f"  - {{{line}}}\n" for line in lines) + reminders
    (folder / "norms.yaml").write_text(text, encoding="utf-8")


ANY = "source: any, urgency: any"


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        # An urgent matter that the default norms give three hours
        (["source: vk, urgency: normal, working_hours: 2"], 2, "источник vk: при повышенной"),
        (
            [
                "source: ok, urgency: urgent, working_days: 2",
                "source: ok, urgency: normal, working_days: 1",
            ],
            2,
            "источник ok: при повышенной важности на ответ дано больше (2 рабочих дня)",
        ),
        (
            [
                "source: pos, urgency: urgent, calendar_hours: 25",
                "source: pos, urgency: normal, calendar_days: 1",
            ],
            2,
            "25 часов), чем при обычной (1 календарный день)",
        ),
    ],
)
def test_an_urgent_answer_may_not_take_longer(
    folder: Path, lines: list[str], line: int, what: str
) -> None:
    norms(folder, *lines)
    (problem,) = check_region(folder)
    assert what in problem.what
    assert (problem.file, problem.line) == ("norms.yaml", line)


def test_as_long_as_a_normal_one_is_not_longer(folder: Path) -> None:
    norms(
        folder,
        "source: pos, urgency: urgent, calendar_hours: 24",
        "source: pos, urgency: normal, calendar_days: 1",
        "source: vk, urgency: any, working_hours: 1",
        f"{ANY}, term: review, working_hours: 1",
    )
    assert said(folder) == []


def test_an_urgent_norm_of_all_sources_is_refused_once(folder: Path) -> None:
    norms(folder, "source: any, urgency: urgent, calendar_days: 30")
    assert len(said(folder)) == 1


@pytest.mark.parametrize(
    ("above", "dead", "lines"),
    [
        ([f"{ANY}, working_hours: 3"], "source: vk, urgency: urgent, working_hours: 1", "2"),
        (
            [
                "source: vk, urgency: urgent, working_hours: 1",
                "source: vk, urgency: normal, working_hours: 2",
            ],
            "source: vk, urgency: any, working_hours: 3",
            "2, 3",
        ),
    ],
)
def test_a_norm_that_never_applies_is_refused(
    folder: Path, above: list[str], dead: str, lines: str
) -> None:
    norms(folder, *above, dead)
    (problem,) = check_region(folder)
    assert problem.what == f"этот срок никогда не сработает: всё берут строки выше ({lines})"
    assert problem.line == len(above) + 2


def test_terms_do_not_take_from_each_other(folder: Path) -> None:
    norms(folder, *(f"{ANY}, term: {term}, working_hours: 3" for term in Term))
    assert said(folder) == []


@pytest.mark.parametrize(
    ("reminders", "line", "what"),
    [
        ("[{at: 0%, tell: [executor]}]", 3, "«0%» — не время напоминания"),
        ("[{at: 100%, tell: [executor]}]", 3, "«100%» — не время напоминания"),
        ("[{at: 7.5%, tell: [executor]}]", 3, "«7.5%» — не время напоминания"),
        ("[{at: 2h, tell: [executor]}]", 3, "«2h» — не время напоминания"),
        ("[{at: +0h, tell: [executor]}]", 3, "«+0h» — не время напоминания"),
        ("[{at: +99999m, tell: [executor]}]", 3, "«+99999m» — не время напоминания"),
        ("[{at: deadline, tell: [boss]}]", 3, "неизвестно: роль «boss»"),
        ("[{at: deadline, tell: []}]", 3, "некому напоминать"),
        ("[{at: deadline}]", 3, "нет ключа «tell»"),
        ("[{tell: [executor]}]", 3, "нет ключа «at»"),
        ("75%", 3, "здесь нужен список"),
        (
            "\n  - {at: 75%, tell: [executor]}\n  - {at: 50%, tell: [executor]}",
            5,
            "не позже предыдущего",
        ),
        (
            "\n  - {at: +60m, tell: [executor]}\n  - {at: +1h, tell: [executor]}",
            5,
            "не позже предыдущего",
        ),
        (
            "\n  - {at: +1h, tell: [executor]}\n  - {at: deadline, tell: [executor]}",
            5,
            "не позже предыдущего",
        ),
    ],
)
def test_a_mistake_in_reminders_is_named(
    folder: Path, reminders: str, line: int, what: str
) -> None:
    norms(folder, f"{ANY}, working_hours: 3", reminders=f"reminders: {reminders}\n")
    problems = [problem for problem in check_region(folder) if what in problem.what]
    assert [(problem.file, problem.line) for problem in problems] == [("norms.yaml", line)]
