"""Understanding texts: classify, find the place, triage. Pure but for the tools it holds.

The filter of the command line needs no more than this; ``pipeline.judge`` goes on from here to
who must answer by when.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from classifiers.classifier import Classifier
from models.values import FetchedPost, Message, Place, Prediction, Verdict
from pipeline.decisions import places
from pipeline.decisions.places import Gazetteer
from pipeline.decisions.triage import Case, triage
from pipeline.region.schema import Region


@dataclass(frozen=True, slots=True)
class Item:
    """A post to read.

    ``context`` holds the texts above it, ``community_settlement`` is where its community is,
    ``written_at`` when its newest text was written (None where the source does not tell);
    ``official`` says that the administration itself wrote it.
    """

    post: FetchedPost
    context: tuple[str, ...] = ()
    community_settlement: str | None = None
    written_at: datetime | None = None
    official: bool = False


@dataclass(frozen=True, slots=True)
class Understood:
    """What a text says; ``place_from`` tells where the verdict's settlement was found."""

    prediction: Prediction
    verdict: Verdict
    place: Place | None
    place_from: str


@dataclass(frozen=True, slots=True)
class Reader:
    """A classifier and a region's names of places; one for each thread.

    ``explain`` asks for the words behind each verdict, which takes several times as long.
    """

    classifier: Classifier
    gazetteer: Gazetteer
    explain: bool = True

    @classmethod
    def of(cls, region: Region, classifier: Classifier, *, explain: bool = True) -> "Reader":
        """Make the tools ready."""
        return cls(classifier, Gazetteer.build(region), explain)

    def read(self, items: Sequence[Item]) -> list[Understood]:
        """Read texts in one batch; the answers stand in their order."""
        messages = [Message(item.post.text, item.context) for item in items]
        predictions = self.classifier.predict(messages, explain=self.explain)
        return [
            self._one(item, prediction) for item, prediction in zip(items, predictions, strict=True)
        ]

    def _place(self, item: Item) -> tuple[Place | None, str | None, str]:
        """Return the place, its settlement, and where it was found.

        An official table has a column for the place: what people wrote there comes first.
        """
        stated = item.post.stated.place
        found = places.find(stated, self.gazetteer) if stated else None
        if found is not None and found.settlement is not None:
            return found, found.settlement, "stated"
        return places.place_for(
            item.post.text,
            item.context,
            gazetteer=self.gazetteer,
            community_settlement=item.community_settlement,
        )

    def _one(self, item: Item, prediction: Prediction) -> Understood:
        post = item.post
        place, settlement, place_from = self._place(item)
        verdict = triage(Case(post, prediction, place, settlement, place_from, item.official))
        return Understood(prediction, verdict, place, place_from)
