"""The bytecode that a traceable function may consist of: one table per CPython minor version.

Whatever is not listed (writes outside the frame, imports, inner functions, generators, `with`,
containers that can change, ...) makes a function untraceable, and so does an unknown version.
"""

import opcode
import sys

_EVERY_VERSION = """
CACHE NOP RESUME POP_TOP PUSH_NULL COPY SWAP EXTENDED_ARG COPY_FREE_VARS
LOAD_CONST LOAD_FAST LOAD_GLOBAL LOAD_DEREF LOAD_ATTR STORE_FAST DELETE_FAST
BINARY_OP UNARY_NEGATIVE UNARY_INVERT UNARY_NOT COMPARE_OP IS_OP CONTAINS_OP
CALL BUILD_TUPLE BUILD_STRING UNPACK_SEQUENCE
JUMP_FORWARD JUMP_BACKWARD GET_ITER FOR_ITER RETURN_VALUE
RAISE_VARARGS PUSH_EXC_INFO CHECK_EXC_MATCH POP_EXCEPT RERAISE
"""
_SINCE_312 = """
POP_JUMP_IF_TRUE POP_JUMP_IF_FALSE POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE
END_FOR LOAD_FAST_CHECK CALL_INTRINSIC_1 JUMP_BACKWARD_NO_INTERRUPT
"""
_SINCE_313 = """
CALL_KW TO_BOOL FORMAT_SIMPLE FORMAT_WITH_SPEC CONVERT_VALUE
LOAD_FAST_LOAD_FAST STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST
"""
_SINCE_314 = """
LOAD_FAST_BORROW LOAD_FAST_BORROW_LOAD_FAST_BORROW LOAD_SMALL_INT LOAD_COMMON_CONSTANT
NOT_TAKEN POP_ITER
"""

TABLES: dict[tuple[int, int], frozenset[str]] = {
    (3, 11): frozenset(
        (
            _EVERY_VERSION
            + """
            BINARY_SUBSCR LOAD_ASSERTION_ERROR FORMAT_VALUE PRECALL KW_NAMES LOAD_METHOD
            UNARY_POSITIVE JUMP_IF_TRUE_OR_POP JUMP_IF_FALSE_OR_POP
            POP_JUMP_FORWARD_IF_TRUE POP_JUMP_FORWARD_IF_FALSE
            POP_JUMP_FORWARD_IF_NONE POP_JUMP_FORWARD_IF_NOT_NONE
            POP_JUMP_BACKWARD_IF_TRUE POP_JUMP_BACKWARD_IF_FALSE
            POP_JUMP_BACKWARD_IF_NONE POP_JUMP_BACKWARD_IF_NOT_NONE
            """
        ).split()
    ),
    (3, 12): frozenset(
        (
            _EVERY_VERSION
            + _SINCE_312
            + "BINARY_SUBSCR LOAD_ASSERTION_ERROR FORMAT_VALUE KW_NAMES RETURN_CONST"
        ).split()
    ),
    (3, 13): frozenset(
        (
            _EVERY_VERSION
            + _SINCE_312
            + _SINCE_313
            + "BINARY_SUBSCR LOAD_ASSERTION_ERROR RETURN_CONST"
        ).split()
    ),
    (3, 14): frozenset((_EVERY_VERSION + _SINCE_312 + _SINCE_313 + _SINCE_314).split()),
    (3, 15): frozenset((_EVERY_VERSION + _SINCE_312 + _SINCE_313 + _SINCE_314).split()),
}

VERSION = sys.version_info[:2]
NAMES: dict[int, str] = {number: name for name, number in opcode.opmap.items()}
ALLOWED: frozenset[int] = frozenset(
    opcode.opmap[name] for name in TABLES.get(VERSION, frozenset()) if name in opcode.opmap
)


def _number(name: str) -> int:
    return opcode.opmap.get(name, -1)


CACHE = _number("CACHE")
EXTENDED_ARG = _number("EXTENDED_ARG")
LOAD_CONST = _number("LOAD_CONST")
LOAD_GLOBAL = _number("LOAD_GLOBAL")
LOAD_COMMON_CONSTANT = _number("LOAD_COMMON_CONSTANT")
DELETE_FAST = _number("DELETE_FAST")
CALL_INTRINSIC_1 = _number("CALL_INTRINSIC_1")
FOR_ITER = _number("FOR_ITER")
IS_OP = _number("IS_OP")
BUILD_TUPLE = _number("BUILD_TUPLE")
COMPARE_OP = _number("COMPARE_OP")
CONTAINS_OP = _number("CONTAINS_OP")
UNARY_INVERT = _number("UNARY_INVERT")
UNARY_NOT = _number("UNARY_NOT")
TO_BOOL = _number("TO_BOOL")
RAISE_VARARGS = _number("RAISE_VARARGS")
LOAD_ATTR = _number("LOAD_ATTR")
BINARY_SUBSCR = _number("BINARY_SUBSCR")
BINARY_OP = _number("BINARY_OP")
ATTRIBUTES = frozenset((_number("LOAD_ATTR"), _number("LOAD_METHOD")))
BACKWARD = frozenset(
    number for name, number in opcode.opmap.items() if "JUMP" in name and "BACKWARD" in name
)
FORWARD = frozenset(opcode.hasjrel) - BACKWARD


def _numbers(names: str) -> frozenset[int]:
    return frozenset(_number(name) for name in names.split() if name in opcode.opmap)


TEXT = _numbers("FORMAT_VALUE FORMAT_SIMPLE FORMAT_WITH_SPEC CONVERT_VALUE BUILD_STRING")
# What may stand between text and the `raise` that it is for: no jump, and nothing else it is for.
MESSAGE = TEXT | _numbers(
    """
    CACHE NOP EXTENDED_ARG PUSH_NULL COPY SWAP LOAD_CONST LOAD_FAST LOAD_GLOBAL LOAD_DEREF LOAD_ATTR
    BINARY_OP UNARY_NEGATIVE CALL CALL_KW KW_NAMES PRECALL BUILD_TUPLE LOAD_METHOD LOAD_FAST_CHECK
    LOAD_FAST_LOAD_FAST LOAD_FAST_BORROW LOAD_FAST_BORROW_LOAD_FAST_BORROW LOAD_SMALL_INT
    LOAD_COMMON_CONSTANT STORE_FAST STORE_FAST_LOAD_FAST BINARY_SUBSCR COMPARE_OP CONTAINS_OP IS_OP
    UNARY_NOT UNARY_INVERT UNARY_POSITIVE TO_BOOL
    """
)
STORES = _numbers("STORE_FAST STORE_FAST_LOAD_FAST")
UNARY_POSITIVE = 5  # CALL_INTRINSIC_1's argument for unary plus
# What LOAD_COMMON_CONSTANT may load: two exceptions; from 3.15 on None, "", True, False and -1 too.
COMMON_CONSTANTS = frozenset((0, 1)) if VERSION < (3, 15) else frozenset((0, 1, 7, 8, 9, 10, 11))
COMMON_NONE = -1 if VERSION < (3, 15) else 7
COMMON_BOOLS = frozenset() if VERSION < (3, 15) else frozenset((9, 10))
# What a refused opcode means to whoever wrote the function.
MEANINGS: dict[str, str] = {
    "STORE_GLOBAL": "it writes a global",
    "STORE_DEREF": "it writes a variable of an enclosing function",
    "STORE_ATTR": "it writes an attribute",
    "STORE_SUBSCR": "it writes into a container",
    "IMPORT_NAME": "it imports a module",
    "MAKE_FUNCTION": "it makes an inner function",
    "BUILD_LIST": "it builds a list",
    "BUILD_MAP": "it builds a dict",
    "BUILD_SET": "it builds a set",
    "BEFORE_WITH": "it uses `with`",
    "LOAD_SPECIAL": "it uses `with`",
    "CALL_FUNCTION_EX": "it calls with *args or **kwargs",
    "BINARY_SLICE": "it takes a slice",
    "BUILD_SLICE": "it takes a slice",
}
