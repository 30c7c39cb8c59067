"""The gate: worse, equal and better challengers, and what may not fall whatever the topics."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.examples import Example
from models.values import FineTopic, Prediction, ScoredTopic
from models.vocabulary import Topic
from pipeline.learn.gate import Finding, Guard, decide, lines

OTHERS = [Topic.SNOW, Topic.HEALTH, Topic.SOCIAL, Topic.CULTURE]


def said(topic: Topic, *, relevant: bool = True, urgent: bool = False) -> Prediction:
    return Prediction(relevant, 0.9, (ScoredTopic(topic, 0.9),), (), urgent, 0.1, (), "v1")


def rows(topics: Sequence[Topic]) -> list[Example]:
    return [Example(f"текст {number}", topic) for number, topic in enumerate(topics)]


def answers(topics: Sequence[Topic], wrong: Sequence[int]) -> list[Prediction]:
    """Answer rightly, but for the rows in ``wrong``."""
    return [said(Topic.OTHER if row in set(wrong) else topic) for row, topic in enumerate(topics)]


FOUR = [OTHERS[row % 4] for row in range(200)]


@pytest.mark.parametrize(
    ("ours", "theirs", "finding"),
    [
        (range(40), range(60), Finding.BETTER),
        (range(40), range(40), Finding.EQUAL),
        (range(40), range(42), Finding.EQUAL),  # two texts more: luck
        (range(100, 140), range(60, 101), Finding.EQUAL),  # other mistakes, as many
        (range(60), range(40), Finding.WORSE),
    ],
)
def test_only_what_is_surely_better_is_promoted(
    ours: range, theirs: range, finding: Finding
) -> None:
    report = decide(rows(FOUR), answers(FOUR, ours), answers(FOUR, theirs))
    assert report.finding is finding
    assert report.promote is (finding is Finding.BETTER)
    assert report.accuracy == (1 - len(ours) / 200, 1 - len(theirs) / 200)
    assert {
        Finding.BETTER: "уверенно лучше",
        Finding.EQUAL: "уверенной разницы в темах между моделями нет",
        Finding.WORSE: "хуже действующей",
    }[finding] in report.reasons[0]


def test_a_rare_topic_found_again_counts_though_accuracy_hardly_moves() -> None:
    topics = [Topic.SNOW] * 380 + [Topic.CULTURE] * 20
    report = decide(
        rows(topics), answers(topics, range(382, 384)), answers(topics, range(380, 388))
    )
    assert report.comparison is not None
    assert report.comparison.macro_f1.low > 0
    assert report.promote


def test_a_few_texts_promote_nothing() -> None:
    report = decide(rows(FOUR[:99]), answers(FOUR[:99], []), answers(FOUR[:99], range(50)))
    assert report.finding is Finding.BETTER
    assert not report.promote
    assert "отложенных текстов с темой 99, а для сравнения нужно 100" in report.reasons[0]


def test_no_text_at_all_is_kept_too() -> None:
    report = decide([Example("Спасибо", relevant=False)], [said(Topic.SNOW)], [said(Topic.SNOW)])
    assert (report.rows, report.promote, report.comparison) == (0, False, None)


@pytest.mark.parametrize(("gas", "falls"), [(40, True), (39, False)])
def test_an_important_topic_may_not_fall_where_it_has_enough_texts(gas: int, falls: bool) -> None:
    # Given a challenger much better at snow, that loses four texts of gas
    topics = [Topic.GAS] * gas + [Topic.SNOW] * 200
    ours, theirs = range(4), range(gas, gas + 60)
    report = decide(rows(topics), answers(topics, ours), answers(topics, theirs))
    # Then with 40 texts of gas, of which an F1 can be told, it is kept back
    assert report.finding is Finding.BETTER
    assert report.promote is not falls
    if falls:
        assert "F1 темы «Газ»: было 100,0 %, стало 94,7 %" in report.reasons[0]


def test_recall_of_urgent_texts_may_not_fall_by_one() -> None:
    examples = [replace(row, urgent=number < 30) for number, row in enumerate(rows(FOUR))]
    ours, theirs = answers(FOUR, []), answers(FOUR, range(50))
    found = [replace(p, urgent=number < 30) for number, p in enumerate(theirs)]
    missed = [replace(p, urgent=0 < number < 30) for number, p in enumerate(ours)]
    same = [replace(p, urgent=number < 30) for number, p in enumerate(ours)]
    assert decide(examples, same, found).promote
    report = decide(examples, missed, found)
    assert not report.promote
    assert "Полнота срочных: было 100,0 %, стало 96,7 % (из 30" in report.reasons[0]


def test_alarms_relevance_and_fine_topics_may_not_fall_either() -> None:
    fine = (FineTopic("Уборка снега", "Дороги", 0.9),)
    examples = [replace(row, urgent=False, fine_topic="Уборка снега") for row in rows(FOUR)]
    theirs = [replace(p, fine_topics=fine) for p in answers(FOUR, range(50))]
    ours = [replace(p, fine_topics=fine) for p in answers(FOUR, [])]
    assert decide(examples, ours, theirs).promote
    for number, worse in enumerate(
        [
            [replace(p, urgent=row < 10) for row, p in enumerate(ours)],
            [replace(p, relevant=row >= 10) for row, p in enumerate(ours)],
            [replace(p, fine_topics=fine if row >= 10 else ()) for row, p in enumerate(ours)],
        ]
    ):
        report = decide(examples, worse, theirs)
        assert not report.promote
        assert [guard.fell for guard in report.guards] == [place == number for place in range(3)]


def test_a_guard_from_elsewhere_keeps_the_challenger_back() -> None:
    fallen = Guard("Полнота срочных на примерах поставки", 80, 0.80, 0.95, 0.05)
    report = decide(rows(FOUR), answers(FOUR, []), answers(FOUR, range(50)), [fallen])
    assert not report.promote
    assert "было 95,0 %, стало 80,0 %" in report.reasons[0]


@given(
    st.lists(st.tuples(*[st.sampled_from([Topic.GAS, Topic.SNOW])] * 3), min_size=1, max_size=60)
)
def test_no_model_and_its_rival_are_both_better(found: list[tuple[Topic, Topic, Topic]]) -> None:
    truth, ours, theirs = zip(*found, strict=True)
    one = decide(rows(truth), [*map(said, ours)], [*map(said, theirs)], fewest=0)
    other = decide(rows(truth), [*map(said, theirs)], [*map(said, ours)], fewest=0)
    assert not (one.promote and other.promote)
    assert (one.finding is Finding.WORSE) or other.finding is not Finding.BETTER


def test_equal_models_are_hardly_ever_taken_for_better() -> None:
    # Given pairs of models that are right equally often, on 200 texts each
    draw, promoted = random.Random(3), 0  # noqa: S311 - not for secrets
    for _ in range(60):
        wrong = [[row for row in range(200) if draw.random() < 0.25] for _ in "ab"]
        promoted += decide(rows(FOUR), answers(FOUR, wrong[0]), answers(FOUR, wrong[1])).promote
    assert promoted <= 6


@pytest.mark.parametrize("redrawn", [0.05, 0.3])
def test_nor_is_a_challenger_that_differs_in_a_few_answers(redrawn: float) -> None:
    # Given challengers learned on from the serving model: they differ in some answers, by luck
    draw, promoted, rare = random.Random(5), 0, list(Topic)  # noqa: S311 - not for secrets
    weights = [1 / (place + 1) for place in range(len(rare))]
    for _ in range(60):
        truth = draw.choices(rare, weights, k=100)
        theirs, fresh = (
            [topic if draw.random() < 0.7 else draw.choice(rare) for topic in truth] for _ in "ab"
        )
        ours = [
            new if draw.random() < redrawn else old for new, old in zip(fresh, theirs, strict=True)
        ]
        promoted += decide(rows(truth), [*map(said, ours)], [*map(said, theirs)]).promote
    assert promoted <= 6


def test_a_report_is_stored_as_json_and_told_in_russian() -> None:
    report = decide(rows(FOUR), answers(FOUR, []), answers(FOUR, range(50)))
    stored = json.loads(json.dumps(report.stored()))
    assert stored["promote"] is True
    assert stored["comparison"]["accuracy"]["value"] == pytest.approx(0.25)
    text = "\n".join(lines(report))
    assert "Верных тем: 100,0 % против 75,0 %" in text
    assert "Разница верных тем: +25,0 п. п. (95 %: от +19," in text
