"""Names, types and ranges of the arguments after the array."""

import inspect
import math
import operator
import pickle
from array import array
from decimal import Decimal
from fractions import Fraction
from typing import Any

import arrayops as ao
import pytest
from comparison import assert_mentions, assert_same, type_name
from functions import unchecked
from operations import Index
from typecodes import FLOAT_CODES, INTEGER_CODES, LETTERS, TYPECODES, Array

PARAMETERS = {
    "sum": ("arr",),
    "mean": ("arr",),
    "var": ("arr", "ddof"),
    "std": ("arr", "ddof"),
    "Stats": ("buffer",),
    "min": ("arr",),
    "max": ("arr",),
    "scale": ("arr", "factor", "*overflow"),
    "clip": ("arr", "min", "max"),
    "explain": ("fn", "arr"),
    "map": ("arr", "fn", "**arrays", "*typecode", "*out"),
    "map_inplace": ("arr", "fn"),
    "filter": ("arr", "predicate"),
    "reduce": ("arr", "fn", "initial"),
    "set_num_threads": ("n",),
    "get_num_threads": (),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_any_signature_has_the_names_of_the_contract(name: str) -> None:
    prefixes: dict[Any, str] = {
        inspect.Parameter.POSITIONAL_OR_KEYWORD: "",
        inspect.Parameter.KEYWORD_ONLY: "*",
        inspect.Parameter.VAR_POSITIONAL: "**",
    }
    parameters = inspect.signature(getattr(ao, name)).parameters.values()
    assert tuple(prefixes[p.kind] + p.name for p in parameters) == PARAMETERS[name]


def test_any_public_name_is_listed_and_no_other() -> None:
    assert set(ao.__all__) - {"__version__"} == set(PARAMETERS)
    assert isinstance(ao.__version__, str)


@pytest.mark.parametrize("name", PARAMETERS)
def test_any_function_pickles_by_its_public_name(name: str) -> None:
    function = getattr(ao, name)
    assert pickle.loads(pickle.dumps(function)) is function  # noqa: S301
    assert function.__name__ == name


def test_any_argument_by_keyword_is_accepted() -> None:
    data = array("h", [3, 1, 2])
    assert ao.sum(arr=data) == 6
    assert_same(ao.mean(arr=data), 2.0)
    assert (ao.min(arr=data), ao.max(arr=data)) == (1, 3)
    ao.scale(factor=2, arr=data, overflow="wrap")
    ao.clip(max=5, arr=data, min=3)
    assert data.tolist() == [5, 3, 4]
    assert_same(ao.map(fn=operator.neg, arr=data), array("h", [-5, -3, -4]))
    ao.map_inplace(fn=operator.neg, arr=data)
    assert_same(ao.filter(predicate=lambda x: x < -3, arr=data), array("h", [-5, -4]))
    assert ao.reduce(fn=operator.add, arr=data) == -12
    assert ao.reduce(initial=12, fn=operator.add, arr=data) == 0


@pytest.mark.parametrize("name", sorted(PARAMETERS.keys() - {"get_num_threads", "Stats"}))
def test_any_missing_or_unknown_argument_raises_type_error(name: str) -> None:
    function = getattr(ao, name)
    with pytest.raises(TypeError):
        function()
    with pytest.raises(TypeError, match="nonsense"):
        function(array("b"), nonsense=1)
    if name != "map":
        with pytest.raises(TypeError):
            function(array("b"), 1, 2, 3, 4)


def test_scale_overflow_by_position_raises_type_error() -> None:
    scale: Any = ao.scale
    with pytest.raises(TypeError):
        scale(array("b", [1]), 2, "wrap")


def test_in_place_functions_return_none() -> None:
    results = [
        unchecked.scale(array("b", [1]), 2),
        unchecked.clip(array("b", [1]), 0, 2),
        unchecked.map_inplace(array("b", [1]), abs),
    ]
    assert results == [None, None, None]


@pytest.mark.parametrize("code", LETTERS)
@pytest.mark.parametrize("factor", ["2", None, 1j, Decimal(2), Fraction(1, 2), [2], object()])
def test_scale_factor_not_a_number_raises_type_error(code: str, factor: Any) -> None:
    data = array(code, [1, 2])
    with pytest.raises(TypeError) as error:
        ao.scale(data, factor)
    assert_mentions(error.value, r"\bfactor\b", type_name(factor))
    assert data == array(code, [1, 2])


@pytest.mark.parametrize("code", LETTERS)
def test_scale_factor_subclasses_and_index_are_numbers(code: str) -> None:
    number = type("Number", (int,), {})(3)
    real = type("Real", (float,), {})(3.0)
    factors: tuple[Any, ...] = (number, real, Index(3))
    for factor in factors:
        data = array(code, [1, 2])
        ao.scale(data, factor)
        assert_same(data, array(code, [3, 6]), factor)
    data = array(code, [1, 2])
    ao.scale(data, True)  # noqa: FBT003
    assert_same(data, array(code, [1, 2]))


@pytest.mark.parametrize("code", FLOAT_CODES)
@pytest.mark.parametrize("mode", ["raise", "saturate", "wrap"])
def test_scale_factor_beyond_double_raises_as_multiplication_does(code: str, mode: Any) -> None:
    data = array(code, [1.0])
    with pytest.raises(OverflowError):
        ao.scale(data, 10**400, overflow=mode)
    assert data[0] == 1.0
    empty: Array = array(code)
    ao.scale(empty, 10**400, overflow=mode)


def test_scale_failing_index_passes_its_exception() -> None:
    class Failing:
        def __index__(self) -> int:
            return 1 // 0

    with pytest.raises(ZeroDivisionError, match="by zero"):
        unchecked.scale(array("b", [1]), Failing())


@pytest.mark.parametrize("code", LETTERS)
@pytest.mark.parametrize("factor", [math.nan, math.inf, 10**400, 1e300, -(2**80)])
@pytest.mark.parametrize("mode", ["raise", "saturate", "wrap"])
def test_scale_empty_raises_for_no_value_of_the_factor(code: str, factor: float, mode: Any) -> None:
    data: Array = array(code)
    ao.scale(data, factor, overflow=mode)
    assert len(data) == 0


@pytest.mark.parametrize("code", LETTERS)
@pytest.mark.parametrize("length", [0, 2])
def test_scale_bad_overflow_raises(code: str, length: int) -> None:
    data = array(code, [1] * length)
    for mode in ("", "Wrap", "wrap ", "clip"):
        with pytest.raises(ValueError, match=r"overflow.*raise.*saturate.*wrap"):
            unchecked.scale(data, 2, overflow=mode)
    for wrong in (None, 1, b"wrap", ["wrap"]):
        with pytest.raises(TypeError) as error:
            unchecked.scale(data, 2, overflow=wrong)
        assert_mentions(error.value, "overflow", type_name(wrong), "str")
    assert data == array(code, [1] * length)


@pytest.mark.parametrize("code", LETTERS)
def test_clip_bound_not_a_number_raises_type_error(code: str) -> None:
    data = array(code, [1, 2])
    for bound in ("2", 1j, Decimal(2), [2], object()):
        for name in ("min", "max"):
            with pytest.raises(TypeError) as error:
                unchecked.clip(data, **{"min": None, "max": None, name: bound})
            assert_mentions(error.value, rf"\b{name}\b", type_name(bound))
    assert data == array(code, [1, 2])


@pytest.mark.parametrize("code", LETTERS)
@pytest.mark.parametrize("length", [0, 2])
def test_clip_contradictory_or_nan_bounds_raise_value_error(code: str, length: int) -> None:
    data = array(code, [1] * length)
    for low, high in ((2, 1), (2.5, 2), (1, 0.5), (math.nan, 1), (1, math.nan), (math.nan, None)):
        with pytest.raises(ValueError, match=r"\b(min|max)\b"):
            ao.clip(data, low, high)
    assert data == array(code, [1] * length)


@pytest.mark.parametrize("code", INTEGER_CODES)
@pytest.mark.parametrize("length", [0, 2])
def test_clip_no_integer_between_bounds_raises_value_error(code: str, length: int) -> None:
    data = array(code, [1] * length)
    for low, high in ((0.25, 0.75), (1.5, 1.5), (1.0000000000000002, 1.9)):
        with pytest.raises(ValueError, match=r"\b(min|max)\b"):
            ao.clip(data, low, high)
    assert data == array(code, [1] * length)


@pytest.mark.parametrize("code", LETTERS)
@pytest.mark.parametrize("length", [0, 2])
def test_clip_bound_beyond_the_type_binds_or_raises_by_side(code: str, length: int) -> None:
    values = [1] * length
    for beyond in (10**400, 2**2000):
        data = array(code, values)
        ao.clip(data, -beyond, beyond)
        ao.clip(data, None, beyond)
        ao.clip(data, -beyond, None)
        for low, high in ((beyond, None), (None, -beyond)):
            with pytest.raises(OverflowError, match=r"\b(min|max)\b"):
                ao.clip(data, low, high)
        assert data == array(code, values)


@pytest.mark.parametrize("code", INTEGER_CODES)
def test_clip_integer_bounds_one_past_the_limits(code: str) -> None:
    low, high = int(TYPECODES[code].low), int(TYPECODES[code].high)
    data = array(code, [low, 1, high])
    ao.clip(data, low - 1, high + 1)
    ao.clip(data, low, high)
    ao.clip(data, -math.inf, math.inf)
    assert data.tolist() == [low, 1, high]
    for lower, upper in ((high + 1, None), (None, low - 1), (math.inf, None), (None, -math.inf)):
        with pytest.raises(OverflowError):
            ao.clip(data, lower, upper)
    assert data.tolist() == [low, 1, high]


def test_clip_infinite_bounds_are_values_of_a_float_type() -> None:
    for code in FLOAT_CODES:
        data = array(code, [1.0, math.nan, -math.inf])
        ao.clip(data, math.inf, math.inf)
        assert_same(data, array(code, [math.inf, math.nan, math.inf]))
        ao.clip(data, None, -math.inf)
        assert_same(data, array(code, [-math.inf, math.nan, -math.inf]))


def test_clip_finite_bounds_past_single_precision() -> None:
    data = array("f", [1.0, math.inf, -math.inf])
    ao.clip(data, -1e300, 1e300)
    assert data.tolist() == [1.0, math.inf, -math.inf]
    for low, high in ((1e300, None), (None, -1e300), (10**300, None)):
        with pytest.raises(OverflowError):
            ao.clip(data, low, high)


def test_clip_no_bounds_changes_nothing() -> None:
    data = array("d", [1.0, math.nan, -0.0])
    ao.clip(data, None, None)
    assert_same(data, array("d", [1.0, math.nan, -0.0]))


@pytest.mark.parametrize("length", [0, 2])
def test_map_bad_typecode_raises(length: int) -> None:
    data = array("h", [1] * length)
    for typecode in ("", "x", "u", "dd", "<i", "?", "\0"):
        with pytest.raises(ValueError, match="typecode"):
            unchecked.map(data, abs, typecode=typecode)
    for wrong in (1, b"d", ["d"], float):
        with pytest.raises(TypeError) as error:
            unchecked.map(data, abs, typecode=wrong)
        assert_mentions(error.value, "typecode", type_name(wrong), "str")


def test_map_typecode_and_out_must_agree() -> None:
    data, out = array("h", [1, -2]), array("d", [0, 0])
    assert ao.map(data, abs, typecode="d", out=out) is out
    assert out.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match=r"typecode.*out|out.*typecode"):
        ao.map(data, abs, typecode="f", out=out)
    assert out.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("wrong", [5, "abs", [abs]])
def test_callback_not_callable_raises_type_error(wrong: Any) -> None:
    data = array("h", [1, 2])
    for function in (ao.map, ao.map_inplace, ao.filter, ao.reduce):
        with pytest.raises(TypeError) as error:
            function(data, wrong)
        assert_mentions(error.value, type_name(wrong), "callable")
    assert data.tolist() == [1, 2]


@pytest.mark.usefixtures("threads")
def test_set_num_threads_in_range_is_what_get_returns() -> None:
    counts: tuple[Any, ...] = (1, 2, 3, 1024, True, Index(5))
    for count in counts:
        ao.set_num_threads(count)
        assert_same(ao.get_num_threads(), operator.index(count))


@pytest.mark.usefixtures("threads")
def test_set_num_threads_bad_count_raises_and_changes_nothing() -> None:
    ao.set_num_threads(2)
    for count in (0, -1, 1025, 2**31, 2**70, -(2**70)):
        with pytest.raises(ValueError, match=rf"1024.*{count}|{count}.*1024"):
            ao.set_num_threads(count)
    for wrong in (2.0, "2", None, [2]):
        with pytest.raises(TypeError, match=type_name(wrong)):
            unchecked.set_num_threads(wrong)
    assert ao.get_num_threads() == 2
