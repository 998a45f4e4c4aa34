"""Sums and means that wrap, round or overflow elsewhere are exact here."""

import math
import random
import sys
from array import array
from collections.abc import Sequence
from typing import Any

import arrayops as ao
import oracles
import pytest
from comparison import assert_same, bits
from hypothesis import given
from hypothesis import strategies as st
from strategies import elements
from typecodes import FLOAT_CODES, INTEGER_CODES, LETTERS, TYPECODES, Array

MAX = sys.float_info.max
TINY = math.ulp(0.0)
HALF_ULP_OF_MAX = math.ulp(MAX) / 2


def assert_sums_to(values: Sequence[float], expected: float) -> None:
    """Check the sum and the mean of doubles against a total known beforehand."""
    data = array("d", values)
    assert_same(ao.sum(data), expected, values[:10])
    assert_same(ao.mean(data), expected / len(values), values[:10])


def test_sum_many_bytes_at_the_limit_never_wraps() -> None:
    for repeats in (1, 10, 1_000_003):
        data = array("b", [127] * 10) * repeats
        assert_same(ao.sum(data), 1270 * repeats)
        assert_same(ao.sum(array("b", [-128]) * repeats), -128 * repeats)


@pytest.mark.parametrize("code", INTEGER_CODES)
@pytest.mark.parametrize("length", [3, 255, 256, 257, 65_535, 65_537, 1_100_001])
def test_sum_integers_all_at_a_limit_is_exact(code: str, length: int) -> None:
    for limit in (TYPECODES[code].low, TYPECODES[code].high):
        data = array(code, [limit]) * length
        assert_same(ao.sum(data), int(limit) * length)
        assert_same(ao.mean(data), int(limit) * length / length)


@pytest.mark.parametrize("code", ["q", "Q"])
def test_sum_large_integers_passes_64_bits(code: str) -> None:
    data = array(code, [2**62 + 1]) * 1000
    assert_same(ao.sum(data), (2**62 + 1) * 1000)
    smaller = array(code, range(2**40, 2**40 + 9000))
    assert_same(ao.sum(smaller), sum(smaller))
    assert_same(ao.mean(smaller), sum(smaller) / 9000)


def test_sum_integers_that_cancel_past_64_bits_is_exact() -> None:
    data = array("q", [2**63 - 1] * 5000 + [-(2**63)] * 5000 + [7])
    assert_same(ao.sum(data), 7 - 5000)


def test_mean_integers_beyond_double_precision_rounds_once() -> None:
    values = [2**63 - 1, 2**63 - 2, 2**62 + 1]
    assert_same(ao.mean(array("q", values)), sum(values) / 3)
    wide = array("Q", [2**64 - 1, 2**64 - 1, 2**64 - 2] * 3)
    assert_same(ao.mean(wide), sum(wide) / 9)


def test_sum_small_terms_between_large_ones_are_kept() -> None:
    assert_sums_to([1e16, 1.0, -1e16], 1.0)
    assert_sums_to([1e100, 1.0, -1e100], 1.0)
    assert_sums_to([1.0, 1e100, 1.0, -1e100] * 10_000, 20_000.0)
    assert_sums_to([0.1] * 10, 1.0)
    assert_sums_to([MAX, TINY, -MAX], TINY)


def test_sum_halfway_cases_round_to_even() -> None:
    assert_sums_to([2.0**53, 1.0], 2.0**53)
    assert_sums_to([2.0**53 + 2, 1.0], 2.0**53 + 4)
    assert_sums_to([-(2.0**53), -1.0], -(2.0**53))
    assert_sums_to([1.0, 2.0**-53], 1.0)
    assert_sums_to([1.0, 2.0**-53, 2.0**-52], 1.0 + 2.0**-51)


def test_sum_just_off_halfway_rounds_to_the_nearer() -> None:
    assert_sums_to([2.0**53, 1.0, TINY], 2.0**53 + 2)
    assert_sums_to([2.0**53, 1.0, -TINY], 2.0**53)
    assert_sums_to([2.0**53 + 2, 1.0, -TINY], 2.0**53 + 2)
    assert_sums_to([1.0, 2.0**-53, TINY], 1.0 + 2.0**-52)
    assert_sums_to([1e16, 1.0, 1e-16], 1e16 + 2)


def test_sum_overflow_on_the_way_is_no_overflow() -> None:
    assert_sums_to([MAX, MAX, -MAX], MAX)
    assert_sums_to([MAX] * 1000 + [-MAX] * 999, MAX)
    assert_sums_to([MAX, MAX, -MAX, -MAX, 1.0], 1.0)
    assert_sums_to([-MAX, -MAX, MAX, 3.0, MAX], 3.0)


def test_sum_total_beyond_the_range_is_infinite() -> None:
    assert_sums_to([MAX, MAX], math.inf)
    assert_sums_to([-MAX, -MAX], -math.inf)
    assert_sums_to([MAX] * 4096, math.inf)
    assert_sums_to([MAX, HALF_ULP_OF_MAX], math.inf)
    assert_sums_to([-MAX, -HALF_ULP_OF_MAX], -math.inf)


def test_sum_total_at_the_edge_of_the_range_stays_finite() -> None:
    assert_sums_to([MAX, HALF_ULP_OF_MAX, -TINY], MAX)
    assert_sums_to([MAX, HALF_ULP_OF_MAX / 2], MAX)
    assert_sums_to([MAX / 2, MAX / 2], MAX)


def test_sum_infinities_and_nan_follow_ieee() -> None:
    assert_sums_to([1.0, math.inf, 2.0], math.inf)
    assert_sums_to([-math.inf, MAX, MAX], -math.inf)
    assert_sums_to([MAX, MAX, -math.inf], -math.inf)
    assert_sums_to([math.inf, math.inf], math.inf)
    assert_sums_to([math.inf, -math.inf], math.nan)
    assert_sums_to([MAX, MAX, math.inf, -math.inf], math.nan)
    assert_sums_to([1.0, math.nan, math.inf], math.nan)
    assert_sums_to([math.nan, MAX, MAX], math.nan)


def test_sum_subnormals_are_exact() -> None:
    assert_sums_to([TINY] * 7, 7 * TINY)
    assert_sums_to([sys.float_info.min, -TINY], sys.float_info.min - TINY)
    assert_sums_to([TINY] * 2**20, math.ldexp(1.0, 20 - 1074))
    assert_sums_to([1.0, TINY, -1.0], TINY)


def test_sum_zeros_have_the_sign_of_fsum() -> None:
    for values in ([], [0.0], [-0.0], [-0.0, -0.0], [0.0, -0.0], [1.0, -1.0], [-TINY, TINY]):
        assert_same(ao.sum(array("d", values)), math.fsum(values), values)
        assert_same(ao.sum(array("f", values)), math.fsum(array("f", values)), values)


def test_sum_floats_of_single_precision_widen_first() -> None:
    data = array("f", [16_777_216.0, 1.0, 1.0, -16_777_216.0])
    assert_same(ao.sum(data), 2.0)
    tenths = array("f", [0.1]) * 1000
    assert_same(ao.sum(tenths), math.fsum(tenths))
    high = array("f", [TYPECODES["f"].high]) * 100
    assert_same(ao.sum(high), TYPECODES["f"].high * 100)


@pytest.mark.parametrize("code", FLOAT_CODES)
@given(data=st.data())
def test_sum_any_order_and_any_zeros_gives_the_same_bits(code: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(elements(code), min_size=1, max_size=60))
    shuffled = data.draw(st.permutations(values))
    padded = [x for value in shuffled for x in (0.0, value, 0.0)]
    expected = bits(ao.sum(array(code, [0.0, *values])))
    assert bits(ao.sum(array(code, [0.0, *shuffled]))) == expected
    assert bits(ao.sum(array(code, padded))) == expected


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=60))
def test_sum_with_its_negatives_cancels_to_zero(values: list[float]) -> None:
    data = array("d", [0.0, *values, *(-x for x in reversed(values))])
    assert_same(ao.sum(data), 0.0)


@given(
    st.lists(st.floats(-1e6, 1e6, allow_nan=False), max_size=40),
    st.lists(st.floats(1e200, MAX, allow_nan=False), max_size=10),
)
def test_sum_wide_spread_matches_exact_integers(small: list[float], large: list[float]) -> None:
    values = [*large, *small, *(-x for x in large[1:])]
    assert_same(ao.sum(array("d", values)), oracles.rounded_sum(values))


@pytest.mark.parametrize("code", INTEGER_CODES)
@given(data=st.data())
def test_sum_integers_split_anywhere_adds_up(code: str, data: st.DataObject) -> None:
    values: Any = array(code, data.draw(st.lists(elements(code), max_size=50)) * 9)
    cut = data.draw(st.integers(0, len(values)))
    assert_same(ao.sum(values), ao.sum(values[:cut]) + ao.sum(values[cut:]))


@pytest.mark.parametrize("code", LETTERS)
def test_sum_empty_is_zero_of_the_element_type(code: str) -> None:
    empty: Array = array(code)
    assert_same(ao.sum(empty), 0.0 if code in FLOAT_CODES else 0)


def test_sum_many_random_doubles_of_all_sizes_matches_fsum() -> None:
    generator = random.Random(1)  # noqa: S311
    for spread in (1, 60, 900):
        values = array(
            "d",
            (
                math.ldexp(generator.uniform(-1, 1), generator.randint(-spread, spread))
                for _ in range(50_000)
            ),
        )
        assert_same(ao.sum(values), math.fsum(values), spread)
        assert_same(ao.sum(values[::-1]), math.fsum(values), spread)
