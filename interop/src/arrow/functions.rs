//! The functions of `arrayops.arrow`.

use arrayops::{Element, ValuesMut, expand, with_element};
use arrow_buffer::NullBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{intern, wrap_pyfunction};

use super::array::{Array, Shared, new_array};
use super::bits::{common_validity, fill, validity};
use super::held::Numbers;
use super::view::memoryview;
use crate::buffer::Slot;
use crate::callbacks::{
    self, NewOperand, map_apart, map_piece, parse_typecode, program_of, with_inputs,
};
use crate::in_place::{clip_values, scale_values};
use crate::operand::{Argument, Operand};
use crate::pieces::{for_each_piece, for_each_valid_piece};
use crate::result::{Form, ResultMemory};
use crate::runtime;

/// Adds the class and the functions.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    for (name, function) in [
        ("_arrow_map", wrap_pyfunction!(map, module)?),
        ("_arrow_filter", wrap_pyfunction!(filter, module)?),
        ("_arrow_scale", wrap_pyfunction!(scale, module)?),
        ("_arrow_clip", wrap_pyfunction!(clip, module)?),
        ("_to_arrow", wrap_pyfunction!(to_arrow, module)?),
        ("_from_arrow", wrap_pyfunction!(from_arrow, module)?),
    ] {
        // Where they are found by their own names, for pickle.
        function.setattr(intern!(py, "__module__"), "arrayops.arrow")?;
        module.add(name, function)?;
    }
    module.add("_ArrowArray", py.get_type::<Array>())
}

/// Returns the elements of *buffer* as an Arrow array, without a copy.
///
/// The buffer stays exported, and so locked, until the last holder of the array lets go of it: an
/// ``array.array`` raises ``BufferError`` where its size would change. Its elements may still be
/// written, which whoever holds the array then sees, though Arrow has it that they do not change.
///
/// An Arrow column is passed on, nulls and all; its chunks, if it has several, are joined in a copy.
///
/// Raises ``TypeError`` or ``BufferError`` where *buffer* is no buffer of numbers and no column of
/// them; ``BufferError`` where its first element is not aligned for the type.
///
/// >>> from array import array
/// >>> import arrayops.arrow as aoa
/// >>> readings = array("d", [0.5, 1.5])
/// >>> column = aoa.to_arrow(readings)
/// >>> aoa.sum(column)
/// 2.0
/// >>> readings.append(2.5)
/// Traceback (most recent call last):
///     ...
/// BufferError: cannot resize an array that is exporting buffers
/// >>> del column
/// >>> readings.append(2.5)
#[pyfunction]
fn to_arrow(buffer: &Bound<'_, PyAny>) -> PyResult<Array> {
    Array::sharing(buffer, Argument::new("to_arrow", "buffer"))
}

/// Returns the elements of an Arrow column as a read-only memoryview.
///
/// Without a copy, if the column has one chunk and no nulls; the memoryview keeps the data alive. A
/// memoryview has no nulls: with *null* a copy has this number in their place. Several chunks are
/// joined in a copy.
///
/// Raises ``ValueError`` where there are nulls, but no *null*; what ``array`` raises where *null* does
/// not fit; ``TypeError`` or ``BufferError`` where *column* is no column of numbers and no buffer of
/// them.
///
/// >>> import arrayops.arrow as aoa
/// >>> column = aoa.map(b"abc", lambda x: x / 2, typecode="d")
/// >>> aoa.from_arrow(column).tolist()
/// [48.5, 49.0, 49.5]
#[pyfunction]
#[pyo3(signature = (column, *, null=None))]
fn from_arrow<'py>(
    column: &Bound<'py, PyAny>,
    null: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = column.py();
    let argument = Argument::new("from_arrow", "column");
    let mut shared = Shared::new(py, Numbers::new(column, argument)?, false)?;
    if let Some(null) = null {
        shared = with_element!(shared.typecode.element_type(), T => {
            fill_nulls::<T>(py, shared, null)?
        });
    }
    match shared.nulls.as_ref().map_or(0, NullBuffer::null_count) {
        0 => memoryview(py, &shared),
        nulls => {
            let plural = if nulls == 1 { "" } else { "s" };
            Err(PyValueError::new_err(format!(
                "{argument} has {nulls} null{plural}, which a memoryview cannot show; pass null=0, say, \
                 for what to put in their place, or leave them out with arrayops.filter"
            )))
        }
    }
}

/// The same numbers in a copy, with `null` in the place of nulls, if there are any.
fn fill_nulls<T: Element>(
    py: Python<'_>,
    shared: Shared,
    null: &Bound<'_, PyAny>,
) -> PyResult<Shared> {
    // It is refused whether it is needed or not.
    let mut single = ResultMemory::new(Form::Arrow, shared.typecode);
    single.reserve(py, 1)?;
    single.fill(|writer| writer.push(null))?;
    let Some(nulls) = &shared.nulls else {
        return Ok(shared);
    };
    let null = single.written::<T>()[0];
    let mut filled = ResultMemory::new(Form::Arrow, shared.typecode);
    filled.reserve(py, shared.len)?;
    filled.extend::<T>(py, shared.elements())?;
    let elements = filled.written::<T>();
    runtime::in_parts(py, shared.len, false, |range| {
        fill(elements, null, range, validity(nulls));
    })?;
    Shared::of_results(py, filled, None)
}

/// Applies *fn* to every element and returns the results as an Arrow array.
///
/// As ``arrayops.map``, but for nulls and the result. There is a null in the result wherever an
/// input has one, and *fn* is not called there. *typecode* is one of the letters, by default that of
/// *arr*. There is no *out*, since Arrow data does not change.
///
/// Raises what ``arrayops.map`` raises.
///
/// >>> from array import array
/// >>> import arrayops.arrow as aoa
/// >>> celsius = array("h", [-40, 0, 100])
/// >>> fahrenheit = aoa.map(celsius, lambda c: c * 1.8 + 32, typecode="f")
/// >>> fahrenheit
/// <arrayops.arrow.Array: 3 elements of float>
/// >>> aoa.sum(fahrenheit)
/// 204.0
#[pyfunction]
#[pyo3(signature = (arr, r#fn, *arrays, typecode=None))]
fn map<'py>(
    arr: &Bound<'py, PyAny>,
    r#fn: &Bound<'py, PyAny>,
    arrays: &Bound<'py, PyTuple>,
    typecode: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = arr.py();
    let typecode = typecode.map(parse_typecode).transpose()?;
    let new: NewOperand<'py> = |slot, object, argument| Operand::new(slot, object, argument);
    with_inputs(arr, arrays, new, |inputs| {
        let typecode = typecode.unwrap_or(inputs[0].typecode());
        let Some(nulls) = common_validity(py, inputs)? else {
            return map_apart(Form::Arrow, r#fn, inputs, typecode)?.into_array(py);
        };
        let mut memory = ResultMemory::new(Form::Arrow, typecode);
        memory.reserve(py, inputs[0].len())?;
        let traced = program_of(r#fn, inputs, typecode)?;
        for_each_valid_piece(py, inputs, validity(&nulls), |places, pieces| {
            map_piece(r#fn, traced.as_ref(), places.start, pieces, &mut memory)?;
            memory.fill_at(places.start, |_| Ok(()))?;
            with_element!(typecode.element_type(), T => {
                let valid = validity(&nulls).part(places.clone());
                let (end, all) = (valid.count(), 0..places.len());
                expand(runtime::level(), memory.spare::<T>(), end, all, valid);
            });
            memory.fill_at(places.end, |_| Ok(()))
        })?;
        new_array(py, memory, Some(nulls))
    })
}

/// Returns an Arrow array of the elements for which *predicate* is true.
///
/// As ``arrayops.filter``, but for the result, which has no nulls: *predicate* is not called for
/// nulls, and they are not kept.
///
/// Raises what ``arrayops.filter`` raises.
///
/// >>> from array import array
/// >>> import arrayops.arrow as aoa
/// >>> aoa.filter(array("d", [0.5, -1.5, 2.5]), lambda x: x > 0)
/// <arrayops.arrow.Array: 2 elements of double>
#[pyfunction]
fn filter<'py>(
    arr: &Bound<'py, PyAny>,
    predicate: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    callbacks::filter_to(Form::Arrow, arr, predicate)
}

/// Returns an Arrow array of every element multiplied by *factor*.
///
/// As ``arrayops.scale``, but *arr* stays as it is, and nulls stay nulls.
///
/// Raises what ``arrayops.scale`` raises, but for read-only buffers, which are as good as others.
///
/// >>> from array import array
/// >>> import arrayops.arrow as aoa
/// >>> samples = array("h", [100, -200, 30000])
/// >>> aoa.from_arrow(aoa.scale(samples, 1.5, overflow="saturate")).tolist()
/// [150, -300, 32767]
#[pyfunction]
#[pyo3(signature = (arr, factor, *, overflow="raise"))]
fn scale<'py>(
    arr: &Bound<'py, PyAny>,
    factor: &Bound<'py, PyAny>,
    overflow: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let mut slot = Slot::new();
    let operand = Operand::new(&mut slot, arr, Argument::new("scale", "arr"))?;
    with_element!(operand.element_type(), T => {
        changed::<T>(arr.py(), &operand, |values, nulls| {
            // The places of what is wrong are those in the column.
            let place = |index| match nulls {
                Some(nulls) => nulls.valid_indices().nth(index).unwrap_or(index),
                None => index,
            };
            scale_values(values, factor, overflow, place)
        })
    })
}

/// Returns an Arrow array of every element limited to the interval from *min* to *max*.
///
/// As ``arrayops.clip``, but *arr* stays as it is, and nulls stay nulls.
///
/// Raises what ``arrayops.clip`` raises, but for read-only buffers, which are as good as others.
///
/// >>> from array import array
/// >>> import arrayops.arrow as aoa
/// >>> pixels = array("i", [-20, 100, 300])
/// >>> aoa.from_arrow(aoa.clip(pixels, 0, 255)).tolist()
/// [0, 100, 255]
#[pyfunction]
fn clip<'py>(
    arr: &Bound<'py, PyAny>,
    min: &Bound<'py, PyAny>,
    max: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut slot = Slot::new();
    let operand = Operand::new(&mut slot, arr, Argument::new("clip", "arr"))?;
    with_element!(operand.element_type(), T => {
        changed::<T>(arr.py(), &operand, |values, _| clip_values(values, min, max))
    })
}

/// An array of the elements after `change`, which sees no nulls, but is told where they are.
fn changed<'py, T: Element>(
    py: Python<'py>,
    operand: &Operand<'_, 'py>,
    change: impl FnOnce(ValuesMut<'_, T>, Option<&NullBuffer>) -> PyResult<()>,
) -> PyResult<Bound<'py, PyAny>> {
    let nulls = common_validity(py, &[operand])?;
    let mut memory = ResultMemory::new(Form::Arrow, operand.typecode());
    memory.reserve(py, operand.len())?;
    for_each_piece(py, &[operand], |_, pieces| {
        memory.extend::<T>(py, pieces[0].values())
    })?;
    change(memory.written::<T>().into(), nulls.as_ref())?;
    if let Some(nulls) = &nulls {
        let mut end = memory.len();
        memory.fill_at(0, |_| Ok(()))?;
        let out = memory.spare::<T>();
        runtime::in_parts(py, nulls.len(), true, |places| {
            end = expand(runtime::level(), out, end, places, validity(nulls));
        })?;
        memory.fill_at(nulls.len(), |_| Ok(()))?;
    }
    new_array(py, memory, nulls)
}
