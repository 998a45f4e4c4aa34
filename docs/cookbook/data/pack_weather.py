"""Makes seattle-weather.bin from seattle-weather.csv: the same days, as fixed-size records.

Run it again at any time: it writes the same bytes.

    python docs/cookbook/data/pack_weather.py

Everything in the file is little-endian.

    header, 13 bytes    5 bytes   the letters SEAWX
                        uint32    number of records
                        uint32    checksum: the sum of all bytes after the header, modulo 2**32
    record, 10 bytes    int16     day, counted from 2012-01-01
                        int16     precipitation, tenths of a millimetre
                        int16     highest temperature, tenths of a degree Celsius
                        int16     lowest temperature, tenths of a degree Celsius
                        int16     wind speed, tenths of a metre per second

Tenths as whole numbers are how the weather stations report them, so nothing is lost.
"""

import csv
import struct
from datetime import date
from pathlib import Path

DATA = Path(__file__).resolve().parent
MAGIC = b"SEAWX"
HEADER = struct.Struct("<5sII")
RECORD = struct.Struct("<5h")
FIRST_DAY = date(2012, 1, 1)


def pack(csv_file: Path) -> bytes:
    """Return the binary file for the days in `csv_file`."""
    with csv_file.open(newline="", encoding="ascii") as lines:
        records = [
            RECORD.pack(
                (date(*map(int, row["date"].split("/"))) - FIRST_DAY).days,
                round(10 * float(row["precipitation"])),
                round(10 * float(row["temp_max"])),
                round(10 * float(row["temp_min"])),
                round(10 * float(row["wind"])),
            )
            for row in csv.DictReader(lines)
        ]
    body = b"".join(records)
    return HEADER.pack(MAGIC, len(records), sum(body) % 2**32) + body


if __name__ == "__main__":
    (DATA / "seattle-weather.bin").write_bytes(pack(DATA / "seattle-weather.csv"))
