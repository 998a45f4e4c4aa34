"""What runs, or is changed, while a function is traced: it gets nowhere into the trace."""

import ast
import builtins
import contextlib
import ctypes
import functools
import itertools
import math
import operator
import threading
import types
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import arrayops as ao
import pytest
from arrayops import _trace
from arrayops._trace import known
from arrayops._trace.explore import trace
from arrayops._trace.record import TRACED, Record
from test_tracer_world import namespace
from traced_samples import assert_as_per_element, function

MANY = array("d", [1.0, 4.0, 1e7] * 2000)  # enough to be traced when first seen
CATCHING = (
    "def f(x):\n try:\n  for i in range(20): x = x * 0.5 + i\n  return x\n"
    " except {}:\n  return -1.0"
)


class Late(Exception):  # noqa: N818
    """What comes from elsewhere."""


def at_a_step(monkeypatch: pytest.MonkeyPatch, which: int, act: Callable[[], None]) -> None:
    """Let this be done once, while a function is traced."""
    do, steps = Record.do, iter(range(10**9))

    def stepping(self: Record, *args: Any) -> int:
        if next(steps) == which:
            act()
        return do(self, *args)

    monkeypatch.setattr(Record, "do", stepping)


def raise_late() -> None:
    """Raise, as a signal's handler does."""
    raise Late


def send_late() -> None:
    """Send an exception to this thread, as another one can."""
    thread = ctypes.c_ulong(threading.get_ident())
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(Late)) == 1


# As if the one that another thread sends came while the traced function itself runs.
RAISE_WITHIN = types.FunctionType(
    raise_late.__code__, {"__name__": TRACED, "Late": Late}, "raise_within"
)


@pytest.mark.parametrize("step", [0, 7, 39, 40, 50])
@pytest.mark.parametrize("act", [raise_late, send_late, RAISE_WITHIN])
@pytest.mark.parametrize("caught", ["Exception", "BaseException"])
def test_exception_from_elsewhere_that_a_function_catches_is_in_no_trace(
    caught: str, act: Callable[[], None], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fn = function(CATCHING.format(caught))
    at_a_step(monkeypatch, step, act)
    with contextlib.suppress(Late):
        _trace.find(fn, b"\1", 1)
    monkeypatch.undo()
    assert_as_per_element(fn, MANY)
    assert "native" in ao.explain(fn)


@pytest.mark.parametrize("step", [0, 1, 2, 5, 6, 7])  # of two paths
@pytest.mark.parametrize("act", [raise_late, send_late, RAISE_WITHIN])
@pytest.mark.parametrize(
    "result", ["y * y - x if x < 5.0 else y", "y * y - x if x < 1e8 else y + None"]
)
def test_exception_from_elsewhere_comes_to_the_caller(
    result: str, act: Callable[[], None], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fn = function(f"def f(x):\n y = x * 2.0 + 1.0\n return {result}")
    at_a_step(monkeypatch, step, act)
    with pytest.raises(Late):
        ao.map(MANY, fn)
    monkeypatch.undo()
    assert_as_per_element(fn, MANY)


def test_exception_of_a_path_that_is_refused_when_repeated_is_the_functions_own() -> None:
    fn = function(
        "def f(x):\n if x < 1e8: return x\n y = isinstance(x, float)\n z = x ** 0.5\n"
        " raise ValueError(y, z)"
    )
    assert_as_per_element(fn, MANY)
    assert "complex" in ao.explain(fn)


@pytest.mark.parametrize(
    ("module", "name", "fake", "body"),
    [
        (math, "log", 1.0, "log(x, 10)"),
        (builtins, "abs", math.inf, "math.isfinite(x)"),
        (builtins, "abs", math.inf, "math.isclose(x, 4.0)"),
        (builtins, "max", 1, "x + largest(3, 2)"),
        (builtins, "divmod", (1, 2), "both(x, 3.0)[0]"),
    ],
)
def test_function_that_is_patched_while_another_is_traced_is_in_no_trace(
    module: Any, name: str, fake: Any, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fn = function(f"def f(x): return {body}", log=math.log, largest=max, both=divmod)
    ao.map(MANY, operator.neg)  # loads the tracer

    def patched(*_: object) -> Any:
        return fake

    monkeypatch.setattr(module, name, patched)
    ao.map(MANY, fn)
    monkeypatch.undo()
    assert_as_per_element(fn, MANY)


@pytest.mark.parametrize("name", ["hypot", "sqrt", "isqrt", "inf", "nan", "floor"])
def test_what_is_replaced_in_math_is_not_the_tracers(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = (
        "hypot(x, 1.0)", "log(x)", "isqrt(int(x))", "isinf(x)", "isfinite(x)", "int(x)", "sin(x)",
    )  # fmt: skip
    real = {
        each: getattr(math, each) for each in ("hypot", "log", "isqrt", "isinf", "isfinite", "sin")
    }
    source = "def f(x):\n try: return {}\n except ValueError: return -1.0"
    calls: list[Any] = []

    def patched(*given: object) -> float:
        calls.append(given)
        return 42.0

    for body in bodies:
        fn = function(source.format(body), **real)
        with monkeypatch.context() as patch:
            patch.setattr(math, name, patched if callable(getattr(math, name)) else 4.0)
            for number in (math.nan, 4.0, -1.0):
                assert_as_per_element(fn, array("d", [number] * 100))
    assert calls == []


@pytest.mark.parametrize("name", known.BUILTINS)
def test_nothing_is_traced_while_a_builtin_is_replaced(name: str) -> None:
    def patched(*_: object) -> Any:
        return ()

    fn = function("def f(x): return x * 2.0 + 1.0")
    names = builtins.__dict__
    real = names[name]
    try:
        names[name] = patched
        found = trace(fn, b"\1", 1)
    finally:
        names[name] = real
    assert found.code is None
    assert found.guard is None
    assert trace(fn, b"\1", 1).code is not None


def test_builtins_that_the_tracer_uses_are_known() -> None:
    used: set[str] = set()
    for path in Path(_trace.__file__).parent.glob("*.py"):
        names = [node for node in ast.walk(ast.parse(path.read_text())) if type(node) is ast.Name]
        used.update(node.id for node in names if isinstance(node.ctx, ast.Load))
    kept = {name for name in used & vars(builtins).keys() if not is_exception(name)}
    assert kept - {"__name__"} == set(known.BUILTINS)


def is_exception(name: str) -> bool:
    """Return whether a builtin is an exception."""
    found = getattr(builtins, name)
    return isinstance(found, type) and issubclass(found, BaseException)


def test_range_that_is_patched_is_called_by_python_only(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    class Counting:
        """A range that counts itself."""

        def __init__(self, count: int) -> None:
            made.append(count)
            self.items = tuple(reversed(tuple(map(operator.index, (0, 1, 2)[:count]))))

        def __iter__(self) -> Any:
            return iter(self.items)

    fn = function("def f(x):\n for i in range(3): x = x * 2 + i\n return x", range=Counting)
    monkeypatch.setattr(builtins, "range", Counting)
    ao.map(MANY, fn)
    monkeypatch.undo()
    assert made.count(3) == len(MANY)


def test_functions_under_other_names_are_not_taken_for_those_of_the_names() -> None:
    fake = types.ModuleType("math")
    fake.__dict__.update(cos=math.sin, sin=math.sin, log=functools.partial(math.log, 2), tan=1)
    found = {name: known.own(fake, name) for name in ("cos", "sin", "log", "tan", "exp")}
    assert found == {"cos": None, "sin": math.sin, "log": None, "tan": None, "exp": None}


@pytest.mark.parametrize(
    "lie",
    [
        "@property\n def __name__(cls): raise OSError",
        "def __getattribute__(cls, name): raise OSError(name)",
        "def __hash__(cls): raise OSError",
        "def __eq__(cls, other): return other is float\n def __hash__(cls): return hash(float)",
    ],
)
@pytest.mark.parametrize("body", ["x if x < 10**6 else p.foo", "x + p", "(x, p)[0]"])
def test_metaclass_of_an_object_that_is_read_is_not_asked(lie: str, body: str) -> None:
    names = namespace(
        f"class Meta(type):\n {lie}\n"
        "P = type.__call__(Meta, 'P', (), {'foo': 1.0, '__radd__': lambda s, o: 2.0,"
        f" '__float__': lambda s: 7.0}})\np = object.__new__(P)\ndef f(x): return {body}"
    )
    assert_as_per_element(names["f"], MANY)


def test_module_without_a_name_is_not_asked_for_it() -> None:
    module = types.ModuleType("m")
    module.__dict__.update(K=2.0, __getattr__=raise_late)
    del module.__dict__["__name__"]
    fn = function("def f(x): return x * m.K", m=module)
    assert_as_per_element(fn, MANY)
    assert "native" in ao.explain(fn)


def test_function_that_changes_at_each_call_is_traced_when_calls_have_taken_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = namespace("K = 1\ndef f(x): return x * K")
    fn, numbers = names["f"], iter(range(2, 100))

    def find() -> bool:
        names["K"] = next(numbers)
        return _trace.find(fn, b"\0", 0, 5000) is not None  # half a millisecond, as calls

    monkeypatch.setattr(_trace, "CALL_SECONDS", 1e-7)
    assert find()
    for variants in vars(_trace)["_cache"].values():
        variants[0].owed, variants[0].cost = 0.0012, 1.0
    assert [find() for _ in range(4)] == [False, False, True, True]
    names["K"] = 2  # of an earlier one
    assert _trace.find(fn, b"\0", 0, 300) is not None


def test_function_that_never_comes_back_is_traced_more_and_more_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = namespace("K = 0\ndef f(x): return x * K")
    seconds = itertools.count()
    monkeypatch.setattr(_trace, "_cache", {})
    monkeypatch.setattr(_trace, "perf_counter", lambda: next(seconds))  # a trace costs two
    monkeypatch.setattr(_trace, "CALL_SECONDS", 1.0)

    def find(value: int, length: int = 1) -> bool:
        names["K"] = value
        return _trace.find(names["f"], b"\0", 0, length) is not None

    assert not find(0)  # new
    traced = [find(number) for number in range(1, 5000)]
    assert traced[0]
    assert [sum(traced[start : start + 16]) for start in (1, 17)] == [8, 4]
    assert 30 <= sum(traced) <= 60
    assert not any(find(0) and find(1) for _ in range(50))
    # Of many elements each is traced.
    assert all(find(number, 2) for number in range(6000, 6050))
    # As before, once traces are used again.
    assert any(find(7) for _ in range(200))
    assert find(7)
    assert sum(find(number % 4) for number in range(400)) > 200
    assert all(find(number % 4) for number in range(400))
