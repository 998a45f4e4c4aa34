//! Operands: the one place where a Python object becomes typed memory, or an exception.

use std::fmt;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::slice;

use arrayops::{Element, ElementType, Elements, Part, Values, ValuesMut};
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::arrow::{self, Chunk, Column};
use crate::buffer::{Export, NoExport, Slot};
use crate::convert::Writer;
use crate::numpy_operand;
use crate::pieces::Piece;
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

/// Numbers of one of the twelve typecodes, held: a one-dimensional, contiguous buffer, or a column.
pub(crate) struct Operand<'a, 'py> {
    memory: Memory<'a, 'py>,
    typecode: Typecode,
    element_type: ElementType,
}

enum Memory<'a, 'py> {
    Buffer(Export<'a, 'py>),
    /// In a box, since most operands are buffers, and are moved.
    Column(Box<Column>),
}

impl<'a, 'py> Operand<'a, 'py> {
    pub(crate) fn new(
        slot: &'a mut Slot,
        object: &Bound<'py, PyAny>,
        argument: Argument,
    ) -> PyResult<Self> {
        // First, since the buffer of an object that is a column, too, would hide its nulls.
        if let Some(column) = arrow::import(object, argument)? {
            return Ok(Operand {
                typecode: column.typecode(),
                element_type: column.element_type(),
                memory: Memory::Column(Box::new(column)),
            });
        }
        numpy_operand::refuse_masked(object, argument)?;
        let export = match slot.export(object) {
            Ok(export) => export,
            Err(NoExport::NotABuffer) => {
                let given = object.get_type().name()?;
                return Err(PyTypeError::new_err(format!(
                    "{argument} must be a buffer of numbers (array.array, memoryview, bytes, mmap, \
                     NumPy array, ...){}, not {given}",
                    arrow::OR_COLUMN
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
            memory: Memory::Buffer(export),
            typecode,
            element_type,
        })
    }

    /// As [`Operand::new`], for a function that has no result for a null.
    pub(crate) fn without_nulls(
        slot: &'a mut Slot,
        object: &Bound<'py, PyAny>,
        argument: Argument,
    ) -> PyResult<Self> {
        let operand = Operand::new(slot, object, argument)?;
        operand.refuse_nulls(argument)?;
        Ok(operand)
    }

    fn refuse_nulls(&self, argument: Argument) -> PyResult<()> {
        let nulls = self.nulls();
        if nulls == 0 {
            return Ok(());
        }
        let keeping = match argument.function {
            "map_inplace" => "map",
            function => function,
        };
        let plural = if nulls == 1 { "" } else { "s" };
        Err(PyValueError::new_err(format!(
            "{argument} has {nulls} null{plural}; arrayops.arrow.{keeping} keeps them"
        )))
    }

    /// As [`Operand::new`], for elements that are to be written, and none of which is null.
    pub(crate) fn writable(
        slot: &'a mut Slot,
        object: &Bound<'py, PyAny>,
        argument: Argument,
    ) -> PyResult<Self> {
        let operand = Operand::new(slot, object, argument)?;
        if argument.name != "out" {
            operand.refuse_nulls(argument)?;
        }
        if operand.is_readonly() {
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

    /// The size of all elements in bytes.
    pub(crate) fn len_bytes(&self) -> usize {
        match &self.memory {
            Memory::Buffer(export) => export.len_bytes(),
            Memory::Column(column) => column.len() * self.element_type.size(),
        }
    }

    /// The number of elements, nulls among them.
    pub(crate) fn len(&self) -> usize {
        match &self.memory {
            Memory::Buffer(export) => export.len_bytes() / self.element_type.size(),
            Memory::Column(column) => column.len(),
        }
    }

    /// The number of nulls.
    pub(crate) fn nulls(&self) -> usize {
        self.column().map_or(0, Column::nulls)
    }

    /// Leaves the export of a buffer to the owner of the slot, with the address and number of elements;
    /// or the column that it is.
    #[cfg(feature = "arrow")]
    pub(crate) fn keep(self) -> Result<(*const u8, usize), Column> {
        let len = self.len();
        match self.memory {
            Memory::Column(column) => Err(*column),
            Memory::Buffer(export) => {
                let address = export.address().cast_const();
                export.keep();
                Ok((address, len))
            }
        }
    }

    /// The column, if it is one.
    pub(crate) fn column(&self) -> Option<&Column> {
        match &self.memory {
            Memory::Buffer(_) => None,
            Memory::Column(column) => Some(column),
        }
    }

    /// The addresses of all bytes.
    pub(crate) fn spans(&self) -> impl Iterator<Item = Range<usize>> {
        let whole = self.piece();
        let chunks = match whole {
            Some(_) => &[],
            None => self.column().map_or(&[][..], Column::chunks),
        };
        let whole = whole.map(|piece| (piece.address(), piece.len_bytes()));
        let size = self.element_type.size();
        let chunks = chunks
            .iter()
            .map(move |chunk| (chunk.address(), chunk.len() * size));
        whole
            .into_iter()
            .chain(chunks)
            .map(|(start, bytes)| start.addr()..start.addr() + bytes)
    }

    fn is_readonly(&self) -> bool {
        match &self.memory {
            Memory::Buffer(export) => export.readonly(),
            Memory::Column(_) => true,
        }
    }

    /// The first byte of what may be written.
    pub(crate) fn address_mut(&mut self) -> *mut u8 {
        match &self.memory {
            Memory::Buffer(export) if !export.readonly() => export.address(),
            _ => unreachable!("a read-only operand is not written"),
        }
    }

    /// All elements side by side, if they are so.
    pub(crate) fn piece(&self) -> Option<Piece<'_>> {
        let address = match &self.memory {
            Memory::Buffer(export) => export.address().cast_const(),
            Memory::Column(column) => match column.chunks() {
                [] => std::ptr::null(),
                [only] if only.nulls() == 0 => only.address(),
                _ => return None,
            },
        };
        #[expect(unsafe_code, reason = "the constructor has checked what is asked for")]
        // SAFETY: contiguous, or no operand would exist, and held.
        Some(unsafe { Piece::new(address, self.len(), self.element_type) })
    }

    /// The elements, of the type that [`Operand::element_type`] names, for kernels that need not
    /// have them side by side.
    #[inline]
    pub(crate) fn source<T: Element>(&self) -> Source<'_, T> {
        if let Some(piece) = self.piece() {
            return Source::Values(piece.values());
        }
        let chunks = self.column().map_or(&[][..], Column::chunks);
        Source::Parts(chunks.iter().map(Chunk::part).collect())
    }

    /// The elements, for writing.
    pub(crate) fn values_mut<T: Element>(&mut self) -> ValuesMut<'_, T> {
        assert_eq!(self.element_type, T::TYPE);
        match &mut self.memory {
            Memory::Buffer(export) if !export.readonly() => {
                #[expect(unsafe_code, reason = "the constructor has checked what is asked for")]
                // SAFETY: contiguous, or no operand would exist; not read-only.
                unsafe {
                    export.values_mut()
                }
            }
            _ => unreachable!("a read-only operand is not written"),
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
        assert!(start <= self.len());
        #[expect(unsafe_code, reason = "the constructor has checked what is asked for")]
        // SAFETY: contiguous and not read-only; the writer borrows the operand.
        unsafe {
            Writer::new(self.address_mut(), start, self.len(), self.typecode)
        }
    }
}

/// The elements of an operand, owned as far as they must be.
pub(crate) enum Source<'a, T: Element> {
    Values(Values<'a, T>),
    Parts(Vec<Part<'a, T>>),
}

impl<T: Element> Source<'_, T> {
    #[inline]
    pub(crate) fn elements(&self) -> Elements<'_, T> {
        match self {
            Source::Values(values) => (*values).into(),
            Source::Parts(parts) => parts[..].into(),
        }
    }
}
