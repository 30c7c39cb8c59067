"""How the lexicon's hits become a score beside what was learned."""

import numpy as np

from classifiers.vocabulary import Floats

# Evidence that the lexicon must show before half of its say is believed: between a word of
# ordinary weight (1) and a decisive one (4).
DOUBT = 3.0


def share(hits: Floats) -> Floats:
    """Return texts × topics, 0..1: each topic's part of all that speaks for any, less the doubt.

    ``hits`` are summed weights (texts × topics), which may be below 0 for words that speak
    against a topic; these only take away from what speaks for it.
    """
    positive = np.maximum(hits, np.float32(0.0))
    answer: Floats = positive / (positive.sum(axis=1, keepdims=True) + np.float32(DOUBT))
    return answer
