"""Figures held to the bar, and the worst mistakes."""

from dataclasses import replace

import pytest

from classifiers.evaluation import figures
from classifiers.examples import Example
from models.values import Place, Prediction, ScoredTopic
from models.vocabulary import Topic
from pipeline.grading import ANYWHERE, SAME, TITLES, UNSEEN, Answered, Bar, grade, mistakes
from pipeline.labelled import Labelled
from pipeline.scoring import PARTS, PlaceGold


def prediction(topic: Topic, probability: float = 0.9, *, urgency: float = 0.1) -> Prediction:
    return Prediction(
        relevant=True,
        relevance=0.9,
        topics=(ScoredTopic(topic, probability),),
        fine_topics=(),
        urgent=urgency >= 0.5,
        urgency=urgency,
        reasons=(),
        model="test",
    )


def told(gold: Topic, guess: Topic, probability: float = 0.9, text: str = "…") -> Answered:
    example = Example(text, gold, relevant=None)
    return Answered(Labelled(example), prediction(guess, probability), wordless=False, place=None)


def named(gold: str | None, found: str | None, *, parts: frozenset[str]) -> Answered:
    place = PlaceGold("…", "smolensky", None, (), None, None, gold, None)
    labelled = Labelled(Example("…", relevant=None), place=place, parts=parts)
    answer = Place(None, "smolensky", None, found, None, (0, 1)) if found else None
    return Answered(labelled, prediction(Topic.ROADS), wordless=False, place=answer)


def test_figures_are_held_to_the_bar_of_a_region_never_seen() -> None:
    answered = [told(Topic.GAS, Topic.GAS)] * 50 + [told(Topic.ROADS, Topic.GAS)] * 8
    lines = {line.name: line for line in grade(answered).lines}
    assert lines["accuracy"].met is True
    assert lines["macro_f1"].met is False
    assert (str(lines["accuracy"].bar), str(lines["ece"].bar)) == ("≥ 0,85", "≤ 0,06")
    assert lines["f1.gas"].met is True
    # Of eight texts one or two decide: they are not held to anything
    assert lines["f1.roads"].met is None
    same = {line.name: line.met for line in grade(answered, same_region=True).lines}
    assert same["accuracy"] is False
    assert same["f1.gas"] is None


def test_few_texts_are_held_to_nothing() -> None:
    assert {line.met for line in grade([told(Topic.GAS, Topic.GAS)] * 39).lines} == {None}
    assert grade([]).lines == ()


def test_a_bar_is_a_least_or_a_most() -> None:
    assert Bar(0.5).met(0.5)
    assert not Bar(0.5).met(0.49)
    assert Bar(0.5, most=True).met(0.5)
    assert not Bar(0.5, most=True).met(0.51)


def test_every_bar_has_a_name_to_be_shown_by() -> None:
    assert set(UNSEEN | SAME | ANYWHERE) <= set(TITLES)
    assert set(figures([told(Topic.GAS, Topic.ROADS).judged])) <= set(TITLES)


def test_parts_of_a_place_that_nobody_labelled_have_no_figures() -> None:
    street = frozenset({"street"})
    answered = [
        named("Лесная", "ул. Лесная", parts=street),
        named("Лесная", None, parts=street),
        named(None, "Садовая", parts=street),
        named(None, None, parts=frozenset()),
        told(Topic.GAS, Topic.GAS),
    ]
    found = {line.name: line.figure for line in grade(answered).lines if line.section == "Место"}
    assert set(found) == {"street_precision", "street_recall", "street_f1"}
    assert found["street_recall"].value == found["street_precision"].value == 0.5
    assert (found["street_recall"].rows, found["street_precision"].rows) == (2, 2)
    assert set(PARTS) > {"street"}


def test_wordless_texts_are_counted_and_left_out() -> None:
    empty = replace(told(Topic.GAS, Topic.ROADS), wordless=True)
    found = grade([empty, told(Topic.GAS, Topic.GAS)])
    assert (found.texts, found.wordless) == (2, 1)
    assert found.lines[0].figure.value == 1.0


@pytest.mark.parametrize("most", [0, 1, 2, 9])
def test_the_mistakes_the_model_was_surest_of_come_first(most: int) -> None:
    answered = [
        told(Topic.GAS, Topic.ROADS, 0.5, "чуть не то"),
        told(Topic.GAS, Topic.GAS, 0.9, "то"),
        told(Topic.GAS, Topic.ROADS, 0.9, "совсем не то"),
    ]
    found = mistakes(answered, most)
    assert [mistake.text for mistake in found] == ["совсем не то", "чуть не то"][:most]
    assert {(mistake.gold, mistake.guess) for mistake in found} <= {("Газ", "Дороги и тротуары")}


def test_mistakes_are_shown_for_each_question() -> None:
    calm = Example("Спасибо", relevant=False, urgent=False)
    alarm = Answered(Labelled(calm), prediction(Topic.GAS, urgency=0.8), wordless=False, place=None)
    parts = frozenset({"street", "house"})
    found = mistakes(
        [alarm, named("Лесная", "Мира", parts=parts), named("Мира", "Мира", parts=parts)], 3
    )
    assert [(m.kind, m.gold, m.guess, m.probability) for m in found] == [
        ("Обращение или нет", "не обращение", "обращение", 0.9),
        ("Срочность", "не срочное", "срочное", 0.8),
        ("Место", "Лесная", "Мира", None),
    ]
