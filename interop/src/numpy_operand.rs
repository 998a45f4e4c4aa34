//! NumPy's arrays that are no operands: what is said about them, and the way out.
//!
//! This is known without NumPy: an object cannot be an array of a package that is not imported.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};
use pyo3::{ffi, intern};

use crate::operand::Argument;
use crate::result::array_type;

/// Refuses a masked array, whose buffer hides which elements are masked.
///
/// Costs nothing for the usual types: none but a class can be a masked array.
#[inline]
pub(crate) fn refuse_masked(object: &Bound<'_, PyAny>, argument: Argument) -> PyResult<()> {
    let py = object.py();
    #[expect(unsafe_code, reason = "PyO3 has no safe name for it")]
    // SAFETY: the type of an object that is alive.
    let flags = unsafe { ffi::PyType_GetFlags(object.get_type_ptr()) };
    if flags & ffi::Py_TPFLAGS_HEAPTYPE == 0 || object.is_exact_instance(array_type(py)?) {
        return Ok(());
    }
    refuse_masked_class(object, argument)
}

#[inline(never)]
fn refuse_masked_class(object: &Bound<'_, PyAny>, argument: Argument) -> PyResult<()> {
    if !is_instance(object, "numpy.ma", "MaskedArray")? {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!(
        "{argument} is a masked array, and its buffer does not tell which elements are masked; \
         take those that are not by arr.compressed(), or all by arr.filled(value)"
    )))
}

/// What a message about elements of an unsupported type adds for NumPy's arrays.
pub(crate) fn type_hint(object: &Bound<'_, PyAny>) -> PyResult<String> {
    if !is_instance(object, "numpy", "ndarray")? {
        return Ok(String::new());
    }
    let dtype = object.getattr(intern!(object.py(), "dtype"))?;
    let kind: String = dtype.getattr(intern!(object.py(), "kind"))?.extract()?;
    let way_out = match kind.as_str() {
        "b" => "; take its bytes as integers by arr.view('u1')",
        "M" | "m" => "; take them as integers by arr.view('i8')",
        "f" => "; convert them by arr.astype('f4') or arr.astype('f8')",
        "c" => "; take their parts by arr.real.copy() and arr.imag.copy()",
        "V" => "; take one field by arr['name'].copy()",
        _ => "",
    };
    Ok(format!(" (dtype {dtype}){way_out}"))
}

/// The error where NumPy has no buffer format for the elements of an array; None for other objects.
pub(crate) fn no_format(object: &Bound<'_, PyAny>, argument: Argument) -> PyResult<Option<PyErr>> {
    let hint = type_hint(object)?;
    Ok((!hint.is_empty()).then(|| {
        PyTypeError::new_err(format!(
            "{argument} has elements that are neither integers nor floats{hint}"
        ))
    }))
}

/// What a message about several dimensions, or gaps between the elements, adds for NumPy's arrays.
pub(crate) fn layout_hint(object: &Bound<'_, PyAny>) -> PyResult<&'static str> {
    Ok(if is_instance(object, "numpy", "ndarray")? {
        "; use arr.ravel(), or np.ascontiguousarray(arr) for one dimension with gaps"
    } else {
        ""
    })
}

/// Whether an object is of a class that may not have been imported.
fn is_instance(object: &Bound<'_, PyAny>, module: &str, name: &str) -> PyResult<bool> {
    static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let py = object.py();
    let modules = MODULES.get_or_try_init(py, || {
        let modules = py.import("sys")?.getattr("modules")?;
        Ok::<_, PyErr>(modules.cast_into::<PyDict>()?.unbind())
    })?;
    let Some(module) = modules.bind(py).get_item(module)? else {
        return Ok(false);
    };
    // A module that is blocked, or still being imported, has no such class.
    match module.getattr_opt(name)? {
        Some(class) => object.is_instance(class.cast::<PyType>()?),
        None => Ok(false),
    }
}
