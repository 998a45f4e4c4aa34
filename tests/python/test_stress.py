"""More than 2**31 elements, and hundreds of thousands of small calls."""

import gc
import mmap
import operator
import os
import sys
import tracemalloc
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import arrayops as ao
import pytest
from comparison import outcome
from typecodes import Array

pytestmark = pytest.mark.stress
GIBIBYTE = 2**30
BEYOND = 2**31 + 12_345  # the index of the one element that counts


def physical_memory() -> int:
    """Return the bytes of memory of this machine, 0 if unknown."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def huge() -> Iterator[mmap.mmap]:
    """Map somewhat more than 2**31 bytes of zeros."""
    if sys.maxsize < 2**32 or physical_memory() < 8 * GIBIBYTE:
        pytest.skip("needs 64 bits and 8 GiB of memory")
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANON
    with mmap.mmap(-1, BEYOND + 1_000_003, flags=flags) as mapped:
        if hasattr(mmap, "MADV_HUGEPAGE"):
            mapped.madvise(mmap.MADV_HUGEPAGE)  # a tenth of the time to fill it
        yield mapped


def test_reductions_more_than_2_31_elements_reach_the_last(huge: mmap.mmap) -> None:
    with memoryview(huge) as octets, octets.cast("b") as signed:
        assert (ao.sum(octets), ao.min(signed), ao.max(octets)) == (0, 0, 0)
        octets[BEYOND] = 200
        assert ao.sum(octets) == 200
        assert ao.max(octets) == 200
        assert (ao.sum(signed), ao.min(signed), ao.max(signed)) == (-56, -56, 0)
        assert ao.mean(octets) == 200 / len(octets)
        octets[BEYOND] = 0


def test_in_place_more_than_2_31_elements_reach_the_last(huge: mmap.mmap) -> None:
    with memoryview(huge) as octets:
        octets[5], octets[BEYOND], octets[-1] = 3, 100, 7
        assert type(outcome(ao.scale, octets, 3).error) is OverflowError
        assert (octets[5], octets[BEYOND], octets[-1]) == (3, 100, 7)
        ao.scale(octets, 2)
        assert (octets[5], octets[BEYOND], octets[-1]) == (6, 200, 14)
        ao.scale(octets, 2, overflow="saturate")
        assert (octets[5], octets[BEYOND], octets[-1]) == (12, 255, 28)
        ao.clip(octets, None, 20)
        assert (octets[5], octets[BEYOND], octets[-1]) == (12, 20, 20)
        assert ao.sum(octets) == 52


SMALL_CALLS: dict[str, Callable[[Array], object]] = {
    "sum": ao.sum,
    "mean": ao.mean,
    "min": ao.min,
    "scale": lambda arr: ao.scale(arr, -1),
    "clip": lambda arr: ao.clip(arr, -9, 9),
    "map": lambda arr: ao.map(arr, operator.neg),
    "map_inplace": lambda arr: ao.map_inplace(arr, operator.neg),
    "filter": lambda arr: ao.filter(arr, None),
    "reduce": lambda arr: ao.reduce(arr, operator.add),
    "not_a_buffer": lambda _: outcome(ao.sum, [1]),
    "overflow": lambda arr: outcome(ao.scale, arr, 2**40),
}


def resident_bytes() -> int:
    """Return the memory this process holds, 0 where the system does not say."""
    statistics = Path("/proc/self/statm")
    if not statistics.exists():
        return 0
    return int(statistics.read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE


def growth_by_calls(call: Callable[[Array], object], data: Array) -> int:
    """Return how much more memory Python's objects take after some thousand calls."""
    call(data)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5000):
        call(data)
    return tracemalloc.get_traced_memory()[0] - before


@pytest.mark.parametrize("name", SMALL_CALLS)
def test_small_calls_by_the_ten_thousand_keep_memory_stable(name: str) -> None:
    call, data = SMALL_CALLS[name], array("h", range(-4, 4))
    for _ in range(1000):
        call(data)
    tracemalloc.start()
    try:
        # Whatever else the interpreter does once is not in all of them.
        assert min(growth_by_calls(call, data) for _ in range(3)) < 20_000
    finally:
        tracemalloc.stop()
    resident = resident_bytes()
    for _ in range(60_000):
        call(data)
    assert resident_bytes() - resident < 4 * 2**20
