//! Arrow data as a buffer.
#![expect(unsafe_code, reason = "the buffer protocol is a C interface")]

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use arrow_buffer::Buffer;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;

use super::array::Shared;
use crate::typecode::Typecode;

/// What a memoryview of Arrow data is of.
#[pyclass(frozen, module = "arrayops.arrow", name = "_Exporter")]
struct Exporter {
    values: Buffer,
    typecode: Typecode,
    /// The number of elements, and the distance between them in bytes.
    shape: isize,
    stride: isize,
}

/// A memoryview of all values, which keeps their memory alive.
pub(super) fn memoryview<'py>(py: Python<'py>, shared: &Shared) -> PyResult<Bound<'py, PyAny>> {
    let size = shared.typecode.element_type().size();
    let exporter = Exporter {
        values: shared.values.slice(shared.offset() * size),
        typecode: shared.typecode,
        shape: shared.len.cast_signed(),
        stride: size.cast_signed(),
    };
    Ok(PyMemoryView::from(&Bound::new(py, exporter)?.into_any())?.into_any())
}

#[pymethods]
impl Exporter {
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        // SAFETY: Python gives a place for it. No object is to be in it where there is an error.
        unsafe { (*view).obj = ptr::null_mut() };
        if flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err("Arrow data is read-only"));
        }
        let this = slf.get();
        let asked = |flag| flags & flag == flag;
        let shape = (&raw const this.shape).cast_mut();
        let stride = (&raw const this.stride).cast_mut();
        let format = format(this.typecode).as_ptr().cast_mut();
        let filled = ffi::Py_buffer {
            buf: this.values.as_ptr().cast::<c_void>().cast_mut(),
            len: this.values.len().cast_signed(),
            itemsize: this.stride,
            readonly: 1,
            ndim: 1,
            format: if asked(ffi::PyBUF_FORMAT) {
                format
            } else {
                ptr::null_mut()
            },
            shape: if asked(ffi::PyBUF_ND) {
                shape
            } else {
                ptr::null_mut()
            },
            strides: if asked(ffi::PyBUF_STRIDES) {
                stride
            } else {
                ptr::null_mut()
            },
            suboffsets: ptr::null_mut(),
            internal: ptr::null_mut(),
            obj: slf.into_any().into_ptr(),
        };
        // SAFETY: as above. What it points to lives as long as the object.
        unsafe { view.write(filled) };
        Ok(())
    }
}

/// The letter as a string of C.
fn format(typecode: Typecode) -> &'static CStr {
    match typecode.as_str() {
        "b" => c"b",
        "B" => c"B",
        "h" => c"h",
        "H" => c"H",
        "i" => c"i",
        "I" => c"I",
        "l" => c"l",
        "L" => c"L",
        "q" => c"q",
        "Q" => c"Q",
        "f" => c"f",
        _ => c"d",
    }
}
