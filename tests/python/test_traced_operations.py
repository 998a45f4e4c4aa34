"""Each operation that runs natively, over blocks whose elements make it matter."""

from __future__ import annotations

import itertools
import math
import random
from array import array
from collections.abc import Callable
from typing import Any

import arrayops as ao
import oracles
import pytest
from comparison import outcome
from traced_data import placed
from traced_samples import assert_same_outcome
from typecodes import INTEGER_CODES, TYPECODES, Array

BLOCK = 1024  # elements that are run at a time, and bail out together, at the least
LENGTH = 4 * BLOCK + 200  # so many that a new function is traced at once
Function = Callable[..., Any]

SMALL = tuple(range(-50, 51))
NEAR = {power: tuple(range(2**power - 4, 2**power + 5)) for power in (31, 52, 53, 62)}


def written(arguments: str, body: str) -> Function:
    """Return a function of these arguments."""
    return eval(f"lambda {arguments}: {body}", {"math": math})  # type: ignore[no-any-return]  # noqa: S307


def chosen(code: str, values: Any, length: int = LENGTH, seed: int = 0) -> Array:
    """Return all of the values that the type has, and then some of them at random."""
    low, high = TYPECODES[code].low, TYPECODES[code].high
    fitting = [value for value in values if code in "fd" or low <= value <= high]
    chooser = random.Random(seed)  # noqa: S311
    more = chooser.choices(fitting, k=max(0, length - len(fitting)))
    return array(code, [*fitting, *more][:length])


def both_signs(values: Any) -> tuple[Any, ...]:
    """Return the values and what is below zero by as much."""
    return (*values, *(-value for value in values))


def blocks(code: str, *groups: Any) -> Array:
    """Return blocks, each of values of one group."""
    found: Array = array(code)
    for seed, group in enumerate(groups):
        found += chosen(code, group, BLOCK, seed)
    return found + found[:200]


def integers(code: str) -> list[Array]:
    """Return arrays of integers: small ones, and blocks that reach further and further."""
    low, high = int(TYPECODES[code].low), int(TYPECODES[code].high)
    limits = (*range(low, low + 4), *range(high - 3, high + 1), 0, 1, 2)
    groups = [SMALL, limits, SMALL, SMALL]
    if TYPECODES[code].size == 8:
        near = [both_signs(NEAR[power]) for power in (31, 53, 62)]
        groups = [SMALL, SMALL, *near, limits, SMALL]
    return [chosen(code, SMALL), blocks(code, *groups)]


INTEGERS = {code: integers(code) for code in INTEGER_CODES if code not in "lL"}
# Of which many an operation leaves 64 bits, and no block does not.
HUGE = chosen("q", both_signs((*NEAR[62], *range(2**63 - 9, 2**63))))


def assert_map(fn: Function, *arrays: Any, typecode: str = "d") -> None:
    """Compare `map` with plain Python."""
    first, *others = arrays
    ours = outcome(ao.map, first, fn, *others, typecode=typecode)
    assert_same_outcome(ours, outcome(oracles.map, first, fn, *others, typecode=typecode))


def assert_filter(fn: Function, first: Array) -> None:
    """Compare `filter` with plain Python."""
    assert_same_outcome(outcome(ao.filter, first, fn), outcome(oracles.filter, first, fn))


INTEGER_TEXTS = [
    *("x + 3", "x + -7", "2147483648 + x", "x + 4611686018427387904", "x + 1"),
    *("x - 3", "3 - x", "x - -7", "-1 - x", "2147483647 - x", "x - 4611686018427387904"),
    *("x * 3", "-5 * x", "x * -1", "x * 2147483648", "x * 0", "x * 3037000500", "x * 8"),
    *("x // 1", "x // 3", "x // 7", "x // 8", "x // -1", "x // -3", "x // -8", "x // 100"),
    *("x // 2147483648", "x // 2147483647", "x // 9007199254740993", "x // 32767", "x // -32768"),
    *("x % 1", "x % 3", "x % 7", "x % 8", "x % -1", "x % -3", "x % -8", "x % 100", "x % -7"),
    *("x % 2147483648", "x % 2147483647", "x % 9007199254740993", "x % 32767", "x % -32768"),
    *("1000 // x if x else 5", "-1000 % x if x else -5", "1000 // (x | 1)", "-1001 % (x | 1)"),
    *("x & 15", "x | 16", "x ^ -16", "12345 & x", "-9 | x", "255 ^ x", "x & -256"),
    *("x << 0", "x << 1", "x << 5", "x << 31", "x << 62", "x << 63", "x << 64", "x << 70"),
    *("x >> 0", "x >> 1", "x >> 5", "x >> 31", "x >> 62", "x >> 63", "x >> 64", "x >> 70"),
    *("3 << (x & 31)", "-3 << (x & 63)", "1 << (x & 63)", "0 << (x & 127)", "(x & 3) << (x & 63)"),
    *("1000000 >> (x & 31)", "-1000000 >> (x & 127)", "x >> (x & 127)", "x << (x & 1)"),
    *("x ** 0", "x ** 1", "x ** 2", "x ** 3", "x ** 5", "2 ** (x & 63)", "(-1) ** (x & 63)"),
    *("0 ** (x & 3)", "1 ** (x & 3)", "(-3) ** (x & 3)", "(-2) ** (x & 63)", "(x & 3) ** (x & 15)"),
    *(
        "(x & 1) ** (x & 7)",
        "((x & 1) - 1) ** (x & 7)",
        "(x & 3) ** 4294967296 if x & 2 < 2 else x",
    ),
    *("-x", "abs(x)", "~x", "+x", "-abs(x)", "abs(x - 1)", "~-x", "-(x + 1)", "abs(-x)"),
    *("min(x, 3)", "max(3, x)", "min(-7, x)", "max(x, -1000)", "min(max(x, -9), 9)"),
    *("(x < 3) + 2 * (x <= 4)", "(x > 3) + 2 * (x >= 4)", "(x == 3) + 2 * (x != 4)", "x + (x > 0)"),
    *("(3 < x) * 5", "(3 >= x) * 5", "int(x == 0) - int(x != 2)", "int(x > -2147483648)"),
    *("x // 3 + x % 3", "(x // 7) * 7", "x * 3 + 1", "x * 3 - 1", "1 - x * 3", "5 * x + x"),
    *("x * x + x", "x * x - 7", "x - x * x", "(x + 1) * (x - 1)", "x % 10 * 3 + x // 10"),
    *("x / 2", "x / 3", "3 / x if x else 0", "x / -7", "1 / (x | 1)", "x / 9007199254740992"),
    *("x + 0.5", "x * 1.0", "float(x)", "float(-x)", "x - 0.1", "0.5 * x - 3", "int(x) * 1.5"),
    *("-x if x < 0 else x", "-x if x < 3 else x", "-x if x < 3 else -x", "x if x > 0 else 7"),
    *("-x if x <= 0 else x", "x if x >= 0 else -x", "-x if 0 > x else x", "x if x > 0 else -5"),
    *("-x if x > 3 else x", "x if x == 3 else -x", "-x if x != 3 else x", "7 if x < 3 else x"),
    *("-x if x < 3 else 7", "7 if x < 3 else -x", "-x if x < 0 else 7", "7 if x > 0 else -x"),
    *("-x if x >= 3 else x", "-x if x <= 3 else x", "-x if x == 3 else x", "x if x != 3 else -x"),
    *("x + 1 if x < 3 else -x", "-x if x % 3 else x", "3 if x < 0 else 5", "x if x & 1 else ~x"),
    *("1 if x > 3 and x < 9 else 0", "1 if x < -3 or x > 3 else 0", "1 if not x > 3 else 2"),
    *("int((x > 3) ^ (x < 9))", "int((x > 3) & (x < 9))", "int((x > 3) | (x < -9))"),
    *("(x < 3 if x & 1 else x > -3) + 1", "(-x if x > 3 else x) * 5 + -x"),
]


@pytest.mark.parametrize("text", INTEGER_TEXTS)
def test_integer_operation_is_as_per_element(text: str) -> None:
    fn = written("x", text)
    for code in "bhiIqQ":
        assert_map(fn, INTEGERS[code][1])
    assert_map(fn, HUGE)
    for code in "hq":
        assert_map(fn, INTEGERS[code][0], typecode="q")
        assert_filter(fn, INTEGERS[code][0])


INTEGER_PAIRS = [
    *("x + y", "x - y", "x * y", "x & y", "x | y", "x ^ y", "min(x, y)", "max(x, y)"),
    *("x // y if y else x", "x % y if y else -x", "x // (y | 1)", "x % (y | 1)", "x / (y | 1)"),
    *("x // y if x > 3 and y else 1", "x % y if y < 0 else y", "x // (y & 7 or 1)", "x // -7 + y"),
    *("x << (y & 7)", "x << (y & 63)", "x >> (y & 63)", "x >> (y & 127)", "(x & 7) ** (y & 7)"),
    *("(-1) ** (x & 3) + y", "abs(x) + y", "y + abs(x)", "x * 3 + y", "y - x * 3", "x * 3 - y"),
    *("x * y + 3", "x * y - 3", "3 - x * y", "x + y * x", "x * 5 - y * 7", "x * y + x * 2"),
    *(
        "(x + 3) * y",
        "(x * 3) ^ y",
        "y - abs(x)",
        "(x if x > 3 else -x) + y",
        "(-x if x else 5) - y",
    ),
    *("x if x > y else y", "-x if x > y else y", "x if x > y else -y", "-y if x < 2 else x"),
    *("-x if x <= y else -y", "x if x == y else -y", "x if y != x else 7", "y if x > 0 else -x"),
    *("x if x > 0 else -y", "x if y < 0 else -x", "-x if y < 0 else x", "(x < y) + 2 * (x <= y)"),
    *("(x > y) + 2 * (x >= y)", "(x == y) + 2 * (x != y)", "(2 * x - 3) * x + 5 + y * 3"),
    *(
        "3 * y + ((2 * x - 3) * x + 5)",
        "(2 * x - 3) * x + 5 - 3 * y",
        "((2 * x - 3) * y + 5) * x + 1",
    ),
    *("((2 * x - 3) * x + 5) * y - 7", "(y * (2 * x + 3) + 1) * x", "5 + (2 * x + 3) * y"),
    *("1 if x > 3 and y < 9 else 0", "1 if x < y or x > 40 else 0", "int((x > 3) ^ (y < 9))"),
    *("x + y if x > 0 and y > 0 else x - y", "x if (y if x > 3 else x) > 0 else ~y"),
    *("x if x < 3 else y", "y if x < 3 else x", "y if x < 3 else -y", "-y if x > 3 else y"),
]
MIXED = (("h", "q"), ("b", "B"), ("q", "q"), ("I", "i"), ("Q", "q"), ("q", "H"))
LATE = array("q", [5, -3, 8]) * 1366 + array("q", [2**63 - 1, -(2**63)] * 513)


@pytest.mark.parametrize("text", INTEGER_PAIRS)
def test_operation_on_two_integers_is_as_per_element(text: str) -> None:
    fn = written("x, y", text)
    for first, second in MIXED:
        assert_map(fn, INTEGERS[first][0], INTEGERS[second][0][::-1])
    wide = INTEGERS["q"][1]
    assert_map(fn, wide, wide[::-1])
    assert_map(fn, wide, chosen("q", SMALL, len(wide), 7))
    assert_map(fn, HUGE, HUGE[::-1])
    calm = chosen("q", range(1, 9), len(LATE))
    assert_map(fn, calm, LATE)
    assert_map(fn, LATE, calm)
    assert_map(fn, INTEGERS["q"][0], INTEGERS["q"][0][::-1], typecode="q")


NEAR_FLOATS = tuple(float(value) for power in (31, 52, 53, 62) for value in NEAR[power])
LIMITS = tuple(sign * 2.0**63 + by for sign in (-1, 1) for by in (-1024, -2048, 0, 2048))
QUARTERS = (*(step / 4 for step in range(-40, 41)), -0.0)
HALVES = tuple(step / 2 for step in range(-41, 42))
ODD = (
    *(0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 2.0**-1022, -(2.0**-1022), 1.0),
    *(-1.0, 1e308, -1e308, 0.1, -0.1, 1e22, 3.0, -3.0, 2.0, 0.49999999999999994, 1.5, -2.5),
)
FLOATS = {
    "d": blocks("d", QUARTERS, ODD, HALVES, both_signs(NEAR_FLOATS), LIMITS, QUARTERS),
    "f": blocks("f", QUARTERS, HALVES, [value for value in ODD if not 1e38 < abs(value) < 1e309]),
}
CALM = chosen("d", [*QUARTERS, *HALVES])
FLOAT_TEXTS = [
    *("x + 0.1", "0.1 + x", "x - 0.1", "0.1 - x", "x * -3.7", "0.3 * x", "x / 3.0", "x * 2"),
    *("x + 0.0", "x + -0.0", "0.0 - x", "-0.0 - x", "x - 0", "x * 0.0", "-0.0 * x", "x * -1"),
    *(
        "x / -0.3",
        "x / math.inf",
        "1.0 / x if x else x",
        "0.0 / x if x else x",
        "3 / x if x else -1",
    ),
    *("x // 3.0", "x // -0.7", "x // 0.1", "7.5 // x if x else x", "-7.5 // x if x else 1"),
    *("x // math.inf", "x // -math.inf", "0.0 // x if x else x", "-0.0 // x if x else x"),
    *("x % 3.0", "x % -0.7", "x % 0.1", "7.5 % x if x else x", "-7.5 % x if x else 1", "x % 1"),
    *("x % math.inf", "x % -math.inf", "0.0 % x if x else x", "-0.0 % x if x else x"),
    *("x ** 2", "x ** 3.0", "x ** 0.5 if x > 0 else 1.0", "x ** -1.0 if x else x", "x ** 0.0"),
    *("x ** -2.0 if x else x", "x ** -3.0 if x else x", "x ** math.inf", "x ** -math.inf"),
    *(
        "x ** math.nan",
        "1.0 ** x",
        "(-1.0) ** x if x == x // 1 else x",
        "2.0 ** x if x < 50 else x",
    ),
    *("0.5 ** x if x > -50 else x", "math.inf ** x", "(-math.inf) ** (x // 1)", "0.0 ** abs(x)"),
    *("(-0.0) ** abs(x)", "math.nan ** x", "(-2.0) ** (x // 1) if abs(x) < 50 else x"),
    *("math.pow(abs(x), 0.5)", "math.pow(-1.0, x // 1)", "math.pow(x, 1e-300) if x > 0 else 1"),
    *("-x", "abs(x)", "-abs(x)", "abs(-x)", "math.fabs(x)", "+x", "math.sqrt(abs(x))", "-x + 1"),
    *("math.sqrt(x) if x >= 0 else -1.0", "math.exp(x) if x < 9 else x", "math.sin(x % 7)"),
    *("math.log(x) if x > 0 else x", "math.copysign(x, -1.0)", "math.copysign(2.5, x)"),
    *(
        "math.copysign(x, 0.0)",
        "math.copysign(math.inf, x)",
        "math.fmod(x, 3.0) if x - x == 0 else x",
    ),
    *("math.fmod(7.5, x) if x else x", "math.fmod(x, -0.7) if abs(x) < 1e300 else 1.0"),
    *(
        "math.fmod(x, math.inf) if abs(x) < 1e300 else x",
        "math.atan2(x, 1.0)",
        "math.atan2(1.0, x)",
    ),
    *("math.atan2(x, -1.0)", "math.atan2(x, 0.0)", "math.atan2(x, -0.0)", "math.atan2(0.0, x)"),
    *("math.atan2(-0.0, x)", "math.atan2(math.inf, x)", "math.atan2(-math.inf, x)"),
    *("math.atan2(x, math.inf)", "math.atan2(x, -math.inf)", "math.atan2(x, math.nan)"),
    *("min(x, 0.5)", "max(0.5, x)", "min(0.0, x)", "max(x, -0.0)", "min(max(x, -1.5), 1.5)"),
    *("(x < 0.5) + 2 * (x <= 0.5)", "(x > 0.5) + 2 * (x >= 0.5)", "(x == 0.5) + 2 * (x != 0.5)"),
    *("(0.5 < x) * 5", "(0.5 >= x) * 5", "int(x == 0.0) - int(x != 2.5)", "int(x != x)"),
    *("-x if x < 0 else x", "-x if x < 0.5 else x", "-x if x < 0.5 else -x", "x if x > 0 else 7.0"),
    *(
        "x if x >= 0 else -x",
        "-x if 0 > x else x",
        "-x if x != 0.5 else x",
        "x if x == 0.5 else -x",
    ),
    *(
        "-x if x < 0.5 else 7.5",
        "7.5 if x < 0.5 else -x",
        "x + 1 if x < 0.5 else -x",
        "-x if x else x",
    ),
    *("x * 3 + 1", "x * 0.1 - 0.3", "0.3 - x * 0.1", "x * x + x", "x * x - 0.1", "x - x * x"),
    *("(0.5 * x + 1.25) * x - 3.0", "((x * 0.1 - 0.2) * x + 0.3) * x - 0.4", "0.1 * x + x * x"),
    *("1 if x > 0.5 and x < 9 else 0", "1 if x < -3 or x > 0.5 else 0", "int((x > 1) ^ (x < 2))"),
    "(-x if x > 0.5 else x) * 5 + -x",
]
TO_INTEGERS = [
    *("int(x)", "math.floor(x)", "math.ceil(x)", "math.trunc(x)", "round(x)", "round(x, 1)"),
    *("round(x) * 2", "math.floor(x) // 3", "int(x) % 7", "int(x + 0.5)", "math.ceil(-x)"),
    *("round(x, -1)", "round(x, 2)", "int(x * 0.25)", "math.floor(x) + math.ceil(x)", "int(x) & 7"),
]


@pytest.mark.parametrize("text", FLOAT_TEXTS)
def test_float_operation_is_as_per_element(text: str) -> None:
    fn = written("x", text)
    for code in "df":
        assert_map(fn, FLOATS[code])
        assert_filter(fn, FLOATS[code])
    assert_map(fn, CALM)
    assert_map(fn, FLOATS["f"], typecode="f")


@pytest.mark.parametrize("text", TO_INTEGERS)
def test_rounding_to_an_integer_is_as_per_element(text: str) -> None:
    fn = written("x", text)
    finite = blocks("d", QUARTERS, HALVES, both_signs(NEAR_FLOATS), LIMITS, QUARTERS)
    with_others = written("x", f"{text} if x - x == 0 else x")
    for code in "dq":
        assert_map(fn, CALM, typecode=code)
        assert_map(fn, finite, typecode=code)
    assert_map(fn, FLOATS["d"])
    assert_map(with_others, FLOATS["d"])
    for values in INTEGERS["q"]:
        assert_map(fn, values)


FLOAT_PAIRS = [
    *("x + y", "x - y", "x * y", "x / y if y else x", "x // y if y else -x", "x % y if y else x"),
    *("x ** y if x > 0 and abs(y) < 9 else y", "x ** (y // 1) if x and abs(y) < 9 else x"),
    *("math.copysign(x, y)", "math.fmod(x, y) if y and abs(x) < 1e300 else x", "math.atan2(x, y)"),
    *("min(x, y)", "max(x, y)", "x if x > y else -y", "-x if x <= y else y", "-y if x < 2 else x"),
    *("(x < y) + 2 * (x <= y)", "(x > y) + 2 * (x >= y)", "(x == y) + 2 * (x != y)"),
    *("x * y + 3", "x * y - 0.1", "0.1 - x * y", "x * 0.3 + y", "y - x * 0.3", "x * 0.3 - y"),
    *("x * y + x", "y - x * y", "(2 * x - 3) * x + 5 + y * 3", "3 * y + ((2 * x - 3) * x + 5)"),
    *("(2 * x - 3) * x + 5 - y * 3", "((2 * x - 3) * y + 5) * x + 1", "(y * (2 * x + 3) + 1) * x"),
    *("((2 * x - 3) * x + 5) * y - 7", "y * -3 - ((2 * x - 3) * x + 5)"),
    *("1 if x > 0.5 and y < 9 else 0", "x if x > 0 else -y"),
    *("x + y if x > 0 else x - y", "1 if x < y or x > 0.5 else 0", "x if y > 0 else x * x * x"),
]


@pytest.mark.parametrize("text", FLOAT_PAIRS)
def test_operation_on_two_floats_is_as_per_element(text: str) -> None:
    fn = written("x, y", text)
    first = FLOATS["d"]
    assert_map(fn, first, first[::-1])
    pairs = list(itertools.product(ODD, repeat=2)) * 9
    assert_map(fn, array("d", [x for x, _ in pairs]), array("d", [y for _, y in pairs]))
    assert_map(fn, CALM, CALM[::-1])
    for values in (INTEGERS["h"][0], INTEGERS["q"][1]):
        assert_map(fn, values, chosen("d", QUARTERS, len(values)))
        assert_map(fn, chosen("d", [*QUARTERS, 2.0**53], len(values)), values)
    assert_map(fn, FLOATS["f"], FLOATS["f"][::-1], typecode="f")


POLYNOMIALS = [
    *("(2 * x - 3) * x + 5", "((2 * x - 3) * x + 5) * x - 7", "5 - x * (3 - 2 * x)"),
    *(
        "(((2 * x - 3) * x + 5) * x - 7) * x + 11",
        "((((x * 2 + 1) * x - 3) * x + 5) * x - 7) * x - 2",
    ),
    *("(((((x * 2 + 1) * x - 3) * x + 5) * x - 7) * x - 2) * x + 4", "(2 * x - 3) * x + 5 + x * 3"),
    *(
        "(2 * x - 3) * x + 5 - 3 * x",
        "x * -7 + ((2 * x - 3) * x + 5)",
        "3 * x - ((2 * x - 3) * x + 5)",
    ),
    *("((((x * 2 + 1) * x - 3) * x + 5) * x - 7) * x - 2 + x * 9", "(x + 3) * x + x * 2"),
    *(
        "((2 * x - 3) * x + 5 + x * 7) * ((2 * x - 3) * x + 5)",
        "((2 * x - 3) * x + 5) * (2 * x - 3)",
    ),
    *("((2 * x - 3) * x + 5) % 7 + ((2 * x - 3) * x)", "(0.5 * x + 1.25) * x - 3.0"),
    *("((0.5 * x - 1.25) * x + 0.1) * x - x * 0.3", "x * 0.7 + (0.1 * x - 0.2) * x + 0.3"),
    *("(((0.5 * x - 1.25) * x + 0.1) * x + 0.7) * x - 0.9", "-0.0 + (x * -0.0 + 0.0) * x"),
    *(
        "((0.1 * x + 0.2) * x + 0.3) * x + 0.4 + ((0.1 * x + 0.2) * x + 0.3)",
        "(x - 0.1) * x - 0.3 * x",
    ),
    "(0.25 * (p := (0.5 * x + 1.0) * x + 2.0) + 1.5) * p + 3.0",
    "(2 * (p := (x + 1) * x - 2) + 1) * p + 3",
]


@pytest.mark.parametrize("text", POLYNOMIALS)
def test_polynomial_of_elements_of_any_type_is_as_per_element(text: str) -> None:
    fn = written("x", text)
    for code in INTEGERS:
        values = chosen(code, range(-9, 10))
        assert_map(fn, values)
        assert_map(fn, placed(values, misaligned=True))
        assert_map(fn, values, typecode="q")
    assert_map(fn, INTEGERS["q"][1])
    for code in "df":
        assert_map(fn, FLOATS[code])
        assert_map(fn, placed(FLOATS[code], misaligned=True), typecode="f")


def result_used_elsewhere(x: Any, y: Any) -> Any:
    """Return a product that a division wants, too."""
    product = x * y
    _ = 1 / (product + 1000)
    return product


def difference_used_elsewhere(x: Any, y: Any) -> Any:
    """Return a difference that a division and a choice want, too."""
    difference = x - y
    _ = 1 / (abs(difference) + 1)
    return difference if difference > -1000 else 0 * y


def element_as_it_is(x: Any, y: Any) -> Any:
    """Return an element after a division that may fail."""
    _ = 1 / (y * y + 1)
    return x


def constant_after_a_division(x: Any, y: Any) -> Any:
    """Return a constant, and an element where it matters."""
    _ = (x + 1) // (y * y + 1)
    return 5


def choice_of_what_is_computed(x: Any, y: Any) -> Any:
    """Negate before it is known whether that is wanted."""
    negative, other = -x, -y
    return negative if y < 3 else other


def choice_of_two_signs(x: Any, y: Any) -> Any:
    """Negate what is compared."""
    negative = -x
    return negative if x < 3 else x + 0 * y


def division_that_fails(x: Any, y: Any) -> Any:
    """Fail where nothing of the result is wanted."""
    _ = x / y
    return x


DEFINED = [
    result_used_elsewhere,
    difference_used_elsewhere,
    element_as_it_is,
    constant_after_a_division,
    choice_of_what_is_computed,
    choice_of_two_signs,
    division_that_fails,
]


@pytest.mark.parametrize("fn", DEFINED, ids=lambda fn: fn.__name__)
def test_value_that_is_used_twice_or_not_at_all_is_as_per_element(fn: Function) -> None:
    calm, wide = INTEGERS["q"]
    for code in ("d", "q"):
        assert_map(fn, calm, calm[::-1], typecode=code)
        assert_map(fn, wide, chosen("q", SMALL, len(wide), 7), typecode=code)
        assert_map(fn, chosen("q", SMALL, len(wide), 7), wide, typecode=code)
    assert_map(fn, CALM, CALM[::-1])
    assert_map(fn, FLOATS["d"], FLOATS["d"][::-1])
    assert_map(fn, INTEGERS["h"][1], INTEGERS["h"][1][::-1], typecode="h")
    assert_map(fn, chosen("q", [-(2**63)]), chosen("q", SMALL))
    assert_map(fn, chosen("q", [-(2**63)]), chosen("q", [2**63 - 1, -(2**63)]))


STORED = ["x", "x + 1", "x * 2", "-x", "~x", "max(x, 0)", "5", "x & 255"]


@pytest.mark.parametrize("text", STORED)
@pytest.mark.parametrize("code", INTEGERS)
def test_result_is_stored_if_the_type_holds_it(text: str, code: str) -> None:
    """Of elements within the limits of the type of the results, but for one at or beyond them."""
    fn = written("x", text)
    low, high = int(TYPECODES[code].low), int(TYPECODES[code].high)
    inner = (low + 3, low + 2, high - 2, high // 2, high // 2 - 1, 3, 1, 0)
    for source in ("h", "i", "q", "Q"):
        fitting = [value for value in inner if fits(source, value)]
        for outside in (low - 1, low, high, high + 1, high // 2 + 1, -1):
            if fits(source, outside):
                values = chosen(source, fitting)
                values[2000] = outside
                assert_map(fn, values, typecode=code)


def fits(code: str, value: int) -> bool:
    """Whether a type of integers has a value."""
    return TYPECODES[code].low <= value <= TYPECODES[code].high


def test_misaligned_elements_are_as_others() -> None:
    """Of every type, alone and with aligned ones, in lanes of any width."""
    for text in ("x + y", "(x * 3 ^ y) + 1", "x / 3 + y", "min(x, y) * 0.5", "x if x > y else -y"):
        fn = written("x, y", text)
        for values in itertools.chain.from_iterable(INTEGERS.values()):
            beside = placed(values, misaligned=True)
            assert_map(fn, beside, values)
            assert_map(fn, values[::-1], beside)
    for code in "df":
        fn, beside = written("x", "x * 0.5 + 1"), placed(FLOATS[code], misaligned=True)
        assert_map(fn, beside)
        assert_map(fn, FLOATS[code], typecode="f")
        kept = written("x", "x > 0.5")
        assert_same_outcome(
            outcome(ao.filter, beside, kept), outcome(oracles.filter, FLOATS[code], kept)
        )


@pytest.mark.parametrize("text", ["x * x + x > 12", "x * 3 ^ 5 < 7", "x + 2 > x * 2 or x == 3"])
def test_blocks_that_are_left_to_python_are_as_others(text: str) -> None:
    """One or two in a row of those that are run together, at the end, or all but some."""
    fn = written("x", text)
    images = written("x", f"x * 2 + 1 if {text} else -x")
    for late in ((1500,), (2500, 3500), (2500, 4600), (2500, 6000), (2100, 3100, 4100)):
        values = chosen("q", range(-4, 5), 20_000)
        for at in late:
            values[at] = 2**62
        assert_filter(fn, values)
        assert_map(images, values)
        assert_filter(fn, values[:9999])
    values = chosen("q", range(-4, 5), 70_000)
    for at in (16_000, 40_000, 69_999):
        values[at] = -(2**63)
    assert_filter(fn, values)
    assert_map(images, values)


def test_block_that_reaches_further_than_those_before_is_as_others() -> None:
    """By each step that finds out on the way how far a block reaches, of both of two arrays."""
    for text in (
        *(
            "x * 3 + y",
            "abs(x) + y",
            "(x + 5) + y",
            "(x + 5) * 3 - y",
            "(x * 3) * y",
            "x * 3 - 7 + y",
        ),
        *(
            "(x if x < 3 else -x) + y",
            "(-x if x > 0 else x) - y",
            "x + 5 - (y + 7)",
            "abs(x) * abs(y)",
        ),
    ):
        fn = written("x, y", text)
        for far in (2**63 - 1, -(2**63), 2**62, 2**40, 40_000):
            calm = chosen("q", SMALL, 3 * LENGTH // 2)
            late = calm[:]
            late[1030:] = array("q", [far]) * (len(late) - 1030)
            rare = calm[:]
            rare[2100] = rare[3333] = far
            for reaching in (late, rare):
                assert_map(fn, reaching, calm)
                assert_map(fn, calm[::-1], reaching)
