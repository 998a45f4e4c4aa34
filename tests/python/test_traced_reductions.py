"""Reductions by each operation and choice: machine code, and links that are done one by one.

A reduction becomes machine code when its program has seen some thousand elements; at the lowest
level of the CPU it never does. Arrays are short, so that what one element does is still seen at
the end, and many.
"""

from __future__ import annotations

import functools
import itertools
import math
import os
import random
import subprocess
import sys
from array import array
from typing import TYPE_CHECKING, Any

import arrayops as ao
import pytest
from comparison import outcome
from traced_samples import assert_same_outcome

if TYPE_CHECKING:
    from typecodes import Array

SIGNS = ("<", "<=", ">", ">=", "==", "!=")
MANY = 4200  # elements after which there is machine code
CALM = range(-9, 10)
EDGES = (
    *(0, 1, -1, 2, 7, 63, 64, 255, 2**15, 2**31 - 1, 2**31, 2**31 + 1, 2**32, 2**53, 2**53 + 1),
    *(2**61, 2**62 - 1, 2**62, 2**62 + 1, 2**63 - 2, 2**63 - 1),
)
LONGS = (*EDGES, *(-edge for edge in EDGES), -(2**63))
STARTS = (0, 1, -7, 3, 100, 2**31, 2**32 - 1, 2**53 + 1, -(2**62), 2**62, 2**63 - 1, -(2**63))
QUARTERS = (*(step / 4 for step in range(-12, 13)), -0.0)
DOUBLES = (
    *(0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 2.0**-1022, 1e300, -1e300, 2.0**53),
    *(2.0**53 + 2, -(2.0**62), 2.0**62, 2.0**63, -(2.0**63), 2.5, -2.5, 0.1, 3.0),
)
FLOAT_STARTS = (0.0, -0.0, 1.5, -2.5, 3.0, math.inf, math.nan, 1e300, 2.0**53, -(2.0**63))

# Of ints, by a single operation or by some that have a link in common.
STEPS = [
    *("s + (x & 7)", "s - x", "x - s", "s * (x | 1)", "s & (x | 12)", "s | (x & 12)"),
    *("s ^ (x & 255)", "min(s, x + 1)", "max(s, x - 1)", "-s ^ x", "abs(s) - x", "~s ^ x"),
    *("x << (s & 63)", "x >> s", "s << (x & 63)", "s >> x", "s << (x & 3)", "s >> (x & 3)"),
    *("x << s if s < 70 else x", "s << x if x < 70 else s", "s << s if s < 70 else x", "s << 1"),
    *("s // x", "s % x", "x // s", "x % s", "s // (x | 1)", "s % (x | 1)", "s // s ^ x"),
    *("(s ^ x) // (x | 1)", "(s ^ x) % (x | 1)", "(s ^ x) // (x | -8)", "(s ^ x) % (x | -8)"),
    *("s * 31 + x", "s * x + (x >> 1)", "(s + x) & 0xFFF", "(s + x) & (x | 0xFF0)"),
    *("s * 3 & 0xFFF", "s * x & (x | 0xFF0)", "(s ^ x) & 0xFFF", "(s ^ x) & (x | 0xFF0)"),
    *("(s ^ x) * 3", "(s ^ x) * (x | 1)", "(s << 3) & 0xFFF ^ x", "(s << 3) & 0xFFF"),
    *("(s << (x & 7)) & (x | 0xFF0) ^ x", "(s << (x & 7)) & (x | 0xFF0)"),
    *("(s << (x == 3)) & 0xFF ^ x", "(s << (x == 3)) & 0xFF", "(s << (x == 3)) - (s & 7) & 0xFF"),
    *("s ^ (s << 3)", "(s ^ (s << 3)) & 0xFFF ^ x", "s ^ (s >> 3)", "s ^ (s >> 3) ^ x"),
    *("s + (s << 3)", "(s + (s << (x & 7))) & 0xFFFF ^ x", "(s ^ (s >> (x & 7))) + x"),
    *("(s * 31 + x) & 0xFFF", "(s * x + (x >> 1)) & (x | 0xFF0)", "(s * 31 ^ x) & 0xFFF"),
    *("(s * x ^ (x >> 1)) & (x | 0xFF0)", "(s ^ x) * 31 & 0xFFF", "(s ^ x) * x & (x | 0xFF0)"),
    *("(s * 31 + x) % 1009", "(s * 31 + x) % -1009", "(s * x + 1) % (x | 1)"),
    *("s + x if x > 0 else s", "s if x > 0 else s + x", "s + x if x == 3 else s"),
    *("s + x * 2 if x & 1 else s", "s if x & 1 else s + x * 2", "s + s if x > 0 else s"),
    *("s - x if x > 0 else s", "s * x if x > 0 else s", "s if x > 0 else s * x"),
    *("s & 255 if x > 0 else (s & 255) + (x & 7)", "(s & 255) + (x & 7) if x > 0 else s & 255"),
    *("s & 255 if x > 0 else (s & 255) * (x & 7)", "(s & 255) - x if x > 0 else s & 255"),
    *("s ^ x if x > 0 else x", "x if x > 0 else s ^ x", "s + 1 if x > 0 else x"),
    # Divisors that are zero where nobody wants the quotient.
    *("s // 10**x + 1000 if 0 <= x < 9 else s", "(s + 7) % 2**x if 0 < x < 9 else s + 1"),
    *(
        "(s + 9) // -(2**x) if 0 < x < 9 else s",
        "(s + 9) // (s * s + s + 1) if 0 < s < 9 else s ^ x",
    ),
    *("(d := max(s, 1) * max(s, 1)) % 7 + (s + x) // d if s < 9**6 else x",),
    # By constants within bounds, after sums and products.
    *("(s + x) % 65521", "(s - x) % 255", "(x - s) % 255", "((s * 263 - x) * 5 + 7) % 1000003"),
    *("(s * 31 + x) % 1000000007", "(s * 31 + x) % (2**31 - 1)", "(s * -7 + x) % 3", "-s % 7 ^ x"),
    *("(s * 31 + x) % (2**61 - 1)", "(s + x) % (2**63 - 1)", "((s ^ x) + (s & 7) * 3) % 1009"),
    *("(s % 1000 * 31 + x) // 7 & 0xFFFF", "(s + x) // 10", "(x - s) // 10", "(s * x + 1) % 1009"),
    *("(s + (x & 255)) & 0xFFFFFFFF", "(s - x) & 0xFFFFFFFF", "(x - s) & 0xFFFFFFFF"),
    *("(s * 31 + x) & 0xFFFFFFFF", "s * 16777619 & 0xFFFFFFFF ^ x & 255", "-s & 0xFFFFFFFF ^ x"),
    *("s ^ s << 13 & 0xFFFFFFFF ^ x & 255", "s << 31 & 0xFFFFFFFF ^ x", "s << 32 & 0xFFFFFFFF ^ x"),
    *("(s & 255) << 32 & 0xFFFFFFFF ^ x & 255", "(s * 2**40 + (x & 255)) % 3"),
    *("min(max(s + x, -1000), 1000)", "min(s + (x & 255), 2**31 - 1)", "abs(s - x) & 0x7FFFFFFF"),
]
# Of a value that is wanted once more.
KEPT = [
    *("(s + x if x > 0 else s) ^ s", "(s if x > 0 else s + x) ^ s", "(s + x if x > 0 else x) ^ s"),
    *("(x if x > 0 else s + x) ^ s", "(s << 3 | s >> 5) - s & 0xFFFF", "(s >> 5 ^ s << 3) - s"),
    *("(s << 3 | x >> 5) - s & 0xFFFF", "(s >> 5 | x << 3) - s & 0xFFFF", "(s ^ (s >> 3)) - s ^ x"),
    *("(s ^ (s << 3)) - s & 0xFFFF ^ x", "(s + (s << 3)) ^ s & 0xFFFF ^ x", "(x ^ (s >> 3)) - s"),
    *("(x ^ (s << 3)) - s & 0xFFFF", "(x + (s << 3)) ^ s & 0xFFFF", "(s << 3 | s >> 5) & 0xFFFF"),
    # A choice of what is not compared.
    *("(t := s ^ 5) + (t if s < x else x)", "(t := s ^ x) - (t if s < 3 else 3)"),
    *("(t := s ^ x) - (3 if 3 < s else t)", "(t := s ^ x) - (x if x < s else t)"),
    *("(s * 3 + x) - s & 0xFFF", "((s ^ x) & 255) - s & 0xFFF", "(s + x & 0xFFF) * s & 0xFFF"),
]
ROTATIONS = [
    f"(s << {left} {sign} s >> {right}) & 0xFFFFFF ^ x"
    for left, right in ((3, 5), (1, 1), (7, 2), ("(x & 7)", "(x & 3)"))
    for sign in "|^"
] + [
    f"(s >> {right} {sign} s << {left}) & 0xFFFFFF ^ x"
    for left, right in ((3, 5), (1, 1), (7, 2), ("(x & 7)", "(x & 3)"))
    for sign in "|^"
]
DIVISORS = (
    *(1, 2, 3, 5, 7, 8, 10, 64, 255, 1000, 2**31 - 1, 2**31, 2**32 + 1, 10**18, 2**62 - 1),
    *(2**62, 2**62 + 1, 2**63 - 1, -1, -2, -3, -10, -(2**31), -(2**62), 1 - 2**63, -(2**63)),
)
DIVISIONS = [
    f"({dividend}) {sign} {divisor}"
    for divisor in DIVISORS
    for sign in ("//", "%")
    for dividend in ("s ^ x", "x - s")
]
SHIFTS = [
    f"({shifted}) {sign} {count}"
    for count in (0, 1, 31, 32, 62, 63, 64, 70)
    for sign in ("<<", ">>")
    for shifted in ("s & 1 ^ x", "x & 3", "(s ^ x) & 3")
] + ["(s >> -1) ^ x", "(s << -1) ^ x", "s >> -1 if s > 3 else s + x", "s << -1 if s > 3 else s + x"]
CHOICES = [
    choice
    for sign in SIGNS
    for choice in (
        f"s if s {sign} x else x",
        f"x if s {sign} x else s",
        f"s if x {sign} s else x",
        f"x if x {sign} s else s",
        f"s if s {sign} 3 else x",
        f"x if s {sign} 3 else s",
        f"x - 1 if s {sign} 3 else x",
        f"x if s {sign} (x & 3) else 7",
        f"7 if x {sign} s else x + 2",
        f"s + 1 if s {sign} x else x",
        f"s ^ 5 if s {sign} x else s ^ x",
        f"x if s {sign} x else s ^ 1",
        f"(s {sign} x) + (s & 7) * 2",
        f"(s {sign} x) * 2 + (s {sign} 3) ^ x",
        f"(s ^ 1 if s {sign} x else x) + (s {sign} x)",
        f"(s if s {sign} x else x) ^ (s >> 1)",
        f"(x if s {sign} x else 4) + (s & 3)",
        f"s ^ x if x {sign} 2 else s",
        f"s ^ x if x {sign} 2 else x",
        f"(s if s {sign} x else x) if x & 1 else s",
        f"(s {sign} 3 and x > s) + (s & 3)",
        f"(s {sign} 3 or x > s) + (s & 3)",
        f"((s {sign} 3) ^ (x > s)) + (s & 3)",
        f"(s {sign} 3 if x > 0 else s > 2) + (s & 7) * 2",
        f"(x > 0 if s {sign} 3 else x > 2) + (s & 7) * 2",
        f"s + 1 if (s {sign} x) != (s > 3) else x",
        f"3 if s {sign} 3 else s",
        f"s if s {sign} 3 else 3",
        f"3 if 3 {sign} s else s",
        f"(x if s {sign} x else s) ^ (s >> 1)",
        f"(x - 1 if s {sign} x - 1 else s) ^ (s >> 1)",
        f"(s if s {sign} x else x) + (s {sign} x)",
        f"(x if s {sign} x else s) + (s {sign} x) * 2",
        f"(s if x > 0 else x) if s {sign} x else 5",
        f"(x if x > 0 else s) if s {sign} x else 5",
    )
] + ["not s", "(not s) + x", "(not s > x) + s"]
# What would not fit, or raise, is not chosen.
GUARDED = [
    *("s * 3 if s < x else s", "s if s < x else s * 3", "s * 3 if s < 2**60 else x"),
    *("s * 3 if -9 < s < 9 else s - x", "s * s if s < x else s", "s + s if s < x else s"),
    *("s - x if s > x else s", "s + x if s < 0 else s", "s if s >= 0 else s + x"),
    *("s // x if x else s", "s % x if x else s", "x // s if s else x", "x % s if s else x"),
    *("s // x if x > 1 else s ^ x", "s << (x & 63) if -2 < s < 2 else s >> 1"),
    *("1 << s if 0 <= s < 62 else x", "s << 40 if 0 <= s < 9 else x", "s >> s if s >= 0 else -s"),
    *("x >> s if s >= 0 else x", "x << s if 0 <= s < 5 else x", "-s if s > x else s ^ 1"),
    *("abs(s) if s > x else s ^ 1", "s >> x if x >= 0 else s", "s << x if 0 <= x < 3 else s >> 5"),
    *("x - s if s > 0 else s ^ x", "(x - s if s > 0 else s) ^ x", "s * x if s > x else x"),
    *("(s * 3 if s < x else s) + (s * 5 if s < 9 else 1)", "s * x + 1 if s < 0 else s ^ x"),
    *("int(s * 0.5) if s < x else s", "int(s / 3) if s < x else s", "int(x / s) if s else x"),
    *("int(s / x) if x else s", "int(s / x) if x > 2 else s ^ x", "round(s / 7) if s < x else s"),
    *("int(math.sqrt(s)) if s > 0 else s ^ x", "int(math.sqrt(s)) if s > x else s"),
    *("int(s * 0.5) if s < 2**50 else x", "s + x if s < x else s", "s if s < x else s + x"),
]
# What raises, though nothing else wants it.
UNWANTED = [
    *("s - x if 7 // (x - 255) else s - x", "s - x if 7 % (x - 64) else s - x"),
    *("s - x if 7 // (s - 100) else s - x", "s - x if 7 % (x & 63) else s - x", "s >> (x - 9) & 0"),
    *("s - x if 7 >> (x + 9) else s - x", "s - x if 7 >> (x + 9) and 7 // (x - 255) else s - x"),
    *("s - x if s > x and 7 // (x - 63) else s - x", "s - x if 7 // (x - 255) > s else s - x"),
]
# By way of floats, and what has no machine code.
CONVERSIONS = [
    *("int(s * 0.5) + (x & 7)", "int(s / 3) ^ x", "round(s / 7) + x", "round(s * 0.5) ^ x"),
    *("math.floor(s / 3 + x)", "math.ceil(s / 3 + x)", "math.trunc(s / 3 - x)", "round(s * 0.25)"),
    *("math.floor(s * -0.5) ^ x", "math.ceil(s * -0.5) ^ x", "int(s * 1.5 + 0.25)", "int(x / s)"),
    *("int(s / x)", "int(s * 0.5) if s * 0.5 > x else x", "int(s + 0.5) ^ x", "int(float(s)) ^ x"),
    *("int(math.sqrt(abs(s))) ^ x", "int(math.sqrt(s)) + x", "int(math.cos(s) * 100) + x"),
    *("(s & 15) ** 3 + x", "2 ** (s & 15) + x", "x ** (s & 3) & 0xFF", "s + x + 0 * int(s * 0.5)"),
    *("int(s * 1e300) if s == 3 else x", "int(max(s * 0.5, x * 0.25))", "int(s % 2.5) + x"),
    *("int(abs(s * 0.5) - x * 0.5)", "int(-(s * 0.5)) + x", "int(s * 0.5 / (x | 1)) - x"),
]
# With as many values in between as there are registers for, and more.
SAVED = [
    "(a := s ^ x) + (b := a * 3 & 255) * (c := (b ^ a) & 63) & 0xFFF ^ a ^ b ^ c",
    (
        "((a := s ^ x) & 7) + (b := a * 3 & 255) - (c := (b ^ a) & 63) + (d := c + b) * 3"
        " - (e := d ^ a & 31) * 5 + (f := e + b & 127) * 7 - (g := f ^ d) * 9"
        " + (h := g + c & 63) - (a & 31) - b * 13 - c * 17 + d * 19 - e * 23 + f * 29 - g * 31 + h"
    ),
]
BY_KERNELS = [
    *("s + x", "x + s", "s & x", "x & s", "s | x", "x | s", "s ^ x", "x ^ s", "min(s, x)"),
    *("min(x, s)", "max(s, x)", "max(x, s)", "s * x", "s - x", "s + s", "x + x", "s & s", "s", "x"),
    *(f"{a} {sign} {b}" for a in "sx" for b in "sx" for sign in ("&", "|", "^")),
    *(
        f"{a} if {b} {sign} {c} else {d}"
        for sign in ("<", "<=", ">", ">=")
        for a in "sx"
        for b, c in ("sx", "xs")
        for d in "sx"
    ),
    *("(s + x) ^ x", "x + 1 if s < x else s", "s if s < x else s - 1", "5 if s < x else s", "5"),
]

FLOAT_STEPS = [
    *("s + x", "s - x", "x - s", "s * x", "s / x", "x / s", "-s + x", "-s", "abs(s) - x", "abs(s)"),
    *("-abs(s) + x", "min(s, x)", "max(s, x)", "min(x, s)", "max(x, s)", "s * 0.5 + x"),
    *("s * x + 0.25", "(s + x) * 0.5", "(s + x) * x", "s + (x - s) * 0.125", "s + (x - s) * x"),
    *("s + x if x > 0 else s", "s if x > 0 else s + x", "s + x * 2 if x > 0 else s"),
    *("s - x if x > 0 else s", "s * x if x > 0 else s * 0.5", "s + x if x == 0.5 else s"),
    *("s if x != x else s + x", "s + 0.0 if x > 0 else s", "s if x > 0 else s + 0.0"),
    *("s / x if x else s", "x / s if s else x", "s / x if x > 1 else s", "x / s if s > x else x"),
    *("s // x if x else s", "s % x if x else s", "x % s if s else x", "math.fmod(s, x)"),
    *("math.copysign(s, x)", "math.copysign(x, s)", "math.copysign(x + 0.25, s)", "s * -0.0 + x"),
    *("math.atan2(s, x)", "math.atan2(x, s)", "math.sqrt(s)", "math.sqrt(abs(s)) + x"),
    *("math.sqrt(s) if s > 0 else x", "math.sqrt(s) if s >= 0 else x", "math.sqrt(s - x)"),
    *("math.exp(s * 0.25) if s < 3 else x", "math.cos(s) + x", "math.sqrt(s * s + x * x)"),
    *("math.floor(s) + x", "math.ceil(s) + x", "round(s) + x", "int(s) + x", "int(s * 1.5) - x"),
    *("math.trunc(s) * 0.5 + x", "math.floor(s * 0.75 + x)", "round(s * 0.75 + x) * 0.5"),
    *("math.ceil(s * 0.75) - x", "s + int(x) if -9 < x < 9 else s", "int(s) if s < 9 else x"),
    *("s * s * 0.125 + x", "s ** 2 * 0.125 + x", "s - s", "s + s", "s * 1.0", "s", "x", "1.5"),
    *("s if s == s else x", "s if s > 0 else -s", "-s if s < x else s", "not s", "(not s) + x"),
    *("3.7 * s * (1.0 - s)", "s + (s - x) * 0.125", "s - (x - s) * 0.125", "(x - s) * 0.125 + s"),
    *("int(s) % 7 + x", "int(s) & 7 ^ 3", "(int(s) ^ 5) * 0.5 - x", "int(s) // 3 - x"),
]
FLOATS_KEPT = [
    *("(s + x if x > 0 else s) - s * 0.5", "(s if x > 0 else s + x) - s * 0.5"),
    *("(s + x if x > 0 else x) - s * 0.5", "(x if x > 0 else s + x) - s * 0.5"),
    *("s + (x - s) * 0.125 - s", "x + (x - s) * 0.125 - s", "(s * 0.5 + x) - s"),
    *("(t := s * 0.5) + (t if s < x else x)", "(t := s * 0.5) - (0.5 if 0.5 < s else t)"),
    *("s - x if 1 / (x - 2.5) else s - x", "s * 0.5 if 1 % (s - 3.0) else s * 0.5 + 0"),
    *("s - x if math.sqrt(x + 3) else s - x", "s - x if 1 / (x + 4) > s else s - x"),
    *("s + x if x > 99 else s", "s if x < 99 else s + x", "s + 0.25 if x > 99 else s"),
]
FLOAT_DIVISIONS = [
    f"{dividend} / {divisor}"
    for divisor in (
        *("2", "-2", "0.5", "4.0", "3", "0.1", "-0.75", "5e-324", "2.0**-1022", "2.0**-1023"),
        *("2.0**1022", "2.0**1023", "1e300", "float('inf')", "0.0", "-0.0"),
    )
    for dividend in ("s", "(s + x)", "(x - s)")
] + ["s / -0.0 if s > 3 else x", "s / 0.0 if s > 3 else x", "x / (s / 8) if s else x"]
FLOAT_CHOICES = [
    choice
    for sign in SIGNS
    for choice in (
        f"s if s {sign} x else x",
        f"x if s {sign} x else s",
        f"s if x {sign} s else x",
        f"x if x {sign} s else s",
        f"s if s {sign} 0.5 else x",
        f"x if s {sign} 0.0 else x + 1",
        f"x if s {sign} x * 0.5 else 7.0",
        f"-x if abs(s - x) {sign} 0.25 else 2.5",
        f"s + 1 if s {sign} x else x",
        f"s * 0.5 + x if s {sign} x else s - x",
        f"x if s {sign} x else s - 0.25",
        f"(s {sign} x) + s * 0.5",
        f"(s {sign} x) * 2.5 + (s {sign} 3) - x",
        f"(s - 1 if s {sign} x else x) + (s {sign} x)",
        f"(s if s {sign} x else x) - s * 0.5",
        f"(x if s {sign} x else 4.0) + s * 0.25",
        f"s * 0.5 + x if x {sign} 0.5 else s",
        f"s * 0.5 + x if x {sign} 0.5 else x",
        f"s if x {sign} 0.5 else s * 0.5 + x",
        f"x if x {sign} 0.5 else s * 0.5 + x",
        f"(s if s {sign} x else x) if x > 1 else s",
        f"(s {sign} 1 and x > s) + s * 0.5",
        f"(s {sign} 1 or x > s) + s * 0.5",
        f"(s {sign} 1 if x > 0 else s > 2) + s * 0.5",
        f"(s * 0.5 if s {sign} x else s - 1) + (s * 0.25 if s {sign} x else x)",
        f"(x if s {sign} x else s - 1) + (s * 0.25 if s {sign} 1 else x)",
        f"s + 1 if (s {sign} x) != (s > 1) else x",
        f"0.5 if s {sign} 0.5 else s",
        f"s if s {sign} 0.5 else 0.5",
        f"0.5 if 0.5 {sign} s else s",
        f"(x if s {sign} x else s) - s * 0.5",
        f"(s if s {sign} x else x) + (s {sign} x)",
        f"(x if s {sign} x else s) + (s {sign} x) * 2",
        f"(s if x > 0 else x) if s {sign} x else 5.0",
        f"(x if x > 0 else s) if s {sign} x else 5.0",
    )
]
LETTERS = "abcdefghijklmn"
FLOATS_SAVED = [
    " ".join(
        (
            "(a := s * 0.5 + x)",
            *(
                f"- ({name} := {before} * 0.5 + {weight}) * 0.25"
                for weight, (before, name) in enumerate(itertools.pairwise(LETTERS))
            ),
            *(f"+ {name} * {weight}" for weight, name in enumerate(LETTERS)),
            others,
        )
    )
    for others in (
        "",
        "- (s + 1 if s < x else s * 0.5) - (a if s > 1 else b) + (c if a < b else d)",
    )
]

INTS_ONLY = [
    *(*STEPS, *KEPT, *ROTATIONS, *DIVISIONS, *SHIFTS, *CHOICES, *GUARDED, *UNWANTED, *CONVERSIONS),
    *(*SAVED, *BY_KERNELS),
]
FLOATS_TOO = [*FLOAT_STEPS, *FLOATS_KEPT, *FLOAT_DIVISIONS, *FLOAT_CHOICES, *FLOATS_SAVED]


def written(text: str) -> Any:
    """Return a function of an accumulator and an element."""
    return eval(f"lambda s, x: {text}", {"math": math})  # noqa: S307


@functools.cache
def short_arrays(code: str) -> list[Array]:
    """Return arrays of calm elements, and of others at their end or all over."""
    chooser = random.Random(code)  # noqa: S311
    if code in "fd":
        calm: Any = QUARTERS
        wild: Any = DOUBLES
    else:
        low, high = limits(code)
        calm = [x for x in CALM if x >= low]
        wild = [x for x in (*LONGS, low, high, high - 1) if low <= x <= high]
    found = [array(code, chooser.choices(calm, k=64 + i)) for i in range(3)]
    found += [
        array(code, chooser.choices(calm, k=63 + i) + chooser.choices(wild, k=1 + i))
        for i in range(6)
    ]
    found += [array(code, chooser.choices(wild, k=80 + i)) for i in range(2)]
    if code in "fd":
        for least in ((0.0, -0.0), (0.0, -0.0, -1.0), (0.0, -0.0, 1.0)):
            found += [array(code, chooser.choices(least, k=64 + i)) for i in range(2)]
    return found


def limits(code: str) -> tuple[int, int]:
    """Return the least and the largest integer of a typecode."""
    bits = 8 * array(code).itemsize
    return (0, 2**bits - 1) if code.isupper() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


@functools.cache
def long_array(code: str) -> Array:
    """Return calm elements that make a program machine code."""
    return array(code, (short_arrays(code)[0].tolist() * (MANY // 64 + 1))[:MANY])


def assert_reduced(fn: Any, data: Any, *initial: Any) -> None:
    """Compare one reduction with plain Python."""
    ours = outcome(ao.reduce, data, fn, *initial)
    assert_same_outcome(ours, outcome(functools.reduce, fn, data, *initial))


def assert_reductions(text: str, codes: str, *, after_long: bool = True) -> None:
    """Compare the reductions of all short arrays, after a long one or not."""
    fn = written(text)
    for code in codes:
        ints = () if code in "fd" else STARTS
        floats = FLOAT_STARTS if any(each in text for each in ".f/") or code in "fd" else ()
        for starts in (ints, floats):
            if starts and after_long:
                assert_reduced(fn, long_array(code), starts[2])
            for i, data in enumerate(short_arrays(code)):
                for start in starts[i % 3 :: 3]:
                    assert_reduced(fn, data, start)
        assert_reduced(fn, short_arrays(code)[0])


def cases() -> list[tuple[str, str]]:
    """Return functions and the typecodes of arrays that each is tried with."""
    others = "bhilBHILQ"
    found = [(text, "q" + others[i % len(others)]) for i, text in enumerate(INTS_ONLY)]
    return found + [(text, "df"[: 1 + i % 2]) for i, text in enumerate(FLOATS_TOO)]


PARTS = 16


@pytest.mark.parametrize("part", range(PARTS))
def test_reduction_is_as_in_plain_python(part: int) -> None:
    for text, codes in cases()[part::PARTS]:
        assert_reductions(text, codes)


@pytest.mark.parametrize("code", "bhilqBHILQfd")
def test_reduction_of_elements_at_odd_addresses_is_as_in_plain_python(code: str) -> None:
    def moved(data: Any) -> Any:
        some: Any = memoryview(b"\0" + data.tobytes())[1:]
        return some.cast(code)

    for text in ("x - s", "s if s > x else x", "(x if s < 3 else s) * 2 - x", "s if x > 3 else x"):
        fn = written(text)
        assert_reduced(fn, moved(long_array(code)), 1)
        for data in short_arrays(code):
            assert_reduced(fn, moved(data), 1.5 if code in "fd" else 1)


def check_all() -> None:
    """Compare all of them, in a process of its own."""
    for text, codes in cases():
        assert_reductions(text, codes, after_long=False)


def test_reduction_without_machine_code_is_as_in_plain_python() -> None:
    finished = subprocess.run(
        [sys.executable, __file__],
        check=False,
        capture_output=True,
        env=os.environ | {"ARRAYOPS_CPU_LEVEL": "baseline"},
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr


if __name__ == "__main__":
    check_all()
