//! `sum`, `mean`, `min`, `max`.

use arrayops::{Number, with_element};
use pyo3::prelude::*;

use crate::buffer::Slot;
use crate::convert::python_number;
use crate::operand::{Argument, Operand};
use crate::runtime;

/// Returns the sum of all elements.
///
/// Integers never wrap: the result equals ``sum(arr)``. Floats are summed exactly and rounded
/// once: the result equals ``math.fsum(arr)`` and does not depend on the order of the elements.
/// Where ``fsum`` raises, ``inf + -inf`` is NaN, a total beyond the range of double is infinite,
/// and an overflow only on the way is none. The sum of nothing is ``0`` or ``0.0``.
///
/// Raises ``TypeError`` or ``BufferError`` where *arr* is no buffer of numbers.
///
/// >>> from array import array
/// >>> import arrayops as ao
/// >>> ao.sum(array("b", [127]) * 1000)
/// 127000
/// >>> ao.sum(array("d", [1e16, 1.0, -1e16]))
/// 1.0
#[pyfunction]
pub(crate) fn sum<'py>(arr: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let mut slot = Slot::new();
    let operand = Operand::new(&mut slot, arr, Argument::new("sum", "arr"))?;
    let sum: Number = with_element!(operand.element_type(), T => {
        let source = operand.source::<T>();
        runtime::run(arr.py(), "sum", operand.len_bytes(), |executor| arrayops::sum(executor, source.elements()))?
    });
    python_number(arr.py(), sum)
}

/// Returns the arithmetic mean as a float.
///
/// Integers: the correctly rounded quotient ``sum(arr) / len(arr)``. Floats:
/// ``math.fsum(arr) / len(arr)``, NaN and infinities as for ``sum``.
///
/// Raises ``ValueError`` where *arr* is empty, ``TypeError`` or ``BufferError`` where it is no
/// buffer of numbers.
///
/// >>> from array import array
/// >>> import arrayops as ao
/// >>> ao.mean(array("H", [65535, 65535, 65534]))
/// 65534.666666666664
#[pyfunction]
pub(crate) fn mean(arr: &Bound<'_, PyAny>) -> PyResult<f64> {
    let mut slot = Slot::new();
    let operand = Operand::new(&mut slot, arr, Argument::new("mean", "arr"))?;
    with_element!(operand.element_type(), T => {
        let source = operand.source::<T>();
        runtime::run(arr.py(), "mean", operand.len_bytes(), |executor| arrayops::mean(executor, source.elements()))
    })
}

/// Returns the smallest element, as ``min(arr)`` does.
///
/// Floats: a NaN in first place is returned, a NaN elsewhere is passed over, and of ``0.0`` and
/// ``-0.0`` the first one met is returned.
///
/// Raises ``ValueError`` where *arr* is empty, ``TypeError`` or ``BufferError`` where it is no
/// buffer of numbers.
///
/// >>> from array import array
/// >>> import arrayops as ao
/// >>> ao.min(array("h", [3, -7, 5]))
/// -7
#[pyfunction]
pub(crate) fn min<'py>(arr: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let mut slot = Slot::new();
    let operand = Operand::new(&mut slot, arr, Argument::new("min", "arr"))?;
    let min = with_element!(operand.element_type(), T => {
        let source = operand.source::<T>();
        runtime::run(arr.py(), "min", operand.len_bytes(), |executor| {
            arrayops::min(executor, source.elements()).map(arrayops::Element::number)
        })?
    });
    python_number(arr.py(), min)
}

/// Returns the largest element, as ``max(arr)`` does.
///
/// NaN, signed zeros and exceptions as for ``min``.
///
/// >>> import arrayops as ao
/// >>> ao.max(b"arrayops")
/// 121
#[pyfunction]
pub(crate) fn max<'py>(arr: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let mut slot = Slot::new();
    let operand = Operand::new(&mut slot, arr, Argument::new("max", "arr"))?;
    let max = with_element!(operand.element_type(), T => {
        let source = operand.source::<T>();
        runtime::run(arr.py(), "max", operand.len_bytes(), |executor| {
            arrayops::max(executor, source.elements()).map(arrayops::Element::number)
        })?
    });
    python_number(arr.py(), max)
}
