"""The bytes of a program, as the expression engine reads them."""

from struct import pack

from arrayops._trace import record as r
from arrayops._trace.record import FLOAT, Record

VERSION = 1
ABSENT = 0xFFFF
# An instruction: operation, three operands, mask.
Emitted = tuple[int, int, int, int, int]


def _can_raise(record: Record, instruction: Emitted) -> bool:
    op, *operands = instruction[:3]
    count = len(record.nodes)
    first, second = (each if each < count else None for each in operands)
    return record.may_raise(op, first, second)


def encode(record: Record, inputs: list[int], instructions: list[Emitted], result: int) -> bytes:
    """Encode, without what is neither used nor may raise.

    Operands below the number of nodes are inputs and constants, the others instructions; those are
    bounded, so that there is a number for each.
    """
    first = len(record.nodes)
    used = {result}
    kept: list[int] = []
    for position in range(len(instructions) - 1, -1, -1):
        op, a, b, c, mask = instruction = instructions[position]
        if first + position in used or _can_raise(record, instruction):
            kept.append(position)
            used.update((a, b, mask) if op == r.LIBM else (a, b, c, mask))
    kept.reverse()
    numbers = {ABSENT: ABSENT}
    constants = []
    count = len(inputs)
    for node in sorted(each for each in used if each < first):
        op, a, _kind, _ = record.nodes[node]
        if op == r.INPUT:
            numbers[node] = a
            continue
        value = record.constant_of(node)
        constants.append(pack("<Bd", a, value) if a == FLOAT else pack("<Bq", a, int(value)))
        numbers[node] = count + len(constants) - 1
    count += len(constants)
    numbers.update((first + position, count + index) for index, position in enumerate(kept))
    code = []
    for position in kept:
        op, a, b, c, mask = instructions[position]
        third = c if op == r.LIBM else numbers[c]
        code.append(pack("<BHHHH", op, numbers[a], numbers[b], third, numbers[mask]))
    return b"".join(
        (
            pack("<BB", VERSION, len(inputs)),
            bytes(inputs),
            pack("<H", len(constants)),
            *constants,
            pack("<H", len(code)),
            *code,
            pack("<H", numbers[result]),
        )
    )
