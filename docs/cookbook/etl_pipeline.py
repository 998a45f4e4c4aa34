"""ETL pipeline: extract columns from a CSV file, transform them, load them into a small report.

    python docs/cookbook/etl_pipeline.py

Three things to take home:

1. A table is a handful of arrays of the same length, one for each column. `map` takes several of
   them at once: `ao.map(high, midpoint, low)`.
2. Any Python function will do in `map`, `filter` and `reduce`, and the accumulator of `reduce` may
   be any object. `typecode=` picks a narrower result, `out=` reuses an array you have already.
3. If the rows are in order, a group of rows is a slice. A slice of a memoryview copies nothing, so
   grouping is `view[start:stop]`, and the functions of arrayops take it as it is.
"""

from __future__ import annotations

import csv
import functools
import math
import sys
from array import array
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import arrayops as ao
from side_by_side import SideBySide, arguments, setting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DATA = Path(__file__).resolve().parent / "data" / "seattle-weather.csv"
HEAVY_RAIN = 20  # mm


@dataclass
class Weather:
    """The columns: one element for each row, the rows in order of their dates."""

    month: array[int]  # 201203 is March 2012
    rain: array[float]  # mm
    high: array[float]  # °C
    low: array[float]  # °C
    wind: array[float]  # m/s


def main(argv: Sequence[str] | None = None) -> SideBySide:
    """Run the recipe on copies of the real rows."""
    options = arguments(argv, "An ETL pipeline with arrayops.", copies=180)
    days = extract(1)
    weather = extract(options.copies)
    table = SideBySide(
        "ETL pipeline",
        f"{len(days.rain):,} days of Seattle weather (NOAA), each row repeated {options.copies:,} "
        "times, as if that many",
        f"stations had measured the same: {len(weather.rain):,} rows. Reading the CSV is the same "
        "either way, and not timed.",
        setting(),
        rounds=options.rounds,
    )
    clean(weather, table)
    middle = derive(weather, table)
    dry_spell = longest_dry_spell(days, table)
    years = aggregate(weather, middle, table)
    print(report(years, options.copies, dry_spell))
    table.finish()
    return table


def extract(copies: int) -> Weather:
    """Read the CSV file into columns, each row `copies` times."""
    weather = Weather(array("i"), array("d"), array("d"), array("d"), array("d"))
    with DATA.open(newline="", encoding="ascii") as lines:
        for row in csv.DictReader(lines):
            year, month, _ = row["date"].split("/")
            weather.month.extend([100 * int(year) + int(month)] * copies)
            weather.rain.extend([float(row["precipitation"])] * copies)
            weather.high.extend([float(row["temp_max"])] * copies)
            weather.low.extend([float(row["temp_min"])] * copies)
            weather.wind.extend([float(row["wind"])] * copies)
    return weather


def clean(weather: Weather, table: SideBySide) -> None:
    """Limit the outliers, and change a unit: both in place, without a second column."""
    calm, rough = 0.5, 8.0

    def limited_plain(column: array[float]) -> None:
        column[:] = array("d", [calm if x < calm else rough if x > rough else x for x in column])  # noqa: FURB136 (min() is slower)

    def scaled_plain(column: array[float]) -> None:
        column[:] = array("d", [x * 3.6 for x in column])

    weather.wind = table.compare_in_place(
        "clip: wind kept within 0.5 to 8 m/s",
        weather.wind,
        lambda column: ao.clip(column, calm, rough),
        limited_plain,
    )
    weather.wind = table.compare_in_place(
        "scale: wind from m/s to km/h",
        weather.wind,
        lambda column: ao.scale(column, 3.6),
        scaled_plain,
    )


def derive(weather: Weather, table: SideBySide) -> array[float]:
    """Compute new columns from the ones there are; return the one that the report needs."""

    def midpoint(high: float, low: float) -> float:
        return (high + low) / 2

    def to_fahrenheit(celsius: float) -> float:
        return celsius * 1.8 + 32

    def heavy(millimetres: float) -> bool:
        return millimetres >= HEAVY_RAIN

    table.compare(
        "filter: the rain of days that had any",
        lambda: ao.filter(weather.rain, None),
        lambda: array("d", filter(None, weather.rain)),
    )
    table.compare(
        f"filter: the rain of days with {HEAVY_RAIN} mm or more",
        lambda: ao.filter(weather.rain, heavy),
        lambda: array("d", filter(heavy, weather.rain)),
    )
    reused = array("d", [0.0]) * len(weather.high)
    table.compare(
        "map, out=: highest temperature in °F",
        lambda: ao.map(weather.high, to_fahrenheit, out=reused),
        lambda: array("d", map(to_fahrenheit, weather.high)),
    )
    table.compare(
        "map, typecode=: rounded to one byte each",
        lambda: ao.map(weather.high, round, typecode="b"),
        lambda: array("b", map(round, weather.high)),
    )
    return table.compare(
        "map of two columns: the middle of the day's range",
        lambda: ao.map(weather.high, midpoint, weather.low),
        lambda: array("d", map(midpoint, weather.high, weather.low)),
    )


def longest_dry_spell(days: Weather, table: SideBySide) -> int:
    """Find the most days in a row without rain, on the real rows alone."""

    def step(spell: tuple[int, int], rain: float) -> tuple[int, int]:
        current = 0 if rain else spell[0] + 1
        return current, max(current, spell[1])

    spell: tuple[int, int] = table.compare(
        f"reduce: longest dry spell ({len(days.rain):,} rows)",
        lambda: ao.reduce(days.rain, step, (0, 0)),
        lambda: functools.reduce(step, days.rain, (0, 0)),
    )
    return spell[1]


class Group(NamedTuple):
    """What the report says about the rows of one month or one year."""

    key: int
    rain: float
    highest: float
    lowest: float
    middle: float
    wind: float
    rainy: int


def aggregate(weather: Weather, middle: array[float], table: SideBySide) -> list[Group]:
    """Summarise the rows by month, then by year."""
    by_month = slices(weather.month, lambda month: month)
    by_year = slices(weather.month, lambda month: month // 100)

    def with_arrayops(groups: list[tuple[int, slice]]) -> list[Group]:
        # A slice of a memoryview copies nothing.
        rain, high, low, mid, wind = (
            memoryview(column)
            for column in (weather.rain, weather.high, weather.low, middle, weather.wind)
        )
        return [
            Group(
                key,
                rain=ao.sum(rain[rows]),
                highest=ao.max(high[rows]),
                lowest=ao.min(low[rows]),
                middle=ao.mean(mid[rows]),
                wind=ao.mean(wind[rows]),
                rainy=len(ao.filter(rain[rows], None)),
            )
            for key, rows in groups
        ]

    def plain(groups: list[tuple[int, slice]]) -> list[Group]:
        # Plain Python is faster over slices of the arrays themselves, although those are copies.
        return [
            Group(
                key,
                rain=math.fsum(weather.rain[rows]),
                highest=max(weather.high[rows]),
                lowest=min(weather.low[rows]),
                middle=math.fsum(mid := middle[rows]) / len(mid),
                wind=math.fsum(wind := weather.wind[rows]) / len(wind),
                rainy=len(list(filter(None, weather.rain[rows]))),
            )
            for key, rows in groups
        ]

    table.compare(
        f"six figures for each of {len(by_month)} months",
        lambda: with_arrayops(by_month),
        lambda: plain(by_month),
    )
    return table.compare(
        f"six figures for each of {len(by_year)} years",
        lambda: with_arrayops(by_year),
        lambda: plain(by_year),
    )


def slices(months: array[int], key: Callable[[int], int]) -> list[tuple[int, slice]]:
    """Find where each group of rows begins and ends."""
    groups: list[tuple[int, slice]] = []
    start = 0
    for value, rows in groupby(months, key):
        stop = start + sum(1 for _ in rows)
        groups.append((value, slice(start, stop)))
        start = stop
    return groups


def report(years: list[Group], copies: int, dry_spell: int) -> str:
    """Load the results into a form for people."""
    lines = [
        "",
        "year   rain, mm   days with rain   lowest to highest, °C   middle, °C   wind, km/h",
    ]
    lines += [
        f"{year.key}   {year.rain / copies:8.1f}   {year.rainy // copies:14}   "
        f"{year.lowest:12.1f} to {year.highest:.1f}   {year.middle:12.1f}   {year.wind:10.1f}"
        for year in years
    ]
    lines.append(f"Longest spell without rain: {dry_spell} days.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(1 if main().differing else 0)
