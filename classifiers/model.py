"""The trained model as a value, and its folder on the disk.

A folder holds ``manifest.json`` (what the model is, its figures, checksums), ``weights.npz``
(read with ``allow_pickle=False``) and ``vocabulary.json``. docs/decisions/0004 says why.

Errors::

    ModelError      a model cannot be read or written; says what, where and what to do
"""

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from classifiers.lexicon import Lexicon, build
from classifiers.vocabulary import LETTER_BUCKETS, Floats, Ints, Vocabulary
from models.errors import OtklikError
from models.vocabulary import Topic

FORMAT = 2
MANIFEST = "manifest.json"
WEIGHTS = "weights.npz"
VOCABULARY = "vocabulary.json"
# A model of ours has 8 MB at most; more is somebody's mistake or attack.
LARGEST_FILE = 64 * 1024 * 1024

_ARRAYS = (
    "pairs",
    "idf",
    "letter_idf",
    "lemma_weights",
    "lemma_steps",
    "letter_weights",
    "letter_steps",
    "meaning_weights",
    "meaning_steps",
    "lexicon_weights",
    "intercepts",
)


class ModelError(OtklikError):
    """A model cannot be used; the message is Russian, for the operator."""


class Steps(NamedTuple):
    """A table of weights as whole numbers, -127..127, of a step for each column.

    A quarter of the size of floats, on the disk and in memory; what is lost is less than what
    training with another seed would change.
    """

    whole: npt.NDArray[np.int8]
    sizes: Floats

    @classmethod
    def of(cls, weights: Floats) -> "Steps":
        """Round ``weights`` to steps of each column's largest weight / 127."""
        largest = np.abs(weights).max(axis=0, initial=1e-12)
        sizes = largest.astype(np.float32) / np.float32(127)
        return cls(np.rint(weights / sizes).astype(np.int8), sizes)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.whole.shape[0], self.whole.shape[1]

    def floats(self) -> Floats:
        """Return the weights."""
        answer: Floats = self.whole * self.sizes
        return answer

    def part(self, rows: Ints, columns: Ints) -> Floats:
        """Return the weights where some rows and columns meet."""
        answer: Floats = self.whole[np.ix_(rows, columns)] * self.sizes[columns]
        return answer


@dataclass(frozen=True, slots=True)
class Calibration:
    """How scores become probabilities.

    A softmax of ``score / temperature`` for topics (Guo et al., «On Calibration of Modern
    Neural Networks», 2017), mixed with ``topic_doubt`` parts of an even guess, for even where all
    words agree some labels differ; a logistic curve of ``slope · score + shift`` for yes or no
    (Platt, 1999), where the score has the worth of each cue and fired rule added. Thresholds
    are probabilities at and above which the answer is yes.

    ``auto_thresholds``: from which probability a topic may be routed unseen, by code; a code
    that is missing never may. Under ``unsure_threshold`` no topic is sure enough to suggest.
    ``fine_lean`` of a topic's score is added to those of its fine topics. ``also_slope`` and
    ``also_shift`` make a probability of the evidence for a further topic.
    """

    relevance_cues: Mapping[str, float]
    urgency_cues: Mapping[str, float]
    urgency_rules: Mapping[str, float]
    auto_thresholds: Mapping[str, float] = field(default_factory=dict)
    unsure_threshold: float = 0.0
    topic_temperature: float = 1.0
    topic_doubt: float = 0.0
    fine_temperature: float = 1.0
    fine_lean: float = 0.0
    also_slope: float = 1.0
    also_shift: float = 0.0
    relevance_slope: float = 1.0
    relevance_shift: float = 0.0
    relevance_threshold: float = 0.5
    urgency_slope: float = 1.0
    urgency_shift: float = 0.0
    urgency_threshold: float = 0.5


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of a linear model over lemmas, pairs and letters.

    Columns of ``lemma_weights`` (features × columns): topics, relevance, urgency, fine topics.
    ``letter_weights`` (buckets × columns) has the same columns up to the fine topics, which
    letters do not help; so has ``meaning_weights`` (lemmas with a meaning × columns).
    ``lexicon_weights`` (topics) tell how much the lexicon is believed beside what was learned.
    ``fine_topics`` are pairs of name and group.
    """

    version: str
    created: str
    topics: tuple[Topic, ...]
    fine_topics: tuple[tuple[str, str], ...]
    vocabulary: Vocabulary
    idf: Floats
    letter_idf: Floats
    lemma_weights: Steps
    letter_weights: Floats
    meaning_lemmas: tuple[str, ...]
    meaning_weights: Floats
    lexicon: Lexicon
    lexicon_weights: Floats
    intercepts: Floats
    calibration: Calibration
    figures: Mapping[str, Any] = field(default_factory=dict)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def save(model: Model, folder: Path, *, card: str = "") -> None:
    """Write ``model`` as ``folder``, all of it or nothing; an older folder is replaced.

    ``card`` becomes ``card.md`` beside it. Raises ModelError if the disk refuses.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temp:
            fresh = Path(temp) / "new"
            fresh.mkdir()
            _write(model, fresh)
            if card:
                (fresh / "card.md").write_text(card, encoding="utf-8")
            if folder.exists():
                # A folder cannot be replaced by a folder in one step unless it is empty.
                os.replace(folder, Path(temp) / "old")  # noqa: PTH105 - the word for it
            os.replace(fresh, folder)  # noqa: PTH105 - as above
    except OSError as error:
        raise ModelError(
            f"Не удалось записать модель в {folder}: {error.strerror}. "
            "Проверьте права на папку и свободное место."
        ) from error


def _write(model: Model, folder: Path) -> None:
    letters, meanings = Steps.of(model.letter_weights), Steps.of(model.meaning_weights)
    np.savez_compressed(
        folder / WEIGHTS,
        pairs=model.vocabulary.pairs,
        idf=model.idf.astype(np.float32),
        letter_idf=model.letter_idf.astype(np.float16),
        lemma_weights=model.lemma_weights.whole,
        lemma_steps=model.lemma_weights.sizes,
        letter_weights=letters.whole,
        letter_steps=letters.sizes,
        meaning_weights=meanings.whole,
        meaning_steps=meanings.sizes,
        lexicon_weights=model.lexicon_weights.astype(np.float32),
        intercepts=model.intercepts.astype(np.float32),
    )
    words = {
        "lemmas": model.vocabulary.lemmas,
        "words": model.vocabulary.words,
        "meanings": model.meaning_lemmas,
        "lexicon": [(entry.code, entry.weight, entry.pattern) for entry in model.lexicon.entries],
    }
    text = json.dumps(words, ensure_ascii=False, indent=0)
    (folder / VOCABULARY).write_text(text, encoding="utf-8")
    manifest = {
        "format": FORMAT,
        "version": model.version,
        "created": model.created,
        "topics": [str(topic) for topic in model.topics],
        "fine_topics": model.fine_topics,
        "calibration": asdict(model.calibration),
        "sha256": {name: _sha256((folder / name).read_bytes()) for name in (WEIGHTS, VOCABULARY)},
        "figures": model.figures,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError(
                f"Файл модели {path} больше {LARGEST_FILE // 2**20} МБ: это не наша модель. "
                "Обучите её заново: otklik train."
            )
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"Нет файла модели {path} или он не читается: {error.strerror}. "
            "Укажите папку модели или обучите её заново: otklik train."
        ) from error


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a model folder. Raises ModelError if it is missing or not ours."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(_read(path))
    except ValueError as error:
        raise ModelError(
            f"Файл {path} повреждён: это не JSON. Обучите модель заново: otklik train."
        ) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise ModelError(
            f"Формат модели в {folder} — {found!r}, а программа читает формат {FORMAT}. "
            "Обучите модель заново этой версией программы: otklik train."
        )
    return manifest


def load(folder: Path) -> Model:
    """Read a model folder that save() wrote.

    Raises ModelError: a file is missing, a checksum differs, the format is another version's,
    or the parts do not fit together.
    """
    manifest = read_manifest(folder)
    try:
        content = {}
        for name in (WEIGHTS, VOCABULARY):
            content[name] = _read(folder / name)
            if _sha256(content[name]) != manifest["sha256"][name]:
                raise ModelError(
                    f"Файл модели {folder / name} изменён или повреждён: не сходится "
                    "контрольная сумма. Скопируйте папку модели ещё раз или обучите "
                    "модель заново: otklik train."
                )
        return _assemble(manifest, content[VOCABULARY], content[WEIGHTS])
    except (
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        OSError,
        EOFError,
        zipfile.BadZipFile,
    ) as error:
        raise ModelError(
            f"Модель в {folder} записана не полностью или не подходит этой версии программы "
            f"({type(error).__name__}: {error}). Обучите её заново: otklik train."
        ) from error


def _calibration(stored: Mapping[str, Any]) -> Calibration:
    def worths(name: str) -> dict[str, float]:
        return {str(sign): float(worth) for sign, worth in stored[name].items()}

    names = ("relevance_cues", "urgency_cues", "urgency_rules", "auto_thresholds")
    numbers = {
        field.name: float(stored[field.name])
        for field in fields(Calibration)
        if field.name not in names
    }
    return Calibration(
        worths("relevance_cues"),
        worths("urgency_cues"),
        worths("urgency_rules"),
        worths("auto_thresholds"),
        **numbers,
    )


def _assemble(manifest: Mapping[str, Any], vocabulary: bytes, weights: bytes) -> Model:
    with np.load(io.BytesIO(weights), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in _ARRAYS}
    lists = json.loads(vocabulary)
    words = Vocabulary(tuple(lists["lemmas"]), arrays["pairs"], dict(lists["words"]))
    topics = tuple(Topic(code) for code in manifest["topics"])
    fine_topics = tuple((str(name), str(group)) for name, group in manifest["fine_topics"])
    coarse = len(topics) + 2
    expected = {
        "idf": (words.size,),
        "letter_idf": (LETTER_BUCKETS,),
        "lemma_weights": (words.size, coarse + len(fine_topics)),
        "letter_weights": (LETTER_BUCKETS, coarse),
        "meaning_weights": (len(lists["meanings"]), coarse),
        "lexicon_weights": (len(topics),),
        "intercepts": (coarse + len(fine_topics),),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name}: {arrays[name].shape} != {shape}")
    return Model(
        version=str(manifest["version"]),
        created=str(manifest["created"]),
        topics=topics,
        fine_topics=fine_topics,
        vocabulary=words,
        idf=arrays["idf"],
        letter_idf=arrays["letter_idf"].astype(np.float32),
        lemma_weights=Steps(arrays["lemma_weights"], arrays["lemma_steps"]),
        letter_weights=arrays["letter_weights"] * arrays["letter_steps"],
        meaning_lemmas=tuple(lists["meanings"]),
        meaning_weights=arrays["meaning_weights"] * arrays["meaning_steps"],
        lexicon=build(lists["lexicon"]),
        lexicon_weights=arrays["lexicon_weights"],
        intercepts=arrays["intercepts"],
        calibration=_calibration(manifest["calibration"]),
        figures=manifest["figures"],
    )
