"""The labelled pairs: a false merge costs more than a miss."""

from collections import Counter

import pytest
from builders import shipped_judge
from stories_pairs import DEVELOPMENT, HELD_OUT, joined, read_facts, read_pairs

HARD = 0.45
"""The least share of pairs that look alike and are two problems."""


@pytest.mark.parametrize("paths", [DEVELOPMENT, HELD_OUT], ids=["development", "held-out"])
def test_what_is_joined_unseen_is_one_problem(paths: tuple[object, ...]) -> None:
    # Given labelled pairs, about half of them hard ones
    pairs = read_pairs(paths)  # type: ignore[arg-type]
    assert len(pairs) >= 500
    assert sum(not pair.same for pair in pairs) >= HARD * len(pairs)
    # When the shipped reader finds topics and places, and posts meet by their keys
    facts = read_facts(shipped_judge().reader, pairs)
    found = [pair for pair in pairs if joined(pair, facts)]
    # Then what is joined is one problem, and something is joined
    wrong = Counter(pair.kind for pair in found if not pair.same)
    assert len(found) >= 50
    assert sum(wrong.values()) <= 0.03 * len(found), wrong
