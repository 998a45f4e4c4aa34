"""Streaming statistics: figures about a file of any size, in the memory of one chunk.

    python docs/cookbook/streaming_statistics.py

The file is read chunk by chunk into one buffer, made once and used again and again. What is known
about the chunks is then merged. What can be merged without any error?

- Counts, minima and maxima, and sums of integers: as they are.
- Sums of floats: not as they are. The sum of one chunk is correctly rounded, but rounded it is, and
  adding rounded sums adds up their errors. `ExactSum` below also keeps what the rounding left over,
  and so the total is what `math.fsum` would give for the whole file at once, to the last bit.
- Whatever `reduce` computes: hand the result of one chunk to the next one as its initial value.

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
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import arrayops as ao
from side_by_side import SideBySide, arguments, setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DATA = Path(__file__).resolve().parent / "data" / "seattle-temps.csv"
CHUNK = 1 << 14  # elements: 128 KiB of doubles
COLD = 40.0  # °F
WARM = 65.0  # °F, from where a house needs cooling
SPARE = 80  # room behind a chunk for ExactSum, enough for any finite doubles


class ExactSum:
    """The exact sum of all floats added so far, held as a few floats of falling size.

    The first of them is the sum, correctly rounded. The second is what this rounding left over,
    and so on until nothing is left: mostly that is two or three, and never more than 40.
    """

    def __init__(self) -> None:
        """Start from nothing."""
        self.parts: list[float] = []

    def add(self, buffer: array[float], count: int) -> None:
        """Add the first `count` elements of a buffer that has room for SPARE more behind them."""
        with memoryview(buffer) as values:
            end = count + len(self.parts)
            values[count:end] = array("d", self.parts)
            self.parts.clear()
            while part := ao.sum(values[:end]):
                if not math.isfinite(part):
                    message = "ExactSum adds up finite numbers only"
                    raise ValueError(message)
                self.parts.append(part)
                buffer[end] = -part  # the next sum is what is left over
                end += 1

    def rounded(self) -> float:
        """Return the sum, rounded once."""
        return self.parts[0] if self.parts else 0.0


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
    return array("d", [0.0]) * (CHUNK + SPARE)


def streamed(file: Path, table: SideBySide) -> str:
    """Compute figures about the file in one pass each; return them in words."""
    count, mean, lowest, highest = table.compare(
        "count, mean, min and max in one pass", lambda: summary(file), lambda: summary_plain(file)
    )
    spread = table.compare(
        "variance, from two sums of integers",
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
        f"{math.sqrt(spread):.2f};\n{cold / count:.1%} of the hours below 40 °F; on average "
        f"{24 * cooling / count:.1f} degree hours above 65 °F a day; "
        f"{smoothed:.2f} °F at the end.\n{rounded_sums_report(file, mean, count)}"
    )


def summary(file: Path) -> tuple[int, float, float, float]:
    """Count, mean, minimum and maximum of a file of doubles."""
    count, total, lowest, highest = 0, ExactSum(), math.inf, -math.inf
    buffer = new_buffer()
    for size in chunk_sizes(file, buffer):
        values = memoryview(buffer)[:size]
        count += size
        total.add(buffer, size)
        chunk_lowest, chunk_highest = ao.min(values), ao.max(values)
        lowest = min(lowest, chunk_lowest)
        highest = max(highest, chunk_highest)
    return count, total.rounded() / count, lowest, highest


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
    """Compute the population variance from whole tenths of a degree.

    Both sums are sums of integers and so exact, and the result is rounded once, at the end.
    """
    count = total = squares = 0
    buffer = new_buffer()
    tenths, squared = array("i", [0]) * CHUNK, array("q", [0]) * CHUNK
    for size in chunk_sizes(file, buffer):
        values = memoryview(buffer)[:size]
        ao.scale(values, 10)
        whole = ao.map(values, round, out=memoryview(tenths)[:size])
        count += size
        total += ao.sum(whole)
        squares += ao.sum(ao.map(whole, square, out=memoryview(squared)[:size]))
    return float(Fraction(count * squares - total**2, 100 * count**2))


def variance_plain(file: Path) -> float:
    """Do the same in plain Python."""
    count = total = squares = 0
    for values in plain_chunks(file):
        whole = [round(x * 10) for x in values]
        count += len(whole)
        total += sum(whole)
        squares += sum(map(square, whole))
    return float(Fraction(count * squares - total**2, 100 * count**2))


def degree_hours(file: Path) -> float:
    """Add up by how much each hour is above 65 °F: the need for cooling."""
    count, total = 0, ExactSum()
    buffer = new_buffer()
    for size in chunk_sizes(file, buffer):
        ao.clip(memoryview(buffer)[:size], WARM, None)
        total.add(buffer, size)
        count += size
    return total.rounded() - WARM * count


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
