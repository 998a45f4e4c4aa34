"""One call of the library with a function under test, what it should come to, and what it did."""

import functools
import math
import random
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import arrayops as ao
from comparison import difference, same
from traced_data import SPECIALS, Operand, draw_code, draw_length, elements, placed
from traced_generator import FILE_NAME, Program
from typecodes import FLOAT_CODES, INTEGER_CODES, Array

# Where an accumulator that keeps growing is cut off: squares of it still take no time.
MOST_ACCUMULATOR_BITS = 20_000
INITIALS = (
    *("0", "1", "-1", "2**31", "2**53", "2**63 - 1", "-2**63", "2**64", "2**100", "True", "False"),
    *("0.0", "-0.0", "1.0", "0.5", "1e308", "5e-324", "math.inf", "-math.inf", "math.nan"),
)
# Of what multiplies by being repeated, only what is empty.
ODD_INITIALS = ("None", '""', "[]", "2j", "()", "10**400")

# CPython 3.15 itself says, of `"" * 2**64`, the one when the line is run first and then the other.
COLD_MESSAGE = "cannot fit 'int' into an index-sized integer"
WARM_MESSAGE = "Python int too large to convert to C ssize_t"

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Case:
    """The arguments of one call."""

    operation: str  # map, map_inplace, filter or reduce
    operands: tuple[Operand, ...]
    typecode: str | None = None  # of map, or of its `out`
    out: str = ""  # of map: "", "own", "misaligned", "input 0" and so on, or "shifted"
    initial: str | None = None  # of reduce: source text

    @property
    def result_code(self) -> str:
        """The typecode of the results."""
        if self.out.startswith("input"):
            return self.operands[int(self.out[6:])].code
        if self.out == "shifted" or self.typecode is None:
            return self.operands[0].code
        return self.typecode

    def script(self) -> str:
        """Return source text that makes this call."""
        names = "abc"[: len(self.operands)]
        lines = [
            f"{name} = {operand!r}" for name, operand in zip(names, self.operands, strict=True)
        ]
        arguments = ", ".join([names[0], "fn", *names[1:]])
        if self.operation == "map":
            if self.out == "shifted":
                lines += ["a, out = memoryview(a)[:-1], memoryview(a)[1:]"]
            elif self.out.startswith("input"):
                lines += [f"out = {names[int(self.out[6:])]}"]
            elif self.out:
                zeros = Operand(array(self.result_code, bytes(8)), self.out == "misaligned")
                zeros = Operand(zeros.values[:1] * len(self.operands[0].values), zeros.misaligned)
                lines += [f"out = {zeros!r}"]
            if self.out:
                arguments += ", out=out"
            elif self.typecode:
                arguments += f', typecode="{self.typecode}"'
        if self.initial is not None:
            arguments += f", {self.initial}"
        lines += [f"print(ao.{self.operation}({arguments}))"]
        # Twice, as here: the library may get to know a function only when it comes again.
        return "\n".join(["for _ in range(2):", *(f"    {line}" for line in lines)])


@dataclass(frozen=True, slots=True)
class Observed:
    """All that can be seen of a call."""

    value: Any = None
    error: Any = None  # what `described` says of it
    inputs: tuple[Array, ...] = ()
    out: Any = None  # an array


def described(error: BaseException | None) -> Any:
    """Return all that can be seen of an exception, of the functions under test in its traceback."""
    if error is None:
        return None
    frames: list[tuple[str, int]] = []
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == FILE_NAME:
            frames.append((step.tb_frame.f_code.co_name, step.tb_lineno))
        step = step.tb_next
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    cause, context = described(error.__cause__), described(error.__context__)
    message, arguments = str(error), repr(error.args)
    if message == WARM_MESSAGE:
        message, arguments = COLD_MESSAGE, repr((COLD_MESSAGE,))
    return name, message, arguments, tuple(frames), cause, context


def _evaluated(text: str) -> Any:
    return eval(text, {"math": math})  # noqa: S307


def expected(case: Case, fn: Function) -> tuple[Case, Observed]:
    """Call the function per element as the contract has it; return the case, perhaps cut short."""
    values = [operand.values for operand in case.operands]
    if case.operation == "reduce":
        return _reduced(case, fn)
    if case.out == "shifted":
        values[0] = values[0][:-1]
    if case.operation == "filter":
        kept: Array = array(case.operands[0].code)
        error = _error_of(_selection(fn, values[0], kept))
        return case, selected(case, kept, error)
    result: Array = array(case.result_code)
    error = _error_of(_storing(fn, values, result))
    return case, mapped(case, result, error)


def selected(case: Case, kept: Array, error: Any) -> Observed:
    """Return what `filter` comes to."""
    return Observed(kept if error is None else None, error, (case.operands[0].values,))


def mapped(case: Case, result: Array, error: Any) -> Observed:
    """Return what `map` and `map_inplace` come to."""
    inputs = [operand.values for operand in case.operands]
    if error is not None:
        return Observed(None, error, tuple(inputs), result)
    if case.operation == "map_inplace":
        return Observed(None, None, (result,), result)
    if case.out == "shifted":
        inputs[0] = inputs[0][:1] + result
    elif case.out.startswith("input"):
        place = inputs[int(case.out[6:])]
        inputs = [result if one is place else one for one in inputs]
    return Observed(result, None, tuple(inputs), result)


def _error_of(steps: Callable[[], None]) -> Any:
    try:
        steps()
    except Exception as error:  # noqa: BLE001 - what is compared
        return described(error)
    return None


def _storing(fn: Function, values: list[Array], result: Array) -> Callable[[], None]:
    """Call and store in turn; `array(code, map(...))` would end at a StopIteration."""

    def steps() -> None:
        append = result.append
        if len(values) == 1:
            for x in values[0]:
                append(fn(x))
        else:
            for arguments in zip(*values, strict=True):
                append(fn(*arguments))

    return steps


def _selection(fn: Function, values: Array, kept: Array) -> Callable[[], None]:
    def steps() -> None:
        for x in values:
            if fn(x):
                kept.append(x)

    return steps


def _reduced(case: Case, fn: Function) -> tuple[Case, Observed]:
    """Reduce, but no further than where an integer becomes huge."""
    operand = case.operands[0]
    values = operand.values
    inputs = (values,)
    count = 0
    try:
        if case.initial is None:
            if not values:
                functools.reduce(fn, values)
            total: Any = values[0]
            count = 1
        else:
            total = _evaluated(case.initial)
        for count in range(count + 1, len(values) + 1):  # noqa: B020 - goes on from there
            total = fn(total, values[count - 1])
            if type(total) is int and total.bit_length() > MOST_ACCUMULATOR_BITS:
                break
    except Exception as error:  # noqa: BLE001 - what is compared
        return case, Observed(None, described(error), inputs)
    if count < len(values):
        operand = Operand(values[:count], operand.misaligned)
        case = Case("reduce", (operand,), initial=case.initial)
        inputs = (operand.values,)
    return case, Observed(total, None, inputs)


def observed(case: Case, fn: Function) -> Observed:
    """Call the library."""
    buffers = [operand.buffer() for operand in case.operands]
    first, out = buffers[0], None
    if case.out == "shifted":
        first, out = memoryview(first)[:-1], memoryview(first)[1:]
    elif case.out.startswith("input"):
        out = buffers[int(case.out[6:])]
    elif case.out:
        zeros = array(case.result_code, [0]) * len(first)
        out = placed(zeros, misaligned=case.out == "misaligned")
    value, error = None, None
    try:
        value = _called(case, fn, [first, *buffers[1:]], out)
    except Exception as caught:  # noqa: BLE001 - what is compared
        error = described(caught)
    after = None
    if out is not None:
        after = _copied(out, case.result_code)
        if error is None and value is not out:
            error = "returned another out than it was given"
        value = None if error else after
    copies = tuple(
        _copied(buffer, operand.code)
        for operand, buffer in zip(case.operands, buffers, strict=True)
    )
    return Observed(value, error, copies, after)


def _called(case: Case, fn: Function, buffers: list[Any], out: Any) -> Any:
    library: Any = ao
    if case.operation == "reduce":
        initial = () if case.initial is None else (_evaluated(case.initial),)
        return library.reduce(buffers[0], fn, *initial)
    if case.operation != "map":
        return getattr(library, case.operation)(buffers[0], fn)
    if out is not None:
        return library.map(buffers[0], fn, *buffers[1:], out=out)
    return library.map(buffers[0], fn, *buffers[1:], typecode=case.typecode)


def _copied(buffer: Any, code: str) -> Array:
    return array(code, memoryview(buffer).tobytes())


def mismatch(case: Case, actual: Observed, wanted: Observed) -> str:
    """Say where two observations part, or nothing."""
    if case.operation == "reduce" and case.initial is None and not case.operands[0].values:
        return "" if actual.error and actual.error[0] == wanted.error[0] else "no TypeError"
    if actual.error != wanted.error:
        return f"raised {actual.error}, expected {wanted.error}" + (
            "" if actual.error else f"; returned {actual.value!r:.200}"
        )
    if actual.error is None and not _alike(actual.value, wanted.value):
        return difference(actual.value, wanted.value)
    for found, right in zip(actual.inputs, wanted.inputs, strict=True):
        if not same(found, right):
            return "input: " + difference(found, right)
    if actual.error and case.out in {"own", "misaligned"}:
        # What is before the failure may have been stored, nothing else.
        for index, (found, right) in enumerate(zip(actual.out, wanted.out, strict=False)):
            if not same(found, right) and not same(found, type(found)(0)):
                return f"element {index} of out is {found!r}, neither old nor {right!r}"
    return ""


def _alike(actual: Any, wanted: Any) -> bool:
    """Tell whether two results are one, also where a complex number of NaN is."""
    if type(actual) is complex and type(wanted) is complex:
        return same((actual.real, actual.imag), (wanted.real, wanted.imag))
    return same(actual, wanted)


def calmed(chooser: random.Random, case: Case, fn: Function) -> Case:
    """Leave out the elements at which the function fails, or all but one: it then fails late."""
    length = len(case.operands[0].values) - (case.out == "shifted")
    attempt = _attempt(case, fn)
    good: list[int] = []
    bad: list[int] = []
    for index in range(length):
        values = [operand.values[index] for operand in case.operands]
        (good if attempt(*values) else bad).append(index)
    if not good or not bad:
        return case
    chosen = (good * (length // len(good) + 1))[:length]
    if chooser.random() < 0.6:
        chosen[_late(chooser, length)] = chooser.choice(bad)
    operands: list[Operand] = []
    for operand in case.operands:
        kept = array(operand.code, [operand.values[index] for index in chosen])
        operands.append(replace(operand, values=kept + operand.values[length:]))
    return replace(case, operands=tuple(operands))


def soured(chooser: random.Random, case: Case, fn: Function) -> Case:
    """Let a function that has not failed do so late, at special elements, if it can."""
    attempt = _attempt(case, fn)
    for _ in range(30):
        values = [chooser.choice(SPECIALS[operand.code]) for operand in case.operands]
        if not attempt(*values):
            break
    else:
        return case
    place = _late(chooser, len(case.operands[0].values) - (case.out == "shifted"))
    operands: list[Operand] = []
    for operand, value in zip(case.operands, values, strict=True):
        changed = operand.values[:]
        changed[place] = value
        operands.append(replace(operand, values=changed))
    return replace(case, operands=tuple(operands))


def _late(chooser: random.Random, length: int) -> int:
    return length - 1 - int(length * chooser.random() ** 3)


def _attempt(case: Case, fn: Function) -> Callable[..., bool]:
    """Return a function that calls and stores once, and says whether that went well."""
    stored: Array = array(case.result_code, [0])
    reduces = case.operation == "reduce"
    total: Any = None
    if reduces:
        total = case.operands[0].values[0] if case.initial is None else _evaluated(case.initial)

    def attempt(*values: Any) -> bool:
        nonlocal total
        try:
            if reduces:
                total = fn(total, *values)
                if type(total) is int and total.bit_length() > MOST_ACCUMULATOR_BITS:
                    total = 1
                return True
            result = fn(*values)
            if case.operation != "filter":
                stored[0] = result
            else:
                bool(result)
        except Exception:  # noqa: BLE001 - of any kind
            return False
        return True

    return attempt


def dull(case: Case, wanted: Observed) -> bool:
    """Whether a call fails at once, or gives the same for all elements."""
    if wanted.error:
        return wanted.out is not None and not wanted.out
    if case.operation == "filter":
        return len(wanted.value) in {0, len(case.operands[0].values)}
    if case.operation == "reduce":
        return False
    return len(set(wanted.out)) < 2


def draw_case(chooser: random.Random, program: Program, purpose: str) -> Case:
    """Choose the arguments of a call of a program."""
    length = draw_length(chooser)
    calm = chooser.choice((1.0, 0.75, 0.4))
    case, codes = draw_form(chooser, program, purpose, length)
    more = case.out == "shifted"
    operands = (
        Operand(
            elements(chooser, code, length + (more and place == 0), calm), chooser.random() < 0.2
        )
        for place, code in enumerate(codes)
    )
    return replace(case, operands=tuple(operands))


def draw_form(
    chooser: random.Random, program: Program, purpose: str, length: int
) -> tuple[Case, list[str]]:
    """Choose the arguments of a call but for the elements, of which it returns the typecodes."""
    kinds = program.kinds[1:] if purpose == "reduce" else program.kinds
    codes = [draw_code(chooser, kind) for kind in kinds]
    case = Case(purpose, ())
    if purpose == "map":
        case = _draw_destination(chooser, program, codes, length)
    elif purpose == "reduce":
        case = replace(case, initial=_draw_initial(chooser, program.kinds[0]))
    return case, codes


def _draw_destination(
    chooser: random.Random, program: Program, codes: list[str], length: int
) -> Case:
    """Choose where the results of `map` go; that may decide about the type of an input."""
    typecode = _target(chooser, program)
    draw = chooser.random()
    last = len(codes) - 1
    if last == 0 and draw < 0.3:
        case, place = Case("map_inplace", ()), 0
    elif draw < 0.4:
        place = chooser.choice((0, last))
        case = Case("map", (), typecode, f"input {place}")
    elif draw < 0.45 and length:
        case, place = Case("map", (), typecode, "shifted"), 0
    else:
        out = chooser.choice(("", "", "", "own", "misaligned"))
        same_kind = (codes[0] in FLOAT_CODES) == (typecode in FLOAT_CODES)
        return Case("map", (), codes[0] if same_kind and draw > 0.8 else typecode, out)
    fitting = (typecode in FLOAT_CODES) == (program.kinds[place] == "f")
    if fitting or chooser.random() < 0.1:
        codes[place] = typecode
    return case


def _draw_initial(chooser: random.Random, kind: str) -> str | None:
    draw = chooser.random()
    if draw < 0.25:
        return None
    if draw < 0.3:
        return chooser.choice(ODD_INITIALS)
    if draw < 0.6:
        return chooser.choice(INITIALS)
    return chooser.choice(("0", "1", "7") if kind == "i" else ("0.0", "1.5"))


def _target(chooser: random.Random, program: Program) -> str:
    """Choose a typecode for results, most often one that takes them."""
    if program.typecode and chooser.random() < 0.85:
        return program.typecode
    draw = chooser.random()
    if draw < 0.05:
        return chooser.choice(INTEGER_CODES + FLOAT_CODES)
    if program.result == "b":
        return chooser.choice(INTEGER_CODES + FLOAT_CODES)
    if program.result == "i":
        return chooser.choice("qqQidd")
    return chooser.choice("dddf")
