"""The console of a small municipality on an empty database."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from console.builders import (
    Clock,
    Person,
    add_person,
    add_source,
    make_calendar,
    make_region,
)
from console.client import Browser, browsing
from fastapi import FastAPI

from classifiers.classifier import Classifier
from classifiers.registry import default_model
from models.source import Source
from models.vocabulary import Role
from pipeline.console.app import create_app
from pipeline.database import unit_of_work
from pipeline.judge import Judge
from pipeline.region.load import load_region


@pytest.fixture
def console_engine(engine: sa.Engine) -> sa.Engine:
    """Return either database: the console has to work alike on both."""
    return engine


@pytest.fixture
def clock() -> Clock:
    return Clock()


@cache
def shipped_judge() -> Judge:
    """Return the shipped model for that municipality, under the norms of a shipped region."""
    region = replace(make_region(), norms=load_region("smolensky").norms)
    return Judge.of(region, Classifier.load(default_model()))


@pytest.fixture
def app(console_engine: sa.Engine, clock: Clock, tmp_path: Path) -> FastAPI:
    region = make_region()
    return create_app(
        engine=console_engine,
        region=region,
        calendar=make_calendar(region),
        clock=clock,
        home=tmp_path / "home",
        judge=shipped_judge,
    )


@pytest.fixture
def source(console_engine: sa.Engine) -> Source:
    with unit_of_work(console_engine) as session:
        return add_source(session)


@pytest.fixture
def operator(console_engine: sa.Engine) -> Person:
    with unit_of_work(console_engine) as session:
        return add_person(session, "operator")


@pytest.fixture
def administrator(console_engine: sa.Engine) -> Person:
    with unit_of_work(console_engine) as session:
        return add_person(session, "admin", Role.ADMINISTRATOR)


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[Browser]:
    with browsing(app) as browser:
        yield browser


@pytest.fixture
def browser(app: FastAPI, operator: Person) -> Iterator[Browser]:
    """An operator's browser, signed in."""
    with browsing(app) as browser:
        assert browser.sign_in(operator.login, operator.password).status_code == 303
        yield browser
