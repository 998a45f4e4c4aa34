"""Arrow's C data interface in ctypes: arrays taken and given without any library."""

import ctypes
from array import array
from collections.abc import Sequence
from typing import Any

FORMATS = dict(zip("bBhHiIqQfd", b"cCsSiIlLfg", strict=True))
CODES = {bytes([letter]): code for code, letter in FORMATS.items()}


def arrow_code(code: str) -> str:
    """Return the typecode of the same type that Arrow's types stand for: `l` is `i` or `q`."""
    names = {4: "iI", 8: "qQ"}[array("l").itemsize]
    return {"l": names[0], "L": names[1]}.get(code, code)


class Schema(ctypes.Structure):
    """`ArrowSchema`."""


class ArrayStruct(ctypes.Structure):
    """`ArrowArray`."""


Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
ArrayStruct._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)  # gives up the GIL
RELEASE_ATTACHED = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
get_pointer.restype = ctypes.c_void_p
get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


def pointed_to(capsule: Any, name: bytes) -> int:
    """Return the address in a capsule of this name."""
    address: int = get_pointer(capsule, name)
    return address


class Taken:
    """An array taken from an object, as a consumer in C takes it: the struct is moved."""

    def __init__(self, source: Any) -> None:
        """Take what the object gives."""
        schema, taken = source.__arrow_c_array__()
        self._take(schema, taken)

    def _take(self, schema: Any, taken: Any) -> None:
        described = Schema.from_address(pointed_to(schema, b"arrow_schema"))
        self.format: bytes = described.format
        self.flags: int = described.flags
        self.code = CODES[self.format]
        given = ArrayStruct.from_address(pointed_to(taken, b"arrow_array"))
        assert given.release
        self.struct = ArrayStruct.from_buffer_copy(given)
        given.release = None

    def __len__(self) -> int:
        """Return how many elements there are, nulls among them."""
        return int(self.struct.length)

    @property
    def address(self) -> int:
        """The address of the first value."""
        return int(self.struct.buffers[1] + self.struct.offset * array(self.code).itemsize)

    def values(self) -> "array[Any]":
        """Return a copy of the values, with anything in the place of nulls."""
        size = len(self) * array(self.code).itemsize
        return array(self.code, ctypes.string_at(self.address, size))

    def validity(self) -> list[bool]:
        """Return which elements are no nulls."""
        bits = self.struct.buffers[0]
        if not bits:
            assert self.struct.null_count == 0
            return [True] * len(self)
        end = self.struct.offset + len(self)
        data = ctypes.string_at(bits, (end + 7) // 8)
        valid = [bool(data[i // 8] >> i % 8 & 1) for i in range(self.struct.offset, end)]
        assert self.struct.null_count == valid.count(False)
        return valid

    def to_pylist(self) -> list[Any]:
        """Return the elements, None for nulls."""
        pairs = zip(self.values(), self.validity(), strict=True)
        return [value if valid else None for value, valid in pairs]

    def release(self, *, attached: bool = False) -> None:
        """Let go of it, without the GIL or with it."""
        function = RELEASE_ATTACHED if attached else RELEASE
        function(self.struct.release)(ctypes.addressof(self.struct))
        assert not self.struct.release


def taken(source: Any) -> list[Any]:
    """Return the elements of an array, and let go of it."""
    consumer = Taken(source)
    elements = consumer.to_pylist()
    consumer.release()
    return elements


class Given:
    """An object that gives its elements as Arrow arrays, and counts those released."""

    def __init__(self, code: str, elements: Sequence[Any], offset: int = 0) -> None:
        """Lay out the elements behind so many others, which are nulls."""
        self.code = code
        self.length = len(elements)
        self.offset = offset
        garbage = [99 + i % 7 for i in range(offset)]
        # In the place of a null is what would raise: nothing is divided by zero, 127 overflows.
        nothing = [0, 127, 3]
        values = [nothing[i % 3] if x is None else x for i, x in enumerate(elements)]
        self.values = array(code, [*garbage, *values])
        self.bits = bytearray((offset + self.length + 7) // 8)
        self.nulls = 0
        for place, element in enumerate(elements, offset):
            self.bits[place // 8] |= (element is not None) << place % 8
            self.nulls += element is None
        self.released = 0
        self.given: list[Any] = []

    @property
    def address(self) -> int:
        """The address of the first value."""
        return self.values.buffer_info()[0] + self.offset * self.values.itemsize

    def _release_array(self, address: int) -> None:
        ArrayStruct.from_address(address).release = None
        self.released += 1

    @staticmethod
    def _release_schema(address: int) -> None:
        Schema.from_address(address).release = None

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """Give a pair of capsules."""
        bits = (ctypes.c_char * len(self.bits)).from_buffer(self.bits) if self.bits else None
        start = self.values.buffer_info()[0]
        buffers = (ctypes.c_void_p * 2)(
            ctypes.addressof(bits) if bits is not None and self.nulls else None, start
        )
        release_array = RELEASE(self._release_array)
        release_schema = RELEASE(self._release_schema)
        schema = Schema(format=bytes([FORMATS[self.code]]), name=b"")
        schema.release = ctypes.cast(release_schema, ctypes.c_void_p)
        struct = ArrayStruct(self.length, self.nulls, self.offset, 2)
        struct.buffers = buffers
        struct.release = ctypes.cast(release_array, ctypes.c_void_p)
        self.given.append((bits, buffers, release_array, release_schema, schema, struct))
        return (
            new_capsule(ctypes.addressof(schema), b"arrow_schema", None),
            new_capsule(ctypes.addressof(struct), b"arrow_array", None),
        )
