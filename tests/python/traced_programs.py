"""What becomes of the corpus of functions: the programs of all of them, as text.

    python tests/python/traced_programs.py

writes `traced_programs.txt`, a line for each function. A change of the tracer shows there as what
it is: an operation more or fewer, another order, a function that is called. Whether a program is
right is another question, which other tests ask.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from arrayops._trace.explore import trace
from program_comparison import FLOAT_ARRAY, INT_ARRAY, TRUTH
from program_reference import ABSENT, BOOL, LIBM, Program
from traced_functions import FUNCTIONS, HARD

PAGE = Path(__file__).with_suffix(".txt")
# From one version of Python to the next, `sorted` compares others, and there are new methods.
_OF_SOME_VERSIONS = {"median3", "sorted_mixed", "is_integer_method"}
_OPERATORS = {
    0x01: "+", 0x02: "-", 0x03: "*", 0x04: "//", 0x05: "%", 0x06: "**", 0x07: "<<", 0x08: ">>",
    0x09: "&", 0x0A: "|", 0x0B: "^",
    0x20: "+", 0x21: "-", 0x22: "*", 0x23: "/", 0x24: "//", 0x25: "%", 0x28: "**",
    0x30: "<", 0x31: "<=", 0x32: "==", 0x33: "!=", 0x38: "<", 0x39: "<=", 0x3A: "==", 0x3B: "!=",
    0x40: "and", 0x41: "or", 0x42: "xor", 0x57: "/",
}  # fmt: skip
_FUNCTIONS = {
    0x0C: "-", 0x0D: "abs", 0x0E: "~", 0x0F: "min", 0x10: "max",
    0x26: "-", 0x27: "abs", 0x2A: "copysign", 0x2B: "fmod", 0x2C: "atan2", 0x2D: "atan2",
    0x43: "not",
    0x50: "float", 0x51: "float_exact", 0x52: "int", 0x53: "trunc", 0x54: "round", 0x55: "floor",
    0x56: "ceil", 0x60: "select", 0x61: "select", 0x62: "select", 0x70: "bail",
}  # fmt: skip


def text_of(program: Program) -> str:
    """Return a program's operations, in order: each with what it is done under, and the result."""
    names = [f"x{place}" for place in range(len(program.inputs))]
    names += [repr(constant) for constant in program.constants]
    parts: list[str] = []
    for number, (op, a, b, c, mask) in enumerate(program.instructions):
        operands = [names[each] for each in ((a, b) if op == 0x80 else (a, b, c)) if each != ABSENT]
        if op in _OPERATORS:
            done = f" {_OPERATORS[op]} ".join(operands)
        else:
            function = LIBM[c] if op == 0x80 else _FUNCTIONS[op]
            done = f"{function}({', '.join(operands)})"
        where = "" if mask == ABSENT else f" if {names[mask]}"
        letter = "b" if program.types[len(names)] == BOOL else "v"
        names.append(f"{letter}{number}")
        parts.append(f"{names[-1]} = {done}{where}")
    result: int = program.result
    return "; ".join([*parts, names[result]])


def program_of(fn: Callable[..., Any], kinds: bytes) -> str:
    """Return the program of a function for the first target that there is one for, as text."""
    for target, name in ((INT_ARRAY, "ints"), (FLOAT_ARRAY, "floats"), (TRUTH, "truth")):
        code = trace(fn, kinds, target).code
        if code is not None:
            return f"{name}: {text_of(Program(code))}"
    return "called"


def lines() -> Iterator[str]:
    """Yield a line for each function of the corpus."""
    for name, fn, kinds in (*FUNCTIONS, *HARD):
        if name in _OF_SOME_VERSIONS:
            continue
        arguments = ", ".join(("int", "float")[kind] for kind in kinds)
        yield f"{name}({arguments}) to {program_of(fn, kinds)}"


if __name__ == "__main__":
    PAGE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
