"""Understanding texts: classify, find the place, triage. Pure but for the tools it holds.

The filter of the command line needs no more than this; ``pipeline.judge`` goes on from here to
who must answer by when.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classifiers.classifier import Classifier
from models.values import FetchedPost, Message, Place, Prediction, Verdict
from pipeline.decisions import places
from pipeline.decisions.places import Gazetteer
from pipeline.decisions.triage import Case, triage
from pipeline.region.schema import Region


@dataclass(frozen=True, slots=True)
class Item:
    """A post to read: the texts above it, and the settlement of the community it stands in."""

    post: FetchedPost
    context: tuple[str, ...] = ()
    community_settlement: str | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """What a text says; ``place_from`` tells where the verdict's settlement was found."""

    prediction: Prediction
    verdict: Verdict
    place: Place | None
    place_from: str


@dataclass(frozen=True, slots=True)
class Reader:
    """A classifier and a region's names of places; one for each thread."""

    classifier: Classifier
    gazetteer: Gazetteer

    @classmethod
    def of(cls, region: Region, model: Path) -> "Reader":
        """Make the tools ready. Raises ModelError for a broken model folder."""
        return cls(Classifier.load(model), Gazetteer.build(region))

    def read(self, items: Sequence[Item]) -> list[Understood]:
        """Read texts in one batch; the answers stand in their order."""
        messages = [Message(item.post.text, item.context) for item in items]
        predictions = self.classifier.predict(messages)
        return [
            self._one(item, prediction) for item, prediction in zip(items, predictions, strict=True)
        ]

    def _one(self, item: Item, prediction: Prediction) -> Understood:
        post = item.post
        # An official table has a column for the place: what people wrote there comes first.
        context = (post.stated.place, *item.context) if post.stated.place else item.context
        place, settlement, place_from = places.place_for(
            post.text,
            context,
            gazetteer=self.gazetteer,
            community_settlement=item.community_settlement,
        )
        verdict = triage(Case(post, prediction, place, settlement, place_from))
        return Understood(prediction, verdict, place, place_from)
