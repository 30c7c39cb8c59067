"""Checking the journal's chain: which entry was changed, taken out, put in or moved.

Every entry is judged by itself, with the digest that is stored before it, so that one changed
entry does not accuse all that follow. Whoever computes all digests anew, up to the newest, is
found by a digest that was written down elsewhere alone (``holds``).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models.journal import JournalEntry, JournalHead
from pipeline.decisions.chain import Entry, digest

PAGE = 5_000
MOST_TROUBLES = 100
"""Wrong entries that are looked at one by one; of more only the first ones are told."""

COLUMNS = tuple(sa.inspect(JournalEntry).columns)
UNREADABLE = (ValueError, TypeError, LookupError, sa.exc.StatementError)
"""What a stored value raises that is no moment, no JSON or no word of the vocabulary."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one entry, in Russian; ``incident_id`` where it is known."""

    number: int
    incident_id: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry's number and digest."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at the whole journal came to; no troubles means that it is whole.

    ``more`` tells that there were further wrong entries, which are not told one by one.
    """

    entries: int
    troubles: tuple[Trouble, ...]
    more: bool = False


@dataclass(slots=True)
class _Wrong:
    """An entry whose digest does not fit: as it is stored, and the digest stored before it."""

    entry: Entry
    stored: str
    previous: str
    own: str = field(init=False)

    def __post_init__(self) -> None:
        self.own = digest(self.previous, self.entry)


def verify(session: Session, progress: Callable[[int], None] = lambda _number: None) -> Verified:
    """Recompute every digest; ``progress`` gets the number of entries looked at so far."""
    walk = _Walk(head(session))
    for row in _rows(session):
        walk.entries += 1
        if walk.entries % PAGE == 0:
            progress(walk.entries)
        if isinstance(row, int):
            walk.skip(row)
        else:
            walk.step(*row)
        if len(walk.wrong) + len(walk.troubles) >= MOST_TROUBLES:
            break
    else:
        walk.end()
    progress(walk.entries)
    more = len(walk.wrong) + len(walk.troubles) >= MOST_TROUBLES
    troubles = (*walk.troubles, *_explained(walk.wrong))
    return Verified(walk.entries, tuple(sorted(troubles, key=lambda one: one.number)), more)


@dataclass(slots=True)
class _Walk:
    """A walk along the chain: where it stands, and what it has found.

    ``number`` and ``previous`` are the last entry's number and stored digest, None where it told
    none. ``shift`` is how far the numbers have moved since an entry was put in or taken out.
    """

    newest: Head
    entries: int = 0
    number: int = 0
    previous: str | None = ""
    shift: int = 0
    troubles: list[Trouble] = field(default_factory=list)
    wrong: list[_Wrong] = field(default_factory=list)

    def skip(self, number: int) -> None:
        """Pass an entry that cannot be read; the next one cannot be judged without it."""
        self.troubles.append(Trouble(number, None, "запись испорчена: её значения не читаются"))
        self.number, self.previous = number, None

    def step(self, entry: Entry, stored: str) -> None:
        """Judge one entry by the digest that is stored before it."""
        if entry.number - self.shift > self.newest.number:
            self._say(entry.number, "лишняя запись: программа её в журнал не вносила", entry)
        elif entry.number <= self.number:
            self._say(entry.number, "лишняя запись: номера в журнале идут с 1", entry)
        elif entry.number != self.number + 1:
            self._say(self.number + 1, _missing(self.number + 1, entry.number - 1))
        elif self.previous is not None and not self._fits(self.previous, entry, stored):
            self.wrong.append(_Wrong(entry, stored, self.previous))
        self.number, self.previous = entry.number, stored

    def end(self) -> None:
        """Compare the newest entry with what the program noted of it."""
        number, newest = self.number - self.shift, self.newest
        if newest.number > number:
            said = f"конец журнала отрезан: записей было {newest.number}, осталось {number}"
            self._say(number + 1, said)
        elif newest.number == number and newest.digest != self.previous:
            said = "отпечаток последней записи не тот, что отметила программа"
            self._say(self.number, said)

    def _fits(self, previous: str, entry: Entry, stored: str) -> bool:
        if digest(previous, _numbered(entry, entry.number - self.shift)) == stored:
            return True
        for moved in (1, -1):
            if digest(previous, _numbered(entry, entry.number - self.shift - moved)) == stored:
                self._shifted(entry.number, moved)
                return True
        return False

    def _shifted(self, number: int, moved: int) -> None:
        """Say that an entry was put in or taken out, and all later ones numbered anew."""
        self.shift += moved
        if moved > 0:
            first, said = number - 2, "вставленная запись: номера следующих сдвинуты"
        else:
            first, said = number - 1, "перед этой записью одну вынули: номера следующих сдвинуты"
        self.wrong = [one for one in self.wrong if one.entry.number < first]
        self._say(first, said)

    def _say(self, number: int, message: str, entry: Entry | None = None) -> None:
        self.troubles.append(Trouble(number, entry.incident_id if entry else None, message))


def head(session: Session) -> Head:
    """Return the newest entry's number and digest, to be written down elsewhere."""
    row = session.execute(
        sa.select(col(JournalHead.last_id), col(JournalHead.digest)).where(col(JournalHead.id) == 1)
    ).one_or_none()
    return Head(*row) if row is not None else Head(0, "")


def holds(session: Session, written: str, number: int | None = None) -> Head | None:
    """Return the entry whose digest was ``written`` down, or None where no entry has it any more.

    With ``number`` it has to be that very entry. Only a journal that ``verify`` finds whole is
    the one that was there then.
    """
    query = sa.select(col(JournalEntry.id), col(JournalEntry.digest)).where(
        col(JournalEntry.digest) == written
    )
    if number is not None:
        query = query.where(col(JournalEntry.id) == number)
    found = session.execute(query.order_by(col(JournalEntry.id)).limit(1)).one_or_none()
    return Head(*found) if found is not None and found[0] is not None else None


def _rows(session: Session) -> Iterator[tuple[Entry, str] | int]:
    """Yield the entries in order with their stored digests, and the numbers of unreadable ones."""
    last: int | None = None
    while True:
        after = [] if last is None else [COLUMNS[0] > last]
        query = sa.select(*COLUMNS).where(*after).order_by(COLUMNS[0])
        try:
            page: Sequence[Any] = session.execute(query.limit(PAGE)).all()
        except UNREADABLE:
            yield from _one_by_one(session, query.limit(PAGE))
            ids = sa.select(COLUMNS[0]).where(*after).order_by(COLUMNS[0]).limit(PAGE)
            last = list(session.execute(ids).scalars())[-1]
            continue
        if not page:
            return
        for row in page:
            yield _entry(row)
        last = page[-1].id


def _one_by_one(session: Session, page: sa.Select[Any]) -> Iterator[tuple[Entry, str] | int]:
    """Yield a page of which some entry cannot be read."""
    numbers = session.execute(page.with_only_columns(COLUMNS[0])).scalars().all()
    for number in numbers:
        try:
            yield _entry(session.execute(sa.select(*COLUMNS).where(COLUMNS[0] == number)).one())
        except UNREADABLE:
            yield number


def _entry(row: Any) -> tuple[Entry, str]:
    entry = Entry(
        row.id,
        row.incident_id,
        row.post_id,
        row.at,
        row.actor,
        row.act,
        row.reason,
        row.before,
        row.after,
    )
    return entry, row.digest


def _numbered(entry: Entry, number: int) -> Entry:
    return entry if entry.number == number else replace(entry, number=number)


def _missing(first: int, last: int) -> str:
    if first == last:
        return "записи нет: её вынули"
    return f"записей с № {first} по № {last} нет: их вынули"


def _explained(wrong: Sequence[_Wrong]) -> list[Trouble]:
    """Tell whoever was changed or moved from those that only stand after them."""
    at = {one.entry.number: one for one in wrong}
    places = {one.stored: one.entry.number for one in wrong}
    moved: dict[int, int] = {}
    redigested: set[int] = set()
    innocent: set[int] = set()
    for one in wrong:
        number = one.entry.number
        before = at.get(number - 1)
        if before is not None and digest(before.own, one.entry) == one.stored:
            # What was said there is what was said then; only its digest was touched.
            redigested.add(number - 1)
            innocent.add(number)
            continue
        for stored, place in places.items():
            if place != number - 1 and digest(stored, one.entry) == one.stored:
                moved[place] = number - 1
                innocent.add(number)
                break
    return [
        Trouble(number, one.entry.incident_id, _said(number, moved, redigested))
        for number, one in at.items()
        if number not in innocent or number in moved
    ]


def _said(number: int, moved: dict[int, int], redigested: set[int]) -> str:
    if number in moved:
        return f"запись переставлена: это бывшая № {moved[number]}"
    if number in redigested:
        return "отпечаток записи изменён, сама она прежняя"
    return "запись изменена, вставлена или стоит не на своём месте: отпечаток не сходится"
