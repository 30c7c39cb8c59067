"""execute of the fake VKontakte: a small and honest part of its language.

Understood is one ``return`` of a call, or of a list or an object of calls, with arguments in
JSON: ``return [API.wall.get({"owner_id":-1}), API.users.get({})];``. Anything else is error 12.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from fakes.vk_calls import Ask, carry_out, method
from fakes.vk_limits import Call, Kind, VkError

CALLS = 25
CALL = re.compile(r"\s*API\.([A-Za-z]+\.[A-Za-z]+)\(\s*")
KEY = re.compile(r'\s*"?([A-Za-z_]\w*)"?\s*:')
DECODER = json.JSONDecoder()

SubCall = tuple[str, dict[str, Any]]


class Results:
    """What an execute returns, and the errors of the calls that became false."""

    def __init__(self, value: Any, errors: list[dict[str, Any]]) -> None:
        """Hold both; the server writes ``execute_errors`` beside ``response``."""
        self.value = value
        self.errors = errors


@method("execute", Kind.USER, Kind.GROUP, Kind.SERVICE)
def execute(ask: Ask) -> Results:
    """Carry out at most 25 calls; of a failed one there is false and an entry in the errors.

    That service tokens may do it is believed, not known: ``FakeToken.refusals``.
    """
    shape, calls = parse(ask.need("code"))
    if len(calls) > CALLS:
        raise VkError(13, "Runtime error: too many API calls")
    now = ask.world.clock()
    values, errors = [], []
    for name, arguments in calls:
        params = {key: _written(value) for key, value in arguments.items()}
        code = 0
        try:
            sub = Ask(ask.world, ask.token, name, params, ask.base)
            values.append(carry_out(sub, inside=True))
        except VkError as error:
            code = error.code
            values.append(False)
            errors.append({"method": name, "error_code": code, "error_msg": error.message})
        ask.world.log.append(Call(now, ask.token.secret, name, code, True, params))
    return Results(shape(values), errors)


def _written(value: Any) -> str:
    """Write an argument as a form would."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list):
        return ",".join(map(_written, value))
    return str(value)


def parse(code: str) -> tuple[Callable[[list[Any]], Any], list[SubCall]]:
    """Return how to arrange the results, and the calls. Raises VkError 12."""
    match = re.fullmatch(r"\s*return\s+(.*?)\s*;?\s*", code, re.DOTALL)
    if match is None:
        raise VkError(12)
    text = match[1]
    if text[:1] in {"[", "{"}:
        return _many(text)
    call, rest = _call(text)
    if rest.strip():
        raise VkError(12)
    return (lambda values: values[0]), [call]


def _many(text: str) -> tuple[Callable[[list[Any]], Any], list[SubCall]]:
    named, rest = text[0] == "{", text[1:]
    closing = "}" if named else "]"
    keys, calls = [], []
    while not rest.lstrip().startswith(closing):
        if named:
            key = KEY.match(rest)
            if key is None:
                raise VkError(12)
            keys.append(key[1])
            rest = rest[key.end() :]
        call, rest = _call(rest)
        calls.append(call)
        rest = rest.lstrip()
        if rest.startswith(","):
            rest = rest[1:]
        elif not rest.startswith(closing):
            raise VkError(12)
    if rest.lstrip() != closing:
        raise VkError(12)
    if named:
        return (lambda values: dict(zip(keys, values, strict=True))), calls
    return list, calls


def _call(text: str) -> tuple[SubCall, str]:
    """Take one call off the beginning of the text."""
    match = CALL.match(text)
    if match is None:
        raise VkError(12)
    rest = text[match.end() :]
    arguments: Any = {}
    if not rest.startswith(")"):
        try:
            arguments, end = DECODER.raw_decode(rest)
        except (ValueError, RecursionError):
            raise VkError(12) from None
        rest = rest[end:].lstrip()
    if not isinstance(arguments, dict) or not rest.startswith(")"):
        raise VkError(12)
    return (match[1], arguments), rest[1:]
