//! Buffer exports: the raw end of PEP 3118.
#![expect(unsafe_code, reason = "the buffer protocol is a C interface")]

use std::ffi::CStr;
use std::marker::{PhantomData, PhantomPinned};
use std::mem::MaybeUninit;
use std::slice;

use arrayops::{Element, Values, ValuesMut};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Where a buffer export lives.
///
/// Exporters store pointers into the `Py_buffer` itself, so it must stay where it was filled in.
/// An [`Export`] borrows its slot, which so can neither move nor go while the export is held.
/// Unlike `PyUntypedBuffer` it allocates nothing, asks for no suboffsets, and so leaves it to
/// `Operand` to say what is wrong with a buffer.
pub(crate) struct Slot(MaybeUninit<ffi::Py_buffer>, PhantomPinned);

impl Slot {
    pub(crate) const fn new() -> Self {
        Slot(MaybeUninit::uninit(), PhantomPinned)
    }

    /// Asks `object` for its buffer, writable or not, with its format and its strides.
    pub(crate) fn export<'a, 'py>(
        &'a mut self,
        object: &Bound<'py, PyAny>,
    ) -> Result<Export<'a, 'py>, NoExport> {
        let py = object.py();
        // SAFETY: the object is alive and this thread attached, by `Bound`; the slot is writable.
        let status = unsafe {
            ffi::PyObject_GetBuffer(object.as_ptr(), self.0.as_mut_ptr(), ffi::PyBUF_RECORDS_RO)
        };
        if status == 0 {
            // SAFETY: the call succeeded and has filled it in.
            let raw = unsafe { self.0.assume_init_mut() };
            return Ok(Export {
                raw,
                attached: PhantomData,
            });
        }
        let error = PyErr::fetch(py);
        // SAFETY: the object is alive and this thread attached, by `Bound`.
        let exports = unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) } != 0;
        if !exports && error.is_instance_of::<PyTypeError>(py) {
            Err(NoExport::NotABuffer)
        } else {
            Err(NoExport::Failed(error))
        }
    }
}

impl Slot {
    /// Ends an export that was kept.
    ///
    /// # Safety
    /// An export of this slot was kept, and has not been released; this thread is attached.
    #[cfg(feature = "arrow")]
    pub(crate) unsafe fn release(&mut self) {
        // SAFETY: filled in, by the caller.
        unsafe { ffi::PyBuffer_Release(self.0.as_mut_ptr()) };
    }
}

/// Why there is no export.
pub(crate) enum NoExport {
    /// Objects of this type have no buffer.
    NotABuffer,
    /// The object refused, in its own words: it is closed, released, ...
    Failed(PyErr),
}

/// An object's memory, which is neither freed nor moved while this is held.
pub(crate) struct Export<'a, 'py> {
    raw: &'a mut ffi::Py_buffer,
    /// On this thread, which is attached, it will be released too.
    attached: PhantomData<Python<'py>>,
}

impl Drop for Export<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: filled in by `PyObject_GetBuffer`, released only here, on an attached thread.
        unsafe { ffi::PyBuffer_Release(self.raw) };
    }
}

impl Export<'_, '_> {
    /// Leaves the release to the owner of the slot.
    #[cfg(feature = "arrow")]
    pub(crate) fn keep(self) {
        std::mem::forget(self);
    }

    pub(crate) fn format(&self) -> &[u8] {
        if self.raw.format.is_null() {
            return b"B"; // as PEP 3118 has it
        }
        // SAFETY: the exporter's string lives as long as the export.
        unsafe { CStr::from_ptr(self.raw.format) }.to_bytes()
    }

    pub(crate) const fn item_size(&self) -> isize {
        self.raw.itemsize
    }

    pub(crate) const fn len_bytes(&self) -> usize {
        self.raw.len.cast_unsigned()
    }

    pub(crate) const fn dimensions(&self) -> i32 {
        self.raw.ndim
    }

    pub(crate) const fn readonly(&self) -> bool {
        self.raw.readonly != 0
    }

    /// The distance between elements in bytes; of one dimension only.
    pub(crate) fn stride(&self) -> isize {
        if self.raw.ndim != 1 || self.raw.strides.is_null() {
            return self.raw.itemsize;
        }
        // SAFETY: one stride for each dimension, that is, one.
        unsafe { *self.raw.strides }
    }

    pub(crate) const fn address(&self) -> *mut u8 {
        self.raw.buf.cast()
    }

    /// The memory as elements of type `T`, for writing. See [`values_at`].
    ///
    /// # Safety
    /// The export is contiguous and not read-only.
    pub(crate) unsafe fn values_mut<T: Element>(&mut self) -> ValuesMut<'_, T> {
        let len = self.len_bytes() / size_of::<T>();
        let data: *mut T = self.raw.buf.cast();
        if len == 0 {
            ValuesMut::Aligned(&mut [])
        } else if data.is_aligned() {
            // SAFETY: as in `values_at`; this export is borrowed mutably.
            ValuesMut::Aligned(unsafe { slice::from_raw_parts_mut(data, len) })
        } else {
            // SAFETY: as in `values_at`; this export is borrowed mutably.
            ValuesMut::Packed(unsafe { slice::from_raw_parts_mut(data.cast(), len) })
        }
    }
}

/// The elements at an address, aligned or not.
///
/// Other threads may write to them meanwhile, as to any Python buffer: values may then be old, new,
/// or a mix. Kernels neither index by a value nor assume that two reads of it agree.
///
/// # Safety
/// So many are there for as long as is asked for, if there are any.
#[inline]
pub(crate) unsafe fn values_at<'a, T: Element>(address: *const u8, len: usize) -> Values<'a, T> {
    let data: *const T = address.cast();
    if len == 0 {
        Values::Aligned(&[])
    } else if data.is_aligned() {
        // SAFETY: they are there, by the caller; any bytes are a valid number.
        Values::Aligned(unsafe { slice::from_raw_parts(data, len) })
    } else {
        // SAFETY: as above, and bytes need no alignment.
        Values::Packed(unsafe { slice::from_raw_parts(data.cast(), len) })
    }
}
