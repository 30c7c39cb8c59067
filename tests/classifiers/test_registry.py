import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from classifiers.model import ModelError, load, save
from classifiers.registry import DEFAULT, GATE, KEPT_BACK, Registry, default_model
from classifiers.training import Trained

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def promote(registry: Registry, version: str) -> None:
    registry.promote(version, at=NOW, who="duty", why="лучше")


def rollback(registry: Registry) -> str:
    return registry.rollback(at=NOW, who="duty")


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
    promote(registry, "v2")
    assert registry.serving() == registry.folder("v2")
    promote(registry, "v1")
    assert load(registry.serving()).version == "v1"
    promote(registry, DEFAULT)
    assert registry.serving() == default_model()
    promote(registry, DEFAULT)


def test_adding_again_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    assert registry.add(tmp_path / "v1") == "v1"
    assert registry.versions() == ["v1", "v2"]
    assert {path.name for path in (tmp_path / "home" / "models").iterdir()} == {"v1", "v2"}


def test_an_unknown_version_is_not_promoted(registry: Registry) -> None:
    with pytest.raises(ModelError, match="Есть: v1, v2"):
        promote(registry, "v3")
    assert registry.serving() == default_model()


def test_a_broken_version_is_not_promoted(registry: Registry) -> None:
    (registry.folder("v1") / "weights.npz").unlink()
    with pytest.raises(ModelError, match="Нет файла модели"):
        promote(registry, "v1")
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
        promote(registry, "v1")
    names = {path.name for path in (tmp_path / "home" / "models").iterdir()}
    assert names == {"v1", "v2", "serving", "history.jsonl"}
    assert registry.history() == []


def test_the_history_tells_who_took_over_from_whom(registry: Registry) -> None:
    assert registry.history() == []
    promote(registry, "v1")
    registry.promote("v2", at=NOW + timedelta(days=1), who="ночь", why="лучше на 3 п. п.")
    assert rollback(registry) == "v1"
    assert [
        (entry.previous, entry.version, entry.who, entry.back) for entry in registry.history()
    ] == [
        (DEFAULT, "v1", "duty", False),
        ("v1", "v2", "ночь", False),
        ("v2", "v1", "duty", True),
    ]
    assert registry.history()[1].at == NOW + timedelta(days=1)
    assert registry.history()[1].why == "лучше на 3 п. п."


def test_rollback_goes_back_step_by_step_to_the_shipped_model(registry: Registry) -> None:
    for version in ("v1", "v2", "v1"):
        promote(registry, version)
    assert [rollback(registry) for _ in range(3)] == ["v2", "v1", DEFAULT]
    assert registry.serving_version() == DEFAULT
    with pytest.raises(ModelError, match="Откатывать некуда"):
        rollback(registry)
    # And after a new promotion the way back is that of what really served
    promote(registry, "v2")
    assert rollback(registry) == DEFAULT


def test_rollback_passes_over_what_is_gone_or_broken(registry: Registry) -> None:
    promote(registry, "v1")
    promote(registry, "v2")
    shutil.rmtree(registry.folder("v1"))
    assert rollback(registry) == DEFAULT


def test_rollback_never_goes_back_to_what_serves(registry: Registry) -> None:
    for version in ("v1", "v1", "v2", "v1"):
        promote(registry, version)
    shutil.rmtree(registry.folder("v2"))
    assert rollback(registry) == DEFAULT


def test_rollback_mends_a_pointer_to_nothing(registry: Registry, tmp_path: Path) -> None:
    promote(registry, "v1")
    (tmp_path / "home" / "models" / "serving").write_text("v9")
    assert rollback(registry) == "v1"
    assert registry.history()[-1].previous == "v9"


def test_a_line_cut_short_spoils_no_other(registry: Registry, tmp_path: Path) -> None:
    promote(registry, "v1")
    with (tmp_path / "home" / "models" / "history.jsonl").open("a") as file:
        file.write('{"at": "2026-11-2')
    promote(registry, "v2")
    assert [entry.version for entry in registry.history()] == ["v1", "v2"]
    assert rollback(registry) == "v1"


def test_an_unreadable_history_is_told(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "home" / "models" / "history.jsonl").mkdir()
    with pytest.raises(ModelError, match="Не читается"):
        registry.history()
    with pytest.raises(ModelError, match="Не удалось записать"):
        promote(registry, "v1")
    assert registry.serving() == default_model()


def test_the_shipped_model_has_a_name_that_no_other_may_take(
    trained: Trained, registry: Registry, tmp_path: Path
) -> None:
    assert registry.folder(DEFAULT) == default_model()
    save(replace(trained.model, version=DEFAULT), tmp_path / "pretender")
    with pytest.raises(ModelError, match="не годится для папки"):
        registry.add(tmp_path / "pretender")


def test_of_the_versions_kept_back_the_newest_stay(
    trained: Trained, registry: Registry, tmp_path: Path
) -> None:
    # Given one version trained by hand, one that served, and seven that a gate kept back
    for day in range(1, 9):
        version = f"2026-11-{day:02}-{9 - day}"
        model = replace(trained.model, version=version, created=f"2026-11-{day:02}T03:00:00")
        save(model, tmp_path / version)
        (tmp_path / version / GATE).write_text(json.dumps({"promote": False}))
        registry.add(tmp_path / version)
    promote(registry, "2026-11-01-8")
    promote(registry, "v2")
    # When old ones are dropped
    dropped = registry.drop_old()
    # Then the oldest two are gone, and nothing else
    assert dropped == ["2026-11-02-7", "2026-11-03-6"]
    assert len(registry.kept_back()) == KEPT_BACK
    assert {"v1", "v2", "2026-11-01-8"} < set(registry.versions())
    assert registry.drop_old() == []


def test_a_kept_back_version_that_is_broken_goes_first(
    trained: Trained, registry: Registry, tmp_path: Path
) -> None:
    save(replace(trained.model, version="v3"), tmp_path / "v3")
    (tmp_path / "v3" / GATE).write_text("{}")
    registry.add(tmp_path / "v3")
    (registry.folder("v3") / "manifest.json").write_text("[]")
    (registry.folder("v1") / GATE).write_text("{}")
    assert registry.kept_back() == ["v3", "v1"]
