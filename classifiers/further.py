"""Several problems in one text: the topics of its parts beside the topic of the whole.

People string problems together with commas as often as with full stops, so a part is what stands
between two of either.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from classifiers.probability import logistic, logit
from classifiers.vocabulary import Floats, Ints

# A part with fewer words names no problem by itself: it goes with the part before it.
FEWEST_WORDS = 2
# Texts of fewer meaningful words hold one problem.
FEWEST_CONTENT = 5
# A topic with a smaller share of the whole text, and no decisive word in the lexicon, is not
# looked for.
LEAST_SHARE = 0.05
LEAST_HITS = 4.0
MOST = 2
FLOOR = 0.5


class Evidence(NamedTuple):
    """How strongly a part of text ``rows[i]`` speaks of topic ``codes[i]``, as log odds."""

    rows: Ints
    codes: Ints
    odds: Floats


def evidence(
    content: Ints,
    shares: Floats,
    hits: Floats,
    judge: Callable[[Ints], tuple[Ints, Floats]],
) -> Evidence:
    """Return the evidence for further topics in texts.

    ``content`` counts their meaningful words; ``shares`` (texts × topics) are the probabilities of
    the main topic, ``hits`` what the lexicon says; ``judge`` cuts the texts that it is given into
    parts, and returns the text and the probabilities of each part.
    """
    likely = (shares >= LEAST_SHARE) | (hits >= LEAST_HITS)
    likely[np.arange(len(shares)), shares.argmax(axis=1)] = False
    chosen = np.flatnonzero(likely.any(axis=1) & (content >= FEWEST_CONTENT))
    if not len(chosen):
        return Evidence(chosen, chosen, np.zeros(0, np.float32))
    owners, table = judge(chosen)
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    several = np.diff(np.append(begins, len(owners))) > 1
    rows = owners[begins]
    best = np.maximum.reduceat(table, begins, axis=0)
    places, codes = np.nonzero(likely[rows] & several[:, None])
    return Evidence(rows[places], codes, logit(best[places, codes]))


def choose(found: Evidence, slope: float, shift: float) -> dict[int, list[tuple[int, float]]]:
    """Return by text the further topics that are likelier than not, likeliest first, with odds."""
    chances = logistic(np.float32(slope) * found.odds + np.float32(shift))
    chosen: dict[int, list[tuple[int, float]]] = {}
    for place in np.flatnonzero(chances >= FLOOR).tolist():
        chosen.setdefault(int(found.rows[place]), []).append(
            (int(found.codes[place]), float(chances[place]))
        )
    return {
        row: sorted(topics, key=lambda topic: -topic[1])[:MOST] for row, topics in chosen.items()
    }
