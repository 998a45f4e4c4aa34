"""The libraries measured in this process, and their views of an array.

A library that is not installed leaves its column blank.
"""

from __future__ import annotations

import importlib
import os
import warnings
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from workspace import Workspace, constants

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping
    from types import ModuleType

ARROW_TYPES = {
    "b": "int8",
    "h": "int16",
    "i": "int32",
    "q": "int64",
    "f": "float32",
    "d": "float64",
}
DISTRIBUTIONS = ("arrayops", "numpy", "polars", "pyarrow", "numkong")


def _optional(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


class Peers:
    """The imported libraries; absent ones are None and lend no names to the snippets."""

    def __init__(self, threads: int | None) -> None:
        """Import all, with `threads` threads for those that take a number; None: their default."""
        if threads is not None:
            os.environ["POLARS_MAX_THREADS"] = str(threads)
        self.arrayops = importlib.import_module("arrayops")
        self.numpy = _optional("numpy")
        self.polars = _optional("polars")
        self.pyarrow = _optional("pyarrow")
        self.compute = _optional("pyarrow.compute") if self.pyarrow else None
        self.numkong = _optional("numkong")
        if threads is not None:
            self.arrayops.set_num_threads(threads)
            if self.pyarrow:
                self.pyarrow.set_cpu_count(threads)
        # polars advises expressions in place of functions; the functions are what is measured.
        warnings.filterwarnings("ignore", module="timeit|<timeit-src>")
        if self.polars:
            warnings.simplefilter("ignore", self.polars.exceptions.PolarsInefficientMapWarning)

    @property
    def columns(self) -> set[str]:
        """The columns that can be measured in this process."""
        present = {"arrayops", "plain", "inlined", "expression"}
        for name in ("numpy", "polars", "pyarrow", "numkong"):
            if getattr(self, name) is not None:
                present.add(name)
        if self.numkong:
            present.add("numkong-tensor")
        return present

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries present."""
        names = [name for name in DISTRIBUTIONS if getattr(self, name) is not None]
        return {name: version(name) for name in names} | {"arrayops": self.arrayops.__version__}

    def threads(self) -> dict[str, int]:
        """Return how many threads each library that says so may use."""
        counts: dict[str, int] = {"arrayops": self.arrayops.get_num_threads()}
        if self.polars:
            counts["polars"] = self.polars.thread_pool_size()
        if self.pyarrow:
            counts["pyarrow"] = self.pyarrow.cpu_count()
        return counts

    def views(self, values: array[Any]) -> dict[str, object]:
        """Return the operands that share the memory of `values`."""
        operands: dict[str, object] = {"a": values, "k": values}
        if self.numpy:
            operands["v"] = self.numpy.asarray(values)
            if values.typecode == "q" and self.numpy.dtype("l").itemsize == values.itemsize:
                # numkong knows 64-bit integers under the name that Linux gives them only.
                operands["k"] = self.numpy.frombuffer(values, dtype="l")
        return operands

    def names(self, values: array[Any], given: Mapping[str, object]) -> dict[str, object]:
        """Return the modules, and the containers that hold the values of a row."""
        names: dict[str, object] = {"ao": self.arrayops, "np": self.numpy}
        if self.polars and self.numpy:
            names |= {"pl": self.polars, "s": self.polars.Series(self.numpy.asarray(values))}
        if self.pyarrow:
            arrow, kind = self.pyarrow, getattr(self.pyarrow, ARROW_TYPES[values.typecode])()
            scalars = {
                "p_factor": given["factor"],
                "p_low": given["low"],
                "p_high": given["high"],
                "p_one": 1,
                "p_zero": 0,
            }
            names |= {
                "pc": self.compute,
                "p": arrow.Array.from_buffers(kind, len(values), [None, arrow.py_buffer(values)]),
                **{name: arrow.scalar(value, kind) for name, value in scalars.items()},
            }
        if self.numkong:
            names |= {"nk": self.numkong, "t": self.numkong.Tensor(self.views(values)["k"])}
        return names


def open_workspace(peers: Peers, values: array[Any]) -> Workspace:
    """Return the values of a row with the operands of all libraries over them."""
    names = peers.names(values, constants(values.typecode))
    return Workspace(values, names, peers.views)
