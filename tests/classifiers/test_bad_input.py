"""Texts that nobody meant well: an answer for each, and work that grows no faster than the text."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.classifier import Classifier
from classifiers.text import HEAD, TAIL
from models.values import Message, Prediction
from models.vocabulary import Certainty, Topic

PLAIN = [
    ("На Луговой огромные ямы, дорога разбита. Когда сделаете ремонт?", Topic.ROADS),
    ("Опять не вывозят мусор, контейнеры переполнены, помойка на весь двор", Topic.GARBAGE),
    ("Третий день нет холодной воды, напора никакого, водоканал молчит", Topic.WATER),
    ("Не горят фонари на всей улице, темень, освещения нет", Topic.LIGHTING),
    ("Стая бродячих собак бегает у школы, организуйте отлов", Topic.ANIMALS),
    ("Сильно пахнет газом в подъезде, аварийка не едет", Topic.GAS),
]
TO_LATIN = str.maketrans("асеорху", "aceopxy")


def ask(classifier: Classifier, text: str, *, explain: bool = False) -> Prediction:
    (prediction,) = classifier.predict([Message(text)], explain=explain)
    return prediction


@pytest.mark.parametrize(("text", "topic"), PLAIN)
def test_letters_of_another_alphabet_hide_no_topic(
    shipped: Classifier, text: str, topic: Topic
) -> None:
    twisted = text.translate(TO_LATIN)
    assert twisted != text
    assert ask(shipped, text).topics[0].code is topic
    assert ask(shipped, twisted).topics[0].code is topic


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\ufeff", "\u2060", "\u0301"])
@pytest.mark.parametrize(("text", "topic"), PLAIN)
def test_what_cannot_be_seen_changes_nothing(
    shipped: Classifier, text: str, topic: Topic, hidden: str
) -> None:
    # After «и» and «е» an accent may make another letter: these stand after «о», «а» alone.
    twisted = re.sub(r"([оа])(\w)", rf"\1{hidden}\2", text)
    assert twisted != text
    plain, found = ask(shipped, text), ask(shipped, twisted)
    assert plain == found
    assert found.topics[0].code is topic


@pytest.mark.parametrize(("text", "topic"), PLAIN)
def test_to_shout_changes_nothing(shipped: Classifier, text: str, topic: Topic) -> None:
    assert ask(shipped, text.upper()) == ask(shipped, text) == ask(shipped, text.title())
    assert ask(shipped, text.upper()).topics[0].code is topic


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n",
        "👍",
        "👨‍👩‍👧‍👦",
        "https://vk.com/wall-1_2",
        "www.example.org/a?b=c смайл@example.org",
        "12 345, 67",
        "[id1|Имя]",
        "<br><br>",
        "Pochemu net vody tretiy den v dome na Sadovoy",
        "Dorogu ne chistyat ot snega, yamy, kogda remont",
        "The road is broken, please repair it soon",
        "Третій день немає світла, коли вже полагодять електрику?",
        "Дорогу до школи розбито, ями, прохання відремонтувати якнайшвидше",
        "Біздің үйде су жоқ, жолдар нашар, қашан жөндейсіздер",
        "Ялта шыв ҫук, ҫулсем япӑх, хӑҫан юсаҫҫӗ",
        "道路坏了，请修理",
        "الطريق مكسور",
        "\0" * 50,
        "\ud800\udfff" * 20,
        "ыва фыва лдож ывапр йцукен",
    ],
)
def test_what_is_not_russian_is_unsure(shipped: Classifier, text: str) -> None:
    assert ask(shipped, text).certainty is Certainty.UNSURE


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("вода " * 1000, Topic.WATER),
        ("яма " * 1000, Topic.ROADS),
        ("нет воды " * 1000, Topic.WATER),
        ("ремонт дороги, " * 1000, Topic.ROADS),
        ("фонарь\n" * 1000, Topic.LIGHTING),
    ],
)
def test_a_word_repeated_a_thousand_times_says_what_it_says_once(
    shipped: Classifier, text: str, topic: Topic
) -> None:
    assert ask(shipped, text).topics[0].code is topic


def grown(unit: str) -> Callable[[int], str]:
    return lambda size: (unit * (size // len(unit) + 1))[:size]


def strange(size: int) -> str:
    """Return words that no dictionary has, each different."""
    letters = "абвгдежзиклмнопр"
    words = (
        f"{letters[n % 16]}{letters[n // 16 % 16]}{letters[n // 256 % 16]}щюя"
        for n in range(size // 7 + 1)
    )
    return " ".join(words)[:size]


KINDS: dict[str, Callable[[int], str]] = {
    "one word": grown("вода "),
    "one letter": grown("а"),
    "a word of alarm": grown("газ "),
    "words of patterns": grown("не нет без ни "),
    "the word of most patterns": grown("нет "),
    "long patterns": grown("нет детскую дом детским "),
    "pattern lines": grown("нет воды\n"),
    "problems by comma": grown("нет воды, яма на дороге, "),
    "half an alarm": grown("скорая не "),
    "gaps of alarms": grown("пахнет и и и и и и "),
    "people and pits": grown("ребенок люди упал яма люк "),
    "if": grown("если вдруг пахнет газом "),
    "commas": grown(","),
    "dots": grown("."),
    "newlines": grown("\n"),
    "commas and dots": grown(",."),
    "dashes apart": grown(" — "),
    "spaces": grown(" "),
    "digits": grown("1 "),
    "emoji": grown("😀"),
    "NUL": grown("\0"),
    "surrogates": grown("\ud800"),
    "zero width": grown("во\u200bда "),
    "accents": grown("и\u0306"),
    "accents on one letter": lambda size: "а" + grown("\u0301\u0316")(size - 1),
    "growing letters": grown("İ "),
    "open mentions": grown("[id1|а"),
    "open tags": grown("<a "),
    "entities": grown("&#"),
    "addresses": grown("a@"),
    "links": grown("http://"),
    "look-alikes": grown("нeт вoды "),
    "strange words": strange,
}


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_an_answer(shipped: Classifier, kind: str) -> None:
    for size in (1, HEAD + TAIL, HEAD + TAIL + 1, 100_000):
        text = KINDS[kind](size)
        assert len(text) == size
        found = ask(shipped, text, explain=True)
        assert 0 <= found.relevance <= 1
        assert 0 <= found.urgency <= 1
        assert len(found.topics) == 3
        for reason in found.reasons:
            assert all(0 <= start < end <= size for start, end in reason.spans)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([make(12) for make in KINDS.values()])
        | st.text(st.characters(codec=None, exclude_categories=()), max_size=10),
        max_size=12,
    ).map("".join)
)
def test_anything_at_all_gets_an_answer(shipped: Classifier, text: str) -> None:
    brief, long = ask(shipped, text), ask(shipped, text, explain=True)
    assert brief.topics == long.topics
    assert brief.certainty is long.certainty
