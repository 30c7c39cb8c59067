"""Notices by whatever the apprise library knows: Matrix, Mattermost, ntfy, Zulip, SMS and others.

Of a failure apprise says nothing but that it was one: not what, and not whether anything was sent.
So a message that it could not send is of unknown end. What has to be known exactly (mail, the
bots of Telegram and MAX, VKontakte, webhooks) is therefore not left to it.
"""

import logging
import warnings
from functools import cache
from types import ModuleType
from typing import Any

from pydantic import SecretStr

from connectors.base import SourceError, UnreachableError
from connectors.notices import Message, in_own_thread

LIMIT = 4000


class AppriseSender:
    """Sends to one address of apprise, which is a secret as a whole."""

    limit = LIMIT

    def __init__(self, url: SecretStr, *, name: str) -> None:
        """Understand the address; ``name`` is the secret's. Raises SourceError."""
        library: Any = _library()
        self._service = library.Apprise.instantiate(
            url.get_secret_value(), suppress_exceptions=True
        )
        if self._service is None:
            raise SourceError(
                f"Адрес apprise в секрете «{name}» не разобран. Как его записать для каждой "
                "службы: https://appriseit.com"
            )
        self._name = name

    async def send(self, message: Message) -> None:
        """Send one message. Raises UnreachableError."""
        sent = await in_own_thread(
            lambda: self._service.notify(
                body=message.text, title=message.subject, body_format="text"
            )
        )
        if not sent:
            raise UnreachableError(
                f"apprise, секрет «{self._name}»: служба не приняла уведомление или не ответила."
            )


@cache
def _library() -> ModuleType:
    with warnings.catch_warnings():
        # Its plugins are loaded when the first address is read; one imports an old module.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise  # noqa: PLC0415 - a hundred plugins, for who uses it

        apprise.Apprise.instantiate("json://localhost")
    # It writes whole addresses, with their keys, at the level of debugging.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    return apprise
