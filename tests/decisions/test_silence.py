"""When a source's silence is worth a notice."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.silence import SHORTEST, TIMES, silent_since, usual_gap

NOW = datetime(2026, 11, 17, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_usual_gap_is_learned_from_post_to_post() -> None:
    # Given four posts, three hours apart, told in no order
    posts = [NOW + HOUR * hour for hour in (6, 0, 9, 3)]
    # Then the usual gap is three hours, and a post after thirteen moves it by a tenth of the rest
    assert usual_gap(None, None, posts) == 3 * HOUR
    assert usual_gap(3 * HOUR, posts[2], [posts[2] + 13 * HOUR]) == 4 * HOUR


def test_one_post_and_late_ones_say_nothing() -> None:
    assert usual_gap(None, None, [NOW]) is None
    assert usual_gap(HOUR, NOW, [NOW - HOUR, NOW]) == HOUR


def test_a_steady_source_is_missed_sooner_than_a_rare_one() -> None:
    assert silent_since(NOW, HOUR, NOW + SHORTEST) is None
    assert silent_since(NOW, HOUR, NOW + SHORTEST + HOUR) == NOW + SHORTEST
    assert silent_since(NOW, 24 * HOUR, NOW + 5 * 24 * HOUR) is None
    assert silent_since(NOW, 24 * HOUR, NOW + 7 * 24 * HOUR) == NOW + TIMES * 24 * HOUR


def test_a_source_without_a_habit_is_never_missed() -> None:
    assert silent_since(None, HOUR, NOW) is None
    assert silent_since(NOW, None, NOW + 1000 * HOUR) is None


@given(st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), max_size=30))  # noqa: DTZ001 - made aware below
def test_the_usual_gap_lies_between_the_shortest_and_the_longest(times: list[datetime]) -> None:
    moments = sorted(time.replace(tzinfo=UTC) for time in times)
    gaps = [b - a for a, b in pairwise(moments) if b > a]

    mean = usual_gap(None, None, moments)

    assert (mean is None) == (not gaps)
    assert mean is None or min(gaps) <= mean <= max(gaps)
