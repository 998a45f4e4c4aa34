"""The programs of the tracer, decoded and run on one element in plain Python.

It follows the description of the format operation by operation, slowly. `Bail` is raised where the
expression engine gives a block up. Values that masks leave unspecified are made of `garbage`, so
that a program which depends on them shows it.
"""

import math
import struct
from collections.abc import Callable, Iterator
from typing import Any

ABSENT = 0xFFFF
INT, FLOAT, BOOL = 0, 1, 2
LIBM = [
    "sqrt",
    "exp",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "cbrt",
    "exp2",
    "erf",
    "erfc",
]


class Bail(Exception):  # noqa: N818 (no error: the block is computed by Python)
    """A block is given up."""


class Program:
    """A decoded program; decoding checks types, order and ranges."""

    def __init__(self, code: bytes) -> None:
        """Decode."""
        self._code, self._at = code, 0
        version, inputs = self._read("<BB")
        assert version == 1
        self.inputs = [self._read("<B")[0] for _ in range(inputs)]
        assert set(self.inputs) <= {INT, FLOAT}
        self.types = list(self.inputs)
        self.constants = list(self._constants())
        self.instructions = list(self._instructions())
        (self.result,) = self._read("<H")
        assert self._at == len(code)
        assert self.result < len(self.types)

    def _read(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self._code, self._at)
        self._at += struct.calcsize(layout)
        return values

    def _constants(self) -> Iterator[Any]:
        (count,) = self._read("<H")
        for _ in range(count):
            (kind,) = self._read("<B")
            (value,) = self._read("<d" if kind == FLOAT else "<q")
            assert kind in (INT, FLOAT) or (kind == BOOL and value in (0, 1))
            self.types.append(kind)
            yield bool(value) if kind == BOOL else value

    def _instructions(self) -> Iterator[tuple[int, int, int, int, int]]:
        (count,) = self._read("<H")
        for _ in range(count):
            op, a, b, c, mask = self._read("<BHHHH")
            wanted, result = SIGNATURES[op]
            operands = (a, b) if op == 0x80 else (a, b, c)
            if op == 0x80:
                assert c < len(LIBM)
            for position, operand in enumerate(operands):
                if position < len(wanted):
                    assert operand < len(self.types), "an operand that is not there yet"
                    assert self.types[operand] == wanted[position], "an operand of a wrong type"
                else:
                    assert operand == ABSENT
            assert mask == ABSENT or self.types[mask] == BOOL
            self.types.append(result)
            yield op, a, b, c, mask

    def run(self, *elements: Any, garbage: int = 0) -> Any:
        """Return the result for one element of each input, or raise Bail."""
        values: list[Any] = [*elements, *self.constants]
        for op, a, b, c, mask in self.instructions:
            if mask != ABSENT and not values[mask]:
                kind = SIGNATURES[op][1]
                values.append((_INTS[garbage], _FLOATS[garbage], _BOOLS[garbage])[kind])
                continue
            if op == 0x80:
                values.append(_libm(values[a], LIBM[c]))
                continue
            operands = [values[each] for each in (a, b, c) if each != ABSENT]
            value = OPERATIONS[op](*operands)
            kind = SIGNATURES[op][1]
            if kind == INT and not -(1 << 63) <= value < 1 << 63:
                raise Bail
            assert type(value) is (int, float, bool)[kind]
            values.append(value)
        return values[self.result]


_INTS = (0, -1, (1 << 63) - 1)
_FLOATS = (0.0, math.nan, -math.inf)
_BOOLS = (False, True, True)


def _bail_if(condition: bool) -> None:  # noqa: FBT001
    if condition:
        raise Bail


def _libm(a: float, name: str) -> float:
    try:
        return float(getattr(math, name)(a))
    except (ValueError, OverflowError):
        raise Bail from None


def _nonzero(apply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def checked(a: Any, b: Any) -> Any:
        _bail_if(b == 0)
        return apply(a, b)

    return checked


def _int_pow(a: int, b: int) -> int:
    _bail_if(b < 0)
    _bail_if(abs(a) > 1 and b > 64)
    return int(a**b)


def _shl(a: int, b: int) -> int:
    _bail_if(b < 0 or (b > 63 and a != 0))
    return a << b if a else 0


def _shr(a: int, b: int) -> int:
    _bail_if(b < 0)
    return a >> min(b, 64)


def _float_pow(a: float, b: float) -> float:
    try:
        result = a**b
    except (ZeroDivisionError, OverflowError):
        raise Bail from None
    _bail_if(isinstance(result, complex))
    return float(result)


def _copysign(a: float, b: float) -> float:
    _bail_if(math.isnan(a) or math.isnan(b))
    return math.copysign(a, b)


def _fmod(a: float, b: float) -> float:
    try:
        return math.fmod(a, b)
    except ValueError:
        raise Bail from None


def _exact(a: int) -> float:
    _bail_if(abs(a) > 1 << 53)
    return float(a)


def _to_int(apply: Callable[[float], int]) -> Callable[[float], int]:
    def checked(a: float) -> int:
        _bail_if(not math.isfinite(a))
        return apply(a)

    return checked


def _truediv(a: int, b: int) -> float:
    _bail_if(b == 0 or abs(a) > 1 << 53 or abs(b) > 1 << 53)
    return a / b


def _bail() -> bool:
    raise Bail


_COMPARISONS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a < b, lambda a, b: a <= b, lambda a, b: a == b, lambda a, b: a != b
]  # fmt: skip
OPERATIONS: dict[int, Callable[..., Any]] = {
    0x01: lambda a, b: a + b,
    0x02: lambda a, b: a - b,
    0x03: lambda a, b: a * b,
    0x04: _nonzero(lambda a, b: a // b),
    0x05: _nonzero(lambda a, b: a % b),
    0x06: _int_pow,
    0x07: _shl,
    0x08: _shr,
    0x09: lambda a, b: a & b,
    0x0A: lambda a, b: a | b,
    0x0B: lambda a, b: a ^ b,
    0x0C: lambda a: -a,
    0x0D: abs,
    0x0E: lambda a: ~a,
    0x0F: min,
    0x10: max,
    0x20: lambda a, b: a + b,
    0x21: lambda a, b: a - b,
    0x22: lambda a, b: a * b,
    0x23: _nonzero(lambda a, b: a / b),
    0x24: _nonzero(lambda a, b: a // b),
    0x25: _nonzero(lambda a, b: a % b),
    0x26: lambda a: -a,
    0x27: abs,
    0x28: _float_pow,
    0x2A: _copysign,
    0x2B: _fmod,
    0x2C: math.atan2,
    0x2D: math.atan2,
    **{0x30 + i: compare for i, compare in enumerate(_COMPARISONS)},
    **{0x38 + i: compare for i, compare in enumerate(_COMPARISONS)},
    0x40: lambda a, b: a and b,
    0x41: lambda a, b: a or b,
    0x42: lambda a, b: a != b,
    0x43: lambda a: not a,
    0x50: float,
    0x51: _exact,
    0x52: int,
    0x53: _to_int(int),
    0x54: _to_int(round),
    0x55: _to_int(math.floor),
    0x56: _to_int(math.ceil),
    0x57: _truediv,
    **dict.fromkeys((0x60, 0x61, 0x62), lambda a, b, c: b if a else c),
    0x70: _bail,
}
_I, _F, _B = (INT,), (FLOAT,), (BOOL,)
SIGNATURES: dict[int, tuple[tuple[int, ...], int]] = {
    **dict.fromkeys((*range(0x01, 0x0C), 0x0F, 0x10), (_I * 2, INT)),
    **dict.fromkeys((0x0C, 0x0D, 0x0E), (_I, INT)),
    **dict.fromkeys((*range(0x20, 0x26), 0x28, *range(0x2A, 0x2E)), (_F * 2, FLOAT)),
    **dict.fromkeys((0x26, 0x27, 0x80), (_F, FLOAT)),
    **dict.fromkeys(range(0x30, 0x34), (_I * 2, BOOL)),
    **dict.fromkeys(range(0x38, 0x3C), (_F * 2, BOOL)),
    **dict.fromkeys((0x40, 0x41, 0x42), (_B * 2, BOOL)),
    0x43: (_B, BOOL),
    **dict.fromkeys((0x50, 0x51), (_I, FLOAT)),
    0x52: (_B, INT),
    **dict.fromkeys((0x53, 0x54, 0x55, 0x56), (_F, INT)),
    0x57: (_I * 2, FLOAT),
    0x60: (_B + _I * 2, INT),
    0x61: (_B + _F * 2, FLOAT),
    0x62: (_B * 3, BOOL),
    0x70: ((), BOOL),
}
