"""Recording what a source answers, and playing it again bit for bit.

A recording is a file of JSON lines. The first is ``{"otklik": 1, "source": {…}}``: what was
read, without secrets. Then come, in order, ``{"fetch": moment}`` for every reading of the
connector and below it ``{"ask": …, "status": …, "headers": …, "body": …}`` for every exchange.
The connector itself gets the masked answers, so that a recording and its play are one and the
same to everything behind.
"""

import base64
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO

import orjson

from connectors.base import SourceError
from connectors.http import Answer, Http, Request
from connectors.masking import Mask

FORMAT = 1
KEPT_HEADERS = frozenset(
    {"content-type", "etag", "last-modified", "retry-after", "location", "link"}
)
REDACTED = "СКРЫТО"


class RecordingHttp:
    """Asks through another Http and writes down what came, masked."""

    def __init__(self, http: Http, out: IO[bytes], *, mask: Mask | None = None) -> None:
        """Write to ``out``, one line at a time, so that a broken-off recording can be played."""
        self._http = http
        self._out = out
        self._mask = mask or Mask()

    def begin(self, source: Mapping[str, object]) -> None:
        """Write the first line: what is being read."""
        self._write({"otklik": FORMAT, "source": source})

    def reading(self, now: datetime) -> None:
        """Write that the connector is asked for a page at ``now``."""
        self._write({"fetch": now.isoformat()})

    async def send(self, request: Request) -> Answer:
        """Ask, and return the masked answer."""
        answer = _masked(await self._http.send(request), self._mask)
        body: object
        try:
            body = answer.body.decode("utf-8")
        except UnicodeDecodeError:
            body = {"base64": base64.b64encode(answer.body).decode()}
        self._write(
            {
                "ask": asked(request),
                "status": answer.status,
                "headers": dict(answer.headers),
                "url": answer.url if request.follow else "",
                "body": body,
            }
        )
        return answer

    def _write(self, line: Mapping[str, object]) -> None:
        self._out.write(orjson.dumps(line) + b"\n")
        self._out.flush()


class PlayedHttp:
    """Answers from a recording; asks nobody.

    ``moments`` are those of the readings, in order. Raises SourceError for a file that is no
    recording.
    """

    def __init__(self, path: Path) -> None:
        """Read the recording."""
        self._path = path
        self._answers: dict[bytes, list[Answer]] = defaultdict(list)
        self.moments: list[datetime] = []
        lines = _lines(path)
        first = lines[0] if lines else None
        if not isinstance(first, dict) or first.get("otklik") != FORMAT:
            raise SourceError(f"Файл {path} — не запись источника, сделанная программой Отклик.")
        self.source = first["source"]
        for number, line in enumerate(lines[1:], start=2):
            try:
                self._line(line)
            except (KeyError, TypeError, ValueError, AttributeError):
                raise SourceError(f"Запись {path}, строка {number}: её не разобрать.") from None

    def _line(self, line: object) -> None:
        if not isinstance(line, dict):
            raise TypeError
        if "fetch" in line:
            self.moments.append(datetime.fromisoformat(line["fetch"]))
            return
        body = line["body"]
        raw = base64.b64decode(body["base64"]) if isinstance(body, dict) else body.encode()
        answer = Answer(line["status"], line["headers"], raw, line["url"])
        self._answers[_key(line["ask"])].append(answer)

    async def send(self, request: Request) -> Answer:
        """Return what was answered to the same request, in order. Raises SourceError for others."""
        waiting = self._answers.get(_key(asked(request)))
        if not waiting:
            raise SourceError(
                f"В записи {self._path} нет ответа на такой запрос: её делала другая версия "
                "программы, или она оборвана."
            )
        return waiting.pop(0)


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


def _key(ask: object) -> bytes:
    return orjson.dumps(ask, option=orjson.OPT_SORT_KEYS)


def _masked(answer: Answer, mask: Mask) -> Answer:
    headers = {name: value for name, value in answer.headers.items() if name in KEPT_HEADERS}
    return Answer(answer.status, headers, _masked_body(answer.body, mask), answer.url)


def _masked_body(body: bytes, mask: Mask) -> bytes:
    try:
        return orjson.dumps(mask.value(orjson.loads(body)))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        pass
    try:
        return mask.page(body.decode("utf-8")).encode()
    except UnicodeDecodeError:
        # An old encoding: its letters are the feed reader's to guess, but ASCII can be masked.
        return mask.page(body.decode("latin-1")).encode("latin-1", "replace")


def _lines(path: Path) -> list[object]:
    try:
        raw = path.read_bytes().splitlines()
    except OSError as error:
        raise SourceError(f"Запись {path} не читается: {error.strerror}.") from error
    loads: Callable[[bytes], object] = orjson.loads
    lines: list[object] = []
    for number, line in enumerate(raw, start=1):
        try:
            lines.append(loads(line))
        except orjson.JSONDecodeError:
            raise SourceError(f"Запись {path}, строка {number}: это не JSON.") from None
    return lines
