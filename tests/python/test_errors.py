"""Every row of the contract's error table, for every function: type, message, nothing changed."""

import ctypes
import math
import operator
import re
import struct
import sys
from array import array
from collections.abc import Callable
from typing import Any

import arrayops as ao
import pytest
from comparison import assert_mentions, type_name
from functions import CALLBACK_FUNCTIONS, unchecked
from inputs import KINDS, Kind, contents
from typecodes import INTEGER_CODES, LETTERS, TYPECODES, Array

CALLS: dict[str, Callable[[Any], Any]] = {
    "sum": ao.sum,
    "mean": ao.mean,
    "min": ao.min,
    "max": ao.max,
    "scale": lambda arr: ao.scale(arr, 1),
    "clip": lambda arr: ao.clip(arr, 0, 1),
    "map": lambda arr: unchecked.map(arr, abs),
    "map_inplace": lambda arr: ao.map_inplace(arr, abs),
    "filter": lambda arr: unchecked.filter(arr, None),
    "reduce": lambda arr: ao.reduce(arr, operator.add),
}
IN_PLACE = ("scale", "clip", "map_inplace")
each_function = pytest.mark.parametrize("name", CALLS)


class Pair(ctypes.Structure):
    """A record of two numbers."""

    _fields_ = (("first", ctypes.c_int), ("second", ctypes.c_double))


NOT_BUFFERS: dict[str, Any] = {
    "list": [1, 2],
    "str": "abc",
    "NoneType": None,
    "int": 5,
    "float": 0.5,
    "tuple": (1.0,),
    "range": range(3),
    "dict": {1: 2},
    "object": object(),
    "type": array,
}


@each_function
@pytest.mark.parametrize("kind", NOT_BUFFERS)
def test_any_not_a_buffer_raises_type_error(name: str, kind: str) -> None:
    with pytest.raises(TypeError) as error:
        CALLS[name](NOT_BUFFERS[kind])
    assert_mentions(error.value, r"\barr\b", type_name(NOT_BUFFERS[kind]), "buffer")


untyped_array: Any = array


def unsupported_formats() -> dict[str, Any]:
    """Return a buffer of every type that is outside the table."""
    found: dict[str, Any] = {
        "memoryview_bool": memoryview(bytes(8)).cast("?"),
        "memoryview_char": memoryview(bytes(8)).cast("c"),
        "memoryview_pointer": memoryview(bytes(16)).cast("P"),
        "ctypes_bool": (ctypes.c_bool * 2)(),
        "ctypes_char": (ctypes.c_char * 2)(),
        "ctypes_wchar": (ctypes.c_wchar * 2)(),
        "ctypes_long_double": (ctypes.c_longdouble * 2)(),
        "ctypes_pointer": (ctypes.c_void_p * 2)(),
        "ctypes_struct": (Pair * 2)(),
    }
    if ctypes.sizeof(ctypes.c_longdouble) == ctypes.sizeof(ctypes.c_double):
        del found["ctypes_long_double"]
    if sys.version_info >= (3, 13):
        found["array_w"] = untyped_array("w", "ab")
    if sys.version_info < (3, 13):
        found["array_u"] = untyped_array("u", "ab")
    return found


UNSUPPORTED = unsupported_formats()


@each_function
@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_any_type_outside_the_table_raises_type_error(name: str, kind: str) -> None:
    data = UNSUPPORTED[kind]
    with memoryview(data) as view:
        element_format = view.format
    with pytest.raises(TypeError) as error:
        CALLS[name](data)
    assert_mentions(error.value, r"\barr\b", re.escape(repr(element_format)))


@each_function
@pytest.mark.parametrize("length", [0, 3])
def test_any_numpy_type_outside_the_table_raises_type_error(name: str, length: int) -> None:
    np: Any = pytest.importorskip("numpy")
    for dtype in ("?", "e", "F", "D", "S3", "U2", [("a", "i4"), ("b", "f8")]):
        data = np.zeros(length, dtype)
        with pytest.raises(TypeError) as error:
            CALLS[name](data)
        assert_mentions(error.value, r"\barr\b", re.escape(repr(memoryview(data).format)))


SWAPPED = "__ctype_be__" if sys.byteorder == "little" else "__ctype_le__"


@each_function
@pytest.mark.parametrize(
    "c_type", [ctypes.c_int16, ctypes.c_uint32, ctypes.c_int64, ctypes.c_double]
)
def test_any_swapped_byte_order_raises_type_error_with_the_way_out(name: str, c_type: Any) -> None:
    data = (getattr(c_type, SWAPPED) * 3)(1, 2, 3)
    with memoryview(data) as view:
        element_format = view.format
    with pytest.raises(TypeError) as error:
        CALLS[name](data)
    assert_mentions(error.value, r"\barr\b", re.escape(repr(element_format)), "byte order")
    assert_mentions(error.value, "byteswap|astype|newbyteorder")


@each_function
def test_any_numpy_swapped_byte_order_raises_type_error(name: str) -> None:
    np: Any = pytest.importorskip("numpy")
    for dtype in ("i2", "u4", "i8", "f4", "f8"):
        data = np.zeros(3, dtype).astype(np.dtype(dtype).newbyteorder())
        with pytest.raises(TypeError) as error:
            CALLS[name](data)
        assert_mentions(error.value, "byte order", re.escape(repr(memoryview(data).format)))


@each_function
@pytest.mark.parametrize("shape", [[2, 3], [1, 6], [6, 1], [1, 2, 3]])
def test_any_more_dimensions_raises_buffer_error(name: str, shape: list[int]) -> None:
    data = bytearray(range(6))
    with (
        memoryview(data).cast("B", shape) as view,
        pytest.raises(BufferError) as error,
    ):
        CALLS[name](view)
    assert_mentions(error.value, r"\barr\b", "dimension", str(len(shape)))
    assert data == bytes(range(6))


@each_function
def test_any_no_dimension_raises_buffer_error(name: str) -> None:
    with pytest.raises(BufferError) as error:
        CALLS[name](ctypes.c_int(5))
    assert_mentions(error.value, r"\barr\b", "dimension", "0")


@each_function
@pytest.mark.parametrize("step", [2, -1, 3])
def test_any_strided_view_raises_buffer_error(name: str, step: int) -> None:
    data = array("h", range(10))
    with memoryview(data)[::step] as view, pytest.raises(BufferError) as error:
        CALLS[name](view)
    assert_mentions(error.value, r"\barr\b", "contiguous")
    assert data == array("h", range(10))


@each_function
def test_any_numpy_layout_raises_buffer_error(name: str) -> None:
    np: Any = pytest.importorskip("numpy")
    layouts = {
        "contiguous": [np.arange(9.0)[::2], np.arange(9)[::-1], np.broadcast_to(np.float32(1), 5)],
        "dimension": [
            np.zeros((2, 3)),
            np.zeros((2, 3), order="F"),
            np.zeros((0, 3)),
            np.array(1.5),
        ],
    }
    for word, arrays in layouts.items():
        for data in arrays:
            with pytest.raises(BufferError) as error:
                CALLS[name](data)
            assert_mentions(error.value, r"\barr\b", word)


def test_sum_strided_view_of_one_element_is_contiguous() -> None:
    assert ao.sum(memoryview(array("h", [5, 6]))[::2]) == 5
    assert ao.sum(memoryview(array("d", [5, 6]))[5::-3]) == 6.0


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize("length", [0, 1, 5])
def test_in_place_readonly_raises_buffer_error(name: str, length: int) -> None:
    frozen = bytes(range(length))
    with pytest.raises(BufferError) as error:
        CALLS[name](frozen)
    assert_mentions(error.value, r"\barr\b", "read-only")
    assert frozen == bytes(range(length))


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if not kind.writable], ids=lambda kind: kind.name
)
def test_map_readonly_out_raises_buffer_error(kind: Kind) -> None:
    out = array("B", [7, 8, 9])
    with kind.open(out) as buffer:
        with pytest.raises(BufferError) as error:
            ao.map(array("B", [1, 2, 3]), abs, out=buffer)
        assert_mentions(error.value, r"\bout\b", "read-only")
        assert contents(buffer) == out.tobytes()


@pytest.mark.parametrize("code", INTEGER_CODES)
def test_scale_result_outside_the_type_raises_and_changes_nothing(code: str) -> None:
    high = int(TYPECODES[code].high)
    for values in ([1, 2, high], [high, 0, 0], [0, high, 0]):
        for factor in (2, 2.0, 3.5, -(2**40), 10**30):
            data = array(code, values)
            with pytest.raises(OverflowError) as error:
                ao.scale(data, factor)
            assert_mentions(error.value, rf"'{code}'|{high}|{int(TYPECODES[code].low)}\b")
            assert data.tolist() == values


@pytest.mark.parametrize("code", INTEGER_CODES)
@pytest.mark.parametrize("mode", ["raise", "saturate", "wrap"])
def test_scale_unrepresentable_product_raises_as_int_does(code: str, mode: Any) -> None:
    for factor, expected in (
        (math.nan, ValueError),
        (math.inf, OverflowError),
        (-math.inf, OverflowError),
    ):
        data = array(code, [3, 2, 1])
        with pytest.raises(expected):
            ao.scale(data, factor, overflow=mode)
        assert data.tolist() == [3, 2, 1]
    data = array(code, [0, 1])
    with pytest.raises(ValueError, match=r"NaN|nan"):
        ao.scale(data, math.inf, overflow=mode)
    assert data.tolist() == [0, 1]


@pytest.mark.parametrize("code", INTEGER_CODES)
def test_map_result_outside_the_type_raises_and_changes_nothing(code: str) -> None:
    low, high = int(TYPECODES[code].low), int(TYPECODES[code].high)
    for result in (low - 1, high + 1, 2**200, -(2**200)):
        with pytest.raises(OverflowError) as expected:
            array(code, [1, result])
        data = array(code, [1, 2, 3])
        results = {1: 0, 2: 0, 3: result}
        for name in ("map", "map_onto_itself", "map_inplace"):
            with pytest.raises(OverflowError, match=f"^{re.escape(str(expected.value))}$"):
                CALLBACK_FUNCTIONS[name](data, results.__getitem__)
            assert data.tolist() == [1, 2, 3]


@pytest.mark.parametrize("code", LETTERS)
@pytest.mark.parametrize("name", ["mean", "min", "max"])
def test_reduction_empty_raises_value_error_naming_it(name: str, code: str) -> None:
    with pytest.raises(ValueError, match=rf"\b{name}\b"):
        CALLS[name](array(code))


def test_reduce_empty_without_initial_raises_type_error() -> None:
    with pytest.raises(TypeError, match="reduce"):
        ao.reduce(array("d"), operator.add)


@pytest.mark.parametrize("lengths", [(3, 4), (4, 3), (0, 1), (1, 0), (1000, 999)])
def test_map_lengths_differ_raises_value_error_giving_both(lengths: tuple[int, int]) -> None:
    calls: list[int] = []

    def take(*values: int) -> int:
        calls.extend(values)
        return 0

    first, second = (array("h", bytes(2 * length)) for length in lengths)
    for arguments in ((first, second), (first, first, second)):
        with pytest.raises(ValueError, match="length") as error:
            ao.map(arguments[0], take, *arguments[1:])
        assert_mentions(error.value, *(rf"\b{length}\b" for length in lengths))
    out = array("h", [7] * lengths[1])
    with pytest.raises(ValueError, match="length") as error:
        ao.map(first, take, out=out)
    assert_mentions(error.value, r"\bout\b", *(rf"\b{length}\b" for length in lengths))
    assert out.tolist() == [7] * lengths[1]
    assert not calls


@pytest.mark.parametrize("bad", NOT_BUFFERS)
def test_map_further_array_not_a_buffer_raises_type_error(bad: str) -> None:
    data = array("h", [1, 2])
    with pytest.raises(TypeError) as error:
        ao.map(data, max, NOT_BUFFERS[bad])
    assert_mentions(error.value, "arrays", type_name(NOT_BUFFERS[bad]))
    if NOT_BUFFERS[bad] is not None:
        with pytest.raises(TypeError) as error:
            ao.map(data, abs, out=NOT_BUFFERS[bad])
        assert_mentions(error.value, r"\bout\b", rf"\b{bad}\b")


def test_map_bad_layout_of_further_buffers_raises_naming_them() -> None:
    data = array("h", [1, 2])
    strided = memoryview(array("h", [1, 2, 3]))[::2]
    with pytest.raises(BufferError) as layout:
        ao.map(data, max, strided)
    assert_mentions(layout.value, "arrays", "contiguous")
    with pytest.raises(BufferError) as layout:
        ao.map(data, abs, out=strided)
    assert_mentions(layout.value, r"\bout\b", "contiguous")
    with pytest.raises(TypeError) as type_error:
        ao.map(data, abs, out=memoryview(bytearray(2)).cast("?"))
    assert_mentions(type_error.value, r"\bout\b", r"'\?'")


@each_function
def test_any_released_view_raises_value_error(name: str) -> None:
    view = memoryview(array("h", [1]))
    view.release()
    with pytest.raises(ValueError, match="released"):
        CALLS[name](view)


def test_sum_struct_of_standard_sizes_is_read_by_size() -> None:
    np: Any = pytest.importorskip("numpy")
    for code, letter in (("=i", "i"), ("=q", "q"), ("=d", "d"), ("=H", "H")):
        octets = b"\0" + struct.pack(f"{code}{code[1]}", 3, 4)
        misaligned = np.frombuffer(octets, letter, 2, 1)
        assert ao.sum(misaligned) == 7
        kept: Array = unchecked.filter(misaligned, abs)
        assert kept.typecode == letter
