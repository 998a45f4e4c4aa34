"""What `ao.explain` says: what a function is understood as, or why it is called, and what to do."""

import math
import operator
import re
from array import array
from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Any

import arrayops as ao
import pytest
from arrayops import _trace
from comparison import assert_same
from traced_functions import FUNCTIONS, HARD
from traced_samples import function
from typecodes import FLOAT_CODES, TYPECODES

INTS, FLOATS = array("q", [1]), array("d", [1.0])
ARRAYS = {"q": "integer arrays", "d": "float arrays"}
CALLED = "one call per element, because"


def written(body: str, names: str = "x, y") -> Any:
    """Return a lambda, in a module that has what the expressions of `explain` refer to."""
    return eval(f"lambda {names}: {body}", {**vars(math)})  # noqa: S307 - our own text


def lines(fn: Any, *arguments: Any) -> list[str]:
    """Return what is said, line by line."""
    return str(ao.explain(fn, *arguments)).splitlines()


# -- the expression -------------------------------------------------------------------------------

# They are shown as they are written: each of their brackets is needed, or those of a call.
OF_INTS = [
    "x + 1", "x - 1", "x * 2", "x // 3", "x % 3", "x << 2", "x >> 2", "x & 3", "x | 3", "x ^ 3",
    "-x", "~x", "x ** 2", "x", "7", "-7", "9223372036854775807",
    "x + y + 1", "x - y - 1", "x - (y - 1)", "x - (y + 1)", "x + (y + 1)", "x - y * 3",
    "(x + 1) * 2", "(x - 1) * 2", "2 * (x - 1)", "x * (y // 3)", "x * y // 3", "x // (y * 3)",
    "x % (y % 3)", "x % y % 3", "-(x * 3)", "-(x // 3)", "-(x % 3)", "-x * 3", "-(x + 1)",
    "~-x", "-~x", "-x ** 2", "(-x) ** 2", "(~x) ** 2", "(x ** 2) ** 3", "x ** 2 * 3",
    "(x * 3) ** 2", "-7 * x", "x - -3",
    "x << y + 1", "(x << 2) + 1", "(x << y) - (x << 2)", "x << 1 << y", "x << (y << 2)",
    "x >> y + 1", "(x >> 2) + 1", "x >> (y >> 2)", "x + 1 << 2", "x + 1 >> 2", "x >> 1 >> y",
    "(x & 3) << 1", "x & y << 1", "x & (y & 1)", "(x ^ 3) & 1", "x ^ y & 1", "x ^ (y ^ 1)",
    "(x | 3) ^ 1", "x | y ^ 1", "x | y | 1", "x | (y | 1)", "(x | 3) & 1", "(x | y) + 1",
    "int(x < y | 1)", "int(x <= y | 1)", "int(x == y | 1)", "int(x != y | 1)", "int(x | 1 < y)",
    "int(x < y) + 1", "int(int(x < y) == int(y < 3))",
    "int(x < 1 or y < 2)", "int(x < y and y < 9)", "int((x < 1) ^ (y < 2))",
    "int((x < 1) ^ (y < 2) ^ (x < y))", "int((x < 1) ^ ((y < 2) ^ (x < y)))",
    "x if x < y else 7", "x + 1 if x < y else 7", "(x if x < y else 7) + y",
    "x if x < y or y == 3 else 7", "x if x < y and y == 3 else 7",
    "1 if x < 5 else 2 if x < 9 else 3", "(1 if x < 5 else 2) if x < 9 else 3",
    "abs(x)", "abs(x if x < 3 else y)", "min(x, y)", "max(x, 3)", "min(x + 1, max(y, 3))",
    "int(x / 2)", "int(-(x / 3))", "int(x / y / 3.0)", "round(x / 2)", "floor(x / 2)",
    "ceil(x / y)", "int(float(x) * 0.5)", "int(float(x) + x / y)",
]  # fmt: skip
OF_FLOATS = [
    "x + 1.0", "x - 1.0", "x * 2.0", "x / 3.0", "x // 3.0", "x % 3.0", "x ** 3.0", "-x",
    "x", "0.1", "-0.0", "-1.5", "1e+300", "5e-324", "inf", "-inf", "nan",
    "x + y + 1.0", "x - y - 1.0", "x - (y - 1.0)", "x - (y + 1.0)", "x + (y + 1.0)", "x - y * 3.0",
    "(x + 1.0) * 2.0", "(x - 1.0) * 2.0", "x * (y / 3.0)", "x / y / 3.0", "x / (y * 3.0)",
    "x // (y // 3.0)", "x % (y % 3.0)", "-(x * 3.0)", "-(x / 3.0)", "-(x // 3.0)", "-(x % 3.0)",
    "-x ** y", "(-x) ** y", "(-inf) ** x", "(-2.5) ** x", "x ** -2.0", "-2.5 - x",
    "(x ** y) ** 3.0", "x ** y * 3.0",
    "x if x < y else 1.0", "x if x <= y else 1.0", "x if x == y else 1.0", "x if x != y else 1.0",
    "float(int(x < y))", "float(int(x + 1.0 < y))",
    "abs(x)", "copysign(x, y)", "fmod(x, y)", "atan2(x, y)", "sqrt(x + 1.0)", "sin(cos(x)) * y",
    "float(int(x))", "float(round(x))", "float(floor(x))", "float(ceil(x))",
]  # fmt: skip


@pytest.mark.parametrize("body", OF_INTS)
def test_expression_of_ints_has_the_brackets_it_needs(body: str) -> None:
    assert lines(written(body), INTS)[1:] == [f"  integer arrays: native, as {body}"]


@pytest.mark.parametrize("body", OF_FLOATS)
def test_expression_of_floats_has_the_brackets_it_needs(body: str) -> None:
    assert lines(written(body), FLOATS)[1:] == [f"  float arrays: native, as {body}"]


@pytest.mark.parametrize(
    ("code", "body", "shown"),
    [
        ("q", "x > 3", "int(3 < x)"),
        ("q", "x >= 2.5", "int(3 <= x)"),
        ("q", "1 < x <= 5", "int(1 < x and x <= 5)"),
        ("q", "not x", "0 if x != 0 else 1"),
        ("q", "x in (2, 3)", "1 if x == 2 or x == 3 else 0"),
        ("q", "True", "1"),
        ("q", "x < y / 2", "int(float(x) < y / 2)"),
        ("q", "((x < 1) | (y < 2)) & (x < y)", "int((x < 1 or y < 2) and x < y)"),
        ("q", "(y if x < 1 else 3) if x < 9 else y", "3 if x < 9 and not x < 1 else y"),
        (
            "q",
            "(y if (x < 1) & (y < 2) else 3) if x < 9 else y",
            "3 if x < 9 and not (x < 1 and y < 2) else y",
        ),
        (
            "q",
            "int((x < 1) | (y < 2)) if x < y else int(x < 5)",
            "int(x < 1 or y < 2 if x < y else x < 5)",
        ),
        ("d", "x * 2 + 1", "x * 2.0 + 1.0"),
        ("d", "x ** 2", "x ** 2.0"),
        ("d", "x > 3", "float(int(3.0 < x))"),
        ("d", "True", "1.0"),
        ("d", "pow(abs(x), 0.5)", "abs(x) ** 0.5"),
    ],
)
def test_expression_is_what_the_function_comes_to(code: str, body: str, shown: str) -> None:
    text = ao.explain(written(body), array(code, [1]))
    assert text == f"<lambda>(x, y)\n  {ARRAYS[code]}: native, as {shown}"


SAMPLES: dict[str, tuple[Any, ...]] = {
    "integer": (0, 1, -1, 2, 3, 5, -7, 10, 100, 255, -300, 12345),
    "float": (0.0, -0.0, 0.5, 1.0, -1.5, 2.5, 3.0, -7.25, 1e10, math.inf, -math.inf, float("nan")),
}  # fmt: skip
NATIVE = re.compile(r"  (integer|float) arrays( with typecode='d')?: native, as (.*)")


def value(fn: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a call gives, or None where it raises."""
    try:
        return fn(*arguments)
    except (ArithmeticError, ValueError, TypeError):
        return None


@pytest.mark.parametrize("corpus", [FUNCTIONS, HARD], ids=["ordinary", "hard"])
def test_expression_computes_what_the_function_does(
    corpus: list[tuple[str, Callable[..., Any], bytes]],
) -> None:
    for name, fn, kinds in corpus:
        title, *said = lines(fn)
        names = title[title.rindex("(") + 1 : -1]
        matches = [NATIVE.fullmatch(line) for line in said]
        for match in matches if names.count(",") + 1 == len(kinds) else ():
            if match is None or match[3].startswith("an expression of") or "Python)" in match[3]:
                continue
            shown, samples = written(match[3], names), SAMPLES[match[1]]
            result = float if match[1] == "float" or match[2] else int
            for index, first in enumerate(samples):
                arguments = [first, *(samples[(index * 5 + 3) % 12] for _ in kinds[1:])]
                expected, actual = value(fn, *arguments), value(shown, *arguments)
                # What it raises for is left to Python.
                if isinstance(expected, int | float) and actual is not None:
                    context = name, match[0], arguments
                    assert_same(actual, value(result, expected), context)


NOT_SHOWN = r"  (integer|float) arrays: native, as an expression of \d+ operations"


def test_expression_of_more_than_400_characters_is_not_shown() -> None:
    longest, longer = "n" * 400, "n" * 401
    expected = [f"<lambda>({longest})", f"  integer arrays: native, as {longest}"]
    assert lines(written(longest, longest), INTS) == expected
    assert re.fullmatch(NOT_SHOWN, lines(written(longer, longer), INTS)[1])


@pytest.mark.parametrize("rounds", [8, 300])
def test_expression_that_would_double_at_each_step_is_not_shown(rounds: int) -> None:
    squares = function(f"def f(x):\n for _ in range({rounds}): x = x * x\n return x")
    assert re.fullmatch(NOT_SHOWN, lines(squares, FLOATS)[1])


# -- the arguments --------------------------------------------------------------------------------


def plus(a: Any, b: Any, c: Any = 3) -> Any:
    return a + b * c


class Scale:
    """Has a number, and several ways to be called."""

    def __init__(self) -> None:
        """Scale by three."""
        self.factor = 3

    def __call__(self, value: Any) -> Any:
        """Be called itself."""
        return value * self.factor

    def offset(self, value: Any, more: Any, most: Any = 5) -> Any:
        """Take a second number, and a third with a default."""
        return value * self.factor + more * most

    @staticmethod
    def twice(value: Any) -> Any:
        """Need no object."""
        return value + value


class WithDefault:
    """Is called with one argument, or two."""

    def __call__(self, value: Any, factor: Any = 2) -> Any:
        """Multiply."""
        return value * factor


def with_attribute(made: Any) -> Any:
    """Give a partial an attribute, so that `partial` does not merge it with what is around it."""
    made.note = "kept"
    return made


@pytest.mark.parametrize(
    ("fn", "title", "shown"),
    [
        (plus, "plus(a, b)", "a + b * 3"),
        (written("x * k", "x, k=2"), "<lambda>(x)", "x * 2"),
        (written("x * k", "x=1, k=3"), "<lambda>(x)", "x * 3"),
        (written("x * k", "x, *, k=4"), "<lambda>(x)", "x * 4"),
        (written("p * q + r", "p, q, r"), "<lambda>(p, q, r)", "p * q + r"),
        (partial(plus, 4), "partial(b)", "4 + b * 3"),
        (partial(plus, 4, 5), "partial(c)", "4 + 5 * c"),
        (partial(plus, b=4), "partial(a)", "a + 12"),
        (partial(with_attribute(partial(plus, 7)), c=5), "partial(b)", "7 + b * 5"),
        (partial(with_attribute(partial(plus, b=4)), c=5), "partial(a)", "a + 20"),
        (Scale(), "Scale(value)", "value * 3"),
        (Scale().offset, "Scale.offset(value, more)", "value * 3 + more * 5"),
        (partial(Scale().offset, 2), "partial(more)", "6 + more * 5"),
        (Scale.twice, "Scale.twice(value)", "value + value"),
        (partial(plus, c=2), "partial(a, b)", "a + b * 2"),
        (WithDefault(), "WithDefault(value)", "value * 2"),
        (abs, "abs(x)", "abs(x)"),
        (max, "max(x, y)", "max(x, y)"),
        (pow, "pow(x, y)", "x ** y (some elements in Python)"),
        (partial(pow, 2), "partial(x)", "2 ** x (some elements in Python)"),
        (operator.neg, "neg(x)", "-x"),
        (operator.add, "add(x, y)", "x + y"),
        (operator.mul, "mul(x, y)", "x * y"),
        (partial(operator.sub, 5), "partial(x)", "5 - x"),
        (round, "round(x)", "x"),
    ],
)
def test_arguments_are_those_that_a_call_gives(fn: Any, title: str, shown: str) -> None:
    assert lines(fn, INTS) == [title, f"  integer arrays: native, as {shown}"]


@pytest.mark.parametrize("fn", [math.fmod, math.copysign, math.atan2, math.pow, operator.lt])
def test_builtin_of_two_arguments_is_explained_with_two(fn: Any) -> None:
    title, told = lines(fn, FLOATS)
    assert title == f"{fn.__name__}(x, y)"
    assert told.startswith("  float arrays: native, as ")


def test_builtin_of_one_argument_or_none_is_explained_with_one() -> None:
    assert lines(float, FLOATS) == ["float(x)", "  float arrays: native, as x"]


@pytest.mark.parametrize("fn", [5, None, "abs"])
def test_what_cannot_be_called_is_no_function(fn: Any) -> None:
    message = f"explain() argument 'fn' must be callable, not {type(fn).__name__}"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        ao.explain(fn)


def test_function_of_no_argument_raises_when_called_with_one() -> None:
    expected = ["<lambda>(x)", f"  integer arrays: {CALLED} it raises TypeError."]
    assert lines(written("1", ""), INTS) == expected
    assert "because it takes *args or **kwargs" in lines(written("x[0]", "*x"), INTS)[1]


@pytest.mark.parametrize(
    ("fn", "title", "reason"),
    [
        (MethodType(abs, 3), "abs(x)", "it is a method of a class, or not written in Python"),
        (written("a", "a, b, c, d, e, f, g, h, i"), "<lambda>(a, b, c, d, e, f, g, h, i)",
         "it takes too many arguments"),
        ("".join, "str.join(x)",
         "it is a builtin_function_or_method, not a function written in Python"),
    ],
)  # fmt: skip
def test_callable_that_is_not_traced_is_told_without_a_place(
    fn: Any, title: str, reason: str
) -> None:
    assert lines(fn, INTS) == [title, f"  integer arrays: {CALLED} {reason}."]


# -- reasons and what to do -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "reason", "advice"),
    [
        (
            "def f(x):\n for i in range(7):\n  if x >> i & 1: x = x * 3 + i\n return x",
            "it has more than 64 paths",
            "Fewer branches in a row, or min and max in their place, would help.",
        ),
        (
            "def f(x):\n while x > 3: x = x - 1\n return x",
            "it has a `while` loop (<sample>:2, in f)",
            "A `for` over a constant range would do.",
        ),
        (
            "def f(x):\n global seen\n seen = x\n return x",
            "it writes a global (<sample>:3, in f)",
            "Nothing outside the function may be written.",
        ),
        (
            "def f(x): return x + 2**70",
            "it uses an int beyond 64 bits (<sample>:1, in f)",
            "Ints must lie from -2**63 to 2**63 - 1.",
        ),
        (
            "def f(x): return x / (2**53 + 1)",
            "it divides by or into an int beyond 2**53 (<sample>:1, in f)",
            "Only ints up to 2**53 are compared with or divided into floats natively.",
        ),
        (
            "def f(x): return sum((x, 0.5))",
            "it sums floats, which Python versions do differently (<sample>:1, in f)",
            "Adding them with + would do.",
        ),
        (
            "def f(x): return f(x - 1)",
            "f calls itself (<sample>:1, in f)",
            "Recursion is not traced.",
        ),
        (
            "seen = []\ndef f(x): return seen.append(x)",
            "it uses a list: seen (<sample>:2, in f)",
            "A tuple would do if it is a constant.",
        ),
        (
            "table = {}\ndef f(x): return table[x]",
            "it uses a dict: table (<sample>:2, in f)",
            "A constant or a tuple would do.",
        ),
    ],
)
def test_reason_comes_with_its_place_and_with_what_to_do(
    source: str, reason: str, advice: str
) -> None:
    expected = ["f(x)", f"  integer arrays: {CALLED} {reason}. {advice}"]
    assert lines(function(source), INTS) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(x): return 1 // 0", "it raises ZeroDivisionError"),
        ("def f(x): return 'a'", "it returns a str, which an integer array does not hold"),
        ("def f(x): yield x", "it is a generator or a coroutine (<sample>:1, in f)"),
    ],
)
def test_reason_that_nothing_can_be_done_about_stands_alone(source: str, reason: str) -> None:
    assert lines(function(source), INTS) == ["f(x)", f"  integer arrays: {CALLED} {reason}."]


def test_advice_is_not_taken_from_names() -> None:
    helper = "def whitelist_value(x): return x[0:1]\ndef f(x): return whitelist_value(x)"
    assert not lines(function(helper), INTS)[1].endswith("if it is a constant.")
    unknown = "def f(x): return x in dictate"
    assert lines(function(unknown, dictate=bytearray()), INTS)[1].endswith(", in f).")


# -- the arrays -----------------------------------------------------------------------------------

BOTH = "<lambda>(x)\n  integer arrays: native, as x * 2\n  float arrays: native, as x * 2.0"


def test_both_kinds_of_arrays_are_told_without_one() -> None:
    assert ao.explain(written("x * 2", "x")) == BOTH


@pytest.mark.parametrize("code", TYPECODES)
def test_only_the_kind_of_the_array_is_told(code: str) -> None:
    title, integers, floats = BOTH.splitlines()
    expected = [title, floats if code in FLOAT_CODES else integers]
    assert lines(written("x * 2", "x"), array(code)) == expected
    assert _trace.explain(written("x * 2", "x"), code).splitlines() == expected


@pytest.mark.parametrize(("kind", "line"), [(0, 1), ("int", 1), (1, 2), ("float", 2)])
def test_kind_may_be_named_to_the_tracer(kind: Any, line: int) -> None:
    title, *said = BOTH.splitlines()
    text = _trace.explain(written("x * 2", "x"), kind)
    assert text.splitlines() == [title, said[line - 1]]


def long_sum(first: int, last: int) -> str:
    """Write a sum of products, in brackets such that no part is deep."""
    if first == last:
        return f"x * {first}"
    middle = (first + last) // 2
    return f"({long_sum(first, middle)} + {long_sum(middle + 1, last)})"


NO_FLOAT = (
    f"  integer arrays: {CALLED} it returns a float, which an integer array does not hold."
    " Pass typecode='d' to map for a float array."
)


def test_float_results_of_ints_are_told_for_either_typecode() -> None:
    assert lines(written("x / 2", "x")) == [
        "<lambda>(x)",
        NO_FLOAT,
        "  integer arrays with typecode='d': native, as x / 2",
        "  float arrays: native, as x / 2.0",
    ]
    assert lines(written("t + x / 2", "t, x")) == [
        "<lambda>(t, x)",
        NO_FLOAT,
        "  integer arrays with typecode='d': native, as float(t) + x / 2",
        "  float arrays: native, as t + x / 2.0",
    ]


@pytest.mark.parametrize("source", [
    "def f(x):\n if x < 0: raise ValueError\n return x / 2",
    "def f(x): return 2**70",
])  # fmt: skip
def test_typecode_is_told_wherever_it_helps(source: str) -> None:
    told = lines(function(source), INTS)
    assert told[1].startswith(f"  integer arrays: {CALLED} it ")
    assert told[2].startswith("  integer arrays with typecode='d': native, as ")


def test_typecode_is_not_told_where_it_would_not_help() -> None:
    assert lines(written("x & 0.5", "x")) == [
        "<lambda>(x)",
        f"  integer arrays: {CALLED} it raises TypeError.",
        f"  float arrays: {CALLED} it raises TypeError.",
    ]
    assert lines(written(f"{long_sum(1, 250)} / 2", "x"), INTS) == ["<lambda>(x)", NO_FLOAT]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("7 // x if x > 3 else 'a'", "7 // x (some elements in Python)"),
        ("7 // x if x > 3 else y", "7 // x if 3 < x else y"),
        # A power is a float where the exponent is negative.
        *(
            (power, f"{power} (some elements in Python)")
            for power in ("x ** y", "(-2) ** x", "x ** -x", "x ** y ** 2", "2 ** x - -3")
        ),
    ],
)
def test_branches_that_are_left_to_python_are_told(body: str, shown: str) -> None:
    assert lines(written(body), INTS)[1:] == [f"  integer arrays: native, as {shown}"]


BRANCH = f"def f({{}}):\n if x < 0: return {{}}({long_sum(1, 250)}{{}})\n return {{}}"


def test_reduction_is_told_where_it_alone_is_native() -> None:
    """The long branch gives what no accumulator is, and so need not be done in reductions."""
    assert lines(function(BRANCH.format("t, x", "", " < 9", "t + x")), INTS) == [
        "f(t, x)",
        f"  integer arrays: {CALLED} it is too long.",
        "  reduce of integer arrays: native, as t + x (some elements in Python)",
    ]
    assert lines(function(BRANCH.format("t, x", "int", "", "t + x")), FLOATS) == [
        "f(t, x)",
        f"  float arrays: {CALLED} it is too long.",
        "  reduce of float arrays: native, as t + x (some elements in Python)",
    ]


def test_reduction_is_told_of_two_arguments_only() -> None:
    for names in ("x", "t, x, y"):
        fn = function(BRANCH.format(names, "", " < 9", "x"))
        expected = [f"f({names})", f"  integer arrays: {CALLED} it is too long."]
        assert lines(fn, INTS) == expected


def test_reduction_is_not_told_where_it_is_not_native_either() -> None:
    said = lines(function("def f(t, x): return [t, x]"), INTS)
    assert [line.partition(":")[0] for line in said] == ["f(t, x)", "  integer arrays"]
