"""Labelled texts to judge by, as people keep them."""

import json
from pathlib import Path

import pytest

from classifiers.examples import Example, TrainingError
from models.errors import OtklikError
from models.vocabulary import Topic
from pipeline.labelled import Regions, read_labelled
from pipeline.scoring import PARTS

SETS = Path(__file__).parents[1] / "data" / "evaluation"


@pytest.fixture(scope="module")
def regions() -> Regions:
    return Regions("smolensky")


def write(path: Path, *lines: str | dict[str, object]) -> Path:
    found = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(found), encoding="utf-8")
    return path


def test_a_table_may_say_more_than_for_training(tmp_path: Path, regions: Regions) -> None:
    table = write(
        tmp_path / "a.csv",
        "text;code;topic;urgent;also;context;settlement;street;house",
        "Яма и темно;roads;Ямы;0;lighting, snow;;Катынское сельское поселение;Лесная;5",
        "И у нас;water;;;;Нет воды в Печерске;;;",
    )
    first, second = read_labelled(table, regions)
    assert first.example == Example(
        "Яма и темно",
        Topic.ROADS,
        "Ямы",
        relevant=None,
        urgent=False,
        also=(Topic.LIGHTING, Topic.SNOW),
    )
    assert first.place is not None
    assert (first.place.settlement, first.place.street) == ("katynskoe", "Лесная")
    assert first.parts == {"settlement", "street", "house"}
    assert second.example.context == ("Нет воды в Печерске",)
    assert second.read_for_also
    assert second.place is not None
    assert second.place.settlement is None


def test_json_lines_are_told_by_their_first_character(tmp_path: Path, regions: Regions) -> None:
    lines = write(
        tmp_path / "a.txt",
        {"text": "Яма", "topic": "roads", "also": ["snow"], "relevant": True, "kind": "request"},
        "",
        {"text": "В Катыни", "region": "smolensky", "settlement": None, "context": ["Пост"]},
        {"text": "ыыы", "expect": "unsure", "language": "noise"},
        {"text": "Яма", "code": "roads", "topic": "Ремонт дороги", "urgent": 0},
        {"text": "Яма", "topic": "roads", "fine_topic": "Ремонт дороги"},
    )
    road, place, noise, fine, also_fine = read_labelled(lines, regions)
    assert road.example == Example("Яма", Topic.ROADS, also=(Topic.SNOW,))
    assert (road.read_for_also, road.parts) == (True, frozenset())
    assert place.example.context == ("Пост",)
    assert place.parts == {"settlement"}
    assert (noise.noise, noise.example.relevant, noise.example.topic) == (True, None, None)
    assert (fine.example.fine_topic, fine.example.urgent) == ("Ремонт дороги", False)
    assert also_fine.example.fine_topic == "Ремонт дороги"


def test_the_evaluation_sets_are_read(regions: Regions) -> None:
    found = {path.stem: read_labelled(path, regions) for path in SETS.glob("*.jsonl")}
    assert all(one.noise for one in found["noise"])
    assert all(one.parts == set(PARTS) for one in found["places"])
    assert {one.region for one in found["places"]} == {"smolensky", "amursky"}
    assert all(one.read_for_also and one.example.topic for one in found["topics"])
    assert {one.example.relevant for one in found["relevance"]} == {True, False}
    assert any(one.example.context for one in found["relevance"])


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([""], "пуст"),
        (["code", "roads"], "нет колонки text"),
        (["text,author", "яма,кто-то"], "нет разметки"),
        (["text,code", "яма,road"], "строка 2: неизвестный код темы «road»"),
        (["text,code,also", "яма,roads,gas ям\x1b[2Jа"], "неизвестный код темы «ям"),
        (["text,urgent", "яма,может"], "строка 2: в колонке urgent"),
        (
            ["text,settlement", "яма,Нигдейское"],
            "строка 2: в колонке settlement стоит «Нигдейское».*Нужен код",
        ),
        (["text,house,community", "яма,5,nowhere"], "в колонке community"),
        (["text,street,region", "яма,Лесная,atlantis"], "строка 2: .*atlantis.*smolensky"),
        (['{"text": "яма", "topic": "roads"}', "{"], "строка 2: это не JSON"),
        (['{"text": "яма", "topic": "roads"}', "", "[1]"], "строка 3: нужен JSON-объект"),
        (["[", '{"text": "яма"}', "]"], "строка 1: это не JSON"),
        ([{"text": None, "topic": "roads"}], "с полем text"),
        ([{"text": "яма", "topic": ["roads"]}], "в поле topic нужна строка"),
        ([{"text": "яма", "topic": "roads", "also": [1]}], "в поле also нужен список кодов"),
        ([{"text": "яма", "topic": "roads", "context": "пост"}], "поле context"),
        ([{"text": "яма", "expect": "auto"}], "в поле expect стоит «auto»"),
        ([{"text": "яма", "note": "roads"}], "нет разметки"),
        (["[" * 100_000], "строка 1: это не JSON"),
    ],
)
def test_a_bad_file_is_told_with_its_line_and_cure(
    lines: list[str | dict[str, object]], says: str, tmp_path: Path, regions: Regions
) -> None:
    path = write(tmp_path / "a.csv", *lines)
    with pytest.raises(TrainingError, match=f"(?s){says}") as caught:
        read_labelled(path, regions)
    assert str(path) in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_wrong_region_of_the_command_is_told_as_such(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,street", "яма,Лесная")
    with pytest.raises(OtklikError, match="atlantis"):
        read_labelled(path, Regions("atlantis"))
