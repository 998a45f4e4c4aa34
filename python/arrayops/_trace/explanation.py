"""Telling whether a function runs natively, as what, or why not."""

import re
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from arrayops._trace import guards as g
from arrayops._trace import record as r
from arrayops._trace.explore import ACCUMULATOR, FLOAT_ARRAY, INT_ARRAY, Trace, trace
from arrayops._trace.known import LIBM
from arrayops._trace.record import FLOAT, INT, Record

_MAX_TEXT = 400
_SYMBOLS: dict[int, tuple[str, int]] = {  # how tightly an operation binds, as in Python
    r.B_OR: ("or", 1), r.B_AND: ("and", 2),
    r.I_LT: ("<", 4), r.I_LE: ("<=", 4), r.I_EQ: ("==", 4), r.I_NE: ("!=", 4),
    r.F_LT: ("<", 4), r.F_LE: ("<=", 4), r.F_EQ: ("==", 4), r.F_NE: ("!=", 4),
    r.I_OR: ("|", 5), r.I_XOR: ("^", 6), r.B_XOR: ("^", 6), r.I_AND: ("&", 7),
    r.I_SHL: ("<<", 8), r.I_SHR: (">>", 8),
    r.I_ADD: ("+", 9), r.I_SUB: ("-", 9), r.F_ADD: ("+", 9), r.F_SUB: ("-", 9),
    r.I_MUL: ("*", 10), r.F_MUL: ("*", 10), r.F_DIV: ("/", 10), r.TRUEDIV: ("/", 10),
    r.I_FLOORDIV: ("//", 10), r.F_FLOORDIV: ("//", 10), r.I_MOD: ("%", 10), r.F_MOD: ("%", 10),
    r.I_POW: ("**", 12), r.F_POW: ("**", 12),
}  # fmt: skip
_PREFIXES = {r.I_NEG: ("-", 11), r.F_NEG: ("-", 11), r.I_INVERT: ("~", 11), r.B_NOT: ("not ", 3)}
_CALLS = {
    r.I_ABS: "abs", r.F_ABS: "abs", r.I_MIN: "min", r.I_MAX: "max", r.F_COPYSIGN: "copysign",
    r.F_FMOD: "fmod", r.F_ATAN2: "atan2", r.F_KEEPING_ATAN2: "atan2", r.TRUNC: "int",
    r.ROUND: "round", r.FLOOR: "floor", r.CEIL: "ceil", r.INT_TO_FLOAT: "float",
    r.INT_TO_FLOAT_EXACT: "float", r.BOOL_TO_INT: "int",
}  # fmt: skip
_ADVICE = (
    ("returns a float, which an integer array", "Pass typecode='d' to map for a float array."),
    ("more than", "Fewer branches in a row, or min and max in their place, would help."),
    ("while", "A `for` over a constant range would do."),
    ("writes", "Nothing outside the function may be written."),
    ("beyond 64 bits", "Ints must lie from -2**63 to 2**63 - 1."),
    ("looks up a table", "One of up to 32 numbers of one type is looked up natively."),
    (r"beyond 2\*\*53", "Only ints up to 2**53 are compared with or divided into floats natively."),
    ("sums floats", "Adding them with + would do."),
    ("calls itself", "Recursion is not traced."),
    ("list", "A tuple would do if it is a constant."),
    ("dict", "A constant or a tuple would do."),
)


def _text(record: Record, node: int, names: list[str], within: int = 0) -> str:
    """Write a node as Python, in brackets if it binds less tightly than what is around it."""
    op, a, b, c = record.nodes[node]
    binding = 20
    if op == r.INPUT:
        return names[a]
    if op == r.CONSTANT:
        text = repr(record.constant_of(node))
        binding = 11 if text.startswith("-") else 20
    elif op in _SYMBOLS:
        symbol, binding = _SYMBOLS[op]
        # A power binds tighter than the sign on its left, and less than the one on its right.
        left, right = (binding + 1, 11) if symbol == "**" else (binding, binding + 1)
        text = f"{_text(record, a, names, left)} {symbol} {_text(record, b, names, right)}"
    elif op in _PREFIXES:
        symbol, binding = _PREFIXES[op]
        text = symbol + _text(record, a, names, binding)
    elif op in (r.SELECT_INT, r.SELECT_FLOAT, r.SELECT_BOOL):
        binding = 0
        condition, first = _text(record, a, names, 1), _text(record, b, names, 1)
        text = f"{first} if {condition} else {_text(record, c, names, 0)}"
    else:
        name = LIBM[c] if op == r.LIBM else _CALLS[op]
        text = f"{name}({', '.join(_text(record, each, names) for each in (a, b) if each >= 0)})"
    if len(text) > 4 * _MAX_TEXT:
        raise OverflowError
    return f"({text})" if binding < within else text


def _function(fn: Any) -> tuple[FunctionType | None, int]:
    """Return the function behind a callable, and how many of its arguments are bound already."""
    if type(fn) is FunctionType:
        return fn, 0
    if type(fn) is MethodType and type(fn.__func__) is FunctionType:
        return fn.__func__, 1
    if type(fn) is partial:
        function, bound = _function(fn.func)
        return function, bound + len(fn.args)
    written, call = g.call_of(fn)
    return (call, 1) if written else (None, 0)


def _names(fn: Any) -> list[str]:
    """Return the names of the arguments that a call gives: all without a default, or one."""
    function, bound = _function(fn)
    if function is None:
        return ["x", "y"] if _is_binary(fn) else ["x"]
    code = function.__code__
    first_default = code.co_argcount - len(function.__defaults__ or ())
    given: set[str] = set()
    while type(fn) is partial:
        given.update(fn.keywords)
        fn = fn.func
    places = range(bound, code.co_argcount)
    names = [(place, code.co_varnames[place]) for place in places]
    names = [(place, name) for place, name in names if name not in given]
    required = [name for place, name in names if place < first_default]
    return required or [name for _, name in names[:1]] or ["x"]


def _is_binary(fn: Any) -> bool:
    """Return whether a builtin takes two numbers, and not one."""
    one, two = (trace(fn, bytes([INT] * count), FLOAT_ARRAY).code for count in (1, 2))
    return one is None and two is not None


def _expression(found: Trace, names: list[str]) -> str:
    assert found.record is not None  # noqa: S101 (a traced function has one)
    if found.expression is not None:
        node = found.expression.result
    else:
        node = next(path.result for path in found.paths if path.result is not None)
    try:
        text = _text(found.record, node, names)
    except (OverflowError, RecursionError):
        text = ""
    if not text or len(text) > _MAX_TEXT:
        operations = sum(op not in (r.INPUT, r.CONSTANT) for op, *_ in found.record.nodes)
        return f"an expression of {operations} operations"
    return text


def _line(array: str, found: Trace, names: list[str]) -> str:
    if found.code is not None:
        extra = " (some elements in Python)" if any(p.result is None for p in found.paths) else ""
        return f"{array}: native, as {_expression(found, names)}{extra}"
    place = f" ({found.place})" if found.place else ""
    advice = (f" {advice}" for key, advice in _ADVICE if re.search(rf"\b{key}\b", found.reason))
    return f"{array}: one call per element, because {found.reason}{place}.{next(advice, '')}"


def explain(fn: Any, arr_kind: Any = None) -> str:
    """Return a few lines on a function: for integer arrays, float arrays or both.

    `arr_kind`: 0, "int" or an integer typecode; 1, "float" or a float typecode; None for both.
    """
    names = _names(fn)
    wanted: tuple[int, ...] = (INT, FLOAT)
    if arr_kind is not None:
        wanted = (FLOAT,) if arr_kind in (1, "float", "f", "d") else (INT,)
    title = getattr(fn, "__qualname__", None) or type(fn).__name__
    lines = [f"{title}({', '.join(names)})"]
    for kind in wanted:
        array = "float arrays" if kind == FLOAT else "integer arrays"
        kinds = bytes([kind]) * len(names)
        target = FLOAT_ARRAY if kind == FLOAT else INT_ARRAY
        found = trace(fn, kinds, target)
        lines.append("  " + _line(array, found, names))
        if found.code is None and kind == INT:
            found = trace(fn, kinds, FLOAT_ARRAY)
            if found.code is not None:
                lines.append("  " + _line("integer arrays with typecode='d'", found, names))
        if len(names) == 2 and found.code is None:
            found = trace(fn, kinds, ACCUMULATOR)
            if found.code is not None:
                lines.append("  " + _line(f"reduce of {array}", found, names))
    return "\n".join(lines)
