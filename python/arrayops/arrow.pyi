from collections.abc import Callable
from typing import Any, final

from arrayops._arrayops import (
    Stats,
    _Function,  # pyright: ignore[reportPrivateUsage]
    _Number,  # pyright: ignore[reportPrivateUsage]
    _Numbers,  # pyright: ignore[reportPrivateUsage]
    _Overflow,  # pyright: ignore[reportPrivateUsage]
    explain,
    get_num_threads,
    max,
    mean,
    min,
    reduce,
    set_num_threads,
    std,
    sum,
    var,
)

__all__ = [
    "Array",
    "Stats",
    "clip",
    "explain",
    "filter",
    "from_arrow",
    "get_num_threads",
    "map",
    "max",
    "mean",
    "min",
    "reduce",
    "scale",
    "set_num_threads",
    "std",
    "sum",
    "to_arrow",
    "var",
]

@final
class Array:
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...
    def __len__(self) -> int: ...

def to_arrow(buffer: _Numbers) -> Array: ...
def from_arrow(column: _Numbers, *, null: _Number | None = None) -> memoryview[Any]: ...
def map(arr: _Numbers, fn: _Function, *arrays: _Numbers, typecode: str | None = None) -> Array: ...
def filter(arr: _Numbers, predicate: Callable[[Any], object] | None) -> Array: ...
def scale(arr: _Numbers, factor: _Number, *, overflow: _Overflow = "raise") -> Array: ...
def clip(arr: _Numbers, min: _Number | None, max: _Number | None) -> Array: ...
