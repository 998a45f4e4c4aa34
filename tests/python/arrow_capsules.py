"""Arrow's C interfaces by ctypes alone: arrays and streams made by hand, and a look into others'.

No library of Arrow is needed, so that this runs where none is, under valgrind too.
"""

from __future__ import annotations

import ctypes
import itertools
from ctypes import POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

FORMATS = dict(zip("bhiqBHIQfd", "csilCSILfg", strict=True))
"""The format of a schema for each typecode whose size is the same everywhere."""

RELEASE = ctypes.CFUNCTYPE(None, c_void_p)


class ArrowSchema(Structure):
    """The struct of this name."""


class ArrowArray(Structure):
    """The struct of this name."""


class ArrowArrayStream(Structure):
    """The struct of this name."""


ArrowSchema._fields_ = [
    ("format", c_char_p),
    ("name", c_char_p),
    ("metadata", c_char_p),
    ("flags", c_int64),
    ("n_children", c_int64),
    ("children", POINTER(POINTER(ArrowSchema))),
    ("dictionary", POINTER(ArrowSchema)),
    ("release", RELEASE),
    ("private_data", c_void_p),
]
ArrowArray._fields_ = [
    ("length", c_int64),
    ("null_count", c_int64),
    ("offset", c_int64),
    ("n_buffers", c_int64),
    ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(ArrowArray))),
    ("dictionary", POINTER(ArrowArray)),
    ("release", RELEASE),
    ("private_data", c_void_p),
]
GET_SCHEMA = ctypes.CFUNCTYPE(c_int, POINTER(ArrowArrayStream), POINTER(ArrowSchema))
GET_NEXT = ctypes.CFUNCTYPE(c_int, POINTER(ArrowArrayStream), POINTER(ArrowArray))
GET_LAST_ERROR = ctypes.CFUNCTYPE(c_void_p, POINTER(ArrowArrayStream))
ArrowArrayStream._fields_ = [
    ("get_schema", GET_SCHEMA),
    ("get_next", GET_NEXT),
    ("get_last_error", GET_LAST_ERROR),
    ("release", RELEASE),
    ("private_data", c_void_p),
]

NAMES = {
    ArrowSchema: b"arrow_schema",
    ArrowArray: b"arrow_array",
    ArrowArrayStream: b"arrow_array_stream",
}
DESTRUCTOR = ctypes.PYFUNCTYPE(None, c_void_p)
new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, c_void_p, c_char_p, DESTRUCTOR)(
    ("PyCapsule_New", ctypes.pythonapi)
)
pointer_in = ctypes.PYFUNCTYPE(c_void_p, ctypes.py_object, c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)

# What made structs need, by the number that is their private data, until they are released.
_living: dict[int, tuple[Ledger, Any]] = {}
_numbers = itertools.count(1)
# The structs that capsules hold, by the addresses of the capsules.
_held: dict[int, Any] = {}


@dataclass
class Ledger:
    """How many structs were made and how many released, and whether one was released twice."""

    made: int = 0
    released: int = 0
    twice: int = 0

    def enter(self, struct: Any, needs: Any) -> None:
        """Have a struct counted, and keep alive what it needs until its release."""
        struct.private_data = next(_numbers)
        struct.release = _RELEASES[type(struct)]
        _living[struct.private_data] = self, needs
        self.made += 1

    @property
    def balanced(self) -> bool:
        """Whether every struct has been released once."""
        return self.made == self.released and not self.twice


_unknown = Ledger()


def _releasing(kind: Any) -> Any:
    def release(address: int) -> None:
        struct = kind.from_address(address)
        ledger, _ = _living.pop(struct.private_data, (_unknown, None))
        ledger.released += 1
        _unknown.twice += ledger is _unknown
        struct.release = RELEASE()

    return RELEASE(release)


_RELEASES = {kind: _releasing(kind) for kind in NAMES}


def released_twice() -> int:
    """Return how many structs of the whole process have been released twice."""
    return _unknown.twice


def _destroy(capsule: int) -> None:
    struct = _held.pop(capsule)
    if struct.release:
        struct.release(ctypes.addressof(struct))


_DESTROY = DESTRUCTOR(_destroy)


def capsule(struct: Any) -> Any:
    """Put a struct into a capsule, which releases it unless somebody else has taken it."""
    made = new_capsule(ctypes.addressof(struct), NAMES[type(struct)], _DESTROY)
    _held[id(made)] = struct
    return made


@dataclass
class HandMade:
    """An array to be given as a pair of capsules: elements, which of them are valid, an offset."""

    values: array[Any]
    valid: Sequence[bool] | None = None
    offset: int = 0
    null_count: int = -1
    format: str = ""
    ledger: Ledger = field(default_factory=Ledger)

    def schema(self) -> ArrowSchema:
        """Return a new schema."""
        schema = ArrowSchema()
        text = (self.format or FORMATS[self.values.typecode]).encode()
        schema.format = text
        schema.name = b"made by hand"
        schema.flags = 2
        self.ledger.enter(schema, text)  # the struct may be copied, and only the copy kept
        return schema

    def array(self) -> ArrowArray:
        """Return a new array over the elements, which are not copied."""
        made = ArrowArray()
        made.length, made.offset = len(self.values) - self.offset, self.offset
        made.null_count = 0 if self.valid is None else self.null_count
        size = len(self.values) * self.values.itemsize
        memory = (ctypes.c_char * size).from_buffer(self.values)
        bits = None if self.valid is None else packed(self.valid)
        made.n_buffers = 2
        made.buffers = (c_void_p * 2)(bits and ctypes.addressof(bits), ctypes.addressof(memory))
        self.ledger.enter(made, (memory, bits, made.buffers))
        return made

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[Any, Any]:
        """Give schema and array."""
        assert requested_schema is None
        return capsule(self.schema()), capsule(self.array())


def packed(valid: Sequence[bool]) -> Any:
    """Return a bitmap, the lowest bit first."""
    octets = bytearray((len(valid) + 7) // 8)
    for index, is_valid in enumerate(valid):
        octets[index // 8] |= is_valid << index % 8
    return (ctypes.c_char * len(octets)).from_buffer(octets)


class HandMadeStream:
    """Arrays to be given as a stream, which may fail at last."""

    def __init__(
        self, first: HandMade, *others: HandMade, failure: tuple[int, bytes] = (0, b"")
    ) -> None:
        """Take the arrays, and with which number and message to fail after them; 0: not."""
        self.chunks = (first, *others)
        self.ledger = first.ledger
        self.failure = failure

    def stream(self) -> ArrowArrayStream:
        """Return a new stream of all arrays."""
        rest = iter(self.chunks)
        code, message = self.failure
        text = ctypes.create_string_buffer(message)

        def get_schema(_: Any, to: Any) -> int:
            ctypes.memmove(to, ctypes.byref(self.chunks[0].schema()), ctypes.sizeof(ArrowSchema))
            return 0

        def get_next(_: Any, to: Any) -> int:
            following = next(rest, None)
            if following is None:
                ctypes.memset(to, 0, ctypes.sizeof(ArrowArray))
                return code
            ctypes.memmove(to, ctypes.byref(following.array()), ctypes.sizeof(ArrowArray))
            return 0

        def get_last_error(_: Any) -> int:
            return ctypes.addressof(text)

        functions = (
            GET_SCHEMA(get_schema),
            GET_NEXT(get_next),
            GET_LAST_ERROR(get_last_error),
        )
        stream = ArrowArrayStream(*functions)
        self.ledger.enter(stream, (functions, text))
        return stream

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """Give the stream."""
        assert requested_schema is None
        return capsule(self.stream())


@dataclass(frozen=True)
class Chunk:
    """What others' structs say: length, nulls, the address of the first element."""

    length: int
    null_count: int
    address: int


def chunks(column: Any, itemsize: int) -> list[Chunk]:
    """Return what a column's capsules say of its chunks. The memory lives as long as the column."""
    if hasattr(column, "__arrow_c_array__"):
        _, given = column.__arrow_c_array__()
        taken = ArrowArray.from_address(pointer_in(given, NAMES[ArrowArray]))
        return [_chunk(taken, itemsize)]
    given = column.__arrow_c_stream__()
    stream = ArrowArrayStream.from_address(pointer_in(given, NAMES[ArrowArrayStream]))
    found: list[Chunk] = []
    while True:
        following = ArrowArray()
        assert stream.get_next(ctypes.byref(stream), ctypes.byref(following)) == 0
        if not following.release:
            return found
        found.append(_chunk(following, itemsize))
        following.release(ctypes.addressof(following))


def _chunk(taken: ArrowArray, itemsize: int) -> Chunk:
    start = taken.buffers[1] or 0
    return Chunk(taken.length, taken.null_count, start + taken.offset * itemsize if start else 0)
