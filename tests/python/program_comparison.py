"""Comparing programs, on the reference evaluator, with calls of the functions they came from."""

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

from program_reference import Bail, Program

INT_ARRAY, FLOAT_ARRAY, TRUTH, ACCUMULATOR = range(4)
_INTS = (
    0, 1, -1, 2, 3, 5, 6, 7, 10, -3, -7, 60, 100, 127, -128, 255, 256, 366, 1000, 2000, 12345,
    2**31 - 1, -(2**31), 2**31, 2**32, 2**53, 2**53 + 1, -(2**53) - 1, 2**62, 2**63 - 1, -(2**63),
)  # fmt: skip
_FLOATS = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 0.3, 1.5, 2.5, -2.5, 3.0, 7.0, 0.1, -7.3, 20.5, 100.25, 365.0,
    math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e308, -1e308, 2.0**53, 2.0**63, -(2.0**63),
    1e18, 1e16, 0.125, 0.005, 2.675, 1e-10,
)  # fmt: skip
VALUES: tuple[tuple[Any, ...], tuple[Any, ...]] = _INTS, _FLOATS
_NOTHING = object()  # Python raises, or the store does


def _fresh(value: Any) -> Any:
    """Return an element as an array gives it: an object of its own, NaN too."""
    return value * 1.0 if type(value) is float else value


def _stored(result: Any, target: int, kinds: bytes) -> Any:
    """Return what the target holds of a result, or _NOTHING."""
    kind = type(result)
    if target == TRUTH:
        return bool(result)
    if target == ACCUMULATOR:
        right = kind is (int, float)[kinds[0]]
        return result if right and (kind is float or -(1 << 63) <= result < 1 << 63) else _NOTHING
    if kind not in (int, float, bool):
        return _NOTHING
    if target == FLOAT_ARRAY:
        try:
            return float(result)
        except OverflowError:
            return _NOTHING
    if kind is float or not -(1 << 63) <= result < 1 << 63:
        return _NOTHING
    return int(result)


def is_same(a: Any, b: Any) -> bool:
    """Return whether two results are of the same type and, but for NaN's payload, the same bits."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)
    return bool(a == b)


def arguments(kinds: bytes, count: int, rng: random.Random) -> Iterator[list[Any]]:
    """Yield elements: all of the adversarial ones, or as many pairs of them."""
    if len(kinds) == 1:
        for value in VALUES[kinds[0]]:
            yield [value]
    for _ in range(count if len(kinds) > 1 else 4):
        yield [rng.choice(VALUES[kind]) for kind in kinds]


def compare(
    fn: Callable[..., Any], code: bytes, kinds: bytes, target: int, count: int = 60, seed: int = 0
) -> int:
    """Compare a program with its function; return how many elements were not bailed out."""
    program = Program(code)
    assert program.inputs == list(kinds)
    rng = random.Random(seed)  # noqa: S311 (tests)
    native = 0
    for position, elements in enumerate(arguments(kinds, count, rng)):
        try:
            result = program.run(*elements, garbage=position % 3)
        except Bail:
            continue
        try:
            wanted = _stored(fn(*map(_fresh, elements)), target, kinds)
        except Exception as error:  # noqa: BLE001 (whatever it raises)
            wanted = error
        assert is_same(result, wanted), f"{elements}: {result!r}, but Python has {wanted!r}"
        native += 1
    return native
