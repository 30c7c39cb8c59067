"""How much of a token's permitted rate is used: our transport beside the plain vk-api client.

    python benchmarks/vk_transport.py            60 seconds a run, 20 for community tokens
    python benchmarks/vk_transport.py 0.25       a quarter of that

Calls go over loopback to the fake network, whose every answer takes 150 ms more, as over the
internet, and which refuses what is too fast. Each client runs in processes of its own, alone and
three at once with one token. What the server saw, from the first call on, is printed: answered
calls a second and their share of the permitted rate, the most requests within any one second, and
the refusals for pace. A new connection costs our transport one turn, which a short run shows.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jconfig  # type: ignore[import-untyped]  # ships no type information
import requests
import vk_api
from fakes.server import FakeServer
from fakes.vk import VkFake
from fakes.vk_limits import Kind
from fakes.vk_world import VkWorld
from pydantic import SecretStr
from requests.adapters import HTTPAdapter

from connectors.calling import Caller
from connectors.http import HttpClient
from connectors.ledger import Ledger, Token
from connectors.vk.api import VkHttp

LATENCY = 0.15
IN_FLIGHT = 10
SECRET = "benchmark"  # noqa: S105 - the fake's own
TOKENS = {Kind.USER: 3, Kind.GROUP: 20}
SECONDS = {Kind.USER: 60.0, Kind.GROUP: 20.0}


async def ours(url: str, rate: float, seconds: float, ledger_path: Path) -> None:
    """Call users.get from several coroutines for so long."""
    ledger = Ledger(ledger_path)
    caller = Caller(Token("benchmark", SecretStr(SECRET), rate), ledger)
    async with HttpClient(private=True) as http:
        api = VkHttp(http, caller, base=url)
        end = time.monotonic() + seconds

        async def work() -> None:
            while time.monotonic() < end:
                await api.call("users.get", {"user_ids": [1]})

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    ledger.close()


class Redirect(HTTPAdapter):
    """Sends to the fake what the package sends to the network."""

    def __init__(self, url: str) -> None:
        """Remember the fake's address."""
        self._url = url
        super().__init__()

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:  # type: ignore[override]  # passed on as they are
        """Send elsewhere."""
        request.url = (request.url or "").replace("https://api.vk.ru", self._url)
        return super().send(request, **options)  # type: ignore[arg-type]  # as above


def theirs(url: str, rate: float, seconds: float) -> None:
    """Call users.get in a loop for so long, with the package as it is."""
    kind = vk_api.vk_api.VkApiGroup if rate > 3 else vk_api.VkApi
    api = kind(token=SECRET, api_version="5.199", config=jconfig.MemoryConfig)
    api.http.mount("https://api.vk.ru/", Redirect(url))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        api.method("users.get", {"user_ids": 1})


async def run(client: str, kind: Kind, processes: int, seconds: float) -> None:
    """Run a client against a fresh fake and print what the fake saw."""
    world = VkWorld()
    world.add_token(SECRET, kind, user_id=1, groups={1})
    rate = TOKENS[kind]
    with tempfile.TemporaryDirectory() as folder:
        async with FakeServer(VkFake(world).app, latency=LATENCY) as server:
            workers = [
                await asyncio.create_subprocess_exec(
                    sys.executable,
                    __file__,
                    client,
                    server.url,
                    str(rate),
                    str(seconds),
                    str(Path(folder) / "ledger.db"),
                    stderr=subprocess.DEVNULL if client == "theirs" else None,
                )
                for _ in range(processes)
            ]
            for worker in workers:
                await worker.wait()
    times = sorted(call.at for call in world.log)
    answered = world.log.count(code=0)
    speed = (answered - 1) / (times[-1] - times[0])
    print(
        f"{client:<7} {kind.value:<6} {processes}   {speed:6.2f}      {speed / rate:6.1%}"
        f"   {world.log.busiest_second(SECRET):>4} of {rate:<3}  {world.log.count(code=6):>5}"
    )


async def compare(share: float) -> None:
    """Print the table."""
    print("client  token  processes  calls/s  share  most in a second  refused")
    for processes in (1, 3):
        for kind in TOKENS:
            for client in ("ours", "theirs"):
                await run(client, kind, processes, SECONDS[kind] * share)


def main() -> None:
    """Compare, or be one of the clients that are compared."""
    match sys.argv[1:]:
        case ["ours", url, rate, seconds, ledger]:
            asyncio.run(ours(url, float(rate), float(seconds), Path(ledger)))
        case ["theirs", url, rate, seconds, _]:
            theirs(url, float(rate), float(seconds))
        case [share]:
            asyncio.run(compare(float(share)))
        case _:
            asyncio.run(compare(1.0))


if __name__ == "__main__":
    main()
