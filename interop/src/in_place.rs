//! `scale`, `clip`.

use arrayops::{
    Bound as Limit, Clip, ElementType, Error, Factor, Overflow, Scale, ValuesMut, with_element,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyFloat;

use crate::buffer::Slot;
use crate::convert::index;
use crate::operand::{Argument, Operand};
use crate::runtime;

/// Multiplies every element by *factor*, in place.
///
/// Floats: ``x * factor``. Integers by an integer: ``x * factor``; by a float:
/// ``int(x * factor)``. Where a product does not fit an integer array, *overflow* decides:
/// ``"raise"`` raises and changes nothing, ``"saturate"`` stores the nearer limit of the type,
/// ``"wrap"`` stores the value modulo 2^bits.
///
/// Raises ``OverflowError`` as said, and where an integer element times the factor is infinite;
/// ``ValueError`` where it is NaN, or *overflow* is another word; ``BufferError`` where *arr* is
/// read-only; ``TypeError`` where *arr* is no buffer of numbers or *factor* no number. *arr* is
/// then as it was before.
///
/// >>> from array import array
/// >>> import arrayops as ao
/// >>> samples = array("h", [100, -200, 30000])
/// >>> ao.scale(samples, 1.5, overflow="saturate")
/// >>> samples
/// array('h', [150, -300, 32767])
#[pyfunction]
#[pyo3(signature = (arr, factor, *, overflow="raise"))]
pub(crate) fn scale(
    arr: &Bound<'_, PyAny>,
    factor: &Bound<'_, PyAny>,
    overflow: &str,
) -> PyResult<()> {
    let mut slot = Slot::new();
    let mut operand = Operand::writable(&mut slot, arr, Argument::new("scale", "arr"))?;
    with_element!(operand.element_type(), T => {
        scale_values(operand.values_mut::<T>(), factor, overflow, |index| index)
    })
}

/// [`scale`] of these elements. Errors name the `place` of an element, found from its index.
pub(crate) fn scale_values<T: Scale>(
    values: ValuesMut<'_, T>,
    factor: &Bound<'_, PyAny>,
    overflow: &str,
    place: impl Fn(usize) -> usize + Send + Sync,
) -> PyResult<()> {
    let overflow = parse_overflow(overflow)?;
    let len = values.as_values().len();
    let is_float = matches!(T::TYPE, ElementType::F32 | ElementType::F64);
    let parsed = parse_factor(factor, is_float && len > 0)?;
    if len == 0 {
        return Ok(());
    }
    runtime::run(factor.py(), "scale", len * size_of::<T>(), |executor| {
        arrayops::scale(executor, values, parsed, overflow).map_err(|mut error| {
            if let Error::Overflow { index, .. }
            | Error::Infinite { index }
            | Error::NotANumber { index } = &mut error
            {
                *index = place(*index);
            }
            error
        })
    })
}

fn parse_overflow(word: &str) -> PyResult<Overflow> {
    match word {
        "raise" => Ok(Overflow::Raise),
        "saturate" => Ok(Overflow::Saturate),
        "wrap" => Ok(Overflow::Wrap),
        _ => Err(PyValueError::new_err(format!(
            "scale() argument 'overflow' must be 'raise', 'saturate' or 'wrap', not '{word}'"
        ))),
    }
}

/// The factor as a double for float elements, which raises where Python's product would.
fn parse_factor(factor: &Bound<'_, PyAny>, as_float: bool) -> PyResult<Factor> {
    if let Ok(factor) = factor.cast::<PyFloat>() {
        return Ok(Factor::Float(factor.value()));
    }
    let Some(factor) = index(factor)? else {
        return Err(PyTypeError::new_err(format!(
            "scale() argument 'factor' must be an int or a float, not {}",
            factor.get_type().name()?
        )));
    };
    if as_float {
        return factor.extract().map(Factor::Float);
    }
    if let Ok(factor) = factor.extract() {
        return Ok(Factor::Int(factor));
    }
    // No product with such a factor fits any type, except zero, and of the factor modulo 2^64 no
    // more is needed: a smaller one that is alike in both serves as well.
    let low_bits: i128 = factor.bitand(u64::MAX)?.extract()?;
    let high: i128 = if factor.lt(0)? { -(1 << 100) } else { 1 << 100 };
    Ok(Factor::Int(high + low_bits))
}

/// Limits every element to the interval from *min* to *max*, in place.
///
/// Elements below *min* become *min*, elements above *max* become *max*, NaN stays. A bound of
/// ``None`` does not bind. In integer arrays a float bound means the integers inside it,
/// ``ceil(min)`` and ``floor(max)``. A bound beyond the range of the type does not bind where
/// every element satisfies it.
///
/// Raises ``OverflowError`` where no value of the type satisfies a bound; ``ValueError`` where
/// ``min > max`` or a bound is NaN; ``BufferError`` where *arr* is read-only; ``TypeError`` where
/// *arr* is no buffer of numbers or a bound no number. *arr* is then as it was before.
///
/// >>> from array import array
/// >>> import arrayops as ao
/// >>> pixels = array("i", [-20, 100, 300])
/// >>> ao.clip(pixels, 0, 255)
/// >>> pixels
/// array('i', [0, 100, 255])
#[pyfunction]
pub(crate) fn clip(
    arr: &Bound<'_, PyAny>,
    min: &Bound<'_, PyAny>,
    max: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let mut slot = Slot::new();
    let mut operand = Operand::writable(&mut slot, arr, Argument::new("clip", "arr"))?;
    with_element!(operand.element_type(), T => clip_values(operand.values_mut::<T>(), min, max))
}

/// [`clip`] of these elements.
pub(crate) fn clip_values<T: Clip>(
    values: ValuesMut<'_, T>,
    min: &Bound<'_, PyAny>,
    max: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let bytes = size_of::<T>() * values.as_values().len();
    let (low, high) = (parse_bound(min, "min")?, parse_bound(max, "max")?);
    // The two may be of different types, and larger than any the core knows.
    if low.is_some() && high.is_some() && min.gt(max)? {
        return Err(PyValueError::new_err(format!(
            "clip(): min must not be greater than max, but {} > {}",
            min.repr()?,
            max.repr()?
        )));
    }
    runtime::run(min.py(), "clip", bytes, |executor| {
        arrayops::clip(executor, values, low, high)
    })
}

fn parse_bound(bound: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Option<Limit>> {
    if bound.is_none() {
        return Ok(None);
    }
    if let Ok(bound) = bound.cast::<PyFloat>() {
        return Ok(Some(Limit::Float(bound.value())));
    }
    let Some(bound) = index(bound)? else {
        return Err(PyTypeError::new_err(format!(
            "clip() argument '{name}' must be an int, a float or None, not {}",
            bound.get_type().name()?
        )));
    };
    Ok(Some(if let Ok(bound) = bound.extract::<i128>() {
        Limit::Int(bound)
    } else if let Ok(bound) = bound.extract::<f64>() {
        Limit::Float(bound)
    } else {
        Limit::Beyond {
            negative: bound.lt(0)?,
        }
    }))
}
