"""`ao.Stats`: what it gives never depends on how the data was cut, ordered, shared or sent."""

import concurrent.futures
import copy
import functools
import itertools
import math
import multiprocessing
import pickle
import random
import struct
import threading
from array import array
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import arrayops as ao
import oracles
import pytest
from comparison import assert_same
from functions import unchecked
from hypothesis import given
from hypothesis import strategies as st
from strategies import arrays
from typecodes import FLOAT_CODES, TYPECODES, Array


def parts_of(data: Array, cuts: Sequence[int]) -> list[Array]:
    """Cut an array at some places."""
    ends = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(ends)]


def merged_in_random_order(parts: list[ao.Stats], seed: int) -> ao.Stats:
    """Merge two at a time until one is left."""
    chooser = random.Random(seed)  # noqa: S311
    while len(parts) > 1:
        chooser.shuffle(parts)
        left, right = parts.pop(), parts.pop()
        if chooser.random() < 0.5:
            left.merge(right)
            parts.append(left)
        else:
            parts.append(left + right)
    return parts[0]


def figures(stats: ao.Stats) -> Iterator[Any]:
    """Give all that is known, bytes first."""
    yield stats.to_bytes()
    yield repr(stats)
    yield stats.count
    yield stats.sum
    if stats.count:
        yield from (stats.min, stats.max, stats.mean, stats.var(), stats.std())
    if stats.count > 1:
        yield from (stats.var(1), stats.std(ddof=1))


def assert_same_stats(actual: ao.Stats, expected: ao.Stats) -> None:
    for one, other in zip(figures(actual), figures(expected), strict=True):
        assert_same(one, other)
    assert actual == expected


def extremum(data: Sequence[Any], sign: int) -> Any:
    """Return the smallest (1) or largest (-1) number but NaN, -0.0 before 0.0, ints first."""
    numbers = [x for x in data if not math.isnan(x)]

    def place(x: Any) -> tuple[Fraction | float, float, bool]:
        exact = Fraction(x) if math.isfinite(x) else x
        return sign * exact, sign * math.copysign(1, x), isinstance(x, float)

    integers = [x for x in numbers if isinstance(x, int)]
    floats = [x for x in numbers if isinstance(x, float)]
    best = [min(group, key=place) for group in (integers, floats) if group]
    if len(best) == 2:
        return best[0] if best[0] == best[1] else min(best, key=place)
    return best[0] if best else math.nan


@pytest.mark.parametrize("code", TYPECODES)
@given(draw=st.data())
def test_stats_of_any_array_are_what_the_functions_give(code: str, draw: st.DataObject) -> None:
    data = draw.draw(arrays(code))
    stats = ao.Stats(data)
    assert stats.count == len(data)
    assert_same(stats.sum, oracles.sum(data))
    if data:
        assert_same(stats.mean, oracles.mean(data))
        assert_same(stats.var(), oracles.var(data))
        assert_same(stats.std(), oracles.std(data))
        assert_same(stats.min, extremum(data, 1))
        assert_same(stats.max, extremum(data, -1))


@pytest.mark.parametrize("code", TYPECODES)
@given(draw=st.data())
def test_stats_cut_anywhere_and_merged_in_any_order_are_the_same(
    code: str, draw: st.DataObject
) -> None:
    data = draw.draw(arrays(code))
    parts = parts_of(data, draw.draw(st.lists(st.integers(0, len(data)), max_size=6)))
    whole = ao.Stats(data)
    one_by_one = ao.Stats()
    for part in parts:
        one_by_one.update(part)
    assert_same_stats(one_by_one, whole)
    seed = draw.draw(st.integers(0, 1000))
    assert_same_stats(merged_in_random_order([ao.Stats(part) for part in parts], seed), whole)


@given(draw=st.data())
def test_stats_of_mixed_typecodes_are_exact(draw: st.DataObject) -> None:
    codes = draw.draw(st.lists(st.sampled_from(sorted(TYPECODES)), min_size=1, max_size=4))
    parts = [draw.draw(arrays(code)) for code in codes]
    stats = merged_in_random_order([ao.Stats(part) for part in parts], draw.draw(st.integers()))
    backwards = ao.Stats()
    for part in reversed(parts):
        backwards.update(part)
    assert_same_stats(stats, backwards)
    values = [x for part in parts for x in part]
    has_floats = any(code in FLOAT_CODES for code in codes)
    total = sum(values) if not has_floats else oracles.rounded_sum(values)
    assert_same(stats.sum, total)
    if values:
        assert_same(stats.min, extremum(values, 1))
        assert_same(stats.max, extremum(values, -1))
        variance = oracles.exact_variance(values)
        try:
            expected = math.nan if variance is None else float(variance)
        except OverflowError:
            expected = math.inf
        assert_same(stats.var(), expected)


@pytest.mark.parametrize("length", [4095, 4096, 40_000, 300_001])
def test_stats_of_long_data_do_not_depend_on_threads_or_cuts(length: int) -> None:
    chooser = random.Random(length)  # noqa: S311
    data = array("d", [chooser.lognormvariate(0, 3) for _ in range(length)])
    data[length // 2] = -0.0
    before = ao.get_num_threads()
    try:
        results: list[ao.Stats] = []
        for threads in (1, 2, 4):
            ao.set_num_threads(threads)
            results.append(ao.Stats(data))
    finally:
        ao.set_num_threads(before)
    cuts = [chooser.randrange(length) for _ in range(9)]
    results.append(merged_in_random_order([ao.Stats(p) for p in parts_of(data, cuts)], 1))
    for result in results:
        assert_same_stats(result, results[0])
    assert_same(results[0].sum, math.fsum(data))
    assert_same(results[0].std(1), ao.std(data, 1))


def test_update_from_several_threads_loses_nothing() -> None:
    parts = [array("d", [i / 7 + j for j in range(3000)]) for i in range(40)]
    shared = ao.Stats()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(shared.update, parts))
    whole = ao.Stats()
    for part in parts:
        whole.update(part)
    assert_same_stats(shared, whole)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # on purpose
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_stats_from_processes_are_the_same(method: str) -> None:
    chooser = random.Random()  # noqa: S311 - another one every time; its seed is in the message
    seed = chooser.randrange(2**32)
    chooser.seed(seed)
    with multiprocessing.get_context(method).Pool(2) as pool:
        for code in sorted(TYPECODES):
            data = array(code, chooser.randbytes(array(code).itemsize * chooser.randrange(20_000)))
            parts = parts_of(data, [chooser.randrange(len(data) + 1) for _ in range(5)])
            chooser.shuffle(parts)
            stats = list(pool.imap_unordered(ao.Stats, parts))
            chooser.shuffle(stats)
            merged = merged_in_random_order(stats, chooser.randrange(1000))
            assert merged == ao.Stats(data), f"typecode {code}, seed {seed}"


@given(draw=st.data(), code=st.sampled_from(sorted(TYPECODES)))
def test_stats_do_not_depend_on_the_order_of_elements(draw: st.DataObject, code: str) -> None:
    data = draw.draw(arrays(code))
    shuffled = array(code, draw.draw(st.permutations(list(data))))
    assert_same_stats(ao.Stats(shuffled), ao.Stats(data))


def test_stats_of_memory_that_is_written_meanwhile_are_those_of_some_elements() -> None:
    # Each element is one of two values, whichever is read; so is what is known of all of them.
    data = array("q", [10**6]) * 8192
    other = array("q", [10**6 + 1]) * 8192
    target, kept, done = memoryview(data), data[:], threading.Event()

    def write() -> None:
        while not done.is_set():
            target[:] = other
            target[:] = kept

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3000):
            stats = ao.Stats(data)
            assert ao.Stats.from_bytes(stats.to_bytes()) == stats
            assert 0 <= stats.var() <= 0.25
    finally:
        done.set()
        writer.join()


def test_sum_is_an_int_until_a_float_buffer_comes() -> None:
    stats = ao.Stats()
    assert_same(stats.sum, 0)
    stats.update(array("Q", [2**64 - 1, 2**64 - 1]))
    assert_same(stats.sum, 2**65 - 2)
    assert_same((stats + ao.Stats(array("d"))).sum, float(2**65 - 2))
    assert_same(ao.Stats(array("f")).sum, 0.0)


def test_equal_int_and_float_extrema_are_the_int_and_close_ones_are_told_apart() -> None:
    integers = array("q", [2**53 + 1])
    for data, least, most in [
        (array("d", [2.0**53]), 2.0**53, 2**53 + 1),
        (array("d", [2.0**53 + 2]), 2**53 + 1, 2.0**53 + 2),
        (array("d", [math.inf]), 2**53 + 1, math.inf),
        (array("d", [math.nan]), 2**53 + 1, 2**53 + 1),
    ]:
        stats = ao.Stats(data) + ao.Stats(integers)
        assert_same((stats.min, stats.max), (least, most))
    stats = ao.Stats(b"\x01") + ao.Stats(array("d", [1.0]))
    assert_same((stats.min, stats.max), (1, 1))


def test_doubling_many_times_stays_exact_until_it_cannot_be_counted() -> None:
    stats = ao.Stats(array("q", [1, 2, 4]))
    for _ in range(40):
        stats.merge(stats)
    assert stats.count == 3 * 2**40
    assert_same(stats.sum, 7 * 2**40)
    assert_same((stats.mean, stats.var()), (7 / 3, 14 / 9))
    for _ in range(22):
        stats += stats
    before = stats.to_bytes()
    with pytest.raises(OverflowError):
        stats.merge(stats)
    assert stats.to_bytes() == before


def test_variance_beyond_double_is_infinite_and_its_root_is_not() -> None:
    stats = ao.Stats(array("d", [1e300, -1e300]))
    assert_same((stats.var(), stats.std()), (math.inf, 1e300))
    assert math.isnan(ao.var(array("d", [math.inf, 1.0])))
    assert math.isnan(ao.std(array("d", [math.nan])))


@pytest.mark.parametrize("figure", ["min", "max", "mean", "var", "std"])
def test_empty_stats_have_no_figures(figure: str) -> None:
    def ask() -> object:
        value = getattr(ao.Stats(), figure)
        return value() if callable(value) else value

    with pytest.raises(ValueError, match=rf"Stats\.{figure}\b"):
        ask()


@pytest.mark.parametrize("name", ["var", "std"])
def test_bad_ddof_is_refused(name: str) -> None:
    method = getattr(ao.Stats(b"ab"), name)
    for call in (method, functools.partial(getattr(ao, name), b"ab")):
        large: Sequence[int] = (2, 3, 10**30, -1)
        for ddof in large:
            with pytest.raises(ValueError, match="ddof"):
                call(ddof)
        odd: Sequence[object] = (1.0, "1", None)
        for wrong in odd:
            with pytest.raises(TypeError, match="ddof"):
                call(wrong)


def test_repr_is_a_summary() -> None:
    assert repr(ao.Stats()) == "<Stats: empty>"
    assert repr(ao.Stats(array("h", [1, 2, 3]))) == (
        "<Stats: 3 elements, sum 6, min 1, max 3, mean 2.0, std 0.816496580927726>"
    )
    assert repr(ao.Stats(array("d", [0.5]))).startswith("<Stats: 1 element, sum 0.5, ")


def test_stats_compare_by_value_and_have_no_hash() -> None:
    assert ao.Stats(b"ab") == ao.Stats(b"ba")
    assert ao.Stats(b"ab") != ao.Stats(b"ac")
    assert ao.Stats() != ao.Stats(array("d"))
    assert ao.Stats() != 0
    with pytest.raises(TypeError):
        hash(ao.Stats())


def test_pickle_and_copy_give_independent_equals() -> None:
    stats = ao.Stats(array("d", [0.1, math.inf, -0.0])) + ao.Stats(b"xyz")
    copies = [copy.copy(stats), copy.deepcopy(stats)]
    copies += [
        pickle.loads(pickle.dumps(stats, protocol))  # noqa: S301
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ]
    before = stats.to_bytes()
    for other in copies:
        assert_same_stats(other, stats)
        other.update(b"1")
        assert other != stats
    assert stats.to_bytes() == before


SOME = (
    ao.Stats(),
    ao.Stats(b"abc"),
    ao.Stats(array("d", [0.1, -1e300, 5e-324])),
    ao.Stats(array("d", [math.nan, math.inf])) + ao.Stats(array("q", [-(2**63), 2**63 - 1])),
)


@pytest.mark.parametrize("stats", SOME, ids=repr)
def test_from_bytes_takes_only_what_to_bytes_gives(stats: ao.Stats) -> None:
    data = stats.to_bytes()
    for given_bytes in (data, bytearray(data), memoryview(data)):
        assert_same_stats(ao.Stats.from_bytes(given_bytes), stats)
    for end in range(len(data)):
        with pytest.raises(ValueError, match=r"Stats\.from_bytes"):
            ao.Stats.from_bytes(data[:end])
    with pytest.raises(ValueError, match=r"Stats\.from_bytes"):
        ao.Stats.from_bytes(data + b"\0")
    with pytest.raises(ValueError, match="version"):
        ao.Stats.from_bytes(b"\xff" + data[1:])
    for place in range(len(data)):
        for flip in (1, 2, 4, 8, 16, 32, 64, 128, 255):
            check_bytes(data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :])


@given(st.binary(max_size=80))
def test_from_bytes_of_anything_is_refused_or_canonical(data: bytes) -> None:
    check_bytes(data)
    check_bytes(b"\x01" + data)


def check_bytes(data: bytes) -> None:
    """Check that bytes are refused, or are those of the Stats they make, which then works."""
    try:
        stats = ao.Stats.from_bytes(data)
    except ValueError:
        return
    assert stats.to_bytes() == data
    list(figures(stats))
    stats.update(b"1")
    list(figures(stats))


@pytest.mark.parametrize(
    ("values", "place", "changed"),
    [
        (array("q", [1, 2, 2]), 42, b"\2"),  # the sum: less than thrice the smallest
        (array("d", [math.nan] * 3), 10, b"\0"),  # no mark: three elements, none of them there
        (array("d", [math.inf, 1.0]), 26, b"\0"),  # no mark, but an infinite end
        (array("d", [1.0, 0.0]), 18, struct.pack("<d", 0.5)),  # squares of larger elements
        (array("q", [3, 3, 3]), 42, b"\x08"),  # the sum, again
    ],
)
def test_from_bytes_of_impossible_figures_is_refused(
    values: Array, place: int, changed: bytes
) -> None:
    data = ao.Stats(values).to_bytes()
    other = data[:place] + changed + data[place + len(changed) :]
    assert other != data
    with pytest.raises(ValueError, match="contradict"):
        ao.Stats.from_bytes(other)


def test_exception_in_index_of_ddof_comes_through() -> None:
    class Odd:
        def __index__(self) -> int:
            raise LookupError

    with pytest.raises(LookupError):
        ao.var(b"abc", Odd())
    with pytest.raises(LookupError):
        ao.Stats(b"abc").var(Odd())


def test_from_bytes_of_a_released_buffer_says_so() -> None:
    view = memoryview(ao.Stats().to_bytes())
    view.release()
    with pytest.raises(ValueError, match="released"):
        ao.Stats.from_bytes(view)


def test_wrong_arguments_are_type_errors_and_change_nothing() -> None:
    stats = ao.Stats(b"abc")
    before = stats.to_bytes()
    for value in ([1, 2], "abc", None, 3, 3j):
        with pytest.raises(TypeError):
            unchecked.Stats(value)
        with pytest.raises(TypeError):
            unchecked.Stats.update(stats, value)
        with pytest.raises(TypeError):
            unchecked.Stats.merge(stats, value)
    with pytest.raises(TypeError):
        unchecked.Stats.from_bytes("abc")
    with pytest.raises(TypeError):
        print(unchecked.Stats(b"") + 3)
    with pytest.raises(BufferError):
        stats.update(memoryview(array("h", range(10)))[::2])
    assert stats.to_bytes() == before
