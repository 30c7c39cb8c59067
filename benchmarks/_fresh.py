"""What a fresh process costs: one line through ``otklik classify``."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

LINE = '{"text": "На улице Садовой третий день нет воды, бурмяглит."}\n'
"""The last word is in no dictionary, so that pymorphy3 has to be loaded too."""


class Start(NamedTuple):
    """Medians in seconds, wall clock and processor, and the most memory in MB."""

    wall: float
    processor: float
    memory: float


def cold_start(times: int) -> Start:
    """Start the command ``times`` times, each time for one line.

    Call it before anything large is loaded here: the system counts the memory of the process
    that starts a child as the child's own until the child's program begins.
    """
    command = [str(Path(sys.executable).with_name("otklik")), "classify", "--region", "smolensky"]
    walls, processor = [], []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(times):
            before, began = _used(), time.perf_counter()
            done = subprocess.run(
                command,
                input=LINE.encode(),
                env=os.environ | {"OTKLIK_HOME": home},
                stdout=subprocess.PIPE,
                check=True,
            )
            walls.append(time.perf_counter() - began)
            processor.append(_used() - before)
            if done.stdout.count(b"\n") != 1:
                raise SystemExit("otklik classify must answer one line with one line")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Start(statistics.median(walls), statistics.median(processor), memory)


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
