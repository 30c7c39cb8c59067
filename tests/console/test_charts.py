"""Geometry of the charts: everything inside, heights in proportion."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.console.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    LINES,
    TOP,
    WIDTH,
    chart,
    part_of,
    tick_step,
)

COUNTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=40)


def test_a_column_twice_as_high_is_twice_as_much() -> None:
    drawn = chart([10, 20, 0], [None, 15.0, 15.0])
    first, second, third = drawn.columns
    assert (first.height * 2, third.height) == (second.height, 0)
    assert [tick.number for tick in drawn.ticks] == [0, 5, 10, 15, 20]
    assert drawn.line.split() == [
        f"{second.middle},{drawn.ticks[3].y}",
        f"{third.middle},{drawn.ticks[3].y}",
    ]


@given(COUNTS)
def test_everything_is_inside_the_drawing(counts: list[int]) -> None:
    drawn = chart(counts, [float(count) for count in counts])
    assert len(drawn.columns) == len(counts)
    assert len(drawn.ticks) <= LINES + 1
    assert drawn.ticks[-1].number >= max(counts)
    for column in drawn.columns:
        assert LEFT <= column.x <= column.x + column.width <= WIDTH
        assert TOP - 0.1 <= column.y <= column.y + column.height <= HEIGHT - BOTTOM + 0.1


def test_a_chart_of_nothing_has_a_scale() -> None:
    assert [tick.number for tick in chart([0, 0], [0.0, 0.0]).ticks] == [0, 1]
    assert chart([], []).columns == ()


@given(st.integers(1, 10**9))
def test_steps_are_round_and_four_of_them_are_enough(highest: int) -> None:
    step = tick_step(highest)
    assert str(step)[0] in "125"
    assert set(str(step)[1:]) <= {"0"}
    assert step * LINES >= highest


def test_a_bar_is_measured_by_the_longest() -> None:
    assert part_of(5, 20) == 25.0
    assert part_of(0, 0) == 0.0
