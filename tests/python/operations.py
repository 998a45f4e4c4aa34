"""One row per operation, and the runner that puts each through its oracle.

A new operation is one row here and one oracle in `oracles.py`; every data pattern, length,
typecode, kind of buffer, thread count and CPU level of the suite then runs it.
"""

import functools
import itertools
import math
import operator
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import arrayops as ao
import oracles
from comparison import Outcome, assert_same, outcome
from inputs import PLAIN, Kind, contents, letter_of
from typecodes import TYPECODES, Array


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call after the array."""

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """A function of the library, its oracle, and calls of it worth trying on a typecode."""

    name: str
    function: Callable[..., Any]
    oracle: Callable[..., Any]
    calls: Callable[[str], Sequence[Call]] = lambda _code: (Call(),)
    in_place: bool = False
    calls_back: bool = False  # the messages of its errors are then those of the oracle, too


class Index:
    """An object that is an integer through `__index__` only."""

    def __init__(self, value: int) -> None:
        """Stand for an integer."""
        self.value = value

    def __index__(self) -> int:
        """Return it."""
        return self.value


def _index(x: float) -> Index:
    return Index(int(x) if math.isfinite(x) else 1)


UNARY: dict[str, Callable[[Any], Any]] = {
    "identity": lambda x: x,
    "negate": operator.neg,
    "absolute": abs,
    "increment": lambda x: x + 1,
    "half_floor": lambda x: x // 2,
    "half_true": lambda x: x / 2,
    "reciprocal": lambda x: 1 // x,
    "float": float,
    "int": int,
    "bool": lambda x: x > 0,
    "index": _index,
    "decimal": Decimal,
    "text": str,
    "nothing": lambda _x: None,
    "seven": lambda _x: 7,
    "huge": lambda _x: 2**70,
    "huge_float": lambda _x: 1e300,
    "minus_zero": lambda _x: -0.0,
    "square_root": math.sqrt,
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": lambda x, y: x - y,
    "first": lambda x, _y: x,
    "last": lambda _x, y: y,
    "smaller": min,
    "less": operator.lt,
    "floor_divide": lambda x, y: x // y,
}
PREDICATES: dict[str, Callable[[Any], Any] | None] = {
    "none": None,
    "positive": lambda x: x > 0,
    "list": lambda x: [x] if x else [],
    "always": lambda _x: object(),
    "never": lambda _x: "",
    "itself": lambda x: x,
    "reciprocal": lambda x: 1 // x,
    "bool": bool,
}
FACTORS = (
    *(0, 1, -1, 2, 3, -2, 255, -128, 2**31, 2**64, -(2**70), 10**400, True, Index(3)),
    *(0.0, -0.0, 1.0, -1.0, 0.5, -0.25, 1.5, 3.0000000000000004, 1e18, 1e300, 5e-324),
    *(math.inf, -math.inf, math.nan),
)
OVERFLOW: tuple[dict[str, str], ...] = (
    {},
    {"overflow": "raise"},
    {"overflow": "saturate"},
    {"overflow": "wrap"},
)


def _bounds(code: str) -> tuple[Any, ...]:
    low, high = TYPECODES[code].low, TYPECODES[code].high
    edges = (low - 1, low, high, high + 1) if code not in "fd" else (low, high, 2**53 + 1, 0.1)
    beyond = (1e300, -1e300, 10**400, -(10**400), math.inf, -math.inf)
    return (None, 0, 1, -1, 3, 0.5, 2.5, -0.0, 1e-50, math.nan, *edges, *beyond)


def _last_three(accumulator: tuple[Any, ...], x: float) -> tuple[Any, ...]:
    return (*accumulator[-2:], x)


def calls_of(name: str, code: str) -> Sequence[Call]:  # noqa: PLR0911 - a table
    """Return the fixed calls of one family of functions on a typecode."""
    if name == "scale":
        return [Call((f,), dict(mode)) for f, mode in itertools.product(FACTORS, OVERFLOW[1:])]
    if name == "var":
        odd = [Call((ddof,)) for ddof in (2, 10**30, -1, 1.0, None, "1", Index(1))]
        return [Call(), Call((1,)), Call(kwargs={"ddof": 3}), *odd]
    if name == "clip":
        return [Call(pair) for pair in itertools.product(_bounds(code), repeat=2)]
    if name == "filter":
        return [Call((predicate,)) for predicate in PREDICATES.values()]
    if name == "binary":
        return [Call((fn,)) for fn in BINARY.values()]
    if name == "reduce":
        plain = [Call((fn,)) for fn in BINARY.values()]
        second = BINARY["last"]
        initial = [Call((operator.add, 10)), Call((second, None)), Call((_last_three, ()))]
        return [*plain, *initial]
    return [Call((fn,)) for fn in UNARY.values()]


def _calls(name: str) -> Callable[[str], Sequence[Call]]:
    return functools.cache(functools.partial(calls_of, name))


def _typed_calls(code: str) -> Sequence[Call]:
    others = [other for other in TYPECODES if other != code]
    fns = (UNARY["identity"], float, int, UNARY["half_true"])
    return [Call((fn,), {"typecode": other}) for fn, other in itertools.product(fns, others)]


def _reversed(buffer: Any) -> Array:
    elements: Array = array(letter_of(buffer), contents(buffer))
    elements.reverse()
    return elements


def _with_reversed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Map over the array and a copy of it in reverse."""

    def with_reversed(arr: Any, fn: Callable[[Any, Any], Any]) -> Any:
        return function(arr, fn, _reversed(arr))

    return with_reversed


def _into_new(function: Callable[..., Any]) -> Callable[..., Any]:
    """Map into a new array of doubles."""

    def into_new(arr: Any, fn: Callable[[Any], Any]) -> Array:
        out: Array = array("d", bytes(8 * len(_reversed(arr))))
        result: Array = function(arr, fn, out=out)
        assert result is out
        return result

    return into_new


def _onto_itself(function: Callable[..., Any]) -> Callable[..., Any]:
    """Map an array onto itself."""

    def onto_itself(arr: Any, fn: Callable[[Any], Any]) -> None:
        assert function(arr, fn, out=arr) is arr

    return onto_itself


OPERATIONS = (
    Operation("sum", ao.sum, oracles.sum),
    Operation("mean", ao.mean, oracles.mean),
    Operation("var", ao.var, oracles.var, _calls("var")),
    Operation("std", ao.std, oracles.std, _calls("var")),
    Operation("min", ao.min, oracles.min),
    Operation("max", ao.max, oracles.max),
    Operation("scale", ao.scale, oracles.scale, _calls("scale"), in_place=True),
    Operation("clip", ao.clip, oracles.clip, _calls("clip"), in_place=True),
    Operation("map", ao.map, oracles.map, _calls("map"), calls_back=True),
    Operation("map_typecode", ao.map, oracles.map, _typed_calls, calls_back=True),
    Operation(
        "map_two_arrays",
        _with_reversed(ao.map),
        _with_reversed(oracles.map),
        _calls("binary"),
        calls_back=True,
    ),
    Operation("map_out", _into_new(ao.map), _into_new(oracles.map), _calls("map"), calls_back=True),
    Operation(
        "map_onto_itself",
        _onto_itself(ao.map),
        _onto_itself(oracles.map),
        _calls("map"),
        in_place=True,
        calls_back=True,
    ),
    Operation(
        "map_inplace",
        ao.map_inplace,
        oracles.map_inplace,
        _calls("map"),
        in_place=True,
        calls_back=True,
    ),
    Operation("filter", ao.filter, oracles.filter, _calls("filter"), calls_back=True),
    Operation("reduce", ao.reduce, oracles.reduce, _calls("reduce"), calls_back=True),
)
BY_NAME = {operation.name: operation for operation in OPERATIONS}


@dataclass(frozen=True, slots=True)
class Case:
    """One call on given elements, for the message of a failure."""

    operation: Operation
    call: Call
    kind: Kind
    elements: Array

    def __str__(self) -> str:
        """Write the call out."""
        given = [*map(repr, self.call.args)]
        given += [f"{key}={value!r}" for key, value in self.call.kwargs.items()]
        arguments = "".join(f", {text:.60}" for text in given)
        start = f"{self.elements.typecode!r} elements from {self.elements[:8].tolist()}"
        described = f"{self.kind.name} of {len(self.elements)} {start}{arguments}"
        return f"{self.operation.name}({described})"


def expected_of(operation: Operation, elements: Array, call: Call) -> tuple[Outcome, Array]:
    """Return what the oracle gives, and the elements after it."""
    after = elements[:]
    expected = outcome(operation.oracle, after, *call.args, **call.kwargs)
    return expected, after


def _types(error: Exception | None) -> tuple[type[Exception], ...]:
    if isinstance(error, oracles.EitherError):
        return error.args
    return () if error is None else (type(error),)


def _check_error(actual: Outcome, expected: Exception, context: Case) -> None:
    accepted = _types(expected)
    assert actual.error is not None, f"{context} gave {actual.value!r:.200}, expected {expected!r}"
    assert type(actual.error) in accepted, f"{context} raised {actual.error!r}, not {expected!r}"
    own_words = isinstance(expected, oracles.EitherError) or str(expected).startswith("reduce()")
    if context.operation.calls_back and not own_words:
        assert str(actual.error) == str(expected), context


def check(operation: Operation, elements: Array, call: Call, kind: Kind = PLAIN) -> None:
    """Compare one call with its oracle: value, type, exception, and the elements afterwards."""
    with kind.open(elements) as buffer:
        letter = letter_of(buffer)
        if letter != elements.typecode:
            elements = array(letter, elements.tobytes())
        expected, after = expected_of(operation, elements, call)
        context = Case(operation, call, kind, elements)
        actual = outcome(operation.function, buffer, *call.args, **call.kwargs)
        if operation.in_place and not kind.writable:
            after = elements
            expected = Outcome(error=oracles.EitherError(BufferError, *_types(expected.error)))
        if expected.error is None:
            assert actual.error is None, f"{context} raised {actual.error!r}"
            assert_same(actual.value, expected.value, context)
        else:
            _check_error(actual, expected.error, context)
        found = array(letter, contents(buffer))
    unchanged = not operation.in_place or expected.error is not None
    if unchanged:
        assert found.tobytes() == elements.tobytes(), f"{context} changed its input"
    else:
        assert_same(found, after, context)


def some_calls(operation: Operation, code: str, turn: int, count: int) -> Iterator[Call]:
    """Yield up to `count` of the fixed calls, others at every turn until all have had theirs."""
    calls = operation.calls(code)
    for index in range(min(count, len(calls))):
        yield calls[(turn * count + index) % len(calls)]
