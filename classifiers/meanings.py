"""What lemmas mean, as vectors: near in meaning, near in direction.

``data/meanings`` holds 64 numbers for each of some 17 000 lemmas of everyday Russian, so that a
word which no labelled text had («грейдер») speaks as its neighbours do («трактор»). Training
alone reads them: a model keeps what each lemma adds to its scores. docs/decisions/0009 says where
they come from.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifiers.vocabulary import Floats

FOLDER = Path(__file__).parent / "data" / "meanings"
# How long a text's meaning is beside its letters, which have length 1. Chosen on executors held
# back: 0.25 gained half as much, 1.0 no more.
MEANING_SCALE = 0.6


class Meanings(NamedTuple):
    """Lemma → row of ``vectors``, each of length 1."""

    rows: dict[str, int]
    vectors: Floats


@cache
def read_meanings() -> Meanings:
    """Read the vectors that ship with the program."""
    lemmas = (FOLDER / "lemmas.txt").read_text(encoding="utf-8").split()
    with np.load(FOLDER / "vectors.npz", allow_pickle=False) as stored:
        vectors = stored["vectors"].astype(np.float32) * stored["step"]
    return Meanings({lemma: row for row, lemma in enumerate(lemmas)}, vectors)
