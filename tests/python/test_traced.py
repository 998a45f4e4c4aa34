"""Functions that may run natively: numbers and statements, each trap by name."""

import math
import operator
import random
import traceback
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import arrayops as ao
import oracles
import pytest
from comparison import assert_same
from functions import CALLBACK_FUNCTIONS
from traced_samples import (
    CALM_DOUBLES,
    DOUBLES,
    FINITE_DOUBLES,
    LENGTH,
    LONGS,
    OCTETS,
    SHORTS,
    UNSIGNED,
    Function,
    assert_as_per_element,
)

# -- values ---------------------------------------------------------------------------------------

ONE_ARGUMENT: dict[str, Function] = {
    "min_first_nan": lambda x: min(x, 1.0),
    "min_second_nan": lambda x: min(1.0, x),
    "max_first_nan": lambda x: max(x, 1.0),
    "max_second_nan": lambda x: max(1.0, x),
    "min_zeros": lambda x: min(x, 0.0),
    "max_zeros": lambda x: max(-0.0, x),
    "min_three": lambda x: min(x, 0.5, -x),
    "min_mixed_keeps_minus_zero": lambda x: min(x, 0) * -1,
    "max_mixed": lambda x: max(0, x) * -1,
    "clip_mixed": lambda x: max(0, min(255, x)),
    "comparisons_with_nan": lambda x: (x < 1) + 2 * (x >= 1) + 4 * (x == 1) + 8 * (x != 1),
    "itself": lambda x: x == x,  # noqa: PLR0124
    "least_of_64_bits_as_float": lambda x: (x != -(2.0**63)) + 2 * (x <= -(2.0**63)),
    "chained": lambda x: -1 < x <= 2.5,
    "conditional_kinds": lambda x: x if x > 1 else 0,
    "conditional_minus_zero": lambda x: (0 if x > 1 else -0.0) * 1,
    "and_or": lambda x: (x and -0.0) or x,
    "or_minus_zero": lambda x: x or -0.0,
    "not": lambda x: not x,
    "round": round,
    "round_half_even": lambda x: round(x * 0.5),
    "round_digits": lambda x: round(x, 2),
    "round_digits_negative": lambda x: round(x, -1),
    "round_digits_none": lambda x: round(x, None),
    "round_digits_zero": lambda x: round(x, 0),
    "round_digits_many": lambda x: round(x, 400) + round(x, -400),
    "int": lambda x: int(x),  # noqa: PLW0108
    "floor_ceil_trunc": lambda x: math.floor(x) + 3 * math.ceil(x) + 7 * math.trunc(x),
    "floor_division": lambda x: x // 3,
    "floor_division_negative": lambda x: x // -3,
    "floor_division_float": lambda x: x // -2.5,
    "modulo": lambda x: x % 7,
    "modulo_negative": lambda x: x % -7,
    "modulo_float": lambda x: x % -2.5,
    "modulo_infinity": lambda x: x % math.inf,
    "divmod": lambda x: divmod(x, -3)[0] * 10 + divmod(x, -3)[1],
    "of_constant": lambda x: -7 // (x or 1),
    "reciprocal": lambda x: 1 / x,
    "reciprocal_integer": lambda x: 1 // x,
    "true_division": lambda x: x / 3,
    "square": lambda x: x * x,
    "power": lambda x: x**2,
    "power_half": lambda x: abs(x) ** 0.5,
    "power_complex": lambda x: x**0.5,
    "power_negative": lambda x: x**-1,
    "power_of_two": lambda x: 2.0 ** min(x, 2000),
    "plus_huge": lambda x: x + 2**63,
    "times_huge": lambda x: x * 2**64 >> 64 if x == int(x) else 0,
    "negate": lambda x: -x,
    "absolute": abs,
    "compare_beyond_2_53": lambda x: x < 9007199254740993.0,
    "equal_beyond_2_53": lambda x: x == 9007199254740992.0,
    "compare_with_integer": lambda x: x <= 2**53 + 1,
    "float": float,
    "bool": bool,
    "is_none": lambda x: 1 if x is None else 2,
    "same_nan_in_tuples": lambda x: (x,) == (x,),
    "in_tuple": lambda x: x in (0, 1.5, 255),
    "in_range": lambda x: x in range(-3, 200, 2),
    "square_root": math.sqrt,
    "square_root_guarded": lambda x: math.sqrt(x) if x >= 0 else -1.0,
    "exponential": math.exp,
    "logarithm": lambda x: math.log(x) if x > 0 else 0.5,
    "sine": lambda x: math.sin(x) if math.isfinite(x) else x,
    "copysign": lambda x: math.copysign(2.0, x),
    "hypot": lambda x: math.hypot(x, 1e300),
    "walrus": lambda x: (y := x + 1) * y,
    "bool_arithmetic": lambda x: (x > 1) - (x < 1),
    "bool_kept": lambda x: (x > 1) | (x < -1),
    "index_out_of_range": lambda x: (1, 2, 3)[x > 1 and 2],
    "nan_sign": lambda x: math.copysign(1.0, x * math.inf),
    "attribute": lambda x: x.real + x.imag,
    "method": lambda x: x.is_integer(),
    "wrong_arity": lambda x: abs(x, x),  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    "no_number": lambda x: None if x > 50 else x,
}
TABLE: Any = (3, 1, 4, 1, 5)
INTEGER_ARGUMENT: dict[str, Function] = {
    "square_equal_to_one_beyond_64_bits": lambda x: 5 if x * x == 2**106 else 1,
    "sum_below_a_float_beyond_64_bits": lambda x: 5 if x + x < -1e19 else 1,
    "odd_square_beyond_64_bits": lambda x: 5 if (x * x | 1) > 2**70 else 1,
    "element_below_one_beyond_64_bits": lambda x: 5 if x < 2**70 else 1,
    "mask": lambda x: x * 1103515245 + 12345 & 0x7FFFFFFF,
    "hash": lambda x: ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF,
    "invert": lambda x: ~x,
    "shift_left": lambda x: x << 40,
    "shift_left_by": lambda x: 1 << (x & 127),
    "shift_right_far": lambda x: x >> 70,
    "shift_negative": lambda x: 1 << x if x < 100 else 0,
    "xor_negative": lambda x: x ^ -1,
    "and_bool": lambda x: (x & 1) == (x > 0),
    "power_three": lambda x: x**3,
    "power_modulo": lambda x: pow(x, 5, 97),
    "power_of": lambda x: 2 ** (x & 63),
    "table": lambda x: TABLE[x % 5],
    "table_negative": lambda x: TABLE[-(x & 1)],
    "table_beyond": lambda x: TABLE[x & 7],
    "table_constant": lambda x: (3, 1, 4)[-1] * x,
    "true_division_rounds_once": lambda x: x / (x - 1 if x != 1 else 3),
    "divide_by_itself": lambda x: x % x if x else 5,
    "minus_zero_is_no_int": lambda x: -(x * 0),
    "minus_zero_of_float": lambda x: (x * 0) * -1.0,
    "gcd": lambda x: math.gcd(x, 12),
    "bit_length": lambda x: x.bit_length(),
    "mixed_sum": lambda x: x + 0.1,
    "beyond_signed": lambda x: x >= 2**63,
    "constant_beyond_signed": lambda x: 2**63 <= x,  # noqa: SIM300
    "equal_to_the_largest": lambda x: x == 2**64 - 1,
    "clip_unsigned": lambda x: min(max(x, 2**63), 2**64 - 1),
    "half_of_unsigned": lambda x: x >> 1 if x > 2**63 - 1 else x,
    "between": lambda x: 2**62 < x < 2**63 + 5,
}


@pytest.mark.parametrize("name", ONE_ARGUMENT)
@pytest.mark.parametrize("typecode", ["d", "q", "b"])
def test_traced_one_argument_is_as_per_element(name: str, typecode: str) -> None:
    fn = ONE_ARGUMENT[name]
    for data in (CALM_DOUBLES, FINITE_DOUBLES, DOUBLES, SHORTS, LONGS, UNSIGNED, OCTETS):
        assert_as_per_element(fn, data, typecode=typecode)


@pytest.mark.parametrize("name", INTEGER_ARGUMENT)
@pytest.mark.parametrize("typecode", ["d", "q", "Q", "h"])
def test_traced_integer_argument_is_as_per_element(name: str, typecode: str) -> None:
    for data in (SHORTS, LONGS, UNSIGNED, OCTETS, FINITE_DOUBLES):
        assert_as_per_element(INTEGER_ARGUMENT[name], data, typecode=typecode)


# By source text: each in a domain of its own, then where it fails here and there.
OF_FLOATS = {
    "x": (
        *("sin", "cos", "tan", "atan", "asinh", "sinh", "cosh", "tanh", "exp", "expm1", "exp2"),
        *("erf", "erfc", "gamma", "lgamma", "cbrt", "fabs", "degrees", "radians", "ulp"),
        *("x ** 2", "x ** 3", "x ** -1", "x ** 7", "2 ** x", "2.5 ** x", "x % 0.1", "x // 0.1"),
        *(
            "round(x, 1)",
            "round(x, 2)",
            "round(x, 3)",
            "round(x, 6)",
            "round(x, -1)",
            "round(x, 15)",
        ),
        *("x / 3", "x * x + x", "math.fmod(x, 0.7)", "math.atan2(x, 3)", "math.hypot(x, 3)"),
        *("math.remainder(x, 0.7)", "math.copysign(x, -1)", "divmod(x, 0.3)[1]", "int(x) * 0.1"),
    ),
    "abs(x)": (
        *("sqrt", "log", "log2", "log10", "log1p", "x ** 0.5", "x ** 0.1", "x ** -0.5", "x ** x"),
        *("math.log(x, 3)", "math.pow(x, 1.5)", "x ** 1.5", "x ** 2.0", "x ** 0.25"),
    ),
    "math.sin(x)": ("asin", "acos", "atanh", "x ** 0.5 if x > 0 else x"),
}


@pytest.mark.parametrize(
    ("domain", "text"), [(domain, text) for domain, texts in OF_FLOATS.items() for text in texts]
)
def test_traced_function_of_floats_is_equal_to_the_bit(domain: str, text: str) -> None:
    called = text if "x" in text.replace("exp", "") else f"math.{text}(x)"
    chooser = random.Random(text)  # noqa: S311
    calm = array("d", [chooser.uniform(-30, 30) for _ in range(10_000)])
    wild = array(
        "d", [chooser.uniform(-2, 2) ** 3 * 2.0 ** chooser.randint(-300, 300) for _ in calm]
    )
    shares = array("d", [chooser.random() for _ in calm])
    cents = array("d", [chooser.randint(-99_999, 99_999) / 1000 for _ in calm])
    for data in (calm, shares, cents, wild):
        names = {"math": math}
        guarded = array("d", map(eval(f"lambda x: {domain}", names), data))  # noqa: S307
        assert_as_per_element(eval(f"lambda x: {called}", names), guarded)  # noqa: S307
        assert_as_per_element(eval(f"lambda x: {called}", names), array("f", guarded))  # noqa: S307


TWO_ARGUMENTS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "subtract": operator.sub,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y if y else 0,
    "floor_divide": lambda x, y: x // y if y else 0,
    "modulo": lambda x, y: x % y if y else 0,
    "min": min,
    "max": max,
    "smaller": lambda x, y: x if x < y else y,  # noqa: FURB136
    "larger": lambda x, y: y if y > x else x,  # noqa: FURB136
    "last": lambda _, y: y,
    "decay": lambda x, y: 0.9 * x + 0.1 * y,
    "count": lambda x, y: x + (y > 3),
    "checksum": lambda x, y: (int(x) * 31 + int(y)) % 65521,
    "squares": lambda x, y: x + y * y,
    "hypot": math.hypot,
    "atan2": math.atan2,
    "less": operator.lt,
    "equal": lambda x, y: x == y,
    "order": lambda x, y: (x > y) - (x < y),
    "kinds": lambda x, y: x if y > 2 else y * 0.5,
    "identity": lambda x, y: x is y,
    "in_pair": lambda x, y: x in (y, x),
}


@pytest.mark.parametrize("name", TWO_ARGUMENTS)
def test_traced_two_arguments_are_as_per_element(name: str) -> None:
    everything = (FINITE_DOUBLES, CALM_DOUBLES, DOUBLES, SHORTS, LONGS, OCTETS)
    for first in everything:
        for second in (first[::-1], SHORTS[::-1], LONGS[::-1], DOUBLES[::-1]):
            assert_as_per_element(TWO_ARGUMENTS[name], first, second)


@pytest.mark.parametrize(
    "initial", [0, 2**63 - 1, -(2**63), 2**64, True, 0.0, -0.0, math.nan, 1e308]
)
@pytest.mark.parametrize(
    "name", ["add", "min", "max", "smaller", "decay", "count", "last", "kinds"]
)
def test_traced_reduce_initial_keeps_its_type(name: str, initial: float) -> None:
    fn = TWO_ARGUMENTS[name]
    for data in (FINITE_DOUBLES, CALM_DOUBLES, SHORTS, LONGS, OCTETS, SHORTS[:1], SHORTS[:0]):
        assert_same(ao.reduce(data, fn, initial), oracles.reduce(data, fn, initial), name)


def test_traced_reduce_compared_with_an_int_beyond_64_bits_is_exact() -> None:
    def divides(x: float, y: int) -> int:
        return y // (x < 1) if x * x == 2**106 else 2**53

    numbers = array("h", [1] * 66)
    with pytest.raises(ZeroDivisionError, match="by zero"):
        ao.reduce(numbers, divides, 0)


@pytest.mark.parametrize("most", range(1, 40))
def test_function_of_too_many_operations_is_called(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each path may be short enough, and the one program that they make together not."""
    monkeypatch.setattr("arrayops._trace.record.MAX_OPERATIONS", most)
    source = "lambda x: (x * 3 + 1 if x > 1 else x * 5 - 2) * (x + 7 if x < 50 else x - {})"
    function = eval(source.format(most))  # noqa: S307
    numbers = array("d", range(5000))
    assert ao.map(numbers, function) == array("d", map(function, numbers))


def test_traced_reduce_beyond_64_bits_is_exact() -> None:
    squares = TWO_ARGUMENTS["squares"]
    assert_same(ao.reduce(LONGS, squares), oracles.reduce(LONGS, squares))
    ones = array("q", [2**62]) * LENGTH
    assert ao.reduce(ones, lambda a, x: a + x) == LENGTH * 2**62
    assert ao.reduce(array("b", [3]) * 500, lambda a, x: a * x) == 3**500


# -- code that matters although its value does not ------------------------------------------------


def _dead_division(x: float) -> float:
    1 / x  # pyright: ignore[reportUnusedExpression]
    return 0


def _dead_variable(x: float) -> float:
    _ = 7 % x
    return x


def _dead_in_branch(x: float) -> float:
    if x > 5:
        math.sqrt(5.5 - x)
    return x


def _asserted(x: float) -> float:
    assert x < 9, x
    return x


def _raises_itself(x: float) -> float:
    if x == 4:
        message = f"{x} is four"
        raise LookupError(message)
    return x * 2


def _swallows(x: float) -> float:
    try:
        return 1 // x
    except ZeroDivisionError:
        return -1


def _swallows_all(x: float) -> Any:
    try:
        return str(x).count("5")
    except Exception:  # noqa: BLE001
        return -1


def _chains(x: float) -> float:
    try:
        return 1 / x
    except ZeroDivisionError as error:
        message = "chained"
        raise KeyError(message) from error


def _loops(x: float) -> float:
    total = x
    for step in range(5):
        total = total * 2 - step if total < 50 else total - 1
        if total > 90:
            break
    else:
        total += 0.5
    return total


def _unbound(x: float) -> float:
    if x != 3:
        y = 1
    return y  # pyright: ignore[reportPossiblyUnboundVariable]


def _returns_nothing(x: float) -> Any:
    if x != 3:
        return x
    return None


STATEMENTS: dict[str, Function] = {
    fn.__name__.lstrip("_"): fn
    for fn in (
        *(_dead_division, _dead_variable, _dead_in_branch, _asserted, _raises_itself, _swallows),
        *(_swallows_all, _chains, _loops, _unbound, _returns_nothing),
    )
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_traced_statements_are_as_per_element(name: str) -> None:
    for data in (SHORTS, CALM_DOUBLES, FINITE_DOUBLES, array("b", [1, 2]) * LENGTH, OCTETS):
        assert_as_per_element(STATEMENTS[name], data)


def test_traced_first_failure_wins_be_it_of_the_function_or_of_the_store() -> None:
    for stored, raised in ((1000, 2000), (2000, 1000), (1000, 1001), (1001, 1000)):
        data = array("h", [1]) * LENGTH
        data[stored], data[raised] = 200, 0
        assert_as_per_element(STATEMENTS["dead_division"], data, typecode="b")
        assert_as_per_element(STATEMENTS["dead_variable"], data, typecode="b")


def test_traced_failure_leaves_the_array_as_it_was() -> None:
    data = array("b", [1]) * 100_000
    data[-1] = 127
    before = data[:]
    for call in (CALLBACK_FUNCTIONS["map_inplace"], CALLBACK_FUNCTIONS["map_onto_itself"]):
        with pytest.raises(OverflowError, match="signed char is greater than maximum"):
            call(data, lambda x: x + 1)
        with pytest.raises(ZeroDivisionError):
            call(data, lambda x: 1 // (x - 127))
        assert data == before


def test_traced_failure_has_the_frame_of_the_function() -> None:
    data = array("d", [1.0]) * LENGTH
    data[-1] = 0.0
    with pytest.raises(ZeroDivisionError) as caught:
        ao.map(data, _dead_division)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.name, Path(last.filename).name) == ("_dead_division", Path(__file__).name)
    assert caught.value.__traceback__ is not None
    step = caught.value.__traceback__
    while step.tb_next is not None:
        step = step.tb_next
    assert step.tb_frame.f_locals == {"x": 0.0}


def test_filter_of_several_parts_keeps_every_element_it_should() -> None:
    data = bytes(range(256)) * 66_000  # more than is marked at a time
    kept = array("B", range(201, 256)) * 66_000
    predicate: Callable[[int], bool] = lambda x: x > 200  # noqa: E731
    assert ao.filter(data, predicate) == kept
    assert ao.filter(memoryview(b"." + data)[1:], predicate) == kept
    assert ao.filter(data, None) == array("B", range(1, 256)) * 66_000


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("code", "qhd")
def test_filter_on_several_threads_calls_for_what_is_left_out(code: str, count: int) -> None:
    # At the ends of pieces, whose 128 KiB are 16,384 elements of eight bytes, and in a later one.
    huge = {0, 16_383, 300_000, 700_000, 999_999}
    data: Any = array(code, (i % 1000 - 500 for i in range(1_000_000)))
    for i in huge:
        data[i] = {"q": 2**62, "h": 32_000, "d": 1e308}[code]
    predicates: dict[str, Callable[[Any], bool]] = {
        "q": lambda x: x * x > 62_500,
        "h": lambda x: x**5 > 2**40,
        "d": lambda x: x // 1e-5 > 2e7,
    }
    predicate = predicates[code]
    ao.set_num_threads(count)
    kept: list[Any] = [x for x in data if predicate(x)]
    assert ao.filter(data, predicate) == array(code, kept)
    refuses: Callable[[Any], bool] = lambda x: 1000 // (x - 499) < -1  # noqa: E731
    with pytest.raises(ZeroDivisionError):
        ao.filter(data, refuses)


# -- integers that are larger than those before ----------------------------------------------------

GROWING: dict[str, Function] = {
    "affine": lambda x: x * 3 + 1,
    "sum": lambda x: x + 5,
    "product": lambda x: x * 7,
    "magnitude": lambda x: x if x > 0 else -x,
    "negated_below": lambda x: -x if x < 100 else x,
    "of_another_lane": lambda x: (x * 9 - 4) >> 2,
}


GROWING_WITH: dict[str, Callable[[Any, Any], Any]] = {
    "first_at_once": lambda x, y: (x * 3 + 1) + y * 3,
    "second_at_once": lambda x, y: (y * 3 + 1) + x * 3,
    "product": lambda x, y: x * 7 - (y * 5 + 2),
    "magnitudes": lambda x, y: abs(x) + abs(y),
    "sum": lambda x, y: x + y,
}


@pytest.mark.parametrize("name", GROWING_WITH)
@pytest.mark.parametrize("typecode", ["h", "i", "q"])
@pytest.mark.parametrize("grows", [0, 1])
def test_traced_integer_larger_than_all_before_it_in_one_of_two_is_exact(
    name: str, typecode: str, grows: int
) -> None:
    function = GROWING_WITH[name]
    numbers = [array(typecode, [n % 200 - 100 for n in range(9000)]) for _ in range(2)]
    limit = 1 << (8 * numbers[0].itemsize - 1)
    for place in (0, 1024, 5000, 8999):
        for large in (limit // 10, limit // 3, -limit // 10, limit - 1):
            numbers[grows][place] = large
            found = ao.map(numbers[0], function, numbers[1], typecode="d")
            assert found == array("d", map(function, *numbers))
            numbers[grows][place] = 5


@pytest.mark.parametrize("name", GROWING)
@pytest.mark.parametrize("typecode", ["h", "i", "q"])
@pytest.mark.parametrize("place", [0, 1023, 1024, 8191, 8192, 16383, 16384, 30001])
def test_traced_integer_larger_than_all_before_it_is_exact(
    name: str, typecode: str, place: int
) -> None:
    function = GROWING[name]
    numbers = array(typecode, [n % 200 - 100 for n in range(30002)])
    limit = 1 << (8 * numbers.itemsize - 1)
    for large in (limit // 10, -limit // 10):
        numbers[place] = large
        assert ao.map(numbers, function) == array(typecode, map(function, numbers))
    for limit_itself in (limit - 1, -limit):
        numbers[place] = limit_itself
        assert ao.map(numbers, function, typecode="d") == array("d", map(function, numbers))
