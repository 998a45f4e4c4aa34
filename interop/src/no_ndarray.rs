//! In place of `arrayops.numpy` where the feature `numpy` is off: no such array can be.

use std::ptr::NonNull;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

use crate::typecode::Typecode;

/// Adds nothing, which `arrayops/numpy.py` notices.
#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
pub(crate) fn add_to(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

/// None.
pub(crate) enum Ndarray {}

impl Ndarray {
    pub(crate) fn new(_py: Python<'_>, _typecode: Typecode, _len: usize) -> PyResult<Self> {
        Err(PyImportError::new_err(
            "arrayops was built without its feature numpy",
        ))
    }

    pub(crate) fn address(&self) -> Option<NonNull<u8>> {
        match *self {}
    }

    pub(crate) fn into_bound(self, _py: Python<'_>) -> Bound<'_, PyAny> {
        match self {}
    }
}
