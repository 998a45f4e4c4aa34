//! Operands: the one place where a Python object becomes typed memory, or an exception.

use std::fmt;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::slice;

use arrayops::{Element, ElementType, Values, ValuesMut};
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::prelude::*;

use crate::buffer::{Export, NoExport, Slot};
use crate::convert::Writer;
use crate::numpy_operand;
use crate::typecode::{Typecode, Unsupported};

/// An argument of a function, for error messages.
#[derive(Clone, Copy)]
pub(crate) struct Argument {
    pub(crate) function: &'static str,
    pub(crate) name: &'static str,
    /// Its place in `*arrays`.
    pub(crate) position: Option<usize>,
}

impl Argument {
    pub(crate) const fn new(function: &'static str, name: &'static str) -> Self {
        Argument {
            function,
            name,
            position: None,
        }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}() argument '{}", self.function, self.name)?;
        if let Some(position) = self.position {
            write!(f, "[{position}]")?;
        }
        f.write_str("'")
    }
}

/// A buffer of numbers: one-dimensional, contiguous, of one of the twelve typecodes, and held.
pub(crate) struct Operand<'a, 'py> {
    export: Export<'a, 'py>,
    typecode: Typecode,
    element_type: ElementType,
}

impl<'a, 'py> Operand<'a, 'py> {
    pub(crate) fn new(
        slot: &'a mut Slot,
        object: &Bound<'py, PyAny>,
        argument: Argument,
    ) -> PyResult<Self> {
        numpy_operand::refuse_masked(object, argument)?;
        let export = match slot.export(object) {
            Ok(export) => export,
            Err(NoExport::NotABuffer) => {
                let given = object.get_type().name()?;
                return Err(PyTypeError::new_err(format!(
                    "{argument} must be a buffer of numbers (array.array, memoryview, bytes, mmap, \
                     NumPy array, ...), not {given}"
                )));
            }
            Err(NoExport::Failed(error)) => {
                // NumPy has no buffer format for some of its types.
                return Err(numpy_operand::no_format(object, argument)?.unwrap_or(error));
            }
        };
        let format = export.format();
        let item_size = usize::try_from(export.item_size()).unwrap_or(0);
        let typecode = match Typecode::from_format(format, item_size) {
            Ok(typecode) => typecode,
            Err(unsupported) => {
                let format = String::from_utf8_lossy(format).into_owned();
                return Err(PyTypeError::new_err(match unsupported {
                    Unsupported::Type => format!(
                        "{argument} has elements of format '{format}' ({item_size} bytes each); \
                         expected integers or floats, one of the typecodes {}{}",
                        Typecode::ALL,
                        numpy_operand::type_hint(object)?
                    ),
                    Unsupported::ByteOrder => format!(
                        "{argument} has elements in non-native byte order, format '{format}'; \
                         swap the bytes first, as array.byteswap() or NumPy's \
                         arr.astype(arr.dtype.newbyteorder('=')) do"
                    ),
                }));
            }
        };
        if export.dimensions() != 1 {
            return Err(PyBufferError::new_err(format!(
                "{argument} has {} dimensions; expected one{}",
                export.dimensions(),
                numpy_operand::layout_hint(object)?
            )));
        }
        let element_type = typecode.element_type();
        let several = export.len_bytes() > element_type.size();
        if several && export.stride() != export.item_size() {
            return Err(PyBufferError::new_err(format!(
                "{argument} is not contiguous: its elements of {item_size} bytes are {} bytes apart{}",
                export.stride(),
                numpy_operand::layout_hint(object)?
            )));
        }
        Ok(Operand {
            export,
            typecode,
            element_type,
        })
    }

    /// As [`Operand::new`], for elements that are to be written.
    pub(crate) fn writable(
        slot: &'a mut Slot,
        object: &Bound<'py, PyAny>,
        argument: Argument,
    ) -> PyResult<Self> {
        let operand = Operand::new(slot, object, argument)?;
        if operand.export.readonly() {
            let given = object.get_type().name()?;
            return Err(PyBufferError::new_err(format!(
                "{argument} must be writable, but this {given} is read-only"
            )));
        }
        Ok(operand)
    }

    pub(crate) const fn typecode(&self) -> Typecode {
        self.typecode
    }

    pub(crate) const fn element_type(&self) -> ElementType {
        self.element_type
    }

    pub(crate) const fn len_bytes(&self) -> usize {
        self.export.len_bytes()
    }

    /// The number of elements.
    pub(crate) const fn len(&self) -> usize {
        self.len_bytes() / self.element_type.size()
    }

    /// The first byte, which may not be aligned for the element type.
    pub(crate) const fn address(&self) -> *mut u8 {
        self.export.address()
    }

    /// The addresses of all bytes.
    pub(crate) fn span(&self) -> Range<usize> {
        let start = self.address().addr();
        start..start + self.len_bytes()
    }

    /// The elements, of the type that [`Operand::element_type`] names.
    pub(crate) fn values<T: Element>(&self) -> Values<'_, T> {
        assert_eq!(self.element_type, T::TYPE);
        #[expect(unsafe_code, reason = "the constructor has checked what is asked for")]
        // SAFETY: contiguous, or no operand would exist.
        unsafe {
            self.export.values()
        }
    }

    /// The elements, for writing.
    pub(crate) fn values_mut<T: Element>(&mut self) -> ValuesMut<'_, T> {
        assert_eq!(self.element_type, T::TYPE);
        assert!(!self.export.readonly());
        #[expect(unsafe_code, reason = "the constructor has checked what is asked for")]
        // SAFETY: contiguous, or no operand would exist; not read-only.
        unsafe {
            self.export.values_mut()
        }
    }

    /// The elements to be written natively, if they are aligned.
    pub(crate) fn spare<T: Element>(&mut self) -> Option<&mut [MaybeUninit<T>]> {
        match self.values_mut::<T>() {
            ValuesMut::Packed(_) => None,
            ValuesMut::Aligned(values) => {
                let (start, len) = (values.as_mut_ptr().cast(), values.len());
                #[expect(unsafe_code, reason = "what is written need not be read before")]
                // SAFETY: the same elements, for as long as they are borrowed; kernels write
                // numbers only.
                Some(unsafe { slice::from_raw_parts_mut(start, len) })
            }
        }
    }

    /// A writer of the elements from `start` on.
    pub(crate) fn writer_at<'w>(&mut self, start: usize) -> Writer<'_, 'w> {
        assert!(!self.export.readonly() && start <= self.len());
        #[expect(unsafe_code, reason = "the constructor has checked what is asked for")]
        // SAFETY: contiguous and not read-only; the writer borrows the operand.
        unsafe {
            Writer::new(self.address(), start, self.len(), self.typecode)
        }
    }

    /// The size of an element in bytes.
    pub(crate) const fn item_size(&self) -> usize {
        self.element_type.size()
    }
}
