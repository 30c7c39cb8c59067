"""docs/api.md names every scope, request, act and code."""

import re
from pathlib import Path
from typing import get_args

import pytest
from api.program import Program

from pipeline.api.wishes import ActWish, AnswerWish
from pipeline.decisions.answering import Reason
from pipeline.decisions.correcting import Refusal
from pipeline.decisions.lifecycle import No
from pipeline.desk.api_keys import Scope

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("scope", list(Scope))
def test_every_scope_is_told(scope: Scope) -> None:
    assert f"| `{scope.value}` |" in TEXT


@pytest.mark.parametrize("service", ["/api/v1", "/open311/v2"])
def test_every_request_is_told(service: str, program: Program) -> None:
    described = program.browser.get(f"{service}/openapi.json").json()

    assert described["servers"] == [{"url": service}]
    for path, calls in described["paths"].items():
        for method, call in calls.items():
            assert f"`{method.upper()} {path}`" in TEXT
            assert call["summary"]
            assert call["operationId"]
            assert call["description"]


def test_every_act_is_told() -> None:
    for wishes in (ActWish, AnswerWish):
        for wish in get_args(get_args(wishes)[0]):
            [act] = get_args(wish.model_fields["act"].annotation)
            assert f"`{act}`" in TEXT


def test_every_code_is_told() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "pipeline" / "api").glob("*.py")
    )
    named = set(re.findall(r'ProblemError\(\s*\d+,\s*"([a-z_]+)"', sources))
    for code in named | {one.value for words in (No, Reason, Refusal) for one in words}:
        assert f"`{code}`" in TEXT, code
