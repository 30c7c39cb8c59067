"""The targets of fuzzing work, and their seeds and what is made of those break no parser."""

import json
import random

import pytest
from fuzz.targets import PARSERS, changed, of_json, recorded


@pytest.mark.parametrize("parser", PARSERS)
def test_seeds_cut_off_and_spoilt_break_no_parser(parser: str) -> None:
    target, dice = PARSERS[parser], random.Random(1)  # noqa: S311 - repeatable
    assert target.seeds
    for seed in target.seeds:
        target.run(seed)
        for _ in range(20):
            spoilt = bytearray(seed[: dice.randint(0, len(seed))])
            for _ in range(dice.randint(0, 4)):
                place = dice.randint(0, len(spoilt))
                spoilt[place : place + 1] = dice.randbytes(2)
            target.run(bytes(spoilt))
            target.run(dice.randbytes(40))


def test_a_target_breaks_when_its_parser_does() -> None:
    target = of_json(lambda payload: payload["no such key"], [{}])
    with pytest.raises(KeyError):
        target.run(b"{}")


def test_an_answer_is_changed_as_the_bytes_say() -> None:
    seeds = recorded("vk")
    dice = random.Random(1)  # noqa: S311 - repeatable
    made = {json.dumps(changed(seeds, dice.randbytes(30))) for _ in range(50)}
    assert len(made) > 40
    assert changed(seeds, b"7") == changed(seeds, b"7")
