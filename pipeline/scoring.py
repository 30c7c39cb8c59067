"""Figures of place finding against labelled texts: precision, recall, F1 and their intervals.

What stands in the answer where the label is empty counts as false, so that a guess costs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from models.values import Place
from pipeline.decisions.places import Gazetteer, place_for
from pipeline.decisions.places_street_names import KINDS
from pipeline.decisions.places_text import WORD, fold

PARTS = ("settlement", "village", "street", "house")
RESAMPLES = 1000
"""Draws of the bootstrap; an end of a 95 % interval then stands on 25 of them."""

_ORDINAL = re.compile(r"(?<=\d)-?(?:й|я|ая|ый|ой|го|е)\b")


@dataclass(frozen=True, slots=True)
class PlaceGold:
    """A text, where it was found, and what it names; None where it names nothing of the kind.

    ``region`` is the sample region's code, ``context`` the thread above, the post first.
    ``settlement`` is the code that the text yields by itself, or with the community or the
    thread where a name is ambiguous.
    """

    text: str
    region: str
    community: str | None
    context: tuple[str, ...]
    settlement: str | None
    village: str | None
    street: str | None
    house: str | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A share from 0 to 1 with its 95 % interval, low and high."""

    value: float
    low: float
    high: float


def read_golds(path: Path) -> list[PlaceGold]:
    """Return the labelled texts of a JSON Lines file, one object with all fields a line."""
    golds = []
    for line in path.read_bytes().splitlines():
        row = orjson.loads(line)
        golds.append(PlaceGold(**{**row, "context": tuple(row["context"])}))
    return golds


def find_for(gold: PlaceGold, gazetteer: Gazetteer) -> Place | None:
    """Return what the text itself names; community and thread only decide between namesakes."""
    place, _, _ = place_for(
        gold.text, gold.context, gazetteer=gazetteer, community_settlement=gold.community
    )
    return place


def place_figures(
    golds: Sequence[PlaceGold], finds: Sequence[Place | None], *, seed: int = 1
) -> dict[str, dict[str, Figure]]:
    """Return precision, recall and F1 of settlement, village, street and house.

    ``finds`` answers ``golds`` one to one. Streets are compared without their kind, in any order
    of words, houses without spaces. Intervals are percentiles of a bootstrap over the texts
    (Efron and Tibshirani, 1993, ch. 13). A share of nothing is 1: nothing was asked or answered.
    """
    draws = np.random.default_rng(seed).integers(0, len(golds), (RESAMPLES, len(golds)))
    figures = {}
    for part in PARTS:
        pairs = [
            (_comparable(part, getattr(gold, part)), _comparable(part, getattr(found, part, None)))
            for gold, found in zip(golds, finds, strict=True)
        ]
        asked = np.array([gold is not None for gold, _ in pairs])
        answered = np.array([found is not None for _, found in pairs])
        right = np.array([found is not None and gold == found for gold, found in pairs])
        whole = _shares(right[None, :], answered[None, :], asked[None, :])
        drawn = _shares(right[draws], answered[draws], asked[draws])
        figures[part] = {
            name: Figure(float(whole[name][0]), *np.percentile(drawn[name], (2.5, 97.5)).tolist())
            for name in whole
        }
    return figures


def _shares(right: np.ndarray, answered: np.ndarray, asked: np.ndarray) -> dict[str, np.ndarray]:
    hits, said, wanted = (flags.sum(axis=1) for flags in (right, answered, asked))
    return {
        "precision": np.where(said > 0, hits / np.maximum(said, 1), 1.0),
        "recall": np.where(wanted > 0, hits / np.maximum(wanted, 1), 1.0),
        "f1": np.where(said + wanted > 0, 2 * hits / np.maximum(said + wanted, 1), 1.0),
    }


def _comparable(part: str, value: str | None) -> str | None:
    if value is None or part in {"settlement", "village"}:
        return value
    folded = fold(value)
    if part == "house":
        return folded.replace(" ", "")
    words = WORD.findall(_ORDINAL.sub("", folded))
    # «пр-т» and «б-р» are two words each; a street has no name of one letter.
    return " ".join(sorted(w for w in words if w not in KINDS and (len(w) > 2 or w.isdigit())))
