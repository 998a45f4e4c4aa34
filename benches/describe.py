"""`python -m arrayops describe` over a large file, in turn with `cat`: speed and memory."""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from array import array
from pathlib import Path

from results import Streamed

ROUNDS = 5
PIECE = 1 << 20  # elements that are repeated to fill the file


def measure_describe(size: int) -> list[Streamed]:
    """Read a file of `size` bytes, which the page cache holds, by either command.

    Nothing where the system has no `cat`, or no room for the file.
    """
    directory = Path(tempfile.gettempdir())
    if shutil.which("cat") is None or shutil.disk_usage(directory).free < 2 * size:
        return []
    with tempfile.NamedTemporaryFile(dir=directory, suffix=".bin") as file:
        source = random.Random(size)  # noqa: S311 - data, not secrets
        piece = array("d", (source.random() for _ in range(PIECE))).tobytes()
        for _ in range(0, size, len(piece)):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())  # so that nothing is written while it is read
        commands = {
            f"cat FILE > {os.devnull}": ["cat", file.name],
            "python -m arrayops describe --typecode d FILE": [
                *(sys.executable, "-m", "arrayops", "describe", "--typecode", "d", file.name)
            ],
        }
        length = os.fstat(file.fileno()).st_size
        times: dict[str, list[float]] = {name: [] for name in commands}
        most: dict[str, int] = dict.fromkeys(commands, 0)
        for _ in range(ROUNDS + 1):
            for name, command in commands.items():
                seconds, memory = _run(command)
                times[name].append(seconds)
                most[name] = max(most[name], memory)
    # The first round brings the file into the page cache.
    return [
        Streamed(name, length, statistics.median(times[name][1:]), most[name]) for name in commands
    ]


# A process of its own, since a child's peak includes what its parent had when it was forked.
LAUNCHER = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([time.perf_counter() - start, usage.ru_maxrss << 10, status]))
"""


def _run(command: list[str]) -> tuple[float, int]:
    """Return the seconds a command takes, its start included, and its most memory in bytes."""
    launched = subprocess.run(  # noqa: S603 - commands of this file
        [sys.executable, "-c", LAUNCHER, *command], check=True, stdout=subprocess.PIPE
    )
    seconds, memory, status = json.loads(launched.stdout)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    return seconds, memory
