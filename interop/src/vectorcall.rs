//! Calls of a Python function, over and over, without allocating for the arguments.
#![expect(unsafe_code, reason = "the calling convention is a C interface")]

use pyo3::ffi;
use pyo3::prelude::*;

/// A function and room for its arguments.
pub(crate) struct Call<'a, 'py> {
    function: &'a Bound<'py, PyAny>,
    /// The arguments, behind a place that the callee may use (for `self`, if it is a method).
    places: Vec<Option<Bound<'py, PyAny>>>,
}

impl<'a, 'py> Call<'a, 'py> {
    pub(crate) fn new(function: &'a Bound<'py, PyAny>, arity: usize) -> Self {
        Call {
            function,
            places: vec![None; arity + 1],
        }
    }

    #[inline]
    pub(crate) fn set_argument(&mut self, place: usize, argument: Bound<'py, PyAny>) {
        self.places[place + 1] = Some(argument);
    }

    /// Calls the function with the arguments, all of which have been set.
    #[inline]
    pub(crate) fn call(&mut self) -> PyResult<Bound<'py, PyAny>> {
        let arity = self.places.len() - 1;
        debug_assert!(self.places[1..].iter().all(Option::is_some));
        // An `Option<Bound>` is a pointer, null for none.
        let places = self
            .places
            .as_mut_ptr()
            .cast::<*mut ffi::PyObject>()
            .cast_const();
        // SAFETY: there is one place more than there are arguments.
        let arguments = unsafe { places.add(1) };
        let count = arity | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
        // SAFETY: so many arguments are there, alive, with one writable place before them.
        let result = unsafe {
            ffi::PyObject_Vectorcall(
                self.function.as_ptr(),
                arguments,
                count,
                std::ptr::null_mut(),
            )
        };
        // SAFETY: a new reference, or null with an exception set.
        unsafe { Bound::from_owned_ptr_or_err(self.function.py(), result) }
    }
}
