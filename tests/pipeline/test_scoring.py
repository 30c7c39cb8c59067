"""Figures of place finding: what counts as right, false and missed."""

import pytest

from models.values import Place
from pipeline.scoring import Figure, PlaceGold, place_figures


def gold(
    settlement: str | None = None, street: str | None = None, house: str | None = None
) -> PlaceGold:
    return PlaceGold("", "here", None, (), settlement, None, street, house)


def found(
    settlement: str | None = None, street: str | None = None, house: str | None = None
) -> Place:
    return Place(settlement, "here", None, street, house, (0, 1))


def test_a_guess_where_nothing_is_named_is_false() -> None:
    figures = place_figures(
        [gold("one"), gold("two"), gold("three"), gold()],
        [found("one"), found("one"), None, found("one")],
    )["settlement"]
    assert figures["precision"].value == pytest.approx(1 / 3)
    assert figures["recall"].value == pytest.approx(1 / 3)
    assert figures["f1"].value == pytest.approx(1 / 3)
    assert figures["f1"].low <= 1 / 3 <= figures["f1"].high


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Витебское шоссе", "ш. Витебское"),
        ("проспект Мира", "пр-т Мира"),
        ("2-я линия", "линия 2-я"),
        ("Зелёная", "ул. Зеленая"),
        ("1-й микрорайон", "мкр 1"),
    ],
)
def test_streets_are_compared_without_kind_case_and_order(asked: str, answered: str) -> None:
    figures = place_figures([gold(street=asked)], [found(street=answered)])
    assert figures["street"]["f1"].value == 1


def test_another_street_is_both_false_and_missed() -> None:
    figures = place_figures([gold(street="Мира")], [found(street="ул. Победы")])["street"]
    assert (figures["precision"].value, figures["recall"].value) == (0, 0)


def test_houses_are_compared_without_blanks_and_capitals() -> None:
    figures = place_figures([gold(house="12а")], [found(house="12 А")])
    assert figures["house"]["recall"].value == 1


def test_nothing_asked_and_nothing_answered_is_perfect() -> None:
    assert place_figures([gold()], [None])["village"]["f1"] == Figure(1, 1, 1)
