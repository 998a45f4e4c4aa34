"""A signal interrupts any call, and what it changes in place is whole: old or new."""

import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from typing import Any

import arrayops as ao
import programs
import pytest

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no signals to send to one process"
)
# The promise is 0.2 s on a machine of one's own; here others may have the processors.
LATENCY_LIMIT = 2.0


def interrupt(program: Callable[[str], None], name: str) -> float:
    """Send a real SIGINT into a call; return the seconds until it was answered."""
    with subprocess.Popen(
        [sys.executable, programs.__file__, program.__name__, name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        started = process.stdout.readline()
        time.sleep(0.25)
        sent = time.time()
        process.send_signal(signal.SIGINT)
        try:
            output, errors = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"{name} went on for 20 s after Ctrl-C")
    assert process.returncode == 0, started + output + errors
    assert started == "ready\n", errors
    return float(output) - sent


@pytest.mark.parametrize(
    "name",
    [
        *("sum_d", "sum_f", "sum_B", "mean_h", "min_d", "max_h"),
        *("reduce", "filter", "filter_none", "map", "map_several", "sum_sub_thread"),
    ],
)
def test_call_on_endless_memory_answers_interrupt(name: str) -> None:
    assert interrupt(programs.interrupted_reading, name) < LATENCY_LIMIT


@pytest.mark.parametrize(
    "name", ["scale", "scale_float", "scale_wrap", "map_inplace", "map_onto_itself"]
)
def test_in_place_call_interrupted_leaves_all_old_or_all_new(name: str) -> None:
    assert interrupt(programs.interrupted_in_place, name) < LATENCY_LIMIT


class AlarmError(Exception):
    """Raised by the tests' own signal handler."""


@pytest.fixture
def set_alarm() -> Any:
    """Return a function that sends SIGALRM to a handler once some time has passed."""
    before = signal.getsignal(signal.SIGALRM)

    def start(handler: Callable[[int, Any], None], seconds: float) -> None:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    yield start
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_sum_handler_that_raises_passes_its_own_exception(set_alarm: Any) -> None:
    error = AlarmError("enough")

    def handler(_number: int, _frame: Any) -> None:
        raise error

    with programs.endless() as zeros:
        set_alarm(handler, 0.1)
        with pytest.raises(AlarmError) as caught:
            ao.sum(zeros)
    assert caught.value is error


def test_sum_handler_that_returns_leaves_the_result_right(set_alarm: Any) -> None:
    handled: list[int] = []

    def handler(number: int, _frame: Any) -> None:
        handled.append(number)

    data = array("d", [0.1]) * 2**23
    expected = ao.sum(data)
    for count in range(1, 6):
        set_alarm(handler, 0.002)
        while len(handled) < count:
            assert ao.sum(data) == expected
            assert ao.reduce(data[:100_000], max) == 0.1
    assert len(handled) == 5


def test_map_handler_that_changes_the_array_is_harmless(set_alarm: Any) -> None:
    data = array("i", [1]) * 3_000_000
    failures: list[BaseException] = []

    def handler(_number: int, _frame: Any) -> None:
        data[-1] = 2
        try:
            data.append(1)
        except BufferError as error:
            failures.append(error)

    set_alarm(handler, 0.01)
    result = ao.map(data, lambda x: int(str(x)))  # which is called, and so leaves time for it
    assert len(failures) == 1
    assert len(result) == 3_000_000
    assert result[-1] in {1, 2}
