"""Entries of the lexicon found in a whole batch of texts at once, by numpy.

Same hits as ``Lexicon.match``, which is the plain definition. Patterns form a tree: from a node,
a term within reach of the last word leads to the next node; a table tells which.
"""

from typing import NamedTuple

import numpy as np

from classifiers.lexicon import WIDEST_GAP, Lexicon
from classifiers.vocabulary import Floats, Ints, distinct
from models.vocabulary import Topic

TOPICS: tuple[Topic, ...] = tuple(Topic)


class Found(NamedTuple):
    """Pattern number ``nodes[i]`` stands in the words ``first[i]`` to ``last[i]`` of the batch."""

    nodes: Ints
    first: Ints
    last: Ints


class _Words(NamedTuple):
    """The words of a batch: word i fills ``terms[starts[i]:starts[i + 1]]`` in its clause."""

    terms: Ints
    starts: Ints
    clauses: Ints


# A text that fills more terms is some three thousand words long, or wants the machine to stumble
# by repeating a word a thousand times; of such a text each term counts so often and no more.
MANY_TERMS = 4000
MOST_TIMES = 20


def thin(terms: Ints, counts: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Return terms and counts without what a text repeats beyond MOST_TIMES.

    Word i of text ``rows[i]`` fills the next ``counts[i]`` of ``terms``. Texts that fill
    MANY_TERMS or fewer keep all.
    """
    owners = np.repeat(rows, counts)
    heavy = np.flatnonzero((np.bincount(owners) > MANY_TERMS)[owners]) if len(owners) else owners
    if not len(heavy):
        return terms, counts
    keys = owners[heavy] * (int(terms.max()) + 1) + terms[heavy]
    order = np.argsort(keys, kind="stable")
    begins = np.flatnonzero(np.diff(keys[order], prepend=-1))
    sizes = np.diff(np.append(begins, len(order)))
    times = np.arange(len(order)) - np.repeat(begins, sizes)
    kept = np.ones(len(terms), bool)
    kept[heavy[order[times >= MOST_TIMES]]] = False
    words = np.repeat(np.arange(len(counts)), counts)
    return terms[kept], np.bincount(words[kept], minlength=len(counts))


class Matcher:
    """A lexicon made ready. ``weights`` is patterns × topics: what each pattern says of each."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Build the tree of patterns."""
        count = len(lexicon.terms)
        self._terms = max(count, 1)
        nodes: dict[tuple[int, ...], int] = {}
        for entry in lexicon.entries:
            for length in range(1, len(entry.terms) + 1):
                nodes.setdefault(entry.terms[:length], len(nodes))
        self._roots = np.full(self._terms, -1, np.int64)
        parents = sorted({nodes[terms[:-1]] for terms in nodes if len(terms) > 1})
        # Row 0 of the table is of the nodes from which nothing leads on.
        self._row = np.zeros(len(nodes), np.int32)
        self._row[parents] = np.arange(1, len(parents) + 1)
        self._next = np.full((len(parents) + 1, self._terms), -1, np.int16)
        for terms, node in nodes.items():
            if len(terms) == 1:
                self._roots[terms[0]] = node
            else:
                self._next[self._row[nodes[terms[:-1]]], terms[-1]] = node
        self.weights = np.zeros((len(nodes), len(TOPICS)), np.float32)
        for entry in lexicon.entries:
            self.weights[nodes[entry.terms], TOPICS.index(entry.code)] += entry.weight
        self._speaks: Floats = np.abs(self.weights).sum(axis=1)

    def find(self, terms: Ints, counts: Ints, clauses: Ints) -> Found:
        """Return all hits; word i fills the next ``counts[i]`` of ``terms``.

        ``clauses`` numbers the clause of each word; no two texts share a number.
        """
        words = _Words(terms, np.concatenate([[0], np.cumsum(counts)]), clauses)
        places = np.repeat(np.arange(len(counts)), counts)
        begun = np.flatnonzero(self._roots[terms] >= 0)
        found = Found(self._roots[terms[begun]], places[begun], places[begun])
        hits = []
        while len(found.nodes):
            hits.append(found)
            found = self._further(found, words)
        everything = (
            Found(*(np.concatenate(parts) for parts in zip(*hits, strict=True))) if hits else found
        )
        spoken = np.flatnonzero(self._speaks[everything.nodes])
        return Found(*(part[spoken] for part in everything))

    def _further(self, found: Found, words: _Words) -> Found:
        """Return the hits one term longer than those of ``found``."""
        going: Ints = np.flatnonzero(self._row[found.nodes])
        nodes, first, last = (part[going] for part in found)
        longer = []
        for step in range(1, WIDEST_GAP + 2):
            after = last + step
            inside = np.flatnonzero(after < len(words.clauses))
            inside = inside[words.clauses[after[inside]] == words.clauses[last[inside]]]
            starts = words.starts[after[inside]]
            counts = words.starts[after[inside] + 1] - starts
            # The terms of the word after: for each hit its own stretch of words.terms.
            spots = np.repeat(starts - (np.cumsum(counts) - counts), counts)
            terms = words.terms[spots + np.arange(int(counts.sum()))]
            reached = self._next[np.repeat(self._row[nodes[inside]], counts), terms]
            fits = np.flatnonzero(reached >= 0)
            longer.append(
                (
                    reached[fits].astype(np.int64),
                    np.repeat(first[inside], counts)[fits],
                    np.repeat(after[inside], counts)[fits],
                )
            )
        joined = Found(*(np.concatenate(parts) for parts in zip(*longer, strict=True)))
        if len(joined.nodes) <= len(words.clauses):
            return joined
        # Of a thousand ways from one word to another, one is enough.
        _, one = np.unique(joined.nodes * len(words.clauses) + joined.last, return_index=True)
        return Found(*(part[one] for part in joined))

    def score(self, found: Found, rows: Ints, count: int) -> Floats:
        """Return texts × topics, the weights of the different patterns in each of ``count`` texts.

        ``rows`` is the text of each word; a pattern counts once in a text.
        """
        table = np.zeros((count, len(TOPICS)), np.float32)
        if len(found.nodes):
            size = len(self.weights)
            cells, _ = distinct(rows[found.first] * size + found.nodes)
            owners, nodes = np.divmod(cells, size)
            edges = np.flatnonzero(np.diff(owners, prepend=-1))
            table[owners[edges]] = np.add.reduceat(self.weights[nodes], edges, axis=0)
        return table
