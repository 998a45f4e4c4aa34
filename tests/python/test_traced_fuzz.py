"""The fuzzer for traced functions: for a moment, and whether it finds what is wrong."""

import math
import os
import subprocess
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

import arrayops._trace as tracer
import fuzz_traced
import pytest
import traced_sessions
from arrayops._trace import record as r
from traced_generator import Program, built, compiled


def _fuzz(*arguments: str, **env: str) -> str:
    finished = subprocess.run(
        [sys.executable, fuzz_traced.__file__, *arguments],
        check=False,
        capture_output=True,
        env=os.environ | env,
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_traced_fuzz_finds_no_difference_on_any_level() -> None:
    output = _fuzz("--seconds=60", "--functions=500", "--seed=1")
    assert output.endswith(" functions, 0 mismatches\n")


def test_traced_fuzz_without_tracing_finds_no_difference() -> None:
    levels = "--levels=baseline"
    output = _fuzz("--seconds=60", "--functions=60", "--seed=2", levels, ARRAYOPS_TRACE="0")
    assert output.endswith("60 functions, 0 mismatches\n")


# Looks from another thread whether a function is ever on the stack.
WATCH = """
import sys, threading, arrayops as ao
def fn(x): return x * 3 + 1
seen = set()
main = threading.get_ident()
done = threading.Event()
def watch():
    while not done.wait(0.001):
        seen.add(sys._current_frames()[main].f_code)
sys.setswitchinterval(0.0005)
watcher = threading.Thread(target=watch)
watcher.start()
ao.map(bytes(4_000_000), fn, typecode="h")
done.set()
watcher.join()
print(fn.__code__ in seen)
"""


def test_traced_nothing_where_the_environment_says_so() -> None:
    for value in ("0", "1"):
        finished = subprocess.run(
            [sys.executable, "-c", WATCH],
            check=True,
            capture_output=True,
            env=os.environ | {"ARRAYOPS_TRACE": value},
            text=True,
        )
        # Without a native path, the function would be seen in both cases.
        assert finished.stdout == "True\n" or value == "1"


# -- the fuzzer itself ----------------------------------------------------------------------------


def _min(*values: Any) -> Any:
    return min(reversed(values))


def _max(*values: Any) -> Any:
    return max(reversed(values))


def _round(x: Any, *digits: Any) -> Any:
    return round(x, *digits) if digits or type(x) is not float else math.floor(x + 0.5)


def _round_digits(x: Any, *digits: Any) -> Any:
    if not digits or type(x) is not float or not math.isfinite(x) or digits[0] not in range(7):
        return round(x, *digits)
    return round(x * 10.0 ** digits[0]) / 10.0 ** digits[0]


def _absolute(x: Any) -> Any:
    return x if x == -(2**63) else abs(x)


def _int(x: Any) -> Any:
    return int(x) if type(x) is not float or abs(x) < 2**63 else -(2**63)


def _divmod(x: Any, y: Any) -> Any:
    return divmod(x, y if x >= 0 else abs(y))


FAULTY: dict[str, Callable[..., Any]] = {
    fn.__name__: fn for fn in (_min, _max, _round, _round_digits, _absolute, _int, _divmod)
}

# What a tracer may get wrong, as changes of the source that the library is given.
PLANTED: dict[str, tuple[str, str]] = {
    "min_in_another_order": ("min(", "_min("),
    "max_in_another_order": ("max(", "_max("),
    "round_half_up": ("round(", "_round("),
    "round_by_scaling": ("round(", "_round_digits("),
    "smallest_integer_has_no_absolute": ("abs(", "_absolute("),
    "int_saturates": ("int(", "_int("),
    "power_by_product": (" ** 3)", " * 1.0 ** 3)"),
    "strict_comparison": (" <= ", " < "),
    "dead_code_dropped": ("unused = ", "unused = lambda: "),
    "assertion_dropped": ("assert not ", "assert True or "),
    "kinds_merged": (" if (", " * 1.0 if ("),
    "zero_without_sign": ("-0.0", "0.0"),
    "mask_too_wide": (" & 0xFFFFFFFF)", " & 0x1FFFFFFFF)"),
    "mask_of_64_bits_ignored": (" & 0xFFFFFFFFFFFFFFFF)", " + 0)"),
    "loop_one_short": ("n2 in range(", "n2 in range(-1 + "),
    "modulo_of_c": ("divmod(", "_divmod("),
}


@pytest.mark.parametrize("name", PLANTED)
def test_fuzzer_finds_a_planted_fault(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = PLANTED[name]
    sources: dict[CodeType, str] = {}

    def remembered(program: Program) -> CodeType:
        code = compiled(program.source)
        sources[code] = program.source
        return code

    def built_twice(code: CodeType) -> tuple[dict[str, Any], dict[str, Any]]:
        names = built(code)
        try:
            faulty = built(compiled(sources[code].replace(right, wrong)))
        except (SyntaxError, TypeError):
            faulty = built(code)
        faulty.update((key, value) for key, value in FAULTY.items() if key in wrong)
        return faulty, names

    monkeypatch.setattr(Program, "code", remembered)
    monkeypatch.setattr(traced_sessions, "built_twice", built_twice)
    monkeypatch.setattr(fuzz_traced, "SHRINK_SECONDS", 0.2)
    assert not fuzz_traced.compare(60, 4, 10_000)


# What an encoder or an engine may get wrong: an operation of a program is taken for another one.
MISTAKEN: dict[str, tuple[int, int]] = {
    "integers_subtracted_backwards": (r.I_SUB, r.I_ADD),
    "integers_divided_for_remainder": (r.I_MOD, r.I_FLOORDIV),
    "shifted_the_other_way": (r.I_SHR, r.I_SHL),
    "exclusive_or_inclusive": (r.I_XOR, r.I_OR),
    "smaller_for_larger_integer": (r.I_MAX, r.I_MIN),
    "floats_divided_down": (r.F_DIV, r.F_FLOORDIV),
    "remainder_of_c": (r.F_MOD, r.F_FMOD),
    "integers_strictly_less": (r.I_LE, r.I_LT),
    "floats_strictly_less": (r.F_LE, r.F_LT),
    "nan_is_equal": (r.F_NE, r.F_LT),
    "exclusive_or_of_truths": (r.B_XOR, r.B_OR),
    "rounded_integers_not_given_up": (r.INT_TO_FLOAT_EXACT, r.INT_TO_FLOAT),
    "floor_towards_zero": (r.FLOOR, r.TRUNC),
    "rounded_half_down": (r.ROUND, r.CEIL),
}


def _mistaken(program: bytes, right: int, wrong: int) -> bytes:
    """Replace an operation wherever it is."""
    changed = bytearray(program)
    inputs = program[1]
    constants, at = int.from_bytes(program[2 + inputs : 4 + inputs], "little"), 4 + inputs
    first = at + 9 * constants + 2
    count = int.from_bytes(program[first - 2 : first], "little")
    for place in range(first, first + 9 * count, 9):
        if changed[place] == right:
            changed[place] = wrong
    return bytes(changed)


@pytest.mark.parametrize("name", MISTAKEN)
def test_fuzzer_finds_a_mistaken_operation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find = tracer.find

    def mistaken(*arguments: Any) -> bytes | None:
        program = find(*arguments)
        return program and _mistaken(program, *MISTAKEN[name])

    monkeypatch.setattr(tracer, "find", mistaken)
    monkeypatch.setattr(fuzz_traced, "SHRINK_SECONDS", 0.2)
    assert not fuzz_traced.compare(60, 4, 10_000)
