//! `var`, `std`, `Stats`.

use ::std::sync::{Mutex, MutexGuard, PoisonError};

use arrayops::{Number, with_element};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView};

use crate::buffer::Slot;
use crate::callbacks::Initial;
use crate::convert::{integer, python_number};
use crate::operand::{Argument, Operand};
use crate::runtime;

/// How many degrees of freedom to take away: an integer from zero.
fn degrees(function: &'static str, ddof: Initial<'_>) -> PyResult<u64> {
    let Initial(Some(ddof)) = ddof else {
        return Ok(0);
    };
    let argument = Argument::new(function, "ddof");
    let ddof = integer(argument, &ddof)?;
    if ddof.lt(0)? {
        return Err(PyValueError::new_err(format!(
            "{argument} must not be negative, but it is {ddof}"
        )));
    }
    ddof.extract().map_err(|_| {
        PyValueError::new_err(format!(
            "{argument} must be less than the number of elements, but it is {ddof}"
        ))
    })
}

/// Returns the variance as a float: the mean of the squared deviations from the mean.
///
/// The squares are summed exactly, divided by ``len(arr) - ddof``, and rounded once. For finite
/// elements the result equals ``statistics.pvariance(arr)``, or ``statistics.variance(arr)`` with a
/// *ddof* of 1, as a float. If an element is infinite or NaN the variance is NaN; one beyond the
/// range of double is infinite.
///
/// Raises ``ValueError`` where *arr* is empty, or *ddof* is negative or not less than ``len(arr)``;
/// ``TypeError`` or ``BufferError`` where *arr* is no buffer of numbers.
///
/// >>> from array import array
/// >>> import arrayops as ao
/// >>> ao.var(array("h", [1, 2, 3, 4]))
/// 1.25
/// >>> ao.var(array("d", [1e9 + 1, 1e9 + 2, 1e9 + 3]), ddof=1)
/// 1.0
#[pyfunction]
#[pyo3(signature = (arr, ddof=Initial(None)), text_signature = "(arr, ddof=0)")]
pub(crate) fn var(arr: &Bound<'_, PyAny>, ddof: Initial<'_>) -> PyResult<f64> {
    let mut slot = Slot::new();
    let operand = Operand::new(&mut slot, arr, Argument::new("var", "arr"))?;
    let ddof = degrees("var", ddof)?;
    with_element!(operand.element_type(), T => {
        let source = operand.source::<T>();
        runtime::run(arr.py(), "var", operand.len_bytes(), |executor| {
            arrayops::variance(executor, source.elements(), ddof)
        })
    })
}

/// Returns the standard deviation as a float: the square root of the variance.
///
/// It is rounded once, from the exact variance. For finite elements it equals
/// ``statistics.pstdev(arr)``, or ``statistics.stdev(arr)`` with a *ddof* of 1. NaN, infinities and
/// exceptions as for ``var``.
///
/// >>> from array import array
/// >>> import arrayops as ao
/// >>> ao.std(array("d", [2, 4, 4, 4, 5, 5, 7, 9]))
/// 2.0
#[pyfunction]
#[pyo3(signature = (arr, ddof=Initial(None)), text_signature = "(arr, ddof=0)")]
pub(crate) fn std(arr: &Bound<'_, PyAny>, ddof: Initial<'_>) -> PyResult<f64> {
    let mut slot = Slot::new();
    let operand = Operand::new(&mut slot, arr, Argument::new("std", "arr"))?;
    let ddof = degrees("std", ddof)?;
    with_element!(operand.element_type(), T => {
        let source = operand.source::<T>();
        runtime::run(arr.py(), "std", operand.len_bytes(), |executor| {
            arrayops::standard_deviation(executor, source.elements(), ddof)
        })
    })
}

/// Count, sum, smallest and largest value, mean and variance of numbers that come in parts.
///
/// ``Stats()`` knows of nothing, ``Stats(buffer)`` of the elements of a buffer. Parts are added with
/// ``update`` and ``merge``. All is kept exactly: no result depends on how the numbers were cut
/// into parts, nor on the order in which those were added or merged.
///
/// >>> from array import array
/// >>> import arrayops as ao
/// >>> stats = ao.Stats(array("d", [1e16, 1.0]))
/// >>> stats.update(array("d", [-1e16]))
/// >>> stats.count, stats.sum, stats.max
/// (3, 1.0, 1e+16)
/// >>> stats + ao.Stats(array("d", [1.0])) == ao.Stats(array("d", [1.0, -1e16, 1e16, 1.0]))
/// True
#[pyclass(frozen, module = "arrayops", name = "Stats")]
pub(crate) struct Stats(Mutex<arrayops::Stats>);

impl Stats {
    /// Held for moments only, and never while Python code runs.
    fn lock(&self) -> MutexGuard<'_, arrayops::Stats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn snapshot(&self) -> arrayops::Stats {
        self.lock().clone()
    }

    fn add(&self, function: &'static str, other: &arrayops::Stats) -> PyResult<()> {
        let merged = runtime::guarded(|| self.lock().merge(other))?;
        merged.map_err(|error| runtime::exception(function, &error))
    }

    /// A figure of what is known now.
    fn figure<R>(
        &self,
        name: &str,
        of: impl FnOnce(&arrayops::Stats) -> Result<R, arrayops::Error>,
    ) -> PyResult<R> {
        let stats = self.snapshot();
        runtime::guarded(|| of(&stats))?.map_err(|error| {
            let message = match error {
                arrayops::Error::Empty => "at least one element is needed".to_owned(),
                error => error.to_string(),
            };
            PyValueError::new_err(format!("Stats.{name}: {message}"))
        })
    }
}

/// The statistics of a buffer, which a function was called with.
fn stats_of(function: &'static str, buffer: &Bound<'_, PyAny>) -> PyResult<arrayops::Stats> {
    let mut slot = Slot::new();
    let operand = Operand::new(&mut slot, buffer, Argument::new(function, "buffer"))?;
    with_element!(operand.element_type(), T => {
        let source = operand.source::<T>();
        runtime::run(buffer.py(), function, operand.len_bytes(), |executor| {
            arrayops::Stats::of(executor, source.elements())
        })
    })
}

#[pymethods]
impl Stats {
    #[new]
    #[pyo3(signature = (buffer=Initial(None)), text_signature = "(buffer=...)")]
    fn new(buffer: Initial<'_>) -> PyResult<Self> {
        let stats = match buffer {
            Initial(None) => arrayops::Stats::new(),
            Initial(Some(buffer)) => stats_of("Stats", &buffer)?,
        };
        Ok(Stats(Mutex::new(stats)))
    }

    /// Adds the elements of *buffer*: all of them or, if an exception is raised, none.
    ///
    /// Raises ``TypeError`` or ``BufferError`` where it is no buffer of numbers.
    fn update(&self, buffer: &Bound<'_, PyAny>) -> PyResult<()> {
        // Worked out beside the lock, so that threads can update one object at the same time.
        let stats = stats_of("Stats.update", buffer)?;
        self.add("Stats.update", &stats)
    }

    /// Adds all that *other* knows of. It is not changed.
    fn merge(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(stats) = other.cast::<Stats>() else {
            return Err(PyTypeError::new_err(format!(
                "Stats.merge() argument 'other' must be a Stats, not {}",
                other.get_type().name()?
            )));
        };
        let other = stats.get().snapshot();
        self.add("Stats.merge", &other)
    }

    fn __add__(&self, other: &Bound<'_, Stats>) -> PyResult<Stats> {
        let sum = Stats(Mutex::new(self.snapshot()));
        let other = other.get().snapshot();
        sum.add("Stats", &other)?;
        Ok(sum)
    }

    /// The number of elements.
    #[getter]
    fn count(&self) -> u64 {
        self.lock().count()
    }

    /// The number of nulls in Arrow columns, which no other figure knows of.
    #[getter]
    fn nulls(&self) -> u64 {
        self.lock().nulls()
    }

    /// The sum: an ``int`` while only integers came, else a correctly rounded ``float``.
    #[getter]
    fn sum<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python_number(py, self.figure("sum", |stats| Ok(stats.sum()))?)
    }

    /// The smallest element. NaN is passed over, unless there is nothing else.
    ///
    /// Of ``-0.0`` and ``0.0`` the former counts as smaller. Raises ``ValueError`` without elements.
    #[getter]
    fn min<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python_number(py, self.figure("min", arrayops::Stats::min)?)
    }

    /// The largest element. NaN, zeros and exceptions as for ``min``.
    #[getter]
    fn max<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python_number(py, self.figure("max", arrayops::Stats::max)?)
    }

    /// The mean of all elements, as ``mean`` gives it. Raises ``ValueError`` without elements.
    #[getter]
    fn mean(&self) -> PyResult<f64> {
        self.figure("mean", arrayops::Stats::mean)
    }

    /// Returns the variance of all elements, as the function ``var`` does.
    #[pyo3(signature = (ddof=Initial(None)), text_signature = "($self, ddof=0)")]
    fn var(&self, ddof: Initial<'_>) -> PyResult<f64> {
        let ddof = degrees("Stats.var", ddof)?;
        self.figure("var", |stats| stats.variance(ddof))
    }

    /// Returns the standard deviation of all elements, as the function ``std`` does.
    #[pyo3(signature = (ddof=Initial(None)), text_signature = "($self, ddof=0)")]
    fn std(&self, ddof: Initial<'_>) -> PyResult<f64> {
        let ddof = degrees("Stats.std", ddof)?;
        self.figure("std", |stats| stats.standard_deviation(ddof))
    }

    /// Returns a compact form for ``from_bytes``. Equal statistics give equal bytes.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.snapshot().to_bytes())
    }

    /// Makes a Stats from what ``to_bytes`` gave.
    ///
    /// Raises ``ValueError`` for any other bytes, ``TypeError`` where *data* has none.
    #[staticmethod]
    fn from_bytes(data: &Bound<'_, PyAny>) -> PyResult<Stats> {
        let py = data.py();
        let view = py
            .get_type::<PyMemoryView>()
            .call1((data,))
            .map_err(|error| {
                if !error.is_instance_of::<PyTypeError>(py) {
                    return error; // the object's own: it is closed, released, ...
                }
                PyTypeError::new_err(format!(
                    "Stats.from_bytes() argument 'data' must be bytes-like, not {}",
                    data.get_type()
                ))
            })?;
        let bytes = view.call_method0("tobytes")?;
        let bytes = bytes.cast::<PyBytes>()?.as_bytes();
        let stats = runtime::guarded(|| arrayops::Stats::from_bytes(bytes))?
            .map_err(|error| runtime::exception("Stats.from_bytes", &error))?;
        Ok(Stats(Mutex::new(stats)))
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let from_bytes = slf.get_type().getattr("from_bytes")?;
        Ok((from_bytes, (slf.get().to_bytes(slf.py()),)))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let Ok(other) = other.cast::<Stats>() else {
            return Ok(py.NotImplemented());
        };
        let (own, other) = (self.snapshot(), other.get().snapshot());
        Ok((own == other)
            .into_pyobject(py)?
            .to_owned()
            .into_any()
            .unbind())
    }

    #[classattr]
    const __hash__: Option<Py<PyAny>> = None;

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let stats = self.snapshot();
        let figures = runtime::guarded(|| {
            Ok((
                stats.min()?,
                stats.max()?,
                stats.mean()?,
                stats.standard_deviation(0)?,
            ))
        })?;
        let nulls = match stats.nulls() {
            0 => String::new(),
            1 => ", 1 null".to_owned(),
            nulls => format!(", {nulls} nulls"),
        };
        let Ok::<_, arrayops::Error>((min, max, mean, std)) = figures else {
            return Ok(format!("<Stats: empty{nulls}>"));
        };
        let shown = |number| {
            python_number(py, number)?
                .repr()
                .map(|text| text.to_string())
        };
        let plural = if stats.count() == 1 { "" } else { "s" };
        Ok(format!(
            "<Stats: {} element{plural}{nulls}, sum {}, min {}, max {}, mean {}, std {}>",
            stats.count(),
            shown(stats.sum())?,
            shown(min)?,
            shown(max)?,
            shown(Number::Float(mean))?,
            shown(Number::Float(std))?,
        ))
    }
}
