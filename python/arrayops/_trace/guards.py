"""What a trace depends on, and whether it still holds.

A guard describes an object as it was when the trace was made, without keeping it alive: constants
by value, builtins by identity, Python functions by their code and by what they refer to in turn.
"""

import functools
from collections.abc import Callable
from functools import partial
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from arrayops._trace.known import EXCEPTIONS, ISINSTANCE, KNOWN, RANGE

MISSING: Any = type("Missing", (), {})()
PLACEHOLDER: Any = getattr(functools, "Placeholder", MISSING)  # new in Python 3.14
NOTHING: Any = type("Nothing", (), {})()  # found nowhere, not even where something is missing
_SCALARS = frozenset((int, float, bool, str, type(None)))
# Of a class by itself: its metaclass is not asked.
_MRO = type.__dict__["__mro__"].__get__
_NAMES = type.__dict__["__dict__"].__get__
_NAME = type.__dict__["__name__"].__get__
_PYTHONS_OWN = frozenset((type(MISSING), WrapperDescriptorType, BuiltinFunctionType))

Guard = tuple[Callable[[Any, Any], bool], Any]


def _is_same(payload: Any, found: Any) -> bool:
    """Payload: a constant. Equal is enough, but of the same type and the same zero.

    A NaN equals none: it has a sign, and `in` tells one from another.
    """
    if found is payload:
        return True
    kind = type(payload)
    if type(found) is not kind or kind not in _SCALARS or found != payload:
        return False
    return kind is not float or payload != 0.0 or found.hex() == payload.hex()


def _is_identical(payload: Any, found: Any) -> bool:
    return found is payload


def type_of(found: Any) -> Any:
    """Return an object's type; if that is no plain class, and might answer for itself, `object`."""
    kind = type(found)
    return kind if type(kind) is type else object


def name_of(found: Any) -> str:
    """Return the name of an object's type, without asking it."""
    return str(_NAME(type(found)))


def is_class(found: Any) -> bool:
    """Return whether an object is a class, without asking it."""
    return issubclass(type(found), type)


def is_unknown(found: Any) -> bool:
    """Return whether an object is none that a trace can look into."""
    kind = type_of(found)
    return not (
        found is MISSING
        or found is PLACEHOLDER
        or kind in _SCALARS
        or kind in (tuple, RANGE, frozenset, FunctionType, ModuleType)
        or id(found) in KNOWN
        or found is ISINSTANCE
        or found is RANGE
    )


def is_user_exception(found: Any) -> bool:
    """Return whether an object is an exception class, none of `EXCEPTIONS`, that makes no others.

    Making one runs no code, then, but what is Python's own.
    """
    return (
        type(found) is type
        and issubclass(found, BaseException)
        and found not in EXCEPTIONS
        and all(
            type(base.__dict__.get(name, MISSING)) in _PYTHONS_OWN
            for base in found.__mro__
            for name in ("__init__", "__new__")
        )
    )


def _still_unknown(_payload: Any, found: Any) -> bool:
    return is_unknown(found)


def _still_exception(_payload: Any, found: Any) -> bool:
    return is_user_exception(found)


def _is_any(_payload: Any, _found: Any) -> bool:
    return True


def _has_code(payload: Any, found: Any) -> bool:
    return type(found) is FunctionType and found.__code__ is payload


def same(value: Any) -> Guard:
    """Guard a constant by value."""
    return (_is_same, value)


def identical(value: Any) -> Guard:
    """Guard an object that lives as long as the process, or a constant, by identity."""
    return (_is_identical, value)


# Guards that hold at once for the very object that they were made from.
BY_VALUE = frozenset((_is_same, _is_identical))
UNKNOWN: Guard = (_still_unknown, None)
USER_EXCEPTION: Guard = (_still_exception, None)
# Of a refusal that lies in the code, by which traces are found.
ALWAYS: Guard = (_is_any, None)


def has_plain_names(fn: FunctionType) -> bool:
    """Return whether a function's names are looked up in plain dicts."""
    return type(fn.__globals__) is dict and type(fn.__builtins__) is dict


def has_plain_defaults(fn: FunctionType) -> bool:
    """Return whether a function's defaults are kept in a plain tuple and a plain dict."""
    defaults, keywords = fn.__defaults__, fn.__kwdefaults__
    return (defaults is None or type(defaults) is tuple) and (
        keywords is None or type(keywords) is dict
    )


def has_code(code: CodeType) -> Guard:
    """Guard a function that cannot be traced, whatever it refers to."""
    return (_has_code, code)


class Function:
    """What a trace depends on in a Python function."""

    __slots__ = ("builtins", "cells", "code", "defaults", "globals", "is_bare", "keywords")

    def __init__(self, code: CodeType) -> None:
        """Depend on the code; the tracer adds the rest."""
        self.code = code
        self.is_bare = False  # it is to have no attributes
        self.globals: list[tuple[str, Any, Guard]] = []  # with the constant, for a first look
        self.builtins: list[tuple[str, Guard]] = []  # names that must not be among the globals
        self.cells: list[Guard] = []
        self.defaults: list[Guard] = []
        self.keywords: dict[str, Guard] = {}

    def holds(self, fn: FunctionType) -> bool:
        """Return whether a function with this code still is as it was."""
        if self.is_bare and fn.__dict__:
            return False
        if (self.globals or self.builtins) and not has_plain_names(fn):
            return False
        if self.globals:
            scope = fn.__globals__
            for name, first, (test, payload) in self.globals:
                found = scope.get(name, MISSING)
                if found is not first and not test(payload, found):
                    return False
        if self.builtins:
            scope, outer = fn.__globals__, fn.__builtins__
            for name, (test, payload) in self.builtins:
                if name in scope or not test(payload, outer.get(name, MISSING)):
                    return False
        if self.cells:
            for cell, (test, payload) in zip(fn.__closure__ or (), self.cells, strict=True):
                try:
                    found = cell.cell_contents
                except ValueError:
                    found = MISSING
                if not test(payload, found):
                    return False
        defaults, keywords = fn.__defaults__, fn.__kwdefaults__
        if defaults is None and keywords is None:
            return not (self.defaults or self.keywords)
        return (
            has_plain_defaults(fn)
            and all_hold(self.defaults, defaults or ())
            and keywords_hold(self.keywords, keywords or {})
        )


def all_hold(guards: list[Guard], found: tuple[Any, ...]) -> bool:
    """Return whether guards hold for as many objects."""
    if len(guards) != len(found):
        return False
    return all(test(payload, item) for (test, payload), item in zip(guards, found, strict=True))


def keywords_hold(guards: dict[str, Guard], found: dict[str, Any]) -> bool:
    """Return whether guards hold for objects of the same names."""
    if guards.keys() != found.keys():
        return False
    return all(test(payload, found[name]) for name, (test, payload) in guards.items())


def _function_holds(payload: Any, found: Any) -> bool:
    return type(found) is FunctionType and found.__code__ is payload.code and payload.holds(found)


def function(parts: Function) -> Guard:
    """Guard a Python function and what it refers to."""
    return (_function_holds, parts)


def _module_holds(payload: Any, found: Any) -> bool:
    if type(found) is not ModuleType:
        return False
    scope = found.__dict__
    return all(test(wanted, scope.get(name, MISSING)) for name, (test, wanted) in payload)


def module(seen: list[tuple[str, Guard]]) -> Guard:
    """Guard the attributes of a module that were read."""
    return (_module_holds, seen)


def _names_of(kind: type) -> list[Any]:
    """Return the attributes of a class and those that it comes from."""
    return [_NAMES(base) for base in _MRO(kind)]


def _first(classes: list[Any], name: str) -> Any:
    for names in classes:
        found = names.get(name, MISSING)
        if found is not MISSING:
            return found
    return MISSING


def _of_class(kind: type, name: str) -> Any:
    """Look up an attribute of a class."""
    return _first(_names_of(kind), name)


class Attributes:
    """The attributes of an object, looked up without running user code."""

    __slots__ = ("classes", "item", "own")

    def __init__(self, item: Any) -> None:
        """Look at what is the same for all of them."""
        self.item = item
        self.classes = _names_of(type(item))
        self.own: Any = None  # by itself: None if it has none, or MISSING if unclear
        if _first(self.classes, "__getattribute__") is not object.__getattribute__:
            self.classes = []
            self.own = MISSING
            return
        found = _first(self.classes, "__dict__")
        if found is not MISSING:
            own = item.__dict__ if type(found) is GetSetDescriptorType else MISSING
            self.own = own if type(own) is dict else MISSING

    def find(self, name: str) -> tuple[str, Any]:
        """Look up one: how it was found, and what.

        How: "value", "method", "property", or "" for whatever would run code that cannot be traced.
        """
        found = _first(self.classes, name)
        how = type(found)
        if how is property:
            # Where it raises AttributeError, `__getattr__` is asked.
            is_last = _first(self.classes, "__getattr__") is MISSING
            return ("property", found.fget) if is_last else ("", None)
        if how is MemberDescriptorType:
            try:
                return "value", found.__get__(self.item)
            except (AttributeError, TypeError):
                return "", None
        own = self.own
        if own is MISSING:
            return "", None
        if own is not None and name in own:
            # A descriptor that sets or deletes comes first.
            if found is MISSING or all(
                _of_class(how, each) is MISSING for each in ("__set__", "__delete__")
            ):
                return "value", own[name]
            return "", None
        if how is FunctionType:
            return "method", found
        if found is MISSING or (how not in _SCALARS and how is not tuple):
            return "", None
        return "value", found


def _instance_holds(payload: Any, found: Any) -> bool:
    if not payload:
        return True
    attributes = Attributes(found)
    for name, how, (test, wanted) in payload:
        now, value = attributes.find(name)
        if now != how or not test(wanted, value):
            return False
    return True


def _method_holds(payload: Any, found: Any) -> bool:
    parts, seen = payload
    return (
        type(found) is MethodType
        and _function_holds(parts, found.__func__)
        and _instance_holds(seen, found.__self__)
    )


def method(parts: Function, seen: list[tuple[str, str, Guard]]) -> Guard:
    """Guard a bound method."""
    return (_method_holds, (parts, seen))


def _callable_holds(payload: Any, found: Any) -> bool:
    parts, seen = payload
    how, call = call_of(found)
    return how and _function_holds(parts, call) and _instance_holds(seen, found)


def call_of(item: Any) -> tuple[bool, Any]:
    """Return whether the class of an object has a `__call__` written in Python, and that."""
    found = _of_class(type(item), "__call__")
    return type(found) is FunctionType, found


def callable_object(parts: Function, seen: list[tuple[str, str, Guard]]) -> Guard:
    """Guard an object whose class has `__call__`."""
    return (_callable_holds, (parts, seen))


def _partial_holds(payload: Any, found: Any) -> bool:
    (test, wanted), args, keywords = payload
    return (
        type(found) is partial
        and test(wanted, found.func)
        and all_hold(args, found.args)
        and keywords_hold(keywords, found.keywords)
    )


def partial_object(inner: Guard, args: list[Guard], keywords: dict[str, Guard]) -> Guard:
    """Guard a functools.partial."""
    return (_partial_holds, (inner, args, keywords))
