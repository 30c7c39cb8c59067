"""What the tests of administration start from: an administrator's browser, signed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from console.builders import NOW, Person
from console.client import Browser, browsing
from fastapi import FastAPI

from models.staff import Staff
from pipeline.database import unit_of_work
from pipeline.desk import access


@contextmanager
def at_desk(
    app: FastAPI, engine: sa.Engine, person: Person, at: datetime = NOW
) -> Iterator[Browser]:
    """Give somebody's browser, signed in without the password's slow hash."""
    with browsing(app) as browser:
        with unit_of_work(engine) as session:
            staff = session.get_one(Staff, person.id)
            browser.http.cookies.set("otklik", access.open_session(session, staff, at))
        yield browser
