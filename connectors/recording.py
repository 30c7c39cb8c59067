"""Recording what a source answers, and playing it again bit for bit.

A recording is a file of JSON lines. The first is ``{"otklik": 1, "source": {…}}``: what was
read, without secrets. Then come, in order, ``{"fetch": moment}`` for every reading of the
connector and below it every exchange: ``{"ask": …, "status": …, "headers": …, "body": …}`` over
HTTP, ``{"ask": …, "batch": …}`` with a mail server. The last line is ``{"end": posts}``; where it
is missing, the recording was broken off.

The connector itself gets the masked answers, so that a recording and its play are one and the
same to everything behind. Secrets that an answer repeats or gives are hidden in the file alone.
"""

import base64
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO

import orjson
from pydantic import Field, JsonValue

from connectors.base import SourceError
from connectors.http import Answer, Http, Request
from connectors.masking import Mask
from connectors.payload import Shape

FORMAT = 1
KEPT_HEADERS = frozenset(
    {"content-type", "etag", "last-modified", "retry-after", "location", "link"}
)
REDACTED = "СКРЫТО"
GIVEN_SECRETS = frozenset({"access_token", "refresh_token", "session_key", "session_secret_key"})
"""Keys under which an answer gives secrets that were not known before."""

SHORTEST_SECRET = 8
"""Characters; what is shorter is found in any text."""


class Tape:
    """Writes a recording, one line at a time, so that a broken-off one can be played."""

    def __init__(self, out: IO[bytes], *, mask: Mask | None = None) -> None:
        """Write to ``out``."""
        self._out = out
        self.mask = mask or Mask()

    def begin(self, source: Mapping[str, object]) -> None:
        """Write the first line: what is being read."""
        self.write({"otklik": FORMAT, "source": source})

    def reading(self, now: datetime) -> None:
        """Write that the connector is asked for a page at ``now``."""
        self.write({"fetch": now.isoformat()})

    def end(self, posts: int) -> None:
        """Write that nothing is missing; ``posts`` is how many were read."""
        self.write({"end": posts})

    def write(self, line: Mapping[str, object]) -> None:
        """Write a line."""
        self._out.write(orjson.dumps(line) + b"\n")
        self._out.flush()


class RecordingHttp(Tape):
    """Asks through another Http and writes down what came, masked."""

    def __init__(self, http: Http, out: IO[bytes], *, mask: Mask | None = None) -> None:
        """Ask through ``http`` and write to ``out``."""
        super().__init__(out, mask=mask)
        self._http = http

    async def send(self, request: Request) -> Answer:
        """Ask, and return the masked answer."""
        found = await self._http.send(request)
        headers = {name: value for name, value in found.headers.items() if name in KEPT_HEADERS}
        answer = Answer(found.status, headers, self.mask.body(found.body), found.url)
        self.write(
            {
                "ask": asked(request),
                "status": answer.status,
                "headers": headers,
                "url": answer.url if request.follow else "",
                "body": _written(answer.body, _secrets(request)),
            }
        )
        return answer


class _Exchange(Shape):
    """An exchange over HTTP as a recording keeps it."""

    status: int = Field(ge=100, le=999)
    headers: dict[str, str]
    url: str
    body: str | dict[str, str]


class Played:
    """A recording, read.

    ``moments`` are those of the readings, in order; ``whole`` tells whether it was not broken
    off. Raises SourceError for a file that is no recording.
    """

    def __init__(self, path: Path) -> None:
        """Read the recording."""
        self.path = path
        self.moments: list[datetime] = []
        self.whole = False
        self._answers: dict[bytes, list[Answer | JsonValue]] = defaultdict(list)
        lines = _lines(path)
        first = lines[0] if lines else None
        if not isinstance(first, dict) or first.get("otklik") != FORMAT or "source" not in first:
            raise SourceError(f"Файл {path} — не запись источника, сделанная программой Отклик.")
        self.source = first["source"]
        for number, line in enumerate(lines[1:], start=2):
            try:
                self._line(line)
            except (KeyError, TypeError, ValueError):
                raise SourceError(f"Запись {path}, строка {number}: её не разобрать.") from None

    def take(self, ask: Mapping[str, object]) -> Answer | JsonValue:
        """Return what was answered to the same question, in order. Raises SourceError."""
        waiting = self._answers.get(_key(ask))
        if not waiting:
            raise SourceError(
                f"В записи {self.path} нет ответа на такой запрос: её делала другая версия "
                "программы, или она оборвана."
            )
        return waiting.pop(0)

    def _line(self, line: object) -> None:
        if not isinstance(line, dict):
            raise TypeError
        if "fetch" in line:
            moment = datetime.fromisoformat(line["fetch"])
            if moment.tzinfo is None:
                raise ValueError
            self.moments.append(moment)
        elif "end" in line:
            self.whole = True
        elif "batch" in line:
            self._answers[_key(line["ask"])].append(line["batch"])
        else:
            found = _Exchange.model_validate(line)
            answer = Answer(found.status, found.headers, _raw(found.body), found.url)
            self._answers[_key(line["ask"])].append(answer)


class PlayedHttp(Played):
    """Answers from a recording; asks nobody."""

    async def send(self, request: Request) -> Answer:
        """Return what was answered to the same request, in order. Raises SourceError for others."""
        answer = self.take(asked(request))
        if not isinstance(answer, Answer):
            raise SourceError(f"Запись {self.path}: на запрос отвечает почта, а не сеть.")
        return answer


def asked(request: Request) -> dict[str, object]:
    """Return a request as recordings keep it: secrets are named, not shown."""
    return {
        "method": request.method,
        "url": request.url.replace(request.hidden, REDACTED) if request.hidden else request.url,
        "params": _redacted(request.params, request.secrets),
        "form": None if request.form is None else _redacted(request.form, request.secrets),
        "json": request.json,
    }


def _redacted(values: Mapping[str, str], secret: frozenset[str]) -> dict[str, str]:
    return {name: REDACTED if name in secret else value for name, value in values.items()}


def _secrets(request: Request) -> list[str]:
    """Return the secrets that a request carries, the longest first."""
    found = {
        value
        for values in (request.params, request.form or {}, request.headers)
        for name, value in values.items()
        if name in request.secrets
    }
    found.add(request.hidden)
    return sorted((one for one in found if len(one) >= SHORTEST_SECRET), key=len, reverse=True)


def _written(body: bytes, secrets: list[str]) -> str | dict[str, str]:
    """Return a masked body as the file keeps it: without secrets, as text where it is any."""
    for secret in secrets:
        body = body.replace(secret.encode(), REDACTED.encode())
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    else:
        if isinstance(decoded, dict) and GIVEN_SECRETS & decoded.keys():
            hidden = dict.fromkeys(GIVEN_SECRETS & decoded.keys(), REDACTED)
            body = orjson.dumps(decoded | hidden)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _raw(body: str | dict[str, str]) -> bytes:
    return (
        body.encode() if isinstance(body, str) else base64.b64decode(body["base64"], validate=True)
    )


def _key(ask: object) -> bytes:
    return orjson.dumps(ask, option=orjson.OPT_SORT_KEYS)


def _lines(path: Path) -> list[JsonValue]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SourceError(f"Запись {path} не читается: {error.strerror}.") from error
    found = raw.splitlines()
    lines: list[JsonValue] = []
    for number, line in enumerate(found, start=1):
        try:
            lines.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            if lines and number == len(found) and not raw.endswith(b"\n"):
                # The program ended, or the disk was full, in the middle of a line.
                break
            raise SourceError(f"Запись {path}, строка {number}: это не JSON.") from None
    return lines
