"""The static check: whether a code object consists of nothing but traceable bytecode."""

from types import CodeType, FrameType
from typing import Any

from arrayops._trace import opcodes as op

_VARIADIC = 0x04 | 0x08
_SUSPENDS = 0x20 | 0x80 | 0x100 | 0x200
# They read attributes of their arguments by name, past everything that is checked here.
# The others make text or lists of which no stand-in knows, or ask whoever has registered.
_REFUSED_ATTRIBUTES = frozenset(
    ("format", "format_map", "args", "mro", "hex", "to_bytes", "encode")
)
# Of numbers and tuples: made anew each time they are read, so that they are not to be compared.
_METHODS = frozenset(
    (
        "as_integer_ratio", "bit_count", "bit_length", "conjugate", "count", "from_bytes",
        "fromhex", "index", "is_integer",
    )
)  # fmt: skip


class Checked:
    """What the check found in a code object that passed, or why it did not."""

    __slots__ = (
        "attributes", "has_handler", "inverts", "keeps_tuples", "line", "names", "reason"
    )  # fmt: skip

    def __init__(self) -> None:
        """Start with nothing found."""
        self.names: tuple[str, ...] = ()  # globals and builtins that it reads
        self.keeps_tuples = False  # builds tuples, in which identity can show
        self.has_handler = False  # has `try`
        self.inverts = False  # has `~`
        self.attributes: tuple[str, ...] = ()  # names that may be attributes it reads
        self.reason: str | None = None
        self.line = 0


def _line_of(code: CodeType, unit: int) -> int:
    for start, end, line in code.co_lines():
        if start <= unit * 2 < end and line is not None:
            return line
    return code.co_firstlineno


def _argument(ops: bytes, args: bytes, unit: int) -> int:
    """Return an instruction's argument, EXTENDED_ARG prefixes included."""
    value = args[unit]
    shift = 8
    while unit and ops[unit - 1] == op.EXTENDED_ARG:
        unit -= 1
        value |= args[unit] << shift
        shift += 8
    return value


def _exception_table(code: CodeType) -> list[tuple[int, int, int, bool]]:
    """Return the first unit, the end and the handler of each protected range, and if it is one."""
    numbers: list[int] = []
    value = 0
    for byte in code.co_exceptiontable:
        # The top bit marks the start of an entry, the next one that more of a number follows.
        value = value << 6 | byte & 63
        if not byte & 64:
            numbers.append(value)
            value = 0
    # A handler is itself protected, by what forgets the exception; its depth is marked as such.
    return [
        (start, start + length, handler, bool(depth & 1))
        for start, length, handler, depth in zip(*(numbers[i::4] for i in range(4)), strict=True)
    ]


def _leaves_handler(code: CodeType, unit: int, target: int) -> bool:
    """Return whether a backward jump leads from a handler, behind the code, to after its `try`.

    Exceptions lead forward only, and from the target on no range is protected by a handler that
    is not behind the jump: so on a round trip the jumps would come in ever falling order, and
    there is none but through a FOR_ITER.
    """
    entries = _exception_table(code)
    handlers = min((handler for _, _, handler, _ in entries), default=0)
    return target < handlers <= unit and all(
        handler > start and (end <= target or start >= handlers or handler > unit)
        for start, end, handler, _ in entries
    )


def is_message(frame: FrameType) -> bool:
    """Return whether what a frame calls is for an exception that it raises at once."""
    code = frame.f_code
    ops = code.co_code[::2]
    return _is_message(code, ops, _after(ops, frame.f_lasti // 2))


def _is_message(code: CodeType, ops: bytes, unit: int) -> bool:
    # Where exceptions are caught, what is stored outlives them.
    allowed = op.MESSAGE - op.STORES if code.co_exceptiontable else op.MESSAGE
    while unit < len(ops) and ops[unit] in allowed:
        unit += 1
    return unit < len(ops) and ops[unit] == op.RAISE_VARARGS


def _raises_own(code: CodeType, args: bytes, unit: int) -> bool:
    """Return whether a `raise` names an exception, or is in a handler: it raises that again."""
    return args[unit] > 0 or any(
        start <= unit < end and is_handler for start, end, _, is_handler in _exception_table(code)
    )


def _reads_method(code: CodeType, ops: bytes, args: bytes, unit: int) -> bool:
    """Return whether a method of numbers or tuples is read without being called at once."""
    argument = _argument(ops, args, unit)
    if op.VERSION >= (3, 12):
        if argument & 1:
            return False
        argument >>= 1
    return code.co_names[argument] in _METHODS


def _after(ops: bytes, unit: int) -> int:
    """Return the instruction behind one, from which jumps are counted."""
    after = unit + 1
    while after < len(ops) and ops[after] == op.CACHE:
        after += 1
    return after


def _is_bounded(code: CodeType, ops: bytes, args: bytes, unit: int) -> bool:
    """Return whether a backward jump makes no loop, or one over an iterator."""
    target = _after(ops, unit) - _argument(ops, args, unit)
    while 0 <= target < len(ops) and ops[target] == op.EXTENDED_ARG:
        target += 1
    if not 0 <= target < len(ops):
        return False
    return ops[target] == op.FOR_ITER or _leaves_handler(code, unit, target)


def _compares_with_none(code: CodeType, ops: bytes, args: bytes, unit: int) -> bool:
    """Return whether an IS_OP's right operand is the constant None, however it is reached."""
    before = unit - 1
    if ops[before] == op.LOAD_COMMON_CONSTANT:
        is_none = args[before] == op.COMMON_NONE
    else:
        is_none = ops[before] == op.LOAD_CONST and (
            code.co_consts[_argument(ops, args, before)] is None
        )
    # `x is (y or None)`: a jump brings another operand.
    return is_none and not any(
        number in op.FORWARD and _after(ops, jump) + _argument(ops, args, jump) == unit
        for jump, number in enumerate(ops)
    )


def has(wanted: type, constant: Any) -> bool:
    """Return whether a constant is of a type, or has one that is in it."""
    kind = type(constant)
    if kind is tuple or kind is frozenset:
        return any(has(wanted, each) for each in constant)
    return kind is wanted


def _frame_reason(code: CodeType) -> str | None:
    flags = code.co_flags
    if flags & _VARIADIC:
        return "it takes *args or **kwargs"
    if flags & _SUSPENDS:
        return "it is a generator or a coroutine"
    if code.co_cellvars:
        return "it has an inner function"
    if has(bytes, code.co_consts):
        return "it uses bytes"
    return None


def _instruction_reason(code: CodeType, ops: bytes, args: bytes, unit: int) -> str | None:
    number = ops[unit]
    if number not in op.ALLOWED:
        name = op.NAMES.get(number, str(number))
        return op.MEANINGS.get(name, f"it uses {name.lower().replace('_', ' ')}")
    if number in op.BACKWARD:
        return None if _is_bounded(code, ops, args, unit) else "it has a `while` loop"
    if number == op.IS_OP:
        return None if _compares_with_none(code, ops, args, unit) else "it uses `is`"
    if number in op.TEXT:
        return None if _is_message(code, ops, unit) else "it makes text"
    if number == op.RAISE_VARARGS:
        own = _raises_own(code, args, unit)
        return None if own else "it raises again what may be another's exception"
    if number == op.LOAD_ATTR:
        reads = _reads_method(code, ops, args, unit)
        return "it reads a method of a constant without calling it" if reads else None
    if number == op.CALL_INTRINSIC_1:
        return None if args[unit] == op.UNARY_POSITIVE else "it uses an interpreter intrinsic"
    if number == op.LOAD_COMMON_CONSTANT:
        plain = _argument(ops, args, unit) in op.COMMON_CONSTANTS
        return None if plain else "it uses a builtin in a special form"
    return None


_PICKY = frozenset(
    op.BACKWARD
    | op.TEXT
    | {op.IS_OP, op.CALL_INTRINSIC_1, op.LOAD_COMMON_CONSTANT, op.RAISE_VARARGS, op.LOAD_ATTR}
)


def _inverts_truth(code: CodeType, present: set[int], ops: bytes, args: bytes) -> bool:
    """Return whether `~` may meet a plain bool of the code's own, which warns from 3.12 on."""
    if op.UNARY_INVERT not in present:
        return False
    return (
        bool(present & {op.UNARY_NOT, op.CONTAINS_OP, op.IS_OP})
        or has(bool, code.co_consts)
        or any(
            (number == op.LOAD_COMMON_CONSTANT and argument in op.COMMON_BOOLS)
            or (number == op.COMPARE_OP and _is_kept(ops, _after(ops, unit)))
            for unit, (number, argument) in enumerate(zip(ops, args, strict=True))
        )
    )


def _is_kept(ops: bytes, unit: int) -> bool:
    """Return whether a comparison before an instruction is not for a jump, and may be inverted."""
    if op.VERSION < (3, 12):  # where that warns of nothing
        return ops[unit] == op.UNARY_INVERT
    return ops[unit] not in op.FORWARD and ops[unit] != op.TO_BOOL


def _names_reason(names: tuple[str, ...]) -> str | None:
    for name in names:
        if name.startswith(("__", "_ao_")) or name in _REFUSED_ATTRIBUTES:
            return f"it uses the name {name}"
    return None


def check(code: CodeType) -> Checked:
    """Look through a code object."""
    found = Checked()
    found.line = code.co_firstlineno
    found.reason = _frame_reason(code) or _names_reason(code.co_names)
    if found.reason is not None:
        return found
    raw = code.co_code
    ops, args = raw[::2], raw[1::2]
    present = set(ops)
    if not present <= op.ALLOWED or present & _PICKY:
        for unit in range(len(ops)):
            found.reason = _instruction_reason(code, ops, args, unit)
            if found.reason is not None:
                found.line = _line_of(code, unit)
                return found
    if _inverts_truth(code, present, ops, args):
        found.reason = "it may invert a bool with `~`"
        return found
    if code.co_exceptiontable and op.DELETE_FAST in present:
        # What it says of a number, it says of a number's stand-in.
        found.reason = "it gives a caught exception a name"
        found.line = _line_of(code, ops.index(op.DELETE_FAST))
        return found
    found.inverts = op.UNARY_INVERT in present
    found.keeps_tuples = op.BUILD_TUPLE in present
    found.has_handler = bool(code.co_exceptiontable)
    if not present & op.ATTRIBUTES:
        found.names = code.co_names
        return found
    found.attributes = code.co_names
    if op.LOAD_GLOBAL in present:
        units = [unit for unit in range(len(ops)) if ops[unit] == op.LOAD_GLOBAL]
        found.names = tuple(
            {code.co_names[_argument(ops, args, unit) >> 1]: None for unit in units}
        )
    return found
