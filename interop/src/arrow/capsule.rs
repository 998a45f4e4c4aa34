//! Capsules: which objects give them, and what is in them.
#![expect(unsafe_code, reason = "capsules are a C interface")]

use std::ffi::CStr;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::operand::Argument;

/// Which of the methods an object has that give capsules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    None = 0,
    /// `__arrow_c_array__`.
    Array = 1,
    /// `__arrow_c_stream__`, whether it has the other one or not: that is of one array only, and so
    /// must copy or refuse where there are more.
    Stream = 2,
}

impl Protocol {
    const MASK: usize = 3;

    const fn from_bits(bits: usize) -> Self {
        match bits & Self::MASK {
            0 => Protocol::None,
            1 => Protocol::Array,
            _ => Protocol::Stream,
        }
    }
}

/// Types that cannot change, with what was found out about them in the low bits: the few from which
/// most arguments are, `array`, `bytes`, `ndarray` or pyarrow's, cost no look into their
/// dictionaries. They are kept alive.
static KNOWN: [AtomicUsize; 16] = [const { AtomicUsize::new(0) }; 16];

impl Protocol {
    /// That of the type of an object.
    #[inline]
    pub(super) fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let wanted = object.get_type_ptr().addr();
        for known in &KNOWN {
            let known = known.load(Ordering::Relaxed);
            if known & !Self::MASK == wanted {
                return Ok(Self::from_bits(known));
            }
            if known == 0 {
                break;
            }
        }
        Self::find(&object.get_type())
    }

    #[cold]
    fn find(of: &Bound<'_, PyType>) -> PyResult<Self> {
        let py = of.py();
        let has = |name| PyResult::Ok(of.getattr_opt(name)?.is_some_and(|it| !it.is_none()));
        let protocol = if has(intern!(py, "__arrow_c_stream__"))? {
            Protocol::Stream
        } else if has(intern!(py, "__arrow_c_array__"))? {
            Protocol::Array
        } else {
            Protocol::None
        };
        // SAFETY: a type, alive by `Bound`.
        let flags = unsafe { ffi::PyType_GetFlags(of.as_type_ptr()) };
        let changes = flags & ffi::Py_TPFLAGS_HEAPTYPE != 0 && flags & IMMUTABLE == 0;
        if !changes {
            let known = of.as_type_ptr().expose_provenance() | protocol as usize;
            for place in &KNOWN {
                let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
                match place.compare_exchange(0, known, success, failure) {
                    Ok(_) => {
                        let _kept_alive = of.clone().into_ptr();
                        break;
                    }
                    Err(other) if other == known => break,
                    Err(_) => {}
                }
            }
        }
        Ok(protocol)
    }
}

/// `Py_TPFLAGS_IMMUTABLETYPE`.
const IMMUTABLE: std::ffi::c_ulong = 1 << 8;

/// The struct in a capsule of this name, which is not null.
pub(super) fn contents<T>(
    capsule: &Bound<'_, PyAny>,
    name: &CStr,
    argument: Argument,
) -> PyResult<NonNull<T>> {
    // SAFETY: an object that is alive, by `Bound`, and a name.
    if unsafe { ffi::PyCapsule_IsValid(capsule.as_ptr(), name.as_ptr()) } == 0 {
        let expected = name.to_string_lossy();
        // SAFETY: an object that is alive, by `Bound`.
        if unsafe { ffi::PyCapsule_CheckExact(capsule.as_ptr()) } == 0 {
            return Err(PyTypeError::new_err(format!(
                "{argument} gave a {} instead of a capsule named '{expected}'",
                capsule.get_type().name()?
            )));
        }
        return Err(PyValueError::new_err(format!(
            "{argument} gave another capsule than one named '{expected}'"
        )));
    }
    // SAFETY: a capsule of this name, as was seen.
    let contents = unsafe { ffi::PyCapsule_GetPointer(capsule.as_ptr(), name.as_ptr()) };
    NonNull::new(contents.cast()).ok_or_else(|| PyErr::fetch(capsule.py()))
}
