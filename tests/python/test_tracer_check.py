"""What bytecode the tracer accepts, what it says of the rest, and when it traces at all."""

import dis
import math
import subprocess
import sys
import warnings
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

import arrayops as ao
import pytest
from arrayops import _trace
from arrayops._trace.check import check
from program_comparison import FLOAT_ARRAY, INT_ARRAY, TRUTH
from program_reference import Program
from traced_samples import CALM_DOUBLES, SHORTS, assert_as_per_element, function

INT, FLOAT = b"\0", b"\1"
SOME, SOME_FLOATS = SHORTS[:700], CALM_DOUBLES[:700]  # few, yet traced when they come again


# -- what is refused, and where -------------------------------------------------------------------

REFUSED: list[tuple[str, str, int]] = [
    ("def f(x, *more): return x", "it takes *args or **kwargs", 1),
    ("def f(x, **more): return x", "it takes *args or **kwargs", 1),
    ("def f(x): yield x", "it is a generator or a coroutine", 1),
    ("async def f(x): return x", "it is a generator or a coroutine", 1),
    ("async def f(x): yield x", "it is a generator or a coroutine", 1),
    ("def f(x):\n y = 1\n return (lambda: x)()", "it has an inner function", 1),
    ("def f(x):\n y = x\n y = []\n return x", "it builds a list", 3),
    ("def f(x):\n y = x\n y = {}\n return x", "it builds a dict", 3),
    ("def f(x):\n y = x\n y = {x}\n return x", "it builds a set", 3),
    ("def f(x):\n y = lambda z: z\n return y(x)", "it makes an inner function", 2),
    ("def f(x):\n global y\n y = x\n return x", "it writes a global", 3),
    ("def f(x):\n f.y = x\n return x", "it writes an attribute", 2),
    ("def f(x):\n y = x\n y[0] = 1\n return x", "it writes into a container", 3),
    ("def f(x):\n import math\n return x", "it imports a module", 2),
    ("def f(x):\n with x: return x", "it uses `with`", 2),
    ("def f(x):\n return max(*f.y)", "it calls with *args or **kwargs", 2),
    ("def f(x):\n return f.y[x:]", "it takes a slice", 2),
    ("def f(x):\n return f.y[::x]", "it takes a slice", 2),
    ("def f(x):\n y = x\n del y[0]\n return x", "it uses delete subscr", 3),
    (
        "def g():\n y = 0\n def f(x):\n  nonlocal y\n  y = x\n  return x\n return f\nf = g()",
        "it writes a variable of an enclosing function",
        5,
    ),
    ("def f(x):\n y = x\n while True: pass", "it has a `while` loop", 3),
    ("def f(x):\n y = 1\n while x > y: x = x - 1\n return x", "it has a `while` loop", 3),
    ("def f(x):\n y = x + 1\n return y is x", "it uses `is`", 3),
    ("def f(x):\n y = x + 1\n return x is y.real", "it uses `is`", 3),
    ("def f(x):\n y = x + 1\n return x is True", "it uses `is`", 3),
    ("def f(x): return x.__add__(1)", "it uses the name __add__", 1),
    ("def f(x): return ''.format(x) == ''", "it uses the name format", 1),
    ("def f(x): return ''.format_map(x) == ''", "it uses the name format_map", 1),
    (
        "def f(x):\n try: return 7 // x\n except ZeroDivisionError as e: return len(str(e))",
        "it gives a caught exception a name",
        3,
    ),
    ("def f(x): return ~(not x)", "it may invert a bool with `~`", 1),
    ("def f(x): return ~(x in (1, 2))", "it may invert a bool with `~`", 1),
    ("def f(x): return ~(x if x > 3 else True)", "it may invert a bool with `~`", 1),
]


@pytest.mark.parametrize(("source", "reason", "line"), REFUSED)
def test_refusal_names_what_is_refused_and_its_line(source: str, reason: str, line: int) -> None:
    text = ao.explain(function(source))
    assert f"one call per element, because {reason} (<sample>:{line}, in f)." in text


def test_refusal_in_code_without_lines_names_the_first() -> None:
    f = function("\n\ndef f(x):\n y = []\n return x")
    units = len(f.__code__.co_code) // 2
    nowhere = bytes([0xFF]) * (units // 8 + 1)  # an entry without a line for eight units
    f.__code__ = f.__code__.replace(co_linetable=nowhere)
    assert "it builds a list (<sample>:3, in f)." in ao.explain(f)


# -- results of what must be refused --------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "lambda x: x.__add__(1.5)",  # NotImplemented of an int
        "lambda x: x.__slots__ == ()",
        "lambda x: x.__doc__ > 'B'",
        "lambda x: x._ao_node",
        "lambda x: '{0._ao_node}'.format(x)",
        "lambda x: '{0.__class__}'.format(x) < '<class \\'b'",
        "lambda x: abs(x) is x",
        "lambda x: x is abs(x)",
        "lambda x: x is (x or None)",
        "lambda x: x is (x + 0 and None)",
        "lambda x: x is (x + 0 if x > 3 else None)",
        "lambda x: x is not (None if x > 3 else x)",
    ],
)
def test_names_and_identity_of_the_number_itself_are_those_of_python(source: str) -> None:
    fn = eval(source)  # noqa: S307 - our own text
    assert_as_per_element(fn, SOME)
    assert_as_per_element(fn, SOME_FLOATS)


@pytest.mark.parametrize(
    "source",
    [
        # Names beyond those that one byte counts.
        "def f(x):\n try:\n  x = math.floor(x)\n"
        + "".join(f"  x = x + K{number}\n" for number in range(300))
        + " except: x = -1\n return x",
        # A class that may or may not be caught, and that is looked at first.
        (
            "class Own(ValueError): pass\ndef f(x):\n try:\n  try: raise ValueError\n"
            "  except Own: return 1\n except TypeError: return 2\n except ValueError: return 3"
        ),
    ],
    ids=["many_names", "own_exception"],
)
def test_only_exceptions_of_the_function_are_caught(source: str) -> None:
    fn = function(source, **{f"K{number}": number % 5 for number in range(300)})
    assert_as_per_element(fn, SOME)
    assert_as_per_element(fn, SOME_FLOATS)


@pytest.mark.parametrize(
    "statement",
    [
        "x[0]", "x()", "[*x]", "x @ x", "x in x", "raise x", "x < 'a'", "(1, 2)[x]",
        "divmod(x, 'a')", "abs(x, 1)", "pow(x, 'a')", "'%d' % (x, x)", "'%z' % x", "x + None",
        "x.real()", "x.real", "f'{x:z}'", "(1, 2).index(x)", "'a'.join((x,))", "'b'.startswith(x)",
        "'abc'.center(5, x)", "'abc' * x", "a, b = x", "for i in x: return 3", "7 // x", "helper()",
        "range(3)[x:x]()", "int('z')", "math.sqrt(-abs(x) - 1)", "x.nothing",
    ],
)  # fmt: skip
def test_text_of_a_caught_exception_is_that_of_python(statement: str) -> None:
    fn = function(
        f"def f(x):\n try:\n  {statement}\n except Exception as e:\n"
        "  return ('int' in e.args[0]) + 2 * ('float' in e.args[0])\n return 7",
        helper=plus(1),
    )
    assert_as_per_element(fn, SOME, typecode="q")
    assert_as_per_element(fn, SOME_FLOATS, typecode="q")


@pytest.mark.parametrize(
    "source",
    [
        "def f(x): return ~FLAG + x",
        "def f(x, flag=True): return ~flag + x",
        "def f(x, *, flag=True): return ~flag + x",
        "def make(flag):\n def f(x): return ~flag + x\n return f\nf = make(False)",
        "def f(x): return ~FLAGS[0] + x",
        "def f(x):\n for flag in (True, False): x = x + ~flag\n return x",
        "def f(x): return ~(K > 2) + x",
        "def f(x): return ~bool(K) + x",
        "def f(x): return ~math.isnan(K) + x",
        "def f(x): return ~isinstance(x, int) + x",
        "def f(x): return ~space.flag + x",
        "def g(flag): return ~flag\ndef f(x): return g(FLAG) + x",
        "def g(): return FLAG\ndef f(x): return ~g() + x",
        "def f(x): return ~x.is_integer() + int(x)",
    ],
)
def test_inversion_of_a_bool_warns_each_time(source: str) -> None:
    space = ModuleType("space")
    space.__dict__["flag"] = True
    fn = function(source, FLAG=True, FLAGS=(True, False), K=3, space=space)
    data = array("h", range(20)) if "is_integer" not in source else array("d", range(20))

    def warnings_of(call: Callable[[], object]) -> int:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        return len(caught)

    expected = warnings_of(lambda: [fn(value) for value in data])
    for _ in range(2):  # the second time it would be native
        assert warnings_of(lambda: ao.map(data, fn, typecode="d")) == expected


def test_objects_of_ones_own_are_not_asked_for_attributes() -> None:
    class Loop:
        """Raises whatever it is asked for."""

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

        def __call__(self, x: int) -> int:
            while x > 3:
                x -= 1
            return x

    assert_as_per_element(Loop(), SOME)


# -- what runs natively ---------------------------------------------------------------------------

LONG = "".join(f"   x = x + {number % 7}\n" for number in range(80))
NATIVE: dict[str, str] = {
    "is_none": "def f(x): return (x is None) + x",
    "is_not_none": "def f(x): return (x is not None) + x",
    "is_none_after_many_constants": "def f(x):\n y = 0.5\n"
    + "".join(f" y = y + {number}.25\n" for number in range(300))
    + " return y + (x is None)",
    "plus": "def f(x): return +x + 1",
    "table": "def f(x): return (10, 20, 30)[int(x) % 3]",
    "table_alone": "def f(x): return (10, 20, 30)[int(x)] if 0 <= x < 3 else 7",
    "set": "def f(x): return x in {1, 2, 3}",
    "invert_int": "def f(x): return ~int(x)",
    "long_loop": f"def f(x):\n for i in range(2):\n  if x > i:\n{LONG}  else: x = 1\n return x",
    # Globals that the function does not read, with the names of attributes that it does.
    "global_named_as_a_constant": "from fractions import Fraction as tau\n"
    "def f(x):\n try: return 7 // int(x) + math.tau\n except ZeroDivisionError: return 0",
    "global_named_as_a_method": "from fractions import Fraction as floor\n"
    "def f(x):\n try: return 7 // int(x) + math.floor(2.5)\n except ZeroDivisionError: return 0",
    "try": "def f(x):\n try: y = 7 // int(x)\n except ZeroDivisionError: y = 0\n return y * 2 + 1",
    "two_tries": "def f(x):\n try: y = 7 // int(x)\n except ZeroDivisionError: y = 0\n"
    " try: z = 9 // int(x + 1)\n except ZeroDivisionError: z = 5\n return y * 2 + z",
    "try_in_try": "def f(x):\n try:\n  try: y = 7 // int(x)\n"
    "  except ZeroDivisionError: y = 0 // int(x + 1)\n"
    " except ZeroDivisionError: y = 3\n return y * 2 + 1",
    "try_in_loop": "def f(x):\n for i in range(3):\n  try: x = 7 // int(x)\n"
    "  except ZeroDivisionError: continue\n  x = x + 1\n return x",
    "loop_in_try": "def f(x):\n try:\n  for i in range(3): x = 7 // int(x)\n"
    " except ZeroDivisionError: x = 4\n return x * 2",
    "loop_in_handler": "def f(x):\n try: y = 7 // int(x)\n except ZeroDivisionError:\n  y = 0\n"
    "  for i in range(3): y = y + i\n return y * 2 + 1",
}  # fmt: skip


@pytest.mark.parametrize("name", NATIVE)
def test_function_runs_natively_and_right(name: str) -> None:
    fn = function(NATIVE[name])
    assert _trace.find(fn, INT, FLOAT_ARRAY) is not None
    assert_as_per_element(fn, SOME)
    assert_as_per_element(fn, SOME_FLOATS)


def test_tuple_is_as_good_as_any_truth() -> None:
    fn = function("def f(x): return (1, 2) if x > 3 else (3, 4)")
    assert _trace.find(fn, INT, TRUTH) is not None
    assert_as_per_element(fn, SOME)


def test_what_is_neither_used_nor_may_raise_is_not_done() -> None:
    code = _trace.find(function("def f(x):\n x // 3\n return x"), INT, INT_ARRAY)
    assert code is not None
    assert Program(code).instructions == []


# -- backward jumps -------------------------------------------------------------------------------


def digits(number: int, first: int = 0) -> Iterator[int]:
    """Yield a number as exception tables have it, six bits to a byte."""
    higher = [number >> shift & 63 for shift in (18, 12, 6) if number >> shift]
    for digit in higher:
        yield digit | 64 | first
        first = 0
    yield number & 63 | first


def with_jump(ranges: tuple[tuple[int, int, int], ...], jump: int, target: int) -> CodeType:
    """Return code that does nothing but jump back, with (start, end, handler) as its `try`."""
    name = "JUMP_BACKWARD" if sys.version_info < (3, 12) else "JUMP_BACKWARD_NO_INTERRUPT"
    units = [(dis.opmap["NOP"], 0)] * (jump + 1)
    argument = jump + 1 - target
    units[jump] = dis.opmap[name], argument & 255
    while argument := argument >> 8:
        jump -= 1
        units[jump] = dis.opmap["EXTENDED_ARG"], argument & 255
    table: list[int] = []
    for start, end, handler in ranges:
        table += [*digits(start, 128), *digits(end - start), *digits(handler), 0]
    return with_jump.__code__.replace(
        co_code=bytes(byte for unit in units for byte in unit),
        co_exceptiontable=bytes(table),
        co_names=(),
        co_cellvars=(),
        co_freevars=(),
        co_flags=0x3,
        co_consts=(None,),
    )


@pytest.mark.parametrize(
    ("ranges", "jump", "target", "is_bounded"),
    [
        (((2, 4, 10),), 12, 5, True),  # from behind a handler to after its `try`
        (((2, 4, 10),), 12, 4, True),
        (((2, 4, 10),), 12, 3, False),  # into the `try`, which could lead to the handler again
        (((2, 4, 10),), 12, 2, False),
        (((2, 4, 10),), 10, 5, True),
        (((2, 4, 10),), 9, 5, False),  # before the handler, and within it: `while`
        (((2, 4, 10),), 12, 10, False),
        (((2, 4, 10),), 12, 11, False),
        ((), 12, 5, False),
        ((), 12, 0, False),
        (((2, 4, 10), (6, 8, 14)), 12, 5, True),  # a later `try`, with a handler behind the jump
        (((2, 4, 10), (6, 8, 14)), 16, 7, False),
        (((2, 4, 10), (6, 8, 14)), 16, 8, True),
        (((2, 4, 10), (6, 8, 12)), 12, 5, False),
        (((2, 4, 10), (6, 8, 11)), 12, 5, False),
        (((2, 4, 10), (10, 11, 12)), 13, 5, True),  # the handler has a handler
        (((2, 4, 10), (11, 12, 12)), 13, 5, True),
        (((2, 4, 10), (11, 12, 11)), 13, 5, False),  # which is its own
        (((2, 4, 10), (11, 12, 10)), 13, 5, False),
        (((200, 300, 500),), 520, 300, True),  # numbers of several digits
        (((200, 300, 500),), 520, 299, False),
        (((200, 300, 500),), 499, 300, False),
        (((200, 5000, 70000),), 75000, 5000, True),
        (((200, 5000, 70000),), 75000, 4999, False),
        ((), 12, 13, False),  # out of the code
        ((), 12, -3, False),
        (((2, 4, 10),), 12, 13, False),
        (((2, 4, 10),), 12, -3, False),
    ],
)
def test_jump_back_is_accepted_where_it_cannot_repeat(
    ranges: tuple[tuple[int, int, int], ...], jump: int, target: int, *, is_bounded: bool
) -> None:
    reason = check(with_jump(ranges, jump, target)).reason
    assert reason == (None if is_bounded else "it has a `while` loop")


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n while True: pass",
        "def f(x):\n while True:\n  try: return 1 // x\n  except ZeroDivisionError: continue",
        "def f(x):\n while x > 3:\n  try: x = 7 // x\n  except ZeroDivisionError: x = 1\n return x",
        "def f(x):\n try: return 1 // x\n except ZeroDivisionError:\n  while x: x += 1\n return x",
        "def f(x):\n try:\n  while x < 3: x += 1\n except ZeroDivisionError: x = 2\n return x",
        (
            "def f(x):\n while True:\n  try: return 1 // x\n  except ZeroDivisionError:\n"
            "   try: return 2 // x\n   except ZeroDivisionError: pass"
        ),
    ],
)
def test_loops_that_may_have_no_end_are_refused(source: str) -> None:
    assert "because it has a `while` loop" in ao.explain(function(source))


# -- when functions are traced --------------------------------------------------------------------


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Give the tracer a memory of its own; return what it traces."""
    made: list[Any] = []
    real = vars(_trace)["trace"]

    def trace(fn: Any, kinds: bytes, target: int) -> Any:
        made.append(fn)
        return real(fn, kinds, target)

    monkeypatch.setattr(_trace, "trace", trace)
    monkeypatch.setattr(_trace, "_cache", {})
    monkeypatch.setattr(_trace, "_seen", {})
    return made


def plus(number: int) -> Any:
    """Return a function with code of its own."""
    return function(f"def f(x): return x + {number}")


def test_new_function_is_traced_at_once_for_many_elements_only(traced: list[Any]) -> None:
    first, second, many = plus(1), plus(2), plus(3)
    assert _trace.find(first, INT, INT_ARRAY, 1000) is None
    assert _trace.find(second, INT, INT_ARRAY, 1000) is None
    assert _trace.find(first, FLOAT, INT_ARRAY, 1000) is None
    assert traced == []
    assert _trace.find(first, INT, INT_ARRAY, 1000) is not None
    assert _trace.find(second, INT, INT_ARRAY, 1000) is not None
    assert _trace.find(many, INT, INT_ARRAY, 10_000) is not None
    assert traced == [first, second, many]
    assert all(_trace.find(fn, INT, INT_ARRAY, 1000) for fn in traced)
    assert len(traced) == 3


def test_function_at_the_address_of_another_is_new(traced: list[Any]) -> None:
    addresses: set[int] = set()
    for number in range(1000):
        fn = plus(number)
        addresses.add(id(fn.__code__))
        assert _trace.find(fn, INT, INT_ARRAY, 1000) is None
    assert len(addresses) < 1000
    assert traced == []


def test_functions_seen_once_are_forgotten_before_they_are_too_many(traced: list[Any]) -> None:
    fn, most = plus(1), 0
    for number in range(10_000):
        assert _trace.find(fn, number.to_bytes(2, "big"), INT_ARRAY, 1000) is None
        most = max(most, len(vars(_trace)["_seen"]))
    assert 1000 < most <= 4096
    assert traced == []


def test_traces_are_kept_until_they_are_too_many(traced: list[Any]) -> None:
    fns = [plus(number) for number in range(600)]
    kept = vars(_trace)["_cache"]
    most = 0
    for fn in fns:
        assert _trace.find(fn, INT, INT_ARRAY) is not None
        most = max(most, len(kept))
    assert 500 < most <= 512
    assert traced == fns
    assert all(_trace.find(fn, INT, INT_ARRAY) for fn in fns[-200:])
    assert traced == fns  # those are known still


def test_trace_of_a_known_function_takes_nobodys_place(traced: list[Any]) -> None:
    fns = [function("def f(x): return x * K" if n == 0 else f"def f(x): return x + {n}", K=2)
           for n in range(512)]  # fmt: skip
    assert all(_trace.find(fn, INT, INT_ARRAY) for fn in fns)
    fns[0].__globals__["K"] = 3
    assert all(_trace.find(fn, INT, INT_ARRAY) for fn in fns)
    assert traced == [*fns, fns[0]]


def test_refusal_that_lies_in_the_code_is_remembered(traced: list[Any]) -> None:
    refused = function("def f(x):\n while x > 3: x = x - 1\n return x")
    assert _trace.find(refused, INT, INT_ARRAY) is None
    assert _trace.find(refused, INT, INT_ARRAY) is None
    assert traced == [refused]


def test_refusal_of_a_method_is_that_of_its_code(traced: list[Any]) -> None:
    class Loop:
        """Has a method that cannot be traced, and is called as well."""

        def last(self, x: int) -> int:
            while x > 3:
                x -= 1
            return x

        __call__ = last

    for _ in range(3):
        assert _trace.find(Loop().last, INT, INT_ARRAY) is None
        assert _trace.find(Loop(), INT, INT_ARRAY) is None
        assert _trace.find(partial(Loop().last), INT, INT_ARRAY) is None
        assert _trace.find(partial(Loop.last, Loop()), INT, INT_ARRAY) is None
    assert len(traced) == 1


def test_refusal_that_lies_in_a_variable_passes_with_it() -> None:
    f = function("def make(k):\n def f(x): return x + k\n return f\nf = make(5)")
    (cell,) = f.__closure__
    del cell.cell_contents
    assert _trace.find(f, INT, INT_ARRAY) is None
    cell.cell_contents = 5
    code = _trace.find(f, INT, INT_ARRAY)
    assert code is not None
    assert Program(code).run(2) == 7


@pytest.mark.parametrize("fn", [abs, math.sqrt, math.floor, float])
def test_builtin_itself_runs_natively(fn: Callable[[Any], Any], traced: list[Any]) -> None:
    assert _trace.find(fn, FLOAT, FLOAT_ARRAY) is not None
    assert _trace.find(fn, FLOAT, FLOAT_ARRAY) is not None
    assert traced == [fn]
    assert_as_per_element(fn, SOME)


def test_what_is_not_written_in_python_is_not_even_tried(traced: list[Any]) -> None:
    odd: tuple[Any, ...] = (str, traced.append, "a".join, object(), vars, SimpleNamespace())
    for fn in odd:
        assert _trace.find(fn, INT, INT_ARRAY) is None
    assert traced == []


# -- tools, the environment, versions -------------------------------------------------------------


@pytest.mark.parametrize("tool", [None, *range(6)])
def test_any_monitoring_tool_ends_tracing(
    tool: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get_tool(number: int) -> str | None:
        if not 0 <= number < 6:
            raise ValueError(number)
        return "name" if number == tool else None

    monkeypatch.setattr(sys, "gettrace", lambda: None)
    monkeypatch.setattr(sys, "getprofile", lambda: None)
    monkeypatch.setattr(_trace, "_MONITORING", SimpleNamespace(get_tool=get_tool))
    assert _trace.is_traceable_now() is (tool is None)


PROGRAM = """import sys
sys.version_info = eval(sys.argv[1])
from array import array
import arrayops as ao
print(ao.explain(lambda x: x + 1))
print(ao.map(array("h", range(9000)), lambda x: x + 1) == array("h", range(1, 9001)))
"""


@pytest.mark.parametrize(
    ("switch", "version"), [("0", "sys.version_info"), ("1", "(3, 99, 0, 'final', 0)")]
)
def test_explain_says_that_nothing_is_traced(
    switch: str, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARRAYOPS_TRACE", switch)
    command = [sys.executable, "-c", PROGRAM, version]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    off = "one call per element: tracing is off, by ARRAYOPS_TRACE=0 or on this Python"
    assert done.stdout.splitlines() == [off, "True"]
