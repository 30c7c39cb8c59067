"""The API as one application, mounted by the console at /api/v1."""

import logging
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from models.errors import OtklikError
from pipeline.api import acts, answers, incidents, region, webhooks
from pipeline.api.pace import Pace
from pipeline.api.problems import NOT_FOUND, FieldProblem, Problem, ProblemError, respond
from pipeline.api.validation import field_problems
from pipeline.console.frame import Console
from pipeline.console.guard import add_headers
from pipeline.database import DatabaseError

log = logging.getLogger(__name__)

ABOUT = """\
The operator's acts as JSON. Each request carries a key: `Authorization: Bearer otk_…`. A key acts
in the name of a member of staff and may do what that person's role may, within its scopes. What
the owner does not see is answered with 404.

Moments are in UTC. Texts of citizens are untrusted: escape them wherever they are shown. Refusals
are `application/problem+json` (RFC 9457) with a Russian `detail` and a machine's `code`.
"""

WORDS = {
    400: ("unreadable", "Тело запроса не прочитано: нужен JSON в UTF-8."),
    404: ("not_found", NOT_FOUND),
    405: ("method_not_allowed", "Так обратиться нельзя: у этого адреса другой метод."),
}


def create_api(console: Console, pace: Pace | None = None) -> FastAPI:
    """Return the API of a console; ``pace`` is how often one key may ask."""
    app = FastAPI(
        title="Otklik API",
        version="1",
        description=ABOUT,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,
        separate_input_output_schemas=False,
    )
    app.state.console = console
    app.state.pace = pace or Pace()
    for part in (incidents, acts, answers, region, webhooks):
        app.include_router(part.router)
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(sa.exc.OperationalError, _no_database)
    app.add_exception_handler(DatabaseError, _no_database)
    app.add_exception_handler(OtklikError, _unusable)
    app.add_exception_handler(Exception, _internal)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """Return the description, with the shape of refusals, that no operation returns."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            servers=[{"url": "/api/v1"}],
        )
        shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts: dict[str, Any] = shape.pop("$defs", {})
        found["components"]["schemas"] |= parts | {"Problem": shape}
        app.openapi_schema = found
    return app.openapi_schema


def _problem(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError):
        raise error
    return respond(error)


def _invalid(_request: Request, error: Exception) -> Response:
    errors: list[FieldProblem] = (
        field_problems(error.errors()) if isinstance(error, RequestValidationError) else []
    )
    said = "Запрос заполнен неверно. Что именно — в поле errors."
    return respond(ProblemError(422, "invalid", said, errors=errors))


def _http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code, said = WORDS.get(status, ("http_error", "Запрос не выполнен."))
    headers = error.headers if isinstance(error, HTTPException) else None
    return respond(ProblemError(status, code, said, headers=headers))


def _no_database(_request: Request, error: Exception) -> Response:
    # The statement's parameters may hold what a citizen wrote: only the driver's words are kept.
    log.error("База недоступна: %s", getattr(error, "orig", error))
    said = "База данных недоступна. Повторите через минуту."
    return respond(ProblemError(503, "unavailable", said, headers={"Retry-After": "60"}))


def _unusable(_request: Request, error: Exception) -> Response:
    # A model or a file of the region that cannot be read: for the administrator, not the program.
    log.error("%s", error)
    said = "Сервер сейчас не может это сделать, причина — в журнале программы. Повторите позже."
    return respond(ProblemError(503, "unavailable", said, headers={"Retry-After": "60"}))


def _internal(_request: Request, _error: Exception) -> Response:
    said = (
        "Внутренняя ошибка, подробности записаны в журнал программы. Сообщите администратору её "
        "время."
    )
    # This one is answered outside the wall, so the headers are added here.
    response = respond(ProblemError(500, "internal", said))
    add_headers(response.headers)
    return response
