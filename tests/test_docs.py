"""The documentation keeps up with the code."""

import re
import tomllib
from pathlib import Path

import pytest
from console.gallery import SIGHTS, SIZES, Sight

from models.vocabulary import TOPIC_TITLES, Certainty, Topic

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("topic", list(Topic))
def test_every_topic_code_is_in_the_glossary(topic: Topic) -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert f"| `{topic.value}` | {TOPIC_TITLES[topic]} |" in glossary


@pytest.mark.parametrize("certainty", list(Certainty))
def test_every_certainty_is_explained(certainty: Certainty) -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    console = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
    assert f"`{certainty.value}` («{certainty.russian}»" in glossary
    assert f"| «{certainty.russian}» |" in console


def test_every_dependency_has_its_reason() -> None:

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    reasons = (ROOT / "docs" / "decisions" / "0007-dependencies.md").read_text(encoding="utf-8")
    extra = project["optional-dependencies"]["dev"]
    for requirement in [*project["dependencies"], *extra]:
        name = requirement.split(">")[0].split("=")[0].split("[")[0]
        if not name.startswith("types-"):
            assert f"`{name}`" in reasons, name


def test_links_between_documents_lead_somewhere() -> None:

    for document in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


@pytest.mark.parametrize("sight", SIGHTS, ids=lambda sight: sight.name)
def test_every_page_has_its_pictures_in_the_guide(sight: Sight) -> None:
    guide = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
    for size in SIZES:
        for scheme in ("light", "dark"):
            picture = f"images/console/{sight.name}-{size}-{scheme}.webp"
            assert f"]({picture})" in guide
            assert (ROOT / "docs" / picture).exists()
