"""Compare random functions over adversarial data with plain Python, at every CPU level.

    python tests/python/fuzz_traced.py --seconds 60 --seed 1

The library (`map`, `map_inplace`, `filter`, `reduce`) calls each function, and so does plain
Python: values, types, exceptions with their messages and tracebacks, inputs after a failure, and
what is left outside the function must be the same. Ends with exit code 1 at the first difference,
made smaller, as a program that shows it again.
"""

import argparse
import faulthandler
import os
import random
import re
import subprocess
import sys
import time
from dataclasses import dataclass

import arrayops as ao
from arrayops import _arrayops as internals
from traced_sessions import Session, draw_session, play
from traced_shrink import fault, shrunk

SHRINK_SECONDS = 30.0
HANG_SECONDS = 120.0  # of one function; then the stack is shown, and the process ends


@dataclass(slots=True)
class Totals:
    """What has been compared."""

    functions: int = 0
    cases: int = 0
    returned: int = 0
    asked: int = 0  # functions of which the library was asked how they run
    native_functions: int = 0

    def __str__(self) -> str:
        """Say it in one line."""
        native = 100 * self.native_functions / max(self.asked, 1)
        returned = 100 * self.returned / max(self.cases, 1)
        return (
            f"{self.functions} functions ({native:.0f}% of {self.asked} traced), "
            f"{self.cases} calls ({returned:.0f}% returned)"
        )


def main() -> int:
    """Run this program anew for each CPU level, with the same seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--functions", type=int, default=sys.maxsize, help="at most so many each")
    parser.add_argument("--levels", default=",".join(internals.cpu_levels()))
    parser.add_argument("--here", action="store_true", help="compare in this process")
    options = parser.parse_args()
    if options.here:
        totals = compare(options.seconds, options.seed, options.functions)
        return totals is None
    levels = options.levels.split(",")
    functions = 0
    for level in levels:
        arguments = [f"--seconds={options.seconds / len(levels)}", f"--seed={options.seed}"]
        arguments += [f"--functions={options.functions}", "--here"]
        environment = {**os.environ, "ARRAYOPS_CPU_LEVEL": level}
        environment.setdefault("ARRAYOPS_BYTES_PER_THREAD", str(1 << 16))
        environment.setdefault("ARRAYOPS_NUM_THREADS", "3")
        command = [sys.executable, "-u", __file__, *arguments]
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


def compare(seconds: float, seed: int, functions: int = sys.maxsize) -> Totals | None:
    """Compare until time or functions run out; return the totals, or None after a difference."""
    level = internals.cpu_level()
    end = time.monotonic() + seconds
    totals = Totals()
    while totals.functions < functions and time.monotonic() < end:
        # Each function has a seed of its own, so that it can be had again by itself.
        name = f"{seed}.{totals.functions}"
        chooser = random.Random(name)  # noqa: S311
        session = draw_session(chooser)
        ask = totals.functions % 4 == 3
        natively = False
        if totals.functions % 50 == 0:
            faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        try:
            for step in play(session, ask=ask):
                if step.fault:
                    faulthandler.cancel_dump_traceback_later()
                    report(session, step.fault, f"level {level}, seed {name}")
                    return None
                totals.cases += 1
                totals.returned += step.returned
                natively |= step.natively
        except BaseException:
            print(f"interrupted at level {level}, seed {name}:\n{session.program.source}")
            raise
        totals.functions += 1
        totals.asked += ask
        totals.native_functions += natively
    faulthandler.cancel_dump_traceback_later()
    print(f"level {level}, seed {seed}, {ao.get_num_threads()} threads: {totals}, no difference")
    return totals


def report(session: Session, found: str, where: str) -> None:
    """Print a difference, made smaller, and the program that shows it."""
    print(f"MISMATCH at {where}: {found}")
    print("--- as found:\n" + session.program.source)
    small = shrunk(session, SHRINK_SECONDS)
    print(f"--- made smaller: {fault(small) or found}\n{small.script()}")


if __name__ == "__main__":
    sys.exit(main())
