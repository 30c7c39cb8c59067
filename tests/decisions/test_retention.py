from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values import FetchedPost, KnownPost
from models.vocabulary import Network, PostKind
from pipeline.decisions.intake import Same, decide
from pipeline.decisions.personal import official
from pipeline.decisions.retention import DOT, cutoff, kept_stated, leads_to_person, mask
from pipeline.region.schema import Contacts

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NOBODY = official(())


@pytest.mark.parametrize(
    ("now", "months", "zone", "expected"),
    [
        # Midnight in Moscow is 21:00 UTC of the day before.
        (NOW, 36, "Europe/Moscow", datetime(2023, 11, 21, 21, tzinfo=UTC)),
        (NOW, 1, "Europe/Moscow", datetime(2026, 10, 21, 21, tzinfo=UTC)),
        (NOW, 11, "Europe/Moscow", datetime(2025, 12, 21, 21, tzinfo=UTC)),
        # In Vladivostok the 23rd has begun.
        (
            datetime(2026, 11, 22, 15, tzinfo=UTC),
            12,
            "Asia/Vladivostok",
            datetime(2025, 11, 22, 14, tzinfo=UTC),
        ),
        # February has no 31st.
        (
            datetime(2026, 3, 31, 9, tzinfo=UTC),
            1,
            "Europe/Moscow",
            datetime(2026, 2, 27, 21, tzinfo=UTC),
        ),
    ],
)
def test_the_period_ends_at_a_local_midnight(
    now: datetime, months: int, zone: str, expected: datetime
) -> None:
    assert cutoff(now, months, zone) == expected


@given(months=st.integers(1, 600), days=st.integers(0, 3000))
def test_a_longer_period_never_ends_later_and_time_never_turns_it_back(
    months: int, days: int
) -> None:
    later = NOW + timedelta(days=days)
    assert cutoff(NOW, months + 1, "Europe/Moscow") < cutoff(NOW, months, "Europe/Moscow") < NOW
    assert cutoff(NOW, months, "Europe/Moscow") <= cutoff(later, months, "Europe/Moscow")


def test_a_text_keeps_its_words_and_its_length_and_loses_whom_it_names() -> None:
    text = "Яма у дома 5, звоните 8 910 000-11-22, пишите petya@example.org или [id77|Пете]"

    masked = mask(text, NOBODY)

    assert len(masked) == len(text)
    assert masked.startswith("Яма у дома 5, звоните ")
    assert "910" not in masked
    assert "petya" not in masked
    assert "id77" not in masked
    assert DOT * 10 in masked
    assert mask(masked, NOBODY) == masked


def test_what_the_authorities_publish_of_themselves_stays() -> None:
    known = official([Contacts(phone="8 910 000-11-22", email="dom@example.org")])
    text = "В отделе сказали звонить 8 910 000 11 22 или писать dom@example.org"
    assert mask(text, known) == text


@pytest.mark.parametrize(
    ("external_id", "author", "network", "person"),
    [
        ("-7_15", "1001", Network.VK, False),
        ("-7_15_r3", "1001", Network.VK, False),
        ("1001_15", "1001", Network.VK, True),
        ("2002_15_r3", "1001", Network.VK, True),
        ("1001_8", "1001", Network.TELEGRAM, True),
        ("-100500_8", "1001", Network.TELEGRAM, False),
        ("54321_600", "1001", Network.OK, False),
        ("number:2026/12", "", Network.HOTLINE, False),
        ("", "", Network.VK, False),
    ],
)
def test_ids_that_hold_an_account_are_told_from_those_of_communities(
    external_id: str, author: str, network: Network, *, person: bool
) -> None:
    assert leads_to_person(external_id, author, network) is person


def test_of_what_a_source_stated_only_what_names_nobody_stays() -> None:
    stated = {"topic": "roads", "fine_topic": "Ямы", "place": "Лесная 5, кв. 7", "applicant": "X"}
    assert kept_stated(stated, NOW) == {
        "topic": "roads",
        "fine_topic": "Ямы",
        "erased": "2026-11-22",
    }


@pytest.mark.parametrize("erased", [False, True])
def test_what_a_source_shows_of_an_erased_message_is_passed_over(*, erased: bool) -> None:
    known = KnownPost(1, "-1_1", "Яма ••••", 1, None, deleted=False, incident_id=1, erased=erased)
    shown = FetchedPost(Network.VK, "-1_1", PostKind.COMMENT, "Яма 8 910", None, edited_at=NOW)
    gone = FetchedPost(Network.VK, "-1_1", PostKind.COMMENT, "", None, deleted=True)
    assert (decide(shown, known) == Same()) is erased
    assert (decide(gone, known) == Same()) is erased
