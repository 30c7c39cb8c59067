"""Reasons: their parts add up to the score, and they stand where the words stand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifiers import explanation
from classifiers.classifier import NEAREST_COMMENTS, Classifier, context_share
from classifiers.lexicon_share import share
from classifiers.text import tokens
from models.values import Message, Prediction, Reason

TEXTS = [
    "На Луговой огромные ямы, дорога разбита. Яма на яме! Когда сделаете ремонт дороги?",
    "нет воды, нет воды, нет воды",
    "Продам гараж недорого",
    "вода",
    "брандмауэр щщщ road",
    "Здравствуйте! Сильно пахнет газом в подъезде 3, газовая служба не едет. Мусор не вывозят",
    "во\u200bда и\u00adдёт <br> ржа\u0301вая &quot;ВОДА&quot;, [id1|Имя] вода",
]
WORDS = ("пахнет", "газом", "яма", "нет", "воды", "Ёлка", "ДОРОГА", "вoда", "½", "щi", "спасибо")
MARKS = (" ", " ", " ", ", ", ". ", "\n", "<br>", "&quot;", "[id1|Имя]", "www.a.b ", "😀")
ODD = ("\u200b", "\u00ad", "\u0301", "и\u0306", "\ud800", "\0", "İ", "ب\u0653", "न\u093c")
PIECES = st.lists(
    st.sampled_from((*WORDS, *MARKS, *ODD))
    | st.text(st.characters(codec=None, exclude_categories=()), max_size=8),
    max_size=25,
).map("".join)


def ask(classifier: Classifier, text: str, *context: str) -> Prediction:
    (prediction,) = classifier.predict([Message(text, context)], explain=True)
    return prediction


def named(reasons: tuple[Reason, ...], kind: str) -> list[Reason]:
    return [reason for reason in reasons if reason.name.startswith(f"{kind}:")]


@pytest.fixture
def wordy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every word be named, however little it weighs."""
    monkeypatch.setattr(explanation, "TOPIC_WORDS", 10_000)
    monkeypatch.setattr(explanation, "RELEVANCE_WORDS", 10_000)
    monkeypatch.setattr(explanation, "LEAST", 0.0)


@pytest.mark.parametrize("text", TEXTS)
def test_parts_of_words_add_up_to_the_score_of_each_topic(shipped: Classifier, text: str) -> None:
    raw = shipped.raw(["яма на дороге, нет воды", text, "нет света"], [False] * 3)
    model, row = shipped.model, 1
    columns = np.arange(len(model.topics) + 2)
    parts = explanation._parts(shipped.encoder, model, raw.scores, row, columns)
    assert parts.shape == (len(tokens(text)), len(columns))
    assert parts.sum(axis=0) == pytest.approx(raw.scores.table[row, columns], abs=1e-4)
    worths = model.lexicon_weights * share(raw.scores.lexicon)[row]
    for topic, worth in enumerate(worths.tolist()):
        said = explanation._lexicon_parts(shipped.encoder, raw.scores, row, topic, worth)
        whole = parts[:, topic].sum() + said.sum() + model.intercepts[topic]
        assert whole == pytest.approx(shipped.topic_scores(raw)[row, topic], abs=1e-4)


@pytest.mark.usefixtures("wordy")
@pytest.mark.parametrize("text", TEXTS)
def test_named_words_add_up_to_the_score(shipped: Classifier, text: str) -> None:
    found = ask(shipped, text)
    topic = shipped.model.topics.index(found.topics[0].code)
    raw = shipped.raw([text], [False])
    reasons = named(found.reasons, "topic")
    # Each weight is rounded to a thousandth.
    assert sum(reason.weight for reason in reasons) == pytest.approx(
        float(raw.topics[0, topic]), abs=0.0005 * len(reasons) + 1e-4
    )


@pytest.mark.usefixtures("wordy")
def test_the_thread_has_its_part(shipped: Classifier) -> None:
    text = "а ещё на Полевой фонари не горят"
    post, comments = "На Садовой дорога вся в ямах", ("продам гараж", "да", "нет", "согласен")
    found = ask(shipped, text, post, *comments)
    topic = shipped.model.topics.index(found.topics[0].code)
    above = "\n".join((post, *comments[-NEAREST_COMMENTS:]))
    raw = shipped.raw([text, above], [True, False])
    weight = context_share(int(raw.scores.content[0]))
    reasons = named(found.reasons, "topic")
    (thread,) = [reason for reason in reasons if reason.name == "topic:(тред)"]
    assert thread.weight == pytest.approx(weight * raw.topics[1, topic], abs=1e-3)
    assert thread.spans == ()
    # Both together, scaled to the length of two texts, are the score behind the probability.
    whole = sum(reason.weight for reason in reasons) / np.sqrt(1 + weight**2)
    scores = (raw.topics[0] + weight * raw.topics[1]) / np.sqrt(1 + weight**2)
    assert whole == pytest.approx(float(scores[topic]), abs=0.001 * len(reasons))


@settings(max_examples=200, deadline=None)
@given(PIECES, st.sampled_from([(), ("Пахнет газом на Садовой",), ("", "😀")]))
@example("и у нас тоже", ("Пахнет газом на Садовой",))
@example("\u200bпах\u200bнет \u0301газом.\u200b.\u200bнет ½ воды", ())
@example("ب\u0653ب \u200bпахнет न\u093cन газом", ())
def test_every_span_is_a_word_of_the_text(
    shipped: Classifier, text: str, context: tuple[str, ...]
) -> None:
    words = {(token.start, token.end): token.word for token in tokens(text)}
    starts, ends = {start for start, _ in words}, {end for _, end in words}
    for reason in ask(shipped, text, *context).reasons:
        kind, _, name = reason.name.partition(":")
        assert np.isfinite(reason.weight)
        for start, end in reason.spans:
            assert 0 <= start < end <= len(text)
            if kind == "urgent":
                assert start in starts
                assert end in ends
            elif kind == "learned":
                assert (start, end) in words
            else:
                assert kind in {"topic", "relevant"}
                assert shipped.encoder.book.lemma(words[start, end]) == name
        assert list(reason.spans) == sorted(set(reason.spans))


def test_a_word_is_named_with_all_its_places(shipped: Classifier) -> None:
    text = "Ямы! Кругом ямы, яма на ЯМЕ"
    (holes,) = [r for r in named(ask(shipped, text).reasons, "topic") if r.name == "topic:яма"]
    assert [text[start:end] for start, end in holes.spans] == ["Ямы", "ямы", "яма", "ЯМЕ"]
    assert holes.weight > 0


def test_few_words_are_named_the_weightiest_first(shipped: Classifier) -> None:
    for kind, most in (
        ("topic", explanation.TOPIC_WORDS),
        ("relevant", explanation.RELEVANCE_WORDS),
    ):
        weights = [abs(reason.weight) for reason in named(ask(shipped, TEXTS[0]).reasons, kind)]
        assert 0 < len(weights) <= most
        assert weights == sorted(weights, reverse=True)
        assert min(weights) >= explanation.LEAST


def test_a_sign_of_danger_is_shown_from_its_first_word_to_its_last(shipped: Classifier) -> None:
    text = "Добрый вечер. ½ часа уже, друзi: сильно ПАХ\u200bНЕТ в подъезде Газом, кружится голова"
    (sign,) = named(ask(shipped, text).reasons, "urgent")
    assert sign.name == "urgent:gas-smell"
    assert [text[start:end] for start, end in sign.spans] == ["ПАХ\u200bНЕТ в подъезде Газом"]


def test_a_danger_of_the_thread_stands_nowhere_in_the_text(shipped: Classifier) -> None:
    found = ask(shipped, "и у нас тоже", "На Садовой пахнет газом в каждом доме, помогите!")
    signs = named(found.reasons, "urgent")
    assert "urgent:gas-smell" in {sign.name for sign in signs}
    assert all(sign.spans == () for sign in signs)


def test_cues_are_told_with_what_they_are_worth(shipped: Classifier) -> None:
    (cue,) = [
        reason
        for reason in named(ask(shipped, "Почините фонари, просим").reasons, "cue")
        if reason.name == "cue:asks-for-action"
    ]
    worth = shipped.model.calibration.relevance_cues["asks-for-action"]
    assert cue.weight == pytest.approx(worth, abs=1e-3)
    silent = Classifier(
        replace(
            shipped.model,
            calibration=replace(shipped.model.calibration, relevance_cues={}),
        )
    )
    assert named(ask(silent, "Почините фонари, просим").reasons, "cue") == []


def test_without_a_word_there_is_no_reason(shipped: Classifier) -> None:
    assert ask(shipped, "").reasons == ()
    assert ask(shipped, "😀 12 http://a.b/c").reasons == ()


def test_rules_that_fired_are_told_even_unasked(shipped: Classifier) -> None:
    text = "Сильно пахнет газом в подъезде"
    (brief,) = shipped.predict([Message(text)])
    assert [
        reason._replace(spans=()) for reason in named(ask(shipped, text).reasons, "urgent")
    ] == [*brief.reasons]
