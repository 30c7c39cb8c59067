from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.examples import TrainingError
from classifiers.lexicon import LEXICON, WIDEST_GAP, Lexicon, read_lexicon
from classifiers.text import Lemmatiser, words
from models.vocabulary import Topic

LEMMATISER = Lemmatiser()


def write(folder: Path, **files: str) -> Path:
    for code, content in files.items():
        (folder / f"{code}.txt").write_text(content, encoding="utf-8")
    return folder


def found(lexicon: Lexicon, text: str) -> list[tuple[str, int, int, int]]:
    """Pattern, weight and the first and last word of every hit; « / » ends a sentence."""
    split: list[str] = []
    sentence_ids: list[int] = []
    for number, sentence in enumerate(text.split(" / ")):
        of_sentence = words(sentence)
        split += of_sentence
        sentence_ids += [number] * len(of_sentence)
    hits = lexicon.score(split, [LEMMATISER.lemma(word) for word in split], sentence_ids)
    return [(hit.entry.pattern, hit.weight, hit.first, hit.last) for hit in hits]


def test_the_four_marks_become_weights_and_remarks_are_passed_over(tmp_path: Path) -> None:
    folder = write(
        tmp_path, roads="# дороги\nяма # любая форма\n+ выбоин*\n\n++ ремонт дорога\n- снег*\n"
    )
    lexicon = read_lexicon(folder)
    assert [(entry.pattern, entry.weight, entry.code) for entry in lexicon.entries] == [
        ("яма", 1, Topic.ROADS),
        ("выбоин*", 2, Topic.ROADS),
        ("ремонт дорога", 4, Topic.ROADS),
        ("снег*", -2, Topic.ROADS),
    ]


def test_a_plain_term_is_any_form_and_a_star_any_ending(tmp_path: Path) -> None:
    lexicon = read_lexicon(write(tmp_path, roads="яма\n+ выбоин*\n"))
    assert found(lexicon, "Ямы, ямами; выбоинами, но не ямочный") == [
        ("яма", 1, 0, 0),
        ("яма", 1, 1, 1),
        ("выбоин*", 2, 2, 2),
    ]


def test_alternatives_stand_for_one_word(tmp_path: Path) -> None:
    lexicon = read_lexicon(write(tmp_path, water="++ нет|нету горяч*|вода\n"))
    assert [hit[2:] for hit in found(lexicon, "нет воды / нету горячей / без горячей")] == [
        (0, 1),
        (2, 3),
    ]


def test_order_counts(tmp_path: Path) -> None:
    lexicon = read_lexicon(write(tmp_path, water="нет вода\n"))
    assert found(lexicon, "воды нет") == []


def test_three_words_may_stand_between_and_a_fourth_breaks_the_pattern(tmp_path: Path) -> None:
    lexicon = read_lexicon(write(tmp_path, water="нет вода\n"))
    assert WIDEST_GAP == 3
    assert found(lexicon, "нет у нас никакой воды") == [("нет вода", 1, 0, 4)]
    assert found(lexicon, "нет у нас вообще никакой воды") == []


def test_a_pattern_ends_with_its_sentence(tmp_path: Path) -> None:
    lexicon = read_lexicon(write(tmp_path, water="нет вода\n"))
    assert found(lexicon, "Совести нет / Вода грязная") == []


def test_a_near_word_that_leads_nowhere_does_not_hide_a_farther_one(tmp_path: Path) -> None:
    # From the first «дороги» «нет» is out of reach, from the second it is not.
    lexicon = read_lexicon(write(tmp_path, roads="ремонт дорога нет\n"))
    assert found(lexicon, "ремонт дороги и другой дороги тоже у нас нет") == [
        ("ремонт дорога нет", 1, 0, 8)
    ]


def test_one_word_does_not_fill_two_places(tmp_path: Path) -> None:
    lexicon = read_lexicon(write(tmp_path, roads="яма ям*\n"))
    assert found(lexicon, "яма") == []
    assert found(lexicon, "яма на яме") == [("яма ям*", 1, 0, 2)]


def test_without_sentences_the_text_is_one(tmp_path: Path) -> None:
    lexicon = read_lexicon(write(tmp_path, water="нет вода\n"))
    assert len(lexicon.score(["нет", "воды"], ["нет", "вода"])) == 1


def test_a_match_needs_the_terms_of_words_alone(tmp_path: Path) -> None:
    lexicon = read_lexicon(write(tmp_path, water="нет вода\n", gas="++ нет газ\n"))
    remembered = {word: lexicon.term_ids(word, word) for word in ("нет", "вода", "газ", "кот")}
    text = ["кот", "нет", "газ", "вода"]
    hits = lexicon.match([remembered[word] for word in text], [0, 0, 0, 0])
    assert {(hit.code, hit.weight, hit.first, hit.last) for hit in hits} == {
        (Topic.GAS, 4, 1, 2),
        (Topic.WATER, 1, 1, 3),
    }
    assert remembered["кот"] == ()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("+яма", "не разобрана"),
        ("+", "не разобрана"),
        ("+++ яма", "не разобрана"),
        ("-- яма", "не разобрана"),
        ("яма на большой разбитой дороге", "слов 5"),
        ("Яма", "«Яма»"),
        ("ёлка", "«ёлка»"),
        ("*", "«*»"),
        ("яма||дорога", "«яма||дорога»"),
        ("яма|", "«яма|»"),
        ("гор_вод*", "«гор_вод*»"),
        ("теле2", "«теле2»"),
        ("ям*а", "«ям*а»"),
        ("дорога", "уже есть в строке 1"),
        ("+ дорога", "уже есть в строке 1"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    folder = write(tmp_path, roads=f"дорога\n{line}\n")
    with pytest.raises(TrainingError) as caught:
        read_lexicon(folder)
    assert f"Файл {folder / 'roads.txt'}, строка 2" in str(caught.value)
    assert complaint in str(caught.value)


def test_a_file_of_no_topic_another_encoding_and_an_empty_folder_are_refused(
    tmp_path: Path,
) -> None:
    with pytest.raises(TrainingError, match="нет словаря"):
        read_lexicon(tmp_path)
    (tmp_path / "gas.txt").write_bytes("газ\n".encode("cp1251"))
    with pytest.raises(TrainingError, match=r"gas\.txt не читается"):
        read_lexicon(tmp_path)
    write(tmp_path, gas="газ\n", weather="дождь\n")
    with pytest.raises(TrainingError, match=r"weather\.txt назван не по коду"):
        read_lexicon(tmp_path)


@cache
def shipped_once() -> Lexicon:
    return read_lexicon()


@pytest.fixture
def shipped() -> Lexicon:
    return shipped_once()


def test_every_code_has_a_file_with_entries(shipped: Lexicon) -> None:
    assert {path.stem for path in LEXICON.glob("*.txt")} == set(Topic)
    assert {entry.code for entry in shipped.entries} == set(Topic)


def test_every_plain_term_that_ships_is_a_dictionary_form(shipped: Lexicon) -> None:
    # Another form would never be met: words are compared by their lemma.
    wrong = {
        lemma: LEMMATISER.lemma(lemma)
        for term in shipped.terms
        for lemma in term.lemmas
        if LEMMATISER.lemma(lemma) != lemma
    }
    assert wrong == {}


def test_no_strong_entry_speaks_for_two_codes(shipped: Lexicon) -> None:
    codes = defaultdict(set)
    for entry in shipped.entries:
        if entry.weight >= 2:
            codes[entry.pattern].add(entry.code)
    assert {pattern for pattern, of in codes.items() if len(of) > 1} == set()


@given(st.text(alphabet="абвгдежзиклмнопрстуфя", min_size=1, max_size=14))
def test_the_index_of_terms_agrees_with_the_terms(word: str) -> None:
    lexicon = shipped_once()
    lemma = LEMMATISER.lemma(word)
    assert lexicon.term_ids(word, lemma) == tuple(
        number for number, term in enumerate(lexicon.terms) if term.matches(word, lemma)
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("яма на яме, когда будет ямочный ремонт", Topic.ROADS),
        ("сугробы во дворе, снег не вывозят", Topic.SNOW),
        ("не горят фонари на всей улице", Topic.LIGHTING),
        ("мусор не вывозят, баки переполнены", Topic.GARBAGE),
        ("третий день нет воды, ни холодной ни горячей", Topic.WATER),
        ("батареи ледяные, в квартире холодно", Topic.HEATING),
        ("когда проведут газ в деревню", Topic.GAS),
        ("опять отключили свет, напряжение скачет", Topic.ELECTRICITY),
        ("управляющая компания не моет подъезд", Topic.HOUSING),
        ("качели на детской площадке сломаны", Topic.LANDSCAPING),
        ("автобус не приехал, расписание не соблюдают", Topic.TRANSPORT),
        ("не записаться к терапевту, талонов нет", Topic.HEALTH),
        ("в школе не хватает учителей математики", Topic.EDUCATION),
        ("пособие на ребёнка не пришло, отказали", Topic.SOCIAL),
        ("стая бродячих собак у магазина", Topic.ANIMALS),
        ("завод сливает отходы в реку, рыба дохнет", Topic.ECOLOGY),
        ("дом признан аварийным, когда расселят", Topic.CONSTRUCTION),
        ("как взять в аренду земельный участок", Topic.LAND),
        ("наркоманы ищут закладки у подъезда", Topic.SAFETY),
        ("мобильная связь не ловит, интернета нет", Topic.TELECOM),
        ("дом культуры закрыт, концерты отменили", Topic.CULTURE),
        ("третий месяц задерживают зарплату, работодатель молчит", Topic.ECONOMY),
        ("выплата мобилизованному мужу не пришла", Topic.MILITARY),
        ("как записаться на личный приём к главе", Topic.OTHER),
    ],
)
def test_the_shipped_lexicon_knows_the_plain_cases(
    shipped: Lexicon, text: str, code: Topic
) -> None:
    split = words(text)
    hits = shipped.score(split, [LEMMATISER.lemma(word) for word in split])
    sums: defaultdict[Topic, int] = defaultdict(int)
    for entry in {hit.entry for hit in hits}:
        sums[entry.code] += entry.weight
    assert max(sums, key=sums.__getitem__) == code
