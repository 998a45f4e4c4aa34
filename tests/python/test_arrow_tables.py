"""Tables of one column, which are taken as the column; columns of structs, which are not."""

from __future__ import annotations

import ctypes
from array import array
from ctypes import POINTER, c_void_p, pointer
from typing import TYPE_CHECKING, Any

import arrayops as ao
import pytest
from features import FEATURES

if "arrow" not in FEATURES:
    pytest.skip("built without the feature arrow", allow_module_level=True)
from arrayops import arrow
from arrow_capsules import (
    ArrowArray,
    ArrowSchema,
    HandMade,
    HandMadeStream,
    Ledger,
    packed,
    released_twice,
)
from arrow_structs import taken

if TYPE_CHECKING:
    from collections.abc import Callable

checked: Any = ao  # for tables, which have no type that the stubs know
VALUES = [5, None, 7, 11, None, 13]


class Table(HandMade):
    """Rows of one column, which may have more places before and behind them."""

    rows: tuple[int, int] | None = None
    flags = 0
    invalid_rows: tuple[bool, ...] | None = None
    change: Callable[[ArrowArray, ArrowArray], None] | None = None

    def schema(self) -> ArrowSchema:
        """Return the schema of a struct."""
        column = super().schema()
        made = ArrowSchema()
        made.format, made.name, made.flags = b"+s", b"", self.flags
        made.n_children = 1
        made.children = (POINTER(ArrowSchema) * 1)(pointer(column))
        self.ledger.enter(made, (column, made.children, self.owned(column)))
        return made

    def array(self) -> ArrowArray:
        """Return rows of the column."""
        column = super().array()
        made = ArrowArray()
        made.offset, made.length = self.rows or (0, column.length)
        made.n_buffers, made.n_children = 1, 1
        bits = packed(self.invalid_rows) if self.invalid_rows else None
        made.null_count = -1 if bits else 0
        made.buffers = (c_void_p * 1)(bits and ctypes.addressof(bits))
        made.children = (POINTER(ArrowArray) * 1)(pointer(column))
        if self.change:
            self.change(made, column)
        self.ledger.enter(made, (column, bits, made.buffers, made.children, self.owned(column)))
        return made

    @staticmethod
    def owned(column: Any) -> Owned:
        """Return what releases a column when the table is released."""
        return Owned(column)


class Owned:
    """A struct inside another, to be released with that one."""

    def __init__(self, struct: Any) -> None:
        """Take the struct."""
        self.struct = struct

    def __del__(self) -> None:
        """Release it."""
        self.struct.release(ctypes.addressof(self.struct))


def table(code: str = "h", offset: int = 0, **attributes: Any) -> Table:
    """Return the values as the column of a table, behind others."""
    garbage = [99] * offset
    values = array(code, [*garbage, *(x or 77 for x in VALUES)])
    valid = [*[False] * offset, *(x is not None for x in VALUES)]
    made = Table(values, valid, offset, ledger=Ledger())
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def twice(x: Any) -> Any:
    """Return the double."""
    return x + x


def is_large(x: Any) -> Any:
    """Tell whether a number is larger than some."""
    return x > 6


@pytest.mark.parametrize("code", "bhiqBHIQfd")
@pytest.mark.parametrize("offset", [0, 1, 7, 8, 9, 64])
def test_table_of_one_column_is_the_column(code: str, offset: int) -> None:
    for rows in (None, (0, 6), (1, 4), (2, 4), (5, 1), (6, 0), (0, 0)):
        start, length = rows or (0, 6)
        expected = VALUES[start : start + length]
        there = [x for x in expected if x is not None]
        given = table(code, offset, rows=rows)
        assert checked.sum(given) == sum(there)
        assert checked.filter(given, is_large).tolist() == [x for x in there if x > 6]
        stats = checked.Stats(given)
        assert (stats.count, stats.nulls) == (len(there), expected.count(None))
        assert arrow.from_arrow(arrow.filter(given, None)).tolist() == there
        doubled = taken(arrow.map(given, twice))
        assert doubled == [x and x + x for x in expected]
        assert given.ledger.balanced
    assert not released_twice()


def test_batches_stream_in() -> None:
    batches = [table("d", offset=3), table("d", rows=(2, 2)), table("d", rows=(4, 0))]
    for batch in batches[1:]:
        batch.ledger = batches[0].ledger
    assert checked.sum(HandMadeStream(*batches)) == 5 + 7 + 11 + 13 + 7 + 11
    assert batches[0].ledger.balanced


def assert_refused(given: Table, error: type[Exception], message: str) -> None:
    for form in (given, HandMadeStream(given)):
        with pytest.raises(error, match=message):
            checked.sum(form)
        assert given.ledger.balanced
    assert not released_twice()


def test_column_of_structs_is_refused() -> None:
    assert_refused(table(flags=2), TypeError, r"Arrow type struct<made by hand: int16>; expected")


def test_column_of_strings_is_refused_as_a_table() -> None:
    assert_refused(table(format="u"), TypeError, r"struct<made by hand: string>.*select one of")


def test_table_with_rows_that_are_null_is_refused() -> None:
    given = table(invalid_rows=(True, True, False, True, True, True))
    assert_refused(given, ValueError, "a table whose rows may be null")


def shorten(_: ArrowArray, column: ArrowArray) -> None:
    """Make the column shorter than the table says."""
    column.length -= 1


def take_away_child(made: ArrowArray, _: ArrowArray) -> None:
    """Say that there is no column."""
    made.n_children = 0


def take_away_children(made: ArrowArray, _: ArrowArray) -> None:
    """Give no columns."""
    made.children = None


def take_away_pointer(made: ArrowArray, _: ArrowArray) -> None:
    """Give a column that is missing."""
    made.children[0] = POINTER(ArrowArray)()


def set_negative_offset(_: ArrowArray, column: ArrowArray) -> None:
    """Let the column begin before its memory."""
    column.offset = -1


def set_negative_length(made: ArrowArray, _: ArrowArray) -> None:
    """Let there be fewer than no rows."""
    made.length = -1


def set_huge_offsets(made: ArrowArray, column: ArrowArray) -> None:
    """Let the places add up to more than can be counted."""
    made.offset = column.offset = column.length = 2**63 - 1
    made.length = 0


def set_long_length(made: ArrowArray, column: ArrowArray) -> None:
    """Let the rows be more than memory."""
    made.length, column.length = 2**62, 2**63 - 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (shorten, "its column is shorter than the table"),
        (take_away_child, "no table of one column"),
        (take_away_children, "no table of one column"),
        (take_away_pointer, "no table of one column"),
        (set_negative_offset, "its length or offset is negative"),
        (set_negative_length, "its length or offset is negative"),
        (set_huge_offsets, "larger than memory"),
        (set_long_length, "larger than memory"),
    ],
)
def test_table_that_lies_is_refused(change: Any, message: str) -> None:
    assert_refused(table(change=change), ValueError, f"malformed Arrow array: .*{message}")


def test_tables_of_the_libraries_are_taken() -> None:
    pa: Any = pytest.importorskip("pyarrow")
    rows = pa.table({"x": VALUES})
    expected = 5 + 7 + 11 + 13
    for form in (rows, rows.to_batches()[0], rows.to_reader(), rows.slice(0)):
        assert checked.sum(form) == expected
    assert checked.sum(rows.slice(2, 2)) == 18
    with pytest.raises(TypeError, match="struct<x: int64>"):
        checked.sum(pa.array([{"x": 1}]))
    with pytest.raises(TypeError, match=r"struct<x: int64, y: int64>.*select one of its columns"):
        checked.sum(pa.table({"x": [1], "y": [2]}))


@pytest.mark.parametrize("name", ["polars", "pandas"])
def test_data_frames_of_one_column_are_taken(name: str) -> None:
    library: Any = pytest.importorskip(name)
    frame = library.DataFrame({"x": [1.5, 2.5]})
    if not hasattr(frame, "__arrow_c_stream__"):
        pytest.skip("an older version, without the interface")
    pytest.importorskip("pyarrow")
    assert checked.sum(frame) == 4.0
    frame = library.DataFrame({"x": [1.5, 2.5], "y": [1.5, 2.5]})
    with pytest.raises(TypeError, match="select one of its columns"):
        checked.sum(frame)


def test_result_of_duckdb_of_one_column_is_taken_as_it_is() -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    with duckdb.connect() as database:
        query = "select case when i % 3 > 0 then i / 8 end from range(10000) t(i)"
        assert checked.sum(database.sql(query)) == sum(i / 8 for i in range(10000) if i % 3)
        assert checked.Stats(database.sql(query)).nulls == 3334
