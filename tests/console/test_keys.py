"""Keys: one table binds them, shows them and is remapped."""

import json
from collections import Counter

import pytest
import sqlalchemy as sa
from console.builders import Person
from console.client import Browser, Page

from models.staff import Staff
from pipeline.console.keys import ALLOWED, KEYS, Scope, bound, chosen, trouble
from pipeline.database import reading, unit_of_work

USUAL = {key.name: key.code for key in KEYS}


def test_no_two_actions_share_a_key_and_none_is_a_browsers_own() -> None:
    assert max(Counter(key.code for key in KEYS).values()) == 1
    assert {key.code for key in KEYS} <= set(ALLOWED)
    for browsers_own in ("F5", "Tab", "Space", "Enter", "Backspace", "Slash", "Quote", "Escape"):
        assert browsers_own not in ALLOWED


def test_a_key_is_shown_with_both_its_letters() -> None:
    shown = {key.name: key.shown for key in KEYS}

    assert (shown["agree"], shown["topic1"], shown["search"]) == ("Ф / A", "1", "А / F")


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ({}, ""),
        ({"agree": "KeyQ"}, ""),
        ({"agree": "KeyX", "irrelevant": "KeyA"}, ""),
        ({"agree": "KeyJ"}, "Клавиша О / J стоит и у «Следующая строка»"),
        ({"agree": "F5"}, "«Подтвердить и дальше»: такую клавишу занять нельзя"),
        ({"agree": "Tab"}, "нужна браузеру"),
    ],
)
def test_what_keys_may_be_bound(codes: dict[str, str], words: str) -> None:
    assert words in trouble(codes)
    assert bool(words) == bool(trouble(codes))


def test_only_what_differs_is_kept() -> None:
    assert chosen(USUAL | {"agree": "KeyQ"}) == {"agree": "KeyQ"}
    assert chosen(USUAL) == {}


@pytest.mark.parametrize("stored", [{"agree": "KeyJ"}, {"agree": "F5"}])
def test_stored_keys_that_no_longer_fit_give_way_to_the_table(stored: dict[str, str]) -> None:
    assert bound(stored) == KEYS


def carried_by(page: Page) -> dict[str, str]:
    """Return the code of each action as the page carries it."""
    rows = json.loads(page.all("div", id="keys")[0]["data-keys"] or "")
    return {name: code for name, code, *_ in rows}


def test_every_page_carries_the_table_that_binds(browser: Browser) -> None:
    page = browser.page("/")

    assert carried_by(page) == USUAL
    rows = json.loads(page.all("div", id="keys")[0]["data-keys"] or "")
    assert ["agree", "KeyA", "Ф / A", "Подтвердить и дальше", Scope.REVIEW.russian] in rows


def test_keys_are_remapped_kept_and_given_back(
    browser: Browser, console_engine: sa.Engine, operator: Person
) -> None:
    form = {**USUAL, "agree": "Semicolon", "button": "save"}

    answer = browser.submit("/keys", "/keys", **form)

    assert answer.headers["location"] == "/keys?kept=1"
    assert "Клавиши записаны" in browser.page("/keys?kept=1").text
    with reading(console_engine) as session:
        assert session.get_one(Staff, operator.id).keys == {"agree": "Semicolon"}
    assert carried_by(browser.page("/"))["agree"] == "Semicolon"

    assert browser.submit("/keys", "/keys", button="reset").status_code == 303
    with reading(console_engine) as session:
        assert session.get_one(Staff, operator.id).keys == {}


@pytest.mark.parametrize("code", ["KeyJ", "F5", "<script>", "Ъ" * 1000])
def test_a_key_that_cannot_be_is_refused_and_the_choice_shown_again(
    code: str, browser: Browser, console_engine: sa.Engine, operator: Person
) -> None:
    form = {**USUAL, "agree": code, "skip": "KeyQ", "button": "save"}

    answer = browser.submit("/keys", "/keys", **form)

    assert answer.status_code == 422
    page = Page(answer.text)
    assert "Подтвердить и дальше" in page.text
    assert [option["value"] for option in page.all("option") if "selected" in option].count(
        "KeyQ"
    ) == 1
    with reading(console_engine) as session:
        assert session.get_one(Staff, operator.id).keys == {}


def test_somebody_elses_keys_stay_theirs(
    browser: Browser, console_engine: sa.Engine, administrator: Person
) -> None:
    with unit_of_work(console_engine) as session:
        session.get_one(Staff, administrator.id).keys = {"agree": "KeyQ"}

    assert carried_by(browser.page("/")) == USUAL
