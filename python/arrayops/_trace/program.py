"""From the paths of a symbolic run to one straight-line program.

The paths form a tree of decisions. It is merged from the leaves up into one expression of selects;
operations that both sides of a select have in common are done once, after it. Then instructions
are emitted for what the result needs, and for whatever may raise and is not covered by that.

A *scope* is a tuple of decisions, (condition, truth): the elements for which they hold. Every
operation that may bail out is emitted under the mask of a scope.
"""

from typing import Any

from arrayops._trace import record as r
from arrayops._trace.encoding import ABSENT, Emitted, encode
from arrayops._trace.record import Halt, Record

Literal = tuple[int, bool]
Scope = tuple[Literal, ...]
MAX_INSTRUCTIONS = 400
MAX_VISITS = 10 * MAX_INSTRUCTIONS  # of nodes, while instructions are emitted
_JOINTS = (r.B_NOT, r.B_AND, r.B_OR)
_SELECTS = (r.SELECT_INT, r.SELECT_FLOAT, r.SELECT_BOOL)
_BY_SECOND = r.BAILS_BY_SECOND | {r.I_SHL, r.I_POW, r.F_POW}
_LEAVES = (r.INPUT, r.CONSTANT)


class Path:
    """What one path decided, did and gave; the result is None where it ends in Python."""

    __slots__ = ("done", "result", "taken")

    def __init__(self, taken: list[Literal], done: dict[int, None], result: int | None) -> None:
        """Hold them."""
        self.taken = taken
        self.done = done
        self.result = result


class Program:
    """The merged expression, and the emission of its instructions."""

    def __init__(self, record: Record, paths: list[Path]) -> None:
        """Merge the paths."""
        self.record = record
        self.duties: list[tuple[int, Scope]] = []  # what may bail out, and where it must
        self.scopes: dict[int, list[Scope]] = {}  # where it is known to be done
        self.deputies: dict[int, list[tuple[Literal, int]]] = {}  # what does it for a side
        self.merged: dict[tuple[int, int, int], int] = {}
        self.bails: list[Scope] = []
        self.emitted: dict[int, list[tuple[Scope, int]]] = {}
        self.instructions: list[Emitted] = []
        self.numbers: dict[Emitted, int] = {}
        self.masks: dict[frozenset[Literal], int] = {}
        self.sound: list[bool] = []  # by node: nothing that it is made of can bail out
        self.facts: dict[Scope, dict[Literal, bool]] = {}  # what follows from a scope
        self.visits = 0
        self.result, done = self._merge(paths, 0, ())
        for node in done:
            self._duty(node, ())

    # Merging.

    def _duty(self, node: int, scope: Scope) -> None:
        self.duties.append((node, scope))
        self.scopes.setdefault(node, []).append(scope)

    def _merge(self, paths: list[Path], depth: int, scope: Scope) -> tuple[int, dict[int, None]]:
        """Return the result of a subtree, and what all its paths do."""
        first = paths[0]
        if len(paths) == 1 and len(first.taken) == depth:
            assert first.result is not None  # noqa: S101 (subtrees of nothing else are cut off)
            return first.result, first.done
        condition = first.taken[depth][0]
        sides = (
            [path for path in paths if path.taken[depth][1]],
            [path for path in paths if not path.taken[depth][1]],
        )
        for side, truth in zip(sides, (True, False), strict=True):
            if all(path.result is None for path in side):
                if side:
                    self.bails.append(self.extend(scope, condition, truth=truth))
                return self._merge(sides[truth], depth + 1, scope)
        scopes = [self.extend(scope, condition, truth=truth) for truth in (True, False)]
        results, dones = zip(
            *(self._merge(sides[i], depth + 1, scopes[i]) for i in range(2)), strict=True
        )
        for i in range(2):
            for node in dones[i]:
                if node not in dones[1 - i]:
                    self._duty(node, scopes[i])
        common = {node: None for node in dones[0] if node in dones[1]}
        return self.select(condition, results[0], results[1], scope), common

    def select(self, condition: int, x: int, y: int, scope: Scope) -> int:
        """Return the node of: x where the condition holds, else y."""
        if x == y:
            return x
        key = condition, x, y
        node = self.merged.get(key)
        if node is None:
            node = self._select_bool(condition, x, y) if self.record.types[x] == r.BOOL else None
            if node is None:
                node = self._sink(condition, x, y, scope)
            if node is None:
                node = self._select_nested(condition, x, y)
            self.merged[key] = node
        return node

    def _not(self, node: int) -> int:
        return self.record.pure(r.B_NOT, node)

    def _select_bool(self, condition: int, x: int, y: int) -> int | None:
        pure = self.record.pure
        # A condition is known on either side of itself: `0 < x < 5`.
        first = True if x == condition else self.record.constant_of(x)
        second = False if y == condition else self.record.constant_of(y)
        if first is not None and second is not None:
            if first == second:
                return self.record.constant(first)
            return condition if first else self._not(condition)
        if second is False:
            return pure(r.B_AND, condition, x)
        if first is True:
            return pure(r.B_OR, condition, y)
        if first is False:
            return pure(r.B_AND, self._not(condition), y)
        if second is True:
            return pure(r.B_OR, self._not(condition), x)
        return None

    def _sink(self, condition: int, x: int, y: int, scope: Scope) -> int | None:
        """Do an operation that both sides end in once, after selecting its operands."""
        record = self.record
        op, *xs = record.nodes[x]
        other, *ys = record.nodes[y]
        if op != other or op in _LEAVES or (op == r.LIBM and xs[2] != ys[2]):
            return None
        if op in _SELECTS and xs[0] != ys[0]:
            return None
        if (
            op in _BY_SECOND
            and xs[1] != ys[1]
            and (record.constant_of(xs[1]) is not None or record.constant_of(ys[1]) is not None)
        ):
            return None  # by a constant they are faster, and cannot bail out
        if op in (r.B_AND, r.B_OR):
            return None  # their second operand may be valid only where the first lets it through
        if record.types[x] == r.BOOL and xs[0] != ys[0] and xs[1] != ys[1]:
            return None  # a select of bools costs no more than two of numbers
        count = 1 if op == r.LIBM else 3
        operands = []
        for i in range(count):
            if xs[i] == ys[i]:
                operands.append(xs[i])
                continue
            if op in _SELECTS:
                inner = self.extend(scope, xs[0], truth=i == 1)
                operands.append(self.select(condition, xs[i], ys[i], inner))
            else:
                operands.append(self.select(condition, xs[i], ys[i], scope))
        if op == r.LIBM:
            operands += [-1, xs[2]]
        node = record.pure(op, *operands)
        if record.bails[node]:
            self.scopes.setdefault(node, []).append(self._widest(condition, x, y, scope))
        self.deputies.setdefault(x, []).append(((condition, True), node))
        self.deputies.setdefault(y, []).append(((condition, False), node))
        return node

    def _widest(self, condition: int, x: int, y: int, scope: Scope) -> Scope:
        """Return the fewest decisions of a scope under which both sides are done anyway."""
        for count in range(len(scope)):
            outer = scope[:count]
            sides = (
                self.extend(outer, condition, truth=True),
                self.extend(outer, condition, truth=False),
            )
            if self._is_done(x, sides[0]) and self._is_done(y, sides[1]):
                return outer
        return scope

    def _is_done(self, node: int, scope: Scope) -> bool:
        return any(self._within(scope, wider) for wider in self.scopes.get(node, ()))

    def _select_nested(self, condition: int, x: int, y: int) -> int:
        """Select; of nested selects with a common side make one with a joint condition."""
        record = self.record
        op = _SELECTS[record.types[x]]
        inner, c, p, q = record.nodes[x]
        if inner in _SELECTS and y in (p, q):
            if y == q:
                return record.pure(op, record.pure(r.B_AND, condition, c), p, y)
            return record.pure(op, record.pure(r.B_AND, condition, self._not(c)), q, y)
        inner, c, p, q = record.nodes[y]
        if inner in _SELECTS and x in (p, q):
            if x == p:
                return record.pure(op, record.pure(r.B_OR, condition, c), x, q)
            return record.pure(op, record.pure(r.B_OR, condition, self._not(c)), x, p)
        return record.pure(op, condition, x, y)

    # Scopes.

    def extend(self, scope: Scope, condition: int, *, truth: bool) -> Scope:
        """Return a scope with one more decision, joint conditions taken apart."""
        literal = condition, truth
        if self.record.nodes[condition][0] not in _JOINTS:
            return scope if literal in scope else (*scope, literal)
        literals = dict.fromkeys(scope)
        seen = set()
        rest = [literal]
        while rest:
            literal = condition, truth = rest.pop()
            if literal in seen:
                continue
            seen.add(literal)
            op, a, b, _ = self.record.nodes[condition]
            if op == r.B_NOT:
                rest.append((a, not truth))
            elif (op == r.B_AND and truth) or (op == r.B_OR and not truth):
                rest += ((b, truth), (a, truth))
            else:
                literals[literal] = None
        return tuple(literals)

    def _follows(self, scope: Scope, literal: Literal) -> bool:
        """Return whether a decision is among a scope's, or follows from one of them."""
        if literal in scope:
            return True
        if self.record.nodes[literal[0]][0] not in _JOINTS:
            return False
        facts = self.facts.get(scope)
        if facts is None:
            facts = self.facts[scope] = dict.fromkeys(scope, True)
        return self._follows_jointly(facts, literal)

    def _follows_jointly(self, known: dict[Literal, bool], literal: Literal) -> bool:
        found = known.get(literal)
        if found is None:
            condition, truth = literal
            op, a, b, _ = self.record.nodes[condition]
            if op == r.B_NOT:
                found = self._follows_jointly(known, (a, not truth))
            elif op in (r.B_AND, r.B_OR):
                both = (op == r.B_AND) == truth
                found = self._follows_jointly(known, (a, truth))
                if found == both:
                    found = self._follows_jointly(known, (b, truth))
            else:
                found = False
            known[literal] = found
        return found

    def _within(self, scope: Scope, wider: Scope) -> bool:
        return all(self._follows(scope, literal) for literal in wider)

    def _mask(self, scope: Scope) -> int:
        if not scope:
            return ABSENT
        key = frozenset(scope)
        mask = self.masks.get(key)
        if mask is None:
            outer, (condition, truth) = scope[:-1], scope[-1]
            mask = self.emit(condition, outer)
            if not truth:
                mask = self._append((r.B_NOT, mask, ABSENT, ABSENT, ABSENT))
            rest = self._mask(outer)
            if rest != ABSENT:
                mask = self._append((r.B_AND, rest, mask, ABSENT, ABSENT))
            self.masks[key] = mask
        return mask

    # Emission.

    def _append(self, instruction: Emitted) -> int:
        number = self.numbers.get(instruction)
        if number is None:
            number = len(self.record.nodes) + len(self.instructions)
            if len(self.instructions) == MAX_INSTRUCTIONS:
                raise Halt
            self.instructions.append(instruction)
            self.numbers[instruction] = number
        return number

    def emit(self, node: int, scope: Scope) -> int:
        """Return the number of a value that is a node's for the elements of a scope.

        Leaves keep the numbers of their nodes; those of instructions begin after all nodes.
        """
        op, a, b, c = self.record.nodes[node]
        if op in _LEAVES:
            return node
        self.visits += 1
        if self.visits > MAX_VISITS:
            raise Halt
        if self._is_sound(node):
            scope = ()
        done = self.emitted.setdefault(node, [])
        for wider, number in done:
            if self._within(scope, wider):
                return number
        bails = self.record.bails[node]
        if bails:
            for wider in sorted(self.scopes.get(node, ()), key=len):
                if self._within(scope, wider):
                    scope = wider
                    break
        if op in _SELECTS:
            operands = (
                self.emit(a, scope),
                self.emit(b, self.extend(scope, a, truth=True)),
                self.emit(c, self.extend(scope, a, truth=False)),
            )
        elif op in (r.B_AND, r.B_OR):
            second = self.extend(scope, a, truth=op == r.B_AND)
            operands = (self.emit(a, scope), self.emit(b, second), ABSENT)
        elif op == r.LIBM:
            operands = (self.emit(a, scope), ABSENT, c)
        else:
            operands = (self.emit(a, scope), ABSENT if b < 0 else self.emit(b, scope), ABSENT)
        number = self._append((op, *operands, self._mask(scope) if bails else ABSENT))
        done.append((scope, number))
        return number

    def _is_sound(self, node: int) -> bool:
        """Return whether nothing that a node is made of can bail out, so that any scope will do."""
        nodes, sound = self.record.nodes, self.sound
        for each in range(len(sound), node + 1):
            op, *operands = nodes[each]
            if op in _LEAVES:
                sound.append(True)
                continue
            if op == r.LIBM:
                operands = operands[:1]
            parts = all(sound[operand] for operand in operands if operand >= 0)
            sound.append(parts and not self.record.bails[each])
        return sound[node]

    def _is_covered(self, node: int, scope: Scope) -> bool:
        """Return whether an operation, or one that does its work, was emitted for a scope."""
        if any(self._within(scope, wider) for wider, _ in self.emitted.get(node, ())):
            return True
        return any(
            self._follows(scope, literal) and self._is_covered(deputy, scope)
            for literal, deputy in self.deputies.get(node, ())
        )

    def encode(self, inputs: list[int]) -> bytes:
        """Emit everything and return the bytes; halt if that is too long."""
        result = self.emit(self.result, ())
        for scope in self.bails:
            self._append((r.BAIL, ABSENT, ABSENT, ABSENT, self._mask(scope)))
        for node, scope in self.duties:
            op, first, second, _ = self.record.nodes[node]
            if self.record.may_raise(op, first, second) and not self._is_covered(node, scope):
                self.emit(node, scope)
        return encode(self.record, inputs, self.instructions, result)


def straight(record: Record, path: Path, inputs: list[int]) -> bytes | None:
    """Return the bytes of a run that never forked."""
    count = len(record.nodes)
    numbers: dict[int, int] = {-1: ABSENT}
    instructions: list[Emitted] = []
    for node, (op, a, b, c) in enumerate(record.nodes):
        if op in _LEAVES:
            numbers[node] = node
            continue
        numbers[node] = count + len(instructions)
        third: Any = c if op == r.LIBM else numbers[c]
        instructions.append((op, numbers[a], numbers[b], third, ABSENT))
    if len(instructions) > MAX_INSTRUCTIONS:
        return None
    assert path.result is not None  # noqa: S101 (a lone path that ends in Python is no program)
    return encode(record, inputs, instructions, numbers[path.result])
