"""Every function of the library in plain Python: the contract's oracles.

Each has the signature of the function it stands for and takes an `array.array`.
"""

import builtins
import functools
import math
import operator
from array import array
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from typecodes import FLOAT_CODES, TYPECODES, Array

UNITS_PER_ONE: int = 2**1074  # every finite double is a multiple of 2**-1074


class EitherError(Exception):
    """Raised where two rows of the contract apply at once and either exception will do."""


def rounded_sum(values: Iterable[float], repeat: int = 1) -> float:
    """Return the exact sum of `repeat` times the values, rounded once, as an infinity if beyond."""
    values = list(values)
    special = [value for value in values if not math.isfinite(value)]
    if special:
        total: float = builtins.sum(special)
        return total
    units = 0
    for value in values:
        numerator, denominator = value.as_integer_ratio()
        units += numerator * (UNITS_PER_ONE // denominator)
    units *= repeat
    try:
        return units / UNITS_PER_ONE
    except OverflowError:
        return math.inf if units > 0 else -math.inf


def sum(arr: Array) -> float:  # noqa: A001
    """`sum(arr)`; floats `math.fsum(arr)`, made total."""
    if arr.typecode not in FLOAT_CODES:
        total: int = builtins.sum(arr)
        return total
    try:
        return math.fsum(arr)
    except (OverflowError, ValueError):
        return rounded_sum(arr)


def mean(arr: Array) -> float:
    """`sum(arr) / len(arr)`."""
    if not arr:
        message = "mean of nothing"
        raise ValueError(message)
    return sum(arr) / len(arr)


def exact_variance(values: Iterable[float], ddof: int = 0) -> Fraction | None:
    """Return the variance as it is, or None where a value is not finite."""
    values = list(values)
    if not all(_finite(values)):
        return None
    fractions = [Fraction(value) for value in values]
    total = builtins.sum(fractions, Fraction())
    squares = builtins.sum((value * value for value in fractions), Fraction())
    return (squares - total * total / len(values)) / (len(values) - ddof)


def _finite(values: Iterable[float]) -> Iterable[bool]:
    """Say of each value whether it is finite."""
    return (isinstance(value, int) or math.isfinite(value) for value in values)


def square_root(value: Fraction) -> float:
    """Return the square root, rounded once: an integer root of 64 bits or more, odd if inexact."""
    if not value:
        return 0.0
    shift = 2 * builtins.max(0, 130 + value.denominator.bit_length() - value.numerator.bit_length())
    scaled, rest = divmod(value.numerator << shift, value.denominator)
    root = math.isqrt(scaled)
    sticky = rest != 0 or root * root != scaled
    return float(Fraction(root | sticky, 1 << shift // 2))


def _deviation(arr: Array, ddof: Any, root: Callable[[Fraction], float]) -> float:
    ddof = operator.index(ddof)
    if not 0 <= ddof < len(arr):
        message = "too few elements"
        raise ValueError(message)
    variance = exact_variance(arr, ddof)
    if variance is None:
        return math.nan
    try:
        return root(variance)
    except OverflowError:
        return math.inf


def var(arr: Array, ddof: Any = 0) -> float:
    """`float(statistics.pvariance(arr))`, total, with any `ddof`."""
    return _deviation(arr, ddof, float)


def std(arr: Array, ddof: Any = 0) -> float:
    """`statistics.pstdev(arr)`, total, with any `ddof`."""
    return _deviation(arr, ddof, square_root)


def min(arr: Array) -> Any:  # noqa: A001
    """`min(arr)`."""
    return builtins.min(arr)


def max(arr: Array) -> Any:  # noqa: A001
    """`max(arr)`."""
    return builtins.max(arr)


def scale(arr: Array, factor: Any, *, overflow: str = "raise") -> None:
    """`x * factor`, or `int(x * factor)`, stored as `overflow` says."""
    typecode = TYPECODES[arr.typecode]
    if not isinstance(factor, float):
        factor = operator.index(factor)
    if typecode.is_float:
        arr[:] = array(typecode.code, [x * factor for x in arr])
        return
    low, high = int(typecode.low), int(typecode.high)
    products: Iterable[int] = (int(x * factor) for x in arr)
    if overflow == "saturate":
        products = (builtins.min(builtins.max(x, low), high) for x in products)
    elif overflow == "wrap":
        products = ((x - low) % (high - low + 1) + low for x in products)
    arr[:] = array(typecode.code, products)


def clip(arr: Array, min: Any, max: Any) -> None:  # noqa: A002
    """`x if min <= x <= max`, else the nearer bound."""
    typecode = TYPECODES[arr.typecode]

    def inside(bound: Any, round_inwards: Callable[[float], int]) -> Any:
        if typecode.is_float or isinstance(bound, int) or not math.isfinite(bound):
            return bound
        return round_inwards(bound)

    low = -math.inf if min is None else inside(min, math.ceil)
    high = math.inf if max is None else inside(max, math.floor)
    errors: list[type[Exception]] = []
    if any(isinstance(bound, float) and math.isnan(bound) for bound in (low, high)) or low > high:
        errors.append(ValueError)
    infinities = (-math.inf, math.inf) if typecode.is_float else ()
    if (low > typecode.high and low not in infinities) or (
        high < typecode.low and high not in infinities
    ):
        errors.append(OverflowError)
    if errors:
        raise EitherError(*errors) if len(errors) > 1 else errors[0]
    if low < typecode.low:
        low = -math.inf
    if high > typecode.high:
        high = math.inf

    def nearest(x: Any) -> Any:
        if x < low:
            return low
        return high if x > high else x  # noqa: FURB136 - min() would return another NaN or zero

    arr[:] = array(typecode.code, [nearest(x) for x in arr])


def map(  # noqa: A001
    arr: Array, fn: Callable[..., Any], *arrays: Array, typecode: str | None = None, out: Any = None
) -> Any:
    """Fill an array from the builtin `map`, copied into `out` where there is one."""
    result = array(
        typecode or (arr if out is None else out).typecode, builtins.map(fn, arr, *arrays)
    )
    if out is None:
        return result
    out[:] = result
    return out


def map_inplace(arr: Array, fn: Callable[[Any], Any]) -> None:
    """`arr[:] = array(tc, map(fn, arr))`."""
    arr[:] = array(arr.typecode, builtins.map(fn, arr))


def filter(arr: Array, predicate: Callable[[Any], Any] | None) -> Array:  # noqa: A001
    """Fill an array from the builtin `filter`."""
    return array(arr.typecode, builtins.filter(predicate, arr))


def reduce(arr: Array, fn: Callable[[Any, Any], Any], *initial: Any) -> Any:
    """`functools.reduce(fn, arr[, initial])`."""
    return functools.reduce(fn, arr, *initial)
