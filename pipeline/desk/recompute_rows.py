"""Writing thousands of rows with one statement, in what either database is quickest at.

SQLite runs a prepared statement once a row; PostgreSQL takes all rows as one JSON document, since
a message a row costs it more than the work itself.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import orjson
import sqlalchemy as sa
from sqlmodel import Session, select

from models.journal import JournalHead
from models.vocabulary import Act
from pipeline.decisions.folding import clean
from pipeline.decisions.worktime_vector import Int64s, microseconds

Row = dict[str, Any]
AT_ONCE = 20_000
"""Rows of one JSON document."""

CACHE_KIB = 256 * 1024


class Statement(NamedTuple):
    """One change as SQLite does it, for a row, and PostgreSQL, for the document ``:rows``."""

    sqlite: str
    postgresql: str


INCIDENTS = Statement(
    "UPDATE incident SET due_at = :due_at, norm = :norm, stage_due_at = :stage_due_at, "
    "calendar = CASE WHEN :legal THEN :calendar ELSE calendar END, version = version + 1 "
    "WHERE id = :id",
    "UPDATE incident SET due_at = n.due_at AT TIME ZONE 'UTC', norm = n.norm, "
    "stage_due_at = n.stage_due_at AT TIME ZONE 'UTC', "
    "calendar = CASE WHEN n.legal THEN :calendar ELSE calendar END, version = version + 1 "
    "FROM json_to_recordset(CAST(:rows AS json)) "
    "AS n(id int, due_at timestamp, norm text, stage_due_at timestamp, legal boolean) "
    "WHERE incident.id = n.id",
)
"""Give incidents other deadlines. What is answered keeps the calendar that made its deadline."""

CALENDARS = Statement(
    "UPDATE incident SET calendar = :calendar WHERE id = :id",
    "UPDATE incident SET calendar = :calendar "
    "FROM json_to_recordset(CAST(:rows AS json)) AS n(id int) WHERE incident.id = n.id",
)
"""Note that the present calendar makes the same deadlines."""

TIMERS = Statement(
    "UPDATE timer SET cycle = cycle + 1, level = :level, due_at = :due_at, state = 'pending' "
    "WHERE incident_id = :id AND clock = :clock",
    "UPDATE timer SET cycle = cycle + 1, level = n.level, "
    "due_at = n.due_at AT TIME ZONE 'UTC', state = 'pending' "
    "FROM json_to_recordset(CAST(:rows AS json)) "
    "AS n(id int, clock text, level int, due_at timestamp) "
    "WHERE incident_id = n.id AND timer.clock = n.clock",
)
"""Set timers, as ``desk.terms.set_timer`` sets one that there is."""

NEW_TIMERS = Statement(
    "INSERT INTO timer (incident_id, clock, cycle, level, due_at, state) "
    "VALUES (:id, :clock, 1, :level, :due_at, 'pending') "
    "ON CONFLICT (incident_id, clock) DO NOTHING",
    "INSERT INTO timer (incident_id, clock, cycle, level, due_at, state) "
    "SELECT n.id, n.clock, 1, n.level, n.due_at AT TIME ZONE 'UTC', 'pending' "
    "FROM json_to_recordset(CAST(:rows AS json)) "
    "AS n(id int, clock text, level int, due_at timestamp) "
    "ON CONFLICT (incident_id, clock) DO NOTHING",
)
"""Add those of the timers that there are not yet."""

CANCELLED = Statement(
    "UPDATE timer SET state = 'cancelled' "
    "WHERE incident_id = :id AND clock = :clock AND state = 'pending'",
    "UPDATE timer SET state = 'cancelled' "
    "FROM json_to_recordset(CAST(:rows AS json)) AS n(id int, clock text) "
    "WHERE incident_id = n.id AND timer.clock = n.clock AND state = 'pending'",
)

_ENTRIES = Statement(
    "INSERT INTO journal (id, incident_id, at, actor, act, reason, before, after, digest) "
    "VALUES (:id, :incident_id, :at, :actor, :act, :reason, :before, :after, :digest)",
    "INSERT INTO journal (id, incident_id, at, actor, act, reason, before, after, digest) "
    "SELECT n.id, n.incident_id, CAST(:at AS timestamp) AT TIME ZONE 'UTC', :actor, :act, "
    ":reason, CAST(n.before AS json), CAST(n.after AS json), n.digest "
    "FROM json_to_recordset(CAST(:rows AS json)) "
    "AS n(id int, incident_id int, before text, after text, digest text)",
)


class Facts(NamedTuple):
    """What the journal says of an incident: what was, and what has become of it.

    Both are JSON objects as text, spelled as ``pipeline.decisions.chain`` spells them: keys in
    order, no spaces.
    """

    incident_id: int
    before: str
    after: str


def execute(session: Session, statement: Statement, rows: Sequence[Row], **shared: object) -> int:
    """Change these rows; return how many there were. ``shared`` are the same for all of them.

    Values are what the driver itself takes: SQLAlchemy's share of a row would double its price.
    """
    if not rows:
        return 0
    connection = session.connection()
    if _is_sqlite(session):
        values = [row | shared for row in rows] if shared else list(rows)
        return connection.exec_driver_sql(statement.sqlite, values).rowcount
    found, text = 0, sa.text(statement.postgresql)
    for start in range(0, len(rows), AT_ONCE):
        document = orjson.dumps(rows[start : start + AT_ONCE]).decode()
        found += connection.execute(text, shared | {"rows": document}).rowcount
    return found


def widen_cache(session: Session) -> None:
    """Let SQLite keep a large transaction's pages in memory; it would write them out twice."""
    if _is_sqlite(session):
        session.connection().exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KIB}")


def write_entries(
    session: Session,
    act: Act,
    facts: Iterable[Facts],
    *,
    at: datetime,
    actor: str,
    reason: str,
) -> None:
    """Add an entry of one act for each incident, chained as ``pipeline.decisions.chain`` does.

    The entry's text is put together here, since its two halves are stored as well and writing
    each of them twice takes longer than the database. The journal's head is locked from here on:
    write nothing else in this transaction.
    """
    session.flush()
    head = session.exec(select(JournalHead).where(JournalHead.id == 1).with_for_update()).one()
    said, moment = clean(reason), at.astimezone(UTC).isoformat()
    same = [json.dumps(one, ensure_ascii=False) for one in (moment, actor, act.value, said)]
    middle = f"null,{','.join(same)}"
    shared = {"at": written(np.array([microseconds(at)]))[0], "actor": actor, "act": act.value}
    last, newest = head.last_id, head.digest
    left = iter(facts)
    while lot := list(islice(left, AT_ONCE)):
        rows: list[Row] = []
        for number, (incident_id, before, after) in enumerate(lot, last + 1):
            line = f"{newest}\n[{number},{incident_id},{middle},{before},{after}]"
            newest = hashlib.sha256(line.encode()).hexdigest()
            rows.append(
                {
                    "id": number,
                    "incident_id": incident_id,
                    "before": before,
                    "after": after,
                    "digest": newest,
                }
            )
        last += len(lot)
        execute(session, _ENTRIES, rows, **shared, reason=said)
    head.last_id, head.digest = last, newest


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def written(moments: Int64s) -> list[str | None]:
    """Return moments as the statements take them, in UTC without saying so; None for ``NEVER``.

    It is the text that SQLite's columns hold.
    """
    texts = np.datetime_as_string(moments.astype("datetime64[us]"), unit="us").tolist()
    return [None if text == "NaT" else text.replace("T", " ") for text in texts]


def spoken(moments: Int64s) -> list[str]:
    """Return moments as the journal has them, in JSON: as ``datetime.isoformat`` says them."""
    texts = np.datetime_as_string(moments.astype("datetime64[us]"), unit="us").tolist()
    return [
        "null" if text == "NaT" else f'"{text.removesuffix(".000000")}+00:00"' for text in texts
    ]
