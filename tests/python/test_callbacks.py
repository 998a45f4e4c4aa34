"""Callables of every kind, their order, exceptions and references."""

import functools
import math
import operator
import traceback
from array import array
from collections.abc import Callable, Iterator
from typing import Any

import arrayops as ao
import pytest
from comparison import assert_same, outcome
from functions import CALLBACK_FUNCTIONS, record, unchecked
from operations import Index
from typecodes import LETTERS, TYPECODES

each_function = pytest.mark.parametrize("name", CALLBACK_FUNCTIONS)


class OwnError(Exception):
    """An exception that only these tests raise."""


class Doubler:
    """Doubles in every way an object can be called."""

    def __call__(self, x: int) -> int:
        """Double as an object that can be called."""
        return 2 * x

    def method(self, x: int) -> int:
        """Double as a bound method."""
        return 2 * x

    @classmethod
    def of_class(cls, x: int) -> int:
        """Double as a class method."""
        return 2 * x

    @staticmethod
    def static(x: int) -> int:
        """Double as a static method."""
        return 2 * x


def _with_default(x: int, factor: int = 2, *rest: int, extra: int = 0) -> int:
    return x * factor + extra + len(rest)


def _sum_all(*xs: int) -> int:
    return sum(xs)


def _double_first(*xs: int) -> int:
    return 2 * xs[0]


def _closure(factor: int) -> Callable[[int], int]:
    return lambda x: factor * x


DOUBLERS: dict[str, Callable[[Any], Any]] = {
    "lambda": lambda x: 2 * x,
    "defaults": _with_default,
    "bound_method": Doubler().method,
    "class_method": Doubler.of_class,
    "static_method": Doubler.static,
    "instance": Doubler(),
    "partial": functools.partial(operator.mul, 2),
    "partial_keyword": functools.partial(_with_default, factor=2),
    "builtin_bound_method": (2).__mul__,
    "cached": functools.cache((2).__mul__),
    "var_positional": _double_first,
    "closure": _closure(2),
}


@pytest.mark.parametrize("kind", DOUBLERS)
def test_map_any_kind_of_callable_is_called(kind: str) -> None:
    data = array("h", range(-20, 20))
    expected = array("h", range(-40, 40, 2))
    assert_same(ao.map(data, DOUBLERS[kind]), expected)
    ao.map_inplace(data, DOUBLERS[kind])
    assert_same(data, expected)


def test_map_type_or_builtin_is_called() -> None:
    data = array("b", [-3, 0, 3])
    assert_same(ao.map(data, float, typecode="d"), array("d", [-3.0, 0.0, 3.0]))
    assert_same(ao.map(data, bool), array("b", [1, 0, 1]))
    assert_same(ao.map(data, abs), array("b", [3, 0, 3]))
    assert_same(ao.map(array("d", [4.0, 9.0]), math.sqrt), array("d", [2.0, 3.0]))
    assert_same(ao.map(data, Index), data)
    assert_same(ao.map(data, max, data[::-1]), array("b", [3, 0, 3]))
    assert_same(ao.filter(data, range(9).__contains__), array("b", [0, 3]))
    assert ao.reduce(data, min) == -3


@pytest.mark.parametrize("code", LETTERS)
@each_function
def test_callback_arguments_come_in_order_once_with_python_types(name: str, code: str) -> None:
    data = array(code, TYPECODES[code].specials)
    expected = data.tolist()
    seen: list[Any] = []
    CALLBACK_FUNCTIONS[name](data, lambda x: record(seen, x, 1))
    assert_same(seen, expected)


def test_map_several_arrays_pass_one_value_each() -> None:
    seen: list[tuple[Any, ...]] = []
    arrays = (
        array("b", [1, 2]),
        array("d", [0.5, 1.5]),
        bytearray(b"ab"),
        array("Q", [2**64 - 1, 0]),
    )

    def take(*values: float) -> int:
        seen.append(values)
        return 0

    ao.map(arrays[0], take, *arrays[1:])
    assert_same(seen, [(1, 0.5, 97, 2**64 - 1), (2, 1.5, 98, 0)])


def test_map_many_arrays_pass_all_values() -> None:
    arrays = [array("i", range(start, start + 5)) for start in range(40)]
    result = ao.map(arrays[0], _sum_all, *arrays[1:])
    assert_same(result, array("i", map(sum, zip(*arrays, strict=True))))


@each_function
def test_callback_is_not_called_for_an_empty_array(name: str) -> None:
    calls: list[Any] = []
    CALLBACK_FUNCTIONS[name](array("d"), calls.append)
    assert not calls


@each_function
@pytest.mark.parametrize(
    "error_type", [OwnError, StopIteration, GeneratorExit, KeyboardInterrupt, SystemExit]
)
def test_callback_exception_passes_as_it_is(name: str, error_type: type[BaseException]) -> None:
    data = array("d", [1, 2, 3])
    error = error_type("mine")
    calls: list[float] = []

    def fail_at_two(x: float) -> float:
        calls.append(x)
        if x == 2:
            raise error
        return x

    with pytest.raises(error_type) as caught:
        CALLBACK_FUNCTIONS[name](data, fail_at_two)
    assert caught.value is error
    assert error.__context__ is None
    assert error.__cause__ is None
    assert calls == [1, 2]
    assert data.tolist() == [1, 2, 3]
    frames = traceback.extract_tb(error.__traceback__)
    assert frames[-1].name == "fail_at_two"
    assert frames[-1].line == "raise error"


@each_function
def test_callback_exception_keeps_its_context(name: str) -> None:
    def chained(x: float) -> float:
        try:
            return 1 // (x - 1)
        except ZeroDivisionError as error:
            raise OwnError from error

    with pytest.raises(OwnError) as caught:
        CALLBACK_FUNCTIONS[name](array("d", [1]), chained)
    assert type(caught.value.__cause__) is ZeroDivisionError


@pytest.mark.parametrize("name", ["map", "map_out", "map_inplace", "filter"])
def test_callback_with_wrong_arity_raises_its_type_error(name: str) -> None:
    def no_arguments() -> int:
        return 1

    error = outcome(CALLBACK_FUNCTIONS[name], array("b", [1]), no_arguments).error
    expected = outcome(no_arguments, 1).error
    assert type(error) is TypeError
    assert str(error) == str(expected)


def test_filter_truth_test_that_fails_passes_its_exception() -> None:
    class Undecided:
        def __bool__(self) -> bool:
            raise OwnError

    with pytest.raises(OwnError):
        ao.filter(array("b", [1]), lambda _: Undecided())


def test_filter_any_truthy_value_counts() -> None:
    class Sized:
        def __init__(self, length: int) -> None:
            self.length = length

        def __len__(self) -> int:
            return self.length

    data = array("b", [0, 1, 2, 3])
    assert ao.filter(data, Sized).tolist() == [1, 2, 3]
    assert ao.filter(data, lambda x: "text"[x:3]).tolist() == [0, 1, 2]
    assert ao.filter(data, lambda x: math.nan if x == 2 else 0.0).tolist() == [2]
    assert ao.filter(data, lambda x: None if x == 2 else object()).tolist() == [0, 1, 3]


def test_map_failing_index_of_a_result_passes_its_exception() -> None:
    class Failing:
        def __index__(self) -> int:
            raise OwnError

        def __float__(self) -> float:
            raise OwnError

    def failing(_: int) -> Failing:
        return Failing()

    data = array("b", [1])
    for typecode in LETTERS:
        with pytest.raises(OwnError):
            unchecked.map(data, failing, typecode=typecode)
    with pytest.raises(OwnError):
        ao.map_inplace(data, failing)
    assert data.tolist() == [1]


RESULTS: tuple[Any, ...] = (
    0, 1, -1, True, False, 127, 128, 255, 256, 2**31, 2**53 - 1, 2**53 + 1, 2**54 + 2, 2**54 + 6,
    2**63 - 513, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**53) - 1, -(2**63), -(2**63) - 1, 10**308,
    2**1024, 16777217, 33554431, -16777219, -0.0, 0.1, 1e39, 3.4028235677973366e38, math.nan,
    math.inf, Index(3),
)  # fmt: skip


@pytest.mark.parametrize("code", LETTERS)
@pytest.mark.parametrize("result", RESULTS)
def test_map_stores_a_result_as_an_array_does(code: str, result: Any) -> None:
    def called(_: object) -> Any:
        return result

    ours = outcome(ao.map, array("b", [1, 2]), called, typecode=code)
    theirs = outcome(array, code, [result] * 2)
    assert type(ours.error) is type(theirs.error)
    assert str(ours.error) == str(theirs.error)
    assert_same(ours.value, theirs.value)


@pytest.mark.parametrize("code", LETTERS)
def test_map_bad_result_stops_at_its_element(code: str) -> None:
    bad_results: tuple[Any, ...] = ("text", None, 1j, [], b"1" if code in "fd" else 2**200)
    for bad in bad_results:
        calls: list[Any] = []
        data = array(code, [1, 2, 3])
        with pytest.raises((TypeError, OverflowError)) as expected:
            array(code, [bad])
        take: Callable[[Any], Any] = functools.partial(record, calls, result=bad)
        error = outcome(ao.map, data, take).error
        assert type(error) is expected.type
        assert str(error) == str(expected.value)
        assert calls == [1]


def test_map_nested_calls_inside_callbacks_work() -> None:
    inner = array("h", range(50))

    def outer(x: int) -> int:
        shifted = ao.map(inner, x.__add__)
        ao.clip(shifted, 0, 40)
        ao.map_inplace(shifted, lambda y: y - 1)
        kept = ao.filter(shifted, lambda y: y > 5)
        return int(ao.reduce(shifted, operator.add) + ao.sum(kept))

    def oracle(x: int) -> int:
        shifted = [min(max(x + y, 0), 40) - 1 for y in inner]
        return sum(shifted) + sum(y for y in shifted if y > 5)

    data = array("i", range(-30, 30))
    assert_same(ao.map(data, outer), array("i", map(oracle, data)))


def test_map_recursion_over_the_same_array_works() -> None:
    data = array("i", [1, 2, 3])

    def descend(x: int, depth: int = 0) -> int:
        if depth == 4:
            return x
        return int(ao.sum(ao.map(data, functools.partial(descend, depth=depth + 1))))

    assert ao.map(data, descend).tolist() == [162, 162, 162]


def test_map_endless_recursion_raises_recursion_error() -> None:
    data = array("i", [1])

    def descend(_: int) -> int:
        return int(ao.map(data, descend)[0])

    with pytest.raises(RecursionError):
        descend(1)
    assert ao.sum(data) == 1


def test_map_inside_a_generator_and_beside_it_works() -> None:
    data = array("i", range(4))

    def numbers() -> Iterator[float]:
        value = 0.0
        while True:
            value += ao.sum(data)
            yield value

    source = numbers()

    def take_next(_: int) -> int:
        return int(next(source))

    assert ao.map(data, take_next).tolist() == [6, 12, 18, 24]


def test_reduce_initial_may_be_any_object() -> None:
    data = array("h", [1, 2, 3])
    marker = object()
    initials: tuple[Any, ...] = (None, "text", (), [], marker, 0.5, 2**100, {})
    for initial in initials:
        seen: list[Any] = []
        result = ao.reduce(data, functools.partial(record, seen), initial)
        assert seen[0] is initial
        assert result == 3
        assert ao.reduce(array("h"), operator.add, initial) is initial
    nothing: list[int] = []
    assert ao.reduce(data, lambda acc, x: [*acc, x], nothing) == [1, 2, 3]
    assert ao.reduce(data, lambda acc, x: acc + str(x), "") == "123"


def test_reduce_one_element_without_initial_is_returned() -> None:
    calls: list[Any] = []

    def note(total: float, x: float) -> float:
        calls.append((total, x))
        return x

    assert_same(ao.reduce(array("d", [-0.0]), note), -0.0)
    assert_same(ao.reduce(b"\xc8", note), 200)
    assert not calls


def test_reduce_accumulator_keeps_its_identity() -> None:
    accumulator: list[int] = []
    result = ao.reduce(array("b", [1, 2]), lambda acc, x: record(acc, x, acc), accumulator)
    assert result is accumulator
    assert result == [1, 2]
