"""What a traced function sees instead of the objects around it."""

import sys
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from arrayops._trace import record as r
from arrayops._trace import values as v
from arrayops._trace.check import is_message
from arrayops._trace.guards import MISSING, identical
from arrayops._trace.known import CLASSES, RANGE, Sorted, Symbolic
from arrayops._trace.record import BOOL, INT, Record
from arrayops._trace.values import Bool, Int, Value

MAX_TABLE = 32
_PLAIN = frozenset((int, float, bool, type(None), str, complex, bytes))


def is_plain(value: Any) -> bool:
    """Return whether a value is a constant that cannot change nor run user code."""
    if isinstance(value, tuple):
        return all(map(is_plain, value))
    return type(value) in _PLAIN or isinstance(value, (Members, Range))


def has_value(item: Any) -> bool:
    """Return whether something is symbolic, or a tuple with something symbolic in it."""
    return isinstance(item, Value) or (isinstance(item, tuple) and any(map(has_value, item)))


def is_text(item: Any) -> bool:
    """Return whether something is text that was made while tracing, or holds such."""
    return any(map(is_text, item)) if isinstance(item, tuple) else type(item) is str


class StandIn:
    """An object that nothing may be done to but what a subclass allows."""

    __slots__ = ("_ao_name", "_ao_reason", "_ao_record")
    __hash__: Any

    def __init__(self, record: Record, name: str, reason: str = "") -> None:
        """Stand in for an object of that name."""
        self._ao_record = record
        self._ao_name = name
        self._ao_reason = reason or f"it uses {name} in a way that is not traced"

    def _ao_refuse(self, /, *_args: Any, **_keywords: Any) -> Any:
        raise self._ao_record.stop(self._ao_reason)

    def __getattr__(self, _name: str) -> Any:
        """Refuse."""
        return self._ao_refuse()

    __call__ = __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _ao_refuse
    __hash__ = __iter__ = __len__ = __contains__ = __getitem__ = __index__ = _ao_refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = __pos__ = _ao_refuse
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _ao_refuse
    __pow__ = __rpow__ = __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = _ao_refuse
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __invert__ = __abs__ = _ao_refuse
    __matmul__ = __rmatmul__ = __divmod__ = __rdivmod__ = __int__ = __float__ = _ao_refuse
    __str__ = __repr__ = __format__ = __next__ = __round__ = _ao_refuse


class UserException(StandIn):
    """An exception class that is not Python's own: making one leaves the path to Python."""

    __slots__ = ()

    def __call__(self, /, *_args: Any, **_keywords: Any) -> Any:
        """Leave it to Python, which raises it at once."""
        if not is_message(sys._getframe(1)):
            return self._ao_refuse()
        raise self._ao_record.bail("it raises an exception of your own")


class Known(StandIn):
    """A function that can be recorded."""

    __slots__ = ("_ao_real", "_ao_symbolic")

    def __init__(self, record: Record, real: Callable[..., Any], symbolic: Symbolic) -> None:
        """Stand in for a builtin."""
        super().__init__(record, real.__name__)
        self._ao_real = real
        self._ao_symbolic = symbolic

    def __bool__(self) -> bool:
        """Be true, as functions are."""
        return True

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        """Record the call, or make it if all arguments are plain."""
        record = self._ao_record
        record.step()
        if not any(map(has_value, args)) and not any(map(has_value, keywords.values())):
            if self._ao_name == "float" and not keywords:  # `float("inf")`
                args = tuple(str.__str__(arg) if type(arg) is Text else arg for arg in args)
            if not is_plain(args) or not all(map(is_plain, keywords.values())):
                raise record.stop(f"it calls {self._ao_name} with something that is no number")
            if self._ao_name in ("inv", "invert") and args and type(args[0]) is bool:
                raise record.stop("it inverts a bool with `~`, which warns")
            result = self._ao_real(*args, **keywords)
            record.meet(bools=type(result) is bool)
            return Sorted(record, result) if type(result) is list else result
        if keywords and self._ao_name != "isclose":
            raise record.stop(f"it calls {self._ao_name} with keywords")
        try:
            result = self._ao_symbolic(record, *args, **keywords)
        except (TypeError, IndexError, AttributeError) as error:
            if r.is_foreign(error):
                raise
            raise record.stop(f"it calls {self._ao_name} in a form that is not traced") from None
        record.meet(bools=type(result) is bool)
        return result


class IsInstance(StandIn):
    """The builtin isinstance."""

    __slots__ = ()

    def __call__(self, item: Any, classes: Any, /) -> bool:
        """Answer for numbers and the classes int, float and bool."""
        record = self._ao_record
        record.meet(bools=True)
        record.must_be_real()
        # None is no number, and no path ends by it: Python goes on.
        kind = None if item is None else v.kind_of(record, item)
        for cls in classes if isinstance(classes, tuple) else (classes,):
            wanted = CLASSES.get(cls._ao_real) if isinstance(cls, Known) else None
            if wanted is None:
                raise record.stop("it uses isinstance with a class that is no number")
            if kind == wanted or (kind == BOOL and wanted == INT):
                return True
        return False


class Helper(StandIn):
    """A Python function that is traced into."""

    __slots__ = ("_ao_function",)

    def __init__(self, record: Record, function: FunctionType) -> None:
        """Stand in for a function; this one reads stand-ins itself."""
        super().__init__(record, function.__name__)
        self._ao_function = function

    def __bool__(self) -> bool:
        """Be true, as functions are."""
        return True

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        """Run it, unless it calls itself, by way of an object's methods, again and again."""
        record = self._ao_record
        record.step()
        if is_text(args) or any(map(is_text, keywords.values())):
            raise record.stop("it works with text")
        if record.depth == r.MAX_DEPTH:
            raise record.stop("its calls are nested too deeply")
        record.depth += 1
        try:
            return self._ao_function(*args, **keywords)
        finally:
            record.depth -= 1


class Bound(StandIn):
    """A function with its first argument, as a bound method is."""

    __slots__ = ("_ao_first", "_ao_function")

    def __init__(self, function: Callable[..., Any], first: StandIn) -> None:
        """Bind."""
        super().__init__(first._ao_record, "a method")
        self._ao_function = function
        self._ao_first = first

    def __bool__(self) -> bool:
        """Be true, as methods are."""
        return True

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        """Run it."""
        return self._ao_function(self._ao_first, *args, **keywords)


class Module(StandIn):
    """A module: its attributes are looked up as the function reads them."""

    __slots__ = ("_ao_found", "_ao_module", "_ao_seen", "_ao_wrap")

    def __init__(
        self, record: Record, module: ModuleType, wrap: Callable[[Any, str], Any], seen: list[Any]
    ) -> None:
        """Stand in for a module; what was read goes to `seen`."""
        super().__init__(record, str(module.__dict__.get("__name__")))
        self._ao_module = module
        self._ao_found: dict[str, Any] = {}
        self._ao_wrap = wrap
        self._ao_seen = seen

    def _ao_read(self, name: str) -> Any:
        """Return the stand-in of an attribute, if there is one."""
        if name not in self._ao_found:
            found = self._ao_module.__dict__.get(name, MISSING)
            standin, guard = MISSING, identical(MISSING)
            if found is not MISSING:
                standin, guard = self._ao_wrap(found, f"{self._ao_name}.{name}")
            self._ao_seen.append((name, guard))
            self._ao_found[name] = standin
        return self._ao_found[name]

    def _ao_read_ahead(self, name: str) -> None:
        """Read an attribute that a handler might read."""
        if self._ao_read(name) is MISSING and self._ao_read("__getattr__") is not MISSING:
            self._ao_record.doubts(f"it has a `try` and may read {self._ao_name}.{name}")

    def __getattr__(self, name: str) -> Any:
        """Return the stand-in of an attribute."""
        standin = self._ao_read(name)
        return self._ao_refuse() if standin is MISSING else standin


class Table(tuple[Any, ...]):
    """A constant tuple of numbers, which a symbolic index can look up and `in` can search."""

    __slots__ = ()

    def __contains__(self, item: object) -> bool:
        """Compare with all at once."""
        if not isinstance(item, Value):
            return tuple.__contains__(self, item)
        found: Any = False
        for each in self:
            found = found | (item == each) if found is not False else item == each
        return bool(found)

    def __getitem__(self, index: Any) -> Any:
        """Select, or index."""
        if type(index) is not Int:
            return tuple.__getitem__(self, index)
        record = index._ao_record
        kinds = {v.kind_of(record, each) for each in self}
        if len(self) > MAX_TABLE or len(kinds) != 1:
            raise record.stop("it looks up a table that is long or of mixed types")
        size = len(self)
        place: Any = index + (index < 0) * size
        if not (place >= 0) & (place < size):
            return tuple.__getitem__(self, size)  # raises as Python does
        select = (r.SELECT_INT, r.SELECT_FLOAT, r.SELECT_BOOL)[kinds.pop()]
        node = record.constant(tuple.__getitem__(self, size - 1))
        for position in range(size - 2, -1, -1):
            hit: Any = place == position
            each = record.constant(tuple.__getitem__(self, position))
            node = record.do(select, hit._ao_node, each, node)
        return v.make(record, node)


class Text(str):  # noqa: SLOT000 (it has one, in a dict)
    """A string: numbers are not to be found in it, nor made of it, nor put into it."""

    _ao_record: Record

    def __getattribute__(self, name: str) -> Any:
        """Refuse, but for what the interpreter asks for."""
        if name.startswith(("__", "_ao_")):  # which the function cannot
            return super().__getattribute__(name)
        return self._ao_refuse()

    def _ao_refuse(self, *_: Any) -> Any:
        raise self._ao_record.stop("it works with text")

    __iter__ = __mod__ = __rmod__ = __getitem__ = __contains__ = __add__ = _ao_refuse
    __mul__ = __rmul__ = _ao_refuse


Text.__name__ = "str"


def text(record: Record, value: str) -> Text:
    """Return the stand-in of a string."""
    made = Text(value)
    made._ao_record = record
    return made


def _is_hashable(item: Any) -> bool:
    if isinstance(item, tuple):
        return all(map(_is_hashable, item))
    return isinstance(item, (Value, Text)) or type(item) in _PLAIN


class Members(StandIn):
    """A constant frozenset."""

    __slots__ = ("_ao_items",)

    def __init__(self, record: Record, items: Iterable[Any]) -> None:
        """Stand in for a frozenset; the items are stand-ins, in its order."""
        super().__init__(record, "a frozenset")
        self._ao_items = Table(items)

    def __contains__(self, item: Any) -> bool:
        """Compare with all at once."""
        return item in self._ao_items if _is_hashable(item) else bool(self._ao_refuse())

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._ao_items)

    __reversed__ = None  # they have no order

    def __iter__(self) -> Iterator[Any]:
        """Yield the members in the frozenset's own order."""
        return iter(self._ao_items)

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self._ao_items)


class Range(StandIn):
    """A range of plain ints."""

    __slots__ = ("_ao_range",)

    def __init__(self, record: Record, plain: range) -> None:
        """Stand in for a range."""
        super().__init__(record, "a range")
        self._ao_range = plain

    def __iter__(self) -> Iterator[int]:
        """Yield the ints, within bounds."""
        for item in self._ao_range:
            self._ao_record.step()
            yield item

    def __reversed__(self) -> Iterator[int]:
        """Return the ints backwards, as Python does, if they are within bounds."""
        for _ in self._ao_range:
            self._ao_record.step()
        return reversed(self._ao_range)

    def __len__(self) -> int:
        """Return the number of ints."""
        return len(self._ao_range)

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._ao_range)

    def __getitem__(self, index: Any) -> Any:
        """Return one of the ints, or a part of the range."""
        found: Any = self._ao_range[index]
        return Range(self._ao_record, found) if type(found) is RANGE else found

    def __contains__(self, item: Any) -> bool:
        """Compare with the bounds."""
        if not isinstance(item, Value):
            return item in self._ao_range
        if not self._ao_range:
            return False
        low, high = sorted((self._ao_range[0], self._ao_range[-1]))
        step = abs(self._ao_range.step)
        within: Any = (item >= low) & (item <= high)  # type: ignore[operator]
        if type(item) is Int or type(item) is Bool:
            return bool(within if step == 1 else within & ((item - low) % step == 0))  # type: ignore[operator]
        if max(-low, high, step) > v.EXACT // 2:
            raise self._ao_record.stop("it searches a float in a range beyond 2**52")
        whole: Any = item % 1.0 == 0.0  # type: ignore[operator]
        return bool(within & whole & ((item - float(low)) % float(step) == 0.0))  # type: ignore[operator]


class RangeMaker(StandIn):
    """The builtin range."""

    __slots__ = ()

    def __call__(self, *bounds: Any) -> Range:
        """Make a range of plain ints."""
        record = self._ao_record
        for bound in bounds:
            if type(bound) not in (int, bool):
                raise record.stop("it has a range that is not constant")
        return Range(record, RANGE(*bounds))
