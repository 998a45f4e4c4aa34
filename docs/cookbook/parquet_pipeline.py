"""Parquet pipeline: a file with missing values, read, reduced, mapped, and written in batches.

    python docs/cookbook/parquet_pipeline.py        (needs pyarrow)

Three things to take home:

1. Every function takes a column of a record batch as it is: `ao.sum(batch["rain"])`. Nothing is
   copied, and nulls are left out.
2. `arrayops.arrow` has the same functions with Arrow arrays for results. There a null stays a null,
   and your function is not asked about it. `pa.array` takes over what they return, without a copy.
3. `ao.Stats` keeps exact sums, so it does not matter in which batches a file is read: a file of any
   size needs the memory of one batch.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import arrayops as ao
import pyarrow as pa
import pyarrow.parquet as pq
from arrayops import arrow
from columns import present, read_weather
from side_by_side import SideBySide, arguments, setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS = 1 << 14  # in a batch
STORM = 8.0  # m/s


def main(argv: Sequence[str] | None = None) -> SideBySide:
    """Run the recipe on a file made of copies of the real rows."""
    options = arguments(argv, "A Parquet pipeline with arrayops and pyarrow.", copies=100)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "weather.parquet"
        rows = write(source, options.copies)
        table = SideBySide(
            "Parquet pipeline",
            f"{rows:,} days of Seattle weather (NOAA) in a Parquet file, the wind missing where it "
            "was too weak",
            f"to be measured; read {ROWS:,} rows at a time. Reading the file is part of the times.",
            setting(),
            rounds=options.rounds,
        )
        count, missing, mean, highest = table.compare(
            "Stats: the wind, from batch to batch",
            lambda: wind_figures(source),
            lambda: wind_figures_plain(source),
        )
        rain = table.compare(
            "sum: the rain, a whole column in its chunks",
            lambda: total_rain(source),
            lambda: total_rain_plain(source),
        )
        table.compare(
            f"filter: winds of {STORM:g} m/s and more",
            lambda: storms(source),
            lambda: storms_plain(source),
        )
        target, plain_target = Path(folder) / "mapped.parquet", Path(folder) / "plain.parquet"
        written = table.compare(
            "map and clip: two new columns, written back",
            lambda: transform(source, target),
            lambda: transform_plain(source, plain_target),
        )
        table.compare(
            "what was written, read again",
            lambda: pq.read_table(target).to_pydict(),
            lambda: pq.read_table(plain_target).to_pydict(),
        )
    print(
        f"\nWind: {count:,} days measured, {missing:,} not; {mean:.2f} m/s in the middle, "
        f"{highest:.1f} at most."
        f"\nRain: {rain:,.1f} mm. {written:,} rows written."
    )
    table.finish()
    return table


def write(file: Path, copies: int) -> int:
    """Write the weather to a Parquet file; return how many rows there are."""
    table = pa.table(
        {
            name: pa.array(values, pa.float32() if name == "rain" else pa.float64())
            for name, values in read_weather(copies).items()
        }
    )
    pq.write_table(table, file, row_group_size=4 * ROWS)
    return int(table.num_rows)


def batches(file: Path, *columns: str) -> Iterator[pa.RecordBatch]:
    """Read columns of a file, batch by batch."""
    with pq.ParquetFile(file) as opened:
        yield from opened.iter_batches(ROWS, columns=columns)


def wind_figures(file: Path) -> tuple[int, int, float, float]:
    """Return how many winds there are and how many are missing, their mean and the highest."""
    stats = ao.Stats()
    for batch in batches(file, "wind"):
        stats.update(batch["wind"])
    return stats.count, stats.nulls, stats.mean, float(stats.max)


def wind_figures_plain(file: Path) -> tuple[int, int, float, float]:
    """Compute the same in plain Python, in the memory of the whole column."""
    winds: list[float] = []
    missing = 0
    for batch in batches(file, "wind"):
        values = batch["wind"].to_pylist()
        winds += present(values)
        missing += values.count(None)
    return len(winds), missing, math.fsum(winds) / len(winds), max(winds)


def total_rain(file: Path) -> float:
    """Add up a column of a table: one chunk for each row group, which need not be joined."""
    return float(ao.sum(pq.read_table(file, columns=["rain"])["rain"]))


def total_rain_plain(file: Path) -> float:
    """Compute the same in plain Python."""
    return math.fsum(pq.read_table(file, columns=["rain"])["rain"].to_pylist())


def storms(file: Path) -> list[float]:
    """Return the winds from `STORM` on, in order."""
    found: list[float] = []
    for batch in batches(file, "wind"):
        found += ao.filter(batch["wind"], lambda wind: wind >= STORM)
    return found


def storms_plain(file: Path) -> list[float]:
    """Compute the same in plain Python."""
    found: list[float] = []
    for batch in batches(file, "wind"):
        found += [wind for wind in present(batch["wind"].to_pylist()) if wind >= STORM]
    return found


SCHEMA = pa.schema([("beaufort", pa.int8()), ("frost", pa.float64())])


def beaufort(wind: float) -> int:
    """Return the number of a wind, in m/s, on Beaufort's scale."""
    number: int = round((wind / 0.836) ** (2 / 3))
    return number


def transform(source: Path, target: Path) -> int:
    """Write a file of columns computed from another's; return how many rows it has."""
    rows = 0
    with pq.ParquetWriter(target, SCHEMA) as writer:
        for batch in batches(source, "wind", "low"):
            columns: list[Any] = [
                pa.array(arrow.map(batch["wind"], beaufort, typecode="b")),  # a null stays one
                pa.array(arrow.clip(batch["low"], None, 0.0)),
            ]
            writer.write_batch(pa.record_batch(columns, schema=SCHEMA))
            rows += batch.num_rows
    return rows


def transform_plain(source: Path, target: Path) -> int:
    """Do the same in plain Python."""
    rows = 0
    with pq.ParquetWriter(target, SCHEMA) as writer:
        for batch in batches(source, "wind", "low"):
            columns: list[Any] = [
                pa.array(
                    [None if x is None else beaufort(x) for x in batch["wind"].to_pylist()],
                    pa.int8(),
                ),
                pa.array([0.0 if x > 0.0 else x for x in batch["low"].to_pylist()], pa.float64()),  # noqa: FURB136
            ]
            writer.write_batch(pa.record_batch(columns, schema=SCHEMA))
            rows += batch.num_rows
    return rows


if __name__ == "__main__":
    sys.exit(1 if main().differing else 0)
