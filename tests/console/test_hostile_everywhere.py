"""Hostile words on every page and in every export: they are text there, and nothing else."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa
from console.builders import NOW, Person
from console.client import Browser, Page, browsing
from console.test_hostile import HARMLESS, HOSTILE, HUGE, fill, put_away
from fastapi import FastAPI
from sqlmodel import Session

from models.answer import Answer
from models.console import AnswerTemplate, SavedView
from models.incident import Incident
from models.staff import ApiKey
from models.vocabulary import (
    AnswerKind,
    AnswerState,
    Certainty,
    Outcome,
    Stage,
    Topic,
)
from pipeline.database import unit_of_work
from pipeline.desk.api_keys import Scope, make_key

DANGEROUS = frozenset(
    {"script", "img", "iframe", "base", "meta", "link", "style", "math", "object", "form", "input"}
    | {"button", "template", "video", "embed"}
)
PAGES = (
    "/",
    "/?q=яма&state=all",
    "/review",
    "/review/{number}",
    "/bulk",
    "/views",
    "/incident/{number}",
    "/incident/{number}/similar",
    "/approvals",
    "/templates",
    "/dashboard",
    "/sources",
    "/sources/keys",
    "/admin/staff",
    "/admin/journal",
    "/admin/api",
    "/admin/retention",
)


@pytest.fixture
def head(app: FastAPI, administrator: Person) -> Iterator[Browser]:
    """An administrator's browser: it sees most."""
    with browsing(app) as browser:
        assert browser.sign_in(administrator.login, administrator.password).status_code == 303
        yield browser


def say_everywhere(session: Session, words: str, staff_id: int, *, key: str) -> int:
    """Store the words wherever a person or a network can put them; return the incident."""
    put_away(session)
    for table in (AnswerTemplate, SavedView, ApiKey):
        session.execute(sa.delete(table))
    session.execute(sa.update(Answer).values(state=AnswerState.WITHDRAWN))
    session.flush()
    number = fill(session, words, key=key)
    if session.get_bind().dialect.name == "postgresql":
        words = words.replace("\x00", "")
    short = words[:90] or "x"
    incident = session.get_one(Incident, number)
    incident.stage, incident.certainty = Stage.APPROVAL, Certainty.UNSURE
    incident.settlement, incident.body = short, short
    session.add_all(
        [
            Answer(
                incident_id=number,
                post_id=_post(session, number),
                kind=AnswerKind.FINAL,
                state=AnswerState.APPROVAL,
                text=words[:8000],
                outcome=Outcome.SOLVED,
                remark=words[:1000],
                key=f"{number}",
                author=short,
                created_at=NOW,
                due_at=NOW,
                error=words[:1000],
            ),
            AnswerTemplate(
                title=short, text=words[:4000], topic=Topic.ROADS, changed_at=NOW, changed_by=short
            ),
            SavedView(
                staff_id=staff_id, title=short, query="topic=roads", shared=True, created_at=NOW
            ),
            ApiKey(
                title=short,
                token_hash=f"{number:064d}",
                staff_id=staff_id,
                scopes=["incidents:read"],
                created_at=NOW,
                created_by=short,
            ),
        ]
    )
    session.flush()
    return number


def _post(session: Session, number: int) -> int:
    query = sa.text("SELECT min(id) FROM post WHERE incident_id = :number")
    return int(session.execute(query, {"number": number}).scalar_one())


def bones(page: Page) -> tuple[Counter[str], set[str]]:
    """Return how many elements of a kind that can do harm there are, and all attributes' names."""
    tags = Counter(tag for tag, _ in page.elements if tag in DANGEROUS)
    return tags, {name for _, attrs in page.elements for name in attrs}


@pytest.mark.parametrize(
    "corpus", [HOSTILE[::7], pytest.param((*HOSTILE, HUGE), marks=pytest.mark.long)], ids=len
)
def test_hostile_words_are_text_on_every_page(
    corpus: Sequence[str], head: Browser, console_engine: sa.Engine, administrator: Person
) -> None:
    with unit_of_work(console_engine) as session:
        number = say_everywhere(session, HARMLESS, administrator.id, key="vk:harmless")
    calm = {path: bones(head.page(path.format(number=number))) for path in PAGES}

    for place, words in enumerate(corpus):
        with unit_of_work(console_engine) as session:
            number = say_everywhere(session, words, administrator.id, key=f"vk:hostile-{place}")
        for path in PAGES:
            tags, names = bones(head.page(path.format(number=number)))
            allowed, known = calm[path]
            # A filter may offer one source more; a row may have no link where its text has none.
            more = {tag: count for tag, count in (tags - allowed).items() if tag != "input"}
            assert more == {}, (path, words[:80])
            strange = {name for name in names - known if name.startswith(("on", "hx-", "style"))}
            assert strange == set(), (path, words[:80])


def test_hostile_words_are_cells_and_strings_in_every_export(
    head: Browser, console_engine: sa.Engine, administrator: Person
) -> None:
    with unit_of_work(console_engine) as session:
        made = make_key(
            session,
            title="выгрузка",
            owner=administrator.login,
            scopes=list(Scope),
            expires_at=None,
            by=administrator.login,
            now=NOW,
        )
    bearer = {"Authorization": f"Bearer {made.token}"}
    for place, words in enumerate((*HOSTILE, HUGE)):
        with unit_of_work(console_engine) as session:
            put_away(session)
            session.flush()
            number = fill(session, words, key=f"vk:hostile-{place}")

        table = head.get("/admin/journal.csv")
        rows = list(csv.reader(io.StringIO(table.text.removeprefix("\ufeff")), delimiter=";"))
        assert len({len(row) for row in rows}) == 1
        assert not [cell for row in rows for cell in row if cell[:1] in set("=+-@\t\r")], words[:80]

        card = head.send("GET", f"/api/v1/incidents/{number}", headers=bearer)
        assert card.status_code == 200, card.text[:300]
        assert json.loads(card.text)["id"] == number

        open311 = head.send("GET", f"/open311/v2/requests/{number}.xml", headers=bearer)
        assert open311.status_code == 200, open311.text[:300]
        ET.fromstring(open311.text)  # noqa: S314 - our own answer; it is what is tested
