import re

import pytest

from connectors.base import Action
from connectors.ok.errors import CODES, UNKNOWN, refusal
from models.vocabulary import Network

EXPECTED: dict[Action, set[int]] = {
    Action.RETRY: {1, 2, 30, 31, 9999},
    Action.FLOOD: {7, 8, 9},
    Action.QUOTA: {11},
    Action.SIGN_IN: {102, 103, 401, 453},
    Action.CAPTCHA: {402},
    Action.NEEDS_PERSON: {403},
    Action.WRONG_TOKEN: {10, 24, 50, 200},
    Action.CLOSED: {455, 456, 457, 458},
    Action.QUARANTINE: {100, 101, 104, 160},
    Action.TOMBSTONE: {300, 700, 702},
    Action.REFUSED: {454, 600, 601, 602, 603, 604, 605, 606, 607, 701, 704},
}


@pytest.mark.parametrize(
    ("code", "action"), [(code, action) for action, codes in EXPECTED.items() for code in codes]
)
def test_every_kind_of_error_has_its_action(code: int, action: Action) -> None:
    error = refusal("stream.get", code)

    assert error.action is action
    assert (error.network, error.method, error.code) == (Network.OK, "stream.get", code)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_message_is_russian_and_says_method_and_code(code: int) -> None:
    message = str(refusal("discussions.getComments", code))

    assert message.startswith(f"Одноклассники, метод discussions.getComments: ошибка {code}: ")
    assert message.endswith(".")
    assert re.search("[а-я]{4}", message.partition(": ошибка")[2])


def test_an_unknown_code_is_not_repeated_and_points_to_the_reference() -> None:
    error = refusal("stream.get", 77777)

    assert error.action is UNKNOWN[0] is Action.QUARANTINE
    assert "справочнике apiok.ru" in str(error)
