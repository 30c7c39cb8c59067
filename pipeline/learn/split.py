"""Which labels teach and which are kept back to compare two models on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from classifiers.examples import PHRASE, Example
from classifiers.split import folds
from classifiers.training import Split
from classifiers.vocabulary import Ints

FOLDS = 10
TEST = (0, 1)
CALIBRATE = (2, 3)
"""Of ten folds of seeds two measure, two calibrate, six teach. The threshold of urgency is set by
the few urgent texts that score lowest: found on one fold it let false alarms through in one model
and urgent texts in the next; a third fold is missed by the topics."""

HELD_BACK = 0.2
"""The share of labels, the newest ones, that teach nothing: tomorrow's texts are most like them.

It stays the newest part at every later retraining, so that a model promoted today is not judged
tomorrow on texts that taught it."""


@dataclass(frozen=True, slots=True)
class Held:
    """A split whose tested rows are labels (``own``) and shipped seeds (``seeds``).

    ``by_time`` tells whether the labels tested are the newest ones, or drawn by their texts.
    """

    split: Split
    own: Ints
    seeds: Ints
    by_time: bool


def divide(
    examples: Sequence[Example],
    moments: Sequence[datetime | None],
    groups: Ints,
    *,
    seed: int = 1,
) -> Held:
    """Keep back the newest labels, and no repeat of them anywhere else.

    ``examples`` are shipped seeds and phrases (``kind`` set) first, then labels; ``moments`` tell
    when each was labelled or written; ``groups`` come from near_groups. Seeds are split by their
    texts alone, alike at each retraining. Where fewer than half of the labels have a moment, or
    all have the same one, labels are split by their texts as well.
    """
    fold = folds(groups, FOLDS, seed=seed)
    # Bare phrases only teach: nobody writes like that, so they measure nothing.
    fold[[example.kind == PHRASE for example in examples]] = FOLDS - 1
    drawn, calibrates = np.isin(fold, TEST), np.isin(fold, CALIBRATE)
    own = np.array([not example.kind for example in examples], bool)
    dated = [(moment, row) for row, moment in enumerate(moments) if own[row] and moment is not None]
    by_time = 2 * len(dated) >= int(own.sum()) and len({moment for moment, _ in dated}) > 1
    if by_time:
        newest = [row for _, row in sorted(dated)[-max(1, round(HELD_BACK * int(own.sum()))) :]]
    else:
        newest = np.flatnonzero(own & drawn).tolist()
    # Repeats of one text would count as several proofs of one thing: the newest stands for all.
    last = {int(groups[row]): row for row in newest}
    tested = np.array(sorted(last.values()), np.int64)
    away = np.isin(groups, list(last))
    seeds = np.flatnonzero(~own & drawn & ~away)
    # Of labels a tenth calibrates: they are many, and each one is worth more as a lesson.
    calibrated = np.flatnonzero(np.where(own, fold == CALIBRATE[0], calibrates) & ~away)
    kept = np.isin(groups, groups[np.concatenate([calibrated, seeds])]) | away
    return Held(
        Split(np.flatnonzero(~kept), calibrated, np.sort(np.concatenate([tested, seeds]))),
        tested,
        seeds,
        by_time,
    )
