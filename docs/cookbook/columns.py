"""Weather as the columns that the Arrow and NumPy programs start from."""

from __future__ import annotations

import csv
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data" / "seattle-weather.csv"
STARTS_TO_TURN = 1.5  # m/s


def read_weather(copies: int) -> dict[str, list[float | None]]:
    """Read the columns of the CSV file, its rows `copies` times over.

    An anemometer does not turn in the least of winds. What it gave on such days is taken as
    missing: None.
    """
    with DATA.open(newline="", encoding="ascii") as lines:
        rows = list(csv.DictReader(lines))
    columns: dict[str, list[float | None]] = {
        "rain": [float(row["precipitation"]) for row in rows],
        "high": [float(row["temp_max"]) for row in rows],
        "low": [float(row["temp_min"]) for row in rows],
        "wind": [speed if (speed := float(row["wind"])) > STARTS_TO_TURN else None for row in rows],
    }
    return {name: column * copies for name, column in columns.items()}


def present(column: list[float | None]) -> list[float]:
    """Return what is there of a column, without the nulls."""
    return [value for value in column if value is not None]
