import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import hstack

from classifiers.card import write_card
from classifiers.classifier import Classifier
from classifiers.corpus import build_matrices, build_vocabulary, read_corpus
from classifiers.examples import (
    Example,
    TrainingError,
    plain_topic,
    read_examples,
    read_phrases,
    read_seeds,
)
from classifiers.fitting import balanced, fit_model, starts_of
from classifiers.lexicon_share import share
from classifiers.model import load
from classifiers.split import folds, near_groups
from classifiers.training import Trained, train, train_from_csv, version_of
from models.values import Message
from models.vocabulary import Topic

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def quiet(_: str) -> None:
    pass


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_table_of_an_export_is_read(tmp_path: Path) -> None:
    table = (
        "\ufeffcode,group,topic,executor,text,urgent\n"
        'roads,Дороги,★ ★ Ремонт дороги,Отдел,"Яма,\nбольшая",да\n'
        "water,,,,Нет воды,0\n"
        ",,,,Кто это?,\n"
        "gas,,,,'   ,\n"
    )
    first, second, third = read_examples(write(tmp_path / "a.csv", table))
    assert first == Example(
        "Яма,\nбольшая", Topic.ROADS, "Ремонт дороги", "Дороги", urgent=True, executor="Отдел"
    )
    assert second == Example("Нет воды", Topic.WATER, urgent=False)
    assert third == Example("Кто это?")


def test_a_table_in_windows_encoding_with_russian_names_is_read(tmp_path: Path) -> None:
    table = "TEXT;Topic;relevant\nНет воды;Вода и канализация;1\nПродам;;0\n".encode("cp1251")
    assert read_examples(write(tmp_path / "a.csv", table)) == [
        Example("Нет воды", Topic.WATER),
        Example("Продам", relevant=False),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "пуст"),
        (b"  \n", "пуст"),
        (b"code\nroads\n", "нет колонки text"),
        ("text\nяма\n".encode(), "нет колонки code"),
        (b"code,text\n", "нет ни одного текста"),
        ("code,text\nroad,яма\n".encode(), "строка 2: неизвестный код темы «road»"),
        ("code,text,urgent\nroads,яма,может\n".encode(), "в колонке urgent"),
        (b"code,text\nroads," + b"a" * 1_000_001, "таблица испорчена"),
        (b"text,code\n\x98\xff\n", "не в UTF-8"),
    ],
)
def test_a_bad_table_is_told_in_plain_words(tmp_path: Path, content: bytes, says: str) -> None:
    path = write(tmp_path / "a.csv", content)
    with pytest.raises(TrainingError, match=says) as caught:
        read_examples(path)
    assert str(path) in str(caught.value)


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="не читается"):
        read_examples(tmp_path / "no.csv")


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "яма"}', "5"])
def test_a_bad_seed_is_told_with_its_line(tmp_path: Path, line: str) -> None:
    good = {"text": "яма", "topic": "roads", "relevant": True, "urgent": False, "kind": "request"}
    write(tmp_path / "a.jsonl", json.dumps(good) + "\n\n" + line)
    with pytest.raises(TrainingError, match=r"a\.jsonl, строка 3"):
        read_seeds(tmp_path)


def test_a_seed_may_stand_in_a_thread(tmp_path: Path) -> None:
    comment = {"text": "и у нас", "topic": "roads", "relevant": True, "urgent": False}
    seed = comment | {"kind": "complaint", "context": ["Яма на дороге", "и правда"]}
    write(tmp_path / "a.jsonl", json.dumps(seed))
    (read,) = read_seeds(tmp_path)
    assert read.message == Message("и у нас", ("Яма на дороге", "и правда"))


def test_the_version_tells_one_list_of_texts_from_another(examples: list[Example]) -> None:
    assert version_of(examples, NOW) == version_of(list(examples), NOW)
    assert version_of(examples, NOW) != version_of(examples[1:], NOW)


def test_no_seeds_at_all_are_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="нет примеров"):
        read_seeds(tmp_path)


def test_shipped_seeds_and_phrases_cover_every_topic_and_kind() -> None:
    seeds, phrases = read_seeds(), read_phrases()
    assert {seed.topic for seed in seeds if seed.relevant} == set(Topic)
    assert {phrase.topic for phrase in phrases} == set(Topic)
    assert sum(bool(seed.urgent) for seed in seeds) >= 200
    assert sum(not seed.relevant for seed in seeds) >= 500
    assert len({phrase.text for phrase in phrases}) >= 0.98 * len(phrases)


def test_stars_are_stripped_from_fine_topics() -> None:
    assert plain_topic("★ ★ Ямы во дворах ") == "Ямы во дворах"


def test_repeats_share_a_group_and_a_fold() -> None:
    texts = [
        ["когда", "уже", "починят", "дорогу", "на", "улице", "садовой", "у", "школы"],
        ["нет", "воды"],
        ["когда", "уже", "починят", "дорогу", "на", "улице", "полевой", "у", "школы"],
        ["нет", "воды"],
        [],
        ["совсем", "другой", "текст", "о", "том", "как", "хорошо", "жить", "в", "деревне"],
    ]
    groups = near_groups(texts).tolist()
    assert groups[0] == groups[2]
    assert groups[1] == groups[3]
    assert len(set(groups)) == 4
    for seed in range(20):
        fold = folds(near_groups(texts), 10, seed=seed)
        assert fold[0] == fold[2]
        assert fold[1] == fold[3]
    assert near_groups([[], []]).tolist() == [0, 1]


def test_rare_labels_weigh_as_much_as_frequent_ones() -> None:
    weights = balanced(["a", "a", "a", "b"], np.ones(4, np.float32))
    assert weights.sum() == pytest.approx(4)
    assert weights[:3].sum() == pytest.approx(weights[3])


def test_serving_computes_what_training_saw(examples: list[Example]) -> None:
    corpus = read_corpus(examples)
    chosen = np.arange(0, len(examples), 2)
    model = fit_model(examples, corpus, chosen, version="x", created="")
    matrices = build_matrices(corpus, build_vocabulary(corpus, chosen), chosen)
    rows = [
        row
        for row in range(len(examples))
        if not any(corpus.lemmas[word] in corpus.proper for word in corpus.words[row])
    ][:200]
    raw = Classifier(model).raw([examples[row].text for row in rows], [False] * len(rows))
    both = hstack([matrices.lemmas, matrices.letters, matrices.meanings]).tocsr()
    head = starts_of(model, model.fine_topics).topic
    assert head is not None
    expected = both[rows] @ head.weights + model.lexicon_weights * share(raw.scores.lexicon)
    assert np.abs(raw.topics - expected).max() < 1e-4


def test_only_what_several_texts_share_is_kept(examples: list[Example]) -> None:
    corpus = read_corpus([*examples, *[Example("Загогулина Кукуево")] * 4])
    vocabulary = build_vocabulary(corpus, np.arange(len(corpus.words)))
    assert "загогулина" not in vocabulary.lemmas
    corpus = read_corpus([*examples, *[Example("вот загогулина и Кукуево тут")] * 5])
    vocabulary = build_vocabulary(corpus, np.arange(len(corpus.words)))
    assert "загогулина" in vocabulary.lemmas
    assert not [lemma for lemma in vocabulary.lemmas if lemma.startswith("кукуев")]


@pytest.mark.long
def test_training_is_repeatable_and_tells_each_step(
    trained: Trained, examples: list[Example]
) -> None:
    steps: list[str] = []
    again = train(examples, seed=1, progress=steps.append, created=NOW)
    assert again.figures == trained.figures
    assert (again.model.lemma_weights.whole == trained.model.lemma_weights.whole).all()
    assert len(steps) == 3
    assert again.model.version == version_of(examples, NOW)


@pytest.mark.long
def test_a_model_without_fine_topics_serves(examples: list[Example]) -> None:
    plain = [replace(example, fine_topic=None) for example in examples]
    trained = train(plain, seed=1, progress=quiet, created=NOW)
    figures = trained.figures
    assert figures["fine_topics"] == 0
    assert "fine_top1" not in figures["region"]
    assert "not measured" in write_card(trained.model)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows[:20], "мало текстов"),
        (lambda rows: [replace(row, topic=Topic.GAS) for row in rows], "двух тем"),
        (lambda rows: [replace(row, relevant=True) for row in rows], "посторонние"),
    ],
)
def test_what_cannot_teach_is_told(examples: list[Example], change: object, says: str) -> None:
    assert callable(change)
    with pytest.raises(TrainingError, match=says):
        train(change(examples), seed=1, progress=quiet, created=NOW)


@pytest.mark.long
def test_a_table_becomes_a_model_folder_with_a_card(tmp_path: Path) -> None:
    rows = [seed for seed in read_seeds()[::3] if seed.topic and seed.relevant]
    lines = [f'{row.topic},"{row.text.replace(chr(34), "")}"' for row in rows]
    table = write(tmp_path / "a.csv", "\n".join(["code,text", *lines]))
    figures = train_from_csv(table, out=tmp_path / "model", progress=quiet, created=NOW)
    model = load(tmp_path / "model")
    assert model.version.startswith("2026-11-21-")
    assert json.loads((tmp_path / "model" / "manifest.json").read_text())["figures"] == figures
    card = (tmp_path / "model" / "card.md").read_text()
    assert f"{figures['region']['accuracy']:.3f}" in card
    assert "otklik train" in card


def appeals() -> Path:
    here = Path(__file__).parents[2] / ".." / "shared" / "data" / "appeals"
    return Path(os.environ.get("OTKLIK_APPEALS", here)) / "train.csv"


@pytest.mark.long
def test_real_appeals_teach_well_enough() -> None:
    if not appeals().exists():
        pytest.skip("no labelled appeals here: set OTKLIK_APPEALS to their folder")
    examples = [*read_examples(appeals()), *read_seeds(), *read_phrases()]
    figures = train(examples, seed=1, progress=quiet, created=NOW).figures
    assert figures["region"]["accuracy"] >= 0.75
    assert figures["region"]["macro_f1"] >= 0.58
    assert figures["seeds"]["urgent_recall"] >= 0.85
    assert figures["relevance_auc_region_against_seeds"] >= 0.9
