//! Arrow out: arrays that others take through Arrow's capsule interface.
#![expect(unsafe_code, reason = "capsules are a C interface")]

use std::ffi::CStr;
use std::panic::AssertUnwindSafe;
use std::ptr::NonNull;
use std::sync::Arc;

use arrayops::{Element, ElementType, Values, with_element};
use arrow_buffer::alloc::Allocation;
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_data::ffi::FFI_ArrowArray;
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, DataType, Field};
use pyo3::exceptions::{PyBufferError, PySystemError};
use pyo3::ffi;
use pyo3::prelude::*;

use super::Chunk;
use super::bits::validity_of;
use super::held::Numbers;
use crate::buffer::values_at;
use crate::operand::Argument;
use crate::result::{Form, ResultMemory};
use crate::typecode::Typecode;

/// Numbers as Arrow data, for others to take: the result of a function of arrayops.arrow.
///
/// It has the methods of Arrow's capsule interface and no operations. Whoever takes it shares its
/// memory, as often as they like and from any thread; the memory lives until all have let go of it.
///
/// >>> import arrayops.arrow as aoa
/// >>> aoa.map(b"abc", lambda x: x * 2, typecode="h")
/// <arrayops.arrow.Array: 3 elements of int16>
#[pyclass(frozen, module = "arrayops.arrow")]
pub(crate) struct Array(ArrayData);

#[pymethods]
impl Array {
    /// Returns a capsule named ``arrow_schema`` with the type of the elements.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        // Nullable, since one without nulls may be followed by one with nulls.
        let field = Field::new("", self.0.data_type().clone(), true);
        let schema = FFI_ArrowSchema::try_from(&field).map_err(|error| refused(&error))?;
        capsule(py, schema)
    }

    /// Returns a pair of capsules, named ``arrow_schema`` and ``arrow_array``.
    ///
    /// The elements are of the one type that they have, whatever schema is requested.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let _ = requested_schema; // a request that need not be met
        let schema = self.__arrow_c_schema__(py)?;
        Ok((schema, capsule(py, FFI_ArrowArray::new(&self.0))?))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        let data_type = match self.0.data_type() {
            DataType::Float32 => "float".to_owned(),
            DataType::Float64 => "double".to_owned(),
            other => other.to_string().to_lowercase(),
        };
        let number = |number, what| {
            let plural = if number == 1 { "" } else { "s" };
            format!("{number} {what}{plural}")
        };
        let elements = number(self.0.len(), "element");
        let nulls = match self.0.null_count() {
            0 => String::new(),
            nulls => format!(", {}", number(nulls, "null")),
        };
        format!("<arrayops.arrow.Array: {elements} of {data_type}{nulls}>")
    }
}

impl Array {
    /// The numbers of a buffer or a column, in their own memory if they are side by side.
    pub(super) fn sharing(object: &Bound<'_, PyAny>, argument: Argument) -> PyResult<Self> {
        let numbers = Numbers::new(object, argument)?;
        if let Numbers::Buffer {
            address,
            len,
            typecode,
            ..
        } = &numbers
            && *len > 0
            && !is_aligned(*address, *typecode)
        {
            return Err(PyBufferError::new_err(format!(
                "{argument} is not aligned for elements of {} bytes, as Arrow data must be; copy it \
                 first, as array.array('{typecode}', buffer) does",
                typecode.element_type().size()
            )));
        }
        Self::of_shared(Shared::new(object.py(), numbers, true)?)
    }

    fn of_shared(shared: Shared) -> PyResult<Self> {
        let data = ArrayData::builder(data_type(shared.typecode))
            .len(shared.len)
            .offset(shared.offset())
            .nulls(shared.nulls)
            .add_buffer(shared.values);
        data.build().map(Array).map_err(|error| refused(&error))
    }
}

/// The array of these results, and which of them are no nulls.
pub(crate) fn new_array(
    py: Python<'_>,
    results: ResultMemory,
    nulls: Option<NullBuffer>,
) -> PyResult<Bound<'_, PyAny>> {
    let array = Array::of_shared(Shared::of_results(py, results, nulls)?)?;
    Ok(Bound::new(py, array)?.into_any())
}

/// Memory with numbers, which lives as long as anyone holds it.
pub(super) struct Shared {
    /// The values, behind as many others as the offset of the validity bits.
    pub(super) values: Buffer,
    pub(super) len: usize,
    pub(super) typecode: Typecode,
    /// Which are no nulls, if there are nulls.
    pub(super) nulls: Option<NullBuffer>,
}

impl Shared {
    /// Numbers in their own memory; in a copy if they are in several chunks, or not `aligned` where
    /// they must be.
    pub(super) fn new(py: Python<'_>, numbers: Numbers, aligned: bool) -> PyResult<Self> {
        let mut column = match numbers {
            Numbers::Column(column) => column,
            Numbers::Buffer {
                address,
                len,
                typecode,
                held,
            } => {
                let element_type = typecode.element_type();
                // SAFETY: so many elements are there while the buffer is held.
                let values = unsafe { memory(address, len * element_type.size(), share(held)) };
                return Ok(Shared {
                    values,
                    len,
                    typecode,
                    nulls: None,
                });
            }
        };
        let typecode = column.typecode();
        if let [only] = column.chunks()
            && (!aligned || is_aligned(only.address(), typecode))
            && let Some(chunk) = column.pop()
        {
            return Ok(Self::of_chunk(chunk, typecode));
        }
        let mut results = ResultMemory::new(Form::Arrow, typecode);
        results.reserve(py, column.len())?;
        with_element!(typecode.element_type(), T => for chunk in column.chunks() {
            results.extend(py, chunk.values::<T>())?;
            py.check_signals()?;
        });
        let nulls = validity_of(py, column.len(), [column.chunks()].into_iter())?;
        Self::of_results(py, results, nulls)
    }

    fn of_chunk(chunk: Chunk, typecode: Typecode) -> Self {
        let size = typecode.element_type().size();
        let (address, len, bits) = (chunk.address(), chunk.len(), chunk.bits());
        let owner = share(chunk);
        // The values before the first are in the same memory, since their validity bits are.
        let offset = bits.map_or(0, |(_, offset)| offset);
        let start = address.wrapping_sub(offset * size);
        // SAFETY: so many values are there while the chunk lives.
        let values = unsafe { memory(start, (offset + len) * size, Arc::clone(&owner)) };
        let nulls = bits.map(|(bits, offset)| {
            // SAFETY: a bit for each of these values is there while the chunk lives.
            let bits = unsafe { memory(bits, (offset + len).div_ceil(8), owner) };
            NullBuffer::new(BooleanBuffer::new(bits, offset, len))
        });
        Shared {
            values,
            len,
            typecode,
            nulls,
        }
    }

    /// Results, and which of them are no nulls.
    pub(super) fn of_results(
        py: Python<'_>,
        results: ResultMemory,
        nulls: Option<NullBuffer>,
    ) -> PyResult<Self> {
        let (len, typecode) = (results.len(), results.typecode());
        let size = typecode.element_type().size();
        let owned = results.into_owned(py)?;
        let address = owned.address();
        // SAFETY: the results are there, until the owner goes.
        let values = unsafe { memory(address, len * size, share(owned)) };
        Ok(Shared {
            values,
            len,
            typecode,
            nulls,
        })
    }

    /// The values, with anything in the place of a null.
    pub(super) fn elements<T: Element>(&self) -> Values<'_, T> {
        assert_eq!(self.typecode.element_type(), T::TYPE);
        let start = self
            .values
            .as_ptr()
            .wrapping_add(self.offset() * size_of::<T>());
        // SAFETY: so many values are in the memory from there on.
        unsafe { values_at(start, self.len) }
    }

    /// The place of the first value in the memory.
    pub(super) fn offset(&self) -> usize {
        self.nulls.as_ref().map_or(0, NullBuffer::offset)
    }
}

/// An owner that any number of buffers share.
fn share(owner: impl Send + Sync + 'static) -> Arc<dyn Allocation> {
    // Nothing can be seen of an owner but that it lives.
    Arc::new(AssertUnwindSafe(owner))
}

/// Memory as a buffer of arrow-rs.
///
/// # Safety
/// So many bytes are there while the owner lives.
unsafe fn memory(address: *const u8, bytes: usize, owner: Arc<dyn Allocation>) -> Buffer {
    let address = match NonNull::new(address.cast_mut()) {
        Some(address) if bytes > 0 => address,
        _ => NonNull::<u64>::dangling().cast(), // aligned for all types
    };
    // SAFETY: by the caller.
    unsafe { Buffer::from_custom_allocation(address, bytes, owner) }
}

fn is_aligned(address: *const u8, typecode: Typecode) -> bool {
    address
        .addr()
        .is_multiple_of(typecode.element_type().size())
}

fn data_type(typecode: Typecode) -> DataType {
    match typecode.element_type() {
        ElementType::I8 => DataType::Int8,
        ElementType::I16 => DataType::Int16,
        ElementType::I32 => DataType::Int32,
        ElementType::I64 => DataType::Int64,
        ElementType::U8 => DataType::UInt8,
        ElementType::U16 => DataType::UInt16,
        ElementType::U32 => DataType::UInt32,
        ElementType::U64 => DataType::UInt64,
        ElementType::F32 => DataType::Float32,
        ElementType::F64 => DataType::Float64,
    }
}

fn refused(error: &ArrowError) -> PyErr {
    PySystemError::new_err(format!(
        "internal error in arrayops, please report it: {error}"
    ))
}

/// A struct of the C data interface, which is released when it is dropped.
trait Exported: Sized {
    const NAME: &CStr;
}

impl Exported for FFI_ArrowSchema {
    const NAME: &CStr = c"arrow_schema";
}

impl Exported for FFI_ArrowArray {
    const NAME: &CStr = c"arrow_array";
}

/// A capsule that holds a struct, and releases it unless it has been taken.
fn capsule<T: Exported>(py: Python<'_>, exported: T) -> PyResult<Bound<'_, PyAny>> {
    unsafe extern "C" fn destroy<T: Exported>(capsule: *mut ffi::PyObject) {
        // SAFETY: a capsule of this name, which is about to go.
        let contents = unsafe { ffi::PyCapsule_GetPointer(capsule, T::NAME.as_ptr()) };
        if !contents.is_null() {
            // SAFETY: made from a box below. A consumer has left a released struct.
            drop(unsafe { Box::from_raw(contents.cast::<T>()) });
        }
    }
    let contents = Box::into_raw(Box::new(exported));
    // SAFETY: this thread is attached; the name lives for ever.
    let capsule =
        unsafe { ffi::PyCapsule_New(contents.cast(), T::NAME.as_ptr(), Some(destroy::<T>)) };
    // SAFETY: a new reference, or null with an exception set.
    let capsule = unsafe { Bound::from_owned_ptr_or_err(py, capsule) };
    if capsule.is_err() {
        // SAFETY: there is no capsule that would do so.
        drop(unsafe { Box::from_raw(contents) });
    }
    capsule
}
