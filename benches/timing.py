"""Interleaved timing: every contender of a row takes its turn in every round, in random order.

A change of the machine's speed during a row then meets all contenders alike.
"""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workspace import Outcome

# A first run as long as this is a sample in itself: what is cold about it does not show.
LONG_SECONDS = 0.5
# Of calls as long as this, fewer rounds than the least number are enough.
SLOW_SECONDS, SLOW_ROUNDS = 0.1, 3
# Calls shorter than this are preceded by an untimed one, which wakes threads and fills caches.
WARMED_SECONDS = 0.05
MIN_QUARTILE_SAMPLES = 3


class Runner(Protocol):
    """One contender over the data of one row, here or in the worker process."""

    def run(self) -> Outcome:
        """Run once; give time and result."""
        ...

    def sample(self, number: int) -> float:
        """Return the seconds a call takes, over `number` calls."""
        ...


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to measure: seconds for a row, for one sample, and bounds of the rounds."""

    row_seconds: float
    sample_seconds: float
    min_rounds: int
    max_rounds: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """The median of the samples in seconds, and their interquartile range over it."""

    seconds: float
    spread: float
    samples: int


@dataclass(slots=True)
class _Turn:
    runner: Runner
    number: int
    rounds: int
    samples: list[float]


def measure(runners: Sequence[Runner], first: Sequence[float], budget: Budget) -> list[Measurement]:
    """Time the runners against each other; `first` holds the seconds of their first runs."""
    share = budget.row_seconds / max(1, len(runners))
    turns = [
        _plan(runner, seconds, share, budget)
        for runner, seconds in zip(runners, first, strict=True)
    ]
    rounds = max((turn.rounds for turn in turns), default=0)
    order = random.Random(len(turns))  # noqa: S311 - an order, not a secret
    for index in range(rounds):
        # A contender with fewer rounds than the others has them spread over the whole row.
        present = [
            turn
            for turn in turns
            if index * turn.rounds // rounds != (index + 1) * turn.rounds // rounds
        ]
        order.shuffle(present)
        for turn in present:
            if not turn.samples or turn.samples[-1] < WARMED_SECONDS:
                turn.runner.sample(1)
            turn.samples.append(turn.runner.sample(turn.number))
    return [_summary(turn.samples) for turn in turns]


def _plan(runner: Runner, first: float, share: float, budget: Budget) -> _Turn:
    if first >= LONG_SECONDS:
        rounds = max(1, min(SLOW_ROUNDS, int(share / first)))
        return _Turn(runner, 1, rounds - 1, [first])
    number = 1
    while True:
        start = perf_counter()
        seconds = runner.sample(number)
        cost = perf_counter() - start
        if seconds * number >= budget.sample_seconds:
            break
        # Grown stepwise, since a cold first call tells little about the following ones.
        number = max(
            number + 1, min(10 * number, int(1.2 * budget.sample_seconds / max(seconds, 1e-9)))
        )
    if seconds < WARMED_SECONDS:
        cost *= 1 + 1 / number
    least = SLOW_ROUNDS if seconds >= SLOW_SECONDS else budget.min_rounds
    rounds = min(budget.max_rounds, int(share / cost))
    return _Turn(runner, number, max(least, rounds), [])


def _summary(samples: list[float]) -> Measurement:
    median = statistics.median(samples)
    spread = 0.0
    if len(samples) >= MIN_QUARTILE_SAMPLES:
        low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
        spread = (high - low) / median
    return Measurement(median, spread, len(samples))
