import pytest

from connectors.ok.signature import sign

TOKEN = "-s-84W-s3egarWUsbkq-IWTucuedzTKT8VUXIA.s4Xx8IW7"  # noqa: S105 - the documentation's
SECRET = "ABC123DEF456GHI789JKL123"  # noqa: S105 - as above
PARAMS = {"application_key": "ABCDEFGHIGKLMNOPK", "method": "events.get", "format": "json"}


def test_the_documented_example() -> None:
    assert sign(PARAMS, TOKEN, SECRET) == "232c8eb921951c4dba9b72606f9ddb4c"


@pytest.mark.parametrize("name", ["access_token", "session_key", "sig"])
def test_what_names_the_session_is_not_signed(name: str) -> None:
    assert sign({**PARAMS, name: "x"}, TOKEN, SECRET) == sign(PARAMS, TOKEN, SECRET)


def test_order_means_nothing_and_values_everything() -> None:
    backwards = dict(reversed(PARAMS.items()))

    assert sign(backwards, TOKEN, SECRET) == sign(PARAMS, TOKEN, SECRET)
    assert sign({**PARAMS, "text": "Ёж"}, TOKEN, SECRET) != sign(PARAMS, TOKEN, SECRET)


def test_half_a_letter_does_not_stop_it() -> None:
    assert len(sign({"comment": "\ud83d"}, TOKEN, SECRET)) == 32
