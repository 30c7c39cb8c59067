"""Letters into posts: the recorded ones, what is cut off, machines' letters, hostile ones."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Rejected
from connectors.mail_client import Letter
from connectors.mail_parse import Box, decode_header, read_letter
from connectors.mail_quotes import own_words, subject_of
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

DATA = Path(__file__).parents[1] / "data/mail"
EXPECTED: dict[str, dict[str, Any]] = json.loads(
    (DATA / "expected.json").read_text(encoding="utf-8")
)
BOX = Box("Почта, папка INBOX", "INBOX", 17)
NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 17, 7, 0, 5, tzinfo=UTC)


def read(content: bytes, received: datetime | None = RECEIVED) -> FetchedPost | Rejected:
    return read_letter(Letter(5, received, content), box=BOX, now=NOW)


def post(content: bytes) -> FetchedPost:
    found = read(content)
    assert isinstance(found, FetchedPost)
    return found


def letter(body: str, *headers: str) -> bytes:
    lines = ["From: zhitel@post.example", *headers, "Content-Type: text/plain; charset=utf-8"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def mark(message_id: str) -> str:
    return f"mid:{hashlib.sha256(message_id.encode()).hexdigest()[:40]}"


@pytest.mark.parametrize("name", [name for name, row in EXPECTED.items() if "text" in row])
def test_a_recorded_letter_becomes_a_post(name: str) -> None:
    row = EXPECTED[name]
    content = (DATA / f"{name}.eml").read_bytes()

    found = post(content)

    assert found.text == row["text"]
    assert found.author_id == row["author_id"]
    assert (found.network, found.published_at) == (Network.MAIL, RECEIVED)
    parent, root = map(mark, row.get("answers", ["", ""])) if "answers" in row else ("", "")
    assert (found.parent_id, found.root_id) == (parent, root)
    assert found.kind is (PostKind.COMMENT if parent else PostKind.POST)


@pytest.mark.parametrize("name", [name for name, row in EXPECTED.items() if "rejected" in row])
def test_a_recorded_letter_that_is_no_appeal_is_shown_to_a_person(name: str) -> None:
    found = read((DATA / f"{name}.eml").read_bytes())

    assert isinstance(found, Rejected)
    assert EXPECTED[name]["rejected"] in found.what
    assert found.what.startswith("Почта, папка INBOX, письмо 5: ")


def test_line_ends_do_not_matter() -> None:
    for name in EXPECTED:
        content = (DATA / f"{name}.eml").read_bytes()
        assert read(content) == read(content.replace(b"\n", b"\r\n"))


def test_a_letter_is_known_by_its_message_id_wherever_it_lies() -> None:
    content = letter("Нет воды", "Message-ID: <A1@post.example>")

    moved = read_letter(Letter(99, None, content), box=Box("x", "Архив", 18), now=NOW)

    assert post(content).external_id == mark("A1@post.example")
    assert isinstance(moved, FetchedPost)
    assert moved.external_id == mark("A1@post.example")


@pytest.mark.parametrize("header", ["X: y", "Message-ID:", "Message-ID: <>", "Message-ID: < >"])
def test_a_letter_without_one_is_known_by_its_place(header: str) -> None:
    assert post(letter("Нет воды", header)).external_id == "INBOX:17:5"


def test_a_folder_with_a_long_name_still_gives_a_short_key() -> None:
    box = Box("x", "папка" * 100, 17)

    found = read_letter(Letter(5, None, letter("Нет воды")), box=box, now=NOW)

    assert isinstance(found, FetchedPost)
    assert found.external_id.startswith("mid:")
    assert found.published_at is None


def test_the_day_counts_from_when_the_server_took_it_in() -> None:
    content = letter("Нет воды", "Date: Mon, 16 Nov 2026 10:00:00 +0300")

    assert post(content).published_at == RECEIVED
    undated = read(content, received=None)
    assert isinstance(undated, FetchedPost)
    assert undated.published_at == datetime(2026, 11, 16, 7, 0, tzinfo=UTC)


def test_a_letter_that_answers_itself_is_no_answer() -> None:
    found = post(letter("Нет воды", "Message-ID: <a@b.c>", "In-Reply-To: <a@b.c>"))

    assert (found.kind, found.parent_id, found.root_id) == (PostKind.POST, "", "")


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("Auto-Submitted: no", True),
        ("Auto-Submitted: auto-generated", True),
        ("Auto-Submitted: auto-replied", False),
        ("Auto-Submitted: auto-notified; owner-email=x", False),
        ("Precedence: bulk", False),
        ("Precedence: Junk", False),
        ("Precedence: list", True),
        ("Return-Path: <zhitel@post.example>", True),
        ("Return-Path: <>", False),
        ("X-Autoreply: yes", False),
    ],
)
def test_letters_of_machines_are_told_by_their_headers(header: str, taken: bool) -> None:
    assert isinstance(read(letter("Нет воды", header)), FetchedPost) is taken


@pytest.mark.parametrize(
    ("raw", "decoded"),
    [
        ("plain", "plain"),
        ("=?utf-8?B?0K/QvNCw?=", "Яма"),
        ("=?UTF-8?q?=D0=AF=D0=BC=D0=B0_=D1=83?= x", "Яма у x"),
        ("=?koi8-r?B?8c3B?= =?koi8-r?Q?_=D5?=", "Яма у"),
        ("=?windows-1251?Q?=DF=EC=E0?=", "Яма"),
        ("=?utf-8*ru?B?0K/QvNCw?=", "Яма"),
        ("=?utf-8?B?0K/QvNCw", "=?utf-8?B?0K/QvNCw"),
        ("=?utf-8?B?0K/QvNC?==?utf-8?B?sA==?=", "Яма"),
        ("Re: =?utf-8?B?0K/QvNCw?=", "Re: Яма"),
        ("=?no-such?B?0K/QvNCw?=", "Яма"),
        ("=?utf-8?B??=", ""),
    ],
)
def test_encoded_headers_are_read(raw: str, decoded: str) -> None:
    assert decode_header(raw) == decoded


@settings(deadline=None)
@given(
    st.text(max_size=200)
    | st.binary(max_size=200).map(lambda b: b.decode("ascii", "surrogateescape"))
)
def test_any_header_is_read(raw: str) -> None:
    decode_header(raw)


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        ("Re: Яма", "Яма"),
        ("RE[2]: Fwd: Яма", "Яма"),
        ("Отв: НА: Яма", "Яма"),
        ("Ответственность", "Ответственность"),
        ("На дороге яма", "На дороге яма"),
        ("Re:", ""),
    ],
)
def test_the_marks_of_answering_are_no_part_of_a_subject(said: str, subject: str) -> None:
    assert subject_of(said) == subject


OWN = "Воды так и нет.\nПросим помочь."


@pytest.mark.parametrize(
    "rest",
    [
        "-----Исходное сообщение-----\nЗдравствуйте",
        "-----Original Message-----\nFrom: x",
        "________________\nОт: Приёмная\nОтправлено: 16 ноября\nКому: x\nТема: y\nДа",
        "From: Reception\nSent: Monday\nTo: x\nSubject: y\nHello",
        "On Tue, Nov 17, 2026 at 12:30 PM Reception <p@gorod.example> wrote:\n> Hello",
        "On Tue, Nov 17, 2026 at 12:30 PM Reception of the Town\n<p@gorod.example> wrote:\n> Da",
        "вт, 17 нояб. 2026 г. в 12:30, Приёмная <p@gorod.example>:\nЗдравствуйте",
        "Вторник, 17 ноября 2026, 12:30 +03:00 от Приёмная <p@gorod.example>:\n> Да",
        '17.11.2026, 12:30, "Приёмная" <p@gorod.example>:\nЗдравствуйте',
        "17.11.2026 12:30, Приёмная пишет:\n> Здравствуйте\n> Да",
        "17.11.2026 12:30, Приёмная пишет:",
        "17 нояб. 2026 г., в 12:30, Приёмная <p@gorod.example> написал(а):\n> Да",
        "> Здравствуйте",
        "--\nС уважением",
        "Отправлено с iPhone",
        "Отправлено из мобильной Почты Mail",
    ],
)
def test_what_is_answered_and_signatures_are_cut_off(rest: str) -> None:
    assert own_words(f"{OWN}\n{rest}") == OWN


@pytest.mark.parametrize(
    "text",
    [
        "12.11.2026 в 10:30 диспетчер мне написала:\nждите завтра. Воды так и нет.",
        "Управляющая компания пишет:\nденег нет. А мы платим.",
        "От нас требуют справку.\nТема: вода.",
        "Вопрос: когда?\n- вода\n- свет\n-- и тепло",
        "> Всё это цитата\n> без своих слов",
        "Отправлено с жалобой три письма, ответа нет.",
        "Кому: администрации\nОт: жителей дома 5\nПросим включить свет.",
    ],
)
def test_a_persons_own_words_stay(text: str) -> None:
    assert own_words(text) == text


def test_an_answer_below_the_quotation_is_kept() -> None:
    above = "17.11.2026 12:30, Приёмная <p@gorod.example> пишет:"

    assert own_words(f"{above}\n> Вода?\nВоды нет.\n> А свет?\nЕсть.") == "Воды нет.\nЕсть."


@settings(deadline=None)
@given(st.text(max_size=300))
def test_something_always_remains(text: str) -> None:
    assert own_words(text) or not text


def nested(depth: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )
    return opened + b"Content-Type: text/plain\r\n\r\nx"


@pytest.mark.parametrize(
    "content",
    [
        nested(90) + b"\r\n" * 300_000,
        nested(5_000),
        b"Content-Type: multipart/mixed" + b';"' * 200_000 + b"\r\n\r\nx",
        b"Content-Type: multipart/mixed;\r\n" + b' "a";\r\n' * 50_000 + b"\r\nx",
        b"Subject: " + b"=?utf-8?B?" * 50_000 + b"\r\n\r\nx",
        b"From: " + b"<(" * 50_000 + b"\r\n\r\nx",
        b"A: b\r\n" * 100_000 + b"\r\nx",
        b"\r\n" + b">" * 500_000,
        b"\r\n" + b">\r\n" * 200_000,
        "\r\nНет воды\r\n".encode() + b"On 12:30 a@b.c wrote:\r\n" * 30_000,
        b"Content-Type: text/html\r\n\r\n" + b"<blockquote>" * 80_000,
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"=" * 500_000,
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n",
        b"",
        b"\0" * 1000,
    ],
    ids=lambda content: repr(content[:24]),
)
def test_a_letter_made_to_be_slow_or_to_break_the_library_is_read_or_shown(content: bytes) -> None:
    found = read(content)

    assert isinstance(found, FetchedPost | Rejected)


PIECES = st.sampled_from(
    [
        *(
            b"From: a@b.c\r\n",
            b"Subject: =?utf-8?B?0K/QvNCw?=\r\n",
            b"\r\n",
            b"--x\r\n",
            b"--x--\r\n",
        ),
        *(b"Content-Type: multipart/mixed; boundary=x\r\n", b"Content-Type: text/plain\r\n"),
        *(b"Content-Type: text/html; charset=utf-16\r\n", b"Content-Transfer-Encoding: base64\r\n"),
        *(b"Content-Transfer-Encoding: quoted-printable\r\n", b"Content-Type: message/rfc822\r\n"),
        *(b"Content-Disposition: attachment\r\n", b"=D0=AF\r\n", b"0K/QvNCw\r\n", b" folded\r\n"),
        *(
            b"In-Reply-To: <a@b>\r\n",
            b"Message-ID: <a@b>\r\n",
            b"> quoted\r\n",
            b"\xd0",
            b"\xff\xfe",
        ),
        *(
            b"Content-Type: message/delivery-status\r\n",
            b'Content-Type: ;;="\r\n',
            b":\r\n",
            b"<p>",
        ),
        *(b"Date: Tue, 17 Nov 2026 10:00:00 +9999\r\n", b"Return-Path: <>\r\n"),
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES | st.binary(max_size=12), max_size=25).map(b"".join))
def test_any_bytes_are_a_post_or_shown_to_a_person(content: bytes) -> None:
    found = read(content)

    if isinstance(found, FetchedPost):
        assert found.text
        assert 0 < len(found.external_id) <= 200
    else:
        assert len(found.payload) <= 10_000


@settings(deadline=None)
@given(st.integers(0, 400))
def test_a_letter_cut_off_anywhere_is_read(end: int) -> None:
    content = (DATA / "alternative_with_attachment.eml").read_bytes()

    assert isinstance(read(content[: len(content) * end // 400]), FetchedPost | Rejected)


def test_a_long_letter_loses_only_its_end() -> None:
    body = base64.encodebytes("Нет воды. ".encode() * 60_000).decode()

    found = post(letter(body, "Content-Transfer-Encoding: base64")[:1_000_000])

    assert found.text.startswith("Нет воды. Нет воды.")
    assert len(found.text) <= 100_000
