"""Turns the rows of a table into posts: what becomes of each cell, and why a row is refused."""

import re
from collections import abc
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from connectors import table_cells as cells
from connectors.table_cells import CellError
from connectors.table_fields import NO_TOPIC, TIME_FIELDS, Mapping
from connectors.table_headers import key
from connectors.table_rows import Accepted, NoValue, RawRow, Rejected, Row, shown
from models.values import FetchedPost, Stated
from models.vocabulary import TOPIC_TITLES, Network, Outcome, PostKind, Topic

WHOLE_ROW = "вся строка"
_PLACE_PARTS = ("municipality", "settlement", "street", "house")
# Fields with a place of their own in a post; every other one goes to Stated.extra by its name.
_OWN = frozenset(
    {
        "id",
        "text",
        "published_at",
        "url",
        "author",
        "author_url",
        "place",
        "topic",
        "code",
        "outcome",
        "closed_at",
        "status",
        "applicant_type",
    },
)
# What is told of applicants, and nothing but: a name that stands in this column is not kept.
_APPLICANTS = {
    key(written): meaning
    for meaning, spellings in {
        "person": ("person", "Физическое лицо", "Физлицо", "ФЛ", "Гражданин", "Индивидуальное"),
        "company": ("company", "Юридическое лицо", "Юрлицо", "ЮЛ", "Организация", "ИП"),
        "group": ("group", "Коллективное", "Коллективный", "Группа граждан"),
        "anonymous": ("anonymous", "Анонимное", "Анонимный", "Аноним"),
    }.items()
    for written in spellings
}
_TOPICS = {key(name): code for code in Topic for name in (code.value, TOPIC_TITLES[code])}


class RowReader:
    """Turns raw rows of one table into posts; holds what is the same for all of them.

    Without ``quoted`` a row whose cells cannot be told apart is refused without a quotation: it
    may begin with somebody's name.
    """

    def __init__(
        self,
        mapping: Mapping,
        headers: Sequence[str],
        columns: abc.Mapping[str, int],
        *,
        source_zone: ZoneInfo,
        now: datetime,
        fine_topics: abc.Mapping[str, Topic],
        quoted: bool,
    ) -> None:
        """Prepare for a table with these headers; ``columns`` maps fields to their places."""
        self._mapping = mapping
        self._headers = headers
        self._columns = columns
        self._zone = source_zone
        self._now = now
        self._quoted = quoted
        self._fine = {key(name): (name, code) for name, code in fine_topics.items()}
        self._extras = [(f, i) for f, i in columns.items() if f not in _OWN]
        self._values = {
            field: {key(cell): meaning for cell, meaning in pairs.items()}
            for field, pairs in mapping.values.items()
        }

    def read(self, raw: RawRow) -> Row | None:
        """Return a row as a post or as rejected; None for a row with nothing in it."""
        if raw.problem:
            seen = raw.cells[:20] if self._quoted else ()
            line = " ".join(str(cell)[:200] for cell in seen if cell is not None)
            return Rejected(raw.number, WHOLE_ROW, raw.problem, shown(line))
        if not any(cell is not None and cell != "" for cell in raw.cells):
            return None
        self._field = "text"
        try:
            return Accepted(raw.number, self._post(raw.cells), raw.position)
        except CellError as error:
            index = self._columns[self._field]
            cell = raw.cells[index] if index < len(raw.cells) else ""
            excerpt = "" if cell is None or not isinstance(cell, _PRINTED) else shown(cell)
            return Rejected(raw.number, shown(self._headers[index]), str(error), excerpt)

    def _cell(self, row: Sequence[object], field: str) -> object:
        index = self._columns.get(field)
        if index is None or index >= len(row):
            return None
        self._field = field  # so that whatever fails next names its column
        return row[index]

    def _text(self, row: Sequence[object], field: str, limit: int = cells.MAX_TEXT) -> str:
        return cells.text(self._cell(row, field), limit)

    def _moment(self, row: Sequence[object], field: str) -> datetime | None:
        return cells.moment(
            self._cell(row, field),
            formats=self._mapping.dates,
            zone=self._zone,
            now=self._now,
        )

    def _post(self, row: Sequence[object]) -> FetchedPost:
        text = cells.body(self._cell(row, "text"))
        if not text.strip():
            raise CellError("пустой текст")
        published_at = self._moment(row, "published_at")
        written_url = self._text(row, "url")
        author = self._text(row, "author", cells.MAX_NAME) or self._text(
            row,
            "author_url",
            cells.MAX_NAME,
        )
        given = self._text(row, "id", cells.MAX_NAME)
        url = cells.link(written_url)
        extra: dict[str, str] = {}
        if "url" in self._columns:
            found = cells.network(url)
            extra["network"] = (self._mapping.network if found is Network.TABLE else found).value
            if written_url and not url:
                extra["url"] = written_url
        topic = self._topic(row, extra)
        status = self._status(row, extra)
        outcome = self._outcome(row, extra)
        if outcome is None and status not in {None, "closed", "open"}:
            outcome = Outcome(str(status))
        self._applicant_type(row, extra)
        self._keep(row, extra)
        closed_at = self._closed_at(row, extra, status)
        return FetchedPost(
            network=self._mapping.network,
            external_id=self._external_id(
                given,
                _fingerprint(text, published_at, written_url, author, given),
                published_at,
                extra,
            ),
            kind=PostKind.POST,
            text=text,
            published_at=published_at,
            url=url,
            author_id=cells.account(author),
            stated=Stated(
                relevant=self._mapping.relevant,
                topic=topic,
                place=self._place(row, extra),
                closed_at=closed_at,
                outcome=outcome,
                extra=extra,
            ),
        )

    def _external_id(
        self,
        given: str,
        fingerprint: str,
        published_at: datetime | None,
        extra: dict[str, str],
    ) -> str:
        """Return what a message is known by: its id, unless that only numbers the rows.

        Two plain tables may both count from 1; by their numbers alone the second one would
        overwrite the first one's messages. So would a register's numbers in a new year.
        """
        if not given or not self._mapping.stable_ids:
            if given:
                extra["id"] = given
            return fingerprint
        if not self._mapping.yearly_ids:
            return given
        if published_at is None:
            self._field = "published_at"
            raise CellError("нет даты: номера каждый год начинаются заново, нужен год")
        extra["id"] = given
        whole = f"{published_at.astimezone(self._zone).year}/{given}"
        return whole if len(whole) <= cells.MAX_NAME else fingerprint

    def _meaning(self, field: str, written: str) -> str | None:
        meanings = self._values.get(field)
        return meanings.get(key(written)) if meanings else None

    def _lookup(self, field: str, written: str) -> Topic | None:
        meaning = self._meaning(field, written)
        if meaning is not None:
            return None if meaning == NO_TOPIC else Topic(meaning)
        name = key(written)
        if name in _TOPICS:
            return _TOPICS[name]
        return self._fine[name][1] if name in self._fine else None

    def _topic(self, row: Sequence[object], extra: dict[str, str]) -> Topic | None:
        """Take the coarse topic from ``code`` if it tells one, else from ``topic``."""
        written = self._text(row, "topic")
        code_text = self._text(row, "code")
        code = self._lookup("code", code_text) if code_text else None
        if code_text and code is None:
            extra["code"] = code_text
        if not written:
            return code
        topic = code or self._lookup("topic", written)
        name = key(written)
        if name in self._fine:
            extra["fine_topic"] = self._fine[name][0]
        elif code is not None and name not in _TOPICS:
            extra["fine_topic"] = written
        elif topic is None:
            extra["topic_written"] = written
        return topic

    def _outcome(self, row: Sequence[object], extra: dict[str, str]) -> Outcome | None:
        written = self._text(row, "outcome")
        if not written:
            return None
        meaning = self._meaning("outcome", written)
        if meaning is None:
            extra["outcome_written"] = written
            return None
        return Outcome(meaning)

    def _status(self, row: Sequence[object], extra: dict[str, str]) -> str | None:
        """Return an outcome, "closed" or "open"; None where the table does not say or we know."""
        written = self._text(row, "status", cells.MAX_NAME)
        meaning = self._meaning("status", written)
        if written:
            extra["status" if meaning else "status_written"] = written
        return meaning

    def _applicant_type(self, row: Sequence[object], extra: dict[str, str]) -> None:
        written = cells.beside(self._cell(row, "applicant_type"))
        meaning = self._meaning("applicant_type", written) or _APPLICANTS.get(key(written))
        if meaning:
            extra["applicant_type"] = meaning

    def _keep(self, row: Sequence[object], extra: dict[str, str]) -> None:
        """Put every field without a place of its own into ``extra``, if it says anything."""
        for field, index in self._extras:
            value = row[index] if index < len(row) else None
            # A failed formula beside the message is no reason to lose the message.
            if value is None or value == "" or value is NoValue.ERROR:
                continue
            self._field = field
            if field in TIME_FIELDS:
                kept = cells.period(value, formats=self._mapping.dates, zone=self._zone)
            else:
                kept = cells.beside(value)
                if field != "step":
                    kept = self._meaning(field, kept) or kept
            if kept:
                extra[field] = kept

    def _closed_at(
        self, row: Sequence[object], extra: dict[str, str], status: str | None
    ) -> datetime | None:
        """Return the end, unless the table tells steps and this step is not the last one.

        A closed row that says not when ended with its answer; where that has no date either, it
        was closed by now, which is marked as assumed.
        """
        closed_at = self._moment(row, "closed_at")
        if status is not None:
            ended = status != "open"
        elif "step" in self._values and "step" in self._columns:
            ended = self._meaning("step", extra.get("step", "")) == "closed"
        else:
            return closed_at
        if closed_at is not None and not ended:
            extra["closed_at_written"] = closed_at.isoformat()
            return None
        if closed_at is None and ended and status is not None:
            closed_at = self._answered(extra)
            if closed_at is None:
                closed_at = self._now
                extra["closed_at_assumed"] = closed_at.isoformat()
        return closed_at

    def _answered(self, extra: abc.Mapping[str, str]) -> datetime | None:
        try:
            answered = datetime.fromisoformat(extra.get("first_answer_at", ""))
        except ValueError:
            return None
        known = answered.tzinfo is not None and cells.EARLIEST <= answered <= self._now
        return answered if known else None

    def _place(self, row: Sequence[object], extra: abc.Mapping[str, str]) -> str:
        whole = self._text(row, "place")
        return whole or ", ".join(
            _address_part(part, extra[part]) for part in _PLACE_PARTS if part in extra
        )


_STREET_KIND = re.compile(
    r"\b(?:ул|улица|пер|переулок|пр|проспект|ш|шоссе|наб|пл|площадь|б-р|бульвар|мкр|тракт|"
    r"проезд|аллея|тупик|квартал|тер|снт)\b",
    re.IGNORECASE,
)
_PRINTED = (str, int, float, datetime)


def _address_part(part: str, written: str) -> str:
    """Add the marker that a column's header stood for: «Минская» → «ул. Минская»."""
    if part == "street" and not _STREET_KIND.search(written):
        return f"ул. {written}"
    return f"д. {written}" if part == "house" and written[0].isdigit() else written


def _fingerprint(
    text: str, published_at: datetime | None, url: str, author: str, given: str
) -> str:
    """Return the id of a row without one, so that an exact repeat gets the same."""
    when = published_at.isoformat() if published_at else ""
    # No part can hold NUL: control characters are removed before.
    whole = f"{text}\0{when}\0{url}\0{author}" + (f"\0{given}" if given else "")
    return f"sha256:{sha256(whole.encode()).hexdigest()[:32]}"
