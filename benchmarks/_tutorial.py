"""The pipeline that tutorials teach, to measure beside: scikit-learn over lemmas of pymorphy3."""

import importlib
import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pymorphy3 import MorphAnalyzer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

from classifiers.examples import Example

How = Literal["memo", "c++", "pure"]
"""Each word looked up once ever, or each time; by the C++ dictionary or by pure Python."""

_WORD = re.compile(r"[а-яёa-z]+")


class TutorialPipeline:
    """TF-IDF of lemmas (1-2) and of letters (char_wb, 3-5), a LinearSVC for each question.

    It answers topic, relevance and urgency: no fine topics, no further topics, no place, no
    probabilities. Features are worked out once for all three, which is kind to it.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        """Learn from ``examples``, each question from those that answer it."""
        ask = _asking(MorphAnalyzer())
        self._memo = cache(ask)
        self._ways: dict[How, Callable[[str], str]] = {
            "memo": self._memo,
            "c++": ask,
            "pure": _asking(_without_extension()),
        }
        self._lemma = self._ways["memo"]
        self._features = make_union(
            TfidfVectorizer(
                tokenizer=self._lemmas, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True
            ),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True),
        )
        rows = self._features.fit_transform([example.text for example in examples])
        self._heads = []
        for labels in (
            [example.topic for example in examples],
            [example.relevant for example in examples],
            [example.urgent for example in examples],
        ):
            some = [place for place, label in enumerate(labels) if label is not None]
            head = LinearSVC(class_weight="balanced", random_state=1)
            self._heads.append(head.fit(rows[some], [str(labels[place]) for place in some]))

    def answer(self, texts: Sequence[str], how: How) -> list[npt.NDArray[np.str_]]:
        """Return topics, relevance and urgency, with lemmas found as ``how`` says."""
        self._lemma = self._ways[how]
        rows = self._features.transform(texts)
        return [head.predict(rows) for head in self._heads]

    def forget(self) -> None:
        """Empty the memo."""
        self._memo.cache_clear()

    def _lemmas(self, text: str) -> list[str]:
        return [self._lemma(word) for word in _WORD.findall(text)]


def _asking(morph: Any) -> Callable[[str], str]:
    return lambda word: str(morph.parse(word)[0].normal_form)


def _without_extension() -> Any:
    """Return an analyser that reads its dictionary by pure Python, as pymorphy3 alone does."""
    ours = ("dawg", "pymorphy3")
    kept = {name: sys.modules[name] for name in [*sys.modules] if name.split(".")[0] in ours}
    for name in kept:
        del sys.modules[name]
    sys.modules["dawg"] = None  # type: ignore[assignment]  # «not installed», to an import
    try:
        return importlib.import_module("pymorphy3").MorphAnalyzer()
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] in ours]:
            del sys.modules[name]
        sys.modules.update(kept)
