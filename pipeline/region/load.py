"""Loads a region from its folder, or says everything that is wrong with it."""

from collections.abc import Callable
from pathlib import Path

from pipeline.region import (
    load_bodies,
    load_norms,
    load_process,
    load_routing,
    load_settlements,
    sources,
)
from pipeline.region.hours import WEEKDAYS, check_days, time_zone, working_hours
from pipeline.region.problems import Problem, RegionError
from pipeline.region.reading import Reader
from pipeline.region.schema import Municipality, Region

__all__ = ["KEYS", "Problem", "RegionError", "check_region", "load_region", "shipped_regions"]

SAMPLES = Path(__file__).parent / "sample"

KEYS: dict[str, tuple[str, ...]] = {
    "region": (
        "code",
        "name",
        "municipality",
        "time_zone",
        "working_hours",
        "short_day_minutes",
        "extra_days_off",
        "extra_working_days",
        "process",
        "retention",
    ),
    "municipality": ("code", "name", "kind"),
    "working_hours": WEEKDAYS,
    **load_process.KEYS,
    **load_settlements.KEYS,
    **load_bodies.KEYS,
    **load_routing.KEYS,
    **load_norms.KEYS,
    "sources": ("sources", "sample_feed"),
    "source": sources.KEYS,
}
"""Every key that a region's files may hold, by the kind of mapping it stands in."""


def shipped_regions() -> list[str]:
    """Return the names of the regions that come with the product."""
    return sorted(path.parent.name for path in SAMPLES.glob("*/region.yaml"))


def load_region(path_or_name: str | Path) -> Region:
    """Return the region of a folder, or of a shipped name. Raises RegionError."""
    region, problems = _read(path_or_name)
    if problems:
        raise RegionError(problems)
    return region


def check_region(path_or_name: str | Path) -> list[Problem]:
    """Return everything that is wrong with a region; empty when it can be used."""
    try:
        return _read(path_or_name)[1]
    except RegionError as error:
        return error.problems


def _read(path_or_name: str | Path) -> tuple[Region, list[Problem]]:
    if str(path_or_name) in shipped_regions():
        folder = SAMPLES / path_or_name
    else:
        folder = Path(path_or_name)
        if not _found(folder.is_dir):
            fix = "Укажите папку или поставляемый пример: " + ", ".join(shipped_regions())
            what = "нет такой папки и такого примера района"
            raise RegionError([Problem(str(path_or_name)[:200], None, what, fix)])
    folder = folder.resolve()
    problems: list[Problem] = []
    return _build(folder, problems), problems


def _build(folder: Path, problems: list[Problem]) -> Region:
    """Read the files in such an order that each can be checked against those before it."""
    reader = Reader("region.yaml", problems)
    found = reader.mapping(
        reader.open(folder),
        KEYS["region"],
        ("code", "name", "municipality", "time_zone", "working_hours"),
    )
    town = reader.mapping(found.get("municipality"), KEYS["municipality"], KEYS["municipality"])
    short = reader.integer(found.get("short_day_minutes"), 0, 240)
    zone = time_zone(reader, found.get("time_zone"))
    week = working_hours(reader, found.get("working_hours"))
    off = reader.dates(found.get("extra_days_off"))
    on = reader.dates(found.get("extra_working_days"))
    check_days(reader, found, week, off, on)
    settlements = load_settlements.read_settlements(folder, problems)
    codes = [settlement.code for settlement in settlements]
    bodies = load_bodies.read_bodies(folder, problems, codes)
    rules, default = load_routing.RoutingBuild(folder, problems, codes, bodies).read()
    norms, reminders = load_norms.read_norms(folder, problems, week)
    own, feed = sources.SourcesBuild(folder, problems, codes).read()
    return Region(
        code=reader.code(found.get("code")),
        name=reader.text(found.get("name")),
        municipality=Municipality(
            code=reader.code(town.get("code")),
            name=reader.text(town.get("name")),
            kind=reader.text(town.get("kind")),
        ),
        time_zone=zone,
        working_hours=week,
        short_day_minutes=60 if short is None else short,
        extra_days_off=off,
        extra_working_days=on,
        settlements=settlements,
        bodies=bodies,
        rules=rules,
        default_body=default,
        norms=norms,
        sources=own,
        sample_feed=feed,
        reminders=reminders,
        process=load_process.read_process(reader, found.get("process")),
        retention=load_process.read_retention(reader, found.get("retention")),
    )


def _found(check: Callable[[], bool]) -> bool:
    """Ask the disk; a path that it cannot even look at is not there."""
    try:
        return check()
    except OSError:
        return False
