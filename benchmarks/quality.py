"""The held-out figures that the model card and the README quote.

    OMP_NUM_THREADS=1 python benchmarks/quality.py APPEALS.csv [--held EXECUTOR ...]

APPEALS has the columns of ``otklik train``. Two ways of holding back:

* folds: two of ten, repeats of a text kept together (same region);
* executors: all rows of the bodies named by ``--held``, or else of every municipality (an
  executor none of whose topics fills LARGEST_SHARE of its rows, the largest one left to teach),
  which is as near to a region never seen as one region's export allows.
"""

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from classifiers.corpus import read_corpus
from classifiers.examples import Example, read_examples, read_phrases, read_seeds
from classifiers.split import near_groups
from classifiers.training import Split, hold_out, measure
from models.vocabulary import Topic

LARGEST_SHARE = 0.4


def municipalities(examples: list[Example]) -> set[str]:
    """Return executors that answer for many topics, without the one with most rows."""
    topics: dict[str, list[Topic]] = defaultdict(list)
    for example in examples:
        if example.executor and example.topic:
            topics[example.executor].append(example.topic)
    many = [
        name
        for name, found in topics.items()
        if Counter(found).most_common(1)[0][1] < LARGEST_SHARE * len(found)
    ]
    return set(sorted(many, key=lambda name: len(topics[name]))[:-1])


def main() -> None:
    """Train both twins and print their figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--held", nargs="+", default=[])
    arguments = parser.parse_args()
    examples = [*read_examples(arguments.file), *read_seeds(), *read_phrases()]
    corpus = read_corpus(examples)
    groups = near_groups(corpus.words)
    split = hold_out(examples, groups, seed=1)
    _, figures = measure(examples, corpus, split)
    print("same region, two folds of ten held back")
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    held = set(arguments.held) or municipalities(examples)
    away = np.array([example.executor in held for example in examples])
    # A text that repeats one held back must not teach either.
    near = np.isin(groups, groups[away]) & ~away
    calibrated = np.setdiff1d(split.calibrated, np.flatnonzero(away | near))
    taught = np.setdiff1d(np.flatnonzero(~away & ~near), calibrated)
    _, figures = measure(examples, corpus, Split(taught, calibrated, np.flatnonzero(away)))
    print(f"executors held back: {', '.join(sorted(held))}")
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
