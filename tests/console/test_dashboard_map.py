"""The map on the dashboard: drawn by ourselves; tiles from outside only where they are named."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
import sqlalchemy as sa
from console.builders import (
    NOW,
    Clock,
    Person,
    add_incident,
    add_source,
    make_calendar,
    make_region,
)
from console.client import Browser, browsing

from pipeline.console.app import create_app
from pipeline.database import unit_of_work
from pipeline.region.schema import Settlement, Village
from pipeline.settings import SettingsError, load_settings

TILES = "https://tile.example.org:8443/{z}/{x}/{y}.png"
PLACES = (
    Settlement("luga", "Лугское сельское поселение", villages=(Village("Луга", (), 58.7, 29.8),)),
    Settlement("bor", "Боровое сельское поселение", villages=(Village("Бор"),)),
)


@pytest.fixture
def look(
    console_engine: sa.Engine, clock: Clock, operator: Person
) -> Iterator[Callable[..., Browser]]:
    """Give a browser of a town with such settlements, its map on such tiles."""
    with unit_of_work(console_engine) as session:
        source = add_source(session)
        add_incident(session, source, due_at=NOW)
        add_incident(session, source, settlement="bor")
        add_incident(session, source, settlement=None)
    with ExitStack() as stack:

        def come_in(tiles: str = "", places: tuple[Settlement, ...] = PLACES) -> Browser:
            region = replace(make_region(), settlements=places)
            app = create_app(
                engine=console_engine,
                region=region,
                calendar=make_calendar(region),
                clock=clock,
                map_tiles=tiles,
            )
            browser = stack.enter_context(browsing(app))
            assert browser.sign_in(operator.login, operator.password).status_code == 303
            return browser

        yield come_in


def test_a_settlement_is_drawn_where_its_village_lies(look: Callable[..., Browser]) -> None:
    page = look().page("/dashboard")
    assert len(page.all("circle")) == 1
    assert page.all("image") == []
    assert "Лугское: открыто 1, просрочено 0" in page.text
    assert "Нет на карте, потому что нет координат: Боровое." in page.text
    assert "Место не определено" in page.text


def test_a_region_without_coordinates_has_no_map(look: Callable[..., Browser]) -> None:
    page = look(places=PLACES[1:]).page("/dashboard")
    assert page.all("circle") == []
    assert "ни у одного населённого пункта нет координат" in page.text


def test_nothing_is_loaded_from_outside_by_itself(look: Callable[..., Browser]) -> None:
    answer = look().get("/dashboard")
    assert "img-src 'self';" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "извне" not in answer.text


def test_tiles_come_from_the_named_server_alone_and_it_is_said(
    look: Callable[..., Browser],
) -> None:
    browser = look(TILES)
    answer, page = browser.get("/dashboard"), browser.page("/dashboard")
    policy = answer.headers["content-security-policy"]
    assert "img-src 'self' https://tile.example.org:8443;" in policy
    assert policy.count("example.org") == 1
    addresses = [str(image["href"]) for image in page.all("image")]
    assert addresses
    assert all(one.startswith("https://tile.example.org:8443/") for one in addresses)
    assert all(one.removesuffix(".png").split("/")[-1].isdigit() for one in addresses)
    assert "загружается извне, с сервера tile.example.org:8443" in page.text
    assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    # And no other page lets anything in
    other = browser.get("/password")
    assert "example.org" not in other.headers["content-security-policy"]


@pytest.mark.parametrize(
    "address",
    [
        "tile.example.org/{z}/{x}/{y}.png",
        "ftp://tile.example.org/{z}/{x}/{y}.png",
        "https://tile.example.org/{z}/{x}.png",
        "https://tile.example.org/{z}/{x}/{y}.png; script-src *",
        "https://tile.example.org/{z}/{x}/{y}/{style}.png",
        "https:///{z}/{x}/{y}.png",
        "https://tile.example.org ' https://evil.example/{z}/{x}/{y}.png",
        "https://user@tile.example.org/{z}/{x}/{y}.png",
        "https://tile.example.org/{z}/{x}/{y}.png\n",
    ],
)
def test_an_address_that_is_none_of_tiles_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTKLIK_MAP_TILES", address)
    with pytest.raises(SettingsError, match="OTKLIK_MAP_TILES"):
        load_settings()


@pytest.mark.parametrize("address", [TILES, "", "http://10.0.0.7/t/{z}/{y}/{x}?key=ab_1"])
def test_an_address_of_tiles_is_taken(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTKLIK_MAP_TILES", address)
    assert load_settings().map_tiles == address
