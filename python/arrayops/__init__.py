"""Numeric operations at memory speed on Python's own buffers, with Python's own answers.

Every function takes any one-dimensional, contiguous buffer of integers or floats (``array.array``,
``memoryview``, ``bytes``, ``mmap``, a NumPy array, ...) and gives what plain Python gives for the
same elements, to the bit.

>>> from array import array
>>> import arrayops as ao
>>> ao.sum(array("b", [127, 127]))
254
"""

from arrayops._arrayops import (
    Stats,
    __version__,
    clip,
    explain,
    filter,  # noqa: A004
    get_num_threads,
    map,  # noqa: A004
    map_inplace,
    max,  # noqa: A004
    mean,
    min,  # noqa: A004
    reduce,
    scale,
    set_num_threads,
    std,
    sum,  # noqa: A004
    var,
)

__all__ = [
    "Stats",
    "__version__",
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
