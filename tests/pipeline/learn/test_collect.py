"""Labels become examples: the newest word counts, and an operator's before a source's."""

from datetime import UTC, datetime, timedelta

from classifiers.examples import Example
from models.vocabulary import Topic
from pipeline.learn.collect import Dated, merge
from pipeline.store.labels import Labelled, StatedTopic

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
TEXT = "На Лесной темно"


def label(
    topic: Topic,
    *,
    at: datetime = MONDAY,
    relevant: bool = True,
    urgent: bool = False,
    fine_topic: str | None = None,
    context: tuple[str, ...] = (),
) -> Labelled:
    return Labelled(
        TEXT, context, topic, fine_topic, (Topic.SNOW,), relevant, urgent, at, "duty", {}, "v1"
    )


def test_the_newest_label_of_a_text_counts() -> None:
    newest = label(Topic.LIGHTING, at=TUESDAY, urgent=True)
    for told in ([label(Topic.ROADS), newest], [newest, label(Topic.ROADS)]):
        assert merge(told, [], {}) == [
            Dated(Example(TEXT, Topic.LIGHTING, urgent=True, also=(Topic.SNOW,)), TUESDAY)
        ]


def test_an_operator_is_believed_before_the_source() -> None:
    stated = [
        StatedTopic(TEXT, "roads", None, TUESDAY),
        StatedTopic("Яма", "roads", "Ямы во дворах", MONDAY),
        StatedTopic("Луна", "moon", None, MONDAY),
        StatedTopic(" ", "roads", None, MONDAY),
    ]
    found = merge([label(Topic.LIGHTING)], stated, {"Ямы во дворах": "Дороги"})
    assert [dated.example for dated in found] == [
        Example("Яма", Topic.ROADS, fine_topic="Ямы во дворах", group="Дороги"),
        Example(TEXT, Topic.LIGHTING, urgent=False, also=(Topic.SNOW,)),
    ]


def test_what_is_no_appeal_has_no_topic() -> None:
    told = [label(Topic.ROADS, relevant=False, urgent=True, fine_topic="Ямы", context=("Пост",))]
    assert merge(told, [], {})[0].example == Example(
        TEXT, None, relevant=False, urgent=False, context=("Пост",)
    )


def test_one_remark_in_two_threads_is_two_examples() -> None:
    told = [label(Topic.ROADS, context=("Яма",)), label(Topic.WATER, context=("Нет воды",))]
    assert [dated.example.topic for dated in merge(told, [], {})] == [Topic.ROADS, Topic.WATER]
