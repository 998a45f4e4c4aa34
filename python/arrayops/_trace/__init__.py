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

from arrayops._trace import guards, opcodes
from arrayops._trace.explore import Trace, trace
from arrayops._trace.record import is_foreign

__all__ = ["explain", "find", "is_traceable_now"]

_ENABLED = os.environ.get("ARRAYOPS_TRACE", "1") != "0" and bool(opcodes.ALLOWED)
_MONITORING = getattr(sys, "monitoring", None)
_MAX_ENTRIES = 512  # code objects kept in the cache, by kinds and target
_MAX_SEEN = 4096
_LONG = 4096  # elements for which calls cost more than tracing, by far
CALL_SECONDS = 1e-7  # what a call for an element takes at least
_MAX_VARIANTS = 8  # traces of one code object that differ in what it refers to


class _Variant:
    """A trace and what it depends on."""

    __slots__ = ("anchor", "code", "owed", "payload", "test")

    def __init__(self, anchor: Any, outcome: Trace, owed: float) -> None:
        """Keep the outcome, and for how many seconds calls come before another one is made."""
        self.anchor = anchor  # alive, so that its id stays its own
        self.code = outcome.code
        self.owed = owed
        self.test, self.payload = outcome.guard


_cache: dict[tuple[int, bytes, int], list[_Variant]] = {}
_seen: set[tuple[int, bytes, int]] = set()


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
    when it comes again. One of which something has changed is when calls have taken as long as
    tracing it took: one that changes each time takes twice as long as calls at most.
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
                    return variant.code
        except Exception as error:
            if is_foreign(error):
                raise
            return None
        newest = variants[0]
        newest.owed -= length * CALL_SECONDS
        if newest.owed > 0.0:
            return None
    if length < _LONG and key not in _seen:
        if len(_seen) >= _MAX_SEEN:
            _seen.clear()
        _seen.add(key)
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
    newest = _Variant(anchor, outcome, perf_counter() - started)
    variants = [newest, *_cache.get(key, ())][:_MAX_VARIANTS]
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
