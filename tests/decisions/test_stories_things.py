"""What is read out of a text: things, landmarks, numbers; and the keys made of it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text import Lemmatiser
from models.vocabulary import Topic
from pipeline.decisions.stories_keys import BANDS, FEWEST_WORDS, keys_of
from pipeline.decisions.stories_text import (
    MAX_CHARS,
    MAX_NAMES,
    MAX_THINGS,
    MAX_WORDS,
    Facts,
    signature,
    small,
)

LEMMA = Lemmatiser().lemma


def things(text: str, topic: Topic = Topic.ROADS) -> set[str]:
    return set(signature(text, topic, LEMMA)[3])


@pytest.mark.parametrize(
    ("text", "topic", "expected"),
    [
        ("Огромная выбоина, асфальт кончился", Topic.ROADS, {"яма"}),
        ("Светофор у школы мигает", Topic.ROADS, {"светофор", "@школа"}),
        ("Во дворе темно, свет не горит", Topic.LIGHTING, {"фонарь"}),
        ("Во дворе темно, свет не горит", Topic.HOUSING, set()),
        ("Нет воды третий день", Topic.WATER, {"нет:вода"}),
        ("Вода из крана ржавая", Topic.WATER, {"грязная вода"}),
        ("Пахнет газом в подъезде 2", Topic.GAS, {"запах газа", "№подъезд:2", "#2"}),
        ("Отключили электричество", Topic.ELECTRICITY, {"нет:свет"}),
        ("Автобус № 128 не пришёл", Topic.TRANSPORT, {"автобус", "№маршрут:128", "#128"}),
        ("в третьем подъезде", Topic.HOUSING, {"№подъезд:3"}),
        ("Мира 2. Подъезд грязный", Topic.HOUSING, {"#2"}),
        ("Ждём 3 недели, до сих пор яма", Topic.ROADS, {"яма", "повтор"}),
        ("Кто отвечает за мост?", Topic.ROADS, {"мост"}),
        ("Свалка за мостом", Topic.GARBAGE, {"свалка", "@мост"}),
        ("звоните 89001234567", Topic.ROADS, set()),
    ],
)
def test_things_of_a_text(text: str, topic: Topic, expected: set[str]) -> None:
    assert things(text, topic) == expected


def test_a_name_is_a_capital_word_within_a_sentence() -> None:
    _, _, names, _ = signature("Вчера в Рябинках дождь. Сегодня грязь", Topic.ROADS, LEMMA)
    assert names == {small(LEMMA("рябинках"))}
    # Where all is capital, nothing is a name
    assert not signature("ВЧЕРА В РЯБИНКАХ ДОЖДЬ", Topic.ROADS, LEMMA)[2]


@given(st.text(max_size=300))
def test_any_text_has_a_bounded_signature(text: str) -> None:
    _, words, names, found = signature(text, Topic.OTHER, LEMMA)
    assert len(words) <= MAX_WORDS
    assert len(names) <= MAX_NAMES
    assert len(found) <= MAX_THINGS
    assert len("|".join(found)) <= 1000


def test_a_huge_text_is_cut() -> None:
    many = " ".join(f"слово{chr(1072 + i % 32)}{chr(1072 + i // 32)}" for i in range(1000))
    text = f"{many} {'яма ' * MAX_CHARS}"
    assert len(signature(text, Topic.ROADS, LEMMA)[1]) == MAX_WORDS
    assert things(text) == set()


def of_words(words: set[int], *, settlement: str | None = None, street: str | None = None) -> Facts:
    return Facts(
        at=datetime(2026, 11, 17, tzinfo=UTC),
        topic=Topic.ROADS,
        settlement=settlement,
        village=None,
        street=street,
        house=None,
        author="",
        own="1:1",
        above=frozenset(),
        text=7,
        words=frozenset(words),
        names=frozenset(),
        things=frozenset(),
    )


@given(st.sets(st.integers(0, 2**32 - 1), min_size=FEWEST_WORDS, max_size=200))
def test_texts_of_the_same_words_share_all_their_keys(words: set[int]) -> None:
    assert len(keys_of(of_words(words))) == BANDS + 1
    assert keys_of(of_words(words)) == keys_of(of_words({*sorted(words, reverse=True)}))
    assert all(-(2**63) <= key < 2**63 for key in keys_of(of_words(words)))


@given(st.integers(0, 2**31), st.integers(1, 1000))
def test_a_copy_with_a_tenth_of_new_words_meets_the_original(start: int, step: int) -> None:
    words = {small(f"{start}:{step}:{number}") for number in range(30)}
    copy = words | {small("репост"), small("внимание"), small("срочно")}
    shared = set(keys_of(of_words(words))) & set(keys_of(of_words(copy)))
    # All six bands differ by chance once in a hundred thousand; the thread's key is always shared.
    assert len(shared) > 1


def test_different_texts_share_no_band() -> None:
    one, other = of_words(set(range(30))), of_words(set(range(100, 130)))
    assert len(set(keys_of(one)) & set(keys_of(other))) == 1  # the thread's
    assert len(keys_of(one)) == BANDS + 1


def test_a_street_without_its_settlement_is_no_key() -> None:
    lost = keys_of(of_words(set(range(30)), street="ул. Лесная"))
    known = keys_of(of_words(set(range(30)), settlement="katynskoe", street="ул. Лесная"))
    assert len(known) == len(lost) + 1
