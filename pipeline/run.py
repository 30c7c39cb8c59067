"""``otklik run``: the whole product on one machine, until Ctrl-C.

This process serves the console; Prefect's server and the flows are its children, each with a
log of its own under ``<home>/logs``. A child that dies is started again; a second ``otklik
run`` on the same folder is refused.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import uvicorn

from models.errors import OtklikError
from pipeline.deadman import warn_on_stderr
from pipeline.settings import Settings, make_home

STOP_SECONDS = 15.0
"""How long a child may take to end in an orderly way."""

SUPERVISED = "OTKLIK_SUPERVISED"
"""In a child's environment: it leaves when its parent is gone."""

MAX_LOG = 10_000_000
"""Bytes; a larger log is set aside at the next start."""


class RunError(OtklikError):
    """The product cannot start; Russian, says what to do."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep alive: its name (also its log's) and its command."""

    name: str
    command: tuple[str, ...]


def served(*names: str) -> Child:
    """Return the process that serves these flows, all of them when none is named."""
    return Child(names[0] if names else "flows", (sys.executable, "-m", "flows.serve", *names))


FLOWS = (served("timers", "publish", "notify"), served("ingest", "retrain", "retention"))
"""What must not wait has a process of its own: queued runs of the rest would delay it."""


def environment(settings: Settings) -> dict[str, str]:
    """Return the children's environment: Prefect silent, local, and closed to strangers."""
    given = dict(os.environ)
    given["OTKLIK_HOME"] = str(settings.home.absolute())
    fixed = {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    }
    if "PREFECT_API_URL" in given:
        return given | fixed
    # Any page in the operator's browser can reach loopback: without a password it could start
    # flows there. The password lives as long as this process.
    password = f"otklik:{secrets.token_urlsafe(24)}"
    return (
        given
        | fixed
        | {
            "PREFECT_HOME": str(settings.home.absolute() / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{settings.prefect_port}/api",
            "PREFECT_SERVER_API_AUTH_STRING": password,
            "PREFECT_API_AUTH_STRING": password,
            # An office's proxy knows nothing of this machine's own ports.
            **{name: _without_proxy(given.get(name, "")) for name in ("NO_PROXY", "no_proxy")},
        }
    )


def _without_proxy(hosts: str) -> str:
    return ",".join(filter(None, (hosts, "127.0.0.1", "localhost")))


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the folder's lock, or raise RunError if another run holds it."""
    make_home(home)
    with (home / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(
                f"Отклик с данными в {home} уже запущен. Остановите его (Ctrl+C в его окне) "
                "или укажите другую папку в OTKLIK_HOME."
            ) from error
        yield


def require_free(host: str, port: int, setting: str) -> None:
    """Raise RunError when something else listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RunError(
                f"Порт {port} на {host} занят или недоступен: {error.strerror}. Освободите его "
                f"или задайте другой в {setting}."
            ) from error


async def keep_alive(child: Child, env: dict[str, str], log: Path, stop: asyncio.Event) -> None:
    """Run a child until ``stop``; start it again when it dies, ever more slowly."""
    pause = 1.0
    while not stop.is_set():
        with _open_log(log) as out:
            process = await asyncio.create_subprocess_exec(
                *child.command,
                env={**env, SUPERVISED: "1"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                # Ctrl-C reaches this process alone; it ends the others in order.
                start_new_session=True,
            )
        started = asyncio.get_running_loop().time()
        await _wait_or_end(process, stop)
        if stop.is_set():
            return
        if asyncio.get_running_loop().time() - started > 60:
            pause = 1.0
        sys.stderr.write(
            f"Процесс «{child.name}» завершился с кодом {process.returncode}; запускаю снова. "
            f"Подробности: {log}\n"
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = min(pause * 2, 60.0)


def _open_log(log: Path) -> IO[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > MAX_LOG:
        log.replace(log.with_suffix(".log.old"))
    return log.open("ab")


async def _wait_or_end(process: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
    """Wait for the process; on ``stop`` ask it to end, and insist after a while."""
    done = asyncio.ensure_future(process.wait())
    asked = asyncio.ensure_future(stop.wait())
    await asyncio.wait({done, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if done.done():
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(asyncio.shield(done), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await done


async def _until_listening(port: int, stop: asyncio.Event) -> None:
    for _ in range(240):
        if stop.is_set():
            return
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            return
        await asyncio.sleep(0.5)
    raise RunError(
        f"Сервер Prefect не ответил на порту {port} за две минуты. "
        "Причина — в журнале logs/prefect.log."
    )


class _Console(uvicorn.Server):
    """Uvicorn without its own signal handling: one place decides when everything stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: object,
    settings: Settings,
    *,
    ready: Callable[[], None],
    children: Sequence[Child] = FLOWS,
) -> None:
    """Serve the console and keep ``children`` running until SIGINT or SIGTERM.

    ``ready`` is called once, when all are being started.
    """
    stop = stop_on_signals()
    console = _Console(
        uvicorn.Config(
            app,  # type: ignore[arg-type]  # FastAPI is an ASGI application
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,  # a line would hold the one-time link
            server_header=False,
            # Whom a header names is believed of known proxies alone: anybody can send one.
            proxy_headers=bool(settings.proxies),
            forwarded_allow_ips=settings.proxies or None,
            # A client that never ends its request must not keep the program from ending.
            timeout_graceful_shutdown=5,
        )
    )
    serving = asyncio.create_task(console.serve())
    flows = asyncio.create_task(run_until(stop, settings, children))
    clocks = asyncio.create_task(warn_on_stderr(settings, clock=lambda: datetime.now(UTC)))
    ready()
    try:
        await asyncio.wait({serving, flows}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        clocks.cancel()
        stop.set()
        console.should_exit = True
        await asyncio.gather(serving, flows)


async def serve_flows(settings: Settings, names: Sequence[str]) -> None:
    """Keep an embedded Prefect server and these flows running until SIGINT or SIGTERM."""
    await run_until(stop_on_signals(), settings, [served(*names)])


def stop_on_signals() -> asyncio.Event:
    """Return an event that the first SIGINT or SIGTERM sets."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def run_until(stop: asyncio.Event, settings: Settings, flows: Sequence[Child]) -> None:
    """Keep flows alive, and a Prefect server unless one is named, until ``stop``.

    They are ended in reverse order, so that flows can still tell the server that they leave.
    """
    env = environment(settings)
    kept: list[tuple[asyncio.Event, asyncio.Task[None]]] = []

    def keep(child: Child) -> None:
        own = asyncio.Event()
        log = settings.home / "logs" / f"{child.name}.log"
        kept.append((own, asyncio.create_task(keep_alive(child, env, log, own))))

    try:
        if "PREFECT_API_URL" not in os.environ:
            # A run that was cut short keeps its place in Prefect's database for ever, and all
            # that come after it are turned away. Nothing of value is in there.
            for left in (settings.home / "prefect").glob("prefect.db*"):
                left.unlink(missing_ok=True)
            port = str(settings.prefect_port)
            keep(Child("prefect", (sys.executable, "-m", "flows.server", port)))
            await _until_listening(settings.prefect_port, stop)
        for child in flows:
            keep(child)
        await stop.wait()
    finally:
        for own, task in reversed(kept):
            own.set()
            await task
