"""Whom an encrypted connection is trusted to: the system's authorities, and one that is named."""

import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from conftest import need

from connectors.base import SourceError, UnreachableError
from connectors.http import HttpClient, Request

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority of one's own, and a server's certificate with its key that it signed."""

    root: Path
    server: Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    openssl = shutil.which("openssl")
    need(openssl, "no openssl here: apt-get install openssl")
    folder = tmp_path_factory.mktemp("authority")

    def make(*words: str) -> None:
        subprocess.run([str(openssl), "req", *CURVE, *words], check=True, capture_output=True)

    root, root_key = folder / "root.pem", folder / "root.key"
    leaf, leaf_key = folder / "leaf.pem", folder / "leaf.key"
    make("-x509", "-subj", "/CN=Root of one's own", "-keyout", str(root_key), "-out", str(root))
    make(
        *("-x509", "-CA", str(root), "-CAkey", str(root_key), "-subj", "/CN=localhost"),
        *("-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"),
        *("-keyout", str(leaf_key), "-out", str(leaf)),
    )
    server = folder / "server.pem"
    server.write_text(leaf_key.read_text() + leaf.read_text())
    return Authority(root, server)


@dataclass(slots=True)
class Site:
    """An encrypted server, and what it was asked."""

    port: int
    asked: list[str] = field(default_factory=list)

    def request(self, host: str = "localhost") -> Request:
        return Request(
            "GET",
            f"https://{host}:{self.port}/me",
            headers={"Authorization": "max-token"},
            secrets=frozenset({"Authorization"}),
        )


@asynccontextmanager
async def served(authority: Authority) -> AsyncIterator[Site]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.server)
    site = Site(0)

    async def me(request: web.Request) -> web.Response:
        site.asked.append(request.headers["Authorization"])
        return web.json_response({"user_id": 5})

    app = web.Application()
    app.router.add_get("/me", me)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    site.port = runner.addresses[0][1]
    try:
        yield site
    finally:
        await runner.cleanup()


async def test_a_server_of_a_named_authority_is_trusted(authority: Authority) -> None:
    async with (
        served(authority) as site,
        HttpClient(private=True, ca_file=authority.root) as http,
    ):
        answer = await http.send(site.request())

    assert answer.json(where="сайт") == {"user_id": 5}
    assert site.asked == ["max-token"]


@pytest.mark.parametrize(("host", "named"), [("localhost", False), ("127.0.0.1", True)])
async def test_a_server_that_proves_nothing_is_sent_nothing(
    authority: Authority, host: str, named: bool
) -> None:
    # Given a server whose authority nobody named, or whose certificate is for another name
    ca_file = authority.root if named else None
    async with served(authority) as site, HttpClient(private=True, ca_file=ca_file) as http:
        # When it is asked
        with pytest.raises(SourceError, match="сертификат сервера не подтверждён") as caught:
            await http.send(site.request(host))
    # Then it is told what to do, it is not asked again in vain, and the token stays here
    assert "ca_file" in str(caught.value)
    assert not isinstance(caught.value, UnreachableError)
    assert "max-token" not in str(caught.value)
    assert site.asked == []


async def test_the_authorities_of_the_system_are_trusted_beside_it(authority: Authority) -> None:
    system = ssl.create_default_context()

    async with HttpClient(ca_file=authority.root) as http:
        trusted = http._trust.cert_store_stats()["x509_ca"]

    assert trusted == system.cert_store_stats()["x509_ca"] + 1


@pytest.mark.parametrize("content", [None, "", "не сертификат", "-----BEGIN CERTIFICATE-----\nx"])
def test_a_file_without_certificates_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "root.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(SourceError, match=r"root\.pem не читается") as caught:
        HttpClient(ca_file=path)

    assert "PEM" in str(caught.value)


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="не читается"):
        HttpClient(ca_file=tmp_path)
