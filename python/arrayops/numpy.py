"""The functions of arrayops with NumPy arrays for results.

``map`` and ``filter`` return ``numpy.ndarray``, written straight into the array's own memory; their
inputs are whatever ``arrayops`` takes. All else are the functions of ``arrayops`` themselves, which
return plain Python numbers.

It needs NumPy, which ``pip install arrayops[numpy]`` brings along.

>>> import numpy as np
>>> import arrayops.numpy as aon
>>> aon.map(np.array([1.0, 4.0, 9.0]), lambda x: x**0.5)
array([1., 2., 3.])
>>> aon.sum(np.array([127, 127], "int8"))
254
"""

from arrayops import (
    Stats,
    _arrayops,
    clip,
    explain,
    get_num_threads,
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

if not hasattr(_arrayops, "_numpy_map"):
    message = "this build of arrayops lacks arrayops.numpy: its cargo feature 'numpy' was off"
    raise ImportError(message, name="arrayops.numpy")
try:
    import numpy as _  # noqa: F401, ICN001 - it must be there
except ModuleNotFoundError as error:
    if error.name != "numpy":
        raise
    message = "arrayops.numpy needs NumPy: pip install arrayops[numpy]"
    raise ModuleNotFoundError(message, name="numpy") from error

map = _arrayops._numpy_map  # noqa: A001, SLF001
filter = _arrayops._numpy_filter  # noqa: A001, SLF001

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
