"""What people said of texts, out of the store and as examples to learn from."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from classifiers.examples import Example
from models.values import Message
from models.vocabulary import Topic
from pipeline.store import labels as store
from pipeline.store.labels import Labelled, StatedTopic

_CODES = frozenset(Topic)


class Dated(NamedTuple):
    """An example, and when a person judged it or, if its source did, when it was written."""

    example: Example
    at: datetime


def collect(session: Session, groups: Mapping[str, str]) -> list[Dated]:
    """Return one example for each text that people judged, in the order of the store.

    Of several labels of one text the newest counts, and an operator's before a source's own.
    ``groups`` gives the group of a fine topic by its name.
    """
    return merge(store.labels(session), store.stated_topics(session), groups)


def merge(
    told: Iterable[Labelled], stated: Iterable[StatedTopic], groups: Mapping[str, str]
) -> list[Dated]:
    """Return the examples of labels and of stated topics; see collect."""
    found = {
        row.text: Dated(
            Example(
                row.text,
                Topic(row.topic),
                fine_topic=row.fine_topic or None,
                group=groups.get(row.fine_topic or ""),
            ),
            row.at,
        )
        for row in stated
        if row.topic in _CODES and row.text.strip()
    }
    judged: dict[Message, Dated] = {}
    for label in told:
        # A source states the topic of a text, whatever thread it stands in.
        found.pop(label.text, None)
        key = Message(label.text, label.context)
        if label.text.strip() and (key not in judged or label.at >= judged[key].at):
            judged[key] = Dated(_example(label, groups), label.at)
    return [*found.values(), *judged.values()]


def _example(label: Labelled, groups: Mapping[str, str]) -> Example:
    fine = label.fine_topic or None if label.relevant else None
    return Example(
        label.text,
        # Of what is no appeal the form happened to show some topic.
        label.topic if label.relevant else None,
        fine_topic=fine,
        group=groups.get(fine or ""),
        relevant=label.relevant,
        urgent=label.urgent and label.relevant,
        context=label.context,
        also=label.also if label.relevant else (),
    )
