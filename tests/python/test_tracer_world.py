"""What a trace depends on, compared with plain Python after each change, and the stand-ins."""

import builtins
import math
import numbers
import operator
import types
from array import array
from functools import partial
from typing import Any

import arrayops as ao
import pytest
from arrayops import _trace
from arrayops._trace import world
from program_comparison import FLOAT_ARRAY, INT_ARRAY
from traced_samples import CALM_DOUBLES, SHORTS, assert_as_per_element
from typecodes import Array

INT, FLOAT = b"\0", b"\1"
SOME, SOME_FLOATS = SHORTS[:300], CALM_DOUBLES[:300]  # few, yet traced when they come again


class OddInt(int):
    """An int that looks like any other, and is none."""

    def __rmul__(self, other: int) -> int:
        """Give something else."""
        return 42


class Equal:
    """Equals everything, but is not found in a set by that."""

    def __eq__(self, other: object) -> bool:
        """Be equal."""
        return True

    def __hash__(self) -> int:
        """Be anything."""
        return 12345


class Constant:
    """A descriptor that data may hide."""

    def __init__(self, value: Any) -> None:
        """Hold the value."""
        self.value = value

    def __get__(self, item: Any, kind: Any = None) -> Any:
        """Return the value."""
        return self.value


class Data(Constant):
    """A descriptor that no data hides."""

    def __set__(self, item: Any, value: Any) -> None:
        """Do nothing."""


def module(**attributes: Any) -> types.ModuleType:
    """Return a module with these attributes."""
    made = types.ModuleType("space")
    made.__dict__.update(attributes)
    return made


def namespace(source: str) -> dict[str, Any]:
    """Return what a module of its own defines."""
    names: dict[str, Any] = {
        "math": math, "numbers": numbers, "operator": operator, "types": types, "partial": partial,
        "module": module, "OddInt": OddInt, "Equal": Equal, "Constant": Constant, "Data": Data,
    }  # fmt: skip
    exec(compile(source, "<sample>", "exec"), names)  # noqa: S102 - our own text
    return names


# -- what changes between calls -------------------------------------------------------------------

METHOD = "class M:\n k = 2\n def run(self, x): return x * self.k\nm = M()\nf = m.run"
NONE_METHOD = "class M:\n def run(self, x): return x if self.k is None else -x\nm = M()\nf = m.run"


def assert_changes_are_noticed(source: str, changes: tuple[str, ...], *arrays: Array) -> None:
    """Compare `f` with plain Python before, between and after statements that change it."""
    names = namespace(source)
    for change in ("", *changes, ""):
        exec(change, names)  # noqa: S102 - our own text
        for data in arrays:
            assert_as_per_element(names["f"], data)


# The source of `f`, and statements after each of which it must be understood anew.
CHANGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "constant_of_equal_looks": (
        "K = 3\ndef f(x): return x * K",
        ("K = OddInt(3)", "K = 3", "K = []", "K = 3.0", "K = True", "K = 1", "K = 1.0"),
    ),
    "signs_of_zero_and_nan": (
        "K = 0.0\ndef f(x): return math.copysign(x, K)",
        ("K = -0.0", "K = math.nan", "K = -math.nan", "K = 0", "K = False", "K = -0.0"),
    ),
    "object_to_none": ("K = []\ndef f(x): return x if K is None else -x", ("K = None", "K = {}")),
    "object_to_function": (
        "K = []\ndef f(x): return K(x)",
        ("K = abs", "K = []", "K = range", "K = float", "K = isinstance"),
    ),
    "list_in_a_tuple": ("K = ([1, 2],)\ndef f(x): return x + K[0][0]", ("K[0][0] = 5",)),
    "table": (
        "K = (1, 2, 3)\ndef f(x): return K[int(x) % 3]",
        ("K = (1.0, 2, 3)", "K = (1, 2)", "K = (0.0, -0.0, 0.0)", "K = range(5, 8)", "K = 'abc'"),
    ),
    "frozenset": (
        "K = frozenset((1, 2))\ndef f(x): return x in K",
        ("K = frozenset((3,))", "K = frozenset()", "K = {1}", "K = frozenset((None, 2))"),
    ),
    "range": (
        "K = range(5)\ndef f(x): return x in K",
        ("K = range(0)", "K = range(-9, 9, 2)", "K = range(9, -9, -3)", "K = ()"),
    ),
    "builtin_of_its_own": (
        "__builtins__ = {'abs': abs}\ndef f(x): return abs(x)",
        (
            "f.__builtins__['abs'] = operator.neg",
            "del f.__builtins__['abs']",
            "abs = operator.pos",
            "f.__builtins__['abs'] = abs; del abs",
        ),
    ),
    "missing_name": (
        (
            "__builtins__ = {'NameError': NameError}\n"
            "def f(x):\n try: return x * K\n except NameError: return 7"
        ),
        ("K = 2", "del K", "f.__builtins__['K'] = 3"),
    ),
    "cell_of_two": (
        "def make(k, j):\n def f(x): return x * k + j\n return f\nf = make(3, 5)",
        (
            "del f.__closure__[1].cell_contents",
            "f.__closure__[1].cell_contents = 6",
            "del f.__closure__[0].cell_contents",
            "f.__closure__[0].cell_contents = []",
            "f.__closure__[0].cell_contents = 1.0",
        ),
    ),
    "empty_cell_caught": (
        (
            "def make(k, j):\n def h(x): return x * k + j\n return h\nh = make(3, 5)\n"
            "def f(x):\n try: return h(x)\n except NameError: return 7"
        ),
        ("del h.__closure__[1].cell_contents", "h.__closure__[1].cell_contents = 6"),
    ),
    "default_of_helper_added": (
        "def h(u, k): return u * k\ndef f(x):\n try: return h(x)\n except TypeError: return 7",
        ("h.__defaults__ = (2,)", "h.__defaults__ = (2.0,)", "h.__defaults__ = None"),
    ),
    "keyword_of_helper_added": (
        "def h(u, *, k): return u * k\ndef f(x):\n try: return h(x)\n except TypeError: return 7",
        (
            "h.__kwdefaults__ = {'k': 2}",
            "h.__kwdefaults__['j'] = 3",
            "del h.__kwdefaults__['k']",
            "h.__kwdefaults__ = None",
        ),
    ),
    "module_attribute": (
        "m = module(k=2)\ndef f(x): return x * m.k",
        (
            "m.k = True",
            "m.k = 2.0",
            "del m.k",
            "m.__getattr__ = lambda name: 5",
            "m.k = 3",
            "class N:\n k = property(lambda self: 9)",
            "m = N(); m.__dict__['k'] = 3",
            "m = [3]",
        ),
    ),
    "module_of_another_class": (
        "m = module(k=2)\ndef f(x): return x * m.k",
        (
            "class N(types.ModuleType):\n k = property(lambda self: 9)",
            "m.__class__ = N",
            "m.__class__ = types.ModuleType",
            "m = module(k=4)",
        ),
    ),
    "missing_module_attribute": (
        "m = module()\ndef f(x): return x if m.k is None else -x",
        ("m.__getattr__ = lambda name: None", "m.k = 3", "m.k = None"),
    ),
    "class_attribute": (
        METHOD,
        (
            "M.k = 2.0",
            "M.k = True",
            "M.__getattr__ = lambda self, name: 8",
            "del M.k",
            "M.k = Constant(3)",
            "m.k = 4",
            "M.k = Data(5)",
            "M.k = 6",
            "del m.k",
            "M.__getattribute__ = lambda self, name: 7",
        ),
    ),
    "inherited_attribute": (
        METHOD.replace(" k = 2\n", ""),
        (
            "class B:\n k = 3",
            "class N(B, M): pass",
            "m.__class__ = N",
            "B.k = 3.0",
            "B.k = property(lambda self: 5)",
            "m.__dict__['k'] = 2",
            "del B.k",
            "m.__class__ = M",
        ),
    ),
    "slot": (
        METHOD.replace("k = 2", "__slots__ = ('k',)"),
        ("m.k = 3", "m.k = 3.0", "m.k = -0.0", "m.k = []", "del m.k"),
    ),
    "slot_that_is_empty": (
        (
            "class M:\n __slots__ = ('k',)\n"
            " def run(self, x):\n  try: return x * self.k\n  except TypeError: return 7\n"
            "  except AttributeError: return 8\nm = M()\nf = m.run"
        ),
        ("m.k = 3", "m.k = None", "del m.k"),
    ),
    "descriptor_caught": (
        (
            "class M:\n k = Data(5)\n"
            " def run(self, x):\n  try: return x * self.k\n  except TypeError: return 7\n"
            "  except AttributeError: return 8\nm = M()\nm.__dict__['k'] = 2\nf = m.run"
        ),
        ("M.k = property()", "M.k = property(3)", "M.k = property(abs)", "M.k = None", "del M.k"),
    ),
    "attribute_that_is_none": (
        NONE_METHOD,
        (
            "M.k = Constant(None)",
            "M.k = Constant(3)",
            "M.k = property(operator.attrgetter('j')); m.j = 3",
            "m.j = None",
            "M.k = property(lambda self: None)",
            "M.k = []",
            "m.__dict__['k'] = None",
        ),
    ),
    "own_function_to_method": (
        (
            "def h(a, b=7): return b\nclass M:\n def run(self, x): return self.h(x)\n"
            "m = M(); m.h = h\nf = m.run"
        ),
        ("del m.h; M.h = h", "M.h = property(lambda self: h)", "m.__dict__['h'] = h", "del M.h"),
    ),
    "attribute_of_a_method": (
        (
            "class M:\n def h(self): return 1\n def run(self, x): return x if self.h.k is None "
            "else -x\nM.h.k = 3\nf = M().run"
        ),
        ("M.h.k = None", "M.h.k = 4"),
    ),
    "global_of_a_method": (
        "K = 2\nclass M:\n def run(self, x): return x * K\nf = M().run",
        ("K = 2.0", "K = 3", "del K"),
    ),
    "global_of_a_called_object": (
        "K = 2\nclass M:\n def __call__(self, x): return x * K\nf = M()",
        ("K = 2.0", "K = 3", "del K"),
    ),
    "global_of_a_partial": (
        "K = 2\ndef g(k, x, *, j=1): return x * K + k * j\nf = partial(g, 5, j=3)",
        (
            "K = 2.0",
            "K = 3",
            "f.keywords['j'] = 4",
            "f.keywords['j'] = True",
            "f.keywords['i'] = 4",
            "del f.keywords['i'], f.keywords['j']",
            "f = partial(f, j=0.0)",
            "f = partial(g, 5.0, j=-0.0)",
            "f = partial(g, [])",
        ),
    ),
    "partial_to_its_function": (
        "def g(k, x=5): return x - k\nf = partial(g, 2)",
        ("f = g", "f = partial(g, 2)", "f = partial(g, x=3)", "f = partial(partial(g), 2)"),
    ),
    "code_of_equal_constants": (
        "def f(x): return x * 1",
        (
            "f.__code__ = (lambda x: x * 1.0).__code__",
            "f.__code__ = (lambda x: x * True).__code__",
            "f.__code__ = (lambda x: x + 0.0).__code__",
            "f.__code__ = (lambda x: x + -0.0).__code__",
        ),
    ),
    "exception": (
        "class E(Exception): pass\ndef f(x):\n if x == 5: raise E('a')\n return x",
        ("E = ValueError", "E = abs", "E = None", "class E(KeyError): pass", "del E"),
    ),
    "exception_that_is_caught": (
        (
            "E = ValueError('a')\ndef f(x):\n try: raise E\n except ValueError: return 3\n"
            " except TypeError: return 4\n except: return 5"
        ),
        ("E = abs", "E = ValueError", "class E(ValueError): pass", "E = KeyError"),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_between_calls_is_noticed(name: str) -> None:
    assert_changes_are_noticed(*CHANGES[name], SOME, SOME_FLOATS)


def test_builtin_that_is_deleted_or_replaced_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "def f(x):\n try: return divmod(x, 7)[0]\n except NameError: return -1"
    fn = namespace(source)["f"]
    assert_as_per_element(fn, SOME)
    with monkeypatch.context() as patch:
        patch.delattr(builtins, "divmod")
        assert_as_per_element(fn, SOME)
        patch.setattr(builtins, "divmod", operator.add, raising=False)
        assert_as_per_element(fn, SOME)
    assert_as_per_element(fn, SOME)


def test_builtins_that_a_module_lacks_are_missing() -> None:
    missing = eval("lambda x: abs(x)", {"__builtins__": {}})  # noqa: S307 - our own text
    assert_as_per_element(missing, SOME)


@pytest.mark.parametrize("of", ["globals", "builtins"])
def test_names_of_another_kind_of_dict_are_looked_up_its_way(of: str) -> None:
    class Names(dict[str, Any]):
        """Has another value when asked for a name."""

        def __getitem__(self, name: str) -> Any:
            return 7 if name == "k" else super().__getitem__(name)

    code = (lambda x: x + k).__code__  # type: ignore[name-defined] # noqa: F821
    scope = Names(k=1) if of == "globals" else {"__builtins__": Names(k=1)}
    assert_as_per_element(types.FunctionType(code, scope), SOME)
    alone = types.FunctionType((lambda x: x + 1).__code__, scope)
    assert _trace.find(alone, INT, INT_ARRAY) is not None  # it looks nothing up


def test_class_bound_in_place_of_its_object_has_attributes_of_its_own() -> None:
    class Meta(type):
        k = 2

    class Scale(metaclass=Meta):
        k = 3

        def run(self, x: int) -> int:
            return x * self.k

    scale: Any = Scale()
    scale.k = 2
    assert_as_per_element(scale.run, SOME)
    assert_as_per_element(types.MethodType(Scale.run, Scale), SOME)


def test_exception_that_is_made_and_not_raised_is_made_each_time() -> None:
    names = namespace(
        "made = []\nclass E(Exception):\n def __init__(self, x): made.append(x)\n"
        "def f(x):\n if x == 7: E(x)\n return x"
    )
    data = array("h", range(500))
    for times in (1, 2, 3):
        assert ao.map(data, names["f"]) == data
        assert names["made"] == [7] * times


# -- traces that hold -----------------------------------------------------------------------------

# The source of `f`, and a change after which its trace, or its refusal, still holds.
STEADY: dict[str, tuple[str, str]] = {
    "equal_constant": ("K = 1000.5\ndef f(x): return x + K", "K = 2001.0 / 2"),
    "unknown_object": ("K = []\ndef f(x): return x if K is None else -x", "K = {}"),
    "list_in_a_tuple": ("K = ([1],)\ndef f(x): return x if K is None else -x", "K[0].append(2)"),
    "exception": (
        "class E(Exception): pass\ndef f(x):\n if x == 5: raise E\n return x",
        "class E(KeyError): pass",
    ),
    "refused_helper": (
        "K = 1\ndef h(x):\n while x: pass\ndef f(x): return h(x)",
        "K = 2",
    ),
    "method": (METHOD, "f = M().run"),
    "refused_code": ("K = 1\ndef f(x):\n while x: pass\n return K", "K = 2"),
}


@pytest.mark.parametrize("name", STEADY)
def test_trace_is_made_once_while_nothing_changes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    real = vars(_trace)["trace"]

    def trace(*args: Any) -> Any:
        made.append(args)
        return real(*args)

    monkeypatch.setattr(_trace, "trace", trace)
    source, change = STEADY[name]
    names = namespace(source)
    for statement in ("", "", change, change):
        exec(statement, names)  # noqa: S102 - our own text
        _trace.find(names["f"], INT, FLOAT_ARRAY)
    assert len(made) == 1


@pytest.mark.parametrize(
    ("source", "change"),
    [
        ("K = []\ndef f(x): return K(x)", "K = abs"),
        ("K = []\ndef f(x): return x if K(x, int) else -x", "K = isinstance"),
        ("K = []\ndef f(x): return x if x in K(5) else -x", "K = range"),
        ("def h(x):\n while x: pass\ndef f(x): return h(x)", "def h(x): return x"),
        ("m = module()\ndef f(x): return x + m.k", "m.k = 2"),
        (
            (
                "def make(k):\n def f(x): return x + k\n return f\n"
                "f = make(5); del f.__closure__[0].cell_contents"
            ),
            "f.__closure__[0].cell_contents = 2",
        ),
        ("class M:\n def run(self, x): return x + self.k\nf = M().run", "M.k = 2"),
    ],
)
def test_refusal_passes_with_its_cause(source: str, change: str) -> None:
    names = namespace(source)
    assert _trace.find(names["f"], INT, FLOAT_ARRAY) is None
    exec(change, names)  # noqa: S102 - our own text
    assert _trace.find(names["f"], INT, FLOAT_ARRAY) is not None
    assert_as_per_element(names["f"], SOME)


def test_helper_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["def h0(x): return x + 1", "g0 = h0"]
    for number in range(1, 15):
        lines.append(f"def h{number}(x): return h{number - 1}(x) + g{number - 1}(1)")
        lines.append(f"g{number} = h{number}")
    checked: list[Any] = []
    real = vars(world)["check"]

    def check(code: types.CodeType) -> Any:
        checked.append(code)
        return real(code)

    monkeypatch.setattr(world, "check", check)
    fn = namespace("\n".join([*lines, "def f(x): return h5(x) + g5(1)"]))["f"]
    assert _trace.find(fn, INT, FLOAT_ARRAY) is not None
    assert len(checked) == 7


# -- the stand-ins --------------------------------------------------------------------------------

KLASS = "class M:\n k = 2\n def h(self, x): return x + 1\n def run(self, x): return {}\nf = M().run"
NATIVE: dict[str, str] = {
    "global_range": "R = range(2, 90, 3)\ndef f(x): return x in R",
    "range_up_to_2**52": "def f(x): return (x * 0.5 in range(2**52 - 2**51, 2**52 + 1, 2**50)) + x",
    "empty_range": "def f(x): return (x in range(0)) + x",
    "empty_range_caught": "def f(x):\n try: return (x in range(0)) + x\n except: return 7",
    "bool_in_a_range": "def f(x): return ((x > 3) in range(1, 2**60)) + x",
    "number_in_a_range": "R = range(5)\ndef f(x): return (2 in R) + (2.5 in R) * 2 + (7 in R) * 4",
    "text_in_a_range": "R = range(5)\ndef f(x): return ('a' in R) + (None in R) * 2 + x",
    "length_of_a_range": "R = range(5)\ndef f(x): return len(R) + sum(R) + max(R) + x",
    "item_of_a_range": "R = range(5)\ndef f(x): return R[1] * R[-1] + x",
    "truth_of_a_range": "R = range(5)\ndef f(x): return (x if R else -x) + 1",
    "range_backwards": "def f(x):\n for k in reversed(range(1, 4)): x = x * k - k\n return x",
    "frozenset": "S = frozenset((3, 4))\ndef f(x): return len(S) + sum(S) + (x if S else -x)",
    "loop_over_a_frozenset": "def f(x):\n for k in {1, 2, 3}: x = x * k - k\n return x",
    "set_of_a_lambda": "f = lambda x: x in {1, 2, 3}",
    "constant_in_a_table": "T = (1, 2)\nK = 2\ndef f(x): return x if K in T else -x",
    "constant_in_a_set": "K = 2\ndef f(x): return x if K in {1, 2} and K not in {3} else -x",
    "table_of_tables": "T = ((1, 2), (3, 5))\ndef f(x): return T[1][int(x) & 1] * T[0][1] + x",
    "number_in_a_table_of_tables": "T = ((1, 2), (3, 5))\ndef f(x): return (x in T[1]) + x",
    "table_of_words": "T = ('a', 3)\ndef f(x): return (x if T[0] == 'a' else -x) + T[1]",
    "sum_of_constants": "T = (0.5, 0.25)\ndef f(x): return sum(T) + x",
    "truth_of_functions": "def h(x): return x\ndef f(x): return (x if abs and h else -x) + 1",
    "absolute_of_a_bool": "K = True\ndef f(x): return abs(K) + x",
    "inversion": "K = 5\ndef f(x): return operator.inv(K) + operator.invert(K) + x",
    "method": KLASS.format("self.h(x) * self.k"),
    "own_function": KLASS.format("self.h(x) * self.k") + "\nf.__self__.h = abs",
    "slot": METHOD.replace("k = 2", "__slots__ = ('k',)") + "\nm.k = 3",
    "class_attribute_beside_slots": METHOD.replace("k = 2", "__slots__ = (); k = 2"),
    "inherited_attribute": METHOD + "\nclass N(M): pass\nf = N().run",
    "inherited_call": (
        "class M:\n k = 2\n def __call__(self, x): return x * self.k\n"
        "class N(M): pass\nf = N()"
    ),
    "helpers_of_one_code": (
        "def make(k):\n def h(x): return x * k\n return h\n"
        "a = make(2); b = make(3)\ndef f(x): return a(x) + b(x)"
    ),
    "wrappers_of_one_code": (
        "def compose(outer, inner): return lambda x: outer(inner(x))\n"
        "def twice(x): return x * 2\n"
        "four = compose(twice, twice)\nf = compose(compose(four, abs), four)"
    ),
    "text_in_a_set": "def f(x, unit='C'): return x * 1.8 + 32 if unit in {'C', 'c'} else x",
    "text_in_a_global_set": (
        "UNITS = frozenset(('C', None, 3))\n"
        "def f(x, unit='K'): return x + (x in UNITS) if unit in UNITS else x * (x in UNITS)"
    ),
    "many_helpers": "".join(f"def h{n}(x): return x + {n}\n" for n in range(25))
    + f"def f(x): return {' + '.join(f'h{n}(x)' for n in range(25))}",
    "kinds": "def f(x): return isinstance(x, (int, float)) + isinstance(2.5, int) * 2 + x",
    "kinds_of_a_bool": (
        "def f(x): return isinstance(x > 3, int) + isinstance(x > 3, float) * 2 "
        "+ isinstance(x > 3, bool) * 4 + x"
    ),
    "kinds_of_a_number": (
        "def f(x): return isinstance(x, int) + isinstance(x, float) * 2 "
        "+ isinstance(x, bool) * 4 + x"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NATIVE)
def test_function_runs_natively_and_right(name: str) -> None:
    fn = namespace(NATIVE[name])["f"]
    for kinds in (INT, FLOAT):
        assert _trace.find(fn, kinds, FLOAT_ARRAY) is not None
    assert_as_per_element(fn, SOME)
    assert_as_per_element(fn, SOME_FLOATS)


@pytest.mark.parametrize(
    "source",
    [
        "def f(x): return (1, 2.5, 7)[int(x) % 3]",
        "def f(x): return (True, 2, 3)[int(x) % 3]",
        f"def f(x): return {(*range(40), 2.5)}[int(x) % 41]",
        "S = frozenset((Equal(),))\ndef f(x): return x if 3 in S else -x",
        "def f(x): return x if isinstance(x, numbers.Integral) else -x",
        "def f(x):\n try: return x if isinstance(x, ValueError) else -x\n except: return 7",
        "def f(x): return x if isinstance(x, (str, object)) else -x",
        "R = range(3)\ndef f(x): return x if R.start is None else -x",
        "R = range(3)\ndef f(x): return x if R == range(0, 3) else -x",
        "R = range(3)\ndef f(x): return x if R != range(0, 3) else -x",
        "def f(x):\n for k in range(9)[2:5]: x += k\n return x",
        "R = range(10**12)\ndef f(x):\n for k in R[5:]:\n  if x > -k or x != x: return x + k",
    ],
)
def test_what_a_stand_in_does_not_know_is_left_to_python(source: str) -> None:
    fn = namespace(source)["f"]
    assert_as_per_element(fn, SOME)
    assert_as_per_element(fn, SOME_FLOATS)


@pytest.mark.parametrize(
    "members",
    [
        range(2**53 + 1, 2**53 + 9, 3),
        range(-(2**53) - 1, -(2**53) + 9, 3),
        range(2**53 + 9, 2**53 - 9, -3),
        range(2**52 - 9, 2**52 + 1, 2),
        range(-9, 2**63, 2**61),
        range(-(2**53), 2**53, 2**52 + 1),  # its span is beyond 2**53
    ],
)
def test_float_is_searched_in_a_range_exactly(members: range) -> None:
    near = [float(bound + step) for bound in members for step in range(-4, 5)]
    data = array("d", near * (300 // len(near) + 1))
    assert_as_per_element(lambda x: x in members, data)


def test_loop_backwards_over_much_ends_soon() -> None:
    names = namespace("def f(x):\n for _ in reversed(range(10**12)): pass\n return x")
    assert _trace.find(names["f"], INT, INT_ARRAY) is None


# -- words ----------------------------------------------------------------------------------------

WHY: list[tuple[str, str]] = [
    (KLASS.format("self + x"), "it uses self in a way that is not traced"),
    (KLASS.format("x * self.j"), "it reads self.j, which is not a plain attribute"),
    (KLASS.format("x * self.j") + "\nM.j = Data(3)", "it reads self.j, which is not a plain"),
    (KLASS.format("x * self.j") + "\nf.__self__.j = []", "it uses a list: self.j"),
    (
        KLASS.format("self.j(x)") + "\ndef j(self, x):\n while x: pass\nM.j = j",
        "it calls self.j, and it has a `while` loop",
    ),
    ("T = ('a', 3)\ndef f(x): return len(T[0] % math) + x", "it works with text"),
    ("def f(x): return len('a'.encode('ascii', 'noting')) + x", "it uses the name encode"),
    ("def f(x):\n y = x**0.5\n return y.imag", "it asks for the type of what may be"),
    ("m = module(k=2)\ndef f(x):\n try: return m.k // x\n except: return x",
     "it has a `try` and uses the module m"),
    (KLASS.format("x") + "\nclass N(M):\n def run(self, x):\n  try: return 7 // x\n"
     "  except: return x\nf = N().run", "it has a `try` and is a method"),
    ("def h(x): return x\nh.k = 2\ndef f(x):\n try: return h(7 // x)\n except: return x",
     "it has a `try` and attributes: h"),
    ("T = (('a', 3), 4)\ndef f(x): return len(T[0][0] + 'b') + x", "it works with text"),
    ("def f(x): return ()[x]", "it needs the number itself, not an expression"),
    ("K = ('a', 'b')\ndef f(x): return K[x]", "it needs the number itself, not an expression"),
    ("m = module(k=[])\ndef f(x): return x * m.k", "it uses a list: space.k"),
    ("def f(x): return x + abs", "it uses abs in a way that is not traced"),
    ("class C: pass\ndef f(x): return C(x)", "it uses the class C"),
    ("def f(x, k=[]): return k(x)", "it uses a list: a default"),
    ("def g(k, x): return k(x)\nf = partial(g, [])", "it uses a list: an argument of partial"),
    ("def f(x, n=3): return f(x, n - 1) + 1 if n else x", "f calls itself"),
    (
        "def h(x):\n while x: pass\ndef f(x): return h(x)",
        "it calls h, and it has a `while` loop",
    ),
    ("def f(x):\n x = 1\n while x: pass", "it has a `while` loop (<sample>:3, in f)"),
    (
        "def make():\n def f(x): return x * k\n return f\n k = 3\nf = make()",
        "its variable k has no value yet",
    ),
    (
        "class E(Exception): pass\ndef f(x):\n try: return 7 // x\n except E: return x",
        "it has a `try` and uses the exception E",
    ),
    ("K = []\ndef f(x):\n try: return K(x)\n except: return x", "it has a `try` and uses K"),
    ("class E(Exception): pass\ndef f(x): raise E(x)", "it raises an exception of your own"),
    ("class M:\n def run(cls, x): return x\nf = classmethod(M.run).__get__(None, M)",
     "it is a method of a class, or not written in Python"),
    ("f = types.MethodType(abs, -3)", "it is a method of a class, or not written in Python"),
    ("f = str", "it is a type, not a function written in Python"),
    ("def f(x): return round(2.5, ndigits=x)", "it calls round with keywords"),
    ("def f(x): return round(x, ndigits=2)", "it calls round with keywords"),
    ("def f(x): return abs(x, 1)", "it calls abs in a form that is not traced"),
    ("def f(x): return len(sorted((x, 1)))", "it calls len with something that is no number"),
    ("def h(x): return -x\ndef f(x): return x + max((1, 2), key=h)",
     "it calls max with something that is no number"),
    ("K = True\ndef f(x): return operator.inv(K) + x", "it inverts a bool with `~`, which warns"),
    ("K = True\ndef f(x): return operator.invert(K) + x", "it inverts a bool with `~`, which"),
    ("def f(x): return isinstance(x, numbers.Real)", "it uses isinstance with a class that is no"),
    ("def f(x): return (1, 2.5)[x]", "it looks up a table that is long or of mixed types"),
    ("R = range(3)\ndef f(x): return x + R.start", "it uses a range in a way that is not traced"),
    ("R = range(3)\ndef f(x): return x + (R == R)", "it uses a range in a way that is not traced"),
    ("def f(x): return x / 2 in range(2**53)", "it searches a float in a range beyond 2**52"),
    ("def f(x): return x in range(x)", "it has a range that is not constant"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "reason"), WHY)
def test_explain_says_why_it_is_called(source: str, reason: str) -> None:
    text = ao.explain(namespace(source)["f"], array("h", range(9)))
    assert f"one call per element, because {reason}" in text


def test_explain_says_that_names_are_no_plain_dict() -> None:
    class Names(dict[str, Any]):
        """A dict of another kind."""

    fn = types.FunctionType((lambda x: x + k).__code__, Names(k=1))  # type: ignore[name-defined] # noqa: F821
    assert "because its globals are no plain dict" in ao.explain(fn)
