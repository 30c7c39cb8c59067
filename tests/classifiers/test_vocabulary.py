import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from classifiers.vocabulary import Vocabulary, flatten, pieces, weigh

TEXTS = [
    ["нет", "вода", "нет", "свет"],
    ["вода", "вода", "вода", "течь"],
    [],
    ["яма"],
    ["нет", "вода"],
]


def test_rows_equal_those_of_scikit_learn() -> None:
    reference = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, analyzer="word", token_pattern=r"\S+"
    )
    expected = reference.fit_transform([" ".join(text) for text in TEXTS])
    names = reference.get_feature_names_out().tolist()
    lemmas = tuple(sorted(name for name in names if " " not in name))
    numbers = {lemma: number for number, lemma in enumerate(lemmas)}
    pairs = sorted(
        numbers[first] * len(lemmas) + numbers[second]
        for first, second in (name.split() for name in names if " " in name)
    )
    vocabulary = Vocabulary(lemmas, np.array(pairs, np.int64), {})
    ours = [vocabulary.name(feature) for feature in range(vocabulary.size)]
    idf = np.array([reference.idf_[names.index(name)] for name in ours], np.float32)

    flat, rows = flatten(TEXTS)
    found = weigh(vocabulary, idf, np.array([numbers[word] for word in flat]), rows, len(TEXTS))

    table = sp.csr_matrix((found.values, found.features, found.starts), shape=expected.shape)
    order = [names.index(name) for name in ours]
    assert np.allclose(table.toarray(), expected.toarray()[:, order], atol=1e-6)


def test_pairs_never_span_texts_or_unknown_words() -> None:
    vocabulary = Vocabulary(("а", "б"), np.array([1], np.int64), {})  # the pair «а б»
    idf = np.ones(3, np.float32)
    lemma_ids, rows = np.array([0, 1, 0, -1, 1, 0]), np.array([0, 0, 1, 1, 1, 2])
    found = weigh(vocabulary, idf, lemma_ids, rows, 4)
    assert [(r, f) for r, f in zip(found.rows, found.features, strict=True)] == [
        (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0),
    ]  # fmt: skip
    assert found.starts.tolist() == [0, 3, 5, 6, 6]


def test_a_vocabulary_without_pairs_works() -> None:
    vocabulary = Vocabulary(("а",), np.zeros(0, np.int64), {})
    found = weigh(vocabulary, np.ones(1, np.float32), np.array([0, 0]), np.array([0, 0]), 1)
    assert found.values.tolist() == [1.0]


def test_pieces_of_like_words_are_mostly_the_same() -> None:
    right, wrong = set(pieces("канализация")), set(pieces("канализацыя"))
    other = set(pieces("фонарь"))
    assert len(right & wrong) > len(right) / 3
    assert len(right & other) <= 1
    assert len(pieces("я")) == 1
    assert len(pieces("\ud800")) == 1
