"""Manual entry: what a form may say, and how each wrong field is told."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.manual import CHANNELS, TITLES, Entry, EntryError, read_entry, to_post
from models.values import FetchedPost, Stated
from models.vocabulary import Network, PostKind, Topic

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
CALL = {"channel": "hotline", "text": "На Лесной не горит фонарь", "key": "f1"}


def entry_of(form: Mapping[str, str], *, old: bool = False, zone: ZoneInfo = MOSCOW) -> Entry:
    return read_entry({**CALL, **form}, now=NOW, zone=zone, old=old)


def wrong_fields(form: Mapping[str, str]) -> dict[str, str]:
    with pytest.raises(EntryError) as caught:
        read_entry(form, now=NOW, zone=MOSCOW)
    for said in caught.value.fields.values():
        assert said in str(caught.value)
    return caught.value.fields


def test_a_call_becomes_a_post_of_its_channel() -> None:
    entry = entry_of(
        {
            "place": " Катынь,  ул. Лесная ",
            "topic": "lighting",
            "received_at": "21.11.2026 14:05",
            "contact": "8 900 000-00-00",
        }
    )
    assert to_post(entry) == FetchedPost(
        network=Network.HOTLINE,
        external_id="key:f1",
        kind=PostKind.POST,
        text="На Лесной не горит фонарь",
        published_at=datetime(2026, 11, 21, 11, 5, tzinfo=UTC),
        author_id="8 900 000-00-00",
        stated=Stated(relevant=True, topic=Topic.LIGHTING, place="Катынь, ул. Лесная"),
    )


def test_the_least_that_a_form_says() -> None:
    entry = read_entry({**CALL, "place": "", "topic": " "}, now=NOW, zone=MOSCOW)
    assert entry.received_at == NOW
    assert (entry.place, entry.topic, entry.number, entry.contact) == ("", None, "", "")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_letter_is_known_by_its_number_and_year(channel: Network) -> None:
    post = to_post(entry_of({"channel": channel.value, "number": "17/д", "key": ""}))
    assert (post.network, post.external_id) == (channel, "number:2026/17/д")
    assert post.stated.extra == {"number": "17/д"}


def test_the_year_of_a_number_is_that_of_the_office() -> None:
    form = {"number": "1", "received_at": "01.01.2026"}
    post = to_post(entry_of(form, zone=ZoneInfo("Asia/Vladivostok")))
    assert post.external_id == "number:2026/1"
    assert post.published_at == datetime(2025, 12, 31, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("21.11.2026", datetime(2026, 11, 20, 21, 0, tzinfo=UTC)),
        ("2026-11-21T14:05", datetime(2026, 11, 21, 11, 5, tzinfo=UTC)),
        ("2026-11-21T11:05Z", datetime(2026, 11, 21, 11, 5, tzinfo=UTC)),
        (" ", NOW),
    ],
)
def test_when_it_was_received(written: str, moment: datetime) -> None:
    assert entry_of({"received_at": written}).received_at == moment


def test_a_date_long_ago_has_to_be_meant() -> None:
    form = {**CALL, "received_at": "20.11.2025"}
    assert "больше года назад" in wrong_fields(form)["received_at"]
    assert entry_of(form, old=True).received_at.year == 2025


@pytest.mark.parametrize(
    ("form", "field", "said"),
    [
        ({"channel": ""}, "channel", "не заполнено"),
        ({"channel": "vk"}, "channel", "возможны hotline, reception, paper"),
        ({"text": ""}, "text", "не заполнено"),
        ({"text": "?!\x00"}, "text", "напишите, о чём обращение"),
        ({"text": "я" * 100_001}, "text", "длиннее 100000 знаков (100001); сократите"),
        ({"received_at": "вчера"}, "received_at", "дата не разобрана: вчера"),
        ({"received_at": "21.11.2026 15:01"}, "received_at", "ещё не наступило"),
        ({"received_at": "21.11.2027"}, "received_at", "дата в будущем"),
        ({"received_at": "21.11.1999"}, "received_at", "дата раньше 2005 года"),
        ({"place": "д" * 1001}, "place", "длиннее 1000 знаков"),
        ({"topic": "дороги"}, "topic", "возможны roads, snow"),
        ({"number": "1" * 101}, "number", "длиннее 100 знаков"),
        ({"contact": "1" * 201}, "contact", "длиннее 200 знаков"),
        ({"key": ""}, "number", "нужен номер документа или ключ формы"),
        ({"key": "k" * 101}, "key", "длиннее 100 знаков"),
    ],
)
def test_a_wrong_field_is_told(form: dict[str, str], field: str, said: str) -> None:
    fields = wrong_fields({**CALL, **form})
    assert list(fields) == [field]
    assert said in fields[field]


def test_all_wrong_fields_are_told_at_once_in_their_order() -> None:
    form = {"topic": "x", "channel": "fax", "received_at": "никогда", "contact": "1" * 300}
    assert list(wrong_fields(form)) == [
        "channel",
        "text",
        "received_at",
        "topic",
        "number",
        "contact",
    ]


def test_a_text_stays_the_same_text_in_every_browser() -> None:
    one = entry_of({"text": " Темно\r\nна улице\x07\r\n"})
    assert one.text == entry_of({"text": "Темно\nна улице"}).text == "Темно\nна улице"


def test_unknown_fields_of_a_form_are_passed_over() -> None:
    assert entry_of({"csrf": "x"}) == entry_of({})


@pytest.mark.parametrize(
    "field",
    [
        {"channel": Network.VK},
        {"channel": "hotline"},
        {"received_at": datetime(2026, 11, 21)},  # noqa: DTZ001 - what must be refused
        {"received_at": "2026-11-21T11:05Z"},
        {"topic": "roads"},
        {"name": "кто-то"},
    ],
)
def test_the_edge_is_strict(field: dict[str, object]) -> None:
    right = {"channel": Network.PAPER, "text": "Темно", "received_at": NOW, "key": "1"}
    Entry.model_validate(right)
    with pytest.raises(ValidationError):
        Entry.model_validate(right | field)


@given(form=st.dictionaries(st.sampled_from([*TITLES, "x"]), st.text(max_size=30)))
def test_any_form_is_an_entry_or_is_told_what_is_wrong(form: dict[str, str]) -> None:
    # A random channel is mostly none, so that most of the forms are right only with this one.
    form["channel"] = "paper"
    try:
        entry = read_entry(form, now=NOW, zone=MOSCOW)
    except EntryError as error:
        wrong = error.fields
    else:
        wrong = {}
        assert NOW - timedelta(days=366) <= entry.received_at <= NOW
    assert set(wrong) <= set(TITLES) - {"channel"}
    assert ("text" in wrong) == (not any(char.isalnum() for char in form.get("text", "")))
    assert ("topic" in wrong) == (form.get("topic", "").strip() not in {"", *Topic})


@given(text=st.text(max_size=50))
def test_whatever_is_typed_can_be_stored(text: str) -> None:
    try:
        entry = entry_of({"text": text, "place": text, "contact": text, "number": text})
    except EntryError:
        return
    post = to_post(entry)
    for part in (post.text, post.author_id, post.external_id, post.stated.place):
        assert "\0" not in part
        part.encode()
