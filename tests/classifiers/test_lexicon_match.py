"""The fast matcher against the plain definition, Lexicon.match."""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifiers.lexicon import WIDEST_GAP, Lexicon, build
from classifiers.lexicon_match import MANY_TERMS, MOST_TIMES, TOPICS, Found, Matcher, thin
from classifiers.vocabulary import Floats, Ints
from models.vocabulary import Topic

Text = Sequence[Sequence[str]]  # clauses of words, each its own lemma

PLACES = st.lists(
    st.sampled_from(["а", "б", "в", "аб", "а*", "б*"]), min_size=1, max_size=2, unique=True
).map("|".join)
PATTERNS = st.lists(PLACES, min_size=1, max_size=4).map(" ".join)
WORDS = st.sampled_from(["а", "б", "в", "аб", "ба", "г"])
TEXTS = st.lists(st.lists(st.lists(WORDS, max_size=12), max_size=3), max_size=4)


def ready(lexicon: Lexicon, texts: Sequence[Text]) -> tuple[Ints, Ints, Ints, Ints]:
    """Return terms, their counts, clauses and texts of the words, as an encoder has them."""
    words = [
        (word, number, row)
        for number, (clause, row) in enumerate(
            (clause, row) for row, text in enumerate(texts) for clause in text
        )
        for word in clause
    ]
    terms = [lexicon.term_ids(word, word) for word, _, _ in words]
    return (
        np.array([term for of_word in terms for term in of_word], np.int64),
        np.array([len(of_word) for of_word in terms], np.int64),
        np.array([clause for _, clause, _ in words], np.int64),
        np.array([row for _, _, row in words], np.int64),
    )


def fast(lexicon: Lexicon, texts: Sequence[Text]) -> tuple[Found, Floats]:
    matcher = Matcher(lexicon)
    terms, counts, clauses, rows = ready(lexicon, texts)
    found = matcher.find(terms, counts, clauses)
    return found, matcher.score(found, rows, len(texts))


def plain(lexicon: Lexicon, texts: Sequence[Text]) -> Floats:
    table = np.zeros((len(texts), len(TOPICS)), np.float32)
    for row, text in enumerate(texts):
        words = [word for clause in text for word in clause]
        sentences = [number for number, clause in enumerate(text) for _ in clause]
        for entry in {hit.entry for hit in lexicon.score(words, words, sentences)}:
            table[row, TOPICS.index(entry.code)] += entry.weight
    return table


@settings(max_examples=400, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=12, unique=True), TEXTS)
@example(["а а а а"], [[["а"] * 12]])
@example(["а б в"], [[["а", "б", "г", "г", "б", "г", "г", "г", "в"]]])
@example(["а б"], [[["а"]], [["б"]]])
def test_it_finds_the_patterns_that_the_plain_definition_finds(
    patterns: list[str], texts: list[Text]
) -> None:
    # Each pattern has a bit of its own: a sum tells which of them were found.
    lexicon = build((Topic.GAS, 1 << place, pattern) for place, pattern in enumerate(patterns))
    _, score = fast(lexicon, texts)
    assert score.tolist() == plain(lexicon, texts).tolist()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([Topic.GAS, Topic.WATER, Topic.SNOW]),
            st.sampled_from([1, 2, 4, -2]),
            PATTERNS,
        ),
        min_size=1,
        max_size=10,
        unique_by=lambda entry: (entry[0], entry[2]),
    ),
    TEXTS,
)
def test_weights_of_many_topics_add_up(
    entries: list[tuple[Topic, int, str]], texts: list[Text]
) -> None:
    lexicon = build(entries)
    _, score = fast(lexicon, texts)
    assert score.tolist() == plain(lexicon, texts).tolist()


@settings(max_examples=200, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=12, unique=True), TEXTS)
def test_a_hit_stands_within_its_clause_and_begins_where_the_plain_one_does(
    patterns: list[str], texts: list[Text]
) -> None:
    lexicon = build((Topic.GAS, 1 << place, pattern) for place, pattern in enumerate(patterns))
    matcher = Matcher(lexicon)
    terms, counts, clauses, _ = ready(lexicon, texts)
    found = matcher.find(terms, counts, clauses)
    ids = [
        tuple(terms[end - count : end].tolist())
        for end, count in zip(accumulate(counts.tolist()), counts.tolist(), strict=True)
    ]
    begun: dict[int, set[int]] = {}
    for hit in lexicon.match(ids, clauses.tolist()):
        begun.setdefault(hit.first, set()).add(hit.weight)
    weights = matcher.weights[found.nodes][:, TOPICS.index(Topic.GAS)]
    for first, last, weight in zip(
        found.first.tolist(), found.last.tolist(), weights.tolist(), strict=True
    ):
        assert clauses[first] == clauses[last]
        assert 0 <= last - first <= 3 * (WIDEST_GAP + 1)
        # A pattern written in two ways is one: its weight is the sum of both.
        assert int(weight) & sum(begun[first])


def test_a_pattern_counts_once_in_a_text() -> None:
    lexicon = build([(Topic.WATER, 4, "нет вода"), (Topic.WATER, 1, "вода")])
    once, often = fast(lexicon, [[["нет", "вода"]], [["нет", "вода"] * 500]])[1]
    assert once.tolist() == often.tolist()
    assert once[TOPICS.index(Topic.WATER)] == 5


def test_patterns_that_outweigh_each_other_say_nothing() -> None:
    lexicon = build([(Topic.SNOW, 2, "снег"), (Topic.SNOW, -2, "снег|снег")])
    found, score = fast(lexicon, [[["снег"]]])
    assert not len(found.nodes)
    assert not score.any()


@pytest.mark.parametrize("texts", [[], [[]], [[["слово"]], []]])
def test_where_there_is_no_word_of_it_there_is_no_hit(texts: list[Text]) -> None:
    found, score = fast(build([(Topic.GAS, 1, "газ")]), texts)
    assert not len(found.nodes)
    assert score.shape == (len(texts), len(TOPICS))
    assert not score.any()


def test_a_lexicon_without_entries_finds_nothing() -> None:
    found, score = fast(Lexicon((), ()), [[["газ"]]])
    assert not len(found.nodes)
    assert not score.any()


def test_a_text_that_repeats_itself_a_thousand_times_is_thinned() -> None:
    # Given an ordinary text, and one whose every word fills three terms
    ordinary, hostile = np.array([0, 1, 0]), np.tile([0, 1, 2], MANY_TERMS)
    terms = np.concatenate([ordinary, hostile])
    counts = np.concatenate([[2, 1], np.full(MANY_TERMS, 3)])
    rows = np.concatenate([[0, 0], np.full(MANY_TERMS, 1)])
    # When both are thinned
    kept, left = thin(terms, counts, rows)
    # Then the first keeps all, and the second each term so many times, its first words whole
    assert kept[:3].tolist() == [0, 1, 0]
    assert left[:2].tolist() == [2, 1]
    assert np.bincount(kept[3:]).tolist() == [MOST_TIMES] * 3
    assert left[2 : 2 + MOST_TIMES].tolist() == [3] * MOST_TIMES
    assert not left[2 + MOST_TIMES :].any()
    # and what is not too much stays as it is
    assert thin(ordinary, counts[:2], rows[:2])[0] is ordinary
