"""Entering by hand: a call to the hot line, a personal reception, a letter on paper.

The form's key makes one message of a form that is sent twice; what was typed stays in the form
until it is stored.
"""

import logging
from collections.abc import Mapping
from typing import Annotated
from uuid import uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from connectors.manual import (
    CHANNELS,
    MAX_CONTACT,
    MAX_NUMBER,
    MAX_PLACE,
    MAX_TEXT,
    Entry,
    EntryError,
    read_entry,
)
from models.errors import OtklikError
from models.vocabulary import Network
from pipeline.console.access import Enterer, SignedInForm, Visitor
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import TOPICS
from pipeline.enter import enter

CHANNEL_TITLES = {
    Network.HOTLINE: "Горячая линия",
    Network.RECEPTION: "Личный приём",
    Network.PAPER: "Письмо на бумаге",
}

EMPTY: Mapping[str, str] = dict.fromkeys((*Entry.model_fields, "old"), "")

NEEDS_NO_ANSWER = "Сохранено. Ответа такое сообщение не требует, инцидента нет."

log = logging.getLogger(__name__)

router = APIRouter()

Short = Annotated[str, Form(max_length=10_000)]


@router.get("/new")
def show_form(request: Request, visitor: Enterer) -> Response:
    """Show an empty form with a key of its own."""
    return _page(console_of(request), visitor, {**EMPTY, "key": uuid4().hex})


@router.post("/new")
def save(
    request: Request,
    _form: SignedInForm,
    visitor: Enterer,
    *,
    channel: Short = "",
    text: Annotated[str, Form()] = "",
    received_at: Short = "",
    old: Short = "",
    place: Short = "",
    topic: Short = "",
    number: Short = "",
    contact: Short = "",
    key: Short = "",
) -> Response:
    """Store what was typed in and go to its incident; sent again, to the same one."""
    console = console_of(request)
    form = {
        "channel": channel,
        "text": text,
        "received_at": received_at,
        "place": place,
        "topic": topic,
        "number": number,
        "contact": contact,
        "key": key or uuid4().hex,
    }
    now = console.clock()
    try:
        entry = read_entry(
            form, now=now, zone=ZoneInfo(console.calendar.time_zone), old=old == "yes"
        )
        with console.judging:
            incident = enter(
                console.engine, console.judge(), entry, by=visitor.staff.login, now=now
            )
    except EntryError as error:
        return _page(console, visitor, {**form, "old": old}, wrong=error.fields)
    except OtklikError as error:
        # A model that cannot be read must not cost anybody a letter that they typed in.
        log.exception("Внести обращение")
        return _page(console, visitor, {**form, "old": old}, trouble=str(error))
    if incident is None:
        return _page(console, visitor, {**EMPTY, "key": uuid4().hex}, done=NEEDS_NO_ANSWER)
    return RedirectResponse(f"/incident/{incident}", 303)


def _page(
    console: Console,
    visitor: Visitor,
    form: Mapping[str, str],
    *,
    wrong: Mapping[str, str] | None = None,
    trouble: str = "",
    done: str = "",
) -> Response:
    return console.page(
        "new.html",
        visitor=visitor,
        status=422 if wrong else 503 if trouble else 200,
        form=form,
        wrong=wrong or {},
        trouble=trouble,
        done=done,
        channels=[(channel.value, CHANNEL_TITLES[channel]) for channel in CHANNELS],
        topics=TOPICS,
        limits={
            "text": MAX_TEXT,
            "place": MAX_PLACE,
            "number": MAX_NUMBER,
            "contact": MAX_CONTACT,
        },
        example=console.local(console.clock()),
    )
