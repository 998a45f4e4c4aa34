"""One row after the other: every contender checked against the oracle, then timed."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING

from contenders import (
    IMPATIENT_COLUMNS,
    ONE_THREAD_MIN_SIZE,
    PATIENT_SIZE,
    Contender,
    Function,
)
from peers import Peers, open_workspace
from results import Cell, Row, judge
from runners import LocalRunner, RemoteRunner, ThreadsRunner, Worker
from timing import Budget, Measurement, Runner, measure
from workspace import make_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workspace import Workspace

# From this size on, a row gets more time: the fewer calls fit into it.
LARGE = 10_000_000
LARGE_FACTOR = 2
NOT_TIMED = Measurement(0.0, 0.0, 0)


class Session:
    """The libraries, the worker of the earlier package, and the time for a row."""

    def __init__(self, peers: Peers, worker: Worker | None, budget: Budget) -> None:
        """Take what the rows have in common."""
        self._peers = peers
        self._worker = worker
        self._budget = budget
        self._columns = peers.columns
        if worker:
            self._columns.add("v1")
        self._threads = peers.threads()["arrayops"]

    def rows(
        self,
        functions: Sequence[Function],
        typecode: str,
        size: int,
        done: Callable[[Row], None],
    ) -> None:
        """Measure the functions over the same values, handing on each row."""
        gc.collect()
        if self._worker:
            self._worker.load(typecode, size)
        workspace = open_workspace(self._peers, make_values(typecode, size))
        for function in functions:
            done(self._row(function, workspace))

    def _row(self, function: Function, workspace: Workspace) -> Row:
        typecode, size = workspace.values.typecode, len(workspace.values)
        contenders = self._contenders(function, typecode, size)
        runners = [self._runner(contender, workspace) for contender in contenders]
        outcomes = [runner.run() for runner in runners]
        oracle = outcomes[0]
        timed = [index for index, outcome in enumerate(outcomes) if not outcome.error]
        measurements = measure(
            [runners[index] for index in timed],
            [outcomes[index].seconds for index in timed],
            self._row_budget(size),
        )
        found = dict(zip(timed, measurements, strict=True))
        cells: list[Cell] = []
        for index, (contender, outcome) in enumerate(zip(contenders, outcomes, strict=True)):
            it = found.get(index, NOT_TIMED)
            cells.append(
                Cell(
                    contender.column,
                    contender.code,
                    judge(outcome, oracle),
                    outcome.error or outcome.result,
                    it.seconds,
                    it.spread,
                    it.samples,
                )
            )
        return Row(function.name, typecode, size, function.calls_python, cells)

    def _contenders(self, function: Function, typecode: str, size: int) -> list[Contender]:
        present = [each for each in function.for_typecode(typecode) if each.column in self._columns]
        if function.calls_python and size > PATIENT_SIZE:
            return [each for each in present if each.column not in IMPATIENT_COLUMNS]
        if not function.calls_python and size >= ONE_THREAD_MIN_SIZE and self._threads > 1:
            present += [
                replace(each, column="arrayops-1") for each in present if each.column == "arrayops"
            ]
        return present

    def _runner(self, contender: Contender, workspace: Workspace) -> Runner:
        if contender.column == "v1" and self._worker:
            return RemoteRunner(self._worker, contender.snippet)
        if contender.column == "arrayops-1":
            set_threads = self._peers.arrayops.set_num_threads
            return ThreadsRunner(workspace, contender.snippet, set_threads, (1, self._threads))
        return LocalRunner(workspace, contender.snippet)

    def _row_budget(self, size: int) -> Budget:
        if size < LARGE:
            return self._budget
        return replace(self._budget, row_seconds=LARGE_FACTOR * self._budget.row_seconds)
