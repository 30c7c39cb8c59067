"""How long things are kept, as a region's folder says it."""

from pathlib import Path

import pytest
from region_folder import change, said, write_region

from pipeline.region.load import load_region
from pipeline.region.schema import Retention


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_region(tmp_path)


def say(folder: Path, retention: str) -> None:
    change(folder, "region.yaml", "code: lipki\n", f"code: lipki\nretention: {retention}\n")


def test_without_a_word_everything_is_kept_for_ever(folder: Path) -> None:
    assert load_region(folder).retention == Retention(None, None, None)


def test_each_period_is_read(folder: Path) -> None:
    say(folder, "{authors_months: 36, unreadable_days: 30, inbox_days: 7}")
    assert load_region(folder).retention == Retention(36, 30, 7)


@pytest.mark.parametrize(
    ("retention", "expected"),
    [
        ("{authors_months: 0}", "здесь нужно число от 1 до 600"),
        ("{authors_months: -36}", "здесь нужно число от 1 до 600"),
        ("{authors_months: 36.5}", "здесь нужно целое число"),
        ("{authors_months: три года}", "здесь нужно число от 1 до 600"),
        ("{unreadable_days: 99999}", "здесь нужно число от 1 до 3660"),
        ("{author_months: 36}", "Возможно, имелось в виду «authors_months»"),
        ("36", "здесь нужны ключи со значениями"),
    ],
)
def test_a_slip_is_told_with_its_line(folder: Path, retention: str, expected: str) -> None:
    say(folder, retention)
    (problem,) = said(folder)
    assert problem.startswith("region.yaml, строка 2: ")
    assert expected in problem
