"""No call leaks a reference: of results, errors, callbacks or buffers."""

import contextlib
import functools
import gc
import sys
import weakref
from array import array
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import arrayops as ao
import pytest
from comparison import outcome
from functions import CALLBACK_FUNCTIONS, unchecked
from operations import Index


@pytest.fixture(autouse=True)
def small_heap() -> Iterator[None]:
    """Leave what the test run itself holds out of every collection."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


each_function = pytest.mark.parametrize("name", CALLBACK_FUNCTIONS)


class Counted(Index):
    """An integer-like result that counts its living instances."""

    living: ClassVar[weakref.WeakSet["Counted"]] = weakref.WeakSet()

    def __init__(self, value: float) -> None:
        """Stand for an integer, and be counted."""
        super().__init__(int(value))
        self.living.add(self)


def _counted_but(bad: int | None, x: int) -> Counted:
    return Counted(x // (0 if x == bad else 1))


@each_function
def test_callback_results_are_released(name: str) -> None:
    for bad in (None, 700):
        CALLBACK_FUNCTIONS[name](array("h", range(500)), Counted)
        with contextlib.suppress(ZeroDivisionError):
            CALLBACK_FUNCTIONS[name](array("h", range(1000)), functools.partial(_counted_but, bad))
    gc.collect()
    assert len(Counted.living) == 0


@each_function
def test_callback_function_and_array_references_are_released(name: str) -> None:
    data = array("d", [1, 2, 3])

    def fn(x: float) -> float:
        return 1 / (x - 3) if fails else x

    def call() -> None:
        with contextlib.suppress(ZeroDivisionError):
            CALLBACK_FUNCTIONS[name](data, fn)

    for fails in (False, True):  # noqa: B007 - read by the callback
        call()
        gc.collect()
        before = sys.getrefcount(fn), sys.getrefcount(data)
        for _ in range(200):
            call()
        gc.collect()
        after = sys.getrefcount(fn), sys.getrefcount(data)
        assert max(after[0] - before[0], after[1] - before[1]) < 20


def _leaked_blocks(call: Callable[[], object], times: int) -> int:
    """Count what stays allocated: the least of three rounds, since caches fill once."""
    return min(_allocated_blocks(call, times) for _ in range(3))


def _allocated_blocks(call: Callable[[], object], times: int) -> int:
    for _ in range(20):
        outcome(call)
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(times):
        outcome(call)
    gc.collect()
    return sys.getallocatedblocks() - before


@each_function
@pytest.mark.parametrize("outcome_of", ["value", "exception", "bad_result"])
def test_callback_values_are_not_leaked(name: str, outcome_of: str) -> None:
    data = array("d", range(50))
    fns: dict[str, Callable[[Any], Any]] = {
        "value": lambda x: x + 1e300,
        "exception": lambda x: 1 / (x - 49),
        "bad_result": str,
    }
    fn = fns[outcome_of]
    assert _leaked_blocks(lambda: CALLBACK_FUNCTIONS[name](data, fn), 200) < 100


def test_reduce_accumulators_are_not_leaked() -> None:
    data = array("d", range(50))
    cases: tuple[tuple[Callable[[Any, Any], Any], Any], ...] = (
        (lambda acc, x: acc + x, 0.5),
        (lambda acc, x: (acc[-1:], x), (0,)),
        (lambda acc, x: acc / (x - 20), 1.0),
    )
    for fn, initial in cases:
        call = functools.partial(ao.reduce, data, fn, initial)
        assert _leaked_blocks(call, 200) < 100


def test_native_results_and_errors_are_not_leaked() -> None:
    data, octets = array("q", [2**62] * 50), bytes(range(50))
    for call in (
        lambda: ao.sum(data),
        lambda: ao.mean(data),
        lambda: ao.max(data),
        lambda: ao.scale(data, 1000),
        lambda: ao.scale(data, 2**100),
        lambda: ao.scale(data, 1),
        lambda: ao.scale(octets, 2),
        lambda: unchecked.scale(data, 2, overflow="no"),
        lambda: ao.clip(data, 2**100, None),
        lambda: ao.clip(data, None, 2**100),
        lambda: unchecked.sum([1]),
        lambda: ao.mean(array("d")),
        lambda: ao.map(data, abs, octets[1:]),
        lambda: ao.map(data, abs, typecode="Q"),
        lambda: unchecked.map(data, abs, typecode="x"),
        lambda: ao.map(data, max, data, data),
        lambda: ao.sum(memoryview(data)[::2]),
        lambda: ao.set_num_threads(0),
    ):
        assert _leaked_blocks(call, 200) < 100
