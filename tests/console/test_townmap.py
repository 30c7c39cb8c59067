"""The map: where places lie, how large they are, whose names are seen."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.console.townmap import (
    EDGE,
    LARGEST,
    LINE,
    SMALLEST,
    WIDTH,
    Bubble,
    Place,
    draw,
    mercator,
    radius,
)

DEGREES = st.tuples(st.floats(-80, 80), st.floats(-180, 180))
TOWNS = st.lists(
    st.tuples(st.floats(54, 55.5), st.floats(31, 33), st.integers(0, 500)), min_size=1, max_size=25
)


def place(name: str, latitude: float, longitude: float, number: int = 0) -> Place:
    return Place(name.casefold(), name, latitude, longitude, number, 0)


def test_the_worlds_middle_and_edges() -> None:
    assert mercator(0, 0) == (0.5, 0.5)
    x, y = mercator(EDGE, -180)
    assert x == 0.0
    assert y == pytest.approx(0.0, abs=1e-9)


@given(st.floats(-80, 80))
def test_latitudes_are_where_map_servers_have_them(latitude: float) -> None:
    # As their documentation writes it
    theirs = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
    assert mercator(latitude, 0)[1] == pytest.approx(theirs, abs=1e-9)


def test_north_is_above_and_east_is_right() -> None:
    drawn = draw([place("Юг", 54.0, 32.0), place("Север", 55.0, 32.0), place("Восток", 54.5, 33)])
    assert drawn is not None
    where = {bubble.place.name: bubble for bubble in drawn.bubbles}
    assert where["Север"].y < where["Восток"].y < where["Юг"].y
    assert where["Восток"].x > where["Юг"].x


@given(st.lists(DEGREES, min_size=1, max_size=30))
def test_every_place_of_the_globe_is_inside(spots: list[tuple[float, float]]) -> None:
    drawn = draw([place(str(i), *spot, i) for i, spot in enumerate(spots)])
    assert drawn is not None
    for bubble in drawn.bubbles:
        assert -0.1 <= bubble.x <= WIDTH + 0.1
        assert -0.1 <= bubble.y <= drawn.height + 0.1


def test_a_district_across_the_180th_meridian_is_not_torn_apart() -> None:
    drawn = draw([place("Запад", 65, 179.5), place("Восток", 65, -179.5)])
    assert drawn is not None
    west, east = sorted(drawn.bubbles, key=lambda bubble: bubble.x)
    assert (west.place.name, east.place.name) == ("Запад", "Восток")


def corners(bubble: Bubble) -> tuple[float, float, float, float]:
    """Return what a name covers at least, were its letters half as wide as they are thought."""
    wide = len(bubble.name) * 3.0
    left = {"start": 0.0, "middle": wide / 2, "end": wide}[bubble.anchor]
    return bubble.name_x - left, bubble.name_y - LINE * 0.7, bubble.name_x - left + wide, LINE


@given(TOWNS)
def test_no_name_lies_upon_another(towns: list[tuple[float, float, int]]) -> None:
    drawn = draw([place(f"Посёлок {i}", *town) for i, town in enumerate(towns)])
    assert drawn is not None
    named = [corners(bubble) for bubble in drawn.bubbles if bubble.name]
    for i, (left, top, right, tall) in enumerate(named):
        assert left >= -0.5
        assert right <= WIDTH + 0.5
        for other_left, other_top, other_right, _ in named[:i]:
            apart = right <= other_left or other_right <= left or abs(top - other_top) >= tall - 0.5
            assert apart


def test_the_busiest_place_is_drawn_first_and_largest() -> None:
    drawn = draw([place("Малое", 54.5, 32.0, 1), place("Большое", 54.6, 32.5, 100)])
    assert drawn is not None
    large, small = drawn.bubbles
    assert (large.place.name, large.radius) == ("Большое", LARGEST)
    assert small.radius < LARGEST / 2


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_the_area_of_a_bubble_tells_its_number(number: int, more: int) -> None:
    most = number + more
    assert SMALLEST <= radius(number, most) < radius(most, most) == LARGEST
    grown = (radius(number, most) ** 2 - SMALLEST**2) / (LARGEST**2 - SMALLEST**2)
    assert grown == pytest.approx(number / most)


def test_villages_are_points_and_nothing_is_no_map() -> None:
    drawn = draw([], [(54.5, 32.0), (54.6, 32.2)])
    assert drawn is not None
    assert drawn.villages.count("M") == 2
    assert (drawn.bubbles, drawn.tiles) == ((), ())
    assert draw([]) is None


def test_a_single_village_is_not_looked_at_through_a_microscope() -> None:
    drawn = draw([place("Одно", 54.5, 32.0)])
    assert drawn is not None
    assert (drawn.bubbles[0].x, drawn.bubbles[0].y) == (WIDTH / 2, drawn.height / 2)


@given(TOWNS)
def test_tiles_cover_the_drawing(towns: list[tuple[float, float, int]]) -> None:
    drawn = draw([place(str(i), *town) for i, town in enumerate(towns)], tiled=True)
    assert drawn is not None
    assert 1 <= len(drawn.tiles) <= 30
    assert min(tile.x for tile in drawn.tiles) <= 0.1
    assert max(tile.x + tile.size for tile in drawn.tiles) >= WIDTH - 0.1
    assert min(tile.y for tile in drawn.tiles) <= 0.1
    assert max(tile.y + tile.size for tile in drawn.tiles) >= drawn.height - 0.1
    for tile in drawn.tiles:
        assert 0 <= tile.column < 2**tile.zoom
        assert 0 <= tile.row < 2**tile.zoom


def test_a_tile_lies_below_what_it_shows() -> None:
    drawn = draw([place("Смоленск", 54.7818, 32.0401), place("Рудня", 54.947, 31.093)], tiled=True)
    assert drawn is not None
    town = next(bubble for bubble in drawn.bubbles if bubble.place.name == "Смоленск")
    x, y = mercator(54.7818, 32.0401)
    below = next(
        tile
        for tile in drawn.tiles
        if tile.x <= town.x < tile.x + tile.size and tile.y <= town.y < tile.y + tile.size
    )
    count = 2**below.zoom
    assert (below.column, below.row) == (math.floor(x * count), math.floor(y * count))
