"""The outer wall: which requests are heard at all, and what every answer carries."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
LONGEST_FORM = 64 * 1024
LONGEST_EVENT = 1024 * 1024
EVENTS = "/hooks/"
"""Where networks push what may hold a long text with all its attachments."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
        "img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not «no-referrer»: with it a browser hides the Origin of our own forms as well.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
NO_STORE = "no-store"


class Guard:
    """Refuses foreign hosts, foreign forms and oversized bodies; adds the headers above.

    A foreign Host means that some other name was pointed at this machine (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] = ()) -> None:
        """Guard ``app``; ``hosts`` are the names it may be called by besides localhost."""
        self.app = app
        self.hosts = OWN_HOSTS | {host.casefold() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(MutableHeaders(scope=message))
            await send(message)

        longest = LONGEST_EVENT if scope["path"].startswith(EVENTS) else LONGEST_FORM
        refusal = self._refusal(scope["method"], Headers(scope=scope), longest)
        await (refusal or self.app)(scope, receive, send_with_headers)

    def _refusal(self, method: str, headers: Headers, longest: int) -> PlainTextResponse | None:
        host = headers.get("host", "")
        if _name(host) not in self.hosts:
            return PlainTextResponse(
                "Консоль Otklik не отвечает по этому имени узла. Откройте её по адресу, "
                "который напечатан при запуске.",
                400,
            )
        if method in SAFE_METHODS:
            return None
        if not _same_origin(headers, host):
            return PlainTextResponse("Форма отправлена с чужой страницы и не принята.", 403)
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            return PlainTextResponse("Запрос без указания длины не принят.", 411)
        if len(length) > 10 or int(length) > longest:
            return PlainTextResponse("Форма слишком велика и не принята.", 413)
        return None


def add_headers(headers: MutableHeaders) -> None:
    """Add what every answer carries; pages are never kept by a browser or a proxy."""
    headers.update(HEADERS)
    headers.setdefault("Cache-Control", NO_STORE)


def _same_origin(headers: Headers, host: str) -> bool:
    """Tell whether the browser says that its page is ours; the form's token is checked later."""
    origin = headers.get("origin")
    if origin is not None:
        try:
            return urlsplit(origin).netloc.casefold() == host.casefold()
        except ValueError:
            return False
    return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def _name(host: str) -> str:
    """Return a Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0].casefold() + "]"
    return host.partition(":")[0].casefold()
