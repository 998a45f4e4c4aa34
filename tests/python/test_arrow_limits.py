"""Columns of endless types, columns whose faults lie behind nulls, columns at the end of Python."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from array import array

import arrayops as ao
import pytest
from features import FEATURES

if "arrow" not in FEATURES:
    pytest.skip("built without the feature arrow", allow_module_level=True)
from arrayops import arrow
from arrow_capsules import ArrowSchema, HandMade, HandMadeStream


class SelfContaining(HandMade):
    """A struct all of whose fields are it itself."""

    def schema(self) -> ArrowSchema:
        """Return a schema of many children."""
        schema = super().schema()
        children = (ctypes.POINTER(ArrowSchema) * 99)(*[ctypes.pointer(schema)] * 99)
        schema.n_children = 99
        schema.children = children
        self.kept = schema, children
        return schema


@pytest.mark.parametrize("nested", ["+s", "+l", "+m", "+r", "+w:3", "+ud:0", "+us:0"])
def test_type_without_end_is_described_in_few_words(nested: str) -> None:
    with pytest.raises(TypeError, match=r"is of the Arrow type \w+<.*\.\.\.") as raised:
        ao.sum(SelfContaining(array("q", [1]), format=nested))
    assert len(str(raised.value)) < 100_000


@pytest.mark.parametrize(
    ("values", "factor", "message"),
    [
        (array("B", [9, 200, 1, 1, 200]), 2, r"200 \(at index 4\)"),
        (array("b", [9, 9, 1, 0, 1]), float("inf"), r"infinity to integer \(at index 2\)"),
        (array("b", [9, 9, 0, 0, 1]), float("inf"), r"NaN to integer \(at index 2\)"),
    ],
)
def test_scale_names_the_place_in_the_column(
    values: array[int], factor: float, message: str
) -> None:
    column = HandMade(values, [False, False, True, True, True])
    with pytest.raises((OverflowError, ValueError), match=message):
        arrow.scale(column, factor)
    stream = HandMadeStream(HandMade(array(values.typecode, [0, 0]), [False, True]), column)
    with pytest.raises((OverflowError, ValueError)) as raised:
        arrow.scale(stream, factor)
    if factor == 2:
        assert "(at index 6)" in str(raised.value)


def test_data_alive_at_exit_ends_quietly() -> None:
    program = """
import sys, threading
from array import array
from arrayops import arrow
import arrayops as ao
kept = arrow.to_arrow(array("d", range(1000)))
view = arrow.from_arrow(kept)
sys.modules["kept"] = arrow.map(kept, lambda x: x + 1).__arrow_c_array__()
sys.kept = [kept, kept.__arrow_c_array__(), view]
cycle = [kept]
cycle.append(cycle)
stop = threading.Event()
def forever():
    while True:
        arrow.from_arrow(arrow.to_arrow(array("d", range(1000))))
threading.Thread(target=forever, daemon=True).start()
try:
    import pyarrow
    sys.pyarrow_kept = pyarrow.array(kept)
except ImportError:
    pass
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
