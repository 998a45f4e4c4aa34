"""Calls and changes of one function, in turn: what is remembered of it must not show."""

import contextlib
import random
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

import arrayops as ao
from traced_cases import (
    Case,
    calmed,
    draw_case,
    dull,
    expected,
    mismatch,
    observed,
    soured,
)
from traced_generator import Program, built, draw_purpose, generate, state


@dataclass(frozen=True, slots=True)
class Session:
    """A program, and calls of it, or statements that change it, in their order."""

    program: Program
    steps: tuple[Case | str, ...]
    on_warning: str = "ignore"

    def script(self) -> str:
        """Return a program that does all this, and prints what the library gives."""
        lines = ["import math", "from array import array", "import arrayops as ao"]
        lines += ["import warnings", f'warnings.simplefilter("{self.on_warning}")']
        lines += [f"SOURCE = '''\\\n{self.program.source}'''", "names = {}", "exec(SOURCE, names)"]
        for step in self.steps:
            if isinstance(step, str):
                lines.append(f"exec({step!r}, names)")
            else:
                lines += ['fn = names["fn"]', step.script()]
        return "\n".join(lines)


@dataclass(slots=True)
class Step:
    """What came of one call."""

    case: Case
    fault: str  # empty where all is as it should be
    returned: bool
    natively: bool  # where that was asked


def play(session: Session, *, ask: bool = False) -> Iterator[Step]:
    """Make the calls of a session, in the library and in plain Python, and compare.

    Asking how a function runs may itself make the library get to know it, hence not always.
    """
    code = session.program.code()
    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)  # so that huge integers can be described
    try:
        yield from _play(session, code, ask=ask)
    finally:
        sys.set_int_max_str_digits(digits)


def _play(session: Session, code: CodeType, *, ask: bool) -> Iterator[Step]:
    with warnings.catch_warnings():
        warnings.simplefilter("error" if session.on_warning == "error" else "ignore")
        ours, theirs = built_twice(code)
        for step in session.steps:
            if isinstance(step, str):
                _change(ours, step)
                _change(theirs, step)
                continue
            made = _step(step, ours, theirs, again=session.program.is_pure)
            made.natively = ask and runs_natively(made.case, ours["fn"])
            yield made


def built_twice(code: CodeType) -> tuple[dict[str, Any], dict[str, Any]]:
    """Build a program for the library and another one to compare with: states of their own."""
    return built(code), built(code)


def _change(names: dict[str, Any], statement: str) -> None:
    with contextlib.suppress(Exception):  # there may be nothing left to change
        exec(statement, names)  # noqa: S102


def _step(case: Case, ours: dict[str, Any], theirs: dict[str, Any], *, again: bool) -> Step:
    """Make one call and, so that the library knows the function, the same `again`."""
    actual = None
    if case.operation != "reduce":  # which may have to be cut short
        actual = observed(case, ours["fn"])
    case, wanted = expected(case, theirs["fn"])
    if actual is None:
        actual = observed(case, ours["fn"])
    fault = mismatch(case, actual, wanted)
    if again and not fault:
        fault = mismatch(case, observed(case, ours["fn"]), wanted)
    if not fault and (ours_state := state(ours)) != (theirs_state := state(theirs)):
        fault = f"left {ours_state:.300}, expected {theirs_state:.300}"
    return Step(case, fault, wanted.error is None, natively=False)


def runs_natively(case: Case, fn: Any) -> bool:
    """Ask the library whether it calls the function per element, if it can tell."""
    explain: Any = getattr(ao, "explain", None)
    if explain is None or not callable(fn):
        return False
    return "native, as" in str(explain(fn, case.operands[-1].values))


def draw_session(chooser: random.Random) -> Session:
    """Choose a program and what is done with it."""
    purpose, arity = draw_purpose(chooser)
    program, fn, case = _first_case(chooser, purpose, arity)
    steps: list[Case | str] = [case]
    for _ in range(chooser.choice((0, 1, 1, 2))):
        if program.changes and chooser.random() < 0.4:
            steps += [chooser.choice(program.changes), steps[-1]]
        use = purpose
        if arity == 1 and chooser.random() < 0.1:
            use = chooser.choice(("map", "filter"))
        elif arity == 2 and chooser.random() < 0.1:
            use = chooser.choice(("map", "reduce"))
        case = draw_case(chooser, program, use)
        steps.append(_interesting(chooser, case, fn)[0] if chooser.random() < 0.7 else case)
    if chooser.random() < 0.1:
        steps.append(next(step for step in steps if not isinstance(step, str)))
    return Session(program, tuple(steps), chooser.choice(("ignore", "ignore", "error")))


def _first_case(chooser: random.Random, purpose: str, arity: int) -> tuple[Program, Any, Case]:
    """Choose a program and a call of it, seldom a dull one."""
    while True:
        program, code = generate(chooser, arity, purpose)
        fn = built(code)["fn"]
        case, is_dull = _interesting(chooser, draw_case(chooser, program, purpose), fn)
        if not is_dull or chooser.random() < 0.4:
            return program, fn, case


def _interesting(chooser: random.Random, case: Case, fn: Any) -> tuple[Case, bool]:
    """Let a call fail late rather than early, and say whether it is dull all the same."""
    if not case.operands[0].values:
        return case, False
    wanted = expected(case, fn)[1]
    if wanted.error is None:
        is_dull = dull(case, wanted)
        if case.operation != "reduce" and chooser.random() < 0.3:
            case = soured(chooser, case, fn)
        return case, is_dull
    changed = calmed(chooser, case, fn) if chooser.random() < 0.85 else case
    return changed, changed is case and dull(case, wanted)
