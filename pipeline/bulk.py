"""Running bulk acts: in the background of the console, one incident after the other.

A process that is killed leaves the act where it stood; somebody lets it go on. Between two
incidents others get their turn: SQLite serves one writer at a time, and not the one that waited
longest.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from pipeline.database import DatabaseError, reading, unit_of_work
from pipeline.desk.bulk_acts import advance
from pipeline.desk.undo import new_token
from pipeline.rules import Rules
from pipeline.store.bulk_acts import find_bulk_act

log = logging.getLogger(__name__)

PAUSE = 0.01
"""Seconds between two incidents."""

TRIES = 5
"""How often in a row the database may be away before the act is left to be gone on with."""

RETRY = 2.0
"""Seconds before it is tried again."""

FAULT = "Внутренняя ошибка: подробности записаны в журнал программы. Откройте карточку."


@dataclass
class Runner:
    """Goes on with one bulk act until its end; ``name`` is its own, that no other one has."""

    engine: sa.Engine
    rules: Rules
    clock: Callable[[], datetime]
    name: str = field(default_factory=new_token)
    pause: float = PAUSE
    retry: float = RETRY
    _waiting: threading.Event = field(default_factory=threading.Event)

    def begin(self, token: str) -> threading.Thread:
        """Run in a thread, which does not keep the process from ending; return it."""
        thread = threading.Thread(target=self.run, args=(token,), name="bulk act", daemon=True)
        thread.start()
        return thread

    def run(self, token: str) -> None:
        """Run until the act is done or stopped, or another runner has taken over."""
        with reading(self.engine) as session:
            found = find_bulk_act(session, token)
            ids = [] if found is None else found.ids
        failures, give_up = 0, ""
        while failures < TRIES:
            try:
                with unit_of_work(self.engine) as session:
                    more = advance(
                        session,
                        token,
                        ids,
                        runner=self.name,
                        rules=self.rules,
                        now=self.clock(),
                        give_up=give_up,
                    )
            except DatabaseError:
                failures += 1
                log.exception("bulk act: the database is away")
                self._waiting.wait(self.retry)
            except Exception:
                # One incident that the program fails at must not keep the others from their act.
                failures, give_up = failures + 1, FAULT
                log.exception("bulk act: an incident failed")
            else:
                failures, give_up = 0, ""
                if not more:
                    return
                self._waiting.wait(self.pause)
