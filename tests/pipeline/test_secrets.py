"""Secrets by name: where they may lie, and what is said when they do not."""

from pathlib import Path

import pytest

from pipeline.secrets import find_secret, require_secret
from pipeline.settings import SettingsError


def put(home: Path, name: str, value: bytes, *, mode: int = 0o600) -> Path:
    path = home / "secrets" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(value)
    path.chmod(mode)
    return path


def test_a_secret_lies_in_a_closed_file(tmp_path: Path) -> None:
    put(tmp_path, "vk-service", b"vk2.a.secret\n")

    secret = require_secret("vk-service", tmp_path)

    assert secret.get_secret_value() == "vk2.a.secret"
    assert "vk2" not in repr(secret)


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "vk-service", b"from-file")
    monkeypatch.setenv("OTKLIK_SECRET_VK_SERVICE", " from-environment ")

    assert require_secret("vk-service", tmp_path).get_secret_value() == "from-environment"


def test_a_missing_secret_is_told_with_both_places(tmp_path: Path) -> None:
    assert find_secret("vk-service", tmp_path) is None
    with pytest.raises(SettingsError, match="OTKLIK_SECRET_VK_SERVICE") as error:
        require_secret("vk-service", tmp_path)
    assert str(tmp_path / "secrets" / "vk-service") in str(error.value)


@pytest.mark.parametrize(
    ("value", "mode", "told"),
    [
        (b"token", 0o644, "chmod 600"),
        (b"", 0o600, "одна строка"),
        (b"one\ntwo", 0o600, "одна строка"),
        (b"\xff\xfe", 0o600, "одна строка"),
        (b"x" * 20_000, 0o600, "одна строка"),
    ],
)
def test_a_file_that_is_no_secret_is_refused_without_its_content(
    tmp_path: Path, value: bytes, mode: int, told: str
) -> None:
    put(tmp_path, "vk-service", value, mode=mode)

    with pytest.raises(SettingsError, match=told) as error:
        find_secret("vk-service", tmp_path)

    assert "token" not in str(error.value).replace("vk-service", "")


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "secrets" / "vk-service").mkdir(parents=True)

    with pytest.raises(SettingsError, match="не читается"):
        find_secret("vk-service", tmp_path)
