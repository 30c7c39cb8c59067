"""How the desk's refusals are told to a browser."""

from collections.abc import Mapping
from enum import StrEnum

from pipeline.decisions.answering import Reason
from pipeline.decisions.lifecycle import No

LATE = 409
STATUS: Mapping[StrEnum, int] = {
    No.NOT_FOUND: 404,
    No.FORBIDDEN: 403,
    No.STAGE: LATE,
    No.STALE: LATE,
    Reason.FORBIDDEN: 403,
    Reason.STAGE: LATE,
    Reason.STALE: LATE,
    Reason.STEP: LATE,
    Reason.DELETED: LATE,
}
"""The status of a refusal; every other one is put right in the form: 422."""
