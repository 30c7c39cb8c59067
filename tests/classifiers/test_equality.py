"""The fast scores against scikit-learn's and scipy's over the same weights."""

import sys
from pathlib import Path

import numpy as np
import pytest

# Benchmarks are scripts beside the packages; these definitions are theirs too.
sys.path.append(str(Path(__file__).parents[2]))

from benchmarks._equality import Plain, compare
from classifiers.classifier import Classifier
from classifiers.lexicon_match import TOPICS
from classifiers.text import marks, normalise
from models.vocabulary import Topic

TEXTS = [
    "Добрый день! На Полевой третий день нет воды, вчера тоже не было воды. Когда починят?",
    "Яма на дороге, яма у школы и яма во дворе: сделайте ямочный ремонт",
    "фонарь не горит фонарь не горит фонарь не горит",
    "Вывезли мусор; контейнеры стоят чистые, спасибо",
    "вывзите пожалуста мусар с площядки",
    "Пахнет га\u00adзом в подъезде\u200b, <br>позвонили в 104 &quot;ждите&quot;",
    "воды",
    "зззз",
    "Нет. Воды. Света! И тепла…",
    " . , ! 😀 \0",
    "",
]


def test_scores_equal_those_of_scikit_learn_and_scipy(small: Classifier) -> None:
    found = compare(small.model, TEXTS)
    assert found.largest > 0.5
    assert found.absolute <= 2e-6
    assert found.relative <= 2e-6
    assert found.lexicon == 0.0


def test_another_weight_or_a_missing_pair_would_show(shipped: Classifier) -> None:
    # The definitions answer for pairs, letters and meanings alike: each moves the plain scores.
    plain = Plain(shipped.model)
    own, turned, typo, double = plain.linear(["нет воды", "воды нет", "нет вобы", "нет воды воды"])
    for other in (turned, typo, double):
        assert np.abs(own - other).max() > 1e-3


@pytest.mark.parametrize("text", ["нет воды", "Нет! Воды", "воды нет, нет воды, нет воды"])
def test_hits_of_the_lexicon_count_once_and_stay_in_their_clause(
    shipped: Classifier, text: str
) -> None:
    encoder = shipped.encoder
    fast = encoder.score(encoder.read([marks(normalise(text))])).lexicon
    slow = Plain(shipped.model).lexicon([text])
    assert fast.tolist() == slow.tolist()
    assert slow[0, TOPICS.index(Topic.WATER)] > 0
