import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from classifiers.classifier import Classifier
from classifiers.model import (
    FORMAT,
    MANIFEST,
    VOCABULARY,
    WEIGHTS,
    ModelError,
    load,
    read_manifest,
    save,
)
from classifiers.training import Trained
from models.values import Message


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    save(trained.model, tmp_path / "model", card="# Card")
    return tmp_path / "model"


def test_a_model_comes_back_as_it_was_saved(trained: Trained, folder: Path) -> None:
    before, after = trained.model, load(folder)
    assert after.vocabulary.lemmas == before.vocabulary.lemmas
    assert after.calibration == before.calibration
    assert after.fine_topics == before.fine_topics
    assert np.array_equal(after.lemma_weights.whole, before.lemma_weights.whole)
    assert np.array_equal(after.lemma_weights.sizes, before.lemma_weights.sizes)
    for name in ("letter_weights", "meaning_weights"):
        old, new = getattr(before, name), getattr(after, name)
        steps = np.abs(old).max(axis=0) / 127
        assert (np.abs(new - old) <= steps / 2 + 1e-6).all(), name
    assert np.array_equal(after.lexicon_weights, before.lexicon_weights.astype(np.float32))
    assert after.meaning_lemmas == before.meaning_lemmas
    assert after.lexicon.entries == before.lexicon.entries
    assert after.lexicon.terms == before.lexicon.terms
    assert (folder / "card.md").read_text() == "# Card"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["model"]


def test_a_model_loaded_answers_as_the_one_trained(
    small: Classifier, folder: Path, trained: Trained
) -> None:
    texts = ("нет воды третий день", "яма на дороге", "продам гараж", "грейдер застрял в колее")
    batch = [Message(text) for text in texts]
    loaded = Classifier.load(folder).predict(batch)
    for one, other in zip(small.predict(batch), loaded, strict=True):
        assert one.topics[0].code is other.topics[0].code
        assert one.relevance == pytest.approx(other.relevance, abs=0.02)
    assert loaded[0].model == trained.model.version


def test_saving_again_replaces_the_folder(trained: Trained, folder: Path) -> None:
    (folder / "leftover").touch()
    save(trained.model, folder)
    assert not (folder / "leftover").exists()
    load(folder)


def spoil_weights(folder: Path) -> None:
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / WEIGHTS).write_bytes(bytes(content))


def rewrite(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | changes))


def no_topics(folder: Path) -> None:
    rewrite(folder, topics=[])


def weights_of_another(folder: Path) -> None:
    np.savez(folder / WEIGHTS, idf=np.zeros(3))
    sums = json.loads((folder / MANIFEST).read_text())["sha256"]
    rewrite(folder, sha256=sums | {WEIGHTS: sha256((folder / WEIGHTS).read_bytes()).hexdigest()})


def pickled(folder: Path) -> None:
    np.savez(folder / WEIGHTS, idf=np.array([{}], dtype=object))
    sums = json.loads((folder / MANIFEST).read_text())["sha256"]
    rewrite(folder, sha256=sums | {WEIGHTS: sha256((folder / WEIGHTS).read_bytes()).hexdigest()})


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (shutil.rmtree, "Нет файла модели"),
        (lambda folder: (folder / WEIGHTS).unlink(), "Нет файла модели"),
        (lambda folder: (folder / VOCABULARY).unlink(), "Нет файла модели"),
        (lambda folder: (folder / MANIFEST).write_text("{"), "это не JSON"),
        (lambda folder: (folder / MANIFEST).write_bytes(b"\xff\xfe"), "это не JSON"),
        (lambda folder: (folder / MANIFEST).write_text("[]"), "Формат модели"),
        (lambda folder: rewrite(folder, format=99), f"формат {FORMAT}"),
        (lambda folder: rewrite(folder, calibration={}), "не полностью"),
        (spoil_weights, "контрольная сумма"),
        (lambda folder: (folder / VOCABULARY).write_text("{}"), "контрольная сумма"),
        (no_topics, "не подходит"),
        (weights_of_another, "не полностью"),
        (pickled, "не полностью"),
    ],
)
def test_a_broken_model_is_refused_in_plain_words(
    folder: Path, spoil: Callable[[Path], None], says: str
) -> None:
    spoil(folder)
    with pytest.raises(ModelError, match=says) as caught:
        load(folder)
    assert str(folder) in str(caught.value)
    assert "otklik train" in str(caught.value)


def test_a_file_too_large_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("classifiers.model.LARGEST_FILE", 10)
    with pytest.raises(ModelError, match="больше"):
        read_manifest(folder)


def test_a_disk_that_refuses_is_told(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="Не удалось записать модель"):
        save(trained.model, tmp_path / "file" / "model")
