"""Every operation on every typecode and kind of buffer gives what its oracle gives, to the bit."""

import itertools
from array import array
from typing import Any

import arrayops as ao
import pytest
from comparison import assert_same
from hypothesis import given
from hypothesis import strategies as st
from inputs import KINDS, Kind, contents
from operations import BY_NAME, OPERATIONS, Call, Operation, check, some_calls
from strategies import arrays, calls, kinds
from typecodes import (
    FLOAT_CODES,
    LETTERS,
    LONG_LENGTHS,
    PATTERNS,
    SHORT_LENGTHS,
    TYPECODES,
    Array,
    filled,
)

each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.name)
each_code = pytest.mark.parametrize("code", LETTERS)


@each_operation
@each_code
@given(data=st.data())
def test_operation_drawn_arguments_match_oracle(
    operation: Operation, code: str, data: st.DataObject
) -> None:
    elements = data.draw(arrays(code), "elements")
    call = data.draw(calls(operation, code), "call")
    kind = data.draw(kinds(elements), "kind")
    check(operation, elements, call, kind)


@each_operation
@each_code
def test_operation_fixed_arguments_match_oracle(operation: Operation, code: str) -> None:
    patterns = ("specials", "small", "small_then_high")
    for length, pattern in itertools.product((0, 1, 19), patterns):
        elements = filled(code, length, pattern)
        for call in operation.calls(code):
            check(operation, elements, call)


@each_operation
@each_code
def test_operation_lengths_around_blocks_match_oracle(operation: Operation, code: str) -> None:
    cases = itertools.product(SHORT_LENGTHS, PATTERNS)
    for turn, (length, pattern) in enumerate(cases):
        elements = filled(code, length, pattern)
        for call in some_calls(operation, code, turn, 2):
            check(operation, elements, call)


@each_operation
@each_code
def test_operation_long_arrays_match_oracle(operation: Operation, code: str) -> None:
    lengths = LONG_LENGTHS[:2] if operation.calls_back else LONG_LENGTHS
    for turn, length in enumerate(lengths):
        pattern = PATTERNS[(turn + LETTERS.index(code)) % len(PATTERNS)]
        elements = filled(code, length, pattern)
        for call in some_calls(operation, code, turn + LETTERS.index(code), 1):
            check(operation, elements, call)


@each_operation
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_operation_every_kind_of_buffer_matches_oracle(operation: Operation, kind: Kind) -> None:
    cases = itertools.product(kind.codes, (0, 1, 21), ("specials", "small"))
    for turn, (code, length, pattern) in enumerate(cases):
        elements = filled(code, length, pattern)
        if kind.takes(elements):
            for call in some_calls(operation, code, turn, 4):
                check(operation, elements, call, kind)


@pytest.mark.parametrize("code", FLOAT_CODES)
@pytest.mark.parametrize("name", ["min", "max"])
def test_extrema_signed_zeros_and_nan_return_the_first_met(name: str, code: str) -> None:
    zeros = (0.0, -0.0, float("nan"), 1.0, -1.0)
    for length in (1, 2, 3, 5):
        for values in itertools.product(zeros, repeat=length):
            check(BY_NAME[name], array(code, values), Call())
            check(BY_NAME[name], array(code, values * 8), Call())


@pytest.mark.parametrize("code", FLOAT_CODES)
@pytest.mark.parametrize("name", ["min", "max"])
def test_extrema_first_zero_in_any_place_keeps_its_sign(name: str, code: str) -> None:
    far = 1.0 if name == "min" else -1.0
    for length in (17, 64, 100, 1025):
        for first in {0, 1, 7, 8, 15, length // 2, length - 2}:
            for zero in (0.0, -0.0):
                elements = array(code, [far]) * length
                elements[first] = zero
                elements[first + 1] = -zero
                check(BY_NAME[name], elements, Call())


def _with_nan_payloads(code: str) -> Any:
    """Return an array of quiet and signalling NaN with payloads and either sign."""
    if code == "f":
        words = array(
            "I" if TYPECODES["I"].size == 4 else "L", [0x7FC00001, 0x7F800001, 0xFFC12345]
        )
    else:
        words = array("Q", [0x7FF8000000000001, 0x7FF0000000000001, 0xFFF8123456789ABC])
    return array(code, words.tobytes() * 11)


@pytest.mark.parametrize("code", FLOAT_CODES)
def test_clip_nan_elements_stay_to_the_bit(code: str) -> None:
    elements = _with_nan_payloads(code)
    before = elements.tobytes()
    ao.clip(elements, -1.0, 1)
    assert elements.tobytes() == before


def test_min_nan_in_first_place_keeps_its_payload() -> None:
    quiet = array("d", array("Q", [0x7FF8000000000123, 0]).tobytes())
    assert array("d", [ao.min(quiet)]).tobytes() == quiet[:1].tobytes()
    assert array("d", [ao.max(quiet)]).tobytes() == quiet[:1].tobytes()


@each_code
@given(data=st.data())
def test_map_three_arrays_of_other_types_matches_oracle(code: str, data: st.DataObject) -> None:
    first = data.draw(arrays(code))
    second = filled("d", len(first), "small")
    third = filled("B", len(first), "bits")

    def choose(x: float, y: float, z: int) -> float:
        return (x, y, z)[z % 3]

    with data.draw(kinds(third)).open(third) as octets:
        result = ao.map(first, choose, second, octets, typecode="d")
    assert_same(result, array("d", map(choose, first, second, third)))


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.writable], ids=lambda kind: kind.name
)
def test_map_out_of_every_kind_receives_the_result(kind: Kind) -> None:
    inputs = filled("h", 40, "small")
    for code in kind.codes:
        expected: Array = array(code, map(abs, inputs))
        with kind.open(filled(code, 40, "high")) as buffer:
            assert ao.map(inputs, abs, out=buffer) is buffer
            assert contents(buffer) == expected.tobytes()
