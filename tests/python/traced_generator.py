"""Random Python functions of numbers, in every form a caller may write them, as source text."""

import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from traced_expressions import MOST_BITS, Expression, Expressions, Template, merged
from typecodes import TYPECODES

_Maker = Callable[[str, int], list[str]]
FILE_NAME = "<traced>"  # of the functions under test, in their tracebacks

PRELUDE = """\
import enum
import functools
import math
import operator
from decimal import Decimal
from fractions import Fraction
"""
_PAIRS = {
    "i": (Template("divmod({i}, {d})"), Template("({i}, {i})")),
    "f": (Template("divmod({f}, {e})"), Template("math.modf({f})"), Template("({f}, {f})")),
}
IMPURE = ("LOG.append", "global ", "STATE[0] +=", "LIST[0] =")
BUILTINS = {
    1: (
        *("abs", "float", "int", "bool", "round", "math.sqrt", "math.floor", "operator.neg"),
        *("operator.invert", "math.exp", "math.isnan", "operator.not_", "str", "math.fabs"),
    ),
    2: (
        *("min", "max", "operator.add", "operator.mul", "operator.sub", "operator.floordiv"),
        *("operator.truediv", "operator.mod", "operator.xor", "operator.and_", "math.gcd"),
        *("divmod", "operator.lt", "math.hypot", "math.fmod", "math.copysign", "operator.or_"),
    ),
    3: ("min", "max"),
}
ODD_PRELUDE = """\
LOG = []
COUNT = 0
STATE = [0]
LIST = [5, 0.5, -3]
class Level(enum.IntEnum):
    LOW = 3
class Number(int):
    def __add__(self, other):
        return int(self) - other
class Real(float):
    def __mul__(self, other):
        return -1.0
class OwnError(Exception):
    pass
"""


@dataclass(frozen=True, slots=True)
class Program:
    """The source of a function `fn`, and what is known about it."""

    source: str
    kinds: str  # of its arguments: i or f
    result: str  # the kind of what it returns
    changes: tuple[str, ...] = ()  # statements that make it another function
    typecode: str | None = None  # a type that the results are made to fit

    @property
    def is_pure(self) -> bool:
        """Whether a call leaves nothing behind."""
        return not any(mark in self.source for mark in IMPURE)

    def code(self) -> CodeType:
        """Compile it anew, so that nothing is known of it yet."""
        return compiled(self.source)


def compiled(source: str) -> CodeType:
    """Compile source text as that of the functions under test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as of `2 is x`
        return compile(source, FILE_NAME, "exec")


def built(code: CodeType) -> dict[str, Any]:
    """Run a compiled program and return its names, with what their state begins as."""
    names: dict[str, Any] = {"__name__": "traced"}
    exec(code, names)  # noqa: S102
    return names


def state(names: dict[str, Any]) -> str:
    """Return what the functions of a program have left outside their frames."""
    return repr([names.get(name) for name in ("LOG", "COUNT", "STATE", "LIST")])


def draw_purpose(chooser: random.Random) -> tuple[str, int]:
    """Choose what to write a function for, and how many numbers it takes."""
    purpose = chooser.choices(("map", "filter", "reduce"), (6, 2, 3))[0]
    arity = {"map": chooser.choices((1, 2, 3), (6, 3, 1))[0], "filter": 1, "reduce": 2}
    return purpose, arity[purpose]


def generate(
    chooser: random.Random, arity: int, purpose: str, *, simple: bool = False
) -> tuple[Program, CodeType]:
    """Write a function of `arity` numbers for `map`, `filter` or `reduce`, and compile it.

    A simple one is small, and has little in it that the tracer refuses.
    """
    while True:
        program = Writer(chooser, arity, purpose, simple=simple).program()
        try:
            return program, program.code()
        except SyntaxError:  # such as an assignment expression where none may be
            continue


@dataclass(slots=True)
class Storage:
    """Where a function finds its constants."""

    module: list[str] = field(default_factory=list[str])  # statements of the module
    cells: dict[str, str] = field(default_factory=dict[str, str])
    leading: dict[str, str] = field(default_factory=dict[str, str])  # arguments bound by partial
    defaults: dict[str, str] = field(default_factory=dict[str, str])
    keywords: dict[str, str] = field(default_factory=dict[str, str])
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    changes: list[str] = field(default_factory=list[str])


class Writer:
    """Writes one program."""

    def __init__(self, chooser: random.Random, arity: int, purpose: str, *, simple: bool) -> None:
        """Decide about the program as a whole."""
        self.chooser = chooser
        self.purpose = purpose
        self.most, self.depth = (
            (3, 3) if simple else (5, 4)
        )  # statements, expressions in each other
        plain = simple or chooser.random() < 0.75
        guarded = chooser.choice((1.0, 0.97, 0.9)) if plain else 0.7
        odd = 0.0 if plain else chooser.choice((0.0, 0.05, 0.15))
        self.odd = odd
        self.write = Expressions(chooser, odd, guarded, simple=simple)
        self.kinds = "".join(chooser.choices("if", k=arity))
        if purpose == "reduce" and chooser.random() < 0.8:
            self.kinds = chooser.choice(("ii", "ff"))
        self.result = chooser.choices("ifbn", (5, 5, 1, 2))[0]
        if purpose == "filter":
            self.result = chooser.choices("ifbn", (2, 1, 9, 1))[0]
        elif purpose == "reduce" and chooser.random() < 0.8:
            self.result = self.kinds[0]
        self.typecode: str | None = None
        self.storage = Storage()
        self.shape = chooser.choices(
            ("lambda", "def", "closure", "partial", "method", "callable", "builtin"),
            (24, 40, 10, 6, 6, 5, 3),
        )[0]
        self.lines: list[str] = []
        self.protected: set[str] = set()  # the counters of loops, which nothing else may set

    def program(self) -> Program:
        """Write it."""
        if self.shape == "builtin":
            return self._builtin()
        if self.chooser.random() < 0.15:
            self._helper()
        self.write.scope = {
            name: Expression(name, kind, 64, varies=True)
            for name, kind in zip("xyz", self.kinds, strict=False)
        }
        self._store_constants()
        if self.shape == "lambda" or self.chooser.random() < 0.15:
            self.lines = [f"return {self._returned(self.chooser.randint(1, self.depth))}"]
        else:
            self.lines = self._body(self.chooser.randint(1, self.most), "", 2)
            self.lines.append(f"return {self._returned(self.chooser.randint(0, self.depth - 1))}")
        if self.odd and self.chooser.random() < 0.25:
            self._make_impure()
        source = "\n".join([*self._beginning(), *self._definition(), ""])
        return Program(source, self.kinds, self.result, tuple(self.storage.changes), self.typecode)

    def _beginning(self) -> list[str]:
        text = PRELUDE + (ODD_PRELUDE if self.odd else "")
        tables = ["TABLE = (3, 1, 4, 1, 5, 9, 2, 6, 5, 3)", "WEIGHTS = (0.25, 0.5, -0.0, 1.5)"]
        body = "".join(self.lines)
        if "abs(" in body and self.chooser.random() < 0.1:
            self.storage.changes += ["abs = operator.neg", "def abs(v): return v + 1", "del abs"]
        # Exponents and counts are bounded by it, and would take for ever without.
        bounds = any(operator in body for operator in ("**", "<<", "pow("))
        if "max(" in body and not bounds and self.chooser.random() < 0.1:
            self.storage.changes += ["max = min", "def max(*v): return min(*v)"]
        if "TABLE" in body:
            self.storage.changes.append("TABLE = (1, -2, 3, -4, 5, -6, 7, 8)")
        return [*text.splitlines(), *tables, *self.storage.module]

    def _builtin(self) -> Program:
        """Use a function that is not written in Python."""
        names = BUILTINS[len(self.kinds)]
        name = self.chooser.choice(names)
        source = "\n".join([*self._beginning(), f"fn = {name}", ""])
        return Program(source, self.kinds, "n", (f"fn = {self.chooser.choice(names)}",))

    # -- constants ------------------------------------------------------------------------------

    def _store_constants(self) -> None:
        """Put some constants where functions find them, as further variables."""
        places = {"closure": "cells", "partial": "leading", "method": "attributes"}
        places["callable"] = "attributes"
        usual = places.get(self.shape, "defaults")
        for number in range(self.chooser.choices((0, 1, 2), (3, 4, 2))[0]):
            kind = self.chooser.choice("iif")
            value, other = self.write.constant(kind), self.write.constant("n")
            place = self.chooser.choice((usual, usual, "globals", "defaults", "keywords"))
            if self.shape == "lambda" and place == "defaults":
                place = "globals"
            name = f"{place[0]}{number}"
            if place == "attributes":
                name = f"self.{name}"
            self._store(place, name, value, other)
            self.write.scope[name] = Expression(name, kind, 64)
            self.protected.add(name)

    def _store(self, place: str, name: str, value: str, other: str) -> None:
        storage = self.storage
        seldom = self.chooser.random() < 0.25
        if place == "globals":
            storage.module.append(f"{name} = {value}")
            storage.changes += [f"{name} = {other}", *[f"del {name}"] * seldom]
            return
        if place == "attributes":
            storage.attributes[name] = value
            name = name.removeprefix("self.")
            storage.changes += [f"model.{name} = {other}", *[f"del model.{name}"] * seldom]
            return
        getattr(storage, place)[name] = value
        if place == "cells":
            cell = f'fn.__closure__[fn.__code__.co_freevars.index("{name}")]'
            storage.changes.append(f"{cell}.cell_contents = {other}")
            storage.changes += [f"del {cell}.cell_contents"] * seldom
        elif place == "leading":
            storage.changes.append(f"fn = functools.partial(base, {other})")
        elif self.shape in {"lambda", "def", "closure"}:
            if place == "defaults":
                storage.changes.append(f"fn.__defaults__ = ({other},)")
                storage.changes += ["fn.__defaults__ = None"] * seldom
            else:
                storage.changes += [
                    f'fn.__kwdefaults__ = {{"{name}": {other}}}',
                    f'fn.__kwdefaults__["{name}"] = {other}',
                    *["fn.__kwdefaults__ = None"] * seldom,
                ]

    def _helper(self) -> None:
        """Write a function that the function calls."""
        kinds = "".join(self.chooser.choices("if", k=self.chooser.randint(1, 2)))
        result = self.chooser.choice("if")
        names = [f"u{number}" for number in range(len(kinds))]
        scope = {
            name: Expression(name, kind, 64, varies=True)
            for name, kind in zip(names, kinds, strict=True)
        }
        self.write.scope = scope
        parameters = ", ".join(names)
        value = self.write.expression(result, 2)
        body = [f"    return {value.text}"]
        if self.chooser.random() < 0.3:
            test = self.write.expression("b", 1).text
            body = [f"    if {test}:", f"        return {self.write.leaf(result).text}", *body]
        self.storage.module += [f"def helper({parameters}):", *body]
        self.storage.changes += [
            f"helper = lambda {parameters}: {names[0]}",
            f"helper.__code__ = (lambda {parameters}: {names[-1]}).__code__",
        ]
        self.write.helpers["helper"] = (kinds, Expression("", result, max(64, value.bits)))

    # -- statements -----------------------------------------------------------------------------

    def _body(self, count: int, indent: str, depth: int) -> list[str]:
        lines: list[str] = []
        kinds: tuple[tuple[_Maker, int], ...] = (
            (self._assign, 30),
            (self._augment, 14),
            (self._unpack, 7),
            (self._unused, 5),
            (self._check, 5),
            (self._branch, 18 if depth else 0),
            (self._loop, 8 if depth else 0),
            (self._try, 7 if depth else 0),
            (self._early_return, 7 if depth < 2 else 2),
            (self._match, 2 if depth else 0),
        )
        makers = [maker for maker, _ in kinds]
        weights = [weight for _, weight in kinds]
        for _ in range(count):
            lines += self.chooser.choices(makers, weights)[0](indent, depth)
        return lines

    def _variable(self) -> str:
        free = [name for name in self.write.scope if name not in self.protected]
        if free and self.chooser.random() < 0.5:
            return self.chooser.choice(free)
        return f"v{self.chooser.randint(0, 3)}"

    def _set(self, name: str, value: Expression) -> None:
        self.write.scope[name] = Expression(name, value.kind, value.bits, value.varies)

    def _assign(self, indent: str, _depth: int) -> list[str]:
        value = self.write.expression(self.chooser.choice("iiffbn"), self.chooser.randint(1, 3))
        name = self._variable()
        self._set(name, value)
        return [f"{indent}{name} = {value.text}"]

    def _augment(self, indent: str, _depth: int) -> list[str]:
        free = [name for name in self.write.scope if name not in self.protected]
        if not free:
            return self._assign(indent, 0)
        name = self.chooser.choice(free)
        old = self.write.scope[name]
        kind = self.chooser.choice("if") if old.kind in "ifn" else "i"
        value = self.write.expression(kind, 1)
        sign = self.chooser.choice(("+", "-", "*"))
        if old.kind in "ib" and kind == "i":
            sign = self.chooser.choice(("+", "-", "*", "&", "|", "^"))
        bits = old.bits + value.bits
        if bits > MOST_BITS:
            return self._assign(indent, 0)
        joined = kind if old.kind in {kind, "b"} else "n" if old.kind == "n" else "f"
        self._set(name, Expression("", joined, bits, old.varies or value.varies))
        return [f"{indent}{name} {sign}= {value.text}"]

    def _unpack(self, indent: str, _depth: int) -> list[str]:
        first, second = f"v{self.chooser.randint(0, 1)}", f"v{self.chooser.randint(2, 3)}"
        kind = self.chooser.choice("if")
        if self.chooser.random() < 0.3:
            text = self.write.fill(self.chooser.choice(_PAIRS[kind]), kind, 1)
            self._set(first, text)
            self._set(second, text)
            return [f"{indent}{first}, {second} = {text.text}"]
        values = [self.write.expression(self.chooser.choice("if"), 1) for _ in range(2)]
        self._set(first, values[0])
        self._set(second, values[1])
        return [f"{indent}{first}, {second} = {values[0].text}, {values[1].text}"]

    def _unused(self, indent: str, _depth: int) -> list[str]:
        """Write what has no use, but may raise."""
        value = self.write.expression(self.chooser.choice("ifbn"), 2).text
        name = self.chooser.choice(list(self.write.scope))
        risky = (
            "1 / ({} - 7)",
            "7 // {}",
            "-3 % {}",
            "math.sqrt({})",
            "TABLE[{}]",
            "int({} * 1.0)",
        )
        dead = self.chooser.choice(risky).format(name)
        if self.chooser.random() < 0.5:
            dead = self.chooser.choice((value, value, "pass"))
        return [f"{indent}{self.chooser.choice(('', 'unused = ')) if dead != 'pass' else ''}{dead}"]

    def _check(self, indent: str, _depth: int) -> list[str]:
        """Write an assertion or a `raise` that seldom matters."""
        name = self.chooser.choice(list(self.write.scope))
        limit = self.chooser.choice(("1e6", "2**40", "1e300", "100", "2**62"))
        message = self.chooser.choice((f'"{name} is large"', name, f"{name} + 1"))
        if self.chooser.random() < 0.5:
            tail = self.chooser.choice(("", f", {message}"))
            return [f"{indent}assert not {name} > {limit}{tail}"]
        error = self.chooser.choice((f"ValueError({message})", "ZeroDivisionError", "KeyError(1)"))
        return [f"{indent}if {name} > {limit}:", f"{indent}    raise {error}"]

    def _branch(self, indent: str, depth: int) -> list[str]:
        before = dict(self.write.scope)
        scopes: list[dict[str, Expression]] = []
        lines: list[str] = []
        keywords = ["if", *["elif"] * self.chooser.choice((0, 0, 1, 2)[: self.most - 1])]
        for keyword in keywords:
            self.write.scope = dict(before)
            lines.append(f"{indent}{keyword} {self.write.expression('b', 2).text}:")
            lines += self._body(self.chooser.choice((1, 1, 2)), indent + "    ", depth - 1)
            scopes.append(self.write.scope)
        self.write.scope = dict(before)
        if self.chooser.random() < 0.6:
            lines.append(f"{indent}else:")
            lines += self._body(self.chooser.choice((1, 1, 2)), indent + "    ", depth - 1)
        scopes.append(self.write.scope)
        self.write.scope = merged(scopes)
        return lines

    def _loop(self, indent: str, depth: int) -> list[str]:
        """Write a loop of a few turns, or give it up if the numbers would grow too large."""
        before = dict(self.write.scope)
        turns = self.chooser.randint(1, 5)
        name = f"n{depth}"
        self.protected.add(name)
        self._set(name, Expression("", "i", 8))
        body = self._body(self.chooser.choice((1, 2)), indent + "    ", 0)
        if self.chooser.random() < 0.2:
            word = self.chooser.choice(("break", "continue"))
            place = self.chooser.randint(0, len(body) if len(body) == 1 else 0)
            test = (
                f"{indent}    if {self.chooser.choice(list(before))} > {self.write.constant('n')}:"
            )
            body[place:place] = [test, f"{indent}        {word}"]
        after = merged((before, self.write.scope))
        self.write.scope = after
        for variable, value in list(after.items()):
            growth = value.bits / before[variable].bits
            if growth > 1:
                bits = int(min(before[variable].bits * growth**turns, 1e9))
                self._set(variable, Expression("", value.kind, bits, value.varies))
                if bits > 10 * MOST_BITS:
                    self.write.scope = before
                    return self._assign(indent, 0)
        start = self.chooser.choice((0, 0, 1, -2))
        over = f"range({turns})" if start == 0 else f"range({start}, {start + turns})"
        if self.chooser.random() < 0.25:
            over = f"({', '.join(self.write.constant('i') for _ in range(turns))},)"
        return [f"{indent}for {name} in {over}:", *body]

    def _try(self, indent: str, depth: int) -> list[str]:
        before = dict(self.write.scope)
        body = self._body(1, indent + "    ", depth - 1)
        if self.chooser.random() < 0.5:
            name = self.chooser.choice(list(before))
            body.append(f"{indent}    v0 = 7 // ({name} - 3)")
            self._set("v0", Expression("", "n", 64))
        inside = self.write.scope
        caught = self.chooser.choice(
            (
                "ZeroDivisionError",
                "Exception",
                "(ValueError, OverflowError)",
                "ArithmeticError",
                "Exception as e",
            )
        )
        self.write.scope = merged((before, inside))
        handler = self._body(1, indent + "    ", 0)
        if caught.endswith(" as e"):
            handler.append(f"{indent}    v0 = 'int' in e.args[0]")
            self._set("v0", Expression("", "n", 64))
        lines = [f"{indent}try:", *body, f"{indent}except {caught}:", *handler]
        if self.chooser.random() < 0.2:
            lines += [f"{indent}else:", f"{indent}    v1 = 5"]
        if self.chooser.random() < 0.15:
            lines += [f"{indent}finally:", f"{indent}    v2 = 6"]
        self.write.scope = merged((before, inside, self.write.scope))
        return lines

    def _match(self, indent: str, _depth: int) -> list[str]:
        name = self.chooser.choice(list(self.write.scope))
        first, second, third = (self.write.expression(k, 1).text for k in ("i", "i", "f"))
        self._set("v3", Expression("", "n", MOST_BITS // 4))
        inner = f"{indent}    "
        return [
            f"{indent}match {name}:",
            *(f"{inner}case 0 | 1:", f"{inner}    v3 = {first}"),
            *(f"{inner}case -1:", f"{inner}    v3 = {second}"),
            *(f"{inner}case _:", f"{inner}    v3 = {third}"),
        ]

    def _early_return(self, indent: str, _depth: int) -> list[str]:
        test = self.write.expression("b", 1).text
        return [f"{indent}if {test}:", f"{indent}    return {self._returned(1)}"]

    def _returned(self, depth: int) -> str:
        """Return the text of a result, most often one that fits a typecode."""
        value = self.write.expression(self.result, depth)
        for _ in range(4):
            if not value.varies:
                value = self.write.expression(self.result, depth)
        if self.chooser.random() < 0.02:
            odd = f"({value.text}, 1)" if len(self.kinds) != 2 else "None"  # no pairs of pairs
            return self.chooser.choice(("None", "0", "-0.0", "True", odd))
        if value.kind != "i" or self.result != "i" or self.purpose == "filter":
            return value.text
        if self.purpose == "reduce":
            return self._accumulated(value.text)
        if self.typecode is None:
            if self.chooser.random() < 0.2:
                return value.text
            self.typecode = self.chooser.choice("bBhHiIlLqQdqQBi")
        if self.typecode == "d":
            return value.text
        return self._fitted(value.text, self.typecode)

    def _accumulated(self, text: str) -> str:
        kind = self.chooser.random()
        if kind < 0.12:
            return self._capped_sum()
        if kind < 0.2:
            return self._divided(text)
        mask = self.chooser.choice(("", "", " & 0xFFFFFFFF", " % 65521", " & (2**64 - 1)"))
        return f"({text}){mask}"

    def _capped_sum(self) -> str:
        """Return a sum that is compared with what is beyond 64 bits, as it may be itself."""
        bound = self.chooser.choice(
            ("10**20", "-10**20", "2**63", "-2**63 - 1", "2**64 + 1", "2.0**64", "-1e19", "2.5")
        )
        test = f"x {self.chooser.choice(('<', '<=', '>', '>=', '==', '!='))} {bound}"
        ways = [f"x + y if {test} else {self.chooser.choice('xy')}", f"min(x, {bound}) + y",
                f"max({bound}, x) + y", f"y + x if not {test} else 7"]  # fmt: skip
        return self.chooser.choice(ways)

    def _divided(self, text: str) -> str:
        """Divide by what is not zero where that matters."""
        numbers = [name for name, value in self.write.scope.items() if value.kind == "i"]
        name = self.chooser.choice(numbers or ["1"])
        power = f"{self.chooser.choice(('2', '10', '-3'))}**{name}"
        quotient = f"({text}) {self.chooser.choice(('//', '%'))} {power}"
        return f"({quotient} if 0 <= {name} < 9 else {name})"

    def _fitted(self, text: str, code: str) -> str:
        low, high = int(TYPECODES[code].low), int(TYPECODES[code].high)
        ways = [
            f"max({low}, min({high}, {text}))",
            f"min(max({text}, {low}), {high})",
            f"(({text}) & {hex(high)})",
            f"(({text}) % {high + 1})",
            f"((({text}) & {hex(high - low)}) {'-' if low else '|'} {-low})",
        ]
        return self.chooser.choice(ways)

    def _make_impure(self) -> None:
        """Let the function leave traces outside its frame."""
        lines = self.chooser.choice(
            (
                ["LOG.append(x)"],
                ["global COUNT", "COUNT += 1"],
                ["STATE[0] += 1", "x = x + STATE[0]"],
                ["LIST[0] = x"],
                ["if x > 100:", "    LOG.append(x)"],
            )
        )
        if self.shape == "lambda":
            self.shape = "def"
        self.lines = [*lines, *self.lines]

    # -- definition -----------------------------------------------------------------------------

    def _definition(self) -> list[str]:
        storage = self.storage
        parameters = [*storage.leading, *"xyz"[: len(self.kinds)]]
        if self.shape in {"method", "callable"}:
            parameters.insert(0, "self")
        parameters += [f"{name}={value}" for name, value in storage.defaults.items()]
        if storage.keywords:
            parameters.append("*")
            parameters += [f"{name}={value}" for name, value in storage.keywords.items()]
        head = ", ".join(parameters)
        if self.shape == "lambda":
            return [f"fn = lambda {head}: {self.lines[-1].removeprefix('return ')}"]
        if self.shape == "def" and self.chooser.random() < 0.15:
            plain = ", ".join("xyz"[: len(self.kinds)])
            other = f"(lambda {plain}: {self.write.leaf('i').text})"
            storage.changes.append(f"fn.__code__ = {other}.__code__")
        body = [f"    {line}" for line in self.lines]
        if self.shape == "def":
            return [f"def fn({head}):", *body]
        if self.shape == "partial":
            arguments = ["base", *storage.leading.values()]
            if self.chooser.random() < 0.5:
                arguments += [f"{name}={value}" for name, value in storage.keywords.items()]
                storage.changes += [f'fn.keywords["{name}"] = 2' for name in storage.keywords]
            return [f"def base({head}):", *body, f"fn = functools.partial({', '.join(arguments)})"]
        inner = [f"    {line}" for line in body]
        if self.shape == "closure":
            return [
                f"def make({', '.join(storage.cells)}):",
                *(f"    def fn({head}):", *inner, "    return fn"),
                f"fn = make({', '.join(storage.cells.values())})",
            ]
        name = "__call__" if self.shape == "callable" else "method"
        attributes = [f"        {name} = {value}" for name, value in storage.attributes.items()]
        return [
            "class Model:",
            *("    def __init__(self):", *attributes, "        self.unused = 0"),
            *(f"    def {name}(self{head.removeprefix('self')}):", *inner),
            "model = Model()",
            "fn = model" if self.shape == "callable" else "fn = model.method",
        ]
