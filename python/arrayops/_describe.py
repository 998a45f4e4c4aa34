"""Describe binary files of numbers: statistics and a histogram, in constant memory."""

import argparse
import itertools
import json
import math
import mmap
import os
import stat
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import arrayops as ao
from arrayops._terminal import Terminal, printable

TYPECODES = "bBhHiIlLqQfd"
WINDOW_BYTES = 32 << 20
SAMPLE = 1 << 17  # elements of a file that its histogram is made of, at most
RUN = 1 << 10  # elements that a sample takes from one place
BINS = 16


class DescribeError(Exception):
    """What is wrong with a file."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which bytes of a file are elements, and of which kind."""

    typecode: str
    offset: int
    count: int | None
    swapped: bool

    @property
    def item(self) -> int:
        """The size of an element in bytes."""
        return array(self.typecode).itemsize

    def length(self, size: int) -> int:
        """Return how many elements a file of this size has, or say why it is none."""
        if size == 0:
            message = "the file is empty"
            raise DescribeError(message)
        if self.offset >= size:
            message = f"the offset, {self.offset:,}, is not within the file of {size:,} bytes"
            raise DescribeError(message)
        whole, rest = divmod(size - self.offset, self.item)
        if self.count is not None:
            if self.count > whole:
                message = f"--count asks for {self.count:,} elements, there are {whole:,}"
                raise DescribeError(message)
            return self.count
        if rest:
            message = (
                f"{size - self.offset:,} bytes are no multiple of the {self.item} bytes of an "
                f"element of type '{self.typecode}': {rest} left over; skip a header with "
                f"--offset, or leave out the end with --count {whole}"
            )
            raise DescribeError(message)
        return whole


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.command is None:
        parser.print_help()
        return 0
    try:
        return _describe(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever was reading has seen enough.
        _discard_output()
        return 141
    except OSError as error:
        _discard_output()
        print(f"arrayops describe: cannot write: {error.strerror or error}", file=sys.stderr)
        return 1


def _discard_output() -> None:
    """Have nothing left to be flushed at exit, where it would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="arrayops", description="Numbers in binary files.")
    parser.add_argument("--version", action="version", version=f"arrayops {ao.__version__}")
    commands = parser.add_subparsers(dest="command")
    describe = commands.add_parser(
        "describe",
        help="statistics and a histogram of files of numbers",
        description="Print statistics and a histogram of files that hold numbers of one type.",
    )
    describe.add_argument("files", nargs="+", metavar="FILE")
    describe.add_argument(
        "--typecode",
        choices=tuple(TYPECODES),
        default="B",
        metavar="TYPECODE",
        help=f"the type of an element, as in array.array: one of {' '.join(TYPECODES)} "
        "(default: B)",
    )
    describe.add_argument(
        "--offset", type=_size, default=0, metavar="BYTES", help="bytes to skip at the beginning"
    )
    describe.add_argument(
        "--count", type=_size, metavar="N", help="elements to read (default: to the end)"
    )
    describe.add_argument(
        "--byteorder",
        choices=("native", "little", "big"),
        default="native",
        help="the order of the bytes of an element",
    )
    describe.add_argument("--json", action="store_true", help="print a JSON object for each file")
    return parser


def _size(text: str) -> int:
    """Read a number of bytes or elements, decimal or with a prefix such as 0x."""
    try:
        value = int(text, 0)
    except ValueError:
        value = -1
    if value < 0:
        message = f"{text!r} is no number of 0 or more"
        raise argparse.ArgumentTypeError(message)
    return value


def _describe(options: argparse.Namespace) -> int:
    swapped = options.byteorder not in {"native", sys.byteorder}
    layout = Layout(options.typecode, options.offset, options.count, swapped)
    terminal = Terminal()
    total = ao.Stats()
    described = failed = 0
    for name in options.files:
        try:
            stats, histogram = _read(name, layout, terminal)
        except (OSError, DescribeError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            sys.stdout.flush()
            print(f"arrayops describe: {printable(name)}: {reason}", file=sys.stderr)
            failed += 1
            continue
        described += 1
        total.merge(stats)
        if options.json:
            print(json.dumps(_json(name, layout, stats, histogram), allow_nan=False))
        else:
            title = f"{printable(name)}: {stats.count:,} elements of type '{layout.typecode}'"
            terminal.show(title, _rows(stats), histogram)
    if described > 1 and not options.json:
        terminal.show(f"All {described} files: {total.count:,} elements", _rows(total), None)
    sys.stdout.flush()
    return 1 if failed else 0


def _read(name: str, layout: Layout, terminal: Terminal) -> tuple[ao.Stats, "Histogram | None"]:
    # Before it is opened: that of a named pipe would wait for somebody to write.
    if not stat.S_ISREG(os.stat(name).st_mode):  # noqa: PTH116
        message = "not a regular file, which alone can be mapped into memory"
        raise DescribeError(message)
    with open(name, "rb") as file:  # noqa: PTH123
        length = layout.length(os.fstat(file.fileno()).st_size)
        nothing: array[Any] = array(layout.typecode)
        stats = ao.Stats(nothing)
        with terminal.progress(printable(name), length * layout.item) as advance:
            for window in windows(file, layout, 0, length):
                size = window.nbytes
                _with(window, stats.update)
                advance(size)
        return stats, _histogram(file, layout, length, stats)


def _with(window: memoryview, use: Callable[[Any], None]) -> None:
    """Use a window and let it go, also if that fails."""
    with window:
        use(window)


def windows(file: BinaryIO, layout: Layout, start: int, end: int) -> Iterator[memoryview]:
    """Yield the elements from `start` to `end`, mapped window by window.

    Each must be released before the next one is asked for.
    """
    per_window = WINDOW_BYTES // layout.item
    for first in range(start, end, per_window):
        count = min(per_window, end - first)
        place = layout.offset + first * layout.item
        mapped_from = place - place % mmap.ALLOCATIONGRANULARITY
        until = place + count * layout.item
        with _mapped(file, mapped_from, until) as mapped:
            if hasattr(mapped, "madvise"):
                mapped.madvise(mmap.MADV_SEQUENTIAL)
            with memoryview(mapped) as whole, whole[place - mapped_from :] as part:
                if not layout.swapped:
                    yield part.cast(cast("Any", layout.typecode))
                    continue
                copied = array(layout.typecode, part.tobytes())
            copied.byteswap()
            yield memoryview(copied)


def _mapped(file: BinaryIO, start: int, end: int) -> mmap.mmap:
    try:
        return mmap.mmap(file.fileno(), end - start, access=mmap.ACCESS_READ, offset=start)
    except ValueError:
        # Beyond the end of a file that has become shorter, there is nothing to map.
        message = "the file became shorter while it was read"
        raise DescribeError(message) from None


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many elements lie from each edge to the next one."""

    edges: list[float]
    counts: list[int]
    sampled: int
    of: int
    left_out: int

    @property
    def title(self) -> str:
        """Say what it is of."""
        title = f"{self.of:,} elements"
        if self.sampled < self.of:
            title = f"a sample of {self.sampled:,} of {title}"
        if self.left_out:
            title += f", {self.left_out:,} of them not finite and left out"
        return title


def _histogram(file: BinaryIO, layout: Layout, length: int, stats: ao.Stats) -> Histogram | None:
    """Count the elements in equal bins; in a long file those of runs all over it."""
    values: array[Any] = array(layout.typecode)
    runs = SAMPLE // RUN
    starts = (
        range(0, length, RUN)
        if length <= SAMPLE
        else (i * (length - RUN) // (runs - 1) for i in range(runs))
    )
    for start in starts:
        for window in windows(file, layout, start, min(start + RUN, length)):
            _with(window, lambda view: values.frombytes(view.cast("B")))
    finite = sorted(x for x in values if math.isfinite(x))
    if not finite:
        return None
    # The ends are those of all elements, if these are finite.
    low, high = (
        end if math.isfinite(end) else other
        for end, other in ((stats.min, finite[0]), (stats.max, finite[-1]))
    )
    edges = _edges(low, high)
    # A bin begins with its edge; the last one has both.
    places = [0, *(bisect_left(finite, edge) for edge in edges[1:-1]), len(finite)]
    counts = [after - before for before, after in itertools.pairwise(places)]
    return Histogram(edges, counts, len(values), length, len(values) - len(finite))


def _edges(low: float, high: float) -> list[float]:
    """Return the ends of up to sixteen equal bins; those of integers are integers."""
    if isinstance(low, int) and isinstance(high, int):
        width = -(-(high - low + 1) // BINS)
        return [*range(low, high + 1, width), high + 1]
    if low == high:
        return [low, high]
    # In halves, since the difference may be beyond the range of a float.
    edges = [low * (1 - i / BINS) + high * (i / BINS) for i in range(BINS + 1)]
    return sorted({low, *edges[1:-1], high})


def _figures(stats: ao.Stats) -> dict[str, Any]:
    return {
        "count": stats.count,
        "sum": stats.sum,
        "min": stats.min if stats.count else None,
        "max": stats.max if stats.count else None,
        "mean": stats.mean if stats.count else None,
        "std": stats.std() if stats.count else None,
        "var": stats.var() if stats.count else None,
    }


def _rows(stats: ao.Stats) -> list[tuple[str, str]]:
    figures = _figures(stats)
    del figures["count"]
    names = {"std": "standard deviation", "var": "variance"}
    return [
        (names.get(name, name), f"{value:,}" if isinstance(value, int) else repr(value))
        for name, value in figures.items()
        if value is not None
    ]


def _json(
    name: str, layout: Layout, stats: ao.Stats, histogram: Histogram | None
) -> dict[str, Any]:
    def plain(value: object) -> object:
        """JSON has no NaN and no infinity: these are strings."""
        return repr(value) if isinstance(value, float) and not math.isfinite(value) else value

    figures = {key: plain(value) for key, value in _figures(stats).items()}
    described: dict[str, Any] = {"file": name, "typecode": layout.typecode, **figures}
    described["histogram"] = histogram and {
        "edges": histogram.edges,
        "counts": histogram.counts,
        "sampled": histogram.sampled,
        "of": histogram.of,
        "left_out": histogram.left_out,
    }
    return described
