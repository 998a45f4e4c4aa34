"""Floats of the kinds that exact sums may stumble over, for tests and for the fuzzer."""

import math
import random
import sys
from array import array
from collections.abc import Callable

from typecodes import Array

MAX = sys.float_info.max
SMALLEST = math.ulp(0.0)


def _cancelling(chooser: random.Random, length: int) -> list[float]:
    half = [chooser.lognormvariate(0, 4) for _ in range(length // 2)]
    values = half + [-x for x in half] + [1e-30] * (length - 2 * len(half))
    chooser.shuffle(values)
    return values


def _nearly_cancelling(chooser: random.Random, length: int) -> list[float]:
    value = chooser.uniform(1, 2)
    return [chooser.choice((value, -math.nextafter(value, 3))) for _ in range(length)]


def _drifting(chooser: random.Random, length: int) -> list[float]:
    step = chooser.choice((-0.9, -0.1, 0.1, 0.9))
    return [chooser.uniform(-1, 1) * 2.0 ** (step * i % 900) for i in range(length)]


def _outlier(chooser: random.Random, length: int) -> list[float]:
    values = [chooser.random() for _ in range(length)]
    if values:
        place = chooser.choice((0, -1, chooser.randrange(length), length // 64 * 64 - 1))
        values[place] = chooser.choice((-1, 1)) * 10.0 ** chooser.randint(-300, 300)
    return values


def _edges(chooser: random.Random, length: int) -> list[float]:
    exponent = chooser.randint(-900, 900)
    return [
        math.ldexp(1 + math.ldexp(1, -chooser.randint(1, 52)), exponent - chooser.randint(0, 100))
        for _ in range(length)
    ]


def _each(value: Callable[[random.Random], float]) -> Callable[[random.Random, int], list[float]]:
    return lambda chooser, length: [value(chooser) for _ in range(length)]


def _sign(chooser: random.Random) -> int:
    return chooser.choice((-1, 1))


DOUBLES: dict[str, Callable[[random.Random, int], list[float]]] = {
    "uniform": _each(random.Random.random),
    "normal": _each(lambda r: r.gauss(0, 1)),
    "far from zero": _each(lambda r: r.gauss(1e9, 1e-3)),
    "lognormal 2": _each(lambda r: _sign(r) * r.lognormvariate(0, 2)),
    "lognormal 10": _each(lambda r: r.lognormvariate(0, 10)),
    "prices": _each(lambda r: round(r.uniform(0.01, 2000), 2)),
    "mostly zero": _each(lambda r: r.choice((0.0,) * 9 + (-0.0, r.random()))),
    "integers": _each(lambda r: float(r.randint(-(2**31), 2**31))),
    "cancelling": _cancelling,
    "nearly cancelling": _nearly_cancelling,
    "of every size": _each(lambda r: _sign(r) * 10.0 ** r.uniform(-300, 300)),
    "subnormal": _each(lambda r: _sign(r) * SMALLEST * r.randrange(1 << r.randint(1, 53))),
    "near the least normal": _each(lambda r: math.ldexp(r.uniform(-1, 1), r.randint(-1060, -960))),
    "near the roots of those": _each(lambda r: math.ldexp(r.uniform(-1, 1), r.randint(-560, -470))),
    "halfway": _each(lambda r: r.choice((2.0**53, 1.0, -1.0, 2.0**53 + 2, 0.5, SMALLEST))),
    "over and back": _each(lambda r: _sign(r) * r.choice((MAX, MAX / 2, 1e308, 1.0))),
    "drifting": _drifting,
    "outlier": _outlier,
    "edges of windows": _edges,
}


def doubles(name: str, chooser: random.Random, length: int) -> Array:
    """Draw so many doubles of a kind."""
    return array("d", DOUBLES[name](chooser, length))


def singles(values: Array) -> Array:
    """Round to `f`, with what is too large left out."""
    return array("f", [x for x in values if abs(x) < 3e38])
