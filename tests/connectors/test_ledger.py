"""The ledger of tokens: pace across processes, quotas by the day, holds, parking, a wrong clock."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.ledger import (
    LONGEST_HOLD,
    LONGEST_PACE,
    SLACK,
    HeldError,
    Ledger,
    ParkedError,
    Token,
    TokenState,
)

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
SECRET = "vk1.a.secret-of-the-town"  # noqa: S105 - a made-up one
TOKEN = Token("город", SecretStr(SECRET), rate=4.0, quotas={"wall.get": 3})
STEP = SLACK / TOKEN.rate


@dataclass(slots=True)
class Clock:
    """Unix time that moves only while somebody sleeps, or as a test says."""

    now: float = NOON.timestamp()
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db", clock=clock, sleep=clock.sleep)
    yield ledger
    ledger.close()


async def test_requests_start_at_equal_distances(ledger: Ledger, clock: Clock) -> None:
    for _ in range(4):
        await ledger.turn(TOKEN, "groups.getById")

    assert clock.slept == pytest.approx([0.0, STEP, STEP, STEP], abs=1e-4)


async def test_time_that_passed_meanwhile_is_not_waited_for_again(
    ledger: Ledger, clock: Clock
) -> None:
    await ledger.turn(TOKEN, "users.get")
    clock.now += 10
    await ledger.turn(TOKEN, "users.get")

    assert clock.slept == [0.0, 0.0]


async def test_tokens_do_not_wait_for_each_other(ledger: Ledger, clock: Clock) -> None:
    other = Token("область", SecretStr(SECRET), rate=4.0)

    await ledger.turn(TOKEN, "users.get")
    await ledger.turn(other, "users.get")

    assert clock.slept == [0.0, 0.0]


IN_ANOTHER_PROCESS = """
import asyncio, json, sys
from pathlib import Path
from pydantic import SecretStr
from connectors.ledger import Ledger, Token, HeldError

waits = []

async def remember(seconds):
    waits.append(seconds)

async def main():
    token = Token(sys.argv[3], SecretStr(sys.argv[4]), rate=4.0, quotas={"wall.get": 100})
    print("ready", flush=True)
    sys.stdin.readline()
    ledger = Ledger(Path(sys.argv[1]), clock=lambda: float(sys.argv[2]), sleep=remember)
    refused = 0
    for _ in range(40):
        try:
            await ledger.turn(token, "wall.get")
        except HeldError:
            refused += 1
    ledger.close()
    print(json.dumps({"waits": waits, "refused": refused}))

asyncio.run(main())
"""


def test_three_processes_share_one_pace_and_one_quota(tmp_path: Path) -> None:
    arguments = [str(tmp_path / "ledger.db"), str(NOON.timestamp()), TOKEN.name, SECRET]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", IN_ANOTHER_PROCESS, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        # All three open the file, which is not there yet, and begin at once.
        answers = [json.loads(process.communicate("go\n")[0]) for process in start(processes)]
    finally:
        for process in processes:
            process.kill()
            process.wait()

    moments = sorted(wait for answer in answers for wait in answer["waits"])
    assert moments == pytest.approx([STEP * number for number in range(100)], abs=1e-3)
    assert sum(answer["refused"] for answer in answers) == 20
    assert all(len(answer["waits"]) > 0 for answer in answers)


def start(processes: "list[subprocess.Popen[str]]") -> "list[subprocess.Popen[str]]":
    """Let all of them begin before the first one is waited for."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return processes


async def test_a_quota_is_counted_by_method_and_begins_anew_at_moscows_midnight(
    ledger: Ledger, clock: Clock
) -> None:
    for _ in range(3):
        await ledger.turn(TOKEN, "wall.get")

    assert ledger.left(TOKEN, "wall.get") == 0
    with pytest.raises(HeldError, match=r"суточный предел метода wall\.get \(3\)") as held:
        await ledger.turn(TOKEN, "wall.get")
    await ledger.turn(TOKEN, "wall.getById")
    midnight = datetime(2026, 11, 17, 21, 0, tzinfo=UTC)
    assert held.value.until == midnight.timestamp()

    clock.now = midnight.timestamp() - 0.001
    with pytest.raises(HeldError):
        await ledger.turn(TOKEN, "wall.get")
    clock.now = midnight.timestamp()
    await ledger.turn(TOKEN, "wall.get")
    assert ledger.left(TOKEN, "wall.get") == 2


def test_without_a_quota_nothing_is_left_to_count(ledger: Ledger) -> None:
    assert ledger.left(TOKEN, "users.get") is None


async def test_a_refused_call_is_not_counted(ledger: Ledger) -> None:
    ledger.hold(TOKEN, "wall.get", 60, "пауза")

    with pytest.raises(HeldError):
        await ledger.turn(TOKEN, "wall.get")

    assert ledger.left(TOKEN, "wall.get") == 3


async def test_a_pause_is_for_the_whole_token(ledger: Ledger, clock: Clock) -> None:
    await ledger.turn(TOKEN, "users.get")
    ledger.pause(TOKEN, 7)
    await ledger.turn(TOKEN, "wall.getById")

    assert clock.slept == [0.0, 7.0]


async def test_a_shorter_pause_does_not_end_a_longer_one(ledger: Ledger, clock: Clock) -> None:
    ledger.pause(TOKEN, 7)
    ledger.pause(TOKEN, 1)
    await ledger.turn(TOKEN, "users.get")

    assert clock.slept == [7.0]


async def test_a_hold_is_for_one_method_or_for_all(ledger: Ledger, clock: Clock) -> None:
    ledger.hold(TOKEN, "wall.createComment", 600, "слишком много одинакового")

    with pytest.raises(HeldError, match="слишком много одинакового") as held:
        await ledger.turn(TOKEN, "wall.createComment")
    await ledger.turn(TOKEN, "users.get")
    assert held.value.until == NOON.timestamp() + 600

    clock.now = NOON.timestamp() + 600
    await ledger.turn(TOKEN, "wall.createComment")

    ledger.hold(TOKEN, "*", 60, "просили подождать")
    with pytest.raises(HeldError, match="просили подождать"):
        await ledger.turn(TOKEN, "users.get")


async def test_a_parked_token_waits_for_a_person(ledger: Ledger, clock: Clock) -> None:
    ledger.park(TOKEN, TokenState.NEEDS_PERSON, "сеть просит ввести код с картинки")

    clock.now += timedelta(days=30).total_seconds()
    with pytest.raises(ParkedError, match="город: сеть просит ввести код с картинки"):
        await ledger.turn(TOKEN, "users.get")

    ledger.release(TOKEN)
    await ledger.turn(TOKEN, "users.get")


async def test_a_new_secret_under_the_same_name_starts_afresh(ledger: Ledger) -> None:
    ledger.park(TOKEN, TokenState.DEAD, "отозван")

    await ledger.turn(Token(TOKEN.name, SecretStr("new"), rate=4.0), "users.get")


def test_health_tells_the_worst_that_is_known(ledger: Ledger, clock: Clock) -> None:
    assert ledger.health(TOKEN).state is TokenState.OK

    for _ in range(3):
        ledger._reserve(TOKEN, "wall.get")
    spent = ledger.health(TOKEN)
    assert (spent.state, spent.reason) == (
        TokenState.LIMITED,
        "исчерпан суточный предел: wall.get",
    )
    assert spent.used == {"wall.get": 3}

    ledger.hold(TOKEN, "wall.post", 60, "пауза сети")
    held = ledger.health(TOKEN)
    assert (held.state, held.reason) == (TokenState.LIMITED, "пауза сети")
    assert held.held == {"wall.post": NOON + timedelta(seconds=60)}

    ledger.park(TOKEN, TokenState.DEAD, "отозван")
    ledger.note(TOKEN, "wall.get", "ok")
    dead = ledger.health(TOKEN)
    assert (dead.state, dead.reason, dead.may) == (TokenState.DEAD, "отозван", {"wall.get": "ok"})

    ledger.release(TOKEN)
    clock.now += 60
    assert ledger.health(TOKEN).state is TokenState.LIMITED
    assert ledger.health(TOKEN).held == {}


async def test_a_clock_that_was_set_back_does_not_stop_the_work(
    ledger: Ledger, clock: Clock
) -> None:
    clock.now += timedelta(days=40).total_seconds()
    await ledger.turn(TOKEN, "wall.get")
    ledger.pause(TOKEN, 60)
    ledger.hold(TOKEN, "wall.get", 3600, "пауза")

    clock.now = NOON.timestamp()
    clock.slept.clear()
    for _ in range(3):
        await ledger.turn(TOKEN, "wall.get")

    assert clock.slept == pytest.approx([0.0, STEP, STEP], abs=1e-4)
    assert ledger.health(TOKEN).held == {}


async def test_a_clock_that_was_set_a_little_back_only_waits_longer(
    ledger: Ledger, clock: Clock
) -> None:
    await ledger.turn(TOKEN, "users.get")
    clock.now -= 60
    await ledger.turn(TOKEN, "users.get")

    assert clock.slept == pytest.approx([0.0, 60 + STEP], abs=1e-4)


async def test_nothing_is_paused_or_held_beyond_measure(ledger: Ledger, clock: Clock) -> None:
    ledger.pause(TOKEN, 10**9)
    await ledger.turn(TOKEN, "users.get")
    await ledger.turn(TOKEN, "users.get")
    assert clock.slept == pytest.approx([LONGEST_PACE / 2, STEP], abs=1e-4)

    ledger.hold(TOKEN, "users.get", 10**9, "надолго")
    with pytest.raises(HeldError) as held:
        await ledger.turn(TOKEN, "users.get")
    assert held.value.until == clock.now + LONGEST_HOLD


def test_the_file_holds_no_secret(ledger: Ledger, tmp_path: Path) -> None:
    ledger._reserve(TOKEN, "wall.get")
    ledger.park(TOKEN, TokenState.DEAD, "отозван")
    ledger.note(TOKEN, "wall.get", "ok")
    ledger.hold(TOKEN, "wall.get", 60, "пауза")

    files = list(tmp_path.iterdir())
    assert len(files) >= 1
    assert all(SECRET.encode() not in path.read_bytes() for path in files)
    assert SECRET not in repr(TOKEN)
    assert SECRET not in TOKEN.mark


async def test_what_is_known_outlives_the_process(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "kept.db"
    first = Ledger(path, clock=clock, sleep=clock.sleep)
    for _ in range(3):
        await first.turn(TOKEN, "wall.get")
    first.close()

    second = Ledger(path, clock=clock, sleep=clock.sleep)
    with pytest.raises(HeldError):
        await second.turn(TOKEN, "wall.get")
    second.close()


@settings(deadline=None)
@given(st.lists(st.floats(-900, 900), max_size=30), st.floats(0.5, 50))
def test_however_the_clock_jumps_no_wait_is_longer_than_ten_minutes(
    jumps: list[float], rate: float
) -> None:
    clock = Clock()
    ledger = Ledger(Path(":memory:"), clock=clock, sleep=clock.sleep)
    token = Token("т", SecretStr("x"), rate=rate)

    async def work() -> None:
        for jump in jumps:
            clock.now += jump
            await ledger.turn(token, "m")

    asyncio.run(work())
    ledger.close()

    assert all(0 <= wait <= LONGEST_PACE for wait in clock.slept)
