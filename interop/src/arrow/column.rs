//! Columns: the one place where an object with Arrow's capsules becomes typed memory.
#![expect(unsafe_code, reason = "capsules hold structs of the C data interface")]

use arrayops::ElementType;
use arrow_data::ffi::FFI_ArrowArray;
use arrow_schema::ffi::FFI_ArrowSchema;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::PyTuple;

use super::capsule::{Protocol, contents};
use super::chunk::Chunk;
use super::schema::{self, Shape};
use super::stream::{RawStream, Stream};
use crate::operand::Argument;
use crate::typecode::Typecode;

/// A column of numbers: chunks of one element type, held until it is dropped.
pub(crate) struct Column {
    chunks: Vec<Chunk>,
    shape: Shape,
    typecode: Typecode,
    element_type: ElementType,
    len: usize,
    nulls: usize,
}

/// The column that an object is, if it has one of the methods that give capsules.
#[inline]
pub(crate) fn import(object: &Bound<'_, PyAny>, argument: Argument) -> PyResult<Option<Column>> {
    match Protocol::of(object)? {
        Protocol::None => Ok(None),
        Protocol::Array => from_array(object, argument).map(Some),
        Protocol::Stream => from_stream(object, argument).map(Some),
    }
}

#[inline(never)]
fn from_array(object: &Bound<'_, PyAny>, argument: Argument) -> PyResult<Column> {
    let given = object.call_method0(intern!(object.py(), "__arrow_c_array__"))?;
    let pair = given.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
    let Some(pair) = pair else {
        return Err(PyTypeError::new_err(format!(
            "{argument} gave a {} instead of a pair of capsules",
            given.get_type().name()?
        )));
    };
    let (schema, array) = (pair.get_item(0)?, pair.get_item(1)?);
    let schema_struct = contents::<FFI_ArrowSchema>(&schema, c"arrow_schema", argument)?;
    // SAFETY: what a capsule of this name holds, which lives as long.
    let schema = unsafe { schema_struct.as_ref() };
    let array_struct = contents::<FFI_ArrowArray>(&array, c"arrow_array", argument)?;
    // Of two threads that have the capsule one takes the array, without a GIL too.
    let array = with_critical_section(&array, || {
        // SAFETY: as above; it is left as one that has been released.
        unsafe { FFI_ArrowArray::from_raw(array_struct.as_ptr()) }
    });
    if schema.release().is_none() || array.is_released() {
        return Err(consumed(argument));
    }
    let mut column = Column::new(schema::read(schema, argument)?);
    column.push(array, argument)?;
    Ok(column)
}

#[inline(never)]
fn from_stream(object: &Bound<'_, PyAny>, argument: Argument) -> PyResult<Column> {
    let py = object.py();
    let capsule = object.call_method0(intern!(py, "__arrow_c_stream__"))?;
    let stream = contents::<RawStream>(&capsule, c"arrow_array_stream", argument)?;
    // As above, one thread takes it.
    let stream = with_critical_section(&capsule, || {
        // SAFETY: what a capsule of this name holds, which lives as long.
        unsafe { Stream::take(stream) }
    });
    let mut stream = stream.ok_or_else(|| consumed(argument))?;
    let schema = stream.schema(py, argument)?;
    let mut column = Column::new(schema::read(&schema, argument)?);
    while let Some(array) = stream.next(py, argument)? {
        column.push(array, argument)?;
        py.check_signals()?;
    }
    Ok(column)
}

fn consumed(argument: Argument) -> PyErr {
    PyValueError::new_err(format!(
        "{argument} gave an Arrow capsule that has been consumed already"
    ))
}

impl Column {
    fn new((shape, typecode): (Shape, Typecode)) -> Self {
        Column {
            chunks: Vec::new(),
            shape,
            typecode,
            element_type: typecode.element_type(),
            len: 0,
            nulls: 0,
        }
    }

    fn push(&mut self, array: FFI_ArrowArray, argument: Argument) -> PyResult<()> {
        let chunk = Chunk::new(array, self.shape, self.element_type, argument)?;
        let Some(chunk) = chunk else {
            return Ok(());
        };
        let bytes = self
            .len
            .checked_add(chunk.len())
            .and_then(|len| len.checked_mul(self.element_type.size()));
        if bytes.is_none() {
            return Err(PyValueError::new_err(format!(
                "{argument} gave a malformed Arrow stream: it is larger than memory"
            )));
        }
        self.len += chunk.len();
        self.nulls += chunk.nulls();
        self.chunks.push(chunk);
        Ok(())
    }

    pub(crate) const fn typecode(&self) -> Typecode {
        self.typecode
    }

    pub(crate) const fn element_type(&self) -> ElementType {
        self.element_type
    }

    /// The number of elements, nulls among them.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The number of nulls.
    pub(crate) const fn nulls(&self) -> usize {
        self.nulls
    }

    /// Takes the last chunk.
    pub(super) fn pop(&mut self) -> Option<Chunk> {
        let chunk = self.chunks.pop()?;
        self.len -= chunk.len();
        self.nulls -= chunk.nulls();
        Some(chunk)
    }

    /// The chunks in order, none of them empty.
    pub(crate) fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }
}
