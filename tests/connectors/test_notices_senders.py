"""Senders against fakes on loopback: what goes out, and what their errors say of it."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from fakes.server import FakeServer, Fault, Faults
from fakes.smtp import Fault as MailFault
from fakes.smtp import SmtpFake
from pydantic import SecretStr

from connectors import smtp
from connectors.base import Action, ApiError, SourceError, UnreachableError
from connectors.notices import Message, NotSentError, Sender
from connectors.smtp import MailSender, MailServer
from connectors.vk.notices import random_id
from models.channel_words import ChannelKind
from pipeline.desk.deliveries import Address
from pipeline.notifiers import Senders
from pipeline.region.load import load_region
from pipeline.settings import Settings
from pipeline.sourcing import open_tools

NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
MESSAGE = Message("0123456789abcdef", "Отклик: срок прошёл", "Срок прошёл: № 7\n.точка", [{"n": 7}])
TOKEN = "123:very-secret-token"  # noqa: S105 - made up


def clock() -> datetime:
    return NOW


@dataclass
class Receiver:
    """Takes whatever is posted, answers as told, and keeps the idempotency keys apart."""

    status: int = 200
    answer: dict[str, Any] = field(default_factory=lambda: {"ok": True, "response": 1})
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._take)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.asked.append(request)
        return web.json_response(self.answer, status=self.status, headers=self.headers)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def server(receiver: Receiver) -> AsyncIterator[FakeServer]:
    async with FakeServer(receiver.app(), faults=Faults(hang_seconds=0.1)) as running:
        yield running


@pytest.fixture
async def senders(tmp_path: Path) -> AsyncIterator[Senders]:
    async with open_tools(tmp_path, secret=lambda _: SecretStr(TOKEN)) as tools:
        yield Senders(Settings(home=tmp_path), load_region("smolensky"), tools, clock)


async def sender(senders: Senders, kind: ChannelKind, api: str, address: str = "42") -> Sender:
    options: dict[str, Any] = {"api": api}
    if kind is ChannelKind.WEBHOOK:
        address, options = f"{api}/hook?for=otklik", {"allow_private": True}
    return await senders.of(Address(1, kind, address, "the-secret", options, ""))


BOTS = [ChannelKind.TELEGRAM, ChannelKind.MAX, ChannelKind.VK]


async def test_telegram_is_asked_to_write_into_the_chat(
    senders: Senders, server: FakeServer, receiver: Receiver
) -> None:
    await (await sender(senders, ChannelKind.TELEGRAM, server.url)).send(MESSAGE)
    assert receiver.asked[0].path == f"/bot{TOKEN}/sendMessage"
    said = json.loads(receiver.bodies[0])
    assert (said["chat_id"], said["text"]) == ("42", MESSAGE.text)


async def test_max_writes_to_a_chat_or_to_a_person(
    senders: Senders, server: FakeServer, receiver: Receiver
) -> None:
    receiver.answer = {"message": {}}
    await (await sender(senders, ChannelKind.MAX, server.url, "-42")).send(MESSAGE)
    await (await sender(senders, ChannelKind.MAX, server.url, "user:7")).send(MESSAGE)
    chat, person = receiver.asked
    assert (chat.path, chat.query["chat_id"]) == ("/messages", "-42")
    assert person.query["user_id"] == "7"
    assert chat.headers["Authorization"] == TOKEN
    assert json.loads(receiver.bodies[0])["text"] == MESSAGE.text


async def test_vkontakte_gets_the_same_number_at_every_attempt(
    senders: Senders, server: FakeServer, receiver: Receiver
) -> None:
    writer = await sender(senders, ChannelKind.VK, server.url)
    await writer.send(MESSAGE)
    await writer.send(MESSAGE)
    forms = [(await request.post()) for request in receiver.asked]
    assert {form["random_id"] for form in forms} == {str(random_id(MESSAGE.key))}
    assert (forms[0]["peer_id"], forms[0]["message"]) == ("42", MESSAGE.text)


def test_numbers_of_messages_are_what_vkontakte_takes() -> None:
    keys = [hashlib.sha256(str(number).encode()).hexdigest()[:40] for number in range(1000)]
    numbers = {random_id(key) for key in keys}
    assert len(numbers) == 1000
    assert all(0 < number < 2**31 for number in numbers)


async def test_a_webhook_is_signed_and_dated(
    senders: Senders, server: FakeServer, receiver: Receiver
) -> None:
    await (await sender(senders, ChannelKind.WEBHOOK, server.url)).send(MESSAGE)
    (request,), (body,) = receiver.asked, receiver.bodies
    timestamp = request.headers["X-Otklik-Timestamp"]
    signed = timestamp.encode() + b"." + body
    wanted = hmac.new(TOKEN.encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["X-Otklik-Signature"] == f"sha256={wanted}"
    assert int(timestamp) == int(NOW.timestamp())
    assert request.headers["Idempotency-Key"] == MESSAGE.key
    assert request.query == {"for": "otklik"}
    assert json.loads(body) == {"id": MESSAGE.key, "text": MESSAGE.text, "notices": [{"n": 7}]}


async def test_a_webhook_leads_inside_only_where_that_is_wanted(
    senders: Senders, server: FakeServer, receiver: Receiver
) -> None:
    inside = Address(1, ChannelKind.WEBHOOK, f"{server.url}/hook", "key", {}, "")
    with pytest.raises(NotSentError, match="внутрь сети"):
        await (await senders.of(inside)).send(MESSAGE)
    assert receiver.asked == []


@pytest.mark.parametrize("kind", [*BOTS, ChannelKind.WEBHOOK])
async def test_a_server_that_is_away_was_surely_sent_nothing(
    senders: Senders, kind: ChannelKind
) -> None:
    with pytest.raises(NotSentError):
        await (await sender(senders, kind, "http://127.0.0.1:9")).send(MESSAGE)


@pytest.mark.parametrize("kind", [*BOTS, ChannelKind.WEBHOOK])
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TRUNCATED, Fault.SERVER_ERROR])
async def test_an_answer_that_is_lost_leaves_it_open(
    senders: Senders, server: FakeServer, receiver: Receiver, kind: ChannelKind, fault: Fault
) -> None:
    server.faults.planned = [(fault, True)]
    with pytest.raises(SourceError) as caught:
        await (await sender(senders, kind, server.url)).send(MESSAGE)
    unknown = isinstance(caught.value, UnreachableError) or (
        isinstance(caught.value, ApiError) and caught.value.action is Action.RETRY
    )
    assert unknown
    assert len(receiver.asked) == 1


@pytest.mark.parametrize("kind", [*BOTS, ChannelKind.WEBHOOK])
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.SERVER_ERROR])
async def test_no_error_tells_a_secret(
    senders: Senders,
    server: FakeServer,
    kind: ChannelKind,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "aiohttp.access")  # the fake's own
    server.faults.planned = [(fault, False)]
    with pytest.raises(SourceError) as caught:
        await (await sender(senders, kind, server.url)).send(MESSAGE)
    assert "secret-token" not in str(caught.value)
    assert "secret-token" not in caplog.text


async def test_a_chat_that_the_bot_may_not_enter_is_for_a_person(
    senders: Senders, server: FakeServer, receiver: Receiver
) -> None:
    receiver.status, receiver.answer = 403, {"ok": False, "error_code": 403}
    with pytest.raises(ApiError, match="сперва написать боту") as caught:
        await (await sender(senders, ChannelKind.TELEGRAM, server.url)).send(MESSAGE)
    assert caught.value.action is Action.REFUSED


async def test_a_person_who_allowed_no_messages_is_for_a_person(
    senders: Senders, server: FakeServer, receiver: Receiver
) -> None:
    receiver.answer = {"error": {"error_code": 901, "error_msg": "denied"}}
    with pytest.raises(ApiError, match="не разрешил") as caught:
        await (await sender(senders, ChannelKind.VK, server.url)).send(MESSAGE)
    assert caught.value.action is Action.REFUSED


@pytest.mark.parametrize(("status", "final"), [(404, True), (410, True), (302, True), (429, False)])
async def test_what_a_webhook_refuses_was_not_taken(
    senders: Senders, server: FakeServer, receiver: Receiver, status: int, final: bool
) -> None:
    receiver.status, receiver.headers = status, {"Retry-After": "90"}
    with pytest.raises(NotSentError) as caught:
        await (await sender(senders, ChannelKind.WEBHOOK, server.url)).send(MESSAGE)
    assert caught.value.final is final
    assert caught.value.retry_after == (None if final else 90.0)


async def test_apprise_sends_where_its_address_leads(
    tmp_path: Path, server: FakeServer, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"json://user:{TOKEN}@{server.url.removeprefix('http://')}/path"
    async with open_tools(tmp_path, secret=lambda _: SecretStr(url)) as tools:
        made = Senders(Settings(home=tmp_path), load_region("smolensky"), tools, clock)
        there = await made.of(Address(1, ChannelKind.APPRISE, "дежурный", "apprise", {}, ""))
        await there.send(MESSAGE)
        receiver.status = 500
        with pytest.raises(UnreachableError) as caught:
            await there.send(MESSAGE)
    said = json.loads(receiver.bodies[0])
    assert (said["title"], said["message"]) == (MESSAGE.subject, MESSAGE.text)
    assert "secret-token" not in str(caught.value) + caplog.text


async def test_an_address_that_apprise_does_not_know_is_said_so(tmp_path: Path) -> None:
    async with open_tools(tmp_path, secret=lambda _: SecretStr("nowhere://x")) as tools:
        made = Senders(Settings(home=tmp_path), load_region("smolensky"), tools, clock)
        with pytest.raises(SourceError, match="не разобран"):
            await made.of(Address(1, ChannelKind.APPRISE, "дежурный", "apprise", {}, ""))


def mail_sender(mail: SmtpFake, *, user: str = "", password: str = "") -> MailSender:
    parsed = MailServer.parse(mail.url, SecretStr(password))
    host = MailServer(
        parsed.host, parsed.port, parsed.tls, True, user, SecretStr(password), parsed.sender, ""
    )
    return MailSender(host, "katyn@example.ru", clock=clock)


async def test_a_letter_says_what_it_is_and_keeps_its_id() -> None:
    async with SmtpFake() as mail:
        for _ in range(2):
            await mail_sender(mail).send(MESSAGE)
    first, second = mail.letters
    assert first["Subject"] == MESSAGE.subject
    assert first["To"] == "katyn@example.ru"
    assert first["From"] == "Отклик <otklik@example.ru>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Message-ID"] == second["Message-ID"] == f"<{MESSAGE.key}@example.ru>"
    assert first.get_content().replace("\r\n", "\n").strip() == MESSAGE.text


@pytest.mark.parametrize(
    ("fault", "final"),
    [
        (MailFault.BUSY, False),
        (MailFault.GONE_BEFORE, False),
        (MailFault.REFUSE, True),
        (MailFault.REFUSE_LETTER, True),
    ],
)
async def test_a_letter_that_was_not_taken_is_known_not_to_be(
    fault: MailFault, final: bool
) -> None:
    async with SmtpFake(faults=[fault]) as mail:
        with pytest.raises(NotSentError) as caught:
            await mail_sender(mail).send(MESSAGE)
    assert (caught.value.final, mail.letters) == (final, [])


async def test_a_connection_that_breaks_after_the_letter_leaves_it_open() -> None:
    async with SmtpFake(faults=[MailFault.GONE_AFTER]) as mail:
        with pytest.raises(UnreachableError):
            await mail_sender(mail).send(MESSAGE)
    assert len(mail.letters) == 1


async def test_a_slow_server_is_given_up_at_a_step_that_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp, "SECONDS", 0.2)
    monkeypatch.setattr(smtp, "CONNECT_SECONDS", 0.2)
    async with SmtpFake(faults=[MailFault.HANG, MailFault.HANG_AFTER]) as mail:
        with pytest.raises(NotSentError):
            await mail_sender(mail).send(MESSAGE)
        with pytest.raises(UnreachableError):
            await mail_sender(mail).send(MESSAGE)


async def test_who_gives_up_waiting_takes_the_thread_along() -> None:
    async with SmtpFake(faults=[MailFault.HANG]) as mail:
        sending = asyncio.create_task(mail_sender(mail).send(MESSAGE))
        while not mail.connections:  # noqa: ASYNC110 - the fake has nothing to wait for
            await asyncio.sleep(0.01)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
    assert mail.letters == []


async def test_a_wrong_password_is_for_the_administrator_and_not_final() -> None:
    async with SmtpFake(users={"otklik": "right"}) as mail:
        await mail_sender(mail, user="otklik", password="right").send(MESSAGE)
        with pytest.raises(NotSentError, match="пароль не приняты") as caught:
            await mail_sender(mail, user="otklik", password="wrong-one").send(MESSAGE)
    assert not caught.value.final
    assert "wrong-one" not in str(caught.value)


def test_a_mail_servers_address() -> None:
    url = "smtps://otklik%40example.ru:p%40ss@mail.example.ru?from=otklik@example.ru"
    server = MailServer.parse(url)
    assert (server.host, server.port, server.tls) == ("mail.example.ru", 465, True)
    assert (server.user, server.password.get_secret_value()) == ("otklik@example.ru", "p@ss")
    relay = MailServer.parse("smtp://me@example.ru@mail.example.ru", SecretStr("from-the-file"))
    assert (relay.port, relay.sender) == (587, "me@example.ru")
    assert relay.password.get_secret_value() == "from-the-file"


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.ru",
        "smtps://mail.example.ru",
        "smtps://mail.example.ru:99999?from=a@example.ru",
        "http://mail.example.ru?from=a@example.ru",
        "smtps://?from=a@example.ru",
        "smtp://me:topsecret@mail.example.ru?from=a@example.ru&tls=no",
        "smtps://[::1?from=a@example.ru",
        "smtps://mail.example.ru?from=a@example.ru%0aBcc:all@example.ru",
    ],
)
def test_addresses_that_are_refused_are_not_repeated(url: str) -> None:
    with pytest.raises(SourceError, match="OTKLIK_SMTP_URL") as caught:
        MailServer.parse(url)
    assert "topsecret" not in str(caught.value)
