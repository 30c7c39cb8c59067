"""A year of a busy region's posts, made from a seed, for the index of ``benchmarks/stories.py``."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from classifiers.examples import Example
from models.values import FetchedPost, Verdict
from models.vocabulary import Network, PostKind, Topic, Urgency
from pipeline.decisions.stories_text import Facts, account, facts_of, reference, small
from pipeline.reader import Reader
from pipeline.region.schema import Region

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = 365 * 86_400
AUTHORS = 200_000
BUSY = 50
"""Every fiftieth post is by one account."""
STREETS = 60
HOUSES = 80
SPARE_WORDS = 20_000


@dataclass(frozen=True, slots=True)
class Town:
    """What a year's posts are drawn from: real texts' facts, places, a stream of chance."""

    shapes: Sequence[Facts]
    villages: Sequence[tuple[str, str]]
    seed: int

    @classmethod
    def of(cls, region: Region, reader: Reader, examples: Sequence[Example], seed: int) -> "Town":
        """Read the examples once; every post is one of them with other words and places."""
        lemma = reader.classifier.encoder.book.lemma
        shapes = [
            facts_of(
                FetchedPost(Network.VK, "0", PostKind.POST, example.text, BEGIN),
                _verdict(Topic(example.topic)),
                source_id=1,
                at=BEGIN,
                lemma=lemma,
            )
            for example in examples
            if example.topic
        ]
        villages = [
            (settlement.code, village.name)
            for settlement in region.settlements
            for village in settlement.villages
        ]
        return cls(shapes, villages, seed)

    def posts(self, count: int) -> Iterator[Facts]:
        """Give posts in the order of writing: a third copies the words of a few hundred texts."""
        chance = random.Random(self.seed)  # noqa: S311 - repeatable, not secret
        spare = [small(f"слово{number}") for number in range(SPARE_WORDS)]
        for number in range(1, count + 1):
            common = chance.random() < 1 / 3
            shape = self.shapes[
                int(300 * chance.random() ** 2) if common else chance.randrange(len(self.shapes))
            ]
            words = shape.words
            if not common:
                dropped = chance.sample(sorted(words), len(words) // 4)
                words = words - set(dropped) | set(chance.choices(spare, k=len(dropped) + 1))
            settlement, village = self.villages[int(len(self.villages) * chance.random() ** 2)]
            street = chance.random() < 0.44
            house = street and chance.random() < 0.35
            yield replace(
                shape,
                at=BEGIN + timedelta(seconds=int(YEAR * number / count)),
                settlement=settlement if chance.random() < 0.6 else None,
                village=village if chance.random() < 0.5 else None,
                street=f"ул. {int(STREETS * chance.random() ** 2)}" if street else None,
                house=str(1 + int(HOUSES * chance.random())) if house else None,
                author=account(Network.VK, author_of(number)),
                own=reference(1, id_of(number)),
                text=shape.text if common else hash((shape.text, number)) >> 1,
                words=words,
            )


def author_of(number: int) -> str:
    """Return who wrote the post of this number; ``benchmarks/stories.py`` says it in SQL too."""
    return "1" if number % BUSY == 0 else str(number * 7919 % AUTHORS)


def id_of(number: int) -> str:
    """Return the post's id in its network."""
    return f"-1_{number}"


def _verdict(topic: Topic) -> Verdict:
    return Verdict(
        relevant=True,
        topic=topic,
        urgency=Urgency.NORMAL,
        settlement=None,
        village=None,
        street=None,
        house=None,
        rules=(),
    )
