"""How well and how fast places are found, against labels and beside plain patterns.

    OMP_NUM_THREADS=1 python benchmarks/places.py [--golds FILE.jsonl] [--texts FILE.csv]

The labelled texts were written by somebody who never saw the search. They are split by a hash of
the text into ``dev``, whose errors may be read, and ``test``, of which only figures are known.
Speeds are posts per second of processor time on one thread, over the CSV's column ``text`` or the
labelled texts; the plain search is a loop of compiled patterns, one a form of a name, without
any rule of context.
"""

import argparse
import csv
import hashlib
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from models.values import Place
from pipeline.decisions.places import Gazetteer, find
from pipeline.decisions.places_forms import forms
from pipeline.decisions.places_text import fold
from pipeline.region.load import load_region
from pipeline.region.schema import Region
from pipeline.scoring import PlaceGold, find_for, place_figures, read_golds

GOLDS = Path(__file__).parents[1] / "tests" / "data" / "evaluation" / "places.jsonl"
REGION = "smolensky"
COUNT = 6_000
PLAIN_COUNT = 500
"""Texts for the plain search, which is slow."""


def is_dev(gold: PlaceGold) -> bool:
    """Tell to which half a labelled text belongs, the same on every machine."""
    return hashlib.sha256(gold.text.encode()).digest()[-1] % 2 == 0


def read_texts(path: Path | None, golds: Sequence[PlaceGold]) -> list[str]:
    """Return the texts to time: those of a CSV, or the labelled ones."""
    if path is None:
        return [gold.text for gold in golds]
    csv.field_size_limit(10_000_000)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)][:COUNT]


def plain_search(region: Region) -> Callable[[str], str | None]:
    """Return a search by a loop of patterns, one a form: the settlement of the first that fits."""
    patterns = [
        (re.compile(rf"\b{re.escape(' '.join(words))}\b"), settlement.code)
        for settlement in region.settlements
        for village in settlement.villages
        for words in forms(village.name)
    ]

    def search(text: str) -> str | None:
        folded = fold(text)
        return next((code for pattern, code in patterns if pattern.search(folded)), None)

    return search


def speed(work: Callable[[str], object], texts: Sequence[str]) -> float:
    """Return posts per second of processor time, the best of three runs."""
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        for text in texts:
            work(text)
        seconds.append(time.process_time() - begun)
    return len(texts) / min(seconds)


def print_figures(name: str, golds: Sequence[PlaceGold], finds: Sequence[Place | None]) -> None:
    """Print precision, recall and F1 with their 95 % intervals."""
    print(f"{name}: {len(golds)} texts")
    for part, figures in place_figures(golds, finds).items():
        shown = "  ".join(
            f"{name} {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
            for name, figure in figures.items()
        )
        print(f"  {part:11}{shown}")


def main() -> None:
    """Print the figures of the whole and of each half, then the speeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--golds", type=Path, default=GOLDS)
    parser.add_argument("--texts", type=Path)
    arguments = parser.parse_args()
    golds = read_golds(arguments.golds)
    regions = {code: load_region(code) for code in {REGION, *(gold.region for gold in golds)}}
    gazetteers = {code: Gazetteer.build(region) for code, region in regions.items()}
    finds = [find_for(gold, gazetteers[gold.region]) for gold in golds]
    for name, half in (("all", {True, False}), ("dev", {True}), ("test", {False})):
        chosen = [i for i, gold in enumerate(golds) if is_dev(gold) in half]
        print_figures(name, [golds[i] for i in chosen], [finds[i] for i in chosen])
    texts = read_texts(arguments.texts, golds)
    gazetteer = Gazetteer.build(regions[REGION])
    begun = time.process_time()
    for text in texts:
        find(text, gazetteer)
    cold = len(texts) / (time.process_time() - begun)
    warm = speed(lambda text: find(text, gazetteer), texts)
    plain = speed(plain_search(regions[REGION]), texts[:PLAIN_COUNT])
    mean = sum(map(len, texts)) / len(texts)
    print(f"{len(texts)} texts of {mean:.0f} characters, posts/s: cold {cold:.0f}, warm {warm:.0f}")
    print(f"one post {1e6 / warm:.1f} µs; plain patterns {plain:.0f} posts/s; {warm / plain:.0f} ×")


if __name__ == "__main__":
    main()
