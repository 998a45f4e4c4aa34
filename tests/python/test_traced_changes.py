"""Functions that may run natively: what they refer to changes, or they do more than compute."""

import builtins
import enum
import functools
import math
import sys
import threading
from array import array
from collections.abc import Iterator
from fractions import Fraction
from types import CodeType, FunctionType
from typing import Any

import arrayops as ao
import pytest
from comparison import outcome
from traced_generator import built, compiled
from traced_samples import (
    CALM_DOUBLES,
    LENGTH,
    LONGS,
    OCTETS,
    SHORTS,
    Function,
    assert_as_per_element,
)
from typecodes import Array

# -- what a function refers to may change between calls -------------------------------------------

PRELUDE = "import math, operator, functools\n"
# The source of `fn`, and statements after each of which it must be understood anew.
CHANGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "global": (
        "K = 3\nfn = lambda x: x * K",
        ("K = 4", "K = 0.5", "K = True", "K = 2**70", "del K"),
    ),
    "global_equal_but_of_another_type": (
        "K = 1\nfn = lambda x: x * K",
        ("K = 1.0", "K = True", "K = 1"),
    ),
    "global_minus_zero": (
        "K = 0.0\nfn = lambda x: K if x > 1 else 1",
        ("K = -0.0", "K = 0", "K = False"),
    ),
    "shadowed_builtin": (
        "fn = lambda x: abs(x) + 1",
        ("abs = operator.neg", "def abs(v): return v + 7", "del abs", "abs = float"),
    ),
    "shadowed_min": ("fn = lambda x: min(x, 3)", ("min = max", "min = lambda *v: 5", "del min")),
    "helper": (
        "def h(u): return u + 1\nfn = lambda x: h(x) * 2",
        (
            "def h(u): return u - 1",
            "h = abs",
            "h.__code__",
            "h = lambda u, v=3: u * v",
            "h.__defaults__ = (9,)",
        ),
    ),
    "helper_code": (
        "def h(u): return u + 1\nfn = lambda x: h(x) * 2",
        ("h.__code__ = (lambda u: u * 100).__code__", "h.__code__ = (lambda u: u).__code__"),
    ),
    "helper_of_helper": (
        "K = 2\ndef g(u): return u * K\ndef h(u): return g(u) + 1\nfn = lambda x: h(x)",
        ("K = 5", "def g(u): return u", "g = abs"),
    ),
    "cell": (
        "def make(k):\n def fn(x): return x * k\n return fn\nfn = make(3)",
        (
            "fn.__closure__[0].cell_contents = 4",
            "fn.__closure__[0].cell_contents = -0.5",
            "fn.__closure__[0].cell_contents = True",
            "del fn.__closure__[0].cell_contents",
        ),
    ),
    "cell_by_nonlocal": (
        """\
def make():
    k = 1
    def fn(x): return x + k
    def put(v):
        nonlocal k
        k = v
    return fn, put
fn, put = make()""",
        ("put(2)", "put(0.5)", "put(None)"),
    ),
    "defaults": (
        "def fn(x, k=3): return x * k",
        (
            "fn.__defaults__ = (4,)",
            "fn.__defaults__ = (0.5,)",
            "fn.__defaults__ = None",
            "fn.__defaults__ = (1, 2)",
        ),
    ),
    "keyword_defaults": (
        "def fn(x, *, k=3): return x * k",
        ("fn.__kwdefaults__ = {'k': 4}", "fn.__kwdefaults__['k'] = 5", "fn.__kwdefaults__ = None"),
    ),
    "code": (
        "def fn(x): return x * 3",
        (
            "fn.__code__ = (lambda x: x - 3).__code__",
            "fn.__code__ = (lambda x: None).__code__",
            "fn.__code__ = fn.__code__.replace(co_consts=(None, 7))",
        ),
    ),
    "module_attribute": (
        "import types\nm = types.SimpleNamespace(k=2)\nfn = lambda x: x * m.k",
        ("m.k = 3", "m.k = 0.5", "m = types.SimpleNamespace(k=9)", "del m.k"),
    ),
    "math_replaced": (
        "import types\nfn = lambda x: math.floor(x)",
        (
            "math = types.SimpleNamespace(floor=abs)",
            "math = types.SimpleNamespace(floor=lambda v: 1)",
            "del math",
        ),
    ),
    "instance_attribute": (
        "class M:\n k = 2\n def run(self, x): return x * self.k\nm = M()\nfn = m.run",
        (
            "m.k = 3",
            "M.k = 4",
            "del m.k",
            "M.k = property(lambda self: 5)",
            "M.run = lambda self, x: 1",
            "fn = m.run",
            "M.__getattribute__ = lambda self, name: 6",
        ),
    ),
    "called_instance": (
        "class M:\n k = 2\n def __call__(self, x): return x * self.k\nfn = M()",
        (
            "fn.k = 3",
            "M.__call__ = lambda self, x: x - 1",
            "fn.__call__ = lambda x: 0",
            "M.k = 7",
            "M.__call__ = abs",
            "del M.__call__",
        ),
    ),
    "class_changed": (
        """\
class M:
    def run(self, x): return x * 2
class N(M):
    def run(self, x): return x * 3
m = M()
fn = lambda x: m.run(x)""",
        ("m.__class__ = N", "m.run = abs", "del m.run", "N.run = abs"),
    ),
    "partial": (
        "def f(k, x, *, j=1): return x * k + j\nfn = functools.partial(f, 3, j=2)",
        (
            "fn.keywords['j'] = 5",
            "fn.keywords['j'] = 0.5",
            "fn = functools.partial(fn)",
            "f.__code__ = (lambda k, x, *, j: k).__code__",
            "fn.__setstate__((f, (7,), {'j': 1}, {}))",
        ),
    ),
    "table_of_list": (
        "T = [1, 2, 3]\nfn = lambda x: T[x % 3] if x == x // 1 else 0",
        ("T[1] = 9", "T[2] = 0.5", "T.pop()"),
    ),
    "table_of_dict": (
        "T = {0: 5, 1: 6}\nfn = lambda x: T.get(x, 1)",
        ("T[1] = 9", "T[2] = 0.5", "T.clear()"),
    ),
    "tuple_replaced": (
        "T = (1, 2, 3)\nfn = lambda x: x in T",
        ("T = (1, 2, 4)", "T = [5]", "T = ()", "T = {1}"),
    ),
    "list_contents": (
        "T = [1, 2, 3]\nfn = lambda x: x in T",
        ("T[0] = 200", "T.append(7)", "T.clear()"),
    ),
    "patched_module": (
        "fn = lambda x: operator.neg(x)",
        (
            "import types; operator = types.ModuleType('operator'); operator.neg = abs",
            "operator.neg = float",
        ),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_traced_change_between_calls_is_noticed(name: str) -> None:
    source, changes = CHANGES[name]
    names = built(compiled(PRELUDE + source + "\n"))
    for change in ("", *changes, ""):
        outcome(exec, change, names)
        for data in (SHORTS, OCTETS, CALM_DOUBLES):
            assert_as_per_element(names["fn"], data)


def _forty_one(_: float) -> int:
    return 41


def test_traced_patched_builtin_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absolute(x: float) -> float:
        return abs(x) + 1

    assert ao.map(SHORTS, absolute) == array("h", [abs(x) + 1 for x in SHORTS])
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "abs", _forty_one)
        assert ao.map(SHORTS, absolute) == array("h", [42]) * LENGTH
    assert ao.map(SHORTS, absolute) == array("h", [abs(x) + 1 for x in SHORTS])


def test_traced_patched_module_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def rounded(x: float) -> float:
        return math.floor(x) + 1

    assert ao.map(SHORTS, rounded) == array("h", [x + 1 for x in SHORTS])
    with monkeypatch.context() as patch:
        patch.setattr(math, "floor", _forty_one)
        assert ao.map(SHORTS, rounded) == array("h", [42]) * LENGTH
    assert ao.map(SHORTS, rounded) == array("h", [x + 1 for x in SHORTS])


def test_traced_equal_code_in_other_namespaces_is_not_confused() -> None:
    for constant in (3, 3.0, True, -0.0, 0, 2**70, "text", 4):
        fn = eval("lambda x: x * k if x > 1 else k", {"k": constant})  # noqa: S307
        assert_as_per_element(fn, OCTETS)
        assert_as_per_element(fn, CALM_DOUBLES)


def test_traced_builtins_of_a_namespace_are_its_own() -> None:
    names: dict[str, Any] = {"__builtins__": {"abs": (5).__add__}}
    fn = eval("lambda x: abs(x)", names)  # noqa: S307
    assert_as_per_element(fn, SHORTS)
    assert ao.map(OCTETS[:10], fn, typecode="h").tolist() == [x + 5 for x in OCTETS[:10]]


def test_traced_globals_of_a_subclass_are_looked_up_its_way() -> None:
    class Names(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            seen.append(name)
            return 7 if name == "k" else super().__getitem__(name)

    seen: list[str] = []
    plain = eval("lambda x: x + k", {})  # noqa: S307
    fn = FunctionType(plain.__code__, Names(k=1))
    assert ao.map(OCTETS, fn, typecode="h") == array("h", [x + 7 for x in OCTETS])
    assert len(seen) == LENGTH


class Level(enum.IntEnum):
    """Integers that are not exactly ints."""

    HIGH = 3


class OddInt(int):
    """An int that adds in its own way."""

    def __radd__(self, other: int) -> int:
        """Subtract."""
        return other - int(self)


class OddFloat(float):
    """A float that multiplies in its own way."""

    def __rmul__(self, other: float) -> float:
        """Give something else."""
        return 42.0


@pytest.mark.parametrize(
    "constant",
    [Level.HIGH, OddInt(3), OddFloat(0.5), True, 2**64, -(2**100), Fraction(1, 2), 10**400],
    ids=["enum", "int", "float", "bool", "unsigned", "long", "fraction", "beyond_double"],
)
def test_traced_constant_of_an_odd_type_keeps_its_ways(constant: Any) -> None:
    fns: tuple[Function, ...] = (
        lambda x: x + constant,
        lambda x: x * constant,
        lambda x: min(x, constant),
        lambda x: constant if x < constant else x,  # noqa: FURB136
        lambda x: x == constant,
    )
    for fn in fns:
        assert_as_per_element(fn, SHORTS)
        assert_as_per_element(fn, CALM_DOUBLES)


# -- functions with effects are called once per element, in order ----------------------------------


def test_traced_function_with_effects_is_called_once_per_element() -> None:
    seen: list[int] = []
    count = 0

    def note(x: int) -> int:
        seen.append(x)
        return x + 1

    def counted(x: int) -> int:
        nonlocal count
        count += 1
        return x + count

    assert ao.map(SHORTS, note) == array("h", [x + 1 for x in SHORTS])
    assert seen == SHORTS.tolist()
    expected = array("i", [x + place for place, x in enumerate(SHORTS, 1)])
    assert ao.map(SHORTS, counted, typecode="i") == expected
    assert count == LENGTH


def test_traced_state_that_shows_in_one_branch_only_is_kept() -> None:
    seen: list[int] = []

    def rarely(x: int) -> int:
        if x == 299:
            seen.append(x)
        return x + 1

    ao.map(SHORTS, rarely)
    assert len(seen) == SHORTS.count(299)


def test_traced_cached_function_counts_its_calls() -> None:
    @functools.cache
    def cached(x: int) -> int:
        return x * 2

    ao.map(OCTETS, cached, typecode="h")
    info = cached.cache_info()
    assert (info.hits + info.misses, info.misses) == (LENGTH, len(set(OCTETS)))


def test_traced_property_with_effects_is_read_each_time() -> None:
    class Meter:
        reads = 0

        @property
        def factor(self) -> int:
            self.reads += 1
            return self.reads

        def apply(self, x: int) -> int:
            return x * 0 + self.factor

    meter = Meter()
    assert ao.map(SHORTS, meter.apply) == array("h", range(1, LENGTH + 1))
    assert meter.reads == LENGTH


def test_traced_function_that_reads_its_array_sees_it_as_it_is() -> None:
    data = SHORTS[:]
    ao.map_inplace(data, lambda x: x + data[0])
    assert data == array("h", [x + SHORTS[0] for x in SHORTS])

    def spread(x: int) -> int:
        data[-1] = 5
        return x

    expected = array("h", [*data[:-1], 5])
    ao.map_inplace(data, spread)
    assert data == expected


def test_traced_function_that_resizes_its_array_raises() -> None:
    grows = SHORTS[:]
    with pytest.raises(BufferError):
        ao.map_inplace(grows, lambda x: grows.append(x))  # noqa: PLW0108
    assert grows == SHORTS


@pytest.mark.parametrize("error", [KeyboardInterrupt, StopIteration, SystemExit, GeneratorExit])
def test_traced_function_raises_what_it_raises(error: type[BaseException]) -> None:
    def fails(x: int) -> int:
        if x == 299:
            raise error
        return x

    for call in (ao.map, ao.map_inplace, ao.filter):
        data = SHORTS[:]
        with pytest.raises(error):
            call(data, fails)
        assert data == SHORTS


def test_traced_generator_function_makes_generators() -> None:
    def generator(x: int) -> Iterator[int]:
        yield x

    with pytest.raises(TypeError):
        ao.map(SHORTS, generator)
    assert ao.filter(SHORTS, generator) == SHORTS

    async def coroutine(x: int) -> int:
        return x

    pending: list[Any] = []

    def begin(x: int) -> bool:
        pending.append(coroutine(x))
        return x > 3

    assert ao.filter(OCTETS, begin) == array("B", [x for x in OCTETS if x > 3])
    assert len(pending) == LENGTH
    for one in pending:
        one.close()


def test_traced_recursion_works_and_has_its_limit() -> None:
    def factorial(x: int) -> int:
        return x * factorial(x - 1) if x > 1 else 1

    def endless(x: int) -> int:
        return endless(x) + 1

    small = array("q", [0, 1, 5, 20]) * LENGTH
    assert ao.map(small, factorial) == array("q", [1, 1, 120, math.factorial(20)]) * LENGTH
    with pytest.raises(RecursionError):
        ao.map(small, endless)


def test_traced_variable_arguments_are_passed() -> None:
    def total(*values: int, **named: int) -> int:
        return sum(values) + len(named)

    assert ao.map(SHORTS, total, SHORTS) == array("h", [2 * x for x in SHORTS])


def test_traced_wrong_number_of_arguments_raises_its_message() -> None:
    def two(x: int, y: int) -> int:
        return x + y

    expected = outcome(two, 1).error
    for call in (ao.map, ao.filter):
        error = outcome(call, SHORTS, two).error
        assert (type(error), str(error)) == (TypeError, str(expected))


# -- debuggers, threads, the environment ----------------------------------------------------------


def _profiled(x: int) -> int:
    return x + 1


@pytest.mark.parametrize("setter", ["settrace", "setprofile"])
def test_traced_nothing_while_a_debugger_looks(setter: str) -> None:
    ao.map(SHORTS, _profiled)
    before = sys.gettrace() if setter == "settrace" else sys.getprofile()
    calls = 0

    def look(frame: Any, event: str, _: Any) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code is _profiled.__code__

    getattr(sys, setter)(look)
    try:
        ao.map(SHORTS, _profiled)
        ao.filter(SHORTS, _profiled)
    finally:
        getattr(sys, setter)(before)
    assert calls == 2 * LENGTH


def test_traced_nothing_while_a_tool_monitors() -> None:
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is None:
        pytest.skip("sys.monitoring is new in Python 3.12")
    ao.map(SHORTS, _profiled)
    calls: list[int] = []

    def note(code: CodeType, _: int) -> None:
        if code is _profiled.__code__:
            calls.append(1)

    tool = monitoring.PROFILER_ID
    monitoring.use_tool_id(tool, "test")
    try:
        monitoring.register_callback(tool, monitoring.events.PY_START, note)
        monitoring.set_events(tool, monitoring.events.PY_START)
        ao.map(SHORTS, _profiled)
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, monitoring.events.PY_START, None)
        monitoring.free_tool_id(tool)
    assert len(calls) == LENGTH


def test_traced_same_function_in_several_threads() -> None:
    names: dict[str, Any] = {"k": 3}
    fn = eval("lambda x: x * k + 1", names)  # noqa: S307
    wrong: list[str] = []

    def work(data: Array) -> None:
        allowed = [array("d", [x * k + 1 for x in data]) for k in (3, 4)]
        for _ in range(30):
            result = ao.map(data, fn, typecode="d")
            mixed = (same in pair for same, *pair in zip(result, *allowed, strict=True))
            if not all(mixed):
                wrong.append(data.typecode)

    workers = [threading.Thread(target=work, args=(data,)) for data in (SHORTS, OCTETS, LONGS)]
    for worker in workers:
        worker.start()
    for turn in range(200):
        names["k"] = 3 + turn % 2
    for worker in workers:
        worker.join()
    assert not wrong
