"""The tracer: what becomes a program, that the program is right, and when it still holds."""

import builtins
import gc
import math
import opcode
import os
import subprocess
import sys
import time
import types
import warnings
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import arrayops as ao
import pytest
from arrayops import _trace
from arrayops._trace import opcodes
from arrayops._trace.explore import trace
from program_comparison import ACCUMULATOR, FLOAT_ARRAY, INT_ARRAY, TRUTH, compare
from program_reference import Program
from random_functions import random_function
from traced_functions import FUNCTIONS, HARD, Channel, clamper, scaler
from traced_samples import function

TARGETS = INT_ARRAY, FLOAT_ARRAY, TRUTH
I, F = b"\0", b"\1"  # noqa: E741 (an int, a float)
# What must never run natively: state, effects, randomness, text, what is unknown.
NEVER = [
    "random_function",
    "random_builtin",
    "printing",
    "hashing",
    "text",
    "formatted",
    "int_enum",
    "weird",
    "weird_int",
    "int_enum_compare",
    "counting",
    "recursive",
    "mutual",
    "varargs",
    "mutable",
    "global_reader",
    "generator_function",
    "importing",
    "inner",
    "comprehension",
    "bool_invert",
    "inverted_truth",
    "sum_floats",
    "min_key",
    "none_result",
    "swallow_text",
    "message",
    "caught_text",
    "none_by_a_jump",
    "catch_own",
    "catch_attribute",
]


def targets(kinds: bytes) -> tuple[int, ...]:
    return (*TARGETS, ACCUMULATOR) if len(kinds) == 2 else TARGETS


# -- opcodes --------------------------------------------------------------------------------------


def test_opcodes_of_this_version_exist() -> None:
    table = opcodes.TABLES[sys.version_info[:2]]
    assert table <= opcode.opmap.keys()
    assert len(opcodes.ALLOWED) == len(table)


def test_opcodes_of_common_constants_are_plain() -> None:
    common = getattr(opcode, "_common_constants", [])
    loaded = [common[i] for i in sorted(opcodes.COMMON_CONSTANTS) if common]
    assert loaded in ([], [AssertionError, NotImplementedError]) or loaded == [
        AssertionError, NotImplementedError, None, "", True, False, -1,
    ]  # fmt: skip
    assert opcodes.COMMON_NONE < 0 or common[opcodes.COMMON_NONE] is None


def test_opcodes_of_unknown_versions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opcodes, "ALLOWED", frozenset[int]())
    assert trace(lambda x: x + 1, I, INT_ARRAY).code is None


# -- corpus ---------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("fn", "kinds"),
    [
        pytest.param(fn, kinds, id=f"{name}_{''.join('if'[kind] for kind in kinds)}")
        for name, fn, kinds in FUNCTIONS + HARD
    ],
)
def test_program_is_as_the_function(fn: Callable[..., Any], kinds: bytes) -> None:
    for target in targets(kinds):
        code = trace(fn, kinds, target).code
        if code is not None:
            compare(fn, code, kinds, target)


def test_corpus_traces_and_runs_natively() -> None:
    assert len(FUNCTIONS) >= 200
    assert len(HARD) >= 80
    missed = []
    for name, fn, kinds in FUNCTIONS:
        codes = [(trace(fn, kinds, target).code, target) for target in targets(kinds)]
        if not any(code and compare(fn, code, kinds, target) for code, target in codes):
            missed.append(name)
    assert sorted(missed) == ["cbrt", "collatz", "crc8"]


@pytest.mark.parametrize("name", NEVER)
def test_hard_function_is_never_traced(name: str) -> None:
    cases = [(fn, kinds) for each, fn, kinds in HARD if each == name]
    assert cases
    for fn, kinds in cases:
        for target in (INT_ARRAY, FLOAT_ARRAY):
            found = trace(fn, kinds, target)
            assert found.code is None
            assert found.reason


def test_swallowing_functions_keep_their_word() -> None:
    def swallow(x: Any) -> Any:
        try:
            return "%d" % x  # noqa: UP031
        except:  # noqa: E722
            return 7

    assert trace(swallow, I, INT_ARRAY).code is None


def test_numbers_of_arguments_differ_untraced() -> None:
    assert trace(lambda x, y: x + y, I, INT_ARRAY).code is None
    assert trace(lambda: 1, I, INT_ARRAY).code is None


def test_path_explosion_ends_soon() -> None:
    def explode(x: float) -> float:
        total = 0.0
        for i in range(40):
            total = total * 2 if x > i else total + 1
        return total

    start = time.perf_counter()
    assert trace(explode, F, FLOAT_ARRAY).code is None
    assert time.perf_counter() - start < 2


def test_loop_over_much_ends_soon() -> None:
    def much(x: int) -> int:
        for i in range(10**12):
            x = x + i
        return x

    def nothing(x: int) -> int:
        for _ in range(10**12):
            try:
                pass
            except:  # noqa: E722
                pass
        return x

    assert trace(much, I, INT_ARRAY).code is None
    assert trace(nothing, I, INT_ARRAY).code is None


def test_loops_without_end_are_refused() -> None:
    def again(x: int) -> int:
        while True:
            try:
                return 1 // x
            except ZeroDivisionError:
                continue

    def in_handler(x: int) -> int:
        try:
            return 1 // x
        except ZeroDivisionError:
            while x < 3:
                x += 1
        return x

    for fn in (again, in_handler):
        assert "while" in trace(fn, I, INT_ARRAY).reason


def test_merged_branches_do_what_follows_once() -> None:
    def branch(x: int) -> int:
        y = 2 if x > 10 else 3
        return x * y * 7 + 1

    code = trace(branch, I, INT_ARRAY).code
    assert code is not None
    assert [op for op, *_ in Program(code).instructions] == [0x30, 0x60, 0x03, 0x03, 0x01]


def test_dead_division_stays() -> None:
    def dead(x: float) -> int:
        1 / x
        return 0

    code = trace(dead, F, FLOAT_ARRAY).code
    assert code is not None
    assert [op for op, *_ in Program(code).instructions] == [0x23]


# -- find and its guards --------------------------------------------------------------------------


def value(fn: Any, x: Any, target: int = FLOAT_ARRAY) -> Any:
    """Return what the program of a function gives now; None if there is none."""
    kinds = F if isinstance(x, float) else I
    code = _trace.find(fn, kinds, target)
    again = _trace.find(fn, kinds, target)
    assert code is again
    return None if code is None else Program(code).run(x)


def test_find_notices_globals() -> None:
    f = function("def f(x): return x * K", K=2)
    scope = f.__globals__
    assert value(f, 3, INT_ARRAY) == 6
    for new, wanted in ((5, 15), (True, 3), (2.5, None), ([], None), (4, 12)):
        scope["K"] = new
        assert value(f, 3, INT_ARRAY) == wanted
    del scope["K"]
    assert value(f, 3, INT_ARRAY) is None
    scope["K"] = 1
    assert value(f, 3, INT_ARRAY) == 3


def test_find_tells_zeros_apart() -> None:
    f = function("def f(x): return x + K", K=0.0)
    assert math.copysign(1, value(f, -0.0)) == 1
    f.__globals__["K"] = -0.0
    assert math.copysign(1, value(f, -0.0)) == -1


def test_find_notices_shadowed_builtins() -> None:
    f = function("def f(x): return abs(x)")
    assert value(f, -2.0) == 2.0
    f.__globals__["abs"] = float
    assert value(f, -2.0) == -2.0
    f.__globals__["abs"] = print
    assert value(f, -2.0) is None
    del f.__globals__["abs"]
    assert value(f, -2.0) == 2.0


def test_find_notices_patched_builtins(monkeypatch: pytest.MonkeyPatch) -> None:
    f = function("def f(x): return abs(x)")
    assert value(f, -2.0) == 2.0
    monkeypatch.setattr(builtins, "abs", lambda x: x * 3)
    assert value(f, -2.0) is None
    assert "has been replaced" in ao.explain(f)
    monkeypatch.undo()
    assert value(f, -2.0) == 2.0


def test_find_notices_patched_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    f = function("def f(x): return math.sqrt(x)")
    assert value(f, 4.0) == 2.0
    monkeypatch.setattr(math, "sqrt", math.fabs)
    assert value(f, 4.0) == 4.0
    monkeypatch.setattr(math, "sqrt", math.gamma)
    assert value(f, 4.0) is None


def test_find_notices_names_that_come_up() -> None:
    source = "def f(x):\n try: return x * K\n except NameError: return -1.0"
    f = function(source)
    assert value(f, 3.0) == -1.0
    f.__globals__["K"] = 2
    assert value(f, 3.0) == 6.0


def test_find_notices_cells() -> None:
    def outer() -> tuple[Any, Any]:
        k = 2.0

        def change(new: Any) -> None:
            nonlocal k
            k = new

        return (lambda x: x * k), change

    fn, change = outer()
    assert value(fn, 3.0) == 6.0
    change(0.5)
    assert value(fn, 3.0) == 1.5
    change("a")
    assert value(fn, 3.0) is None
    assert value(scaler(4.0), 3.0) == 12.0
    assert value(scaler(5.0), 3.0) == 15.0
    assert value(clamper(-1.0, 1.0), 3.0) == 1.0


def test_find_notices_defaults_and_code() -> None:
    f: Any = function("def f(x, y=2.0, *, z=1.0): return x * y + z")
    assert value(f, 3.0) == 7.0
    f.__defaults__ = (3.0,)
    assert value(f, 3.0) == 10.0
    f.__kwdefaults__["z"] = 2.0
    assert value(f, 3.0) == 11.0
    f.__kwdefaults__ = {"z": 0.0}
    assert value(f, 3.0) == 9.0
    f.__defaults__ = None
    assert value(f, 3.0) is None
    f.__code__ = (lambda x: x + 1).__code__
    assert value(f, 3.0) == 4.0


def test_find_notices_helpers() -> None:
    f = function("def h(x): return x * K\ndef f(x): return h(x) + 1", K=2.0)
    scope = f.__globals__
    assert value(f, 3.0) == 7.0
    scope["K"] = 3.0
    assert value(f, 3.0) == 10.0
    scope["h"].__code__ = (lambda x: x - 1).__code__
    assert value(f, 3.0) == 3.0
    scope["h"] = lambda x: x
    assert value(f, 3.0) == 4.0
    scope["h"] = math.fabs
    assert value(f, -3.0) == 4.0
    scope["h"] = hash
    assert value(f, 3.0) is None
    scope["h"] = lambda x: x * 5
    assert value(f, 3.0) == 16.0
    del scope["h"]
    assert value(f, 3.0) is None


def test_find_notices_deleted_module() -> None:
    f = function("def f(x): return math.fabs(x)")
    assert value(f, -3.0) == 3.0
    del f.__globals__["math"]
    assert value(f, -3.0) is None


def test_find_failure_of_one_object_is_not_that_of_another() -> None:
    broken = Channel(2.0, 1.0)
    del broken.__dict__["gain"]
    assert value(broken, 3.0) is None
    assert value(Channel(2.0, 1.0), 3.0) == 7.0


def test_find_notices_attributes() -> None:
    instance = Channel(2.0, 1.0)
    assert value(instance, 3.0) == 7.0
    assert value(instance.convert, 3.0) == 6.0
    instance.gain = 3.0
    assert value(instance, 3.0) == 10.0
    assert value(instance.convert, 3.0) == 9.0
    assert value(Channel(4.0, 0.0), 3.0) == 12.0
    instance.__dict__["gain"] = "a"
    assert value(instance, 3.0) is None

    class Sub(Channel):
        """With an attribute that runs code."""

        def __getattribute__(self, name: str) -> Any:
            return object.__getattribute__(self, name)

    assert value(Sub(2.0, 1.0), 3.0) is None


def test_find_notices_classes() -> None:
    class Scale:
        """A class attribute and a method."""

        factor = 2.0

        def inner(self, x: float) -> float:
            return x * self.factor

        def __call__(self, x: float) -> float:
            return self.inner(x) + 1

    scale: Any = Scale()
    assert value(scale, 3.0) == 7.0
    Scale.factor = 3.0
    assert value(scale, 3.0) == 10.0
    scale.factor = 4.0
    assert value(scale, 3.0) == 13.0
    Scale.factor = property(lambda _self: 5.0)  # type: ignore[assignment]
    assert value(scale, 3.0) == 16.0
    Scale.inner = lambda _self, x: x  # type: ignore[method-assign, assignment]
    assert value(scale, 3.0) == 4.0
    Scale.__call__ = lambda _self, x: x * 2  # type: ignore[method-assign, assignment]
    assert value(scale, 3.0) == 6.0


def test_find_notices_partial() -> None:
    def f(a: float, x: float, k: float = 1.0) -> float:
        return a * x + k

    assert value(partial(f, 2.0), 3.0) == 7.0
    assert value(partial(f, 3.0), 3.0) == 10.0
    assert value(partial(f, 3.0, k=0.5), 3.0) == 9.5
    bound = partial(f, 3.0, k=0.5)
    bound.keywords["k"] = 1.5
    assert value(bound, 3.0) == 10.5
    assert value(partial(f, [1]), 3.0) is None  # type: ignore[arg-type]


def test_find_keeps_no_closures_alive() -> None:
    class Holder:
        """Something that can be watched."""

    def closure(holder: Any, k: float) -> Any:
        return lambda x: x * k if holder is None else x

    holder = Holder()
    watch = weakref.ref(holder)
    fn = closure(holder, 2.0)
    _trace.find(fn, F, FLOAT_ARRAY)
    channel = Channel(2.0, 1.0)
    watch_channel = weakref.ref(channel)
    assert value(channel, 3.0) == 7.0
    del fn, holder, channel
    gc.collect()
    assert watch() is None
    assert watch_channel() is None


def test_find_is_bounded() -> None:
    for i in range(3000):
        _trace.find(scaler(float(i)), F, FLOAT_ARRAY)
        _trace.find(function(f"def f(x): return x + {i}"), F, FLOAT_ARRAY)
    cache: Any = vars(_trace)["_cache"]
    assert len(cache) <= 512
    assert max(map(len, cache.values())) <= 8


def test_find_of_odd_callables_is_none() -> None:
    class Meta(type):
        """Its instances are classes."""

        def __call__(cls, x: Any) -> Any:
            return x

    odd: tuple[Any, ...] = (
        str, Fraction_like, len, [].append, "a".join, Meta("C", (), {}), Channel,
        types.MethodType(abs, 3), types.SimpleNamespace(), object(), dict.get, math.gcd,
    )  # fmt: skip
    for fn in odd:
        assert _trace.find(fn, I, INT_ARRAY) is None
        assert _trace.find(fn, F, FLOAT_ARRAY) is None


class Fraction_like:  # noqa: N801
    """A class to call."""

    def __init__(self, x: Any) -> None:
        """Keep nothing."""


def test_is_traceable_now_notices_tools() -> None:
    was = sys.gettrace(), sys.getprofile()
    sys.settrace(None)
    sys.setprofile(None)
    try:
        monitored = hasattr(sys, "monitoring") and any(map(sys.monitoring.get_tool, range(6)))
        assert _trace.is_traceable_now() is not monitored
        sys.settrace(lambda *_: None)
        assert not _trace.is_traceable_now()
        sys.settrace(None)
        sys.setprofile(lambda *_: None)
        assert not _trace.is_traceable_now()
    finally:
        sys.settrace(was[0])
        sys.setprofile(was[1])
    if sys.version_info >= (3, 12) and sys.monitoring.get_tool(3) is None:
        sys.monitoring.use_tool_id(3, "test")
        assert not _trace.is_traceable_now()
        sys.monitoring.free_tool_id(3)


def test_environment_switches_off() -> None:
    program = (
        "from arrayops import _trace as t; print(t.is_traceable_now(), t.find(abs, b'\\0', 0))"
    )
    environment = {**os.environ, "ARRAYOPS_TRACE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "None"]


# -- explain --------------------------------------------------------------------------------------


def test_explain_native() -> None:
    text = _trace.explain(lambda x: x * x + 1 if x > 0 else -x)
    assert "integer arrays: native, as x * x + 1 if 0 < x else -x" in text
    assert "float arrays: native, as x * x + 1.0 if 0.0 < x else -x" in text


def test_explain_reasons_and_places() -> None:
    seen: list[Any] = []

    def keeps(x: Any) -> Any:
        seen.append(x)
        return x

    text = _trace.explain(keeps, "d")
    assert "one call per element, because it uses a list: seen" in text
    assert f"{__file__}:{keeps.__code__.co_firstlineno + 1}, in keeps" in text
    assert "typecode='d': native, as x / 2" in _trace.explain(lambda x: x / 2, "i")


@pytest.mark.parametrize("index", range(0, len(FUNCTIONS + HARD), 7))
def test_explain_says_something_of_all(index: int) -> None:
    text = _trace.explain((FUNCTIONS + HARD)[index][1])
    assert "native" in text or "per element" in text


# -- random functions -----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_random_functions_find_no_difference() -> None:
    seconds = float(os.environ.get("ARRAYOPS_FUZZ_SECONDS", "4"))
    seed = int(os.environ.get("ARRAYOPS_FUZZ_SEED", "20260101"))
    end = time.monotonic() + seconds
    traced = native = 0
    while time.monotonic() < end:
        seed += 1
        kinds = bytes((seed >> i) & 1 for i in range(1 + seed % 2))
        target = (seed // 8) % (4 if len(kinds) == 2 else 3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fn, source = random_function(seed, len(kinds))
            code = trace(fn, kinds, target).code
            if code is None:
                continue
            traced += 1
            try:
                native += compare(fn, code, kinds, target, 40, seed)
            except AssertionError as error:
                pytest.fail(f"seed {seed}, kinds {kinds!r}, target {target}: {error}\n{source}")
    assert traced > 20
    assert native > 200
