"""Hypothesis strategies: elements leaning to the limits of their type, and arguments."""

import functools
import math
from array import array
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from inputs import KINDS, Kind
from operations import BINARY, OVERFLOW, PREDICATES, UNARY, Call, Operation
from typecodes import TYPECODES, Array, Typecode


@functools.cache
def elements(code: str) -> SearchStrategy[Any]:
    """Draw any element of a typecode, its special values often."""
    typecode = TYPECODES[code]
    if typecode.is_float:
        anything: SearchStrategy[Any] = st.floats(width=32 if code == "f" else 64)
    else:
        anything = st.integers(int(typecode.low), int(typecode.high))
    return st.one_of(st.sampled_from(typecode.specials), anything)


@functools.cache
def small_elements(code: str) -> SearchStrategy[Any]:
    """Draw elements that arithmetic leaves within the type."""
    typecode = TYPECODES[code]
    if typecode.is_float:
        return st.integers(-1000, 1000).map(lambda n: n / 8)
    return st.integers(max(int(typecode.low), -9), 9)


@functools.cache
def arrays(code: str) -> SearchStrategy[Array]:
    """Draw arrays from none to some hundreds of elements."""
    lists = st.one_of(
        st.lists(elements(code), max_size=40), st.lists(small_elements(code), max_size=40)
    )
    repeats = st.sampled_from((1, 1, 1, 2, 9, 33))

    def repeated(values: list[Any], times: int) -> Array:
        return array(code, values) * times

    return st.builds(repeated, lists, repeats)


def _integers_about(typecode: Typecode) -> SearchStrategy[int]:
    """Draw integers of every size, near the limits of the type too."""
    low, high = (int(typecode.low), int(typecode.high)) if not typecode.is_float else (0, 2**53)
    return st.one_of(
        st.integers(-3, 3),
        st.integers(-300, 300),
        st.integers(low - 2, low + 2),
        st.integers(high - 2, high + 2),
        st.integers(-(2**70), 2**70),
        st.sampled_from((10**400, -(10**400))),
    )


def _numbers(typecode: Typecode) -> SearchStrategy[float]:
    return st.one_of(
        _integers_about(typecode),
        st.floats(),
        st.floats(-4, 4),
        st.integers(-64, 64).map(lambda n: n / 4),
        st.booleans(),
        st.sampled_from((math.inf, -math.inf, math.nan, float(typecode.high), -0.0)),
    )


def _scale_calls(typecode: Typecode) -> SearchStrategy[Call]:
    factors = _numbers(typecode).map(lambda factor: (factor,))
    return st.builds(Call, factors, st.sampled_from(OVERFLOW))


def _clip_calls(typecode: Typecode) -> SearchStrategy[Call]:
    own = st.one_of(elements(typecode.code), _numbers(typecode))
    bound = st.one_of(st.none(), own)
    ordered = st.tuples(own, own).map(lambda pair: tuple(sorted(pair)))
    return st.one_of(ordered, st.tuples(bound, bound)).map(Call)


def _map_calls(_typecode: Typecode) -> SearchStrategy[Call]:
    return st.sampled_from(tuple(UNARY.values())).map(lambda fn: Call((fn,)))


def _filter_calls(_typecode: Typecode) -> SearchStrategy[Call]:
    return st.sampled_from(tuple(PREDICATES.values())).map(lambda fn: Call((fn,)))


def _reduce_calls(typecode: Typecode) -> SearchStrategy[Call]:
    initial = st.one_of(
        st.just(()), st.tuples(_numbers(typecode)), st.sampled_from(((None,), ("text",)))
    )
    fns = st.sampled_from(tuple(BINARY.values())).map(lambda fn: (fn,))
    return st.tuples(fns, initial).map(lambda parts: Call(parts[0] + parts[1]))


_ARGUMENTS: dict[str, Callable[[Typecode], SearchStrategy[Call]]] = {
    "scale": _scale_calls,
    "clip": _clip_calls,
    "map": _map_calls,
    "map_out": _map_calls,
    "map_onto_itself": _map_calls,
    "map_inplace": _map_calls,
    "filter": _filter_calls,
    "reduce": _reduce_calls,
}


@functools.cache
def calls(operation: Operation, code: str) -> SearchStrategy[Call]:
    """Draw arguments for an operation; without a strategy of its own, its fixed calls."""
    if operation.name in _ARGUMENTS:
        return _ARGUMENTS[operation.name](TYPECODES[code])
    return st.sampled_from(tuple(operation.calls(code)))


def kinds(data: Array) -> SearchStrategy[Kind]:
    """Draw a kind of buffer that can hold the elements."""
    return st.sampled_from([kind for kind in KINDS if kind.takes(data)])
