"""What tests run in a process of its own: `python programs.py NAME ARGUMENTS`.

Here because a signal, a fork, a memory limit or an environment must not touch the test run. Only
arrayops and the standard library are imported.
"""

import hashlib
import importlib
import mmap
import multiprocessing
import operator
import os
import random
import signal
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import arrayops as ao
from comparison import array_bits, bits, is_array, outcome
from operations import OPERATIONS, some_calls
from typecodes import LETTERS, PATTERNS, SHORT_LENGTHS, TYPECODES, Array, filled

MEGABYTE = 2**20
LARGE_BYTES = 12 * MEGABYTE  # enough for four threads, with what conftest sets


def run(
    program: Callable[..., None],
    *arguments: str,
    timeout: float = 120,
    status: int = 0,
    **env: str,
) -> str:
    """Run a program in a process of its own, insist on its status and return what it printed."""
    finished = subprocess.run(
        [sys.executable, __file__, program.__name__, *arguments],
        check=False,
        capture_output=True,
        env=os.environ | env,
        text=True,
        timeout=timeout,
    )
    text = f"{program.__name__}: {finished.stdout}\n{finished.stderr}"
    assert finished.returncode == status, text
    return finished.stdout


def endless(access: int = 0) -> mmap.mmap:
    """Map a tebibyte of zeros that takes no memory to read: no call gets to its end."""
    readable = getattr(mmap, "PROT_READ", 0) | access
    flags = getattr(mmap, "MAP_PRIVATE", 0) | getattr(mmap, "MAP_ANON", 0)
    return mmap.mmap(-1, 2**40, flags=flags, prot=readable)


def large(code: str, seed: int = 0) -> Array:
    """Return megabytes of elements of all sizes, the floats finite."""
    generator = random.Random(seed)  # noqa: S311
    count = LARGE_BYTES // TYPECODES[code].size
    if code not in "fd":
        return array(code, generator.randbytes(LARGE_BYTES))
    block = array("q", generator.randbytes(8 * 9973))
    values = array(code, (x * 2.0 ** ((x & 63) - 40) for x in block))
    return (values * (count // len(values) + 1))[:count]


def fingerprint(value: Any) -> bytes:
    """Return bytes that are the same exactly when the results are, NaN being one."""
    if is_array(value):
        return value.typecode.encode() + array_bits(value)
    return bits(value) if isinstance(value, float) else repr(value).encode()


def _digest_small(digest: Any) -> None:
    for operation in OPERATIONS:
        for place, code in enumerate(LETTERS):
            for turn, length in enumerate(SHORT_LENGTHS):
                data = filled(code, length, PATTERNS[(turn + place) % len(PATTERNS)])
                for call in some_calls(operation, code, turn + place, 6):
                    if operation.calls_back and length > 130:
                        continue
                    elements = data[:]
                    result = outcome(operation.function, elements, *call.args, **call.kwargs)
                    digest.update(fingerprint(elements))
                    digest.update(fingerprint(result.value))
                    digest.update(type(result.error).__name__.encode())


def _large_results() -> Iterator[bytes]:
    """Yield results over arrays that several threads share."""
    for code in LETTERS:
        data = large(code)
        for function in (ao.sum, ao.mean, ao.min, ao.max):
            yield fingerprint(function(data))
        for factor, mode in ((3, "raise"), (-2.75, "saturate"), (3, "wrap")):
            elements = data[:]
            result = outcome(ao.scale, elements, factor, overflow=mode)
            yield type(result.error).__name__.encode()
            yield elements.tobytes()
        ao.clip(data, 3, 100)
        yield data.tobytes()


def print_digest() -> None:
    """Print one digest of thousands of results, the large ones equal for 1, 2 and 4 threads."""
    digest = hashlib.sha256()
    _digest_small(digest)
    for thread_counts in zip(*map(_with_threads, (1, 2, 4)), strict=True):
        assert len(set(thread_counts)) == 1, "a result depends on the number of threads"
        digest.update(thread_counts[0])
    print(digest.hexdigest())


def _with_threads(count: int) -> Iterator[bytes]:
    """Yield the large results, each computed with a number of threads."""
    results = _large_results()
    while True:
        ao.set_num_threads(count)
        result = next(results, None)
        if result is None:
            return
        yield result


def print_runtime() -> None:
    """Print the number of threads and the CPU level in use."""
    print(ao.get_num_threads(), importlib.import_module("arrayops._arrayops").cpu_level())


def _check_parallel_work() -> None:
    """Use several threads, and check the results."""
    ao.set_num_threads(4)
    data = array("h", [1, 2, 3]) * (LARGE_BYTES // 6)
    assert ao.sum(data) == 2 * len(data)
    assert ao.sum(array("d", [0.1, -0.1]) * (LARGE_BYTES // 16)) == 0.0
    ao.scale(data, 5)
    assert (ao.min(data), ao.max(data)) == (5, 15)


def _check_in_child(timeout: float = 30) -> None:
    """Fork, check parallel work in the child, and wait no longer than `timeout`."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _check_parallel_work()
            status = 0
        finally:
            os._exit(status)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert status == 0, f"the child ended with status {status}"
            return
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    message = f"the child still waits after {timeout} s"
    raise TimeoutError(message)


def fork_before_parallel_work() -> None:
    """Fork while the library has no threads yet."""
    _check_in_child()
    _check_parallel_work()


def fork_after_parallel_work() -> None:
    """Fork, twice over, once the library has threads that the child will not have."""
    _check_parallel_work()
    for _ in range(3):
        _check_in_child()
        _check_parallel_work()


def fork_in_a_fork() -> None:
    """Fork a child that forks in its turn."""
    _check_parallel_work()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _check_parallel_work()
            _check_in_child()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def fork_beside_parallel_work() -> None:
    """Fork while other threads are inside parallel calls."""
    ao.set_num_threads(4)
    stop = threading.Event()
    data = array("d", [0.5]) * (LARGE_BYTES // 8)

    def work() -> None:
        while not stop.is_set():
            assert ao.sum(data) == len(data) / 2

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(10):
            time.sleep(0.02)
            _check_in_child()
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def fork_beside_reductions() -> None:
    """Fork while another thread finds out how to reduce by a function, as the child then does."""
    stop = threading.Event()
    data = array("d", [0.5]) * 20_000
    shared: list[Any] = []
    # A fork while modules are imported is Python's own trouble.
    ao.reduce(data, lambda total, x: total - x, 0.5)

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            scope: dict[str, Any] = {}
            terms = " + ".join(f"(x * {number}.5 + s * 0.{term + 1})" for term in range(40))
            exec(f"def fn(s, x): return {terms}", scope)  # noqa: S102 - each is a function anew
            shared[:] = [scope["fn"]]
            ao.reduce(data, scope["fn"], 0.5)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(40):
            time.sleep(0.005)
            fn = shared[0] if shared else max
            child = os.fork()
            if child == 0:
                signal.alarm(20)
                try:
                    ao.reduce(data, fn, 0.5)
                finally:
                    os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        worker.join()


def total_of(data: Array) -> float:
    """Return the sum of a large repetition of an array: the work of a pool."""
    return float(ao.sum(data * (LARGE_BYTES // (len(data) * data.itemsize))))


def pool(method: str) -> None:
    """Work in a pool of processes started by `method`, after work in this one."""
    _check_parallel_work()
    arrays = [array("h", [number, 2, 3, 4]) for number in range(6)]
    with multiprocessing.get_context(method).Pool(2) as workers:
        assert workers.map(ao.sum, arrays) == [9 + number for number in range(6)]
        found = workers.map_async(total_of, arrays).get(timeout=60)
    assert found == [total_of(data) for data in arrays]
    _check_parallel_work()


def _default_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _until_interrupted(call: Callable[[], object]) -> None:
    """Say that the call begins; once it is interrupted, print when."""
    _default_interrupt()
    print("ready", flush=True)
    try:
        while True:
            call()
    except KeyboardInterrupt:
        print(time.time(), flush=True)


def interrupted_reading(name: str) -> None:
    """Read endless memory until interrupted."""
    zeros = memoryview(endless())
    doubles, floats, shorts = zeros.cast("d"), zeros.cast("f"), zeros.cast("h")
    calls: dict[str, Callable[[], object]] = {
        "sum_d": lambda: ao.sum(doubles),
        "sum_f": lambda: ao.sum(floats),
        "sum_B": lambda: ao.sum(zeros),
        "mean_h": lambda: ao.mean(shorts),
        "min_d": lambda: ao.min(doubles),
        "max_h": lambda: ao.max(shorts),
        "reduce": lambda: ao.reduce(zeros, max),
        "filter": lambda: ao.filter(zeros[: 2**33], bool),
        "filter_none": lambda: ao.filter(zeros[: 2**36], None),
        "map": lambda: ao.map(zeros[: 2**29], operator.neg),
        "map_several": lambda: ao.map(zeros[: 2**29], max, zeros[: 2**29]),
        "sum_sub_thread": lambda: _in_thread(lambda: ao.sum(doubles[: 2**30])),
    }
    _until_interrupted(calls[name])


def _in_thread(call: Callable[[], object]) -> None:
    """Run a call in a thread that the main thread waits for."""
    worker = threading.Thread(target=call, daemon=True)
    worker.start()
    while worker.is_alive():
        worker.join(0.01)


def interrupted_in_place(name: str) -> None:
    """Change an array over and over until interrupted; it must then be whole, old or new."""
    ones = array("h", [1]).tobytes() * (16 * MEGABYTE)
    data = memoryview(bytearray(ones)).cast("h")
    calls: dict[str, Callable[[], object]] = {
        "scale": lambda: ao.scale(data, -1),
        "scale_float": lambda: ao.scale(data, -1.0),
        "scale_wrap": lambda: ao.scale(data, -1, overflow="wrap"),
        "map_inplace": lambda: ao.map_inplace(data, operator.neg),
        "map_onto_itself": lambda: ao.map(data, operator.neg, out=data),
    }
    _until_interrupted(calls[name])
    with data.cast("B") as octets:
        minus_ones = array("h", [-1]).tobytes() * (16 * MEGABYTE)
        assert octets in (ones, minus_ones), "the array is neither old nor new"


def ended_beside_a_daemon() -> None:
    """End Python while a thread is at work, and the process a second later."""
    libc = importlib.import_module("ctypes").CDLL(None)
    libc.on_exit(libc.sleep, None)  # which gets the status, 1, as its argument
    doubles = memoryview(endless()).cast("d")
    threading.Thread(target=lambda: ao.sum(doubles), daemon=True).start()
    time.sleep(0.1)
    sys.exit(1)


def out_of_memory() -> None:
    """Ask for results beyond a limit on memory, and go on."""
    resource = importlib.import_module("resource")
    data = bytes(24 * MEGABYTE)
    rare = array("d", [0.0] * 1023 + [1.0]) * (16 * MEGABYTE // 1024)
    _check_parallel_work()
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * mmap.PAGESIZE
    limit = used + 64 * MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    ours: list[Callable[[], object]] = [
        lambda: ao.map(data, operator.neg, typecode="d"),
        lambda: ao.map(data, operator.pos, typecode="q"),
        lambda: ao.map(data, max, data, typecode="d"),
    ]
    for call in ours:
        for _ in range(3):
            error = outcome(call).error
            assert type(error) is MemoryError, repr(error)
    assert ao.sum(data) == 0
    # There would not be room for all elements.
    assert ao.filter(rare, lambda x: x > 0) == array("d", [1.0]) * (len(rare) // 1024)
    assert ao.map(data[:100], operator.pos, typecode="d") == array("d", bytes(800))
    _check_parallel_work()


PROGRAMS: dict[str, Callable[..., None]] = {
    program.__name__: program
    for program in (
        print_digest,
        print_runtime,
        fork_before_parallel_work,
        fork_after_parallel_work,
        fork_in_a_fork,
        fork_beside_parallel_work,
        fork_beside_reductions,
        pool,
        interrupted_reading,
        interrupted_in_place,
        out_of_memory,
        ended_beside_a_daemon,
    )
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](*sys.argv[2:])
