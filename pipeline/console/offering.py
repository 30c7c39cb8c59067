"""What a page offers to take back: the act that led to it, by the token in its address."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from fastapi import Request
from starlette.datastructures import QueryParams

from models.console import Undo
from models.vocabulary import Act
from pipeline.console.access import Visitor
from pipeline.console.frame import console_of
from pipeline.console.wording import count
from pipeline.database import reading
from pipeline.store.undo import offered

SHOWN = timedelta(seconds=25)
"""How long after the act: its page is there some seconds later, and then shows it for 20 s."""

NAMED = 3
"""Incidents that the offer names; of more it tells how many."""

MOST = 1000
"""Rows looked at: an offer tells of more only that there are many."""

UNDO, UNDONE = "undo", "undone"
"""Keys of the address: what can be taken back, and what just was."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What was done: ``words`` for it, the ``numbers`` of few incidents, or ``many`` in words.

    ``seconds`` are left of the offer. ``back`` is where to go after taking it back. Of what was
    ``undone`` nothing is offered, it is only told.
    """

    token: str
    words: str
    numbers: tuple[int, ...]
    many: str
    seconds: int
    back: str
    undone: bool = False


def offer_of(request: Request, visitor: Visitor) -> Offer | None:
    """Return what this page offers its visitor to take back, or tells of as taken back."""
    query = request.query_params
    token = query.get(UNDO) or query.get(UNDONE)
    if not token:
        return None
    console = console_of(request)
    with reading(console.engine) as session:
        rows = offered(session, token, MOST)
    if not rows or rows[0].staff_id != visitor.staff_id:
        return None
    left = _left(rows, console.clock())
    undone = all(row.undone_at is not None for row in rows)
    if left <= 0 or undone is (UNDO in query):
        return None
    numbers = tuple(dict.fromkeys(row.incident_id for row in reversed(rows)))
    return Offer(
        token=token,
        words=rows[-1].act.russian,
        numbers=numbers if len(numbers) <= NAMED else (),
        many=_many(rows, numbers) if len(numbers) > NAMED else "",
        seconds=left,
        back=_without(request.url.path, query),
        undone=undone,
    )


def with_token(address: str, key: str, token: str) -> str:
    """Return an address of ours with a token in it."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode({key: token})}"


def _left(rows: list[Undo], now: datetime) -> int:
    """Return the seconds that are left to tell of an act, or of its taking back."""
    since = max(row.undone_at or row.at for row in rows)
    return min(int(SHOWN.total_seconds()), int((since + SHOWN - now).total_seconds()))


def _many(rows: list[Undo], numbers: tuple[int, ...]) -> str:
    if rows[-1].act is Act.MERGED:
        numbers = numbers[:-1]  # the one that holds them all now
    said = count(len(numbers), "инцидент", "инцидента", "инцидентов")
    return f"не меньше чем {said}" if len(rows) == MOST else said


def _without(path: str, query: QueryParams) -> str:
    kept = [(key, value) for key, value in query.multi_items() if key not in {UNDO, UNDONE}]
    return f"{path}?{urlencode(kept)}" if kept else path
