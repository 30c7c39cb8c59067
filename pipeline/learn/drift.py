"""Whether what people write about has changed since the model was trained. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import log, sqrt
from typing import Any

CHANGED = 0.1
SHIFTED = 0.25
"""From these values of the index on people speak of a moderate and of a large change (Siddiqi,
«Credit Risk Scorecards», 2006)."""

LEAST_SHARE = 1e-4
"""What stands for a share of 0, of which there is no logarithm."""

FEWEST_POSTS = 100
"""With fewer posts the mix of 24 topics is mostly chance."""

_NORMAL_95 = 1.6449


class Change(StrEnum):
    """How far two mixes differ; ``unknown`` where there is too little to tell."""

    NONE = "none"
    SOME = "some"
    LARGE = "large"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Shift:
    """A stability index, what chance alone brings it to in 1 case of 20, and what that means."""

    index: float
    by_chance: float
    change: Change


@dataclass(frozen=True, slots=True)
class Drift:
    """Recent posts against the model's window: topics, unknown words, and the largest moves.

    ``moved`` holds code, share then, share now; shares and ``words`` (then, now) are 0..1.
    """

    rows: tuple[int, int]
    topics: Shift
    words: tuple[float, float]
    unknown: Shift
    moved: tuple[tuple[str, float, float], ...]


def stability_index(then: Mapping[str, float], now: Mapping[str, float]) -> float:
    """Return the population stability index of two mixes, shares of one whole each.

    Σ (now − then) · ln(now / then) over all kinds: the symmetric divergence of Jeffreys (1946).
    """
    total = 0.0
    for kind in {**then, **now}:
        before, after = (max(side.get(kind, 0.0), LEAST_SHARE) for side in (then, now))
        total += (after - before) * log(after / before)
    return total


def chance_index(kinds: int, then: int, now: int) -> float:
    """Return what the index of two samples of one mix stays below in 19 cases of 20.

    The index is then near (1/then + 1/now) · χ² with kinds − 1 degrees of freedom (Yurdakul and
    Naranjo, «Statistical properties of the population stability index», 2020); its quantile is
    that of Wilson and Hilferty (1931).
    """
    freedom = max(kinds - 1, 1)
    part = 2 / (9 * freedom)
    quantile = freedom * (1 - part + _NORMAL_95 * sqrt(part)) ** 3
    return quantile * (1 / then + 1 / now)


def compare_windows(then: Mapping[str, Any], now: Mapping[str, Any]) -> Drift:
    """Compare two windows (see classifiers.window): the model's own, and that of recent posts."""
    rows = int(then["rows"]), int(now["rows"])
    before, after = then["topics"], now["topics"]
    words = float(then["unknown_words"]), float(now["unknown_words"])
    kinds = len({**before, **after})
    mixes = [{"unknown": share, "known": 1 - share} for share in words]
    moves = [(code, before.get(code, 0.0), after.get(code, 0.0)) for code in {**before, **after}]
    moves.sort(key=lambda move: -abs(move[2] - move[1]))
    return Drift(
        rows,
        _shift(stability_index(before, after), kinds, rows),
        words,
        # Words of one text come together, so that texts, not words, are what is drawn.
        _shift(stability_index(*mixes), 2, rows),
        tuple(moves[:3]),
    )


def _shift(index: float, kinds: int, rows: tuple[int, int]) -> Shift:
    if min(rows) < FEWEST_POSTS:
        return Shift(index, 0.0, Change.UNKNOWN)
    by_chance = chance_index(kinds, *rows)
    if index <= max(CHANGED, by_chance):
        return Shift(index, by_chance, Change.NONE)
    return Shift(index, by_chance, Change.SOME if index <= SHIFTED else Change.LARGE)


def advice(drift: Drift) -> str:
    """Return in one Russian sentence what the report means and what to do."""
    changes = {drift.topics.change, drift.unknown.change}
    if Change.UNKNOWN in changes:
        return (
            f"Сообщений мало (сейчас {drift.rows[1]}, в окне обучения {drift.rows[0]}): чтобы "
            f"судить об изменениях, нужно хотя бы {FEWEST_POSTS}."
        )
    if Change.LARGE in changes:
        return (
            "Сообщения заметно отличаются от тех, на которых проверяли модель: разметьте новые "
            "(otklik labels next) и обучите её заново (otklik train --labels)."
        )
    if Change.SOME in changes:
        return (
            "Сообщения немного изменились: модель ещё годится, но стоит разметить новые "
            "(otklik labels next)."
        )
    return "Сообщения такие же, как те, на которых проверяли модель: делать ничего не нужно."
