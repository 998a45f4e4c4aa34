"""The libraries that give Arrow columns and take them, each behind the same few functions."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

import pytest
from arrow_capsules import chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

# Arrow's types of numbers, as pyarrow calls their functions, and the typecodes of their elements.
KINDS = {
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}


class Library:
    """Columns in the manner of one library; as it stands, of pyarrow."""

    name = "pyarrow"
    modules: tuple[str, ...] = ("pyarrow",)

    @property
    def missing(self) -> bool:
        """Whether something it needs is not installed."""
        return not all(map(importlib.util.find_spec, self.modules))

    @property
    def module(self) -> Any:
        """The library itself."""
        return importlib.import_module(self.modules[0])

    def column(self, kind: str, values: Sequence[float | None]) -> Any:
        """Make a column of one chunk."""
        return self.module.array(values, getattr(self.module, kind)())

    def sliced(self, column: Any, start: int) -> Any:
        """Leave out the first elements, without a copy."""
        return column.slice(start)

    def joined(self, columns: list[Any]) -> Any:
        """Make one column of the chunks of several."""
        return self.module.chunked_array(columns)

    def values(self, column: Any) -> list[Any]:
        """Return the elements as Python's objects, nulls as None."""
        values: list[Any] = column.to_pylist()
        return values

    def taken(self, result: Any) -> Any:
        """Make a column of what another library gives, without a copy."""
        return self.module.array(result)

    def address(self, column: Any, itemsize: int) -> int:
        """Return where the elements begin of a column without nulls, of one chunk."""
        chunk = column.chunk(0) if hasattr(column, "num_chunks") else column
        start: int = chunk.buffers()[1].address
        offset: int = chunk.offset
        return start + offset * itemsize


class Polars(Library):
    """Series of polars, which are always streams."""

    name = "polars"
    modules = ("polars", "numpy")

    def column(self, kind: str, values: Sequence[float | None]) -> Any:
        """Make a series."""
        return self.module.Series(values, dtype=getattr(self.module, polars_name(kind)))

    def joined(self, columns: list[Any]) -> Any:
        """Make a series of several chunks."""
        return self.module.concat(columns, rechunk=False)

    def values(self, column: Any) -> list[Any]:
        """Return the elements."""
        values: list[Any] = column.to_list()
        return values

    def taken(self, result: Any) -> Any:
        """Make a series."""
        return self.module.Series(result)

    def address(self, column: Any, itemsize: int) -> int:
        """Return where an ndarray begins that shares the memory."""
        del itemsize
        start: int = column.to_numpy(allow_copy=False).ctypes.data
        return start


def polars_name(kind: str) -> str:
    """Return what polars calls a type."""
    return kind.replace("uint", "UInt").replace("int", "Int").replace("float", "Float")


class Nanoarrow(Library):
    """Arrays of nanoarrow, which may have several chunks."""

    name = "nanoarrow"
    modules = ("nanoarrow",)

    def column(self, kind: str, values: Sequence[float | None]) -> Any:
        """Make an array."""
        return self.module.Array(values, getattr(self.module, kind)())

    def sliced(self, column: Any, start: int) -> Any:
        """Slice the struct of the array, which is what nanoarrow slices."""
        return self.module.Array(self.module.c_array(column)[start:])

    def joined(self, columns: list[Any]) -> Any:
        """Make an array of several chunks."""
        return self.module.Array.from_chunks(columns)

    def taken(self, result: Any) -> Any:
        """Make an array."""
        return self.module.Array(result)

    def address(self, column: Any, itemsize: int) -> int:
        """Return what is in the struct."""
        struct = self.module.c_array(column)
        start: int = struct.buffers[1]
        offset: int = struct.offset
        return start + offset * itemsize


class Arro3(Library):
    """Arrays of arro3."""

    name = "arro3"
    modules = ("arro3.core",)

    @property
    def missing(self) -> bool:
        """Whether arro3 is not installed: a namespace of packages, which may be absent as well."""
        return not importlib.util.find_spec("arro3") or super().missing

    def column(self, kind: str, values: Sequence[float | None]) -> Any:
        """Make an array."""
        return self.module.Array(values, getattr(self.module.DataType, kind)())

    def joined(self, columns: list[Any]) -> Any:
        """Make an array of several chunks."""
        return self.module.ChunkedArray(columns)

    def taken(self, result: Any) -> Any:
        """Make an array."""
        return self.module.Array.from_arrow(result)

    def address(self, column: Any, itemsize: int) -> int:
        """Return what is in the struct: there is no other way to it, its ndarrays are copies."""
        (chunk,) = chunks(column, itemsize)
        return chunk.address


class DuckDB(Library):
    """Columns of results of DuckDB, which come and go as tables of pyarrow."""

    name = "duckdb"
    modules = ("pyarrow", "duckdb")

    def column(self, kind: str, values: Sequence[float | None]) -> Any:
        """Query a column out of a table."""
        return self.queried(super().column(kind, values))

    def queried(self, column: Any) -> Any:
        """Send a column through DuckDB."""
        table = self.module.table({"x": column})
        found = connection().from_arrow(table).project("x").to_arrow_table()["x"]
        return found.chunk(0) if found.num_chunks == 1 else found

    def joined(self, columns: list[Any]) -> Any:
        """Make a column of several chunks, as results of DuckDB come."""
        return self.module.chunked_array(
            [chunk for it in columns for chunk in getattr(it, "chunks", [it])], columns[0].type
        )

    def taken(self, result: Any) -> Any:
        """Send a result through DuckDB."""
        return self.queried(super().taken(result))


@functools.cache
def connection() -> Any:
    """Return the one connection to a database in memory."""
    return importlib.import_module("duckdb").connect()


class Pandas(Library):
    """Series of pandas with memory of Arrow."""

    name = "pandas"
    modules = ("pandas", "pyarrow")

    def column(self, kind: str, values: Sequence[float | None]) -> Any:
        """Make a series."""
        return self.taken(Library().column(kind, values))

    def sliced(self, column: Any, start: int) -> Any:
        """Leave out the first elements."""
        return column.iloc[start:]

    def joined(self, columns: list[Any]) -> Any:
        """Make a series of several chunks."""
        return self.module.concat(columns, ignore_index=True)

    def values(self, column: Any) -> list[Any]:
        """Return the elements."""
        return Library().values(importlib.import_module("pyarrow").chunked_array(column))

    def taken(self, result: Any) -> Any:
        """Make a series."""
        column = Library().taken(result)
        return self.module.Series(column, dtype=self.module.ArrowDtype(column.type))

    def address(self, column: Any, itemsize: int) -> int:
        """Return where the memory of Arrow begins."""
        return Library().address(importlib.import_module("pyarrow").chunked_array(column), itemsize)


LIBRARIES = [Library(), Polars(), Nanoarrow(), Arro3(), DuckDB(), Pandas()]

each_library = pytest.mark.parametrize(
    "library",
    [
        pytest.param(
            library,
            id=library.name,
            marks=pytest.mark.skipif(library.missing, reason=f"{library.name} not installed"),
        )
        for library in LIBRARIES
    ],
)
each_kind = pytest.mark.parametrize("kind", KINDS)
