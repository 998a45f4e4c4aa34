#!/usr/bin/env python3
"""Time short calls on a NumPy array against the same calls on an `array.array`, interleaved."""

from __future__ import annotations

import argparse
import functools
import operator
import random
import statistics
import sys
import timeit
from array import array
from typing import TYPE_CHECKING, Any

import arrayops as ao
import arrayops.numpy as aon
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = 8
LOOPS = 2000


def _map(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda arr: function(arr, operator.neg)


def _filter(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda arr: function(arr, None)


# What is called on the array.array, and on the ndarray.
CALLS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "ao.sum": (ao.sum, ao.sum),
    "ao.min": (ao.min, ao.min),
    "ao.var": (ao.var, ao.var),
    "ao.map": (_map(ao.map), _map(ao.map)),
    "ao.filter": (_filter(ao.filter), _filter(ao.filter)),
    "ao.map, aon.map": (_map(ao.map), _map(aon.map)),
    "ao.filter, aon.filter": (_filter(ao.filter), _filter(aon.filter)),
}


def seconds(rounds: int, contenders: list[tuple[Callable[[Any], Any], Any]]) -> list[float]:
    """Return the median time of one call of each function on its buffer."""
    timers = [timeit.Timer(functools.partial(function, arr)) for function, arr in contenders]
    samples: list[list[float]] = [[] for _ in timers]
    order = random.Random(rounds)  # noqa: S311 - an order, not a secret
    for _ in range(rounds):
        turns = list(zip(timers, samples, strict=True))
        order.shuffle(turns)
        for timer, times in turns:
            times.append(timer.timeit(LOOPS) / LOOPS)
    return [statistics.median(times) for times in samples]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds: int = parser.parse_args().rounds
    sys.stdout.write(f"| {LENGTH} elements | array.array, ns | ndarray, ns | ratio |\n")
    sys.stdout.write("| --- | ---: | ---: | ---: |\n")
    for name, (on_array, on_ndarray) in CALLS.items():
        for code in "qd":
            elements = array(code, range(1, LENGTH + 1))
            ours, theirs = seconds(
                rounds, [(on_array, elements), (on_ndarray, np.array(elements, code))]
            )
            ratio = theirs / ours
            sys.stdout.write(
                f"| `{name}`, `{code}` | {1e9 * ours:.0f} | {1e9 * theirs:.0f} | {ratio:.2f} |\n"
            )


if __name__ == "__main__":
    main()
