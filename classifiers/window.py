"""What texts a model was measured on: the mix of topics and the share of words it knew not.

Kept among a model's figures, so that later texts can be held against them. Needs numpy alone.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from classifiers.model import Model
from classifiers.text import Lemmatiser, words
from models.values import Prediction


def unknown_words(model: Model, texts: Sequence[str]) -> float:
    """Return the share, 0..1, of running words whose lemma is no feature of ``model``."""
    lemmatiser = Lemmatiser(model.vocabulary.words)
    known = frozenset(model.vocabulary.lemmas)
    counted = Counter(word for text in texts for word in words(text))
    total = counted.total()
    missing = sum(number for word, number in counted.items() if lemmatiser.lemma(word) not in known)
    return missing / total if total else 0.0


def window(model: Model, texts: Sequence[str], predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Return ``rows``, ``topics`` (code → share of texts, adding up to 1) and ``unknown_words``.

    Topics are those that the model gives, right or wrong: its answers to other texts can then be
    compared with them although nobody knows the truth of those (Lipton et al., «Detecting and
    Correcting for Label Shift with Black Box Predictors», 2018).
    """
    given = Counter(str(prediction.topics[0].code) for prediction in predictions)
    return {
        "rows": len(texts),
        "topics": {code: given[code] / len(texts) for code in sorted(given)},
        "unknown_words": unknown_words(model, texts),
    }
