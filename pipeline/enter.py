"""Storing what a person typed in, through the same path as a network's posts."""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from connectors.manual import Entry, EntryError, to_post
from models.columns import stored_id
from models.values import KnownPost
from pipeline.database import reading
from pipeline.ingest import Origin, OvertakenError, prepare, take_in
from pipeline.judge import Judge
from pipeline.store.posts import known_posts


def enter(engine: sa.Engine, judge: Judge, entry: Entry, *, by: str, now: datetime) -> int | None:
    """Store an entry; return its incident, the same one when the entry comes again.

    ``by`` is the login of who typed it in, and is kept with the message. None means that the
    message needs no answer. Raises EntryError when its number or form stands for another text.
    """
    post = to_post(entry)
    stated = replace(post.stated, extra={**post.stated.extra, "entered_by": by})
    post = replace(post, stated=stated)
    origin = Origin(
        f"manual:{entry.channel}", entry.channel, entry.channel.russian, lambda _external_id: None
    )
    while True:
        source = prepare(engine, origin, now)
        source_id = stored_id(source.id)
        known = _known(engine, source_id, post.external_id)
        if known is not None:
            return _same(known, entry)
        try:
            # Nobody else can have entered it since: then the source would have been claimed.
            take_in(engine, judge, origin, source, posts=[post], cursor={}, now=now)
        except OvertakenError:
            continue
        stored = _known(engine, source_id, post.external_id)
        return stored.incident_id if stored is not None else None


def _known(engine: sa.Engine, source_id: int, external_id: str) -> KnownPost | None:
    with reading(engine) as session:
        return known_posts(session, source_id, [external_id]).get(external_id)


def _same(known: KnownPost, entry: Entry) -> int | None:
    """Return the incident of an entry that is stored already, if it is the same one.

    Its text is never replaced: two papers under one number are a slip, not an edit.
    """
    if known.text == entry.text:
        return known.incident_id
    where = f" (инцидент {known.incident_id})" if known.incident_id else ""
    if entry.number:
        raise EntryError(
            {
                "number": f"под номером {entry.number} за {entry.received_at.year} год уже введён "
                f"другой текст{where}; проверьте номер"
            }
        )
    raise EntryError(
        {"key": f"эта форма уже сохранена с другим текстом{where}; откройте новую форму"}
    )
