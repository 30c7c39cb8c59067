"""A site's calibration beside a version: it changes what it may, and a damaged one is refused."""

import json
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from classifiers.calibration import recalibrate
from classifiers.examples import read_seeds
from classifiers.model import Calibration, Model, ModelError, load, save
from classifiers.registry import Registry, default_model
from classifiers.site import FIELDS, LARGEST_FILE, SiteCalibration, read, values_of, write

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
VALUES = {
    "topic_temperature": 0.5,
    "topic_doubt": 0.1,
    "auto_thresholds": {"roads": 0.9},
    "unsure_threshold": 0.3,
    "relevance_threshold": 0.4,
    "relevance_slope": 2.0,
    "relevance_shift": -1.0,
}
FOUND = SiteCalibration(NOW, 640, (0.06, 0.04), VALUES)


@pytest.fixture(scope="module")
def shipped() -> Model:
    return load(default_model())


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "home")


def test_it_changes_all_that_a_site_may_calibrate_and_nothing_else(shipped: Model) -> None:
    # Given reviewed texts, relevant and not, that say other things than the model's own calibration
    sharp = replace(
        shipped,
        calibration=replace(shipped.calibration, topic_temperature=0.05, topic_doubt=0.9),
    )
    seeds = [replace(seed, kind="") for seed in read_seeds()[::6]]
    # When the model is recalibrated
    site = recalibrate(sharp, seeds)
    # Then what changed is among the fields, and they make the same model of the first
    before, after = asdict(sharp.calibration), asdict(site.calibration)
    assert {name for name in before if before[name] != after[name]} <= set(FIELDS)
    assert before["topic_temperature"] != after["topic_temperature"]
    assert before["relevance_slope"] != after["relevance_slope"]
    found = replace(FOUND, values=values_of(site.calibration))
    assert found.apply(sharp).calibration == site.calibration
    assert set(FIELDS) < {field.name for field in fields(Calibration)}


def test_the_serving_model_is_calibrated_for_the_site(registry: Registry, shipped: Model) -> None:
    # Given the shipped model at work, as it was shipped
    assert registry.serving_model().calibration == shipped.calibration
    # When it gets a site calibration
    write(registry.calibration(shipped.version), FOUND)
    # Then it serves with that, and nobody takes the folder for a version
    served = registry.serving_model()
    assert values_of(served.calibration) == VALUES
    assert served.calibration.urgency_threshold == shipped.calibration.urgency_threshold
    assert registry.versions() == []
    # and the model as it is kept stays what it was
    assert load(registry.serving()).calibration == shipped.calibration


def test_each_version_has_its_own(registry: Registry, shipped: Model, tmp_path: Path) -> None:
    write(registry.calibration(shipped.version), FOUND)
    save(replace(shipped, version="v1"), tmp_path / "v1")
    registry.promote(registry.add(tmp_path / "v1"), at=NOW, who="test", why="")
    assert registry.serving_model().calibration == shipped.calibration
    assert registry.rollback(at=NOW, who="test") == "default"
    assert values_of(registry.serving_model().calibration) == VALUES


def test_it_is_read_as_it_was_written_and_replaced_whole(registry: Registry) -> None:
    path = registry.calibration("v1")
    assert read(path) is None
    write(path, FOUND)
    write(path, replace(FOUND, labels=700))
    assert read(path) == replace(FOUND, labels=700)
    assert [entry.name for entry in path.parent.iterdir()] == ["v1.json"]


def stored(**changes: Any) -> str:
    found = asdict(FOUND) | {"at": NOW.isoformat()}
    return json.dumps(found | {"values": VALUES | changes})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "[" * 20_000,
        stored()[:-20],
        stored() + " " * LARGEST_FILE,
        stored(topic_temperature=0),
        stored(topic_temperature="0.5"),
        stored(topic_temperature=float("nan")),
        stored(relevance_slope=True),
        stored(unsure_threshold=1.5),
        stored(auto_thresholds={"moon": 0.5}),
        stored(auto_thresholds={"roads": -0.5}),
        stored(auto_thresholds=[0.5]),
        stored(urgency_threshold=0.1),
        '{"at": "yesterday", "labels": 1, "ece": [0, 0], "values": {}}',
    ],
)
def test_a_damaged_file_is_refused(registry: Registry, shipped: Model, content: str) -> None:
    path = registry.calibration(shipped.version)
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(ModelError, match="otklik model recalibrate"):
        registry.serving_model()


def test_what_is_no_file_is_refused(registry: Registry) -> None:
    path = registry.calibration("v1")
    path.mkdir(parents=True)
    with pytest.raises(ModelError, match="не читается"):
        read(path)
    with pytest.raises(ModelError, match="Не удалось записать"):
        write(path, FOUND)
    assert [entry.name for entry in path.parent.iterdir()] == ["v1.json"]


@pytest.mark.parametrize("version", ["", "../v1", "a/b", ".v1"])
def test_a_name_that_is_no_files_has_no_calibration(registry: Registry, version: str) -> None:
    with pytest.raises(ModelError, match="не годится для файла"):
        registry.calibration(version)


def test_no_version_can_be_called_like_the_folder(
    registry: Registry, shipped: Model, tmp_path: Path
) -> None:
    save(replace(shipped, version="calibration"), tmp_path / "model")
    with pytest.raises(ModelError, match="не годится для папки"):
        registry.add(tmp_path / "model")
