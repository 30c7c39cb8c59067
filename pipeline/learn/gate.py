"""The gate: whether a challenger may take the place of the serving model. Pure.

Both models answer the same held-out texts. The challenger passes only if it is surely better at
topics and lets nothing else fall that people depend on.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from classifiers.comparison import Comparison, Difference, mcnemar, paired_bootstrap
from classifiers.evaluation import f1_by_label
from classifiers.examples import Example
from models.values import Prediction
from models.vocabulary import Topic

FEWEST_ROWS = 100
"""With fewer held-out texts an interval is some ten points wide and proves nothing."""

SURE = 0.05
"""A difference that chance alone makes this often, or more often, may be luck."""

SLACK = 0.01
"""What accuracy may lose where macro-F1 is surely better, and the other way round: one text in a
hundred, less than either figure is known to."""

FLOOR = (Topic.ROADS, Topic.GAS, Topic.GARBAGE, Topic.WATER, Topic.LIGHTING)
"""Half of all appeals, and those that harm first when they go to the wrong body."""

ENOUGH = 40
"""Texts of a topic from which on its F1 means something: one of them is 2.5 points."""

FLOOR_MARGIN = 0.03
"""What the F1 of such a topic may lose: one text of ENOUGH, either way, is no fall."""

RELEVANCE_MARGIN = 0.02
ALARM_MARGIN = 0.02
FINE_MARGIN = 0.03
SEED_MARGIN = 0.02
SEED_ALARM_MARGIN = 0.1
"""What rightness of relevance, silence on calm texts, and fine topics may lose. Recall of urgent
texts may lose nothing: missing one of these is worse than any other mistake. Of urgent seeds a
few in a hundred lie at the threshold and change sides with any learning; calm seeds are written
to sound urgent: their share moves by several points with the threshold."""


class Finding(StrEnum):
    """How the challenger's topics compare with the serving model's."""

    WORSE = "worse"
    EQUAL = "equal"
    BETTER = "better"


@dataclass(frozen=True, slots=True)
class Guard:
    """A figure, 0..1, that may not fall by more than ``margin``; counted on ``rows`` texts."""

    name: str
    rows: int
    challenger: float
    serving: float
    margin: float

    @property
    def fell(self) -> bool:
        """Tell whether it fell by more; a rounding error is no fall."""
        return self.challenger < self.serving - self.margin - 1e-9


@dataclass(frozen=True, slots=True)
class GateReport:
    """All that the gate saw, its decision, and why, in Russian.

    ``accuracy`` and ``macro_f1`` are pairs: challenger, serving. ``comparison`` and ``chance``
    (McNemar's p) are None where no held-out text has a topic.
    """

    rows: int
    accuracy: tuple[float, float]
    macro_f1: tuple[float, float]
    comparison: Comparison | None
    chance: float
    finding: Finding
    guards: tuple[Guard, ...]
    promote: bool
    reasons: tuple[str, ...]

    def stored(self) -> dict[str, Any]:
        """Return the report as JSON takes it."""
        guards = [asdict(guard) | {"fell": guard.fell} for guard in self.guards]
        return asdict(self) | {"guards": guards}


def decide(
    examples: Sequence[Example],
    challenger: Sequence[Prediction],
    serving: Sequence[Prediction],
    more: Sequence[Guard] = (),
    *,
    fewest: int = FEWEST_ROWS,
) -> GateReport:
    """Judge a challenger by both models' answers to ``examples``, which neither has seen.

    ``more`` are guards counted elsewhere. Below ``fewest`` texts with a topic nothing is
    promoted.
    """
    with_topic = [row for row, example in enumerate(examples) if example.topic is not None]
    truth = [str(examples[row].topic) for row in with_topic]
    sides = [
        [str(side[row].topics[0].code) for row in with_topic] for side in (challenger, serving)
    ]
    right = [[one == other for one, other in zip(truth, side, strict=True)] for side in sides]
    scores = [f1_by_label(truth, side) for side in sides]
    comparison = paired_bootstrap(truth, *sides) if truth else None
    chance = mcnemar(*right)
    finding = _finding(comparison, chance)
    guards = (*_floors(truth, scores), *_answers(examples, challenger, serving), *more)
    fallen = [guard for guard in guards if guard.fell]
    enough = len(truth) >= fewest
    return GateReport(
        rows=len(truth),
        accuracy=(_mean(right[0]), _mean(right[1])),
        macro_f1=(_mean(list(scores[0].values())), _mean(list(scores[1].values()))),
        comparison=comparison,
        chance=chance,
        finding=finding,
        guards=guards,
        promote=enough and finding is Finding.BETTER and not fallen,
        reasons=tuple(_reasons(len(truth), fewest, finding, fallen)),
    )


def _finding(comparison: Comparison | None, chance: float) -> Finding:
    """Compare by accuracy (interval and McNemar) and by macro-F1 (interval), both at 95 %."""
    if comparison is None:
        return Finding.EQUAL
    accuracy, macro = comparison.accuracy, comparison.macro_f1
    if (chance <= SURE and accuracy.high < 0) or macro.high < 0:
        return Finding.WORSE
    surely = (chance <= SURE and accuracy.low > 0) or macro.low > 0
    if surely and min(accuracy.value, macro.value) >= -SLACK:
        return Finding.BETTER
    return Finding.EQUAL


def _floors(truth: Sequence[str], scores: Sequence[dict[Any, float]]) -> list[Guard]:
    return [
        Guard(
            f"F1 темы «{topic.russian}»",
            truth.count(topic),
            scores[0][topic],
            scores[1][topic],
            FLOOR_MARGIN,
        )
        for topic in FLOOR
        if truth.count(topic) >= ENOUGH
    ]


def _answers(
    examples: Sequence[Example], challenger: Sequence[Prediction], serving: Sequence[Prediction]
) -> list[Guard]:
    """Return the guards of yes-or-no answers and of fine topics, each on rows that know it."""

    def guard(
        name: str, rows: list[int], margin: float, right: Callable[[int, Prediction], bool]
    ) -> Guard:
        ours, theirs = (
            _mean([right(row, side[row]) for row in rows]) for side in (challenger, serving)
        )
        return Guard(name, len(rows), ours, theirs, margin)

    def alarm(row: int, said: Prediction) -> bool:
        return said.urgent is examples[row].urgent

    def appeal(row: int, said: Prediction) -> bool:
        return said.relevant is examples[row].relevant

    def fine(row: int, said: Prediction) -> bool:
        names = [topic.name for topic in said.fine_topics[:1]]
        return names == [examples[row].fine_topic]

    urgent = [row for row, example in enumerate(examples) if example.urgent]
    guards = [guard("Полнота срочных", urgent, 0.0, alarm)] if urgent else []
    calm = [row for row, example in enumerate(examples) if example.urgent is False]
    known = [row for row, example in enumerate(examples) if example.relevant is not None]
    named = [row for row, example in enumerate(examples) if example.fine_topic]
    return guards + [
        guard(name, rows, margin, right)
        for name, rows, margin, right in (
            ("Спокойные без ложной тревоги", calm, ALARM_MARGIN, alarm),
            ("Верно, обращение ли это", known, RELEVANCE_MARGIN, appeal),
            ("Верная тема госсистемы", named, FINE_MARGIN, fine),
        )
        if len(rows) >= ENOUGH
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _reasons(rows: int, fewest: int, finding: Finding, fallen: Sequence[Guard]) -> list[str]:
    found = []
    if rows < fewest:
        found.append(f"отложенных текстов с темой {rows}, а для сравнения нужно {fewest}")
    if finding is Finding.WORSE:
        found.append("темы новая модель определяет хуже действующей")
    if finding is Finding.EQUAL:
        found.append("уверенной разницы в темах между моделями нет")
    found += [
        f"{guard.name}: было {percent(guard.serving)}, стало {percent(guard.challenger)} "
        f"(из {guard.rows}, допустимо снижение до {percent(guard.margin)})"
        for guard in fallen
    ]
    return found or ["темы новая модель определяет уверенно лучше, и ничто другое не ухудшилось"]


def percent(share: float) -> str:
    """Write a share the Russian way: 0.815 → «81,5 %»."""
    return f"{100 * share:.1f} %".replace(".", ",")


def points(difference: Difference) -> str:
    """Write a difference with its interval in percentage points."""
    ends = [difference.value, difference.low, difference.high]
    value, low, high = (f"{100 * end:+.1f}".replace(".", ",") for end in ends)
    return f"{value} п. п. (95 %: от {low} до {high})"


def lines(report: GateReport) -> list[str]:
    """Return the report for people, a line for each figure; the decision comes last."""
    said = [f"Отложенных текстов с темой: {report.rows}"]
    for name, (ours, theirs) in (("Верных тем", report.accuracy), ("Macro-F1", report.macro_f1)):
        said.append(f"{name}: {percent(ours)} против {percent(theirs)}")
    if report.comparison is not None:
        for name, difference in (
            ("верных тем", report.comparison.accuracy),
            ("macro-F1", report.comparison.macro_f1),
        ):
            said.append(
                f"Разница {name}: {points(difference)}; "
                f"новая лучше в {percent(difference.better)} перевыборок"
            )
        said.append(f"Мак-Немар: p = {report.chance:.4f}".replace(".", ","))
    said += [
        f"{guard.name}: {percent(guard.challenger)} против {percent(guard.serving)} "
        f"(из {guard.rows})" + (" — УПАЛО" if guard.fell else "")
        for guard in report.guards
    ]
    return said
