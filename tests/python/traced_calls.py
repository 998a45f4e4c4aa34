"""A function over a few well-chosen arrays, in a millisecond: for millions of functions.

The function is called for each element of a small pool once, in plain Python. What it gives there
says what the library must give for any array that is made of these elements: calm ones only, with
a special one among them, or those at which it fails. A block that has something for Python is left
to Python as a whole; so special elements come one at a time, lest they hide one another.
"""

import contextlib
import functools
import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import arrayops._trace as tracer
from traced_cases import (
    Case,
    Function,
    Observed,
    described,
    draw_form,
    expected,
    mapped,
    mismatch,
    observed,
    selected,
)
from traced_data import LENGTHS, SPECIALS, Operand, elements
from traced_generator import Program
from typecodes import FLOAT_CODES, Array

CALM, WILD = 64, 40  # elements of a pool
POOLS = 1000  # of a typecode
SPECIAL_CALLS = 3
# Integers that no float is equal to.
INEXACT = (2**53 + 1, -(2**53) - 1, 2**54 - 1, 2**62 + 1, 2**63 - 1, 1 - 2**63)
LEAST = 64  # elements that are worth tracing
MANY = 2200  # so that a few calls are as many as a reduction becomes machine code for
LONG = 4096  # elements that are, even if the function is new


@dataclass(slots=True)
class Counts:
    """What has been compared, and how much of it the library ran natively."""

    functions: int = 0
    natively: int = 0  # functions that have a program
    calls: int = 0  # each one a comparison
    raised: int = 0
    elements: int = 0
    sampled: int = 0  # elements in calls of a sample of the functions that have a program
    called: int = 0  # those of them that were left to Python

    def __str__(self) -> str:
        """Say it in one line."""
        share = 100 * (self.sampled - self.called) / max(self.sampled, 1)
        return (
            f"{self.natively} of {self.functions} native (with {share:.0f}% of their elements), "
            f"{self.calls} comparisons ({self.raised} of exceptions), {self.elements} elements"
        )


class _Counted:
    """Counts the calls of a function that the library is given."""

    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.calls = 0

    def __call__(self, *arguments: Any) -> Any:
        self.calls += 1
        return self.fn(*arguments)


class Tracing:
    """While it lasts, functions are traced when they come for the first time; and it sees which."""

    def __init__(self) -> None:
        """See nothing yet."""
        self.found = False
        self._find = tracer.find

    def __enter__(self) -> Self:
        """Take the place of what the library looks programs up with."""
        tracer.find = self._look_up
        return self

    def __exit__(self, *_exception: object) -> None:
        """Put it back."""
        tracer.find = self._find

    def _look_up(self, fn: Any, kinds: bytes, target: int, length: int = LONG) -> bytes | None:
        code = self._find(fn.fn if type(fn) is _Counted else fn, kinds, target, max(length, LONG))
        self.found |= code is not None
        return code


@functools.cache
def _pool(code: str, number: int) -> Array:
    """Return calm elements, and then such at which something may go wrong."""
    chooser = random.Random(f"{code} {number}")  # noqa: S311
    special = array(code, chooser.choices(SPECIALS[code], k=WILD // 2))
    return elements(chooser, code, CALM, 1) + elements(chooser, code, WILD - WILD // 2, 0) + special


def _pools(chooser: random.Random, codes: list[str]) -> list[Array]:
    """Return a pool for each argument; special elements meet calm ones, each other, and equals."""
    pools = [_pool(code, chooser.randrange(POOLS)) for code in codes]
    if len(pools) == 1:
        return pools
    equals = (*INEXACT, *chooser.choices(pools[0][-WILD // 2 :], k=6))
    pools = [
        pool[:CALM] + array(pool.typecode, chooser.choices(pool[CALM // 2 :], k=WILD))
        for pool in pools
    ]
    for pool in pools:
        number = float if pool.typecode in FLOAT_CODES else int
        for place, value in enumerate(equals, CALM):
            with contextlib.suppress(OverflowError, ValueError):  # too large, or NaN
                pool[place] = number(value)
    return pools


class _Elementwise:
    """What `map`, `map_inplace` and `filter` must give for any elements of a pool."""

    def __init__(self, case: Case, fn: Function) -> None:
        """Call the function once for each."""
        self.errors: dict[int, Any] = {}
        self._filters = case.operation == "filter"
        self._results: Any = [] if self._filters else array(case.result_code)
        append = self._results.append
        for number, arguments in enumerate(zip(*(o.values for o in case.operands), strict=True)):
            try:
                result = fn(*arguments)
                append(bool(result) if self._filters else result)
            except Exception as error:  # noqa: BLE001 - what is compared
                append(0)
                self.errors[number] = described(error)

    def expected(self, case: Case, chosen: list[int]) -> Observed:
        """Return what a call comes to, given where its elements are in the pool."""
        results = self._results
        failed = None
        if not self.errors.keys().isdisjoint(chosen):
            failed = next(place for place, index in enumerate(chosen) if index in self.errors)
        error = None if failed is None else self.errors[chosen[failed]]
        done = chosen[:failed]
        if self._filters:
            values = case.operands[0].values
            kept = [x for x, index in zip(values, done, strict=False) if results[index]]
            return selected(case, array(values.typecode, kept), error)
        code = case.result_code
        return mapped(case, array(code, [results[index] for index in done]), error)


def _choices(chooser: random.Random, failing: dict[int, Any], least: int) -> Iterator[list[int]]:
    """Yield where to find the elements for each call in the pool."""
    length = chooser.randrange(least, least + 2 * LEAST)
    if chooser.random() < 0.03:
        length = chooser.choice((*LENGTHS, chooser.randrange(5000)))
    everything = list(range(CALM + WILD))
    good = [index for index in everything if index not in failing]
    calm = [index for index in good if index < CALM] or good
    if calm:
        chosen = (calm * (length // len(calm) + 1))[:length]
        yield chosen
        for _ in range(SPECIAL_CALLS if chosen else 0):
            one_special = chosen[:]
            place = length - 1 - int(length * chooser.random() ** 2)
            one_special[place] = chooser.randrange(CALM, CALM + WILD)
            yield one_special
        yield good
    if failing and chooser.random() < 0.5:
        yield everything


def _calls(
    chooser: random.Random, program: Program, purpose: str, fn: Function
) -> Iterator[tuple[Case, Observed]]:
    """Yield calls of a function, and what they must come to."""
    form, codes = draw_form(chooser, program, purpose, LEAST)
    pools = _pools(chooser, codes)
    misaligned = chooser.random() < 0.2
    whole = replace(form, operands=tuple(map(Operand, pools)))
    known = None if purpose == "reduce" else _Elementwise(whole, fn)
    least = MANY if known is None and chooser.random() < 0.3 else LEAST
    for chosen in _choices(chooser, {} if known is None else known.errors, least):
        picked = [array(pool.typecode, [pool[index] for index in chosen]) for pool in pools]
        if form.out == "shifted":
            picked[0].append(pools[0][0])
        case = replace(form, operands=tuple(Operand(values, misaligned) for values in picked))
        yield expected(case, fn) if known is None else (case, known.expected(case, chosen))


def compare(
    chooser: random.Random,
    program: Program,
    purpose: str,
    functions: tuple[Function, Function],
    counts: Counts,
) -> tuple[Case, str] | None:
    """Compare calls of a function; return the first that is not as it must be, and why."""
    given, plain = functions
    counts.functions += 1
    sample = _Counted(given) if counts.functions % 16 == 0 else None
    length = 0
    with Tracing() as tracing:
        for case, wanted in _calls(chooser, program, purpose, plain):
            fault = mismatch(case, observed(case, sample or given), wanted)
            length += len(case.operands[0].values)
            counts.calls += 1
            counts.raised += wanted.error is not None
            if fault:
                return case, fault
    counts.elements += length
    counts.natively += tracing.found
    if sample and tracing.found:
        counts.sampled += length
        counts.called += sample.calls
    return None
