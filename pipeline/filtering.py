"""The filter: JSON records in, verdicts out, one for one and in order; touches no database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from classifiers.classifier import Classifier
from classifiers.registry import Registry
from models.values import FetchedPost
from models.vocabulary import Network, PostKind
from pipeline.reader import Item, Reader, Understood
from pipeline.region.load import load_region
from pipeline.region.schema import Region

MAX_CONTEXT = 100
"""Texts of a thread that are looked at."""


@dataclass(frozen=True, slots=True)
class InputError:
    """Why a record cannot be read, in Russian; ``number`` counts records from 1."""

    number: int
    reason: str
    id: object = None

    def __str__(self) -> str:
        """Return one line for the person at the machine."""
        return f"запись {self.number}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Record:
    """A record that can be read."""

    id: object
    item: Item


class Filter:
    """Reads records for one region."""

    def __init__(self, reader: Reader, region: Region) -> None:
        """Use a reader that was made for this region."""
        self._reader = reader
        self._region = region
        self._settlements = {settlement.code for settlement in region.settlements}

    @classmethod
    def of(cls, region: str, model: Path | None, home: Path, *, explain: bool = True) -> "Filter":
        """Open a region and a model's folder, by default the model that serves under ``home``.

        Without ``explain`` the reasons hold the urgency rules alone, and answers come faster.
        Raises RegionError or ModelError.
        """
        loaded = load_region(region)
        served = Classifier.load(model) if model else Classifier(Registry(home).serving_model())
        return cls(Reader.of(loaded, served, explain=explain), loaded)

    def answers(self, records: Sequence[Record | InputError]) -> list[bytes]:
        """Return one JSON object a record; a record that cannot be read gets its reason."""
        good = [record for record in records if isinstance(record, Record)]
        understood = iter(self._reader.read([record.item for record in good]))
        return [
            _dump(answer(record.id, next(understood)))
            if isinstance(record, Record)
            else _dump({"id": record.id, "error": str(record)})
            for record in records
        ]

    def record(self, number: int, raw: object) -> Record | InputError:
        """Check one parsed record."""
        if not isinstance(raw, dict):
            return InputError(number, "нужен JSON-объект с полем text")
        id_, text = raw.get("id"), raw.get("text")
        if not isinstance(text, str):
            return InputError(number, "нет поля text или в нём не строка", id_)
        context = raw.get("context") or []
        if not isinstance(context, list) or not all(isinstance(above, str) for above in context):
            return InputError(number, "поле context — не список строк", id_)
        source = raw.get("source")
        if source is not None and not isinstance(source, str):
            return InputError(number, "поле source — не строка", id_)
        post = FetchedPost(Network.TABLE, str(number), PostKind.POST, text, None)
        item = Item(post, tuple(context[:MAX_CONTEXT]), self._settlement_of(source or ""))
        return Record(id_, item)

    def _settlement_of(self, source: str) -> str | None:
        """Return the settlement that a source stands for: a code of its own, or a community."""
        if source in self._settlements:
            return source
        for known in self._region.active_sources():
            if source == known.key:
                return known.settlement
            if source in known.communities:
                return known.communities[source]
        return None


def parse_line(line: bytes) -> object:
    """Parse one JSON line. Raises ValueError.

    The standard parser is used because the fast one refuses half surrogate pairs, which people's
    texts do hold, and rounds whole numbers past 64 bits, which ids do have.
    """
    try:
        return json.loads(line, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def answer(id_: object, understood: Understood) -> dict[str, Any]:
    """Return the verdict of the public contract."""
    prediction, verdict, place = understood.prediction, understood.verdict, understood.place
    return {
        "id": id_,
        "relevant": verdict.relevant,
        "relevance": round(prediction.relevance, 4),
        "topic": verdict.topic.value,
        "topics": [
            {"code": code.value, "probability": round(probability, 4)}
            for code, probability in prediction.topics
        ],
        "fine_topics": [
            {"name": name, "group": group, "probability": round(probability, 4)}
            for name, group, probability in prediction.fine_topics
        ],
        "urgent": prediction.urgent,
        "urgency": round(prediction.urgency, 4),
        "reasons": [
            {"name": name, "weight": round(weight, 4), "spans": spans}
            for name, weight, spans in prediction.reasons
        ],
        "place": None
        if place is None
        else {
            "settlement": place.settlement,
            "municipality": place.municipality,
            "village": place.village,
            "street": place.street,
            "house": place.house,
            "span": list(place.span),
        },
        "model": prediction.model,
        "also": [
            {"code": code.value, "probability": round(probability, 4)}
            for code, probability in prediction.also
        ],
        "certainty": verdict.certainty.value,
    }


def _dump(value: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        # An id with half a surrogate pair or an integer past 64 bits: give it back as it came.
        return json.dumps(value).encode()
