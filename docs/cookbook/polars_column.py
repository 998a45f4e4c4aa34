"""A polars column and a lambda: mapped, filtered and summed, and put back into the frame.

    python docs/cookbook/polars_column.py        (needs polars)

Two things to take home:

1. `pl.Series(arrow.map(frame["wind"], lambda v: ...))` does what `frame["wind"].map_elements(...)`
   does: nulls stay nulls, and your function is asked about the rest. But a function that only
   computes is not called: it runs as native code. Neither way is anything copied.
2. A sum is exact here. polars rounds at every step, and so gives another sum for another order.
"""

from __future__ import annotations

import math
import sys
import warnings
from array import array
from typing import TYPE_CHECKING

import arrayops as ao
import polars as pl
from arrayops import arrow
from columns import present, read_weather
from side_by_side import SideBySide, arguments, setting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FREEZING = 0.0  # °C


def main(argv: Sequence[str] | None = None) -> SideBySide:
    """Run the recipe on a frame made of copies of the real rows."""
    options = arguments(argv, "A polars column with arrayops.", copies=100)
    frame = pl.DataFrame(read_weather(options.copies))
    table = SideBySide(
        "A polars column",
        f"{frame.height:,} days of Seattle weather (NOAA) in a data frame of polars, the wind",
        "missing where it was too weak to be measured.",
        setting(),
        rounds=options.rounds,
    )
    table.compare(
        "map: wind in km/h (plain: map_elements)",
        lambda: mapped(frame["wind"], to_kmh),
        lambda: mapped_by_polars(frame["wind"], to_kmh),
    )
    kmh = table.compare(
        "map: wind in km/h (plain: a comprehension)",
        lambda: mapped(frame["wind"], to_kmh),
        lambda: mapped_plain(frame["wind"], to_kmh),
    )
    frame = frame.with_columns(kmh.alias("kmh"))
    total = table.compare(
        "sum of the new column, nulls left out",
        lambda: ao.sum(frame["kmh"]),
        lambda: math.fsum(present(frame["kmh"].to_list())),
    )
    cold = table.compare(
        "filter: nights of frost",
        lambda: ao.filter(frame["low"], lambda x: x < FREEZING),
        lambda: array("d", [x for x in frame["low"].to_list() if x < FREEZING]),
    )
    print(f"\nThe winds add up to {total:,.1f} km/h. {len(cold):,} nights of frost.")
    table.finish()
    return table


def to_kmh(wind: float) -> float:
    """Turn m/s into km/h, to the next half."""
    return (wind * 7.2 + 0.5) // 1 / 2


def mapped(column: pl.Series, function: Callable[[float], float]) -> pl.Series:
    """Map a column; polars takes over the memory of the result."""
    return pl.Series(arrow.map(column, function))


def mapped_by_polars(column: pl.Series, function: Callable[[float], float]) -> pl.Series:
    """Do the same with polars alone."""
    with warnings.catch_warnings():
        # polars knows an expression for this function. That would be yet another way.
        warnings.simplefilter("ignore", pl.exceptions.PolarsInefficientMapWarning)
        return column.map_elements(function, return_dtype=pl.Float64)


def mapped_plain(column: pl.Series, function: Callable[[float], float]) -> pl.Series:
    """Do the same in plain Python."""
    return pl.Series([None if x is None else function(x) for x in column.to_list()])


if __name__ == "__main__":
    sys.exit(1 if main().differing else 0)
