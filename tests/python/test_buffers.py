"""Buffers stay valid under whatever callbacks and other threads do to them."""

import ctypes
import mmap
import operator
import threading
import time
from array import array
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import arrayops as ao
import oracles
import pytest
from comparison import assert_same, outcome
from functions import CALLBACK_FUNCTIONS, NATIVE_FUNCTIONS, of_second, unchecked
from inputs import cast
from typecodes import TYPECODES, Array

each_callback_function = pytest.mark.parametrize("name", CALLBACK_FUNCTIONS)

RESIZES: dict[str, Callable[[Array], Any]] = {
    "append": lambda arr: arr.append(1),
    "extend": lambda arr: arr.extend([1, 2]),
    "frombytes": lambda arr: arr.frombytes(bytes(80)),
    "insert": lambda arr: arr.insert(0, 1),
    "pop": lambda arr: arr.pop(),
    "remove": lambda arr: arr.remove(3),
    "delete": lambda arr: operator.delitem(arr, slice(None)),
    "repeat": lambda arr: arr.__imul__(1000),
}


def raised_by(name: str, arr: Any, fn: Callable[[Any], Any]) -> Exception | None:
    """Call a function of the table and return what it raises."""
    return outcome(CALLBACK_FUNCTIONS[name], arr, fn).error


@each_callback_function
@pytest.mark.parametrize("resize", RESIZES)
def test_callback_resizes_array_raises_buffer_error(name: str, resize: str) -> None:
    data = array("h", [1, 2, 3, 4])
    error = raised_by(name, data, lambda _: RESIZES[resize](data))
    assert type(error) is BufferError
    assert data == array("h", [1, 2, 3, 4])
    data.append(5)


@each_callback_function
def test_callback_resizes_bytearray_raises_buffer_error(name: str) -> None:
    data = bytearray(b"\1\2\3")
    assert type(raised_by(name, data, lambda _: data.append(4))) is BufferError
    assert data == b"\1\2\3"
    data.append(4)


@each_callback_function
def test_callback_resizes_at_last_element_raises_buffer_error(name: str) -> None:
    data = array("h", [1, 2, 3, 4])
    error = raised_by(name, data, lambda x: data.append(1) if x == 4 else 7)
    assert type(error) is BufferError
    assert data == array("h", [1, 2, 3, 4])


@each_callback_function
def test_callback_releases_view_raises_buffer_error(name: str) -> None:
    data = array("h", [1, 2, 3])
    view = memoryview(data)
    assert type(raised_by(name, view, lambda _: view.release())) is BufferError
    assert view.tolist() == [1, 2, 3]
    view.release()
    data.append(4)


@each_callback_function
def test_callback_closes_map_raises_buffer_error(name: str) -> None:
    mapped = mmap.mmap(-1, 4096)
    mapped[:3] = b"\1\2\3"
    assert type(raised_by(name, mapped, lambda _: mapped.close())) is BufferError
    assert mapped[:4] == b"\1\2\3\0"
    mapped.close()


@each_callback_function
def test_callback_resizes_ctypes_array_is_harmless(name: str) -> None:
    data: Any = (ctypes.c_short * 3)(1, 2, 3)

    def resize(x: int) -> int:
        ctypes.resize(data, 2**16)
        return x

    raised_by(name, data, resize)
    assert list(data) == [1, 2, 3]


@each_callback_function
def test_callback_swallows_buffer_error_goes_on(name: str) -> None:
    data = array("h", [1, 2, 3])

    def insist(x: int) -> int:
        with pytest.raises(BufferError):
            data.append(x)
        return x

    assert raised_by(name, data, insist) is None
    assert data.tolist() == [1, 2, 3]


def test_map_callback_resizes_out_raises_buffer_error() -> None:
    out = array("h", [7, 7])
    with pytest.raises(BufferError):
        ao.map(array("h", [1, 2]), out.append, out=out)
    assert len(out) == 2
    out.append(1)


@pytest.mark.parametrize("name", ["map", "filter"])
def test_callback_sees_elements_as_they_are_at_its_turn(name: str) -> None:
    def run(function: Callable[..., Any]) -> tuple[list[int], Array]:
        data = array("h", [1, 2, 3, 4, 5])
        places = iter(range(5))

        def double_the_next(x: int) -> int:
            place = next(places)
            if place < 4:
                data[place + 1] = 2 * x
            return x

        return list(function(data, double_the_next)), data

    assert run(getattr(ao, name)) == run(getattr(oracles, name))


def test_reduce_callback_sees_elements_as_they_are_at_its_turn() -> None:
    data = array("h", [1, 2, 3, 4])

    def spread(total: int, x: int) -> int:
        data[3] = x
        return total + x

    assert ao.reduce(data, spread) == 1 + 2 + 3 + 3
    assert data.tolist() == [1, 2, 3, 3]


@pytest.mark.parametrize("name", ["map_inplace", "map_onto_itself"])
def test_map_inplace_callback_sees_old_elements_until_the_end(name: str) -> None:
    data = array("h", [1, 2, 3, 4])
    seen: list[list[int]] = []

    def look(x: int) -> int:
        seen.append(data.tolist())
        return -x

    CALLBACK_FUNCTIONS[name](data, look)
    assert seen == [[1, 2, 3, 4]] * 4
    assert data.tolist() == [-1, -2, -3, -4]


@pytest.mark.parametrize("name", ["map_inplace", "map_onto_itself"])
def test_map_inplace_failing_callback_keeps_only_its_own_writes(name: str) -> None:
    data = array("h", [1, 2, 3, 4])

    def write_and_fail(x: int) -> int:
        data[0] = 50
        data[3] = 60
        return x // (x - 3)

    assert type(raised_by(name, data, write_and_fail)) is ZeroDivisionError
    assert data.tolist() == [50, 2, 3, 60]


def test_map_out_apart_has_each_result_before_the_next_call() -> None:
    data, out = array("h", [1, 2, 3, 4]), array("h", [0, 0, 0, 0])
    places = iter(range(4))

    def running_total(x: int) -> int:
        place = next(places)
        return x + (out[place - 1] if place else 0)

    ao.map(data, running_total, out=out)
    assert out.tolist() == [1, 3, 6, 10]


@contextmanager
def overlapping(code: str, out_code: str, shift: int, length: int) -> Generator[tuple[Any, Any]]:
    """Open two views of one memory, the second `shift` bytes after the first."""
    memory = bytearray(range(1, 201))
    start, size, out_size = max(0, -shift), TYPECODES[code].size, TYPECODES[out_code].size
    with memoryview(memory) as view:
        first = cast(view[start : start + length * size], code)
        second = cast(view[start + shift : start + shift + length * out_size], out_code)
        with first, second:
            yield first, second


@pytest.mark.parametrize("shift", [-16, -8, -3, -1, 0, 1, 3, 8, 16])
@pytest.mark.parametrize("codes", ["BB", "Bh", "hB", "ii", "iB", "Bi", "qi", "iq"])
def test_map_out_overlapping_gives_what_a_copy_would(shift: int, codes: str) -> None:
    with overlapping(codes[0], codes[1], shift, 12) as (data, out):
        expected = array(codes[1], [x & 0x5F for x in data])
        assert ao.map(data, (0x5F).__and__, out=out) is out
        assert out.tobytes() == expected.tobytes()
    with overlapping(codes[0], codes[1], shift, 12) as (data, out):
        expected = array(codes[1], [x & 0x5F for x in data])
        ao.map(bytes(12), of_second((0x5F).__and__), data, out=out)
        assert out.tobytes() == expected.tobytes()


@pytest.mark.parametrize("shift", [-8, -1, 0, 1, 8])
def test_map_out_overlapping_failure_changes_no_input(shift: int) -> None:
    with overlapping("B", "B", shift, 12) as (data, out):
        before = data.tobytes(), out.tobytes()
        last: int = data[11]

        def fail_at_last(x: int) -> int:
            return 0 // (x - last)

        with pytest.raises(ZeroDivisionError):
            ao.map(data, fail_at_last, out=out)
        assert (data.tobytes(), out.tobytes()) == before


@each_callback_function
@pytest.mark.parametrize("fails", [False, True])
def test_callback_function_afterwards_holds_no_buffer(name: str, *, fails: bool) -> None:
    data, octets = array("h", [1, 2, 3]), bytearray(b"\1\2\3")
    mapped = mmap.mmap(-1, 4096)
    mapped[:3] = b"\1\2\3"
    for buffer in (data, octets, mapped):
        error = raised_by(name, buffer, lambda x: 0 // (x - 3) if fails else 1)
        assert (type(error) is ZeroDivisionError) == fails
    data.append(4)
    octets.append(4)
    mapped.close()


@pytest.mark.parametrize("name", NATIVE_FUNCTIONS)
def test_native_function_afterwards_holds_no_buffer(name: str) -> None:
    data, octets = array("h", [1, 2, 3]), bytearray(b"\1\2\3")
    mapped = mmap.mmap(-1, 4096)
    mapped[:3] = b"\1\2\3"
    for buffer in (data, octets, mapped):
        NATIVE_FUNCTIONS[name](buffer)
    data.append(4)
    octets.append(4)
    mapped.close()


def test_any_failing_arguments_afterwards_hold_no_buffer() -> None:
    data, other, empty = array("h", [300]), array("h", [1, 2]), array("h")
    for call in (
        lambda: ao.scale(data, 1000),
        lambda: unchecked.scale(data, 2, overflow="no"),
        lambda: unchecked.scale(data, "2"),
        lambda: ao.clip(data, 2, 1),
        lambda: ao.map(data, max, other),
        lambda: ao.map(data, abs, out=other),
        lambda: ao.map(data, abs, out=bytes(2)),
        lambda: unchecked.map(data, abs, typecode="x"),
        lambda: ao.map(data, abs, typecode="b"),
        lambda: unchecked.map(data, 5),
        lambda: ao.reduce(empty, max),
        lambda: ao.mean(empty),
        lambda: ao.min(empty),
    ):
        assert outcome(call).error is not None
        for buffer in (data, other, empty):
            buffer.append(1)
            buffer.pop()


def test_map_out_afterwards_is_not_held() -> None:
    out = array("d", [0, 0])
    ao.map(array("h", [1, 2]), abs, out=out)
    out.append(1)
    del out[2]
    assert outcome(ao.map, array("h", [1, 2]), str, out=out).error is not None
    out.append(1)


@pytest.mark.parametrize("name", [*NATIVE_FUNCTIONS, *CALLBACK_FUNCTIONS])
def test_any_function_beside_a_writing_thread_stays_safe(name: str) -> None:
    length = 200_000 if name in NATIVE_FUNCTIONS else 5_000
    data = array("q", [0, 1]) * (length // 2)
    stop = threading.Event()

    def write() -> None:
        place = 0
        while not stop.is_set():
            data[place % length] = place % 2
            place += 7919

    writer = threading.Thread(target=write)
    writer.start()
    try:
        deadline = time.monotonic() + 0.15
        while time.monotonic() < deadline:
            if name in NATIVE_FUNCTIONS:
                result = NATIVE_FUNCTIONS[name](data)
                assert result is None or 0 <= result <= length
            else:
                CALLBACK_FUNCTIONS[name](data, bool)
    finally:
        stop.set()
        writer.join()
    assert set(data) <= {0, 1}


def test_map_result_is_a_fresh_array() -> None:
    data = array("h", [1, 2, 3])
    result = ao.map(data, operator.pos)
    result.append(4)
    result[0] = 9
    assert_same(data, array("h", [1, 2, 3]))
    assert_same(result, array("h", [9, 2, 3, 4]))
    kept = ao.filter(data, None)
    assert kept is not data
    kept.extend([5] * 1000)
    assert len(kept) == 1003
