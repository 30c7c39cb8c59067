"""Plays a recording of networks' answers as if the networks were being asked now.

A recording is a file of JSON lines. The first is ``{"recorded_at": Unix time}``, the moment
that minute 0 stands for. Every other one is an exchange, in order of minutes::

    {"minute": -15, "network": "vk", "method": "wall.get",
     "params": {"owner_id": -990000101, "count": 5}, "response": {...}}

``response`` is what the network answers, word for word, and goes through the same parsers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import orjson

from connectors.base import BadPayloadError, Page, SourceError
from connectors.ok import parse as ok
from connectors.payload import Seconds, Shape, read
from connectors.vk import parse as vk
from connectors.vk.events import parse_event
from models.values import FetchedPost

CALLBACK = "callback"
PAGE = 20  # exchanges; a page is stored in one transaction


class _Header(Shape):
    recorded_at: Seconds


class _Exchange(Shape):
    minute: int
    network: str
    method: str
    params: Mapping[str, object] = {}
    response: object


class _WallParams(Shape):
    owner_id: int


class _CommentsParams(_WallParams):
    post_id: int


class _StreamParams(Shape):
    gid: str


class _DiscussionParams(_StreamParams):
    discussionId: str  # noqa: N815 - the network's own spelling


@dataclass(frozen=True, slots=True)
class _Line:
    place: str
    exchange: _Exchange
    at: datetime


@dataclass(frozen=True, slots=True)
class _Recording:
    recorded_at: datetime
    lines: tuple[_Line, ...]


class Replay:
    """A connector over the recording in ``path``; the file is read at the first fetch."""

    def __init__(self, path: Path) -> None:
        """Remember where the recording is."""
        self._path = path

    @cached_property
    def _recording(self) -> _Recording:
        return _load(self._path)

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Deliver the exchanges that are due since the play started, at most PAGE of them.

        ``{}`` starts the play at ``now``; later cursors are ``{"started", "position"}``. Dates
        in the answers are moved by whole seconds, so that minute 0 of the recording is the
        start. Raises SourceError when the file cannot be read or the cursor is damaged, and
        BadPayloadError, naming file and line, when a line is not an exchange.
        """
        recording = self._recording
        started, position = _read_cursor(cursor, now=now)
        shift = timedelta(seconds=int((started - recording.recorded_at).total_seconds()))
        due = [
            line for line in recording.lines[position : position + PAGE] if line.at + shift <= now
        ]
        posts = [_shifted(post, shift) for line in due for post in _parse(line)]
        position += len(due)
        waiting = recording.lines[position : position + 1]
        return Page(
            posts=tuple(posts),
            cursor={"started": started.isoformat(), "position": position},
            more=any(line.at + shift <= now for line in waiting),
        )


def _load(path: Path) -> _Recording:
    try:
        raw = path.read_bytes().splitlines()
    except OSError as error:
        raise SourceError(
            f"Запись {path} не читается: {error.strerror}. Проверьте путь к ней в настройках."
        ) from error
    place = _place(path, 1)
    header = read(_Header, _json(raw[0] if raw else b"", place), where=place)
    recorded_at = datetime.fromtimestamp(header.recorded_at, UTC)
    lines: list[_Line] = []
    for number, content in enumerate(raw[1:], start=2):
        place = _place(path, number)
        exchange = read(_Exchange, _json(content, place), where=place)
        if lines and exchange.minute < lines[-1].exchange.minute:
            raise BadPayloadError(f"{place}: минуты идут не по порядку. Упорядочите строки записи.")
        at = recorded_at + timedelta(minutes=exchange.minute)
        lines.append(_Line(place=place, exchange=exchange, at=at))
    return _Recording(recorded_at=recorded_at, lines=tuple(lines))


def _place(path: Path, number: int) -> str:
    return f"Запись {path}, строка {number}"


def _json(content: bytes, place: str) -> object:
    try:
        value: object = orjson.loads(content)
    except orjson.JSONDecodeError:
        # The chain is cut because it holds the whole line.
        raise BadPayloadError(f"{place}: это не JSON. Исправьте или удалите строку.") from None
    return value


def _read_cursor(cursor: dict[str, object], *, now: datetime) -> tuple[datetime, int]:
    if not cursor:
        return now.astimezone(UTC), 0
    started, position = cursor.get("started"), cursor.get("position")
    try:
        moment_of_start = datetime.fromisoformat(str(started))
    except ValueError:
        moment_of_start = None
    if (
        moment_of_start is None
        or moment_of_start.tzinfo is None
        or not isinstance(position, int)
        or position < 0
    ):
        raise SourceError(
            "Закладка воспроизведения повреждена: нужны начало (started) и номер обмена "
            "(position). Очистите закладку источника, чтобы начать сначала."
        )
    return moment_of_start, position


def _vk_wall(line: _Line) -> list[FetchedPost]:
    params = read(_WallParams, line.exchange.params, where=line.place)
    return vk.parse_wall(line.exchange.response, owner_id=params.owner_id)


def _vk_comments(line: _Line) -> list[FetchedPost]:
    params = read(_CommentsParams, line.exchange.params, where=line.place)
    return vk.parse_comments(
        line.exchange.response, owner_id=params.owner_id, post_id=params.post_id
    )


def _vk_event(line: _Line) -> list[FetchedPost]:
    return parse_event(line.exchange.response, line.at)


def _ok_topics(line: _Line) -> list[FetchedPost]:
    params = read(_StreamParams, line.exchange.params, where=line.place)
    return ok.parse_topics(line.exchange.response, group_id=params.gid)


def _ok_comments(line: _Line) -> list[FetchedPost]:
    params = read(_DiscussionParams, line.exchange.params, where=line.place)
    return ok.parse_comments(
        line.exchange.response, group_id=params.gid, topic_id=params.discussionId
    )


PARSERS: dict[tuple[str, str], Callable[[_Line], list[FetchedPost]]] = {
    ("vk", "wall.get"): _vk_wall,
    ("vk", "wall.getComments"): _vk_comments,
    ("vk", CALLBACK): _vk_event,
    ("ok", "stream.get"): _ok_topics,
    ("ok", "discussions.getComments"): _ok_comments,
}


def _parse(line: _Line) -> list[FetchedPost]:
    exchange = line.exchange
    parse = PARSERS.get((exchange.network, exchange.method))
    if parse is None:
        raise BadPayloadError(
            f"{line.place}: метод {exchange.network} {exchange.method} воспроизводить не умеем. "
            f"Известны: {', '.join(' '.join(known) for known in PARSERS)}."
        )
    try:
        # What a reading showed held at that minute; an event says itself what it is about.
        return [
            post if post.seen_at or exchange.method == CALLBACK else replace(post, seen_at=line.at)
            for post in parse(line)
        ]
    except SourceError as error:
        raise type(error)(f"{line.place}: {error}") from error


def _shifted(post: FetchedPost, shift: timedelta) -> FetchedPost:
    return replace(
        post,
        published_at=post.published_at and post.published_at + shift,
        edited_at=post.edited_at and post.edited_at + shift,
        seen_at=post.seen_at and post.seen_at + shift,
    )
