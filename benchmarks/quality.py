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
from classifiers.examples import PHRASE, Example, read_examples, read_phrases, read_seeds
from classifiers.split import folds, near_groups
from classifiers.training import CALIBRATE, FOLDS, TEST, measure
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
    fold = folds(groups, FOLDS, seed=1)
    fold[[example.kind == PHRASE for example in examples]] = FOLDS - 1
    tested, calibrated = np.isin(fold, TEST), np.isin(fold, CALIBRATE)
    _, figures = measure(
        examples,
        corpus,
        taught=np.flatnonzero(~tested & ~calibrated),
        calibrated=np.flatnonzero(calibrated),
        tested=np.flatnonzero(tested),
    )
    print("same region, two folds of ten held back")
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    held = set(arguments.held) or municipalities(examples)
    away = np.array([example.executor in held for example in examples])
    # A text that repeats one held back must not teach either.
    near = np.isin(groups, groups[away]) & ~away
    _, figures = measure(
        examples,
        corpus,
        taught=np.flatnonzero(~away & ~near & ~calibrated),
        calibrated=np.flatnonzero(calibrated & ~away & ~near),
        tested=np.flatnonzero(away),
    )
    print(f"executors held back: {', '.join(sorted(held))}")
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
