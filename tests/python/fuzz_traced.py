"""Compare random functions over adversarial data with plain Python, at every CPU level.

    python tests/python/fuzz_traced.py --seconds 60 --seed 1

The library (`map`, `map_inplace`, `filter`, `reduce`) calls each function, and so does plain
Python: values, types, exceptions with their messages and tracebacks, inputs after a failure, and
what is left outside the function must be the same. Most functions are small and called for a few
arrays (`traced_calls`), about a thousand in a second; some are anything, and called, changed and
called again (`traced_sessions`; all of them with `--sessions 1`). Ends with exit code 1 at the
first difference, made smaller, as a program that shows it again.
"""

import argparse
import faulthandler
import gc
import os
import random
import re
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass

import arrayops as ao
import traced_calls
import traced_sessions
from arrayops import _arrayops as internals
from arrayops import _trace
from traced_calls import Counts
from traced_generator import draw_purpose, generate
from traced_sessions import Session, draw_session, play
from traced_shrink import fault, shrunk

SHRINK_SECONDS = 30.0
HANG_SECONDS = 120.0  # then the stack is shown, and the process ends
COLLECTED = 500  # functions after which garbage is collected
SESSIONS = 0.02  # their share, unless told
SIMPLE = 0.9  # the share of simple functions among the others

Failure = tuple[Session, str]


@dataclass(slots=True)
class Totals:
    """What has been compared in sessions."""

    sessions: int = 0
    calls: int = 0
    returned: int = 0
    asked: int = 0  # sessions of which the library was asked how they run
    natively: int = 0

    def __str__(self) -> str:
        """Say it in one line."""
        native = 100 * self.natively / max(self.asked, 1)
        returned = 100 * self.returned / max(self.calls, 1)
        return (
            f"{self.sessions} sessions ({native:.0f}% of {self.asked} native), "
            f"{self.calls} calls ({returned:.0f}% returned)"
        )


def main() -> int:
    """Run this program anew for each CPU level, with a seed of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--functions", type=int, default=sys.maxsize, help="at most so many each")
    parser.add_argument("--levels", default=",".join(internals.cpu_levels()))
    parser.add_argument("--sessions", type=float, default=SESSIONS, help="their share")
    parser.add_argument("--here", action="store_true", help="compare in this process")
    options = parser.parse_args()
    if options.here:
        return not compare(options.seconds, options.seed, options.functions, options.sessions)
    levels = options.levels.split(",")
    functions = 0
    for place, level in enumerate(levels):
        arguments = [f"--seconds={options.seconds / len(levels)}", f"--seed={options.seed + place}"]
        arguments += [f"--functions={options.functions}", f"--sessions={options.sessions}"]
        environment = {**os.environ, "ARRAYOPS_CPU_LEVEL": level}
        environment.setdefault("ARRAYOPS_BYTES_PER_THREAD", str(1 << 16))
        environment.setdefault("ARRAYOPS_NUM_THREADS", "3")
        command = [sys.executable, "-u", __file__, "--here", *arguments]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
            output = "".join(_shown(child))
        if child.returncode:
            return child.returncode
        functions += sum(map(int, re.findall(r"(\d+) functions", output)))
    print(f"{functions} functions, 0 mismatches")
    return 0


def _shown(child: "subprocess.Popen[str]") -> list[str]:
    """Print what a process prints, as it comes, and return it."""
    lines: list[str] = []
    for line in child.stdout or ():
        print(line, end="", flush=True)
        lines.append(line)
    return lines


def compare(
    seconds: float, seed: int, functions: int = sys.maxsize, sessions: float = SESSIONS
) -> bool:
    """Compare until time or functions run out; return whether there was no difference."""
    level = internals.cpu_level()
    _trace.CALL_SECONDS = 1.0  # so that what has changed is traced again at once
    start = time.monotonic()
    totals, counts = Totals(), Counts()
    number, name = 0, ""
    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)  # so that huge integers can be described
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of `2 is x`
            while number < functions and time.monotonic() < start + seconds:
                # Each function has a seed of its own, so that it can be had again by itself.
                name = f"{seed}.{number}"
                if number % COLLECTED == 0:
                    gc.collect()
                    faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
                chooser = random.Random(name)  # noqa: S311
                if chooser.random() < sessions:
                    failed = _play(draw_session(chooser), totals)
                else:
                    failed = _call(chooser, counts)
                if failed:
                    faulthandler.cancel_dump_traceback_later()
                    report(*failed, f"level {level}, seed {name}")
                    return False
                number += 1
    except BaseException:
        print(f"interrupted at level {level}, seed {name}")
        raise
    finally:
        faulthandler.cancel_dump_traceback_later()
        sys.set_int_max_str_digits(digits)
    rate = number / (time.monotonic() - start)
    print(f"level {level}, seed {seed}, {ao.get_num_threads()} threads:")
    print(f"  {counts}\n  {totals}\n  {number} functions, {rate:.0f} per second, 0 mismatches")
    return True


def _call(chooser: random.Random, counts: Counts) -> Failure | None:
    purpose, arity = draw_purpose(chooser)
    simple = chooser.random() < SIMPLE
    program, code = generate(chooser, arity, purpose, simple=simple)
    while not program.is_pure:
        program, code = generate(chooser, arity, purpose, simple=simple)
    ours, theirs = traced_sessions.built_twice(code)
    failed = traced_calls.compare(chooser, program, purpose, (ours["fn"], theirs["fn"]), counts)
    return failed and (Session(program, (failed[0],)), failed[1])


def _play(session: Session, totals: Totals) -> Failure | None:
    totals.sessions += 1
    ask = totals.sessions % 4 == 0
    natively = False
    for step in play(session, ask=ask):
        if step.fault:
            return session, step.fault
        totals.calls += 1
        totals.returned += step.returned
        natively |= step.natively
    totals.asked += ask
    totals.natively += natively
    return None


def report(session: Session, found: str, where: str) -> None:
    """Print a difference, made smaller, and the program that shows it."""
    print(f"MISMATCH at {where}: {found}")
    print("--- as found:\n" + session.program.source)
    small = shrunk(session, SHRINK_SECONDS)
    print(f"--- made smaller: {fault(small) or found}\n{small.script()}")


if __name__ == "__main__":
    sys.exit(main())
