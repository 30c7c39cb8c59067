"""What becomes of a message that speaks of a problem which has an incident already."""

from datetime import datetime
from enum import StrEnum

from models.vocabulary import ClosingReason, Network, Stage
from pipeline.decisions.clocks import LEGAL
from pipeline.region.schema import OnClosed

SOCIAL = frozenset({Network.VK, Network.OK, Network.TELEGRAM, Network.MAX, Network.FEED})
"""Networks whose messages may share an incident. A letter or a row of an official register is an
appeal of its own by law, whoever else has written the same."""


class Admission(StrEnum):
    """How a message and an incident come together."""

    JOIN = "join"
    REOPEN = "reopen"
    REPEAT = "repeat"
    OWN = "own"


def admission(
    stage: Stage,
    closing_reason: ClosingReason | None,
    *,
    ended_at: datetime | None,
    written_at: datetime,
    on_closed: OnClosed,
) -> Admission:
    """Return what a message, written at ``written_at``, does to the incident that it matches.

    ``ended_at`` is when the incident was answered or closed, None while it is open. What was
    written before that is late news of a problem that was dealt with since.
    """
    if stage in LEGAL or ended_at is None:
        return Admission.JOIN
    if closing_reason in {ClosingReason.NOT_RELEVANT, ClosingReason.NO_ANSWER_DUE}:
        return Admission.OWN
    if written_at <= ended_at:
        return Admission.JOIN
    if closing_reason is ClosingReason.BY_SOURCE:
        return Admission.REPEAT  # another system has closed it and cannot open it again
    return Admission.REOPEN if on_closed is OnClosed.REOPEN else Admission.REPEAT
