"""What a worker process does: the statistics of a range of a file of doubles."""

from __future__ import annotations

import mmap
from itertools import pairwise
from pathlib import Path

import arrayops as ao


def cut(file: Path, parts: int) -> list[tuple[str, int, int]]:
    """Cut a file of doubles into ranges of elements."""
    count = file.stat().st_size // 8
    ends = [count * part // parts for part in range(parts + 1)]
    return [(str(file), start, end) for start, end in pairwise(ends)]


def stats_of(part: tuple[str, int, int]) -> ao.Stats:
    """Map the file, and look at one range of it. The result is pickled on its way back."""
    name, start, end = part
    with (
        Path(name).open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as contents,
        memoryview(contents) as everything,
        everything[8 * start : 8 * end] as bytes_of_range,
        bytes_of_range.cast("d") as values,
    ):
        return ao.Stats(values)
