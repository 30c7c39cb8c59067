"""Retraining: train a challenger on what people said, and let it serve only through the gate."""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it has none

from classifiers.card import write_card
from classifiers.classifier import Classifier
from classifiers.corpus import read_corpus
from classifiers.examples import Example, read_phrases, read_seeds
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
"""Of these a fifth is held back, as many as the gate decides on. To learn from fewer, a third would
have to be: two hundred labels add less than a point, and a hundred texts show six or more."""

TAUGHT_UNTIL = "taught_until"
"""The figure that tells the moment of the newest label that taught a version, or its base."""


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
    """Let the serving model learn on from the seeds and all labels; promote what is surely better.

    Both models answer the same held-out labels, the newest ones, no repeat of which taught the
    challenger. The challenger is kept either way, with the report beside it. ``who`` is noted in
    the history; ``shipped`` stands for the seeds and phrases of the program. Raises ModelError
    where a model cannot be read or written.
    """
    rival = registry.serving_version()
    serving = Classifier(registry.serving_model())
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
    texts = version_of(examples, now)
    version = version_of(examples, now, serving.version)
    if compared(registry, version, texts, rival):
        return Learned(
            None, promoted=False, report=None, why="С прошлого сравнения новых меток нет."
        )
    corpus = read_corpus(examples)
    moments = [None] * len(first) + [label.at for label in labels]
    held = divide(examples, moments, near_groups(corpus.words))
    progress(f"Обучаю на {len(examples)} текстах")
    # Vectors of tens of thousands are too short to share: threads only wait for one another, and
    # beside a busy machine's other work it takes ten times as long.
    with threadpool_limits(1):
        model, figures = measure(examples, corpus, held.split, serving.model)
    taught = [moments[row] for row in held.split.taught.tolist()]
    known = [moment for moment in (taught_until(serving.model), *taught) if moment]
    figures = count_examples(examples, model) | figures
    figures |= {TAUGHT_UNTIL: max(known).isoformat()} if known else {}
    model = replace(
        model, version=version, created=now.isoformat(timespec="seconds"), figures=figures
    )
    progress(f"Сравниваю с действующей моделью на {len(held.own)} текстах")
    own, seeds = ([examples[row] for row in rows.tolist()] for rows in (held.own, held.seeds))
    report = judge(Classifier(model), serving, own, seeds)
    report = _reconsider(report, registry, rival)
    _keep(model, registry, stored(report, rival, held, now, texts), story(report, rival, held))
    if report.promote:
        registry.promote(version, at=now, who=who, why="; ".join(report.reasons))
    registry.drop_old()
    return Learned(version, report.promote, report, conclusion(report, version))


def taught_until(model: Model) -> datetime | None:
    """Return the moment up to which labels taught a model, None if none is known to have."""
    told = model.figures.get(TAUGHT_UNTIL)
    return datetime.fromisoformat(told) if told else None


def judge(
    challenger: Classifier,
    serving: Classifier,
    labels: Sequence[Example],
    seeds: Sequence[Example] = (),
    *,
    fewest: int = gate.FEWEST_ROWS,
) -> GateReport:
    """Let both models answer ``labels``, and ``seeds`` for their alarms; return the report.

    Neither labels nor seeds taught the challenger anything that they did not teach the serving
    model, from which it learned on.
    """
    messages = [example.message for example in labels]
    return gate.decide(
        labels,
        challenger.predict(messages),
        serving.predict(messages),
        _seed_guards(challenger, serving, seeds),
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
    sides = challenger, serving
    found, before = (_alarms(side, urgent) / len(urgent) for side in sides)
    quiet, silent = (1 - _alarms(side, calm) / len(calm) for side in sides)
    # The serving model may know these seeds by heart: one text of a few is no fall.
    margin = max(gate.SEED_MARGIN, 1 / len(urgent))
    return [
        Guard("Полнота срочных на примерах поставки", len(urgent), found, before, margin),
        Guard("Там же без ложной тревоги", len(calm), quiet, silent, gate.SEED_ALARM_MARGIN),
    ]


def _alarms(classifier: Classifier, messages: Sequence[Message]) -> int:
    return sum(prediction.urgent for prediction in classifier.predict(messages))


def compared(registry: Registry, version: str, texts: str, rival: str) -> bool:
    """Tell whether the same texts have been learned on from ``rival`` already, or made it.

    The end of a version names what it learned from, and on from; only the day stands before it.
    """
    known = {_learned_from(name) for name in registry.versions()}
    made_of = str(read_gate(registry.folder(rival)).get("texts", ""))
    return _learned_from(version) in known or _learned_from(made_of) == _learned_from(texts)


def _learned_from(version: str) -> str:
    return version.rsplit("-", 1)[-1]


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


def stored(report: GateReport, rival: str, held: Held, now: datetime, texts: str) -> dict[str, Any]:
    """Return what ``gate.json`` holds; ``texts`` names what was learned from, whatever the base."""
    return {
        "at": now.isoformat(timespec="seconds"),
        "serving": rival,
        "texts": texts,
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
        registry.add(folder)
