"""One table of the kinds of buffer the library takes, each filled with given elements."""

import contextlib
import ctypes
import importlib.util
import mmap
import pickle
import sys
import tempfile
from array import array
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from typing import TYPE_CHECKING, Any

from typecodes import LETTERS, TYPECODES, Array

if TYPE_CHECKING:
    AnyArray = array[Any]
else:
    AnyArray = array

Opener = Callable[[Array], AbstractContextManager[Any]]

C_TYPES: dict[str, Any] = {
    "b": ctypes.c_byte,
    "h": ctypes.c_short,
    "i": ctypes.c_int,
    "l": ctypes.c_long,
    "q": ctypes.c_longlong,
    "B": ctypes.c_ubyte,
    "H": ctypes.c_ushort,
    "I": ctypes.c_uint,
    "L": ctypes.c_ulong,
    "Q": ctypes.c_ulonglong,
    "f": ctypes.c_float,
    "d": ctypes.c_double,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of buffer: `open(elements)` yields one that holds them, and closes it afterwards.

    Closing fails with `BufferError` where a call has kept its hold on the buffer.
    """

    name: str
    open: Opener
    codes: str = LETTERS
    writable: bool = True
    min_length: int = 0

    def takes(self, elements: Array) -> bool:
        """Whether such elements can come in this kind of buffer."""
        return elements.typecode in self.codes and len(elements) >= self.min_length


def contents(buffer: Any) -> bytes:
    """Return a copy of the memory of any contiguous buffer."""
    with memoryview(buffer) as view:
        return view.tobytes()


def letter_of(buffer: Any) -> str:
    """Return the typecode of a buffer: the letter of its format, native order or not spelt out."""
    with memoryview(buffer) as view:
        letter = view.format.lstrip("@=<>")
        if letter in TYPECODES and TYPECODES[letter].size == view.itemsize:
            return letter
        # A standard size that is not the native one: the letter of the same kind and size.
        return next(
            code
            for code in LETTERS
            if TYPECODES[code].size == view.itemsize and code.isupper() == letter.isupper()
        )


class ArraySubclass(AnyArray):
    """A subclass that adds nothing."""


class Exporter:
    """An object with nothing but the buffer protocol of Python 3.12 (PEP 688)."""

    def __init__(self, elements: Array) -> None:
        """Export the memory of an array."""
        self.view = memoryview(elements)

    def __buffer__(self, flags: int) -> memoryview:
        """Export it, whatever is asked for."""
        return self.view


def cast(octets: Any, typecode: str) -> Any:
    """Cast a view of bytes to a typecode that type checkers need not know."""
    return octets.cast(typecode)


@contextlib.contextmanager
def _cast(memory: Any, elements: Array, offset: int = 0, order: str = "") -> Generator[Any]:
    """View `memory` from byte `offset` as elements, of which there may be none."""
    size = elements.itemsize
    with (
        memoryview(memory) as whole,
        whole[offset : offset + max(len(elements), 1) * size] as part,
        part.cast("B") as octets,
        cast(octets, order + elements.typecode) as typed,
        typed[: len(elements)] as view,
    ):
        yield view


def _direct(make: Callable[[Array], Any]) -> Opener:
    """Open what needs no closing."""
    return lambda elements: contextlib.nullcontext(make(elements))


@contextlib.contextmanager
def _view(elements: Array, *, readonly: bool = False, start: int = 0) -> Generator[memoryview]:
    padded = elements[:0] + array(elements.typecode, bytes(start * elements.itemsize)) + elements
    with memoryview(padded) as view, view[start:] as part:
        if readonly:
            with part.toreadonly() as frozen:
                yield frozen
        else:
            yield part


def _cast_of(make: Callable[[bytes], Any], offset: int = 0, order: str = "") -> Opener:
    """Open a cast view of memory made from bytes, `offset` bytes into it."""

    @contextlib.contextmanager
    def opened(elements: Array) -> Generator[memoryview]:
        octets = bytes(offset) + elements.tobytes() + bytes(elements.itemsize)
        with _cast(make(octets), elements, offset, order) as view:
            yield view

    return opened


@contextlib.contextmanager
def anonymous_map(elements: Array) -> Generator[mmap.mmap]:
    """Open an anonymous memory map that holds the elements."""
    octets = elements.tobytes()
    with mmap.mmap(-1, max(len(octets), elements.itemsize)) as mapped:
        mapped[: len(octets)] = octets
        yield mapped


def _file_map(access: int) -> Callable[[Array], AbstractContextManager[mmap.mmap]]:
    """Open the map of a file that holds the elements."""

    @contextlib.contextmanager
    def opened(elements: Array) -> Generator[mmap.mmap]:
        with tempfile.TemporaryFile() as file:
            file.write(elements.tobytes() or bytes(elements.itemsize))
            file.flush()
            with mmap.mmap(file.fileno(), 0, access=access) as mapped:
                yield mapped

    return opened


def _cast_map(open_map: Callable[[Array], AbstractContextManager[mmap.mmap]]) -> Opener:
    @contextlib.contextmanager
    def opened(elements: Array) -> Generator[memoryview]:
        with open_map(elements) as mapped, _cast(mapped, elements) as view:
            yield view

    return opened


@contextlib.contextmanager
def _shared_memory(elements: Array) -> Generator[memoryview]:
    octets = elements.tobytes()
    memory = SharedMemory(create=True, size=len(octets) + elements.itemsize)
    try:
        assert memory.buf is not None
        memory.buf[: len(octets)] = octets
        with _cast(memory.buf, elements) as view:
            yield view
    finally:
        memory.close()
        memory.unlink()


def _ctypes_array(elements: Array) -> Any:
    c_type = C_TYPES[elements.typecode]
    explicit = getattr(c_type, f"__ctype_{sys.byteorder[0]}e__", c_type)
    return (explicit * len(elements))(*elements)


def _numpy_array(elements: Array, *, offset: int = 0, writable: bool = True) -> Any:
    """Make a NumPy array over memory `offset` bytes from an aligned address."""
    import numpy as np  # noqa: PLC0415 - where it is installed

    octets = bytearray(offset) + elements.tobytes()
    values = np.frombuffer(octets, elements.typecode, len(elements), offset)
    values.flags.writeable = writable
    return values


_EXPORTER = Kind("exporter", _direct(lambda e: Exporter(e[:])))
_NUMPY = (
    Kind("numpy", _direct(_numpy_array)),
    Kind("numpy_readonly", _direct(lambda e: _numpy_array(e, writable=False)), writable=False),
    Kind("numpy_misaligned", _direct(lambda e: _numpy_array(e, offset=1))),
)
KINDS = (
    Kind("array", _direct(lambda elements: elements[:])),
    Kind("array_subclass", _direct(lambda elements: ArraySubclass(elements.typecode, elements))),
    Kind("memoryview", _view),
    Kind("memoryview_readonly", lambda e: _view(e, readonly=True), writable=False),
    Kind("memoryview_slice", lambda e: _view(e, start=1)),
    Kind("bytes", _direct(bytes), "B", writable=False),
    Kind("bytearray", _direct(bytearray), "B"),
    Kind("pickle_buffer", _direct(lambda elements: pickle.PickleBuffer(elements[:]))),
    Kind("bytes_cast", _cast_of(bytes), writable=False),
    Kind("bytearray_cast", _cast_of(bytearray)),
    Kind("bytearray_cast_native", _cast_of(bytearray, order="@")),
    Kind("bytearray_cast_misaligned", _cast_of(bytearray, 1)),
    Kind("bytes_cast_misaligned", _cast_of(bytes, 3), writable=False),
    Kind("mmap", anonymous_map, "B", min_length=1),
    Kind("mmap_cast", _cast_map(anonymous_map)),
    Kind("mmap_file", _file_map(mmap.ACCESS_WRITE), "B", min_length=1),
    Kind("mmap_file_readonly", _file_map(mmap.ACCESS_READ), "B", writable=False, min_length=1),
    Kind("mmap_file_cast", _cast_map(_file_map(mmap.ACCESS_WRITE))),
    Kind("mmap_file_cast_readonly", _cast_map(_file_map(mmap.ACCESS_READ)), writable=False),
    Kind("mmap_file_copy", _cast_map(_file_map(mmap.ACCESS_COPY))),
    Kind("ctypes", _direct(_ctypes_array)),
    Kind("shared_memory", _shared_memory),
    *((_EXPORTER,) if sys.version_info >= (3, 12) else ()),
    *(_NUMPY if importlib.util.find_spec("numpy") else ()),
)
PLAIN = KINDS[0]
