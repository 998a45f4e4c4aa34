"""Contenders at work: in this process, or in the worker of the earlier package."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from workspace import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from workspace import Snippet, Workspace

WORKER = Path(__file__).with_name("v1_worker.py")
EXPECTED_VERSION = "1.0.0"


class LocalRunner:
    """A contender of this process."""

    def __init__(self, workspace: Workspace, snippet: Snippet) -> None:
        """Bind the code to the values of a row."""
        self._workspace = workspace
        self._snippet = snippet

    def run(self) -> Outcome:
        """Run once; give time and result."""
        return self._workspace.run(self._snippet)

    def sample(self, number: int) -> float:
        """Return the seconds a call takes, over `number` calls."""
        return self._workspace.sample(self._snippet, number)


class ThreadsRunner(LocalRunner):
    """A contender that runs with another number of threads than the rest."""

    def __init__(
        self,
        workspace: Workspace,
        snippet: Snippet,
        set_threads: Callable[[int], None],
        threads: tuple[int, int],
    ) -> None:
        """Bind the code; `threads` are the number to set before it and the one to set after."""
        super().__init__(workspace, snippet)
        self._set_threads = set_threads
        self._during, self._after = threads

    def run(self) -> Outcome:
        """Run once; give time and result."""
        self._set_threads(self._during)
        try:
            return super().run()
        finally:
            self._set_threads(self._after)

    def sample(self, number: int) -> float:
        """Return the seconds a call takes, the change of threads not included."""
        self._set_threads(self._during)
        try:
            super().sample(1)  # whatever the change costs, the next call does not pay for it
            return super().sample(number)
        finally:
            self._set_threads(self._after)


class Worker:
    """The process of the earlier package, spoken with over pipes."""

    def __init__(self, python: Path) -> None:
        """Start it with the interpreter of its environment."""
        self._process = subprocess.Popen(  # noqa: S603 - the interpreter chosen by the user
            [python, WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.version: str = self._ask(do="version")
        if self.version != EXPECTED_VERSION:
            self.close()
            message = f"{python} has arrayops {self.version}, expected {EXPECTED_VERSION}"
            raise RuntimeError(message)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the process."""
        self.close()

    def close(self) -> None:
        """Stop the process: it ends with its input."""
        self._process.communicate()

    def load(self, typecode: str, length: int) -> None:
        """Have it make the values of a row, the same as here."""
        self._ask(do="load", typecode=typecode, length=length)

    def load_values(self, typecode: str, values: list[int] | list[float]) -> None:
        """Give it the values."""
        self._ask(do="load", typecode=typecode, values=values)

    def run(self, snippet: Snippet) -> Outcome:
        """Run a snippet there once."""
        return Outcome(**self._ask(do="run", code=snippet.code, operand=snippet.operand))

    def sample(self, snippet: Snippet, number: int) -> float:
        """Time a snippet there."""
        seconds: float = self._ask(
            do="sample", code=snippet.code, operand=snippet.operand, number=number
        )
        return seconds

    def _ask(self, **request: object) -> Any:  # noqa: ANN401 - the answers differ by request
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:  # pragma: no cover - both were asked for
            raise RuntimeError
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            message = f"the worker ended with status {self._process.wait()}"
            raise RuntimeError(message)
        return json.loads(answer)


class RemoteRunner:
    """A contender in the worker process."""

    def __init__(self, worker: Worker, snippet: Snippet) -> None:
        """Bind the code to the worker's present row."""
        self._worker = worker
        self._snippet = snippet

    def run(self) -> Outcome:
        """Run once; give time and result."""
        return self._worker.run(self._snippet)

    def sample(self, number: int) -> float:
        """Return the seconds a call takes, over `number` calls."""
        return self._worker.sample(self._snippet, number)
