"""The functions of arrayops with Arrow arrays for results, which keep nulls.

Inputs are what ``arrayops`` takes: buffers of numbers, and columns of any library that has Arrow's
capsule interface (``__arrow_c_array__``, ``__arrow_c_stream__``). ``map``, ``filter``, ``scale``
and ``clip`` return an ``Array``, which pyarrow, polars, nanoarrow and others take without a copy;
``to_arrow`` and ``from_arrow`` turn buffers into such arrays and columns into memoryviews.
Functions that return numbers are those of ``arrayops`` itself. There is no ``map_inplace`` and no
``out``, since Arrow data does not change.

It needs no other package.

>>> from array import array
>>> import arrayops.arrow as aoa
>>> squares = aoa.map(array("h", [1, 2, 3]), lambda x: x * x)
>>> squares
<arrayops.arrow.Array: 3 elements of int16>
>>> aoa.sum(squares)
14
"""

from arrayops import (
    Stats,
    _arrayops,
    explain,
    get_num_threads,
    max,  # noqa: A004
    mean,
    min,  # noqa: A004
    reduce,
    set_num_threads,
    std,
    sum,  # noqa: A004
    var,
)

if not hasattr(_arrayops, "_arrow_map"):
    message = "this build of arrayops lacks arrayops.arrow: its cargo feature 'arrow' was off"
    raise ImportError(message, name="arrayops.arrow")

Array = _arrayops._ArrowArray  # noqa: SLF001
clip = _arrayops._arrow_clip  # noqa: SLF001
filter = _arrayops._arrow_filter  # noqa: A001, SLF001
from_arrow = _arrayops._from_arrow  # noqa: SLF001
map = _arrayops._arrow_map  # noqa: A001, SLF001
scale = _arrayops._arrow_scale  # noqa: SLF001
to_arrow = _arrayops._to_arrow  # noqa: SLF001

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
