"""Numbers and the functions of numbers: traced programs are exact, and refusals say why."""

import math
import operator
import re
import sys
from array import array
from types import ModuleType
from typing import Any

import arrayops as ao
import pytest
from arrayops._trace.explore import trace
from program_comparison import ACCUMULATOR, FLOAT_ARRAY, INT_ARRAY, TRUTH, compare
from traced_samples import CALM_DOUBLES, SHORTS, UNSIGNED, assert_as_per_element
from typecodes import Array

KINDS = {"i": b"\0", "f": b"\1", "ii": b"\0\0", "if": b"\0\1", "ff": b"\1\1"}
ARRAYS: dict[str, Array] = {"i": array("q", [1]), "f": array("d", [1.0])}


def function(source: str, **names: Any) -> Any:
    """Return `f` of a module of its own; an expression is one of x and y."""
    if not source.startswith("def"):
        parameters = "x, y" if re.search(r"\by\b", source) else "x"
        source = f"def f({parameters}): return {source}"
    names = {"math": math, "operator": operator, **names}
    exec(compile(source, "<sample>", "exec"), names)  # noqa: S102 - our own text
    return names["f"]


def natives(fn: Any, kinds: bytes) -> int:
    """Compare the programs for all targets with the function; return how many there are."""
    targets = (INT_ARRAY, FLOAT_ARRAY, TRUTH, *[ACCUMULATOR] * (len(kinds) - 1))
    codes = [(trace(fn, kinds, target).code, target) for target in targets]
    return sum(
        code is not None and compare(fn, code, kinds, target, 200) > 0 for code, target in codes
    )


# -- results --------------------------------------------------------------------------------------

# Bodies, and of which elements they have programs: i an int, f a float, or of none.
COMPARISONS = [
    (f"x {how} {bound}", "i f")
    for how in ("<", "<=", ">", ">=", "==", "!=")
    for bound in (
        "-2.0**63", "2.5", "-2.5", "1e18", "-1e18", "2.0**64", "2.0**65", "1e300", "-1e300",
        "math.inf", "-math.inf", "math.nan", "True",
    )
] + [
    (f"x {how} {bound}", "i")
    for how in ("<", "<=", ">", ">=", "==", "!=")
    for bound in ("2**63 - 1", "-2**63", "-2**63 - 1", "2**64", "2**65", "-2**65")
] + [
    (f"{bound} {how} x", "i f")
    for how in ("<", ">=", "!=")
    for bound in ("2.5", "1e300", "True")
] + [
    (f"x {how} {bound}", "i f")
    for how in ("<", ">=", "==")
    for bound in ("2**53", "-2**53")
]  # fmt: skip
BODIES = [
    # Of ints beyond 2**53 and 64 bits.
    ("x / 2**53", "i f"), ("2**53 / x", "i f"), ("x < 2**53 + 1", "i"), ("x * 0.5 < 2**53 + 1", ""),
    ("x / (2**53 + 1)", "f"), ("x * x < math.inf", "i f"), ("x * x >= -math.inf", "i f"),
    ("x * 0.5 + 2**70", "i f"), ("x + 1 < 2**63 - 1", "i"),
    ("min(x, 2**65)", "i"), ("min(2**65, x)", "i"), ("max(x, -2**65)", "i"),
    ("max(-2**65, x)", "i"),
    ("min(x, -2**63)", "i"), ("max(x, 2**63 - 1)", "i"), ("math.log(10**400, x)", "i f"),
    # Bools as numbers.
    ("(x > 3) < 0.5", "i f"), ("(x > 3) == True", "i f"), ("(x > 3) <= 2**65", "i f"),
    ("(x > 3) / 2", "i f"), ("(x > 3) % True", "i f"), ("(x > 3) ** (x > 5)", "i f"),
    ("(x > 3) << (x > 5)", "i f"), ("(x > 3) ^ 1", "i f"), ("(x > 3) | (x < 1)", "i f"),
    ("max(x > 3, True)", "i f"), ("max(x > 3, x < 9)", "i f"), ("min(x > 3, 0)", "i f"),
    ("bool(x > 3) + 1", "i f"), ("int(x > 3) / int(x < 100)", "i f"), ("float(x > 3) / 2", "i f"),
    ("-(x > 3)", "i f"), ("abs(x > 3)", "i f"), ("round(x > 3, -1)", "i f"),
    ("math.floor(x > 3)", "i f"), ("math.sqrt(x > 3)", "i f"), ("x < (x > 3)", "i f"),
    ("(x > 3) * 0.5 < (x > 1)", "i f"),
    # Attributes.
    ("x.real", "i f"), ("x.imag", "i f"), ("x.numerator", "i"), ("x.denominator", "i"),
    ("x.conjugate()", "i f"), ("(x > 3).real", "i f"), ("(x > 3).imag", "i f"),
    ("(x > 3).numerator", "i f"), ("(x > 3).denominator", "i f"), ("(x > 3).conjugate()", "i f"),
    ("math.copysign(1, (x * 1.0).imag)", "i f"), ("(x * 0.5).is_integer()", "i f"),
    # Rounding.
    ("round(x, 0)", "i f"), ("round(x, 2)", "i f"), ("round(x, 22)", "i f"), ("round(x, 23)", ""),
    ("round(x, -1)", "i f"), ("round(x - 5, -1)", "i f"), ("round(x, -2)", "i f"),
    ("round(x / 7, 5)", "i f"), ("round(x * 1e-20, 22)", "i f"), ("round(x, None)", "i f"),
    ("round(x, 400)", ""), ("round(x, 2.0)", ""), ("round(x, True)", ""), ("round(x, x)", ""),
    # The smallest, the largest, the sum.
    ("max(1, 5, x)", "i f"), ("min(5, 1, x)", "i f"), ("max(x, True)", "i f"),
    ("min(x, 2.5, True)", "i f"), ("max(math.nan, x)", "i f"), ("min(x, math.nan)", "i f"),
    ("min(-0.0, x)", "i f"), ("max(x, -0.0, 0)", "i f"), ("min((x, 7))", "i f"), ("min(x)", ""),
    ("sum((x, 2))", "i"), ("sum((x, True), 5)", "i"), ("sum(divmod(x, 3))", "i"),
    ("sum((x, 2), 0.5)", ""),
    # Bits.
    ("x.bit_count()", "i"), ("x.bit_length()", "i"), ("(x >> 1).bit_count()", "i"),
    ("(x * 3).bit_length()", "i"), ("(x > 3).bit_count()", "i f"), ("(x > 3).bit_length()", "i f"),
    # The root of a sum of squares, of an int; the error function.
    ("math.hypot(x, 3)", "i f"), ("math.hypot(x, x + 1, 2.5)", "i f"), ("math.hypot(x)", ""),
    ("math.hypot(x, '3')", ""), ("math.hypot(x, 10**400)", ""), ("math.hypot(x, True)", "i f"),
    ("math.hypot(x / 7, -0.0)", "i f"), ("math.hypot(x * 1e-150, x * 1e-100)", "i f"),
    ("math.hypot(math.inf, x)", "i f"), ("math.hypot(x * 1e300, math.nan)", "i f"),
    ("math.hypot(x * 5e-324, 1e-300)", "f"), ("math.hypot(x, 3, 4)", "i f"),
    ("math.hypot(3, -4, x)", "i f"),
    ("math.isqrt(x)", "i"), ("math.isqrt(abs(x))", "i"), ("math.isqrt(x * x)", "i"),
    ("math.isqrt(x * x - 1)", "i"), ("math.isqrt(x > 3)", "i f"),
    ("math.erf(x)", "i f"), ("math.erfc(x / 3)", "i f"),
    # Floats made of text.
    ("max(x, float('-inf'))", "i f"), ("x == float('nan')", "i f"), ("x * float(' 2.5 ')", "i f"),
    ("float('2.5 m') if x > 10**9 else x", "i f"), ("float('2.5 m')", ""),
    ("float('nan') in (x, float('nan'))", "i f"), ("int('7') + x", ""),
    # Functions.
    ("math.isclose(x, 2.0000000001)", "i f"), ("math.isclose(x, 2.5)", "i f"),
    ("math.isclose(x, 0, abs_tol=5)", "i f"), ("math.isclose(7, x, rel_tol=0.5)", "i f"),
    ("math.isclose(x, math.inf)", "i f"), ("math.isclose(x, 3, rel_tol=1)", "i f"),
    ("math.log(2, x)", "i f"), ("math.log(x, 2)", "i f"), ("math.log(x, 1)", ""),
    ("operator.truediv(x, 3)", "i f"), ("operator.not_(x)", "i f"), ("operator.isub(1, x)", "i f"),
    ("pow(x, True)", "i f"), ("pow(2.5, x)", "i f"), ("pow(x, 2, 7)", ""), ("pow(2, x, 7)", ""),
]  # fmt: skip


@pytest.mark.parametrize(("body", "native"), COMPARISONS + BODIES)
def test_body_is_exact_and_native_where_it_can_be(body: str, native: str) -> None:
    fn = function(body)
    for kind in "if":
        made = natives(fn, KINDS[kind])
        assert (made > 0) == (kind in native)


@pytest.mark.parametrize(
    "body",
    ["x < 2.0**63", "x <= 2.0**63", "x == 2.0**63", "x > 1e19", "x < 2**63", "x >= 2**64 - 1"],
)
def test_comparison_with_what_only_unsigned_elements_reach_is_exact(body: str) -> None:
    assert_as_per_element(function(body), UNSIGNED)


@pytest.mark.parametrize("kinds", ["ii", "if", "ff"])
@pytest.mark.parametrize(
    "body",
    [
        "min(x, y)", "max(x, y, 2.5)", "math.log(x, y)", "math.isclose(x, y, rel_tol=0, abs_tol=3)",
        "divmod(x, y)[0]", "divmod(x, y)[1]", "(x > 3) + (y > 2)", "+(x > y)", "x.real == y",
        "x ** y", "x // y", "x % y", "(x, y) < (y, x)", "sorted((x, y))[0]",
    ],
)  # fmt: skip
def test_body_of_two_numbers_is_exact(body: str, kinds: str) -> None:
    assert natives(function(body), KINDS[kinds]) > 0


@pytest.mark.parametrize("error", ["ZeroDivisionError", "(ValueError, OverflowError)", "TypeError"])
@pytest.mark.parametrize(
    ("body", "native"),
    [
        ("x // y", "ii if ff"), ("x % y", "ii if ff"), ("x / y", "ii if ff"),
        ("divmod(x, y)[0]", "ii if ff"), ("len(divmod(x, y))", "ii if ff"), ("x ** y", "ii if ff"),
        ("x // -1 + y", "ii if ff"), ("x % 3 / 2.0 + y", "ii if ff"), ("x + y", "ii if ff"),
        ("x * y - x", "ii if ff"), ("0 * x + y", "ii if ff"), ("x + 0 + y", "ii if ff"),
        ("(x > 3) // (y > 2)", "ii if ff"), ("x / (y > 2)", "ii if ff"), ("x << y", "ii"),
    ],
)  # fmt: skip
def test_what_is_caught_is_what_python_raises(body: str, native: str, error: str) -> None:
    fn = function(f"def f(x, y):\n try: return {body}\n except {error}: return 12")
    assert [kinds for kinds in ("ii", "if", "ff") if natives(fn, KINDS[kinds])] == native.split(" ")


CAUGHT = "def f(x):\n try: return {}\n except {}: return -1"


@pytest.mark.parametrize("error", ["ValueError", "ArithmeticError"])
@pytest.mark.parametrize(
    "body",
    [
        *(f"math.{name}({x})" for x in ("x", "x + 0.5", "x * 1e-3", "x / 4") for name in (
            "sqrt", "log", "log2", "log10", "log1p", "asin", "acos", "acosh", "atanh", "sin", "cos",
            "tan", "exp", "floor", "ceil", "trunc",
        )),
        "math.log(x, 2)", "math.log(100, x)", "int(x)", "round(x)", "round(x, 2)", "round(x, -1)",
        "int(x * 1e300)", "int(x / 4) + math.sqrt(x)", "math.floor(x) % 7 + math.log(x + 3)",
        "math.sqrt(x > 3)", "math.log(x > 3)", "int(x * 0.5) // int(x * 0.25)",
    ],
)  # fmt: skip
def test_what_math_and_int_raise_is_caught(body: str, error: str) -> None:
    fn = function(CAUGHT.format(body, error))
    assert natives(fn, KINDS["f"]) > 0
    assert natives(fn, KINDS["i"]) > 0


@pytest.mark.parametrize("body", ["x // 0", "x % 0", "x / 0", "x // 0.0", "x % 0.0", "x / 0.0"])
def test_caught_division_by_zero_is_native(body: str) -> None:
    fn = function(f"def f(x):\n try: return {body}\n except ZeroDivisionError: return 12")
    assert all(f"{kind} arrays: native, as 12" in ao.explain(fn) for kind in ("integer", "float"))
    assert natives(fn, KINDS["i"]) == natives(fn, KINDS["f"]) == 3


@pytest.mark.parametrize(
    "body",
    [
        "x + '3'", "'3' - x", "x * '3'", "x / '3'", "x // None", "x ** None", "x < None",
        "round((x, 1), 2)", "x + (1,)", "x < '3'", "x & 1.0", "x << 1.0", "~(x * 1.0)",
        "min(x, '3')", "sum((x, '3'))", "math.sqrt((x,))", "abs((x,))", "(x * 1.0).numerator",
    ],
)  # fmt: skip
def test_what_is_no_number_raises_as_in_python(body: str) -> None:
    fn = function(
        f"def f(x):\n try: return {body}\n except AttributeError: return 1\n"
        " except TypeError: return 2\n except ValueError: return 3"
    )
    assert_as_per_element(fn, SHORTS[:700])
    assert_as_per_element(function(body), SHORTS[:700])


# -- types and identity ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "isinstance(+(x > 3), bool)", "isinstance((x > 3).real, bool)",
        "isinstance(abs(x > 3), bool)", "isinstance(round(x > 3), bool)",
        "isinstance(bool(x > 3), bool)", "isinstance((x > 3) & (x < 9), bool)",
        "isinstance((x > 3) & 1, bool)", "isinstance(x.imag, float)", "isinstance(-(x > 3), bool)",
        "isinstance((x > 3) ** 2, bool)", "type(x) == type(1)", "type(x) == type(1.5)",
    ],
)  # fmt: skip
def test_type_of_a_result_is_that_of_python(body: str) -> None:
    fn = function(body)
    assert_as_per_element(fn, SHORTS[:700])
    assert_as_per_element(fn, CALM_DOUBLES[:700])


@pytest.mark.parametrize("same", ["x", "+x", "float(x)", "x.real", "x.conjugate()", "min(x, 3.0)"])
def test_nan_that_is_handed_through_is_the_same_object(same: str) -> None:
    fn = function(f"x in ({same}, 2.0)")
    assert_as_per_element(fn, CALM_DOUBLES[:700])
    assert natives(fn, KINDS["f"]) == 3


@pytest.mark.parametrize("other", ["x * 1.0", "-(-x)", "abs(x)", "math.fabs(x)", "x + 0", "x % 4"])
def test_nan_that_is_computed_is_another_object(other: str) -> None:
    fn = function(f"x in ({other}, 2.0)")
    assert_as_per_element(fn, CALM_DOUBLES[:700])
    assert natives(fn, KINDS["f"]) == 3


@pytest.mark.parametrize("choice", ["min(x, 3.0)", "max(x, 3.0)", "max(x, x + 1)"])
def test_identity_that_shows_only_later_is_kept(choice: str) -> None:
    module = ModuleType("module")  # read as the function runs, not before
    vars(module)["same"] = function("def f(a, b): return a in (b, 2.0)")
    fn = function(f"def f(x):\n y = {choice}\n return module.same(y, x)", module=module)
    assert_as_per_element(fn, CALM_DOUBLES[:700])


# -- what is said ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        ("x.as_integer_ratio()", "i", "it uses the attribute as_integer_ratio of a number"),
        ("f'{x}' == '1'", "i", "it makes text"),
        ("'ab'[x] == 'a'", "i", "it works with text"),
        ("x * 1.0 + 10**400", "i", "it raises OverflowError"),
        ("x + None", "i", "it raises TypeError"),
        ("x & 1.0", "i", "it raises TypeError"),
        ("x << 1", "f", "it raises TypeError"),
        ("~x", "f", "it raises TypeError"),
        ("x + 'a'", "i", "it combines a number with a str"),
        ("x + numbers", "i", "it uses a list: numbers"),
        ("x / (2**53 + 1)", "i", "it divides by or into an int beyond 2**53"),
        ("x < 2.0**63", "i", "it compares with a number from 2**63 to 2**64"),
        ("x + 1 < 2.0**63", "i", "it compares with a number from 2**63 to 2**64"),
        ("x < 2**63", "i", "it compares with a number from 2**63 to 2**64"),
        ("min(x, 2**63)", "i", "it compares with a number from 2**63 to 2**64"),
        ("x + 1 < 2.0**65", "i", "it compares a result with a number beyond 64 bits"),
        ("x + 1 < 2**65", "i", "it compares a result with a number beyond 64 bits"),
        ("x < 2**53 + 1", "f", "it compares a float with an int beyond 2**53"),
        ("operator.inv(x > 3)", "i", "it inverts a bool with `~`, which warns"),
        ("round(x, 23)", "f", "it rounds to a number of digits that is not a small constant"),
        ("round(x, x > 3)", "i", "it rounds to a number of digits that is not a small constant"),
        ("sum((x, 1))", "f", "it sums floats, which Python versions do differently"),
        (
            "math.isclose(x, 1, rel_tol=x)",
            "f",
            "it uses math.isclose with a tolerance that is not a constant",
        ),
        ("pow(x, 2, 7)", "i", "it calls pow in a form that is not traced"),
        ("min(x)", "i", "it calls min in a form that is not traced"),
        ("sum(x)", "i", "it calls sum in a form that is not traced"),
    ],
)
def test_refused_number_is_said_to_be(body: str, kind: str, reason: str) -> None:
    fn = function(body, numbers=[1])
    told = str(ao.explain(fn, ARRAYS[kind])).splitlines()[-1]
    assert f"one call per element, because {reason}" in told


@pytest.mark.parametrize(
    ("body", "kind", "shown"),
    [
        ("int(bool(x > 3))", "i", "int(3 < x)"),
        ("round(x, 0)", "i", "x"),
        ("round(x, 2)", "i", "x"),
        ("min(x, 2**65)", "i", "x"),
        ("min(x, 3)", "i", "min(x, 3)"),
        ("+x", "i", "x"),
        ("int(x < 2**65)", "i", "1"),
        ("int(x != 2.5)", "i", "1"),
        ("int(x < 2.5)", "i", "int(x <= 2)"),
        ("int(x > 2.5)", "i", "int(3 <= x)"),
        ("math.sqrt(x)", "f", "sqrt(x)"),
        ("operator.add(x, 1)", "i", "x + 1"),
        ("x.denominator", "i", "1"),
        (CAUGHT.format("math.log(x)", "ValueError"), "f", "-1.0 if x <= 0.0 else log(x)"),
        (CAUGHT.format("math.asin(x)", "ValueError"), "f", "-1.0 if 1.0 < abs(x) else asin(x)"),
        (
            CAUGHT.format("int(x)", "(ValueError, OverflowError)"), "f",
            "-1.0 if x != x or abs(x) == inf else float(int(x))",
        ),
    ],
)  # fmt: skip
def test_number_is_traced_without_detours(body: str, kind: str, shown: str) -> None:
    told = str(ao.explain(function(body), ARRAYS[kind])).splitlines()[-1]
    array = "integer arrays" if kind == "i" else "float arrays"
    assert told.strip() == f"{array}: native, as {shown}"


def test_int_is_an_integer_where_it_has_the_method() -> None:
    fn = function("x.is_integer()")
    assert (natives(fn, KINDS["i"]) > 0) == (sys.version_info >= (3, 12))
    if sys.version_info < (3, 12):
        assert "because it uses int.is_integer" in ao.explain(fn, ARRAYS["i"])
