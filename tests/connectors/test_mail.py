"""The mail box connector against a real server on loopback: pages, cursors, what it leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from fakes.imap import Fault, Folder, ImapServer, World
from fakes.imap_demo import PASSWORD, USER, demo_world
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.base import BadPayloadError, Page, SourceError
from connectors.mail_client import Batch
from connectors.mail_imap import ImapClient
from connectors.mail_session import MAX_LETTER, folder_name
from connectors.mailbox import BACK, PAGE, Mailbox
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
SECRET = 'pa"ss\\word'  # noqa: S105 - a made-up one


def letter(number: int, text: str = "Нет воды") -> bytes:
    lines = (
        f"Message-ID: <{number}@post.example>",
        "From: zhitel@post.example",
        f"Subject: {number}",
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
        "",
    )
    return "\n".join(lines).encode()


def filled(count: int) -> Folder:
    """A folder with letters a minute apart, the last of them a minute ago."""
    folder = Folder()
    for number in range(count):
        folder.add(letter(number), NOON.timestamp() - 60 * (count - number))
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
    folder: str = "INBOX",
    password: str = SECRET,
    silent_seconds: float = 5.0,
    reading_seconds: float = 30.0,
) -> AsyncIterator[Box]:
    async with ImapServer(world) as server:
        client = ImapClient(
            "127.0.0.1",
            USER,
            SecretStr(password),
            port=server.port,
            tls=False,
            silent_seconds=silent_seconds,
            reading_seconds=reading_seconds,
        )
        yield Box(world, client, Mailbox(client, folder=folder))


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    world = World(clock=NOON.timestamp, accounts={USER: SECRET})
    async with opened(world) as box:
        yield box


def numbers(page: Page) -> list[int]:
    return [int(post.text.partition("\n")[0]) for post in page.posts]


async def test_a_letter_becomes_a_post(box: Box) -> None:
    box.folder.add(letter(7), NOON.timestamp() - 60)

    page = await box.fetch()

    (post,) = page.posts
    assert post == FetchedPost(
        network=Network.MAIL,
        external_id=post.external_id,
        kind=PostKind.POST,
        text="7\nНет воды",
        published_at=NOON - timedelta(minutes=1),
        author_id="zhitel@post.example",
    )
    assert page == Page((post,), {"uidvalidity": box.folder.uidvalidity, "uid": 1})


async def test_nothing_in_the_box_is_changed(box: Box) -> None:
    box.world.folders["INBOX"] = filled(3)

    await box.fetch()

    assert not any(mail.seen for mail in box.folder.mails)
    assert {command.partition(" ")[0] for command in box.world.commands} == {
        *("CAPABILITY", "LOGIN", "EXAMINE", "UID", "LOGOUT")
    }
    assert all("PEEK" in said for said in box.world.commands if said.startswith("UID FETCH"))


async def test_letters_come_in_pages(box: Box) -> None:
    box.world.folders["INBOX"] = filled(2 * PAGE + 5)

    first = await box.fetch()
    second = await box.fetch(first.cursor)
    third = await box.fetch(second.cursor)

    assert [page.more for page in (first, second, third)] == [True, True, False]
    assert numbers(first) + numbers(second) + numbers(third) == list(range(2 * PAGE + 5))


async def test_only_new_letters_are_read_again(box: Box) -> None:
    box.world.folders["INBOX"] = filled(3)
    first = await box.fetch()

    nothing = await box.fetch(first.cursor)
    box.folder.add(letter(3), NOON.timestamp())
    new = await box.fetch(first.cursor)

    assert (nothing.posts, nothing.cursor, nothing.more) == ((), first.cursor, False)
    assert numbers(new) == [3]


async def test_at_first_only_the_last_days_are_read(box: Box) -> None:
    old = NOON - BACK - timedelta(days=1)
    box.folder.add(letter(0), old.timestamp())
    box.folder.add(letter(1), NOON.timestamp() - 60)
    box.folder.add(letter(2), old.timestamp())

    first = await box.fetch()
    second = await box.fetch(first.cursor)

    assert numbers(first) == [1]
    assert first.cursor["uid"] == 3
    assert second.posts == ()


async def test_a_box_with_old_letters_alone_is_not_read_through_later(box: Box) -> None:
    for number in range(5):
        box.folder.add(letter(number), (NOON - 2 * BACK).timestamp())

    page = await box.fetch()

    assert (page.posts, page.cursor["uid"], page.more) == ((), 5, False)
    assert (await box.fetch(page.cursor)).posts == ()


async def test_an_empty_box_is_read(box: Box) -> None:
    page = await box.fetch()
    box.folder.add(letter(1), NOON.timestamp())

    assert page.cursor == {"uidvalidity": box.folder.uidvalidity, "uid": 0}
    assert numbers(await box.fetch(page.cursor)) == [1]


async def test_a_gap_in_the_numbers_is_got_over(box: Box) -> None:
    box.world.folders["INBOX"] = filled(2)
    first = await box.fetch()
    box.folder.uidnext = 25_000
    box.folder.add(letter(2), NOON.timestamp())

    pages = [first]
    while len(pages) == 1 or pages[-1].more:
        pages.append(await box.fetch(pages[-1].cursor))

    assert [numbers(page) for page in pages[1:]] == [[], [], [2]]
    assert pages[-1].cursor["uid"] == 25_000


async def test_letters_that_are_deleted_meanwhile_are_passed_over(box: Box) -> None:
    box.world.folders["INBOX"] = filled(4)
    box.folder.remove(2)

    assert numbers(await box.fetch()) == [0, 2, 3]


async def test_a_box_that_counts_anew_gives_the_same_posts_again(box: Box) -> None:
    box.world.folders["INBOX"] = filled(6)
    box.folder.remove(2)
    first = await box.fetch()

    box.folder.renumber(first_validity(first) + 1)
    box.folder.add(letter(6), NOON.timestamp())
    again = await box.fetch(first.cursor)

    assert again.posts[:-1] == first.posts
    assert numbers(again) == [0, 2, 3, 4, 5, 6]
    assert again.cursor == {"uidvalidity": first_validity(first) + 1, "uid": 6}


def first_validity(page: Page) -> int:
    validity = page.cursor["uidvalidity"]
    assert isinstance(validity, int)
    return validity


@pytest.mark.parametrize(
    "cursor",
    [{"uid": 2}, {"uidvalidity": "x", "uid": 2}, {"uidvalidity": 1_700_000_000, "uid": -5}],
)
async def test_a_cursor_of_nonsense_begins_anew(box: Box, cursor: dict[str, object]) -> None:
    box.world.folders["INBOX"] = filled(3)

    assert numbers(await box.fetch(cursor)) == [0, 1, 2]


async def test_a_cursor_beyond_the_last_letter_stays(box: Box) -> None:
    box.world.folders["INBOX"] = filled(3)
    cursor: dict[str, object] = {"uidvalidity": box.folder.uidvalidity, "uid": 40}

    assert await box.fetch(cursor) == Page((), cursor)


async def test_a_letter_that_cannot_be_read_does_not_stop_the_others(box: Box) -> None:
    box.world.folders["INBOX"] = filled(2)
    box.folder.add(b"Auto-Submitted: auto-replied\n\nIn Urlaub", NOON.timestamp())
    box.folder.add(b"", NOON.timestamp())
    box.folder.add(letter(2), NOON.timestamp())

    page = await box.fetch()

    assert numbers(page) == [0, 1, 2]
    assert len(page.rejected) == 2
    assert "автоматический ответ" in page.rejected[0].what


async def test_of_a_huge_letter_the_beginning_is_read(box: Box) -> None:
    box.folder.add(letter(1, "Нет воды. " * 300_000), NOON.timestamp())

    page = await box.fetch()

    assert page.posts[0].text.startswith("1\nНет воды. Нет")
    assert f"<0.{MAX_LETTER}>" in box.world.commands[-2]


async def test_many_large_letters_make_smaller_pages(box: Box) -> None:
    for number in range(14):
        box.folder.add(letter(number, "x" * 2_000_000), NOON.timestamp() - 1)

    first = await box.fetch()
    second = await box.fetch(first.cursor)

    assert first.more
    assert numbers(first) + numbers(second) == list(range(14))
    assert len(first.posts) == 10


async def test_what_a_server_tells_in_between_does_not_confuse(box: Box) -> None:
    box.world.noise = True
    box.world.folders["INBOX"] = filled(3)

    assert numbers(await box.fetch()) == [0, 1, 2]


async def test_a_server_that_does_not_foretell_numbers_is_read(box: Box) -> None:
    box.world.silent_of = frozenset({"UIDNEXT"})
    box.world.folders["INBOX"] = filled(PAGE + 2)

    first = await box.fetch()
    second = await box.fetch(first.cursor)

    assert numbers(first) + numbers(second) == list(range(PAGE + 2))
    assert (await box.fetch(second.cursor)).posts == ()


async def test_a_server_that_does_not_say_how_it_counts_is_refused(box: Box) -> None:
    box.world.silent_of = frozenset({"UIDVALIDITY"})

    with pytest.raises(BadPayloadError, match="UIDVALIDITY"):
        await box.fetch()


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("INBOX", "INBOX"),
        ("Входящие", "&BBIERQQ+BDQETwRJBDgENQ-"),
        ("Обращения & жалобы", "&BB4EMQRABDAESQQ1BD0EOARP- &- &BDYEMAQ7BD4EMQRL-"),
        ("日本語", "&ZeVnLIqe-"),
    ],
)
async def test_a_folder_may_have_any_name(name: str, spelled: str) -> None:
    world = World(clock=NOON.timestamp, accounts={USER: SECRET}, folders={name: filled(1)})

    assert folder_name(name) == spelled
    async with opened(world, folder=name) as box:
        assert numbers(await box.fetch()) == [0]


class Recorded:
    """Plays batches that were read before: a recorder stands between in the same way."""

    def __init__(self, *batches: Batch) -> None:
        self.batches = list(batches)

    async def read(self, folder: str, **_: object) -> Batch:
        assert folder == "INBOX"
        return self.batches.pop(0)


async def test_a_recording_may_stand_in_for_the_server(box: Box) -> None:
    box.world.folders["INBOX"] = filled(3)
    batch = await box.client.read(
        "INBOX", uidvalidity=None, after=0, since=(NOON - BACK).date(), limit=PAGE
    )

    assert await Mailbox(Recorded(batch)).fetch({}, now=NOON) == await box.fetch()


ACTS = st.lists(
    st.sampled_from(["add", "remove", "renumber", "fetch", *(fault.value for fault in Fault)]),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(ACTS)
def test_whatever_happens_no_letter_is_lost_and_none_is_doubled(acts: list[str]) -> None:
    async def live() -> None:
        world = World(clock=NOON.timestamp, accounts={USER: SECRET}, folders={"INBOX": filled(3)})
        folder, cursor, taken = world.folders["INBOX"], dict[str, object](), dict[str, str]()
        sent = 3
        async with opened(world, silent_seconds=0.02, reading_seconds=0.1) as box:
            for act in [*acts, "fetch"]:
                if act == "add":
                    folder.add(letter(sent), NOON.timestamp())
                    sent += 1
                elif act == "remove":
                    folder.remove(folder.uidnext // 2)
                elif act == "renumber":
                    folder.renumber(folder.uidvalidity + 1)
                elif act != "fetch":
                    world.planned = [("UID FETCH", Fault(act))]
                more = True
                while more:
                    with suppress(SourceError):
                        page = await box.fetch(cursor)
                        cursor, more = page.cursor, page.more
                        taken |= {post.external_id: post.text for post in page.posts}
                        continue
                    more = False
        world.planned = []
        async with opened(world) as box:
            page = await box.fetch(cursor)
            taken |= {post.external_id: post.text for post in page.posts}
        there = {f"{number}\nНет воды" for number in range(sent)}
        kept = {mail.raw.split(b"Subject: ")[1].split(b"\r\n")[0] for mail in folder.mails}
        assert len(set(taken.values())) == len(taken)
        assert set(taken.values()) <= there
        assert {f"{number.decode()}\nНет воды" for number in kept} <= set(taken.values())

    asyncio.run(live())


async def test_the_demo_box_fills_by_the_clock() -> None:
    moment = NOON.timestamp()
    world = demo_world(clock=lambda: moment)

    async with opened(world, password=PASSWORD) as box:
        first = await box.fetch()
        moment += 3 * 3600
        second = await box.fetch(first.cursor)

    assert [len(first.posts), len(second.posts)] == [4, 4]
    answer = second.posts[0]
    assert answer.parent_id == answer.root_id == first.posts[0].external_id
    assert answer.text == "Нет отопления\nБатареи так и холодные, мастер не приходил."
