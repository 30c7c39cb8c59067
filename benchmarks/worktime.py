"""How fast working time is added, one by one and at once, beside other libraries in one run.

    OMP_NUM_THREADS=1 python benchmarks/worktime.py [--count N]

Everybody gets the same office (08:30-13:00 and 14:00-17:30 in Moscow) and the same questions:
whole working hours from a minute in office hours, within a few days of a working Saturday, a
moved day off or a short day of 2024 to 2026. The other libraries are asked in two ways: as their
guides say, Monday to Friday and the days off of the `holidays` library; and with every single day
off written out for them, which no guide asks for. No question ends at an opening or a close,
because there the habits of libraries differ and none is wrong. What is right is taken from our
calendar, which `tests/decisions/test_worktime_million.py` compares with the wall clock.

Speeds are adds per second of processor time, the best of three runs.
"""

import argparse
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from importlib import import_module
from types import ModuleType
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays
import numpy as np

from pipeline.decisions.worktime import WorkCalendar
from pipeline.decisions.worktime_vector import (
    adds,
    adds_calendar_days,
    adds_working_days,
    betweens,
    microseconds,
)

SINGLE_BAR, VECTOR_BAR = 100_000, 2_000_000
ZONE = ZoneInfo("Europe/Moscow")
SPANS = ((clock(8, 30), clock(13)), (clock(14), clock(17, 30)))
HOUR = timedelta(hours=1)
YEARS = range(2024, 2027)
MANY = 1_000_000
WRONG_COUNT = 600
"""Questions put to the others, which are slow."""


class Question(NamedTuple):
    """``hours`` working hours from ``start``, in UTC."""

    start: datetime
    hours: int


class Rival(NamedTuple):
    """A library, and how it was told the days off."""

    name: str
    add: Callable[[Question], datetime]


def office() -> WorkCalendar:
    """Return the office's calendar."""
    return WorkCalendar.from_values(
        time_zone="Europe/Moscow", working_hours=dict.fromkeys(range(5), SPANS)
    )


def dates() -> list[date]:
    """Return every date of the years and the month after them."""
    first = date(YEARS[0], 1, 1)
    return [first + timedelta(days=i) for i in range((date(YEARS[-1] + 1, 2, 1) - first).days)]


def special_days(calendar: WorkCalendar) -> list[date]:
    """Return working Saturdays, days off moved onto weekdays, and short days."""
    plans = {day: calendar.plan(day) for day in dates() if day.year in YEARS}
    return [day for day, plan in plans.items() if plan.instead_of is not None or plan.cut]


def questions(calendar: WorkCalendar, count: int, seed: int = 5) -> list[Question]:
    """Return questions around the special days, the same on every machine."""
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    days = special_days(calendar)
    found: list[Question] = []
    while len(found) < count:
        day = chance.choice(days) - timedelta(days=chance.randrange(4))
        wall = clock(chance.choice([9, 10, 11, 12, 14, 15, 16]), chance.choice([7, 17, 47]))
        start = datetime.combine(day, wall, ZONE).astimezone(UTC)
        if calendar.is_working(start):
            found.append(Question(start, chance.randint(1, 16)))
    return found


def pandas_rivals(pandas: ModuleType, calendar: WorkCalendar) -> list[Rival]:
    """Return pandas' CustomBusinessHour; it is asked in local time without a zone."""
    hours = {
        "start": [f"{start:%H:%M}" for start, _ in SPANS],
        "end": [f"{end:%H:%M}" for _, end in SPANS],
    }
    known = list(holidays.country_holidays("RU", years=[*YEARS, YEARS[-1] + 1]))
    resting = [day for day in dates() if not calendar.plan(day).spans]
    told = {
        "its guide": {"weekmask": "Mon Tue Wed Thu Fri", "holidays": known},
        "days listed": {"weekmask": "1111111", "holidays": resting},
    }

    def rival(name: str, days: Mapping[str, object]) -> Rival:
        offset = pandas.offsets.CustomBusinessHour
        made = {n: offset(n=n, **hours, **days) for n in range(1, 17)}

        def add(question: Question) -> datetime:
            local = question.start.astimezone(ZONE).replace(tzinfo=None)
            due: datetime = (pandas.Timestamp(local) + made[question.hours]).to_pydatetime()
            return due.replace(tzinfo=ZONE)

        return Rival(f"pandas CustomBusinessHour, {name}", add)

    return [rival(name, days) for name, days in told.items()]


def businesstimedelta_rivals(library: ModuleType, calendar: WorkCalendar) -> list[Rival]:
    """Return businesstimedelta's rules."""
    # It knows the zones of pytz alone, which comes with it.
    zone = import_module("pytz").timezone(str(ZONE))
    resting = holidays.HolidayBase()
    resting.update({day: "off" for day in dates() if not calendar.plan(day).spans})
    known = holidays.country_holidays("RU", years=[*YEARS, YEARS[-1] + 1])

    def rival(name: str, weekdays: Sequence[int], days: object) -> Rival:
        (opens, lunch), (back, closes) = SPANS
        workday = library.WorkDayRule(
            start_time=opens, end_time=closes, working_days=list(weekdays), tz=zone
        )
        break_ = library.LunchTimeRule(
            start_time=lunch, end_time=back, working_days=list(weekdays), tz=zone
        )
        rules = library.Rules([workday, break_, library.HolidayRule(days, tz=zone)])
        made = {n: library.BusinessTimeDelta(rules, hours=n) for n in range(1, 17)}

        def add(question: Question) -> datetime:
            due: datetime = question.start.astimezone(ZONE) + made[question.hours]
            return due

        return Rival(f"businesstimedelta, {name}", add)

    return [rival("its guide", range(5), known), rival("days listed", range(7), resting)]


RIVALS = {"pandas": pandas_rivals, "businesstimedelta": businesstimedelta_rivals}


def speed(work: Callable[[], object], count: int) -> float:
    """Return how many of ``count`` are done per second of processor time, best of three."""
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return count / min(seconds)


def singles(calendar: WorkCalendar, count: int) -> float:
    """Return single adds per second over changing starts and amounts."""
    asked = [(q.start, q.hours * HOUR) for q in questions(calendar, count)]
    add = calendar.add

    def work() -> None:
        for start, working in asked:
            add(start, working)

    return speed(work, count)


def main() -> None:
    """Print speeds with their bars, then the others' speeds and wrong answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=MANY, help="moments added at once")
    count = parser.parse_args().count
    calendar = office()
    single = singles(calendar, 50_000)
    print(f"one by one   {single:12,.0f} adds/s   >= {SINGLE_BAR:,}: {said(single >= SINGLE_BAR)}")

    dice = np.random.default_rng(5)
    first, last = (microseconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (2024, 2027))
    starts = dice.integers(first, last, count)
    amounts = dice.integers(0, microseconds(datetime(1970, 1, 5, tzinfo=UTC)), count)
    begun = time.process_time()
    adds(calendar, starts[:1], amounts[:1])
    laid_out = time.process_time() - begun
    vector = speed(lambda: adds(calendar, starts, amounts), count)
    ok = said(vector >= VECTOR_BAR)
    print(f"at once      {vector:12,.0f} adds/s   >= {VECTOR_BAR:,}: {ok}")
    for name, work in (
        ("betweens", lambda: betweens(calendar, starts, starts + amounts)),
        ("adds_working_days", lambda: adds_working_days(calendar, starts, 7)),
        ("adds_calendar_days", lambda: adds_calendar_days(calendar, starts, 12)),
    ):
        print(f"  {name:20}{speed(work, count):12,.0f} /s")
    print(f"  the tables of 2005 to 2100, once for a calendar: {laid_out:.2f} s")

    asked = questions(calendar, WRONG_COUNT)
    right = [calendar.add(q.start, q.hours * HOUR) for q in asked]
    for module, make in RIVALS.items():
        try:
            library = import_module(module)
        except ImportError:
            print(f"{module} is not here; to compare with it: python -m pip install {module}")
            continue
        for rival in make(library, calendar):
            answers = [rival.add(q) for q in asked]
            wrong = sum(a != b for a, b in zip(answers, right, strict=True))
            rate = speed(lambda add=rival.add: [add(q) for q in asked], len(asked))  # type: ignore[misc]
            print(
                f"{rival.name:39}{rate:8,.0f} adds/s; ours {single / rate:6,.0f} x one by one, "
                f"{vector / rate:9,.0f} x at once; wrong {wrong} of {len(asked)}"
            )


def said(passed: bool) -> str:  # noqa: FBT001 - the word for it
    """Return yes or no."""
    return "yes" if passed else "no"


if __name__ == "__main__":
    main()
