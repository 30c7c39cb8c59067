"""Webhooks for programs: signed notices to an address, as docs/notices.md describes them.

A webhook is a channel of a person or a body. Its secret is named, never sent: it lies on the
server, as every secret does. An address inside the office's own network cannot be added here.
"""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from connectors.addresses import require_public
from connectors.base import SourceError
from connectors.http import HttpClient
from connectors.notices import Message
from connectors.webhook import WebhookSender
from models.channel_words import ChannelKind, Frequency
from models.columns import stored_id
from models.errors import OtklikError
from models.vocabulary import Occasion
from pipeline.api.keys import Caller, Hooker, nothing_here
from pipeline.api.problems import ProblemError, refusals
from pipeline.api.shapes import LARGEST_ID, Code, Text
from pipeline.database import reading, unit_of_work
from pipeline.decisions.channels import Wanted
from pipeline.desk.channels import ChannelError, Owner, put_channel, switch_off
from pipeline.store.notices import Owned, channels, find_channel
from pipeline.store.staff import find_staff

router = APIRouter(tags=["webhooks"])

Channel = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The webhook's number.")]
Time = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^$")]


class WebhookShown(BaseModel):
    """A webhook; exactly one of `staff` and `body` says whose it is."""

    id: int
    staff: str | None = Field(description="Login of the person whose notices it gets.")
    body: str | None = Field(description="Code of the body whose notices it gets.")
    url: str
    secret: str = Field(description="The name of the secret that signs; never the secret.")
    occasions: list[str] = Field(description="Only these; empty for what the role hears anyway.")
    frequency: Frequency
    quiet_from: str
    quiet_to: str
    urgent_at_once: bool


class Webhooks(BaseModel):
    """All webhooks in use."""

    items: list[WebhookShown]


class NewWebhook(BaseModel):
    """A webhook to add, or to change: one with the same owner and address is changed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "url": "https://example.org/otklik",
                    "secret": "webhook-journal",
                    "body": "roads",
                    "occasions": ["assigned", "overdue"],
                }
            ]
        },
    )

    url: Annotated[Text, Field(min_length=1, max_length=500)]
    secret: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")] = Field(
        description="Name of a secret that lies on the server already."
    )
    staff: Annotated[Text, Field(max_length=100)] | None = Field(
        default=None, description="Login; left out, with `body` left out too: the key's owner."
    )
    body: Code | None = None
    occasions: list[Occasion] = Field(default=[], max_length=len(Occasion))
    frequency: Frequency = Frequency.AT_ONCE
    digest_at: Time = ""
    quiet_from: Time = ""
    quiet_to: Time = ""
    urgent_at_once: bool = False


@router.get("/webhooks", operation_id="listWebhooks", summary="List webhooks", responses=refusals())
def list_webhooks(who: Hooker) -> Webhooks:
    """Return the webhooks that are in use."""
    with reading(who.console.engine) as session:
        found = [one for one in channels(session) if one.channel.kind is ChannelKind.WEBHOOK]
        return Webhooks(items=[_shown(owned) for owned in found])


@router.post(
    "/webhooks",
    operation_id="addWebhook",
    summary="Add a webhook, or change the one with the same owner and address",
    status_code=201,
    responses=refusals(),
)
def add_webhook(who: Hooker, wanted: NewWebhook, response: Response) -> WebhookShown:
    """Add a webhook. Its address has to be of the public internet; it is looked up at sending."""
    _check(who, wanted)
    now = who.console.clock()
    try:
        with unit_of_work(who.console.engine) as session:
            owner = Owner(body=wanted.body or "")
            if wanted.body is None:
                person = find_staff(session, wanted.staff or who.actor.login)
                if person is None or not person.active:
                    raise _invalid("Такого сотрудника нет, или он отключён.")
                owner = Owner(staff_id=person.id)
            number = put_channel(session, owner, _channel(wanted), now=now)
            response.headers["Location"] = f"/api/v1/webhooks/{number}"
            return _shown(_find(session, number))
    except ChannelError as error:
        raise _invalid(str(error)) from None


@router.delete(
    "/webhooks/{channel}",
    operation_id="removeWebhook",
    summary="Remove a webhook; what waited for it is not sent",
    status_code=204,
    responses=refusals(404),
)
def remove_webhook(who: Hooker, channel: Channel) -> None:
    """Switch a webhook off; its row stays and tells what was sent where."""
    with unit_of_work(who.console.engine) as session:
        _find(session, channel)
        switch_off(session, channel, now=who.console.clock())


@router.post(
    "/webhooks/{channel}/test",
    operation_id="testWebhook",
    summary="Send a trial notice now",
    status_code=204,
    responses=refusals(404, 502),
)
async def test_webhook(who: Hooker, channel: Channel) -> None:
    """Send one signed notice past the outbox; 502 tells in Russian why it was not taken."""
    owned = await run_in_threadpool(_read, who, channel)
    options: dict[str, Any] = owned.channel.options
    try:
        secret = who.console.secret(owned.channel.secret)
        if secret is None:
            raise _invalid(f"Секрета «{owned.channel.secret}» на сервере нет.")
        client = HttpClient(
            private=options.get("allow_private") is True,
            proxy=str(options.get("proxy", "")) or None,
        )
        async with client as http:
            sender = WebhookSender(http, owned.channel.address, secret, clock=who.console.clock)
            said = "Это пробное уведомление: канал работает, делать ничего не нужно."
            await sender.send(Message(uuid.uuid4().hex, "Отклик: пробное уведомление", said, ()))
    except SourceError as error:
        raise ProblemError(502, "not_delivered", str(error)) from None
    except OtklikError as error:
        raise _invalid(str(error)) from None


def _read(who: Caller, channel: int) -> Owned:
    with reading(who.console.engine) as session:
        return _find(session, channel)


def _check(who: Caller, wanted: NewWebhook) -> None:
    """Refuse what the desk does not look at. Raises ProblemError."""
    try:
        require_public(wanted.url)
    except SourceError:
        raise _invalid(
            "Адрес не годится или ведёт внутрь сети. Такой webhook добавляют на самом сервере: "
            "otklik notices add --private."
        ) from None
    try:
        found = who.console.secret(wanted.secret)
    except OtklikError as error:
        raise _invalid(str(error)) from None
    if found is None:
        raise _invalid(
            f"Секрета «{wanted.secret}» на сервере нет. Администратор кладёт ключ в файл с этим "
            "именем или в переменную окружения, см. docs/notices.md."
        )
    if wanted.body is not None and wanted.staff is not None:
        raise _invalid("Укажите что-то одно: staff или body.")
    known = [body.code for body in who.console.region.bodies]
    if wanted.body is not None and wanted.body not in known:
        raise _invalid(f"Исполнителя «{wanted.body}» в районе нет. Есть: {', '.join(known)}.")


def _invalid(said: str) -> ProblemError:
    return ProblemError(422, "invalid", said)


def _channel(wanted: NewWebhook) -> Wanted:
    return Wanted(
        kind=ChannelKind.WEBHOOK,
        address=wanted.url,
        secret=wanted.secret,
        occasions=[one.value for one in wanted.occasions],
        frequency=wanted.frequency,
        digest_at=wanted.digest_at,
        quiet_from=wanted.quiet_from,
        quiet_to=wanted.quiet_to,
        urgent_at_once=wanted.urgent_at_once,
    )


def _find(session: Any, channel: int) -> Owned:
    owned = find_channel(session, channel)
    usable = owned is not None and owned.channel.active
    if owned is None or not usable or owned.channel.kind is not ChannelKind.WEBHOOK:
        raise nothing_here()
    return owned


def _shown(owned: Owned) -> WebhookShown:
    channel = owned.channel
    return WebhookShown(
        id=stored_id(channel.id),
        staff=owned.staff.login if owned.staff is not None else None,
        body=channel.body or None,
        url=channel.address,
        secret=channel.secret,
        occasions=channel.occasions,
        frequency=channel.frequency,
        quiet_from=channel.quiet_from,
        quiet_to=channel.quiet_to,
        urgent_at_once=channel.urgent_at_once,
    )
