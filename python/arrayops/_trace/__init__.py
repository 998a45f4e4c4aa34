"""Tracing: from a Python function to a small program that the expression engine runs.

A function is checked (`check`), rebuilt over stand-ins for whatever it refers to (`world`,
`standins`, `known`), and run on symbolic values (`values`) that record operations (`record`), once
per path (`explore`). The paths are merged into one program (`program`) and encoded (`encoding`).
What it depends on is compared at each use (`guards`).
"""

from __future__ import annotations

import os
import sys
from time import perf_counter
from types import FunctionType, MethodType
from typing import Any
from weakref import ref

from arrayops._trace import guards, opcodes
from arrayops._trace.explore import Trace, trace
from arrayops._trace.record import is_foreign

__all__ = ["explain", "find", "is_traceable_now"]

_ENABLED = os.environ.get("ARRAYOPS_TRACE", "1") != "0" and bool(opcodes.ALLOWED)
_MONITORING = getattr(sys, "monitoring", None)
_MAX_ENTRIES = 512  # code objects kept in the cache, by kinds and target
_MAX_SEEN = 4096
_LONG = 4096  # elements for which calls cost more than tracing, by far
CALL_SECONDS = 7e-8  # what a call for an element takes at least
_MAX_VARIANTS = 8  # traces of one code object that differ in what it refers to
_MAX_PATIENCE = 64  # times the cost of a trace


class _Variant:
    """A trace and what it depends on."""

    __slots__ = ("anchor", "code", "cost", "owed", "patience", "payload", "test", "used")

    def __init__(self, anchor: Any, outcome: Trace, cost: float, patience: int) -> None:
        """Keep the outcome, the seconds that it costs, and how many times that calls come first."""
        self.anchor = anchor  # alive, so that its id stays its own
        self.code = outcome.code
        self.cost = cost
        self.patience = patience
        self.owed = cost * patience  # seconds of calls before another trace is made
        self.used = False
        self.test, self.payload = outcome.guard


_cache: dict[tuple[int, bytes, int], list[_Variant]] = {}
_seen: dict[tuple[int, bytes, int], ref[Any]] = {}


def _anchor(fn: Any) -> Any:
    """Return what stays the same among callables that may share a trace."""
    kind = type(fn)
    if kind is FunctionType:
        return fn.__code__
    if kind is MethodType:
        inner = fn.__func__
        return inner.__code__ if type(inner) is FunctionType else None
    if kind is guards.partial:
        return _anchor(fn.func)
    if id(fn) in guards.KNOWN:
        return fn
    written, call = guards.call_of(fn)
    return call.__code__ if written else None


def find(fn: Any, kinds: bytes, target: int, length: int = _LONG) -> bytes | None:
    """Return the program of a function for elements of these kinds, or None.

    Kinds: one byte per argument, 0 for ints and 1 for floats. Target: 0 an integer array, 1 a float
    array, 2 truth, 3 an accumulator (the first argument). What the function refers to is compared
    at every call. A function that is new is not traced for less than some thousand elements: it is
    when it comes again. One of which something has changed is if the elements are so many that
    calls take longer than tracing, or when calls have taken as long; and if no trace of it is ever
    used again, when they have taken longer and longer.
    """
    if not is_traceable_now():
        return None
    if type(fn) is FunctionType:
        anchor = fn.__code__
    else:
        anchor = _anchor(fn)
        if anchor is None:
            return None
    key = id(anchor), kinds, target
    variants = _cache.get(key)
    if variants is not None:
        try:
            for variant in variants:
                if variant.test(variant.payload, fn):
                    variant.used = True
                    return variant.code
        except Exception as error:
            if is_foreign(error):
                raise
            return None
        newest = variants[0]
        calls = length * CALL_SECONDS
        newest.owed -= calls
        if newest.owed > 0.0 and calls < newest.cost:
            return None
    if length < _LONG:
        seen = _seen.get(key)
        if seen is None or seen() is not anchor:  # an id may be another's by now
            if len(_seen) >= _MAX_SEEN:
                _seen.clear()
            _seen[key] = ref(anchor)
            return None
    return _find_new(fn, kinds, target, anchor)


def _find_new(fn: Any, kinds: bytes, target: int, anchor: Any) -> bytes | None:
    started = perf_counter()
    try:
        outcome = trace(fn, kinds, target)
    except Exception as error:
        if is_foreign(error) or not _fails(fn, kinds, target):
            raise
        return None  # a fault of the tracer's own must not be the caller's
    if outcome.lasting:
        outcome.guard = guards.ALWAYS
    if outcome.guard is None:
        return None
    key = id(anchor), kinds, target
    cost = 2 * (perf_counter() - started)  # the engine has as much to do with what is new
    older = _cache.get(key, [])
    patience = 1
    if older and not any(variant.used for variant in older):
        patience = older[0].patience
        if len(older) * patience >= _MAX_VARIANTS:  # all of them are looked at each time
            older = []
            patience = min(2 * patience, _MAX_PATIENCE)
    variants = [_Variant(anchor, outcome, cost, patience), *older][:_MAX_VARIANTS]
    if key not in _cache and len(_cache) >= _MAX_ENTRIES:
        for old in list(_cache)[: _MAX_ENTRIES // 2]:
            _cache.pop(old, None)
    _cache[key] = variants
    return outcome.code


def _fails(fn: Any, kinds: bytes, target: int) -> bool:
    """Return whether the tracer fails again: not so where another thread has sent the exception."""
    try:
        trace(fn, kinds, target)
    except Exception:  # noqa: BLE001 (whatever it is)
        return True
    return False


def is_traceable_now() -> bool:
    """Return whether functions may be traced: no debugger, profiler or coverage tool is on."""
    if not _ENABLED or sys.gettrace() is not None or sys.getprofile() is not None:
        return False
    monitoring = _MONITORING
    return monitoring is None or not any(map(monitoring.get_tool, range(6)))


def explain(fn: Any, arr_kind: Any = None) -> str:
    """Return whether a function runs natively, as what, or why it does not."""
    if not _ENABLED:
        return "one call per element: tracing is off, by ARRAYOPS_TRACE=0 or on this Python"
    from arrayops._trace.explanation import explain as explanation  # noqa: PLC0415 (rarely needed)

    return explanation(fn, arr_kind)
