"""Retraining: train a challenger on what people said, and let it serve only through the gate."""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from classifiers.card import write_card
from classifiers.classifier import Classifier
from classifiers.corpus import read_corpus
from classifiers.examples import Example, read_phrases, read_seeds
from classifiers.fine_topics import coarse_topics
from classifiers.model import Model, save
from classifiers.registry import GATE, Registry
from classifiers.split import near_groups
from classifiers.training import count_examples, measure, version_of
from models.values import Message
from pipeline.database import reading
from pipeline.learn import gate
from pipeline.learn.collect import collect
from pipeline.learn.gate import GateReport, Guard
from pipeline.learn.split import Held, divide

FEWEST_LABELS = 500
"""Of these a fifth is held back: with fewer rows no honest comparison can tell models apart."""

SURE_OF_FINE = 0.5
"""The probability from which on the serving model's fine topic is worth learning from."""

HELD_SEEDS = "held_seeds"
"""The figure that names the seeds a model was not taught, so that the next can be compared."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of it: the new version, whether it serves, the gate's report, and why."""

    version: str | None
    promoted: bool
    report: GateReport | None
    why: str


def retrain(
    engine: sa.Engine,
    registry: Registry,
    *,
    now: datetime,
    progress: Callable[[str], None],
    who: str,
    shipped: Sequence[Example] | None = None,
    fewest: int = FEWEST_LABELS,
) -> Learned:
    """Train on the seeds and on all labels of this installation; promote what is surely better.

    Both models answer the same held-out labels, the newest ones, no repeat of which the
    challenger has seen. The challenger is kept either way, with the report beside it. ``who``
    is noted in the history; ``shipped`` stands for the seeds and phrases of the program. Raises
    ModelError where a model cannot be read or written.
    """
    rival = registry.serving_version()
    serving = Classifier.load(registry.serving())
    with reading(engine) as session:
        labels = collect(session, dict(serving.model.fine_topics))
    if len(labels) < fewest:
        return Learned(
            None,
            promoted=False,
            report=None,
            why=f"Размеченных текстов {len(labels)}, для обучения нужно {fewest}.",
        )
    first = [*read_seeds(), *read_phrases()] if shipped is None else list(shipped)
    examples = [*first, *(label.example for label in labels)]
    corpus = read_corpus(examples)
    moments = [None] * len(first) + [label.at for label in labels]
    held = divide(examples, moments, near_groups(corpus.words))
    examples = lend_fine_topics(examples, held.split.taught.tolist(), serving)
    version = version_of(examples, now)
    if compared(registry, version, rival):
        return Learned(
            None, promoted=False, report=None, why="С прошлого сравнения новых меток нет."
        )
    progress(f"Обучаю на {len(examples)} текстах")
    model, figures = measure(examples, corpus, held.split)
    seeds = [examples[row] for row in held.seeds.tolist()]
    figures = count_examples(examples, model) | figures | {HELD_SEEDS: digest(seeds)}
    model = replace(
        model, version=version, created=now.isoformat(timespec="seconds"), figures=figures
    )
    progress(f"Сравниваю с действующей моделью на {len(held.own)} текстах")
    report = judge(Classifier(model), serving, [examples[row] for row in held.own], seeds)
    report = _reconsider(report, registry, rival)
    _keep(model, registry, stored(report, rival, held, now), story(report, rival, held))
    if report.promote:
        registry.promote(version, at=now, who=who, why="; ".join(report.reasons))
    registry.drop_old()
    return Learned(version, report.promote, report, conclusion(report, version))


def lend_fine_topics(
    examples: Sequence[Example], taught: Sequence[int], serving: Classifier
) -> list[Example]:
    """Return ``examples``, those ``taught`` with the fine topic that the serving model is sure of.

    Hardly any label or seed states one; without this a challenger would forget them all. The
    topic that people gave decides: a fine topic of another one is not lent.
    """
    answer, coarse = list(examples), coarse_topics()
    rows = [row for row in taught if examples[row].topic and not examples[row].fine_topic]
    for row, said in zip(
        rows, serving.predict([examples[row].message for row in rows]), strict=True
    ):
        for fine in said.fine_topics[:1]:
            if fine.probability >= SURE_OF_FINE and coarse.get(fine.name) is examples[row].topic:
                answer[row] = replace(examples[row], fine_topic=fine.name, group=fine.group)
    return answer


def judge(
    challenger: Classifier,
    serving: Classifier,
    labels: Sequence[Example],
    seeds: Sequence[Example] = (),
    *,
    fewest: int = gate.FEWEST_ROWS,
) -> GateReport:
    """Let both models answer ``labels`` and return the gate's report.

    ``seeds`` taught the challenger nothing. A serving model that they taught is held to what
    its own twin found among seeds that the twin had not seen.
    """
    messages = [example.message for example in labels]
    return gate.decide(
        labels,
        challenger.predict(messages),
        serving.predict(messages),
        [*_seed_guards(challenger, serving, seeds), *_fine_guard(challenger, serving)],
        fewest=fewest,
    )


def _seed_guards(
    challenger: Classifier, serving: Classifier, seeds: Sequence[Example]
) -> list[Guard]:
    """Return the guards of urgent seeds found, and of calm ones left alone."""
    urgent = [seed.message for seed in seeds if seed.urgent]
    calm = [seed.message for seed in seeds if seed.urgent is False]
    if not urgent or not calm:
        return []
    names = "Полнота срочных на примерах поставки", "Там же без ложной тревоги"
    found, quiet = _alarms(challenger, urgent), len(calm) - _alarms(challenger, calm)
    if serving.model.figures.get(HELD_SEEDS) == digest(seeds):
        before, silent = _alarms(serving, urgent), 1 - _alarms(serving, calm) / len(calm)
        recall = Guard(names[0], len(urgent), found / len(urgent), before / len(urgent), 0.0)
    else:
        figures = serving.model.figures.get("seeds", {})
        rows, share = figures.get("urgent_rows"), figures.get("urgent_recall")
        precision = figures.get("urgent_precision")
        if not rows or share is None or not precision:
            return []
        before = round(share * rows)
        silent = 1 - (before / precision - before) / max(figures["relevance_rows"] - rows, 1)
        recall = gate.recall_guard(names[0], (found, len(urgent)), (before, rows))
    share = quiet / len(calm)
    return [recall, Guard(names[1], len(calm), share, silent, gate.SEED_ALARM_MARGIN)]


def _fine_guard(challenger: Classifier, serving: Classifier) -> list[Guard]:
    """Return the guard against forgetting fine topics, which a few held-out texts cannot show."""
    known, before = ({name for name, _ in side.model.fine_topics} for side in (challenger, serving))
    if not before:
        return []
    share = len(known & before) / len(before)
    return [Guard("Известные темы госсистемы", len(before), share, 1.0, gate.FORGOTTEN_MARGIN)]


def _alarms(classifier: Classifier, messages: Sequence[Message]) -> int:
    return sum(prediction.urgent for prediction in classifier.predict(messages))


def digest(examples: Sequence[Example]) -> str:
    """Return a name for a set of texts, whatever their order."""
    texts = sorted(example.text for example in examples)
    return sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:16]


def compared(registry: Registry, version: str, rival: str) -> bool:
    """Tell whether the same examples have met ``rival`` already, or made it.

    The end of a version names what it learned from; only the day stands before it.
    """
    learned_from = version.rsplit("-", 1)[-1]
    for known in registry.versions():
        if known.rsplit("-", 1)[-1] == learned_from and (
            known == rival or read_gate(registry.folder(known)).get("serving") == rival
        ):
            return True
    return False


def read_gate(folder: Path) -> dict[str, Any]:
    """Return the report stored with a version; empty where there is none that can be read."""
    try:
        found = json.loads((folder / GATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _reconsider(report: GateReport, registry: Registry, rival: str) -> GateReport:
    """Withdraw a promotion that people would not expect."""
    if not report.promote:
        return report
    history = registry.history()
    if history and history[-1].back:
        why = "последним был откат: после него версию включает человек"
    elif registry.serving_version() != rival:
        why = "пока шло обучение, включили другую модель: сравнение устарело"
    else:
        return report
    return replace(report, promote=False, reasons=(why,))


def stored(report: GateReport, rival: str, held: Held, now: datetime) -> dict[str, Any]:
    """Return what ``gate.json`` holds."""
    return {
        "at": now.isoformat(timespec="seconds"),
        "serving": rival,
        "by_time": held.by_time,
        **report.stored(),
    }


def story(report: GateReport, rival: str, held: Held) -> str:
    """Return the part of the card, in Markdown, that tells of the comparison."""
    how = "самые новые метки" if held.by_time else "метки, отобранные по текстам"
    decision = "включить" if report.promote else "не включать"
    return "\n".join(
        [
            "",
            f"## Сравнение с моделью {rival}",
            "",
            f"Отложены {how}; повторов этих текстов новая модель не видела.",
            "",
            *(f"- {line}" for line in gate.lines(report)),
            "",
            f"Решение: {decision}: {'; '.join(report.reasons)}.",
            "",
        ]
    )


def conclusion(report: GateReport, version: str) -> str:
    """Return the decision in one line, with the reasons."""
    why = "; ".join(report.reasons)
    if report.promote:
        return f"Версия {version} включена: {why}."
    return f"Версия {version} сохранена, но не включена: {why}."


def _keep(model: Model, registry: Registry, report: dict[str, Any], tale: str) -> None:
    """Keep the very model that was measured, with the report beside it.

    One fitted on the held-out texts too would be judged next time on texts that it has seen,
    and no challenger could ever beat it.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        save(model, folder, card=write_card(model) + tale)
        text = json.dumps(report, ensure_ascii=False, indent=2)
        (folder / GATE).write_text(text + "\n", encoding="utf-8")
        version = registry.add(folder)
    home = registry.folder(version) / GATE
    if read_gate(home.parent) != json.loads(text):
        # The same examples on the same day, but another rival.
        fresh = home.with_suffix(".new")
        fresh.write_text(text + "\n", encoding="utf-8")
        fresh.replace(home)
