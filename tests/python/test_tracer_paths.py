"""The symbolic run: what is stored of a path, what a path may leave to Python, and its bounds."""

from array import array
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from arrayops import _trace
from arrayops._trace.explore import trace
from program_comparison import ACCUMULATOR, FLOAT_ARRAY, INT_ARRAY, TRUTH, compare
from program_reference import Program
from traced_samples import CALM_DOUBLES, SHORTS, assert_as_per_element, function, stretched

INT, FLOAT = b"\0", b"\1"
SOME, SOME_FLOATS = SHORTS[:700], CALM_DOUBLES[:700]  # few, yet traced when they come again
OTHER_FLOATS = array("d", reversed(SOME_FLOATS))
BAIL = 0x70


def program(fn: Callable[..., Any], kinds: bytes = INT, target: int = INT_ARRAY) -> Program:
    """Return a function's program, which must be there and be right."""
    code = trace(fn, kinds, target).code
    assert code is not None
    compare(fn, code, kinds, target)
    return Program(code)


def is_native(decoded: Program) -> bool:
    """Return whether no element is left to Python because of what the function does with it."""
    return all(instruction[0] != BAIL for instruction in decoded.instructions)


# -- what is stored -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("x", INT), ("x", FLOAT), ("x > 3", INT), ("x > 3", FLOAT), ("x / 2", INT),
        ("5", INT), ("0", INT), ("True", INT), ("False", FLOAT), ("-0.0", INT), ("0.5", FLOAT),
        ("math.nan", INT), ("2**70", INT), ("-2**70 if x > 3 else 0", INT), ("None", INT),
        ("''", FLOAT), ("'0'", FLOAT), ("()", INT), ("(0,)", INT), ("x if x > 3 else None", FLOAT),
        ("'a' if x > 3 else x", INT), ("2**2000 if x > 3 else ''", FLOAT),
    ],
)  # fmt: skip
def test_truth_of_numbers_and_constants_is_native(body: str, kinds: bytes) -> None:
    fn = function(f"def f(x): return {body}")
    assert is_native(program(fn, kinds, TRUTH))
    assert_as_per_element(fn, SOME_FLOATS if kinds == FLOAT else SOME)


@pytest.mark.parametrize(
    ("body", "kinds", "target"),
    [
        ("2**70", INT, INT_ARRAY), ("-2**63 - 1", INT, INT_ARRAY), ("2**63", INT, INT_ARRAY),
        ("2**70", INT * 2, ACCUMULATOR), ("2**2000", INT, FLOAT_ARRAY),
        ("'7'", INT, INT_ARRAY), ("'7'", FLOAT, FLOAT_ARRAY),
        ("'nan'", FLOAT * 2, ACCUMULATOR), ("None", INT, INT_ARRAY), ("(7,)", INT, FLOAT_ARRAY),
        ("0.5", INT, INT_ARRAY), ("7", FLOAT * 2, ACCUMULATOR), ("True", INT * 2, ACCUMULATOR),
        ("7.0", INT * 2, ACCUMULATOR), ("math", INT, TRUTH), ("abs", INT, TRUTH),
    ],
)  # fmt: skip
def test_result_that_cannot_be_stored_leaves_only_its_elements_to_python(
    body: str, kinds: bytes, target: int
) -> None:
    names = "x, y"[: 3 * len(kinds) - 2]
    fn = function(f"def f({names}): return {body} if x == 123 else x")
    assert not is_native(program(fn, kinds, target))
    data = SOME_FLOATS if kinds[0] else SOME
    for typecode in "qd":
        assert_as_per_element(fn, *[data] * len(kinds), typecode=typecode)


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 2**62, -(2**63) + 1])
def test_constant_within_64_bits_is_native(value: int) -> None:
    fn = function("def f(x): return x & K", K=value)
    assert is_native(program(fn))
    assert is_native(program(function("def f(x): return K", K=value)))
    assert_as_per_element(fn, stretched("q", (value, 0, -1, 5)), typecode="q")


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 2**64 - 1, -(2**64), 2**70])
def test_constant_beyond_64_bits_is_left_to_python(value: int) -> None:
    fn = function("def f(x): return x & K", K=value)
    assert trace(fn, INT, INT_ARRAY).reason == "it uses an int beyond 64 bits"
    assert_as_per_element(fn, stretched("q", (2**63 - 1, -(2**63), 0, -1, 5)))


# -- what is done although nothing needs it -------------------------------------------------------


@pytest.mark.parametrize(
    "dead", ["x // 0", "x % 0", "x / 0", "x >> -1", "x << -1", "x // 0.0", "x % 0.0", "x / -0.0"]
)
def test_unused_operation_by_a_constant_that_raises_is_done(dead: str) -> None:
    for source in (
        f"def f(x):\n {dead}\n return x",
        f"def f(x):\n if x > 250: {dead}\n return x",
        f"def f(x):\n y = {dead}\n return x > 3 and x < 9",
    ):
        fn = function(source)
        assert_as_per_element(fn, SOME)
        assert_as_per_element(fn, SOME_FLOATS)


@pytest.mark.parametrize(
    ("dead", "kinds"),
    [
        ("x // 1", INT), ("x // 3", INT), ("x % -1", INT), ("x % 3", INT), ("x >> 0", INT),
        ("x >> 70", INT), ("x / -1", FLOAT), ("x / 0.5", FLOAT), ("x // -1", FLOAT),
        ("x % 0.5", FLOAT), ("x + 1", INT), ("x - 1", INT), ("x * 3", INT), ("-x", INT),
        ("abs(x)", INT), ("x < 0.5 * x", INT), ("math.copysign(x, 1)", FLOAT), ("x & 3", INT),
        ("min(x, 3)", INT), ("x + x", FLOAT),
    ],
)  # fmt: skip
def test_unused_operation_that_cannot_raise_is_not_done(dead: str, kinds: bytes) -> None:
    fn = function(f"def f(x):\n {dead}\n return x")
    assert program(fn, kinds, FLOAT_ARRAY if kinds == FLOAT else INT_ARRAY).instructions == []


@pytest.mark.parametrize("operation", ["x // -1", "-x", "abs(x)"])
def test_result_beyond_64_bits_is_no_matter_where_it_is_not_computed(operation: str) -> None:
    fn = function(f"def f(x): return {operation} if x > -5 else 0")
    assert program(fn).run(-(2**63)) == 0
    assert_as_per_element(fn, stretched("q", (-(2**63), -5, -4, 2**63 - 1)), typecode="q")


# -- identity, which tuples show of NaN -----------------------------------------------------------


def module(**names: Any) -> ModuleType:
    """Return a module with these attributes, which are found while a function runs."""
    made = ModuleType("made")
    made.__dict__.update(names)
    return made


def pair(x: Any, y: Any) -> Any:
    return x, y


def count(x: Any, y: Any) -> Any:
    return (x, 0.5, y).count(y)


@pytest.mark.parametrize("call", ["min", "max"])
@pytest.mark.parametrize(
    "body",
    [
        "x in m.pair(z, 0.5)",
        "m.pair(z, 0.5) == m.pair(x, 0.5)",
        "m.pair(z, y) < m.pair(y, x)",
        "m.count(z, x)",
    ],
)
def test_identity_shows_in_tuples_that_a_helper_of_a_module_builds(body: str, call: str) -> None:
    source = f"def f(x, y):\n z = {call}(x, y)\n return {body}"
    fn = function(source, m=module(pair=pair, count=count))
    assert_as_per_element(fn, SOME_FLOATS, OTHER_FLOATS)


@pytest.mark.parametrize("body", ["x in m.pair(min(x, y), 0.5)", "m.count(max(x, y), x)"])
def test_smaller_of_two_is_one_of_them_once_tuples_are_about(body: str) -> None:
    fn = function(f"def f(x, y): return {body}", m=module(pair=pair, count=count))
    assert_as_per_element(fn, SOME_FLOATS, OTHER_FLOATS)


@pytest.mark.parametrize(
    "body", ["m.pair(x, y)[0] + 1", "x in m.pair(x, y)", "m.pair(x, y) < m.pair(y, x)"]
)
def test_tuples_that_a_helper_of_a_module_builds_are_native(body: str) -> None:
    fn = function(f"def f(x, y): return {body}", m=module(pair=pair))
    assert program(fn, FLOAT * 2, FLOAT_ARRAY)
    assert_as_per_element(fn, SOME_FLOATS, OTHER_FLOATS)


# -- what is swallowed ----------------------------------------------------------------------------

FLAGS = "".join(f" f{number} = (x >> {number}) & 1 == 1\n" for number in range(7))


def test_path_that_is_left_to_python_is_not_followed_on() -> None:
    """Seven more decisions would be too many paths."""
    fn = function(
        f"def f(x):\n{FLAGS} y = x\n if x > 250:\n  try: y = x & 1.5\n  except: y = 3\n  y = 4\n"
        + "".join(f"  if f{number}: y = y + {number}\n" for number in range(7))
        + " return y + 1"
    )
    program(fn)
    assert_as_per_element(fn, SOME)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("y = x & 1.5", "it raises TypeError"),  # left to Python
        ("y = x.foo", "it uses the attribute foo of a number"),  # given up
        (
            "y = x.foo\n except:\n  try: y = x.bar\n  except: pass\n try: y = 1",
            "it uses the attribute foo of a number",
        ),
    ],
)
@pytest.mark.parametrize(
    "rest", ["return 7", "return x", "return x + 1", "return 'a'", "return ()", "return not x"]
)
def test_what_the_function_swallows_counts_all_the_same(
    statement: str, reason: str, rest: str
) -> None:
    fn = function(f"def f(x):\n try: {statement}\n except: pass\n {rest}")
    for target in INT_ARRAY, FLOAT_ARRAY, TRUTH:
        found = trace(fn, INT, target)
        assert found.code is None
        assert found.reason == reason


# -- reasons --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kinds", "target", "reason"),
    [
        ("x / 2", INT, INT_ARRAY, "a float, which an integer array does not hold"),
        ("2**70", INT, INT_ARRAY, "an int, which an integer array does not hold"),
        ("'a'", INT, INT_ARRAY, "a str, which an integer array does not hold"),
        ("'a'", FLOAT, FLOAT_ARRAY, "a str, which a float array does not hold"),
        ("(x,)", FLOAT, FLOAT_ARRAY, "a tuple, which a float array does not hold"),
        ("1j", FLOAT, FLOAT_ARRAY, "a complex, which a float array does not hold"),
        ("enumerate((x,))", INT, FLOAT_ARRAY, "an enumerate, which a float array does not hold"),
        ("x > 3", INT, ACCUMULATOR, "a bool where the accumulator is of another type"),
        ("x / 3", INT, ACCUMULATOR, "a float where the accumulator is of another type"),
        ("int(x)", FLOAT, ACCUMULATOR, "an int where the accumulator is of another type"),
        ("3", FLOAT, ACCUMULATOR, "an int where the accumulator is of another type"),
        # Of several, the first.
        ("'a' if x > 3 else None", INT, INT_ARRAY, "a str, which an integer array does not hold"),
        ("'a' if x > 3 else x & 1.", INT, INT_ARRAY, "a str, which an integer array does not hold"),
    ],
)  # fmt: skip
def test_reason_names_the_type_of_what_cannot_be_stored(
    body: str, kinds: bytes, target: int, reason: str
) -> None:
    found = trace(function(f"def f(x): return {body}"), kinds, target)
    assert found.code is None
    assert found.reason == f"it returns {reason}"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("x * 1.0 + 10**400 if x > 3 else x & 1.5", "it raises OverflowError"),
        ("x & 1.5 if x > 3 else x * 1.0 + 10**400", "it raises TypeError"),
    ],
)
def test_reason_of_several_paths_is_that_of_the_first(body: str, reason: str) -> None:
    assert trace(function(f"def f(x): return {body}"), INT, INT_ARRAY).reason == reason


def test_refusal_that_lies_in_a_global_passes_with_it() -> None:
    fn = function("def f(x):\n try: return 7 // x + K\n except ZeroDivisionError: return 0", K=[])
    assert _trace.find(fn, INT, INT_ARRAY) is None
    fn.__globals__["K"] = 3
    code = _trace.find(fn, INT, INT_ARRAY)
    assert code is not None
    assert Program(code).run(2) == 6


# -- bounds ---------------------------------------------------------------------------------------


def test_eight_arguments_are_native_and_nine_are_not() -> None:
    names = "abcdefghi"
    eight, nine = (
        function(f"def f({', '.join(names[:count])}): return {' + '.join(names[:count])}")
        for count in (8, 9)
    )
    assert program(eight, INT * 8).run(*range(8)) == 28
    assert trace(nine, INT * 9, INT_ARRAY).reason == "it takes too many arguments"
    assert_as_per_element(eight, *[SOME] * 8, typecode="q")
    assert_as_per_element(nine, *[SOME] * 9, typecode="q")


class _Circle:
    """Methods that call each other."""

    limit = 0

    def first(self, x: int, depth: int = 0) -> int:
        return self.second(x + 1, depth + 1) if depth < self.limit else x

    def second(self, x: int, depth: int) -> int:
        return self.first(x * 2 % 1000, depth)


def test_methods_that_call_each_other_are_native_up_to_some_depth() -> None:
    circle = _Circle()
    for limit, reason in ((0, ""), (29, ""), (31, "its calls are nested too deeply")):
        circle.limit = limit
        found = trace(circle.first, INT, INT_ARRAY)
        assert found.reason == reason
        assert found.guard is not None  # so that a refusal is kept
        assert_as_per_element(circle.first, SOME, typecode="q")


@pytest.mark.parametrize(
    ("source", "reason", "place"),
    [
        # Many operations, of which the result needs none.
        (
            "def f(x):\n for n in range(3000): x + n\n return x if x > 3 else 0",
            "it is too long",
            "<sample>:2, in f",
        ),
        (
            "def f(x):\n for n in range(600): x = x + n * x\n return x",
            "it is too long",
            "",
        ),
        (
            "def f(x):\n for n in range(1500): x = x * x\n return x if x > 3 else 0",
            "it is nested too deeply",
            "",
        ),
        # The same operation over and over.
        (
            "def f(x):\n for a in T:\n  for b in T:\n   for c in T: x + 1\n return x",
            "it takes too many steps",
            "<sample>:4, in f",
        ),
    ],
)
def test_function_beyond_the_bounds_is_called(source: str, reason: str, place: str) -> None:
    fn = function(source, T=tuple(range(30)))
    found = trace(fn, INT, INT_ARRAY)
    assert found.code is None
    assert (found.reason, found.place) == (reason, place)
    assert found.guard is not None  # so that it is kept
