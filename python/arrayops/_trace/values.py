"""Symbolic values: they stand for an int, a float or a bool, and record what is done to them.

Their own attributes begin with `_ao_`, a prefix that the static check refuses in user code.
Everything Python can do to an int, a float or a bool is either recorded exactly, left to Python on
this path (`bail`), or makes the function untraceable (`stop`).
"""

import sys
from collections.abc import Callable
from math import ceil, floor, isfinite, isnan
from typing import Any

from arrayops._trace import record as r
from arrayops._trace.check import is_message
from arrayops._trace.record import BOOL, FLOAT, INT, Record

EXACT = 1 << 53  # ints up to here are floats exactly


class Value:
    """A value known by its type only."""

    __slots__ = ("_ao_node", "_ao_record")
    _ao_kind = -1
    __hash__: Any

    def __init__(self, record: Record, node: int) -> None:
        """Stand for the value of a node."""
        self._ao_record = record
        self._ao_node = node

    def __getattr__(self, name: str) -> Any:
        """Refuse whatever is not defined here."""
        raise self._ao_record.stop(f"it uses the attribute {name} of a number")

    def _ao_text(self, *_: Any) -> Any:
        if not is_message(sys._getframe(1)):
            raise self._ao_record.stop("it makes text")
        raise self._ao_record.bail("it makes text")  # of an exception that Python then raises

    __str__ = __repr__ = __format__ = _ao_text

    def _ao_refuse(self, *_: Any) -> Any:
        raise self._ao_record.stop("it needs the number itself, not an expression of it")

    __hash__ = __int__ = __float__ = __complex__ = __index__ = __bytes__ = _ao_refuse
    __trunc__ = __floor__ = __ceil__ = __reduce_ex__ = __dir__ = __sizeof__ = _ao_refuse


class Int(Value):
    """An int within 64 bits."""

    __slots__ = ()
    _ao_kind = INT

    def __bool__(self) -> bool:
        """Fork."""
        record = self._ao_record
        return record.decide(record.do(r.I_NE, self._ao_node, record.constant(0)))


class Float(Value):
    """A float."""

    __slots__ = ()
    _ao_kind = FLOAT

    def __bool__(self) -> bool:
        """Fork; NaN is true."""
        record = self._ao_record
        return record.decide(record.do(r.F_NE, self._ao_node, record.constant(0.0)))


class Bool(Value):
    """A bool."""

    __slots__ = ()
    _ao_kind = BOOL

    def __bool__(self) -> bool:
        """Fork."""
        return self._ao_record.decide(self._ao_node)

    def __index__(self) -> int:
        """Fork: `(low, high)[x > 0]`."""
        return int(bool(self))


CLASSES: tuple[type[Value], ...] = (Int, Float, Bool)
KINDS: dict[type, int] = {Int: INT, Float: FLOAT, Bool: BOOL, int: INT, float: FLOAT, bool: BOOL}


def make(record: Record, node: int) -> Value:
    """Return the value of a node."""
    return CLASSES[record.types[node]](record, node)


def node_of(record: Record, value: Any) -> int:
    """Return the node of a symbolic or plain number."""
    if isinstance(value, Value):
        return value._ao_node
    return record.constant(value)


def fits(value: Any) -> bool:
    """Return whether a number is symbolic or within 64 bits."""
    return type(value) is not int or -(1 << 63) <= value < 1 << 63


def as_int(record: Record, value: Any) -> int:
    """Return the node of an int or a bool as an int."""
    if isinstance(value, Value):
        if value._ao_kind == BOOL:
            return record.do(r.BOOL_TO_INT, value._ao_node)
        return value._ao_node
    return record.constant(int(value))


def as_float(record: Record, value: Any) -> int:
    """Return the node of a number as a float, rounded as Python's mixed arithmetic does."""
    if isinstance(value, Value):
        if value._ao_kind == FLOAT:
            return value._ao_node
        return record.do(r.INT_TO_FLOAT, as_int(record, value))
    kind_of(record, value)
    try:
        return record.constant(float(value))
    except OverflowError:
        raise record.bail("it raises OverflowError") from None


def kind_of(record: Record, value: Any) -> int:
    """Return the kind of a number; whatever is none ends the path or the run."""
    kind = KINDS.get(type(value))
    if kind is not None:
        return kind
    if value is None:
        raise record.bail("it raises TypeError")
    other = r.article(type(value).__name__.lower())
    reason = getattr(value, "_ao_reason", f"it combines a number with {other}")  # a stand-in's own
    raise record.stop(reason)


def _divide_by_zero(op: int) -> None:
    """Raise Python's own exception, so that even its text is right."""
    one: Any = 1.0 if op in (r.F_DIV, r.F_FLOORDIV, r.F_MOD) else 1
    zero = one - one
    if op in (r.I_FLOORDIV, r.F_FLOORDIV):
        one // zero
    elif op in (r.I_MOD, r.F_MOD):
        one % zero
    else:
        one / zero


def _divides(record: Record, op: int, a: int, b: int) -> int:
    """Do a division; under `try`, division by zero is a path of its own."""
    if record.handler and record.may_bail(op, a, b):
        floats = record.types[b] == FLOAT
        zero = record.constant(0.0 if floats else 0)
        known = record.constant_of(b)
        is_zero = (
            known == 0
            if known is not None
            else record.decide(record.do(r.F_EQ if floats else r.I_EQ, b, zero))
        )
        if is_zero:
            _divide_by_zero(op)
    return record.do(op, a, b)


def arithmetic(int_op: int, float_op: int) -> Callable[[Record, Any, Any], Value]:
    """Return + - * // % for all pairs of numbers."""
    divides = int_op in (r.I_FLOORDIV, r.I_MOD)

    def apply(record: Record, a: Any, b: Any) -> Value:
        if kind_of(record, a) == FLOAT or kind_of(record, b) == FLOAT:
            op, first, second, result = float_op, as_float(record, a), as_float(record, b), Float
        else:
            op, first, second, result = int_op, as_int(record, a), as_int(record, b), Int
        do = _divides if divides else Record.do
        return result(record, do(record, op, first, second))

    return apply


def bitwise(int_op: int, bool_op: int) -> Callable[[Record, Any, Any], Value]:
    """Return & | ^ for all pairs of numbers."""

    def apply(record: Record, a: Any, b: Any) -> Value:
        kinds = kind_of(record, a), kind_of(record, b)
        if FLOAT in kinds:
            raise record.bail("it raises TypeError")
        if kinds == (BOOL, BOOL):
            return Bool(record, record.do(bool_op, node_of(record, a), node_of(record, b)))
        return Int(record, record.do(int_op, as_int(record, a), as_int(record, b)))

    return apply


def shift(op: int) -> Callable[[Record, Any, Any], Value]:
    """Return << or >>."""

    def apply(record: Record, a: Any, b: Any) -> Value:
        if FLOAT in (kind_of(record, a), kind_of(record, b)):
            raise record.bail("it raises TypeError")
        return Int(record, record.do(op, as_int(record, a), as_int(record, b)))

    return apply


def divide(record: Record, a: Any, b: Any) -> Value:
    """Return a / b."""
    if FLOAT in (kind_of(record, a), kind_of(record, b)):
        return Float(record, _divides(record, r.F_DIV, as_float(record, a), as_float(record, b)))
    first, second = as_int(record, a), as_int(record, b)
    for node in (first, second):
        known = record.constant_of(node)
        if known is not None and abs(known) > EXACT:
            raise record.stop("it divides by or into an int beyond 2**53")
    return Float(record, _divides(record, r.TRUEDIV, first, second))


def power(record: Record, a: Any, b: Any) -> Value:
    """Return a ** b: an int only of ints, with an exponent that is not negative."""
    if FLOAT not in (kind_of(record, a), kind_of(record, b)) and b >= 0:
        return Int(record, record.do(r.I_POW, as_int(record, a), as_int(record, b)))
    return Float(record, record.do(r.F_POW, as_float(record, a), as_float(record, b)))


# Comparisons, as (the operation on ints, on floats, whether the operands change places).
LT, LE, GT, GE = (r.I_LT, r.F_LT, False), (r.I_LE, r.F_LE, False), (r.I_LT, r.F_LT, True), (
    r.I_LE, r.F_LE, True,
)  # fmt: skip
EQ, NE = (r.I_EQ, r.F_EQ, False), (r.I_NE, r.F_NE, False)
MIRRORED = {LT: GT, LE: GE, GT: LT, GE: LE, EQ: EQ, NE: NE}
_Comparison = tuple[int, int, bool]


def _plain(record: Record, truth: bool) -> bool:  # noqa: FBT001
    """Return the outcome of a comparison that is the same for all numbers."""
    record.meet(bools=True)
    return truth


def _compare_int_with_float(record: Record, how: _Comparison, a: Any, bound: float) -> Any:
    """Compare a symbolic int with a plain float, as ints."""
    if isnan(bound):
        return _plain(record, how is NE)
    if not -(2.0**63) <= bound < 2.0**63:
        if 2.0**63 <= bound < 2.0**64:
            raise record.stop("it compares with a number from 2**63 to 2**64")
        if isfinite(bound):
            _must_be_given(record, as_int(record, a))
        above = bound > 0
        truth = how is NE or (above if how in (LT, LE) else not above and how in (GT, GE))
        return _plain(record, truth)
    if bound.is_integer():
        return compare(record, how, a, int(bound))
    if how in (EQ, NE):
        return _plain(record, how is NE)
    # n < 2.5 is n <= 2; n > 2.5 is n >= 3.
    low = how in (LT, LE)
    return compare(record, LE if low else GE, a, floor(bound) if low else ceil(bound))


def _must_be_given(record: Record, node: int) -> None:
    """Stop unless an int lies within 64 bits by itself.

    An operation whose result may lie beyond is left to Python then, but not where a comparison that
    was decided here is all that uses it. An accumulator is such a result, and sums go on with it.
    """
    op, number, *_ = record.nodes[node]
    is_accumulator = record.accumulates and (op, number) == (r.INPUT, 0)
    if is_accumulator or op not in (r.INPUT, r.CONSTANT, r.BOOL_TO_INT):
        raise record.stop("it compares a result with a number beyond 64 bits")


def _compare_with_big(record: Record, how: _Comparison, bound: int) -> bool:
    """Compare an int within 64 bits, or an element of type 'Q', with one beyond."""
    if 1 << 63 <= bound < 1 << 64:
        raise record.stop("it compares with a number from 2**63 to 2**64")
    if how in (EQ, NE):
        return _plain(record, how is NE)
    return _plain(record, (bound > 0) == (how in (LT, LE)))


def compare(record: Record, how: _Comparison, a: Any, b: Any) -> Any:
    """Compare two numbers, of which one is symbolic."""
    kinds = kind_of(record, a), kind_of(record, b)
    int_op, float_op, swap = how
    if kinds == (FLOAT, FLOAT):
        first, second = node_of(record, a), node_of(record, b)
        op = float_op
    elif FLOAT not in kinds:
        for value, other, way in ((b, a, how), (a, b, MIRRORED[how])):
            if not fits(value):
                _must_be_given(record, as_int(record, other))
                return _compare_with_big(record, way, value)
        first, second = as_int(record, a), as_int(record, b)
        op = int_op
    elif type(b) is float:
        return _compare_int_with_float(record, how, a, b)
    elif type(a) is float:
        return _compare_int_with_float(record, MIRRORED[how], b, a)
    else:
        first, second = (_exact_float(record, value) for value in (a, b))
        op = float_op
    if swap:
        first, second = second, first
    return Bool(record, record.do(op, first, second))


def _exact_float(record: Record, value: Any) -> int:
    if isinstance(value, Value):
        if value._ao_kind == FLOAT:
            return value._ao_node
        op = r.INT_TO_FLOAT if value._ao_kind == BOOL else r.INT_TO_FLOAT_EXACT
        return record.do(op, as_int(record, value))
    if abs(value) > EXACT:
        raise record.stop("it compares a float with an int beyond 2**53")
    return record.constant(float(value))


def _negative(self: Any) -> Any:
    record = self._ao_record
    if self._ao_kind == FLOAT:
        return Float(record, record.do(r.F_NEG, self._ao_node))
    return Int(record, record.do(r.I_NEG, as_int(record, self)))


def plain_int(self: Any) -> Any:
    """Return +x of an int or a bool, and int(x) of them."""
    if self._ao_kind != BOOL:
        return self
    return Int(self._ao_record, as_int(self._ao_record, self))


def _invert(self: Any) -> Any:
    record = self._ao_record
    if self._ao_kind == BOOL:
        raise record.stop("it inverts a bool with `~`, which warns")
    if self._ao_kind == FLOAT:
        raise record.bail("it raises TypeError")
    return Int(record, record.do(r.I_INVERT, self._ao_node))


def absolute(self: Any) -> Any:
    """Return abs(x)."""
    record = self._ao_record
    if self._ao_kind == FLOAT:
        return Float(record, record.do(r.F_ABS, self._ao_node))
    if self._ao_kind == BOOL:
        return plain_int(self)
    return Int(record, record.do(r.I_ABS, self._ao_node))


def _imaginary(self: Any, zero: Any) -> Any:
    self._ao_record.must_be_real()
    return zero


def _is_integer(self: Any) -> Any:
    record = self._ao_record
    if self._ao_kind == FLOAT:
        fraction = record.do(r.F_MOD, self._ao_node, record.constant(1.0))
        return Bool(record, record.do(r.F_EQ, fraction, record.constant(0.0)))
    if sys.version_info >= (3, 12):
        record.meet(bools=True)
        return True
    raise record.stop("it uses int.is_integer")


def _ones(bits: Any) -> Any:
    """Return how many there are in an int that is not negative, by adding ever longer groups."""
    bits = bits - (bits >> 1 & 0x5555555555555555)
    bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333)
    bits = bits + (bits >> 4) & 0x0F0F0F0F0F0F0F0F
    for width in (8, 16, 32):
        bits = bits + (bits >> width)
    return bits & 127


def _bit_count(self: Any) -> Any:
    return _ones(absolute(plain_int(self)))


def _bit_length(self: Any) -> Any:
    bits = absolute(plain_int(self))
    for width in (1, 2, 4, 8, 16, 32):
        bits = bits | bits >> width
    return _ones(bits)


def _no_power_modulo(self: Any, other: Any, modulus: Any = None) -> Any:
    if modulus is not None:
        raise self._ao_record.stop("it uses pow with three arguments")
    return power(self._ao_record, self, other)


def _define() -> None:
    """Give the classes Python's operators."""
    binary: dict[str, Callable[[Record, Any, Any], Any]] = {
        "add": arithmetic(r.I_ADD, r.F_ADD),
        "sub": arithmetic(r.I_SUB, r.F_SUB),
        "mul": arithmetic(r.I_MUL, r.F_MUL),
        "floordiv": arithmetic(r.I_FLOORDIV, r.F_FLOORDIV),
        "mod": arithmetic(r.I_MOD, r.F_MOD),
        "truediv": divide,
        "pow": power,
        "lshift": shift(r.I_SHL),
        "rshift": shift(r.I_SHR),
        "and": bitwise(r.I_AND, r.B_AND),
        "or": bitwise(r.I_OR, r.B_OR),
        "xor": bitwise(r.I_XOR, r.B_XOR),
    }
    quotient, remainder = binary["floordiv"], binary["mod"]

    def both(record: Record, a: Any, b: Any) -> tuple[Any, Any]:
        try:
            return quotient(record, a, b), remainder(record, a, b)
        except ZeroDivisionError:
            floats = FLOAT in (kind_of(record, a), kind_of(record, b))
            return divmod(1.0, 0.0) if floats else divmod(1, 0)

    binary["divmod"] = both
    for name, apply in binary.items():
        setattr(Value, f"__{name}__", lambda a, b, f=apply: f(a._ao_record, a, b))
        setattr(Value, f"__r{name}__", lambda b, a, f=apply: f(b._ao_record, a, b))
    Value.__pow__ = _no_power_modulo  # type: ignore[attr-defined]
    comparisons = {"lt": LT, "le": LE, "gt": GT, "ge": GE}
    for name, how in comparisons.items():
        setattr(Value, f"__{name}__", lambda a, b, h=how: compare(a._ao_record, h, a, b))
    for name, how in {"eq": EQ, "ne": NE}.items():

        def equality(a: Any, b: Any, h: _Comparison = how) -> Any:
            if b is None or isinstance(b, (str, tuple, bytes)):
                return _plain(a._ao_record, h is NE)  # a number never equals these
            return compare(a._ao_record, h, a, b)

        setattr(Value, f"__{name}__", equality)
    for name, unary in {"neg": _negative, "pos": plain_int, "invert": _invert}.items():
        setattr(Value, f"__{name}__", unary)
    Value.__abs__ = absolute  # type: ignore[attr-defined]
    zeros: tuple[tuple[type[Value], Any], ...] = ((Int, 0), (Bool, 0), (Float, 0.0))
    for kind, zero in zeros:
        kind.real = property(plain_int)  # type: ignore[attr-defined]
        kind.imag = property(lambda me, z=zero: _imaginary(me, z))  # type: ignore[attr-defined, misc]
        kind.conjugate = plain_int  # type: ignore[attr-defined]
        kind.is_integer = _is_integer  # type: ignore[attr-defined]
        if kind is not Float:
            kind.bit_count = _bit_count  # type: ignore[attr-defined]
            kind.bit_length = _bit_length  # type: ignore[attr-defined]
            kind.numerator = property(plain_int)  # type: ignore[attr-defined]
            kind.denominator = property(lambda _: 1)  # type: ignore[attr-defined, misc]


_define()
