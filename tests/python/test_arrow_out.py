"""`arrayops.arrow`: results that others take as Arrow arrays, nulls and all."""

import ctypes
import gc
import itertools
import operator
import pickle
import re
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable
from typing import Any

import arrayops as ao
import pytest
from comparison import array_bits, assert_mentions, assert_same, outcome
from features import FEATURES
from hypothesis import given
from hypothesis import strategies as st
from operations import PREDICATES, UNARY
from strategies import small_elements
from typecodes import LETTERS, TYPECODES, Array, filled

if "arrow" not in FEATURES:
    pytest.skip("built without the feature arrow", allow_module_level=True)
import arrayops.arrow as aoa
from arrow_structs import CODES, Given, Taken, arrow_code, taken

unchecked: Any = aoa  # for calls that the type stubs rightly refuse

each_code = pytest.mark.parametrize("code", LETTERS)
each_arrow_code = pytest.mark.parametrize("code", CODES.values())
LENGTHS = (0, 1, 2, 63, 64, 65, 127, 128, 129, 1000, 40_000, 70_000)
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "traced": lambda x: x,
    "called": UNARY["decimal"],
    "overflowing": lambda x: x * x * 3,
    "failing": UNARY["reciprocal"],
}


def kept_nulls(function: Callable[..., Any], *columns: list[Any]) -> list[Any]:
    """Return the results, None where any input is None."""
    rows = zip(*columns, strict=True)
    return [None if None in row else function(*row) for row in rows]


def mapped(code: str, function: Callable[..., Any], *columns: list[Any]) -> list[Any]:
    """Return the results as an array stores them, each before the next call."""
    rows = list(zip(*columns, strict=True))
    results = iter(array(code, (function(*row) for row in rows if None not in row)))
    return [None if None in row else next(results) for row in rows]


def stored(code: str, elements: list[Any]) -> list[Any]:
    """Return the elements as an array stores them, or raise as it does."""
    numbers = iter(array(code, [x for x in elements if x is not None]))
    return [None if x is None else next(numbers) for x in elements]


def with_nulls(code: str, length: int, every: int = 3) -> list[Any]:
    """Return small elements, of which some are None."""
    elements = list(filled(code, length, "small"))
    return [None if i % every == 1 else x for i, x in enumerate(elements)]


def address(buffer: Array) -> int:
    return buffer.buffer_info()[0]


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true; what was released without the GIL is seen to soon."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.001)
    return condition()


def is_locked(buffer: Array) -> bool:
    try:
        buffer.append(1)
    except BufferError:
        return True
    buffer.pop()
    return False


# to_arrow


@each_code
@pytest.mark.parametrize("length", [0, 1, 65])
def test_to_arrow_shares_the_memory_of_an_array(code: str, length: int) -> None:
    source = filled(code, length, "specials")
    consumer = Taken(aoa.to_arrow(source))
    assert consumer.code == arrow_code(code)
    assert consumer.flags & 2  # nullable
    assert consumer.struct.null_count == 0
    assert consumer.struct.buffers[1]
    if length:
        assert consumer.address == address(source)
    assert consumer.values().tobytes() == source.tobytes()
    consumer.release()


@pytest.mark.parametrize("length", [0, 5])
@pytest.mark.parametrize("attached", [True, False])
def test_to_arrow_keeps_its_exporter_locked_until_the_last_holder_lets_go(
    length: int, *, attached: bool
) -> None:
    source = array("i", range(length))
    column = aoa.to_arrow(source)
    first, second = Taken(column), Taken(column)
    del column
    for consumer in (first, second):
        assert is_locked(source)
        consumer.release(attached=attached)
    assert eventually(lambda: not is_locked(source))


def test_to_arrow_takes_what_is_no_array() -> None:
    data = bytearray(b"abcdef")
    for buffer in (bytes(data), data, memoryview(data)[1:4], (ctypes.c_ubyte * 6)(*data)):
        assert taken(aoa.to_arrow(buffer)) == list(buffer)
    assert eventually(lambda: not outcome(data.append, 0).error)


def test_to_arrow_refuses_unaligned_memory() -> None:
    data = bytearray(33)
    view = memoryview(data)
    offset = 1 if ctypes.addressof(ctypes.c_char.from_buffer(data)) % 8 == 0 else 0
    unaligned = view[offset : offset + 32].cast("d")
    with pytest.raises(
        BufferError, match=r"to_arrow\(\) argument 'buffer' is not aligned.*array\("
    ):
        aoa.to_arrow(unaligned)
    assert taken(aoa.to_arrow(unaligned[:0])) == []
    assert taken(aoa.map(unaligned, lambda x: x + 1)) == [1.0] * 4


@pytest.mark.parametrize("value", [[1], "text", None, memoryview(b"abcd").cast("c")])
def test_to_arrow_and_from_arrow_refuse_what_is_no_buffer_of_numbers(value: Any) -> None:
    for function, name in ((unchecked.to_arrow, "buffer"), (unchecked.from_arrow, "column")):
        with pytest.raises(TypeError, match=rf"{function.__name__}\(\) argument '{name}'"):
            function(value)


def test_to_arrow_refuses_strided_memory_and_leaves_it_unlocked() -> None:
    data = bytearray(8)
    with pytest.raises(BufferError, match="contiguous"):
        aoa.to_arrow(memoryview(data)[::2])
    data.append(1)


@each_arrow_code
@pytest.mark.parametrize("offset", [0, 1, 8, 13])
def test_to_arrow_passes_a_column_on(code: str, offset: int) -> None:
    elements = with_nulls(code, 100)
    source = Given(code, elements, offset)
    column = aoa.to_arrow(source)
    consumers = [Taken(column) for _ in range(3)]
    del column
    for consumer in consumers:
        assert consumer.address == source.address
        assert_same(consumer.to_pylist(), elements)
        assert source.released == 0
        consumer.release()
    assert source.released == 1


def test_to_arrow_passes_a_result_on() -> None:
    result = aoa.map(b"abc", lambda x: x + 1)
    first, second = Taken(result), Taken(aoa.to_arrow(result))
    assert first.address == second.address
    first.release()
    del result
    assert second.to_pylist() == list(b"bcd")
    second.release()


# from_arrow


@each_arrow_code
@pytest.mark.parametrize("offset", [0, 3])
@pytest.mark.parametrize("length", [0, 1, 70])
def test_from_arrow_shows_the_memory_of_a_column(code: str, offset: int, length: int) -> None:
    elements = list(filled(code, length, "small"))
    source = Given(code, elements, offset)
    view = aoa.from_arrow(source)
    assert view.format == code
    assert view.readonly
    assert view.ndim == 1
    assert view.shape == (length,)
    assert view.c_contiguous
    assert_same(view.tolist(), elements)
    if length:
        assert source.released == 0
        assert ctypes_address(view) == source.address
    view.release()
    del view
    gc.collect()
    assert source.released == 1


def ctypes_address(view: "memoryview[Any]") -> int:
    """Return where a read-only memoryview looks."""

    class Buffer(ctypes.Structure):
        _fields_ = (("buf", ctypes.c_void_p), ("rest", ctypes.c_byte * 200))

    buffer = Buffer()
    get = ctypes.pythonapi.PyObject_GetBuffer
    get.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
    assert get(view, ctypes.addressof(buffer), 0x18) == 0
    release = ctypes.pythonapi.PyBuffer_Release
    release.argtypes = [ctypes.c_void_p]
    release.restype = None
    found: int = buffer.buf
    release(ctypes.addressof(buffer))
    return found


@each_code
def test_from_arrow_undoes_to_arrow(code: str) -> None:
    source = filled(code, 50, "specials")
    view = aoa.from_arrow(aoa.to_arrow(source))
    assert view.format == arrow_code(code)
    assert ctypes_address(view) == address(source)
    assert view.tobytes() == source.tobytes()
    assert is_locked(source)
    del view
    assert eventually(lambda: not is_locked(source))


@each_code
def test_from_arrow_shows_a_buffer(code: str) -> None:
    source = filled(code, 5, "specials")
    view = aoa.from_arrow(source)
    assert view.format == code
    assert view.readonly
    assert ctypes_address(view) == address(source)
    assert view.tobytes() == source.tobytes()


def test_from_arrow_memoryview_is_an_input_and_slices_keep_the_data() -> None:
    source = Given("q", list(range(100)))
    part = aoa.from_arrow(source)[10:20]
    gc.collect()
    assert source.released == 0
    assert ao.sum(part) == sum(range(10, 20))
    with pytest.raises(TypeError, match="read-only"):
        part[0] = 1
    with pytest.raises(BufferError):
        ao.scale(part, 2)
    del part
    gc.collect()
    assert source.released == 1


@each_arrow_code
def test_from_arrow_with_nulls_needs_a_value_for_them(code: str) -> None:
    elements = with_nulls(code, 100)
    source = Given(code, elements, 5)
    with pytest.raises(ValueError, match=r"'column' has 33 nulls.*null=0.*arrayops\.filter"):
        aoa.from_arrow(source)
    assert source.released == 1
    view = aoa.from_arrow(source, null=7)
    assert source.released == 2
    assert view.format == code
    assert_same(view.tolist(), list(array(code, [7 if x is None else x for x in elements])))


def test_from_arrow_checks_the_value_for_nulls_like_array_even_if_not_needed() -> None:
    for elements in ([1, None], [1, 2]):
        for null in (128, -129, 1.5, "1"):
            expected = outcome(array, "b", [null])
            actual = outcome(unchecked.from_arrow, Given("b", elements), null=null)
            assert type(actual.error) is type(expected.error) is not type(None)
            assert str(actual.error) == str(expected.error)


def test_from_arrow_does_not_copy_where_a_value_for_nulls_is_not_needed() -> None:
    source = Given("i", [1, 2, 3])
    view = aoa.from_arrow(source, null=0)
    assert ctypes_address(view) == source.address


# Functions that keep nulls


@each_arrow_code
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_map_keeps_nulls(code: str, length: int, name: str) -> None:
    if length > 1000 and (code not in "hd" or name == "called"):
        length = 999
    function = FUNCTIONS[name]
    elements = with_nulls(code, length)
    for typecode in (None, "d", "q"):
        expected = outcome(mapped, typecode or code, function, elements)
        source = Given(code, elements, 3)
        actual = outcome(aoa.map, source, function, typecode=typecode)
        assert source.released == 1
        if expected.error:
            assert type(actual.error) is type(expected.error)
            assert str(actual.error) == str(expected.error)
        else:
            assert actual.error is None
            consumer = Taken(actual.value)
            assert consumer.code == (typecode or code)
            assert_same(consumer.to_pylist(), expected.value)
            consumer.release()


def test_map_does_not_call_the_function_for_nulls() -> None:
    calls: list[Any] = []
    elements = with_nulls("i", 50)

    def function(x: int) -> int:
        calls.append(x)
        return x

    assert taken(aoa.map(Given("i", elements, 2), function)) == elements
    assert calls == [x for x in elements if x is not None]


@pytest.mark.parametrize("length", [100, 70_000])
def test_map_of_a_traced_function_ignores_what_is_in_the_place_of_nulls(length: int) -> None:
    elements = [None if i % 4 == 0 else 1 + i % 50 for i in range(length)]

    def divided(x: int) -> int:
        return 100 // x  # zeros are in the place of some

    def added(x: int) -> int:
        return x + 77  # the largest of all is in that of others

    for function in (divided, added):
        result = aoa.map(Given("b", elements), function)
        assert taken(result) == kept_nulls(function, elements)


@pytest.mark.parametrize("length", [0, 10, 64, 1000, 70_000])
def test_map_of_several_arrays_has_a_null_where_any_has(length: int) -> None:
    first, second = with_nulls("i", length), with_nulls("h", length, 5)
    plain = filled("b", length, "small")

    def function(x: float, y: float, z: float) -> float:
        return x * y - z

    expected = kept_nulls(function, first, second, list(plain))
    inputs = (Given("i", first, 3), Given("h", second, 70), plain)
    assert taken(aoa.map(inputs[0], function, *inputs[1:])) == expected
    expected = kept_nulls(function, list(plain), first, second)
    result = aoa.map(plain, function, *inputs[:2], typecode="d")
    assert taken(result) == stored("d", expected)


def test_map_of_nulls_only() -> None:
    for length in (1, 64, 500):
        elements = [None] * length
        assert taken(aoa.map(Given("d", elements), lambda x: 1 / x)) == elements


@each_code
@pytest.mark.parametrize("name", FUNCTIONS)
def test_map_of_a_buffer_gives_what_arrayops_gives(code: str, name: str) -> None:
    for length in (0, 1, 64, 1000):
        source = filled(code, length, "small")
        expected = outcome(ao.map, source, FUNCTIONS[name])
        actual = outcome(aoa.map, source, FUNCTIONS[name])
        assert type(actual.error) is type(expected.error)
        assert str(actual.error) == str(expected.error)
        if not expected.error:
            consumer = Taken(actual.value)
            assert consumer.code == arrow_code(code)
            assert consumer.values().tobytes() == expected.value.tobytes()
            assert all(consumer.validity())
            consumer.release()


def test_map_checks_arguments_as_arrayops_does() -> None:
    column = Given("i", [1, None, 3])
    with pytest.raises(ValueError, match=r"'arrays\[0\]' has 2 elements, but 'arr' has 3"):
        aoa.map(column, operator.add, array("i", [1, 2]))
    with pytest.raises(ValueError, match="typecode"):
        aoa.map(column, abs, typecode="x")
    with pytest.raises(TypeError, match="out"):
        unchecked.map(column, abs, out=array("i", [0] * 3))
    with pytest.raises(TypeError, match=r"map\(\) argument 'arr' must be"):
        unchecked.map([1], abs)
    assert not hasattr(aoa, "map_inplace")


@each_arrow_code
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("kind", ["none", "positive", "list", "always", "never", "reciprocal"])
def test_filter_drops_nulls(code: str, length: int, kind: str) -> None:
    if length > 1000 and (code not in "hd" or kind == "list"):
        length = 999
    predicate: Any = PREDICATES[kind]
    elements = with_nulls(code, length)
    whole = [x for x in elements if x is not None]

    def expect() -> list[Any]:
        return list(filter(predicate, whole))

    expected = outcome(expect)
    actual = outcome(lambda: taken(aoa.filter(Given(code, elements, 9), predicate)))
    assert type(actual.error) is type(expected.error)
    assert_same(actual.value, expected.value)


@each_code
def test_filter_of_a_buffer_gives_what_arrayops_gives(code: str) -> None:
    source = filled(code, 500, "small")
    consumer = Taken(aoa.filter(source, lambda x: x > 1))
    assert consumer.code == arrow_code(code)
    assert consumer.values().tobytes() == ao.filter(source, lambda x: x > 1).tobytes()
    assert consumer.struct.null_count == 0
    consumer.release()


@each_arrow_code
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("factor", [3, 0.5, 1000, float("inf")])
@pytest.mark.parametrize("overflow", ["raise", "saturate", "wrap"])
def test_scale_makes_a_new_array_and_keeps_nulls(
    code: str, length: int, factor: float, overflow: Any
) -> None:
    if length > 1000 and code not in "hd":
        length = 999
    elements = with_nulls(code, length)
    check_changed(code, elements, "scale", factor, overflow=overflow)


@each_arrow_code
@pytest.mark.parametrize("length", [0, 1, 64, 65, 1000])
@pytest.mark.parametrize("bounds", [(0, 2), (None, 1.5), (1, None), (2, 1), (10**30, None)])
def test_clip_makes_a_new_array_and_keeps_nulls(
    code: str, length: int, bounds: tuple[Any, Any]
) -> None:
    check_changed(code, with_nulls(code, length), "clip", *bounds)


def check_changed(code: str, elements: list[Any], name: str, *args: Any, **kw: Any) -> None:
    """Compare with the function that changes an array of the elements that are no nulls."""
    changed = array(code, [x for x in elements if x is not None])
    expected = outcome(getattr(ao, name), changed, *args, **kw)
    source = Given(code, elements, 4)
    before = source.values[:]
    actual = outcome(getattr(aoa, name), source, *args, **kw)
    assert array_bits(source.values) == array_bits(before)
    assert source.released == 1
    assert type(actual.error) is type(expected.error)
    places = [place for place, x in enumerate(elements) if x is not None]
    in_column = re.sub(
        r"(?<=at index )\d+", lambda it: str(places[int(it[0])]), str(expected.error)
    )
    assert str(actual.error) == in_column
    if not expected.error:
        rest = iter(changed)
        wanted = [None if x is None else next(rest) for x in elements]
        consumer = Taken(actual.value)
        assert consumer.code == code
        assert_same(consumer.to_pylist(), wanted)
        consumer.release()


def test_scale_and_clip_leave_buffers_as_they_are() -> None:
    source = array("h", [1, 2, 3])
    assert taken(aoa.scale(source, 2)) == [2, 4, 6]
    assert taken(aoa.clip(source, 2, None)) == [2, 2, 3]
    assert taken(aoa.scale(bytes(source), 0)) == [0] * 6
    assert source == array("h", [1, 2, 3])
    assert not is_locked(source)


def test_functions_that_return_numbers_are_those_of_arrayops() -> None:
    names = set(aoa.__all__) & set(ao.__all__) - {"map", "filter", "scale", "clip"}
    for name in names:
        assert getattr(aoa, name) is getattr(ao, name)
    assert set(ao.__all__) - set(aoa.__all__) == {"__version__", "map_inplace"}
    result = aoa.map(Given("i", [1, None, 3]), lambda x: x * 2)
    assert aoa.sum(result) == 8
    assert aoa.mean(result) == 4.0
    assert aoa.reduce(result, operator.mul) == 12
    assert aoa.Stats(result).count == 2


@st.composite
def columns(draw: st.DrawFn) -> tuple[str, list[list[Any]]]:
    code = draw(st.sampled_from(list(CODES.values())))
    length = draw(st.sampled_from([0, 1, 5, 63, 64, 65, 130]))
    nullable = st.one_of(st.none(), small_elements(code))
    lists = [draw(st.lists(nullable, min_size=length, max_size=length)) for _ in range(2)]
    return code, lists


@given(columns(), st.integers(0, 70), st.integers(0, 70))
def test_map_of_any_columns(column: tuple[str, list[list[Any]]], first: int, second: int) -> None:
    code, (left, right) = column

    def function(x: float, y: float) -> float:
        return (x + y) * 0.5 + 1

    expected = stored("d", kept_nulls(function, stored(code, left), stored(code, right)))
    inputs = Given(code, left, first), Given(code, right, second)
    assert_same(taken(aoa.map(inputs[0], function, inputs[1], typecode="d")), expected)
    assert [each.released for each in inputs] == [1, 1]


# Objects


def test_array_has_no_more_than_its_interface() -> None:
    names = {name for name in vars(aoa.Array) if name not in {"__doc__", "__module__"}}
    assert names == {"__arrow_c_array__", "__arrow_c_schema__", "__len__", "__repr__"}
    with pytest.raises(TypeError):
        unchecked.Array()


def test_array_says_what_it_is() -> None:
    assert repr(aoa.to_arrow(b"")) == "<arrayops.arrow.Array: 0 elements of uint8>"
    result = aoa.map(Given("d", [1.0, None]), lambda x: x)
    assert repr(result) == "<arrayops.arrow.Array: 2 elements of double, 1 null>"
    assert len(result) == 2


def test_schema_alone_can_be_had() -> None:
    class Half:
        def __arrow_c_array__(self) -> tuple[object, object]:
            return column.__arrow_c_schema__(), column.__arrow_c_array__()[1]

    column = aoa.to_arrow(array("h", [1]))
    assert taken(Half()) == [1]


@pytest.mark.parametrize("request_", [None, 1, "arrow_schema", object()])
def test_requested_schema_is_not_met_and_does_no_harm(request_: Any) -> None:
    column = aoa.to_arrow(array("h", [1, 2]))
    for request in (request_, column.__arrow_c_schema__()):
        schema, exported = column.__arrow_c_array__(requested_schema=request)

        class Again:
            def __arrow_c_array__(self) -> tuple[object, object]:
                return schema, exported  # noqa: B023 - used at once

        assert taken(Again()) == [1, 2]


def test_capsules_nobody_takes_release_what_they_hold() -> None:
    source = array("i", [1, 2])
    for _ in range(3):
        column = aoa.to_arrow(source)
        capsules = [column.__arrow_c_array__() for _ in range(3)]
        del column
        assert is_locked(source)
        del capsules
        assert eventually(lambda: not is_locked(source))


def test_a_hundred_thousand_exports_take_no_memory() -> None:
    column = aoa.to_arrow(array("i", range(1000)))
    result = aoa.map(Given("i", [1, None] * 500), lambda x: x)
    before = 0
    for turn in range(100_000):
        Taken(column).release(attached=turn % 2 == 0)
        result.__arrow_c_array__()
        if turn == 10_000:
            before = resident()
    assert resident() - before < 8 << 20


def resident() -> int:
    """Return the memory of this process, or 0 where it is not known."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123
            return int(statm.read().split()[1]) * 4096
    except FileNotFoundError:
        return 0


def test_a_hundred_thousand_arrays_of_one_buffer_take_no_memory() -> None:
    source = array("d", range(1000))
    before = 0
    for turn in range(100_000):
        Taken(aoa.to_arrow(source)).release()
        aoa.from_arrow(aoa.to_arrow(source)).release()
        if turn == 10_000:
            before = resident()
    assert resident() - before < 8 << 20
    assert eventually(lambda: not is_locked(source))


def test_arrays_are_exported_and_released_on_any_thread() -> None:
    source = array("i", range(100))
    column = aoa.to_arrow(source)
    sums: list[int] = []

    def work(column: object) -> None:
        for turn in range(200):
            consumer = Taken(column)
            total = sum(consumer.values())
            consumer.release(attached=turn % 2 == 0)
            own = aoa.map(source, lambda x: x + 1)
            sums.append(total + ao.sum(own))

    threads = [threading.Thread(target=work, args=(column,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    while threads:
        threads.pop().join()
    assert sums == [sum(source) * 2 + 100] * 800
    del column
    assert eventually(lambda: not is_locked(source))


def test_release_without_the_gil_does_not_wait_for_it() -> None:
    """A thread that holds the GIL may wait for the one that releases."""
    code = """
import ctypes, sys
from array import array
import arrayops.arrow as aoa
from arrow_structs import ArrayStruct, Taken
source = array("i", [1, 2, 3])
consumer = Taken(aoa.to_arrow(source))
if sys.platform != "linux":
    consumer.release()
else:
    libc = ctypes.PyDLL(None)  # keeps the GIL
    thread = ctypes.c_ulong()
    start = ctypes.c_void_p(consumer.struct.release)
    argument = ctypes.c_void_p(ctypes.addressof(consumer.struct))
    assert libc.pthread_create(ctypes.byref(thread), None, start, argument) == 0
    assert libc.pthread_join(thread, None) == 0
    assert not consumer.struct.release
for _ in range(1000):
    pass
aoa.to_arrow(b"")  # sees to what is left, too
source.append(4)
print("done")
"""
    assert run_python(code) == "done\n"


@pytest.mark.parametrize("how", ["pass", "import os; os._exit", "sys.exit"])
def test_a_process_ends_while_arrays_are_alive(how: str) -> None:
    code = f"""
import sys, threading, time
from array import array
import arrayops.arrow as aoa
from arrow_structs import Taken
source = array("i", range(1000))
kept = [aoa.to_arrow(source), aoa.map(source, lambda x: x), aoa.from_arrow(aoa.to_arrow(source))]
consumer = Taken(kept[0])
capsules = kept[1].__arrow_c_array__()
class Last:
    def __del__(self): consumer.release()
sys.last = Last()
cycle = [kept, capsules]; cycle.append(cycle)
def work():
    while True:
        Taken(aoa.to_arrow(source)).release()
threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
print("end", flush=True)
{how}{"" if how == "pass" else "(0)"}
"""
    assert run_python(code) == "end\n"


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=__file__.rpartition("/")[0] or ".",
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_arrays_die_with_the_cycles_they_are_in() -> None:
    source = array("i", [1, 2])

    class Node:
        pass

    node: Any = Node()
    node.self, node.column, node.view = node, aoa.to_arrow(source), aoa.from_arrow(source)
    del node
    gc.collect()
    assert not is_locked(source)


def test_callback_cannot_resize_what_is_being_mapped() -> None:
    source = array("i", range(10))

    def function(x: int) -> int:
        source.append(x)
        return x

    with pytest.raises(BufferError):
        aoa.map(source, function)
    assert len(source) == 10


def test_functions_are_pickled_by_their_names() -> None:
    for name in ("map", "filter", "scale", "clip", "to_arrow", "from_arrow"):
        assert pickle.loads(pickle.dumps(getattr(aoa, name))) is getattr(aoa, name)  # noqa: S301


def test_import_of_arrayops_does_not_import_arrow() -> None:
    code = "import sys, arrayops; print('arrayops.arrow' in sys.modules)"
    assert run_python(code) == "False\n"
    code = "import sys, arrayops.arrow; print({'pyarrow', 'numpy'} & set(sys.modules))"
    assert run_python(code) == "set()\n"


# Libraries


def chunked(pa: Any, code: str, elements: list[Any], cuts: tuple[int, ...]) -> Any:
    """Return a chunked column, whose chunks have offsets."""
    kind = pa_type(pa, code)
    edges = [0, *cuts, len(elements)]
    parts = [elements[a:b] for a, b in itertools.pairwise(edges)]
    return pa.chunked_array([pa.array([None, *part], kind)[1:] for part in parts], kind)


def pa_type(pa: Any, code: str) -> Any:
    typecode = TYPECODES[code]
    if typecode.is_float:
        return {4: pa.float32(), 8: pa.float64()}[typecode.size]
    return getattr(pa, f"{'u' if code.isupper() else ''}int{8 * typecode.size}")()


@each_arrow_code
def test_chunks_are_as_one_column(code: str) -> None:
    pa = pytest.importorskip("pyarrow")
    elements = with_nulls(code, 500)
    column = chunked(pa, code, elements, (0, 1, 70, 200, 200))
    assert taken(aoa.to_arrow(column)) == elements
    assert taken(aoa.map(column, lambda x: -x, typecode="d")) == stored(
        "d", kept_nulls(operator.neg, elements)
    )
    assert taken(
        aoa.map(column, lambda x, y: x + y, Given(code, elements), typecode="d")
    ) == stored("d", kept_nulls(operator.add, elements, elements))

    def doubled(x: int) -> int:
        return x * 2

    assert taken(aoa.scale(column, 2)) == kept_nulls(doubled, elements)
    whole = [x for x in elements if x is not None]
    assert taken(aoa.filter(column, lambda x: x > 0)) == [x for x in whole if x > 0]
    assert aoa.from_arrow(column, null=1).tolist() == stored(
        code, [1 if x is None else x for x in elements]
    )
    plain = chunked(pa, code, whole, (7, 100))
    assert aoa.from_arrow(plain).tolist() == whole


@each_arrow_code
@pytest.mark.parametrize("length", [0, 1, 100])
def test_pyarrow_takes_results_without_a_copy(code: str, length: int) -> None:
    pa = pytest.importorskip("pyarrow")
    elements = with_nulls(code, length)
    result = aoa.map(pa.array(elements, pa_type(pa, code)), lambda x: x)
    imported = pa.array(result)
    imported.validate(full=True)
    assert imported.type == pa_type(pa, code)
    assert imported.to_pylist() == elements
    source = filled(code, length, "small")
    imported = pa.array(aoa.to_arrow(source))
    imported.validate(full=True)
    assert imported.to_pylist() == list(source)
    if length:
        assert imported.buffers()[1].address == address(source)
        assert is_locked(source)
    del imported
    assert eventually(lambda: not is_locked(source))


@each_arrow_code
def test_from_arrow_shows_the_memory_of_pyarrow(code: str) -> None:
    pa = pytest.importorskip("pyarrow")
    column = pa.array(list(filled(code, 100, "small")), pa_type(pa, code))[10:50]
    view = aoa.from_arrow(column)
    assert view.tolist() == column.to_pylist()
    size = TYPECODES[code].size
    assert ctypes_address(view) == column.buffers()[1].address + 10 * size


@each_arrow_code
def test_polars_takes_results_without_a_copy(code: str) -> None:
    pl = pytest.importorskip("polars")
    elements = with_nulls(code, 100)
    result = aoa.map(Given(code, elements, 3), lambda x: x)
    series = pl.Series("column", result)
    assert series.to_list() == elements
    source = filled(code, 100, "small")
    series = pl.Series("column", aoa.to_arrow(source))
    assert series.to_list() == list(source)
    assert ctypes_address(aoa.from_arrow(series)) == address(source)
    assert is_locked(source)
    assert taken(aoa.map(series, lambda x: x)) == list(source)
    del series
    assert eventually(lambda: not is_locked(source))


@each_arrow_code
def test_nanoarrow_takes_results_without_a_copy(code: str) -> None:
    na = pytest.importorskip("nanoarrow")
    elements = with_nulls(code, 100)
    imported = na.array(aoa.map(Given(code, elements, 3), lambda x: x))
    assert imported.to_pylist() == elements
    source = filled(code, 100, "small")
    imported = na.array(aoa.to_arrow(source))
    assert imported.to_pylist() == list(source)
    view = memoryview(imported.buffer(1) if hasattr(imported, "buffer") else imported.buffers[1])
    assert ctypes_address(view) == address(source)
    assert is_locked(source)
    del imported, view
    assert eventually(lambda: not is_locked(source))


@each_arrow_code
def test_arro3_takes_results_without_a_copy(code: str) -> None:
    arro3 = pytest.importorskip("arro3.core")
    elements = with_nulls(code, 100)
    imported = arro3.Array.from_arrow(aoa.map(Given(code, elements, 3), lambda x: x))
    assert imported.to_pylist() == elements
    source = filled(code, 100, "small")
    imported = arro3.Array.from_arrow(aoa.to_arrow(source))
    assert imported.to_pylist() == list(source)
    assert ctypes_address(aoa.from_arrow(imported)) == address(source)
    assert is_locked(source)
    del imported
    assert eventually(lambda: not is_locked(source))


def test_errors_name_the_function_and_the_argument() -> None:
    for name, arguments in (
        ("map", (abs,)),
        ("filter", (None,)),
        ("scale", (2,)),
        ("clip", (0, 1)),
    ):
        error = outcome(getattr(unchecked, name), [1], *arguments).error
        assert isinstance(error, TypeError)
        assert_mentions(error, rf"^{name}\(\) argument 'arr'", "list")
