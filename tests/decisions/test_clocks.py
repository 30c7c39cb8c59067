"""When a term ends, what a pause adds to it, and when people are reminded of it.

The office works Monday to Friday, 08:00–12:00 and 13:00–17:00, in Moscow.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.vocabulary import Role, Stage, Term
from pipeline.decisions import deadlines
from pipeline.decisions.clocks import LEGAL, STAGE_TERMS, Fired, Stretch, due, fire, moments
from pipeline.decisions.worktime import WorkCalendar
from pipeline.region.schema import DEFAULT_REMINDERS, Norm, Reminder

MOSCOW = ZoneInfo("Europe/Moscow")
OFFICE = WorkCalendar.from_values(
    time_zone="Europe/Moscow",
    working_hours={day: ((time(8), time(12)), (time(13), time(17))) for day in range(5)},
)
EIGHT_HOURS = Norm("any", "any", 8, "working_hours", pausable=True)
HOUR = timedelta(hours=1)


def moscow(text: str) -> datetime:
    """Read «2026-06-01 09:00» as Moscow time; 1 June 2026 is a Monday."""
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


def stretch(since: str, until: str) -> Stretch:
    return Stretch(moscow(since), moscow(until))


# The end of a term


def test_without_pauses_a_term_ends_as_its_norm_says() -> None:
    written = moscow("2026-06-01 10:00")
    found = due(EIGHT_HOURS, written, OFFICE)
    assert found == deadlines.deadline(written, amount=8, unit="working_hours", calendar=OFFICE)
    assert (found.due_at, found.norm) == (moscow("2026-06-02 10:00"), "8 рабочих часов")


@pytest.mark.parametrize(
    ("pauses", "ends"),
    [
        # Two working hours of a morning; over lunch only one of two
        (["2026-06-01 10:00", "2026-06-01 12:00"], "2026-06-02 12:00"),
        (["2026-06-01 11:00", "2026-06-01 13:00"], "2026-06-02 11:00"),
        # What lies in the night, in the weekend, before the term or after its end adds nothing
        (["2026-06-01 17:00", "2026-06-02 08:00"], "2026-06-02 10:00"),
        (["2026-05-29 09:00", "2026-06-01 10:00"], "2026-06-02 10:00"),
        (["2026-06-02 10:00", "2026-06-20 10:00"], "2026-06-02 10:00"),
        # A week is forty hours
        (["2026-06-01 16:00", "2026-06-08 16:00"], "2026-06-09 10:00"),
        # A pause that began before the term counts from the term's beginning
        (["2026-05-29 09:00", "2026-06-01 11:00"], "2026-06-02 11:00"),
        # A pause that ends before it begins is none
        (["2026-06-01 12:00", "2026-06-01 10:00"], "2026-06-02 10:00"),
        # Two that overlap are one
        (
            ["2026-06-01 10:00", "2026-06-01 12:00", "2026-06-01 11:00", "2026-06-01 14:00"],
            "2026-06-02 14:00",
        ),
        # Two pauses, whichever was noted first
        (
            ["2026-06-01 15:00", "2026-06-01 16:00", "2026-06-01 10:00", "2026-06-01 11:00"],
            "2026-06-02 12:00",
        ),
        # The second one begins after the first end of the term, but before the moved one
        (
            ["2026-06-01 10:00", "2026-06-01 12:00", "2026-06-02 11:00", "2026-06-02 12:00"],
            "2026-06-02 14:00",
        ),
    ],
)
def test_a_pause_adds_its_working_time(pauses: list[str], ends: str) -> None:
    pairs = zip(pauses[::2], pauses[1::2], strict=True)
    found = due(EIGHT_HOURS, moscow("2026-06-01 10:00"), OFFICE, [stretch(*pair) for pair in pairs])
    assert found.due_at == moscow(ends)
    assert found.norm == "8 рабочих часов"


def test_a_term_of_days_goes_on_from_the_close_it_ends_at() -> None:
    # Given 30 days of the law that end on Wednesday the 1st of July at the close
    norm = Norm("any", "any", 30, "calendar_days", pausable=True)
    written = moscow("2026-06-01 10:00")
    assert due(norm, written, OFFICE).due_at == moscow("2026-07-01 17:00")
    # When the clock stood for a weekend, and for four hours
    weekend = stretch("2026-06-05 17:00", "2026-06-08 08:00")
    hours = stretch("2026-06-09 08:00", "2026-06-09 12:00")
    # Then the weekend moves nothing, the hours move it into the next morning
    assert due(norm, written, OFFICE, [weekend]).due_at == moscow("2026-07-01 17:00")
    assert due(norm, written, OFFICE, [weekend, hours]).due_at == moscow("2026-07-02 12:00")


# Reminders


def test_the_default_reminders_of_eight_working_hours() -> None:
    written = moscow("2026-06-05 15:00")  # Friday: due on Monday at 15:00
    due_at = due(EIGHT_HOURS, written, OFFICE).due_at
    assert due_at == moscow("2026-06-08 15:00")
    assert moments(written, due_at, DEFAULT_REMINDERS, OFFICE) == (
        moscow("2026-06-08 12:00"),  # three quarters: six of eight hours
        moscow("2026-06-08 15:00"),
        moscow("2026-06-08 17:00"),  # two hours after
        moscow("2026-06-09 15:00"),  # eight hours after
    )


def test_a_pause_moves_the_reminders_that_come_after_it() -> None:
    written = moscow("2026-06-01 08:00")
    early = Reminder(0.25)
    reminders = (early, *DEFAULT_REMINDERS)
    pause = stretch("2026-06-01 13:00", "2026-06-02 10:00")  # six working hours
    due_at = due(EIGHT_HOURS, written, OFFICE, [pause]).due_at
    assert due_at == moscow("2026-06-02 15:00")
    assert moments(written, due_at, reminders, OFFICE, [pause]) == (
        moscow("2026-06-01 10:00"),
        moscow("2026-06-02 12:00"),
        moscow("2026-06-02 15:00"),
        moscow("2026-06-02 17:00"),
        moscow("2026-06-03 15:00"),
    )


def test_a_deadline_that_was_brought_nearer_takes_its_reminders_along() -> None:
    # It became urgent after four hours: half of three hours is over long since.
    written = moscow("2026-06-01 08:00")
    plan = moments(written, moscow("2026-06-01 11:00"), DEFAULT_REMINDERS, OFFICE)
    assert plan[0] == moscow("2026-06-01 10:15")


def test_a_deadline_before_its_beginning_is_reminded_of_at_once() -> None:
    written, due_at = moscow("2026-06-01 12:00"), moscow("2026-06-01 09:00")
    plan = moments(written, due_at, DEFAULT_REMINDERS, OFFICE)
    assert list(plan) == sorted(plan)
    assert plan[0] == due_at


REMINDERS = (
    Reminder(0.5),
    Reminder(0.75, roles=(Role.EXECUTOR,)),
    Reminder(0.9),
    Reminder(1.0),
    Reminder(1.0, 60),
    Reminder(1.0, 480, roles=(Role.APPROVER,)),
)
UNITS = ("working_hours", "working_days", "calendar_days")
MOMENTS = st.datetimes(
    datetime(2015, 1, 1),  # noqa: DTZ001 - hypothesis wants the bounds naive
    datetime(2035, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
TERMS = st.builds(
    Norm,
    source=st.just("any"),
    urgency=st.just("any"),
    amount=st.integers(1, 40),
    unit=st.sampled_from(UNITS),
)


@st.composite
def lives(draw: st.DrawFn) -> tuple[Norm, datetime, list[Stretch]]:
    """Return a norm, the beginning of a term, and pauses near it that follow one another."""
    norm, since = draw(TERMS), draw(MOMENTS)
    minutes = sorted(draw(st.lists(st.integers(-3000, 30_000), max_size=8)))
    edges = [since + timedelta(minutes=one) for one in minutes]
    pauses = [Stretch(*pair) for pair in zip(edges[::2], edges[1::2], strict=False)]
    return norm, since, draw(st.permutations(pauses))


@settings(deadline=None)
@given(lives())
def test_a_term_has_its_working_time_without_its_pauses(
    life: tuple[Norm, datetime, list[Stretch]],
) -> None:
    norm, since, pauses = life
    plain, found = due(norm, since, OFFICE).due_at, due(norm, since, OFFICE, pauses).due_at
    assert found >= plain, "a pause never shortens"
    stopped = sum(
        (
            max(OFFICE.between(max(one.since, since), min(one.until, found)), timedelta())
            for one in pauses
        ),
        start=timedelta(),
    )
    assert OFFICE.between(since, found) - stopped == OFFICE.between(since, plain)


@settings(deadline=None)
@given(lives())
def test_reminders_come_in_order_in_working_time_around_the_deadline(
    life: tuple[Norm, datetime, list[Stretch]],
) -> None:
    norm, since, pauses = life
    due_at = due(norm, since, OFFICE, pauses).due_at
    plan = moments(since, due_at, REMINDERS, OFFICE, pauses)
    assert list(plan) == sorted(plan)
    assert plan[3] == due_at
    late = [one for one in pauses if one.since >= due_at]
    if not late:
        assert plan[4] == OFFICE.add(due_at, HOUR)
        assert OFFICE.between(due_at, plan[5]) == 8 * HOUR
    for moment in plan:
        assert OFFICE.is_working(moment) or OFFICE.is_working(moment - timedelta(microseconds=1))


@settings(deadline=None)
@given(since=MOMENTS, norm=TERMS, share=st.floats(0, 0.999))
def test_a_share_is_one_of_the_working_time(since: datetime, norm: Norm, share: float) -> None:
    due_at = due(norm, since, OFFICE).due_at
    (moment,) = moments(since, due_at, [Reminder(share)], OFFICE)
    whole = OFFICE.between(since, due_at)
    passed = OFFICE.between(since, moment)
    # A whole second at most: 0.58 of seven hours is no whole number in binary.
    assert timedelta() <= whole * share - passed <= timedelta(seconds=1)


@settings(deadline=None)
@given(lives(), st.data())
def test_pauses_that_overlap_lose_no_hour_twice(
    life: tuple[Norm, datetime, list[Stretch]], data: st.DataObject
) -> None:
    norm, since, pauses = life
    # Each pause comes in two pieces that overlap, in any order
    pieces = [
        piece
        for one in pauses
        for middle in [one.since + (one.until - one.since) / 2]
        for piece in (Stretch(one.since, one.until), Stretch(middle, one.until))
    ]
    shuffled = data.draw(st.permutations(pieces))
    due_at = due(norm, since, OFFICE, pauses).due_at
    assert due(norm, since, OFFICE, shuffled).due_at == due_at
    plan = moments(since, due_at, REMINDERS, OFFICE, pauses)
    assert moments(since, due_at, REMINDERS, OFFICE, shuffled) == plan


def test_a_pause_after_the_deadline_takes_nothing_from_the_time_there_was() -> None:
    written = moscow("2026-06-01 08:00")
    due_at = due(EIGHT_HOURS, written, OFFICE).due_at
    late = stretch("2026-06-02 08:00", "2026-06-03 17:00")
    assert due(EIGHT_HOURS, written, OFFICE, [late]).due_at == due_at
    plan = moments(written, due_at, DEFAULT_REMINDERS, OFFICE, [late])
    unpaused = moments(written, due_at, DEFAULT_REMINDERS, OFFICE)
    assert plan[:2] == unpaused[:2]
    # And what comes after the deadline waits until the pause is over
    assert plan[2] == moscow("2026-06-04 10:00")
    assert plan[3] == moscow("2026-06-04 17:00")


# Firing

PLAN = tuple(moscow(f"2026-06-01 {hour:02}:00") for hour in (9, 11, 15, 16))


@pytest.mark.parametrize(
    ("level", "now", "fired"),
    [
        (0, "2026-06-01 08:59", Fired((), 0, PLAN[0])),
        (0, "2026-06-01 09:00", Fired((0,), 1, PLAN[1])),
        (1, "2026-06-01 09:00", Fired((), 1, PLAN[1])),
        # After an outage one look says all that was overtaken
        (0, "2026-06-01 15:30", Fired((0, 1, 2), 3, PLAN[3])),
        (2, "2026-06-03 09:00", Fired((2, 3), 4, None)),
        (4, "2026-06-03 09:00", Fired((), 4, None)),
        # A region may have taken reminders away since
        (7, "2026-06-03 09:00", Fired((), 4, None)),
    ],
)
def test_a_look_at_a_clock(level: int, now: str, fired: Fired) -> None:
    assert fire(PLAN, level, moscow(now)) == fired


@given(
    hours=st.lists(st.integers(0, 20), max_size=8).map(sorted),
    looks=st.lists(st.integers(-1, 22), max_size=12).map(sorted),
)
def test_however_often_one_looks_every_reminder_passes_once(
    hours: list[int], looks: list[int]
) -> None:
    plan = [PLAN[0] + HOUR * hour for hour in hours]
    level, passed = 0, list[int]()
    for look in looks:
        now = PLAN[0] + HOUR * look
        fired = fire(plan, level, now)
        passed += fired.passed
        level = fired.level
        assert fired.next_at == (plan[level] if level < len(plan) else None)
        assert fired.next_at is None or fired.next_at > now
    last = PLAN[0] + HOUR * (looks[-1] if looks else -1)
    assert passed == [place for place, moment in enumerate(plan) if moment <= last]


# Stages


def test_the_legal_clock_runs_while_somebody_owes_an_answer() -> None:
    assert set(Stage) - LEGAL == {Stage.SATISFACTION, Stage.CLOSED}
    assert Stage.WORK not in STAGE_TERMS, "it has none but the legal one"
    assert not {Term.ANSWER, Term.FINAL} & set(STAGE_TERMS.values())
