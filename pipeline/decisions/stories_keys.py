"""The keys by which posts that may be one problem find each other in an index.

Two posts that ``pipeline.decisions.stories`` would join share at least one key, up to the small
chance that MinHash misses; what shares none is never compared.
"""

import numpy as np
import numpy.typing as npt

from pipeline.decisions.stories_text import Facts, digest
from pipeline.decisions.stories_things import AT

BANDS, ROWS = 6, 3
"""Of two texts that share a part s of their words, 1 - (1 - s³)⁶ meet: 0.92 at s = 0.7."""

FEWEST_WORDS = 4
"""Shorter texts are too much alike to be looked for by their words."""

_PRIME = np.uint64((1 << 61) - 1)
_RANDOM = np.random.default_rng(20_260_101)
# Products stay below 2 ** 64: the words have 32 bits.
_FACTORS = _RANDOM.integers(1, 1 << 31, BANDS * ROWS, dtype=np.uint64)
_SUMMANDS = _RANDOM.integers(0, 1 << 61, BANDS * ROWS, dtype=np.uint64)


def keys_of(facts: Facts) -> tuple[int, ...]:
    """Return the keys of a post, each a whole number of 64 bits with a sign."""
    keys = [*_bands(facts), *_places(facts), digest("thread", facts.own)]
    keys += [digest("thread", above) for above in sorted(facts.above)]
    if facts.author:
        keys.append(digest("author", facts.author))
    return tuple(dict.fromkeys(keys))


def _bands(facts: Facts) -> list[int]:
    if len(facts.words) < FEWEST_WORDS:
        return [digest("text", str(facts.text), facts.settlement or "")]
    smallest = _min_hashes(np.fromiter(facts.words, np.uint64, len(facts.words)))
    return [
        digest("band", str(band), smallest[band * ROWS : (band + 1) * ROWS].tobytes().hex())
        for band in range(BANDS)
    ]


def _min_hashes(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    mixed = (words[:, None] * _FACTORS + _SUMMANDS) % _PRIME
    smallest: npt.NDArray[np.uint64] = mixed.min(axis=0)
    return smallest


def _places(facts: Facts) -> list[int]:
    """Return keys of the house, of the street with the topic, or of the village with the topic.

    A street alone names nothing: every village has its own Лесная.
    """
    if facts.settlement is None:
        return []
    topic = facts.topic.value
    if facts.street is None:
        return [digest("village", facts.settlement, topic), *_landmarks(facts)]
    keys = [digest("street", facts.settlement, facts.street, topic)]
    if facts.house is not None:
        keys.append(digest("house", facts.settlement, facts.street, facts.house))
    return keys


def _landmarks(facts: Facts) -> list[int]:
    return [
        digest("landmark", facts.settlement or "", thing)
        for thing in sorted(facts.things)
        if thing.startswith(AT)
    ]
