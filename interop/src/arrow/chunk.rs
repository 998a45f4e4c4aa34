//! Chunks: arrays of the C data interface, with every field looked at.
#![expect(unsafe_code, reason = "the C data interface is one")]

use std::ffi::c_void;
use std::slice;

use arrayops::{Element, ElementType, Part, Validity, Values};
use arrow_data::ffi::FFI_ArrowArray;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::schema::Shape;
use crate::buffer::values_at;
use crate::operand::Argument;

/// The beginning of `ArrowArray`.
///
/// The methods of arrow-rs panic where a pointer is missing, and take a negative length for a large one.
#[repr(C)]
struct Fields {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *const *const c_void,
    children: *const *const Fields,
    dictionary: *const Fields,
}

/// A run of values, some of which may be null. Never empty.
pub(crate) struct Chunk {
    /// The first value.
    values: *const u8,
    len: usize,
    element_type: ElementType,
    /// Where there are nulls: the byte with the first value's bit, and that bit's place in it.
    validity: Option<(*const u8, usize)>,
    nulls: usize,
    /// What keeps all this alive, and is released with it.
    _owner: FFI_ArrowArray,
}

// SAFETY: Arrow's data does not change, and may be released from any thread.
unsafe impl Send for Chunk {}

// SAFETY: as above.
unsafe impl Sync for Chunk {}

impl Fields {
    fn of(array: &FFI_ArrowArray) -> &Self {
        let fields: *const Fields = std::ptr::from_ref(array).cast();
        // SAFETY: both are laid out as Arrow's C data interface says.
        unsafe { &*fields }
    }

    /// Where there is a bit for each place, if anywhere.
    fn bits(&self) -> *const u8 {
        if self.n_buffers < 1 || self.buffers.is_null() {
            return std::ptr::null();
        }
        // SAFETY: there is a buffer.
        unsafe { *self.buffers }.cast()
    }

    /// The places that this is about: where they begin, and how many there are.
    fn places(&self) -> Result<(usize, usize), &'static str> {
        let places = (usize::try_from(self.offset), usize::try_from(self.length));
        let (Ok(offset), Ok(len)) = places else {
            return Err("its length or offset is negative");
        };
        match offset.checked_add(len) {
            Some(_) => Ok((offset, len)),
            None => Err("it is larger than memory"),
        }
    }

    /// The only column of a table, and the places that are of the table's rows.
    fn only_column(&self) -> Result<(&Self, usize, usize), &'static str> {
        const NOT_AS_SAID: &str = "it is no table of one column, as its schema says";
        if self.n_children != 1 || self.children.is_null() || !self.dictionary.is_null() {
            return Err(NOT_AS_SAID);
        }
        if self.null_count != 0 && !self.bits().is_null() {
            return Err("it is a table whose rows may be null");
        }
        // SAFETY: there is a child.
        let column = unsafe { *self.children };
        // SAFETY: null, or an array that lives as long as this one.
        let column = unsafe { column.as_ref() }.ok_or(NOT_AS_SAID)?;
        let (skipped, rows) = self.places()?;
        let (offset, len) = column.places()?;
        if len < skipped + rows {
            return Err("its column is shorter than the table");
        }
        Ok((column, offset + skipped, rows))
    }
}

impl Chunk {
    /// The values of an array of this type, or of the only column of a table; none if it is empty.
    pub(super) fn new(
        array: FFI_ArrowArray,
        shape: Shape,
        element_type: ElementType,
        argument: Argument,
    ) -> PyResult<Option<Self>> {
        let item_size = element_type.size();
        let malformed = |what: &str| {
            PyValueError::new_err(format!("{argument} gave a malformed Arrow array: {what}"))
        };
        let fields = Fields::of(&array);
        let (fields, offset, len) = match shape {
            Shape::Column => fields.places().map(|(offset, len)| (fields, offset, len)),
            Shape::Table => fields.only_column(),
        }
        .map_err(malformed)?;
        if fields.n_buffers != 2 || fields.n_children != 0 || !fields.dictionary.is_null() {
            return Err(malformed("it is no array of numbers, as its schema says"));
        }
        let end = len.checked_add(offset);
        let bytes = end
            .and_then(|end| end.checked_mul(item_size))
            .filter(|bytes| isize::try_from(*bytes).is_ok())
            .ok_or_else(|| malformed("it is larger than memory"))?;
        if len == 0 {
            return Ok(None);
        }
        if fields.buffers.is_null() {
            return Err(malformed("it has no buffers"));
        }
        let bits = fields.bits();
        // SAFETY: there are two buffers.
        let second = unsafe { fields.buffers.add(1) };
        // SAFETY: as above.
        let start: *const u8 = unsafe { *second }.cast();
        if start.is_null() {
            return Err(malformed("it has no values"));
        }
        if start.addr().checked_add(bytes).is_none() {
            return Err(malformed("it is larger than memory"));
        }
        if bits.is_null() && fields.null_count > 0 {
            return Err(malformed("it has nulls, but does not say where"));
        }
        let has_bits = !bits.is_null() && fields.null_count != 0;
        let mut chunk = Chunk {
            values: start.wrapping_add(offset * item_size),
            len,
            element_type,
            validity: has_bits.then(|| (bits.wrapping_add(offset / 8), offset % 8)),
            nulls: 0,
            _owner: array,
        };
        // Counted, since what is said of their number may be wrong, or nothing.
        if let Some(validity) = chunk.validity() {
            chunk.nulls = len - validity.count();
            if chunk.nulls == 0 {
                chunk.validity = None;
            }
        }
        Ok(Some(chunk))
    }

    /// The number of values, nulls among them.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The number of nulls.
    pub(crate) const fn nulls(&self) -> usize {
        self.nulls
    }

    /// The first byte of the values, which need not be aligned.
    pub(crate) const fn address(&self) -> *const u8 {
        self.values
    }

    /// The values, of the type that the column has; anything may be in the place of a null.
    pub(crate) fn values<T: Element>(&self) -> Values<'_, T> {
        assert_eq!(self.element_type, T::TYPE);
        // SAFETY: so many values are there while the owner lives.
        unsafe { values_at(self.values, self.len) }
    }

    /// The values with their validity, as kernels take them.
    pub(crate) fn part<T: Element>(&self) -> Part<'_, T> {
        match self.validity() {
            None => Part::new(self.values(), None),
            Some(validity) => Part::counted(self.values(), validity, self.len - self.nulls),
        }
    }

    /// Where there are nulls: the byte with the first value's bit, and that bit's place in it.
    pub(super) const fn bits(&self) -> Option<(*const u8, usize)> {
        self.validity
    }

    /// Which values are no nulls, if there are nulls.
    pub(crate) fn validity(&self) -> Option<Validity<'_>> {
        let (bits, offset) = self.validity?;
        let bytes = (offset + self.len).div_ceil(8);
        // SAFETY: a bit for each value is there while the owner lives.
        let bits = unsafe { slice::from_raw_parts(bits, bytes) };
        Some(Validity::new(bits, offset, self.len))
    }
}
