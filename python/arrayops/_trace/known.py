"""The functions that a traced function may call: builtins, `math` and `operator`.

For each there is one that records the call. It is used where an argument is symbolic; with plain
arguments the real function is called, so that constants are Python's own.
"""

import builtins
import math
import operator
import struct
from collections.abc import Callable
from math import inf, isqrt, nan, sqrt
from types import BuiltinFunctionType
from typing import Any

from arrayops._trace import record as r
from arrayops._trace import values as v
from arrayops._trace.record import BOOL, FLOAT, INT, Record
from arrayops._trace.values import Bool, Float, Int, Value

Symbolic = Callable[..., Any]
LIBM = [
    "sqrt",
    "exp",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "cbrt",
    "exp2",
    "erf",
    "erfc",
]
# As they are now: a program may put others in their places for a while.
RANGE, ISINSTANCE, _LN = range, isinstance, math.log
_MAX_DIGITS = 22  # up to here a power of ten is a float exactly


def _float(record: Record, x: Any) -> Any:
    if type(x) is Float:
        return x
    return Float(record, v.as_float(record, x))


def _nearest(record: Record, x: Float) -> Any:
    return Int(record, record.do(r.ROUND, x._ao_node))


def _rounding(op: int) -> Symbolic:
    def to_int(record: Record, x: Any) -> Any:
        if type(x) is not Float:
            return v.plain_int(x)
        if record.handler:  # what there is no int for raises, on a path of its own
            if x != x:
                int(nan)
            if abs(x) == inf:
                int(inf)
        return Int(record, record.do(op, x._ao_node))

    return to_int


def _bool(_record: Record, x: Any) -> Any:
    return x if type(x) is Bool else x != 0


def _round(record: Record, x: Any, digits: Any = None) -> Any:
    if digits is None:
        return _ROUND(record, x)
    if type(digits) is not int or not isinstance(x, Value) or abs(digits) > _MAX_DIGITS:
        raise record.stop("it rounds to a number of digits that is not a small constant")
    if type(x) is not Float:
        return v.plain_int(x) if digits >= 0 else _round_int(v.plain_int(x), 10**-digits)
    # Scaled and rounded: right unless the scaled value, itself rounded, may be on the other side
    # of a tie. The quotient (or product) of the whole number and a power of ten is then the float
    # nearest to the decimal, which is what Python's round gives.
    power = 10.0 ** abs(digits)
    scaled = x * power if digits >= 0 else x / power
    whole = Float(record, record.do(r.INT_TO_FLOAT_EXACT, _nearest(record, scaled)._ao_node))
    distance = abs(scaled - whole)
    if digits != 0 and distance + abs(scaled) * 2.0**-51 >= 0.5:
        raise record.bail("it rounds near a tie")
    result = whole / power if digits >= 0 else whole * power
    return _copysign(record, result, x)


def _round_int(x: Any, power: int) -> Any:
    quotient = x // power
    twice = (x % power) * 2
    up = (twice > power) | ((twice == power) & ((quotient & 1) == 1))
    return (quotient + up) * power


def _copysign(record: Record, x: Any, y: Any) -> Any:
    return Float(record, record.do(r.F_COPYSIGN, v.as_float(record, x), v.as_float(record, y)))


def _choose(record: Record, how: Any, op: int, a: Any, b: Any) -> Any:
    """Return b if it is less (or greater) than a, else a."""
    kinds = v.kind_of(record, a), v.kind_of(record, b)
    if not isinstance(a, Value) and not isinstance(b, Value):
        return min(a, b) if how is v.LT else max(a, b)
    mixed = kinds[0] != kinds[1]
    if not mixed and kinds[0] == INT and v.fits(a) and v.fits(b):
        return Int(record, record.do(op, v.as_int(record, a), v.as_int(record, b)))
    other = isinstance(b, Value)
    condition = v.compare(record, how if other else v.MIRRORED[how], *((b, a) if other else (a, b)))
    if mixed or record.keeps_tuples or not isinstance(condition, Bool):
        return b if condition else a
    select = r.SELECT_FLOAT if kinds[0] == FLOAT else r.SELECT_BOOL
    nodes = condition._ao_node, v.node_of(record, b), v.node_of(record, a)
    return v.make(record, record.do(select, *nodes))


def _extremum(how: Any, op: int) -> Symbolic:
    def extremum(record: Record, *items: Any) -> Any:
        if len(items) == 1:
            if not isinstance(items[0], tuple):
                raise TypeError
            items = items[0]
        best = items[0]
        for item in items[1:]:
            best = _choose(record, how, op, best, item)
        return best

    return extremum


def _pow(_record: Record, x: Any, y: Any) -> Any:
    return x**y


def _sum(record: Record, items: Any, start: Any = 0) -> Any:
    items = tuple(items)  # an iterator has them once
    for item in (start, *items):
        if v.kind_of(record, item) == FLOAT:
            raise record.stop("it sums floats, which Python versions do differently")
    for item in items:
        start = start + item
    return start


def _real(real: Callable[..., Any]) -> Symbolic:
    """Call the real function: what it does to its arguments is recorded."""
    return lambda _record, *args: real(*args)


# By function: what is outside its domain, where it raises ValueError.
_OUTSIDE: dict[str, Callable[[Any], Any]] = {
    "sqrt": lambda x: x < 0.0,
    **dict.fromkeys(("log", "log2", "log10"), lambda x: x <= 0.0),
    "log1p": lambda x: x <= -1.0,
    **dict.fromkeys(("asin", "acos"), lambda x: abs(x) > 1.0),
    "acosh": lambda x: x < 1.0,
    "atanh": lambda x: abs(x) >= 1.0,
    **dict.fromkeys(("sin", "cos", "tan"), lambda x: abs(x) == inf),
}


def _libm(number: int) -> Symbolic:
    is_outside = _OUTSIDE.get(LIBM[number])

    def call(record: Record, x: Any) -> Any:
        x = _float(record, x)
        if record.handler and is_outside is not None and is_outside(x):  # a path of its own
            sqrt(-1.0)
        return Float(record, record.do(r.LIBM, x._ao_node, -1, number))

    return call


def _square_root(record: Record, x: Any) -> Any:
    return Float(record, record.do(r.LIBM, x._ao_node, -1, LIBM.index("sqrt")))


def _square(x: Any) -> tuple[Any, Any]:
    """Return the square of a float and its rounding error (Dekker 1971)."""
    square = x * x
    scaled = x * 134217729.0  # 2**27 + 1, which splits it into halves
    high = scaled - (scaled - x)
    low = x - high
    return square, ((high * high - square) + 2.0 * high * low) + low * low


def _size(record: Record, x: Any) -> Any:
    if isinstance(x, Value):
        return abs(_float(record, x))
    v.kind_of(record, x)
    return abs(float(x))


def _hypot(record: Record, *coordinates: Any) -> Any:
    """Return the rounded root of the exact sum of squares, or leave it to Python near a tie.

    Python's has a hundred bits and more before it is rounded, and so has this one: both are the
    float that is nearest, but for ties that are nearer than that.
    """
    if not 2 <= len(coordinates) <= 3:
        raise TypeError
    sizes = [_size(record, each) for each in coordinates]
    largest, *others = sizes
    for size in others:
        largest = _choose(record, v.GT, r.I_MAX, largest, size)
    # Nothing overflows, nor does what counts vanish.
    is_plain = (largest > 1e-140) & (largest < 1e140)
    for size in sizes:
        is_plain = is_plain & (size == size)
    if not is_plain:
        for size in sizes:
            if size == inf:
                return inf
        for size in sizes:
            if size != size:
                return nan
        if largest == 0.0:
            return 0.0
        raise record.bail("it squares what is very large or small")
    total, rest = _square(sizes[0])
    for size in others:
        square, error = _square(size)
        before, total = total, total + square
        added = total - before
        rest = rest + ((before - (total - added)) + (square - added)) + error
    root = _square_root(record, total)
    square, error = _square(root)
    missing = ((total - square) - error) + rest
    nodes = missing._ao_node, (2.0 * root)._ao_node
    correction = Float(record, record.do(r.F_DIV, *nodes))
    result = root + correction
    beyond = correction - (result - root)
    if result + beyond * (1.0 + 2.0**-30) != result:
        raise record.bail("it rounds near a tie")
    return result


def _isqrt(record: Record, x: Any) -> Any:
    if type(x) is Float:
        raise record.bail("it raises TypeError")
    x = v.plain_int(x)
    if record.handler and x < 0:
        isqrt(-1)
    root = Int(record, record.do(r.TRUNC, _square_root(record, _float(record, x))._ao_node))
    return root - (root * root > x)


def _log(record: Record, x: Any, *bases: Any) -> Any:
    top = _LOG(record, x) if isinstance(x, Value) else _LN(x)
    if not bases:
        return top
    (base,) = bases
    return top / (_LOG(record, base) if isinstance(base, Value) else _LN(base))


def _floats(op: int) -> Symbolic:
    def call(record: Record, x: Any, y: Any) -> Any:
        return Float(record, record.do(op, v.as_float(record, x), v.as_float(record, y)))

    return call


def _has_one_nan() -> bool:
    """Return whether math.atan2 of any NaN is the same one, as it is up to CPython 3.13."""
    return struct.pack("<d", math.atan2(-math.nan, 1.0)) == struct.pack("<d", math.nan)


def _isnan(record: Record, x: Any) -> Any:
    x = _float(record, x)
    return x != x


def _isinf(record: Record, x: Any) -> Any:
    return abs(_float(record, x)) == inf


def _isfinite(record: Record, x: Any) -> Any:
    return abs(_float(record, x)) < inf


def _isclose(record: Record, a: Any, b: Any, *, rel_tol: Any = 1e-9, abs_tol: Any = 0.0) -> Any:
    for tolerance in (rel_tol, abs_tol):
        if type(tolerance) not in (int, float) or tolerance < 0:
            raise record.stop("it uses math.isclose with a tolerance that is not a constant")
    rel_tol, abs_tol = float(rel_tol), float(abs_tol)
    a, b = _float(record, a), _float(record, b)
    if a == b:
        return True
    if _isinf(record, a) | _isinf(record, b):
        return False
    distance = abs(b - a)
    near = distance <= abs(rel_tol * b)
    return near | (distance <= abs(rel_tol * a)) | (distance <= abs_tol)


def _scaling(factor: float) -> Symbolic:
    return lambda record, x: _float(record, x) * factor


class Sorted(list[Any]):
    """A list of which nothing is asked that could change it."""

    __slots__ = ("_ao_record",)

    def __init__(self, record: Record, items: list[Any]) -> None:
        """Hold the items."""
        super().__init__(items)
        self._ao_record = record

    def __getattribute__(self, name: str) -> Any:
        """Refuse, but for what the interpreter asks for."""
        if name.startswith(("__", "_ao_")):  # which the function cannot
            return super().__getattribute__(name)
        raise self._ao_record.stop("it uses a list")

    def _ao_refuse(self, *_: Any) -> Any:
        raise self._ao_record.stop("it uses a list")

    __add__ = __mul__ = __rmul__ = __iadd__ = __imul__ = _ao_refuse
    __setitem__ = __delitem__ = _ao_refuse


Sorted.__name__ = "list"
_ROUND = _rounding(r.ROUND)
_LOG = _libm(LIBM.index("log"))

_BUILTINS: dict[str, Symbolic] = {
    "abs": _real(abs),
    "int": _rounding(r.TRUNC),
    "float": _float,
    "bool": _bool,
    "round": _round,
    "min": _extremum(v.LT, r.I_MIN),
    "max": _extremum(v.GT, r.I_MAX),
    "divmod": _real(divmod),
    "pow": _pow,
    "sum": _sum,
    "any": _real(any),
    "all": _real(all),
    "len": _real(len),
    "sorted": lambda record, *items: Sorted(record, sorted(*items)),
    "enumerate": _real(enumerate),
    "reversed": _real(reversed),
    "zip": _real(zip),
}
_MATH: dict[str, Symbolic] = {
    "floor": _rounding(r.FLOOR),
    "ceil": _rounding(r.CEIL),
    "trunc": _rounding(r.TRUNC),
    "fabs": lambda record, x: abs(_float(record, x)),
    "copysign": _copysign,
    "fmod": _floats(r.F_FMOD),
    "atan2": _floats(r.F_ATAN2 if _has_one_nan() else r.F_KEEPING_ATAN2),
    "pow": _floats(r.F_POW),
    "isnan": _isnan,
    "isinf": _isinf,
    "isfinite": _isfinite,
    "isclose": _isclose,
    "hypot": _hypot,
    "isqrt": _isqrt,
    "degrees": _scaling(180.0 / math.pi),
    "radians": _scaling(math.pi / 180.0),
    # The engine's cbrt is not the C library's, but one that Rust brings along.
    **{name: _libm(number) for number, name in enumerate(LIBM) if name != "cbrt"},
    "log": _log,
}
_OPERATORS = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "neg",
    "pos",
    "abs",
    "and_",
    "or_",
    "xor",
    "inv",
    "invert",
    "lshift",
    "rshift",
    "lt",
    "le",
    "eq",
    "ne",
    "ge",
    "gt",
    "not_",
    "truth",
    "iadd",
    "isub",
    "imul",
    "itruediv",
    "ifloordiv",
    "imod",
    "ipow",
    "iand",
    "ior",
    "ixor",
    "ilshift",
    "irshift",
]


def own(module: Any, name: str) -> Any:
    """Return a module's own function, or None: someone may have put another in its place."""
    real = getattr(module, name, None)
    if real is None or type(real) not in (BuiltinFunctionType, type):
        return None
    home = real.__module__, real.__name__
    homes = (module.__name__, "_operator", "math.integer")  # the last is new in Python 3.15
    return real if home in ((each, name) for each in homes) else None


# All that the tracer itself uses.
BUILTINS = (
    "abs", "all", "any", "bool", "bytes", "complex", "dict", "divmod", "enumerate", "float",
    "frozenset", "getattr", "id", "int", "isinstance", "issubclass", "iter", "len", "list", "map",
    "max", "min", "next", "object", "property", "range", "repr", "reversed", "set", "setattr",
    "sorted", "str", "sum", "super", "tuple", "type", "vars", "zip",
)  # fmt: skip
_NAMES, _NOW = vars(builtins), operator.itemgetter(*BUILTINS)
_OWN = tuple(own(builtins, name) for name in BUILTINS)
_ALL, _MAP, _IS = all, map, operator.is_


def are_builtins_own() -> bool:
    """Return whether none of Python's own functions has been replaced, by a mock for one."""
    try:
        return _ALL(_MAP(_IS, _NOW(_NAMES), _OWN))
    except KeyError:
        return False


def _all() -> dict[int, tuple[Any, Symbolic]]:
    pairs = [(own(builtins, name), call) for name, call in _BUILTINS.items()]
    pairs += [(own(math, name), call) for name, call in _MATH.items()]
    operators = [own(operator, name) for name in _OPERATORS]
    pairs += [(real, _real(real)) for real in operators]
    return {id(real): (real, call) for real, call in pairs if real is not None}


# By the real function's identity, which the table keeps alive.
KNOWN = _all()
# They may be the last word of a `raise`, and what they are made of does not matter: no OSError,
# which picks a subclass by it, nor what ends a program or comes from the interpreter itself.
EXCEPTIONS = frozenset(
    (
        BaseException, Exception, ArithmeticError, FloatingPointError, OverflowError,
        ZeroDivisionError, AssertionError, AttributeError, LookupError, IndexError, KeyError,
        NameError, RuntimeError, NotImplementedError, TypeError, ValueError,
    )
)  # fmt: skip
# What they return are lists, or hold tuples, in which identity can show.
MAKERS = frozenset((divmod, enumerate, sorted, zip))
CLASSES: dict[Any, int] = {int: INT, float: FLOAT, bool: BOOL}
