"""Functions for which a trace, or its guard, answered otherwise than Python."""

import functools
import itertools
import math
import signal
import subprocess
import sys
import types
from array import array
from functools import partial
from typing import Any

import arrayops as ao
import oracles
import pytest
from arrayops import _trace
from arrayops._trace import guards
from arrayops._trace.explore import trace
from comparison import outcome
from test_tracer_world import METHOD, SOME, SOME_FLOATS, assert_changes_are_noticed, namespace
from traced_samples import LONGS, assert_as_per_element, assert_same_outcome

CALLS = "class M:\n def __call__(self, x): return x + 1\n def run(self, x): return self(x) * 2\n"
GUARDED = (
    "def g(x): raise E\ndef h(x):\n try: return g(x)\n except TypeError: return 2\n"
    " except ValueError: return 3\ndef f(x): return g(x) if x < -10000 else h(x)"
)
CHANGES: dict[str, tuple[str, tuple[str, ...]]] = {
    # Guards that raise.
    "method_then_function": (
        "class M:\n def run(self, x=3): return x + 1\nm = M()\nf = m.run",
        ("f = M.run", "f = partial(m.run)", "f = partial(M.run, 5)", "f = m.run"),
    ),
    "call_then_object": (
        "class M:\n def __call__(self, x=3): return x + 1\nm = M()\nf = m.__call__",
        ("f = m", "f = M.__call__", "f = m.__call__"),
    ),
    "long_int": (
        "K = 10**5000\ndef f(x): return x if x < K else -x",
        ("K = 10**5000 + 0", "K = -(10**5000)", "K = 5"),
    ),
    "slot_of_another_class": (
        METHOD.replace("k = 2", "pass") + "\nclass O: __slots__ = ('k',)\nm.k = 3",
        ("M.k = O.k",),
    ),
    "class_that_cannot_be_asked_for": (
        (
            "class E(Exception): pass\nclass P:\n @property\n def __class__(self): raise OSError\n"
            "def f(x):\n if x == 5000: raise E\n return x"
        ),
        ("E = P()",),
    ),
    # Identity.
    "nan": (
        "K = L = math.nan\ndef f(x): return x if (K,) == (L,) else -x",
        ("L = float('nan')", "K = L", "K = 1; L = 1"),
    ),
    "nan_in_a_tuple": (
        "K = math.nan\nT = (K, 'a')\ndef f(x): return x if K in T else -x",
        ("K = float('nan')", "T = (K, 'b')"),
    ),
    "function": (
        "def h(x): return x\ng = h\ndef f(x): return x if (h,) == (g,) else -x",
        ("g = types.FunctionType(h.__code__, globals())", "g = h"),
    ),
    # Attributes.
    "descriptor_with_delete": (
        (
            "class D:\n def __get__(self, item, kind=None): return 5\n"
            " def __delete__(self, item): pass\n"
        )
        + METHOD,
        ("M.k = D(); m.__dict__['k'] = 2", "M.k = 3"),
    ),
    "call_of_an_object_itself": (
        CALLS + "m = M()\nf = m.run",
        ("m.__call__ = lambda x: x * 100", "del m.__call__"),
    ),
    "attributes_in_another_kind_of_dict": (
        "from collections import OrderedDict\n" + METHOD,
        ("m.__dict__ = OrderedDict(k=5)", "m.__dict__['k'] = 6", "m.__dict__ = {}"),
    ),
    "dict_that_is_none": (METHOD, ("M.__dict__",)),
    "attribute_named_dict": (METHOD.replace("k = 2", "k = 2; __dict__ = {'k': 7}"), ("M.k = 3",)),
    "property_without_value": (
        (
            "class M:\n @property\n def k(self): raise AttributeError\n def run(self, x):\n"
            "  try: return x * self.k\n  except AttributeError: return 1\nf = M().run"
        ),
        ("M.__getattr__ = lambda self, name: 5", "del M.__getattr__"),
    ),
    # Exceptions that were met before the `try`.
    "class_raised": ("class E(ValueError): pass\n" + GUARDED, ("class E(KeyError): pass",)),
    "exception_raised": ("E = ValueError()\n" + GUARDED, ("E = TypeError()",)),
    "class_passed": (
        (
            "class E(ValueError): pass\ndef h(x, e):\n try:\n  try: return 7 // int(x)\n"
            "  except e: return 1\n except TypeError: return 2\n"
            " except ZeroDivisionError: return 3\ndef f(x):\n e = E\n return h(x, e)"
        ),
        ("E = ZeroDivisionError",),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_between_calls_is_noticed(name: str) -> None:
    data = array("h", [0, 1, 2, 3]) * 75 if name == "class_passed" else SOME
    assert_changes_are_noticed(*CHANGES[name], data)


@pytest.mark.parametrize("of", ["globals", "builtins"])
def test_names_of_another_kind_of_dict_after_a_plain_one(of: str) -> None:
    class Names(dict[str, Any]):
        """Has another value when asked for a name."""

        def __getitem__(self, name: str) -> Any:
            return 7 if name == "k" else super().__getitem__(name)

    code = (lambda x: x + k).__code__  # type: ignore[name-defined] # noqa: F821
    for kind in (dict, Names):
        scope = kind(k=1) if of == "globals" else {"__builtins__": kind(k=1)}
        assert_as_per_element(types.FunctionType(code, scope), SOME)


@pytest.mark.parametrize(
    "source",
    [
        "S = frozenset((1, 2))\nT = frozenset((2, 1))\ndef f(x): return x if S == T else -x",
        "S = frozenset((1, 2))\nT = frozenset((2, 1))\ndef f(x): return x if S != T else -x",
        "S = frozenset((1, 2))\nT = frozenset((2, 1))\ndef f(x): return x if S in (T,) else -x",
        "S = frozenset((1, 2))\ndef f(x):\n try: return len(S & S)\n except TypeError: return 0",
        "S = frozenset((1, 2))\ndef f(x):\n try: return x + (S <= S)\n except TypeError: return 0",
        ("S = frozenset((1, 2))\n"
        "def f(x):\n try: return x + S.isdisjoint(S)\n except AttributeError: return 0"),
        "S = frozenset((1, 2))\ndef f(x): return x + len(f'{S}')",
        "S = frozenset((1, 2))\ndef f(x): return x + len('%s' % S)",
        "R = range(3)\ndef f(x): return x + len(f'{R}')",
        "R = range(3)\ndef f(x): return x + len('%r' % (R,))",
        "R = range(3)\ndef f(x): return x + len(f'{ValueError(R)}')",
        ("class M:\n def h(self): pass\n def run(self, x): return x if self.h == self.h else -x\n"
        "f = M().run"),
        ("class M:\n def h(self): pass\n def run(self, x): return x + (len(f'{self.h}') > 50)\n"
        "f = M().run"),
        "def f(x): return x + (sorted((2, 1)) in {1, 2})",
        "K = []\nS = frozenset()\ndef f(x): return x + (K in S)",
        # Text that comes to the function by itself.
        *(
            f"def f(x):\n for k in {items}:\n  try: return len(k % (x > 2, 5))\n"
            "  except TypeError: return -7"
            for items in ("{'%*d'}", "(b'%*d', b'')", "{b'%*d'}", "frozenset(('%*d',))")
        ),
        ("S = frozenset(('%*d',))\n"
        "def f(x):\n for k in S:\n  try: return len(k % (x > 2, 5))\n"
        "  except TypeError: return -7"),
        ("def f(x):\n for k in {'a,b'}:\n  l = k.split(',')\n  l.append(min(math.nan, x))\n"
        "  return math.nan in l"),
        ("def f(x):\n try:\n  s = f'{1}%*d'\n  raise ValueError(s)\n except ValueError:\n"
        "  try: return len(s % (x > 2, 5))\n  except TypeError: return -7"),
        ("def g(s, x):\n try: s % (x > 2, 5)\n except TypeError: return KeyError()\n"
        " return ValueError()\n"
        "def f(x):\n try: raise g(f'{1}%*d', x)\n except ValueError: return 1\n"
        " except KeyError: return 2"),
        # Where the tracer itself cannot compute with a constant.
        ("R = range(0, 1, 10**400)\n"
        "def f(x):\n try: return 1 if x in R else 0\n except OverflowError: return 2"),
        # Methods are made when they are read.
        ("class M:\n T = (1, 2)\n def run(self, x): return x + (self.T.count == self.T.count)\n"
        "f = M().run"),
        ("T = U = (1, 2)\ndef f(x): return x + (T.index in (U.index,))"),
        *(
            f"K = '3'\ndef f(x): return {call}"
            for call in (
                "x + K", "x - K", "x * K", "x // K", "x % K", "divmod(x, K)[0]", "x + '3'",
                "x + b'3'", "x ** K", "math.fmod(x, K)", "math.atan2(K, x)", "math.pow(x, K)",
                "math.copysign(x, K)", "math.isclose(x, K)", "operator.add(x, K)",
            )
        ),
    ],
)  # fmt: skip
def test_result_is_that_of_python(source: str) -> None:
    fn = namespace(source)["f"]
    assert_as_per_element(fn, SOME)
    assert_as_per_element(fn, SOME_FLOATS)
    assert_as_per_element(fn, array("d", [2.5] * 300))


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit", "MemoryError"])
def test_exception_that_is_not_raised_ends_nothing(error: str) -> None:
    fn = namespace(f"def f(x):\n if x > 10000: raise {error}\n return x")["f"]
    assert_as_per_element(fn, SOME)
    assert "f(x)" in ao.explain(fn)


def test_int_that_no_memory_holds_is_left_to_python() -> None:
    """It is made while the function is traced, if it is all of constants."""
    fn = namespace("def f(x): return 7 << 10**18 if x > 10000 else x * 2")["f"]
    assert_as_per_element(fn, SOME)
    assert "native, as x * 2 (some elements in Python)" in ao.explain(fn)
    taken = array("q", [1, 2, 10_001]) * 3000
    for _ in range(2):
        with pytest.raises(MemoryError):
            ao.map(taken, fn)


def test_exception_that_changes_a_global_is_not_overlooked() -> None:
    source = "K = 1\nclass E(Exception):\n def __init__(self):\n  global K\n  K += 1\n"
    names = namespace(source + "def f(x):\n if x == 5: E()\n return x * K")
    data = array("h", [5] + [7] * 100_000)
    for times in (2, 3, 4):
        assert ao.map(data, names["f"], typecode="q") == array(
            "q", [5 * times] + [7 * times] * 100_000
        )


# Python calls what the engine leaves out, and that may change what the rest is computed with.
WORLD = "n = 0\ndef note(*_):\n global n\n n += 1\n return 0\n"
ROOT = (
    " def run(self, x):\n  try: return math.pow(x, 0.5) + n\n  except ValueError: return {}\n"
    "f = M().run"
)
NOTING: list[str] = [
    "def f(x):\n try: return math.pow(x, 0.5) + n\n except ValueError: return note()",
    "def f(x):\n try: return int(1 / (x + 1)) + n\n except ArithmeticError: return note()",
    (
        "m = module(n=0)\ndef bad():\n m.n += 1\n return 0\nm.bad = bad\n"
        "def f(x):\n try: return math.pow(x, 0.5) + m.n\n except ValueError: return m.bad()"
    ),
    (
        "class M:\n n = 0\n def mark(self):\n  self.n += 1\n  return 0\n def run(self, x):\n"
        "  try: return math.pow(x, 0.5) + self.n\n  except ValueError: return self.mark()\n"
        "f = M().run"
    ),
    (
        "class M:\n @property\n def bad(self): return note()\n def run(self, x):\n"
        "  try: return math.pow(x, 0.5) + n\n  except ValueError: return self.bad\nf = M().run"
    ),
    (
        "class M:\n def __getattr__(self, name): return note()\n def run(self, x):\n"
        "  try: return math.pow(x, 0.5) + n\n  except ValueError: return self.bad\nf = M().run"
    ),
    (
        "m = module(__getattr__=note)\n"
        "def f(x):\n try: return math.pow(x, 0.5) + n\n except ValueError: return m.bad"
    ),
    "def f(x):\n if x == -1: return note(f'{x}')\n return x * 1.0 + n",
    (
        "class K:\n def __format__(self, _): return str(note())\nk = K()\n"
        "def f(x):\n if x < 0: return len(f'{x}{k}')\n return x + n"
    ),
    (
        "class E(Exception):\n def __add__(self, _): return note()\n"
        "def f(x):\n if x == -1: return E() + 1\n return x + n"
    ),
    (
        "class K:\n def __bool__(self): return bool(note())\nk = K()\n"
        "def f(x): return (k if x < 0 else x + n) and 1"
    ),
    "class M:\n def __neg__(self): return note()\n" + ROOT.format("-self"),
    "class M:\n def __bool__(self): return note() > 0\n" + ROOT.format("5 if self else 6"),
    (
        "class M:\n def __repr__(self): return str(note())\n def run(self, x):\n"
        "  try:\n   try: return math.pow(x, 0.5) + n\n"
        "   except ValueError: raise TypeError(f'{self.run}')\n"
        "  except TypeError: return 0\nf = M().run"
    ),
    (
        "def h(y): return y\nh.bad = note\n"
        "def f(x):\n try: return math.pow(x, 0.5) + n\n except ValueError: return h.bad()"
    ),
    # None is no number, and no error.
    "def f(x, k=None): return note() if x < 0 and not isinstance(k, float) else x + n",
    "def f(x, k=None): return x + n if x > 0 or isinstance(k, (int, float)) else note()",
    # Powers that are complex.
    "def f(x):\n y = x ** 0.5\n return y + n if isinstance(y, float) else note()",
    "def f(x):\n y = pow(x, 0.5)\n return note() if y.imag else y + n",
]


def assert_same_worlds(source: str, changes: tuple[str, ...], function: str = "map") -> None:
    """Compare calls in two modules, each with its own globals, after each change of both.

    A single element in the first block is one that the engine gives up.
    """
    data = array("d", [4.0] * 500 + [-1.0] + [4.0] * 6000)
    options = {"typecode": "d"} if function == "map" else {}
    ours, theirs = namespace(source), namespace(source)
    for change in changes:
        for names in (ours, theirs):
            exec(change, names)  # noqa: S102 - our own text
        wanted = outcome(getattr(oracles, function), data, theirs["f"], **options)
        assert_same_outcome(outcome(getattr(ao, function), data, ours["f"], **options), wanted)


@pytest.mark.parametrize(
    "left_to_python",
    [
        " for k in {'%s'}:\n  if x == 5:\n   s = k % x\n   return note()",
        " if x == 5:\n  x * 0.5 in R\n  return note()",
    ],
)
def test_what_python_goes_on_to_after_it_is_called_is_not_overlooked(left_to_python: str) -> None:
    source = f"{WORLD}R = range(0, 1, 10**400)\ndef f(x):\n{left_to_python}\n return n"
    data = array("h", [5] + [7] * 100_000)
    for count in (1, 2):  # once more for plain Python
        fn = namespace(source)["f"]
        for _ in range(count):
            ao.map(data, fn, typecode="q")
        assert ao.map(data, fn, typecode="q") == array("q", [0] + [count + 1] * 100_000)


@pytest.mark.parametrize("source", NOTING)
def test_function_that_changes_a_global_when_it_is_called_is_not_overlooked(source: str) -> None:
    assert_same_worlds(WORLD + source, ("", "", ""))


@pytest.mark.parametrize("returned", ["k", "self"])
def test_truth_of_an_unknown_object_may_change_a_global(returned: str) -> None:
    source = WORLD + (
        "class K:\n def __bool__(self): return bool(note())\n"
        f" def run(self, x): return {returned} if x < 0 else n > 0\nk = K()\nf = k.run"
    )
    assert_same_worlds(source, ("", "", ""), function="filter")


RERAISED = (
    "def f(x):\n try: raise\n except ValueError: return 1\n except RuntimeError: return 2",
    (
        "def g(x): raise\ndef f(x):\n try: return g(x)\n except ValueError: return 1\n"
        " except RuntimeError: return 2"
    ),
)


@pytest.mark.parametrize("source", RERAISED)
@pytest.mark.parametrize("first", [True, False])
def test_exception_that_the_caller_handles_is_raised_again(source: str, *, first: bool) -> None:
    fn = namespace(source)["f"]
    for handled in (first, not first):
        for _ in range(2):
            if handled:
                try:
                    raise ValueError  # noqa: TRY301
                except ValueError:
                    found = ao.map(SOME, fn)
            else:
                found = ao.map(SOME, fn)
            assert set(found) == ({1} if handled else {2})


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n try: return 7 // x\n except ZeroDivisionError: raise",
        "def f(x):\n try: return 7 // x\n except ArithmeticError:\n  if x == 0: raise\n  return 1",
        "def f(x):\n if x < -9999: raise ValueError(f'{x} is too small')\n return x + 1",
        (
            "def f(x):\n if x < -9999:\n  words = f'{x:d}' + '!'\n"
            "  raise ValueError(words) from None\n return x + 1"
        ),
        "def f(x):\n assert x > -9999, f'{x!r} is too small'\n return x + 1",
        (
            "L = (1, 2)\n"
            "def f(x):\n if x < -9999: raise ValueError(f'{x} {L[0]} {x < 0}', not x)\n"
            " return x + 1"
        ),
        "class E(Exception): pass\ndef f(x):\n if x < -9999: raise E(x) from None\n return x + 1",
    ],
)
def test_exceptions_of_the_functions_own_still_are_native(source: str) -> None:
    fn = namespace(source)["f"]
    assert_as_per_element(fn, SOME)
    assert "native" in ao.explain(fn, SOME)


class Odd(dict[str, Any]):
    """Says other than it holds."""

    def items(self) -> Any:
        """Return other items."""
        return [("k", 100)]

    def __getitem__(self, _: str) -> Any:
        """Return another value."""
        return 2


class Other(tuple[Any, ...]):
    """As `Odd`."""

    __slots__ = ()

    def __iter__(self) -> Any:
        """Yield others."""
        return iter((100,))


def test_defaults_are_those_that_python_takes() -> None:
    fn = sample("def f(x, *, k=1): return x + k")
    fn.__kwdefaults__ = Odd(k=2)
    assert_as_per_element(fn, SOME)
    dict.__setitem__(fn.__kwdefaults__, "k", 5)
    assert_as_per_element(fn, SOME)
    fn = sample("def f(x, k=1): return x + k")
    assert_as_per_element(fn, SOME)
    fn.__defaults__ = Other((2,))
    assert_as_per_element(fn, SOME)


@pytest.mark.parametrize(
    "lie",
    [
        "__mro__ = property(lambda cls: (O, object))",
        "def __getattribute__(cls, name): return type.__getattribute__(O, name)",
    ],
)
def test_metaclass_is_not_asked(lie: str) -> None:
    names = namespace(
        f"class O: k = 7\nclass Meta(type):\n {lie}\n"
        "class M(metaclass=Meta):\n k = 2\n def run(self, x): return x * self.k\n"
        "f = types.MethodType(type.__dict__['__dict__'].__get__(M)['run'], object.__new__(M))"
    )
    assert_as_per_element(names["f"], SOME)


def test_object_of_another_class_is_not_taken_for_a_plain_one() -> None:
    source = (
        "class P:\n def run(self, x):\n  try: raise self\n  except ValueError: return 1\n"
        "  except TypeError: return 2\n"
        "class M(ValueError): pass\nf = P().run\ng = types.MethodType(P.run, M())"
    )
    names = namespace(source)
    for fn in (names["f"], names["g"], names["f"]):
        assert_as_per_element(fn, SOME)


@pytest.mark.parametrize(
    "source",
    [
        (
            "m = module(K=2.0)\nm.m = m\n"
            "def f(x):\n try: return math.pow(x, 0.5) + m.K\n except ValueError: return 0.0"
        ),
        (
            "import os\n"
            "def f(x):\n try: return math.pow(x, 0.5) + (os.path.sep == 'a')\n"
            " except ValueError: return 0.0"
        ),
        (
            "m = module(c=3.0)\ndef scale(x): return x * m.c\nm.scale = scale\n"
            "def f(x):\n try: return m.scale(math.pow(x, 0.5))\n except ValueError: return 0.0"
        ),
        (
            "class M:\n @staticmethod\n def h(x): return 2\n"
            " def run(self, x):\n  try: return math.pow(x, 0.5)\n"
            "  except ValueError: return self.h(x)\n"
            "f = M().run"
        ),
    ],
)
def test_what_is_not_traced_is_found_out_once(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fn = namespace(source)["f"]
    assert _trace.find(fn, b"\1", 1) is None
    monkeypatch.setattr(_trace, "trace", None)
    for _ in range(3):
        assert _trace.find(fn, b"\1", 1) is None
    monkeypatch.undo()
    assert_as_per_element(fn, array("d", [4.0] * 500 + [-1.0] + [4.0] * 600))


def test_function_that_gets_an_attribute_is_looked_at_again() -> None:
    source = WORLD + (
        "def h(y): return y\ndef f(x):\n try: return math.pow(x, 0.5) + h(n)\n"
        " except ValueError: pass\n try: return h.bad()\n except AttributeError: return 0"
    )
    assert_same_worlds(source, ("", "", "h.bad = note", "", ""))


def test_attribute_that_a_handler_may_read_is_looked_at_when_it_comes() -> None:
    source = WORLD + (
        "class M:\n def run(self, x):\n"
        "  try: return math.pow(x, 0.5) + n\n  except ValueError: return self.bad\nf = M().run"
    )
    assert_same_worlds(source, ("", "", "M.__getattr__ = note", "", "M.bad = property(note)", ""))


def test_helper_with_a_try_that_is_found_late_can_be_explained() -> None:
    source = (
        "m = module()\ndef h(y):\n try: return 7 // (y - 1)\n except ZeroDivisionError: return 0\n"
        "m.h = h\ndef f(x):\n y = 700 // x\n return m.h(y) + 3 if x > 3 else y + 1"
    )
    assert "f(x)" in ao.explain(namespace(source)["f"])


def test_hypot_of_special_numbers_is_exact() -> None:
    """Each by itself: one that is left to Python has the others of its block called as well."""
    numbers = [
        0.0,
        -0.0,
        1.0,
        -3.0,
        5e-324,
        1e-160,
        1e160,
        math.inf,
        -math.inf,
        math.nan,
        -math.nan,
    ]
    two, three = sample("def f(x, y): return math.hypot(x, y)"), sample("f = math.hypot")
    for first, second in itertools.product(numbers, repeat=2):
        fixed = sample(f"def f(x): return math.hypot(x, float('{first!r}'), {second == 1.0})")
        columns = [array("d", [number] * 100) for number in (first, second)]
        assert_as_per_element(two, *columns)
        assert_as_per_element(three, *columns)
        assert_as_per_element(fixed, columns[1])


def test_guard_of_helpers_that_share_helpers_is_bounded() -> None:
    names = namespace(
        "def make(g, h): return lambda x: x if x < 5 else g(x) if x < 6 else h(x)\n"
        "f = lambda x: x\nfor _ in range(17): f = make(f, f)"
    )

    def functions(guard: Any) -> int:
        payload = guard[1]
        if type(payload) is not guards.Function:
            return 0
        return 1 + sum(map(functions, payload.cells))

    found = trace(names["f"], b"\0", 0)
    assert "too many functions" in found.reason
    assert functions(found.guard) <= 200


def test_none_is_no_number() -> None:
    fn = sample("def f(x, low=None): return x if isinstance(low, (int, float)) else -x")
    assert_as_per_element(fn, SOME)
    assert "native, as -x" in ao.explain(fn)
    fn.__defaults__ = (2,)
    assert_as_per_element(fn, SOME)


def test_what_is_read_ahead_may_bring_more_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    fn = sample("def f(x):\n try: return math.pow(x, 0.5)\n except ValueError: return math.more(x)")
    more = sample("def f(x): return x + math.pi + math.e + math.tau")
    monkeypatch.setattr(math, "more", more, raising=False)
    assert "native, as x ** 0.5" in ao.explain(fn)
    assert_as_per_element(fn, SOME_FLOATS)


def test_list_that_is_sorted_is_not_changed() -> None:
    fn = sample(
        "def f(x):\n if x > 10**6:\n  todo = sorted((3, 1, 2))\n"
        "  for t in todo:\n   if x: todo.append(t)\n return sorted((x, 3, 1))[1]"
    )
    assert_as_per_element(fn, SOME)
    assert "it uses a list" in ao.explain(fn)
    assert "it returns a list" in ao.explain(sample("def f(x): return sorted((x, 1))"))
    fn = sample("def f(x):\n a, b, c = sorted((x, 3, 1))\n return b * sorted((2, 1))[1] - c")
    assert_as_per_element(fn, SOME)
    assert "native" in ao.explain(fn)


@pytest.mark.parametrize(
    "body",
    [
        " c = (a & b) | (a & c) | (b & c)",
        " a, c = (a & b) | (x > i), (a | c) & (y > i)",
        " c = (c & (x > i)) & (c & (x < 100 - i))",
        " a, c = (a & b) | (x // (y + i) > i), (c | b) & (y // (x + i) > i)",
    ],
)
def test_truth_that_is_used_again_and_again_takes_no_time(body: str) -> None:
    fn = sample(
        "def f(x, y):\n c = (x & 1) == 1\n for i in range(1, 21):\n"
        "  a = ((x >> i) & 1) == 1; b = ((y >> i) & 1) == 1\n "
        f"{body}\n return 1 // x if c else y"
    )
    data = array("q", [abs(x) + 1 for x in SOME])
    assert_as_per_element(fn, data, data[::-1], typecode="q")
    assert "native" in ao.explain(fn)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="Placeholder is new in Python 3.14")
def test_placeholder_of_a_partial_is_filled() -> None:
    hole: Any = vars(functools)["Placeholder"]
    assert_as_per_element(partial(lambda a, b, c=1: a * 0 + b * c, hole, 3), SOME)


NAN = math.nan
NAMES = {"NAN": NAN, "T": (NAN, 1.0), "A": frozenset((1, 2)), "B": frozenset((2, 3)), "math": math}


def sample(source: str, **names: Any) -> Any:
    """Return `f` of a module that has these names, and a few others."""
    scope = {**namespace(""), **NAMES, **names}
    exec(source, scope)  # noqa: S102 - our own text
    return scope["f"]


HUGE = "def f(x):\n y = x * x\n y = y * y\n y = y * y\n y = y * y\n y = y * y\n"
CAUGHT = "def f(x):\n try: return {}\n except {}: return -1\n except Exception: return -2"


@pytest.mark.parametrize(
    "source",
    [
        # Arguments that are no numbers.
        "def f(x): return math.log(abs(x) + 1, None)",
        "def f(x): return math.isclose(x, x, rel_tol=10**400)",
        CAUGHT.format("math.fmod(x, 'a')", "ValueError"),
        CAUGHT.format("int((x,))", "AttributeError"),
        CAUGHT.format("round((x,))", "AttributeError"),
        CAUGHT.format("math.floor((x,))", "AttributeError"),
        # Operators and methods of constants.
        CAUGHT.format("1 if x in A | B else 0", "TypeError"),
        CAUGHT.format("x in A.union(B)", "AttributeError"),
        CAUGHT.format("x + len('%*d' % (x > 2, 5))", "TypeError"),
        "def f(x): return x + len('abc' % math)",
        "def f(x): return x + len(b'abc' % abs)",
        # An int that no float is near, of which only the conversion is seen.
        HUGE + " try: float(y)\n except OverflowError: return 0\n return 1",
        HUGE + " y + 0.5\n return 1",
        HUGE + " if x > 3: math.isnan(y)\n return 1",
        "def f(x):\n (1 << (x & 1023) << 900) + 0.5\n return x",
        # A class of exceptions that another class is made of.
        ("def f(x):\n try: raise OSError(x, 'a')\n except FileNotFoundError: return 1\n"
        " except OSError: return 2"),
        # A NaN that is one of a tuple's.
        "def f(x): return min(NAN, x * 1.0) in T",
        "def f(x): return T.count(max(NAN, x * 1.0))",
        "def f(x):\n l = sorted((0.5, 1.5))\n l.append(min(x, NAN))\n return NAN in l",
        "def f(x): return NAN in ValueError(min(x, NAN)).args",
        # What an iterator has once.
        "def f(x): return sum(reversed((1, 2)), x)",
        "def f(x): return sum(reversed((1, 2)), x > 0)",
        # Arguments that have the names of a stand-in's.
        "def h(self): return self + 1\n" + CAUGHT.format("h(self=x)", "TypeError"),
        ("class M:\n def h(this, self): return self + 1\n"
         " def __call__(self, x, me=2): return x * me\n"
         " def run(self, x):\n"
         "  try: return self.h(self=x) + self(x, me=3)\n"
         "  except TypeError: return -1\nf = M().run"),
        CAUGHT.format("isinstance(item=x, classes=int)", "TypeError"),
        ("def f(x):\n try: operator.inv()\n except IndexError: return 1\n"
         " except TypeError: return 2"),
        # An object that is an exception, or text.
        ("class M(ValueError):\n def run(self, x):\n  try: raise self\n"
         "  except ValueError: return 1\n  except TypeError: return 2\nf = M().run"),
        ("class M(ValueError):\n def __call__(self, x):\n  try: raise self\n"
         "  except ValueError: return 1\n  except TypeError: return 2\nf = M()"),
        ("class M(str):\n def run(self, x):\n  try: return self in '12'\n"
         "  except TypeError: return 2\nf = M('1').run"),
        # Backwards.
        CAUGHT.format("x if reversed(A) else 3", "TypeError"),
        ("R = range(3)\ndef f(x):\n try: reversed(R).close()\n except AttributeError: return -1\n"
         " return x"),
        # Text that was made, or handed to a helper.
        "def f(x): return x + len(f'{1}abc' % math)",
        "def h(x, s): return x + len(s % math)\ndef f(x): return h(x, 'abc')",
        CAUGHT.format("x + len(f'{1}%*d' % (x > 2, 5))", "TypeError"),
        "def f(x):\n l = f'{1}'.split(',')\n l.append(min(NAN, x))\n return NAN in l",
        "def f(x):\n l = ValueError.mro()\n l.append(min(NAN, x))\n return NAN in l",
        # Methods of numbers and tuples, which are made anew.
        "def f(x): return x.conjugate == (x + 0).conjugate",
        "K = L = 10**6\ndef f(x): return K.conjugate == L.conjugate",
        "m = module(T=(1, 2))\ndef f(x): return x + (m.T.count == m.T.count)",
        # `try` in a helper that is used after one without.
        ("class Own(ValueError): pass\ndef h(y):\n if y > 3: raise Own\n return y\n"
        "def g(y):\n try: return h(y)\n except TypeError: return 1\n except ValueError: return 2\n"
        "def f(x): return h(min(x, 2)) + g(x)"),
    ],
)  # fmt: skip
def test_outcome_is_that_of_python(source: str) -> None:
    fn = sample(source)
    for data in (SOME, SOME_FLOATS, LONGS, array("d", [1.0, NAN, -0.0, 2.5] * 200)):
        assert_as_per_element(fn, data)


@pytest.mark.parametrize("first", [0, 1, 10**21, -(10**21), 10**60])
@pytest.mark.parametrize("element", [1_700_000_000_000_000_000, -(2**62)])
@pytest.mark.parametrize(
    "body",
    [
        *(f"t + x if {condition} else t" for condition in (
            "t < 10**20", "t < 1e20", "t >= -2**63 - 1", "t not in range(2**65, 2**70)", "t == 2.5",
            "t < math.inf", "t != 10**20", "-1e20 < t", "t in {10**20, 3}", "isinstance(t, int)",
        )),
        "min(t, 2**64) + x", "max(-10**20, t) + x", "x + t if t <= 2**65 else 1 // 0",
        "min(t, x) if t < 2**66 else x", "t | x if t < 2**66 else x", "t + x if x < 10**20 else t",
    ],
)  # fmt: skip
def test_accumulator_may_lie_beyond_64_bits(body: str, element: int, first: int) -> None:
    fn = sample(f"f = lambda t, x: {body}")
    data = array("q", [element] * 6000)
    for _ in range(2):
        theirs = outcome(oracles.reduce, data, fn, first)
        assert_same_outcome(outcome(ao.reduce, data, fn, first), theirs)


@pytest.mark.parametrize(
    ("body", "first"),
    [
        ("5.0 if t in T else t", [NAN]),
        ("T[0] if x < 100 else (5.0 if t in T else t)", []),
        ("NAN if x < 100 else (5.0 if (t,) == (NAN,) else t)", []),
    ],
)
def test_accumulator_is_the_very_object(body: str, first: list[float]) -> None:
    fn = sample(f"f = lambda t, x: {body}")
    data = array("d", [step / 4 for step in range(5000)])
    for _ in range(2):
        theirs = outcome(oracles.reduce, data, fn, *first)
        assert_same_outcome(outcome(ao.reduce, data, fn, *first), theirs)


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ("x + (K in T)", float("nan")),
        ("x + math.copysign(1.0, K)", -NAN),
        ("x + (x < L)", -1),
    ],
)
def test_constant_that_is_replaced_by_one_alike_is_noticed(body: str, change: Any) -> None:
    fn = sample(f"f = lambda x: {body}", K=NAN, L=10**5000)
    for _ in range(2):
        assert_as_per_element(fn, SOME)
        fn.__globals__["L" if "L" in body else "K"] = change * 10**5000 if "L" in body else change


def test_lack_of_room_for_calls_is_not_taken_for_the_functions_own() -> None:
    def nested(count: int, call: Any) -> Any:
        return nested(count - 1, call) if count else call()

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    try:
        for count in range(0, 390, 3):
            code = "def f(x):\n try: return divmod(x, 7)[0]\n except Exception: return 0"
            fn = namespace(code)["f"]
            try:
                nested(count, lambda fn=fn: [ao.map(SOME, fn) for _ in range(2)])
            except RecursionError:
                continue
            assert_as_per_element(fn, SOME)
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
def test_exception_of_a_signal_handler_while_tracing_is_not_lost() -> None:
    class Alarm(Exception):  # noqa: N818
        """What the handler raises."""

    def ring(*_: object) -> None:
        raise Alarm

    fn = sample("def f(x):\n if x > 10**6: return K ** K ** 3 % 7\n return x", K=300)
    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Alarm):
            [ao.map(SOME, fn) for _ in range(2)]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_objects_are_not_asked_for_their_class() -> None:
    asked: list[int] = []

    class Lazy:
        """Says that it is of another class."""

        @property
        def __class__(self) -> Any:
            asked.append(1)
            return int

        @__class__.setter
        def __class__(self, _: Any) -> None:
            asked.append(2)

    fn = sample("def f(x): return x if x < 10**6 else lazy.foo", lazy=Lazy())
    for _ in range(2):
        ao.map(SOME, fn)
    assert asked == []


PATCHED = """import math, arrayops as ao
from array import array
real, math.sqrt = math.sqrt, lambda x: 7.0
print(ao.map(array('d', [4.0]) * 9000, lambda x: math.sqrt(x))[0])"""


def test_function_of_a_module_that_was_replaced_before_is_the_one_called() -> None:
    command = [sys.executable, "-c", PATCHED]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"7.0\n"
