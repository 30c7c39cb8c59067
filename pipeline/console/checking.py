"""Asking networks what the tokens of sources may do, apart from the requests of browsers.

A network may take a minute to answer, and its pace allows no hurry: one thread asks for one
source after another, pages show what it has found so far.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from models.errors import OtklikError
from pipeline.probing import Line, Verdict
from pipeline.region.schema import Source

log = logging.getLogger(__name__)

BROKEN = "внутренняя ошибка, подробности в журнале программы"


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a source; ``lines`` is None until it has been answered."""

    asked_at: datetime
    lines: tuple[Line, ...] | None = None

    @property
    def well(self) -> bool:
        """Tell whether nothing was refused."""
        return not any(line.verdict is Verdict.NO for line in self.lines or ())


@dataclass(slots=True)
class Checks:
    """The last question about each source; forgotten when the process ends.

    ``ask`` asks the network about one source, in the thread that belongs to this.
    """

    ask: Callable[[Source], Iterable[Line]]
    _known: dict[str, Check] = field(default_factory=dict)
    _waiting: deque[Source] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _at_work: bool = False

    def start(self, sources: Iterable[Source], now: datetime) -> None:
        """Ask about sources; about one that is being asked about already, no second time."""
        with self._lock:
            for source in sources:
                known = self._known.get(source.key)
                if known is None or known.lines is not None:
                    self._known[source.key] = Check(now)
                    self._waiting.append(source)
            if self._waiting and not self._at_work:
                self._at_work = True
                # A daemon: a network that does not answer must not keep the program from ending.
                threading.Thread(target=self._work, name="checks", daemon=True).start()

    def of(self, key: str) -> Check | None:
        """Return the last question about a source, or None."""
        with self._lock:
            return self._known.get(key)

    @property
    def at_work(self) -> bool:
        """Tell whether something is being asked."""
        with self._lock:
            return self._at_work

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._at_work = False
                    return
                source = self._waiting.popleft()
                asked_at = self._known[source.key].asked_at
            lines = tuple(self._answer(source))
            with self._lock:
                self._known[source.key] = Check(asked_at, lines)

    def _answer(self, source: Source) -> Iterable[Line]:
        try:
            return list(self.ask(source))
        except OtklikError as error:
            return [Line("проверка", Verdict.NO, str(error))]
        except Exception:
            # The page says so; whoever asked must not wait for ever.
            log.exception("Проверка источника %s", source.key)
            return [Line("проверка", Verdict.NO, BROKEN)]
