"""When the server itself cannot: the database is away, the model broken, a bug."""

from collections.abc import Mapping

import pytest
import sqlalchemy as sa
from api.program import Program
from casework import RULES
from console.builders import Clock
from console.client import browsing
from fastapi import FastAPI

from classifiers.model import ModelError
from models.vocabulary import Role
from pipeline.console.app import create_app
from pipeline.database import open_database
from pipeline.judge import Judge

CALL = {"channel": "hotline", "text": "Не горит фонарь на Лесной"}
REQUEST = {"service_code": "snow", "description": "Не чистят", "address_string": "Луга"}


def make_app(engine: sa.Engine, trouble: Exception) -> FastAPI:
    """Return a console whose judge cannot be had."""

    def broken() -> Judge:
        raise trouble

    return create_app(
        engine=engine,
        region=RULES.region,
        calendar=RULES.calendar,
        clock=Clock(),
        judge=broken,
    )


def test_a_model_that_cannot_be_read_is_no_fault_of_the_program(
    engine: sa.Engine, staff: Mapping[str, Role]
) -> None:
    assert staff
    with browsing(make_app(engine, ModelError("Модель повреждена"))) as browser:
        program = Program(browser, engine)
        answer = program.ask("POST", "/incidents", json=CALL)
        key = program.key("operator")
        asked = browser.post("/open311/v2/requests.json", {**REQUEST, "api_key": key})

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "60"
    assert asked.status_code == 503
    assert asked.json()[0]["code"] == 503


def test_a_bug_is_told_without_its_insides(engine: sa.Engine, staff: Mapping[str, Role]) -> None:
    assert staff
    with browsing(make_app(engine, ValueError("внутренности")), raising=False) as browser:
        program = Program(browser, engine)
        answer = program.ask("POST", "/incidents", json=CALL)
        key = program.key("operator")
        asked = browser.post("/open311/v2/requests.xml", {**REQUEST, "api_key": key})

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "внутренности" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert asked.status_code == 500
    assert asked.text.startswith("<?xml")
    assert "внутренности" not in asked.text


@pytest.mark.parametrize("path", ["/api/v1/region", "/open311/v2/services.json"])
def test_a_database_that_is_away_is_said_so(path: str) -> None:
    nowhere = open_database("sqlite://")
    app = create_app(engine=nowhere, region=RULES.region, calendar=RULES.calendar, clock=Clock())
    with browsing(app) as browser:
        answer = browser.get(path, Authorization="Bearer otk_" + "a" * 43)
    nowhere.dispose()

    assert answer.status_code == 503
    assert "База данных недоступна" in answer.text


@pytest.mark.parametrize("path", ["/api/v2/region", "/api/v1/a%0Ab", "/open311/v3/x", "/api/"])
def test_beside_the_api_nothing_is_there_in_json(path: str, program: Program) -> None:
    answer = program.browser.get(path)

    assert answer.status_code == 404
    assert "json" in answer.headers["content-type"]
