"""Several problems in one text: which topics stand in it beside the main one.

The shares of the main topic add up to one, so a second problem hides behind the first. In a
softmax of twice the temperature it shows again, and a logistic curve through texts that people
have read for several problems makes a chance of it. (Judging each sentence by itself, or counting
words of the lexicon, told less: half of all second problems share a sentence with the first.)
"""

import numpy as np

from classifiers.probability import best, logistic, logit, softmax
from classifiers.vocabulary import Floats, Ints

FLATTER = 2.0
MOST = 2
# A further topic is named from this chance on; every second one that is named then stands in the
# text. An operator sees at a glance that one is wrong, but not what was left out.
FLOOR = 0.3


def odds(scores: Floats, temperature: float) -> Floats:
    """Return texts × topics, how strongly each topic speaks beside the others, as log odds."""
    return logit(softmax(scores, FLATTER * temperature))


def choose(found: Floats, main: Ints, slope: float, shift: float) -> list[list[tuple[int, float]]]:
    """Return for each text its further topics with their chances, likeliest first.

    ``found`` are odds(), ``main`` the column of each text's main topic.
    """
    chances = logistic(np.float32(slope) * found + np.float32(shift))
    chances[np.arange(len(main)), main] = 0.0
    chosen: list[list[tuple[int, float]]] = [[] for _ in main]
    some = np.flatnonzero(chances.max(axis=1, initial=0.0) >= FLOOR)
    for row, columns in zip(some.tolist(), best(chances[some], MOST).tolist(), strict=True):
        likely = [(column, float(chances[row, column])) for column in columns]
        chosen[row] = [pair for pair in likely if pair[1] >= FLOOR]
    return chosen
