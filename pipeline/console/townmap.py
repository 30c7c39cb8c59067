"""The map of the municipality: places on the globe in, coordinates of a drawing out.

The projection is the Web Mercator one, so that tiles of a map server fit below.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

WIDTH = 440.0
LOWEST, HIGHEST = 260.0, 520.0
"""Units of the drawing; how tall it is depends on the municipality's shape."""

PADDING = 34.0
SMALLEST, LARGEST = 4.0, 24.0
"""Radius of a place without open incidents, and of the one with most of them."""

LETTER, LINE = 8.6, 15.0
"""Width of a letter and height of a line of a name, on a phone, where they are largest."""

EDGE = 85.0511287798
"""The latitude at which the projection ends."""

TILE = 256.0
DEEPEST = 18
NEAREST = TILE * 2**14
"""A single village fills no more than this of the world: units for all of the equator."""


@dataclass(frozen=True, slots=True)
class Place:
    """A settlement: where it is (WGS 84 degrees), how much is open there and overdue."""

    code: str
    name: str
    latitude: float
    longitude: float
    number: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Bubble:
    """A settlement as it is drawn; ``anchor`` is SVG's; without a name where none fits."""

    place: Place
    x: float
    y: float
    radius: float
    name: str = ""
    name_x: float = 0.0
    name_y: float = 0.0
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture of a map server and where it lies."""

    x: float
    y: float
    size: float
    zoom: int
    column: int
    row: int


@dataclass(frozen=True, slots=True)
class TownMap:
    """The drawing; ``villages`` are the points of populated places, as an SVG path."""

    width: float
    height: float
    bubbles: tuple[Bubble, ...]
    villages: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class _View:
    """How the world, a square of 1 × 1, lies below the drawing."""

    left: float
    top: float
    scale: float
    height: float

    def point(self, latitude: float, longitude: float) -> tuple[float, float]:
        x, y = mercator(latitude, longitude)
        # Chukotka goes on beyond the 180th meridian.
        x += math.ceil(self.left - x) if x < self.left else 0
        return (x - self.left) * self.scale, (y - self.top) * self.scale


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return not (
            self.right <= other.left
            or other.right <= self.left
            or self.bottom <= other.top
            or other.bottom <= self.top
        )


def mercator(latitude: float, longitude: float) -> tuple[float, float]:
    """Return where a place lies in the world's square: x to the east, y to the south, 0 to 1."""
    sine = math.sin(math.radians(max(-EDGE, min(EDGE, latitude))))
    return (longitude + 180) / 360 % 1, 0.5 - math.atanh(sine) / (2 * math.pi)


def draw(
    places: Sequence[Place], villages: Iterable[tuple[float, float]] = (), *, tiled: bool = False
) -> TownMap | None:
    """Draw settlements and villages (latitude, longitude); None where nothing has coordinates.

    The area of a bubble is in proportion to what is open. ``tiled`` says to name the tiles of a
    map server that lie below.
    """
    dots = list(villages)
    seen = [*dots, *((place.latitude, place.longitude) for place in places)]
    if not seen:
        return None
    view = _fit(seen)
    most = max((place.number for place in places), default=0)
    # The large ones first, so that the small ones lie above them and are named after them.
    ordered = sorted(places, key=lambda place: (-place.number, place.code))
    bare = []
    for place in ordered:
        x, y = view.point(place.latitude, place.longitude)
        bare.append(Bubble(place, _tidy(x), _tidy(y), _tidy(radius(place.number, most))))
    around = [_around(bubble) for bubble in bare]
    names: list[_Box] = []
    bubbles = []
    for i, bubble in enumerate(bare):
        others = [*around[:i], *around[i + 1 :], *names]
        named, box = _named(bubble, view.height, others)
        bubbles.append(named)
        if box is not None:
            names.append(box)
    path = "".join(
        f"M{_tidy(x)} {_tidy(y)}h0" for x, y in sorted({view.point(*dot) for dot in dots})
    )
    tiles = tuple(_tiles(view)) if tiled else ()
    return TownMap(WIDTH, _tidy(view.height), tuple(bubbles), path, tiles)


def radius(number: int, most: int) -> float:
    """Return how large a bubble is: its area beyond the smallest one's grows with ``number``."""
    if number <= 0 or most <= 0:
        return SMALLEST
    return math.sqrt(SMALLEST**2 + (LARGEST**2 - SMALLEST**2) * number / most)


def _fit(seen: Sequence[tuple[float, float]]) -> _View:
    """Look at all of them at once, from as near as the drawing allows."""
    points = [mercator(*one) for one in seen]
    xs = [x for x, _ in points]
    if max(xs) - min(xs) > 0.5:
        xs = [x + 1 if x < 0.5 else x for x in xs]
    ys = [y for _, y in points]
    wide, tall = max(xs) - min(xs), max(ys) - min(ys)
    room = WIDTH - 2 * PADDING
    scale = min(
        NEAREST,
        room / wide if wide else NEAREST,
        (HIGHEST - 2 * PADDING) / tall if tall else NEAREST,
    )
    height = min(HIGHEST, max(LOWEST, tall * scale + 2 * PADDING))
    left = (max(xs) + min(xs)) / 2 - WIDTH / 2 / scale
    top = (max(ys) + min(ys)) / 2 - height / 2 / scale
    return _View(left, top, scale, height)


def _named(bubble: Bubble, height: float, others: Sequence[_Box]) -> tuple[Bubble, _Box | None]:
    """Put a name beside its bubble where nothing else is; without a name where there is no room."""
    x, y, name = bubble.x, bubble.y, bubble.place.name
    wide, beside = len(name) * LETTER, bubble.radius + 3
    for left, middle, anchor, at in (
        (x + beside, y, "start", x + beside),
        (x - beside - wide, y, "end", x - beside),
        (x - wide / 2, y + beside + LINE / 2, "middle", x),
        (x - wide / 2, y - beside - LINE / 2, "middle", x),
    ):
        box = _Box(left, middle - LINE / 2, left + wide, middle + LINE / 2)
        inside = box.left >= 0 and box.right <= WIDTH and box.top >= 0 and box.bottom <= height
        if inside and not any(box.meets(other) for other in others):
            # A line of text stands on its base, not in its middle.
            base = _tidy(middle + LINE * 0.3)
            return replace(bubble, name=name, name_x=_tidy(at), name_y=base, anchor=anchor), box
    return bubble, None


def _around(bubble: Bubble) -> _Box:
    x, y, far = bubble.x, bubble.y, bubble.radius
    return _Box(x - far, y - far, x + far, y + far)


def _tiles(view: _View) -> Iterable[Tile]:
    zoom = max(0, min(DEEPEST, round(math.log2(view.scale / TILE))))
    count = 2**zoom
    size = view.scale / count
    first, last = (
        math.floor(view.left * count),
        math.floor((view.left + WIDTH / view.scale) * count),
    )
    top = math.floor(view.top * count)
    bottom = math.floor((view.top + view.height / view.scale) * count)
    for row in range(max(top, 0), min(bottom, count - 1) + 1):
        for column in range(first, last + 1):
            x, y = (column / count - view.left) * view.scale, (row / count - view.top) * view.scale
            yield Tile(_tidy(x), _tidy(y), _tidy(size), zoom, column % count, row)


def _tidy(number: float) -> float:
    return round(number, 1)
