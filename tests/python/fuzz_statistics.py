"""Compare sums, means, variances and Stats with plain Python, at every CPU level, for a time.

    python tests/python/fuzz_statistics.py --seconds 60 --seed 1

Ends with exit code 1 at the first difference, and prints what it takes to see it again.
"""

import argparse
import math
import os
import random
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator

import arrayops as ao
import oracles
from arrayops import _arrayops as internals
from comparison import same
from distributions import DOUBLES, doubles, singles
from typecodes import INTEGER_CODES, TYPECODES, Array


def main() -> int:
    """Run this program anew for each CPU level, with the same seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--level", help="compare at this CPU level only, in this process")
    options = parser.parse_args()
    if options.level:
        return compare(options.seconds, options.seed, options.level)
    levels = internals.cpu_levels()
    failed = 0
    for level in levels:
        seconds = options.seconds / len(levels)
        arguments = [f"--seconds={seconds}", f"--seed={options.seed}", f"--level={level}"]
        environment = {**os.environ, "ARRAYOPS_CPU_LEVEL": level}
        command = [sys.executable, __file__, *arguments]
        failed |= subprocess.run(command, env=environment, check=False).returncode
    return failed


def compare(seconds: float, seed: int, level: str) -> int:
    """Compare until the time is over; return the exit code."""
    assert internals.cpu_level() == level
    chooser = random.Random(seed)  # noqa: S311
    end = time.monotonic() + seconds
    compared = 0
    while time.monotonic() < end:
        name, data = draw(chooser)
        cut = chooser.randint(0, len(data))
        for what, actual, expected in results(data, cut):
            compared += 1
            if not same(actual, expected):
                print(
                    f"{what} of {name} at level {level}, seed {seed}: {actual!r}, not {expected!r}"
                )
                print(f"array({data.typecode!r}, {smallest(data, what, cut).tolist()})")
                return 1
    print(f"level {level}, seed {seed}: {compared:,} comparisons, no difference")
    return 0


def draw(chooser: random.Random) -> tuple[str, Array]:
    """Choose an array: mostly short, sometimes of several blocks."""
    length = int(2 ** chooser.uniform(0, 7.5 if chooser.random() < 0.97 else 12))
    if chooser.random() < 0.2:
        code = chooser.choice(INTEGER_CODES)
        low, high = int(TYPECODES[code].low), int(TYPECODES[code].high)
        low, high = chooser.choice(((low, high), (low, low + 1), (high - 1, high), (0, 100)))
        return code, array(code, [chooser.randint(low, high) for _ in range(length)])
    name = chooser.choice(tuple(DOUBLES))
    data = doubles(name, chooser, length)
    return name, singles(data) if chooser.random() < 0.3 else data


def results(data: Array, cut: int) -> Iterator[tuple[str, object, object]]:
    """Yield what is compared: its name, what came, what should have come."""
    total = oracles.sum(data)
    yield "sum", ao.sum(data), total
    # In two parts, of which the last comes first.
    stats = ao.Stats(data[cut:])
    stats.merge(ao.Stats(data[:cut]))
    yield "Stats.sum", stats.sum, total
    if data:
        yield "mean", ao.mean(data), total / len(data)
        yield "Stats.mean", stats.mean, total / len(data)
        variance = oracles.exact_variance(data) or 0
        try:
            rounded = float(variance)
        except OverflowError:
            rounded = math.inf
        yield "var", ao.var(data), rounded
        yield "Stats.var", stats.var(), rounded
        root = oracles.std(data) if len(data) < 20 else stats.std()
        yield "std", ao.std(data), root
    yield "Stats.to_bytes", ao.Stats.from_bytes(stats.to_bytes()) == ao.Stats(data), True


def smallest(data: Array, what: str, cut: int) -> Array:
    """Halve the array while the difference stays."""

    def differs(part: Array) -> bool:
        found = results(part, min(cut, len(part)))
        return any(name == what and not same(actual, wanted) for name, actual, wanted in found)

    while len(data) > 1:
        half = len(data) // 2
        for part in (data[:half], data[half:], data[1:], data[:-1]):
            if differs(part):
                data = part
                break
        else:
            break
    return data


if __name__ == "__main__":
    sys.exit(main())
