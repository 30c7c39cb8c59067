"""``otklik sources record`` and ``replay`` as a person types them."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from networks import OWNER, VK_SECRET, put_secrets
from sources_command import install, shown, sources, town
from sources_yaml import FEED, FOLDER, MAX, WALL, entry


@pytest.fixture(autouse=True)
def home(tmp_path: Path, empty_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return install(tmp_path, empty_sqlite, monkeypatch)


def test_a_source_is_recorded_and_played(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a recording of a wall that only its owner may read
    put_secrets(home, {"vk-service": VK_SECRET})
    path = tmp_path / "wall.jsonl"
    with town() as (url, world, _):
        world.clock = datetime.now(UTC).timestamp
        world.wall(OWNER).posts.clear()
        world.add_post(OWNER, "Нет воды в Эльбане")
        sources(entry(WALL, communities=f'{{"{OWNER}": null}}', api=url))
        code, said = shown(capsys, "record", f"vk:{OWNER}", "--to", str(path))
    assert code == 0
    assert f"Записано сообщений: 1, файл {path}." in said
    assert path.stat().st_mode & 0o077 == 0
    # When it is played twice, with nobody there to ask
    plays = [shown(capsys, "replay", str(path)) for _ in range(2)]
    # Then the same comes of it, and nothing of it is stored here
    assert plays[0] == plays[1]
    code, said = plays[0]
    assert code == 0
    assert "Принято 1, уже было 0" in said
    assert re.search(r"Отпечаток принятого: [0-9a-f]{16}\. У каждого", said)
    # And when its end is missing, that is told
    path.write_bytes(b"\n".join(path.read_bytes().splitlines()[:-1]) + b"\n")
    code, said = shown(capsys, "replay", str(path))
    assert code == 1
    assert "Проиграно не всё: запись оборвана" in said


def test_a_recording_never_overwrites_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources(entry(FEED))
    path = tmp_path / "x.jsonl"
    path.write_text("mine", encoding="utf-8")

    code, said = shown(capsys, "record", "site", "--to", str(path))

    assert (code, said) == (1, f"otklik: Файл {path} уже есть. Укажите другое имя.\n")
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("source", "told"), [(FOLDER, "и так лежит в файлах"), (MAX, "Нет секрета «max-bot»")]
)
def test_where_nothing_was_recorded_no_file_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: dict[str, str], told: str
) -> None:
    sources(entry(source))
    path = tmp_path / "x.jsonl"

    code, said = shown(capsys, "record", source["key"], "--to", str(path))

    assert code == 1
    assert told in said
    assert not path.exists()


def test_a_recording_that_breaks_off_says_so_and_can_be_played(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_secrets(home, {"vk-service": VK_SECRET})
    path = tmp_path / "wall.jsonl"
    with town() as (url, world, _):
        world.wall(OWNER).refusal = 18
        sources(entry(WALL, communities=f'{{"{OWNER}": null}}', api=url))
        code, said = shown(capsys, "record", f"vk:{OWNER}", "--to", str(path))
    assert code == 1
    assert f"Что источник ответил до этого, записано в {path}." in said

    code, played = shown(capsys, "replay", str(path))

    assert code == 1
    assert "Проиграно не всё: ВКонтакте, метод wall.get: ошибка 18" in played


def test_what_is_no_recording_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n', encoding="utf-8")

    code, said = shown(capsys, "replay", str(path))

    assert code == 1
    assert "не запись источника" in said
