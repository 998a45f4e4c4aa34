from array import array
from collections.abc import Callable
from mmap import mmap
from typing import (
    Any,
    ClassVar,
    Concatenate,
    Literal,
    Protocol,
    Self,
    SupportsIndex,
    TypeAlias,
    TypeVar,
    final,
    overload,
    type_check_only,
)

from typing_extensions import Buffer

# Before Python 3.12, NumPy's types do not say that its arrays are buffers.
@type_check_only
class _NumPyArray(Protocol):
    @property
    def __array_interface__(self) -> dict[str, Any]: ...

# Columns of Arrow, of one array or of several.
@type_check_only
class _ArrowColumn(Protocol):
    def __arrow_c_array__(self) -> tuple[Any, Any]: ...

@type_check_only
class _ArrowStream(Protocol):
    def __arrow_c_stream__(self) -> Any: ...

_Numbers: TypeAlias = Buffer | _NumPyArray | _ArrowColumn | _ArrowStream
_Ints: TypeAlias = array[int] | bytes | bytearray | mmap
_IntTypecode: TypeAlias = Literal["b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
_FloatTypecode: TypeAlias = Literal["f", "d"]
_Overflow: TypeAlias = Literal["raise", "saturate", "wrap"]
_Number: TypeAlias = float | SupportsIndex

_Accumulator = TypeVar("_Accumulator")
_Out = TypeVar("_Out", bound=_Numbers)

# Any function of numbers; with a plain `...`, pyright would not know the arguments of a lambda.
_Function: TypeAlias = (
    Callable[[Any], object]
    | Callable[[Any, Any], object]
    | Callable[[Any, Any, Any], object]
    | Callable[Concatenate[Any, Any, Any, Any, ...], object]
)

__all__ = [
    "Stats",
    "_ArrowArray",
    "__version__",
    "_arrow_clip",
    "_arrow_filter",
    "_arrow_map",
    "_arrow_scale",
    "_features",
    "_from_arrow",
    "_numpy_filter",
    "_numpy_map",
    "_panic",
    "_to_arrow",
    "clip",
    "cpu_level",
    "cpu_levels",
    "explain",
    "filter",
    "get_num_threads",
    "map",
    "map_inplace",
    "max",
    "mean",
    "min",
    "reduce",
    "scale",
    "set_num_threads",
    "std",
    "sum",
    "var",
]

__version__: str
_features: tuple[str, ...]

@overload
def sum(arr: array[float]) -> float: ...
@overload
def sum(arr: _Ints) -> int: ...
@overload
def sum(arr: _Numbers) -> Any: ...
def mean(arr: _Numbers) -> float: ...
@overload
def min(arr: array[float]) -> float: ...
@overload
def min(arr: _Ints) -> int: ...
@overload
def min(arr: _Numbers) -> Any: ...
@overload
def max(arr: array[float]) -> float: ...
@overload
def max(arr: _Ints) -> int: ...
@overload
def max(arr: _Numbers) -> Any: ...
def scale(arr: _Numbers, factor: _Number, *, overflow: _Overflow = "raise") -> None: ...
def clip(arr: _Numbers, min: _Number | None, max: _Number | None) -> None: ...
def explain(fn: Callable[..., object], arr: _Numbers | None = None) -> str: ...
@overload
def map(
    arr: _Numbers, fn: _Function, *arrays: _Numbers, typecode: str | None = None, out: _Out
) -> _Out: ...
@overload
def map(
    arr: array[float], fn: _Function, *arrays: _Numbers, typecode: None = None, out: None = None
) -> array[float]: ...
@overload
def map(
    arr: _Ints, fn: _Function, *arrays: _Numbers, typecode: None = None, out: None = None
) -> array[int]: ...
@overload
def map(
    arr: _Numbers, fn: _Function, *arrays: _Numbers, typecode: _IntTypecode, out: None = None
) -> array[int]: ...
@overload
def map(
    arr: _Numbers, fn: _Function, *arrays: _Numbers, typecode: _FloatTypecode, out: None = None
) -> array[float]: ...
@overload
def map(
    arr: _Numbers, fn: _Function, *arrays: _Numbers, typecode: str | None = None, out: None = None
) -> array[Any]: ...
def map_inplace(arr: _Numbers, fn: Callable[[Any], object]) -> None: ...
@overload
def filter(arr: array[float], predicate: Callable[[Any], object] | None) -> array[float]: ...
@overload
def filter(arr: _Ints, predicate: Callable[[Any], object] | None) -> array[int]: ...
@overload
def filter(arr: _Numbers, predicate: Callable[[Any], object] | None) -> array[Any]: ...
@overload
def reduce(arr: array[float], fn: Callable[[float, float], float]) -> float: ...
@overload
def reduce(arr: _Ints, fn: Callable[[int, int], int]) -> int: ...
@overload
def reduce(arr: _Numbers, fn: Callable[[Any, Any], Any]) -> Any: ...
@overload
def reduce(
    arr: array[float], fn: Callable[[_Accumulator, float], _Accumulator], initial: _Accumulator
) -> _Accumulator: ...
@overload
def reduce(
    arr: _Ints, fn: Callable[[_Accumulator, int], _Accumulator], initial: _Accumulator
) -> _Accumulator: ...
@overload
def reduce(
    arr: _Numbers, fn: Callable[[_Accumulator, Any], _Accumulator], initial: _Accumulator
) -> _Accumulator: ...
def var(arr: _Numbers, ddof: SupportsIndex = 0) -> float: ...
def std(arr: _Numbers, ddof: SupportsIndex = 0) -> float: ...

@final
class Stats:
    def __new__(cls, buffer: _Numbers = ...) -> Self: ...
    def update(self, buffer: _Numbers) -> None: ...
    def merge(self, other: Stats) -> None: ...
    def __add__(self, other: Stats, /) -> Stats: ...
    def __radd__(self, other: Stats, /) -> Stats: ...
    @property
    def count(self) -> int: ...
    @property
    def nulls(self) -> int: ...
    @property
    def sum(self) -> int | float: ...
    @property
    def min(self) -> int | float: ...
    @property
    def max(self) -> int | float: ...
    @property
    def mean(self) -> float: ...
    def var(self, ddof: SupportsIndex = 0) -> float: ...
    def std(self, ddof: SupportsIndex = 0) -> float: ...
    def to_bytes(self) -> bytes: ...
    @staticmethod
    def from_bytes(data: Buffer) -> Stats: ...
    def __reduce__(self) -> tuple[Callable[[bytes], Stats], tuple[bytes]]: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

def set_num_threads(n: SupportsIndex) -> None: ...
def get_num_threads() -> int: ...
def cpu_level() -> str: ...
def cpu_levels() -> list[str]: ...
def _panic(thread: str) -> None: ...

# Of arrayops.numpy, whose stub has their types.
_ArrowArray: Any
_arrow_clip: Any
_arrow_filter: Any
_arrow_map: Any
_arrow_scale: Any
_from_arrow: Any
_to_arrow: Any
_numpy_map: Any
_numpy_filter: Any
