"""The twelve typecodes, their limits, and deterministic data at and around them."""

import functools
import math
import random
import struct
from array import array
from dataclasses import dataclass
from typing import Any, TypeAlias

LETTERS = "bhilqBHILQfd"

Array: TypeAlias = "array[Any]"  # not a subscript that CPython 3.11 evaluates

# Around every lane count and block size in sight, and around 64 KiB.
SHORT_LENGTHS = (
    *(0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129),
    *(255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097),
)
LONG_LENGTHS = (65_535, 65_536, 65_537, 262_145)


@dataclass(frozen=True, slots=True)
class Typecode:
    """One element type: its letter, its size in bytes and the limits of its finite values."""

    code: str
    size: int
    low: int | float
    high: int | float

    @property
    def is_float(self) -> bool:
        """Whether the elements are floats."""
        return self.code in "fd"

    @property
    def specials(self) -> tuple[Any, ...]:
        """Values at which element arithmetic goes wrong first."""
        if not self.is_float:
            values = {int(self.low), int(self.low) + 1, -1, 0, 1, int(self.high) - 1}
            return (*sorted(v for v in values if v >= self.low), int(self.high))
        tiny, normal = (2.0**-149, 2.0**-126) if self.code == "f" else (2.0**-1074, 2.0**-1022)
        below_normal = normal - tiny
        return (
            *(0.0, -0.0, math.inf, -math.inf, math.nan, tiny, -tiny, normal, -below_normal),
            *(1.0, -1.0, float(array(self.code, [0.1])[0]), self.high, self.low, 2.0**24 + 2),
        )


def _typecode(code: str) -> Typecode:
    size = array(code).itemsize
    if code == "f":
        high = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
        return Typecode(code, size, -high, high)
    if code == "d":
        high = struct.unpack("<d", b"\xff\xff\xff\xff\xff\xff\xef\x7f")[0]
        return Typecode(code, size, -high, high)
    bits = 8 * size
    if code.isupper():
        return Typecode(code, size, 0, 2**bits - 1)
    return Typecode(code, size, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


TYPECODES = {code: _typecode(code) for code in LETTERS}
INTEGER_CODES = LETTERS[:10]
FLOAT_CODES = LETTERS[10:]


def filled(code: str, length: int, pattern: str) -> Array:
    """Return the same array of `length` elements for the same arguments, on every machine."""
    return _filled(code, length, pattern)[:]


@functools.lru_cache(maxsize=10_000)
def _filled(code: str, length: int, pattern: str) -> Array:
    typecode = TYPECODES[code]
    generator = random.Random(f"{code} {length} {pattern}")  # noqa: S311
    if pattern == "bits":
        return array(code, generator.randbytes(length * typecode.size))
    if pattern == "high":
        return array(code, [typecode.high]) * length
    if pattern == "low":
        return array(code, [typecode.low]) * length
    if pattern == "specials":
        return array(code, generator.choices(typecode.specials, k=length))
    least = 0 if code.isupper() else -3
    values: list[float] = list(generator.choices(range(least, 4), k=length))
    if typecode.is_float:
        values = [value * 1.1 for value in values]
    small = array(code, values)
    if pattern == "small":
        return small
    if pattern == "small_then_high":  # an overflow only at the very end
        if length:
            small[-1] = typecode.high
        return small
    message = f"no pattern is called {pattern!r}"
    raise ValueError(message)


PATTERNS = ("specials", "bits", "high", "low", "small", "small_then_high")
