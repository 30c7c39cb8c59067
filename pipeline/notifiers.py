"""Who sends a message to an address: one sender for each kind of channel."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from pydantic import SecretStr

from connectors.by_apprise import AppriseSender
from connectors.http import Http
from connectors.max import api as max_api
from connectors.max.notices import MaxSender
from connectors.notices import Message, NotSentError, Sender
from connectors.smtp import MailSender, MailServer
from connectors.telegram.api import BOT
from connectors.telegram.notices import RATE as TELEGRAM_RATE
from connectors.telegram.notices import TelegramSender
from connectors.vk import api as vk_api
from connectors.vk.notices import VkSender
from connectors.webhook import WebhookSender
from models.channel_words import ChannelKind
from pipeline.desk.deliveries import Address
from pipeline.region.schema import Live, Region
from pipeline.secrets import find_secret
from pipeline.settings import Settings
from pipeline.sourcing import Tools, open_tools

SMTP_PASSWORD = "smtp"  # noqa: S105 - the name of a secret, not one

KEYED = frozenset({ChannelKind.TELEGRAM, ChannelKind.MAX, ChannelKind.VK})
"""Kinds whose secret is a network's key, with a pace and a state of its own."""

SenderFor = Callable[[Address], Awaitable[Sender]]
"""Gives the sender of an address. Raises SettingsError or SourceError where something is missing:
then nothing was sent."""


@asynccontextmanager
async def open_senders(
    settings: Settings, region: Region, *, clock: Callable[[], datetime]
) -> AsyncIterator[SenderFor]:
    """Give a function from an address to its sender; connections are closed at the end."""
    async with open_tools(settings.home) as tools:
        senders = Senders(settings, region, tools, clock)
        yield senders.of


async def send_test(
    settings: Settings, region: Region, address: Address, *, clock: Callable[[], datetime]
) -> None:
    """Send a trial message to an address, past the outbox. Raises SettingsError, SourceError.

    A key that was parked is released first: a person asks, so a person has seen to it.
    """
    async with open_tools(settings.home) as tools:
        if address.secret and address.kind in KEYED:
            tools.ledger.release(tools.token(address.secret, rate=1.0))
        sender = await Senders(settings, region, tools, clock).of(address)
        said = "Это пробное уведомление: канал работает, делать ничего не нужно."
        await sender.send(Message(uuid.uuid4().hex, "Отклик: пробное уведомление", said, ()))


class Senders:
    """Makes senders; everything that they share is kept in ``tools``."""

    def __init__(
        self, settings: Settings, region: Region, tools: Tools, clock: Callable[[], datetime]
    ) -> None:
        """Remember what to make them of."""
        self._settings = settings
        self._region = region
        self._tools = tools
        self._clock = clock

    async def of(self, address: Address) -> Sender:
        """Return the sender of an address. Raises SettingsError and SourceError."""
        match address.kind:
            case ChannelKind.EMAIL:
                return MailSender(self._server(), self._mailbox(address), clock=self._clock)
            case ChannelKind.APPRISE:
                return AppriseSender(self._tools.secret(address.secret), name=address.secret)
            case ChannelKind.WEBHOOK:
                key = self._tools.secret(address.secret)
                return WebhookSender(
                    await self._http(address), address.address, key, clock=self._clock
                )
            case ChannelKind.TELEGRAM:
                token = self._tools.token(address.secret, rate=TELEGRAM_RATE)
                return TelegramSender(
                    await self._http(address),
                    self._tools.caller(token),
                    address.address,
                    base=_base(address, BOT),
                )
            case ChannelKind.MAX:
                token = self._tools.token(address.secret, rate=max_api.RATE)
                base = _base(address, max_api.BASE)
                api = max_api.MaxApi(
                    await self._http(address), self._tools.caller(token), base=base
                )
                return MaxSender(api, address.address)
            case ChannelKind.VK:
                token = self._tools.token(address.secret, rate=vk_api.RATES["community"])
                return VkSender(
                    await self._http(address),
                    self._tools.caller(token),
                    address.address,
                    base=_base(address, vk_api.BASE),
                )

    def _server(self) -> MailServer:
        url = self._settings.smtp_url
        if url is None:
            raise NotSentError(
                "Почтовый сервер не задан. Укажите OTKLIK_SMTP_URL, например "
                "smtps://otklik@mail.example.ru:465?from=otklik@example.ru"
            )
        password: SecretStr | None = find_secret(SMTP_PASSWORD, self._settings.home)
        return MailServer.parse(url.get_secret_value(), password)

    def _mailbox(self, address: Address) -> str:
        """Return a mail address; a body's own without one is the region file's."""
        if address.address:
            return address.address
        for body in self._region.bodies:
            if body.code == address.body and body.contacts.email:
                return body.contacts.email
        raise NotSentError(
            f"У исполнителя «{address.body}» в файле района больше нет почты.", final=True
        )

    async def _http(self, address: Address) -> Http:
        options = address.options
        return await self._tools.http(
            Live(
                api=str(options.get("api", "")),
                proxy=str(options.get("proxy", "")),
                ca_file=str(options.get("ca_file", "")),
                allow_private=options.get("allow_private") is True,
            )
        )


def _base(address: Address, usual: str) -> str:
    return str(address.options.get("api", "")).rstrip("/") or usual
