"""The symbolic run: every path through a function, and the program they make."""

from collections.abc import Callable
from typing import Any

from arrayops._trace import record as r
from arrayops._trace import values as v
from arrayops._trace.known import are_builtins_own
from arrayops._trace.program import Path, Program, straight
from arrayops._trace.record import BOOL, FLOAT, INT, MAX_PATHS, Halt, Record, is_foreign
from arrayops._trace.standins import StandIn, Table, Text
from arrayops._trace.world import Instance, RefusedError, Root, World, root

INT_ARRAY, FLOAT_ARRAY, TRUTH, ACCUMULATOR = range(4)
_CONSTANTS = frozenset((int, float, bool, type(None), str, Text, tuple, Table))


class Trace:
    """The outcome: a program, or the reason why there is none, and the guard of either."""

    __slots__ = ("code", "expression", "guard", "lasting", "paths", "place", "reason", "record")

    def __init__(self) -> None:
        """Start with nothing."""
        self.code: bytes | None = None
        self.reason = ""
        self.place = ""
        self.lasting = False  # a refusal that lies in the code alone
        self.guard: Any = None
        self.record: Record | None = None
        self.paths: list[Path] = []
        self.expression: Program | None = None


def _stored(record: Record, result: Any, target: int, accumulator: int) -> int | None:
    """Return the node of a path's result as the target needs it, or None for Python's."""
    if type(result) in (StandIn, Instance):  # Python converts it, by whatever it has for that
        return result._ao_refuse()  # type: ignore[no-any-return]
    kind = v.KINDS.get(type(result))
    symbolic = isinstance(result, v.Value)
    if kind is None:
        if target != TRUTH or type(result) not in _CONSTANTS:
            return None
        return record.constant(bool(result))
    if target == TRUTH:
        if not symbolic:
            return record.constant(bool(result))
        if kind == BOOL:
            return v.node_of(record, result)
        op, zero = (r.F_NE, 0.0) if kind == FLOAT else (r.I_NE, 0)
        return record.do(op, v.node_of(record, result), record.constant(zero))
    if target == ACCUMULATOR:
        if kind != accumulator or not v.fits(result):
            return None
        return v.node_of(record, result)
    if target == FLOAT_ARRAY:
        return v.as_float(record, result)
    if kind == FLOAT or not v.fits(result):
        return None
    return v.as_int(record, result)


def _why_python(result: Any, target: int) -> str:
    kind = v.KINDS.get(type(result))
    name = {INT: "int", FLOAT: "float", BOOL: "bool"}.get(kind, type(result).__name__)  # type: ignore[arg-type]
    if target == ACCUMULATOR:
        return f"it returns {r.article(name)} where the accumulator is of another type"
    array = "integer" if target == INT_ARRAY else "float"
    return f"it returns {r.article(name)}, which {r.article(array)} array does not hold"


def _run(
    record: Record, call: Callable[..., Any], kinds: bytes, target: int
) -> tuple[int | None, str]:
    """Run one path: its result, and why there is none."""
    raised: BaseException | None = None
    while True:
        record.begin()
        inputs = [v.CLASSES[kind](record, number) for number, kind in enumerate(kinds)]
        try:
            result = call(*inputs)
            if record.reason is not None or record.bailed:
                return None, ""
            node = _stored(record, result, target, kinds[0])
        except Halt:
            if raised is not None and record.reason is None:
                raise raised from None
            return None, ""
        except (KeyboardInterrupt, SystemExit, RecursionError):
            raise  # no function that is traced raises them by itself
        except BaseException as error:  # (whatever it raises, Python will raise)
            if is_foreign(error):
                raise
            if raised is not None or record.reason is not None:
                return None, f"it raises {type(error).__name__}"
            raised = error  # one that another thread has sent does not come again
            continue
        if raised is not None:
            raise raised
        return node, "" if node is not None else _why_python(result, target)


def _paths(
    record: Record, call: Callable[..., Any], kinds: bytes, target: int
) -> tuple[list[Path], str]:
    """Explore all paths, depth first; True before False."""
    paths: list[Path] = []
    why = ""
    known = record.handler, record.keeps_tuples
    while True:
        node, reason = _run(record, call, kinds, target)
        if record.reason is not None:
            return [], record.reason
        if known != (record.handler, record.keeps_tuples):
            return [], "it is to be traced again"
        why = why or reason
        paths.append(Path(record.taken, record.done, node))
        plan = [truth for _, truth in record.taken]
        while plan and not plan[-1]:
            plan.pop()
        if not plan:
            break
        if len(paths) == MAX_PATHS:
            return [], f"it has more than {MAX_PATHS} paths"
        plan[-1] = False
        record.plan = plan
    if all(path.result is None for path in paths):
        return [], why or record.why
    return paths, ""


def _explore(record: Record, found: Root, kinds: bytes, target: int, trace: Trace) -> None:
    """Fill in a trace."""
    for number, kind in enumerate(kinds):
        record.input(number, kind)
    trace.paths, trace.reason = _paths(record, found.call, kinds, target)
    if trace.reason:
        trace.place = record.place
        return
    kinds_list = list(kinds)
    if len(trace.paths) == 1:
        trace.code = straight(record, trace.paths[0], kinds_list)
    else:
        trace.expression = Program(record, trace.paths)
        trace.code = trace.expression.encode(kinds_list)
    if trace.code is None:
        trace.reason = "it is too long"


def _is_doubted(record: Record, trace: Trace) -> bool:
    """Return whether there is a handler that might use what is unknown: there is no trace then."""
    if not record.handler or not record.doubt:
        return False
    trace.code, trace.reason = None, record.doubt
    return True


def _has_room(frames: int = 200) -> bool:
    """Return whether so many calls may be nested here.

    Else a function with a `try` could catch that they may not, and be taken for one that does.
    """
    try:
        return frames == 0 or _has_room(frames - 1)
    except RecursionError:
        return False


def _refused(reason: str) -> Trace:
    outcome = Trace()
    outcome.reason = reason
    return outcome


def trace(fn: Any, kinds: bytes, target: int) -> Trace:
    """Trace a callable for elements of these kinds and a target."""
    if not are_builtins_own():
        return _refused("one of Python's own functions has been replaced")
    # What is known of a `try`, or of tuples, is known from the start.
    known = False, False
    before: Trace | None = None
    while True:
        record = Record()
        record.handler, record.keeps_tuples = known
        record.accumulates = target == ACCUMULATOR
        outcome = _trace(record, fn, kinds, target)
        met = record.handler, record.keeps_tuples
        if met != known:
            known = met
        elif not record.handler:
            return outcome
        elif before is None:
            before = outcome
        elif (before.code, before.reason) == (outcome.code, outcome.reason):
            return outcome
        else:  # a signal handler's exception, say, went to one of the function's own handlers
            outcome.code, outcome.guard = None, None
            outcome.reason = "it caught an exception that is not its own"
            return outcome


def _trace(record: Record, fn: Any, kinds: bytes, target: int) -> Trace:
    known = record.handler, record.keeps_tuples
    if not 0 < len(kinds) <= 8:
        return _refused("it takes too many arguments")
    outcome = Trace()
    outcome.record = record
    world = World(record)
    try:
        found = root(world, fn)
    except RefusedError as refused:
        outcome.reason, outcome.place = refused.reason, refused.place
        outcome.lasting = refused.lasting
        return outcome
    except Halt:
        outcome.reason, outcome.place = record.reason or "", ""
        return outcome
    outcome.guard = found.guard
    if known != (record.handler, record.keeps_tuples):
        return outcome
    if _is_doubted(record, outcome):
        return outcome
    if record.keeps_tuples and target == ACCUMULATOR and kinds[0] == FLOAT:
        outcome.reason = "it keeps tuples, in which one NaN can be told from another"
        return outcome
    if record.handler and not _has_room():
        outcome.reason, outcome.guard = "it is nested too deeply", None
        return outcome
    try:
        _explore(record, found, kinds, target, outcome)
        if record.handler and outcome.code is not None:
            record.begin()
            world.read_ahead()
            _is_doubted(record, outcome)
    except RecursionError:
        outcome.reason = "it is nested too deeply"
        if not _has_room(500):  # it may be traced elsewhere
            outcome.guard = None
    except Halt:  # of many paths, each short enough, one program was to be made
        outcome.code = None
        outcome.reason, outcome.place = record.reason or "it is too long", ""
    return outcome
