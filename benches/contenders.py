"""What is measured: for every function, the code of every contender.

An operation is one entry of `FUNCTIONS`. The code sees these names:

    a        the array.array                     ao       arrayops
    v, np    a NumPy view of it                  fn names: increment, positive, add
    s, pl    a polars series                     constants: factor, low, high, tc
    p, pc    a pyarrow array
    k, t, nk a buffer and a tensor for numkong

Containers are made before the clock starts.
"""

from __future__ import annotations

from dataclasses import dataclass

from workspace import TYPECODES, Snippet

INTEGERS = "bhiq"
FLOATS = "fd"

# The columns of the tables, in order, and their titles.
COLUMNS = {
    "arrayops": "arrayops",
    "arrayops-1": "arrayops, 1 thread",
    "plain": "plain Python",
    "numpy": "NumPy",
    "polars": "polars",
    "pyarrow": "pyarrow",
    "numkong": "numkong",
    "numkong-tensor": "numkong Tensor",
    "v1": "arrayops 1.0.0",
    "inlined": "inlined",
    "expression": "array expression",
}
# Measured for orientation: no Python function is called, so they do not answer the same call.
APART = ("inlined", "expression")
# From this size on, arrayops is measured with one thread too.
ONE_THREAD_MIN_SIZE = 1_000_000
# Above this size, functions that call Python for each element leave out what answers another
# question, or the same one at many seconds a call.
PATIENT_SIZE = 10_000_000
IMPATIENT_COLUMNS = ("numpy", "polars", "inlined")


@dataclass(frozen=True, slots=True)
class Contender:
    """Code of one column; the best variant of a column counts."""

    column: str
    code: str
    typecodes: str = TYPECODES
    # The name that is changed in place; empty if the code is an expression with the result.
    operand: str = ""

    @property
    def snippet(self) -> Snippet:
        """What the workspace runs."""
        return Snippet(self.code, self.operand)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of arrayops; for each typecode the first plain contender is its oracle."""

    name: str
    calls_python: bool
    contenders: tuple[Contender, ...]
    # Above this size it is not measured, for the time its oracle takes.
    largest_size: int = 1 << 62

    def for_typecode(self, typecode: str) -> list[Contender]:
        """Return the contenders for a typecode, the oracle first."""
        present = [each for each in self.contenders if typecode in each.typecodes]
        return sorted(present, key=lambda each: each.column != "plain")


C = Contender


def _extremum(name: str) -> Function:
    return Function(
        name,
        calls_python=False,
        contenders=(
            C("plain", f"{name}(a)"),
            C("arrayops", f"ao.{name}(a)"),
            C("numpy", f"v.{name}()"),
            C("numpy", f"np.{name}imum.reduce(v)"),
            C("polars", f"s.{name}()"),
            C("pyarrow", f"pc.{name}(p)"),
            C("numkong", f"nk.{name}(k)"),
            C("numkong-tensor", f"t.{name}()"),
            C("v1", f"ao.{name}(a)"),
        ),
    )


FUNCTIONS = (
    Function(
        "sum",
        calls_python=False,
        contenders=(
            C("plain", "sum(a)", INTEGERS),
            C("plain", "math.fsum(a)", FLOATS),
            C("arrayops", "ao.sum(a)"),
            C("numpy", "v.sum()"),
            C("numpy", "np.add.reduce(v)"),
            C("polars", "s.sum()"),
            C("pyarrow", "pc.sum(p)"),
            C("numkong", "nk.sum(k)"),
            C("numkong-tensor", "t.sum()"),
            C("v1", "ao.sum(a)"),
        ),
    ),
    Function(
        "mean",
        calls_python=False,
        contenders=(
            C("plain", "sum(a) / len(a)", INTEGERS),
            C("plain", "math.fsum(a) / len(a)", FLOATS),
            C("plain", "statistics.fmean(a)"),
            C("arrayops", "ao.mean(a)"),
            C("numpy", "v.mean()"),
            C("polars", "s.mean()"),
            C("pyarrow", "pc.mean(p)"),
            C("numkong", "nk.sum(k) / len(k)"),
            C("numkong-tensor", "t.sum() / t.size"),
            C("v1", "ao.mean(a)"),
        ),
    ),
    Function(
        "var",
        calls_python=False,
        contenders=(
            C("plain", "float(statistics.pvariance(a))"),
            C("arrayops", "ao.var(a)"),
            C("numpy", "v.var()"),
            C("polars", "s.var(ddof=0)"),
            C("pyarrow", "pc.variance(p)"),
        ),
        largest_size=1_000_000,
    ),
    _extremum("min"),
    _extremum("max"),
    Function(
        "scale",
        calls_python=False,
        contenders=(
            C("plain", "a[:] = array(tc, [x * factor for x in a])", operand="a"),
            C("plain", "a[:] = array(tc, map(factor.__mul__, a))", operand="a"),
            C("arrayops", "ao.scale(a, factor)", operand="a"),
            C("numpy", "np.multiply(v, factor, out=v)", operand="v"),
            C("polars", "s * factor"),
            C("pyarrow", "pc.multiply(p, p_factor)"),
            C("numkong", "nk.scale(k, alpha=factor, beta=0, out=k)", operand="k"),
            C("v1", "ao.scale(a, factor)", operand="a"),
        ),
    ),
    Function(
        "clip",
        calls_python=False,
        contenders=(
            C(
                "plain",
                "a[:] = array(tc, [low if x < low else high if x > high else x for x in a])",
                operand="a",
            ),
            C("arrayops", "ao.clip(a, low, high)", operand="a"),
            C("numpy", "np.clip(v, low, high, out=v)", operand="v"),
            C("numpy", "np.minimum(np.maximum(v, low, out=v), high, out=v)", operand="v"),
            C("polars", "s.clip(low, high)"),
            C("pyarrow", "pc.min_element_wise(pc.max_element_wise(p, p_low), p_high)"),
            C("v1", "ao.clip(a, low, high)", operand="a"),
        ),
    ),
    Function(
        "map",
        calls_python=True,
        contenders=(
            C("plain", "array(tc, map(increment, a))"),
            C("plain", "array(tc, [increment(x) for x in a])"),
            C("arrayops", "ao.map(a, increment)"),
            C("numpy", "np.fromiter(map(increment, a), v.dtype, len(a))"),
            C("polars", "s.map_elements(increment, return_dtype=s.dtype)"),
            C("v1", "ao.map(a, increment)"),
            C("inlined", "array(tc, [x + 1 for x in a])"),
            C("expression", "v + 1"),
            C("expression", "s + 1"),
            C("expression", "pc.add(p, p_one)"),
        ),
    ),
    Function(
        "map_inplace",
        calls_python=True,
        contenders=(
            C("plain", "a[:] = array(tc, map(increment, a))", operand="a"),
            C("plain", "a[:] = array(tc, [increment(x) for x in a])", operand="a"),
            C("plain", "for i, x in enumerate(a): a[i] = increment(x)", operand="a"),
            C("arrayops", "ao.map_inplace(a, increment)", operand="a"),
            C(
                "numpy",
                "v[:] = np.fromiter(map(increment, v.tolist()), v.dtype, len(v))",
                operand="v",
            ),
            C("v1", "ao.map_inplace(a, increment)", operand="a"),
            C("inlined", "a[:] = array(tc, [x + 1 for x in a])", operand="a"),
            C("expression", "np.add(v, 1, out=v)", operand="v"),
        ),
    ),
    Function(
        "filter",
        calls_python=True,
        contenders=(
            C("plain", "array(tc, filter(positive, a))"),
            C("plain", "array(tc, [x for x in a if positive(x)])"),
            C("arrayops", "ao.filter(a, positive)"),
            C("numpy", "np.fromiter(filter(positive, a), v.dtype)"),
            C("polars", "s.filter(s.map_elements(positive, return_dtype=pl.Boolean))"),
            C("v1", "ao.filter(a, positive)"),
            C("inlined", "array(tc, [x for x in a if x > 0])"),
            C("expression", "v[v > 0]"),
            C("expression", "s.filter(s > 0)"),
            C("expression", "p.filter(pc.greater(p, p_zero))"),
        ),
    ),
    Function(
        "reduce",
        calls_python=True,
        contenders=(
            C("plain", "functools.reduce(add, a)"),
            C("plain", "reduce_loop(add, a)"),
            C("arrayops", "ao.reduce(a, add)"),
            C("numpy", "np.frompyfunc(add, 2, 1).reduce(v)"),
            C("v1", "ao.reduce(a, add)"),
            C("inlined", "inlined_reduce_loop(a)"),
            C("expression", "v.sum()"),
        ),
    ),
)
