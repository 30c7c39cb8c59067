"""The figures of labelled texts beside the bar that the product sets itself. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from classifiers.evaluation import Judged, figures
from classifiers.intervals import Figure
from models.values import Place, Prediction
from models.vocabulary import Certainty, Topic
from pipeline.labelled import Labelled
from pipeline.scoring import PARTS, place_figures

ENOUGH = 40
"""Texts from which on a figure is held to the bar: of fewer, one or two decide it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a figure should stand: at ``limit`` or above it, or below it for ``most``."""

    limit: float
    most: bool = False

    def met(self, value: float) -> bool:
        """Tell whether a value reaches the bar."""
        return value <= self.limit if self.most else value >= self.limit

    def __str__(self) -> str:
        """Return «≥ 0,85»."""
        return f"{'≤' if self.most else '≥'} {decimal(self.limit)}"


def decimal(value: float, digits: int = 2) -> str:
    """Write a number the Russian way, with a comma."""
    return f"{value:.{digits}f}".replace(".", ",")


UNSEEN = {"accuracy": Bar(0.85), "macro_f1": Bar(0.72), "ece": Bar(0.06, most=True)} | {
    f"f1.{code}": Bar(0.90)
    for code in (Topic.ROADS, Topic.GAS, Topic.GARBAGE, Topic.WATER, Topic.LIGHTING)
}
"""What is asked in a region that the model has not seen."""

SAME = {"accuracy": Bar(0.87), "macro_f1": Bar(0.75), "ece": Bar(0.03, most=True)}
"""What is asked on other texts of the region that the model has learned from."""

ANYWHERE = {
    "accuracy_surest_70": Bar(0.95),
    "fine_top1": Bar(0.58),
    "fine_top3": Bar(0.83),
    "relevance_auc": Bar(0.95),
    "urgent_recall": Bar(0.95),
    "urgent_precision": Bar(0.60),
    "urgent_recall_at_60": Bar(0.95),
    "settlement_f1": Bar(0.96),
    "street_recall": Bar(0.80),
    "street_precision": Bar(0.90),
}

_PLACES = {
    "settlement": "поселение",
    "village": "населённый пункт",
    "street": "улица",
    "house": "дом",
}
_MEASURES = {"precision": "точность", "recall": "полнота", "f1": "F1"}

TITLES: dict[str, tuple[str, str]] = {
    "accuracy": ("Тема, 24 кода", "доля верных"),
    "macro_f1": ("Тема, 24 кода", "макро-F1"),
    "accuracy_surest_70": ("Тема, 24 кода", "доля верных, 70 % самых уверенных"),
    "ece": ("Тема, 24 кода", "ошибка вероятностей (ECE)"),
    **{f"f1.{code}": ("F1 по темам", code.russian) for code in Topic},
    "fine_top1": ("Тема госсистемы", "первый ответ верен"),
    "fine_top3": ("Тема госсистемы", "верный среди трёх"),
    "also_precision": ("Другие темы в том же тексте", "точность"),
    "also_recall": ("Другие темы в том же тексте", "полнота"),
    "also_f1": ("Другие темы в том же тексте", "F1"),
    **{
        f"{level}_{name}": ("Уверенность", f"«{level.russian}»: {title}")
        for level in Certainty
        for name, title in (("share", "доля текстов"), ("accuracy", "из них верных"))
    },
    "noise_unsure": ("Уверенность", "непонятные тексты: «не уверен»"),
    "relevance_auc": ("Обращение или нет", "AUC"),
    "relevance_recall": ("Обращение или нет", "полнота"),
    "relevance_precision": ("Обращение или нет", "точность"),
    "urgent_recall_at_60": ("Срочность", "лучшая полнота при точности ≥ 0,6"),
    "urgent_recall": ("Срочность", "полнота"),
    "urgent_precision": ("Срочность", "точность"),
    "urgent_auc": ("Срочность", "AUC"),
    **{
        f"{part}_{measure}": ("Место", f"{name}: {title}")
        for part, name in _PLACES.items()
        for measure, title in _MEASURES.items()
    },
}
"""Section and name of each figure, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A labelled text and what the product answered; ``place`` is None where none was found."""

    labelled: Labelled
    prediction: Prediction
    wordless: bool
    place: Place | None

    @property
    def judged(self) -> Judged:
        """The text as the classifier's figures take it."""
        labelled = self.labelled
        return Judged(
            labelled.example,
            self.prediction,
            self.wordless,
            labelled.read_for_also,
            labelled.noise,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One figure as it is shown; ``bar`` is None where nothing is asked."""

    name: str
    section: str
    title: str
    figure: Figure
    bar: Bar | None

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; None where there is none."""
        return self.bar.met(self.figure.value) if self.bar else None


@dataclass(frozen=True, slots=True)
class Grade:
    """All figures of some texts; of ``texts`` the ``wordless`` are left out of those of topics."""

    texts: int
    wordless: int
    lines: tuple[Line, ...]


def grade(answered: Sequence[Answered], *, same_region: bool = False) -> Grade:
    """Return every figure that the labels yield, held to the bar of a region never seen.

    ``same_region`` holds it to that of texts from the region that the model has learned from.
    """
    found = figures([one.judged for one in answered]) | _places(answered)
    bars = ANYWHERE | (SAME if same_region else UNSEEN)
    return Grade(
        len(answered),
        sum(one.judged.left_out for one in answered),
        tuple(
            Line(
                name,
                *TITLES[name],
                found[name],
                bars.get(name) if found[name].rows >= ENOUGH else None,
            )
            for name in TITLES
            if name in found
        ),
    )


def _places(answered: Sequence[Answered]) -> dict[str, Figure]:
    """Return the figures of places; of each part over the texts in which it was labelled."""
    answer = {}
    known = {
        part: tuple(place for place, one in enumerate(answered) if part in one.labelled.parts)
        for part in PARTS
    }
    # Parts that were labelled in the same texts are measured in one go.
    for rows, parts in groupby(sorted(known, key=lambda part: known[part]), key=known.__getitem__):
        if not rows:
            continue
        golds = [gold for row in rows if (gold := answered[row].labelled.place)]
        finds = [answered[row].place for row in rows]
        measured = place_figures(golds, finds)
        for part in parts:
            asked = sum(getattr(gold, part) is not None for gold in golds)
            said = sum(getattr(found, part, None) is not None for found in finds)
            counts = {"precision": said, "recall": asked, "f1": asked}
            for measure, figure in measured[part].items():
                if counts[measure]:
                    answer[f"{part}_{measure}"] = Figure(
                        figure.value, figure.low, figure.high, counts[measure]
                    )
    return answer


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer: what was asked, the text, the truth, the answer and its probability.

    ``probability`` is None for places, which have none.
    """

    kind: str
    text: str
    gold: str
    guess: str
    probability: float | None


def mistakes(answered: Sequence[Answered], most: int) -> list[Mistake]:
    """Return ``most`` mistakes of each kind, those first of which the product was surest."""
    found: dict[str, list[Mistake]] = {}
    for one in answered:
        for mistake in (_topic(one), _relevance(one), _urgency(one), _place(one)):
            if mistake:
                found.setdefault(mistake.kind, []).append(mistake)
    return [
        mistake
        for kind in found.values()
        for mistake in sorted(kind, key=lambda mistake: -(mistake.probability or 0.0))[:most]
    ]


def _topic(one: Answered) -> Mistake | None:
    example, best = one.labelled.example, one.prediction.topics[0]
    if not one.judged.told or example.topic is None or best.code is example.topic:
        return None
    return Mistake("Тема", example.text, example.topic.russian, best.code.russian, best.probability)


def _relevance(one: Answered) -> Mistake | None:
    example, given = one.labelled.example, one.prediction
    if example.relevant is None or example.relevant is given.relevant:
        return None
    names = {True: "обращение", False: "не обращение"}
    chance = given.relevance if given.relevant else 1 - given.relevance
    return Mistake(
        "Обращение или нет", example.text, names[example.relevant], names[given.relevant], chance
    )


def _urgency(one: Answered) -> Mistake | None:
    example, given = one.labelled.example, one.prediction
    if example.urgent is None or example.urgent is given.urgent:
        return None
    names = {True: "срочное", False: "не срочное"}
    chance = given.urgency if given.urgent else 1 - given.urgency
    return Mistake("Срочность", example.text, names[example.urgent], names[given.urgent], chance)


def _place(one: Answered) -> Mistake | None:
    gold, parts = one.labelled.place, [part for part in PARTS if part in one.labelled.parts]
    if gold is None:
        return None
    # Of one text F1 is 1 or 0, by the rules that the figures themselves go by.
    measured = place_figures([gold], [one.place])
    wrong = {part for part in parts if measured[part]["f1"].value < 1}
    if not wrong:
        return None
    told, said = (
        ", ".join(str(getattr(side, part, None) or "—") for part in parts if part in wrong)
        for side in (gold, one.place)
    )
    return Mistake("Место", one.labelled.example.text, told, said, None)
