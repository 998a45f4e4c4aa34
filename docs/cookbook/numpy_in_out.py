"""NumPy in and out: Python's answers, as ndarrays.

    python docs/cookbook/numpy_in_out.py        (needs NumPy)

Three things to take home:

1. Every function takes an ndarray as it is. The functions of `arrayops.numpy` also return one:
   `aon.map(v, lambda x: ...)` is `np.fromiter(map(...), v.dtype)`, as native code where the lambda
   only computes.
2. Integers that do not fit raise `OverflowError` where NumPy wraps them around without a word, and
   sums are exact.
3. `out=` takes an ndarray too, so a pipeline need not allocate anything.
"""

from __future__ import annotations

import math
import sys
from array import array
from typing import TYPE_CHECKING, Any

import arrayops as ao
import numpy as np
from arrayops import numpy as aon
from columns import read_weather
from side_by_side import SideBySide, arguments, setting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Tenths = NDArray[np.int16]
    Doubles = NDArray[np.float64]

WARM = 15.0  # °C


def main(argv: Sequence[str] | None = None) -> SideBySide:
    """Run the recipe on copies of the real rows."""
    options = arguments(argv, "NumPy in and out with arrayops.", copies=100)
    weather = read_weather(options.copies)
    high: Doubles = np.array(weather["high"], np.float64)
    low: Doubles = np.array(weather["low"], np.float64)
    table = SideBySide(
        "NumPy in and out",
        f"{len(high):,} days of Seattle weather (NOAA) as ndarrays of doubles and of int16.",
        setting(),
        rounds=options.rounds,
    )
    tenths: Tenths = table.compare(
        "map, typecode=: tenths of a degree in 16 bits",
        lambda: to_tenths(high),
        lambda: np.fromiter((round(x * 10) for x in high.tolist()), np.int16),
    )
    table.compare(
        "map of two arrays: the middle of the day's range",
        lambda: middle(high, low),
        lambda: np.fromiter(map(midpoint, high.tolist(), low.tolist()), np.float64),
    )
    reused = np.empty_like(high)
    table.compare(
        "map, out=: in °F, into memory that is there",
        lambda: aon.map(high, to_fahrenheit, out=reused),
        lambda: np.fromiter(map(to_fahrenheit, high.tolist()), np.float64),
    )
    warm = table.compare(
        "filter: the warm days",
        lambda: aon.filter(high, lambda x: x >= WARM),
        lambda: np.fromiter((x for x in high.tolist() if x >= WARM), np.float64),
    )
    table.compare(
        "what does not fit: OverflowError, not wrapped around",
        lambda: thousandfold(tenths, aon.map),
        lambda: thousandfold(tenths.tolist(), lambda it, fn: array("h", map(fn, it))),
    )
    total = table.compare("sum, exact", lambda: ao.sum(high), lambda: math.fsum(high.tolist()))
    print(
        f"\n{len(warm):,} warm days. Sum of the highs: {total!r}; of NumPy, rounded at every step: "
        f"{float(high.sum())!r}."
    )
    table.finish()
    return table


def to_tenths(column: Doubles) -> Tenths:
    """Turn doubles into integers of 16 bits."""
    tenths: Tenths = aon.map(column, lambda x: round(x * 10), typecode="h")
    return tenths


def midpoint(high: float, low: float) -> float:
    """Return what lies in the middle."""
    return (high + low) / 2


def middle(high: Doubles, low: Doubles) -> Doubles:
    """Map two arrays at once."""
    means: Doubles = aon.map(high, midpoint, low)
    return means


def to_fahrenheit(celsius: float) -> float:
    """Turn a temperature into another unit."""
    return celsius * 1.8 + 32


def thousandfold(tenths: Any, mapping: Callable[[Any, Any], object]) -> str:  # noqa: ANN401
    """Try to store what 16 bits do not hold; return what comes of it."""

    def to_ten_thousandths(x: int) -> int:
        return x * 1000

    try:
        mapping(tenths, to_ten_thousandths)
    except OverflowError as error:
        return type(error).__name__
    return "wrapped around"


if __name__ == "__main__":
    sys.exit(1 if main().differing else 0)
