"""Threads: same results with any number of them, the GIL released, panics contained."""

import functools
import importlib
import platform
import sys
import threading
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import arrayops as ao
import programs
import pytest
from comparison import assert_same
from functions import unchecked

internals: Any = importlib.import_module("arrayops._arrayops")
unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows commits all memory it maps")
panic: Callable[[str], None] = internals._panic  # noqa: SLF001 - a hook for this test
LEVELS: list[str] = internals.cpu_levels()


def test_cpu_levels_are_known_and_start_at_the_baseline() -> None:
    assert LEVELS[0] == "baseline"
    assert set(LEVELS) <= {"baseline", "v3", "v4"}
    assert internals.cpu_level() in LEVELS


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="reads Linux's CPU flags"
)
def test_cpu_levels_are_all_that_the_machine_has() -> None:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    flags = set(next(line for line in lines if line.startswith("flags")).split())
    v3 = {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"} <= flags
    v4 = v3 and {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} <= flags
    assert ["baseline", *["v3"] * v3, *["v4"] * v4] == LEVELS


@pytest.fixture(scope="module")
def digests() -> dict[str, str]:
    """Digest thousands of results, with 1, 2 and 4 threads, at every CPU level."""
    return {
        level: programs.run(programs.print_digest, ARRAYOPS_CPU_LEVEL=level) for level in LEVELS
    }


@pytest.mark.parametrize("level", LEVELS)
def test_any_function_every_level_and_thread_count_gives_the_same_bits(
    digests: dict[str, str], level: str
) -> None:
    assert digests[level] == digests["baseline"]


def test_set_num_threads_from_the_environment_is_taken() -> None:
    output = programs.run(programs.print_runtime, ARRAYOPS_NUM_THREADS="3")
    assert output.split()[0] == "3"


@pytest.mark.parametrize("level", LEVELS)
def test_cpu_level_from_the_environment_is_taken(level: str) -> None:
    output = programs.run(programs.print_runtime, ARRAYOPS_CPU_LEVEL=level)
    assert output.split()[1] == level


def test_get_num_threads_by_default_is_in_range() -> None:
    assert 1 <= ao.get_num_threads() <= 1024


def ticks_within(call: Callable[[], object]) -> tuple[float, int]:
    """Return how long a call takes, and how often another thread ran in its middle half."""
    ticks: list[float] = []
    stop = threading.Event()

    def tick() -> None:
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    try:
        start = time.perf_counter()
        call()
        end = time.perf_counter()
    finally:
        stop.set()
        ticker.join()
    quarter = (end - start) / 4
    return end - start, sum(start + quarter < moment < end - quarter for moment in ticks)


@unix
@pytest.mark.parametrize("name", ["sum", "mean", "min", "max"])
def test_reduction_large_lets_other_threads_run(name: str) -> None:
    function = getattr(ao, name)
    with programs.endless() as zeros, memoryview(zeros) as view, view.cast("d") as doubles:
        length = 2**25
        for _ in range(12):
            with doubles[:length] as part:
                seconds, ticks = ticks_within(functools.partial(function, part))
            if ticks >= 3:
                return
            if seconds < 0.2:
                length *= 2
    pytest.fail(f"another thread hardly ran within {name} of {length} elements")


@pytest.mark.parametrize("mode", ["raise", "wrap"])
def test_scale_large_lets_other_threads_run(mode: str) -> None:
    data = array("d", [1.0]) * 2**24

    def scale_often() -> None:
        for _ in range(8):
            unchecked.scale(data, -1, overflow=mode)

    assert any(ticks_within(scale_often)[1] >= 3 for _ in range(10))


def test_any_function_threads_on_the_same_buffer_agree() -> None:
    data = array("d", [0.1, 1e16, -1e16, -0.1, 2.0]) * 100_000
    expected = (ao.sum(data), ao.min(data), ao.max(data), ao.mean(data))
    failures: list[Any] = []

    def work() -> None:
        for _ in range(15):
            found = (ao.sum(data), ao.min(data), ao.max(data), ao.mean(data))
            if found != expected:
                failures.append(found)

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures
    assert_same(expected[0], 200_000.0)


def test_in_place_threads_on_the_same_buffer_stay_safe() -> None:
    data = array("h", [1]) * 600_000
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(10):
                ao.scale(data, -1, overflow="saturate")
                ao.clip(data, -1, 1)
                if number % 2:
                    ao.set_num_threads(1 + number)
                ao.sum(data)
        except BaseException as error:  # noqa: BLE001 - reported by the main thread
            failures.append(error)

    before = ao.get_num_threads()
    workers = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    ao.set_num_threads(before)
    assert not failures
    assert set(data) <= {-1, 1}


def test_map_threads_with_callbacks_on_the_same_buffer_agree() -> None:
    data = array("i", range(5000))
    expected = array("i", [x * 2 for x in data])
    failures: list[Any] = []

    def work() -> None:
        for _ in range(5):
            found = ao.map(data, (2).__mul__)
            if found != expected or len(ao.filter(data, lambda x: x % 2)) != 2500:
                failures.append(found)

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("where", ["caller", "worker"])
def test_panic_raises_system_error_and_the_library_goes_on(where: str) -> None:
    ao.set_num_threads(2)  # with one there are no workers
    data = array("d", [0.5]) * (programs.LARGE_BYTES // 8)
    for _ in range(2):
        with pytest.raises(SystemError) as error:
            panic(where)
        assert isinstance(error.value, Exception)
        assert str(error.value)
        assert ao.sum(data) == len(data) / 2
        assert ao.map(data[:3], abs).tolist() == [0.5] * 3


@pytest.mark.usefixtures("threads")
def test_panic_in_a_sub_thread_raises_there() -> None:
    ao.set_num_threads(2)
    caught: list[BaseException] = []

    def work() -> None:
        for where in ("caller", "worker"):
            try:
                panic(where)
            except SystemError as error:
                caught.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert len(caught) == 2


def test_import_without_the_gil_keeps_it_off() -> None:
    enabled = getattr(sys, "_is_gil_enabled", None)
    if enabled is None or not importlib.import_module("sysconfig").get_config_var(
        "Py_GIL_DISABLED"
    ):
        pytest.skip("this Python has a GIL")
    assert not enabled()


@pytest.mark.skipif(sys.platform != "linux", reason="uses glibc's on_exit")
def test_python_ends_beside_a_daemon_thread_at_work() -> None:
    programs.run(programs.ended_beside_a_daemon, status=1)
