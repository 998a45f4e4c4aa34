"""Streaming statistics: figures about a file of any size, in the memory of one chunk.

    python docs/cookbook/streaming_statistics.py

The file is read chunk by chunk into one buffer, made once and used again and again. `ao.Stats`
takes in the chunks and keeps count, sum, extrema, mean and variance of all of them: exactly, so
that it does not matter how the file was cut. For the same reason the work can be spread over
processes: each makes the `Stats` of a range of the file, and they are merged in whatever order
they come back. Whatever `reduce` computes goes on in another way: hand the result of one chunk to
the next one as its initial value.

Or map the file into memory, and let the operating system do the reading: see `mapped` below.
"""

from __future__ import annotations

import csv
import functools
import math
import mmap
import sys
import tempfile
import tracemalloc
from array import array
from concurrent.futures import ProcessPoolExecutor, as_completed
from fractions import Fraction
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import arrayops as ao
from ranges import cut, stats_of
from side_by_side import SideBySide, arguments, setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor

DATA = Path(__file__).resolve().parent / "data" / "seattle-temps.csv"
CHUNK = 1 << 14  # elements: 128 KiB of doubles
COLD = 40.0  # °F
WARM = 65.0  # °F, from where a house needs cooling
PROCESSES = 2


def main(argv: Sequence[str] | None = None) -> SideBySide:
    """Run the recipe on files made of copies of the real numbers."""
    options = arguments(argv, "Streaming statistics with arrayops.", copies=115)
    with DATA.open(newline="", encoding="ascii") as lines:
        real = array("d", [float(row["temp"]) for row in csv.DictReader(lines)])
    with tempfile.TemporaryDirectory() as folder:
        doubles, tenths = Path(folder) / "doubles.bin", Path(folder) / "tenths.bin"
        doubles.write_bytes(real.tobytes() * options.copies)
        tenths.write_bytes(array("h", [round(10 * x) for x in real]).tobytes() * options.copies)
        table = SideBySide(
            "Streaming statistics",
            f"The typical temperature, in °F, of {len(real):,} hours of a year in Seattle (NOAA), "
            "repeated",
            f"{options.copies:,} times: a file of {len(real) * options.copies:,} doubles, "
            f"{doubles.stat().st_size:,} bytes, read {8 * CHUNK // 1024} KiB at a time.",
            setting(),
            rounds=options.rounds,
        )
        report = streamed(doubles, table)
        mapped(tenths, table)
        print(f"\n{report}\n{memory_report(doubles)}")
    table.finish()
    return table


def chunk_sizes(file: Path, buffer: array[float]) -> Iterator[int]:
    """Read the next chunk into `buffer`, again and again; yield how many elements there are."""
    with file.open("rb") as opened, memoryview(buffer) as whole, whole.cast("B") as raw:
        while size := opened.readinto(raw[: 8 * CHUNK]):
            yield size // 8


def plain_chunks(file: Path) -> Iterator[array[float]]:
    """Read the next chunk into a new array: plain Python is fastest over these."""
    with file.open("rb") as opened:
        while data := opened.read(8 * CHUNK):
            yield array("d", data)


def new_buffer() -> array[float]:
    """Make the one buffer that a pass through the file needs."""
    return array("d", [0.0]) * CHUNK


def streamed(file: Path, table: SideBySide) -> str:
    """Compute figures about the file in one pass each; return them in words."""
    count, mean, lowest, highest = table.compare(
        "count, mean, min and max in one pass", lambda: summary(file), lambda: summary_plain(file)
    )
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        pooled(file, pool)  # the processes are started here
        table.compare(
            f"the same from {PROCESSES} processes",
            lambda: pooled(file, pool),
            lambda: summary_plain(file),
        )
    spread = table.compare(
        "variance of whole tenths, exact",
        lambda: variance(file),
        lambda: variance_plain(file),
    )
    cooling = table.compare(
        "degree hours above 65 °F: clip in place, then sum",
        lambda: degree_hours(file),
        lambda: degree_hours_plain(file),
    )
    cold = table.compare(
        "hours below 40 °F: filter",
        lambda: cold_hours(file),
        lambda: cold_hours_plain(file),
    )
    smoothed = table.compare(
        "smoothed temperature at the end: reduce",
        lambda: smooth(file),
        lambda: smooth_plain(file),
    )
    return (
        f"From {lowest} to {highest} °F, {mean!r} on average, standard deviation "
        f"{math.sqrt(spread) / 10:.2f};\n{cold / count:.1%} of the hours below 40 °F; on average "
        f"{24 * cooling / count:.1f} degree hours above 65 °F a day; "
        f"{smoothed:.2f} °F at the end.\n{rounded_sums_report(file, mean, count)}"
    )


def summary(file: Path) -> tuple[int, float, float, float]:
    """Count, mean, minimum and maximum of a file of doubles."""
    stats = ao.Stats()
    buffer = new_buffer()
    for size in chunk_sizes(file, buffer):
        stats.update(memoryview(buffer)[:size])
    return figures(stats)


def figures(stats: ao.Stats) -> tuple[int, float, float, float]:
    """Pick what is compared with plain Python."""
    return stats.count, stats.mean, stats.min, stats.max


def pooled(file: Path, pool: Executor) -> tuple[int, float, float, float]:
    """Do the same in a pool of processes, and merge in the order in which they are done."""
    stats = ao.Stats()
    for done in as_completed([pool.submit(stats_of, part) for part in cut(file, 2 * PROCESSES)]):
        stats += done.result()
    return figures(stats)


def summary_plain(file: Path) -> tuple[int, float, float, float]:
    """Do the same in plain Python: fsum takes the chunks one by one, and keeps the exact sum."""
    count, lowest, highest = 0, math.inf, -math.inf

    def watched() -> Iterator[array[float]]:
        nonlocal count, lowest, highest
        for values in plain_chunks(file):
            count += len(values)
            chunk_lowest, chunk_highest = min(values), max(values)
            lowest = min(lowest, chunk_lowest)
            highest = max(highest, chunk_highest)
            yield values

    total = math.fsum(chain.from_iterable(watched()))
    return count, total / count, lowest, highest


def square(x: int) -> int:
    """Return x * x."""
    return x * x


def variance(file: Path) -> float:
    """Compute the population variance of whole tenths of a degree, rounded once, at the end."""
    stats = ao.Stats()
    buffer, tenths = new_buffer(), array("i", [0]) * CHUNK
    for size in chunk_sizes(file, buffer):
        values = memoryview(buffer)[:size]
        ao.scale(values, 10)
        stats.update(ao.map(values, round, out=memoryview(tenths)[:size]))
    return stats.var()


def variance_plain(file: Path) -> float:
    """Do the same in plain Python."""
    count = total = squares = 0
    for values in plain_chunks(file):
        whole = [round(x * 10) for x in values]
        count += len(whole)
        total += sum(whole)
        squares += sum(map(square, whole))
    return float(Fraction(count * squares - total**2, count**2))


def degree_hours(file: Path) -> float:
    """Add up by how much each hour is above 65 °F: the need for cooling."""
    stats = ao.Stats()
    buffer = new_buffer()
    for size in chunk_sizes(file, buffer):
        values = memoryview(buffer)[:size]
        ao.clip(values, WARM, None)
        stats.update(values)
    return stats.sum - WARM * stats.count


def degree_hours_plain(file: Path) -> float:
    """Do the same in plain Python."""
    count = 0

    def clipped() -> Iterator[list[float]]:
        nonlocal count
        for values in plain_chunks(file):
            count += len(values)
            yield [WARM if x < WARM else x for x in values]  # noqa: FURB136 (max() is slower)

    return math.fsum(chain.from_iterable(clipped())) - WARM * count


def is_cold(fahrenheit: float) -> bool:
    """Tell whether an hour is below 40 °F."""
    return fahrenheit < COLD


def cold_hours(file: Path) -> int:
    """Count the hours below 40 °F."""
    buffer = new_buffer()
    sizes = chunk_sizes(file, buffer)
    return sum(len(ao.filter(memoryview(buffer)[:size], is_cold)) for size in sizes)


def cold_hours_plain(file: Path) -> int:
    """Do the same in plain Python."""
    return sum(len(list(filter(is_cold, values))) for values in plain_chunks(file))


def step(smoothed: float, fahrenheit: float) -> float:
    """Move the smoothed temperature a little towards the next one."""
    return smoothed + (fahrenheit - smoothed) * 0.05


def smooth(file: Path) -> float:
    """Smooth exponentially; what one chunk ends with, the next one begins with."""
    buffer, smoothed = new_buffer(), 50.0
    for size in chunk_sizes(file, buffer):
        smoothed = ao.reduce(memoryview(buffer)[:size], step, smoothed)
    return smoothed


def smooth_plain(file: Path) -> float:
    """Do the same in plain Python."""
    smoothed = 50.0
    for values in plain_chunks(file):
        smoothed = functools.reduce(step, values, smoothed)
    return smoothed


def rounded_sums_report(file: Path, mean: float, count: int) -> str:
    """Say what adding the rounded sums of the chunks would have given."""
    total = 0.0
    for values in plain_chunks(file):
        total += math.fsum(values)
    if total / count == mean:
        return "Adding the rounded sums of the chunks gives the same mean here. That is luck."
    return f"Adding the rounded sums of the chunks gives another mean: {total / count!r}."


def mapped(file: Path, table: SideBySide) -> None:
    """Map a file of 16-bit tenths, and use it as if it were an array."""
    with (
        file.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as contents,
        memoryview(contents) as everything,
        everything.cast("h") as tenths,
    ):
        # Plain Python is faster over an array than over a memoryview. It gets one, and the time it
        # takes to make it is not counted.
        copy = array("h", tenths)
        table.compare("mapped: sum of all tenths", lambda: ao.sum(tenths), lambda: sum(copy))
        table.compare("mapped: mean", lambda: ao.mean(tenths), lambda: sum(copy) / len(copy))
        table.compare(
            "mapped: min and max",
            lambda: (ao.min(tenths), ao.max(tenths)),
            lambda: (min(copy), max(copy)),
        )


def memory_report(file: Path) -> str:
    """Say how much memory one pass through the file needs at most."""
    tracemalloc.start()
    summary(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (
        f"Memory for the first row, measured with tracemalloc: {peak / 1024:,.0f} KiB at most, "
        f"for a file of {file.stat().st_size / 1024:,.0f} KiB."
    )


if __name__ == "__main__":
    sys.exit(1 if main().differing else 0)
