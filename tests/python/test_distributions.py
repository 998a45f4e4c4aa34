"""Float sums, means and variances over many kinds of data and all lengths about a block's."""

import random

import arrayops as ao
import oracles
import pytest
from comparison import assert_same
from distributions import DOUBLES, doubles, singles
from typecodes import Array

LANES = 8
BLOCK = 512
SHORT = (*range(1, 4 * LANES + 2), 63, 64, 65, 127, 128, 129, 300)
LONG = (BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + LANES + 1, 4099)


def check(data: Array, context: str) -> None:
    """Compare with the oracles."""
    context = f"{context}: {len(data)} of {data.typecode!r} from {data[:5].tolist()}"
    assert_same(ao.sum(data), oracles.sum(data), context)
    if data:
        assert_same(ao.mean(data), oracles.mean(data), context)
        assert_same(ao.var(data), oracles.var(data), context)
        assert_same(ao.std(data), oracles.std(data), context)
        stats = ao.Stats(data)
        assert_same((stats.sum, stats.var()), (ao.sum(data), ao.var(data)), context)


@pytest.mark.parametrize("name", DOUBLES)
def test_float_sums_of_any_distribution_and_length_are_exact(name: str) -> None:
    chooser = random.Random(name)  # noqa: S311
    for length in SHORT + LONG:
        data = doubles(name, chooser, length)
        check(data, name)
        check(singles(data), name)


@pytest.mark.parametrize("special", [float("nan"), float("inf"), -0.0, 1e300, 5e-324])
def test_float_sums_with_one_odd_value_anywhere_are_exact(special: float) -> None:
    data = doubles("normal", random.Random(1), 2 * BLOCK + 3)  # noqa: S311
    for place in (0, 1, 7, 8, BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, len(data) - 1):
        changed = data[:]
        changed[place] = special
        check(changed, f"{special} at {place}")


def test_float_sum_of_data_whose_scale_changes_between_blocks_is_exact() -> None:
    chooser = random.Random(2)  # noqa: S311
    data = doubles("uniform", chooser, 0)
    for exponent in (0, 300, -300, 0, 5, -5, 60, 61, 62, 1000, -1000):
        data.extend(x * 2.0**exponent for x in doubles("normal", chooser, BLOCK))
    check(data, "changing scale")
