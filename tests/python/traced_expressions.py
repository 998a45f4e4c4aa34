"""Random arithmetic expressions: templates by the kind of number they give."""

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

# An int may grow to so many bits before it is masked; the time of a call stays bounded.
MOST_BITS = 2000
FLOAT_BITS = 1024  # of an int made of a float

INTEGERS = (
    *("0", "1", "-1", "2", "3", "7", "8", "10", "16", "31", "100", "255", "256", "-128", "1000"),
    *("0xFF", "0xFFFF", "0x7FFFFFFF", "0x80000000", "0xFFFFFFFF", "2**31", "-2**31", "2**32"),
    *("2**53", "2**53 - 1", "2**53 + 1", "-2**53 - 1", "2**63 - 1", "2**63", "-2**63", "2**64 - 1"),
    *("1103515245", "12345", "16777619", "0x9E3779B97F4A7C15", "1_000_000_007"),
)
FLOATS = (
    *("0.0", "-0.0", "1.0", "-1.0", "0.5", "2.0", "-2.5", "0.1", "1.8", "32.0", "100.0", "1e-3"),
    *("3.141592653589793", "1 / 3", "1e308", "5e-324", "math.inf", "-math.inf", "math.nan", "1e16"),
    *("2.0**53", "9007199254740993.0", "2.0**63", "-2.0**63", "4294967296.0", "1e-308", "math.pi"),
)
ODD = (
    *("True", "2**64", "-2**64 - 1", "2**100", "10**400", "Level.LOW", "Number(3)", "Real(0.5)"),
    *("Fraction(1, 3)", 'Decimal("0.1")', "2j", "None", '""', "False"),
)


@dataclass(frozen=True, slots=True)
class Expression:
    """Source text, the kind of its value (i, f, b, or n: by the path), and a bound of its size."""

    text: str
    kind: str
    bits: int
    varies: bool = False  # whether it depends on an argument


Bits = Callable[[Sequence[int]], int]


def _sum(bits: Sequence[int]) -> int:
    return sum(bits)


def _larger(bits: Sequence[int]) -> int:
    return max(bits, default=64) + 1


def _fixed(count: int) -> Bits:
    return lambda _bits: count


def _plus(count: int) -> Bits:
    return lambda bits: max(bits, default=64) + count


def _times(factor: int) -> Bits:
    return lambda bits: max(bits, default=64) * factor + 1


@dataclass(frozen=True, slots=True)
class Template:
    """`{i}` stands for an int and so on, see `Expressions.fill`; chosen as often as it weighs."""

    text: str
    weight: float = 1
    bits: Bits = _larger


def _rows(weight: float, *texts: str, bits: Bits = _larger) -> tuple[Template, ...]:
    return tuple(Template(text, weight, bits) for text in texts)


INT_TEMPLATES = (
    *_rows(7, "({i} + {i})", "({i} - {i})"),
    *_rows(6, "({i} * {i})", bits=_sum),
    *_rows(3, "({i} // {d})", "({i} % {d})", "({i} & {i})", "({i} | {i})", "({i} ^ {i})"),
    *_rows(2, "(-{i})", "(~{i})", "abs({i})", "({i} >> {s})", "(+{i})"),
    *_rows(3, "({i} & 0xFF)", bits=_fixed(8)),
    *_rows(3, "({i} & 0xFFFFFFFF)", "({i} & 0x7FFFFFFF)", "({i} % 2**32)", bits=_fixed(32)),
    *_rows(2, "({i} & 0xFFFFFFFFFFFFFFFF)", "({i} % 2**64)", bits=_fixed(64)),
    *_rows(1, "({i} % 251)", "({i} % -7)", "({i} & 1)", "({i} % 1_000_000_007)", bits=_fixed(32)),
    *_rows(1, "((({i} * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF) >> 13)", bits=_fixed(64)),
    *_rows(1, "(({i} ^ ({i} >> 15)) * 0x2C1B3C6D & 0xFFFFFFFF)", bits=_fixed(32)),
    *_rows(2, "({i} << {s})", "(1 << {s})", bits=_plus(70)),
    *_rows(2, "({i} ** {p})", "pow({i}, {p})", bits=_times(4)),
    *_rows(1, "({i} ** 2)", "pow({i}, 2)", "operator.mul({i}, {i})", bits=_times(2)),
    *_rows(0.7, "pow({i}, {s}, {d})", "operator.lshift({i}, {s})", bits=_plus(70)),
    *_rows(3, "min({i}, {i})", "max({i}, {i})", "({i} if {b} else {i})"),
    *_rows(2, "max(-128, min(127, {i}))", "min(max({i}, 0), 255)", bits=_fixed(9)),
    *_rows(1, "min({i}, {i}, {i})", "max({i}, {i}, {i})", "({i} and {i})", "({i} or {i})"),
    *_rows(2, "int({i})", "int({b})", "({b} + {i})", "({b} * {i})", "({i} - {b})", "({b} & {i})"),
    *_rows(1.5, "int({g})", "round({g})", "math.floor({g})", "math.ceil({g})", "math.trunc({g})"),
    *_rows(0.5, "int({f})", "round({f})", "math.floor({f})", "math.ceil({f})", bits=_plus(1024)),
    *_rows(1, "divmod({i}, {d})[0]", "divmod({i}, {d})[1]", "round({i})", "({i}, {i})[{i} & 1]"),
    *_rows(1, "round({i}, {m})", "({i} // {i} if {i} else {i})", "(-{i} // {d})", "-(-{i} // {d})"),
    *_rows(0.7, "operator.add({i}, {i})", "operator.sub({i}, {i})", "operator.neg({i})"),
    *_rows(0.7, "operator.and_({i}, {i})", "operator.xor({i}, {i})", "operator.floordiv({i}, {d})"),
    *_rows(0.7, "operator.mod({i}, {d})", "operator.rshift({i}, {s})", "operator.invert({i})"),
    *_rows(0.7, "math.gcd({i}, {i})", "math.isqrt(abs({i}))", "operator.or_({i}, {i})"),
    *_rows(1, "TABLE[{i} & 7]", "TABLE[{i} % 10]", "(3, 1, 4, 1, 5)[{i} % 5]", bits=_fixed(64)),
    *_rows(0.5, "(({t} := {i}) * {i} + {t})", "(({t} := {i}) ^ ({t} >> 3))", bits=_sum),
    *_rows(0.3, "sum(({i}, {i}))", "len(({i}, {i}))", "{i}.bit_length()", "operator.index({i})"),
)
FLOAT_TEMPLATES = (
    *_rows(7, "({f} + {f})", "({f} - {f})", "({x} + {f})"),
    *_rows(7, "({f} * {f})", "({f} * {x})", bits=_sum),
    *_rows(3, "({f} - {x})", "({x} - {f})", "({f} / {e})", "({x} / {e})"),
    *_rows(3, "({x} * {f})", "({i} * {f})", bits=_sum),
    *_rows(3, "({i} / {d})", "({f} + {i})", "({f} / {d})"),
    *_rows(2, "(-{f})", "abs({f})", "float({i})", "float({f})", "({f} // {e})", "({f} % {e})"),
    *_rows(1, "({i} // {e})", "({i} % {e})", "({f} % {d})", "({f} // {d})", "(+{f})"),
    # A float argument is sometimes given an int: these may grow, too.
    *_rows(2, "({f} ** 2)", "({f} ** 3)", "({f} ** -1)", "({f} * {f} + {f})", bits=_times(3)),
    *_rows(0.6, "({f} ** {p})", "pow({f}, 2)", "operator.pow({f}, 2)", bits=_times(3)),
    *_rows(0.6, "(abs({f}) ** 0.5)", "({f} ** 0.5)", "(2.0 ** {g})", "(float({f}) ** {i})"),
    *_rows(0.6, "(abs(float({f})) ** {g})", "(2 ** {g})", bits=_fixed(1000)),
    *_rows(0.6, "math.pow({f}, {p})", "({i} ** -2)", "(10 ** -{p})"),
    *_rows(3, "min({f}, {f})", "max({f}, {f})", "({f} if {b} else {f})"),
    *_rows(2, "max(-1.0, min(1.0, {f}))", "max(0.0, {f})", "(0.0 if {f} != {f} else {f})"),
    *_rows(1, "min({f}, {f}, {f})", "max({f}, {f}, {f})", "({f} and {f})", "({f} or {f})"),
    *_rows(2, "math.sqrt(abs({f}))", "math.sqrt(max({f}, 0.0))"),
    *_rows(0.4, "math.sqrt({f})", "math.sqrt({i})", "math.log({f})", "math.exp({f})"),
    *_rows(0.5, "math.sin({g})", "math.cos({g})", "math.tan({g})", "math.atan({f})"),
    *_rows(0.5, "math.exp({g})", "math.log(abs({f}) + 1.0)", "math.log10(abs({f}) + 0.5)"),
    *_rows(0.5, "math.log2(abs({f}) + 1e-9)", "math.tanh({f})", "math.atan2({f}, {f})"),
    *_rows(0.4, "math.hypot({f}, {f})", "math.expm1({g})", "math.log1p(abs({f}))"),
    *_rows(0.3, "math.sinh({g})", "math.cosh({g})", "math.asinh({f})", "math.cbrt({f})"),
    *_rows(0.3, "math.asin(max(-1.0, min(1.0, {f})))", "math.erf({f})", "math.exp2({g})"),
    *_rows(0.2, "math.asin({f})", "math.acosh({f})", "math.gamma({g})", "math.lgamma({f})"),
    *_rows(0.5, "math.fabs({f})", "math.copysign({f}, {f})", "math.fmod({f}, {e})"),
    *_rows(0.4, "math.degrees({f})", "math.radians({f})", "math.remainder({f}, {e})"),
    *_rows(0.2, "math.ldexp({f}, {s})", "math.modf({f})[0]", "math.frexp({f})[0]", "math.ulp({f})"),
    *_rows(0.2, "math.nextafter({f}, {f})", "math.fsum(({f}, {f}))", "math.log({f}, {f})"),
    *_rows(1.5, "round({f}, {m})", "round({f}, 2)", "round({g}, 1)", "round({f}, 0)"),
    *_rows(1, "divmod({f}, {e})[0]", "divmod({f}, {e})[1]", "({i} * 0.25)", "({f} * {b})"),
    *_rows(0.7, "operator.mul({f}, {f})", bits=_sum),
    *_rows(0.7, "operator.truediv({f}, {e})", "operator.pos({f})"),
    *_rows(0.7, "operator.sub({f}, {x})", "operator.mod({f}, {e})"),
    *_rows(0.5, "(({t} := {f}) * {f} + {t})", bits=_sum),
    *_rows(0.5, "(({t} := abs({f})) / (1.0 + {t}))"),
    *_rows(0.7, "WEIGHTS[{i} & 3]", "(0.25, 0.5, -0.0)[{i} % 3]", "({f}, {f})[{b}]"),
)
BOOL_TEMPLATES = (
    *_rows(4, "({x} < {x})", "({x} <= {x})", "({x} > {x})", "({x} >= {x})"),
    *_rows(2, "({x} == {x})", "({x} != {x})", "({x} > 0)", "({x} < 0)"),
    *_rows(1.5, "({x} <= {x} < {x})", "({x} > {x} == {x})", "({i} & 1 == {i})", "({i} % 3 == 0)"),
    *_rows(2, "({b} and {b})", "({b} or {b})", "(not {x})", "(not {b})", "({b} != {b})"),
    *_rows(1, "({b} & {b})", "({b} | {b})", "({b} ^ {b})", "bool({x})", "({b} if {b} else {b})"),
    *_rows(1, "({i} in (1, 5, 7))", "({i} in range(-5, 100, 3))", "({x} in (0, 1.5, 255))"),
    *_rows(0.5, "({i} not in (0, 3))", "({f} in range(10))", "({i} in TABLE)", "({x} in WEIGHTS)"),
    *_rows(1, "math.isnan({f})", "math.isfinite({f})", "math.isinf({f})", "math.isfinite({i})"),
    *_rows(0.5, "operator.lt({x}, {x})", "operator.eq({x}, {x})", "operator.not_({x})"),
    *_rows(0.4, "({x} is None)", "({x} is not None)", "operator.truth({x})", "True", "False"),
    *_rows(0.3, "(abs({f} - {f}) < 1e-9)", "math.isclose({f}, {f})", "(-0.5 <= {x} <= 0.5)"),
)
MIXED_TEMPLATES = (
    *_rows(3, "({i} if {b} else {f})", "({f} if {b} else {i})", "({i} if {b} else {b})"),
    *_rows(3, "min({x}, 0)", "max({x}, 0)", "min({i}, {f})", "max({f}, {i})", "min({x}, {b})"),
    *_rows(2, "({x} and {x})", "({x} or {x})", "({b} and {x})", "({b} or {x})"),
    *_rows(2, "({x} + {x})", "({x} - {x})", "({x} * {b})", "(-{x})", "abs({x})", "round({x}, 1)"),
    *_rows(1, "(min({x}, 0) * -1)", "({x} // {e})", "({x} % {d})"),
    *_rows(1, "(max({x}, {x}) * -{x})", "({x} * {x})", bits=_sum),
    *_rows(0.5, "({i}, {f})[{b}]", "({i} ** ({i} & 1 or -1))", "round({x})", "({f} ** 0 and {i})"),
)
# What a tracer may well refuse, and must then leave to Python.
ODD_TEMPLATES = (
    *_rows(1, "sum(({x}, {x}))", "[{x}, {x}][0]", "max([{x}, {x}])", "min(({x}, {x}), key=abs)"),
    *_rows(1, "(({x},) == ({x},))", "({x} in ({x}, {x}))", "~({b})", "type({x})({x})"),
    *_rows(1, "(lambda v: v + 1)({x})", "[v for v in ({x}, 2)][0]", "sorted(({x}, {x}))[0]"),
    *_rows(1, "{v}.real", "{v}.numerator", "{v}.is_integer()", "{v}.bit_length()", "{v}.imag"),
    *_rows(1, "isinstance({x}, int)", "(type({x}) is float)", "int(str({i}))", "float(repr({f}))"),
    *_rows(1, "any(({b}, {b}))", "all(({x}, {x}))", "next(iter(({x}, 1)))", "len(range({i} & 15))"),
    *_rows(
        1, "{{0: 1, 1: 2}}.get({x}, 7)", "getattr(operator, 'add')({x}, {x})", "int(f'{{{i}}}')"
    ),
    *_rows(1, "math.prod(({x}, {x}))", "int.__add__({i}, {i})", "float.fromhex('0x1p-3')"),
    *_rows(1, "b'abcdefgh'[{i} & 7]", "LIST[{i} & 3]", "LIST[{i}]", "TABLE[{i}]", "range(10)[{i}]"),
    *_rows(1, "({v} is ({x} or None))", "({v} is (None if {b} else {v}))", "~(LIST == {v})"),
    *_rows(1, "({x} + '3')", "math.fmod({f}, '3')", "math.log({f}, None)", "('abc' % operator)"),
    *_rows(1, "({x} in ({{1, 2}} | {{3}}))", "({{1, 2}} == {{2, 1}})", "len(f'{{range(3)}}')"),
    *_rows(1, "(min({f}, math.nan) in (math.nan, 1.0))", "len('%*d' % ({i} & 7, 3))"),
    *_rows(1, "({x} is {x})", "pow({i}, -1, 7)", "complex({x}, 0).real", "(*({x}, {x}),)[1]"),
    *_rows(1, "functools.reduce(operator.add, ({x}, {x}))", "bool([])", "int('12')", "max({x})"),
    *_rows(1, "({x} if {x} else missing)", "min()", "abs({x}, {x})", "math.sqrt()", "{x}()"),
    *_rows(1, "math.factorial({i} & 7)", "math.comb({i} & 15, 3)", "(1.5).__mul__({x})", "{v}.zz"),
    *_rows(1, "({x} @ {x})", "(({x} << 2) + {x})", "({f} & 1)", "({x} / {x})", "({x} // {x})"),
)
TEMPLATES = {"i": INT_TEMPLATES, "f": FLOAT_TEMPLATES, "b": BOOL_TEMPLATES, "n": MIXED_TEMPLATES}
_ALL_TABLES = {**TEMPLATES, "odd": ODD_TEMPLATES}
# What the tracer always refuses, left out where functions are to run natively.
UNTRACED = (
    *("modf", "gcd", "index", "ulp", "nextafter", "cbrt"),
    *("remainder", "frexp", "ldexp", "gamma", "sum(", "fsum", "math.log({f}, {f})", "truth"),
    *("isclose", "{s}, {d}", "len("),
)
_SIMPLE_TABLES = {
    kind: tuple(row for row in rows if not any(name in row.text for name in UNTRACED))
    for kind, rows in _ALL_TABLES.items()
}
SIMPLE_INTEGERS = tuple(text for text in INTEGERS if eval(text) < 2**63)  # noqa: S307
# Each program prefers so many of each table: then they meet each other, too, and seldom ones count.
PREFERRED = 3

# Operands that seldom make an operation fail, by their placeholder: nonzero ints and floats,
# shift counts, small exponents, digits, and floats of moderate size.
GUARDED = {
    "d": ("({i} | 1)", "({i} or 3)", "(abs({i}) + 1)", "7", "2", "-3", "10", "256", "max({i}, 1)"),
    "e": ("({f} or 0.5)", "(abs({f}) + 1.0)", "2.5", "-3.0", "0.1", "1e3", "7", "max({f}, 0.5)"),
    "s": ("3", "1", "8", "({i} & 7)", "({i} % 13)", "({i} & 63)", "31", "max(0, min(66, {i}))"),
    "p": ("2", "3", "0", "1", "({i} & 3)", "max(0, min(3, {i}))"),
    "m": ("0", "1", "2", "3", "-1", "-2", "6", "15", "({i} & 3)"),
    "g": (
        "max(-30.0, min(30.0, {f}))",
        "({f} % 5.0)",
        "min(max({f}, -1e3), 1e3)",
        "math.atan({f})",
    ),
}
UNGUARDED = {
    "d": ("{i}", "0", "{b}"),
    "e": ("{f}", "0.0", "-0.0", "{i}", "math.inf"),
    "s": ("max(-2, min(66, {i}))", "-1", "64", "63", "70"),
    "p": ("max(-1, min(3, {i}))", "-1", "-2"),
    "m": ("400", "-400", "22", "None", "-18"),
    "g": ("float({f})",),
}


class Expressions:
    """Writes random expressions of the variables in `scope`."""

    def __init__(
        self, chooser: random.Random, odd: float, guarded: float, *, simple: bool = False
    ) -> None:
        """Use what may be refused with probability `odd`, guards with probability `guarded`."""
        self.integers = SIMPLE_INTEGERS if simple else INTEGERS
        self.tables = _SIMPLE_TABLES if simple else _ALL_TABLES
        self.chooser = chooser
        self.odd = odd
        self.guarded = guarded
        self.scope: dict[str, Expression] = {}
        self.helpers: dict[str, tuple[str, Expression]] = {}  # the kinds taken, what is returned
        self.temporaries = 0
        self.weights = {kind: self._draw_weights(rows) for kind, rows in self.tables.items()}

    def _draw_weights(self, rows: Sequence[Template]) -> list[float]:
        weights = [row.weight for row in rows]
        for _ in range(PREFERRED):
            weights[int(self.chooser.random() * len(rows))] += 12
        return list(itertools.accumulate(weights))

    def expression(self, kind: str, depth: int) -> Expression:
        """Return an expression of a kind, or seldom of another one."""
        draw = self.chooser.random()
        if depth <= 0 or draw < 0.08:
            return self.leaf(kind)
        if draw < 0.08 + self.odd:
            template = self._choose("odd")
        elif self.helpers and draw > 0.9:
            return self.helped(depth)
        else:
            template = self._choose(kind)
        written = self.fill(template, kind, depth - 1)
        if not written.varies and draw < 0.9:
            written = self.fill(template, kind, depth - 1)
        return self.masked(written)

    def _choose(self, table: str) -> Template:
        return self.chooser.choices(self.tables[table], cum_weights=self.weights[table])[0]

    def fill(self, template: Template, kind: str, depth: int) -> Expression:
        """Replace the placeholders of a template."""
        operands: list[Expression] = []
        text = self._filled(template.text, depth, operands)
        bits = template.bits([operand.bits for operand in operands])
        return Expression(text, kind, bits, any(operand.varies for operand in operands))

    def _filled(self, text: str, depth: int, operands: list[Expression]) -> str:
        names: dict[str, str] = {}
        parts: list[str] = []
        while "{" in text:
            before, _, text = text.partition("{")
            if text.startswith("{"):
                parts += [before, "{"]
                text = text[1:]
                continue
            name, _, text = text.partition("}")
            parts.append(before)
            if name == "t":
                names.setdefault("t", self.temporary())
                parts.append(names["t"])
            else:
                parts.append(self._operand(name, depth, operands))
        return "".join([*parts, text]).replace("}}", "}")

    def _operand(self, name: str, depth: int, operands: list[Expression]) -> str:
        if name in GUARDED:
            table = GUARDED if self.chooser.random() < self.guarded else UNGUARDED
            inner: list[Expression] = []
            text = self._filled(self.chooser.choice(table[name]), depth - 1, inner)
            operands.append(Expression(text, "n", 0, any(one.varies for one in inner)))
            return text
        if name == "v":
            return self.chooser.choice(list(self.scope))
        if name == "x":
            kinds = [value.kind for value in self.scope.values()]
            name = self.chooser.choice([*kinds, "n"] if depth > 0 else kinds)
        operand = self.expression(name, depth)
        operands.append(operand)
        return operand.text

    def masked(self, expression: Expression) -> Expression:
        """Keep what might grow too large small."""
        if expression.bits <= MOST_BITS:
            return expression
        if expression.kind == "i":
            return Expression(f"({expression.text} & 0xFFFFFFFF)", "i", 32, expression.varies)
        return self.leaf(expression.kind)

    def leaf(self, kind: str) -> Expression:
        """Return a variable or a constant."""
        if kind == "b":
            name = self.chooser.choice(list(self.scope))
            operator = self.chooser.choice(("<", ">", "==", "!=", ">=", "<="))
            text = f"({name} {operator} {self.constant('n')})"
            return Expression(text, "b", 1, self.scope[name].varies)
        kinds = {"i": "iib", "f": "f", "n": "ifbn"}[kind]
        names = [name for name, value in self.scope.items() if value.kind in kinds]
        if names and self.chooser.random() < 0.82:
            varying = [name for name in names if self.scope[name].varies]
            if varying and self.chooser.random() < 0.75:
                names = varying
            return self.variable(self.chooser.choice(names))
        if not names and self.chooser.random() < 0.88:
            name = self.chooser.choice(list(self.scope))
            return self._converted(name, kind)
        return Expression(self.constant(kind), kind, 64)

    def variable(self, name: str) -> Expression:
        """Return a variable."""
        value = self.scope[name]
        return Expression(name, value.kind, value.bits, value.varies)

    def _converted(self, name: str, kind: str) -> Expression:
        varies = self.scope[name].varies
        if kind == "i":
            if self.chooser.random() < self.guarded:
                return Expression(f"int(max(-1e5, min(1e5, {name})))", "i", 18, varies)
            return Expression(f"int({name})", "i", FLOAT_BITS, varies)
        if kind == "f":
            text = self.chooser.choice((f"float({name})", f"({name} * 0.5)"))
            return Expression(text, "f", 64, varies)
        return self.variable(name)

    def constant(self, kind: str) -> str:
        """Return a constant, most often a small one."""
        if kind == "n":
            kind = self.chooser.choice("if")
        if self.chooser.random() < self.odd / 4:
            return f"({self.chooser.choice(ODD)})"
        table = self.integers if kind == "i" else FLOATS
        place = int(len(table) * self.chooser.random() ** self.chooser.choice((1, 2, 2)))
        text = table[place]
        return text if text.isalnum() else f"({text})"

    def helped(self, depth: int) -> Expression:
        """Return a call of a helper function."""
        name = self.chooser.choice(list(self.helpers))
        kinds, result = self.helpers[name]
        arguments = [self.expression(kind, depth - 1) for kind in kinds]
        text = ", ".join(argument.text for argument in arguments)
        # A helper is written for arguments of 64 bits.
        grown = max(argument.bits for argument in arguments) * result.bits // 64
        varies = any(argument.varies for argument in arguments)
        bits = max(grown, result.bits)
        return self.masked(Expression(f"{name}({text})", result.kind, bits, varies))

    def temporary(self) -> str:
        """Return a name that is not in use."""
        self.temporaries += 1
        return f"t{self.temporaries}"


def merged(scopes: Sequence[Mapping[str, Expression]]) -> dict[str, Expression]:
    """Return the variables that every path has, of kind n where the paths do not agree."""
    result: dict[str, Expression] = {}
    for name in scopes[0]:
        values = [scope[name] for scope in scopes if name in scope]
        if len(values) == len(scopes):
            kinds = {value.kind for value in values}
            kind = kinds.pop() if len(kinds) == 1 else "n"
            bits = max(value.bits for value in values)
            result[name] = Expression(name, kind, bits, any(value.varies for value in values))
    return result
