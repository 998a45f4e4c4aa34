"""Does the same thing in two ways, checks that the results are equal to the bit, and times both."""

from __future__ import annotations

import argparse
import platform
import statistics
import struct
import time
from array import array
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import arrayops as ao

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
A = TypeVar("A", "array[int]", "array[float]")

LABEL_WIDTH: Final = 50


class SideBySide:
    """A table of results, each computed once with plain Python and once with arrayops."""

    def __init__(self, title: str, *about: str, rounds: int) -> None:
        """Print the heading; every comparison will be run `rounds` times."""
        self.rounds = rounds
        self.ratios: list[float] = []
        self.differing = 0
        print(f"{title}\n{'=' * len(title)}")
        print(*about, "", sep="\n")
        print(f"{'':{LABEL_WIDTH}} {'plain Python':>12} {'arrayops':>12} {'times as':>9}")
        print(f"{'':{LABEL_WIDTH}} {'(median)':>12} {'(median)':>12} {'fast':>9}  same?")
        print("-" * (LABEL_WIDTH + 44), flush=True)

    def compare(self, what: str, with_arrayops: Callable[[], T], plain: Callable[[], T]) -> T:
        """Run both, check that what they return is the same, and return it."""
        return self._add_row(what, lambda: _timed(with_arrayops), lambda: _timed(plain))

    def compare_in_place(
        self, what: str, column: A, with_arrayops: Callable[[A], T], plain: Callable[[A], T]
    ) -> A:
        """Run both on copies of `column`, check that the copies end up the same, and return one.

        What the two return is checked as well. The copying is not timed.
        """

        def on_a_copy(function: Callable[[A], T]) -> tuple[float, tuple[A, T]]:
            copy = column[:]
            seconds, returned = _timed(lambda: function(copy))
            return seconds, (copy, returned)

        changed, _ = self._add_row(what, lambda: on_a_copy(with_arrayops), lambda: on_a_copy(plain))
        return changed

    def _add_row(
        self,
        what: str,
        with_arrayops: Callable[[], tuple[float, T]],
        plain: Callable[[], tuple[float, T]],
    ) -> T:
        times_plain: list[float] = []
        times_arrayops: list[float] = []
        found = ""
        while True:  # taking turns, so that a busy moment does not hit only one
            seconds, expected = plain()
            times_plain.append(seconds)
            seconds, result = with_arrayops()
            times_arrayops.append(seconds)
            found = found or difference(result, expected)
            if len(times_arrayops) == self.rounds:
                break

        slow = statistics.median(times_plain)
        fast = max(statistics.median(times_arrayops), 1e-9)  # a coarse clock may say 0
        self.ratios.append(slow / fast)
        print(
            f"{what:{LABEL_WIDTH}} {_readable(slow):>12} {_readable(fast):>12} "
            f"{slow / fast:>9.1f}  {'NO' if found else 'yes'}",
            flush=True,
        )
        if found:
            self.differing += 1
            print(f"    {found}", flush=True)
        return result

    def finish(self) -> None:
        """Print what the table comes to."""
        count = len(self.ratios)
        if self.differing:
            print(f"\n{self.differing} of {count} results DIFFER from plain Python's.\n")
        else:
            print(f"\nAll {count} results are the same as plain Python's, to the bit.\n")


def difference(result: object, expected: object) -> str:
    """Say how two results differ, in type or in any bit; "" if they do not."""
    if type(result) is not type(expected):
        return f"{type(result).__name__} {result!r}, not {type(expected).__name__} {expected!r}"
    if isinstance(result, array) and isinstance(expected, array):
        return _array_difference(
            cast("array[int] | array[float]", result), cast("array[int] | array[float]", expected)
        )
    if isinstance(result, list | tuple) and isinstance(expected, list | tuple):
        return _sequence_difference(
            cast("Sequence[object]", result), cast("Sequence[object]", expected)
        )
    if (kind := _element_type(result)) is not None:
        if kind != _element_type(expected):
            return f"elements of type {kind}, not {_element_type(expected)}"
        return _sequence_difference(_as_list(result), _as_list(expected))
    if isinstance(result, float) and isinstance(expected, float):
        # The bits are compared: == would miss -0.0 for 0.0.
        same = struct.pack("d", result) == struct.pack("d", expected)
    else:
        same = result == expected
    return "" if same else f"{result!r}, not {expected!r}"


def _array_difference(
    result: array[int] | array[float], expected: array[int] | array[float]
) -> str:
    if result.typecode != expected.typecode:
        return f"typecode {result.typecode!r}, not {expected.typecode!r}"
    if result.tobytes() == expected.tobytes():
        return ""
    return _sequence_difference(result, expected) or "the bits differ"


def _element_type(column: Any) -> object:  # noqa: ANN401 (of any type)
    """Return the type of the elements of a column of pyarrow, polars or NumPy; else None."""
    return getattr(column, "type", None) or getattr(column, "dtype", None)


def _as_list(column: Any) -> list[object]:  # noqa: ANN401 (of any of the three)
    for name in ("to_pylist", "to_list"):
        if hasattr(column, name):
            return list(getattr(column, name)())
    return list(column.tolist())


def _sequence_difference(result: Sequence[object], expected: Sequence[object]) -> str:
    if len(result) != len(expected):
        return f"length {len(result)}, not {len(expected)}"
    for index, pair in enumerate(zip(result, expected, strict=True)):
        if found := difference(*pair):
            return f"at index {index}: {found}"
    return ""


def _timed(function: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    returned = function()
    return time.perf_counter() - start, returned


def _readable(seconds: float) -> str:
    """Write a time with three digits and its unit."""
    for unit in ("s", "ms"):
        if seconds >= 1:
            return f"{seconds:#.3g} {unit}".replace(". ", " ")
        seconds *= 1000
    return f"{seconds:#.3g} µs".replace(". ", " ")


def arguments(argv: Sequence[str] | None, about: str | None, copies: int) -> argparse.Namespace:
    """Read the two options that every program of the cookbook has."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--copies",
        type=_at_least_one,
        default=copies,
        help="how often to repeat the real data, so that there is enough to time (%(default)s)",
    )
    parser.add_argument(
        "--rounds",
        type=_at_least_one,
        default=5,
        help="how often to run each comparison; the table shows the median time (%(default)s)",
    )
    return parser.parse_args(argv)


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        message = f"{value} is less than 1"
        raise argparse.ArgumentTypeError(message)
    return value


def setting() -> str:
    """Say what the times were measured with."""
    return (
        f"arrayops {ao.__version__}, {platform.python_implementation()} "
        f"{platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"up to {ao.get_num_threads()} threads"
    )
