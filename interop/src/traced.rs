//! Functions that run natively: the tracer's programs, found and kept.

use arrayops::{Number, Program};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyInt, PyModule};

use crate::buffer::Slot;
use crate::operand::{Argument, Operand};
use crate::runtime::kept;

/// For fewer elements, calling the function costs less than asking for its program (measured:
/// `benches/traced.py`).
pub(crate) const MIN_LEN: usize = 64;

/// What becomes of the results of a program.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// They are stored in an array of integers.
    Integers = 0,
    /// They are stored in an array of floats.
    Floats = 1,
    /// They are asked for their truth.
    Truth = 2,
    /// Each is the first argument of the next call.
    Accumulator = 3,
}

/// What a program knows of the elements of an argument.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Integer = 0,
    Float = 1,
}

impl Kind {
    pub(crate) fn of(operand: &Operand<'_, '_>) -> Self {
        if operand.typecode().is_float() {
            Kind::Float
        } else {
            Kind::Integer
        }
    }
}

/// A program that the tracer made, decoded.
#[pyclass(frozen, module = "arrayops._arrayops", name = "_Program")]
pub(crate) struct Traced(Program);

impl Traced {
    pub(crate) const fn program(&self) -> &Program {
        &self.0
    }
}

/// The tracer is Python code, brought in when it is first needed.
fn tracer(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static TRACER: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let import = || py.import("arrayops._trace").map(Bound::unbind);
    Ok(kept(py, &TRACER, import)?.bind(py))
}

/// The program of `function`, if it has one now and `len` elements are worth it.
pub(crate) fn find<'py>(
    function: &Bound<'py, PyAny>,
    arguments: &[Kind],
    target: Target,
    len: usize,
) -> PyResult<Option<Bound<'py, Traced>>> {
    if len < MIN_LEN {
        return Ok(None);
    }
    let py = function.py();
    let kinds: Vec<u8> = arguments.iter().map(|kind| *kind as u8).collect();
    let kinds = PyBytes::new(py, &kinds);
    let find = tracer(py)?.getattr(intern!(py, "find"))?;
    let found = find.call1((function, kinds, target as u8, len))?;
    if found.is_none() {
        return Ok(None);
    }
    decoded(&found.cast_into::<PyBytes>()?).map(Some)
}

/// The program that these bytes mean. Decoded ones are kept.
fn decoded<'py>(bytes: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, Traced>> {
    /// As many as a large program has functions.
    const MOST_KEPT: usize = 4096;
    static KEPT: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let py = bytes.py();
    let kept = KEPT.get_or_init(py, || PyDict::new(py).unbind()).bind(py);
    if let Some(traced) = kept.get_item(bytes)? {
        return Ok(traced.cast_into::<Traced>()?);
    }
    let program = Program::decode(bytes.as_bytes())
        .map_err(|error| crate::runtime::exception("arrayops._trace.find", &error))?;
    let traced = Bound::new(py, Traced(program))?;
    if kept.len() >= MOST_KEPT {
        kept.clear();
    }
    kept.set_item(bytes, &traced)?;
    Ok(traced)
}

/// The program that asks elements for their truth.
pub(crate) fn truthy(py: Python<'_>, kind: Kind) -> PyResult<Bound<'_, Traced>> {
    const NOT_EQUAL: [u8; 2] = [0x33, 0x3b];
    const NONE: u8 = 0xff;
    let kind = kind as u8;
    let mut bytes = vec![1, 1, kind, 1, 0, kind];
    bytes.extend([0; 8]);
    bytes.extend([
        1,
        0,
        NOT_EQUAL[usize::from(kind)],
        0,
        0,
        1,
        0,
        NONE,
        NONE,
        NONE,
        NONE,
        2,
        0,
    ]);
    decoded(&PyBytes::new(py, &bytes))
}

/// Tells whether a function runs natively, how it is understood, or why it is called instead.
///
/// The report is for people, and its words may change. With *arr* it is for elements of that kind,
/// else for integers and for floats.
///
/// Raises ``TypeError`` where *fn* cannot be called, ``TypeError`` or ``BufferError`` where *arr* is no
/// buffer of numbers.
///
/// >>> import arrayops as ao
/// >>> print(ao.explain(lambda x: x * 3 + 1))
/// <lambda>(x)
///   integer arrays: native, as x * 3 + 1
///   float arrays: native, as x * 3.0 + 1.0
#[pyfunction]
#[pyo3(signature = (r#fn, arr=None))]
pub(crate) fn explain<'py>(
    r#fn: &Bound<'py, PyAny>,
    arr: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = r#fn.py();
    if !r#fn.is_callable() {
        return Err(PyTypeError::new_err(format!(
            "explain() argument 'fn' must be callable, not {}",
            r#fn.get_type().name()?
        )));
    }
    let kind = match arr {
        None => None,
        Some(arr) => {
            let mut slot = Slot::new();
            let argument = Argument::new("explain", "arr");
            Some(Kind::of(&Operand::new(&mut slot, arr, argument)?) as u8)
        }
    };
    tracer(py)?.call_method1(intern!(py, "explain"), (r#fn, kind))
}

/// A plain int of 64 bits or float, as the accumulator of a program; None for other objects.
pub(crate) fn accumulator(object: &Bound<'_, PyAny>) -> Option<(Kind, Number)> {
    if object.is_exact_instance_of::<PyFloat>() {
        let value = object.extract().ok()?;
        Some((Kind::Float, Number::Float(value)))
    } else if object.is_exact_instance_of::<PyInt>() {
        let value: i64 = object.extract().ok()?;
        Some((Kind::Integer, Number::Int(value.into())))
    } else {
        None
    }
}
