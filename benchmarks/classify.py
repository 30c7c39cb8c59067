"""How fast the classifier is beside a plain scikit-learn + pymorphy3 pipeline, in one run.

    OMP_NUM_THREADS=1 python benchmarks/classify.py [FILE.csv]

FILE has a column ``text``; without it texts are put together from the shipped seeds. Speeds are
posts per CPU second of one thread; ours answers everything (topic, fine topic, relevance, urgency,
reasons), the plain pipeline the topic alone. Compare the ratios: absolute figures vary by 30 %
between runs on a shared machine.
"""

import argparse
import csv
import random
import subprocess
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from classifiers.classifier import Classifier
from classifiers.examples import read_seeds
from classifiers.registry import default_model
from classifiers.text import words
from models.values import Message

COUNT = 17_000
SINGLE = 2_000


def read_texts(path: Path | None) -> list[str]:
    """Return the texts to classify: those of a CSV, or COUNT made from two seeds each."""
    if path is None:
        seeds, draw = [seed.text for seed in read_seeds()], random.Random(1)  # noqa: S311 - texts
        return [f"{draw.choice(seeds)} {draw.choice(seeds)}" for _ in range(COUNT)]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def speed(work: Callable[[], object], count: int) -> float:
    """Return how many of ``count`` are done in a second of processor time."""
    start = time.process_time()
    work()
    return count / (time.process_time() - start)


def cold_start() -> float:
    """Return seconds from a new process to its first answer, the interpreter's start included."""
    program = (
        "from classifiers.classifier import Classifier\n"
        "from classifiers.registry import default_model\n"
        "from models.values import Message\n"
        "Classifier.load(default_model()).predict([Message('Нет воды на Садовой')])\n"
    )
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.perf_counter() - start


def plain_pipeline(texts: list[str]) -> tuple[float, float, float]:
    """Return speeds of the plain pipeline: cold, warm, one post at a time."""
    from pymorphy3 import MorphAnalyzer  # noqa: PLC0415 - must not be loaded while ours is timed
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - as above
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - as above
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - as above

    morph = MorphAnalyzer()

    @lru_cache(maxsize=200_000)
    def lemma(word: str) -> str:
        return str(morph.parse(word)[0].normal_form)

    def lemmas(text: str) -> list[str]:
        found = [lemma(word) for word in words(text)]
        return found + [f"{one} {other}" for one, other in pairwise(found)]

    seeds = [seed for seed in read_seeds() if seed.topic]
    pipeline = make_pipeline(
        TfidfVectorizer(analyzer=lemmas, sublinear_tf=True), LinearSVC(class_weight="balanced")
    )
    pipeline.fit([seed.text for seed in seeds], [str(seed.topic) for seed in seeds])
    lemma.cache_clear()
    cold = speed(lambda: pipeline.predict(texts), len(texts))
    warm = speed(lambda: pipeline.predict(texts), len(texts))
    few = texts[:SINGLE]
    single = speed(lambda: [pipeline.predict([text]) for text in few], len(few))
    return cold, warm, single


def main() -> None:
    """Measure both and print figures with ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?")
    texts = read_texts(parser.parse_args().file)
    messages = [Message(text) for text in texts]
    start = cold_start()
    classifier = Classifier.load(default_model())
    cold = speed(lambda: classifier.predict(messages), len(messages))
    warm = speed(lambda: classifier.predict(messages), len(messages))
    few = messages[:SINGLE]
    single = speed(lambda: [classifier.predict([message]) for message in few], len(few))
    theirs = plain_pipeline(texts)
    mean = sum(map(len, texts)) / len(texts)
    print(f"{len(texts)} texts of {mean:.0f} characters; model {classifier.version}")
    print(f"cold start, new process to first answer: {start:.2f} s")
    print(f"one post: {1000 / single:.2f} ms")
    print(f"{'posts/s':24}{'ours':>10}{'plain':>10}{'ratio':>8}")
    for name, ours, plain in zip(
        ("cold", "warm", "one at a time"), (cold, warm, single), theirs, strict=True
    ):
        print(f"{name:24}{ours:10.0f}{plain:10.0f}{ours / plain:8.1f}")


if __name__ == "__main__":
    main()
