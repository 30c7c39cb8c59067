"""Notices by webhook: signed, so that the receiver knows who speaks, when, and that it is once.

Headers::

    X-Otklik-Timestamp   seconds since 1970, when the request was made
    X-Otklik-Signature   sha256=HEX, HMAC-SHA256 of "TIMESTAMP.BODY" with the shared secret
    Idempotency-Key      the same for every attempt at one message
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime

from pydantic import SecretStr

from connectors.base import UnreachableError
from connectors.http import Answer, Http, Request, host
from connectors.notices import Message, NotSentError
from connectors.reached import post_once

TIMESTAMP = "X-Otklik-Timestamp"
SIGNATURE = "X-Otklik-Signature"
KEY = "Idempotency-Key"

LATER = frozenset({408, 423, 425, 429})
"""Answers that ask to come again."""

MAX_ANSWER = 100_000


def signature(secret: SecretStr, timestamp: int, body: bytes) -> str:
    """Return the signature of a body sent at ``timestamp``, in seconds since 1970."""
    signed = f"{timestamp}.".encode() + body
    return (
        f"sha256={hmac.new(secret.get_secret_value().encode(), signed, hashlib.sha256).hexdigest()}"
    )


class WebhookSender:
    """Posts messages to one address, signed with ``secret``."""

    limit = 100_000

    def __init__(
        self, http: Http, url: str, secret: SecretStr, *, clock: Callable[[], datetime]
    ) -> None:
        """Remember where to post."""
        self._http = http
        self._url = url
        self._secret = secret
        self._clock = clock

    async def send(self, message: Message) -> None:
        """Post one message. Raises NotSentError and UnreachableError."""
        payload = {"id": message.key, "text": message.text, "notices": list(message.notices)}
        timestamp = int(self._clock().timestamp())
        # In the very bytes that the client will write for this payload.
        body = json.dumps(payload).encode()
        request = Request(
            "POST",
            self._url,
            json=payload,
            headers={
                TIMESTAMP: str(timestamp),
                SIGNATURE: signature(self._secret, timestamp, body),
                KEY: message.key,
                "Connection": "close",
            },
            secrets=frozenset({SIGNATURE}),
            max_body=MAX_ANSWER,
        )
        answer = await post_once(self._http, request)
        self._check(answer)

    def _check(self, answer: Answer) -> None:
        status, where = answer.status, f"Webhook, {host(self._url)}"
        if 200 <= status < 300:
            return
        if status in LATER:
            raise NotSentError(
                f"{where}: получатель просит подождать (код {status}).",
                retry_after=answer.retry_after(),
            )
        if status >= 500:
            raise UnreachableError(
                f"{where}: сбой у получателя (код {status}).", retry_after=answer.retry_after()
            )
        raise NotSentError(
            f"{where}: получатель отказал (код {status}). Проверьте адрес и общий ключ.",
            final=True,
        )
