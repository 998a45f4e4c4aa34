//! `arrayops.numpy`: the functions whose results are arrays, with NumPy's for results.
//!
//! The rest of that namespace are the very functions of `arrayops`. NumPy is not imported before
//! this is called, which only `arrayops/numpy.py` does, and that imports it first.
#![expect(unsafe_code, reason = "NumPy's arrays are made by its C interface")]

use std::ffi::{c_int, c_void};
use std::ptr::{NonNull, null_mut};

use numpy::PyUntypedArray;
use numpy::npyffi::{NPY_TYPES, NpyTypes, PY_ARRAY_API, PyArrayObject, get_type_object, npy_intp};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use pyo3::{intern, wrap_pyfunction};

use crate::callbacks::{filter_to, map_to};
use crate::result::Form;
use crate::typecode::Typecode;

/// Adds the functions to the extension module, whose own names they share.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    for (name, function) in [
        ("_numpy_map", wrap_pyfunction!(map, module)?),
        ("_numpy_filter", wrap_pyfunction!(filter, module)?),
    ] {
        // Where they are found by their own names, for pickle.
        function.setattr(intern!(py, "__module__"), "arrayops.numpy")?;
        module.add(name, function)?;
    }
    Ok(())
}

/// Applies *fn* to every element and returns the results as a NumPy array.
///
/// As ``arrayops.map``, but for the result. *typecode* is one of the letters, a NumPy dtype, its
/// name or its scalar type, by default that of *arr*. *out* receives the results instead of a new
/// array and is returned: any writable buffer of the same length, the input itself included.
///
/// Raises what ``arrayops.map`` raises; ``ValueError`` where *typecode* is none of the twelve
/// types in native byte order.
///
/// >>> import numpy as np
/// >>> import arrayops.numpy as aon
/// >>> celsius = np.array([-40, 0, 100], "int16")
/// >>> aon.map(celsius, lambda c: c * 1.8 + 32, typecode="float32")
/// array([-40.,  32., 212.], dtype=float32)
/// >>> aon.map(celsius, lambda c, d: c + d, np.array([1, 2, 3]), out=celsius)
/// array([-39,   2, 103], dtype=int16)
#[pyfunction]
#[pyo3(signature = (arr, r#fn, *arrays, typecode=None, out=None))]
fn map<'py>(
    arr: &Bound<'py, PyAny>,
    r#fn: &Bound<'py, PyAny>,
    arrays: &Bound<'py, PyTuple>,
    typecode: Option<&Bound<'py, PyAny>>,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let typecode = typecode.map(parse_typecode).transpose()?;
    map_to(Form::Ndarray, arr, r#fn, arrays, typecode, out)
}

/// Returns a NumPy array of the elements for which *predicate* is true.
///
/// As ``arrayops.filter``, but for the result.
///
/// Raises what ``arrayops.filter`` raises.
///
/// >>> import numpy as np
/// >>> import arrayops.numpy as aon
/// >>> aon.filter(np.array([0.5, -1.5, 2.5]), lambda x: x > 0)
/// array([0.5, 2.5])
#[pyfunction]
fn filter<'py>(
    arr: &Bound<'py, PyAny>,
    predicate: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    filter_to(Form::Ndarray, arr, predicate)
}

/// The type that a letter or anything that NumPy takes for a dtype stands for.
fn parse_typecode(given: &Bound<'_, PyAny>) -> PyResult<Typecode> {
    let py = given.py();
    if let Ok(text) = given.cast::<PyString>()
        && let [letter] = *text.to_str()?.as_bytes()
        && let Some(typecode) = Typecode::from_letter(letter)
    {
        return Ok(typecode);
    }
    let unsupported = || {
        PyValueError::new_err(format!(
            "map() argument 'typecode' must be one of the letters {} or a NumPy dtype of these \
             types in native byte order, not {}",
            Typecode::ALL,
            given
                .repr()
                .map_or_else(|error| error.to_string(), |text| text.to_string())
        ))
    };
    let dtype = py
        .import(intern!(py, "numpy"))?
        .call_method1(intern!(py, "dtype"), (given,))
        .map_err(|error| {
            // A string that means nothing is a wrong value, as it is to `arrayops.map`.
            if error.is_instance_of::<PyTypeError>(py) && given.is_instance_of::<PyString>() {
                unsupported()
            } else {
                error
            }
        })?;
    let letter: char = dtype.getattr(intern!(py, "char"))?.extract()?;
    let item_size: usize = dtype.getattr(intern!(py, "itemsize"))?.extract()?;
    let is_native: bool = dtype.getattr(intern!(py, "isnative"))?.extract()?;
    match Typecode::from_format(letter.to_string().as_bytes(), item_size) {
        Ok(typecode) if is_native => Ok(typecode),
        _ => Err(unsupported()),
    }
}

/// A new array of NumPy's, known to nobody else, whose elements are yet to be written.
pub(crate) struct Ndarray(Py<PyUntypedArray>);

impl Ndarray {
    pub(crate) fn new(py: Python<'_>, typecode: Typecode, len: usize) -> PyResult<Self> {
        let mut dimensions = [npy_intp::try_from(len).map_err(PyOverflowError::new_err)?];
        // SAFETY: this thread is attached, and NumPy is there or an exception is raised.
        let array_type = unsafe { get_type_object(py, NpyTypes::PyArray_Type) };
        // SAFETY: one dimension; no strides and no data, so that NumPy allocates them.
        let array = unsafe {
            PY_ARRAY_API.PyArray_New(
                py,
                array_type,
                1,
                dimensions.as_mut_ptr(),
                type_number(typecode),
                null_mut(),
                null_mut::<c_void>(),
                0,
                0,
                null_mut(),
            )
        };
        // SAFETY: a new reference, or null with an exception set.
        let array = unsafe { Bound::from_owned_ptr_or_err(py, array) }?;
        Ok(Ndarray(array.cast_into::<PyUntypedArray>()?.unbind()))
    }

    /// The first element, aligned.
    pub(crate) fn address(&self) -> Option<NonNull<u8>> {
        let array = self.0.as_ptr().cast::<PyArrayObject>();
        // SAFETY: an array, alive, whose fields are set when it is made.
        NonNull::new(unsafe { (*array).fields.data }.cast())
    }

    pub(crate) fn into_bound(self, py: Python<'_>) -> Bound<'_, PyAny> {
        self.0.into_bound(py).into_any()
    }
}

/// NumPy's number for a type, whose letters are those of `array`.
fn type_number(typecode: Typecode) -> c_int {
    let number = match typecode.as_str() {
        "b" => NPY_TYPES::NPY_BYTE,
        "B" => NPY_TYPES::NPY_UBYTE,
        "h" => NPY_TYPES::NPY_SHORT,
        "H" => NPY_TYPES::NPY_USHORT,
        "i" => NPY_TYPES::NPY_INT,
        "I" => NPY_TYPES::NPY_UINT,
        "l" => NPY_TYPES::NPY_LONG,
        "L" => NPY_TYPES::NPY_ULONG,
        "q" => NPY_TYPES::NPY_LONGLONG,
        "Q" => NPY_TYPES::NPY_ULONGLONG,
        "f" => NPY_TYPES::NPY_FLOAT,
        _ => NPY_TYPES::NPY_DOUBLE,
    };
    number as c_int
}
