"""Random Python functions: arithmetic, branches, loops, builtins, in all combinations."""

import random
from collections.abc import Callable
from typing import Any

_INTS = (
    "0", "1", "-1", "2", "3", "-3", "7", "10", "100", "255", "-128", "65535", "2147483647",
    "-2147483648", "4294967295", "9007199254740993", "9223372036854775807", "(1 << 62)",
)  # fmt: skip
_FLOATS = (
    "0.0", "-0.0", "1.0", "-1.0", "0.5", "-2.5", "3.0", "1e-3", "1e300", "5e-324", "1e16",
    "9007199254740992.0", "0.1", "math.inf", "-math.inf", "math.nan", "1e18",
)  # fmt: skip
_BINARY = ("+", "-", "*", "+", "-", "*", "/", "//", "%", "&", "|", "^")
_COMPARE = ("<", "<=", ">", ">=", "==", "!=")
_MATH = (
    "sqrt", "exp", "log", "sin", "floor", "ceil", "trunc", "fabs", "isnan", "isinf", "isfinite",
    "atan", "degrees", "log1p", "cbrt", "tanh",
)  # fmt: skip
_SCOPE_SOURCE = """
import math, operator
K = 3
G = 0.75
T = (1, 2, 5, -7)
U = (0.5, -0.0, 2.0)
def helper(a, b=2):
    if a < b:
        return a + b
    return a * 1.5
def pair(a, b):
    return (b, a)
"""


class Writer:
    """Writes functions, seeded."""

    def __init__(self, seed: int, arguments: int) -> None:
        """Start a function."""
        self.rng = random.Random(seed)
        self.names = ["x", "y", "z"][:arguments]
        self.arguments = list(self.names)
        self.depth = 0

    def atom(self) -> str:
        """Write a name or a constant."""
        rng = self.rng
        choice = rng.random()
        if choice < 0.62:
            return rng.choice(self.names)
        if choice < 0.8:
            return rng.choice(_INTS)
        if choice < 0.93:
            return rng.choice(_FLOATS)
        return rng.choice(
            ("K", "G", "True", "False", "K", "G", "None" if rng.random() < 0.1 else "1")
        )

    def condition(self, depth: int) -> str:
        """Write a condition."""
        rng = self.rng
        choice = rng.random()
        first, second = self.expression(depth - 1), self.expression(depth - 1)
        if choice < 0.55:
            return f"({first} {rng.choice(_COMPARE)} {second})"
        if choice < 0.63:
            third = self.expression(depth - 1)
            return f"({first} {rng.choice(_COMPARE)} {second} {rng.choice(_COMPARE)} {third})"
        if choice < 0.75 and depth > 0:
            joint = rng.choice(("and", "or", "&", "|", "^", "and", "or"))
            return f"({self.condition(depth - 1)} {joint} {self.condition(depth - 1)})"
        if choice < 0.82:
            return f"(not {first})"
        if choice < 0.92:
            where = rng.choice(
                ("(1, 2, 3)", "T", "U", "range(-3, 9, 2)", "(0.0, 1, True)", "{1, 2}")
            )
            return f"({first} {rng.choice(('in', 'not in'))} {where})"
        if choice < 0.95:
            return f"isinstance({first}, {rng.choice(('int', 'float', 'bool', '(int, float)'))})"
        return first

    def call(self, depth: int) -> str:
        """Write a call."""
        rng = self.rng
        a, b = self.expression(depth - 1), self.expression(depth - 1)
        return rng.choice((
            f"min({a}, {b})", f"max({a}, {b})", f"min({a}, {b}, {self.atom()})", f"max(({a}, {b}))",
            f"abs({a})", f"int({a})", f"float({a})", f"bool({a})", f"round({a})",
            f"round({a}, {rng.choice((0, 1, 2, 3, -1, -2))})", f"divmod({a}, {b})[{rng.choice((0, 1))}]",
            f"pow({a}, {rng.choice((0, 1, 2, 3, -1, 0.5, -2))})", f"helper({a})", f"helper({a}, {b})",
            f"math.{rng.choice(_MATH)}({a})", f"math.copysign({a}, {b})", f"math.fmod({a}, {b})",
            f"math.atan2({a}, {b})", f"math.pow({a}, {rng.choice((2, 0.5, 3))})", f"math.isclose({a}, {b})",
            f"operator.{rng.choice(('add', 'mul', 'sub', 'truediv', 'mod', 'lt', 'xor'))}({a}, {b})",
            f"T[{a}]", f"U[int({a}) % 3]", f"pair({a}, {b})[{rng.choice(('0', '1', '-1'))}]",
            f"({a}, {b})[{self.condition(0)}]", f"(w := {a})", f"({a}).real", f"sorted(({a}, {b}))[0]",
            f"(min({a}, {b}) in ({a}, {b}))", f"sum(({a}, {b}))", f"any(({a}, {b}))",
        ))  # fmt: skip

    def expression(self, depth: int) -> str:
        """Write an expression."""
        rng = self.rng
        if depth <= 0:
            return self.atom()
        choice = rng.random()
        if choice < 0.42:
            a, b = self.expression(depth - 1), self.expression(depth - 1)
            op = rng.choice(_BINARY)
            if op in "&|^" and rng.random() < 0.7:
                a, b = f"int({a})", f"int({b})"
            return f"({a} {op} {b})"
        if choice < 0.48:
            return f"({self.expression(depth - 1)} ** {rng.choice(('2', '3', '0', '0.5', '-1', '2.0', '(y & 3)' if 'y' in self.names else '1'))})"
        if choice < 0.54:
            shift = rng.choice(("<<", ">>"))
            return f"(int({self.expression(depth - 1)}) {shift} (int({self.expression(depth - 1)}) & 63))"
        if choice < 0.62:
            return f"({rng.choice(('-', '+', '-', '-', '~'))}{self.expression(depth - 1)})"
        if choice < 0.72:
            test = self.condition(depth - 1)
            return f"({self.expression(depth - 1)} if {test} else {self.expression(depth - 1)})"
        if choice < 0.78:
            return f"({self.expression(depth - 1)} {rng.choice(('and', 'or'))} {self.expression(depth - 1)})"
        if choice < 0.84:
            return self.condition(depth - 1)
        return self.call(depth)

    def block(self, indent: int, size: int) -> list[str]:
        """Write statements."""
        lines: list[str] = []
        for _ in range(size):
            lines += self.statement(indent)
        return lines

    def statement(self, indent: int) -> list[str]:
        """Write a statement."""
        rng, space = self.rng, "    " * indent
        choice = rng.random()
        if choice < 0.5 or indent > 3:
            name = rng.choice(("a", "b", "c", *self.arguments))
            if rng.random() < 0.2 and name in self.names:
                line = f"{space}{name} {rng.choice(('+', '-', '*'))}= {self.expression(1)}"
            else:
                line = f"{space}{name} = {self.expression(2)}"
            if indent == 1 and name not in self.names:
                self.names.append(name)
            return [line]
        if choice < 0.75:
            lines = [f"{space}if {self.condition(2)}:", *self.block(indent + 1, 1)]
            if rng.random() < 0.6:
                lines += [f"{space}else:", *self.block(indent + 1, 1)]
            return lines
        if choice < 0.8:
            over = rng.choice(("range(2)", "range(3)", "T[:0] or T", "(1, 2.5)", "U"))
            over = over if "[" not in over else "T"
            return [
                f"{space}for i in {over}:",
                f"{space}    {rng.choice(self.arguments)} = {self.expression(1)} + i",
            ]
        if choice < 0.86:
            name = rng.choice(self.names)
            handler = rng.choice(
                ("ZeroDivisionError", "(ZeroDivisionError, ValueError)", "Exception", "TypeError")
            )
            return [
                f"{space}try:", f"{space}    {name} = {self.expression(2)}",
                f"{space}except {handler}:", f"{space}    {name} = {self.atom()}",
            ]  # fmt: skip
        if choice < 0.9:
            return [f"{space}if {self.condition(1)}:", f"{space}    raise ValueError(x)"]
        if choice < 0.93:
            return [f"{space}{self.expression(2)}"]
        return [f"{space}if {self.condition(1)}:", f"{space}    return {self.expression(1)}"]

    def source(self) -> str:
        """Write a whole function."""
        arguments = ", ".join(self.arguments)
        body = self.block(1, self.rng.choice((0, 1, 1, 2, 2, 3, 4)))
        return "\n".join([f"def f({arguments}):", *body, f"    return {self.expression(3)}", ""])


def random_function(seed: int, arguments: int) -> tuple[Callable[..., Any], str]:
    """Return a function and its source."""
    source = Writer(seed, arguments).source()
    scope: dict[str, Any] = {"__name__": "random_functions"}
    exec(compile(_SCOPE_SOURCE + source, f"<function {seed}>", "exec"), scope)  # noqa: S102 (our own text)
    return scope["f"], source
