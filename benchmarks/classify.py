"""How fast a text is understood, beside the pipeline that tutorials teach, in one run.

Prints speeds of whole batches with ratios, whether the fast scores equal plain definitions, what
one post, a fresh process and retraining cost beside their bars, and the cost of hostile texts.
"""

import argparse
import gc
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
# One thread: more would blur what a second of processor time is.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

from benchmarks._fresh import Start, cold_start
from benchmarks._hostile import WHOLE, hostile
from classifiers.classifier import Classifier
from classifiers.examples import Example, read_examples, read_phrases, read_seeds, read_table
from classifiers.registry import default_model
from models.errors import OtklikError
from models.values import FetchedPost, Message
from models.vocabulary import Network, PostKind
from pipeline.reader import Item, Reader
from pipeline.region.load import load_region

EXAMPLE = """example:
  python benchmarks/classify.py                  texts put together from the shipped seeds
  python benchmarks/classify.py DATA.csv         a table's own texts (column text)
  python benchmarks/classify.py DATA.csv --rounds 9

Speeds are posts per second of processor time on one thread. Absolute figures vary by 20-30 %
between runs on a shared machine; what is compared is measured in turns, so compare the ratios.
A table with the columns of `otklik train` is also what retraining is timed on.
"""
REGION = "smolensky"
COUNT = 17_000
BATCH_COUNT = 4_096
MEMO_COUNT = 1_024
PLAIN_COUNT = 512
PURE_COUNT = 128
SINGLE_COUNT = 2_000
TRAINING_ROWS = 20_000
STARTS = 5
LARGEST_DIFFERENCE = 1e-5


def processor(work: Callable[[], object]) -> float:
    """Return seconds of processor time that ``work`` takes."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def read_texts(path: Path | None) -> list[str]:
    """Return texts in random order: those of a CSV, or COUNT made of two seeds each."""
    draw = random.Random(1)  # noqa: S311 - texts, not secrets
    if path is None:
        seeds = [seed.text for seed in read_seeds()]
        return [f"{draw.choice(seeds)} {draw.choice(seeds)}" for _ in range(COUNT)]
    texts = [row.cells["text"] for row in read_table(path)[1]]
    draw.shuffle(texts)
    return texts


def item(text: str) -> Item:
    """Return a post to read."""
    return Item(FetchedPost(Network.TABLE, "1", PostKind.POST, text, None))


def read_all(reader: Reader, items: Sequence[Item], size: int) -> None:
    """Read items in batches of ``size``."""
    for start in range(0, len(items), size):
        reader.read(items[start : start + size])


def print_speeds(texts: Sequence[str], rounds: int) -> Reader:
    """Measure ours and the tutorial's in turns, print medians; return the reader, warm."""
    # Not at the top: scikit-learn must not be loaded when a fresh process is measured.
    from benchmarks._tutorial import TutorialPipeline  # noqa: PLC0415 - as above

    tutorial = TutorialPipeline(read_seeds())
    region, classifier = load_region(REGION), Classifier.load(default_model())
    reader = Reader.of(region, classifier, explain=False)
    explaining = Reader.of(region, Classifier(classifier.model))
    some = texts[:BATCH_COUNT]
    items, messages = [item(text) for text in some], [Message(text) for text in some]
    few, fewer, fewest = some[:MEMO_COUNT], some[:PLAIN_COUNT], some[:PURE_COUNT]
    tutorial.forget()
    first = (
        len(some) / processor(lambda: read_all(reader, items, 1024)),
        len(few) / processor(lambda: tutorial.answer(few, "memo")),
    )
    read_all(explaining, items, 1024)
    works: dict[str, tuple[Callable[[], object], int]] = {
        "everything, batches of 1024": (lambda: read_all(reader, items, 1024), len(some)),
        "everything, batches of 256": (lambda: read_all(reader, items, 256), len(some)),
        "the same, explained, of 1024": (lambda: read_all(explaining, items, 1024), len(some)),
        "the same, explained, of 256": (lambda: read_all(explaining, items, 256), len(some)),
        "Classifier.predict alone": (lambda: classifier.predict(messages), len(some)),
        "tutorial with a memo": (lambda: tutorial.answer(few, "memo"), len(few)),
        "tutorial": (lambda: tutorial.answer(fewer, "c++"), len(fewer)),
        "tutorial without C++": (lambda: tutorial.answer(fewest, "pure"), len(fewest)),
    }
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, (work, count) in works.items():
            found[name].append(count / processor(work))
    speeds = {name: statistics.median(of_rounds) for name, of_rounds in found.items()}
    plain, memo = speeds["tutorial"], speeds["tutorial with a memo"]
    pure = speeds["tutorial without C++"]
    print(f"\nPosts per processor second, medians of {rounds} rounds in turns")
    print("warm-up: each has answered the texts that it is timed on once, so no word is new")
    print("ours: everything = topic, fine topics, further topics, relevance, urgency, place")
    print("tutorial: topic, relevance, urgency alone; pymorphy3[fast] (C++) asked for each word")
    print("tutorial with a memo: the same, each word asked once, its answer remembered")
    print("tutorial without C++: as the first, with pymorphy3 alone, which is pure Python")
    print(f"{'':32}{'posts/s':>10}{'× tutorial':>12}{'× with memo':>13}{'× without C++':>15}")
    for name, speed in speeds.items():
        print(
            f"{name:32}{speed:10.0f}{speed / plain:12.1f}{speed / memo:13.1f}{speed / pure:15.1f}"
        )
    print("first pass of all, every word met for the first time (no memo helps):")
    print(f"  everything {first[0]:.0f}, tutorial with a memo {first[1]:.0f}")
    whole = speeds["everything, batches of 1024"]
    print_bar("everything, posts/s", whole, 10_000, least=True)
    print_bar("everything × tutorial", whole / plain, 10, least=True)
    return reader


def print_bar(name: str, value: float, bar: float, *, least: bool = False) -> None:
    """Print a figure beside its bar: the most that it may be, or the ``least``."""
    met = value >= bar if least else value <= bar
    sign = "≥" if least else "≤"
    print(f"  {name:44}{value:10.2f}   bar {sign} {bar:<8g}{'yes' if met else 'NO'}")


def print_equality(classifier: Classifier, texts: Sequence[str]) -> None:
    """Hold the fast scores against plain definitions over all texts; fail if they differ."""
    from benchmarks._equality import compare  # noqa: PLC0415 - loads scikit-learn

    found = compare(classifier.model, texts)
    print(f"\nFast scores beside scikit-learn and scipy in double precision, {len(texts)} texts")
    print(f"  linear part: largest difference {found.absolute:.1e}, ", end="")
    print(f"beside the largest score of its text {found.relative:.1e}")
    print(f"  (largest score {found.largest:.1f}); lexicon beside Lexicon.score {found.lexicon:g}")
    if found.absolute > LARGEST_DIFFERENCE or found.lexicon:
        raise SystemExit(f"scores differ by more than {LARGEST_DIFFERENCE}")


def print_single(reader: Reader, texts: Sequence[str]) -> None:
    """Time posts one at a time, after the warm-up."""
    walls, used = [], []
    for one in [item(text) for text in texts[:SINGLE_COUNT]]:
        wall, began = time.perf_counter(), time.process_time()
        reader.read([one])
        used.append(1000 * (time.process_time() - began))
        walls.append(1000 * (time.perf_counter() - wall))
    print(f"\nOne post at a time, all answers, {len(used)} posts, words met before")
    print_bar("median, ms of processor", statistics.median(used), 0.5)
    print(
        f"  99 of 100 within {statistics.quantiles(used, n=100)[98]:.2f} ms of processor; ", end=""
    )
    print(f"by the wall clock {statistics.median(walls):.2f} and ", end="")
    print(f"{statistics.quantiles(walls, n=100)[98]:.2f} ms")


def print_start(start: Start) -> None:
    """Print what a fresh process costs, and how large the model is."""
    model = sum(path.stat().st_size for path in default_model().iterdir()) / 2**20
    print(f"\nA fresh `otklik classify` for one line, median of {STARTS}")
    print_bar("seconds of processor", start.processor, 0.6)
    print(f"  by the wall clock {start.wall:.2f} s")
    print_bar("most memory, MB", start.memory, 150)
    print_bar("model folder, MB", model, 8)


def rows_to_learn(path: Path | None, texts: Sequence[str], classifier: Classifier) -> list[Example]:
    """Return TRAINING_ROWS rows: what ships and one's own, drawn again where there are too few.

    Without a labelled table one's own rows are ``texts`` with the model's answers for labels: as
    much work, though nothing is learned.
    """
    if path and {"code", "topic"} & set(read_table(path)[0]):
        own = read_examples(path)
    else:
        own = [
            Example(text, found.topics[0].code, found.fine_topics[0].name)
            for text, found in zip(
                texts, classifier.predict([Message(text) for text in texts]), strict=True
            )
        ]
    shipped = [*read_seeds(), *read_phrases()]
    wanted, draw = TRAINING_ROWS - len(shipped), random.Random(1)  # noqa: S311 - as above
    drawn = draw.sample(own, min(wanted, len(own)))
    return [*drawn, *draw.choices(own, k=wanted - len(drawn)), *shipped]


def print_training(classifier: Classifier, examples: Sequence[Example]) -> None:
    """Time one fit on from the serving model with its calibration and figures."""
    from classifiers.corpus import read_corpus  # noqa: PLC0415 - loads scipy
    from classifiers.split import near_groups  # noqa: PLC0415 - as above
    from classifiers.training import hold_out, measure  # noqa: PLC0415 - loads scikit-learn

    def retrain() -> None:
        corpus = read_corpus(examples)
        split = hold_out(examples, near_groups(corpus.words), seed=1)
        measure(examples, corpus, split, classifier.model)

    wall = time.perf_counter()
    used = processor(retrain)
    print(f"\nRetraining on {len(examples)} rows: read, fit on from the model, calibrate, measure")
    print_bar("seconds of processor", used, 60)
    print(f"  by the wall clock {time.perf_counter() - wall:.0f} s")


def print_hostile(reader: Reader, texts: Sequence[str]) -> None:
    """Print what hostile texts cost, at a fifth of their length and whole."""
    draw, rounds = random.Random(1), 3  # noqa: S311 - as above
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for name, text in hostile(texts, draw).items():
            # From the middle, which is not read of the whole: its words stay unmet.
            parts = text[WHOLE // 2 :][: WHOLE // 5], text
            short, long = (processor(partial(reader.read, [item(part)])) for part in parts)
            found.setdefault(name, []).append((1000 * short / 2, 1000 * long / 10))
    print(f"\nms of processor per 10 000 characters, medians of {rounds}")
    print(f"{'':36}{'of 20 000':>10}{'of 100 000':>12}")
    for name, figures in found.items():
        short, long = (statistics.median(column) for column in zip(*figures, strict=True))
        print(f"{name:36}{short:10.1f}{long:12.1f}")


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, nargs="?", help="a CSV with a column text")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which medians are taken")
    arguments = parser.parse_args()
    start = cold_start(STARTS)
    try:
        texts = read_texts(arguments.file)
    except OtklikError as error:
        parser.error(str(error))
    reader = print_speeds(texts, arguments.rounds)
    mean = sum(map(len, texts)) / len(texts)
    print(
        f"model {reader.classifier.version}; {len(texts)} texts, {mean:.0f} characters on average"
    )
    print_single(reader, texts)
    print_start(start)
    print_equality(reader.classifier, texts)
    print_hostile(reader, texts)
    print_training(reader.classifier, rows_to_learn(arguments.file, texts, reader.classifier))


if __name__ == "__main__":
    main()
