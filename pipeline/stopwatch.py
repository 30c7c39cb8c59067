"""How fast and how large the product is: everything a reader answers, on given texts."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from classifiers.classifier import Classifier
from models.errors import OtklikError
from pipeline.reader import Item, Reader
from pipeline.region.schema import Region

BATCH = 1024
POSTS = 4 * BATCH
"""Posts of one measured pass at the least: fewer would end before a clock can tell."""

MOST = 20 * BATCH
SINGLE = 1000
STARTS = 3
"""Fresh processes: the first finds the disk's cache cold."""

MEGABYTE = 1e6
_UNCOMPILED = "PYTHONDONTWRITEBYTECODE"

# A child's peak memory begins with that of the process that starts it, so a small one must start
# it; the kernel counts in bytes on macOS and in kilobytes elsewhere.
_STARTER = """\
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], input=sys.stdin.buffer.read(), stdout=subprocess.PIPE)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
peak *= 1 if sys.platform == "darwin" else 1024
print(json.dumps({"code": done.returncode, "seconds": seconds, "bytes": peak}))
"""


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured; ``posts_per_second`` are of processor time, as of one core.

    ``first_pass`` is the same with words never met before. ``milliseconds`` is the median of one
    post alone, ``start_seconds`` from a fresh process to its answer and end, ``memory`` its peak
    and ``model`` the size of the model's folder, both in megabytes of 10⁶ bytes.
    """

    posts_per_second: float
    first_pass: float
    milliseconds: float
    start_seconds: float
    memory: float
    model: float


def measure_speed(region: Region, name: str, model: Path, items: Sequence[Item]) -> Speed:
    """Measure a model and a region's places (``name`` is how commands call the region) on texts.

    Few texts are taken again and again, of many the first ``MOST``. Raises OtklikError if the
    fresh process fails.
    """
    # First, while this process is as it is: on a small machine a full memory slows the start.
    seconds, peak = _starts(name, model, items[0])
    posts = list(islice(cycle(items), min(max(len(items), POSTS), MOST)))
    reader = Reader.of(region, Classifier.load(model), explain=False)
    first = _pass(reader, posts[: len(items)])
    again = _pass(reader, posts)
    times = []
    for post in posts[:SINGLE]:
        start = time.perf_counter()
        reader.read([post])
        times.append(time.perf_counter() - start)
    return Speed(
        posts_per_second=again,
        first_pass=first,
        milliseconds=1000 * statistics.median(times),
        start_seconds=seconds,
        memory=peak / MEGABYTE,
        model=sum(part.stat().st_size for part in model.rglob("*") if part.is_file()) / MEGABYTE,
    )


def _pass(reader: Reader, posts: Sequence[Item]) -> float:
    """Return posts per second of processor time."""
    start = time.process_time()
    for place in range(0, len(posts), BATCH):
        reader.read(posts[place : place + BATCH])
    return len(posts) / max(time.process_time() - start, 1e-9)


def _starts(region: str, model: Path, item: Item) -> tuple[float, float]:
    """Return the median seconds and the largest memory, in bytes, of fresh processes."""
    filter_ = [sys.executable, "-m", "pipeline.cli", "classify", "--model", str(model.absolute())]
    told = [
        json.loads(
            subprocess.run(  # noqa: S603 - our own interpreter and our own command
                [sys.executable, "-c", _STARTER, *filter_, "--region", region],
                input=json.dumps({"text": item.post.text}).encode(),
                stdout=subprocess.PIPE,
                check=True,
                # An installed program finds its modules compiled; a checkout must be let to.
                env={key: value for key, value in os.environ.items() if key != _UNCOMPILED},
            ).stdout
        )
        for _ in range(STARTS)
    ]
    if any(one["code"] for one in told):
        raise OtklikError(
            "Скорость не измерена: отдельный процесс otklik classify не ответил, его сообщение "
            "выше. Без измерения скорости: --no-speed."
        )
    return statistics.median(one["seconds"] for one in told), max(one["bytes"] for one in told)
