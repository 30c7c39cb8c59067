"""The mail box against servers that refuse, break off, lie, hang, and cannot be trusted."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import need
from fakes.imap import Fault, Folder, ImapServer, World
from fakes.imap_demo import USER
from pydantic import SecretStr

from connectors.base import Action, ApiError, Page, SourceError, UnreachableError
from connectors.mail_imap import ImapClient
from connectors.mailbox import Mailbox
from models.vocabulary import Network

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
SECRET = 'pa"ss\\word'  # noqa: S105 - a made-up one


def filled(count: int) -> Folder:
    """A folder with letters a minute apart, the last of them a minute ago; numbers are texts."""
    folder = Folder()
    for number in range(count):
        raw = f"Message-ID: <{number}@post.example>\n\n{number}\n".encode()
        folder.add(raw, NOON.timestamp() - 60 * (count - number))
    return folder


@dataclass(slots=True)
class Box:
    """The server's world, and a connector over one of its folders."""

    world: World
    client: ImapClient
    mailbox: Mailbox

    @property
    def folder(self) -> Folder:
        return self.world.folders["INBOX"]

    async def fetch(self, cursor: dict[str, object] | None = None) -> Page:
        return await self.mailbox.fetch(cursor or {}, now=NOON)


@asynccontextmanager
async def opened(
    world: World,
    *,
    user: str = USER,
    password: str = SECRET,
    silent_seconds: float = 5.0,
    reading_seconds: float = 30.0,
) -> AsyncIterator[Box]:
    async with ImapServer(world) as server:
        client = ImapClient(
            "127.0.0.1",
            user,
            SecretStr(password),
            port=server.port,
            tls=False,
            silent_seconds=silent_seconds,
            reading_seconds=reading_seconds,
        )
        yield Box(world, client, Mailbox(client))


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    world = World(clock=NOON.timestamp, accounts={USER: SECRET})
    async with opened(world) as box:
        yield box


def numbers(page: Page) -> list[int]:
    return [int(post.text) for post in page.posts]


@pytest.mark.parametrize(("user", "password"), [("кто@почта.рф", "пароль"), ("a b", "c d\\")])
async def test_any_name_and_password_are_sent_as_they_are(user: str, password: str) -> None:
    world = World(clock=NOON.timestamp, accounts={user: password}, folders={"INBOX": filled(1)})

    async with opened(world, user=user, password=password) as box:
        assert numbers(await box.fetch()) == [0]


async def test_a_wrong_password_is_told_without_repeating_it(box: Box) -> None:
    box.world.accounts = {USER: "another"}

    with pytest.raises(ApiError, match="не принял имя и пароль") as caught:
        await box.fetch()

    assert (caught.value.action, caught.value.code) == (Action.TOKEN_DEAD, "AUTHENTICATIONFAILED")
    assert caught.value.network is Network.MAIL
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INUSE", "LIMIT"])
async def test_a_login_refused_for_now_is_tried_later(box: Box, code: str) -> None:
    box.world.accounts = {}
    box.world.refusal = f"[{code}] Try again later."

    with pytest.raises(UnreachableError, match=code):
        await box.fetch()


async def test_a_folder_that_is_not_there_is_named(box: Box) -> None:
    del box.world.folders["INBOX"]

    with pytest.raises(ApiError, match="папки «INBOX» нет") as caught:
        await box.fetch()

    assert caught.value.action is Action.GONE


@pytest.mark.parametrize("greeting", ["* BYE overloaded", "220 mail.example ESMTP", "* PREAUTH hi"])
async def test_a_server_that_greets_otherwise(greeting: str) -> None:
    world = World(clock=NOON.timestamp, greeting=greeting, folders={"INBOX": filled(1)})

    async with opened(world) as box:
        if "PREAUTH" in greeting:
            assert numbers(await box.fetch()) == [0]
        else:
            with pytest.raises(UnreachableError):
                await box.fetch()


async def test_a_server_that_is_away_is_told_plainly() -> None:
    async with opened(World()) as box:
        client = box.client

    with pytest.raises(UnreachableError, match=r"Почта 127\.0\.0\.1: сервер недоступен"):
        await Mailbox(client).fetch({}, now=NOON)


COMMANDS = ["CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("fault", [Fault.DROP, Fault.BYE])
async def test_a_connection_that_ends_is_told_and_begun_again(
    box: Box, command: str, fault: Fault
) -> None:
    box.world.folders["INBOX"] = filled(3)
    box.world.planned = [(command, fault)]

    with pytest.raises(UnreachableError):
        await box.fetch()

    assert numbers(await box.fetch()) == [0, 1, 2]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.HUGE, Fault.REFUSE])
async def test_an_answer_against_the_rules_is_an_error_and_no_more(
    box: Box, command: str, fault: Fault
) -> None:
    box.world.folders["INBOX"] = filled(3)
    box.world.planned = [(command, fault)]

    with pytest.raises(SourceError, match=r"Почта 127\.0\.0\.1"):
        await box.fetch()
    assert numbers(await box.fetch()) == [0, 1, 2]


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_silent_server_is_not_waited_for(command: str) -> None:
    world = World(clock=NOON.timestamp, accounts={USER: SECRET}, folders={"INBOX": filled(1)})
    world.planned = [(command, Fault.HANG)]

    async with opened(world, silent_seconds=0.1) as box:
        with pytest.raises(UnreachableError, match="не ответил вовремя"):
            await box.fetch()
    async with opened(world) as box:
        assert numbers(await box.fetch()) == [0]


async def test_a_server_that_never_ends_is_cut_off() -> None:
    world = World(clock=NOON.timestamp, accounts={USER: SECRET}, planned=[("EXAMINE", Fault.DRIP)])

    async with opened(world, reading_seconds=0.2) as box:
        with pytest.raises(UnreachableError, match="не ответил вовремя"):
            await box.fetch()


async def test_a_reading_that_is_given_up_leaves_no_connection_behind() -> None:
    world = World(clock=NOON.timestamp, accounts={USER: SECRET}, planned=[("EXAMINE", Fault.HANG)])

    async with opened(world) as box:
        reading = asyncio.create_task(box.fetch())
        while "EXAMINE INBOX" not in world.commands:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert numbers(await box.fetch()) == []


@pytest.mark.parametrize("user", ["a\r\nb", "a\0b"])
async def test_a_name_with_a_line_break_is_not_sent(user: str) -> None:
    world = World(clock=NOON.timestamp)
    async with opened(world, user=user) as box:
        with pytest.raises(SourceError, match="недопустимые знаки"):
            await box.fetch()

    assert "LOGIN" not in world.commands


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of one's own for localhost, in one file."""
    openssl = shutil.which("openssl")
    need(openssl, "no openssl here: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *(str(openssl), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    certificate.write_text(key.read_text() + certificate.read_text())
    return certificate


@asynccontextmanager
async def secured(certificate: Path, world: World) -> AsyncIterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with ImapServer(world, tls=context) as server:
        yield server.port


async def test_tls_is_the_default_and_an_own_authority_may_be_named(certificate: Path) -> None:
    world = World(clock=NOON.timestamp, accounts={USER: SECRET}, folders={"INBOX": filled(1)})

    async with secured(certificate, world) as port:
        client = ImapClient("localhost", USER, SecretStr(SECRET), port=port, ca_file=certificate)
        page = await Mailbox(client).fetch({}, now=NOON)

    assert numbers(page) == [0]


@pytest.mark.parametrize(("host", "trusted"), [("localhost", False), ("127.0.0.1", True)])
async def test_a_server_that_proves_nothing_is_not_given_the_password(
    certificate: Path, host: str, trusted: bool
) -> None:
    world = World(accounts={USER: SECRET})

    async with secured(certificate, world) as port:
        ca_file = certificate if trusted else None
        client = ImapClient(host, USER, SecretStr(SECRET), port=port, ca_file=ca_file)
        with pytest.raises(SourceError, match="сертификат сервера не подтверждён") as caught:
            await Mailbox(client).fetch({}, now=NOON)

    assert not isinstance(caught.value, UnreachableError)
    assert world.commands == []


async def test_a_server_without_tls_is_not_spoken_to_in_the_clear() -> None:
    world = World(accounts={USER: SECRET})
    async with ImapServer(world) as server:
        client = ImapClient(
            "localhost", USER, SecretStr(SECRET), port=server.port, silent_seconds=0.5
        )
        with pytest.raises(UnreachableError):
            await Mailbox(client).fetch({}, now=NOON)

    assert "LOGIN" not in world.commands


async def test_a_missing_file_of_certificates_is_named(tmp_path: Path) -> None:
    client = ImapClient("localhost", USER, SecretStr(SECRET), ca_file=tmp_path / "no.pem")

    with pytest.raises(SourceError, match=r"no\.pem не читается"):
        await Mailbox(client).fetch({}, now=NOON)
