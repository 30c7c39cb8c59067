import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.classifier import (
    BATCH,
    ENOUGH_WORDS,
    LEAST_SHARE,
    Classifier,
    context_share,
    joins_in,
)
from classifiers.names import PEOPLE, is_name
from classifiers.probability import softmax
from classifiers.registry import default_model
from classifiers.relevance import JOINS_IN
from classifiers.text import Lemmatiser
from models.values import Message, Prediction
from models.vocabulary import Topic


def ask(classifier: Classifier, text: str, *context: str, explain: bool = False) -> Prediction:
    (prediction,) = classifier.predict([Message(text, context)], explain=explain)
    return prediction


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        (
            "На Луговой огромные ямы, дорога разбита. Когда сделаете ремонт?",
            Topic.ROADS,
        ),
        ("Опять не вывозят мусор, контейнеры переполнены, помойка на весь двор", Topic.GARBAGE),
        ("Третий день нет холодной воды, напора никакого, водоканал молчит", Topic.WATER),
        ("не горят фонари на всей улице, темень, освещения нет", Topic.LIGHTING),
        ("Когда проведут газ? Газификация обещана, заявку подали два года назад", Topic.GAS),
        ("Батареи холодные, в квартире +14, когда включат отопление", Topic.HEATING),
        ("Тротуар не чистят от снега, сплошной лёд, посыпьте песком", Topic.SNOW),
        ("Стая бродячих собак бегает у школы, организуйте отлов", Topic.ANIMALS),
    ],
)
def test_plain_complaints_get_their_topic(shipped: Classifier, text: str, topic: Topic) -> None:
    found = ask(shipped, text)
    assert found.topics[0].code is topic
    assert found.relevant


@pytest.mark.parametrize(
    "text",
    [
        "Скидка 30 % на пластиковые окна! Замер бесплатно, рассрочка. Звоните, подписывайтесь",
        "Поздравляем с праздником! Желаем здоровья, счастья и мирного неба",
        "Спасибо большое нашим дворникам, молодцы, всё чисто и красиво!",
        "ахахах, ну ты шутник",
    ],
)
def test_what_asks_for_nothing_is_not_relevant(shipped: Classifier, text: str) -> None:
    assert not ask(shipped, text).relevant


@pytest.mark.parametrize(
    "text",
    [
        "Сильно пахнет газом в подъезде, голова кружится, аварийка не едет!",
        "Оборвался провод, висит над дорогой и искрит, рядом дети ходят!",
        "Открытый люк прямо у садика, ребёнок чуть не провалился",
        "Ребёнка покусала собака из стаи, стая нападает на детей у школы",
    ],
)
def test_danger_is_urgent_and_says_why(shipped: Classifier, text: str) -> None:
    found = ask(shipped, text)
    assert found.urgent
    assert any(reason.name.startswith("urgent:") for reason in found.reasons)


@pytest.mark.parametrize(
    "text", ["Когда покрасят лавочку в парке?", "Предлагаю посадить цветы на клумбе у клуба"]
)
def test_what_can_wait_is_not_urgent(shipped: Classifier, text: str) -> None:
    assert not ask(shipped, text).urgent


def test_a_comment_that_joins_in_says_what_its_thread_says(shipped: Classifier) -> None:
    post = "На Садовой пахнет газом в каждом доме, помогите, страшно за детей!"
    concert = "В субботу в клубе концерт, приглашаем всех"
    calm, below = (ask(shipped, "и у нас тоже", above, explain=True) for above in (concert, post))
    assert below.topics[0].code is Topic.GAS
    assert below.relevant
    assert below.urgent
    assert below.relevance >= calm.relevance
    assert below.urgency > calm.urgency
    assert not calm.urgent
    assert "topic:(тред)" in {reason.name for reason in below.reasons}


@pytest.mark.parametrize(
    "comment",
    [
        "ахаха, романтика",
        "звоните 104",
        "приехали, уже смотрят",
        "держитесь там",
        "согласна",
        "+1",
        "опять соседи капусту варят, вот и весь запах 😄",
    ],
)
def test_talk_beneath_a_danger_is_talk(shipped: Classifier, comment: str) -> None:
    post = "На Садовой пахнет газом в каждом доме, помогите, страшно за детей!"
    found = ask(shipped, comment, post)
    assert not found.relevant
    assert not found.urgent


def test_to_have_the_same_cut_off_is_no_new_danger(shipped: Classifier) -> None:
    post = "На Садовой третий день нет света, дома холод, дети мёрзнут"
    assert ask(shipped, post).urgent
    assert not ask(shipped, "и у нас тоже", "Второй день нет света на всей улице").urgent


def test_urgency_of_a_comment_is_in_its_own_words(shipped: Classifier) -> None:
    comment = "а на Полевой оборвался провод и искрит прямо над тропинкой"
    found = ask(shipped, comment, "В субботу в клубе концерт, приглашаем всех")
    assert found.urgent
    assert found.topics[0].code in {Topic.ELECTRICITY, Topic.SAFETY}


def test_thanks_below_a_complaint_are_thanks(shipped: Classifier) -> None:
    assert not ask(shipped, "Спасибо огромное!", "Нет воды третий день на Садовой").relevant


def test_a_full_comment_outweighs_its_thread(shipped: Classifier) -> None:
    comment = "А у нас дорога вся в ямах, асфальт провалился, машины бьём, когда ремонт дороги?"
    found = ask(shipped, comment, "В субботу в клубе концерт, приглашаем всех")
    assert found.topics[0].code is Topic.ROADS


def test_of_a_long_thread_the_post_and_the_nearest_comments_count(shipped: Classifier) -> None:
    post, near = "Нет воды на Садовой", ("у нас тоже", "и на Полевой", "и у нас")
    long = ask(shipped, "та же беда", post, *["Продам гараж недорого"] * 50, *near)
    short = ask(shipped, "та же беда", post, *near)
    assert long == short


@given(st.integers(0, 50))
def test_the_less_a_text_says_the_more_it_leans_on_its_thread(content: int) -> None:
    share = context_share(content)
    assert LEAST_SHARE <= context_share(content + 1) <= share <= 1
    assert (share == LEAST_SHARE) == (content >= ENOUGH_WORDS)


def test_only_short_texts_join_in() -> None:
    assert joins_in(0, JOINS_IN)
    assert not joins_in(ENOUGH_WORDS, JOINS_IN)
    assert not joins_in(0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "😀👍🔥",
        "12345 №67",
        "\0\0\0",
        "\ud800\udfff",
        "вода " * 20_000,
        "а" * 100_000,
        "нет воды\n" * 12_000,
        "The road is broken, please repair it",
        "道路坏了",
        "الطريق",
        "[id1|" * 5000,
        "<" * 100_000,
        "&#" * 50_000,
    ],
)
def test_no_text_breaks_it(shipped: Classifier, text: str) -> None:
    found = ask(shipped, text, text)
    assert 0 <= found.relevance <= 1
    assert 0 <= found.urgency <= 1
    assert len(found.topics) == 3


@pytest.mark.parametrize("text", ["", "😀", "12 345"])
def test_without_a_word_there_is_nothing_to_answer(shipped: Classifier, text: str) -> None:
    found = ask(shipped, text)
    assert not found.relevant
    assert not found.urgent


messages = st.lists(
    st.builds(
        Message,
        st.text(max_size=60) | st.sampled_from(["нет воды", "и у нас тоже", "яма на дороге"]),
        st.lists(st.sampled_from(["нет света", "продам гараж", "😀"]), max_size=3).map(tuple),
    ),
    max_size=12,
)


def same(one: Prediction, other: Prediction) -> None:
    """Both say the same, but for the last digits of sums taken in another order."""
    assert one.relevance == pytest.approx(other.relevance, abs=1e-5)
    assert one.urgency == pytest.approx(other.urgency, abs=1e-5)
    assert (one.relevant, one.urgent, one.certainty) == (
        other.relevant,
        other.urgent,
        other.certainty,
    )
    for ours, theirs in ((one.topics, other.topics), (one.also, other.also)):
        assert [topic.code for topic in ours] == [topic.code for topic in theirs]
        assert [topic.probability for topic in ours] == pytest.approx(
            [topic.probability for topic in theirs], abs=1e-5
        )
    assert [topic.name for topic in one.fine_topics] == [topic.name for topic in other.fine_topics]
    assert {reason.name: reason.spans for reason in one.reasons} == {
        reason.name: reason.spans for reason in other.reasons
    }
    assert [reason.weight for reason in one.reasons] == pytest.approx(
        [reason.weight for reason in other.reasons], abs=2e-3
    )


@settings(max_examples=40, deadline=None)
@given(messages, st.booleans())
def test_a_batch_answers_as_one_by_one(
    shipped: Classifier, batch: list[Message], explain: bool
) -> None:
    together = shipped.predict(batch, explain=explain)
    assert len(together) == len(batch)
    for message, prediction in zip(batch, together, strict=True):
        same(prediction, shipped.predict([message], explain=explain)[0])


@settings(max_examples=40, deadline=None)
@given(
    messages.flatmap(lambda batch: st.tuples(st.just(batch), st.permutations(range(len(batch)))))
)
def test_answers_follow_their_messages(
    shipped: Classifier, shuffled: tuple[list[Message], list[int]]
) -> None:
    batch, order = shuffled
    straight = shipped.predict(batch)
    for place, prediction in zip(order, shipped.predict([batch[n] for n in order]), strict=True):
        same(prediction, straight[place])


@given(st.text(max_size=80))
def test_explaining_changes_no_verdict(shipped: Classifier, text: str) -> None:
    brief, long = ask(shipped, text), ask(shipped, text, explain=True)
    assert replace(long, reasons=brief.reasons) == brief


def test_all_topics_together_make_one_whole(shipped: Classifier) -> None:
    raw = shipped.raw(["нет света и воды", "", "яма", "\ud800 здравствуйте"], [False] * 4)
    shares = softmax(shipped.topic_scores(raw), shipped.model.calibration.topic_temperature)
    assert shares.shape == (4, len(Topic))
    assert shares.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-5)


def test_probabilities_are_ordered_and_add_up(shipped: Classifier) -> None:
    found = ask(shipped, "нет света и воды")
    shares = [topic.probability for topic in found.topics]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1 + 1e-6
    assert found.fine_topics[0].group
    assert found.model == shipped.version


def test_more_messages_than_a_batch(small: Classifier) -> None:
    answer = small.predict([Message(f"яма номер {n}") for n in range(BATCH + 5)])
    assert len(answer) == BATCH + 5


def test_forgetting_words_changes_no_answer(
    small: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = ("отопления нет, лифт не работает, собаки бегают стаей по двору", "и у нас")
    batch = [
        Message("нет воды и света, мусор не вывозят, дорога вся в ямах"),
        Message("и у нас тоже, а ещё фонари не горят у школы и снег не чистят", thread),
    ]
    before = small.predict(batch, explain=True)
    monkeypatch.setattr("classifiers.wordbook.MEMO_LIMIT", 0)
    for again in range(3):
        small.predict([Message(f"совсем другие слова {'й' * again}")])
        for one, other in zip(small.predict(batch, explain=True), before, strict=True):
            same(one, other)
    assert small.encoder.book.count < 100


def test_serving_imports_no_training_library() -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from classifiers.classifier import Classifier\n"
        "from models.values import Message\n"
        f"found = Classifier.load(Path({str(default_model())!r})).predict([Message('нет воды')])\n"
        "assert found[0].topics\n"
        "print([name for name in ('sklearn', 'scipy', 'pandas') if name in sys.modules])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_shipped_model_is_small_and_tells_of_nobody(shipped: Classifier) -> None:
    size = sum(path.stat().st_size for path in default_model().iterdir())
    assert size <= 8 * 1024 * 1024
    lemmatiser = Lemmatiser()
    vocabulary = shipped.model.vocabulary
    assert not [lemma for lemma in vocabulary.lemmas if any(map(str.isdigit, lemma))]
    assert not [lemma for lemma in vocabulary.lemmas if is_name(lemmatiser, lemma, PEOPLE)]
    assert is_name(lemmatiser, "иван", PEOPLE)
    assert set(vocabulary.words.values()) <= set(vocabulary.lemmas)


def test_the_table_of_frequent_words_agrees_with_the_dictionary(shipped: Classifier) -> None:
    lemmatiser = Lemmatiser()
    for word, lemma in list(shipped.model.vocabulary.words.items())[::50]:
        assert lemmatiser.lemma(word) == lemma


def test_weights_are_finite(shipped: Classifier) -> None:
    model = shipped.model
    for part in (
        model.idf,
        model.letter_idf,
        model.lemma_weights.sizes,
        model.letter_weights,
        model.meaning_weights,
        model.lexicon_weights,
        model.intercepts,
    ):
        assert np.isfinite(part).all()


def test_a_cue_that_an_older_model_never_learned_says_nothing(small: Classifier) -> None:
    model = small.model
    cues = {
        name: worth
        for name, worth in model.calibration.relevance_cues.items()
        if name != "asks-for-action"
    }
    older = Classifier(replace(model, calibration=replace(model.calibration, relevance_cues=cues)))
    text, worth = "Уберите мусор", model.calibration.relevance_cues["asks-for-action"]
    (now,), (then,) = (one.raw([text], [False]).relevance.tolist() for one in (small, older))
    assert now - then == pytest.approx(worth, abs=1e-4)


def test_a_fine_topic_of_ones_own_leans_on_no_topic(small: Classifier) -> None:
    own = "Ремонт причала нашей пристани"
    model = small.model
    named = Classifier(
        replace(model, fine_topics=((own, "Наши темы"), *model.fine_topics[1:])),
    )
    found = ask(named, "нет воды")
    assert len(found.fine_topics) == 3
    assert found.topics == ask(small, "нет воды").topics
