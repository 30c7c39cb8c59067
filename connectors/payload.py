"""What reading the answers of the social networks has in common."""

from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from connectors.base import BadPayloadError

LAST_SECOND = 4_102_444_800  # 2100-01-01: a later date is a mistake, and sums with it overflow

Answer = TypeVar("Answer", bound="Shape")


def _storable(text: object) -> object:
    """Replace what no database stores as text: halves of surrogate pairs and NUL.

    Anybody can send them in a comment; one such comment must not stop the whole page.
    """
    if not isinstance(text, str):
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "\N{REPLACEMENT CHARACTER}")


Text = Annotated[str, BeforeValidator(_storable)]
Seconds = Annotated[int, Field(ge=0, le=LAST_SECOND)]
Milliseconds = Annotated[int, Field(ge=0, le=LAST_SECOND * 1000)]


class Shape(BaseModel):
    """The documented part of an answer; keys that we do not know are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


def moment(seconds: int | None) -> datetime | None:
    """Return Unix time in seconds as a moment in UTC; None stays None."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def read(shape: type[Answer], payload: object, *, where: str) -> Answer:
    """Check ``payload`` against ``shape``.

    ``where`` names the network and the method, in Russian. Raises BadPayloadError, which names
    the path of the first wrong field, and never repeats its value: answers echo tokens.
    """
    try:
        return shape.model_validate(payload)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join(str(step) for step in wrong["loc"]) or "весь ответ"
        sense = "поля нет" if wrong["type"] == "missing" else "значение не того вида"
        # The chain is cut because pydantic's own message repeats the values.
        raise BadPayloadError(
            f"{where}: ответ не такой, как в документации: {path} — {sense}. "
            "Ничего из него не принято; если повторится, передайте это сообщение администратору.",
        ) from None
