from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import text as text_module
from classifiers.text import (
    HEAD,
    TAIL,
    Lemmatiser,
    clauses,
    is_word,
    marks,
    normalise,
    tokens,
    words,
)

anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=300)
markup = st.lists(
    st.sampled_from(["[id1|Имя]", "<br>", "&quot;", "ё", "Й", "и\u0306", "\u200b", "\ud800", "@b"])
    | anything,
    max_size=12,
).map("".join)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("'Добрый день.<br>Яма!", ["добрый", "день", "яма"]),
        ("[id123|Пётр Иванов], где вода?", ["где", "вода"]),
        ("[club5:bp-1_2|Наш посёлок] нет света", ["нет", "света"]),
        ("Ещё &quot;ёлка&quot; &#128512;&nbsp;тут", ["еще", "елка", "тут"]),
        ("во\u200bда и\u00adдет", ["вода", "идет"]),
        ("холодны\u0438\u0306", ["холодный"]),
        ("смотрите https://vk.com/wall-1_2 и пишите a.b@mail.ru", ["смотрите", "и", "пишите"]),
        ("дом 12, кв.3 №45", ["дом", "кв"]),
        ("нет\0воды\ud800!", ["нет", "воды"]),
        ("İstanbul ямы", ["İstanbul", "ямы"]),
        ("😀👍 123 +7", []),
        ("", []),
    ],
)
def test_words_are_what_a_person_reads(raw: str, expected: list[str]) -> None:
    assert words(raw) == expected


@given(markup)
def test_normalising_keeps_every_place(raw: str) -> None:
    assert len(normalise(raw)) == len(raw)


@given(markup)
def test_tokens_are_the_words_with_their_places_in_the_original(raw: str) -> None:
    found = tokens(raw)
    assert [token.word for token in found] == words(raw)
    for token, after in pairwise(found):
        assert token.end <= after.start
    for token in found:
        assert 0 <= token.start < token.end <= len(raw)


def test_a_token_points_at_what_was_written() -> None:
    raw = "[id7|Ольга], на ул. Ёлочной ТЕМНО"
    written = [raw[token.start : token.end] for token in tokens(raw)]
    assert written == ["на", "ул", "Ёлочной", "ТЕМНО"]


def test_of_a_very_long_text_the_ends_are_read() -> None:
    raw = "начало " + "середина " * 20_000 + "конец"
    found = words(raw)
    assert found[0] == "начало"
    assert found[-1] == "конец"
    assert len(found) <= (HEAD + TAIL) / len("середина ") + 3


@pytest.mark.parametrize(
    ("word", "lemma"),
    [
        ("ямы", "яма"),
        ("воды", "вода"),
        ("вoды", "вода"),  # the o is Latin
        ("водыыыы", "вода"),
        ("internet", "internet"),
        ("ъъъ", "ъ"),
    ],
)
def test_lemmas_forgive_how_people_type(word: str, lemma: str) -> None:
    assert Lemmatiser().lemma(word) == lemma


def test_known_lemmas_are_taken_as_they_are() -> None:
    assert Lemmatiser({"ямы": "ямище"}).lemma("ямы") == "ямище"


@given(markup)
def test_clauses_hold_the_words_in_order(raw: str) -> None:
    clean = normalise(raw)
    assert " ".join(clauses(clean)).split() == words(raw)
    assert len(clauses(clean)) == sum(not is_word(mark) for mark in marks(clean)) + 1


def test_marks_are_words_and_ends_of_clauses() -> None:
    clean = normalise("Нет света, воды: беда!.. Ямы — тоже<br>да")
    words_of_first, words_of_second = ("нет", "света", "воды", "беда"), ("ямы", "тоже")
    assert marks(clean) == [*words_of_first, "!..", *words_of_second, "\n", "да"]
    assert clauses(clean) == ["нет света воды беда", "ямы тоже", "да"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", [""]),
        ("...", ["", ""]),
        ("нет во\u200bды.\u200b.беда", ["нет воды", "", "беда"]),
        ("½ газа, 3 щi", ["½ газа щi"]),
    ],
)
def test_clauses_of_odd_texts(raw: str, expected: list[str]) -> None:
    assert clauses(normalise(raw)) == expected


def test_a_picture_without_a_word_has_none() -> None:
    assert words("[Сообщение без текста]") == []
    assert words("Получил сообщение без текста от вашей службы, что это?") != []


def test_a_letter_under_a_heap_of_accents_takes_no_time() -> None:
    # Unicode sorts the accents of a letter; ten thousand of them would take seconds.
    heap = "а" + "\u0301\u0316" * 9_000
    assert words(heap) == ["а"]


def test_the_dictionary_is_asked_whether_it_has_a_word() -> None:
    lemmatiser = Lemmatiser()
    assert lemmatiser.knows("фонарь")
    assert not lemmatiser.knows("брыкозявр")


def test_memory_for_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "MEMO_LIMIT", 3)
    lemmatiser = Lemmatiser()
    for word in ("ямы", "воды", "света", "газа", "тепла"):
        lemmatiser.lemma(word)
    assert len(lemmatiser._memo) <= 3
    assert lemmatiser.lemma("ямы") == "яма"
