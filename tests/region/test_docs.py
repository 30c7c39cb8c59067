"""Every key that a region's files may hold is explained in docs/region.md."""

from pathlib import Path

import pytest

from pipeline.region.load import KEYS

PAGE = Path(__file__).parents[2] / "docs" / "region.md"


@pytest.mark.parametrize(
    ("where", "key"), [(where, key) for where, keys in KEYS.items() for key in keys]
)
def test_every_key_has_its_row(where: str, key: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    section = page.split(f"<!-- keys: {where} -->")[1].split("<!-- keys:")[0]
    assert f"| `{key}` |" in section
