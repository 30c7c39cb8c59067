"""The classifier that serves: messages in, predictions out; numpy alone, no training library."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from classifiers import relevance, urgency
from classifiers.encoder import Encoder, Scores
from classifiers.model import Model, load
from classifiers.text import words
from classifiers.vocabulary import Floats
from models.values import FineTopic, Message, Prediction, Reason, ScoredTopic

# Texts in one numpy pass; more only takes memory.
BATCH = 1024
TOP = 3
# Words that explain a topic to an operator; further ones weigh next to nothing.
REASONS = 5
# The thread's post and the comments nearest to the text; a longer thread adds noise.
NEAREST_COMMENTS = 3
# A text of this many meaningful words speaks for itself and leans on its thread least.
ENOUGH_WORDS = 8
LEAST_SHARE = 0.3


def context_share(content: int) -> float:
    """Return the weight of the thread beside a text's own 1, from its count of meaningful words.

    Falls in a straight line from 1 (no meaningful word) to LEAST_SHARE at ENOUGH_WORDS words.
    """
    return LEAST_SHARE + (1.0 - LEAST_SHARE) * max(0.0, 1.0 - content / ENOUGH_WORDS)


def joins_in(content: int, cues: int) -> bool:
    """Tell whether a text only joins in: it says so and has few meaningful words."""
    return bool(cues & relevance.JOINS_IN) and content <= ENOUGH_WORDS // 2


def logistic(scores: Floats) -> Floats:
    """Return 1 / (1 + e^−score), 0..1."""
    answer: Floats = np.float32(1.0) / (np.float32(1.0) + np.exp(-np.clip(scores, -30.0, 30.0)))
    return answer


def softmax(scores: Floats, temperature: float) -> Floats:
    """Return the probabilities, rows adding up to 1, of ``score / temperature``."""
    if not scores.shape[1]:
        return scores
    scaled = scores / np.float32(temperature)
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    answer: Floats = powers / powers.sum(axis=1, keepdims=True)
    return answer


def _best(values: Floats) -> list[list[int]]:
    """Return the columns of the TOP largest values of each row, best first."""
    few = np.argpartition(-values, TOP - 1, axis=1)[:, :TOP] if values.shape[1] > TOP else None
    if few is None:
        return [list(map(int, row)) for row in np.argsort(-values, axis=1)]
    order = np.argsort(-np.take_along_axis(values, few, axis=1), axis=1, kind="stable")
    answer: list[list[int]] = np.take_along_axis(few, order, axis=1).tolist()
    return answer


@dataclass(frozen=True, slots=True)
class Raw:
    """Scores of texts by themselves, one row for each; topics and fine topics in columns.

    ``rules`` holds the urgency rules that fired, each with what it adds to the score.
    """

    scores: Scores
    topics: Floats
    fine: Floats
    relevance: Floats
    urgency: Floats
    rules: list[list[tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the model makes of texts by themselves, one row for each."""

    scores: Scores
    relevance: list[float]
    urgency: list[float]
    rules: list[list[tuple[str, float]]]


class Classifier:
    """Predicts relevance, topic, fine topic and urgency. One for each thread of execution."""

    def __init__(self, model: Model) -> None:
        """Serve ``model``."""
        self.model = model
        self._encoder = Encoder(model)
        self._names: dict[int, str] = {}
        self._coarse = len(model.topics)
        self._worths = np.array(
            [
                [worths[name] for name in relevance.NAMES]
                for worths in (model.calibration.relevance_cues, model.calibration.urgency_cues)
            ],
            np.float32,
        ).T

    @classmethod
    def load(cls, folder: Path) -> "Classifier":
        """Read the model in ``folder``. Raises ModelError."""
        return cls(load(folder))

    @property
    def version(self) -> str:
        """The model's version, which every prediction carries."""
        return self.model.version

    def predict(self, messages: Sequence[Message]) -> list[Prediction]:
        """Return one prediction for each message, in order. Never raises on any text."""
        answer: list[Prediction] = []
        for start in range(0, len(messages), BATCH):
            answer.extend(self._predict(messages[start : start + BATCH]))
        return answer

    def _predict(self, messages: Sequence[Message]) -> list[Prediction]:
        own = self._judge([message.text for message in messages])
        threaded = [row for row, message in enumerate(messages) if message.context]
        table = own.scores.table
        shares: dict[int, tuple[float, int]] = {}
        if threaded:
            thread = self._judge([_thread(messages[row].context) for row in threaded])
            table = table.copy()
            for place, row in enumerate(threaded):
                shares[row] = self._lean(own, row, thread, place), place
                share = shares[row][0]
                # Two texts of length 1 that share no word add up to a text of this length.
                length = np.sqrt(1.0 + share * share)
                table[row] = (table[row] + share * thread.scores.table[place]) / length
        table = table + self.model.intercepts
        calibration = self.model.calibration
        topics = softmax(table[:, : self._coarse], calibration.topic_temperature)
        fine = softmax(table[:, self._coarse + 2 :], calibration.fine_temperature)
        best, best_fine = _best(topics), _best(fine)
        reasons = self._topic_reasons(own.scores, [row[0] for row in best])
        for row, (share, place) in shares.items():
            weight = share * float(thread.scores.table[place, best[row][0]])
            reasons[row].append(Reason("topic:(тред)", round(weight, 3)))
        return [
            Prediction(
                relevant=own.relevance[row] >= calibration.relevance_threshold,
                relevance=own.relevance[row],
                topics=tuple(
                    ScoredTopic(self.model.topics[code], float(topics[row, code]))
                    for code in best[row]
                ),
                fine_topics=tuple(
                    FineTopic(*self.model.fine_topics[code], float(fine[row, code]))
                    for code in best_fine[row]
                ),
                urgent=own.urgency[row] >= calibration.urgency_threshold,
                urgency=own.urgency[row],
                reasons=(
                    *reasons[row],
                    *(Reason(f"urgent:{name}", round(share, 3)) for name, share in own.rules[row]),
                ),
                model=self.version,
            )
            for row in range(len(messages))
        ]

    def raw(self, texts: Sequence[str]) -> Raw:
        """Score texts by themselves, before calibration: training needs this."""
        scores = self._encoder.score([words(text) for text in texts])
        table = scores.table + self.model.intercepts
        column = self._coarse
        cues = [
            relevance.present(text, bits)
            for text, bits in zip(texts, scores.cues.tolist(), strict=True)
        ]
        said = np.array(cues, np.float32).reshape(len(texts), -1) @ self._worths
        rules = [
            urgency.shares(urgency.fired(text, bits), self.model.calibration.urgency_rules)
            if bits
            else []
            for text, bits in zip(texts, scores.rules.tolist(), strict=True)
        ]
        alarm = np.array([sum(share for _, share in row) for row in rules], np.float32)
        return Raw(
            scores,
            table[:, :column],
            table[:, column + 2 :],
            table[:, column] + said[:, 0],
            table[:, column + 1] + said[:, 1] + alarm,
            rules,
        )

    def _judge(self, texts: Sequence[str]) -> _Judged:
        """Score texts by themselves, and decide on relevance and urgency."""
        raw = self.raw(texts)
        calibration = self.model.calibration
        # Without a single word there is nothing to judge: emoji, digits, a picture.
        worded = raw.scores.words > 0
        relevant = logistic(
            calibration.relevance_slope * raw.relevance + calibration.relevance_shift
        )
        urgent = logistic(calibration.urgency_slope * raw.urgency + calibration.urgency_shift)
        return _Judged(
            raw.scores,
            np.where(worded, relevant, 0.0).tolist(),
            np.where(worded, urgent, 0.0).tolist(),
            raw.rules,
        )

    def _lean(self, own: _Judged, row: int, thread: _Judged, place: int) -> float:
        """Return how much text ``row`` leans on its thread.

        A text that only joins in is as relevant and as urgent as what it joins.
        """
        content, cues = int(own.scores.content[row]), int(own.scores.cues[row])
        if joins_in(content, cues):
            own.relevance[row] = max(own.relevance[row], thread.relevance[place])
            if thread.urgency[place] > own.urgency[row]:
                own.urgency[row] = thread.urgency[place]
                own.rules[row] = thread.rules[place]
            return 1.0
        return context_share(content)

    def _topic_reasons(self, scores: Scores, codes: Sequence[int]) -> list[list[Reason]]:
        """Return for each text the features that weigh most for or against its topic."""
        rows = scores.rows
        weights = self.model.lemma_weights[rows.features, np.array(codes, np.int64)[rows.rows]]
        shares = rows.values * weights
        # Within each row the weightiest first; rows are already in order.
        order = np.lexsort((-np.abs(shares), rows.rows))
        features, shares = rows.features[order], shares[order]
        answer = []
        for start, end in pairwise(rows.starts.tolist()):
            stop = min(end, start + REASONS)
            answer.append(
                [
                    Reason(f"topic:{self._name(feature)}", round(share, 3))
                    for feature, share in zip(
                        features[start:stop].tolist(), shares[start:stop].tolist(), strict=True
                    )
                ]
            )
        return answer

    def _name(self, feature: int) -> str:
        name = self._names.get(feature)
        if name is None:
            name = self._names[feature] = self.model.vocabulary.name(feature)
        return name


def _thread(context: Sequence[str]) -> str:
    """Return the post and the comments nearest to the text as one text."""
    return "\n".join((context[0], *context[1:][-NEAREST_COMMENTS:]))
