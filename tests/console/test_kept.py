"""What took long to count is kept for a minute, and never passed off as newer than it is."""

import threading
import time
from datetime import timedelta
from itertools import count

from console.builders import NOW

from pipeline.console.kept import MOST, Counted, Kept


def test_what_took_long_is_kept_for_a_minute_with_its_moment() -> None:
    numbers, kept = count(1), Kept(slow=0)

    def ask(seconds: int, key: str = "дни") -> Counted[int]:
        return kept.get(key, NOW + timedelta(seconds=seconds), lambda: next(numbers))

    assert ask(0) == Counted(1, NOW)
    assert ask(59) == Counted(1, NOW)
    assert ask(59, "другие дни").value == 2
    assert ask(60) == Counted(3, NOW + timedelta(seconds=60))


def test_what_was_fast_is_counted_anew() -> None:
    numbers, kept = count(1), Kept(slow=60)
    assert [kept.get("дни", NOW, lambda: next(numbers)).value for _ in range(3)] == [1, 2, 3]


def test_clocks_that_are_put_back_keep_nothing() -> None:
    numbers, kept = count(1), Kept(slow=0)
    kept.get("дни", NOW, lambda: next(numbers))
    assert kept.get("дни", NOW - timedelta(seconds=1), lambda: next(numbers)).value == 2


def test_the_oldest_makes_room() -> None:
    numbers, kept = count(1), Kept(slow=0)
    for key in range(MOST + 1):
        kept.get(key, NOW, lambda: next(numbers))
    assert kept.get(1, NOW, lambda: next(numbers)).value == 2
    assert kept.get(0, NOW, lambda: next(numbers)).value == MOST + 2


def test_two_who_ask_at_once_wait_for_one_count() -> None:
    counted: list[int] = []
    kept = Kept(slow=0)

    def slowly() -> int:
        time.sleep(0.05)
        counted.append(1)
        return len(counted)

    askers = [threading.Thread(target=kept.get, args=("дни", NOW, slowly)) for _ in range(5)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(10)
    assert counted == [1]
