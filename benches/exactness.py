"""Small inputs on which libraries give different answers, whatever their speed."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contenders import APART, FUNCTIONS
from peers import Peers, open_workspace
from results import Probe

if TYPE_CHECKING:
    from runners import Worker


@dataclass(frozen=True, slots=True)
class Question:
    """A function, and the values it is asked about."""

    title: str
    function: str
    typecode: str
    values: list[int] | list[float]


NAN = float("nan")
QUESTIONS = (
    Question("`sum` of ten 127, `b`", "sum", "b", [127] * 10),
    Question("`sum` of four 2**30, `i`", "sum", "i", [2**30] * 4),
    Question("`sum` of four 2**62, `q`", "sum", "q", [2**62] * 4),
    Question("`sum` of 1e16, 1.0, -1e16, `d`", "sum", "d", [1e16, 1.0, -1e16]),
    Question("`sum` of ten 0.1, `d`", "sum", "d", [0.1] * 10),
    Question("`mean` of 2**62, 2**62, 2**62 + 3, `q`", "mean", "q", [2**62, 2**62, 2**62 + 3]),
    Question("`min` of 2.0, nan, 1.0, `d`", "min", "d", [2.0, NAN, 1.0]),
    Question("`max` of nan, 2.0, 1.0, `d`", "max", "d", [NAN, 2.0, 1.0]),
    Question("`min` of 0.0, -0.0, `d`", "min", "d", [0.0, -0.0]),
    Question("`scale` of 100, 1, 2 by 3, `b`", "scale", "b", [100, 1, 2]),
    Question("`clip` of 9000.0, nan to ±1000, `d`", "clip", "d", [9000.0, NAN]),
)


def ask_all(peers: Peers, worker: Worker | None) -> list[Probe]:
    """Return the answers of every contender, the oracle's under "plain"."""
    return [_ask(question, peers, worker) for question in QUESTIONS]


def _ask(question: Question, peers: Peers, worker: Worker | None) -> Probe:
    (function,) = (each for each in FUNCTIONS if each.name == question.function)
    workspace = open_workspace(peers, array(question.typecode, question.values))
    if worker:
        worker.load_values(question.typecode, question.values)
    answers: dict[str, str] = {}
    for contender in function.for_typecode(question.typecode):
        column = contender.column
        if column in answers or column in APART:
            continue
        if column == "v1":
            outcome = worker.run(contender.snippet) if worker else None
        else:
            outcome = workspace.run(contender.snippet) if column in peers.columns else None
        if outcome:
            # Of an error the type counts, of a result the value without its type.
            answers[column] = outcome.error.partition(":")[0] or outcome.result.partition(" ")[2]
    return Probe(question.title, answers)
