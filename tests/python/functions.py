"""The functions by the way they run: in callbacks, or natively."""

from array import array
from collections.abc import Callable
from typing import Any

import arrayops as ao
from typecodes import Array


def zeros(code: str, like: Any) -> Array:
    """Return an array of zeros as long as another buffer."""
    return array(code, [0]) * len(like)


unchecked: Any = ao  # for calls that the type stubs rightly refuse


def record(seen: list[Any], value: Any, result: Any = None) -> Any:
    """Note a callback's argument and return its result."""
    seen.append(value)
    return result


def of_second(fn: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a function of two arguments that passes on the second."""

    def apply(_: Any, x: Any) -> Any:
        return fn(x)

    return apply


# Every function that calls back, as `call(arr, fn)` with a function of one element.
CALLBACK_FUNCTIONS: dict[str, Callable[[Any, Callable[[Any], Any]], Any]] = {
    "map": ao.map,
    "map_out": lambda arr, fn: ao.map(arr, fn, out=zeros("d", arr)),
    "map_onto_itself": lambda arr, fn: ao.map(arr, fn, out=arr),
    "map_second_array": lambda arr, fn: ao.map(zeros("d", arr), of_second(fn), arr),
    "map_inplace": ao.map_inplace,
    "filter": ao.filter,
    "reduce": lambda arr, fn: ao.reduce(arr, lambda _, x: fn(x), 0),
}
NATIVE_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sum": ao.sum,
    "mean": ao.mean,
    "var": ao.var,
    "std": ao.std,
    "Stats": lambda arr: ao.Stats(arr).sum,
    "min": ao.min,
    "max": ao.max,
    "scale": lambda arr: ao.scale(arr, 1),
    "clip": lambda arr: ao.clip(arr, 0, 9),
}
