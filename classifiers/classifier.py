"""The classifier that serves: messages in, predictions out; numpy alone, no training library."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifiers import certainty, explanation, further, relevance, urgency
from classifiers.encoder import Encoder, Scores
from classifiers.fine_topics import coarse_topics
from classifiers.lexicon_share import share as lexicon_share
from classifiers.model import Model, load
from classifiers.probability import best, doubted, logistic, softmax
from classifiers.text import marks, normalise
from classifiers.urgency import Sign
from classifiers.vocabulary import Floats, Ints
from models.values import FineTopic, Message, Prediction, Reason, ScoredTopic

# Texts in one numpy pass; more only takes memory.
BATCH = 1024
# Of words never seen each takes some hundred bytes; long texts go in smaller batches.
BATCH_CHARACTERS = 2_000_000
TOP = 3
# A text without any named danger is urgent by its words alone only from this probability on, and
# with as many meaningful words: «держитесь там» is an exclamation. Without it 6 more of 90 urgent
# texts by another author are marked, and 86 instead of 52 of 301 ordinary ones.
LEARNED_FLOOR = 0.15
LEARNED_WORDS = 3
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


@dataclass(frozen=True, slots=True)
class Raw:
    """Scores of texts by themselves, one row for each; topics in columns, without intercepts.

    ``alarms`` holds the urgency rules that fired, each with what it adds to the score; ``clean``
    the texts without markup.
    """

    scores: Scores
    clean: list[str]
    topics: Floats
    relevance: Floats
    urgency: Floats
    alarms: list[list[tuple[Sign, float]]]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the model makes of texts by themselves, one row for each."""

    raw: Raw
    relevance: list[float]
    urgency: list[float]
    alarms: list[list[tuple[Sign, float]]]


class Classifier:
    """Predicts relevance, topics, fine topics and urgency. One for each thread of execution."""

    def __init__(self, model: Model) -> None:
        """Serve ``model``."""
        self.model = model
        self.encoder = Encoder(model)
        self._coarse = len(model.topics)
        codes = coarse_topics()
        self._code_of_fine = np.array(
            [
                # A topic that only this installation has leans on nothing.
                model.topics.index(codes[name]) if name in codes else self._coarse
                for name, _ in model.fine_topics
            ],
            np.int64,
        )
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

    def predict(self, messages: Sequence[Message], *, explain: bool = False) -> list[Prediction]:
        """Return one prediction for each message, in order. Never raises on any text.

        With ``explain`` the reasons name the words behind each verdict and where they stand,
        which takes about as long again; without it, only the urgency rules that fired.
        """
        answer: list[Prediction] = []
        while len(answer) < len(messages):
            batch = _batch(messages, len(answer))
            answer.extend(self._predict(batch, explain=explain))
        return answer

    def _predict(self, messages: Sequence[Message], *, explain: bool) -> list[Prediction]:
        # Not later: scores of texts, of threads and of parts speak of the same rows.
        self.encoder.book.make_room()
        own = self._judge(
            [message.text for message in messages], [bool(message.context) for message in messages]
        )
        threaded = [row for row, message in enumerate(messages) if message.context]
        scores, fine_scores = own.raw.topics, own.raw.scores.table[:, self._coarse + 2 :]
        shares: dict[int, tuple[float, int]] = {}
        thread = None
        if threaded:
            thread = self._judge(
                [_thread(messages[row].context) for row in threaded], [False] * len(threaded)
            )
            scores, fine_scores = scores.copy(), fine_scores.copy()
            above = thread.raw.scores.table[:, self._coarse + 2 :]
            for place, row in enumerate(threaded):
                share = self._lean(own, row, thread, place)
                shares[row] = share, place
                # Two texts of length 1 that share no word add up to a text of this length.
                length = np.sqrt(1.0 + share * share)
                scores[row] = (scores[row] + share * thread.raw.topics[place]) / length
                fine_scores[row] = (fine_scores[row] + share * above[place]) / length
        calibration, model = self.model.calibration, self.model
        scores = scores + model.intercepts[: self._coarse]
        topics = doubted(softmax(scores, calibration.topic_temperature), calibration.topic_doubt)
        fine = softmax(self._lean_fine(fine_scores, scores), calibration.fine_temperature)
        likely, fine_likely = best(topics, TOP), best(fine, TOP)
        likeliest, fine_likeliest = self._named(topics, likely, fine, fine_likely)
        also = further.choose(
            further.odds(scores, calibration.topic_temperature),
            likely[:, 0],
            calibration.also_slope,
            calibration.also_shift,
        )
        urgent = self._urgent(own)
        certainties = certainty.judge(model, own.raw.scores, likeliest, own.relevance, urgent)
        reasons = (
            self._explain(messages, own, urgent, likely[:, 0], shares, thread)
            if explain
            else [
                [_alarm(sign, worth) for sign, worth in alarms]
                or ([Reason(explanation.LEARNED, round(chance, 3))] if alarming else [])
                for alarms, chance, alarming in zip(own.alarms, own.urgency, urgent, strict=True)
            ]
        )
        return [
            Prediction(
                relevant=own.relevance[row] >= calibration.relevance_threshold,
                relevance=own.relevance[row],
                topics=likeliest[row],
                fine_topics=fine_likeliest[row],
                urgent=urgent[row],
                urgency=own.urgency[row],
                reasons=tuple(reasons[row]),
                model=self.version,
                also=tuple([ScoredTopic(model.topics[code], chance) for code, chance in also[row]]),
                certainty=certainties[row],
            )
            for row in range(len(messages))
        ]

    def raw(self, texts: Sequence[str], threaded: Sequence[bool]) -> Raw:
        """Score texts by themselves, before calibration: training needs this.

        ``threaded`` tells which of them are comments: of what is above them no more is known.
        """
        clean = [normalise(text) for text in texts]
        scores = self.encoder.score(self.encoder.read([marks(text) for text in clean]))
        column, model = self._coarse, self.model
        cues = relevance.present(texts, scores.cues, scores.content, threaded)
        said = cues @ self._worths
        trying: dict[int, dict[int, int]] = {}
        for row, clause, bits in scores.alarming:
            trying.setdefault(row, {})[clause] = bits
        alarms: list[list[tuple[Sign, float]]] = [[] for _ in texts]
        for row, clauses in trying.items():
            found = urgency.signs_of(clean[row], clauses)
            alarms[row] = urgency.shares(found, model.calibration.urgency_rules)
        alarm = np.array([sum(share for _, share in row) for row in alarms], np.float32)
        topics = scores.table[:, :column] + model.lexicon_weights * lexicon_share(scores.lexicon)
        table: Floats = (
            scores.table[:, column : column + 2] + model.intercepts[column : column + 2] + said
        )
        return Raw(scores, clean, topics, table[:, 0], table[:, 1] + alarm, alarms)

    def topic_scores(self, raw: Raw) -> Floats:
        """Return the scores of topics of texts by themselves, which a softmax may follow."""
        answer: Floats = raw.topics + self.model.intercepts[: self._coarse]
        return answer

    def fine(self, raw: Raw) -> Floats:
        """Return the scores of fine topics of texts already scored."""
        return self._lean_fine(raw.scores.table[:, self._coarse + 2 :], self.topic_scores(raw))

    def _lean_fine(self, fine: Floats, topics: Floats) -> Floats:
        """Return the scores of fine topics, helped by those of the topics that they belong to."""
        padded = np.hstack([topics, np.zeros((len(topics), 1), np.float32)])
        lean = np.float32(self.model.calibration.fine_lean)
        leaning: Floats = lean * padded[:, self._code_of_fine]
        answer: Floats = fine + self.model.intercepts[self._coarse + 2 :] + leaning
        return answer

    def _judge(self, texts: Sequence[str], threaded: Sequence[bool]) -> _Judged:
        """Score texts by themselves, and decide on relevance and urgency."""
        raw = self.raw(texts, threaded)
        calibration = self.model.calibration
        # Without a single word there is nothing to judge: emoji, digits, a picture.
        worded = raw.scores.lengths > 0
        relevant = logistic(
            calibration.relevance_slope * raw.relevance + calibration.relevance_shift
        )
        urgent = logistic(calibration.urgency_slope * raw.urgency + calibration.urgency_shift)
        return _Judged(
            raw,
            np.where(worded, relevant, 0.0).tolist(),
            np.where(worded, urgent, 0.0).tolist(),
            list(raw.alarms),
        )

    def _lean(self, own: _Judged, row: int, thread: _Judged, place: int) -> float:
        """Return how much the topic of text ``row`` leans on its thread.

        Relevance and urgency come from the text's own words, but for one case: a text that says
        «у нас так же» reports the same in one more place. It is then as relevant as its thread,
        and as urgent if that names a danger other than a cut-off: a cut-off is known already,
        however many houses it took.
        """
        scores = own.raw.scores
        content, cues = int(scores.content[row]), int(scores.cues[row])
        if not joins_in(content, cues):
            return context_share(content)
        if relevance.same_here(own.raw.clean[row]):
            own.relevance[row] = max(own.relevance[row], thread.relevance[place])
            named = any(not sign.rule.supply for sign, _ in thread.alarms[place])
            danger = thread.urgency[place] if named else 0.0
            if danger >= max(own.urgency[row], self.model.calibration.urgency_threshold):
                own.urgency[row], own.alarms[row] = danger, thread.alarms[place]
        return 1.0

    def _urgent(self, own: _Judged) -> list[bool]:
        """Decide which texts are urgent: by a rule that fired, or by the words of an appeal."""
        calibration = self.model.calibration
        return [
            chance >= calibration.urgency_threshold
            and (
                bool(alarms)
                or (
                    chance >= LEARNED_FLOOR
                    and content >= LEARNED_WORDS
                    and relevant >= calibration.relevance_threshold
                )
            )
            for chance, relevant, alarms, content in zip(
                own.urgency, own.relevance, own.alarms, own.raw.scores.content.tolist(), strict=True
            )
        ]

    def _explain(  # noqa: PLR0917 - each a different thing that was decided
        self,
        messages: Sequence[Message],
        own: _Judged,
        urgent: Sequence[bool],
        topics: Ints,
        shares: dict[int, tuple[float, int]],
        thread: _Judged | None,
    ) -> list[list[Reason]]:
        """Return the reasons of each text, and what the thread above it adds to its topic."""
        verdicts = [
            explanation.Verdict(topic, alarms, alarms is raw_alarms, learned and not alarms)
            for topic, alarms, raw_alarms, learned in zip(
                topics.tolist(), own.alarms, own.raw.alarms, urgent, strict=True
            )
        ]
        reasons = explanation.explain(
            self.encoder,
            self.model,
            [message.text for message in messages],
            own.raw.scores,
            verdicts,
        )
        if thread is not None:
            for row, (share, place) in shares.items():
                weight = share * float(thread.raw.topics[place, topics[row]])
                reasons[row].append(Reason("topic:(тред)", round(weight, 3)))
        return reasons

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


def _alarm(sign: Sign, worth: float) -> Reason:
    return Reason(f"urgent:{sign.rule.name}", round(worth, 3))


def _batch(messages: Sequence[Message], start: int) -> list[Message]:
    """Return the messages from ``start`` on that go into one pass: one at least."""
    batch: list[Message] = []
    size = 0
    for message in messages[start : start + BATCH]:
        size += len(message.text)
        if batch and size > BATCH_CHARACTERS:
            break
        batch.append(message)
    return batch


def _thread(context: Sequence[str]) -> str:
    """Return the post and the comments nearest to the text as one text."""
    return "\n".join((context[0], *context[1:][-NEAREST_COMMENTS:]))
