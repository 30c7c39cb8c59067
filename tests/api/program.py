"""A program that uses the API with somebody's key, and incidents for it to work on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import sqlalchemy as sa
from console.builders import NOW, add_incident
from console.client import Browser
from sqlmodel import select

from models.columns import stored_id
from models.incident import Incident
from models.source import Source
from models.vocabulary import Stage
from pipeline.database import reading, unit_of_work
from pipeline.desk.api_keys import Scope, make_key

ALL = frozenset(scope.value for scope in Scope)


def give_key(
    engine: sa.Engine,
    login: str,
    scopes: Iterable[str] = ALL,
    *,
    expires_at: datetime | None = None,
) -> str:
    """Make a key and return it."""
    with unit_of_work(engine) as session:
        made = make_key(
            session,
            title="Учётная программа",
            owner=login,
            scopes=list(scopes),
            expires_at=expires_at,
            by="administrator",
            now=NOW,
        )
        return made.token


def open_incident(engine: sa.Engine, **fields: Any) -> int:
    """Store one more incident of the body «roads»; return its number."""
    with unit_of_work(engine) as session:
        source = session.exec(select(Source)).first()
        assert source is not None
        given = {"stage": Stage.ASSIGNED, "body": "roads", **fields}
        return stored_id(add_incident(session, source, **given).id)


@dataclass
class Program:
    """Sends requests in the name of ``login``, whose key may do all that it may."""

    browser: Browser
    engine: sa.Engine
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, login: str) -> str:
        """Return somebody's key with every scope."""
        if login not in self.keys:
            self.keys[login] = give_key(self.engine, login)
        return self.keys[login]

    def ask(
        self, method: str, path: str, *, by: str = "operator", key: str | None = None, **more: Any
    ) -> httpx.Response:
        """Send a request; ``more`` is what httpx takes."""
        token = self.key(by) if key is None else key
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        return self.browser.send(method, f"/api/v1{path}", headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        """Return what a request that has to succeed answers."""
        answer = self.ask("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def act(self, number: int, act: str, *, by: str = "operator", **fields: Any) -> httpx.Response:
        """Do an act; the version is the present one unless it is given."""
        wish = {"act": act, "version": self.version(number), **fields}
        return self.ask("POST", f"/incidents/{number}/acts", by=by, json=wish)

    def did(self, number: int, act: str, **fields: Any) -> Any:
        """Do an act that has to succeed; return what came of it."""
        answer = self.act(number, act, **fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def version(self, number: int) -> int:
        """Return the version of an incident as it stands, 1 where there is none."""
        with reading(self.engine) as session:
            incident = session.get(Incident, number)
            return incident.version if incident is not None else 1
