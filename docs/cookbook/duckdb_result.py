"""A DuckDB result, reduced as it streams in: exactly, and in the memory of one chunk.

    python docs/cookbook/duckdb_result.py        (needs duckdb and nanoarrow)

A result of DuckDB is an Arrow stream of rows. One of a single column is taken as it is; of a wider
one take the column you want out of every chunk. `ao.Stats` adds up exactly what a database rounds;
chunks that you keep can be handed over as one column, without joining them.
"""

from __future__ import annotations

import functools
import math
import sys
from typing import TYPE_CHECKING, Any

import arrayops as ao
import duckdb
import nanoarrow as na
from columns import DATA, STARTS_TO_TURN
from side_by_side import SideBySide, arguments, setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

QUERY = """
    select case when wind > ? then wind end as wind, (temp_max - temp_min)::float as span
    from read_csv(?, header = true), range(?)
"""


def main(argv: Sequence[str] | None = None) -> SideBySide:
    """Run the recipe on a query that gives the real rows many times."""
    options = arguments(argv, "A DuckDB result reduced with arrayops.", copies=100)
    with duckdb.connect() as connection:
        load(connection, options.copies)
        ((rows,),) = connection.sql("select count(*) from weather").fetchall()
        table = SideBySide(
            "A DuckDB result",
            f"{rows:,} days of Seattle weather (NOAA) in a table of DuckDB. Running the query is "
            "part of the times.",
            setting(),
            rounds=options.rounds,
        )
        query = functools.partial(connection.sql, "select wind, span from weather")
        count, missing, mean, highest = table.compare(
            "Stats: the wind, from chunk to chunk",
            lambda: figures(query(), "wind"),
            lambda: figures_plain(query(), 0),
        )
        spans = functools.partial(connection.sql, "select span from weather")
        total = table.compare(
            "sum: a result of one column",
            lambda: ao.sum(spans()),
            lambda: math.fsum(span for (span,) in spans().fetchall()),
        )
        table.compare(
            "reduce: the wind, smoothed",
            lambda: ao.reduce(column(query(), "wind"), smoother, 3.0),
            lambda: functools.reduce(
                smoother, (wind for wind, _ in query().fetchall() if wind is not None), 3.0
            ),
        )
    print(
        f"\nWind: {count:,} days measured, {missing:,} not; {mean:.2f} m/s in the middle, "
        f"{highest:.1f} at most.\nThe days warmed up by {total:,.1f} °C."
    )
    table.finish()
    return table


def load(connection: duckdb.DuckDBPyConnection, copies: int) -> None:
    """Make a table of copies of the rows of the CSV file."""
    connection.execute(f"create table weather as {QUERY}", [STARTS_TO_TURN, str(DATA), copies])


def smoother(smooth: float, wind: float) -> float:
    """Follow the wind slowly."""
    return smooth + (wind - smooth) * 0.125


def chunks(result: Any, name: str) -> Iterator[na.Array]:  # noqa: ANN401
    """Give one column of a result, chunk by chunk."""
    with na.ArrayStream(result) as stream:
        names = [field.name for field in stream.schema.fields]
        for chunk in stream.iter_chunks():
            yield chunk.child(names.index(name))


def column(result: Any, name: str) -> na.Array:  # noqa: ANN401
    """Give one column of a result: one array of many chunks."""
    return na.Array.from_chunks(chunks(result, name))


def figures(result: Any, name: str) -> tuple[int, int, float, float]:  # noqa: ANN401
    """Return how many values there are and how many are missing, their mean and the highest."""
    stats = ao.Stats()
    for chunk in chunks(result, name):
        stats.update(chunk)
    return stats.count, stats.nulls, stats.mean, float(stats.max)


def figures_plain(result: Any, index: int) -> tuple[int, int, float, float]:  # noqa: ANN401
    """Compute the same in plain Python."""
    values = [row[index] for row in result.fetchall()]
    there = [value for value in values if value is not None]
    return len(there), values.count(None), math.fsum(there) / len(there), max(there)


if __name__ == "__main__":
    sys.exit(1 if main().differing else 0)
