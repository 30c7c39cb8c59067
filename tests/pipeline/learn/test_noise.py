"""Wrong labels come to the top."""

import random
from dataclasses import replace

from classifiers.examples import Example, read_seeds
from models.vocabulary import Topic
from pipeline.learn.noise import FEWEST_LABELS, suspects

TOPICS = [Topic.ROADS, Topic.GAS, Topic.GARBAGE, Topic.LIGHTING, Topic.HEALTH, Topic.TRANSPORT]


def seeds() -> list[Example]:
    found = [e for e in read_seeds() if e.topic in TOPICS and e.relevant and not e.context]
    random.Random(2).shuffle(found)  # noqa: S311 - not for secrets
    return found


def test_ten_labels_turned_round_surface_on_top() -> None:
    # Given labels of which every sixtieth says another topic than its writer meant
    labels = [replace(seed, kind="") for seed in seeds()[:600]]
    turned = range(5, 600, 60)
    for row in turned:
        place = TOPICS.index(labels[row].topic or Topic.OTHER)
        labels[row] = replace(labels[row], topic=TOPICS[(place + 1) % len(TOPICS)])
    # When they are checked
    found = suspects(labels, teachers=seeds()[600:])
    # Then most of the ten are among the twenty oddest
    assert len({suspect.row for suspect in found[:20]} & set(turned)) >= 7
    assert [s.margin for s in found] == sorted(s.margin for s in found)
    assert all(s.margin < 0 and s.given is labels[s.row].topic is not s.better for s in found)


def test_a_few_labels_are_not_judged() -> None:
    labels = [replace(seed, kind="") for seed in seeds()]
    assert suspects(labels[: FEWEST_LABELS - 1]) == []


def test_what_has_no_topic_is_passed_over() -> None:
    labels = [Example("Спасибо за работу", relevant=False)] * 30 + seeds()[:120]
    found = suspects(labels, teachers=seeds()[120:300])
    assert all(suspect.row >= 30 for suspect in found)


def test_labels_of_one_topic_or_of_two_can_be_checked() -> None:
    one = [seed for seed in seeds() if seed.topic is Topic.GAS][:60]
    two = [seed for seed in seeds() if seed.topic in {Topic.GAS, Topic.HEALTH}][:150]
    assert suspects(one) == []
    wrong = [replace(two[0], topic=Topic.GAS if two[0].topic is Topic.HEALTH else Topic.HEALTH)]
    assert 0 in {suspect.row for suspect in suspects(wrong + two[1:])[:5]}
