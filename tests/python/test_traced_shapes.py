"""Functions of shapes that have code of their own: polynomials, choices, reductions in steps."""

from __future__ import annotations

import itertools
import math
import operator
import struct
from array import array
from typing import Any

import arrayops as ao
import oracles
import pytest
from comparison import outcome
from traced_samples import (
    CALM_DOUBLES,
    DOUBLES,
    FINITE_DOUBLES,
    LONGS,
    OCTETS,
    SHORTS,
    UNSIGNED,
    assert_as_per_element,
    assert_same_outcome,
)

DATA = (FINITE_DOUBLES, CALM_DOUBLES, DOUBLES, SHORTS, LONGS, OCTETS, UNSIGNED)


def written(arguments: str, body: str) -> Any:
    """Return a function of these arguments."""
    return eval(f"lambda {arguments}: {body}", {"math": math, "operator": operator})  # noqa: S307


def polynomials() -> list[str]:
    """Return polynomials of one to six terms, with products and others added to them."""
    found: list[str] = []
    for coefficients in (
        ("2", "-3", "5", "7", "-11", "13"),
        ("0.5", "1.25", "-3.0", "2.5", "-0.0", "1e3"),
    ):
        for terms in range(1, 7):
            text = coefficients[0]
            for coefficient in coefficients[1:terms]:
                text = f"({text}) * x + {coefficient}"
            found += [text, f"{text} + x * 3", f"{text} - x * 3", f"{text} - 0.75 * x"]
            found += [f"x * 5 + ({text})", f"x * 5 - ({text})", f"3 - ({text})", f"{text} - x * x"]
            found += [f"({text}) * 2 - x", f"({text}) - ({text}) * x"]
    return found


@pytest.mark.parametrize("text", polynomials())
def test_polynomial_is_as_per_element(text: str) -> None:
    for data in DATA:
        assert_as_per_element(written("x", text), data)


CHOICES = [
    *(
        f"x if x {sign} {limit} else -x"
        for sign in ("<", "<=", ">", ">=", "==", "!=")
        for limit in ("0", "1.5")
    ),
    *(
        f"-x if {limit} {sign} x else x"
        for sign in ("<", "<=", ">", ">=", "==", "!=")
        for limit in ("0", "1.5")
    ),
    "-x if x < 0 else 0",
    "0.0 if x < 0 else -x",
    "-x if x < 3 else -x",
    "x - 1 if x < 3 else -x",
    "math.sqrt(x) if x > 0 else -x",
    "math.sqrt(abs(x))",
]
PAIRS = [
    "x if x > y else -y",
    "-x if x > y else -y",
    "-y if x < 2 else x",
    "x ** y if x > 0 and abs(y) < 9 else y",
    "x ** y if abs(y) < 4 and x else y",
    "math.pow(x, y) if x > 0 and abs(y) < 9 else y",
    "x // y if y else x",
    "x % y if y else -x",
    "math.fmod(x, y) if y and abs(x) < 1e300 else -x",
    "math.copysign(x, y)",
    "math.atan2(x, y)",
]


@pytest.mark.parametrize("text", CHOICES)
def test_choice_is_as_per_element(text: str) -> None:
    for data in DATA:
        assert_as_per_element(written("x", text), data)


@pytest.mark.parametrize("text", PAIRS)
def test_function_of_a_pair_is_as_per_element(text: str) -> None:
    for first, second in itertools.product(DATA, repeat=2):
        assert_as_per_element(written("x, y", text), first, second[::-1])


ODD = [
    "math.isclose(x, 1.0, rel_tol=-1.0)",
    "math.isclose(x, 1.0, abs_tol=-1)",
    "math.isclose(x, 1.0, rel_tol=True)",
    "operator.inv(x > 1)",
    "operator.invert(x == 2)",
    "operator.invert(int(x > 1))",
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("text", ODD)
def test_call_that_is_seldom_right_is_as_per_element(text: str) -> None:
    for data in DATA:
        assert_as_per_element(written("x", text), data)


CHAINS = [
    "s + (x - s) * 0.125",
    "(x - s) * 0.125 + s",
    "s + 0.125 * (x - s)",
    "s + (x - s) * x",
    "s - (x - s) * 0.125",
    "s + (s - x) * 0.125",
    "s - s * 0.1 + x",
    "s * 0.5 + x",
    "x - s * 0.5",
    "(s + x) * 0.5",
    "s / 2 + x",
    "x / s if s else x",
    "x / s",
    "0.5 * (s + x / s) if s > 1 else x + 2",
    "s + x if x > 0 else s",
    "s if x > 0 else s + x",
    "s + 1 if x > 0 else s",
    "s if x > 0 else s + 1",
    "s + x if s > 0 else s",
    "s - x if x > 0 else s",
    "s * x if x > 0 else s",
    "s + x if x > 0 else s - x",
    "(s + x if x & 1 else s) * 2 & 0xFFFF",
    "s + (s + x if x > 0 else s)",
    "s + s if x > 0 else s",
    "(s * 31 ^ x) & 0xFFFF",
    "((s ^ x) * 31 + x) & 0xFFFF",
    "(s * 31 + x) % 1000003",
    "(s * 31 + x) % -1000003",
    "(s * 31 + x) % x if x else s",
    "s % 7 - s % -7 + x",
    "(s if s > x else s + 1) if x > 0 else s",
    "s + x if s < 100 else x",
    "x if s < x else s",
    "x if s <= x else s",
    "s if s > x else x",
    "s if s >= x else x",
    "s if s == x else x",
    "s if s != x else x",
    "x if x == s else s + 1",
    "min(max(s + x, -10.0), 10.0)",
    "min(max(s + x, -1000), 1000)",
    "max(s, abs(x))",
    "abs(s - x)",
    "-s + x",
    "s + (x > 0)",
    "s + (s > x)",
    "(s > x) + (s > 3) * 2",
    "(s * 31 + x) & 0xFFFFFFFF",
    "(x + 31 * s) & 0xFFFFFFFF",
    "((s << 5) + s ^ x) & 0xFFFFFFFF",
    "(s ^ x) * 16777619 & 0xFFFFFFFF",
    "((s >> 1) + ((s & 1) << 15) + x) & 0xFFFF",
    "(s + x) % 255",
    "(s + x) % 255 - (s - x) // 7",
    "(s ^ (s >> 3)) + x & 0xFFFF",
    "((s << 1) | (s >> 31)) & 0xFFFFFFFF ^ x",
    "(s * 1103515245 + 12345 + x) & 0x7FFFFFFF",
    "s + x if s % 2 else s // 2 + x",
    "s // x if x else s",
    "s % x if x > 1 else s + x",
    "s // x",
    "s << (x & 3) & 0xFFFF",
    "~s ^ x",
    "s | x",
    "s & x | 1",
    "x - s",
    "s * x",
    "s * s + x & 0xFF",
    "s + s * s % 7 + x",
    "s + x * 0.5",
    "s + int(x) if -1e9 < x < 1e9 else s",
    "int(s + x) if -1e9 < s + x < 1e9 else 0",
    "float(s) + x",
    "s + x / 3",
    "round(s + x) if abs(s + x) < 1e6 else 0",
    "s",
    "x",
    "5",
    "s if x else x",
    "s + x - s",
    "(s + x) * (s - x) % 1009",
    "((s + 1) * 3 - x) % 1009 + (s & 7) * (x & 3) - (s >> 2)",
    "s - x if s > x else x - s",
    "s * 2 if s < 2**61 else x",
    *(
        choice
        for sign in ("<", "<=", ">", ">=", "==", "!=")
        for choice in (
            f"x if s {sign} 3 else x + 1",
            f"7 if x {sign} s else x",
            f"x - 1 if s {sign} x else s",
            f"s + x if s - x {sign} 2 else s * 0.5",
            f"-x if abs(s - x) {sign} 0.25 else 2.5",
            f"(s & 15 if s {sign} x else x + 1) + 1",
        )
    ),
    *(
        f"({left} {sign} {right}{other}) & 0xFFFFFFFF"
        for sign in ("|", "^", "+")
        for left, right in (("(s << 3)", "(s >> 29)"), ("(s >> 29)", "(s << 3)"))
        for other in ("", " ^ x", " ^ x ^ s", " ^ (s << 3)")
    ),
    "(s ^ (s << 7)) & 0xFFFF ^ x",
    "(s ^ (s << 7) ^ s) & 0xFFFF ^ x",
    "((s ^ (s << (x & 3))) - s) & 0xFFFF",
    "(s ^ (s >> 5)) + x & 0xFFFF",
    "(s + (s << 10)) & 0xFFFFFFFF ^ x",
    "(s + (s << 10) + x) & 0xFFFFFFFF",
    "((s + x & 0xFFFF) * 3 & 0xFFF) << 2 & 0xFFF",
    "(s & 255) * (x & 255) & 0xFF",
    "(s ^ x) & 0xFF",
    "(s << (x & 7)) & 0xFF",
    "(s << 70) & 0xFF | x",
    "(s ^ x) * 3",
    "((s ^ x) & 7) * 3 + 1 ^ s",
    "s * x + 1 & 0xFFFF",
    "(s * 0.5 + x) * 0.25",
    "((s + x) * 0.5 + x) * 0.125 - s",
    "s / 4",
    "s / 0.5 + x",
    "s / -2 - x",
    "s / 3 + x",
    "x / (s / 8)",
    "s / 5e-324 + x",
    "s / 2.0**1023 + x",
    "s / 2.0**-1022 + x",
    "s / 2.0**1022",
    "3.7 * s * (1.0 - s) * 0.9 + x * 0.05",
    "(s + x) - ((s + x) - s) * 0.5",
    "max(0.0, s * 0.9 + x * 0.5 - 0.1) * 0.99 + 0.01 if x > 0.1 else s * 0.97",
    "(s + x) / 2 if s > x else (s - x) / 3 if x > 0.5 else s",
    "((((s + x) & 255) + (((s + x) & 255) << 10)) & 0xFFFF) ^ (s >> 6)",
    "((((s * 3 + 1) * 5 - x) & 0xFFFF) * 7 ^ 99) % 1013 - (s >> 2) + (x & 3) * (s & 1) ^ (s // 3)",
    "(s >> 1) ^ (0xEDB88320 if (s ^ x) & 1 else 0)",
    "s + 1 if x > 0 else max(s - 1, 0)",
    "not s",
    "(not s) + x",
]
INITIALS = (0, 1, -7, 2**62, 2**63 - 1, -(2**63), 2**64, 0.0, -0.0, 1.5, 1e300, float("nan"))


def data_for(text: str) -> list[Any]:
    """Return arrays, of ints only where a function has operations of ints."""
    of_ints = any(sign in text for sign in ("&", "|", "^", "~", "<<", ">>"))
    return [data for data in DATA if not of_ints or data.typecode != "d"]


@pytest.mark.parametrize("text", CHAINS)
def test_reduction_is_as_per_element(text: str) -> None:
    fn = written("s, x", text)
    for data, initial in itertools.product(data_for(text), INITIALS):
        for length in (0, 1, 7, len(data)):
            some = data[:length]
            ours = outcome(ao.reduce, some, fn, initial)
            assert_same_outcome(ours, outcome(oracles.reduce, some, fn, initial))


@pytest.mark.parametrize("text", ["s + x if x > 0 else s", "s if x > 0 else s + x", "s", "s * 1.0"])
def test_reduction_of_a_signalling_nan_changes_it_only_by_operations(text: str) -> None:
    fn = written("s, x", text)
    initial = struct.unpack("d", struct.pack("Q", 0x7FF4_0000_0000_0001))[0]
    for values in ([-1.0] * 3, [1.0] * 3, [0.0, 1.0, -1.0]):
        data = array("d", values * 700)
        ours, theirs = ao.reduce(data, fn, initial), oracles.reduce(data, fn, initial)
        assert struct.pack("d", ours) == struct.pack("d", theirs)


@pytest.mark.parametrize("text", CHAINS)
def test_reduction_that_bails_out_late_is_as_per_element(text: str) -> None:
    """A row, or the chain, that cannot go on in the middle of a block."""
    fn = written("s, x", text)
    for at in (1022, 1023, 1024, 1500):
        for value in (0, 2**63 - 1, -(2**63), 2**62):
            data = array("q", [3, 1, 2]) * 600
            data[at] = value
            ours = outcome(ao.reduce, data, fn, 1)
            assert_same_outcome(ours, outcome(oracles.reduce, data, fn, 1))
    large = array("Q", [3, 1, 2]) * 600
    large[1500] = 2**64 - 1
    assert_same_outcome(outcome(ao.reduce, large, fn, 1), outcome(oracles.reduce, large, fn, 1))
