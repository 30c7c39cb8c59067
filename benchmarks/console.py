"""How fast the console is with 100 000 and a million incidents, and with twenty operators at once.

    python benchmarks/console.py                     100 000 and 1 000 000, on both databases
    python benchmarks/console.py 100000              the smaller one alone
    python benchmarks/console.py --only sqlite --seed 7

The data are made from a seed. Every figure is measured over HTTP on loopback by a browser's
requests: the server is a process of its own, the pages are the whole pages. Baselines, in the same
run: the same rows by reading all incidents, and a search that reads every text. PostgreSQL is
started for the occasion and not asked to wait for the disk; it is left out where it is missing.
"""

import argparse
import contextlib
import http.client
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import sqlalchemy as sa
import uvicorn
from ports import free_ports
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sqlmodel import col
from town import NOW, fill, operators

from benchmarks.timers import Bars, databases
from models.incident import OPEN, Incident
from models.journal import JournalEntry
from models.post import Post
from models.vocabulary import Act, Role, Stage
from pipeline.console.app import create_app
from pipeline.console.wanted import Wanted
from pipeline.database import open_database, reading
from pipeline.decisions.permissions import Actor
from pipeline.region.load import load_region
from pipeline.rules import Rules
from pipeline.store.incidents import listing

REGION = "smolensky"
OPERATORS = 20
AT_ONCE = 30
"""Seconds during which all operators clear the review queue at once."""

REPEATS = 60
SEARCHES = (
    "дорога",
    "мусор",
    "газом в подъезде",
    "собака напала",
    "лифт",
    "улица Садовая",
    "ржавая вода с весны",
    "аэропорт",
    "фонар",
    "расписания",
)
LISTS = (
    "/",
    "/?topic=roads",
    "/?urgent=1",
    "/?overdue=1",
    "/?due=today",
    "/?unsure=1",
    "/?unassigned=1",
    "/?mine=1",
    "/?approval=1",
    "/?settlement=pecherskoe",
    "/?topic=snow&settlement=pecherskoe",
    "/?network=ok&urgent=1",
    "/?page=40",
    "/?state=closed&since=2026-10-01&until=2026-10-31",
    "/?state=all&since=2026-11-01&until=2026-11-16&topic=water",
    "/?unrated=1&state=all",
)


def serve(url: str, port: int) -> None:
    """Serve the console of a filled database, as ``otklik run`` does."""
    rules = Rules.of(load_region(REGION))
    app = create_app(
        engine=open_database(url),
        region=rules.region,
        calendar=rules.calendar,
        clock=lambda: NOW,
    )
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False, ws="none")


@contextlib.contextmanager
def serving(url: str) -> Iterator[int]:
    """Give the port of a console in a process of its own."""
    port = free_ports()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(url, port))
    process.start()
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.join()


@dataclass
class Operator:
    """One signed-in browser with a connection that stays open."""

    port: int
    cookie: str
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        """Open the connection."""
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, path: str) -> tuple[int, str]:
        """Return a page's status and HTML."""
        return self._ask("GET", path, None)[:2]

    def post(self, path: str, form: dict[str, str]) -> tuple[int, str]:
        """Send a form; return the status and where the answer leads."""
        status, _, location = self._ask("POST", path, urlencode(form))
        return status, location

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        headers = {"Cookie": f"otklik={self.cookie}"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        html = answer.read().decode()
        return answer.status, html, answer.headers.get("Location", "")


def form_of(html: str, selector: str) -> tuple[str, dict[str, str]]:
    """Return the address and the fields of the form around a button, as the button sends it."""
    button = LexborHTMLParser(html).css_first(selector)
    if button is None:
        raise SystemExit(f"the page has no {selector}:\n{html[:2000]}")
    form: LexborNode | None = button
    while form is not None and form.tag != "form":
        form = form.parent
    if form is None:
        raise SystemExit(f"{selector} stands in no form")
    fields = {}
    for one in form.css("input, textarea, select"):
        name = one.attributes.get("name")
        if not name:
            continue
        if one.tag == "select":
            chosen = one.css_first("option[selected]") or one.css_first("option")
            fields[name] = (chosen.attributes.get("value") or "") if chosen else ""
        elif one.attributes.get("type") not in {"checkbox", "radio"} or "checked" in one.attributes:
            fields[name] = one.attributes.get("value") or one.text()
    if button.attributes.get("name"):
        fields[str(button.attributes["name"])] = button.attributes.get("value") or ""
    address = button.attributes.get("formaction") or form.attributes.get("action") or ""
    return address, fields


def timed(work: Callable[[], object], times: int) -> list[float]:
    """Return how many seconds each of several runs takes, the quickest first."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return sorted(found)


def p95(seconds: Sequence[float]) -> float:
    """Return the 95th percentile of sorted figures."""
    return seconds[min(len(seconds) - 1, int(len(seconds) * 0.95))]


def lists(one: Operator, bars: Bars, bar: float) -> None:
    """Measure pages of the queue."""
    everything: list[float] = []
    worst = ("", 0.0)
    for path in LISTS:
        seconds = timed(lambda path=path: _good(one.get(path)), REPEATS)  # type: ignore[misc]
        everything += seconds
        worst = max(worst, (path, p95(seconds)), key=lambda known: known[1])
    bars.say("slowest view, its p95", f"{worst[1] * 1000:10.1f} ms  {worst[0]}")
    bars.check(f"list, p95 of {len(everything)}", p95(sorted(everything)), bar)


def searches(one: Operator, bars: Bars, bar: float) -> None:
    """Measure full-text searches."""
    everything: list[float] = []
    worst = ("", 0.0)
    for words in SEARCHES:
        for state in ("", "&state=all"):
            path = f"/?q={quote(words)}{state}"
            seconds = timed(lambda path=path: _good(one.get(path)), 20)  # type: ignore[misc]
            everything += seconds
            worst = max(worst, (words + state, p95(seconds)), key=lambda known: known[1])
    bars.say("slowest search, its p95", f"{worst[1] * 1000:10.1f} ms  «{worst[0]}»")
    bars.check(f"search, p95 of {len(everything)}", p95(sorted(everything)), bar)


def acts(one: Operator, engine: sa.Engine, bars: Bars, bar: float) -> None:
    """Measure what people do: agreeing in review, accepting on the card; and the next item."""
    agreed, nexts = [], []
    for _ in range(REPEATS * 4):
        started = time.perf_counter()
        html = _good(one.get("/review"))
        nexts.append(time.perf_counter() - started)
        address, fields = form_of(html, "[data-key=agree]")
        started = time.perf_counter()
        status, _ = one.post(address, fields)
        agreed.append(time.perf_counter() - started)
        if status != 303:
            raise SystemExit(f"agreeing answered {status}")
    with reading(engine) as session:
        waiting = session.execute(
            sa.select(col(Incident.id), col(Incident.version))
            .where(sa.text(OPEN), col(Incident.stage) == Stage.ASSIGNED)
            .limit(REPEATS * 4)
        ).all()
    token = form_of(_good(one.get("/password")), "form button")[1]["form_token"]
    accepted = []
    for number, version in waiting:
        form = {"form_token": token, "act": "accepted", "at_version": str(version)}
        started = time.perf_counter()
        status, _ = one.post(f"/incident/{number}/act", form)
        accepted.append(time.perf_counter() - started)
        if status != 303:
            raise SystemExit(f"accepting answered {status}")
    bars.check(f"agree in review, p95 of {len(agreed)}", p95(sorted(agreed)), bar)
    bars.check(f"accept on the card, p95 of {len(accepted)}", p95(sorted(accepted)), bar)
    bars.say("next item of the review, whole page, p95", f"{p95(sorted(nexts)) * 1000:10.1f} ms")


def pages(one: Operator, engine: sa.Engine, bars: Bars) -> None:
    """Measure the card and the dashboard."""
    with reading(engine) as session:
        numbers = session.execute(sa.select(col(Incident.id)).limit(REPEATS)).scalars().all()
    cards = iter(numbers)
    seconds = timed(lambda: _good(one.get(f"/incident/{next(cards)}")), len(numbers))
    bars.say("card, p95", f"{p95(seconds) * 1000:10.1f} ms")
    seconds = timed(lambda: _good(one.get("/dashboard")), 20)
    bars.say(
        "dashboard, p95 and the slowest", f"{p95(seconds) * 1000:10.1f} ms {seconds[-1] * 1000:.1f}"
    )


def at_once(port: int, cookies: Sequence[str], engine: sa.Engine, bars: Bars) -> None:
    """Let all operators clear the review queue side by side; nobody may meet an error."""
    statuses: Counter[int] = Counter()
    numbers: Counter[str] = Counter()
    seconds: list[float] = []
    lock = threading.Lock()
    end = time.monotonic() + AT_ONCE

    def work(cookie: str) -> None:
        one = Operator(port, cookie)
        while time.monotonic() < end:
            status, html = one.get("/review")
            started = time.perf_counter()
            address, fields = form_of(html, "[data-key=agree]")
            answer, _ = one.post(address, fields)
            took = time.perf_counter() - started
            listed, _ = one.get("/")
            with lock:
                statuses.update((status, answer, listed))
                numbers[address + fields.get("number", "")] += 1
                seconds.append(took)

    before = _judged(engine)
    people = [threading.Thread(target=work, args=(cookie,)) for cookie in cookies]
    for person in people:
        person.start()
    for person in people:
        person.join()
    done = sum(numbers.values())
    errors = sum(count for status, count in statuses.items() if status >= 400)
    bars.say(
        f"{len(people)} operators at once for {AT_ONCE} s",
        f"{done:10d} judged, {done / AT_ONCE:.0f}/s, p95 {p95(sorted(seconds)) * 1000:.0f} ms",
    )
    bars.exact("errors", errors, 0)
    bars.exact("judged in the journal", _judged(engine) - before, done)
    bars.exact("given to two operators", sum(count > 1 for count in numbers.values()), 0)


def baselines(engine: sa.Engine, rules: Rules, bars: Bars) -> None:
    """Measure the queries of a list and of a search beside what they would be without an index."""
    looker = Actor("operator1", Role.OPERATOR)

    def ours(**asked: str) -> float:
        wanted = Wanted.of(asked, rules.region).filter(looker, rules.region, NOW)
        return statistics.median(
            timed(lambda: listing(session, wanted, page=1, size=50) and None, 9)
        )

    def theirs(query: sa.Select[Any]) -> float:
        return statistics.median(timed(lambda: session.execute(query).all(), 5))

    # Sums and joined words are no columns: every row is read and sorted.
    stage, due_at = (
        sa.cast(col(Incident.stage), sa.String) + "",
        sa.func.coalesce(col(Incident.due_at), col(Incident.created_at)),
    )
    rows = (
        sa.select(Incident)
        .where(stage.not_in(["closed", "satisfaction"]))
        .order_by(due_at)
        .limit(50)
    )
    texts = (
        sa.select(Incident)
        .join(Post, col(Post.incident_id) == col(Incident.id))
        .where(col(Post.text).contains("аэропорт"))
        .order_by(col(Incident.created_at).desc())
        .limit(50)
    )
    with reading(engine) as session:
        for what, mine, plain in (
            ("50 open incidents beside reading all", ours(), theirs(rows)),
            (
                "a word that no text has, beside LIKE",
                ours(q="аэропорт", state="all"),
                theirs(texts),
            ),
        ):
            bars.say(what, f"{mine * 1000:10.1f} ms, {plain * 1000:.1f} ms: {plain / mine:.1f} ×")


def _judged(engine: sa.Engine) -> int:
    query = sa.select(sa.func.count()).where(col(JournalEntry.act) == Act.CONFIRMED)
    with reading(engine) as session:
        found: int = session.execute(query).scalar_one()
        return found


def _good(answer: tuple[int, str]) -> str:
    if answer[0] != 200:
        raise SystemExit(f"a page answered {answer[0]}:\n{answer[1][:2000]}")
    return answer[1]


def measure(url: str, bars: Bars, incidents: int, seed: int) -> None:
    """Fill one database and measure everything on it."""
    rules = Rules.of(load_region(REGION))
    engine = open_database(url)
    started = time.perf_counter()
    fill(engine, rules, incidents, seed)
    cookies = operators(engine, OPERATORS)
    bars.say(f"{incidents} incidents made", f"{time.perf_counter() - started:10.0f} s")
    large = incidents > 100_000
    with serving(url) as port:
        one = Operator(port, cookies[0])
        _good(one.get("/"))  # what a process does first only once
        lists(one, bars, 0.2 if large else 0.1)
        searches(one, bars, 0.3 if large else 0.15)
        acts(one, engine, bars, 0.05)
        pages(one, engine, bars)
        at_once(port, cookies, engine, bars)
    baselines(engine, rules, bars)
    engine.dispose()


def main() -> int:
    """Measure every size on every database; return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("incidents", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    missed = 0
    with (
        tempfile.TemporaryDirectory(prefix="otklik-console-") as name,
        databases(args.only, Path(name)) as found,
    ):
        for incidents in args.incidents:
            for database, empty in found.items():
                bars = Bars(database)
                measure(empty(), bars, incidents, args.seed)
                missed += bars.missed
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
