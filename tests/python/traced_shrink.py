"""Make a session that fails smaller: fewer steps, fewer and plainer elements, less source."""

import ast
import copy
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from traced_cases import Case
from traced_data import Operand
from traced_sessions import Session, play
from typecodes import Array


def fault(session: Session) -> str:
    """Return what is wrong in a session, or nothing."""
    try:
        return next((step.fault for step in play(session) if step.fault), "")
    except (SyntaxError, KeyError, NameError, TypeError, AttributeError):
        return ""  # no longer a program


def shrunk(session: Session, seconds: float) -> Session:
    """Return the smallest session found in time that still fails; of nothing, the same one."""
    end = time.monotonic() + seconds
    passes: tuple[Callable[[Session], Iterator[Session]], ...] = (
        _fewer_steps,
        _plainer_cases,
        _fewer_elements,
        _less_source,
        _plainer_elements,
    )
    improved = True
    while improved and time.monotonic() < end:
        improved = False
        for candidates in passes:
            while time.monotonic() < end:
                found = _first_that_fails(candidates(session), end)
                if found is None:
                    break
                session, improved = found, True
    return session


def _first_that_fails(candidates: Iterator[Session], end: float) -> Session | None:
    for candidate in candidates:
        if time.monotonic() > end:
            return None
        if fault(candidate):
            return candidate
    return None


def _fewer_steps(session: Session) -> Iterator[Session]:
    for place in range(len(session.steps)):
        rest = session.steps[:place] + session.steps[place + 1 :]
        yield replace(session, steps=rest)


def _cases(session: Session) -> Iterator[tuple[Case, Callable[[Case], Session]]]:
    for place, step in enumerate(session.steps):
        if isinstance(step, str):
            continue

        def put(case: Case, place: int = place) -> Session:
            steps = (*session.steps[:place], case, *session.steps[place + 1 :])
            return replace(session, steps=steps)

        yield step, put


def _plainer_cases(session: Session) -> Iterator[Session]:
    if session.on_warning != "ignore":
        yield replace(session, on_warning="ignore")
    for case, put in _cases(session):
        if any(operand.misaligned for operand in case.operands):
            yield put(replace(case, operands=tuple(Operand(o.values) for o in case.operands)))
        if case.out:
            yield put(replace(case, out="", typecode=case.result_code))
        if case.operation == "map_inplace":
            yield put(replace(case, operation="map"))


def _fewer_elements(session: Session) -> Iterator[Session]:
    for case, put in _cases(session):
        length = len(case.operands[0].values)
        size = length // 2
        while size:
            for start in range(0, length, size):
                operands = tuple(
                    replace(o, values=o.values[:start] + o.values[start + size :])
                    for o in case.operands
                )
                yield put(replace(case, operands=operands))
            size //= 2
            if length // max(size, 1) > 64:
                break


def _plainer_elements(session: Session) -> Iterator[Session]:
    """Replace stretches of elements by one value, halving the stretches."""
    for case, put in _cases(session):
        for number, operand in enumerate(case.operands):
            for values in _plainer(operand.values):
                operands = list(case.operands)
                operands[number] = replace(operand, values=values)
                yield put(replace(case, operands=tuple(operands)))


def _plainer(values: Array) -> Iterator[Array]:
    size = len(values)
    while size:
        for start in range(0, len(values), size):
            part = values[start : start + size]
            for value in (1, 0, part[0]):
                plain = array(values.typecode, [value]) * len(part)
                if plain != part and (value != part[0] or len(set(part)) > 1):
                    if _plain_enough(part):
                        continue
                    yield values[:start] + plain + values[start + size :]
        size //= 2
        if size and len(values) // size > 256:
            break


def _plain_enough(part: Array) -> bool:
    """Whether nothing is gained by other values, so that the search comes to an end."""
    return len(set(part)) == 1 and part[0] in {0, 1}


def _less_source(session: Session) -> Iterator[Session]:
    program = session.program
    tree = ast.parse(program.source)
    for smaller in _edits(tree):
        source = ast.unparse(ast.fix_missing_locations(smaller)) + "\n"
        if len(source) < len(program.source):
            yield replace(session, program=replace(program, source=source))


def _edits(tree: ast.Module) -> Iterator[ast.Module]:
    """Yield copies of a module, each with one statement dropped or one expression made smaller."""
    for number, node in enumerate(ast.walk(tree)):
        for name, value in ast.iter_fields(node):
            explosive = _may_explode(node, name)
            if isinstance(value, ast.expr) and not explosive:
                for plain in _smaller(value):
                    copied = copy.deepcopy(tree)
                    setattr(_node(copied, number), name, copy.deepcopy(plain))
                    yield copied
            for place, item in enumerate(value if isinstance(value, list) else ()):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
                for items in _replacements(item, explosive=explosive):
                    yield _with(tree, number, name, place, items)


def _may_explode(node: ast.AST, name: str) -> bool:
    """Whether a guard against huge numbers may be in this part of a node."""
    if isinstance(node, ast.BinOp):
        return name == "right" and isinstance(node.op, ast.Pow | ast.LShift)
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        return called in {"pow", "operator.lshift", "math.factorial", "math.comb", "operator.pow"}
    return False


def _node(tree: ast.Module, number: int) -> ast.AST:
    return next(node for place, node in enumerate(ast.walk(tree)) if place == number)


def _with(tree: ast.Module, number: int, name: str, place: int, items: list[Any]) -> ast.Module:
    copied = copy.deepcopy(tree)
    changed = getattr(_node(copied, number), name)
    changed[place : place + 1] = copy.deepcopy(items)
    if not changed and name == "body":
        changed.append(ast.Pass())
    return copied


def _replacements(item: Any, *, explosive: bool) -> Iterator[list[Any]]:
    """Yield what may take the place of one item of a list: nothing, its body, its parts."""
    if isinstance(item, ast.stmt):
        yield []
        inner = [part for part in getattr(item, "body", []) if isinstance(part, ast.stmt)]
        if inner and not isinstance(item, ast.FunctionDef | ast.ClassDef):
            yield inner
    elif isinstance(item, ast.expr) and not explosive:
        yield from ([plain] for plain in _smaller(item))


def _smaller(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Name | ast.Constant | ast.Attribute):
        return
    yield ast.Constant(1)
    yield from (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
