"""Columns of the real libraries, in and out: right, and without a copy."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import sys
from array import array
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import arrayops as ao
import oracles
import pytest
from comparison import assert_same, outcome
from features import FEATURES
from typecodes import filled

if "arrow" not in FEATURES:
    pytest.skip("built without the feature arrow", allow_module_level=True)
from arrayops import arrow
from arrow_capsules import chunks
from arrow_libraries import KINDS, Library, Nanoarrow, each_kind, each_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

checked: Any = ao  # for columns, which have no type that the stubs know
SOME = 0.2  # of the elements are null
OFFSETS = (0, 1, 7, 8, 9, 63, 64, 65)


def numbers(code: str, length: int, nulls: float) -> list[Any]:
    """Return numbers, small or at the limits of a type, and None for that part of them."""
    generator = random.Random(f"{code} {length} {nulls}")  # noqa: S311
    values = filled(code, length, "small" if length % 2 else "specials").tolist()
    return [None if generator.random() < nulls else value for value in values]


def columns(library: Library, kind: str) -> Iterator[tuple[str, Any]]:
    """Give columns of every shape, with their names."""
    code = KINDS[kind]

    def column(length: int, nulls: float) -> Any:
        return library.column(kind, numbers(code, length, nulls))

    for nulls in (0.0, SOME, 1.0):
        for length in (0, 1, 8, 65, 300):
            yield f"{length} elements, {nulls:.0%} nulls", column(length, nulls)
        for start in OFFSETS if nulls == SOME else (7,):
            yield f"from {start} on, {nulls:.0%} nulls", library.sliced(column(201, nulls), start)
        some = [column(length, nulls) for length in (0, 1, 65, 7, 0, 301)]
        yield f"chunks, {nulls:.0%} nulls", library.joined(some)
        several = [library.sliced(column(70 + start, nulls), start) for start in OFFSETS]
        yield f"slices joined, {nulls:.0%} nulls", library.joined(several)
    yield "chunks, some all null", library.joined([column(9, 0.0), column(9, 1.0), column(9, 0.5)])


def is_odd(x: float) -> bool:
    """Tell whether a number is odd; slowly, so that it is called."""
    return x != 0 and repr(x)[-1] in "13579"


def latest(_: object, x: float) -> float:
    """Return the last number of all."""
    return x


REDUCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sum": (ao.sum, oracles.sum),
    "mean": (ao.mean, oracles.mean),
    "min": (ao.min, oracles.min),
    "max": (ao.max, oracles.max),
    "var": (ao.var, oracles.var),
    "std, ddof=1": (lambda it: ao.std(it, 1), lambda it: oracles.std(it, 1)),
    "filter": (lambda it: ao.filter(it, is_odd), lambda it: oracles.filter(it, is_odd)),
    "filter, traced": (
        lambda it: ao.filter(it, lambda x: x > 1),
        lambda it: oracles.filter(it, lambda x: x > 1),
    ),
    "filter, None": (lambda it: ao.filter(it, None), lambda it: oracles.filter(it, None)),
    "reduce": (lambda it: ao.reduce(it, latest), lambda it: oracles.reduce(it, latest)),
    "reduce, traced": (
        lambda it: ao.reduce(it, lambda total, x: total + x, 0),
        lambda it: oracles.reduce(it, lambda total, x: total + x, 0),
    ),
}


@each_library
@each_kind
def test_reductions_of_columns_leave_nulls_out(library: Library, kind: str) -> None:
    for shape, column in columns(library, kind):
        values = library.values(column)
        there = array(KINDS[kind], [x for x in values if x is not None])
        for name, (function, oracle) in REDUCTIONS.items():
            context = f"{name} of {shape}"
            actual, expected = outcome(function, column), outcome(oracle, there)
            assert type(actual.error) is type(expected.error), (context, actual, expected)
            assert_same(actual.value, expected.value, context)
        stats = checked.Stats(column)
        assert (stats.count, stats.nulls) == (len(there), values.count(None)), shape
        assert_same(stats.sum, oracles.sum(there), shape)


@each_library
@each_kind
def test_map_of_columns_with_nulls_names_the_way_out(library: Library, kind: str) -> None:
    for shape, column in columns(library, kind):
        values = library.values(column)
        call = outcome(checked.map, column, abs, typecode="d")
        if None in values:
            assert type(call.error) is ValueError, shape
            assert "arrow.map" in str(call.error)
        else:
            assert_same(call.value, array("d", map(abs, values)), shape)


def halved(x: float) -> float:
    """Return the half, as an integer of an integer."""
    return x // 2 if isinstance(x, int) else x / 2


@each_library
@each_kind
def test_arrow_results_keep_nulls_and_are_taken_by_the_library(library: Library, kind: str) -> None:
    code = KINDS[kind]
    for shape, column in columns(library, kind):
        values = library.values(column)
        for fn in (halved, lambda x: min(3, x)):
            expected = [None if x is None else array(code, [fn(x)])[0] for x in values]
            result = library.taken(arrow.map(column, fn))
            assert_same(library.values(result), expected, f"map of {shape}")
        result = library.taken(arrow.filter(column, lambda x: x > 1))
        expected = [x for x in values if x is not None and x > 1]
        assert_same(library.values(result), expected, f"filter of {shape}")
        result = library.taken(arrow.clip(column, 1, 2))
        limited = array(code, [0 if x is None else x for x in values])
        oracles.clip(limited, 1, 2)
        expected = [None if x is None else y for x, y in zip(values, limited, strict=True)]
        assert_same(library.values(result), expected, f"clip of {shape}")
        assert_same(library.values(column), values, f"{shape}, afterwards")


@each_library
@each_kind
def test_arrow_scale_of_columns_keeps_nulls(library: Library, kind: str) -> None:
    code = KINDS[kind]
    for shape, column in columns(library, kind):
        values = library.values(column)
        scaled = array(code, [0 if x is None else x for x in values])
        oracles.scale(scaled, 3, overflow="wrap")
        expected = [None if x is None else y for x, y in zip(values, scaled, strict=True)]
        result = library.taken(arrow.scale(column, 3, overflow="wrap"))
        assert_same(library.values(result), expected, shape)


@each_library
@each_kind
def test_to_arrow_is_taken_without_a_copy(library: Library, kind: str) -> None:
    data = array(KINDS[kind], range(100))
    column = library.taken(arrow.to_arrow(data))
    assert_same(library.values(column), data.tolist())
    if library.name != "duckdb":  # whose results are its own memory
        assert library.address(column, data.itemsize) == data.buffer_info()[0]
        with pytest.raises(BufferError):
            data.append(1)
    del column


@each_library
@each_kind
def test_results_are_taken_without_a_copy(library: Library, kind: str) -> None:
    code = KINDS[kind]
    for nulls in (0.0, 0.3):
        result = arrow.map(library.column(kind, numbers(code, 1000, nulls)), lambda x: x)
        (ours,) = chunks(result, array(code).itemsize)
        column = library.taken(result)
        if library.name != "duckdb":
            if not nulls:
                assert library.address(column, array(code).itemsize) == ours.address
            (theirs,) = chunks(column, array(code).itemsize)
            assert theirs.address == ours.address
        del result
        expected = numbers(code, 1000, nulls)
        assert_same(library.values(column), expected)


@each_library
@each_kind
def test_from_arrow_without_nulls_is_a_view_of_the_column(library: Library, kind: str) -> None:
    code = KINDS[kind]
    for start in OFFSETS:
        column = library.sliced(library.column(kind, numbers(code, 201, 0.0)), start)
        view = arrow.from_arrow(column)
        assert type(view) is memoryview
        assert view.format in {code, {"q": "l", "Q": "L"}.get(code, code)}
        address = library.address(column, view.itemsize)
        if library.name != "nanoarrow" or start == 0:
            assert ao_address(view) == address
        expected = library.values(column)
        del column
        assert_same(view.tolist(), expected, f"from {start} on")


def ao_address(view: memoryview) -> int:
    """Return where a view begins, found out with ctypes or NumPy."""
    np = pytest.importorskip("numpy")
    address: int = np.asarray(view).ctypes.data
    return address


@each_library
@each_kind
def test_columns_of_no_elements_go_both_ways(library: Library, kind: str) -> None:
    column = library.column(kind, [])
    assert_same(arrow.from_arrow(column).tolist(), [])
    for result in (
        arrow.map(column, abs),
        arrow.filter(column, None),
        arrow.to_arrow(array(KINDS[kind])),
    ):
        assert library.values(library.taken(result)) == []


PYARROW_TYPES: dict[str, Callable[[Any], Any]] = {
    "date32": lambda pa: pa.date32(),
    "date64": lambda pa: pa.date64(),
    r"time32\[s\]": lambda pa: pa.time32("s"),
    r"time64\[us\]": lambda pa: pa.time64("us"),
    r"timestamp\[ms\]": lambda pa: pa.timestamp("ms"),
    r"timestamp\[ns, tz=UTC\]": lambda pa: pa.timestamp("ns", "UTC"),
    r"duration\[s\]": lambda pa: pa.duration("s"),
    "month_day_nano_interval": lambda pa: pa.month_day_nano_interval(),
    r"decimal128\(5, 2\)": lambda pa: pa.decimal128(5, 2),
    r"decimal256\(50, 2\)": lambda pa: pa.decimal256(50, 2),
    "bool": lambda pa: pa.bool_(),
    "string": lambda pa: pa.string(),
    "large_string": lambda pa: pa.large_string(),
    "string_view": lambda pa: pa.string_view(),
    "binary": lambda pa: pa.binary(),
    r"fixed_size_binary\[4\]": lambda pa: pa.binary(4),
    "list<item: int64>": lambda pa: pa.list_(pa.int64()),
    "large_list<item: int8>": lambda pa: pa.large_list(pa.int8()),
    r"fixed_size_list<item: int8>\[2\]": lambda pa: pa.list_(pa.int8(), 2),
    "struct<a: int8>": lambda pa: pa.struct([("a", pa.int8())]),
    "map<": lambda pa: pa.map_(pa.string(), pa.int8()),
    "dictionary<values=string, indices=int8": lambda pa: pa.dictionary(pa.int8(), pa.string()),
    "dictionary<values=int64, indices=int32": lambda pa: pa.dictionary(pa.int32(), pa.int64()),
    "null": lambda pa: pa.null(),
    "halffloat": lambda pa: pa.float16(),
    "run_end_encoded<": lambda pa: pa.run_end_encoded(pa.int32(), pa.int64()),
    "dense_union<a: int8": lambda pa: pa.dense_union([pa.field("a", pa.int8())], [0]),
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sum": ao.sum,
    "max": ao.max,
    "var": ao.var,
    "Stats": ao.Stats,
    "filter": lambda it: ao.filter(it, None),
    "map": lambda it: ao.map(it, abs),
    "arrow.map": lambda it: arrow.map(it, abs),
    "arrow.filter": lambda it: arrow.filter(it, None),
    "arrow.scale": lambda it: arrow.scale(it, 2),
    "arrow.clip": lambda it: arrow.clip(it, 0, 1),
    "from_arrow": arrow.from_arrow,
}


def assert_refused(column: Any, name: str) -> None:
    """Check that every function says which Arrow type it does not take."""
    for function, call in FUNCTIONS.items():
        with pytest.raises(TypeError, match=rf"the Arrow type {name}") as raised:
            call(column)
        assert "int8 to int64" in str(raised.value), function


@pytest.mark.parametrize("name", PYARROW_TYPES)
def test_other_types_of_pyarrow_are_refused_by_name(name: str) -> None:
    pa: Any = pytest.importorskip("pyarrow")
    column = pa.nulls(3, PYARROW_TYPES[name](pa))
    assert_refused(column, name)
    assert_refused(column.slice(1, 0), name)
    assert_refused(pa.chunked_array([column, column]), name)


@pytest.mark.parametrize("name", PYARROW_TYPES)
@pytest.mark.parametrize("module", ["nanoarrow", "arro3.core"])
def test_other_types_passed_on_are_refused_by_name(module: str, name: str) -> None:
    pa: Any = pytest.importorskip("pyarrow")
    pytest.importorskip(module.partition(".")[0])
    library: Any = pytest.importorskip(module)
    column = pa.nulls(3, PYARROW_TYPES[name](pa))
    passed_on = library.Array(column) if module == "nanoarrow" else library.Array.from_arrow(column)
    assert_refused(passed_on, name)


POLARS_VALUES: dict[str, Callable[[Any], Any]] = {
    "date32": lambda pl: pl.Series([dt.date(2012, 1, 1)]),
    r"timestamp\[us\]": lambda pl: pl.Series([dt.datetime(2012, 1, 1)]),  # noqa: DTZ001
    r"timestamp\[us, tz=UTC\]": lambda pl: pl.Series([dt.datetime(2012, 1, 1, tzinfo=dt.UTC)]),
    "time64": lambda pl: pl.Series([dt.time(1)]),
    r"duration\[us\]": lambda pl: pl.Series([dt.timedelta(1)]),
    "decimal128": lambda pl: pl.Series([Decimal("1.25")]),
    "bool": lambda pl: pl.Series([True, None]),
    "(string|large_string|string_view)": lambda pl: pl.Series(["a"]),
    "(binary|large_binary|binary_view)": lambda pl: pl.Series([b"a"]),
    "large_list<": lambda pl: pl.Series([[1]]),
    "fixed_size_list<": lambda pl: pl.Series([[1]], dtype=pl.Array(pl.Int8, 1)),
    "struct<": lambda pl: pl.Series([{"a": 1}]),
    "dictionary<": lambda pl: pl.Series(["a"], dtype=pl.Categorical),
    "null": lambda pl: pl.Series([None]),
}


@pytest.mark.parametrize("name", POLARS_VALUES)
def test_other_types_of_polars_are_refused_by_name(name: str) -> None:
    pl: Any = pytest.importorskip("polars")
    assert_refused(POLARS_VALUES[name](pl), name)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("date '2012-01-01'", "date32"),
        ("time '01:00'", "time64"),
        ("timestamp '2012-01-01'", r"timestamp\["),
        ("interval 1 day", "month_day_nano_interval"),
        ("1.25::decimal(5, 2)", r"decimal128\(5, 2\)"),
        ("true", "bool"),
        ("'a'", "string"),
        ("[1]", "list<"),
        ("{'a': 1}", "struct<a: int32>"),
        ("'a'::enum('a', 'b')", "dictionary<values=string, indices=uint8"),
    ],
)
def test_other_types_of_duckdb_are_refused_by_name(expression: str, name: str) -> None:
    pytest.importorskip("pyarrow")
    duckdb: Any = pytest.importorskip("duckdb")
    with duckdb.connect() as database:
        result = database.sql(f"select {expression} as x").to_arrow_table()
    assert_refused(result["x"], name)


def test_tables_are_refused_with_the_way_out() -> None:
    pa: Any = pytest.importorskip("pyarrow")
    table = pa.table({"a": [1, 2], "b": [0.5, None]})
    for rows in (table, table.to_batches()[0], table.to_reader()):
        with pytest.raises(TypeError, match=r"struct<a: int64, b: double>.*select one of its"):
            ao.sum(rows)
    assert ao.sum(table["b"]) == 0.5


def test_result_of_duckdb_is_a_table_whose_columns_stream_in() -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    na: Any = pytest.importorskip("nanoarrow")
    with duckdb.connect() as database:
        query = "select i::int as i, case when i % 3 > 0 then i / 8 end as x from range(10000) t(i)"
        relation = database.sql(query)
        with pytest.raises(TypeError, match="struct<i: int32, x: double>"):
            ao.sum(relation)
        stats = checked.Stats()
        with na.ArrayStream(relation) as stream:
            for chunk in stream.iter_chunks():
                stats.update(chunk.child(1))
    assert (stats.count, stats.nulls) == (6666, 3334)
    assert stats.sum == sum(i / 8 for i in range(10000) if i % 3)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory in use from /proc")
def test_large_columns_are_not_copied() -> None:
    pytest.importorskip("pyarrow")
    program = """
import re
from pathlib import Path
import arrayops as ao
import numpy as np
import pyarrow as pa
from arrayops import arrow

def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

values = np.arange(16_000_000.0)
bits = np.full(2_000_000, 0b11101111, np.uint8)
whole = pa.array(values)
holed = pa.Array.from_buffers(pa.float64(), len(values), [pa.py_buffer(bits), pa.py_buffer(values)])
chunked = pa.chunked_array([holed.slice(i * 1000, 1000) for i in range(16_000)])
ao.set_num_threads(2)
for warm in (True, False):
    start = peak()
    for column in (whole, holed, chunked):
        part = column.slice(0, 1000) if warm else column
        ao.sum(part), ao.min(part), ao.var(part), ao.Stats(part)
        ao.reduce(part, lambda total, x: total + x)
        assert len(ao.filter(part, lambda x: x < 0)) == 0
    arrow.from_arrow(whole[:1000] if warm else whole)
    arrow.to_arrow(values[:1000] if warm else values)
print(peak() - start)
"""
    pytest.importorskip("numpy")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 48, "MiB more at the peak; the column has 128"


def test_memory_outlives_what_it_came_from() -> None:
    library = Nanoarrow()
    if library.missing:
        pytest.skip("nanoarrow not installed")
    data = array("q", range(1000))
    column = library.taken(arrow.to_arrow(data))
    del data
    view = arrow.from_arrow(column)
    del column
    assert view.tolist() == list(range(1000))
    again = library.taken(arrow.to_arrow(view))
    del view
    assert ao.sum(again) == sum(range(1000))
