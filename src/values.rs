//! Borrowed elements, aligned or not.

use std::ops::Range;

use crate::Element;

/// A borrowed run of elements.
///
/// Memory that comes from elsewhere, a column that starts at an odd offset of a mapped file say,
/// need not be aligned for its type. The executor hands kernels an aligned copy of one small block
/// of such memory at a time, so that kernels see slices only and nothing is copied as a whole.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a, T: Element> {
    /// Elements in place.
    Aligned(&'a [T]),
    /// The bytes of elements, at any address.
    Packed(&'a [T::Bytes]),
}

/// A borrowed run of elements that may be written. See [`Values`].
#[derive(Debug)]
pub enum ValuesMut<'a, T: Element> {
    /// Elements in place.
    Aligned(&'a mut [T]),
    /// The bytes of elements, at any address.
    Packed(&'a mut [T::Bytes]),
}

impl<'a, T: Element> From<&'a [T]> for Values<'a, T> {
    fn from(values: &'a [T]) -> Self {
        Values::Aligned(values)
    }
}

impl<'a, T: Element> From<&'a mut [T]> for ValuesMut<'a, T> {
    fn from(values: &'a mut [T]) -> Self {
        ValuesMut::Aligned(values)
    }
}

impl<T: Element> Values<'_, T> {
    /// The elements at these places, all of which there are.
    ///
    /// # Panics
    /// Where there are not.
    ///
    /// ```
    /// let values = arrayops::Values::from(&[1_u8, 2, 3][..]);
    /// assert_eq!(values.part(1..3).get(0), Some(2));
    /// ```
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        match self {
            Values::Aligned(values) => Values::Aligned(&values[range]),
            Values::Packed(values) => Values::Packed(&values[range]),
        }
    }

    /// The number of elements.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Values::Aligned(values) => values.len(),
            Values::Packed(values) => values.len(),
        }
    }

    /// Whether there are no elements.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`, if there is one.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T> {
        match self {
            Values::Aligned(values) => values.get(index).copied(),
            Values::Packed(values) => values.get(index).map(|bytes| T::from_bytes(*bytes)),
        }
    }
}

impl<T: Element> ValuesMut<'_, T> {
    /// The same elements, for reading.
    #[must_use]
    pub const fn as_values(&self) -> Values<'_, T> {
        match self {
            ValuesMut::Aligned(values) => Values::Aligned(values),
            ValuesMut::Packed(values) => Values::Packed(values),
        }
    }

    /// The same elements, for a shorter time.
    pub const fn reborrow(&mut self) -> ValuesMut<'_, T> {
        match self {
            ValuesMut::Aligned(values) => ValuesMut::Aligned(values),
            ValuesMut::Packed(values) => ValuesMut::Packed(values),
        }
    }
}
