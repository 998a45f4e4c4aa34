"""NumPy's arrays in, and out of `arrayops.numpy`: what plain Python gives, or the way out."""

import functools
import gc
import itertools
import operator
import pickle
import sys
import threading
import weakref
from array import array
from collections.abc import Callable
from typing import Any

import arrayops as ao
import oracles
import pytest
from comparison import array_bits, assert_mentions, outcome
from features import FEATURES
from functions import CALLBACK_FUNCTIONS, NATIVE_FUNCTIONS
from operations import PREDICATES, UNARY
from typecodes import FLOAT_CODES, LETTERS, PATTERNS, TYPECODES, Array, filled

np: Any = pytest.importorskip("numpy")
if "numpy" not in FEATURES:
    pytest.skip("built without the feature numpy", allow_module_level=True)
import arrayops.numpy as aon  # noqa: E402 - where it is there

unchecked: Any = aon  # for calls that the type stubs rightly refuse

each_code = pytest.mark.parametrize("code", LETTERS)
LENGTHS = (0, 1, 2, 63, 64, 65, 1000)  # functions of fewer than 64 elements are never traced
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "traced": lambda x: x,
    "called": UNARY["decimal"],
    "overflowing": lambda x: x * x * 3,
    "failing": UNARY["reciprocal"],
}
PREDICATE_KINDS = ("none", "positive", "list", "always", "never", "reciprocal")


def ndarray(elements: Array) -> Any:
    """Return a NumPy array of the same type and elements."""
    return np.array(elements, elements.typecode)


def assert_is(result: Any, expected: Array) -> None:
    """Check that a result is an array of NumPy's with its own, aligned memory, and its elements."""
    assert type(result) is np.ndarray
    assert result.dtype.char == expected.typecode
    assert result.shape == (len(expected),)
    flags = result.flags
    assert all((flags.owndata, flags.writeable, flags.aligned, flags.c_contiguous))
    assert result.base is None
    assert result.dtype.isnative
    actual: Array = array(expected.typecode, result.tobytes())
    assert array_bits(actual) == array_bits(expected)


def check(function: Callable[..., Any], oracle: Callable[..., Any], *args: Any, **kw: Any) -> None:
    """Compare a call with that of its oracle: the array, or the exception and its message."""
    expected, actual = outcome(oracle, *args, **kw), outcome(function, *args, **kw)
    if expected.error is None:
        assert actual.error is None, actual.error
        assert_is(actual.value, expected.value)
    else:
        assert type(actual.error) is type(expected.error)
        assert str(actual.error) == str(expected.error)


@each_code
@pytest.mark.parametrize("name", FUNCTIONS)
def test_map_every_type_and_length_matches_oracle(code: str, name: str) -> None:
    fn = FUNCTIONS[name]
    for length, pattern in itertools.product(LENGTHS, PATTERNS):
        elements = filled(code, length, pattern)
        check(aon.map, oracles.map, elements, fn)
        expected = outcome(oracles.map, elements, fn)
        if expected.error is None:
            assert_is(aon.map(ndarray(elements), fn), expected.value)


@each_code
@pytest.mark.parametrize("name", PREDICATE_KINDS)
def test_filter_every_type_and_length_matches_oracle(code: str, name: str) -> None:
    predicate = PREDICATES[name]
    for length, pattern in itertools.product(LENGTHS, PATTERNS):
        elements = filled(code, length, pattern)
        check(aon.filter, oracles.filter, elements, predicate)
        expected = outcome(oracles.filter, elements, predicate)
        if expected.error is None:
            assert_is(aon.filter(ndarray(elements), predicate), expected.value)


@pytest.mark.parametrize("name", UNARY)
def test_map_every_function_matches_oracle(name: str) -> None:
    for code, length in itertools.product("bQfd", (3, 100)):
        check(aon.map, oracles.map, filled(code, length, "small"), UNARY[name])


@pytest.mark.parametrize("keep", [0, 1, 2, 3])
def test_filter_by_calls_of_many_elements_grows_and_fits(keep: int) -> None:
    elements = array("i", range(30_000))
    kept = aon.filter(elements, lambda x: [x] if x % 3 < keep else [])
    assert_is(kept, array("i", [x for x in elements if x % 3 < keep]))


def test_filter_of_many_bytes_is_one_array_of_its_own() -> None:
    data = bytes(range(256)) * (80 << 10)  # more than an array is filtered at a time
    kept = aon.filter(data, lambda x: x >= 128)
    assert kept.flags.owndata
    assert (kept == np.frombuffer(data, "B")[np.frombuffer(data, "B") >= 128]).all()


@pytest.mark.parametrize(
    ("data", "dtype"),
    [(b"\x01\x02", "uint8"), (bytearray(b"\x03"), "uint8"), (array("l", [5]), "l")],
)
def test_map_any_other_buffer_gives_an_array_of_its_type(data: Any, dtype: str) -> None:
    for result in (aon.map(data, abs), aon.filter(data, None)):
        assert type(result) is np.ndarray
        assert result.dtype == np.dtype(dtype)
        assert result.tolist() == list(data)


@each_code
def test_map_typecode_as_letter_dtype_name_or_type(code: str) -> None:
    elements = filled("b", 70, "small")
    dtype = np.dtype(code)
    for spelling in (code, dtype, dtype.name, dtype.str, dtype.type, f"={code}"):
        letter: str = np.dtype(spelling).char
        for arr in (elements, elements[:3]):
            expected: Array = array(letter, map(abs, arr))
            assert_is(aon.map(arr, abs, typecode=spelling), expected)


def test_map_typecode_of_python_types_means_what_numpy_means() -> None:
    assert aon.map(b"\x01", abs, typecode=float).dtype == np.float64
    assert aon.map(b"\x01", abs, typecode=int).dtype == np.dtype(int)


@pytest.mark.parametrize(
    "typecode",
    [
        *("?", "bool", bool, "e", "float16", "complex", "O", object, "U3", "M8[s]", "nonsense", ""),
        *("zz", np.longdouble, np.dtype([("a", "i4")]), np.dtype("i4").newbyteorder()),
    ],
    ids=str,
)
def test_map_unsupported_typecode_raises_value_error(typecode: Any) -> None:
    if np.dtype(np.longdouble).itemsize == 8 and typecode is np.longdouble:
        pytest.skip("is double here")
    with pytest.raises(ValueError, match="typecode") as error:
        aon.map(b"\x01", abs, typecode=typecode)
    assert_mentions(error.value, "bBhHiIlLqQfd")


def test_map_typecode_that_is_no_type_raises_type_error() -> None:
    with pytest.raises(TypeError):
        unchecked.map(b"\x01", abs, typecode=5)


def test_map_several_arrays_of_both_kinds_matches_oracle() -> None:
    first, second = filled("h", 100, "small"), filled("d", 100, "small")
    expected = oracles.map(first, operator.add, second, typecode="d")
    for pair in itertools.product((first, ndarray(first)), (second, ndarray(second))):
        assert_is(aon.map(pair[0], operator.add, pair[1], typecode="d"), expected)


@each_code
@pytest.mark.parametrize("length", [0, 5, 100])
def test_map_out_is_filled_and_returned_itself(code: str, length: int) -> None:
    elements = filled("b", length, "small")
    for namespace in (ao, aon):
        for out in (np.zeros(length, code), array(code, [0]) * length):
            assert namespace.map(elements, abs, out=out) is out
            assert out.tolist() == [abs(x) for x in elements]


def test_map_out_of_a_subclass_or_a_view_is_returned_itself() -> None:
    whole = np.zeros(10)
    part = whole[2:5].view(Subclass)
    assert aon.map(b"\x01\x02\x03", float, out=part) is part
    assert whole.tolist() == [0, 0, 1, 2, 3, 0, 0, 0, 0, 0]


def test_map_onto_itself_is_all_or_nothing() -> None:
    fns: tuple[Callable[[Any], int], ...] = (lambda x: 100 // x, lambda x: int(str(100 // x)))
    for fn in fns:
        data = np.array([5, 2, 0, 1] * 30, "h")
        with pytest.raises(ZeroDivisionError):
            aon.map(data, fn, out=data)
        assert data.tolist() == [5, 2, 0, 1] * 30
        data[data == 0] = 4
        assert aon.map(data, fn, out=data) is data
        assert data.tolist() == [20, 50, 25, 100] * 30


def test_map_failing_keeps_the_inputs_and_out_of_the_same_length() -> None:
    data, out = np.arange(5), np.full(5, 7.0)
    with pytest.raises(ZeroDivisionError):
        aon.map(data, lambda x: 6 // (x - 3), out=out)
    assert data.tolist() == [0, 1, 2, 3, 4]
    assert out.tolist()[3:] == [7.0, 7.0]


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"out": np.zeros(2)}, ValueError),
        ({"out": np.zeros((3, 1))}, BufferError),
        ({"out": np.zeros(6)[::2]}, BufferError),
        ({"out": np.zeros(3, "?")}, TypeError),
        ({"out": np.zeros(3, "f8"), "typecode": "f4"}, ValueError),
        ({"out": np.frombuffer(bytes(3), "B")}, BufferError),
    ],
)
def test_map_unfit_out_raises_and_stays(kwargs: dict[str, Any], error: type[Exception]) -> None:
    before = kwargs["out"].tobytes()
    with pytest.raises(error, match=r"'(out|typecode)'"):
        aon.map(b"\x01\x02\x03", abs, **kwargs)
    assert kwargs["out"].tobytes() == before


def test_out_of_swapped_byte_order_raises_with_the_way_out() -> None:
    out = np.zeros(1, np.dtype("f8").newbyteorder())
    with pytest.raises(TypeError, match=r"newbyteorder\('='\)"):
        aon.map(b"\x01", abs, out=out)


Subclass: Any = type("Subclass", (np.ndarray,), {})


def test_subclass_of_ndarray_is_an_array_like_any_other() -> None:
    data = np.array([3, 1, 2], "h").view(Subclass)
    assert ao.sum(data) == 6
    assert_is(aon.map(data, operator.neg), array("h", [-3, -1, -2]))
    assert_is(aon.filter(data, lambda x: x > 1), array("h", [3, 2]))
    ao.scale(data, 2)
    assert data.tolist() == [6, 2, 4]


def test_memory_map_is_an_array_like_any_other(tmp_path: Any) -> None:
    mapped = np.memmap(tmp_path / "values", "i4", "w+", shape=3)
    mapped[:] = [1, 2, 3]
    assert ao.sum(mapped) == 6
    assert_is(aon.map(mapped, abs), array("i", [1, 2, 3]))


def test_read_only_input_is_read_and_not_written() -> None:
    data = np.arange(100)
    data.flags.writeable = False
    assert_is(aon.map(data, lambda x: x + 1), array("l", range(1, 101)))
    assert aon.filter(data, lambda x: x > 97).flags.writeable
    for call in (lambda: aon.scale(data, 2), lambda: aon.map(data, abs, out=data)):
        with pytest.raises(BufferError, match="read-only"):
            call()
    assert data[-1] == 99


CALLS = CALLBACK_FUNCTIONS.keys() - {"map_out", "map_second_array"}


def every_function(data: Any) -> Any:
    """Yield what every function raises of an array."""
    for function in NATIVE_FUNCTIONS.values():
        yield outcome(function, data).error
    for name in sorted(CALLS):
        yield outcome(CALLBACK_FUNCTIONS[name], data, abs).error
    yield outcome(aon.map, data, abs).error
    yield outcome(aon.filter, data, abs).error
    yield outcome(aon.map, bytes(len(data) if data.ndim else 1), abs, data).error
    yield outcome(ao.explain, abs, data).error


@pytest.mark.parametrize(
    ("dtype", "way_out"),
    [
        ("?", r"arr\.view\('u1'\)"),
        ("e", r"arr\.astype\('f4'\)"),
        ("F", r"arr\.real\.copy\(\)"),
        ("D", r"arr\.real\.copy\(\)"),
        ("O", "dtype object"),
        ("M8[s]", r"arr\.view\('i8'\)"),
        ("m8[ms]", r"arr\.view\('i8'\)"),
        ("S4", r"dtype \|S4"),
        ("U2", r"dtype <U2"),
        ([("a", "i4"), ("b", "f8")], r"arr\['name'\]"),
    ],
    ids=str,
)
def test_any_unsupported_dtype_raises_type_error_that_names_it(dtype: Any, way_out: str) -> None:
    for length in (0, 3):
        data = np.zeros(length, dtype)
        for error in every_function(data):
            assert type(error) is TypeError
            assert_mentions(error, r"argument '\w+(\[0\])?'", "dtype", way_out)


def test_way_out_of_bool_complex_and_fields_works() -> None:
    assert ao.sum(np.array([True, False, True]).view("u1")) == 2
    assert ao.sum(np.array([1 + 2j, 3 + 4j]).imag.copy()) == 6.0
    records = np.zeros(3, [("name", "i4"), ("other", "f8")])
    assert ao.sum(records["name"].copy()) == 0
    assert ao.sum(np.array([1.5, 2], "e").astype("f4")) == 3.5
    assert ao.max(np.array(["1970-01-02"], "M8[D]").view("i8")) == 1


@pytest.mark.parametrize("dtype", ["i2", "u4", "i8", "f4", "f8"])
def test_any_swapped_byte_order_raises_with_the_way_out(dtype: str) -> None:
    data = np.arange(3).astype(np.dtype(dtype).newbyteorder())
    for error in every_function(data):
        assert type(error) is TypeError
        assert_mentions(error, "byte order", r"arr\.astype\(arr\.dtype\.newbyteorder\('='\)\)")
    assert ao.sum(data.astype(data.dtype.newbyteorder("="))) == 3


def test_any_strided_or_two_dimensional_array_raises_with_the_way_out() -> None:
    layouts = {
        "contiguous": [np.arange(9.0)[::2], np.arange(9)[::-1]],
        "dimensions": [np.zeros((2, 3)), np.zeros((2, 3), order="F"), np.array(1.5)],
    }
    for word, arrays in layouts.items():
        for data in arrays:
            for error in every_function(data):
                assert type(error) is BufferError
                assert_mentions(error, word, r"arr\.ravel\(\)", r"np\.ascontiguousarray\(arr\)")
            assert ao.sum(data.ravel()) == ao.sum(np.ascontiguousarray(data).reshape(-1))


def test_any_masked_array_raises_with_the_way_out() -> None:
    data = np.ma.masked_array([1, 200, 3], [0, 1, 0])
    for error in every_function(data):
        assert type(error) is TypeError
        assert_mentions(error, "masked", r"arr\.compressed\(\)", r"arr\.filled\(value\)")
    assert ao.sum(data.compressed()) == 4
    assert ao.sum(data.filled(0)) == 4
    assert ao.sum(data.data) == 204
    unmasked = np.ma.masked_array([1, 2])
    assert type(outcome(ao.sum, unmasked).error) is TypeError
    assert type(outcome(ao.map, b"\x01\x02", abs, out=unmasked).error) is TypeError


@each_code
def test_reductions_give_plain_python_numbers(code: str) -> None:
    elements = filled(code, 70, "small")
    data = ndarray(elements)
    number = float if code in FLOAT_CODES else int
    for name in ("sum", "min", "max"):
        result = getattr(aon, name)(data)
        assert type(result) is number
        assert result == getattr(oracles, name)(elements)
    for name in ("mean", "var", "std"):
        assert type(getattr(aon, name)(data)) is float
    assert type(aon.reduce(data, lambda a, x: a + x)) is number
    assert type(aon.Stats(data).max) is number


def note_type(seen: list[type], x: float) -> float:
    """Note the type of an element."""
    seen.append(type(x))
    return x


def test_function_gets_plain_python_numbers() -> None:
    for namespace in (ao, aon):
        for code, number in (("h", int), ("f", float)):
            seen: list[type] = []
            unchecked_map: Any = namespace.map
            unchecked_map(np.ones(3, code), functools.partial(note_type, seen))
            assert seen == [number] * 3


def test_namespace_has_the_functions_of_arrayops() -> None:
    assert aon.__all__ == [name for name in ao.__all__ if name != "__version__"]
    for name in aon.__all__:
        same = getattr(aon, name) is getattr(ao, name)
        assert same == (name not in {"map", "filter"})


@pytest.mark.parametrize("name", ["map", "filter"])
def test_own_function_pickles_by_its_public_name(name: str) -> None:
    function = getattr(aon, name)
    assert (function.__module__, function.__name__) == ("arrayops.numpy", name)
    assert pickle.loads(pickle.dumps(function)) is function  # noqa: S301


def test_result_lives_as_long_as_it_is_used_and_no_longer() -> None:
    result = aon.map(np.arange(1000), lambda x: x + 1)
    view = result[10:20]
    gone = weakref.ref(result)
    del result
    assert gone() is view.base
    assert view.tolist() == list(range(11, 21))
    del view
    gc.collect()
    assert gone() is None


def test_results_and_failures_leak_nothing() -> None:
    fns: tuple[Callable[[Any], Any], ...] = (
        lambda x: x + 1,
        lambda x: 5 // (x - 19_999),
        lambda x: [x],
    )

    def work() -> None:
        data = np.arange(20_000)
        for fn in fns:
            outcome(aon.map, data, fn)
            outcome(aon.filter, data, fn)

    def allocated() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    import tracemalloc  # noqa: PLC0415 - traces from here on

    work()
    tracemalloc.start()
    try:
        work()
        before = allocated()
        for _ in range(10):
            work()
        assert allocated() < before + 20_000
    finally:
        tracemalloc.stop()


def test_input_is_released_and_held_only_for_the_call() -> None:
    data = np.arange(100, dtype="i8")
    before = sys.getrefcount(data)
    aon.map(data, lambda x: x + 1)
    aon.filter(data, lambda x: [x])
    outcome(aon.map, data, UNARY["reciprocal"])
    assert sys.getrefcount(data) == before


def test_threads_get_results_of_their_own() -> None:
    results: dict[int, Any] = {}

    def work(number: int) -> None:
        data = np.full(100_000, number)
        results[number] = [aon.map(data, lambda x: x * 3 + number) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        for result in results[number]:
            assert (result == 4 * number).all()


def test_large_results_on_several_threads_match() -> None:
    data = np.arange(3_000_000, dtype="i8")
    assert (aon.map(data, lambda x: x * 2 + 1) == data * 2 + 1).all()
    assert (aon.filter(data, lambda x: x % 3 == 0) == data[::3]).all()


def test_numbers_of_all_types_are_known() -> None:
    assert {np.dtype(code).itemsize for code in LETTERS} == {1, 2, 4, 8}
    assert all(np.dtype(code).itemsize == TYPECODES[code].size for code in LETTERS)
