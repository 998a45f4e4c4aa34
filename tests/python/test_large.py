"""Arrays of many megabytes, shared by several threads: one tile repeated keeps oracles cheap."""

import math
from array import array
from collections.abc import Iterator

import arrayops as ao
import oracles
import pytest
from comparison import array_bits, assert_same, outcome
from operations import BY_NAME, Call, expected_of
from programs import LARGE_BYTES, large
from typecodes import FLOAT_CODES, INTEGER_CODES, LETTERS, TYPECODES, Array, filled

TILE_LENGTH = 4099  # no multiple of a lane count or a block
each_code = pytest.mark.parametrize("code", LETTERS)


@pytest.fixture(params=[1, 4], autouse=True)
def thread_count(request: pytest.FixtureRequest, threads: None) -> Iterator[int]:
    """Run each test with one thread and with several."""
    ao.set_num_threads(request.param)
    yield request.param
    assert threads is None


def tiled(tile: Array) -> tuple[Array, int]:
    """Repeat a tile to many megabytes; return how often."""
    times = LARGE_BYTES // (len(tile) * tile.itemsize) + 1
    return tile * times, times


@each_code
@pytest.mark.parametrize("pattern", ["small", "bits"])
def test_sum_and_mean_large_match_the_tiles(code: str, pattern: str) -> None:
    tile = filled(code, TILE_LENGTH, pattern)
    data, times = tiled(tile)
    expected = oracles.rounded_sum(tile, times) if code in FLOAT_CODES else sum(tile) * times
    assert_same(ao.sum(data), expected)
    assert_same(ao.mean(data), expected / len(data))


@each_code
@pytest.mark.parametrize("pattern", ["small", "bits", "specials"])
def test_extrema_large_match_the_tile(code: str, pattern: str) -> None:
    tile = filled(code, TILE_LENGTH, pattern)
    data, _ = tiled(tile)
    assert_same(ao.min(data), min(tile))
    assert_same(ao.max(data), max(tile))


@each_code
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("scale", Call((3,), {"overflow": "wrap"})),
        ("scale", Call((-1.75,), {"overflow": "saturate"})),
        ("scale", Call((-1.75,), {"overflow": "wrap"})),
        ("scale", Call((1,))),
        ("scale", Call((0.5,))),
        ("clip", Call((1, 100))),
        ("clip", Call((0.5, None))),
    ],
    ids=["triple-wrap", "float-saturate", "float-wrap", "one", "half", "clip", "clip-below"],
)
def test_in_place_large_matches_the_tile(code: str, name: str, call: Call) -> None:
    operation = BY_NAME[name]
    tile = filled(code, TILE_LENGTH, "small" if code in FLOAT_CODES else "bits")
    expected, after = expected_of(operation, tile, call)
    assert expected.error is None
    data, times = tiled(tile)
    operation.function(data, *call.args, **call.kwargs)
    assert data.tobytes() == after.tobytes() * times


@pytest.mark.parametrize("code", INTEGER_CODES)
def test_scale_large_one_overflow_anywhere_changes_nothing(code: str) -> None:
    data, _ = tiled(filled(code, TILE_LENGTH, "small"))
    for place in (0, 1, len(data) // 3, len(data) // 2, len(data) - 1):
        kept = data[place]
        data[place] = int(TYPECODES[code].high)
        before = data.tobytes()
        for factor in (2, 1.5):
            error = outcome(ao.scale, data, factor).error
            assert type(error) is OverflowError
            assert data.tobytes() == before
        data[place] = kept
    ao.scale(data, 2)


@pytest.mark.parametrize("code", FLOAT_CODES)
@pytest.mark.parametrize("name", ["min", "max"])
def test_extrema_large_nan_everywhere_but_a_few_places(name: str, code: str) -> None:
    function, far = getattr(ao, name), 5.0 if name == "min" else -5.0
    nearest = -far
    data = array(code, [math.nan]) * (LARGE_BYTES // TYPECODES[code].size)
    assert math.isnan(function(data))
    data[-1] = nearest
    assert math.isnan(function(data))
    data[0] = far
    assert_same(function(data), nearest)
    data[-1] = math.nan
    assert_same(function(data), far)
    for place in (1, len(data) // 2, len(data) // 2 + 1, len(data) - 2):
        data[place] = nearest
        assert_same(function(data), nearest)
        data[place] = math.nan


@pytest.mark.parametrize("code", FLOAT_CODES)
@pytest.mark.parametrize("name", ["min", "max"])
def test_extrema_large_first_of_two_far_zeros_is_returned(name: str, code: str) -> None:
    function, far = getattr(ao, name), 1.0 if name == "min" else -1.0
    data = array(code, [far]) * (LARGE_BYTES // TYPECODES[code].size)
    last = len(data) - 1
    for first, second in ((0, last), (last // 2 - 1, last), (5, last // 2), (last - 1, last)):
        for zero in (0.0, -0.0):
            data[first], data[second] = zero, -zero
            assert_same(function(data), zero, (first, second))
        data[first] = data[second] = far


@each_code
def test_in_place_large_same_bits_as_in_pieces(code: str) -> None:
    data = large(code)
    whole, pieces = data[:], data[:]
    ao.scale(whole, -1.5, overflow="saturate")
    with memoryview(pieces) as view:
        for start in range(0, len(pieces), 50_021):
            ao.scale(view[start : start + 50_021], -1.5, overflow="saturate")
    assert array_bits(whole[:1000]) == array_bits(pieces[:1000])
    assert whole.tobytes() == pieces.tobytes()


@pytest.mark.parametrize("code", FLOAT_CODES)
def test_sum_large_tiny_between_huge_is_exact(code: str) -> None:
    huge, tiny = (1e300, 5e-324) if code == "d" else (1e38, 1e-45)
    data = array(code, [0.0]) * (LARGE_BYTES // TYPECODES[code].size)
    data[0], data[-1], data[len(data) // 2] = huge, -huge, tiny
    assert_same(ao.sum(data), data[len(data) // 2])
