"""Secrets by name: where they may lie, and what is said when they do not."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from pipeline.secrets import (
    Where,
    console_key,
    find_secret,
    require_secret,
    secret_state,
    write_secret,
)
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


def test_a_secret_is_written_closed_and_whole(tmp_path: Path) -> None:
    for value in ("first", " second\n"):
        write_secret("vk-service", value, tmp_path)
    file = tmp_path / "secrets" / "vk-service"
    assert require_secret("vk-service", tmp_path).get_secret_value() == "second"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["vk-service"]


def test_a_link_in_the_way_is_replaced_and_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "vk-service").symlink_to(elsewhere)
    write_secret("vk-service", "new", tmp_path)
    assert elsewhere.read_text() == "untouched"


def test_where_a_secret_lies_is_told_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert secret_state("vk-service", tmp_path).where is Where.NOWHERE
    file = put(tmp_path, "vk-service", b"quite-secret")
    os.utime(file, (1_800_000_000, 1_800_000_000))
    known = secret_state("vk-service", tmp_path)
    assert known.where is Where.FILE
    assert known.since == datetime.fromtimestamp(1_800_000_000, UTC)
    assert "quite-secret" not in repr(known)
    file.chmod(0o640)
    assert secret_state("vk-service", tmp_path).where is Where.BROKEN
    monkeypatch.setenv("OTKLIK_SECRET_VK_SERVICE", "from-environment")
    assert secret_state("vk-service", tmp_path).where is Where.ENVIRONMENT


def test_the_consoles_key_is_made_once_by_however_many(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: console_key(tmp_path), range(8)))
    sealed = made[0].encrypt(b"words")
    assert {one.decrypt(sealed) for one in made} == {b"words"}
    file = tmp_path / "secrets" / "console.key"
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_consoles_key_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Fernet.generate_key()
    monkeypatch.setenv("OTKLIK_SECRET_CONSOLE_KEY", key.decode())
    assert Fernet(key).decrypt(console_key(tmp_path).encrypt(b"words")) == b"words"
    assert not (tmp_path / "secrets").exists()


def test_a_key_that_is_none_is_told_and_not_replaced(tmp_path: Path) -> None:
    put(tmp_path, "console.key", b"not a key")
    with pytest.raises(SettingsError, match="не годится"):
        console_key(tmp_path)
    assert (tmp_path / "secrets" / "console.key").read_bytes() == b"not a key"
