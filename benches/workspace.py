"""The data of one row of the benchmark, and code run over it: shared with the worker process.

Only the standard library is imported here, so that any interpreter can run it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import math
import random
import statistics
import sys
from array import array
from dataclasses import dataclass
from timeit import Timer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

TYPECODES = "bhiqfd"
FLOATS = "fd"
# The lowest byte of a 64-bit integer that only repeats the sign.
SIGN_BYTE_OF_Q = 5
# An operation in place is timed over this many copies, restored before each pass. They stay in the
# caches, and one pass is long enough for the clock.
SMALL, SMALL_COPIES = 100, 64
MIDDLE, MIDDLE_COPIES = 10_000, 16
# Results up to this length are spelled out, longer ones are compared by digest.
SPELLED_OUT = 16


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code to be timed.

    Without an operand it is an expression. With one it changes that name in place, and is run in
    a loop over restored copies.
    """

    code: str
    operand: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of a snippet gave: seconds, and the result or the error as text."""

    seconds: float
    result: str
    error: str = ""


def make_values(typecode: str, length: int) -> array[Any]:
    """Return random values of both signs that a third of the type's range holds.

    The same for every run. Integers of 64 bits stay below 2**40, so that a sum of 40 million
    fits in 64 bits; floats spread over 15 binary orders of magnitude.
    """
    source = random.Random(f"{typecode}{length}")  # noqa: S311 - data, not secrets
    itemsize = array(typecode).itemsize
    raw = bytearray(length * itemsize)
    for index in range(itemsize):
        plane = source.randbytes(length).translate(_byte_values(typecode, index))
        if typecode == "q" and index > SIGN_BYTE_OF_Q:
            plane = bytes(raw[SIGN_BYTE_OF_Q::itemsize])
        raw[index::itemsize] = plane
    values = array(typecode, bytes(raw))
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _byte_values(typecode: str, index: int) -> bytes:
    """Return what each of the 256 random values of byte `index`, the lowest first, becomes."""
    last = array(typecode).itemsize - 1
    if typecode == "q" and index >= SIGN_BYTE_OF_Q:
        return bytes(0xFF * (byte & 1) for byte in range(256))
    if index < last:
        return bytes(range(256))
    if typecode == "d":
        return bytes(0x40 | (byte & 1) << 7 for byte in range(256))
    if typecode == "f":
        return bytes(0x40 | (byte & 1) << 7 | byte >> 1 & 7 for byte in range(256))
    return bytes((byte % 83 - 41) & 0xFF for byte in range(256))


# Clipping cuts off a good part on either side. The earlier arrayops calls 64-bit integers "l".
BOUNDS = {"b": 20, "h": 5_000, "i": 2**28, "q": 2**39, "l": 2**39, "f": 1_000.0, "d": 1_000.0}


def reduce_loop(fn: Callable[[Any, Any], Any], values: Iterable[Any]) -> Any:  # noqa: ANN401
    """Fold as a plain `for` loop does: since CPython 3.11 it can beat `functools.reduce`."""
    iterator = iter(values)
    accumulator = next(iterator)
    for value in iterator:
        accumulator = fn(accumulator, value)
    return accumulator


def inlined_reduce_loop(values: Iterable[Any]) -> Any:  # noqa: ANN401
    """Fold with the expression written into the loop, without a function."""
    iterator = iter(values)
    accumulator = next(iterator)
    for value in iterator:
        accumulator += value
    return accumulator


# The functions that are called for each element, as lambdas since these are what users write.
increment: Callable[[Any], Any] = lambda x: x + 1  # noqa: E731
positive: Callable[[Any], Any] = lambda x: x > 0  # noqa: E731
add: Callable[[Any, Any], Any] = lambda x, y: x + y  # noqa: E731


def constants(typecode: str) -> dict[str, object]:
    """Return the names that every snippet of every contender may use."""
    floats = typecode in FLOATS
    bound = BOUNDS[typecode]
    return {
        "array": array,
        "math": math,
        "functools": functools,
        "statistics": statistics,
        "reduce_loop": reduce_loop,
        "inlined_reduce_loop": inlined_reduce_loop,
        "tc": typecode,
        # A power-of-two fraction and bounds that are floats of 32 bits too: no peer that computes
        # in the narrow type is made to round by the choice of the constant.
        "factor": 1.5 if floats else 3,
        "low": -bound,
        "high": bound,
        "increment": increment,
        "positive": positive,
        "add": add,
    }


def describe(result: Any) -> str:  # noqa: ANN401
    """Return a text that is the same for the same type, values and bits only."""
    if hasattr(result, "__arrow_c_array__"):  # of arrayops.arrow, of pyarrow
        column = importlib.import_module("pyarrow").array(result)
        nulls = f", {column.null_count} nulls" if column.null_count else ""
        return f"{describe(column.fill_null(0).to_numpy())}{nulls}"
    if hasattr(result, "as_py"):  # a pyarrow scalar
        result = result.as_py()
    elif hasattr(result, "to_numpy"):  # a polars series
        result = result.to_numpy()
    elif getattr(result, "shape", None) == ():  # a NumPy scalar
        result = result.item()
    if result is None or isinstance(result, (bool, int, float)):
        return f"{type(result).__name__} {result!r}"
    view = memoryview(result)
    kind = "float" if view.format in FLOATS else "int"
    if len(view) <= SPELLED_OUT:
        return f"{kind}{view.itemsize * 8} {view.tolist()!r}"
    digest = hashlib.sha256(view).hexdigest()[:16]
    return f"{kind}{view.itemsize * 8}[{len(view)}] {digest}"


class Workspace:
    """The values of one row, the names that snippets use, and the copies changed in place."""

    def __init__(
        self,
        values: array[Any],
        names: Mapping[str, object],
        views: Callable[[array[Any]], Mapping[str, object]],
    ) -> None:
        """Take the values, further names, and a function giving the writable views of an array."""
        self.values = values
        self._views = views
        self._results: list[object] = []
        self._names = {
            **constants(values.typecode),
            **names,
            **views(values),
            "keep": self._results.append,
        }
        self._copies: list[array[Any]] = []
        self._targets: list[memoryview] = []
        self._timers: dict[Snippet, Timer] = {}

    def run(self, snippet: Snippet) -> Outcome:
        """Run once and describe the result; an exception becomes the outcome's error."""
        try:
            if snippet.operand:
                seconds = self.sample(snippet, 1)
                result = describe(self._copies[0])
            else:
                seconds = Timer(f"keep({snippet.code})", globals=self._names).timeit(1)
                result = describe(self._results.pop())
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its result
            return Outcome(0.0, "", f"{type(error).__name__}: {error}")
        finally:
            self._results.clear()
        return Outcome(seconds, result)

    def sample(self, snippet: Snippet, number: int) -> float:
        """Return the seconds a call takes, over `number` calls with the collector off."""
        if not snippet.operand:
            return self._timer(snippet).timeit(number) / number
        passes = max(1, number // self.copies)
        timer = self._timer(snippet)
        seconds = 0.0
        for _ in range(passes):
            self._restore()
            seconds += timer.timeit(1)
        return seconds / (passes * self.copies)

    @property
    def copies(self) -> int:
        """How many copies an operation in place goes over in one pass."""
        length = len(self.values)
        return SMALL_COPIES if length <= SMALL else MIDDLE_COPIES if length <= MIDDLE else 1

    def _timer(self, snippet: Snippet) -> Timer:
        if snippet not in self._timers:
            code = snippet.code
            if snippet.operand:
                code = f"for {snippet.operand} in {snippet.operand}_copies:\n    {code}"
            self._timers[snippet] = Timer(code, globals=self._names)
        return self._timers[snippet]

    def _restore(self) -> None:
        if not self._copies:
            self._copies = [self.values[:] for _ in range(self.copies)]
            self._targets = [memoryview(copy) for copy in self._copies]
            views = [self._views(copy) for copy in self._copies]
            for operand in views[0]:
                self._names[f"{operand}_copies"] = [view[operand] for view in views]
        source = memoryview(self.values)
        for target in self._targets:
            target[:] = source
