from collections.abc import Callable
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from arrayops._arrayops import (
    Stats,
    _Function,  # pyright: ignore[reportPrivateUsage]
    _Numbers,  # pyright: ignore[reportPrivateUsage]
    clip,
    explain,
    get_num_threads,
    map_inplace,
    max,
    mean,
    min,
    reduce,
    scale,
    set_num_threads,
    std,
    sum,
    var,
)

__all__ = [
    "Stats",
    "clip",
    "explain",
    "filter",
    "get_num_threads",
    "map",
    "map_inplace",
    "max",
    "mean",
    "min",
    "reduce",
    "scale",
    "set_num_threads",
    "std",
    "sum",
    "var",
]

_Scalar = TypeVar("_Scalar", bound=np.generic)
_Out = TypeVar("_Out", bound=_Numbers)

@overload
def map(
    arr: _Numbers,
    fn: _Function,
    *arrays: _Numbers,
    typecode: DTypeLike | None = None,
    out: _Out,
) -> _Out: ...
@overload
def map(
    arr: _Numbers,
    fn: _Function,
    *arrays: _Numbers,
    typecode: type[_Scalar] | np.dtype[_Scalar],
    out: None = None,
) -> NDArray[_Scalar]: ...
@overload
def map(
    arr: NDArray[_Scalar],
    fn: _Function,
    *arrays: _Numbers,
    typecode: None = None,
    out: None = None,
) -> NDArray[_Scalar]: ...
@overload
def map(
    arr: _Numbers,
    fn: _Function,
    *arrays: _Numbers,
    typecode: DTypeLike | None = None,
    out: None = None,
) -> NDArray[Any]: ...
@overload
def filter(
    arr: NDArray[_Scalar], predicate: Callable[[Any], object] | None
) -> NDArray[_Scalar]: ...
@overload
def filter(arr: _Numbers, predicate: Callable[[Any], object] | None) -> NDArray[Any]: ...
