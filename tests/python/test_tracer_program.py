"""How paths become one program: that it bails out where Python raises, and does nothing twice."""

import math
import time
from collections.abc import Callable
from typing import Any

import pytest
from arrayops._trace.explore import trace
from program_comparison import FLOAT_ARRAY, INT_ARRAY, TRUTH, is_same
from program_reference import Bail, Program
from traced_programs import text_of

INT, FLOAT = b"\0", b"\1"
# Small, so that nothing leaves 64 bits: what is bailed out then raises in Python.
_INTS = (0, 1, -1, 2, 3, 5, -2, -7)
_FLOATS = (0.0, -0.0, 1.0, -1.0, 2.5, -3.0, math.nan)


def function(source: str) -> Callable[..., Any]:
    """Return a function of x and y: of an expression, or of statements."""
    body = source if "return" in source else f"return {source}"
    lines = "\n".join(f" {line}" for line in body.split("\n"))
    names: dict[str, Any] = {"math": math}
    exec(f"def f(x, y):\n{lines}", names)  # noqa: S102 - our own text
    return names["f"]  # type: ignore[no-any-return]


def program_of(fn: Callable[..., Any], kinds: bytes, target: int) -> Program:
    """Return the program that a function becomes."""
    found = trace(fn, kinds, target)
    assert found.code is not None, found.reason
    return Program(found.code)


def assert_exact(source: str, kinds: bytes, target: int) -> None:
    """Compare all elements; where Python has a result the program must have it, and only there."""
    fn = function(source)
    program = program_of(fn, kinds, target)
    values = _FLOATS if kinds == FLOAT * 2 else _INTS
    for elements in [(x, y) for x in values for y in values]:
        wanted: Any
        try:
            wanted = fn(*elements)
            wanted = bool(wanted) if target == TRUTH else (int, float)[target](wanted)
        except (ArithmeticError, ValueError, AssertionError):
            wanted = Bail
        for garbage in range(3):
            try:
                result = program.run(*elements, garbage=garbage)
            except Bail:
                result = Bail
            same = result is wanted if Bail in (result, wanted) else is_same(result, wanted)
            assert same, f"{elements}: {result!r}, but Python has {wanted!r}"


# -- bails out where Python raises, and only there ------------------------------------------------

OF_INTS: dict[str, str] = {
    "side": "return 10 // x if x != 0 else y",
    "other_side": "return y if x == 0 else 10 // x",
    "both_sides": "return 10 // x if y > 1 else 7 % x",
    "operands_of_sides": "return 10 // x if y > 1 else 10 // y",
    "operands_of_guarded_sides": "return (10 // x if x != 0 else 1) if y > 1 else 10 // (y - 2)",
    "dead": "if y > 1:\n 10 // x\nreturn y",
    "dead_on_both_sides": "if y > 1:\n 10 // x\nelse:\n 10 // x\nreturn y",
    "dead_on_one_side_of_two": (
        "if y > 1:\n 10 // x\n return 1\nif y > 0:\n 10 // x\n return 2\nreturn 3"
    ),
    "dead_where_the_other_divides": "if y > 1:\n return 10 // x\n10 // x\nreturn 10 // y",
    "done_by_another_for_one_side": (
        "if x > 1:\n return 10 // y\nif x > 0:\n 10 // y\nreturn 10 // (x + 5)"
    ),
    "done_by_another_in_part": (
        "if x > 1:\n if y > 2:\n  return 10 // (y - 2)\n 10 // (y - 2)\n return 0\n"
        "if y > 2:\n return 10 // (x + 8)\nreturn 0"
    ),
    "shift_and_power": "return (1 << x if y > 0 else 2 << y) if x > -2 else (7 >> y)",
    "powers": "return x ** (y & 3) if x > 1 else y ** (x & 1)",
    "chain": "return 10 // y if 0 < x < 3 < y + 3 else 1",
    "and": "return 1 if x != 0 and 10 // x > 3 and 10 // (x - 1) > y else 2",
    "or": "return 1 if x == 0 or 10 // x > 3 or 10 // (x + 1) > y else 2",
    "and_or": "return 1 if x != 0 and (y == 0 or x // y > 1) or y != 0 and 7 // y > x else 2",
    "and_after_and": "return 7 // y if x != 0 and 10 // x > 3 else 7 // (x + 5)",
    "not": "return 10 // x if not (x == 0 or y == 1) else 10 // (y - 3) if y != 3 else 1",
    "joined_by_operators": (
        "return 10 // x if (x != 0) & (y > 0) else 10 // y if not (y == 0) | (x > 0) else 5"
    ),
    "same_division_under_parts": (
        "z = 1\nif (x != 0) & (y > 0):\n z = 10 // x\nif x != 0:\n z = z + 10 // x\nreturn z"
    ),
    "same_division_where_parts_hold": (
        "z = 1\nif (x > 0) & (y > 0) | (x > 0) & (y < -1):\n z = 9 // y\n"
        "if x > 0:\n z = z + 9 // y\nreturn z"
    ),
    "dead_between_the_same_divisions": (
        "if x > 3:\n return 10 // y\nif x > 0:\n if y < 2:\n  10 // y\n return 5\nreturn 10 // y"
    ),
    "and_on_both_sides": (
        "return x != 0 and 10 // x > y if y > 0 else x != 1 and 10 // (x - 1) > y"
    ),
    "and_after_the_same": "return x != 0 and 10 // x > 3 if y > 0 else x != 0 and 20 // x > 3",
    "or_after_the_same": "return x == 0 or 10 // x > 3 if y > 0 else x == 0 or 20 // x > 3",
    "either_of_select": "return x if x > 1 else (5 if y < 0 else x)",
    "either_of_select_otherwise": "return x if x > 1 else (x if y < 0 else 5)",
    "first_of_select": "return (x if y < 0 else 5) if x > 1 else 5",
    "first_of_select_otherwise": "return (5 if y < 0 else x) if x > 1 else 5",
    "selects_under_one_condition": (
        "if x > 0:\n return 10 // x if y != 0 else 1\nreturn x // y if y != 0 else 10 // (x - 3)"
    ),
    "assert": "assert x != 0\nif y > 10 // x:\n return 10 // x\nreturn y",
    "raise": "if x == 0:\n raise ValueError\nif 10 // x > y:\n raise ValueError\nreturn 7 // x",
    "returns_early": (
        "if x == 0:\n return y\nz = 10 // x\nif z == 0:\n return x\nz = 10 // z\n"
        "if z == y:\n return z\nreturn 10 // (z - y)"
    ),
}


@pytest.mark.parametrize("target", [INT_ARRAY, TRUTH])
@pytest.mark.parametrize("source", OF_INTS.values(), ids=OF_INTS)
def test_program_of_ints_bails_out_only_where_python_raises(source: str, target: int) -> None:
    assert_exact(source, INT * 2, target)


OF_FLOATS: dict[str, str] = {
    "sides": "return 1.0 / x if y > 1 else 1.0 / y",
    "side": "return 1.0 / x if x != 0 else y",
    "nan_and_signed_zeros": "return x if x < y else (y if y < x else -x)",
    "signed_zero_of_a_side": "return 0.0 if x > y else (-0.0 if x < y else x)",
    "same_function": "return math.log(x) if y > 0 else math.log(y)",
    "same_function_of_results": "return math.sqrt(1 / x) if x > y else math.sqrt(y - 1)",
    "another_function": "return math.log(x) if y > 0 else math.sqrt(x)",
    "function_on_one_side": "return math.log(x) if x > 0 else y",
    "function_of_both": "return math.atan2(x, y) if x > 0 else math.atan2(y, x)",
    "dead_function": "if y > 0:\n math.log(x)\nreturn y",
    "extrema": "return max(x, y) if x > 0 else max(y, x)",
    "extrema_of_results": "return min(1 / x, y) if y > 0 else min(y, 1 / (x - 1))",
    "same_quotient_as_a_condition": "return 1 / x > 0 or (y > 0 and 1 / y > 0)",
}


@pytest.mark.parametrize("target", [FLOAT_ARRAY, TRUTH])
@pytest.mark.parametrize("source", OF_FLOATS.values(), ids=OF_FLOATS)
def test_program_of_floats_bails_out_only_where_python_raises(source: str, target: int) -> None:
    assert_exact(source, FLOAT * 2, target)


# -- what the sides have in common is done once ---------------------------------------------------

BRIEF: list[tuple[str, bytes, int, str]] = [
    # Of bools, the condition itself or one operation; or the constant that it is on both sides.
    ("x in (1, 3)", INT, TRUTH, "b0 = x0 == 1; b1 = x0 == 3; b2 = b0 or b1; b2"),
    (
        "x not in (1, 3)",
        INT,
        TRUTH,
        "b0 = x0 == 1; b1 = x0 == 3; b2 = b0 or b1; b3 = not(b2); b3",
    ),
    ("x > 3 or True", INT, TRUTH, "True"),
    (
        "False if x > 3 else y > 0",
        INT,
        TRUTH,
        "b0 = 3 < x0; b1 = not(b0); b2 = 0 < x1; b3 = b1 and b2; b3",
    ),
    (
        "y > 0 if x > 3 else True",
        INT,
        TRUTH,
        "b0 = 3 < x0; b1 = not(b0); b2 = 0 < x1; b3 = b1 or b2; b3",
    ),
    # Operations of both sides after a select of what differs.
    (
        "x * y + 1 if x > 0 else y * y + 1",
        INT,
        INT_ARRAY,
        "b0 = 0 < x0; v1 = select(b0, x0, x1); v2 = v1 * x1; v3 = v2 + 1; v3",
    ),
    (
        "10 // x if y > 1 else 10 // y",
        INT,
        INT_ARRAY,
        "b0 = 1 < x1; v1 = select(b0, x0, x1); v2 = 10 // v1; v2",
    ),
    (
        "if x != 0:\n if y > 0:\n  return 10 // x\nelse:\n return y\nreturn 20 // x",
        INT,
        INT_ARRAY,
        (
            "b0 = x0 != 0; b1 = 0 < x1; v2 = select(b1, 10, 20); v3 = v2 // x0 if b0; "
            "v4 = select(b0, v3, x1); v4"
        ),
    ),
    (
        "math.sin(x) if x > y else math.sin(y)",
        FLOAT,
        FLOAT_ARRAY,
        "b0 = x1 < x0; v1 = select(b0, x0, x1); v2 = sin(v1); v2",
    ),
    (
        "math.sin(x) if x > y else math.cos(x)",
        FLOAT,
        FLOAT_ARRAY,
        (
            "b0 = x1 < x0; v1 = sin(x0) if b0; b2 = not(b0); v3 = cos(x0) if b2; "
            "v4 = select(b0, v1, v3); v4"
        ),
    ),
    # Whatever is decided after it.
    (
        "z = x / y if y > 0 else y / x\nreturn z + 1 if x > 3 else z * 3",
        INT,
        FLOAT_ARRAY,
        (
            "b0 = 3 < x0; b1 = 0 < x1; v2 = select(b1, x0, x1); v3 = select(b1, x1, x0); "
            "v4 = v2 / v3; v5 = v4 + 1.0; v6 = v4 * 3.0; v7 = select(b0, v5, v6); v7"
        ),
    ),
    (
        "z = x // y if y > 0 else y // x\nreturn z + 1 if x > 3 else z * 3 if x > 1 else z ^ x",
        INT,
        INT_ARRAY,
        (
            "b0 = 3 < x0; b1 = 0 < x1; v2 = select(b1, x0, x1); v3 = select(b1, x1, x0); "
            "v4 = v2 // v3; v5 = v4 + 1 if b0; b6 = 1 < x0; b7 = not(b0); b8 = b7 and b6; "
            "v9 = v4 * 3 if b8; v10 = v4 ^ x0; v11 = select(b6, v9, v10); "
            "v12 = select(b0, v5, v11); v12"
        ),
    ),
    # But not where it is done for some elements only.
    (
        "if x > 3:\n return x // y if y > 0 else y // x\nreturn y // 5 if y > 0 else x",
        INT,
        INT_ARRAY,
        (
            "b0 = 3 < x0; b1 = 0 < x1; v2 = select(b1, x0, x1); v3 = select(b1, x1, x0); "
            "v4 = v2 // v3 if b0; v5 = x1 // 5; v6 = select(b1, v5, x0); "
            "v7 = select(b0, v4, v6); v7"
        ),
    ),
    # But by constants: there are faster instructions for them, which need no mask.
    (
        "x // 2 if y > 0 else x // 3",
        INT,
        INT_ARRAY,
        "b0 = 0 < x1; v1 = x0 // 2; v2 = x0 // 3; v3 = select(b0, v1, v2); v3",
    ),
    (
        "x // 2 if y > 0 else x // y",
        INT,
        INT_ARRAY,
        "b0 = 0 < x1; v1 = x0 // 2; b2 = not(b0); v3 = x0 // x1 if b2; v4 = select(b0, v1, v3); v4",
    ),
    (
        "x // y if y > 0 else x // 3",
        INT,
        INT_ARRAY,
        "b0 = 0 < x1; v1 = x0 // x1 if b0; v2 = x0 // 3; v3 = select(b0, v1, v2); v3",
    ),
    (
        "x // 7 if y > 0 else y // 7",
        INT,
        INT_ARRAY,
        "b0 = 0 < x1; v1 = select(b0, x0, x1); v2 = v1 // 7; v2",
    ),
    # Comparisons only where that saves one: selecting bools costs no more than selecting numbers.
    (
        "x < 3 if y > 0 else y < 5",
        INT,
        TRUTH,
        "b0 = 0 < x1; b1 = x0 < 3; b2 = x1 < 5; b3 = select(b0, b1, b2); b3",
    ),
    (
        "x < 3 if y > 0 else x < 5",
        INT,
        TRUTH,
        "b0 = 0 < x1; v1 = select(b0, 3, 5); b2 = x0 < v1; b2",
    ),
    (
        "x < 3 if y > 0 else y < 3",
        INT,
        TRUTH,
        "b0 = 0 < x1; v1 = select(b0, x0, x1); b2 = v1 < 3; b2",
    ),
    # Nested selects with a side in common are one.
    (
        "10 // y if x > 3 else (5 if x > 0 else 10 // y)",
        INT,
        INT_ARRAY,
        (
            "b0 = 3 < x0; b1 = 0 < x0; b2 = not(b1); b3 = b0 or b2; v4 = 10 // x1 if b3; "
            "v5 = select(b3, v4, 5); v5"
        ),
    ),
    (
        "10 // x if x != 0 and y > 0 else 5",
        INT,
        INT_ARRAY,
        (
            "b0 = x0 != 0; b1 = 0 < x1; b2 = b0 and b1; v3 = 10 // x0 if b2; "
            "v4 = select(b2, v3, 5); v4"
        ),
    ),
]
MASKED: list[tuple[str, int, str]] = [
    (
        "100 % x if x else -1",
        TRUTH,
        "b0 = x0 != 0; b1 = not(b0); v2 = 100 % x0 if b0; b3 = v2 != 0; b4 = b1 or b3; b4",
    ),
    (
        "10 // x if not ((x == 0) | (y == 1)) else 5",
        INT_ARRAY,
        (
            "b0 = x0 == 0; b1 = x1 == 1; b2 = b0 or b1; b3 = not(b1); b4 = not(b0); "
            "b5 = b4 and b3; v6 = 10 // x0 if b5; v7 = select(b2, 5, v6); v7"
        ),
    ),
    (
        (
            "z = 1\nif (x != 0) & (y > 0):\n z = 10 // x\n"
            "if x != 0 and y > 0:\n z = z + 10 // x\nreturn z"
        ),
        INT_ARRAY,
        (
            "b0 = x0 != 0; b1 = 0 < x1; b2 = b0 and b1; v3 = 10 // x0 if b2; "
            "v4 = select(b2, v3, 1); v5 = v4 + v3 if b2; v6 = select(b2, v5, v4); v6"
        ),
    ),
    (
        "x > 0 and (x > 0) & (y != 0) and 10 // y > x",
        TRUTH,
        (
            "b0 = 0 < x0; b1 = x1 != 0; b2 = b0 and b1; v3 = 10 // x1 if b2; b4 = x0 < v3; "
            "b5 = b2 and b4; b6 = b0 and b5; b6"
        ),
    ),
]


@pytest.mark.parametrize(
    ("source", "kind", "target", "text"), BRIEF, ids=[source for source, *_ in BRIEF]
)
def test_what_sides_have_in_common_is_done_once(
    source: str, kind: bytes, target: int, text: str
) -> None:
    assert text_of(program_of(function(source), kind * 2, target)) == text


@pytest.mark.parametrize(
    ("source", "target", "text"), MASKED, ids=[source for source, *_ in MASKED]
)
def test_operations_and_masks_that_are_known_are_not_done_again(
    source: str, target: int, text: str
) -> None:
    assert text_of(program_of(function(source), INT * 2, target)) == text


def test_values_used_twice_on_both_sides_are_merged_and_emitted_once() -> None:
    fn = function("z = x if y > 0 else y\nfor _ in range(24):\n z = z * z\nreturn z")
    start = time.perf_counter()
    program = program_of(fn, FLOAT * 2, FLOAT_ARRAY)
    assert time.perf_counter() - start < 1  # not two to the 24th
    assert len(program.instructions) == 26


@pytest.mark.parametrize(
    ("start", "steps"),
    [("z = x", 100), ("z = (x if y > 0 else y) + 1 - y", 99)],
    ids=["straight", "merged"],
)
def test_programs_of_more_than_400_operations_are_too_long(start: str, steps: int) -> None:
    # Wide rather than deep, which has a bound of its own.
    source = f"{start}\nfor i in range({steps}):\n z = z ^ (y + i ^ 5 ^ 9)\nreturn z"
    assert len(program_of(function(source), INT * 2, INT_ARRAY).instructions) == 400
    longer = function(f"{source} + 1")
    assert trace(longer, INT * 2, INT_ARRAY).reason == "it is too long"
