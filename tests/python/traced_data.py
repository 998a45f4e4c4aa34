"""Adversarial elements for traced functions: limits, seams of exactness, calm and wild stretches.

Native code works on blocks and decides by each block's smallest and largest element. So what is
dangerous comes rarely, late, in a block of its own, or everywhere.
"""

import itertools
import math
import random
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from comparison import same
from typecodes import FLOAT_CODES, INTEGER_CODES, TYPECODES, Array

# Around blocks of 1, 2 and 4 KiB elements; the last one is shared out among threads.
LENGTHS = (0, 1, 2, 7, 499, 500, 501, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097, 5000)
LONG_LENGTH = 70_000

# Where doubles, 32 bits or 64 bits stop being exact.
SEAMS = tuple(
    sign * (2**power + step)
    for power in (7, 8, 15, 16, 23, 24, 30, 31, 32, 47, 52, 53, 54, 62, 63, 64)
    for step in (-2, -1, 0, 1, 2)
    for sign in (1, -1)
)
FRACTIONS = (
    0.5,
    -0.5,
    1.5,
    -1.5,
    2.5,
    -2.5,
    0.1,
    -0.3,
    2.675,
    1e-9,
    3.0000000000000004,
    1e15 + 0.5,
)
EXTREME_FLOATS = (
    *(math.inf, -math.inf, math.nan, 1e308, -1e308, 1.7976931348623157e308, 5e-324, -5e-324),
    *(2.2250738585072014e-308, 1e154, 1.4e154, 1e-170, 1e22, 1e23, 709.8, -745.2),
)


@dataclass(frozen=True, slots=True)
class Operand:
    """Elements, and whether they lie at an address that does not suit them."""

    values: Array
    misaligned: bool = False

    def buffer(self) -> Any:
        """Return a new buffer of these elements."""
        return placed(self.values[:], misaligned=self.misaligned)

    def __repr__(self) -> str:
        """Return the source text of a buffer."""
        text = written(self.values)
        if self.misaligned:
            return f'memoryview(bytearray(b"-" + {text}.tobytes()))[1:].cast("{self.code}")'
        return text

    @property
    def code(self) -> str:
        """The typecode."""
        return self.values.typecode


def placed(values: Array, *, misaligned: bool) -> Any:
    """Return an array as it is, or a view of its elements one byte beside their alignment."""
    if not misaligned:
        return values
    octets: Any = memoryview(bytearray(b"-" + values.tobytes()))[1:]
    return octets.cast(values.typecode)


def written(values: Array) -> str:
    """Return the source text of an array; equal neighbours are written once."""
    runs: list[tuple[Any, int]] = []
    for value in values:
        if runs and same(runs[-1][0], value):
            runs[-1] = (value, runs[-1][1] + 1)
        else:
            runs.append((value, 1))
    if not runs:
        return f'array("{values.typecode}")'
    parts: list[str] = []
    for many, group in itertools.groupby(runs, lambda run: run[1] > 3):
        if many:
            parts += [f"[{_number(value)}] * {count}" for value, count in group]
        else:
            singles = [_number(value) for value, count in group for _ in range(count)]
            parts.append(f"[{', '.join(singles)}]")
    return f'array("{values.typecode}", {" + ".join(parts)})'


def _number(value: float) -> str:
    return repr(value) if math.isfinite(value) else f'float("{value}")'


def specials(code: str) -> tuple[Any, ...]:
    """Return the values of a type at which arithmetic goes wrong first."""
    typecode = TYPECODES[code]
    if typecode.is_float:
        values = (*typecode.specials, *EXTREME_FLOATS, *FRACTIONS, *map(float, SEAMS))
        return tuple(_narrowed(code, value) for value in values)
    inside = (value for value in SEAMS if typecode.low <= value <= typecode.high)
    return (*typecode.specials, *typecode.specials, *inside)


def _narrowed(code: str, value: float) -> float:
    return float(array(code, [value])[0])


_QUARTERS = [quarters / 4 for quarters in range(-40, 41)]
SPECIALS = {code: specials(code) for code in TYPECODES}


def _small(chooser: random.Random, code: str, length: int) -> list[Any]:
    if code in FLOAT_CODES:
        return chooser.choices(_QUARTERS, k=length)
    return chooser.choices(range(0 if code.isupper() else -9, 10), k=length)


def _positive(chooser: random.Random, code: str, length: int) -> list[Any]:
    if code in FLOAT_CODES:
        return [chooser.random() * 100 + 0.001 for _ in range(length)]
    return chooser.choices(range(1, 101), k=length)


def _special(chooser: random.Random, code: str, length: int) -> list[Any]:
    return chooser.choices(SPECIALS[code], k=length)


def _full(chooser: random.Random, code: str, length: int) -> list[Any]:
    return list(array(code, chooser.randbytes(length * TYPECODES[code].size)))


def _uniform(chooser: random.Random, code: str, length: int) -> list[Any]:
    scale = 10.0 ** chooser.randint(-3, 6)
    if code in FLOAT_CODES:
        return [(chooser.random() - 0.5) * scale for _ in range(length)]
    low = max(int(TYPECODES[code].low), -int(scale))
    high = min(int(TYPECODES[code].high), int(scale) + 1)
    return chooser.choices(range(low, high + 1), k=length)


def _ramp(chooser: random.Random, code: str, length: int) -> list[Any]:
    """Count through a seam."""
    typecode = TYPECODES[code]
    start = chooser.choice((0, *SEAMS)) - chooser.randint(0, length)
    if typecode.is_float:
        step = chooser.choice((0.25, 0.5, 1.0, 0.1))
        return [start + index * step for index in range(length)]
    start = max(int(typecode.low), min(start, int(typecode.high) - length))
    span = int(typecode.high) - start + 1
    return [start + index % span for index in range(length)]


def _constant(chooser: random.Random, code: str, length: int) -> list[Any]:
    return [chooser.choice(SPECIALS[code])] * length


def _magnitudes(chooser: random.Random, code: str, length: int) -> list[Any]:
    """Choose the size first: every exponent is as likely."""
    if code in FLOAT_CODES:
        span = chooser.choice((8, 60, 300, 1020))
        return [
            math.ldexp(chooser.uniform(-2, 2), chooser.randint(-span, span)) for _ in range(length)
        ]
    low, high = int(TYPECODES[code].low), int(TYPECODES[code].high)
    bits = high.bit_length()
    values = (chooser.getrandbits(chooser.randint(1, bits)) for _ in range(length))
    return [-value if low and chooser.random() < 0.5 else value for value in values]


def _large(chooser: random.Random, code: str, length: int) -> list[Any]:
    """Stay near one end of the type: what is summed goes far beyond it."""
    if code in FLOAT_CODES:
        size = chooser.choice((-1e18, 1e19, 1e300 if code == "d" else 1e38))
        return [size * chooser.uniform(0.5, 1.0) for _ in range(length)]
    end = chooser.choice((int(TYPECODES[code].low), int(TYPECODES[code].high)))
    return [end - end // 8 * chooser.randint(0, 4) for _ in range(length)]


_Filling = Callable[[random.Random, str, int], list[Any]]
_CALM: tuple[_Filling, ...] = (_small, _small, _positive, _uniform)
_WILD: tuple[_Filling, ...] = (_special, _full, _ramp, _constant, _large, _magnitudes)


def _runs(chooser: random.Random, code: str, length: int) -> list[Any]:
    """Follow calm stretches by wild ones."""
    values: list[Any] = []
    while len(values) < length:
        filling = chooser.choice(_CALM if chooser.random() < 0.6 else _WILD)
        values += filling(chooser, code, chooser.choice((3, 64, 200, 511, 512, 1024, 2048)))
    return values[:length]


def _rare(chooser: random.Random, code: str, length: int) -> list[Any]:
    """Put one to three special values among calm ones, half of the time near the end."""
    values = chooser.choice(_CALM)(chooser, code, length)
    for _ in range(chooser.randint(1, 3) if length else 0):
        first = max(0, length - 40) if chooser.random() < 0.5 else 0
        values[chooser.randrange(first, length)] = chooser.choice(SPECIALS[code])
    return values


def elements(chooser: random.Random, code: str, length: int, calm: float) -> Array:
    """Return elements, with probability `calm` of those that seldom raise."""
    filling = chooser.choice(_CALM if chooser.random() < calm else (_runs, _rare, _rare, *_WILD))
    if length > 5000:
        part = filling(chooser, code, 3000)
        wild = chooser.choice((_rare, filling))(chooser, code, 1000)
        return array(code, (part * (length // 3000 + 1))[: length - 1000] + wild)
    return array(code, filling(chooser, code, length))


def draw_length(chooser: random.Random) -> int:
    """Choose a length: mostly enough to be worth tracing, sometimes at a seam, seldom long."""
    luck = chooser.random()
    if luck < 0.004:
        return LONG_LENGTH
    if luck < 0.25:
        return chooser.choice(LENGTHS)
    return int(400 * 2 ** (chooser.random() ** 2 * 3))


def draw_code(chooser: random.Random, kind: str) -> str:
    """Choose a typecode of a kind of number, seldom of the other kind."""
    codes = FLOAT_CODES + "dd" if kind == "f" else INTEGER_CODES + "hiq"
    return chooser.choice(codes if chooser.random() < 0.94 else INTEGER_CODES + FLOAT_CODES)
