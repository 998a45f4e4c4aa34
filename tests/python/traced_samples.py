"""Arrays that are worth tracing a function for, and the comparison of one function over them."""

import math
import random
from array import array
from collections.abc import Callable
from typing import Any

import arrayops as ao
import oracles
from comparison import Outcome, assert_same, outcome
from typecodes import TYPECODES, Array

LENGTH = 3000  # enough to be worth tracing, and more than a block
Function = Callable[[Any], Any]


def stretched(code: str, values: Any) -> Array:
    """Repeat values until they are worth tracing, in an order that does not repeat."""
    chooser = random.Random(LENGTH)  # noqa: S311
    return array(code, [*values, *chooser.choices(tuple(values), k=LENGTH - len(values))])


def function(source: str, **names: Any) -> Any:
    """Return `f` of a module of its own, which has these names."""
    names.setdefault("math", math)
    exec(compile(source, "<sample>", "exec"), names)  # noqa: S102 - our own text
    return names["f"]


def assert_as_per_element(fn: Callable[..., Any], *arrays: Array, typecode: str = "d") -> None:
    """Compare `map`, `filter` and, of two arrays, `reduce` with plain Python, twice over."""
    first, *others = arrays
    for _ in range(2):
        ours = outcome(ao.map, first, fn, *others, typecode=typecode)
        assert_same_outcome(ours, outcome(oracles.map, first, fn, *others, typecode=typecode))
        if others:
            ours, theirs = outcome(ao.reduce, first, fn), outcome(oracles.reduce, first, fn)
        else:
            ours, theirs = outcome(ao.filter, first, fn), outcome(oracles.filter, first, fn)
        assert_same_outcome(ours, theirs)


def assert_same_outcome(ours: Outcome, theirs: Outcome) -> None:
    """Compare values to the bit, and exceptions with their messages."""
    assert type(ours.error) is type(theirs.error), (ours.error, theirs.error)
    assert str(ours.error) == str(theirs.error)
    assert_same(ours.value, theirs.value)


DOUBLES = stretched("d", (*TYPECODES["d"].specials, 0.5, 1.5, 2.5, -0.5, -1.5, 2.675, 1e22, 7.0))
CALM_DOUBLES = stretched("d", [step / 4 for step in range(-40, 41)] + [-0.0, math.nan])
FINITE_DOUBLES = stretched("d", [step / 4 for step in range(-40, 41)] + [-0.0, 5e-324, 1e18, -3e9])
LONGS = stretched("q", (*TYPECODES["q"].specials, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**31))
SHORTS = stretched("h", range(-300, 300))
OCTETS = stretched("B", range(256))
UNSIGNED = stretched("Q", (0, 1, 2**63 - 1, 2**63, 2**64 - 1, 2**53 + 1, 12345))
