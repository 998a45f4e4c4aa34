"""Rebuilding a function over stand-ins for everything it refers to."""

import math
import operator
from collections.abc import Callable
from functools import partial
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from arrayops._trace import guards as g
from arrayops._trace import standins as s
from arrayops._trace.check import Checked, check, has
from arrayops._trace.guards import MISSING, Guard
from arrayops._trace.known import EXCEPTIONS, ISINSTANCE, KNOWN, MAKERS, RANGE
from arrayops._trace.record import TRACED, Record, article

_SCALARS = frozenset((int, float, bool, str, type(None)))
_NUMBERS = frozenset((int, float, bool))
_CONTAINERS = frozenset((str, tuple, frozenset))
_MODULES = (math, operator)  # whose attributes are looked at even if only a handler reads them
_MAX_DEPTH = 20  # of helpers that call helpers
_MAX_WEIGHT = 200  # functions that a guard looks at, one as often as others refer to it


class RefusedError(Exception):
    """A function cannot be traced; says why and where."""

    def __init__(self, reason: str, place: str = "", *, lasting: bool = False) -> None:
        """Hold the reason, the place, and whether it lies in the code alone."""
        super().__init__(reason)
        self.reason = reason
        self.place = place
        self.lasting = lasting


def _is_table(value: tuple[Any, ...]) -> bool:
    return bool(value) and all(type(each) in _NUMBERS and each == each for each in value)


def _has_nan(value: Any) -> bool:
    return any(map(_has_nan, value)) if type(value) in (tuple, frozenset) else value != value


def _is_constant(value: Any) -> bool:
    if type(value) in (tuple, frozenset):
        return all(map(_is_constant, value))
    return type(value) in _SCALARS


class Instance(s.StandIn):
    """The object of a bound method: its attributes are looked up as the function reads them."""

    __slots__ = ("_ao_item", "_ao_seen", "_ao_world")

    def __init__(self, world: "World", item: Any, seen: list[Any]) -> None:
        """Stand in for an object; what was read goes to `seen`."""
        super().__init__(world.record, "self")
        self._ao_item = item
        self._ao_world = world
        self._ao_seen = seen

    def __getattr__(self, name: str) -> Any:
        """Return an attribute's stand-in."""
        how, found = g.Attributes(self._ao_item).find(name)
        if not how:
            self._ao_seen.append((name, how, g.identical(None)))
            raise self._ao_record.stop(f"it reads self.{name}, which is not a plain attribute")
        standin, guard = self._ao_world.wrap(found, f"self.{name}")
        self._ao_seen.append((name, how, guard))
        if how == "value":
            return standin
        if not isinstance(standin, s.Helper):
            return standin._ao_refuse() if isinstance(standin, s.StandIn) else self._ao_refuse()
        if how == "property":
            return standin(self)
        return s.Bound(standin, self)

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        """Run the class's own `__call__`."""
        found = self.__getattr__("__call__")
        if not isinstance(found, s.Bound):  # its own attribute, which is not what is called
            return self._ao_refuse()
        return found(*args, **keywords)


class World:
    """The stand-ins of one trace."""

    def __init__(self, record: Record) -> None:
        """Start with nothing rebuilt."""
        self.record = record
        self.stack: list[FunctionType] = []
        self.attributes: set[str] = set()  # all names that may be read of something
        self.modules: list[s.Module] = []
        self.helpers: dict[int, tuple[FunctionType, Guard, int]] = {}
        self.weight = 0  # of what the function that is being rebuilt refers to

    def wrap(self, item: Any, name: str) -> tuple[Any, Guard]:
        """Return an object's stand-in and its guard."""
        kind = g.type_of(item)
        self.record.meet(bools=has(bool, item))
        if kind in _SCALARS:
            return s.text(self.record, item) if kind is str else item, g.same(item)
        known = KNOWN.get(id(item))
        if known is not None:
            self.record.keeps_tuples |= item in MAKERS
            return s.Known(self.record, *known), g.identical(item)
        if kind is FunctionType:
            return self._helper(item, name)
        if kind is ModuleType:
            seen: list[Any] = []
            module = s.Module(self.record, item, self.wrap, seen)
            self.modules.append(module)
            if item not in _MODULES:
                self.record.doubts(f"it has a `try` and uses the module {name}")
            return module, g.module(seen)
        return self._rare(item, name)

    def instance(self, item: Any, seen: list[Any]) -> Instance:
        """Return the stand-in of a bound method's object."""
        self.record.doubts("it has a `try` and is a method: its object might do anything there")
        return Instance(self, item, seen)

    def read_ahead(self) -> None:
        """Read whatever a handler may read of a module that no path has come to.

        Where Python raises and the engine only bails out, handlers are Python's: there must be
        nothing in them that is not looked at.
        """
        done = 0
        while done < len(self.modules) * len(self.attributes):  # more may come of what is read
            done = len(self.modules) * len(self.attributes)
            for module in tuple(self.modules):
                for name in tuple(self.attributes):
                    module._ao_read_ahead(name)

    def _rare(self, item: Any, name: str) -> tuple[Any, Guard]:
        kind = g.type_of(item)
        if kind in (tuple, frozenset) and _is_constant(item):
            return self._constant(item), g.identical(item)
        if kind is RANGE:
            return s.Range(self.record, item), g.identical(item)
        if item is RANGE:
            return s.RangeMaker(self.record, name), g.identical(item)
        if item is ISINSTANCE:
            return s.IsInstance(self.record, name), g.identical(item)
        if kind is type and item in EXCEPTIONS:
            return item, g.identical(item)
        if g.is_user_exception(item):
            # What a handler catches cannot be told by a stand-in.
            self.record.doubts(f"it has a `try` and uses the exception {name}")
            return s.UserException(self.record, name), g.USER_EXCEPTION
        self.record.doubts(f"it has a `try` and uses {name}")
        if g.is_class(item):
            what = "the class"
        else:
            is_function = kind is BuiltinFunctionType
            what = "the function" if is_function else f"{article(g.name_of(item))}:"
        guard = g.UNKNOWN if g.is_unknown(item) else g.identical(item)
        return s.StandIn(self.record, name, f"it uses {what} {name}"), guard

    def _helper(self, fn: FunctionType, name: str) -> tuple[Any, Guard]:
        code = fn.__code__
        if fn in self.stack:
            return self._refused(name, f"{name} calls itself"), g.has_code(code)
        if len(self.stack) > _MAX_DEPTH:
            return self._refused(name, "it is nested too deeply"), g.has_code(code)
        done = self.helpers.get(id(fn))
        if done is None:
            before, self.weight = self.weight, 1
            try:
                rebuilt, parts = self.rebuild(fn)
            except RefusedError as refused:
                reason = f"it calls {name}, and {refused.reason}"
                return self._refused(name, reason), g.has_code(code)
            finally:
                weight, self.weight = self.weight, before
            done = self.helpers[id(fn)] = rebuilt, g.function(parts), weight
        self.weight += done[2]
        if self.weight > _MAX_WEIGHT:
            return self._refused(name, "it refers to too many functions"), g.has_code(code)
        # Not the same stand-in each time: whether they are one may change.
        return s.Helper(self.record, done[0]), done[1]

    def _refused(self, name: str, reason: str) -> s.StandIn:
        self.record.doubts(f"it has a `try` and uses {name}: {reason}")
        return s.StandIn(self.record, name, reason)

    def _constant(self, item: Any) -> Any:
        """Return a constant's stand-in: containers of numbers can be searched and looked up."""
        kind = type(item)
        if kind is str:
            return s.text(self.record, item)
        if kind not in (tuple, frozenset):
            return item
        if kind is tuple and _is_table(item):
            return s.Table(item)
        # A NaN is found where it is the very object that is searched for.
        self.record.keeps_tuples |= _has_nan(item)
        items = tuple(map(self._constant, item))
        return items if kind is tuple else s.Members(self.record, items)

    def rebuild(self, fn: FunctionType) -> tuple[FunctionType, g.Function]:
        """Return a function over stand-ins, and what it depends on."""
        code = fn.__code__
        found = check(code)
        if found.reason is not None:
            place = f"{code.co_filename}:{found.line}, in {code.co_name}"
            raise RefusedError(found.reason, place, lasting=True)
        self.stack.append(fn)
        try:
            return self._rebuild(fn, code, found)
        finally:
            self.stack.pop()

    def _rebuild(
        self, fn: FunctionType, code: CodeType, found: Checked
    ) -> tuple[FunctionType, g.Function]:
        record = self.record
        record.keeps_tuples |= found.keeps_tuples
        record.handler |= found.has_handler
        record.meet(inverts=found.inverts)
        self.attributes.update(found.attributes)
        parts = g.Function(code)
        parts.is_bare = record.handler
        if fn.__dict__:
            record.doubts(f"it has a `try` and attributes: {fn.__name__}")
        scope: dict[str, Any] = {"__builtins__": {}, "__name__": TRACED}
        if found.names:
            self._names(fn, found, parts, scope)
        cells = []
        for name, cell in zip(code.co_freevars, fn.__closure__ or (), strict=True):
            try:
                item = cell.cell_contents
            except ValueError:
                raise RefusedError(f"its variable {name} has no value yet") from None
            standin, guard = self.wrap(item, name)
            parts.cells.append(guard)
            cells.append(CellType(standin))
        if not g.has_plain_defaults(fn):
            raise RefusedError("its defaults are no plain tuple or dict")
        defaults = []
        for item in fn.__defaults__ or ():
            standin, guard = self.wrap(item, "a default")
            parts.defaults.append(guard)
            defaults.append(standin)
        if any(type(each) in _CONTAINERS for each in code.co_consts):
            code = code.replace(co_consts=tuple(map(self._constant, code.co_consts)))
        rebuilt = FunctionType(
            code, scope, fn.__name__, tuple(defaults) or None, tuple(cells) or None
        )
        if fn.__kwdefaults__:
            keywords = {}
            for name, item in fn.__kwdefaults__.items():
                keywords[name], parts.keywords[name] = self.wrap(item, name)
            rebuilt.__kwdefaults__ = keywords
        return rebuilt, parts

    def _names(
        self, fn: FunctionType, found: Checked, parts: g.Function, scope: dict[str, Any]
    ) -> None:
        outer = fn.__builtins__
        if not g.has_plain_names(fn):
            raise RefusedError("its globals are no plain dict")
        for name in found.names:
            item = fn.__globals__.get(name, MISSING)
            if item is not MISSING:
                standin, guard = self.wrap(item, name)
                scope[name] = standin
                kept = guard[1] if guard[0] in g.BY_VALUE else g.NOTHING
                parts.globals.append((name, kept, guard))
                continue
            item = outer.get(name, MISSING)
            if item is MISSING:
                parts.builtins.append((name, g.identical(MISSING)))
                continue
            standin, guard = self.wrap(item, name)
            scope[name] = standin
            parts.builtins.append((name, guard))


class Root:
    """The function to trace: how to call it, and what it depends on."""

    __slots__ = ("call", "guard", "place")

    def __init__(self, call: Callable[..., Any], guard: Guard, place: str = "") -> None:
        """Hold both."""
        self.call = call
        self.guard = guard
        self.place = place


def root(world: World, fn: Any) -> Root:
    """Rebuild a callable of any of the kinds that can be traced."""
    kind = type(fn)
    if kind is FunctionType:
        rebuilt, parts = world.rebuild(fn)
        return Root(rebuilt, g.function(parts), fn.__code__.co_name)
    if id(fn) in KNOWN:
        standin, guard = world.wrap(fn, fn.__name__)
        return Root(standin, guard, fn.__name__)
    seen: list[Any] = []
    if kind is MethodType:
        if type(fn.__func__) is not FunctionType or g.is_class(fn.__self__):
            raise RefusedError("it is a method of a class, or not written in Python")
        rebuilt, parts = world.rebuild(fn.__func__)
        instance = world.instance(fn.__self__, seen)
        return Root(s.Bound(rebuilt, instance), g.method(parts, seen), fn.__func__.__name__)
    if kind is partial:
        return _partial_root(world, fn)
    written, call = g.call_of(fn)
    if not written or g.is_class(fn):
        name = article(g.name_of(fn))
        raise RefusedError(f"it is {name}, not a function written in Python")
    rebuilt, parts = world.rebuild(call)
    instance = world.instance(fn, seen)
    return Root(s.Bound(rebuilt, instance), g.callable_object(parts, seen), g.name_of(fn))


def _partial_root(world: World, fn: Any) -> Root:
    inner = root(world, fn.func)
    args, arg_guards = [], []
    for item in fn.args:
        if item is g.PLACEHOLDER:
            raise RefusedError("it is a partial with a placeholder")
        standin, guard = world.wrap(item, "an argument of partial")
        args.append(standin)
        arg_guards.append(guard)
    keywords, keyword_guards = {}, {}
    for name, item in fn.keywords.items():
        keywords[name], keyword_guards[name] = world.wrap(item, name)
    guard = g.partial_object(inner.guard, arg_guards, keyword_guards)
    return Root(partial(inner.call, *args, **keywords), guard, inner.place)
