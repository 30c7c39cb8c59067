"""Open311 as one application, with errors as the standard writes them."""

import logging

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from models.errors import OtklikError
from pipeline.api import open311
from pipeline.api.open311_words import Open311Error, write_error
from pipeline.api.pace import Pace
from pipeline.api.problems import ProblemError
from pipeline.api.validation import field_problems
from pipeline.console.frame import Console
from pipeline.console.guard import add_headers
from pipeline.database import DatabaseError

log = logging.getLogger(__name__)

ABOUT = """\
GeoReport v2 (http://wiki.open311.org/GeoReport_v2) over Otklik's incidents, with updates as an
extension. Every request but discovery needs a key. Personal data is taken out of all texts.
"""

STATUSES = {401: 403, 409: 400, 422: 400}
"""The standard knows fewer of them."""


def create_open311(console: Console, pace: Pace | None = None) -> FastAPI:
    """Return the Open311 service of a console; ``pace`` is how often one key may ask."""
    app = FastAPI(
        title="Otklik Open311",
        version="2",
        description=ABOUT,
        servers=[{"url": "/open311/v2"}],
        root_path_in_servers=False,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.console = console
    app.state.pace = pace or Pace()
    app.include_router(open311.router)
    app.add_exception_handler(Open311Error, _refused)
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(sa.exc.OperationalError, _no_database)
    app.add_exception_handler(DatabaseError, _no_database)
    app.add_exception_handler(OtklikError, _unusable)
    app.add_exception_handler(Exception, _internal)
    return app


def _told(request: Request, error: Open311Error) -> Response:
    return write_error("xml" if request.url.path.endswith(".xml") else "json", error)


def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Open311Error):
        raise error
    return _told(request, error)


def _problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError):
        raise error
    status = STATUSES.get(error.problem.status, error.problem.status)
    said = Open311Error(status, error.problem.detail, headers=error.headers)
    return _told(request, said)


def _invalid(request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    if any(one["loc"][0] == "path" for one in errors):
        return _told(request, Open311Error(404, "По этому адресу ничего нет."))
    found = field_problems(errors)
    said = "; ".join(f"{one.pointer.rpartition('/')[2]}: {one.detail}" for one in found)
    return _told(request, Open311Error(400, f"Запрос заполнен неверно: {said}."))


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = {404: "По этому адресу ничего нет.", 405: "У этого адреса другой метод."}
    headers = error.headers if isinstance(error, HTTPException) else None
    words = said.get(status, "Запрос не прочитан.")
    return _told(request, Open311Error(status, words, headers=headers))


def _no_database(request: Request, error: Exception) -> Response:
    # The statement's parameters may hold what a citizen wrote: only the driver's words are kept.
    log.error("База недоступна: %s", getattr(error, "orig", error))
    return _told(request, Open311Error(503, "База данных недоступна. Повторите через минуту."))


def _unusable(request: Request, error: Exception) -> Response:
    # A model or a file of the region that cannot be read: for the administrator, not the program.
    log.error("%s", error)
    return _told(request, Open311Error(503, "Сервер сейчас не может это сделать. Повторите позже."))


def _internal(request: Request, _error: Exception) -> Response:
    response = _told(request, Open311Error(500, "Внутренняя ошибка, подробности в журнале."))
    add_headers(response.headers)
    return response
