"""Objects that do their worst inside a call: nothing breaks, plain Python's answer stays."""

import functools
import gc
import operator
import sys
from array import array
from collections.abc import Callable
from typing import Any

import arrayops as ao
import oracles
import pytest
from comparison import assert_same, is_array, outcome
from functions import CALLBACK_FUNCTIONS, unchecked
from operations import Index
from typecodes import Array

each_callback_function = pytest.mark.parametrize("name", CALLBACK_FUNCTIONS)
exporters = pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 688 came with Python 3.12")


class Acting(Index):
    """An integer that does something the first time it is asked which.

    Only then, because `array` asks twice.
    """

    def __init__(self, value: int, action: Callable[[], object]) -> None:
        """Stand for an integer that acts."""
        super().__init__(value)
        self.actions = [action]

    def act(self) -> None:
        """Act unless that is done."""
        while self.actions:
            self.actions.pop()()

    def __index__(self) -> int:
        """Act, then return it."""
        self.act()
        return self.value

    def __bool__(self) -> bool:
        """Act, then be true."""
        self.act()
        return True


@pytest.mark.parametrize("name", ["map", "map_onto_itself", "map_inplace", "filter"])
def test_callback_result_that_resizes_the_array_raises_buffer_error(name: str) -> None:
    data = array("h", [1, 2, 3])
    error = outcome(
        CALLBACK_FUNCTIONS[name],
        data,
        functools.partial(Acting, action=functools.partial(data.append, 1)),
    ).error
    assert type(error) is BufferError
    assert data.tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", ["map", "map_inplace", "filter"])
def test_callback_result_that_writes_the_array_acts_as_in_plain_python(name: str) -> None:
    def run(function: Callable[..., Any]) -> tuple[Any, Array]:
        data = array("h", [1, 2, 3, 4])

        def write_all() -> None:
            for place, value in enumerate(data):
                data[place] = value + 1

        return function(data, functools.partial(Acting, action=write_all)), data

    assert run(getattr(ao, name)) == run(getattr(oracles, name))


def test_filter_predicate_that_changes_its_element_keeps_the_old_one() -> None:
    data = array("h", [1, 2, 3, 4])
    places = iter(range(4))

    def overwrite(x: int) -> bool:
        data[next(places)] = 50
        return x != 2

    assert_same(ao.filter(data, overwrite), array("h", [1, 3, 4]))
    assert data.tolist() == [50] * 4


def test_map_callback_that_changes_the_second_array_is_seen_at_its_turn() -> None:
    first, second = array("h", [1, 2, 3]), array("h", [10, 20, 30])

    def pass_on(x: int, y: int) -> int:
        if x < 3:
            second[x] += y
        return y

    assert_same(ao.map(first, pass_on, second), array("h", [10, 30, 60]))


@each_callback_function
def test_callback_that_wrecks_every_array_in_reach_gets_right_results(name: str) -> None:
    data = array("d", [1.0, 2.0, 3.0]) * 50
    octets = data.tobytes()
    expected = CALLBACK_FUNCTIONS[name](data, operator.pos)
    spared = {id(item) for item in gc.get_objects() if is_array(item)} - {id(data)}
    seen: list[float] = []

    def wreck(x: float) -> float:
        if not seen:
            for item in gc.get_objects():
                if is_array(item) and id(item) not in spared:
                    outcome(item.extend, range(1000))
                    outcome(operator.delitem, item, slice(None))
        seen.append(x)
        return x

    assert_same(CALLBACK_FUNCTIONS[name](data, wreck), expected)
    assert data.tobytes() == octets


def test_scale_factor_that_empties_the_array_is_safe() -> None:
    for code in ("b", "d"):
        data = array(code, [1]) * 500_000
        factor = Acting(2, functools.partial(operator.delitem, data, slice(None)))
        error = outcome(unchecked.scale, data, factor).error
        assert error is None or type(error) is BufferError
        assert data in (array(code), array(code, [1]) * 500_000)


def test_set_num_threads_count_that_calls_back_is_safe() -> None:
    before = ao.get_num_threads()
    ao.set_num_threads(Acting(before, lambda: ao.set_num_threads(1)))
    assert ao.get_num_threads() == before


class Counting:
    """Exports an array, and counts how often it is taken and given back."""

    def __init__(self, elements: Array) -> None:
        """Export the memory of an array."""
        self.elements = elements
        self.held = 0
        self.taken = 0

    def __buffer__(self, flags: int) -> memoryview:
        """Count one more hold."""
        self.held += 1
        self.taken += 1
        return memoryview(self.elements)

    def __release_buffer__(self, view: memoryview) -> None:
        """Count one less."""
        view.release()
        self.held -= 1


@exporters
def test_any_function_gives_every_buffer_back() -> None:
    calls: list[Callable[[Any], Any]] = [
        unchecked.sum,
        unchecked.mean,
        lambda arr: unchecked.scale(arr, 2),
        lambda arr: unchecked.scale(arr, 1000),
        lambda arr: unchecked.scale(arr, "no"),
        lambda arr: unchecked.clip(arr, 3, 1),
        lambda arr: unchecked.map(arr, abs),
        lambda arr: unchecked.map(arr, str),
        lambda arr: unchecked.map(arr, max, arr, arr),
        lambda arr: unchecked.map(arr, abs, out=arr),
        lambda arr: unchecked.map(arr, abs, b"1"),
        lambda arr: unchecked.map_inplace(arr, str),
        lambda arr: unchecked.filter(arr, None),
        lambda arr: unchecked.reduce(arr, divmod),
    ]
    for call in calls:
        exporter = Counting(array("b", [1, 0, 100]))
        outcome(call, exporter)
        gc.collect()
        assert exporter.held == 0
        exporter.elements.append(1)


@exporters
@pytest.mark.parametrize("error_type", [ZeroDivisionError, BufferError, MemoryError, KeyError])
def test_any_failing_exporter_passes_its_exception(error_type: type[Exception]) -> None:
    class Failing:
        def __buffer__(self, flags: int) -> memoryview:
            raise error_type(flags)

    calls: list[Callable[[Any], Any]] = [
        unchecked.sum,
        lambda arr: unchecked.map(b"1", abs, out=arr),
    ]
    for call in calls:
        error = outcome(call, Failing()).error
        assert type(error) is error_type


@exporters
def test_sum_exporter_that_calls_back_works() -> None:
    class Nested:
        def __buffer__(self, flags: int) -> memoryview:
            return memoryview(array("d", [ao.sum(b"\1\2"), 4.0]))

    assert_same(unchecked.sum(Nested()), 7.0)
