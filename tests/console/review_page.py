"""The review page in a browser without a window: what stands on it, and its buttons."""

from typing import Any

import httpx
import sqlalchemy as sa
from console.builders import add_incident
from console.client import Browser, Page
from sqlmodel import col, select

from models.columns import stored_id
from models.console import Lease
from models.incident import Incident
from models.journal import JournalEntry
from models.source import Source
from pipeline.database import reading, unit_of_work


def open_one(engine: sa.Engine, source: Source, **fields: Any) -> int:
    with unit_of_work(engine) as session:
        return stored_id(add_incident(session, session.merge(source), **fields).id)


def stands(engine: sa.Engine, number: int) -> Incident:
    with reading(engine) as session:
        return session.get_one(Incident, number)


def entries(engine: sa.Engine, number: int) -> list[JournalEntry]:
    with reading(engine) as session:
        query = select(JournalEntry).where(JournalEntry.incident_id == number)
        return list(session.exec(query.order_by(col(JournalEntry.id))))[1:]


def leases(engine: sa.Engine) -> dict[int, int]:
    with reading(engine) as session:
        return {lease.incident_id: lease.staff_id for lease in session.exec(select(Lease))}


def number_on(page: Page) -> int | None:
    shown = page.all("div", id="review")[0]["data-number"]
    return int(shown) if shown else None


def form_of(page: Page) -> dict[str, str]:
    """Return the form as a browser sends it when nothing is touched."""
    fields = {
        field["name"] or "": field.get("value") or ""
        for field in page.all("input")
        if field.get("type") == "hidden" and field.get("name")
    }
    fields |= {
        field["name"] or "": field.get("value") or ""
        for field in page.all("input")
        if field.get("type") in {"radio", "checkbox"} and "checked" in field
    }
    return fields | {"settlement": chosen(page), "other_topic": ""}


def chosen(page: Page) -> str:
    codes = {"luga", "bor", ""}
    return next(
        (
            option["value"] or ""
            for option in page.all("option")
            if "selected" in option and option["value"] in codes
        ),
        "",
    )


def press(browser: Browser, page: Page, act: str, **fields: str) -> httpx.Response:
    """Send the form with one of its buttons."""
    number = number_on(page)
    return browser.post(f"/review/{number}", {**form_of(page), "act": act, **fields})
