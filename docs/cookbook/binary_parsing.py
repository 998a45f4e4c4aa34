"""Binary parsing: fixed-size records in a file, read in place and worked on column by column.

    python docs/cookbook/binary_parsing.py

The file holds a header of 13 bytes, then records of five 16-bit integers each; the full description
is in data/pack_weather.py. Three things to take home:

1. A memory-mapped file needs no reading and no copying. Skip the header with a slice, say what the
   bytes are with `cast`, and hand the view to arrayops. That the numbers then start at an odd
   address is fine.
2. One field of every record is not a contiguous array, and arrayops takes only contiguous ones.
   `view[k::5].tobytes()` gathers the field, and `array` makes it a column.
3. Numbers that grow beyond their type raise OverflowError and leave the column as it was. If that
   is not what you want, say so: overflow="saturate" or overflow="wrap".
"""

from __future__ import annotations

import functools
import mmap
import operator
import struct
import sys
import tempfile
from array import array
from pathlib import Path
from typing import TYPE_CHECKING

import arrayops as ao
from side_by_side import SideBySide, arguments, setting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DATA = Path(__file__).resolve().parent / "data" / "seattle-weather.bin"
HEADER = struct.Struct("<5sII")  # the letters SEAWX, the number of records, a checksum
FIELDS = 5
LARGEST = 32767  # of a 16-bit integer

exclusive_or: Callable[[int, int], int] = operator.xor  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def main(argv: Sequence[str] | None = None) -> SideBySide:
    """Run the recipe on a file made of copies of the real records."""
    options = arguments(argv, "Binary parsing with arrayops.", copies=250)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weather.bin"
        records = write_copies(file, options.copies)
        table = SideBySide(
            "Binary parsing",
            f"{records // options.copies:,} days of Seattle weather (NOAA), repeated "
            f"{options.copies:,} times to have enough to time:",
            f"a file of {records:,} records, {file.stat().st_size:,} bytes, memory-mapped.",
            setting(),
            rounds=options.rounds,
        )
        with file.open("rb") as opened:
            parse(opened.fileno(), table)
    table.finish()
    return table


def write_copies(file: Path, copies: int) -> int:
    """Write the real records `copies` times, under a header that fits; return their number."""
    original = DATA.read_bytes()
    magic, count, checksum = HEADER.unpack_from(original)
    header = HEADER.pack(magic, count * copies, checksum * copies % 2**32)
    file.write_bytes(header + original[HEADER.size :] * copies)
    return int(count * copies)


def parse(file_number: int, table: SideBySide) -> None:
    """Check the file, take it apart into columns, and work on them."""
    # Views are closed before the map they look into: that is what the `with` is for.
    with (
        mmap.mmap(file_number, 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as everything,
        everything[HEADER.size :] as body,
        body.cast("h") as numbers,
    ):
        magic, count, checksum = HEADER.unpack_from(mapped)
        if magic != b"SEAWX" or len(numbers) != count * FIELDS:
            sys.exit("This is not a file of weather records, or it was cut short.")

        total = table.compare("checksum: sum of all bytes", lambda: ao.sum(body), lambda: sum(body))
        if total % 2**32 != checksum:
            sys.exit("The checksum in the header is another one: the file is damaged.")
        table.compare(
            "checksum: exclusive-or of all 16-bit numbers",
            lambda: ao.reduce(numbers, exclusive_or),
            lambda: functools.reduce(exclusive_or, numbers),
        )

        day, rain, high, low, wind = (column(numbers, field) for field in range(FIELDS))

    total_rain = table.compare("rain: sum", lambda: ao.sum(rain), lambda: sum(rain))
    mean_wind = table.compare("wind: mean", lambda: ao.mean(wind), lambda: sum(wind) / len(wind))
    hottest = table.compare("highest temperature: max", lambda: ao.max(high), lambda: max(high))
    coldest = table.compare("lowest temperature: min", lambda: ao.min(low), lambda: min(low))

    micrometres(rain, table)
    day_hashes(day, table)
    fahrenheit(high, table)
    growing_days = growing_degree_days(high, low, table)

    days = len(day)
    print(
        f"\nIn these years: {total_rain / days * 36.525:,.0f} mm of rain a year, temperatures from "
        f"{coldest / 10} to {hottest / 10} °C,\n"
        f"wind of {mean_wind / 10:.1f} m/s on average, "
        f"{growing_days / days * 36.525:,.0f} growing degree days a year."
    )


def column(numbers: memoryview, field: int) -> array[int]:
    """Gather one field of every record."""
    gathered = array("h", numbers[field::FIELDS].tobytes())
    if sys.byteorder == "big":  # the file is little-endian, as nearly every computer is today
        gathered.byteswap()
    return gathered


def micrometres(rain: array[int], table: SideBySide) -> None:
    """Go from tenths of a millimetre to micrometres: a very wet day is too much for 16 bits."""

    def refused(column: array[int]) -> str:
        try:
            ao.scale(column, 100)
        except OverflowError:
            return "OverflowError"
        return "it fitted"

    def refused_plain(column: array[int]) -> str:
        try:
            column[:] = array("h", [x * 100 for x in column])
        except OverflowError:
            return "OverflowError"
        return "it fitted"

    def saturated_plain(column: array[int]) -> None:
        column[:] = array("h", [y if (y := x * 100) < LARGEST else LARGEST for x in column])

    table.compare_in_place("rain in µm: refused, nothing changed", rain, refused, refused_plain)
    table.compare_in_place(
        "rain in µm: at most 32767 (saturate)",
        rain,
        lambda column: ao.scale(column, 100, overflow="saturate"),
        saturated_plain,
    )


def day_hashes(day: array[int], table: SideBySide) -> None:
    """Spread the days over the 16-bit numbers by a multiplication that wraps around."""
    keys = array("H", day.tobytes())

    def wrapped_plain(column: array[int]) -> None:
        column[:] = array("H", [x * 40503 & 0xFFFF for x in column])

    table.compare_in_place(
        "day: hashed to 16 bits (wrap)",
        keys,
        lambda column: ao.scale(column, 40503, overflow="wrap"),
        wrapped_plain,
    )


def fahrenheit(high: array[int], table: SideBySide) -> None:
    """Convert tenths of °C to tenths of °F in two steps, in place."""

    def scaled_plain(column: array[int]) -> None:
        column[:] = array("h", [int(x * 1.8) for x in column])

    def plus_320(x: int) -> int:
        return x + 320

    def shifted_plain(column: array[int]) -> None:
        column[:] = array("h", map(plus_320, column))

    steps = table.compare_in_place(
        "highest temperature: times 1.8",
        high,
        lambda column: ao.scale(column, 1.8),
        scaled_plain,
    )
    table.compare_in_place(
        "highest temperature: plus 320, by a function",
        steps,
        lambda column: ao.map_inplace(column, plus_320),
        shifted_plain,
    )


def growing_degree_days(high: array[int], low: array[int], table: SideBySide) -> float:
    """Add up the warmth that maize can use: what lies between 10 and 30 °C, day by day."""
    cool, warm = 100, 300  # tenths of a degree

    def clipped_plain(column: array[int]) -> None:
        column[:] = array("h", [cool if x < cool else warm if x > warm else x for x in column])  # noqa: FURB136 (min() is slower)

    usable_high = table.compare_in_place(
        "highest temperature: kept within 10 to 30 °C",
        high,
        lambda column: ao.clip(column, cool, warm),
        clipped_plain,
    )
    usable_low = table.compare_in_place(
        "lowest temperature: kept within 10 to 30 °C",
        low,
        lambda column: ao.clip(column, cool, warm),
        clipped_plain,
    )
    # Adding 0.1 °C ten times is not 1 °C in floats. The whole tenths add up without any error.
    tenths: int = table.compare(
        "growing degree days: sum of both columns",
        lambda: ao.sum(usable_high) + ao.sum(usable_low),
        lambda: sum(usable_high) + sum(usable_low),
    )
    return tenths / 2 - cool * len(high)


if __name__ == "__main__":
    sys.exit(1 if main().differing else 0)
