"""Columns of every kind imported again and again: for finding leaks, by themselves or in tests.

    python tests/python/arrow_imports.py [TIMES]     the memory in use must not grow
    valgrind ... python tests/python/arrow_imports.py 200 --by-hand

By hand are made the columns of `arrow_capsules.py`, which need no library; alone, the memory in use
is not looked at. Of pyarrow, polars, nanoarrow and arro3 are those that are installed.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import mmap
import sys
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

import arrayops as ao
from arrayops import arrow
from arrow_capsules import HandMade, HandMadeStream, Ledger, released_twice
from comparison import outcome

if TYPE_CHECKING:
    from collections.abc import Callable

# What an allocator may keep between two looks. A million leaks of 8 bytes would be twice as much.
MAX_GROWTH_BYTES = 4 * 2**20


def identity(x: float) -> float:
    """Return the argument."""
    return x


def fail(_: float) -> float:
    """Raise."""
    raise ZeroDivisionError


def uses(column: Any) -> tuple[Callable[[], object], ...]:
    """Return what is done with a column of numbers, errors included."""
    return (
        lambda: ao.sum(column),
        lambda: ao.min(column),
        lambda: ao.Stats(column),
        lambda: ao.filter(column, None),
        lambda: ao.reduce(column, max),
        lambda: arrow.map(column, identity),
        lambda: arrow.map(column, fail),
        lambda: arrow.filter(column, None),
        lambda: arrow.scale(column, 2, overflow="wrap"),
        lambda: arrow.clip(column, 0, 1),
        lambda: arrow.from_arrow(column),
        lambda: ao.map(column, fail),
    )


def taken_back(data: Any) -> object:
    """Send a buffer out and in again."""
    return ao.sum(arrow.to_arrow(data)), arrow.from_arrow(arrow.to_arrow(data))


def by_hand(ledger: Ledger) -> dict[str, Callable[[], object]]:
    """Return imports of columns made by hand."""
    values, valid = array("q", range(16)), [True, False] * 8

    def made(**kwargs: Any) -> HandMade:
        return HandMade(values, ledger=ledger, **kwargs)

    nothing = HandMade(array("q", [0]), offset=1, ledger=ledger)
    columns: dict[str, Any] = {
        "array": made(),
        "array with nulls and an offset": made(valid=valid, offset=3),
        "array of another type": made(format="tdD"),
        "array of an unknown type": made(format="?!"),
        "stream": HandMadeStream(made(), nothing, made(valid=valid, offset=1)),
        "stream of another type": HandMadeStream(made(format="tsu:UTC")),
        "stream that fails": HandMadeStream(made(), made(), failure=(5, b"the plug was pulled")),
    }
    found: dict[str, Callable[[], object]] = {}
    for name, column in columns.items():
        for index, use in enumerate(uses(column)):
            found[f"{name}, use {index}"] = use
    found["out and in"] = lambda: taken_back(values)
    found["out and dropped"] = lambda: arrow.to_arrow(values)
    found["out as capsules, and dropped"] = lambda: arrow.to_arrow(values).__arrow_c_array__()
    return found


def of_libraries() -> dict[str, Callable[[], object]]:
    """Return imports of columns of the libraries that are installed."""
    columns: dict[str, Any] = {}
    some: list[int | None] = [1, None, 3]
    takers: dict[str, Callable[[Any], Any]] = {}
    if importlib.util.find_spec("pyarrow"):
        import pyarrow as pa  # noqa: PLC0415 (perhaps not installed; so are the others)

        columns["pyarrow"] = pa.array(some)
        columns["pyarrow, chunks"] = pa.chunked_array([some, [4], []])
        columns["pyarrow, dates"] = pa.nulls(3, pa.date32())
        takers["pyarrow"] = pa.array
    if importlib.util.find_spec("polars"):
        import polars as pl  # noqa: PLC0415

        columns["polars"] = pl.Series(some)
        columns["polars, texts"] = pl.Series(["a"])
        takers["polars"] = pl.Series
    if importlib.util.find_spec("nanoarrow"):
        import nanoarrow as na  # noqa: PLC0415

        columns["nanoarrow"] = na.Array(some, na.int64())
        takers["nanoarrow"] = na.Array
    if importlib.util.find_spec("arro3"):
        import arro3.core as ac  # noqa: PLC0415

        columns["arro3"] = ac.Array(some, ac.DataType.int64())
        takers["arro3"] = ac.Array.from_arrow
    found: dict[str, Callable[[], object]] = {}
    for name, column in columns.items():
        for index, use in enumerate(uses(column)):
            found[f"{name}, use {index}"] = use
    data = array("q", range(16))

    def sent(taker: Callable[[Any], Any]) -> Callable[[], object]:
        return lambda: (taker(arrow.to_arrow(data)), taker(arrow.map(data, identity)))

    return found | {f"out to {name}": sent(taker) for name, taker in takers.items()}


def resident_bytes() -> int:
    """Return the memory this process holds, 0 where the system does not say."""
    statistics = Path("/proc/self/statm")
    if not statistics.exists():
        return 0
    return int(statistics.read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE


def run(imports: dict[str, Callable[[], object]], times: int) -> None:
    """Do each of the imports, as often as makes so many of all of them."""
    for _ in range(max(1, times // len(imports))):
        for one in imports.values():
            outcome(one)
    gc.collect()


def growth(imports: dict[str, Callable[[], object]], times: int) -> int:
    """Return by how much memory grew over so many imports, the first of them not counted."""
    run(imports, times // 10 + 1)
    before = resident_bytes()
    run(imports, times)
    return resident_bytes() - before


def main() -> int:
    """Import so many times, and say whether memory stayed as it was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--by-hand", action="store_true", help="use no library of Arrow")
    given = parser.parse_args()
    ledger = Ledger()
    kinds = {"by hand": by_hand(ledger)}
    if not given.by_hand:
        kinds["of libraries"] = of_libraries()
    failed = False
    for name, imports in kinds.items():
        if not imports:
            continue
        grown = growth(imports, given.times)
        failed |= grown > MAX_GROWTH_BYTES and not given.by_hand
        print(f"{given.times:,} imports {name}: memory grew by {grown / 1024:,.0f} KiB")
    print(f"{ledger.made:,} structs made, {ledger.released:,} released, {released_twice()} twice")
    failed |= not ledger.balanced or bool(released_twice())
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
