"""Nothing runs and nothing is styled from within a page: the policy allows files of ours alone."""

import re
from pathlib import Path

import pytest
from console.client import Page
from console.test_access_table import TABLE, Town, town

from models.vocabulary import Role
from pipeline.console.frame import HERE

__all__ = ["town"]

TEMPLATES = sorted((HERE / "templates").rglob("*.html"))
PAGES = sorted(
    path
    for (method, path), statuses in TABLE.items()
    if method == "GET" and "{" not in path and 200 in statuses and not path.startswith("/static")
)
ROLES = [role.value for role in Role]

WITHIN = re.compile(
    r"""<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*["']|\shx-on\b|javascript:|<script(?![^>]*\ssrc=)""",
    re.IGNORECASE,
)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_a_script_a_style_or_a_handler(template: Path) -> None:
    assert not WITHIN.findall(template.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "words",
    [
        "<style>p {}</style>",
        '<p style="color: red">',
        "<p onclick='go()'>",
        '<a href="javascript:go()">',
        "<script>go()</script>",
        '<p hx-on:click="go()">',
    ],
)
def test_what_must_not_be_there_would_be_found(words: str) -> None:
    assert WITHIN.search(words)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_of_any_role_has_one(path: str, town: Town) -> None:
    for who in ("stranger", *ROLES):
        town.as_(who)
        answer = town.browser.get(path)
        if answer.status_code != 200 or "html" not in answer.headers["content-type"]:
            continue
        page = Page(answer.text)
        scripts = page.all("script")
        assert all((one.get("src") or "").startswith("/static/") for one in scripts), who
        assert not page.all("style"), who
        names = {name for _, attrs in page.elements for name in attrs}
        assert not [name for name in names if name == "style" or name.startswith(("on", "hx-on"))]
        links = [attrs.get("href") or "" for _, attrs in page.elements]
        assert not [link for link in links if link.lower().startswith(("javascript:", "data:"))]
