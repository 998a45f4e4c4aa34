"""Which NaN a traced function returns, to the bit: the others count all NaN as one.

Of two different NaNs in a sum or product CPython itself returns the one or the other.
"""

import functools
import math
import struct
import sys
from array import array
from typing import Any

import arrayops as ao
import oracles
import pytest
from traced_samples import function
from typecodes import Array


def _double(bits: int) -> float:
    [value] = struct.unpack("<d", struct.pack("<Q", bits))
    return float(value)


CONSTANTS = {
    "nan": math.nan,
    "NEGATIVE": -math.nan,
    "PAYLOAD": _double(0x7FF8000000001234),
}
ACCUMULATORS = {
    "zero": 0.0,
    "negative_zero": -0.0,
    "signalling": _double(0x7FF0000000000001),
    **CONSTANTS,
}
LENGTH = 5000  # enough to be traced when first seen
NUMBERS = array("d", [1.0, -1.0, 0.0, -0.0, math.inf, -math.inf, 2.5] * (LENGTH // 7))
WITH_CONSTANTS = (
    "x + {}", "{} + x", "x - {}", "{} - x", "x * {}", "x / {}", "-(x + {})", "abs({} * x)",
    "x if x < 2 else {}", "{} if x > 0 else x", "min(x, {})", "max({}, x)", "x // {}", "x % {}",
    "{} ** x", "math.copysign({}, x)", "math.sqrt(x + {})", "math.sin(x * {})", "math.fmod(x, {})",
    "math.atan2(x, {})", "x * 2.0 - {}", "{} - x * 2.0", "1.0 - x * {}", "x - x * {}",
    "x * 2.0 - x * {}", "(x * 2.0 + 1.0) * x - {}", "(x * x + x) - x * {}", "(x * {} + 1.0) - 2.0",
)  # fmt: skip
OF_SIGNALLING = (
    "x", "-x", "abs(x)", "+x", "float(x)", "x if x > 0 or x != x else -x", "x + 0.0", "x * 1.0",
    "x if x < 0.5 else 1.0", "min(x, 2.0)", "max(x, 2.0)", "round(x, 2)", "x ** 2", "x ** 1.0",
    "x % 2.0", "x // 2.0", "x * 2.0 - 1.0", "1.0 - x * 2.0", "(x * 2.0 + 1.0) * x - 3.0",
    "math.sqrt(x)", "math.exp(x)", "math.log(x)", "math.log2(x)", "math.log10(x)", "math.log1p(x)",
    "math.fabs(x)", "math.copysign(x, -1.0)", "math.fmod(x, 2.0)", "math.atan2(x, 1.0)",
    "math.tanh(x)",
)  # fmt: skip
REDUCTIONS = (
    "t + x", "t - x", "t + x if x > 0 else t", "t if x < 0 else t + x", "x if x != x else t",
    "x if t == t else t", "max(t, x)", "min(x, t)", "t - x * 2.0", "x", "t", "-t + x",
    "x if x != x else (t + x if x > 0 else t)",
)  # fmt: skip


def _signalling(code: str) -> Array:
    """Return ones, and two NaNs that are signalling."""
    size, infinity = (4, 0x7F80_0000) if code == "f" else (8, 0x7FF0 << 48)
    values = array(code, [1.0]) * LENGTH
    memory = memoryview(values).cast("B")
    for place, sign in ((100, 0), (LENGTH - 1, 1)):
        bits = infinity | 1 | sign << (8 * size - 1)
        memory[place * size : (place + 1) * size] = bits.to_bytes(size, sys.byteorder)
    return values


@pytest.mark.parametrize("typecode", "df")
@pytest.mark.parametrize("constant", CONSTANTS)
@pytest.mark.parametrize("expression", WITH_CONSTANTS)
def test_constant_nan_keeps_its_bits(expression: str, constant: str, typecode: str) -> None:
    fn = function(f"def f(x): return {expression.format(constant)}", **CONSTANTS)
    _assert_maps_to_the_same_bits(fn, NUMBERS, typecode)


@pytest.mark.parametrize("code", "df")
@pytest.mark.parametrize("expression", OF_SIGNALLING)
def test_signalling_nan_is_as_in_python(expression: str, code: str) -> None:
    fn, values = function(f"def f(x): return {expression}"), _signalling(code)
    for typecode in "df":
        _assert_maps_to_the_same_bits(fn, values, typecode)
    assert ao.filter(values, fn).tobytes() == oracles.filter(values, fn).tobytes()


@pytest.mark.parametrize("initial", ACCUMULATORS)
@pytest.mark.parametrize("expression", REDUCTIONS)
def test_accumulator_that_is_a_nan_keeps_its_bits(expression: str, initial: str) -> None:
    fn, start = function(f"def f(t, x): return {expression}"), ACCUMULATORS[initial]
    for values in (NUMBERS,) if math.isnan(start) else (NUMBERS, _signalling("d")):
        ours, theirs = ao.reduce(values, fn, start), functools.reduce(fn, values, start)
        assert struct.pack("<d", ours) == struct.pack("<d", theirs)


def _assert_maps_to_the_same_bits(fn: Any, values: Array, typecode: str) -> None:
    assert "native" in ao.explain(fn, values)
    expected = oracles.map(values, fn, typecode=typecode)
    assert ao.map(values, fn, typecode=typecode).tobytes() == expected.tobytes()
