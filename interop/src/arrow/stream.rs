//! Streams of the C stream interface.
#![expect(unsafe_code, reason = "the C stream interface is one")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::NonNull;

use arrow_data::ffi::FFI_ArrowArray;
use arrow_schema::ffi::FFI_ArrowSchema;
use pyo3::exceptions::{PyMemoryError, PyNotImplementedError, PyOSError, PyValueError};
use pyo3::prelude::*;

use crate::operand::Argument;

/// `ArrowArrayStream`.
#[repr(C)]
pub(super) struct RawStream {
    get_schema: Option<unsafe extern "C" fn(*mut RawStream, *mut FFI_ArrowSchema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut RawStream, *mut FFI_ArrowArray) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut RawStream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut RawStream)>,
    private_data: *mut c_void,
}

/// A stream that has been taken, and is released once.
///
/// Its functions are called without the GIL, since they may wait for something, among others for a
/// thread that wants it.
pub(super) struct Stream(RawStream);

// SAFETY: it may be used from any thread, one at a time.
unsafe impl Send for Stream {}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(release) = self.0.release {
            let stream = SendPointer(&raw mut self.0);
            let call = move || {
                let SendPointer(stream) = { stream };
                // SAFETY: not released before; nothing uses it afterwards.
                unsafe { release(stream) };
            };
            // A stream is local to a call that Python made, hence this thread is attached.
            Python::attach(|py| py.detach(call));
        }
    }
}

/// A pointer to what may be used from any thread.
struct SendPointer(*mut RawStream);

// SAFETY: by its description.
unsafe impl Send for SendPointer {}

impl Stream {
    /// Takes what a capsule holds; none if it was taken before.
    ///
    /// # Safety
    /// It is a stream, or was one.
    pub(super) unsafe fn take(from: NonNull<RawStream>) -> Option<Self> {
        // SAFETY: a stream, by the caller.
        let stream = unsafe { from.read() };
        stream.release?;
        // SAFETY: as above.
        unsafe { (*from.as_ptr()).release = None };
        Some(Stream(stream))
    }

    /// The schema of all arrays.
    pub(super) fn schema(
        &mut self,
        py: Python<'_>,
        argument: Argument,
    ) -> PyResult<FFI_ArrowSchema> {
        let get = self.0.get_schema.ok_or_else(|| no_functions(argument))?;
        let mut schema = FFI_ArrowSchema::empty();
        let code = py.detach(|| {
            let Stream(stream) = &mut *self;
            // SAFETY: a stream that is not released, and an empty schema.
            unsafe { get(stream, &raw mut schema) }
        });
        self.check(py, code, argument)?;
        if schema.release().is_none() {
            return Err(PyValueError::new_err(format!(
                "{argument} gave a malformed Arrow stream: it has no schema"
            )));
        }
        Ok(schema)
    }

    /// The next array, if there is one.
    pub(super) fn next(
        &mut self,
        py: Python<'_>,
        argument: Argument,
    ) -> PyResult<Option<FFI_ArrowArray>> {
        let get = self.0.get_next.ok_or_else(|| no_functions(argument))?;
        let mut array = FFI_ArrowArray::empty();
        let code = py.detach(|| {
            let this = &mut *self;
            // SAFETY: a stream that is not released, and an empty array.
            unsafe { get(&raw mut this.0, &raw mut array) }
        });
        self.check(py, code, argument)?;
        Ok((!array.is_released()).then_some(array))
    }

    /// Raises what made a function of the stream fail.
    fn check(&mut self, py: Python<'_>, code: c_int, argument: Argument) -> PyResult<()> {
        // A stream that is written in Python may leave its exception.
        if PyErr::occurred(py) {
            return Err(PyErr::fetch(py));
        }
        if code == 0 {
            return Ok(());
        }
        let mut message = format!("{argument}: the Arrow stream failed");
        if let Some(get) = self.0.get_last_error {
            // SAFETY: a stream that is not released, of which a function has just failed.
            let text = unsafe { get(&raw mut self.0) };
            if !text.is_null() {
                // SAFETY: a string that lives until the next call of a function of the stream.
                let text = unsafe { CStr::from_ptr(text) };
                message = format!("{message}: {}", text.to_string_lossy());
            }
        }
        // As pyarrow translates them; the numbers are the same wherever there is an errno.
        Err(match code {
            12 => PyMemoryError::new_err(message),
            22 => PyValueError::new_err(message),
            38 | 40 | 78 => PyNotImplementedError::new_err(message),
            _ => PyOSError::new_err(message),
        })
    }
}

fn no_functions(argument: Argument) -> PyErr {
    PyValueError::new_err(format!(
        "{argument} gave a malformed Arrow stream: it lacks functions"
    ))
}
