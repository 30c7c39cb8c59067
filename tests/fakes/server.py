"""A server on loopback with faults: what every fake network stands on."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Fault(StrEnum):
    """What a connection can do to an answer."""

    HANG = "hang"
    RESET = "reset"
    SERVER_ERROR = "server_error"
    HTML = "html"
    TRUNCATED = "truncated"


@dataclass(slots=True)
class Faults:
    """Spoils a share of the answers, by a seed.

    Half of the spoilt requests are carried out first, so that only the answer is lost: what
    makes a blind repeat publish twice. ``hang_seconds`` should be longer than clients wait.
    ``planned`` are used up first, each with whether the request is carried out; ``once`` are for
    the first request of a kind, as "POST /method/wall.createComment".
    """

    share: float = 0.0
    seed: int = 1
    kinds: Sequence[Fault] = tuple(Fault)
    hang_seconds: float = 1.0
    planned: list[tuple[Fault, bool]] = field(default_factory=list)
    once: dict[str, tuple[Fault, bool]] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Seed the dice."""
        self.dice = random.Random(self.seed)  # noqa: S311 - repeatable faults, no secrets

    def next(self, asked: str) -> tuple[Fault, bool] | None:
        """Return the fault of the next answer and whether the request is carried out first.

        ``asked`` is the request's method and path, a space between them.
        """
        if asked in self.once:
            return self.once.pop(asked)
        if self.planned:
            return self.planned.pop(0)
        if self.dice.random() >= self.share:
            return None
        return self.dice.choice(self.kinds), self.dice.random() < 0.5


class FakeServer:
    """Serves an application on a free port (or a given one) while its context is open.

    ``latency`` is added to every answer, in seconds. ``url`` has no slash at the end.
    """

    def __init__(
        self,
        app: web.Application,
        *,
        faults: Faults | None = None,
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        """Wrap the application."""
        self.faults = faults or Faults()
        self.latency = latency
        self._port = port
        self._closing = asyncio.Event()
        app.middlewares.append(self._middleware())
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        """Listen."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, hanging answers included."""
        self._closing.set()
        await self._runner.cleanup()

    def _middleware(self) -> Middleware:
        @web.middleware
        async def spoil(request: web.Request, handler: Handler) -> web.StreamResponse:
            fault = self.faults.next(f"{request.method} {request.path}")
            if fault is None:
                response = await handler(request)
                await self._pause(self.latency)
                return response
            kind, carried_out = fault
            self.faults.counted[kind] += 1
            body = b'{"response": {"items": ['
            if carried_out:
                done = await handler(request)
                if isinstance(done, web.Response) and isinstance(done.body, bytes):
                    body = done.body
            return await self._spoilt(request, kind, body)

        return spoil

    async def _spoilt(self, request: web.Request, kind: Fault, body: bytes) -> web.StreamResponse:
        if kind is Fault.HANG:
            await self._pause(self.faults.hang_seconds)
        if kind in {Fault.HANG, Fault.RESET}:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if kind is Fault.SERVER_ERROR:
            return web.Response(status=502, text="Bad Gateway")
        if kind is Fault.HTML:
            return web.Response(
                text="<html><body>Ведутся работы</body></html>", content_type="text/html"
            )
        response = web.StreamResponse(headers={"Content-Length": str(len(body) + 1)})
        response.content_type = "application/json"
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.abort()
        return response

    async def _pause(self, seconds: float) -> None:
        """Wait, but not past the end of the server."""
        if seconds:
            try:
                await asyncio.wait_for(self._closing.wait(), seconds)
            except TimeoutError:
                return
