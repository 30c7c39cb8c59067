"""Types that every request and answer of the API is made of."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from pipeline.decisions.folding import clean

LARGEST_ID = 2**31 - 1
"""The largest id that either database takes."""

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Between these a moment makes sense; beyond them calendars and time zones end."""


def _storable(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def _sensible_day(value: date) -> date:
    if not FIRST.year <= value.year < LAST.year:
        raise ValueError("day")
    return value


def _sensible(value: datetime) -> datetime:
    # Compared before it is brought to UTC, which the first and last years do not survive.
    if not FIRST.year <= value.year < LAST.year:
        raise ValueError("moment")
    return value.astimezone(UTC)


Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Number = Annotated[
    int, Path(ge=1, le=LARGEST_ID, description="The incident's number.", examples=[17])
]
AnswerNumber = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The answer's number.")]
Code = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$"),
    Field(description="A code of the region's files, see `GET /region`."),
]
Moment = Annotated[AwareDatetime, AfterValidator(_sensible)]
Day = Annotated[date, AfterValidator(_sensible_day)]
Text = Annotated[str, BeforeValidator(_storable)]
"""Any text; NUL and half surrogate pairs, which no database stores, are taken out."""

Reason = Annotated[
    Text,
    StringConstraints(max_length=1000),
    Field(description="Why; it stays in the journal."),
]
