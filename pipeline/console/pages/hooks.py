"""Where networks push their events: checked, kept, answered; read later by the flows.

Nobody signs in here, so that a stranger learns nothing: an unknown source, a source without
events and a wrong secret are told apart only in the program's log.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, Response

from connectors.base import SourceError
from connectors.max import webhook as max_webhook
from connectors.telegram import webhook as telegram_webhook
from connectors.vk import events as vk_events
from models.vocabulary import Network
from pipeline.console.frame import Console, console_of
from pipeline.database import unit_of_work
from pipeline.desk.events import keep_event
from pipeline.desk.sources import ensure_source
from pipeline.region.schema import Source

log = logging.getLogger(__name__)

router = APIRouter()

DONE = PlainTextResponse("ok")
REFUSED = PlainTextResponse("", 403)
"""VKontakte takes nothing but these two letters for an answer; the others look at the status."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A request as it came: its body decoded, and the headers in which secrets come."""

    payload: dict[str, Any]
    header: Callable[[str], str]


@router.post("/hooks/{key}")
async def take_event(request: Request, key: str) -> Response:
    """Keep an event of the source ``key`` and answer at once."""
    console = console_of(request)
    source = _source(console, key)
    try:
        payload = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        return PlainTextResponse("", 400)
    if source is None or not isinstance(payload, dict):
        log.warning("событие для неизвестного источника %r не принято", key[:100])
        return REFUSED
    pushed = Pushed(payload, lambda name: request.headers.get(name, ""))
    return await run_in_threadpool(_take, console, source, pushed)


def _source(console: Console, key: str) -> Source | None:
    for source in console.region.active_sources():
        if source.key == key and source.live.events in {"callback", "webhook"}:
            return source
    return None


def _take(console: Console, source: Source, pushed: Pushed) -> Response:
    payload = pushed.payload
    # The secret may be set in the community only after the server was confirmed; the code helps
    # nobody who does not administer the community.
    own = source.network is Network.VK
    if own and vk_events.is_confirmation(payload, -int(source.only_community())):
        return PlainTextResponse(source.live.confirmation)
    secret = console.secret(source.live.secret)
    if secret is None or not _is_ours(source, pushed, secret.get_secret_value()):
        log.warning("событие с неверным секретом для источника %s не принято", source.key)
        return REFUSED
    # The secret has done its work; the database never sees it.
    payload = {name: value for name, value in payload.items() if name != "secret"}
    try:
        event_id = _event_id(source, payload)
    except SourceError:
        return PlainTextResponse("", 400)
    now = console.clock()
    with unit_of_work(console.engine) as session:
        ensure_source(session, source.key, source.network, source.title, now)
        keep_event(session, source.key, event_id, payload, now)
    return DONE


def _is_ours(source: Source, pushed: Pushed, secret: str) -> bool:
    match source.network:
        case Network.VK:
            return vk_events.check_secret(pushed.payload, secret)
        case Network.MAX:
            return max_webhook.check_secret(pushed.header(max_webhook.HEADER), secret)
        case Network.TELEGRAM:
            return telegram_webhook.check_secret(pushed.header(telegram_webhook.HEADER), secret)
        case _:
            return False


def _event_id(source: Source, payload: dict[str, Any]) -> str:
    match source.network:
        case Network.VK:
            return vk_events.event_id(payload)
        case Network.MAX:
            return max_webhook.event_id(payload)
        case _:
            return telegram_webhook.event_id(payload)
