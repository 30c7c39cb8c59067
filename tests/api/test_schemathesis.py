"""The API against its own description: whatever is sent, no 500, and answers as described."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import sqlalchemy as sa
from api.conftest import judge, services
from api.program import give_key, open_incident
from casework import RULES
from console.builders import NOW, Clock, add_source
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import PostgresServer
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from models.staff import Staff
from models.vocabulary import Role, Stage
from pipeline.api.pace import Pace
from pipeline.console.app import create_app
from pipeline.database import open_database, unit_of_work

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
"""Not among them: that what is called invalid is refused. A request may be called so because it
lacks the key, and here each one is given one."""

SERVICES = ("/api/v1", "/open311/v2")
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
FEW, MANY = 4, 100

HIDDEN = ("testWebhook",)
"""What would ask the internet; tests/api/test_webhooks.py has it."""


@dataclass(frozen=True)
class Town:
    """A console with some incidents, keys of two people, and the schemas of its services."""

    app: FastAPI
    engine: sa.Engine
    keys: dict[str, str]
    schemas: dict[str, Any]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("api") / "otklik.db"
        empty: Path = request.getfixturevalue("empty_sqlite")
        shutil.copy(empty, path)
        url = f"sqlite:///{path}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.empty_database()
    engine = open_database(url)
    with unit_of_work(engine) as session:
        add_source(session)
        for role in (Role.ADMINISTRATOR, Role.OPERATOR):
            session.add(Staff(login=role.value, role=role, created_at=NOW))
    for stage in Stage:
        open_incident(engine, stage=stage)
        open_incident(engine, stage=stage, text="<b>\u202eтекст</b> 8 900 000-00-01")
    app = create_app(
        engine=engine,
        region=RULES.region,
        calendar=RULES.calendar,
        clock=Clock(),
        hosts=["testserver"],
        judge=judge,
    )
    schemas = {}
    for mounted, service in services(app).items():
        service.state.pace = Pace(burst=10**9)
        schemas[mounted] = schemathesis.openapi.from_dict(service.openapi())
        schemas[mounted].app = app
    keys = {role: give_key(engine, role) for role in ("administrator", "operator")}
    yield Town(app, engine, keys, schemas)
    engine.dispose()


def fuzz(town: Town, service: str, mode: GenerationMode, examples: int) -> None:
    """Send generated requests to every operation of a service, half of them about what is there."""
    for found in town.schemas[service].get_all_operations():
        operation = found.ok()
        if operation.definition.raw["operationId"] not in HIDDEN:
            send(town, operation, mode, examples)


def send(town: Town, operation: Any, mode: GenerationMode, examples: int) -> None:
    @given(
        case=operation.as_strategy(generation_mode=mode),
        by=st.sampled_from(sorted(town.keys)),
        real=st.booleans(),
        number=st.integers(1, 16),
        version=st.integers(1, 3),
    )
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any, by: str, real: bool, number: int, version: int) -> None:
        if real and mode is GenerationMode.POSITIVE:
            if "number" in case.path_parameters:
                case.path_parameters["number"] = number
            if isinstance(case.body, dict) and "version" in case.body:
                case.body["version"] = version
        headers = {"Authorization": f"Bearer {town.keys[by]}"}
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS, headers=headers)

    run()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("service", SERVICES)
def test_whatever_is_sent_is_answered_as_described(
    service: str, mode: GenerationMode, town: Town
) -> None:
    fuzz(town, service, mode, FEW)


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("service", SERVICES)
def test_however_much_is_sent_is_answered_as_described(
    service: str, mode: GenerationMode, town: Town
) -> None:
    fuzz(town, service, mode, MANY)
