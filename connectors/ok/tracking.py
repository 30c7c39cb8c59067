"""What is followed of a group between readings, and what of it to read next.

Everything here is pure: no network, no clock. Times are Unix seconds, as they stand in the cursor.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from connectors.base import BadPayloadError, SourceError
from connectors.ok.parse import Thread
from connectors.payload import Seconds, Shape, read

HOUR = 3600
OVERLAP = 48 * HOUR
"""How far back topics are read again."""

OPEN_FOR = 7 * 24 * HOUR
"""How long a topic with an open incident is followed after it was published."""

FRESH = 6 * HOUR
FRESH_AGAIN = HOUR
OLDER_AGAIN = 6 * HOUR
"""A discussion is read again after so long though its count says nothing: counts show no edits.
Fresh is one in which somebody wrote lately, or of which an incident is open."""

REFUSED_FOR = 24 * HOUR
"""How long a method that was refused is left alone."""

MISSES = 2
"""After so many readings in a row without it, something is taken for deleted."""

MOST_THREADS = 200
MOST_LOST = 100
"""What a cursor may hold: discussions, and comments missing once of each."""


class Step(StrEnum):
    """Where a reading of the group stands."""

    IDLE = ""
    TOPICS = "topics"
    ACTIVE = "active"
    CONFIRM = "confirm"
    COMMENTS = "comments"


class Followed(Shape):
    """One topic or photo.

    ``count`` is its comments by the newest listing, ``read_count`` that of the last whole
    reading, -1 where nobody knows. ``looked_at`` is the start of the reading that saw it or
    asked for it last, ``read_at`` of that which read its comments.
    """

    created: int
    active: int = 0
    count: int = -1
    read_count: int = -1
    read_at: int = 0
    looked_at: int = 0
    misses: int = 0


class _Cursor(Shape):
    floor: Seconds
    started: Seconds
    since: Seconds
    listed_at: Seconds
    step: str
    anchor: str
    pages: int
    reading: str
    threads: dict[str, tuple[int, int, int, int, int, int, int]]
    lost: dict[str, list[str]] = Field(default_factory=dict)
    refused: dict[str, int] = Field(default_factory=dict)


@dataclass(slots=True)
class State:
    """How far a group has been read.

    ``floor``: nothing written before it is taken. ``started``: when this reading began,
    ``listed_at`` the last one that came to its end. ``since``: topics older than that are not
    looked for. ``anchor`` and ``pages`` belong to the list or discussion (``reading``) at hand.
    ``lost`` are comments that the last whole reading missed; ``refused``, methods and until when.
    """

    floor: int
    started: int
    since: int
    listed_at: int = 0
    step: Step = Step.IDLE
    anchor: str = ""
    pages: int = 0
    reading: str = ""
    threads: dict[str, Followed] = field(default_factory=dict)
    lost: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def to(self, step: Step) -> None:
        """Go on to ``step``, from its beginning."""
        self.step, self.anchor, self.pages, self.reading = step, "", 0, ""

    def turn(self, anchor: str) -> None:
        """Go on to the next page."""
        self.anchor, self.pages = anchor, self.pages + 1


def load(cursor: dict[str, object], *, now: datetime, history: int) -> State:
    """Return the state that a cursor holds; of ``{}``, one that begins ``history`` seconds ago.

    Raises SourceError when the cursor is damaged.
    """
    second = int(now.timestamp())
    if not cursor:
        return State(floor=second - history, started=second, since=second - history)
    try:
        # Keys of JSON objects and tuples come back as text and lists, so strictness is off.
        held = read(_Cursor, _tuples(cursor), where="Одноклассники, закладка")
        state = State(**{**dict(held), "step": Step(held.step)})
    except (BadPayloadError, ValueError):
        raise SourceError(
            "Закладка источника Одноклассников повреждена. Очистите закладку, чтобы начать "
            "сначала: записи последних двух суток будут прочитаны заново и не удвоятся."
        ) from None
    fields = tuple(Followed.model_fields)
    state.threads = {
        key: Followed(**dict(zip(fields, values, strict=True)))
        for key, values in held.threads.items()
    }
    return state


def dump(state: State) -> dict[str, object]:
    """Return the state as a cursor: plain JSON, no secrets, some kB at most."""
    threads = {key: list(dict(thread).values()) for key, thread in state.threads.items()}
    rest = {name: value for name, value in asdict(state).items() if name != "threads"}
    return {**rest, "step": state.step.value, "threads": threads}


def _tuples(cursor: dict[str, object]) -> dict[str, object]:
    threads = cursor.get("threads")
    if not isinstance(threads, dict):
        return cursor
    rows = {k: tuple(row) if isinstance(row, list) else row for k, row in threads.items()}
    return {**cursor, "threads": rows}


def begin(state: State, *, now: datetime, open_keys: Iterable[str]) -> None:
    """Begin a reading: its window, and topics with open incidents that are not followed yet."""
    state.started = int(now.timestamp())
    last = min(state.started, state.listed_at or state.started)
    state.since = max(state.floor, last - OVERLAP)
    for key in sorted(open_keys):
        if key not in state.threads and not is_photo(key):
            state.threads[key] = Followed(created=state.started)
    state.to(Step.TOPICS)


def is_photo(key: str) -> bool:
    """Tell the key of a photo from that of a topic."""
    return key.startswith("p")


def note(state: State, thread: Thread, *, looked: bool) -> Followed:
    """Keep what a listing says of a topic or photo; ``looked``: it was shown whole."""
    old = state.threads.get(thread.key, Followed(created=state.started))
    published = thread.post.published_at
    active = int(thread.active.timestamp()) if thread.active else 0
    # Two methods may count differently; the one that shows the topic whole has the word.
    counted = not looked and old.looked_at == state.started and old.count >= 0
    count = -1 if thread.comments is None else thread.comments
    new = Followed(
        created=int(published.timestamp()) if published else old.created,
        active=max(active, old.active),
        count=old.count if counted else count,
        read_count=old.read_count,
        read_at=old.read_at,
        looked_at=state.started if looked else old.looked_at,
        misses=0 if looked else old.misses,
    )
    state.threads[thread.key] = new
    return new


def is_old(state: State, thread: Followed) -> bool:
    """Tell whether nothing happened there since the window began."""
    return max(thread.created, thread.active) < state.since


def is_open(state: State, key: str, open_keys: frozenset[str]) -> bool:
    """Tell whether an incident of a topic or photo, published lately enough, is open."""
    return key in open_keys and state.threads[key].created >= state.started - OPEN_FOR


def unconfirmed(state: State, open_keys: frozenset[str]) -> list[str]:
    """Return the topics that should stand in the group and were not seen in this reading."""
    return [
        key
        for key, thread in state.threads.items()
        if thread.looked_at < state.started
        and not is_photo(key)
        and (thread.misses or not is_old(state, thread) or is_open(state, key, open_keys))
    ]


def witness(state: State) -> str:
    """Return a topic that this reading has seen: who leaves it out of an answer, hides others."""
    seen = [
        key
        for key, thread in state.threads.items()
        if thread.looked_at == state.started and not thread.misses and not is_photo(key)
    ]
    return max(seen, key=lambda key: state.threads[key].created, default="")


def missed(state: State, key: str) -> bool:
    """Note that a topic was not found; return whether it is deleted, and follow it no more."""
    thread = state.threads[key]
    if thread.misses + 1 >= MISSES:
        forget(state, key)
        return True
    state.threads[key] = thread.model_copy(
        update={"misses": thread.misses + 1, "looked_at": state.started}
    )
    return False


def looked(state: State, key: str) -> None:
    """Note that this reading asked for a topic, whatever came of it."""
    state.threads[key] = state.threads[key].model_copy(update={"looked_at": state.started})


def next_due(state: State, open_keys: frozenset[str]) -> str:
    """Return the discussion to read next, the newest first; "" when none is due."""
    due = [key for key in state.threads if _due(state, key, open_keys)]
    return max(due, key=lambda key: (state.threads[key].created, key), default="")


def _due(state: State, key: str, open_keys: frozenset[str]) -> bool:
    thread = state.threads[key]
    if thread.misses or thread.read_at >= state.started:
        return False
    if thread.count == 0 and thread.read_count <= 0 and key not in state.lost:
        return False
    if key in state.lost or (thread.count >= 0 and thread.count != thread.read_count):
        return True
    if thread.active > thread.read_at:
        return True
    still_open = is_open(state, key, open_keys)
    if is_old(state, thread) and not still_open:
        return False
    fresh = still_open or state.started - max(thread.created, thread.active) < FRESH
    return state.started - thread.read_at >= (FRESH_AGAIN if fresh else OLDER_AGAIN)


def close(state: State, key: str, *, whole: bool) -> None:
    """Note that a discussion was read in this reading; ``whole``: to its end."""
    thread = state.threads[key]
    update = {"read_at": state.started}
    if whole:
        update["read_count"] = max(thread.count, 0)
    state.threads[key] = thread.model_copy(update=update)
    state.reading, state.anchor, state.pages = "", "", 0


def settle(state: State, key: str, *, known: Iterable[str], seen: frozenset[str]) -> list[str]:
    """Compare the stored comments of a discussion with those of a whole reading.

    Returns those that were missing twice in a row, and remembers those missing once.
    """
    missing = sorted(set(known) - seen)
    before = set(state.lost.pop(key, ()))
    once = [comment for comment in missing if comment not in before][:MOST_LOST]
    if once:
        state.lost[key] = once
    return [comment for comment in missing if comment in before]


def forget(state: State, key: str) -> None:
    """Follow a topic or photo no more."""
    state.threads.pop(key, None)
    state.lost.pop(key, None)


def finish(state: State, open_keys: frozenset[str]) -> None:
    """End a reading: what is old is followed no more, unless this reading came upon it."""
    for key in list(state.threads):
        thread = state.threads[key]
        followed = (
            thread.looked_at >= state.started
            or not is_old(state, thread)
            or is_open(state, key, open_keys)
        )
        if not followed:
            forget(state, key)
    newest = sorted(
        state.threads, key=lambda key: max(state.threads[key].created, state.threads[key].active)
    )
    for key in newest[:-MOST_THREADS]:
        forget(state, key)
    state.refused = {
        method: until for method, until in state.refused.items() if until > state.started
    }
    state.listed_at = state.started
    state.to(Step.IDLE)
