"""How a program is told that something went wrong: RFC 9457, in Russian, with a code.

Errors::

    ProblemError           a request is refused; carries the whole answer
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

PROBLEM_JSON = "application/problem+json"


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    pointer: str = Field(description="Where the field stands, e.g. `/body/version`.")
    detail: str = Field(description="What is wrong with it, in Russian.")


class Problem(BaseModel):
    """A refusal (RFC 9457). Nothing was stored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Conflict",
                    "status": 409,
                    "detail": "Пока вы смотрели карточку, инцидент изменился.",
                    "code": "stale",
                }
            ]
        }
    )

    type: str = Field(default="about:blank", description="Always `about:blank`: see `code`.")
    title: str = Field(description="The name of the status.")
    status: int = Field(description="The HTTP status, again.")
    detail: str = Field(description="What was wrong and what to do, in Russian, for people.")
    code: str = Field(description="The same for programs; the list is in docs/api.md.")
    errors: list[FieldProblem] | None = Field(
        default=None, description="Wrong fields, where fields are wrong."
    )
    present: dict[str, Any] | None = Field(
        default=None, description="How the incident stands now, after a conflict."
    )


class ProblemError(Exception):
    """A request is refused; ``problem`` is told to the program."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] | None = None,
        present: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Remember what to tell; ``headers`` go beside it."""
        super().__init__(detail)
        self.problem = Problem(
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            code=code,
            errors=list(errors) if errors is not None else None,
            present=dict(present) if present is not None else None,
        )
        self.headers = dict(headers or {})


def respond(error: ProblemError) -> Response:
    """Return a refusal as it is sent."""
    content = error.problem.model_dump(mode="json", exclude_none=True)
    return Response(
        orjson.dumps(content),
        error.problem.status,
        headers=error.headers,
        media_type=PROBLEM_JSON,
    )


NOT_FOUND = "По этому адресу ничего нет. Проверьте номер и адрес."

WHY = {
    400: "The body cannot be read.",
    401: "No key, or one that opens nothing any more.",
    403: "The key lacks the scope, or its owner the right.",
    404: "There is no such thing, or the key's owner may not see it.",
    405: "No such method here.",
    409: "Somebody else was faster, or the stage does not allow it; `present` tells how it stands.",
    422: "A field is wrong, or the rules of the office forbid it.",
    429: "Too many requests; `Retry-After` says for how many seconds to wait.",
    502: "The receiver of a webhook did not take it.",
    503: "The database is away; come again.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the refusals of an operation for its description; some may happen to all."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": WHY[status], "content": {PROBLEM_JSON: schema}}
        for status in sorted({400, 401, 403, 422, 429, 503, *statuses})
    }
