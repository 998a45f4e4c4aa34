"""Equality to the bit: type, signed zero and NaN included."""

import math
import re
import struct
from array import array
from dataclasses import dataclass
from typing import Any, TypeGuard

from typecodes import FLOAT_CODES, Array


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: a value, or an exception."""

    value: Any = None
    error: Exception | None = None


def outcome(function: Any, *args: Any, **kwargs: Any) -> Outcome:
    """Call `function` and catch what it raises, without the traceback that keeps buffers alive."""
    try:
        return Outcome(value=function(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 - the outcome to compare
        return Outcome(error=error.with_traceback(None))


def bits(value: float) -> bytes:
    """Return the bytes of a float, with all NaN as one."""
    return b"NaN" if math.isnan(value) else struct.pack("<d", value)


def array_bits(values: Array) -> bytes:
    """Return the bytes of an array, with all NaN as one."""
    if values.typecode in FLOAT_CODES:
        return array(values.typecode, [math.nan if math.isnan(x) else x for x in values]).tobytes()
    return values.tobytes()


def is_array(value: Any) -> TypeGuard[Array]:
    """Whether a value is an array, for type checkers too."""
    return isinstance(value, array)


def same(actual: Any, expected: Any) -> bool:
    """Tell whether two results are one: of the same type, with the same bits."""
    if type(actual) is not type(expected):
        return False
    if isinstance(expected, float):
        return bits(actual) == bits(expected)
    if is_array(expected):
        if actual.typecode != expected.typecode or len(actual) != len(expected):
            return False
        return actual.tobytes() == expected.tobytes() or array_bits(actual) == array_bits(expected)
    if type(expected) in {tuple, list}:
        return len(actual) == len(expected) and all(map(same, actual, expected))
    return bool(actual == expected)


def difference(actual: Any, expected: Any) -> str:
    """Say in one line where two results part."""
    if is_array(expected) and is_array(actual):
        if actual.typecode != expected.typecode or len(actual) != len(expected):
            kind = "array({0.typecode!r}) of {1} elements"
            given, wanted = kind.format(actual, len(actual)), kind.format(expected, len(expected))
            return f"got {given}, expected {wanted}"
        for index, (left, right) in enumerate(zip(actual, expected, strict=True)):
            if not same(left, right):
                return f"element {index} of {len(expected)} is {left!r}, expected {right!r}"
    return f"got {actual!r:.200} ({type(actual).__name__}), expected {expected!r:.200}"


def assert_same(actual: Any, expected: Any, context: object = "") -> None:
    """Fail with the first difference unless two results are one."""
    assert same(actual, expected), f"{context}: {difference(actual, expected)}"


def assert_mentions(error: BaseException, *patterns: str) -> None:
    """Check that a message, notes included, has all the given patterns."""
    text = "\n".join([str(error), *getattr(error, "__notes__", ())])
    for pattern in patterns:
        assert re.search(pattern, text), f"{text!r} does not mention {pattern!r}"


def type_name(value: object) -> str:
    """Return a pattern for the name of a value's type, as messages give it."""
    return r"\bNone(Type)?\b" if value is None else rf"\b{type(value).__name__}\b"
