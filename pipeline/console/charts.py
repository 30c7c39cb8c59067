"""Geometry of the charts: numbers in, coordinates out. The templates draw them."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 48.0, 4.0, 18.0, 34.0
"""What is left free around the columns for the words; wide enough for a phone's larger ones."""

GAP = 0.22
"""How much of a column's place stays empty."""

LINES = 4
"""How many lines across a chart at most."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a chart; ``middle`` is where its name stands."""

    x: float
    y: float
    width: float
    height: float
    middle: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the chart with its number."""

    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns with a line over them; ``line`` are the points of an SVG polyline."""

    columns: tuple[Column, ...]
    line: str
    ticks: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    bottom: float = HEIGHT - BOTTOM


def chart(counts: Sequence[int], line: Sequence[float | None]) -> Chart:
    """Lay out columns of ``counts`` (0 or more) and a line through the middle of the columns.

    Both have the same scale, which begins at zero; a None in ``line`` has no point.
    """
    step = tick_step(max([*counts, *(point for point in line if point is not None), 1]))
    top = step * LINES
    highest = max([*counts, *(point for point in line if point is not None), 1])
    while top - step >= highest:
        top -= step
    room, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    place = room / max(len(counts), 1)

    def height(value: float) -> float:
        return tall * value / top

    columns = tuple(
        Column(
            x=_round(LEFT + place * (i + GAP / 2)),
            y=_round(HEIGHT - BOTTOM - height(count)),
            width=_round(place * (1 - GAP)),
            height=_round(height(count)),
            middle=_round(LEFT + place * (i + 0.5)),
        )
        for i, count in enumerate(counts)
    )
    points = [
        f"{column.middle},{_round(HEIGHT - BOTTOM - height(value))}"
        for column, value in zip(columns, line, strict=True)
        if value is not None
    ]
    ticks = tuple(
        Tick(_round(HEIGHT - BOTTOM - height(number)), number) for number in range(0, top + 1, step)
    )
    return Chart(columns, " ".join(points), ticks)


def tick_step(highest: float) -> int:
    """Return 1, 2 or 5 times a power of ten, so that four steps reach ``highest``."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power * LINES >= highest:
                return digit * power
        power *= 10


def part_of(count: int, largest: int) -> float:
    """Return the length of a bar, 0 to 100, beside the longest one."""
    return _round(100 * count / largest) if largest > 0 else 0.0


def _round(number: float) -> float:
    return round(number, 1)
