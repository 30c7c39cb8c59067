"""A browser without a window: keeps cookies, fills in forms, reads pages."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

BASE = "http://127.0.0.1:8017"
BLOCKS = frozenset({"p", "li", "dt", "dd", "div", "h1", "h2", "h3", "span", "title", "summary"})
"""Elements that a person sees apart from their neighbours."""


class Page(HTMLParser):
    """The elements of a page, and its text as a person reads it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._space(tag)

    def handle_endtag(self, tag: str) -> None:
        self._space(tag)

    def _space(self, tag: str) -> None:
        if tag in BLOCKS:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        """All text on one line, with ordinary spaces."""
        return re.sub(r"\s+", " ", "".join(self.pieces)).strip()

    @property
    def skeleton(self) -> list[tuple[str, tuple[str, ...]]]:
        """Every element with the names of its attributes, in order."""
        return [(tag, tuple(attrs)) for tag, attrs in self.elements]

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        """Return the attributes of every such element."""
        return [
            attrs
            for known, attrs in self.elements
            if known == tag and all(attrs.get(key) == value for key, value in wanted.items())
        ]

    @property
    def links(self) -> list[str]:
        """Where the page's links lead."""
        return [attrs["href"] or "" for attrs in self.all("a")]

    @property
    def form_token(self) -> str:
        """The token of the page's forms."""
        return self.all("input", name="form_token")[0]["value"] or ""


@dataclass
class Browser:
    """One person's browser; redirects are not followed, so that tests see them."""

    http: httpx.AsyncClient
    portal: BlockingPortal
    seen: list[httpx.Response] = field(default_factory=list)

    def get(self, url: str, **headers: str) -> httpx.Response:
        return self.send("GET", url, headers=headers)

    def post(self, url: str, form: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        return self.send("POST", url, data=form or {}, headers=headers)

    def send(self, method: str, url: str, **more: Any) -> httpx.Response:
        async def request() -> httpx.Response:
            return await self.http.request(method, url, **more)

        response = self.portal.call(request)
        self.seen.append(response)
        return response

    def page(self, url: str) -> Page:
        """Return a page that must be there."""
        response = self.get(url)
        assert response.status_code == 200, (url, response.status_code, response.text)
        return Page(response.text)

    def submit(self, page_url: str, url: str, **fields: str) -> httpx.Response:
        """Send a form from the page that has it."""
        return self.post(url, {"form_token": self.page(page_url).form_token, **fields})

    def sign_in(self, login: str, password: str) -> httpx.Response:
        return self.submit("/sign-in", "/sign-in", login=login, password=password)


@contextmanager
def browsing(app: FastAPI, *, raising: bool = True, base: str = BASE) -> Iterator[Browser]:
    """Give a browser; ``raising`` lets an error of the application reach the test."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=raising)
    with start_blocking_portal() as portal:
        client = httpx.AsyncClient(transport=transport, base_url=base)
        try:
            yield Browser(client, portal)
        finally:
            portal.call(client.aclose)
