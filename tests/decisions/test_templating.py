"""Templates of answers: what is known is filled in, what is not stays to be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.templating import VARIABLES, Filled, fill, left, unknown

VALUES = {"номер": "12", "место": "Луга, улица Садовая, 7", "телефон": ""}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("№ {номер}", Filled("№ 12")),
        ("{ Номер } и {НОМЕР}", Filled("12 и 12")),
        ("{место}: {телефон}", Filled("Луга, улица Садовая, 7: {телефон}", ("телефон",))),
        ("{срок}", Filled("{срок}", ("срок",))),
        ("{фамилия}", Filled("{фамилия}", (), ("фамилия",))),
        ("{} {{номер}} {а\nб}", Filled("{} {12} {а\nб}", (), ("",))),
        ("без переменных", Filled("без переменных")),
    ],
)
def test_variables_are_filled_in(text: str, filled: Filled) -> None:
    assert fill(text, VALUES) == filled


def test_what_a_value_says_is_not_read_again() -> None:
    assert fill("{место}", {"место": "{номер}", "номер": "12"}).text == "{номер}"


def test_what_is_left_is_told_and_braces_are_just_braces() -> None:
    assert left("Ждём {срок}, {Срок} и {место} {смайлик}") == ("срок", "место")
    assert unknown("{смайлик} {номер} {смайлик}") == ("смайлик",)


@given(text=st.text(max_size=80), value=st.text(min_size=1, max_size=10))
def test_only_variables_are_touched(text: str, value: str) -> None:
    found = fill(text, dict.fromkeys(VARIABLES, value))
    assert found.empty == ()
    if "{" not in text:
        assert found == Filled(text)
