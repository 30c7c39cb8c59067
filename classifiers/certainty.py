"""How far a prediction may be trusted: route it unseen, let a person look, or say «не уверен»."""

from collections.abc import Mapping, Sequence

from classifiers.encoder import Scores
from classifiers.model import Model
from models.values import ScoredTopic
from models.vocabulary import Certainty, Topic

# A text is none that we understand when fewer of its words are Russian.
LEAST_RUSSIAN = 0.6
# What is relevant by less may be somebody's advertisement: a person should look.
SURELY_RELEVANT = 0.8


def judge(
    model: Model,
    scores: Scores,
    topics: Sequence[tuple[ScoredTopic, ...]],
    relevance: Sequence[float],
    urgency: Sequence[bool],
) -> list[Certainty]:
    """Return the certainty of each text's prediction.

    An urgent text is never routed unseen: a person must read it at once.
    """
    calibration = model.calibration
    answer = []
    for words, russian, content, likeliest, relevant, urgent in zip(
        scores.lengths.tolist(),
        scores.russian.tolist(),
        scores.content.tolist(),
        topics,
        relevance,
        urgency,
        strict=True,
    ):
        if (
            not content
            or russian < LEAST_RUSSIAN * words
            or likeliest[0].probability < calibration.unsure_threshold
        ):
            answer.append(Certainty.UNSURE)
        elif (
            not urgent
            and relevant >= max(SURELY_RELEVANT, calibration.relevance_threshold)
            and _safe(likeliest[0], calibration.auto_thresholds)
        ):
            answer.append(Certainty.AUTO)
        else:
            answer.append(Certainty.REVIEW)
    return answer


def _safe(topic: ScoredTopic, thresholds: Mapping[str, float]) -> bool:
    threshold = thresholds.get(topic.code)
    return threshold is not None and topic.probability >= threshold


def thresholds(
    codes: Sequence[Topic],
    confidence: Sequence[float],
    right: Sequence[bool],
    *,
    precision: float,
    fewest: int,
) -> dict[str, float]:
    """Return, by code, the least confidence from which its answers are right often enough.

    ``precision``, 0..1, must hold among all answers at and above the threshold, of which there
    must be ``fewest``; a code that never reaches it has none.
    """
    by_code: dict[str, list[tuple[float, bool]]] = {}
    for code, sure, hit in zip(codes, confidence, right, strict=True):
        by_code.setdefault(code.value, []).append((sure, hit))
    found: dict[str, float] = {}
    for name, answers in by_code.items():
        hits = 0
        ranked = sorted(answers, reverse=True)
        for count, (sure, hit) in enumerate(ranked, start=1):
            hits += hit
            # Equal confidence stands or falls together.
            last = count == len(ranked) or ranked[count][0] < sure
            if last and count >= fewest and hits >= precision * count:
                found[name] = round(sure, 4)
    return found
