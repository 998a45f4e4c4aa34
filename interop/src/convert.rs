//! Elements to Python objects and back, as `array.array` does it.
#![expect(
    unsafe_code,
    reason = "elements are read and written while Python code may do so too"
)]

use std::marker::PhantomData;

use arrayops::{Element, Number, with_element};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyInt;
use pyo3::{ffi, intern};

use crate::buffer::Slot;
use crate::operand::{Argument, Operand};
use crate::pieces::Piece;
use crate::result::new_array;
use crate::typecode::Typecode;

/// A number as a Python object.
pub(crate) fn python_number(py: Python<'_>, number: Number) -> PyResult<Bound<'_, PyAny>> {
    Ok(match number {
        Number::Float(value) => value.into_pyobject(py)?.into_any(),
        Number::Int(value) => match i64::try_from(value) {
            Ok(value) => value.into_pyobject(py)?.into_any(),
            Err(_) => value.into_pyobject(py)?.into_any(),
        },
    })
}

/// The int that an object with `__index__` stands for; None for other objects.
pub(crate) fn index<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if object.is_exact_instance_of::<PyInt>() {
        return Ok(Some(object.clone()));
    }
    let py = object.py();
    if !object.get_type().hasattr(intern!(py, "__index__"))? {
        return Ok(None);
    }
    // Unlike the method, it says so if no int comes back.
    py.import(intern!(py, "operator"))?
        .call_method1(intern!(py, "index"), (object,))
        .map(Some)
}

/// The int that an argument which must be one stands for.
pub(crate) fn integer<'py>(
    argument: Argument,
    object: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(integer) = index(object)? else {
        return Err(PyTypeError::new_err(format!(
            "{argument} must be an integer, not {}",
            object.get_type().name()?
        )));
    };
    Ok(integer)
}

/// An element type as Python objects hold it.
trait Scalar: Element {
    fn to_object(self, py: Python<'_>) -> Bound<'_, PyAny>;
    /// The value that `array.array` would store for an exact `int`, `bool` or `float`; anything else
    /// is left to `array.array`.
    fn from_object(object: &Bound<'_, PyAny>) -> Option<Self>;
}

macro_rules! scalars {
    (int $($type:ident)*) => {$(
        impl Scalar for $type {
            #[inline]
            fn to_object(self, py: Python<'_>) -> Bound<'_, PyAny> {
                let Ok(object) = self.into_pyobject(py);
                object.into_any()
            }
            #[inline]
            fn from_object(object: &Bound<'_, PyAny>) -> Option<Self> {
                exact_int(object)
            }
        }
    )*};
    (float $($type:ident)*) => {$(
        impl Scalar for $type {
            #[inline]
            fn to_object(self, py: Python<'_>) -> Bound<'_, PyAny> {
                let Ok(object) = f64::from(self).into_pyobject(py);
                object.into_any()
            }
            #[inline]
            #[expect(clippy::allow_attributes, reason = "one of the two types needs no cast")]
            #[allow(clippy::cast_possible_truncation, reason = "array.array rounds so")]
            fn from_object(object: &Bound<'_, PyAny>) -> Option<Self> {
                exact_float(object).map(|value| value as $type)
            }
        }
    )*};
}
scalars!(int i8 i16 i32 i64 u8 u16 u32 u64);
scalars!(float f32 f64);

/// The value of an exact `int` or a `bool`, if it fits.
#[inline]
fn exact_int<T: TryFrom<i64> + TryFrom<u64>>(object: &Bound<'_, PyAny>) -> Option<T> {
    // SAFETY: the object is alive, by `Bound`.
    let is_int = unsafe { ffi::PyLong_CheckExact(object.as_ptr()) } != 0;
    // SAFETY: the same.
    if !is_int && unsafe { ffi::PyBool_Check(object.as_ptr()) } == 0 {
        return None;
    }
    let mut overflow = 0;
    // SAFETY: an int, so that no Python code runs and nothing is raised.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(object.as_ptr(), &raw mut overflow) };
    match overflow {
        0 => value.try_into().ok(),
        1 => object.extract::<u64>().ok()?.try_into().ok(),
        _ => None,
    }
}

/// The value of an exact `float`, or of an int within 64 bits, rounded to nearest as Python does.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "Python rounds so")]
fn exact_float(object: &Bound<'_, PyAny>) -> Option<f64> {
    // SAFETY: the object is alive, by `Bound`.
    if unsafe { ffi::PyFloat_CheckExact(object.as_ptr()) } == 0 {
        return exact_int::<i64>(object).map(|value| value as f64);
    }
    // SAFETY: a float.
    Some(unsafe { ffi::PyFloat_AsDouble(object.as_ptr()) })
}

/// # Safety
/// There are more than `index` elements at `address`.
unsafe fn read<T: Scalar>(address: *const u8, index: usize, py: Python<'_>) -> Bound<'_, PyAny> {
    // SAFETY: so many elements are there, by the caller.
    let element = unsafe { address.cast::<T>().add(index) };
    // SAFETY: within the memory, by the caller; it need not be aligned.
    unsafe { element.read_unaligned() }.to_object(py)
}

/// # Safety
/// There are more than `index` elements at `address`, and they may be written.
unsafe fn write<T: Scalar>(address: *mut u8, index: usize, object: &Bound<'_, PyAny>) -> bool {
    let Some(value) = T::from_object(object) else {
        return false;
    };
    // SAFETY: so many elements are there, by the caller.
    let element = unsafe { address.cast::<T>().add(index) };
    // SAFETY: within the memory, by the caller; it need not be aligned.
    unsafe { element.write_unaligned(value) };
    true
}

/// Reads elements one by one, as Python objects.
///
/// Each is read when its turn comes, so that what a callback has written before is seen.
pub(crate) struct Reader<'a> {
    address: *const u8,
    len: usize,
    read: unsafe fn(*const u8, usize, Python<'_>) -> Bound<'_, PyAny>,
    memory: PhantomData<&'a [u8]>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(piece: &Piece<'a>) -> Self {
        Reader {
            address: piece.address(),
            len: piece.len(),
            read: with_element!(piece.element_type(), T => read::<T>),
            memory: PhantomData,
        }
    }

    /// The element at `index`.
    #[inline]
    pub(crate) fn get<'py>(&self, index: usize, py: Python<'py>) -> Bound<'py, PyAny> {
        assert!(index < self.len);
        // SAFETY: so many elements are there while the piece lives.
        unsafe { (self.read)(self.address, index, py) }
    }
}

/// Writes Python objects to elements, one after the other, as `array.array` stores them.
pub(crate) struct Writer<'a, 'py> {
    address: *mut u8,
    next: usize,
    end: usize,
    typecode: Typecode,
    write: unsafe fn(*mut u8, usize, &Bound<'_, PyAny>) -> bool,
    /// An array of one element, to which objects are stored that are no plain numbers.
    single: Option<Bound<'py, PyAny>>,
    memory: PhantomData<&'a mut [u8]>,
}

impl<'py> Writer<'_, 'py> {
    /// Writes the elements from `next` to `end`.
    ///
    /// # Safety
    /// `end` elements of this typecode are at `address`, and may be written, for as long as the
    /// writer lives.
    pub(crate) unsafe fn new(
        address: *mut u8,
        next: usize,
        end: usize,
        typecode: Typecode,
    ) -> Self {
        let write = with_element!(typecode.element_type(), T => write::<T>);
        Writer {
            address,
            next,
            end,
            typecode,
            write,
            single: None,
            memory: PhantomData,
        }
    }

    /// Where the next object goes, or how many elements have been written.
    pub(crate) const fn position(&self) -> usize {
        self.next
    }

    /// Stores `object`, or raises what `array.array` raises.
    #[inline]
    pub(crate) fn push(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        assert!(self.next < self.end);
        // SAFETY: so many elements are there and may be written, by the constructor.
        if !unsafe { (self.write)(self.address, self.next, object) } {
            self.push_by_array(object)?;
        }
        self.next += 1;
        Ok(())
    }

    #[cold]
    fn push_by_array(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = object.py();
        if self.single.is_none() {
            self.single = Some(new_array(py, self.typecode, &[0])?);
        }
        let Some(single) = &self.single else {
            unreachable!("just made")
        };
        single.set_item(0, object)?;
        let mut slot = Slot::new();
        let stored = Operand::new(&mut slot, single, Argument::new("array", "single"))?;
        let Some(stored) = stored.piece() else {
            unreachable!("an array is one piece")
        };
        let size = self.typecode.element_type().size();
        // SAFETY: so many elements are there, by the constructor.
        let element = unsafe { self.address.add(self.next * size) };
        // SAFETY: one element each, in memory of different owners.
        unsafe { stored.address().copy_to_nonoverlapping(element, size) };
        Ok(())
    }
}
