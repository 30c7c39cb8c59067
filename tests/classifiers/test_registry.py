from dataclasses import replace
from pathlib import Path

import pytest

from classifiers.model import ModelError, load, save
from classifiers.registry import Registry, default_model
from classifiers.training import Trained


@pytest.fixture
def registry(trained: Trained, tmp_path: Path) -> Registry:
    kept = Registry(tmp_path / "home")
    for version in ("v1", "v2"):
        save(replace(trained.model, version=version), tmp_path / version)
        assert kept.add(tmp_path / version) == version
    return kept


def test_an_empty_home_serves_the_shipped_model(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "nowhere")
    assert registry.versions() == []
    assert registry.serving() == default_model()
    assert not (tmp_path / "nowhere").exists()
    load(default_model())


def test_a_promoted_version_serves_until_another_does(registry: Registry) -> None:
    assert registry.versions() == ["v1", "v2"]
    assert registry.serving() == default_model()
    registry.promote("v2")
    assert registry.serving() == registry.folder("v2")
    registry.promote("v1")
    assert load(registry.serving()).version == "v1"
    registry.back_to_default()
    assert registry.serving() == default_model()
    registry.back_to_default()


def test_adding_again_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    assert registry.add(tmp_path / "v1") == "v1"
    assert registry.versions() == ["v1", "v2"]
    assert {path.name for path in (tmp_path / "home" / "models").iterdir()} == {"v1", "v2"}


def test_an_unknown_version_is_not_promoted(registry: Registry) -> None:
    with pytest.raises(ModelError, match="Есть: v1, v2"):
        registry.promote("v3")
    assert registry.serving() == default_model()


def test_a_broken_version_is_not_promoted(registry: Registry) -> None:
    (registry.folder("v1") / "weights.npz").unlink()
    with pytest.raises(ModelError, match="Нет файла модели"):
        registry.promote("v1")
    assert registry.serving() == default_model()


@pytest.mark.parametrize("pointer", ["v9", "", "../../etc", "v1/..", "\ud0af"])
def test_a_pointer_to_nothing_is_told(registry: Registry, tmp_path: Path, pointer: str) -> None:
    (tmp_path / "home" / "models" / "serving").write_text(pointer)
    with pytest.raises(ModelError, match="удалите этот файл"):
        registry.serving()


def test_a_pointer_that_is_no_text_is_told(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "home" / "models" / "serving").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ModelError, match="Не читается"):
        registry.serving()


def test_a_version_with_a_path_for_a_name_is_refused(
    trained: Trained, registry: Registry, tmp_path: Path
) -> None:
    save(replace(trained.model, version="../v3"), tmp_path / "evil")
    with pytest.raises(ModelError, match="не годится для папки"):
        registry.add(tmp_path / "evil")


def test_a_home_that_is_a_file_is_told(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    save(trained.model, tmp_path / "model")
    with pytest.raises(ModelError, match="Не удалось скопировать"):
        Registry(tmp_path / "home").add(tmp_path / "model")


def test_a_pointer_that_cannot_be_written_is_told(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "home" / "models" / "serving").mkdir()
    with pytest.raises(ModelError, match="Не удалось записать"):
        registry.promote("v1")
    names = {path.name for path in (tmp_path / "home" / "models").iterdir()}
    assert names == {"v1", "v2", "serving"}
