"""What is said of a routing table whose rules do not go together."""

from pathlib import Path

import pytest
from region_folder import change, said, write_region

from models.vocabulary import Network
from pipeline.region.load import check_region


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_region(tmp_path)


def rules(folder: Path, *changes: dict[str, str]) -> None:
    """Write a routing table; each rule has a name of one letter."""
    lines = []
    for name, own in zip("абвгд", changes, strict=False):
        fields = {"topics": "all", "settlements": "all", "body": "desk"} | own
        lines.append(f"  - {{name: {name}, {', '.join(f'{k}: {v}' for k, v in fields.items())}}}")
    text = "\n".join(("rules:", *lines, "default: desk", ""))
    (folder / "routing.yaml").write_text(text, encoding="utf-8")


OWN = {"body": "settlement_administration"}


@pytest.mark.parametrize(
    "sound",
    [
        ({"topics": "[roads]"}, {}),
        (OWN, {}),
        ({"settlements": "[north, south]"}, {}),
        ({"urgency": "urgent"}, {"sources": "[vk]"}, {}),
        ({"topics": "[roads]", "urgency": "urgent"}, {"topics": "[roads]"}),
        ({"settlements": "[north]"}, OWN),
    ],
)
def test_rules_that_leave_each_other_something_are_sound(
    folder: Path, sound: tuple[dict[str, str], ...]
) -> None:
    rules(folder, *sound)
    assert said(folder) == []


@pytest.mark.parametrize(
    ("dead", "takers"),
    [
        (({}, {"topics": "[roads]"}), "«а»"),
        (({}, OWN), "«а»"),
        ((OWN, {"settlements": "[north, south]"}), "«а»"),
        (({"urgency": "urgent"}, {"urgency": "normal"}, {"topics": "[gas]"}), "«а», «б»"),
        (({"settlements": "[north, south]"}, OWN), "«а»"),
        (
            ({"topics": "[gas]"}, {"sources": "[vk, ok]"}, {"topics": "[gas]", "sources": "[vk]"}),
            "«а»",
        ),
    ],
)
def test_a_rule_that_never_fires_is_named_with_those_that_take_all(
    folder: Path, dead: tuple[dict[str, str], ...], takers: str
) -> None:
    rules(folder, *dead)

    (problem,) = check_region(folder)

    name = "абвгд"[len(dead) - 1]
    assert problem.what == f"правило «{name}» никогда не сработает: раньше всё берёт {takers}"
    assert (problem.file, problem.line) == ("routing.yaml", len(dead) + 1)
    assert "выше" in problem.fix


def test_of_many_rules_above_a_dead_one_three_are_named(folder: Path) -> None:
    rules(
        folder,
        {"topics": "[gas]"},
        {"topics": "[water]"},
        {"topics": "[snow]"},
        {"topics": "[roads]"},
        {"topics": "[gas, water, snow, roads]"},
    )
    assert any("берёт «а», «б», «в» и ещё 1" in text for text in said(folder))


def test_a_broken_rule_takes_nothing_from_those_below(folder: Path) -> None:
    rules(folder, {"topics": "[rods]"}, {"body": "nobody"}, {})
    assert len(said(folder)) == 2


def test_a_rule_must_lead_to_somebody_with_the_right(folder: Path) -> None:
    # Given two administrations without the right to letters
    for code in ("north", "south"):
        change(
            folder, "bodies.yaml", f"settlement: {code}}}", f"settlement: {code}, channels: [vk]}}"
        )
    # When a rule about letters leads to them, and another one to one of them alone
    rules(folder, OWN | {"sources": "[paper]"}, {"body": "north", "sources": "[paper, vk]"}, {})
    # Then only the first is refused: the other one has somebody for its posts
    (problem,) = check_region(folder)
    assert "правило ведёт к тем, кому эти источники вести нельзя: north, south" in problem.what
    assert problem.line == 2


def test_the_last_resort_handles_every_network(folder: Path) -> None:
    change(folder, "bodies.yaml", "kind: district", "kind: district, channels: [vk, ok]")
    (problem,) = check_region(folder)
    assert "исполнитель по умолчанию «desk» не ведёт источники: telegram, max" in problem.what
    assert (problem.file, problem.line) == ("routing.yaml", 3)

    every = ", ".join(Network)
    change(folder, "bodies.yaml", "[vk, ok]", f"[{every}]")
    assert said(folder) == []
