"""The outer wall: hosts, sizes, headers and error pages."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from console.builders import Clock, Person, make_calendar, make_region
from console.client import Browser, Page, browsing
from fastapi import FastAPI

from pipeline.console.app import create_app
from pipeline.database import open_database


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8017", 200),
        ("localhost", 200),
        ("LocalHost:8017", 200),
        ("[::1]:8017", 200),
        ("otklik.example.org", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost@evil.example", 400),
        ("", 400),
    ],
)
def test_only_names_of_this_machine_are_answered(
    host: str, status: int, console_engine: sa.Engine
) -> None:
    region = make_region()
    app = create_app(
        engine=console_engine,
        region=region,
        calendar=make_calendar(region),
        clock=Clock(),
        hosts=["otklik.example.org"],
    )
    with browsing(app) as browser:
        assert browser.get("/sign-in", host=host).status_code == status


def test_every_answer_carries_the_headers(browser: Browser, stranger: Browser) -> None:
    for who, url in (
        (browser, "/"),
        (browser, "/incident/404"),
        (stranger, "/"),
        (stranger, "/sign-in"),
        (stranger, "/health"),
        (stranger, "/nothing"),
    ):
        headers = who.get(url).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, url
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store", url


def test_no_page_has_scripts_or_styles_within(browser: Browser, stranger: Browser) -> None:
    for page in (browser.page("/"), browser.page("/password"), stranger.page("/sign-in")):
        scripts = [attrs for tag, attrs in page.elements if tag == "script"]
        assert all((attrs["src"] or "").startswith("/static/") for attrs in scripts)
        assert "style" not in [tag for tag, _ in page.elements]
        names = {name for _, attrs in page.elements for name in attrs}
        assert not [name for name in names if name == "style" or name.startswith("on")]
    assert not stranger.page("/sign-in").all("script"), "a stranger gets none at all"


def test_a_form_too_large_or_of_unknown_length_is_refused(stranger: Browser) -> None:
    token = stranger.page("/sign-in").form_token
    large = stranger.post("/sign-in", {"form_token": token, "login": "a" * 70_000})
    assert large.status_code == 413

    async def pieces() -> AsyncIterator[bytes]:
        yield b"login=a"

    assert stranger.send("POST", "/sign-in", content=pieces()).status_code == 411


def test_a_pushed_event_may_be_longer_than_a_form_but_not_endless(stranger: Browser) -> None:
    long = stranger.send("POST", "/hooks/unknown", content=b"[" + b"1," * 100_000)
    assert long.status_code == 400
    endless = stranger.send("POST", "/hooks/unknown", content=b" " * 1_100_000)
    assert endless.status_code == 413


def test_a_field_too_long_gets_a_page_in_russian(stranger: Browser) -> None:
    answer = stranger.submit("/sign-in", "/sign-in", login="a" * 1001, password="x")
    assert answer.status_code == 422
    assert "Форма заполнена неверно" in Page(answer.text).text


@pytest.mark.parametrize(
    "url",
    [
        "/nothing",
        "/incident/404",
        "/incident/0",
        "/incident/-1",
        "/incident/abc",
        "/incident/9999999999",
        "/incident/" + "9" * 5000,
        "/incident/1/",
        "/docs",
        "/openapi.json",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/absent.css",
    ],
)
def test_what_is_not_there_is_a_page_in_russian(browser: Browser, url: str) -> None:
    answer = browser.get(url)
    assert answer.status_code == 404
    assert "Такой страницы нет" in Page(answer.text).text


def test_a_wrong_method_is_a_page_in_russian(browser: Browser) -> None:
    answer = browser.send("DELETE", "/incident/1", headers={"Content-Length": "0"})
    assert answer.status_code == 405
    assert "Так обратиться нельзя" in Page(answer.text).text


def test_without_a_database_the_page_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    region = make_region()
    engine = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    app = create_app(engine=engine, region=region, calendar=make_calendar(region), clock=Clock())
    with browsing(app) as browser, caplog.at_level(logging.ERROR):
        browser.http.cookies.set("otklik", "secret-token")
        answer = browser.get("/")
    engine.dispose()

    assert answer.status_code == 503
    assert "База данных недоступна" in Page(answer.text).text
    assert "no such table" in caplog.text
    assert "secret-token" not in caplog.text


def test_an_error_of_ours_shows_no_traceback(app: FastAPI) -> None:
    def broken() -> None:
        raise RuntimeError("secret words")

    app.add_api_route("/broken", broken)
    with browsing(app, raising=False) as browser:
        answer = browser.get("/broken")

    assert answer.status_code == 500
    assert "Внутренняя ошибка" in Page(answer.text).text
    assert "secret words" not in answer.text
    assert answer.headers["content-security-policy"]


def test_nothing_secret_is_logged(
    stranger: Browser, operator: Person, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        stranger.sign_in(operator.login, operator.password)
        stranger.get("/enter/a-token-of-a-link")
    ours = [
        record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    ]
    said = " ".join(record.getMessage() for record in ours)
    assert operator.password not in said
    assert "a-token-of-a-link" not in said
    assert stranger.http.cookies["otklik"] not in said


def test_the_style_sheet_may_be_kept_because_its_name_changes(stranger: Browser) -> None:
    sheet = stranger.page("/sign-in").all("link", rel="stylesheet")[0]["href"] or ""
    answer = stranger.get(sheet)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert "?" in sheet
