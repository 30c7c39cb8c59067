"""What to label next: doubtful texts, no two alike."""

from hypothesis import given
from hypothesis import strategies as st

from models.values import Prediction, ScoredTopic
from models.vocabulary import Topic
from pipeline.learn.next_up import POOL, choose, margin

ROWS = st.lists(
    st.tuples(st.frozensets(st.sampled_from("абвгд"), max_size=4), st.floats(0, 1)), max_size=30
)


def said(*shares: float) -> Prediction:
    topics = tuple(ScoredTopic(topic, share) for topic, share in zip(Topic, shares, strict=False))
    return Prediction(True, 0.9, topics, (), False, 0.1, (), "v1")


def words(*texts: str) -> list[frozenset[str]]:
    return [frozenset(text.split()) for text in texts]


def test_the_margin_is_what_the_first_topic_leads_by() -> None:
    assert margin(said(0.5, 0.25, 0.1)) == 0.25
    assert margin(said(1.0)) == 1.0
    assert margin(said()) == 0.0


def test_the_most_doubtful_comes_first_and_then_what_is_unlike_it() -> None:
    texts = words("яма на дороге", "яма на дороге опять", "нет воды", "темно на улице")
    # The second is nearly as doubtful as the first, and nearly the same text.
    assert choose(texts, [0.01, 0.02, 0.30, 0.20], 3) == [0, 2, 3]


def test_sure_answers_are_not_looked_at() -> None:
    texts = [frozenset({str(number)}) for number in range(100)]
    margins = [number / 100 for number in range(100)]
    assert max(choose(texts, margins, 5)) < 5 * POOL


def test_repeats_are_asked_about_once() -> None:
    assert choose(words("нет воды", "воды нет", "нет воды"), [0.2, 0.1, 0.3], 3) == [1]


@given(ROWS, st.integers(1, 8))
def test_no_more_than_asked_for_and_none_twice(
    rows: list[tuple[frozenset[str], float]], count: int
) -> None:
    chosen = choose([row[0] for row in rows], [row[1] for row in rows], count)
    assert len(chosen) == len(set(chosen)) <= min(count, len(rows))
    assert bool(chosen) is bool(rows)
    if rows:
        assert rows[chosen[0]][1] == min(row[1] for row in rows)
