"""The record of a symbolic run: every operation once, and what each path through it did.

The instructions, their operands and when they bail out are those of the expression engine; the
numbers of the operations are the program format's.
"""

import sys
from math import inf
from struct import pack, unpack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType

INT, FLOAT, BOOL = 0, 1, 2

# Operations on ints.
I_ADD, I_SUB, I_MUL, I_FLOORDIV, I_MOD, I_POW, I_SHL, I_SHR = range(0x01, 0x09)
I_AND, I_OR, I_XOR, I_NEG, I_ABS, I_INVERT, I_MIN, I_MAX = range(0x09, 0x11)
# On floats.
F_ADD, F_SUB, F_MUL, F_DIV, F_FLOORDIV, F_MOD, F_NEG, F_ABS, F_POW = range(0x20, 0x29)
F_COPYSIGN, F_FMOD, F_ATAN2, F_KEEPING_ATAN2 = range(0x2A, 0x2E)
# Comparisons.
I_LT, I_LE, I_EQ, I_NE = range(0x30, 0x34)
F_LT, F_LE, F_EQ, F_NE = range(0x38, 0x3C)
# On bools.
B_AND, B_OR, B_XOR, B_NOT = range(0x40, 0x44)
# Conversions.
INT_TO_FLOAT, INT_TO_FLOAT_EXACT, BOOL_TO_INT, TRUNC, ROUND, FLOOR, CEIL, TRUEDIV = range(
    0x50, 0x58
)
SELECT_INT, SELECT_FLOAT, SELECT_BOOL = range(0x60, 0x63)
BAIL = 0x70
LIBM = 0x80
# Not instructions: the leaves of the record.
INPUT, CONSTANT = -1, -2

RESULT_TYPES: dict[int, int] = {
    **dict.fromkeys(range(0x01, 0x20), INT),
    **dict.fromkeys(range(0x20, 0x30), FLOAT),
    **dict.fromkeys(range(0x30, 0x50), BOOL),
    **dict.fromkeys((INT_TO_FLOAT, INT_TO_FLOAT_EXACT, TRUEDIV, LIBM), FLOAT),
    **dict.fromkeys((BOOL_TO_INT, TRUNC, ROUND, FLOOR, CEIL), INT),
    SELECT_INT: INT,
    SELECT_FLOAT: FLOAT,
    SELECT_BOOL: BOOL,
}
_BAILS_ALWAYS = frozenset(
    (
        I_ADD,
        I_SUB,
        I_MUL,
        I_POW,
        I_SHL,
        I_NEG,
        I_ABS,
        F_POW,
        F_COPYSIGN,
        F_FMOD,
        INT_TO_FLOAT_EXACT,
        TRUNC,
        ROUND,
        FLOOR,
        CEIL,
        TRUEDIV,
        BAIL,
        LIBM,
    )
)
# They bail for some second operands only, which a constant can rule out.
BAILS_BY_SECOND = frozenset((I_FLOORDIV, I_MOD, I_SHR, F_DIV, F_FLOORDIV, F_MOD))

MAX_PATHS = 64
MAX_OPERATIONS = 2000  # in the whole record
MAX_STEPS = 10_000  # on one path, hits in the record included
MAX_DEPTH = 60  # of calls, each of up to three frames
MOST_BITS = 1024  # of an int that a float is near

# They bail out where the engine cannot hold what Python has, but raise nothing: unused, they go.
_ONLY_BEYOND = frozenset((I_ADD, I_SUB, I_MUL, I_NEG, I_ABS, INT_TO_FLOAT_EXACT, F_COPYSIGN))

Node = tuple[int, Any, Any, Any]


def article(name: str) -> str:
    """Return a name with "a" or "an"."""
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


# The module of functions that are rebuilt.
TRACED = "traced by arrayops"


def is_foreign(error: BaseException) -> bool:
    """Return whether an exception is neither a traced function's nor the tracer's own.

    It is one of a signal handler then, or whatever else may run between two instructions.
    """
    trace = error.__traceback__
    if trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    name = str(trace.tb_frame.f_globals.get("__name__"))
    return name != TRACED and not name.startswith(__name__.rpartition(".")[0])


class Halt(BaseException):
    """Ends a symbolic run; the record holds why, should user code swallow this."""


def _place() -> str:
    """Return the line of user code that is running."""
    frame = sys._getframe(1)
    package = __name__.rpartition(".")[0]
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(package):
        frame = frame.f_back
    code: CodeType = frame.f_code
    return f"{code.co_filename}:{frame.f_lineno}, in {code.co_name}"


class Record:
    """All operations that the paths so far have done, and the state of the current path."""

    __slots__ = (
        "accumulates", "bailed", "bails", "bits", "bools", "decided", "depth", "done", "doubt",
        "handler", "index", "inverts", "keeps_tuples", "nodes", "place", "plan", "powers", "reason",
        "steps", "taken", "types", "why",
    )  # fmt: skip

    def __init__(self) -> None:
        """Start an empty record."""
        self.nodes: list[Node] = []
        self.types: list[int] = []
        self.bails: list[bool] = []  # whether an operation may bail out
        self.bits: list[float] = []  # of the ints that Python may have, at most
        self.index: dict[Node, int] = {}
        self.plan: list[bool] = []  # the decisions that the current run is to replay
        self.reason: str | None = None  # sticky: the function cannot be traced
        self.place = ""
        self.why = ""  # the first reason why a path is left to Python
        self.handler = False  # a `try` is about, so that what may raise forks
        self.doubt = ""  # what makes it not to be traced if a `try` is about
        self.accumulates = False  # the first input may be any int
        self.powers = False  # powers are about that Python may have complex numbers for
        self.bools = False  # plain bools are about
        self.inverts = False  # `~` is about, which warns of a plain bool from 3.12 on
        self.keeps_tuples = False  # tuples are about, so that identity can show
        self.begin()

    def begin(self) -> None:
        """Start another path."""
        self.taken: list[tuple[int, bool]] = []
        self.decided: dict[int, bool] = {}
        self.done: dict[int, None] = {}  # what may bail out, in the order done
        self.bailed = False  # sticky: this path ends in Python
        self.steps = 0
        self.depth = 0  # of the functions that are running

    def meet(self, *, bools: bool = False, inverts: bool = False) -> None:
        """Note that plain bools, or `~`, are about; not both."""
        self.bools |= bools
        self.inverts |= inverts
        if self.bools and self.inverts:
            raise self.stop("it may invert a bool with `~`")

    def must_be_real(self) -> None:
        """Refuse to say what is not true of complex numbers, if there might be any."""
        if self.powers:
            raise self.stop("it asks for the type of what may be a complex power")

    def doubts(self, reason: str) -> None:
        """Note that something unknown is about, which a handler might use."""
        self.doubt = self.doubt or reason

    def stop(self, reason: str) -> Halt:
        """Give the function up; the caller raises what this returns."""
        if self.reason is None:
            self.reason = reason
            self.place = _place()
        return Halt(reason)

    def bail(self, why: str) -> Halt:
        """Leave this path to Python; the caller raises what this returns."""
        self.bailed = True
        self.why = self.why or why
        return Halt(why)

    def step(self) -> None:
        """Count work, against a bound."""
        self.steps += 1
        if self.bailed or self.reason is not None:
            raise Halt  # swallowed by user code before
        if self.steps > MAX_STEPS:
            raise self.stop("it takes too many steps")

    def input(self, number: int, kind: int) -> int:
        """Return an input's node."""
        return self._node((INPUT, number, kind, -1), kind, bails=False)

    def constant(self, value: Any) -> int:
        """Return the node of an int within 64 bits, a float or a bool."""
        if type(value) is float:
            bits = pack("<d", value)  # a zero has a sign, and a NaN more than that
            key = (CONSTANT, FLOAT, bits if value != value else value, bits)
            kind = FLOAT
        else:
            kind = BOOL if type(value) is bool else INT
            if kind == INT and not -(1 << 63) <= value < 1 << 63:
                raise self.stop("it uses an int beyond 64 bits")
            key = (CONSTANT, kind, value, 0)
        node = self.index.get(key)
        return self._node(key, kind, bails=False) if node is None else node

    def _node(self, key: Node, kind: int, *, bails: bool) -> int:
        node = len(self.nodes)
        if node > MAX_OPERATIONS:
            raise self.stop("it is too long")
        self.nodes.append(key)
        self.types.append(kind)
        self.bails.append(bails)
        self.bits.append(self._bits(*key))
        self.index[key] = node
        self.powers |= key[0] == F_POW
        return node

    def constant_of(self, node: int) -> Any:
        """Return a node's constant, or None."""
        key = self.nodes[node]
        if key[0] != CONSTANT:
            return None
        return unpack("<d", key[2])[0] if type(key[2]) is bytes else key[2]

    def _bits(self, op: int, a: Any, b: Any, c: Any) -> float:
        """Return how many bits an int has in Python, which knows no limit, at most."""
        if op in (INPUT, CONSTANT) or RESULT_TYPES[op] != INT:
            return 64
        if op in (BOOL_TO_INT, TRUNC, ROUND, FLOOR, CEIL):
            return MOST_BITS
        first, second, third = (self.bits[each] if each >= 0 else 0 for each in (a, b, c))
        if op in (I_SHL, I_POW):
            by = self.constant_of(b)
            if by is None or by < 0:
                return inf
            return first + float(by) if op == I_SHL else first * float(by)
        if op == I_MUL:
            return first + second
        if op == I_AND and any((self.constant_of(each) or -1) > 0 for each in (a, b)):
            return 64
        return max(first, second, third) + 1

    def is_huge(self, node: int) -> bool:
        """Return whether an int may be one that no float is near: conversions raise."""
        return self.bits[node] > MOST_BITS

    def may_bail(self, op: int, first: int | None, second: int | None) -> bool:
        """Return whether an operation can bail out, given its operands as far as they are nodes."""
        if op in _BAILS_ALWAYS:
            return True
        if op == INT_TO_FLOAT:
            return first is None or self.is_huge(first)
        if op not in BAILS_BY_SECOND:
            return False
        divisor = None if second is None else self.constant_of(second)
        if divisor is None:
            return True
        if op == I_SHR:
            return bool(divisor < 0)
        return divisor == 0 or (op == I_FLOORDIV and divisor == -1)

    def may_raise(self, op: int, first: int | None, second: int | None) -> bool:
        """Return whether Python can raise where an operation bails out: it stays if unused."""
        return op not in _ONLY_BEYOND and self.may_bail(op, first, second)

    def pure(self, op: int, a: int, b: int = -1, c: int = -1) -> int:
        """Return the node of an operation without noting that the path did it."""
        key = (op, a, b, c)
        node = self.index.get(key)
        if node is None:
            node = self._node(key, RESULT_TYPES[op], bails=self.may_bail(op, a, b))
        return node

    def do(self, op: int, a: int, b: int = -1, c: int = -1) -> int:
        """Do an operation on the current path."""
        self.steps += 1
        if self.bailed or self.reason is not None or self.steps > MAX_STEPS:
            self.step()
        key = (op, a, b, c)
        node = self.index.get(key)
        if node is None:
            node = self._node(key, RESULT_TYPES[op], bails=self.may_bail(op, a, b))
        if self.bails[node]:
            self.done[node] = None
        return node

    def decide(self, condition: int) -> bool:
        """Return the truth of a condition on the current path: as planned, else True first."""
        self.step()
        known = self.decided.get(condition)
        if known is None:
            position = len(self.taken)
            if position == len(self.plan):
                self.plan.append(True)
            known = self.plan[position]
            self.taken.append((condition, known))
            self.decided[condition] = known
        return known
