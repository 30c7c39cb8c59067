"""The outer wall: which requests are heard at all, and what every answer carries."""

from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
LONGEST_FORM = 64 * 1024
LONGEST_EVENT = 1024 * 1024
API = "/api/"
LONG = ("/hooks/", "/admin/region/try", "/new", API, "/open311/")
"""Where networks push what may hold a long text with all its attachments, where a file of the
region is tried, and where people and programs enter letters."""
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
MAP = "/dashboard"
"""The one page that may show pictures of another site, where the settings name it."""


class Guard:
    """Refuses foreign hosts, foreign forms and oversized bodies; adds the headers above.

    A foreign Host means that some other name was pointed at this machine (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] = (), pictures: str = "") -> None:
        """Guard ``app``; ``hosts`` are the names it may be called by besides localhost.

        ``pictures`` is the origin of a map server that the map's page may load tiles from.
        """
        self.app = app
        self.pictures = pictures
        self.hosts = OWN_HOSTS | {host.casefold() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                add_headers(headers)
                if self.pictures and scope["path"] == MAP:
                    _let_pictures_in(headers, self.pictures)
            await send(message)

        longest = LONGEST_EVENT if scope["path"].startswith(LONG) else LONGEST_FORM
        why = self._refusal(scope["method"], Headers(scope=scope), longest)
        refusal = None if why is None else _refused(scope["path"], *why)
        await (refusal or self.app)(scope, receive, send_with_headers)

    def _refusal(self, method: str, headers: Headers, longest: int) -> tuple[str, int] | None:
        host = headers.get("host", "")
        if _name(host) not in self.hosts:
            said = (
                "Консоль Otklik не отвечает по этому имени узла. Откройте её по адресу, "
                "который напечатан при запуске."
            )
            return said, 400
        if method in SAFE_METHODS:
            return None
        if not _same_origin(headers, host):
            return "Форма отправлена с чужой страницы и не принята.", 403
        # With neither of the two headers there is no body at all.
        length = headers.get("content-length", "" if "transfer-encoding" in headers else "0")
        if not (length.isascii() and length.isdigit()):
            return "Запрос без указания длины не принят.", 411
        if len(length) > 10 or int(length) > longest:
            return "Форма слишком велика и не принята.", 413
        return None


def _refused(path: str, said: str, status: int) -> Response:
    """Return a refusal as who asked reads it: a program of the API, or a person."""
    if not path.startswith(API):
        return PlainTextResponse(said, status)
    problem = {"type": "about:blank", "status": status, "detail": said, "code": "guard"}
    title = HTTPStatus(status).phrase
    media_type = "application/problem+json"
    return JSONResponse(problem | {"title": title}, status, media_type=media_type)


def add_headers(headers: MutableHeaders) -> None:
    """Add what every answer carries; pages are never kept by a browser or a proxy."""
    headers.update(HEADERS)
    headers.setdefault("Cache-Control", NO_STORE)


def origin_of(url: str) -> str:
    """Return the scheme and host of an address, as a policy names it; "" of an empty one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _let_pictures_in(headers: MutableHeaders, origin: str) -> None:
    policy = headers["Content-Security-Policy"]
    headers["Content-Security-Policy"] = policy.replace(
        "img-src 'self'", f"img-src 'self' {origin}"
    )
    # Map servers refuse whoever does not say where they come from; no path and no query goes.
    headers["Referrer-Policy"] = "strict-origin-when-cross-origin"


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
