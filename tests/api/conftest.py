"""A console with its API on an empty database, and keys of everybody's."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from api.program import Program
from casework import RULES
from console.builders import NOW, Clock, add_source
from console.client import browsing
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.routing import Mount

from classifiers.classifier import Classifier
from classifiers.registry import default_model
from models.vocabulary import Role
from pipeline.api.pace import Pace
from pipeline.console.app import create_app
from pipeline.database import unit_of_work
from pipeline.desk import staffing
from pipeline.judge import Judge

SECRETS = {"webhook": SecretStr("shared-key")}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Use PostgreSQL by default for acts alone: the rest stands on what is tested on both."""
    for item in items:
        ours = item.path.parent == Path(__file__).parent and item.path.name != "test_acts.py"
        if ours and "postgresql" in item.name:
            item.add_marker(pytest.mark.long)


@cache
def judge() -> Judge:
    """Return the shipped model over the small municipality; loading takes a second."""
    return Judge.of(RULES.region, Classifier.load(default_model()))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def staff(engine: sa.Engine) -> Mapping[str, Role]:
    """Return somebody of each role, and an executor of another body, by login."""
    people = {role.value: role for role in Role} | {"neighbour": Role.EXECUTOR}
    with unit_of_work(engine) as session:
        for login, role in people.items():
            body = "roads" if login == "executor" else "luga"
            staffing.add_staff(
                session, login, role, NOW, body=body if role is Role.EXECUTOR else None
            )
        add_source(session)
    return people


@cache
def whole_console() -> FastAPI:
    """Return the console with its API, which looks at its routes once for all tests."""
    return create_app(
        engine=sa.create_engine("sqlite://"),
        region=RULES.region,
        calendar=RULES.calendar,
        secret=SECRETS.get,
        judge=judge,
    )


@pytest.fixture
def app(engine: sa.Engine, clock: Clock, staff: Mapping[str, Role]) -> FastAPI:
    assert staff
    app = whole_console()
    console = replace(app.state.console, engine=engine, clock=clock)
    app.state.console = console
    for service in services(app).values():
        service.state.console, service.state.pace = console, Pace()
    return app


def services(app: FastAPI) -> dict[str, Any]:
    """Return the applications that the console mounts, by path."""
    return {
        one.path: one.app for one in app.routes if isinstance(one, Mount) and one.path != "/static"
    }


@pytest.fixture
def program(app: FastAPI, engine: sa.Engine) -> Iterator[Program]:
    with browsing(app) as browser:
        yield Program(browser, engine)
