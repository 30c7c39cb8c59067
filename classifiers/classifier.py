"""The classifier that serves: messages in, predictions out; numpy alone, no training library."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from classifiers import relevance, urgency
from classifiers.encoder import Encoder, Scores
from classifiers.model import Model, load
from classifiers.text import normalise, split
from classifiers.vocabulary import Floats, Ints, Vocabulary
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


def _best(values: Floats) -> Ints:
    """Return the columns of the TOP largest values of each row, best first."""
    if values.shape[1] <= TOP:
        return np.argsort(-values, axis=1)
    few = np.argpartition(-values, TOP - 1, axis=1)[:, :TOP]
    order = np.argsort(-np.take_along_axis(values, few, axis=1), axis=1, kind="stable")
    return np.take_along_axis(few, order, axis=1)


def _alarms(rules: Sequence[tuple[str, float]]) -> list[Reason]:
    return [Reason(f"urgent:{name}", round(share, 3)) for name, share in rules]


@dataclass(frozen=True, slots=True)
class Raw:
    """Scores of texts by themselves, one row for each; topics and fine topics in columns.

    ``rules`` holds the urgency rules that fired, each with what it adds to the score; ``clean``
    the texts without markup.
    """

    scores: Scores
    clean: list[str]
    topics: Floats
    relevance: Floats
    urgency: Floats
    rules: list[list[tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the model makes of texts by themselves, one row for each."""

    scores: Scores
    clean: list[str]
    relevance: list[float]
    urgency: list[float]
    rules: list[list[tuple[str, float]]]


class _Names(dict[int, str]):
    """Feature → the name of the reason for a topic, made when first asked for."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._vocabulary = vocabulary

    def __missing__(self, feature: int) -> str:
        name = self[feature] = f"topic:{self._vocabulary.name(feature)}"
        return name


class Classifier:
    """Predicts relevance, topic, fine topic and urgency. One for each thread of execution."""

    def __init__(self, model: Model) -> None:
        """Serve ``model``."""
        self.model = model
        self._encoder = Encoder(model)
        self._names = _Names(model.vocabulary)
        self._coarse = len(model.topics)
        self._worths = np.array(
            [
                # A cue that an older model has not learned is worth nothing.
                [worths.get(name, 0.0) for name in relevance.NAMES]
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
        own = self._judge(
            [message.text for message in messages], [bool(message.context) for message in messages]
        )
        threaded = [row for row, message in enumerate(messages) if message.context]
        table = own.scores.table
        shares: dict[int, tuple[float, int]] = {}
        if threaded:
            thread = self._judge(
                [_thread(messages[row].context) for row in threaded], [False] * len(threaded)
            )
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
        likeliest, fine_likeliest = self._named(topics, best, fine, best_fine)
        reasons = self._topic_reasons(own.scores, best[:, 0])
        for row, (share, place) in shares.items():
            weight = share * float(thread.scores.table[place, best[row, 0]])
            reasons[row].append(Reason("topic:(тред)", round(weight, 3)))
        return [
            Prediction(
                relevant=own.relevance[row] >= calibration.relevance_threshold,
                relevance=own.relevance[row],
                topics=likeliest[row],
                fine_topics=fine_likeliest[row],
                urgent=own.urgency[row] >= calibration.urgency_threshold,
                urgency=own.urgency[row],
                reasons=(*reasons[row], *_alarms(own.rules[row]))
                if own.rules[row]
                else tuple(reasons[row]),
                model=self.version,
            )
            for row in range(len(messages))
        ]

    def raw(self, texts: Sequence[str], threaded: Sequence[bool]) -> Raw:
        """Score texts by themselves, before calibration: training needs this.

        ``threaded`` tells which of them are comments: of what is above them no more is known.
        """
        clean = [normalise(text) for text in texts]
        scores = self._encoder.score([split(text) for text in clean])
        table = scores.table[:, : self._coarse + 2] + self.model.intercepts[: self._coarse + 2]
        column = self._coarse
        cues = relevance.present(texts, scores.cues, scores.content, threaded)
        said = cues @ self._worths
        rules = [
            urgency.shares(urgency.fired(text, bits), self.model.calibration.urgency_rules)
            if bits
            else []
            for text, bits in zip(clean, scores.rules.tolist(), strict=True)
        ]
        alarm = np.array([sum(share for _, share in row) for row in rules], np.float32)
        return Raw(
            scores,
            clean,
            table[:, :column],
            table[:, column] + said[:, 0],
            table[:, column + 1] + said[:, 1] + alarm,
            rules,
        )

    def fine(self, raw: Raw) -> Floats:
        """Return the scores of fine topics of texts already scored."""
        first = self._coarse + 2
        answer: Floats = raw.scores.table[:, first:] + self.model.intercepts[first:]
        return answer

    def _judge(self, texts: Sequence[str], threaded: Sequence[bool]) -> _Judged:
        """Score texts by themselves, and decide on relevance and urgency."""
        raw = self.raw(texts, threaded)
        calibration = self.model.calibration
        # Without a single word there is nothing to judge: emoji, digits, a picture.
        worded = raw.scores.words > 0
        relevant = logistic(
            calibration.relevance_slope * raw.relevance + calibration.relevance_shift
        )
        urgent = logistic(calibration.urgency_slope * raw.urgency + calibration.urgency_shift)
        return _Judged(
            raw.scores,
            raw.clean,
            np.where(worded, relevant, 0.0).tolist(),
            np.where(worded, urgent, 0.0).tolist(),
            raw.rules,
        )

    def _lean(self, own: _Judged, row: int, thread: _Judged, place: int) -> float:
        """Return how much the topic of text ``row`` leans on its thread.

        Relevance and urgency come from the text's own words, but for one case: a text that says
        «у нас так же» reports the same in one more place. It is then as relevant as its thread,
        and as urgent if that names a danger other than a cut-off: a cut-off is known already,
        however many houses it took.
        """
        content, cues = int(own.scores.content[row]), int(own.scores.cues[row])
        if not joins_in(content, cues):
            return context_share(content)
        if relevance.same_here(own.clean[row]):
            own.relevance[row] = max(own.relevance[row], thread.relevance[place])
            named = any(name not in urgency.SUPPLY for name, _ in thread.rules[place])
            danger = thread.urgency[place] if named else 0.0
            if danger >= max(own.urgency[row], self.model.calibration.urgency_threshold):
                own.urgency[row], own.rules[row] = danger, thread.rules[place]
        return 1.0

    def _named(
        self, topics: Floats, best: Ints, fine: Floats, best_fine: Ints
    ) -> tuple[list[tuple[ScoredTopic, ...]], list[tuple[FineTopic, ...]]]:
        """Return the likeliest topics and fine topics of each text by name."""
        names, fine_names = self.model.topics, self.model.fine_topics
        shares = np.take_along_axis(topics, best, axis=1).tolist()
        fine_shares = np.take_along_axis(fine, best_fine, axis=1).tolist()
        return [
            tuple([ScoredTopic(names[code], share) for code, share in zip(*pair, strict=True)])
            for pair in zip(best.tolist(), shares, strict=True)
        ], [
            tuple(
                [
                    FineTopic(fine_names[code][0], fine_names[code][1], share)
                    for code, share in zip(*pair, strict=True)
                ]
            )
            for pair in zip(best_fine.tolist(), fine_shares, strict=True)
        ]

    def _topic_reasons(self, scores: Scores, codes: Ints) -> list[list[Reason]]:
        """Return for each text the features that weigh most for or against its topic."""
        rows = scores.rows
        weights = self.model.lemma_weights[rows.features, codes[rows.rows]]
        shares = (rows.values * weights).astype(np.float64)
        if not len(shares):
            return [[] for _ in codes]
        sizes = np.abs(shares)
        # Within each row the weightiest first; rows keep their order, and only the first few of
        # each are ever named.
        order = np.argsort(rows.rows - sizes / (2.0 * sizes.max() + 1e-9), kind="stable")
        place = np.arange(len(order)) - np.repeat(rows.starts[:-1], np.diff(rows.starts))
        order = order[place < REASONS]
        names = self._names
        named = [
            Reason(names[feature], share)
            for feature, share in zip(
                rows.features[order].tolist(), shares[order].round(3).tolist(), strict=True
            )
        ]
        ends = np.cumsum(np.minimum(np.diff(rows.starts), REASONS)).tolist()
        return [named[start:end] for start, end in pairwise([0, *ends])]


def _thread(context: Sequence[str]) -> str:
    """Return the post and the comments nearest to the text as one text."""
    return "\n".join((context[0], *context[1:][-NEAREST_COMMENTS:]))
