"""Words → stems to search by, and what people type → what is looked for."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.stems import LONGEST, MOST, Query, read_number, read_query, stem, stems

HOSTILE = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "hostile.txt").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Фонари на Лесной не горят", "фонар на лесн не гор"),
        ("фонарь, фонарём и фонарями!", "фонар фонар и фонар"),
        ("Ёлка. ЕЛКИ? е\u0308лку", "елк елк елк"),
        ("вод\u00adа и во\u200bда", "вод и вод"),
        ("чужои\u0306", "чуж"),
        ("вoда с латинской o внутри", "вод с латинск o внутр"),
        ("дом 15а, кв. 7", "дом 15а кв 7"),
        ("Wi-Fi MTS", "wi fi mts"),
        ("[id1|Сосед] пишет: <b>яма</b>", "пишет ям"),
        ("https://example.org/яма a@b.ru", ""),
        ("_яма_яма_", "ям ям"),
        ("", ""),
    ],
)
def test_forms_of_a_word_have_one_stem(text: str, found: str) -> None:
    assert " ".join(stems(text)) == found


@given(st.text() | st.sampled_from(HOSTILE))
def test_any_text_gives_letters_and_digits_alone(text: str) -> None:
    assert all(one.isalnum() and one == one.lower() for one in stems(text))
    read_query(text)
    read_number(text)


def test_long_words_and_long_texts_are_cut() -> None:
    assert set(stems("Ж" * 100_000)) == {"ж" * LONGEST}
    assert len(stems("яма " * 20_000)) == MOST


def test_threads_do_not_disturb_each_other() -> None:
    """The stemmer keeps the word it works on; two threads must not share one."""
    words = [f"дорог{ending}{number}" for number in range(300) for ending in ("а", "ами", "ой")]
    stem.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(stem, words))
    stem.cache_clear()
    assert together == [stem(word) for word in words]


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("яма", Query(("ям",), (), "яма")),
        ("Ямы на дороге", Query(("ям", "дорог"), (), "дороге")),
        ("дорога яма дороги", Query(("ям", "дорог"), (), "дороги")),
        ('"не горит" фонарь', Query(("фонар",), (("не", "гор"),), "фонарь")),
        ("фонарь «не горит»", Query(("фонар",), (("не", "гор"),), "")),
        ("яма на", Query(("ям",), (), "")),
        ("на", Query(("на",), (), "")),
        ('яма "', Query(("ям",), (), "")),
        ('""', Query()),
        ("!!! ???", Query()),
        ("", Query()),
    ],
)
def test_what_people_type(typed: str, query: Query) -> None:
    assert read_query(typed) == query
    assert bool(query) == bool(re.search(r"\w", typed))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("123", 123),
        (" № 123 ", 123),
        ("#7", 7),
        ("№0", None),
        ("0", None),
        ('"15"', None),
        ("15а", None),
        ("№", None),
        ("٣", None),
        ("9" * 10, None),
    ],
)
def test_a_number_is_that_of_an_incident(typed: str, number: int | None) -> None:
    assert read_number(typed) == number
