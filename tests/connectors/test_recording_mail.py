"""Letters in recordings: they read as the same posts, and nobody is in them."""

from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Rejected, SourceError
from connectors.mail_client import Batch, Letter
from connectors.mail_parse import Box, read_letter
from connectors.masking import Mask
from connectors.recording import Played
from connectors.recording_mail import PlayedMail, RecordingMail, masked_letter
from models.values import FetchedPost

DATA = Path(__file__).parents[1] / "data/mail"
BOX = Box("Почта, папка INBOX", "INBOX", 17)
NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 17, 7, 0, 5, tzinfo=UTC)


def read(letter: Letter) -> FetchedPost | Rejected:
    return read_letter(letter, box=BOX, now=NOW)


@pytest.mark.parametrize("path", sorted(DATA.glob("*.eml")), ids=lambda path: path.stem)
def test_a_masked_letter_reads_as_the_same_post(path: Path) -> None:
    # Given a letter as it came
    letter, mask = Letter(5, RECEIVED, path.read_bytes()), Mask()
    before = read(letter)
    # When it is masked
    masked = masked_letter(letter, mask)
    after = read(masked)
    # Then it is the same post, or refused for the same reason
    if isinstance(before, Rejected):
        assert isinstance(after, Rejected)
        assert after.what == before.what
        return
    assert isinstance(after, FetchedPost)
    assert after.text == mask.text(before.text)
    assert (after.kind, after.published_at) == (before.kind, before.published_at)
    assert bool(after.parent_id) == bool(before.parent_id)
    assert after.author_id == (mask.address(before.author_id) if before.author_id else "")
    # And its sender is not in it
    assert not before.author_id or before.author_id.encode() not in masked.content


def test_an_answer_still_answers_what_it_answered() -> None:
    mask = Mask()
    first = b"Message-ID: <a@x.example>\nSubject: 1\n\nText"
    answer = b"Message-ID: <b@x.example>\nReferences: <a@x.example>\nSubject: 2\n\nMore"

    above, below = (read(masked_letter(Letter(1, RECEIVED, one), mask)) for one in (first, answer))

    assert isinstance(above, FetchedPost)
    assert isinstance(below, FetchedPost)
    assert below.parent_id == below.root_id == above.external_id


def test_a_return_path_is_kept_only_where_it_is_nobodys() -> None:
    mask = Mask()

    of_server = masked_letter(Letter(1, RECEIVED, b"Return-Path: <>\n\nBounce"), mask)
    of_person = masked_letter(Letter(1, RECEIVED, b"Return-Path: <m@x.example>\n\nText"), mask)

    assert b"Return-Path: <>" in of_server.content
    assert b"Return-Path" not in of_person.content


def test_of_a_letter_that_cannot_be_read_nothing_is_kept() -> None:
    hostile = b"Content-Type: multipart/mixed; boundary=a\n" * 200 + b"\nm@x.example"

    assert masked_letter(Letter(1, RECEIVED, hostile), Mask()).content == b""


@given(st.binary(max_size=400))
def test_any_bytes_can_be_masked(content: bytes) -> None:
    masked = masked_letter(Letter(1, RECEIVED, content), Mask())

    assert masked.content.decode()
    read(masked)


class Server:
    """A mail server that has one letter."""

    async def read(self, folder: str, **_: object) -> Batch:
        assert folder == "INBOX"
        content = "From: Мария <m@x.example>\nSubject: Яма\n\nНа Лесной".encode()
        return Batch(17, (Letter(5, None, content), Letter(6, RECEIVED, content)), 6, more=True)


async def test_a_recording_plays_the_letters_that_were_read(tmp_path: Path) -> None:
    out = BytesIO()
    tape = RecordingMail(Server(), out)
    tape.begin({"kind": "mailbox"})
    since = date(2026, 11, 3)
    batch = await tape.read("INBOX", uidvalidity=17, after=4, since=since, limit=50)
    path = tmp_path / "mail.jsonl"
    path.write_bytes(out.getvalue())

    played = PlayedMail(Played(path))

    assert await played.read("INBOX", uidvalidity=17, after=4, since=since, limit=50) == batch
    with pytest.raises(SourceError, match="нет ответа на такой запрос"):
        await played.read("INBOX", uidvalidity=17, after=4, since=since, limit=50)
    assert b"m@x.example" not in out.getvalue()
    assert [orjson.loads(line).keys() for line in out.getvalue().splitlines()][1] == {
        "ask",
        "batch",
    }
