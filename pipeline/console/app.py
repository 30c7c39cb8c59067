"""The operator's console as one application: pages, the wall around them, error pages."""

import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from pipeline.api.app import create_api
from pipeline.api.open311_app import create_open311
from pipeline.api.outside import not_here
from pipeline.console.access import ForgedFormError, SignInNeededError
from pipeline.console.checking import Checks
from pipeline.console.frame import STATIC, Console, console_of, no_check, no_judge
from pipeline.console.guard import Guard, add_headers, origin_of
from pipeline.console.pages import (
    account,
    acts,
    admin,
    admin_api,
    admin_journal,
    admin_models,
    admin_norms,
    admin_region,
    admin_retention,
    admin_staff,
    answer,
    approvals,
    bulk,
    dashboard,
    door,
    health,
    hooks,
    incident,
    keys,
    merging,
    new,
    password,
    queue,
    review,
    source_keys,
    sources,
    survey,
    templates,
    undo,
    verdict,
    views,
)
from pipeline.database import DatabaseError
from pipeline.decisions.worktime import WorkCalendar
from pipeline.judge import Judge
from pipeline.probing import Line
from pipeline.region.schema import Region, Source
from pipeline.status import TokensOf, no_tokens

log = logging.getLogger(__name__)

ERRORS = {
    403: (
        "Форма устарела",
        (
            "Страница открыта слишком давно или в другом окне входил кто-то ещё. "
            "Вернитесь назад, обновите страницу и повторите."
        ),
    ),
    404: (
        "Такой страницы нет",
        "Проверьте адрес. Возможно, в номере инцидента опечатка.",
    ),
    405: ("Так обратиться нельзя", "Откройте страницу заново из очереди."),
    422: ("Форма заполнена неверно", "Вернитесь назад и заполните её ещё раз."),
    500: (
        "Внутренняя ошибка",
        (
            "Otklik не смог показать страницу, подробности записаны в журнал программы. "
            "Повторите, а если не поможет, сообщите администратору время ошибки."
        ),
    ),
    503: (
        "База данных недоступна",
        (
            "Otklik не может прочитать данные. Подождите минуту и обновите страницу; "
            "если не поможет, попросите администратора проверить, запущена ли база."
        ),
    ),
}


class KeptFiles(StaticFiles):
    """Static files that a browser may keep: their addresses change with their content.

    These alone are compressed: a page holds form tokens beside texts from outside, and how well
    it compresses would tell of them (BREACH).
    """

    def file_response(self, *args: Any, **options: Any) -> Response:
        """Return a file with how long it may be kept."""
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def create_app(
    *,
    engine: sa.Engine,
    region: Region,
    calendar: WorkCalendar,
    clock: Callable[[], datetime] = utc_now,
    secure_cookies: bool = False,
    hosts: Collection[str] = (),
    secret: Callable[[str], SecretStr | None] = lambda _name: None,
    tokens: Callable[[], AbstractContextManager[TokensOf]] = lambda: nullcontext(no_tokens),
    public_url: str = "",
    folder: str = "",
    home: Path | None = None,
    judge: Callable[[], Judge] = no_judge,
    check: Callable[[Source], Iterable[Line]] = no_check,
    map_tiles: str = "",
) -> FastAPI:
    """Return the console of one region.

    ``secure_cookies`` is for a console behind https: cookies then travel no other way.
    ``hosts`` are the names it may be called by besides localhost; ``secret`` finds the secrets
    that pushed events carry, ``tokens`` gives a look at the tokens of sources. ``public_url`` is
    the address at which citizens rate answers, empty where they cannot. ``folder`` is the region's
    own, or its shipped name; ``home`` is the folder for data, where the models lie. ``judge``
    gives what judges a text that somebody types in. ``map_tiles`` is where tiles of the map come
    from, empty for none.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.console = Console(
        engine=engine,
        region=region,
        calendar=calendar,
        clock=clock,
        secure_cookies=secure_cookies,
        started_at=clock(),
        secret=secret,
        tokens=tokens,
        public_url=public_url.rstrip("/"),
        folder=folder,
        home=home,
        judge=judge,
        checks=Checks(check),
    )
    app.state.map_tiles = map_tiles
    app.add_middleware(Guard, hosts=hosts, pictures=origin_of(map_tiles))
    for pages in (
        queue,
        views,
        bulk,
        undo,
        review,
        keys,
        dashboard,
        incident,
        verdict,
        answer,
        acts,
        merging,
        approvals,
        templates,
        sources,
        source_keys,
        new,
        door,
        password,
        account,
        admin,
        admin_staff,
        admin_region,
        admin_norms,
        admin_models,
        admin_journal,
        admin_retention,
        admin_api,
        health,
        hooks,
        survey,
    ):
        app.include_router(pages.router)
    app.mount("/api/v1", create_api(app.state.console))
    app.mount("/open311/v2", create_open311(app.state.console))
    app.mount("/static", GZipMiddleware(KeptFiles(directory=STATIC)), name="static")
    app.add_exception_handler(SignInNeededError, _to_sign_in)
    app.add_exception_handler(ForgedFormError, _forged)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(sa.exc.OperationalError, _no_database)
    app.add_exception_handler(DatabaseError, _no_database)
    app.add_exception_handler(Exception, _internal)
    return app


def error_page(request: Request, status: int) -> Response:
    """Return the page for an HTTP error; one without words of its own is told as a 404."""
    title, advice = ERRORS.get(status, ERRORS[404])
    for_program = not_here(request.scope["path"], status, advice)
    return for_program or console_of(request).page(
        "error.html", status=status, title=title, advice=advice, number=status
    )


def _to_sign_in(request: Request, _error: Exception) -> Response:
    """Send a stranger to the door, and back to the page that they asked for."""
    if request.method != "GET":
        return RedirectResponse("/sign-in", 303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if wanted == "/":
        return RedirectResponse("/sign-in", 303)
    return RedirectResponse(f"/sign-in?next={quote(wanted, safe='/')}", 303)


def _forged(request: Request, _error: Exception) -> Response:
    return error_page(request, 403)


def _unreadable(request: Request, _error: Exception) -> Response:
    return error_page(request, 422)


def _http_error(request: Request, error: Exception) -> Response:
    return error_page(request, error.status_code if isinstance(error, HTTPException) else 500)


def _no_database(request: Request, error: Exception) -> Response:
    # The statement's parameters may hold what a citizen wrote: only the driver's words are kept.
    log.error("База недоступна: %s", getattr(error, "orig", error))
    return error_page(request, 503)


def _internal(request: Request, _error: Exception) -> Response:
    # This one is answered outside the wall, so the headers are added here.
    response = error_page(request, 500)
    add_headers(response.headers)
    return response
